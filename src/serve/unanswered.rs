//! Why no provider answers a request, in the words of the operator's configuration.

use std::net::IpAddr;

use crate::model::{Hostname, printable};

use super::diagnosis::Cause;
use super::proxy;
use super::request::RequestHead;

/// Characters of a foreign name that are shown.
const SHOWN: usize = 253;

/// The likely cause if no provider answers a request.
pub fn unanswered(head: &RequestHead<'_>, is_trusted: bool) -> (Cause, String) {
    let host = head.host.unwrap_or_default();
    let shown = printable(&host.chars().take(SHOWN).collect::<String>()).into_owned();
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_local = host.eq_ignore_ascii_case("localhost")
        || Hostname::new(host).is_ok_and(|name| !name.is_qualified());
    if proxy::is_forwarded(head.headers) && !is_trusted {
        let words = format!(
            "requests for Host {shown} come from a proxy at {}, whose X-Forwarded headers are not \
             believed: name it with --trusted-proxy {}",
            head.client, head.client
        );
        return (Cause::UntrustedProxy, words);
    }
    if host.is_empty() || is_address || is_local {
        let words = format!(
            "requests arrive with Host {}, which no provider names: if a proxy stands in front, it \
             replaces Host; set \"proxy_set_header Host $host;\" (nginx) or \"ProxyPreserveHost On\" \
             (Apache)",
            if host.is_empty() { "(none)" } else { &shown }
        );
        return (Cause::HostReplaced, words);
    }
    let words = format!(
        "no provider answers for Host {shown} or for the address in the request: add the domain to \
         \"domains\" of a provider file, or name a provider for all other domains with \
         --default-provider"
    );
    (Cause::UnknownHost, words)
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, Method};

    use super::*;

    fn cause(
        host: Option<&str>,
        header: Option<&'static str>,
        is_trusted: bool,
    ) -> (Cause, String) {
        let mut headers = HeaderMap::new();
        if let Some(name) = header {
            headers.insert(name, "192.0.2.1".parse().unwrap());
        }
        let head = RequestHead {
            method: &Method::GET,
            path: "/",
            query: "",
            host,
            headers: &headers,
            tls: false,
            client: IpAddr::from([10, 0, 0, 1]),
            is_unanswered: Default::default(),
        };
        unanswered(&head, is_trusted)
    }

    #[test]
    fn the_likely_cause_is_named_with_what_to_set() {
        for (host, header, is_trusted, wanted, words) in [
            (Some("127.0.0.1"), None, false, Cause::HostReplaced, "proxy_set_header Host $host"),
            (Some("[::1]"), None, false, Cause::HostReplaced, "Host [::1]"),
            (
                Some("backend"),
                Some("x-forwarded-for"),
                true,
                Cause::HostReplaced,
                "ProxyPreserveHost",
            ),
            (None, None, false, Cause::HostReplaced, "(none)"),
            (Some("a.example"), None, false, Cause::UnknownHost, "Host a.example"),
            (Some("a.example"), Some("x-forwarded-for"), true, Cause::UnknownHost, "domains"),
            (
                Some("127.0.0.1"),
                Some("x-forwarded-for"),
                false,
                Cause::UntrustedProxy,
                "--trusted-proxy 10.0.0.1",
            ),
        ] {
            let (cause, said) = cause(host, header, is_trusted);
            assert_eq!(cause, wanted, "{host:?}");
            assert!(said.contains(words), "{said}");
        }
    }
}
