//! Recognizes the mail client by its User-Agent, for logs and metrics only. The answer never
//! depends on it.

/// Names of clients in logs and metrics.
pub const CLIENTS: [&str; 14] = [
    "thunderbird",
    "outlook",
    "apple",
    "evolution",
    "kmail",
    "k9",
    "fairemail",
    "deltachat",
    "emclient",
    "mailspring",
    "browser",
    "tool",
    "other",
    "none",
];

/// Lower-case marks in a User-Agent, and the number of the client. The first match counts: most
/// browsers and many clients also contain "Mozilla".
const MARKS: [(&str, usize); 25] = [
    ("thunderbird", 0),
    ("k-9 mail", 5),
    ("k9mail", 5),
    ("fairemail", 6),
    ("m66b", 6),
    ("deltachat", 7),
    ("delta chat", 7),
    ("emclient", 8),
    ("em client", 8),
    ("mailspring", 9),
    ("evolution", 3),
    ("kmail", 4),
    ("akonadi", 4),
    ("kde", 4),
    ("microsoft office", 1),
    ("outlook", 1),
    ("msoffice", 1),
    ("accountsd", 2),
    ("dataaccessd", 2),
    ("mobileasset", 2),
    ("cfnetwork", 2),
    ("mozilla/", 10),
    ("curl/", 11),
    ("wget/", 11),
    ("python", 11),
];

/// The number of the client in [`CLIENTS`].
pub fn client(user_agent: Option<&[u8]>) -> usize {
    let Some(user_agent) = user_agent.filter(|name| !name.is_empty()) else { return 13 };
    let lower = user_agent[..user_agent.len().min(256)].to_ascii_lowercase();
    let has = |mark: &str| memchr::memmem::find(&lower, mark.as_bytes()).is_some();
    MARKS.iter().find(|(mark, _)| has(mark)).map_or(12, |(_, family)| *family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_apart_by_what_they_call_themselves() {
        for (user_agent, family) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0",
                "thunderbird",
            ),
            (
                "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.14326; Pro)",
                "outlook",
            ),
            ("Evolution 3.46.4", "evolution"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15",
                "browser",
            ),
            ("eu.faircode.email/2345 FairEmail", "fairemail"),
            ("curl/7.88.1", "tool"),
            ("x", "other"),
            ("", "none"),
        ] {
            assert_eq!(CLIENTS[client(Some(user_agent.as_bytes()))], family, "{user_agent}");
        }
        assert_eq!(CLIENTS[client(None)], "none");
    }
}
