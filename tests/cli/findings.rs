//! `-D`, `-W` and `-A`: how severe a finding is.

use crate::commands::refused;
use crate::support::{Run, fixture};

const ANN: [&str; 2] = ["generate", "ann@outlook.com"];

/// Issue 13, bug 5: `generate` did not know the flag, nor the code.
#[test]
fn a_denied_code_is_an_error_and_nothing_is_written() {
    let run = Run::new().write("users.csv", "address\nann@outlook.com\n");
    let deny = ["-D", "cannot-sign-in"];
    let with = |args: &[&str]| run.args(&[args, &deny].concat()).code(1);
    with(&ANN).says("error[cannot-sign-in]").says("nothing was written");
    with(&["generate", "--users", "users.csv"]).says("nothing was written");
    with(&["generate", "--users", "users.csv", "--zip"]).says("nothing was written");
    with(&["plan", "ann@outlook.com"]).says("error[cannot-sign-in]");
    assert!(!run.path("out").exists(), "something was written");
    run.args(&[&ANN[..], &["-D", "same-subject-twice"]].concat()).code(0);
}

#[cfg(feature = "serve")]
#[test]
fn a_provider_with_a_denied_code_is_not_served() {
    let serve = ["serve", "--listen", "127.0.0.1:0", "-D", "cannot-sign-in"];
    Run::new().args(&serve).code(1).says("error[cannot-sign-in]");
}

#[test]
fn a_denied_code_stops_import_and_convert() {
    let file = fixture("check/autoconfig-port-unusual/bad.xml").display().to_string();
    let run = Run::new();
    let deny = ["-D", "autoconfig-port-unusual"];
    let import = ["import", &file, "-o", "imported.toml"];
    run.args(&[&import[..], &deny].concat()).code(1).says("error[autoconfig-port-unusual]");
    assert!(!run.path("imported.toml").exists());
    run.args(&[&["convert", &file][..], &deny].concat()).code(1);
    assert!(!run.path("out").exists());
    run.args(&import).code(0);
}

#[test]
fn an_allowed_code_is_not_reported_and_the_files_stay_the_same() {
    let run = Run::new();
    let plain = run.args(&ANN).code(0);
    assert!(plain.stderr.contains("cannot-sign-in") && plain.stdout.contains("cannot-sign-in"));
    let files = run.files("out");
    let allowed = run.args(&[&ANN[..], &["-A", "cannot-sign-in,other-protocol"]].concat()).code(0);
    for text in [&allowed.stdout, &allowed.stderr] {
        assert!(!text.split_whitespace().any(|word| word.contains("[cannot-sign-in]")), "{text}");
        assert!(!text.split_whitespace().any(|word| word == "other-protocol"), "{text}");
    }
    assert!(run.files("out") == files);
}

#[test]
fn what_cannot_be_made_stays_an_error() {
    let run = Run::new();
    refused(&run, &["generate", "x.invalid", "-A", "unknown-domain"], "error[unknown-domain]");
    refused(&run, &["generate", "x.invalid", "-W", "unknown-domain"], "error[unknown-domain]");
}

#[test]
fn a_misspelt_code_is_refused_in_every_command() {
    let run = Run::new();
    for args in [&ANN[..], &["plan"], &["check", "x"], &["import", "x"], &["targets"]] {
        run.args(&[args, &["-D", "canot-sign-in"]].concat())
            .code(2)
            .says("did you mean cannot-sign-in?");
    }
}
