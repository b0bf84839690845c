//! PACC files: what they contain, and the finding if they cannot describe a provider.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Run, fixture};

const PROVIDER: &str = r#"
[emailProvider]
id = "own.example"
displayName = "Own"
domains = ["own.example"]
[[incomingServer]]
type = "imap"
hostname = "imap.own.example"
port = 993
socketType = "SSL"
authentication = ["OAuth2", "password-cleartext"]
username = "%EMAILADDRESS%"
[[outgoingServer]]
type = "smtp"
hostname = "smtp.own.example"
port = 587
socketType = "STARTTLS"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"
[[outgoingServer]]
type = "smtp"
hostname = "smtps.own.example"
port = 465
socketType = "SSL"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"
"#;

const GENERATE: [&str; 5] = ["generate", "--provider", "own.toml", "--target", "pacc"];
const FILE: &str = "out/own.example/pacc/user-agent-configuration.json";

fn with(provider: &str) -> Run {
    Run::new().write("own.toml", provider)
}

#[track_caller]
fn made(run: &Run) -> Value {
    serde_json::from_slice(&std::fs::read(run.path(FILE)).unwrap()).unwrap()
}

#[test]
fn the_server_with_tls_from_the_first_byte_is_picked_and_named_for_old_and_new_readers() {
    let run = with(PROVIDER);
    run.args(&GENERATE).code(0);
    let made = made(&run);
    assert_eq!(made["protocols"]["imap"]["host"], "imap.own.example");
    for name in ["submit", "smtp"] {
        assert_eq!(made["protocols"][name]["host"], "smtps.own.example");
    }
    assert_eq!(made["protocols"].get("pop3"), None);
    assert_eq!(made["authentication"], serde_json::json!({ "password": true }));
}

#[test]
fn what_the_file_cannot_say_leaves_it_out_with_the_reason() {
    let swapped = |from: &str, to: &str| {
        assert!(PROVIDER.contains(from));
        PROVIDER.replace(from, to)
    };
    let local_part = PROVIDER.replacen("%EMAILADDRESS%", "%EMAILLOCALPART%", 1);
    for (provider, why) in [
        (swapped("port = 993", "port = 10993"), "cannot have SSL on port 10993"),
        (swapped("port = 465", "port = 4465"), "has no word for socketType \"STARTTLS\""),
        (local_part, "cannot have the user name \"%EMAILLOCALPART%\""),
        (
            swapped("[\"OAuth2\", \"password-cleartext\"]", "[\"OAuth2\"]"),
            "has no word for authentication \"OAuth2\"",
        ),
    ] {
        let run = with(&provider);
        run.args(&GENERATE).code(0).says("warning[target-cannot-express]: pacc").says(why);
        assert!(!run.path("out").exists(), "{why}");
        run.args(&["plan", "--provider", "own.toml", "--target", "pacc"]).code(0).says(why);
    }
}

#[test]
fn an_address_written_of_its_two_parts_is_an_address() {
    let name = "%EMAILLOCALPART%@%EMAILDOMAIN%";
    let run = with(&PROVIDER.replace("%EMAILADDRESS%", name));
    run.args(&GENERATE).code(0);
    assert_eq!(made(&run)["protocols"]["imap"]["host"], "imap.own.example");
}

#[test]
fn an_issuer_is_written_only_as_an_address() {
    let set = |issuer: &str| {
        let run = with(PROVIDER);
        let option = format!("pacc.oAuthIssuer={issuer}");
        let ended = run.args(&[&GENERATE[..], &["--set", &option]].concat());
        (run, ended)
    };
    let (run, ended) = set("https://login.own.example");
    ended.code(0);
    let issuer = made(&run)["authentication"]["oauth-public"]["issuer"].clone();
    assert_eq!(issuer, "https://login.own.example");
    let (run, ended) = set("login.own.example");
    ended.code(1).says("error[schema]");
    assert!(!run.path("out").exists());
}

#[test]
fn it_is_made_only_when_it_is_named_and_hosted_wherever_it_can_be() {
    let run = with(PROVIDER);
    run.args(&["generate", "--provider", "own.toml"]).code(0);
    assert!(!run.path("out/own.example/pacc").exists());
    let hosted = "out/own.example/hosting/www/.well-known/user-agent-configuration.json";
    assert!(run.path(hosted).exists());

    // The file was not requested, so its absence is a note, not a warning.
    let run = Run::new();
    let ended = run.args(&["generate", "outlook.com", "--target", "hosting"]).code(0);
    let note = "note[include-left-out]: hosting goes without www/.well-known/user-agent-configuration.json";
    let ended = ended.says(note);
    assert!(!ended.stderr.contains("warning[target-cannot-express]"), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("include-left-out").count(), 1, "{}", ended.stderr);
    let ended = run.args(&["generate", "outlook.com", "--target", "hosting,pacc"]).code(0);
    let ended = ended.says("warning[target-cannot-express]: pacc");
    assert!(!ended.stderr.contains("include-left-out"), "{}", ended.stderr);
}

#[test]
fn a_file_that_says_passwords_is_not_hosted_unasked_where_they_are_refused() {
    let refuses = "[[refuses]]\nauthentication = \"password-cleartext\"\nsource = \"a letter\"\n";
    let run = with(&format!("{PROVIDER}{refuses}"));
    let hosted = "out/own.example/hosting/www/.well-known/user-agent-configuration.json";
    let generate =
        |targets| run.args(&["generate", "--provider", "own.toml", "--target", targets]).code(0);
    generate("hosting").says("goes without www/.well-known/user-agent-configuration.json: pacc: this account cannot sign in");
    assert!(!run.path(hosted).exists());
    let zone = std::fs::read_to_string(run.path("out/own.example/hosting/dns/own.example.zone"));
    assert!(!zone.unwrap().contains("ua-auto-config"));
    generate("hosting,pacc").says("warning[cannot-sign-in]: pacc");
    assert!(run.path(hosted).exists());
}

#[test]
fn a_customers_domain_and_all_domains_of_a_provider_have_the_same_digest() {
    let run = Run::new();
    let providers = fixture("providers").display().to_string();
    let args = ["generate", "both.example", "--all-domains", "--target", "hosting"];
    run.args(&[&args[..], &["--providers", &providers]].concat()).code(0);
    let files = run.files("out/both.example/hosting");
    let digest = Sha256::digest(&files["www/.well-known/user-agent-configuration.json"]);
    let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
    for domain in ["both.example", "beide.example"] {
        let zone = String::from_utf8_lossy(&files[&format!("dns/{domain}.zone")]).into_owned();
        let record =
            format!("_ua-auto-config.{domain}. 3600 IN TXT \"v=UAAC1; a=sha256; d={digest}\"");
        assert!(zone.contains(&record), "no {record} in {zone}");
    }
    // One tree for all domains, with the address at which it is served.
    let v2 = String::from_utf8_lossy(&files["www/autodiscover/autodiscover.json"]).into_owned();
    let url = "https://autodiscover.both.example/autodiscover/autodiscover.xml";
    assert_eq!(v2, format!("{{\"Protocol\":\"AutodiscoverV1\",\"Url\":\"{url}\"}}\n"));
}

#[test]
fn autodiscover_v2_leads_to_the_domains_own_host() {
    let run = Run::new();
    let args = ["generate", "ann@contoso.example", "--provider", "microsoft365"];
    run.args(&[&args[..], &["--target", "outlook-autodiscover"]].concat()).code(0);
    let path = "out/contoso.example/outlook-autodiscover/contoso.example/autodiscover.json";
    let made: Value = serde_json::from_slice(&std::fs::read(run.path(path)).unwrap()).unwrap();
    let url = "https://autodiscover.contoso.example/autodiscover/autodiscover.xml";
    assert_eq!(made, serde_json::json!({ "Protocol": "AutodiscoverV1", "Url": url }));
}

#[test]
fn show_tells_route_size_and_digest_of_what_generate_writes() {
    let run = with(PROVIDER);
    run.args(&GENERATE).code(0);
    let bytes = std::fs::read(run.path(FILE)).unwrap();
    let hex: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Sha256::digest(&bytes));
    let show = ["targets", "show", "pacc", "own.example", "--provider", "own.toml"];
    run.args(&show)
        .code(0)
        .prints("served under /.well-known/user-agent-configuration.json as application/json\n")
        .prints(&format!("  {} bytes, SHA-256 {hex}\n", bytes.len()))
        .prints(&format!("  _ua-auto-config.own.example TXT \"v=UAAC1; a=sha256; d={base64}\"\n"));
    // An option changes the bytes in `show` as it does in `generate`.
    let set = ["--set", "pacc.oAuthIssuer=https://login.own.example"];
    let ended = run.args(&[&show[..], &set].concat()).code(0);
    assert!(!ended.stdout.contains(&hex), "{}", ended.stdout);
}

#[test]
fn show_tells_only_what_is_the_same_for_everybody_and_who_it_does_not_know() {
    let run = Run::new();
    let ended = run.args(&["targets", "show", "outlook-autodiscover", "ann@gmail.com"]).code(0);
    let ended = ended.prints("outlook-autodiscover/gmail.com/autodiscover.json\n");
    assert!(!ended.stdout.contains("ann@gmail.com"), "{}", ended.stdout);
    let nothing = "outlook-prf makes no file that is the same for everybody there";
    run.args(&["targets", "show", "outlook-prf", "gmail.com"]).code(0).says(nothing);
    run.args(&["targets", "show", "pacc", "ann@"]).code(1).says("error[invalid-address]");
    run.args(&["targets", "show", "pacc", "unknown.test"]).code(1).says("error[unknown-domain]");
    run.args(&["targets", "show", "pac", "gmail.com"]).code(1).says("did you mean \"pacc\"?");
    assert!(!run.path("out").exists());
}
