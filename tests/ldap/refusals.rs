//! What a directory refuses, and what of it is not to be trusted.

use crate::slapd::{BASE, READER, Setup, Slapd, people};
use crate::support::Run;
use crate::support::ca::{Ca, Identity};

#[test]
fn a_wrong_password_a_wrong_base_and_a_wrong_filter_say_so() {
    needs!("slapd");
    let ca = Ca::new();
    let identity = ca.good();
    let people = people(2);
    let setup = Setup { identity: Some(&identity), people: &people, ..Setup::default() };
    let slapd = Slapd::start(&setup);
    let wrong = slapd.starttls(BASE).trusting(&ca).by_name(READER, "correct horse");
    let said = wrong.fails(&["ldap://mail.example.test", READER, "name or password is wrong"]);
    assert!(!said.stderr.contains("correct horse"), "{}", said.stderr);
    let ask = |rest: &str| slapd.ldaps(rest).trusting(&ca).signed_in();
    ask("ou=peple,dc=example,dc=test").fails(&[
        "there is no ou=peple,dc=example,dc=test",
        "what there is of it is dc=example,dc=test",
    ]);
    ask("dc=example,dc=org").fails(&["there is no dc=example,dc=org"]);
    ask("x=").fails(&["\"x=\" is no distinguished name"]);
    ask("?mail?sub?(uid=user1").fails(&["the filter (uid=user1 cannot be read", "RFC 4515"]);
    ask(&format!("{BASE}?cn")).fails(&["no attribute of addresses", "--column address=NAME"]);
    ask(&format!("{BASE}??sub?(uid=nobody)")).fails(&["no entry below", "(uid=nobody)"]);
    ask(&format!("{BASE}????!x-other=1")).fails(&["!x-other is critical"]);
}

#[test]
fn who_has_not_signed_in_is_told_how_to() {
    needs!("slapd");
    let ca = Ca::new();
    let identity = ca.good();
    let people = people(2);
    for (lines, words) in [
        ("", "the directory refuses the search"),
        ("require authc", "the directory refuses the search"),
        ("disallow bind_anon\nrequire authc", "the directory refuses the search"),
    ] {
        let setup = Setup { identity: Some(&identity), lines, people: &people, ..Setup::default() };
        let slapd = Slapd::start(&setup);
        slapd
            .ldaps(BASE)
            .trusting(&ca)
            .fails(&[words, "nobody is signed in, --ldap-bind does that"]);
    }
}

#[test]
fn nothing_is_sent_to_a_directory_that_does_not_prove_who_it_is() {
    needs!("slapd");
    let (ca, other) = (Ca::new(), Ca::new());
    let people = people(2);
    let start = |identity: &Identity| {
        Slapd::start(&Setup { identity: Some(identity), people: &people, ..Setup::default() })
    };
    let slapd = start(&ca.good());
    for ask in [slapd.ldaps(BASE), slapd.starttls(BASE)] {
        ask.trusting(&other).signed_in().fails(&["nobody here knows the authority", "--ca FILE"]);
    }
    slapd
        .ldaps(BASE)
        .signed_in()
        .fails(&["nobody here knows the authority", "mailwright's test root"]);
    let ask = slapd.ldaps(BASE).trusting(&ca).signed_in().called("ldap.example.test");
    ask.fails(&["its certificate is not for ldap.example.test, but for mail.example.test"]);
    let slapd = start(&ca.expired());
    let ask = slapd.starttls(BASE).trusting(&ca).signed_in();
    ask.fails(&["its certificate expired on 2021-01-01"]);
    let slapd = start(&Ca::self_signed());
    slapd.ldaps(BASE).trusting(&ca).signed_in().fails(&["self-signed", "--ca FILE"]);
}

#[test]
fn without_tls_no_password_goes_over_the_network() {
    needs!("slapd");
    let people = people(2);
    let slapd = Slapd::start(&Setup { people: &people, ..Setup::default() });
    slapd.starttls(BASE).signed_in().fails(&[
        "the directory refuses StartTLS",
        "unsupported extended operation",
        "nothing is sent to it in plain text",
    ]);
    slapd.ldaps(BASE).signed_in().fails(&["ldaps://mail.example.test", "TLS handshake"]);
}

#[test]
fn a_directory_that_gives_no_more_is_no_list_of_everybody() {
    needs!("slapd");
    let people = people(900);
    for (lines, words) in [
        // Pages, but no more of them than all at once would be.
        ("sizelimit size.soft=500 size.hard=500", "gives no more than it has given, 500 entries"),
        ("sizelimit size.soft=500 size.hard=500 size.prtotal=disabled", "or not in pages"),
    ] {
        let slapd = Slapd::start(&Setup { lines, people: &people, ..Setup::default() });
        slapd.socket(BASE).fails(&[words]);
    }
}

#[test]
fn sasl_external_needs_a_directory_that_offers_it() {
    needs!("slapd");
    let ca = Ca::new();
    let identity = ca.good();
    let people = people(2);
    // It does not ask for a certificate, so that none comes.
    let setup = Setup { identity: Some(&identity), people: &people, ..Setup::default() };
    let slapd = Slapd::start(&setup);
    let own = ca.good();
    let run = Run::new().write("me.pem", &own.chain).write("me.key", &own.key);
    let path = |name: &str| run.path(name).display().to_string();
    let (cert, key) = (path("me.pem"), path("me.key"));
    let ask = slapd.ldaps(BASE).trusting(&ca).and(&["--ldap-cert", &cert, "--ldap-key", &key]);
    ask.fails(&["does not offer SASL EXTERNAL"]);
    let ask = slapd.ldaps(BASE).trusting(&ca).and(&["--ldap-cert", &cert, "--ldap-key", &cert]);
    ask.fails(&["no private key in it"]);
    std::fs::write(&key, ca.good().key).unwrap();
    let ask = slapd.ldaps(BASE).trusting(&ca).and(&["--ldap-cert", &cert, "--ldap-key", &key]);
    ask.fails(&["certificate and key do not fit"]);
    let ask = slapd.socket(BASE).and(&["--ldap-cert", &cert, "--ldap-key", &key]);
    ask.fails(&["--ldap-cert is for ldaps:// and ldap://"]);
}
