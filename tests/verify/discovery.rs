//! `import ADDRESS`: found where clients look, in their order and by their rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rcgen::SanType;

use crate::dns::Record;
use crate::hosted_site::*;
use crate::support::Ended;
use crate::support::ca::Ca;
use crate::web::{self, Asked, Reply};

/// Runs it with every name of the site in its place.
fn import(site: &Site, args: &[&str]) -> Ended {
    let mut all = vec!["import".to_owned()];
    all.extend(args.iter().map(|arg| (*arg).to_owned()));
    all.extend(site.reach());
    site.run.args(&all.iter().map(String::as_str).collect::<Vec<_>>())
}

fn asked(site: &Site, words: &str) -> bool {
    let all = site.https.heard().into_iter().chain(site.http.heard());
    all.into_iter().any(|line| line.contains(words))
}

#[test]
fn an_address_leads_to_what_its_provider_publishes() {
    let site = Site::new(|_, reply| reply, srv());
    let ended = import(&site, &["ann@example.test"]).code(0);
    assert!(ended.stderr.contains(&format!("found at {AUTOCONFIG}")), "{}", ended.stderr);
    for words in [
        "id = \"example.test\"",
        "domains = [\"example.test\"]",
        "hostname = \"mail.example.test\"\nport = 993\nsocketType = \"SSL\"",
        "hostname = \"mail.example.test\"\nport = 465\nsocketType = \"SSL\"",
    ] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    assert!(asked(&site, "emailaddress=ann%40example.test"));
    // For a domain nobody's address is told.
    let site = Site::new(|_, reply| reply, srv());
    import(&site, &["example.test"]).code(0);
    assert!(!asked(&site, "ann"), "an address was told");
    // What was found can be written and generated from.
    import(&site, &["example.test", "-o", "found.toml"]).code(0);
    site.run.args(&["generate", "ann@example.test", "--provider", "found.toml"]).code(0);
}

#[test]
fn only_what_the_named_client_looks_at_is_asked() {
    let site = Site::new(|_, reply| reply, srv());
    let ended = import(&site, &["ann@example.test", "--as", "thunderbird-android"]).code(0);
    assert!(ended.stderr.contains(AUTOCONFIG), "{}", ended.stderr);
    // It sends no address and knows nothing of Autodiscover.
    assert!(!asked(&site, "emailaddress=") && !asked(&site, "utodiscover"));
    let site = Site::new(|_, reply| reply, srv());
    let ended = import(&site, &["ann@example.test", "--as", "outlook"]).code(0);
    assert!(ended.stderr.contains(&format!("found at {AUTODISCOVER}")), "{}", ended.stderr);
    assert!(!asked(&site, "/mail/config-v1.1.xml"));
    import(&site, &["ann@example.test", "--as", "eudora"]).code(2).says("thunderbird-android");
}

#[test]
fn delta_chat_gets_where_others_post_and_apple_opens_a_profile() {
    let autodiscover_only = |asked: &Asked, _: Reply| match is_autodiscover(asked) {
        // What a host of static files answers.
        true => right(&elsewhere(), asked),
        false => web::nothing(),
    };
    let site = Site::new(autodiscover_only, Vec::new());
    let ended = import(&site, &["ann@example.test", "--as", "deltachat"]).code(0);
    assert!(ended.stderr.contains(&format!("found at {AUTODISCOVER}")), "{}", ended.stderr);
    assert!(!asked(&site, "POST"), "{:?}", site.https.heard());

    let site = Site::new(|_, reply| reply, srv());
    let ended = import(&site, &["ann@example.test", "--as", "apple"]).code(0);
    assert!(ended.stderr.contains(".mobileconfig"), "{}", ended.stderr);
    assert!(ended.stdout.contains("port = 993"), "{}", ended.stdout);
    assert!(!asked(&site, "config-v1.1.xml") && !asked(&site, "utodiscover"));
}

#[test]
fn a_certificate_that_is_wrong_is_named_and_the_next_place_is_taken() {
    let ca = Ca::new();
    let narrow = ca.with(|params| {
        params.subject_alt_names = vec![SanType::DnsName(DOMAIN.try_into().unwrap())];
    });
    let site = Site::with_identity(ca, &narrow, |_, reply| reply, srv());
    let ended = import(&site, &["ann@example.test"]).code(0);
    let passed = format!("{AUTOCONFIG}: the certificate is for another host name");
    assert!(ended.stderr.contains(&passed), "{}", ended.stderr);
    let found = "found at https://example.test/.well-known/autoconfig/mail/config-v1.1.xml";
    assert!(ended.stderr.contains(found), "{}", ended.stderr);
}

#[test]
fn what_comes_over_plain_http_alone_is_taken_with_a_warning() {
    let site = Site::new(|_, _| web::nothing(), Vec::new());
    let http = web::server(None, |asked| right(&elsewhere(), asked));
    let site = Site { http, ..site };
    let ended = import(&site, &["ann@example.test"]).code(0).says("discovered-over-http");
    assert!(ended.stdout.contains("[emailProvider]"), "{}", ended.stdout);
}

#[test]
fn records_in_dns_are_enough_where_nothing_else_is_published() {
    let site = Site::new(|_, _| web::nothing(), srv());
    let ended = import(&site, &["ann@example.test"]).code(0);
    assert!(ended.stderr.contains("found at DNS SRV"), "{}", ended.stderr);
    assert!(ended.stderr.contains("password-cleartext is taken"), "{}", ended.stderr);
    for words in ["port = 993", "port = 995", "port = 465", "domains = [\"example.test\"]"] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
}

#[test]
fn autodiscover_in_its_second_version_leads_to_the_first() {
    let moved = |asked: &Asked, reply: Reply| match asked.host.as_str() {
        "autodiscover.example.test" if asked.target.contains(".json?") => web::page(
            "application/json",
            r#"{"Protocol":"AutodiscoverV1","Url":"https://ua-auto-config.example.test/Autodiscover/Autodiscover.xml"}"#,
        ),
        "ua-auto-config.example.test" if is_autodiscover(asked) && asked.method == "POST" => {
            let host = "autodiscover.example.test".to_owned();
            right(&elsewhere(), &Asked { host, ..asked.clone() })
        }
        _ => {
            let _ = reply;
            web::nothing()
        }
    };
    let site = Site::new(moved, Vec::new());
    let ended = import(&site, &["ann@example.test", "--as", "outlook"]).code(0);
    let found = "found at https://ua-auto-config.example.test/Autodiscover/Autodiscover.xml";
    assert!(ended.stderr.contains(found), "{}", ended.stderr);
}

#[test]
fn autodiscover_that_sends_on_to_another_address_is_followed_to_it() {
    // Whoever is asked for, the answer is of the next in the row.
    let row = |asked: &Asked, next: fn(&str) -> Option<&'static str>| {
        let body = &asked.body;
        let who = ["ann", "bob", "cleo", "dan"]
            .into_iter()
            .find(|who| body.contains(&format!(">{who}@")));
        match who.and_then(next) {
            Some(next) => web::page(
                "text/xml",
                &format!(
                    r#"<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account><Action>redirectAddr</Action><RedirectAddr>{next}@example.test</RedirectAddr></Account>
  </Response>
</Autodiscover>"#
                ),
            ),
            None => right(&elsewhere(), asked),
        }
    };
    let to_bob = move |asked: &Asked, reply: Reply| match is_autodiscover(asked) {
        true => row(asked, |who| (who == "ann").then_some("bob")),
        false => reply,
    };
    let site = Site::new(to_bob, Vec::new());
    let ended = import(&site, &["ann@example.test", "--as", "outlook"]).code(0);
    for words in [
        "https://example.test/autodiscover/autodiscover.xml: sends on to bob@example.test",
        &format!("found at {AUTODISCOVER}"),
        "discovered-for-another",
        "these are the settings of bob@example.test",
    ] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert!(ended.stdout.contains("port = 993"), "{}", ended.stdout);
    // In a circle, and on and on: it ends.
    let circle = move |asked: &Asked, _: Reply| {
        row(asked, |who| Some(if who == "ann" { "bob" } else { "ann" }))
    };
    let third = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&third);
    let on = move |asked: &Asked, _: Reply| {
        seen.fetch_or(asked.body.contains(">dan@"), Ordering::SeqCst);
        row(asked, |who| {
            Some(match who {
                "ann" => "bob",
                "bob" => "cleo",
                _ => "dan",
            })
        })
    };
    let site = Site::new(circle, Vec::new());
    import(&site, &["ann@example.test", "--as", "outlook"]).code(1).says("nothing-found");
    let site = Site::new(on, Vec::new());
    let ended = import(&site, &["ann@example.test", "--as", "outlook"]).code(1);
    assert!(ended.stderr.contains("sends on to dan@"), "{}", ended.stderr);
    assert!(!third.load(Ordering::SeqCst), "a third address was asked for");
}

#[test]
fn a_customers_domain_is_found_at_its_hosters_mail_exchanger_and_in_a_database() {
    // The hoster is example.test, the customer customer.test.
    let records = vec![("customer.test", Record::Mx("mx.mail.example.test"))];
    let hosted = |asked: &Asked, reply: Reply| match asked.host.starts_with("autoconfig.example.") {
        true => reply,
        false => web::nothing(),
    };
    let site = Site::new(hosted, records.clone());
    let ended = import(&site, &["ann@customer.test"]).code(0);
    assert!(ended.stderr.contains(&format!("found at {AUTOCONFIG}")), "{}", ended.stderr);
    assert!(ended.stdout.contains("customDomains = true"), "{}", ended.stdout);
    assert!(ended.stderr.contains("customer.test is none of the domains"), "{}", ended.stderr);

    let database = |asked: &Asked, _: Reply| match asked.target.as_str() {
        "/v1.1/customer.test" => web::page("text/xml", &elsewhere()["/mail/config-v1.1.xml"]),
        _ => web::nothing(),
    };
    let site = Site::new(database, records);
    let args = ["ann@customer.test", "--database", "https://example.test/v1.1/"];
    let ended = import(&site, &args).code(0);
    assert!(
        ended.stderr.contains("found at https://example.test/v1.1/customer.test"),
        "{}",
        ended.stderr
    );
    import(&site, &["ann@customer.test", "--database", "http://x"])
        .code(2)
        .says("no https address");
}

#[test]
fn thunderbirds_own_folder_comes_before_the_network() {
    let site = Site::new(|_, _| web::nothing(), Vec::new());
    let xml = elsewhere()["/mail/config-v1.1.xml"].clone();
    std::fs::create_dir(site.run.path("isp")).unwrap();
    std::fs::write(site.run.path("isp/example.test.xml"), xml).unwrap();
    let ended = import(&site, &["ann@example.test", "--isp-dir", "isp"]).code(0);
    assert!(ended.stderr.contains("found at isp/example.test.xml"), "{}", ended.stderr);
    assert_eq!(site.https.heard(), Vec::<String>::new());
}

#[test]
fn nothing_found_says_everywhere_that_was_asked() {
    let site = Site::new(|_, _| web::nothing(), Vec::new());
    let ended = import(&site, &["ann@example.test"]).code(1).says("nothing-found");
    assert!(ended.stdout.is_empty());
    for place in [AUTOCONFIG, AUTODISCOVER, "DNS SRV: no records", "https://ua-auto-config."] {
        assert!(ended.stderr.contains(place), "{place}: {}", ended.stderr);
    }
    import(&site, &["nobody@"]).code(2);
    import(&site, &["nothing.xml"]).code(2).says("cannot read nothing.xml");
}
