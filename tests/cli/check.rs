//! `check` on the command line: its text and JSON output, and its exit codes.

use serde_json::Value;

use crate::support::{Run, fixture, root};

fn bad(code: &str) -> String {
    std::fs::read_to_string(fixture("check").join(code).join("bad.xml")).unwrap()
}

#[test]
fn a_finding_has_its_line_whom_it_hurts_and_what_to_do() {
    let run = Run::new().write("config.xml", &bad("autoconfig-socket-type"));
    let ended = run.args(&["check", "config.xml"]).code(1);
    for words in [
        "error[autoconfig-socket-type]: \"TLS\" is no socketType",
        "--> config.xml:11:7",
        "<socketType>TLS</socketType>",
        "hurts: Thunderbird for Android, K-9 Mail rejects the whole file",
        "help: SSL is TLS from the first byte",
        "see: ",
    ] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    assert!(ended.stderr.contains("1 file: 1 error"), "{}", ended.stderr);
    let good = std::fs::read_to_string(fixture("check/autoconfig-socket-type/good.xml")).unwrap();
    let run = Run::new().write("config.xml", &good);
    let ended = run.args(&["check", "config.xml"]).code(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", "1 file: nothing is wrong\n"));
}

#[test]
fn levels_and_clients_choose_what_is_said() {
    let run = Run::new().write("config.xml", &bad("autoconfig-several-servers"));
    let code = "autoconfig-several-servers";
    run.args(&["check", "config.xml"]).code(0).prints("note[autoconfig-several-servers]");
    run.args(&["check", "-D", code, "config.xml"])
        .code(1)
        .prints("error[autoconfig-several-servers]");
    run.args(&["check", "-W", code, "config.xml"]).code(0).prints("warning[autoconfig-several-");
    let ended = run.args(&["check", "-A", code, "config.xml"]).code(0);
    assert!(!ended.stdout.contains(code), "{}", ended.stdout);
    run.args(&["check", "-A", "autoconfig-several-server", "config.xml"])
        .code(2)
        .says("did you mean autoconfig-several-servers?");
    run.args(&["check", "--client", "evolution", "config.xml"]).code(0).prints(code);
    let ended = run.args(&["check", "--client", "kmail", "config.xml"]).code(0);
    assert_eq!(ended.stdout, "");
}

#[test]
fn programs_get_json_sarif_and_junit() {
    let run = Run::new().write("a/config.xml", &bad("autoconfig-port")).write(
        "a/good.xml",
        &std::fs::read_to_string(fixture("check/autoconfig-port/good.xml")).unwrap(),
    );
    let json = |format: &str| -> Value {
        let ended = run.args(&["check", "a", "--format", format]).code(1);
        serde_json::from_str(&ended.stdout).unwrap()
    };
    let plain = json("json");
    assert_eq!((&plain["fine"], plain["files"].as_array().unwrap().len()), (&false.into(), 2));
    let finding = &plain["findings"][0];
    assert_eq!(finding["code"], "autoconfig-port");
    assert_eq!((&finding["line"], &finding["column"]), (&10.into(), &7.into()));
    assert!(finding["hurts"].is_array() && finding["help"].is_string());
    let sarif = json("sarif");
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"autoconfig-port".into(), &"error".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a/config.xml");
    assert_eq!(place["region"]["startLine"], 10);
    let junit = run.args(&["check", "a", "--format", "junit"]).code(1).stdout;
    assert_eq!(junit.matches("<testsuite ").count(), 2);
    assert_eq!(junit.matches("<failure ").count(), 1);
    let mut reader = quick_xml::Reader::from_str(&junit);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
}

#[test]
fn our_own_files_are_checked_too() {
    let provider = std::fs::read_to_string(root().join("providers/gmx.toml")).unwrap();
    let manifest =
        std::fs::read_to_string(root().join("templates/unix-mail-msmtp/target.toml")).unwrap();
    let run = Run::new()
        .write("gmx.toml", &provider)
        .write("bad.toml", &provider.replacen("port ", "prot ", 1))
        .write("mailwright.toml", "provder = \"gmx\"\n")
        .write("mine/my-client/target.toml", &manifest)
        .write("bad.hbs", "a \\{{b}}\n");
    run.args(&["check", "gmx.toml"]).code(0);
    run.args(&["check", "bad.toml"]).code(1).prints("did you mean");
    run.args(&["check", "mailwright.toml"]).code(1).prints("did you mean");
    run.args(&["check", "bad.hbs"]).code(1).prints("backslash-before-expression");
    // Its templates are missing.
    run.args(&["check", "mine/my-client/target.toml"]).code(1);
    let ejected = ["targets", "eject", "unix-mail-msmtp", "mine"];
    run.args(&ejected).code(0);
    run.args(&["check", "mine/unix-mail-msmtp/target.toml"]).code(0);
}

#[test]
fn what_cannot_be_read_is_told_and_standard_input_is_a_file() {
    let run = Run::new().write("hello.txt", "hello");
    run.args(&["check", "hello.txt"]).code(0).prints("warning[unknown-format]: hello.txt is of");
    // A folder may contain other files: they are reported in one line.
    let run = Run::new()
        .write("a/1.txt", "1")
        .write("a/2.txt", "2")
        .write("a/3.md", "3")
        .write("a/4", "4");
    let ended = run.args(&["check", "a"]).code(0);
    let line = "note[unknown-format]: 4 files of no format that can be checked here: a/1.txt, a/2.txt, a/3.md, …";
    assert!(ended.stdout.starts_with(line), "{}", ended.stdout);
    run.args(&["check", "nothing"]).code(2).says("cannot read nothing");
    run.args(&["check"]).code(2);
    use std::io::Write as _;
    let mut child = run
        .command(&["check", "-", "--format", "json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bad("autoconfig-port").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("autoconfig-port"));
}

#[test]
fn explain_has_a_page_for_each_rule() {
    let run = Run::new();
    let page = run.args(&["explain", "autoconfig-socket-type"]).code(0).stdout;
    for words in ["What was found", "Affected clients", "What to do", "Source"] {
        assert!(page.contains(words), "{page}");
    }
    run.args(&["explain", "autoconfig-sokcet-type"])
        .code(1)
        .says("did you mean autoconfig-socket-type?");
}

#[test]
fn explain_lists_the_codes_of_a_prefix_a_family_and_a_word() {
    let run = Run::new();
    let explain = |word: &str| run.args(&["explain", word]).code(0).stdout;
    let prefix = explain("users-");
    assert!(prefix.contains("users-twice") && !prefix.contains("malformed"), "{prefix}");
    let family = explain("mobileconfig");
    assert!(family.contains("profile-starttls") && !family.contains("reg-line"), "{family}");
    // Parts of words match too, and case does not matter.
    let word = explain("Greylist");
    assert!(word.contains("greylisted") && word.lines().count() == 4, "{word}");
    run.args(&["explain", "no-such-thing-at-all"]).code(1).says("unknown-code");
}

/// Issue 13, bug 5: the code had neither a page nor a level.
#[test]
fn explain_has_a_page_for_the_codes_of_generate() {
    let page = Run::new().args(&["explain", "cannot-sign-in"]).code(0).stdout;
    assert!(page.starts_with("cannot-sign-in (warning)"), "{page}");
    assert!(page.contains("Family: generate"), "{page}");
}

#[test]
fn in_check_an_error_about_our_own_files_can_be_lowered_too() {
    let run = Run::new().write("mailwright.toml", "providr = \"outlook.com\"\n");
    let check = |flags: &[&str]| run.args(&[&["check", "mailwright.toml"][..], flags].concat());
    check(&[]).code(1).prints("unknown-key");
    check(&["-W", "unknown-key"]).code(0).prints("warning[unknown-key]");
    let allowed = check(&["-A", "unknown-key"]).code(0);
    assert!(!allowed.stdout.contains("unknown-key"), "{}", allowed.stdout);
}
