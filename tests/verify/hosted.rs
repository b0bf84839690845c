//! What a domain publishes: a web server for each way to do it wrong.

use rcgen::SanType;

use crate::hosted_site::*;
use crate::support::ca::Ca;
use crate::web::{self, Asked, Reply};

#[test]
fn a_domain_that_does_everything_right_has_nothing_wrong_and_every_client_finds_its_settings() {
    let site = Site::new(|_, reply| reply, srv());
    let (exit, json) = site.with_settings(&["--address", "ann@example.test"]);
    let wrong = all_codes(&json);
    // A static Autodiscover file cannot have the address of whoever asks.
    let wrong: Vec<_> = wrong.iter().filter(|w| !w.contains("without-login-name")).collect();
    assert!(wrong.is_empty(), "{wrong:?} {json:#}");
    assert_eq!(exit, 0);
    let imap = "imap mail.example.test:993 SSL";
    let smtp = "smtp mail.example.test:465 SSL";
    for client in ["Thunderbird for desktop", "Thunderbird for Android", "KMail", "Delta Chat"] {
        let view = finds(&json, client);
        assert_eq!(view["place"], AUTOCONFIG, "{view}");
        assert_eq!(view["servers"], serde_json::json!([imap, smtp]), "{view}");
    }
    assert_eq!(finds(&json, "FairEmail")["place"], "DNS SRV");
    assert_eq!(finds(&json, "Outlook")["place"], AUTODISCOVER);
    assert_eq!(finds(&json, "Mail on iPhone")["place"], "https://example.test/mail.mobileconfig");
    assert!(finds(&json, "Himalaya")["place"].is_null());
    // Each client asked as it does: with and without an address, by POST and by GET.
    let heard = site.https.heard().join("\n");
    for line in [
        "GET /mail/config-v1.1.xml HTTP/1.1",
        "GET /mail/config-v1.1.xml?emailaddress=mailwright-",
        "GET /mail/config-v1.1.xml?emailaddress=ann%40example.test HTTP/1.1",
        "POST /autodiscover/autodiscover.xml HTTP/1.1",
        "POST /Autodiscover/Autodiscover.xml HTTP/1.1",
        "POST /AutoDiscover/AutoDiscover.xml HTTP/1.1",
        "GET /autodiscover/autodiscover.json?Email=mailwright-",
        "GET /autodiscover/autodiscover.json/v1.0/mailwright-",
        "content-type: text/xml; charset=utf-8",
        "<EMailAddress>ann@example.test</EMailAddress>",
    ] {
        assert!(heard.contains(line), "{line} was not asked: {heard}");
    }
    assert!(site.http.heard().iter().any(|line| line.starts_with("GET /mail/config")));
}

#[test]
fn an_autoconfig_that_wants_the_address_loses_the_clients_that_do_not_send_it() {
    let json = changed(
        |asked, reply| match asked.target.ends_with("config-v1.1.xml") {
            true => (400, String::new(), "emailaddress is missing".to_owned()),
            false => reply,
        },
        AUTOCONFIG,
        "autoconfig-needs-address",
    );
    assert!(finds(&json, "Thunderbird for Android")["place"].is_null());
    assert_eq!(finds(&json, "Thunderbird for desktop")["place"], AUTOCONFIG);
    let json = changed(
        |asked, reply| match asked.target.contains("emailaddress=") {
            true => web::nothing(),
            false => reply,
        },
        AUTOCONFIG,
        "autoconfig-refuses-address",
    );
    assert_eq!(finds(&json, "KMail")["place"], AUTOCONFIG);
}

#[test]
fn a_wrong_media_type_hides_the_file_from_those_who_look_at_it() {
    let json = changed(
        |asked, (status, _, body)| match is_autoconfig(asked) {
            true => (status, "Content-Type: application/octet-stream\r\n".to_owned(), body),
            false => web::nothing(),
        },
        AUTOCONFIG,
        "published-media-type",
    );
    assert!(finds(&json, "Thunderbird for desktop")["place"].is_null());
    assert_eq!(finds(&json, "Thunderbird for Android")["place"], AUTOCONFIG);
    changed(
        |asked, (status, headers, body)| match asked.target.starts_with("/mail.mobileconfig") {
            true => (status, "Content-Type: text/plain\r\n".to_owned(), body),
            false => (status, headers, body),
        },
        "profile https://example.test/",
        "published-media-type",
    );
}

#[test]
fn a_post_that_is_refused_and_a_path_whose_case_counts_are_named() {
    let json = changed(
        |asked, reply| match asked.method == "POST" {
            true => (405, String::new(), String::new()),
            false => reply,
        },
        AUTODISCOVER,
        "autodiscover-refuses-post",
    );
    assert!(finds(&json, "Outlook")["place"].is_null());
    changed(
        |asked, reply| match asked.target.starts_with("/AutoDiscover") {
            true => web::nothing(),
            false => reply,
        },
        AUTODISCOVER,
        "autodiscover-spelling",
    );
}

#[test]
fn files_that_say_something_else_than_the_settings_are_named_with_what() {
    for (from, to, words) in [
        ("mail.example.test", "old.example.test", "the settings have mail.example.test"),
        ("<port>993</port>", "<port>143</port>", "the settings have port 993"),
        (
            "<socketType>SSL</socketType>",
            "<socketType>STARTTLS</socketType>",
            "the settings have SSL",
        ),
        ("password-cleartext", "password-encrypted", "the settings have password-cleartext"),
        ("%EMAILADDRESS%", "%EMAILLOCALPART%", "the user name is %EMAILLOCALPART%"),
    ] {
        let json = changed(
            move |asked, (status, headers, body)| match is_autoconfig(asked) {
                true => {
                    assert!(body.contains(from) || status != 200, "{body}");
                    (status, headers, body.replace(from, to))
                }
                false => (status, headers, body),
            },
            AUTOCONFIG,
            "published-differs",
        );
        assert!(json.to_string().contains(words), "{words}: {json:#}");
    }
    let json = changed(
        |asked, (status, headers, body)| match is_autoconfig(asked) {
            true => (status, headers, body.replace("type=\"imap\"", "type=\"jmap\"")),
            false => (status, headers, body),
        },
        AUTOCONFIG,
        "published-lacks",
    );
    // Whatever comes of the word, no IMAP client finds anything there.
    assert_ne!(finds(&json, "Thunderbird for Android")["place"], AUTOCONFIG);
}

#[test]
fn a_file_that_clients_cannot_read_is_named_with_its_line() {
    let json = changed(
        |asked, (status, headers, body)| match is_autoconfig(asked) {
            true => (status, headers, body.replace("SSL</socketType>", "TLS</socketType>")),
            false => (status, headers, body),
        },
        AUTOCONFIG,
        "published-unreadable",
    );
    assert!(json.to_string().contains("config-v1.1.xml:"), "{json:#}");
    assert_ne!(finds(&json, "Thunderbird for desktop")["place"], AUTOCONFIG);
}

#[test]
fn a_web_page_for_everything_and_an_error_for_everything_are_told_apart() {
    let page = |asked: &Asked, reply: Reply| match asked.host.as_str() {
        "example.test" => web::page("text/html", "<!doctype html><html>Welcome</html>"),
        _ => reply,
    };
    changed(page, "autoconfig https://example.test/", "published-other-page");
    let error = |asked: &Asked, reply: Reply| match asked.host.as_str() {
        "autoconfig.example.test" => (500, String::new(), "Traceback".to_owned()),
        _ => reply,
    };
    changed(error, AUTOCONFIG, "published-status");
    let refused = |asked: &Asked, (status, headers, body): Reply| match is_autodiscover(asked) {
        true if status == 200 => web::page(
            "text/xml",
            "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\
             <Response><Error Time=\"1\" Id=\"2\"><ErrorCode>600</ErrorCode>\
             <Message>Invalid Request</Message></Error></Response></Autodiscover>",
        ),
        _ => (status, headers, body),
    };
    changed(refused, AUTODISCOVER, "autodiscover-error");
}

#[test]
fn redirects_are_followed_but_never_from_https_to_http_nor_in_circles() {
    let moved =
        |asked: &Asked, reply: Reply| match asked.target.starts_with("/.well-known/autoconfig") {
            true => web::redirect(&format!(
                "https://autoconfig.example.test{}",
                "/mail/config-v1.1.xml"
            )),
            false => reply,
        };
    let site = Site::new(moved, srv());
    let (exit, json) = site.with_settings(&[]);
    assert_eq!(exit, 0, "{json:#}");
    assert!(json.to_string().contains("leads to https://autoconfig.example.test"), "{json:#}");
    changed(
        |asked, reply| match asked.target.starts_with("/.well-known/autoconfig") {
            true => web::redirect("http://autoconfig.example.test/mail/config-v1.1.xml"),
            false => reply,
        },
        "autoconfig https://example.test/",
        "redirect-to-http",
    );
    changed(
        |asked, reply| match asked.target.starts_with("/.well-known/autoconfig") {
            true => web::redirect(&asked.target),
            false => reply,
        },
        "autoconfig https://example.test/",
        "too-many-redirects",
    );
    changed(
        |asked, reply| match asked.target.starts_with("/.well-known/autoconfig") {
            true => web::redirect("https://[/"),
            false => reply,
        },
        "autoconfig https://example.test/",
        "redirect-broken",
    );
}

#[test]
fn outlook_follows_the_redirect_from_plain_http() {
    let away = |asked: &Asked, reply: Reply| match asked.host.as_str() {
        "autodiscover.example.test" if asked.method == "GET" => {
            web::redirect("https://ua-auto-config.example.test/autodiscover/autodiscover.xml")
        }
        "autodiscover.example.test" => web::nothing(),
        "ua-auto-config.example.test" if is_autodiscover(asked) => {
            // What a customer's domain is sent to.
            let host = "autodiscover.example.test".to_owned();
            right(&elsewhere(), &Asked { host, ..asked.clone() })
        }
        _ => reply,
    };
    let (_, json) = Site::new(away, srv()).with_settings(&[]);
    let view = finds(&json, "Outlook");
    assert_eq!(view["place"], "http://autodiscover.example.test/autodiscover/autodiscover.xml");
}

#[test]
fn an_unknown_address_that_gets_another_answer_is_an_oracle() {
    let site = Site::new(
        |asked, reply| match asked.target.contains("emailaddress=mailwright") {
            true => (404, String::new(), "no such user".to_owned()),
            false => reply,
        },
        srv(),
    );
    let (exit, json) = site.with_settings(&["--address", "ann@example.test"]);
    assert_eq!(exit, 1);
    assert!(codes(&json, AUTOCONFIG).contains(&"account-oracle".to_owned()), "{json:#}");
    // The address itself in the answer is none.
    let site = Site::new(
        |asked, (status, headers, body)| {
            let address = asked.target.split("emailaddress=").nth(1).unwrap_or("%EMAILADDRESS%");
            let address = address.replace("%40", "@");
            (status, headers, body.replace("%EMAILADDRESS%", &address))
        },
        srv(),
    );
    let (exit, json) = site.with_settings(&["--address", "ann@example.test"]);
    assert_eq!(exit, 0, "{json:#}");
    // Nor are the names that a profile has for each person.
    let named = |name: fn(&str) -> String| {
        move |asked: &Asked, (status, headers, body): Reply| {
            let who = asked.target.split("mobileconfig?email=").nth(1);
            let body = match (who, body.split_once("<key>PayloadUUID</key>")) {
                (Some(who), Some((before, after))) => {
                    let (_, after) = after.split_once("</string>").unwrap();
                    format!("{before}<key>PayloadUUID</key><string>{}</string>{after}", name(who))
                }
                _ => body,
            };
            (status, headers, body)
        }
    };
    let site = Site::new(named(|who| format!("D2ECDD4C-{}", who.len())), srv());
    let (exit, json) = site.with_settings(&["--address", "ann@example.test"]);
    assert_eq!(exit, 0, "{json:#}");
    let site = Site::new(named(|who| format!("x</string><string>{}", who.len())), srv());
    let (exit, json) = site.with_settings(&["--address", "ann@example.test"]);
    assert_eq!(exit, 1, "{json:#}");
    // Without an address that exists nobody can tell, and the report says so.
    let (_, json) = site.with_settings(&[]);
    assert!(json.to_string().contains("account-oracle-untested"));
}

#[test]
fn a_certificate_without_the_published_name_is_named_and_the_client_turns_away() {
    let ca = Ca::new();
    let narrow = ca.with(|params| {
        params.subject_alt_names = vec![SanType::DnsName(DOMAIN.try_into().unwrap())];
    });
    let site = Site::with_identity(ca, &narrow, |_, reply| reply, srv());
    let (exit, json) = site.with_settings(&[]);
    assert_eq!(exit, 1);
    for place in [AUTOCONFIG, AUTODISCOVER] {
        let found = codes(&json, place);
        assert!(found.contains(&"certificate-wrong-name".to_owned()), "{found:?} {json:#}");
    }
    let well_known = "https://example.test/.well-known/autoconfig/mail/config-v1.1.xml";
    assert_eq!(finds(&json, "Thunderbird for desktop")["place"], well_known);
    assert!(finds(&json, "Outlook")["place"].is_null());
}

#[test]
fn what_is_only_worth_knowing_is_a_note() {
    let elsewhere = |asked: &Asked, reply: Reply| match is_autodiscover(asked) {
        true if reply.0 == 200 => web::page(
            "text/xml",
            "<Autodiscover><Response><Account><Action>redirectAddr</Action>\
             <RedirectAddr>ann@example.net</RedirectAddr></Account></Response></Autodiscover>",
        ),
        // The first byte of a CMS envelope.
        _ if asked.target.starts_with("/mail.mobileconfig") && reply.0 == 200 => {
            web::page("application/x-apple-aspen-config", "0\u{2}\u{1}\u{1}")
        }
        _ => reply,
    };
    let (exit, json) = Site::new(elsewhere, Vec::new()).with_settings(&[]);
    assert_eq!(exit, 0, "{json:#}");
    assert_eq!(notes(&json, "dns"), ["srv-missing"]);
    assert!(notes(&json, AUTODISCOVER).contains(&"autodiscover-redirects".to_owned()), "{json:#}");
    let profile = notes(&json, "profile https://example.test/");
    assert!(profile.contains(&"signed-profile-not-read".to_owned()), "{profile:?}");
    assert_eq!(notes(&json, "pacc"), ["not-published"]);
}

#[test]
fn an_answer_that_comes_later_than_clients_wait_is_a_warning() {
    changed(
        |asked, reply| {
            if asked.target == "/mail/config-v1.1.xml" {
                std::thread::sleep(std::time::Duration::from_millis(5_200));
            }
            reply
        },
        AUTOCONFIG,
        "published-slow",
    );
}

#[test]
fn a_domain_without_anything_and_one_without_settings_are_told_so() {
    let (exit, json) = Site::new(|_, _| web::nothing(), Vec::new()).with_settings(&[]);
    assert_eq!(exit, 1);
    assert_eq!(codes(&json, "altogether"), ["nothing-published"]);
    let (exit, json) = Site::new(|_, reply| reply, srv()).verify(&[]);
    assert_eq!(exit, 0, "{json:#}");
    assert!(json.to_string().contains("settings-unknown"));
    let only_http = Site {
        http: web::server(None, |asked| right(&elsewhere(), asked)),
        ..Site::new(|_, _| web::nothing(), srv())
    };
    let (exit, json) = only_http.with_settings(&[]);
    assert_eq!((exit, codes(&json, "altogether")), (0, vec!["published-only-http".to_owned()]));
}

#[test]
fn people_read_a_table_of_clients_and_wrong_arguments_are_told() {
    let site = Site::new(|_, reply| reply, srv());
    let reach = site.reach();
    let mut args = vec!["verify", "--hosted", DOMAIN];
    args.extend(reach.iter().map(String::as_str));
    let ended = site.run.args(&args).code(0);
    assert!(ended.stdout.contains("client"), "{}", ended.stdout);
    assert!(
        ended
            .stdout
            .ends_with("example.test: 8 of 9 clients find their settings; nothing is wrong\n"),
        "{}",
        ended.stdout
    );
    for (args, words) in [
        (&["verify", "--hosted", "no host"][..], "--hosted no host"),
        (
            &["verify", "--hosted", DOMAIN, "--address", "ann@elsewhere.test"],
            "is not at example.test",
        ),
        (&["verify", "--hosted", DOMAIN, "example.com"], "cannot be used with"),
    ] {
        site.run.args(args).code(2).says(words);
    }
}
