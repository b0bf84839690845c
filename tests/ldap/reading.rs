//! What works: every way to reach a directory and to sign in, and what is made of it.

use std::time::Instant;

use rcgen::DnType;
use serde_json::Value;

use crate::slapd::{BASE, Setup, Slapd, people, person};
use crate::support::ca::Ca;
use crate::support::{Run, until};

/// As Debian's slapd has it, and pages for whom it lets.
const LIMITS: &str = "sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited";

#[test]
fn ten_thousand_entries_come_page_by_page_over_starttls() {
    needs!("slapd", "ldapsearch");
    let ca = Ca::new();
    let identity = ca.good();
    let people = people(10_000);
    let setup =
        Setup { identity: Some(&identity), lines: LIMITS, people: &people, ..Setup::default() };
    let slapd = Slapd::start(&setup);
    // All at once it does not give.
    let said = slapd.unpaged();
    assert_eq!((said.code, said.stdout.matches("mail: ").count()), (Some(4), 500), "{said:?}");
    let run = Run::new();
    let ask = || slapd.starttls(BASE).trusting(&ca).signed_in().and(&["--format", "json"]);
    let begun = Instant::now();
    ask().and(&["--dry-run"]).works(&run);
    // A figure for the README.
    eprintln!("10,000 entries read and looked at in {:?}", begun.elapsed());
    // Ten thousand folders take a debug build longer than a test may.
    let all = if cfg!(feature = "zip") { "--zip" } else { "--dry-run" };
    let said: Value = serde_json::from_str(&ask().and(&[all]).works(&run).stdout).unwrap();
    if cfg!(feature = "zip") {
        assert_eq!((&said["users"], &said["files"]), (&10_000.into(), &10_000.into()), "{said}");
        assert_eq!(run.files("out").into_keys().collect::<Vec<_>>(), ["users.zip"]);
    }
    assert_eq!(said["rejected"], 0);
}

#[test]
fn everybody_gets_the_files_that_a_list_of_the_same_people_makes() {
    needs!("slapd");
    let ca = Ca::new();
    let identity = ca.good();
    let people = [
        person(
            "ann",
            "mail: ann@outlook.com\ndisplayName: Ann Example\npreferredLanguage: de, en;q=0.8",
        ),
        // Jörg, who has no displayName.
        "dn: uid=j,ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: j\n\
         cn:: SsO2cmc=\nsn: Example\nmail: joerg@outlook.com\n\n"
            .to_owned(),
        // No mailbox.
        person("printer", ""),
    ]
    .concat();
    let setup = Setup { identity: Some(&identity), people: &people, ..Setup::default() };
    let slapd = Slapd::start(&setup);
    let list = "mail,displayName,language\nann@outlook.com,Ann Example,de\n\
                joerg@outlook.com,J\u{F6}rg,\n";
    let run = Run::new().write("users.csv", list);
    let targets = ["--target", "unix-mail-msmtp,apple-mail,guide"];
    let args = [&["generate", "--users", "users.csv", "-o", "list", "-q"][..], &targets];
    run.args(&args.concat()).code(0);
    let of = |ask: crate::slapd::Ask, out: &str| {
        ask.trusting(&ca)
            .signed_in()
            .and(&["-o", out])
            .and(&["--target", "apple-mail,guide"])
            .works(&run);
        run.files(out)
    };
    let wanted = run.files("list");
    assert!(wanted.keys().any(|path| path.contains("ann@outlook.com/guide/guide.de.html")));
    assert_eq!(of(slapd.ldaps(BASE), "ldaps"), wanted);
    assert_eq!(of(slapd.starttls(BASE), "starttls"), wanted);
    assert_eq!(of(slapd.socket(BASE), "socket"), wanted);
    // The base of its own, and an address instead of a name.
    assert_eq!(of(slapd.ldaps(""), "whole"), wanted);
    let filter = format!("{BASE}??one?(%26(uid=*)(mail=*))");
    assert_eq!(of(slapd.ldaps(&filter), "filter"), wanted);
}

#[test]
fn a_certificate_signs_in_and_so_does_the_socket() {
    needs!("slapd");
    let ca = Ca::new();
    let identity = ca.good();
    let people = people(3);
    for lines in ["TLSVerifyClient try", "TLSVerifyClient demand"] {
        let setup = Setup { identity: Some(&identity), ca: Some(&ca), lines, people: &people };
        let slapd = Slapd::start(&setup);
        let own = ca.with(|params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, "reader");
        });
        let run = Run::new().write("me.pem", &own.chain).write("me.key", &own.key);
        let certificate = ["--ldap-cert", "me.pem", "--ldap-key", "me.key"];
        for ask in [slapd.starttls(BASE), slapd.ldaps(BASE)] {
            ask.trusting(&ca).and(&certificate).works(&run);
            assert_eq!(run.files("out").keys().filter(|p| p.ends_with("msmtprc")).count(), 3);
        }
        // The server wants the certificate, and the password says who it is.
        slapd.ldaps(BASE).trusting(&ca).and(&certificate).signed_in().works(&run);
        slapd.socket(BASE).works(&run);
        if lines.ends_with("demand") {
            let ask = slapd.ldaps(BASE).trusting(&ca).signed_in();
            ask.fails(&[
                "ldaps://mail.example.test",
                "wants a certificate of yours",
                "--ldap-cert",
            ]);
        }
    }
}

#[test]
fn active_directory_is_recognised_and_a_disabled_account_left_out() {
    needs!("slapd");
    // Its names and numbers, as far as the filter and the map go.
    let schema = "attributetype ( 1.3.6.1.4.1.99999.1 NAME 'supportedCapabilities' \
                  EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38 )\n\
                  attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory' \
                  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )\n\
                  attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' \
                  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )\n\
                  attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' \
                  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )\n\
                  objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP inetOrgPerson STRUCTURAL \
                  MAY ( objectCategory $ userAccountControl $ userPrincipalName ) )\n";
    let run = Run::new().write("root.ldif", "dn:\nsupportedCapabilities: 1.2.840.113556.1.4.800\n");
    let lines = format!("{schema}rootDSE {}", run.path("root.ldif").display());
    let account = |uid: &str, control: u32| {
        person(
            uid,
            &format!(
                "mail: {uid}@outlook.com\ndisplayName: {uid} Example\nobjectCategory: person\n\
             userPrincipalName: {uid}@corp.example\nuserAccountControl: {control}"
            ),
        )
        .replace("inetOrgPerson", "user")
    };
    let people = [account("ann", 512), account("bob", 514), account("cleo", 66048)].concat();
    let people = people + &person("dan", "mail: dan@outlook.com");
    let slapd = Slapd::start(&Setup { lines: &lines, people: &people, ..Setup::default() });
    let said = slapd.socket("dc=example,dc=test").works(&run);
    assert!(said.stderr.contains("taken for Active Directory; --ldap-preset"), "{}", said.stderr);
    let persons = |run: &Run| -> Vec<String> {
        let files = run.files("out");
        let own = files.keys().filter(|path| path.ends_with("msmtprc") && path.contains('@'));
        own.map(|path| path.split('/').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(persons(&run), ["ann@outlook.com", "cleo@outlook.com"]);
    // What people sign in to Windows with is not what they sign in to their mailbox with.
    let msmtp = |user: &str| {
        let files = run.files("out");
        let path = format!("outlook.com/{user}@outlook.com/unix-mail-msmtp/msmtprc");
        String::from_utf8(files[&path].clone()).unwrap()
    };
    assert!(!msmtp("ann").contains("corp.example"), "{}", msmtp("ann"));
    let ask = slapd.socket("dc=example,dc=test").and(&["--column", "username=userPrincipalName"]);
    ask.works(&run);
    assert!(msmtp("ann").contains("user \"ann@corp.example\""), "{}", msmtp("ann"));
    std::fs::remove_dir_all(run.path("out")).unwrap();
    let said = slapd.socket("dc=example,dc=test").and(&["--ldap-preset", "openldap"]).works(&run);
    assert!(!said.stderr.contains("taken for"), "{}", said.stderr);
    assert_eq!(persons(&run).len(), 4);
}

#[test]
fn shares_made_apart_are_together_what_one_run_makes() {
    needs!("slapd");
    let people = people(120);
    let slapd = Slapd::start(&Setup { people: &people, ..Setup::default() });
    let run = Run::new();
    slapd.socket(BASE).and(&["-o", "whole"]).works(&run);
    slapd.socket(BASE).and(&["-o", "again"]).works(&run);
    for share in ["1/3", "2/3", "3/3"] {
        slapd.socket(BASE).and(&["-o", "shares", "--shard", share]).works(&run);
    }
    let whole = run.files("whole");
    assert_eq!(whole.keys().filter(|path| path.ends_with("msmtprc")).count(), 120);
    assert_eq!(run.files("again"), whole);
    assert_eq!(run.files("shares"), whole);
    #[cfg(feature = "zip")]
    {
        slapd.socket(BASE).and(&["-o", "zip", "--zip"]).works(&run);
        assert_eq!(run.files("zip").into_keys().collect::<Vec<_>>(), ["users.zip"]);
    }
}

#[test]
fn a_run_is_gone_on_with_only_while_the_directory_is_the_same() {
    needs!("slapd");
    let all = people(3000);
    let slapd = Slapd::start(&Setup { lines: LIMITS, people: &all, ..Setup::default() });
    let run = Run::new();
    let mut child = slapd.socket(BASE).command(&run).spawn().unwrap();
    let journal = run.path("out/.mailwright.users");
    until("three batches of users are done", || {
        std::fs::read_to_string(&journal).ok().filter(|text| text.contains("done 3"))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let before = run.files("out");
    // Somebody has left in the meantime.
    let fewer = format!("{BASE}???(%26(objectClass=inetOrgPerson)(mail=*)(!(uid=user7)))");
    let said = slapd.socket(&fewer).and(&["--resume"]).run(&run);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("without --resume it begins anew"), "{}", said.stderr);
    assert_eq!(run.files("out").len(), before.len());
    let said = slapd.socket(BASE).and(&["--resume", "--format", "json"]).works(&run);
    let said: Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(said["doneBefore"].as_u64().unwrap() > 0, "{said}");
    let done = said["users"].as_u64().unwrap() + said["doneBefore"].as_u64().unwrap();
    assert_eq!(done, 3000);
}
