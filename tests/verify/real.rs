//! Against Dovecot, Postfix and Exim as Debian has them.

use std::net::SocketAddr;
use std::time::Duration;

use mailwright::internals::model::{Authentication, ServerType, SocketType};
use mailwright::internals::verify::{Mechanism, ServerReport, StepOutcome};

use crate::exim::Exim;
use crate::harness::{Test, same_codes};
use crate::support::ca::Ca;
use crate::support::dovecot::{Dovecot, PASSWORD, USER};
use crate::support::oidc::{self, Oidc};
use crate::support::postfix::Postfix;
use crate::support::{self, is_root};

use Authentication::{OAuth2, PasswordCleartext, PasswordEncrypted};

#[track_caller]
fn signed_in(report: &ServerReport, mechanism: &str) {
    assert!(report.works(), "{report:#?}");
    let details: Vec<_> = report.steps.iter().map(|step| step.detail.as_str()).collect();
    assert!(details.contains(&format!("signed in with {mechanism}").as_str()), "{details:#?}");
}

/// No secret stands in the transcript, and the rest of the dialogue does.
#[track_caller]
fn blanked(report: &ServerReport) {
    let all = report.transcript.join("\n");
    assert!(all.contains("C: ") && all.contains("S: "), "{all}");
    assert!(!all.contains(PASSWORD), "{all}");
}

#[test]
fn dovecot_lets_us_in_by_every_mechanism_and_every_port() {
    needs!("dovecot");
    if !is_root() {
        return support::skip("root");
    }
    let ca = Ca::new();
    let dovecot = Dovecot::start(&ca.good());
    let (pop3, imap) = (ServerType::Pop3, ServerType::Imap);
    let servers = [
        (pop3, SocketType::Ssl, dovecot.pop3s),
        (pop3, SocketType::Starttls, dovecot.pop3),
        (imap, SocketType::Ssl, dovecot.imaps),
        (imap, SocketType::Starttls, dovecot.imap),
        (ServerType::Smtp, SocketType::Ssl, dovecot.submissions),
        (ServerType::Smtp, SocketType::Starttls, dovecot.submission),
    ];
    for (server_type, socket_type, address) in servers {
        let test = || Test::new(server_type, socket_type, address).trusting(&ca);
        let declared = [PasswordEncrypted, PasswordCleartext];
        for mechanism in
            [Mechanism::Plain, Mechanism::Login, Mechanism::CramMd5, Mechanism::ScramSha256]
        {
            let report = test().declaring(&declared).password(USER, PASSWORD).by(mechanism).run();
            signed_in(&report, mechanism.name());
            blanked(&report);
        }
        let own = server_type != ServerType::Smtp;
        if own {
            let user = test().declaring(&declared).password(USER, PASSWORD).by(Mechanism::User);
            let report = user.run();
            signed_in(&report, "USER");
            blanked(&report);
        }
        if server_type == pop3 {
            let apop = test().declaring(&declared).password(USER, PASSWORD).by(Mechanism::Apop);
            let report = apop.run();
            signed_in(&report, "APOP");
            blanked(&report);
        }
        // What the settings' words mean: the best that is offered.
        let report = test().declaring(&[PasswordCleartext]).password(USER, PASSWORD).run();
        signed_in(&report, "PLAIN");
        let report = test().declaring(&[PasswordEncrypted]).password(USER, PASSWORD).run();
        signed_in(&report, "SCRAM-SHA-256");
        for mechanism in [Mechanism::Plain, Mechanism::CramMd5, Mechanism::ScramSha256] {
            let wrong = test().declaring(&declared).password(USER, "wrong").by(mechanism);
            let report = wrong.fails(&["wrong-password"]);
            assert!(report.steps.last().unwrap().seen.is_some(), "{report:#?}");
        }
        let report = test().declaring(&[OAuth2]).run();
        let step = report.steps.last().unwrap();
        assert_eq!(step.code.unwrap().name, "authentication-not-offered", "{report:#?}");
    }
}

#[test]
fn dovecot_with_another_certificate_is_judged_by_it() {
    needs!("dovecot");
    if !is_root() {
        return support::skip("root");
    }
    let ca = Ca::new();
    let wrong = [
        (ca.expired(), "certificate-expired"),
        (ca.for_another_host(), "certificate-wrong-name"),
        (Ca::self_signed(), "certificate-self-signed"),
        (ca.through_intermediate(false), "certificate-missing-intermediate"),
    ];
    for (identity, code) in wrong {
        let dovecot = Dovecot::start(&identity);
        let test = |socket_type, address| {
            Test::pop3(socket_type, address).trusting(&ca).declaring(&[PasswordCleartext])
        };
        test(SocketType::Ssl, dovecot.pop3s).fails(&[code]);
        test(SocketType::Starttls, dovecot.pop3).fails(&[code]);
        // Real servers that are spoken to in the wrong way.
        test(SocketType::Ssl, dovecot.pop3).fails(&["tls-port-speaks-plain"]);
    }
}

/// A submission server with Dovecot behind it: every mechanism, both ports, and none in plain text.
#[track_caller]
fn lets_us_in_and_nobody_in_plain_text(
    ca: &Ca,
    submission: SocketAddr,
    submissions: SocketAddr,
) -> Vec<ServerReport> {
    let mut reports = Vec::new();
    for (socket_type, address) in
        [(SocketType::Starttls, submission), (SocketType::Ssl, submissions)]
    {
        let test = || {
            Test::smtp(socket_type, address)
                .trusting(ca)
                .declaring(&[PasswordEncrypted, PasswordCleartext])
        };
        for mechanism in
            [Mechanism::Plain, Mechanism::Login, Mechanism::CramMd5, Mechanism::ScramSha256]
        {
            let report = test().password(USER, PASSWORD).by(mechanism).run();
            signed_in(&report, mechanism.name());
            blanked(&report);
            let size = report.steps.iter().any(|s| s.detail.contains("messages up to 1 MB"));
            assert!(size, "{report:#?}");
            reports.push(report);
        }
        reports.push(test().password(USER, "wrong").fails(&["wrong-password"]));
    }
    Test::smtp(SocketType::Ssl, submission).trusting(ca).fails(&["tls-port-speaks-plain"]);
    let brief = Duration::from_secs(3);
    Test::smtp(SocketType::Starttls, submissions)
        .trusting(ca)
        .within(brief)
        .fails(&["plain-port-speaks-tls"]);
    let plain = Test::smtp(SocketType::Plain, submission).password(USER, PASSWORD).run();
    assert_eq!(plain.steps.last().unwrap().code.unwrap().name, "authentication-not-offered");
    assert!(plain.steps.iter().any(|s| s.outcome == StepOutcome::Failed));
    reports
}

#[test]
fn postfix_lets_us_in_on_both_ports_and_nobody_in_plain_text() {
    needs!("dovecot", "postfix");
    if !is_root() {
        return support::skip("root");
    }
    let ca = Ca::new();
    let dovecot = Dovecot::start(&ca.good());
    let postfix = Postfix::start(&ca.good(), &dovecot);
    lets_us_in_and_nobody_in_plain_text(&ca, postfix.submission, postfix.submissions);
}

#[test]
fn exim_lets_us_in_on_both_ports_and_nobody_in_plain_text() {
    needs!("dovecot", "exim");
    if !is_root() {
        return support::skip("root");
    }
    let ca = Ca::new();
    let dovecot = Dovecot::start(&ca.good());
    let exim = Exim::start(&ca.good(), &dovecot);
    lets_us_in_and_nobody_in_plain_text(&ca, exim.submission, exim.submissions);
}

/// Everywhere that takes a token: POP3, IMAP and submission of Dovecot's, Postfix, Exim.
fn with_tokens(dovecot: &Dovecot, postfix: &Postfix, exim: &Exim) -> Vec<(ServerType, SocketAddr)> {
    vec![
        (ServerType::Pop3, dovecot.pop3s),
        (ServerType::Imap, dovecot.imaps),
        (ServerType::Smtp, dovecot.submissions),
        (ServerType::Smtp, postfix.submissions),
        (ServerType::Smtp, exim.submissions),
    ]
}

#[test]
fn a_token_lets_us_in_everywhere_and_an_expired_or_invented_one_nowhere() {
    needs!("dovecot", "postfix", "exim");
    if let Some(program) = oidc::missing() {
        return support::skip(program);
    }
    if !is_root() {
        return support::skip("root");
    }
    let ca = Ca::new();
    let provider = Oidc::start(&ca);
    let dovecot = Dovecot::with_oauth2(&ca.good(), &provider);
    let postfix = Postfix::start(&ca.good(), &dovecot);
    let exim = Exim::start(&ca.good(), &dovecot);
    let token = provider.token();
    for (server_type, address) in with_tokens(&dovecot, &postfix, &exim) {
        for mechanism in [Mechanism::Xoauth2, Mechanism::Oauthbearer] {
            let test = |token: &str| {
                Test::new(server_type, SocketType::Ssl, address)
                    .trusting(&ca)
                    .token(USER, token)
                    .by(mechanism)
            };
            let report = test(&token).run();
            signed_in(&report, mechanism.name());
            let all = report.transcript.join("\n");
            assert!(!all.contains(&token), "{all}");
            let report = test("no-token-of-theirs").fails(&["token-expired"]);
            assert!(report.steps.last().unwrap().seen.is_some(), "{report:#?}");
        }
        // A password still does, beside it.
        let test = Test::new(server_type, SocketType::Ssl, address).trusting(&ca);
        signed_in(&test.password(USER, PASSWORD).run(), "PLAIN");
    }
}

#[test]
fn a_token_that_was_good_a_second_ago_is_named_as_expired() {
    needs!("dovecot");
    if let Some(program) = oidc::missing() {
        return support::skip(program);
    }
    if !is_root() {
        return support::skip("root");
    }
    let ca = Ca::new();
    let provider = Oidc::with_tokens_for(&ca, 5);
    let dovecot = Dovecot::with_oauth2(&ca.good(), &provider);
    let token = provider.token();
    let test = Test::pop3(SocketType::Ssl, dovecot.pop3s).trusting(&ca).token(USER, &token);
    signed_in(&test.run(), "OAUTHBEARER");
    let ended = support::poll(support::PATIENCE, || {
        let report = test.run();
        (!report.works()).then_some(report)
    });
    same_codes(&ended.expect("it expires after five seconds"), &["token-expired"]);
}
