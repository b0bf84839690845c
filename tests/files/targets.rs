//! A mail client is a folder: adding, changing and breaking one, all without Rust.

use crate::support::{Run, root};

const MANIFEST: &str = r#"
title = "Settings for Example Mailer"
delivery = "opened by the person"
[[client]]
name = "Example Mailer"
reads = ["pop3", "smtp"]
status = "reported"
[incomingServer]
type.protocol = { pop3 = "POP" }
socketType.security = { SSL = "tls", STARTTLS = "upgrade" }
authentication.login = { OAuth2 = "browser", password-cleartext = "password" }
[outgoingServer]
type.protocol = { smtp = "SMTP" }
socketType.security = { SSL = "tls", STARTTLS = "upgrade" }
authentication.login = { OAuth2 = "browser", password-cleartext = "password" }
[[file]]
template = "mailer.json.hbs"
path = "{{account.address}}.json"
format = "json"
scope = "account"
mediaType = "application/json"
"#;

const TEMPLATE: &str = r#"{
  "name": "{{emailProvider.displayName}}",
  "in": ["{{incomingServer.word.protocol}}", "{{incomingServer.hostname}}", {{incomingServer.port}}, "{{incomingServer.word.security}}", "{{incomingServer.word.login}}"],
  "out": ["{{outgoingServer.hostname}}", {{outgoingServer.port}}, "{{outgoingServer.word.security}}"],
  "user": "{{incomingServer.username}}"
}
"#;

fn with(manifest: &str, template: &str) -> Run {
    Run::new()
        .write("mine/mailer/target.toml", manifest)
        .write("mine/mailer/mailer.json.hbs", template)
}

const GENERATE: [&str; 6] =
    ["generate", "ann@outlook.com", "--templates", "mine", "--target", "mailer"];

#[track_caller]
fn refused(run: &Run, words: &str) {
    run.args(&GENERATE).code(1).says(words).says("nothing was written");
    assert!(!run.path("out").exists());
}

#[test]
fn a_new_client_needs_a_folder_and_no_rust() {
    let run = with(MANIFEST, TEMPLATE);
    run.args(&GENERATE).code(0).prints("Example Mailer");
    let files = run.files("out");
    let text = &files["outlook.com/ann@outlook.com/mailer/ann@outlook.com.json"];
    let made: serde_json::Value = serde_json::from_slice(text).unwrap();
    assert_eq!(made["in"][1], "pop-mail.outlook.com");
    assert_eq!(made["in"][4], "browser");
    assert_eq!(made["out"][2], "upgrade");
    assert_eq!(made["user"], "ann@outlook.com");
}

#[test]
fn a_template_finds_what_it_names_only_by_a_value() {
    let manifest = MANIFEST
        .replace("[[file]]", "[option.part]\ndefault = \"token\"\nhelp = \"which part\"\n[[file]]");
    let template = TEMPLATE.replace("{\n", "{\n  \"part\": \"{{lookup this option.part}}\",\n");
    let run = with(&manifest, &template);
    run.args(&GENERATE).code(0);
    let files = run.files("out");
    let text = &files["outlook.com/ann@outlook.com/mailer/ann@outlook.com.json"];
    let made: serde_json::Value = serde_json::from_slice(text).unwrap();
    assert!(made["part"].as_str().unwrap().starts_with("ann-"), "{made}");
}

#[test]
fn a_target_has_the_texts_of_another_where_it_has_none_of_its_own() {
    let texts = "texts = \"text\"\ntextsOf = [\"guide\"]\n";
    let template = TEMPLATE.replace("{\n", "{\n  \"t\": [\"{{text.test}}\", \"{{text.port}}\"],\n");
    let run = with(&format!("{texts}{MANIFEST}"), &template)
        .write("mine/mailer/text/en.toml", "port = \"My port\"\n");
    run.args(&GENERATE).code(0);
    let files = run.files("out");
    let text = &files["outlook.com/ann@outlook.com/mailer/ann@outlook.com.json"];
    let made: serde_json::Value = serde_json::from_slice(text).unwrap();
    assert_eq!(made["t"], serde_json::json!(["Test it", "My port"]));
}

#[test]
fn texts_of_a_target_that_has_none_are_told() {
    let of = |other: &str| format!("textsOf = [\"{other}\"]\n{MANIFEST}");
    refused(&with(&of("guid"), TEMPLATE), "did you mean \"guide\"?");
    refused(&with(&of("thunderbird"), TEMPLATE), "thunderbird has no texts");
}

#[test]
fn no_built_in_target_is_named_in_the_sources() {
    let names: Vec<String> = std::fs::read_dir(root().join("templates"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() > 10);
    let sources = crate::support::files_below(&root().join("src"));
    for (file, bytes) in sources.iter().filter(|(file, _)| file.ends_with(".rs")) {
        // The names of clients in `import --as`, of places in `verify --hosted`, and of program
        // types in `serve` are not targets, even if they are equal.
        let others = ["verify/hosted/table.rs", "verify/hosted/judge.rs", "serve/user_agent.rs"];
        if others.contains(&file.as_str()) {
            continue;
        }
        let text = String::from_utf8_lossy(bytes);
        // Comments and tests may name a target as an example; code must not.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().map(str::trim).filter(|l| !l.starts_with("//")) {
            for name in &names {
                assert!(!line.contains(&format!("\"{name}\"")), "{file} names {name}: {line}");
            }
        }
    }
}

#[test]
fn a_template_with_an_error_is_told_with_its_line() {
    refused(
        &with(MANIFEST, "{\n  \"a\": \"{{incomingServer.hostnme}}\"\n}\n"),
        "mailer.json.hbs:2:",
    );
    refused(&with(MANIFEST, "{\n  {{#if}\n}\n"), "mailer.json.hbs:2:");
}

#[test]
fn a_manifest_with_an_unknown_word_is_told_with_its_line() {
    refused(
        &with(&MANIFEST.replace("STARTTLS = \"upgrade\"", "TLS = \"x\""), TEMPLATE),
        "\"TLS\" is no socketType",
    );
    refused(&with(&MANIFEST.replace("scope =", "scpe ="), TEMPLATE), "did you mean \"scope\"?");
    refused(&with(&MANIFEST.replace("\"json\"", "\"jsn\""), TEMPLATE), "did you mean \"json\"?");
}

#[test]
fn a_template_that_is_not_there_is_named() {
    let run = with(&MANIFEST.replace("mailer.json.hbs", "other.hbs"), TEMPLATE);
    refused(&run, "other.hbs");
}

#[test]
fn a_file_that_leaves_out_a_planned_value_is_not_written() {
    let without = TEMPLATE.replace("{{outgoingServer.port}}", "25");
    refused(&with(MANIFEST, &without), "port of the smtp server, \"587\", does not stand in");
}

#[test]
fn a_file_that_its_own_syntax_refuses_is_not_written() {
    refused(&with(MANIFEST, &TEMPLATE.replace("\"user\":", "\"user\"")), "does not parse");
}

#[test]
fn a_path_cannot_leave_the_output_folder() {
    let run = with(
        &MANIFEST.replace("{{account.address}}.json", "../../../{{account.address}}.json"),
        TEMPLATE,
    );
    run.args(&GENERATE).code(2).says("..");
    assert!(!run.path("out").exists());
}

#[test]
fn an_option_that_a_target_does_not_have_is_told() {
    let run = Run::new();
    let args = ["generate", "--set", "outlook-registry.installDr=x"];
    run.args(&args).code(1).says("did you mean \"installDir\"?");
}

#[test]
fn a_word_that_the_client_lacks_leaves_the_target_out_with_the_reason() {
    let manifest =
        MANIFEST.replace("OAuth2 = \"browser\", password-cleartext = \"password\"", "NTLM = \"n\"");
    let run = with(&manifest, TEMPLATE);
    run.args(&GENERATE)
        .code(0)
        .says("warning[target-cannot-express]")
        .says("has no word for authentication \"OAuth2\"");
}
