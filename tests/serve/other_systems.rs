//! Addresses that other systems handed out for profiles work here, so that links survive a move.

use crate::support::host::Host;

const NAME: &str = "<key>EmailAccountName</key>";

#[test]
fn a_link_that_another_system_handed_out_leads_to_the_persons_profile() {
    let host = Host::of_example(&[]);
    let wanted = host.get("example.com", "/ann@example.com.mobileconfig");
    assert_eq!(wanted.status, 200);
    for path in [
        "/email.mobileconfig?email=ann@example.com",
        "/email/mobileconfig?EMailAddress=ann@example.com",
        "/mobileconfig/?emailaddress=ann%40example.com",
        "/mobileconfig?emailaddress=ann@example.com",
        "/profile.mobileconfig?addresses=ann%40example.com%2Cbob%40example.com",
        "/mail/ios.mobileconfig?emailaddress=ann@example.com",
        "/.well-known/apple-mail.mobileconfig?emailaddress=ann@example.com",
    ] {
        let answer = host.get("autoconfig.example.com", path);
        assert_eq!((answer.status, answer.text()), (200, wanted.text()), "{path}");
        assert_eq!(answer.header("content-type"), wanted.header("content-type"), "{path}");
        assert_eq!(
            answer.header("content-disposition"),
            wanted.header("content-disposition"),
            "{path}"
        );
    }
    let autoconfig = host.get("autoconfig.example.com", "/mail/config-v1.1.xml");
    let nine = "/v1.1/mail/config-v1.1.xml?emailaddress=ann@example.com";
    assert_eq!(host.get("autoconfig.example.com", nine).body, autoconfig.body);
}

#[test]
fn a_link_without_an_address_leads_to_the_profile_for_everybody() {
    let host = Host::of_example(&[]);
    let wanted = host.get("example.com", "/mail.mobileconfig");
    for path in [
        "/apple.mobileconfig",
        "/mailinabox.mobileconfig",
        "/mobileconfig",
        "/mobileconfig.php?only_email",
    ] {
        let answer = host.get("example.com", path);
        assert_eq!((answer.status, answer.text()), (200, wanted.text()), "{path}");
    }
    assert_eq!(host.get("example.com", "/mobileconfig/x").status, 404);
}

#[test]
fn a_name_in_the_link_is_the_name_in_the_profile() {
    let host = Host::of_example(&[]);
    for (query, name) in [
        ("emailaddress=ann@example.com&name=Ann+Lee", "Ann Lee"),
        ("emailaddress=ann@customer.example&name=%C3%84nn%20Lee", "Änn Lee"),
        ("email=ann@example.com&name=%3C/string%3E%3Ckey%3EX", "&lt;/string&gt;&lt;key&gt;X"),
    ] {
        let answer = host.get("example.com", &format!("/mobileconfig/?{query}"));
        assert_eq!(answer.status, 200, "{query}");
        let text = answer.text();
        let rest = text.split_once(NAME).unwrap_or_else(|| panic!("{query}: {text}")).1;
        assert_eq!(rest.trim_start().lines().next(), Some(&*format!("<string>{name}</string>")));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    for query in ["email=ann@example.com&name=", "name=Ann", "email=ann@example.com&name=%FF"] {
        let answer = host.get("example.com", &format!("/mail.mobileconfig?{query}"));
        assert!(!answer.text().contains(NAME), "{query}");
    }
    // Autoconfig is the same for everybody.
    let answer = host.get("example.com", "/mail/config-v1.1.xml?emailaddress=a@example.com&name=X");
    assert_eq!(answer.body, host.get("example.com", "/mail/config-v1.1.xml").body);
}
