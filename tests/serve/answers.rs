//! The right answer to each way of asking.

use std::collections::BTreeMap;

use crate::support::Run;
use crate::support::host::{Answer, Host, autodiscover, autodiscover_for, provider};

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";
const WELL_KNOWN: &str = "/.well-known/autoconfig/mail/config-v1.1.xml";
const POX: &str = "/autodiscover/autodiscover.xml";

/// What `generate` writes for somebody, by the ends of the paths.
fn generated(run: &Run, who: &str) -> BTreeMap<String, Vec<u8>> {
    let ended =
        run.args(&["generate", who, "--provider", "example.toml", "--protocol", "both", "-q"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    run.files("out")
}

fn file<'f>(files: &'f BTreeMap<String, Vec<u8>>, end: &str) -> &'f [u8] {
    let mut found = files.iter().filter(|(path, _)| path.ends_with(end));
    let (_, bytes) =
        found.next().unwrap_or_else(|| panic!("there is no {end} in {:?}", files.keys()));
    bytes
}

#[test]
fn autoconfig_is_the_file_that_generate_writes_however_it_is_asked_for() {
    let host = Host::of_example(&[]);
    let files = generated(&host.run, "example.com");
    let wanted = file(&files, "example.com/thunderbird/config-v1.1.xml");
    for (name, path) in [
        ("autoconfig.example.com", AUTOCONFIG.to_owned()),
        ("autoconfig.example.org:8080", AUTOCONFIG.to_owned()),
        ("EXAMPLE.com", WELL_KNOWN.to_owned()),
        ("autoconfig.example.com", format!("{AUTOCONFIG}?emailaddress=ann%40example.com")),
        (
            "autoconfig.example.com",
            format!("{AUTOCONFIG}?emailaddress=EVOLUTIONUSER%40example.com&emailmd5=0"),
        ),
        ("autoconfig.example.com", format!("{AUTOCONFIG}?emailaddress=nobody%40example.com")),
        ("autoconfig.example.com", "/Mail/Config-v1.1.XML".to_owned()),
        ("127.0.0.1", AUTOCONFIG.to_owned()),
    ] {
        let answer = host.get(name, &path);
        assert_eq!(answer.status, 200, "{name}{path}");
        assert_eq!(answer.body, wanted, "{name}{path}");
        assert_eq!(answer.header("content-type"), Some("text/xml"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn a_customers_domain_is_named_in_its_own_answer() {
    let host = Host::of_example(&[]);
    let files = generated(&host.run, "customer.example");
    let wanted = file(&files, "customer.example/thunderbird/config-v1.1.xml");
    for (name, path) in [
        ("autoconfig.customer.example", AUTOCONFIG.to_owned()),
        ("customer.example", WELL_KNOWN.to_owned()),
        ("127.0.0.1", format!("{AUTOCONFIG}?emailaddress=ann@customer.example")),
    ] {
        assert_eq!(host.get(name, &path).body, wanted, "{name}{path}");
    }
    let profile = file(&files, "customer.example/apple-mail/mail.mobileconfig");
    assert_eq!(host.get("customer.example", "/mail.mobileconfig").body, profile);
}

#[test]
fn a_persons_files_are_those_that_generate_writes() {
    let host = Host::of_example(&[]);
    // Letters that are escaped in XML, a second domain, and a customer's.
    for address in
        ["ann@example.com", "o'neil+x&y@example.org", "ann@customer.example", "änn@example.com"]
    {
        let files = generated(&host.run, address);
        let escaped = address.replace('&', "&amp;");
        let answer = host.post("autodiscover.example.com", POX, autodiscover(&escaped));
        assert_eq!(answer.status, 200, "{address}");
        let encoded: String = address.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let profile = host.get("example.com", &format!("/{encoded}.mobileconfig"));
        assert_eq!(profile.status, 200, "{address}");
        assert_eq!(profile.header("content-type"), Some("application/x-apple-aspen-config"));
        assert_eq!(profile.header("cache-control"), Some("no-store"));
        assert!(
            profile.header("content-disposition").unwrap().starts_with("attachment; filename=\"")
        );
        let by_query = host.get("example.com", &format!("/mail.mobileconfig?email={encoded}"));
        assert_eq!(by_query.body, profile.body, "{address}");
        assert_eq!(
            String::from_utf8_lossy(&answer.body),
            String::from_utf8_lossy(file(&files, &format!("outlook-autodiscover/{address}.xml"))),
        );
        assert_eq!(
            String::from_utf8_lossy(&profile.body),
            String::from_utf8_lossy(file(&files, &format!("apple-mail/{address}.mobileconfig"))),
        );
    }
}

#[test]
fn autodiscover_is_asked_in_any_spelling_and_by_get_too() {
    let host = Host::of_example(&[]);
    let own = host.post("example.com", POX, autodiscover("ann@example.com"));
    assert!(own.text().contains("<LoginName>ann@example.com</LoginName>"), "{}", own.text());
    for path in [
        "/Autodiscover/Autodiscover.xml",
        "/AutoDiscover/AutoDiscover.xml",
        "/AUTODISCOVER/AUTODISCOVER.XML",
    ] {
        let answer = host.post("example.com", path, autodiscover("ann@example.com"));
        assert_eq!((answer.status, answer.text()), (200, own.text()), "{path}");
    }
    let shared = host.get("autodiscover.example.com", POX);
    let files = generated(&host.run, "example.com");
    assert_eq!(shared.body, file(&files, "example.com/outlook-autodiscover/autodiscover.xml"));
    assert_eq!(host.get("example.com", &format!("{POX}?email=ann@example.com")).body, own.body);
}

#[test]
fn a_known_and_an_unknown_address_get_the_same_answer() {
    let host = Host::of_example(&[]);
    let of = |name: &str| {
        let mut answer =
            host.post("example.com", POX, autodiscover(&format!("{name}@example.com")));
        answer.headers.retain(|(name, _)| name != "date" && name != "content-length");
        let text = answer.text().replace(name, "NAME");
        (answer.status, answer.headers, text)
    };
    assert_eq!(of("postmaster"), of("nobody-has-this"));
}

#[test]
fn another_schema_gets_its_own_error_document() {
    let host = Host::of_example(&[]);
    let of =
        |schema: &str| host.post("example.com", POX, autodiscover_for("ann@example.com", schema));
    let mobile =
        of("http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006");
    assert_eq!(mobile.status, 200);
    assert!(mobile.text().contains("mobilesync/responseschema/2006"), "{}", mobile.text());
    assert!(mobile.text().contains("<Status>2</Status>"), "{}", mobile.text());
    let other = of("http://schemas.example/x");
    assert_eq!(other.status, 200);
    assert!(other.text().contains("<ErrorCode>601</ErrorCode>"), "{}", other.text());
    let none = host.post("example.com", POX, "<x/>");
    assert!(none.text().contains("<ErrorCode>600</ErrorCode>"), "{}", none.text());
}

#[test]
fn the_second_version_of_autodiscover_leads_to_the_first() {
    let host = Host::of_example(&[]);
    let wanted = "{\"Protocol\":\"AutodiscoverV1\",\"Url\":\"https://autodiscover.example.com/autodiscover/autodiscover.xml\"}\n";
    for path in [
        "/autodiscover/autodiscover.json?Email=ann%40example.com&Protocol=AutodiscoverV1&RedirectCount=1",
        "/autodiscover/autodiscover.json/v1.0/ann%40example.com?Protocol=Autodiscoverv1",
        "/Autodiscover/Autodiscover.json?email=nobody@example.com&protocol=autodiscoverv1",
    ] {
        let answer = host.get("example.com", path);
        assert_eq!((answer.status, answer.text()), (200, wanted), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    for path in
        ["/autodiscover/autodiscover.jsonx", "/autodiscover/autodiscover.json/v9.9/a@example.com"]
    {
        assert_eq!(host.get("example.com", path).status, 404, "{path}");
    }
    let files = generated(&host.run, "example.com");
    assert_eq!(
        file(&files, "outlook-autodiscover/example.com/autodiscover.json"),
        wanted.as_bytes()
    );
    for (path, code) in [
        (
            "/autodiscover/autodiscover.json?Email=ann%40example.com&Protocol=ActiveSync",
            "InvalidProtocol",
        ),
        ("/autodiscover/autodiscover.json?Email=ann%40example.com", "MandatoryParameterMissing"),
    ] {
        let answer = host.get("example.com", path);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text().contains(code), "{}", answer.text());
    }
}

#[test]
fn over_http_autodiscover_leads_to_where_there_is_a_certificate() {
    let host = Host::of_example(&["--public-host", "setup.example.com"]);
    for answer in [
        host.get("autodiscover.customer.example", POX),
        host.post("autodiscover.customer.example", POX, autodiscover("ann@customer.example")),
    ] {
        assert_eq!(answer.status, 302);
        let location = "https://setup.example.com/autodiscover/autodiscover.xml";
        assert_eq!(answer.header("location"), Some(location));
    }
    // The host itself does not lead to itself.
    let own = host.post("setup.example.com", POX, autodiscover("ann@customer.example"));
    assert_eq!(own.status, 200);
    // Behind a proxy that is trusted, TLS is the proxy's.
    let host =
        Host::of_example(&["--public-host", "setup.example.com", "--trusted-proxy", "127.0.0.1"]);
    let answer = host.raw(format!(
        "GET {POX} HTTP/1.1\r\nHost: autodiscover.example.com\r\nX-Forwarded-Proto: https\r\n\r\n"
    ));
    assert_eq!(answer.status, 200);
}

#[test]
fn head_says_what_get_would_and_sends_nothing() {
    let host = Host::of_example(&[]);
    for path in [AUTOCONFIG, POX, "/mail.mobileconfig", "/ann@example.com.mobileconfig", "/healthz"]
    {
        let (get, head) = (host.get("example.com", path), host.head("example.com", path));
        let without_date = |mut answer: Answer| {
            answer.headers.retain(|(name, _)| name != "date");
            answer.headers.sort();
            (answer.status, answer.headers)
        };
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(without_date(get), without_date(head), "{path}");
    }
}

#[test]
fn what_a_client_has_already_is_not_sent_again() {
    let host = Host::of_example(&[]);
    let tag = host.get("example.com", AUTOCONFIG).header("etag").unwrap().to_owned();
    let with = |tag: &str| {
        host.raw(format!(
            "GET {AUTOCONFIG} HTTP/1.1\r\nHost: example.com\r\nIf-None-Match: {tag}\r\n\r\n"
        ))
    };
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = with(&known);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    assert_eq!(with("\"x\"").status, 200);
}

#[test]
fn other_methods_are_told_which_there_are() {
    let host = Host::of_example(&[]);
    let ask = |method: &str, path: &str| {
        host.raw(format!(
            "{method} {path} HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n"
        ))
    };
    let put = ask("PUT", AUTOCONFIG);
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    let post = ask("POST", AUTOCONFIG);
    assert_eq!(post.status, 405);
    let options = ask("OPTIONS", "/autodiscover/autodiscover.json");
    assert_eq!((options.status, options.header("access-control-allow-origin")), (204, Some("*")));
    assert_eq!(ask("DELETE", POX).header("allow"), Some("GET, HEAD, POST, OPTIONS"));
}

#[test]
fn a_folder_of_providers_answers_for_its_domains_and_nobody_elses() {
    let run = Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example", "a.example.net"]))
        .write(
            "p/b.toml",
            &provider("b.example", &["b.example", "*.b.example", "*.school.example"]),
        );
    let host = Host::start(run, &["--providers", "p"]);
    let id = |host: &Host, name: &str, path: &str| {
        let answer = host.get(name, path);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let id = text.split("emailProvider id=\"").nth(1).and_then(|rest| rest.split('"').next());
        (answer.status, id.map(str::to_owned))
    };
    let some = |id: &str| (200, Some(id.to_owned()));
    assert_eq!(id(&host, "autoconfig.a.example.net", AUTOCONFIG), some("a.example"));
    assert_eq!(id(&host, "b.example", WELL_KNOWN), some("b.example"));
    assert_eq!(id(&host, "autoconfig.x.b.example", AUTOCONFIG), some("x.b.example"));
    assert_eq!(
        id(&host, "autoconfig.north.school.example", AUTOCONFIG),
        some("north.school.example")
    );
    // The address decides at a host of no provider. At a provider's host, only that one answers.
    let of_b = format!("{AUTOCONFIG}?emailaddress=x@b.example");
    for (name, provider) in [("127.0.0.1", "b.example"), ("a.example", "a.example")] {
        assert_eq!(id(&host, name, &of_b), some(provider), "{name}");
    }
    assert_eq!(
        id(&host, "a.example", &format!("{AUTOCONFIG}?emailaddress=x@c.example")),
        some("a.example")
    );
    for name in ["c.example", "autoconfig.school.example", "127.0.0.1"] {
        let answer = host.get(name, AUTOCONFIG);
        assert_eq!((answer.status, answer.body.len()), (404, 0), "{name}");
    }
    // A person's file is never another domain's.
    let answer = host.post("a.example", POX, autodiscover("ann@c.example"));
    assert_eq!((answer.status, answer.body.len()), (404, 0));
    assert_eq!(host.get("a.example", "/ann@c.example.mobileconfig").status, 404);
    assert_eq!(host.post("a.example", POX, autodiscover("ann@b.example")).status, 404);
    let answer = host.post("autodiscover.b.example", POX, autodiscover("ann@b.example"));
    assert!(answer.text().contains("imap.b.example"), "{}", answer.text());
}

#[test]
fn one_of_a_folder_may_serve_domains_that_nobody_has() {
    let run = Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example"]))
        .write("p/b.toml", &provider("b.example", &["b.example"]));
    let host = Host::start(run, &["--providers", "p", "--default-provider", "b"]);
    let answer = host.get("autoconfig.c.example", AUTOCONFIG);
    assert!(answer.text().contains("<hostname>imap.b.example</hostname>"), "{}", answer.text());
    assert!(answer.text().contains("<domain>c.example</domain>"), "{}", answer.text());
    let answer = host.get("autoconfig.a.example", AUTOCONFIG);
    assert!(answer.text().contains("imap.a.example"), "{}", answer.text());
}

#[test]
fn servers_whose_names_depend_on_the_domain_are_named_for_each() {
    let text = provider("example.com", &["example.com", "example.org"])
        .replace("imap.example.com", "imap.%EMAILDOMAIN%");
    let host =
        Host::start(Run::new().write("example.toml", &text), &["--provider", "example.toml"]);
    for domain in ["example.com", "example.org", "customer.example"] {
        let answer = host.get(&format!("autoconfig.{domain}"), AUTOCONFIG);
        let wanted = format!("<hostname>imap.{domain}</hostname>");
        assert!(answer.text().contains(&wanted), "{domain}: {}", answer.text());
        let answer = host.post("example.com", POX, autodiscover(&format!("ann@{domain}")));
        assert!(
            answer.text().contains(&format!("<Server>imap.{domain}</Server>")),
            "{}",
            answer.text()
        );
    }
}

#[test]
fn pages_for_people_are_in_their_language_and_have_a_strict_policy() {
    let host = Host::of_example(&[]);
    let in_german = |path: &str| {
        host.raw(format!(
            "GET {path} HTTP/1.1\r\nHost: example.com\r\nAccept-Language: de-AT,de;q=0.9\r\n\r\n"
        ))
    };
    let page = in_german("/");
    assert_eq!((page.status, page.header("content-language")), (200, Some("de")));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(page.text().contains("<html lang=\"de\""), "{}", page.text());
    let french = in_german("/?lang=fr");
    assert_eq!(french.header("content-language"), Some("fr"));
    let own = in_german("/?email=ann%40example.com");
    assert_eq!((own.status, own.header("cache-control")), (200, Some("no-store")));
    assert!(own.text().contains("/ann%40example.com.mobileconfig"), "{}", own.text());
    let wrong = in_german("/?email=%3Cscript%3E");
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("role=\"alert\"") && !wrong.text().contains("script"));
    assert_eq!(in_german("/?email=").status, 400);
    let guide = in_german("/guide.es.html?email=ann%40example.com");
    assert_eq!((guide.status, guide.header("content-language")), (200, Some("es")));
    assert_eq!(in_german("/guide.xx.html").status, 404);
    for (path, kind, begin) in [
        ("/ann%40example.com.profile.svg", "image/svg+xml", &b"<?xml"[..]),
        ("/ann%40example.com.profile.png", "image/png", &b"\x89PNG"[..]),
        ("/ann%40example.com.svg", "image/svg+xml", &b"<?xml"[..]),
        ("/ann%40example.com.png", "image/png", &b"\x89PNG"[..]),
    ] {
        let picture = in_german(path);
        assert_eq!((picture.status, picture.header("content-type")), (200, Some(kind)), "{path}");
        assert!(picture.body.starts_with(begin), "{path}");
    }
}
