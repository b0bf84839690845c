//! `check --matrix`: what every client would do with a file.

use serde_json::Value;

use crate::support::{Run, root};

const BOTH: &str = "tests/golden/both/both.example/thunderbird/config-v1.1.xml";

fn golden(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Each client's row.
fn rows(name: &str, text: &str) -> Vec<Value> {
    let run = Run::new().write(name, text);
    let ended = run.args(&["check", "--matrix", "--format", "json", name]);
    let json: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|e| panic!("{e}: {} {}", ended.stdout, ended.stderr));
    let rows = json["files"][0]["clients"].as_array().unwrap().clone();
    let works = rows.iter().all(|row| row["incoming"].is_string() && row["outgoing"].is_string());
    assert_eq!(ended.code, Some(i32::from(!works)));
    rows
}

fn of<'a>(rows: &'a [Value], client: &str) -> &'a Value {
    let starts = |row: &&Value| row["client"].as_str().unwrap().starts_with(client);
    rows.iter().find(starts).unwrap_or_else(|| panic!("no {client} in {rows:#?}"))
}

#[test]
fn a_file_with_everything_is_taken_by_every_client() {
    let rows = rows("config.xml", &golden(BOTH));
    assert!(rows.len() >= 6, "{rows:#?}");
    for row in &rows {
        let incoming = row["incoming"].as_str().unwrap_or_default();
        assert!(incoming.starts_with("imap imap.both.example:993 SSL, "), "{row}");
    }
}

#[test]
fn each_client_loses_what_it_does_not_read() {
    let text = golden("tests/golden/pop3-only/pop3-only.example/thunderbird/config-v1.1.xml");
    let rows = rows("config.xml", &text);
    assert!(of(&rows, "Thunderbird (").get("incoming").unwrap().is_string());
    for client in ["Thunderbird for Android", "Delta Chat", "FairEmail"] {
        let row = of(&rows, client);
        assert!(row["incoming"].is_null() && !row["why"].as_array().unwrap().is_empty(), "{row}");
    }
}

#[test]
fn a_defect_costs_the_server_here_and_the_file_there() {
    let text = golden(BOTH).replacen("<socketType>SSL<", "<socketType>ssl<", 1);
    let rows = rows("config.xml", &text);
    // Thunderbird for desktop drops the IMAP server and uses POP3; Android rejects the file.
    let desktop = of(&rows, "Thunderbird (");
    assert!(desktop["incoming"].as_str().unwrap().starts_with("pop3 "), "{desktop}");
    let android = of(&rows, "Thunderbird for Android");
    assert!(android["incoming"].is_null() && android["outgoing"].is_null(), "{android}");
    assert!(android["why"].to_string().contains("rejects the whole file"), "{android}");
}

#[test]
fn oauth2_is_only_for_hosts_that_the_client_knows() {
    let oauth2 = golden(BOTH)
        .replace("password-cleartext", "OAuth2")
        .replace("password-encrypted", "OAuth2");
    let rows = rows("config.xml", &oauth2);
    let desktop = of(&rows, "Thunderbird (");
    assert!(desktop["incoming"].is_null(), "{desktop}");
    assert!(desktop["why"].to_string().contains("no OAuth2 for that host"), "{desktop}");
}

#[test]
fn profiles_and_autodiscover_have_their_own_clients() {
    let folder = "tests/golden/both/both.example/ann@both.example";
    let profile = golden(&format!("{folder}/apple-mail/ann@both.example.mobileconfig"));
    let rows_of = rows("a.mobileconfig", &profile);
    assert!(of(&rows_of, "Mail on iPhone")["incoming"].is_string(), "{rows_of:#?}");
    let xml = golden(&format!("{folder}/outlook-autodiscover/ann@both.example.xml"));
    let rows_of = rows("a.xml", &xml);
    assert!(of(&rows_of, "Outlook")["incoming"].is_string(), "{rows_of:#?}");
}

#[test]
fn the_page_is_whole_and_escaped_and_the_table_fits_a_terminal() {
    let text = golden(BOTH).replacen("<socketType>SSL<", "<socketType>&lt;b&gt;<", 1);
    let run = Run::new().write("a&b.xml", &text);
    let ended = run.args(&["check", "--matrix", "--format", "html", "a&b.xml"]);
    assert!(
        ended.stdout.contains("a&amp;b.xml") && !ended.stdout.contains("<b>"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains("http") && !ended.stdout.contains("<script"));
    let mut reader = quick_xml::Reader::from_str(ended.stdout.split_once('\n').unwrap().1);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    let ended = run.args(&["check", "--matrix", "a&b.xml", "--client", "android"]).code(1);
    assert!(ended.stdout.contains("Android") && !ended.stdout.contains("Evolution"));
    run.args(&["check", "--matrix", "--format", "sarif", "a&b.xml"])
        .code(2)
        .says("human, json or html");
    run.args(&["check", "--format", "html", "a&b.xml"]).code(2).says("--matrix");
}

#[test]
fn a_format_that_no_target_makes_has_the_row_of_the_client_that_reads_it() {
    let prefs = std::fs::read_to_string(root().join("tests/fixtures/check/prefs-plain/good.js"));
    let rows = rows("prefs.js", &prefs.unwrap());
    assert_eq!(rows.len(), 1, "{rows:#?}");
    let row = of(&rows, "Thunderbird (desktop)");
    assert!(row["incoming"].is_string() && row["outgoing"].is_string(), "{row}");
}

#[test]
fn a_client_that_sends_nothing_works_without_a_server_to_send_through() {
    let text = "poll pop.example.com proto pop3\n user ann ssl sslproto \"auto\" keep\n";
    let run = Run::new().write("fetchmailrc", text);
    let ended = run.args(&["check", "--matrix", "--format", "json", "fetchmailrc"]).code(0);
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    let row = &json["files"][0]["clients"][0];
    assert_eq!(row["client"], "fetchmail 6.4 and later");
    assert_eq!(row["incoming"], "pop3 pop.example.com:995 SSL, password-cleartext");
    assert_eq!((&row["outgoing"], &row["why"]), (&Value::Null, &serde_json::json!([])));
}

#[test]
fn an_export_of_k9_has_the_row_of_thunderbird_for_android() {
    let export = std::fs::read_to_string(root().join("tests/fixtures/check/k9s-plain/good.k9s"));
    let rows = rows("settings.k9s", &export.unwrap());
    let clients: Vec<_> = rows.iter().map(|row| row["client"].as_str().unwrap()).collect();
    assert_eq!(clients, ["Thunderbird for Android 9 and later"]);
}
