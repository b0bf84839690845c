//! `--mdm`: one profile for all users, which a device management system fills in.

use std::collections::BTreeSet;
use std::time::SystemTime;

use mailwright::internals::authorities::Authorities;
use mailwright::internals::check::file::file as check_file;
use mailwright::internals::embedded;
use mailwright::internals::finding::Severity;
use mailwright::internals::import::{ReadConfig, Reader, has_variable};
use mailwright::internals::settings::{CUSTOM, Mdm};

use crate::support::Run;

const PROVIDER: &str = include_str!("../fixtures/providers/both.example.toml");

fn run() -> Run {
    let organization = "[organization]\nidentifier = \"org.example.it\"\n";
    Run::new().write("both.toml", PROVIDER).write("mailwright.toml", organization)
}

/// The content of the only file that is written.
#[track_caller]
fn profile(run: &Run, more: &[&str]) -> String {
    let _ = std::fs::remove_dir_all(run.path("out"));
    run.args(&[&["generate", "--provider", "both.toml"], more].concat()).code(0);
    let files = run.files("out");
    let names: Vec<_> = files.keys().filter(|name| !name.ends_with("MANIFEST.json")).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    String::from_utf8(files[names[0]].clone()).unwrap()
}

#[track_caller]
fn read(profile: &str) -> ReadConfig {
    Reader::Mobileconfig.read(profile).unwrap_or_else(|defects| panic!("{defects:?}"))
}

fn value<'a>(config: &'a ReadConfig, key: &str) -> Option<&'a str> {
    let path = format!("PayloadContent[0].{key}");
    config.values.iter().find(|(name, _)| *name == path).map(|(_, value)| value.as_str())
}

#[test]
fn every_preset_says_where_it_is_known_from_and_no_token_twice_for_two_things() {
    let names: Vec<_> = Mdm::names().collect();
    assert_eq!(names.len(), embedded::files_below("mdm").count());
    assert!(names.len() >= 11 && !names.contains(&CUSTOM), "{names:?}");
    for (file, text) in embedded::files_below("mdm") {
        let table: toml::Table = text.parse().unwrap();
        assert!(table["source"].as_str().is_some_and(|source| !source.trim().is_empty()), "{file}");
        let tokens = ["address", "localPart", "displayName"].map(|key| table.get(key));
        let tokens: Vec<_> = tokens.into_iter().flatten().map(ToString::to_string).collect();
        assert_eq!(tokens.len(), tokens.iter().collect::<BTreeSet<_>>().len(), "{file}");
    }
}

#[test]
fn what_would_sign_a_file_sees_every_placeholder_of_every_preset() {
    for name in Mdm::names() {
        for token in Mdm::preset(name).unwrap().placeholders() {
            let token = token.as_str();
            assert!(has_variable(token), "{name}: {token}");
            let inside =
                format!("<string>50% of a {{}} is $5</string>\n<string>{token}</string>\n");
            assert!(has_variable(&inside), "{name}: {token} in a file");
        }
    }
    assert!(!has_variable("<string>50% of a {} is $5</string>\n<string>ann</string>\n"));
}

#[test]
fn every_preset_makes_a_profile_that_reads_with_its_placeholders() {
    let run = run();
    for name in Mdm::names() {
        let mdm = Mdm::preset(name).unwrap();
        let text = profile(&run, &["--mdm", name]);
        let config = read(&text);
        assert_eq!(config.address.as_deref(), Some(mdm.address.as_str()), "{name}");
        let usernames: Vec<_> = config.servers.iter().map(|s| s.username.as_deref()).collect();
        assert_eq!(usernames, [Some(mdm.address.as_str()); 2], "{name}");
        let display_name = mdm.display_name.as_ref().map(|name| name.as_str());
        assert_eq!(value(&config, "EmailAccountName"), display_name, "{name}");
        assert!(has_variable(&text), "{name}");
        // The system searches for its placeholder in the text, before any XML parsing.
        assert!(text.contains(&format!("<string>{}</string>", mdm.address)), "{name}");
    }
}

#[test]
fn check_finds_no_error_in_the_profile_of_any_preset() {
    let run = run();
    for name in Mdm::names() {
        let text = profile(&run, &["--mdm", name]);
        let checked =
            check_file(text.as_bytes(), SystemTime::now(), &Authorities::default()).unwrap();
        let codes: Vec<_> = checked.defects().map(|defect| defect.code).collect();
        assert_eq!(codes, ["profile-variable"], "{name}");
        assert_eq!(codes[0].severity, Severity::Note);
        run.args(&["check", "out"]).code(0);
    }
}

#[test]
fn nothing_in_the_profile_is_a_persons_and_it_is_the_same_each_time() {
    let run = run();
    for name in Mdm::names() {
        let ann = profile(&run, &["ann@both.example", "--name", "Ann Example", "--mdm", name]);
        let both = profile(&run, &["ann@both.example", "bob@both.example", "--mdm", name]);
        assert_eq!(ann, both, "{name}");
        assert_eq!(both, profile(&run, &["bob@both.example", "--mdm", name]), "{name}");
        for person in ["ann", "Ann", "bob"] {
            assert!(
                !both.contains(&format!("{person}@")) && !both.contains("Ann Example"),
                "{name}"
            );
        }
    }
}

#[test]
fn identifier_and_uuids_are_the_organisations_and_no_systems() {
    let identity = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).collect::<Vec<_>>();
        let is_one =
            |key: &str| key == "<key>PayloadIdentifier</key>" || key == "<key>PayloadUUID</key>";
        lines.windows(2).filter(|two| is_one(two[0])).map(|two| two[1].to_owned()).collect()
    };
    let run = run();
    let jamf = identity(&profile(&run, &["--mdm", "jamf"]));
    assert_eq!(jamf.len(), 4);
    assert_eq!(jamf[0], "<string>org.example.it.both-example.mdm</string>");
    assert_eq!(jamf, identity(&profile(&run, &["--mdm", "intune"])));
    let other = run.write("mailwright.toml", "[organization]\nidentifier = \"com.other\"\n");
    let other = identity(&profile(&other, &["--mdm", "jamf"]));
    for (at, other) in other.iter().enumerate() {
        assert!(!jamf.contains(other), "{at}: {other}");
    }
}

#[test]
fn the_output_says_who_fills_it_in_and_that_a_mac_wants_the_user_channel() {
    let run = run();
    let ended = run.args(&["generate", "--provider", "both.toml", "--mdm", "intune"]).code(0);
    let ended =
        ended.says("Microsoft Intune fills it in, so do not sign it").says("\"User channel\"");
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("mdm-fills-in"), "{said}");
}

#[test]
fn a_person_that_is_named_is_told_to_be_nowhere_in_it() {
    let args = ["generate", "ann@both.example", "--provider", "both.toml", "--mdm", "jamf"];
    run()
        .args(&args)
        .code(0)
        .says("note[mdm-for-everybody]")
        .says("nothing in it is ann@both.example's");
}

#[test]
fn a_misspelt_system_has_a_suggestion() {
    run().args(&["generate", "--mdm", "jampf"]).code(1).says("did you mean \"jamf\"?");
    run()
        .args(&["generate", "--mdm", "zzz"])
        .code(1)
        .says("there are addigy, fleet")
        .says("custom");
}

#[test]
fn custom_needs_a_placeholder_for_the_address() {
    let run = run();
    run.args(&["generate", "--mdm", "custom"])
        .code(1)
        .says("--mdm custom has no placeholders of its own")
        .says("--mdm-address");
    assert!(!run.path("out").exists());
}

#[test]
fn custom_takes_the_placeholders_of_any_system() {
    let run = run();
    let args = ["--mdm", "custom", "--mdm-address", "${user.mail}"];
    let config = read(&profile(&run, &args));
    assert_eq!(config.address.as_deref(), Some("${user.mail}"));
    assert_eq!(config.servers[0].username.as_deref(), Some("${user.mail}"));
    let more = ["--mdm-username", "${user.username}", "--mdm-name", "${user.displayname}"];
    let config = read(&profile(&run, &[&args[..], &more].concat()));
    assert_eq!(config.servers[0].username.as_deref(), Some("${user.username}"));
    assert_eq!(value(&config, "EmailAccountName"), Some("${user.displayname}"));
}

#[test]
fn a_placeholder_is_escaped_like_any_text_and_has_to_look_like_one() {
    let run = run();
    let text = profile(&run, &["--mdm", "custom", "--mdm-address", "{{a<b>&\"c'}}"]);
    assert!(text.contains("<string>{{a&lt;b&gt;&amp;\"c'}}</string>"), "{text}");
    let args = ["generate", "--mdm", "jamf", "--mdm-username", "ann"];
    run.args(&args).code(1).says("--mdm-username: \"ann\" is not like a placeholder");
}

#[test]
fn placeholders_are_only_for_a_system_that_is_named() {
    run().args(&["generate", "--mdm-address", "%mail%"]).code(2).says("--mdm <SYSTEM>");
}

#[test]
fn a_user_name_before_the_at_is_the_systems_own_or_a_guess_or_refused() {
    let run = run().write("both.toml", &PROVIDER.replace("%EMAILADDRESS%", "%EMAILLOCALPART%"));
    let generate =
        |more: &[&str]| run.args(&[&["generate", "--provider", "both.toml"], more].concat());
    let text = profile(&run, &["--mdm", "kandji"]);
    assert_eq!(read(&text).servers[0].username.as_deref(), Some("$EMAIL_PREFIX"));
    generate(&["--mdm", "jamf"])
        .code(0)
        .says("warning[mdm-username-guessed]")
        .says("$USERNAME stands for");
    let known = generate(&["--mdm", "jamf", "--mdm-username", "$EXTENSIONATTRIBUTE_3"]).code(0);
    assert!(!known.stderr.contains("mdm-username-guessed"));
    let custom = ["--mdm", "custom", "--mdm-address", "%mail%"];
    generate(&custom).code(1).says("error[mdm-username]").says("--mdm-username");
}

#[test]
fn no_other_target_is_made_unless_it_is_named() {
    let run = run().write("mailwright.toml", "targets = [\"guide\"]\n");
    assert!(profile(&run, &["--mdm", "jamf"]).contains("$EMAIL"));
    let both = ["--mdm", "jamf", "--target", "apple-mail-mdm,apple-mail"];
    run.args(&[&["generate", "--provider", "both.toml"], &both[..]].concat()).code(0);
    let files = run.files("out");
    assert!(files.keys().any(|name| name.ends_with("apple-mail/mail.mobileconfig")), "{files:?}");
    let other = ["generate", "--provider", "both.toml", "--mdm", "jamf", "--target", "guide"];
    run.args(&other).code(1).says("no target that is made has a file for Jamf Pro");
}

#[test]
fn such_a_target_is_not_made_without_a_system() {
    run().args(&["generate", "--target", "apple-mail-mdm"]).code(1).says("--mdm SYSTEM names it");
}

#[test]
fn the_help_names_every_preset() {
    let help = Run::new().args(&["generate", "--help"]).code(0);
    let help = help.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in Mdm::names().chain([CUSTOM]) {
        assert!(help.contains(&format!(" {name}")), "{name}");
    }
}

#[test]
fn what_has_placeholders_is_neither_signed_nor_made_for_a_list() {
    let run = Run::new();
    let mdm = ["generate", "--mdm", "jamf"];
    let signed = ["--sign-cert", "chain.pem", "--sign-key", "key.pem"];
    #[cfg(feature = "sign")]
    run.args(&[&mdm[..], &signed].concat()).code(2).says("cannot be used with");
    let _ = signed;
    run.args(&[&mdm[..], &["--users", "users.csv"]].concat()).code(2).says("cannot be used with");
}
