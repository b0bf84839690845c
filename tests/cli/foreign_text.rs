//! Foreign text on the terminal: nothing in a file, a name or a list steers it or forges a line.

use crate::support::Run;

/// A control sequence that clears the screen, one of C1, a bell, and a change of direction.
const STEERING: &str = "\u{1b}[2J\u{9b}31m\u{7}\u{202e}";

/// Everything that was printed, with this text in it, but without what steers a terminal.
#[track_caller]
fn is_harmless(run: &Run, args: &[&str]) {
    let ended = run.args(args);
    let printed = format!("{}{}", ended.stdout, ended.stderr);
    assert!(
        !printed.contains(|c: char| STEERING.contains(c) && c != '[' && !c.is_ascii_alphanumeric()),
        "{printed:?}"
    );
    assert!(printed.contains('\u{fffd}'), "{args:?}: {printed}");
}

#[test]
fn what_stands_in_a_file_does_not_steer_the_terminal() {
    let xml = format!(
        "<?xml version=\"1.0\"?>\n<clientConfig version=\"1.1\"><emailProvider id=\"a.example\">\
         <domain>a.example{STEERING}</domain></emailProvider></clientConfig>\n"
    );
    let list = format!("a{STEERING},b\nx{STEERING},y\n");
    let provider = format!("[emailProvider]\nid = \"a{STEERING}\"\n");
    let run = Run::new()
        .write("a.xml", &xml)
        .write("list.csv", &list)
        .write("p.toml", &provider)
        .write("msmtprc", &format!("account a\nhost h\u{202e}{STEERING}\n"));
    is_harmless(&run, &["check", "a.xml"]);
    is_harmless(&run, &["check", "p.toml"]);
    is_harmless(&run, &["check", "msmtprc"]);
    is_harmless(&run, &["generate", "--users", "list.csv"]);
    is_harmless(&run, &["generate", "--provider", "p.toml"]);
}

#[test]
fn what_is_typed_and_names_of_files_do_not_steer_the_terminal() {
    let name = format!("{STEERING}.xml");
    let run = Run::new().write(&name, "<clientConfig/>");
    is_harmless(&run, &["check", &name]);
    is_harmless(&run, &["check", &format!("no{STEERING}")]);
    is_harmless(&run, &["generate", "--provider", &format!("no{STEERING}.toml")]);
}

#[test]
fn reports_for_programs_and_commands_about_lists_hold_no_control_character() {
    let name = format!("{STEERING}.xml");
    let list = format!("{STEERING}.csv");
    let run = Run::new().write(&name, "<clientConfig/>").write(&list, "x,y\n");
    for args in [
        &["check", "--format", "json", &name][..],
        &["check", "--format", "sarif", &name],
        &["check", "--format", "junit", &name],
        &["check", "--matrix", &name],
        &["import", &name],
        &["generate", "--users", &list],
    ] {
        let ended = run.args(args);
        let printed = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!printed.contains(['\u{1b}', '\u{9b}', '\u{7}']), "{args:?}: {printed:?}");
    }
}
