//! What a server's no to a sign-in means.

use mailwright::internals::model::{Authentication, SocketType};
use mailwright::internals::verify::Mechanism;

use crate::harness::Test;
use crate::support::ca::Ca;
use crate::support::peer::Peer;

const PASSWORD: &str = "correct horse";
const TOKEN: &str = "ya29.a0AfB_by-token";

const CAPA: (&str, &str) = ("CAPA", "+OK\r\nUIDL\r\nUSER\r\nSASL PLAIN XOAUTH2\r\n.\r\n");

/// A POP3 server that lets everybody begin and then says this.
fn pop3(ca: &Ca, no: &'static str) -> Peer {
    Peer::tls(ca.good().server(), move |conn| {
        conn.say("+OK ready\r\n");
        let go_on = [("AUTH", "+ \r\n"), ("STAT", "+OK 3 4711\r\n")];
        conn.answer(&[CAPA, go_on[0], go_on[1], ("QUIT", ""), ("", no)]);
    })
}

fn smtp(ca: &Ca, no: &'static str) -> Peer {
    Peer::tls(ca.good().server(), move |conn| {
        conn.say("220 ready\r\n");
        let ehlo = ("EHLO", "250-mail\r\n250 AUTH PLAIN XOAUTH2\r\n");
        conn.answer(&[ehlo, ("AUTH", "334 \r\n"), ("QUIT", ""), ("", no)]);
    })
}

fn imap(ca: &Ca, no: &'static str) -> Peer {
    Peer::tls(ca.good().server(), move |conn| {
        conn.say("* OK ready\r\n");
        while let Some(line) = conn.hear() {
            let tag = line.split(' ').next().unwrap().to_owned();
            if line.ends_with("CAPABILITY") {
                conn.say(&format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n"));
            } else {
                conn.say("+ \r\n");
                conn.hear();
                conn.say(&format!("{tag} {no}"));
                conn.wait();
            }
        }
    })
}

#[track_caller]
fn pop3_says(no: &'static str, code: &str) {
    let ca = Ca::new();
    let peer = pop3(&ca, no);
    let test = Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).password("ann", PASSWORD);
    let report = test.fails(&[code]);
    assert_eq!(report.steps.last().unwrap().seen.as_deref(), Some(no.trim_end()));
}

#[track_caller]
fn smtp_says(no: &'static str, code: &str) {
    let ca = Ca::new();
    let peer = smtp(&ca, no);
    Test::smtp(SocketType::Ssl, peer.address)
        .trusting(&ca)
        .password("ann", PASSWORD)
        .fails(&[code]);
}

#[track_caller]
fn imap_says(no: &'static str, code: &str) {
    let ca = Ca::new();
    let peer = imap(&ca, no);
    Test::imap(SocketType::Ssl, peer.address)
        .trusting(&ca)
        .password("ann", PASSWORD)
        .fails(&[code]);
}

#[test]
fn a_wrong_password_is_named_in_every_protocol() {
    pop3_says("-ERR [AUTH] Authentication failed.\r\n", "wrong-password");
    smtp_says("535 5.7.8 Error: authentication failed\r\n", "wrong-password");
    imap_says("NO [AUTHENTICATIONFAILED] Authentication failed.\r\n", "wrong-password");
}

#[test]
fn an_account_that_needs_oauth2_is_told_from_a_wrong_password() {
    let basic = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.\r\n";
    smtp_says(basic, "account-needs-oauth2");
    imap_says("NO [ALERT] Application-specific password required\r\n", "account-needs-oauth2");
    // Outlook.com over POP3 says the same for everything; that it refuses passwords is in our data.
    let ca = Ca::new();
    let no = "-ERR Authentication failure: unknown user name or bad password.\r\n";
    let peer = pop3(&ca, no);
    let mut test =
        Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).password("ann", PASSWORD);
    test.fails(&["wrong-password"]);
    test.probe.refuses_passwords = true;
    test.fails(&["account-needs-oauth2"]);
    drop(test);
    let mut test = Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).token("ann", TOKEN);
    test.probe.advice = Some("switch POP on".to_owned());
    let report = test.fails(&["pop-may-be-off"]);
    assert_eq!(report.steps.last().unwrap().help.as_deref(), Some("switch POP on"));
}

#[test]
fn smtp_login_that_is_switched_off_for_the_account_is_named() {
    smtp_says(
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the \
         Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.\r\n",
        "smtp-login-disabled",
    );
}

#[test]
fn a_busy_mailbox_and_a_sick_server_are_no_wrong_password() {
    pop3_says("-ERR [IN-USE] Mailbox is locked by another session\r\n", "mailbox-locked");
    pop3_says("-ERR [SYS/TEMP] Internal login failure\r\n", "temporary-failure");
    pop3_says("-ERR [SYS/PERM] Broken\r\n", "permanent-failure");
    pop3_says("-ERR [LOGIN-DELAY] wait 300 seconds\r\n", "login-delay");
    smtp_says("454 4.7.0 Temporary authentication failure\r\n", "temporary-failure");
    smtp_says("421 4.7.0 Too many connections\r\n", "too-many-connections");
    imap_says("NO [UNAVAILABLE] Temporary authentication failure.\r\n", "temporary-failure");
    imap_says("NO [EXPIRED] Password expired\r\n", "password-expired");
    imap_says("NO [CONTACTADMIN] Disabled\r\n", "login-refused");
}

#[test]
fn a_mechanism_that_is_not_offered_is_not_tried() {
    let ca = Ca::new();
    let peer = pop3(&ca, "-ERR\r\n");
    Test::pop3(SocketType::Ssl, peer.address)
        .trusting(&ca)
        .password("ann", PASSWORD)
        .by(Mechanism::ScramSha256)
        .fails(&["mechanism-not-offered"]);
    assert!(!peer.heard().iter().any(|line| line.starts_with("AUTH")), "{:?}", peer.heard());
}

#[test]
fn an_expired_token_is_told_by_the_servers_challenge() {
    let ca = Ca::new();
    // {"status":"invalid_token","scope":"mail"}
    let challenge = "+ eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJtYWlsIn0=\r\n";
    let peer = Peer::tls(ca.good().server(), move |conn| {
        conn.say("+OK ready\r\n");
        conn.hear();
        conn.say(CAPA.1);
        conn.hear();
        conn.say("+ \r\n");
        conn.hear();
        conn.say(challenge);
        conn.hear();
        conn.say("-ERR Authentication failed.\r\n");
        conn.wait();
    });
    let test = Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).token("ann", TOKEN);
    let report = test.fails(&["token-expired"]);
    assert!(report.steps.last().unwrap().seen.as_ref().unwrap().contains("invalid_token"));
    // The two lines that Microsoft wants: the mechanism alone, then the message.
    assert_eq!(peer.heard()[1], "AUTH XOAUTH2");
}

#[test]
fn a_token_that_is_refused_without_a_reason_is_refused() {
    let ca = Ca::new();
    let peer = smtp(&ca, "535 5.7.3 Authentication unsuccessful\r\n");
    let test = Test::smtp(SocketType::Ssl, peer.address).trusting(&ca).token("ann", TOKEN);
    test.fails(&["token-refused"]);
}

#[test]
fn no_secret_goes_over_a_plain_connection() {
    let peer = Peer::new(|conn| {
        conn.say("+OK ready\r\n");
        conn.answer(&[CAPA]);
    });
    Test::pop3(SocketType::Plain, peer.address)
        .password("ann", PASSWORD)
        .fails(&["secret-needs-encryption"]);
    assert_eq!(peer.heard(), ["CAPA"]);
}

#[test]
fn no_secret_goes_to_a_server_that_cannot_prove_who_it_is() {
    let ca = Ca::new();
    for identity in [Ca::self_signed(), ca.expired(), ca.for_another_host(), Ca::new().good()] {
        let peer = Peer::tls(identity.server(), |conn| {
            conn.say("+OK ready\r\n");
            conn.answer(&[CAPA]);
        });
        let test =
            Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).password("ann", PASSWORD);
        let report = test.run();
        assert_eq!(report.steps.last().unwrap().code.unwrap().name, "secret-needs-trust");
        assert!(!peer.heard().iter().any(|line| line.starts_with("AUTH")), "{:?}", peer.heard());
    }
}

#[test]
fn without_a_secret_of_the_declared_kind_nobody_signs_in() {
    let ca = Ca::new();
    let peer = pop3(&ca, "-ERR\r\n");
    let report = Test::pop3(SocketType::Ssl, peer.address)
        .trusting(&ca)
        .password("ann", PASSWORD)
        .declaring(&[Authentication::OAuth2])
        .run();
    assert_eq!(report.steps.last().unwrap().code.unwrap().name, "credentials-missing");
    assert!(report.works());
}

#[test]
fn a_sign_in_that_works_says_how_and_what_is_in_the_mailbox() {
    let ca = Ca::new();
    let peer = pop3(&ca, "+OK welcome\r\n");
    let report = Test::pop3(SocketType::Ssl, peer.address)
        .trusting(&ca)
        .password("ann", PASSWORD)
        .declaring(&[Authentication::PasswordCleartext, Authentication::OAuth2])
        .works();
    let details: Vec<_> = report.steps.iter().map(|s| s.detail.as_str()).collect();
    assert!(details.contains(&"signed in with PLAIN"), "{details:?}");
    assert!(details.contains(&"3 messages, 4711 octets"), "{details:?}");
}
