//! How cases are made up: odd and ordinary domains, servers, users and wishes.

use mailwright::internals::model::{
    Authentication, EmailAddress, Hostname, Protocol, ServerType, SocketType, Word,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{Case, Provider, Server, TARGETS, Whom, Wishes};

/// Any valid settings with these texts.
pub fn cases(texts: impl Strategy<Value = Vec<String>>) -> impl Strategy<Value = Case> {
    let names: Vec<String> = TARGETS.iter().map(|t| t.name.clone()).collect();
    let count = names.len();
    let targets = prop_oneof![1 => Just(names.clone()), 2 => subsequence(names, 1..=count)];
    let who = prop::collection::vec(whom(), 1..3);
    (provider(), wishes(), who, targets, texts).prop_map(
        |(provider, project, who, targets, texts)| Case { provider, project, who, targets, texts },
    )
}

fn whom() -> impl Strategy<Value = Whom> {
    prop_oneof![
        1 => Just(Whom::Provider),
        1 => (0..9usize).prop_map(Whom::Domain),
        1 => domain().prop_map(Whom::CustomDomain),
        3 => (local_part(), 0..9usize).prop_map(|(local, at)| Whom::Account(local, at)),
        2 => (local_part(), domain()).prop_map(|(local, domain)| Whom::CustomAccount(local, domain)),
    ]
}

/// What stands before the `@`, as odd as it may be.
pub fn local_part() -> impl Strategy<Value = String> {
    #[rustfmt::skip]
    let odd = vec![
        "ann", "ann+tag", "o'neil+x", "''", "{{x}}", "{address}", "a`id`b", "$HOME", "${x}",
        "%00", "%s", "=cmd|x", "#", "*", "_a_", "a|b", "&amp", "-rf", "--", "~root", "!x", "^",
        "änn", "岡", "анна", "\u{202e}nna", "a\u{200b}b", "e\u{301}", "👩", "con-tact", "x.y.z",
        "%-",
    ];
    let long = ["x".repeat(64), "ä".repeat(32)];
    prop_oneof![
        3 => select(odd).prop_map(str::to_owned),
        1 => select(long.to_vec()),
        2 => "[a-z0-9]{1,12}(\\.[a-z]{1,5})?(\\+[a-z0-9-]{1,8})?",
        2 => "[!#$%&'*+=?^_`{|}~a-zA-Z0-9-]{1,20}",
        1 => "\\PC{1,8}",
    ]
    .prop_map(|local| match EmailAddress::new(&format!("{local}@example.com")) {
        Ok(_) => local,
        Err(_) => "ann".to_owned(),
    })
}

fn domain() -> impl Strategy<Value = String> {
    #[rustfmt::skip]
    let odd = vec![
        "example.com", "Example.ORG", "bücher.example", "xn--bcher-kva.example", "例え.jp",
        "пример.рф", "straße.example", "a.b.c.d.example", "1und1.example", "x.co.uk",
    ];
    prop_oneof![
        2 => select(odd).prop_map(str::to_owned),
        1 => "[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?\\.(example|net|[a-z]{3,6})",
        1 => "[a-z]{63}\\.example",
    ]
}

fn hostname() -> impl Strategy<Value = String> {
    #[rustfmt::skip]
    let odd = vec![
        "%EMAILDOMAIN%", "mail.%EMAILDOMAIN%", "Mail.%EMAILDOMAIN%", "%EMAILLOCALPART%.example",
        "pop-mail.outlook.com", "outlook.office365.com", "imap.gmail.com",
        "smtp-mail.outlook.com", "192.0.2.7", "post.bücher.example",
    ];
    prop_oneof![
        1 => select(odd).prop_map(str::to_owned),
        1 => domain().prop_map(|domain| format!("mail.{domain}")),
    ]
}

fn words<W: Word>() -> Vec<&'static str> {
    W::ALL.iter().map(|w| w.as_str()).collect()
}

fn languages() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![
        1 => Just(vec!["en", "de"]),
        2 => subsequence(vec!["en", "de", "fr", "pt-BR"], 0..=3),
    ]
}

fn types() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(words::<ServerType>(), 0..=3)
}

fn server(types: Vec<&'static str>) -> impl Strategy<Value = Server> {
    let port = prop_oneof![
        3 => select(vec![993u16, 143, 995, 110, 465, 587, 25, 443]),
        1 => 1..=u16::MAX,
    ];
    // Mostly what clients know, or hardly a file would be made.
    let usual = vec!["OAuth2", "password-cleartext", "password-encrypted", "NTLM"];
    let authentication = prop_oneof![
        2 => Just(vec!["password-cleartext"]),
        3 => subsequence(usual, 1..=4).prop_shuffle(),
        2 => subsequence(words::<Authentication>(), 1..=9).prop_shuffle(),
    ];
    let username = select(vec![
        "%EMAILADDRESS%",
        "%EMAILADDRESS%",
        "%EMAILADDRESS%",
        "%EMAILLOCALPART%",
        "%EMAILLOCALPART%.%EMAILDOMAIN%",
        "*",
        "%EMAILLOCALPART%*",
        "*%EMAILDOMAIN%",
    ]);
    let socket_type = prop_oneof![
        2 => Just(SocketType::Ssl.as_str()),
        1 => select(words::<SocketType>()),
    ];
    let more = (
        prop::collection::vec(domain(), 0..2),
        any::<bool>(),
        any::<Option<bool>>(),
        prop::option::of(1..=18_249u16),
    );
    (select(types), hostname(), port, socket_type, authentication, username, more).prop_map(
        |(server_type, hostname, port, socket_type, authentication, username, more)| {
            let (alternatives, url, leave, days) = more;
            Server {
                server_type,
                hostname,
                alternatives,
                port,
                socket_type,
                authentication,
                username,
                url,
                leave,
                days,
            }
        },
    )
}

fn provider() -> impl Strategy<Value = Provider> {
    let incoming = prop_oneof![
        4 => server(vec!["pop3", "imap"]),
        1 => server(vec!["activeSync", "ews"]),
        1 => server(vec!["pop3", "imap", "activeSync", "ews", "jmap", "graph"]),
    ];
    let servers = (
        prop::collection::vec(incoming, 1..=3),
        prop::collection::vec(server(vec!["smtp"]), 1..=2),
    );
    let some_languages = languages().prop_map(|l| if l.is_empty() { vec!["en"] } else { l });
    let texts = (
        prop::collection::vec((types(), some_languages, 1..3usize), 0..3),
        prop::collection::vec(languages(), 0..3),
        prop::collection::vec(
            (select(words::<Authentication>()), types(), any::<bool>(), languages()),
            0..3,
        ),
        prop::option::of((any::<bool>(), languages())),
        prop::option::of((any::<bool>(), types())),
    );
    let domains = prop::collection::vec(domain(), 1..4).prop_map(|domains| {
        let mut seen = Vec::new();
        let mut new = |d: &String| {
            let host = Hostname::new(d).expect("a valid domain");
            let new = !seen.contains(&host);
            seen.push(host);
            new
        };
        domains.into_iter().filter(|d| new(d)).collect()
    });
    let basics = (
        domains,
        prop::collection::vec(domain(), 0..2),
        any::<bool>(),
        prop::option::of(select(words::<Protocol>())),
        any::<bool>(),
    );
    // As the newest clients want it, or chance would hardly bring it about: TLS from the first byte on
    // the usual ports, the address, a password.
    let tidy = prop::bool::weighted(0.25);
    (basics, servers, texts, tidy).prop_map(
        |(basics, (mut incoming, mut outgoing), texts, tidy)| {
            for server in incoming.iter_mut().chain(&mut outgoing).filter(|_| tidy) {
                server.port = match server.server_type {
                    "imap" => 993,
                    "pop3" => 995,
                    "smtp" => 465,
                    _ => 443,
                };
                server.socket_type = "SSL";
                server.authentication = vec!["password-cleartext"];
                server.username = "%EMAILADDRESS%";
            }
            let (domains, mx_domains, short_name, default_protocol, web_mail) = basics;
            let (enable, documentation, refuses, app_password, oauth2) = texts;
            Provider {
                domains,
                mx_domains,
                short_name,
                default_protocol,
                web_mail,
                incoming,
                outgoing,
                enable,
                documentation,
                refuses,
                app_password,
                oauth2,
            }
        },
    )
}

fn wishes() -> impl Strategy<Value = Wishes> {
    let support = (local_part(), domain()).prop_map(|(local, domain)| format!("{local}@{domain}"));
    let organization = (
        any::<bool>(),
        prop::option::of(select(vec!["com.example", "de.xn--bcher-kva", "a.b.c"])),
        prop::option::of(support),
    );
    (
        prop::option::of(select(words::<Protocol>())),
        prop_oneof![2 => Just(vec!["en"]), 1 => subsequence(vec!["de", "en", "pt-BR"], 0..=2)],
        prop::bool::weighted(0.1),
        organization,
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, (any::<bool>(), 0..=18_249u16)),
        prop::bool::weighted(0.3),
        prop::collection::vec(0..=2u8, 1..7),
    )
        .prop_map(
            |(
                protocol,
                languages,
                all_domains,
                organization,
                display_name,
                override_name,
                pop3,
                password,
                options,
            )| Wishes {
                protocol,
                languages,
                all_domains,
                organization,
                display_name,
                override_name,
                pop3,
                password,
                options,
            },
        )
}
