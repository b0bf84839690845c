//! Entries that are no users, and values that mean harm.

use std::fs;

use serde_json::Value;

use crate::slapd::{BASE, Setup, Slapd, person};
use crate::support::Run;

/// Values that LDIF cannot hold as they are.
fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn hostile() -> String {
    let named = |uid: &str, name: &str| {
        person(uid, &format!("mail: {uid}@outlook.com\ndisplayName:: {}", base64(name.as_bytes())))
    };
    [
        person("ann", "mail: ann@outlook.com\nmail: a.example@outlook.com"),
        person("again", "mail: Ann@Outlook.com"),
        person("dots", "mail: ../../etc@outlook.com"),
        person("device", "mail: con@outlook.com"),
        person("elsewhere", "mail: dan@nowhere.example"),
        named("formula", "=cmd|' /C calc'!A0"),
        named("lines", "Ann\r\n[Service1]"),
        named("markup", "</string><key>Evil</key> & \"quoted\" %s ${x}"),
        named("turned", "\u{202E}eoZ"),
        person("tongue", "mail: tongue@outlook.com\npreferredLanguage: Deutsch bitte"),
    ]
    .concat()
}

#[test]
fn an_entry_that_is_no_user_is_told_by_its_name_and_stops_everything() {
    needs!("slapd");
    let people = hostile();
    let slapd = Slapd::start(&Setup { people: &people, ..Setup::default() });
    let run = Run::new();
    let said = slapd.socket(BASE).run(&run);
    assert_eq!(said.code, Some(1), "{said:?}");
    for words in [
        &format!("uid=dots,{BASE}: \"../../etc@outlook.com\" is not an address"),
        &format!("uid=device,{BASE}: \"con@outlook.com\" is not"),
        &format!("uid=elsewhere,{BASE}: no provider is known for nowhere.example"),
        &format!("uid=formula,{BASE}: the name \"=cmd|"),
        &format!("uid=lines,{BASE}: name: control character"),
        &format!("uid=tongue,{BASE}: \"deutsch bitte\" is no language"),
        &format!("uid=turned,{BASE}: U+202E in the name cannot be seen"),
        &format!("uid=again,{BASE}: the same mailbox as uid=ann,{BASE}"),
        &format!("entries with more than one address: 1, such as uid=ann,{BASE}"),
        "nothing was written",
    ] {
        assert!(said.stderr.contains(words), "no {words:?} in {}", said.stderr);
    }
    assert!(!run.path("out").exists());
    let ask = slapd.socket(BASE).and(&["--keep-going", "--format", "json"]);
    let said: Value = serde_json::from_str(&ask.works(&run).stdout).unwrap();
    assert_eq!((&said["users"], &said["rejected"]), (&3.into(), &7.into()));
    let rejected = fs::read_to_string(run.path("out/rejected.csv")).unwrap();
    let lines: Vec<&str> = rejected.lines().collect();
    assert_eq!((lines.len(), lines[0]), (8, "dn,mail,reason"), "{rejected}");
    let again =
        format!("\"uid=again,{BASE}\",Ann@Outlook.com,\"the same mailbox as uid=ann,{BASE}\"");
    assert!(lines.contains(&again.as_str()), "{rejected}");
    for file in run.files("out").keys() {
        assert!(file.starts_with("outlook.com/") || file == "rejected.csv", "{file}");
    }
    // Each share has its own, and all of them are there.
    let share = |share: &str, file: &str| {
        let ask = slapd.socket(BASE).and(&["--keep-going", "-o", "shares", "--shard", share]);
        ask.works(&run);
        let text = fs::read_to_string(run.path(&format!("shares/{file}"))).unwrap_or_default();
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut all = share("1/2", "rejected-1-of-2.csv");
    all.extend(share("2/2", "rejected-2-of-2.csv"));
    all.sort();
    let mut wanted: Vec<_> = lines[1..].iter().map(|line| (*line).to_owned()).collect();
    wanted.sort();
    assert_eq!(all, wanted);
}

#[test]
fn a_value_that_is_not_utf8_is_not_guessed_at() {
    needs!("slapd");
    let people = [
        person("ann", &format!("mail: ann@outlook.com\naudio:: {}", base64(b"\xC4nnchen"))),
        person("bob", &format!("mail: bob@outlook.com\naudio:: {}", base64(b"Bob"))),
        person("long", &format!("mail: long@outlook.com\naudio:: {}", base64(&[b'x'; 5000]))),
    ]
    .concat();
    let slapd = Slapd::start(&Setup { people: &people, ..Setup::default() });
    let run = Run::new();
    let ask = slapd.socket(BASE).and(&["--column", "displayName=audio", "--keep-going"]);
    let said = ask.works(&run);
    let words = format!("uid=ann,{BASE}: audio is not UTF-8");
    assert!(said.stderr.contains(&words), "{}", said.stderr);
    let words = format!("uid=long,{BASE}: audio is a value of 5000 bytes");
    assert!(said.stderr.contains(&words), "{}", said.stderr);
    let files = run.files("out");
    assert!(files.keys().any(|path| path.contains("/bob@outlook.com/")));
    assert!(!files.keys().any(|path| path.contains("/ann@outlook.com/")));
}

#[test]
fn the_name_of_an_entry_cannot_steer_the_terminal() {
    needs!("slapd");
    let dn = format!("uid=a\u{1b}[2J\u{202E},{BASE}");
    let people = format!(
        "dn:: {}\nobjectClass: inetOrgPerson\nuid:: {}\ncn: a\nsn: a\nmail: ../a@outlook.com\n\n",
        base64(dn.as_bytes()),
        base64("a\u{1b}[2J\u{202E}".as_bytes()),
    );
    let slapd = Slapd::start(&Setup { people: &people, ..Setup::default() });
    let said = slapd.socket(BASE).run(&Run::new());
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("uid=a"), "{}", said.stderr);
    assert!(!said.stderr.contains(['\u{1b}', '\u{202E}']), "{:?}", said.stderr);
}

#[test]
fn references_to_other_servers_are_counted_and_not_followed() {
    needs!("slapd");
    let reference = |n: usize| {
        format!(
            "dn: ou=other{n},{BASE}\nobjectClass: referral\nobjectClass: extensibleObject\n\
             ou: other{n}\nref: ldap://127.0.0.1:1/ou=other{n},{BASE}\n\n"
        )
    };
    let people = person("ann", "mail: ann@outlook.com") + &reference(1) + &reference(2);
    let slapd = Slapd::start(&Setup { people: &people, ..Setup::default() });
    let said = slapd.socket(BASE).works(&Run::new());
    let words = "references to other servers, which were not followed: 2";
    assert!(said.stderr.contains(words), "{}", said.stderr);
    // The base itself lies elsewhere.
    let elsewhere = format!("uid=x,ou=other1,{BASE}");
    slapd
        .socket(&elsewhere)
        .fails(&["the directory refers to another server (ldap://127.0.0.1:1/"]);
}
