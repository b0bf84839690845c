//! What a trusted HTTP proxy says about the request that it passes on: the client's address, the
//! scheme and the host.
//!
//! `X-Forwarded-For`, `-Proto` and `-Host`, `X-Real-IP`, and `Forwarded` (RFC 7239).

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::HeaderName;

use super::network::Network;

/// Who sent a request, and for what host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestOrigin {
    pub client: IpAddr,
    pub tls: bool,
    /// The host that the client named, if the proxy says so.
    pub host: Option<String>,
    /// A header of the proxy that has no address in it, so that all its clients count as one.
    pub unreadable: Option<&'static str>,
}

impl RequestOrigin {
    /// A request that comes without a proxy.
    pub fn direct(client: IpAddr, tls: bool) -> Self {
        Self { client, tls, host: None, unreadable: None }
    }
}

/// Which proxies are trusted, and what they say.
#[derive(Debug, Clone, Default)]
pub struct ProxyTrust {
    pub networks: Vec<Network>,
    /// The one header that has the client's address, such as `CF-Connecting-IP`. By default, those of
    /// this module.
    pub client_header: Option<HeaderName>,
}

impl ProxyTrust {
    pub fn contains(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// What the headers say about a request. Only call this for a request of a trusted proxy.
    ///
    /// `Forwarded` counts only where there is no `X-Forwarded-` header: proxies pass a header on that
    /// they do not know, so a client could write it.
    pub fn origin(&self, peer: IpAddr, tls: bool, headers: &HeaderMap) -> RequestOrigin {
        let mut origin = RequestOrigin::direct(peer, tls);
        if let Some(name) = &self.client_header {
            if let Some(text) = last(headers, name.as_str()) {
                self.take_client(&mut origin, std::iter::once(text), "the header of the client");
            }
        } else if headers.contains_key(FOR) {
            self.take_client(&mut origin, items(headers, FOR).rev(), FOR);
        } else if headers.contains_key(FORWARDED) {
            let named = elements(headers).into_iter().rev().filter_map(|element| element.client);
            self.take_client(&mut origin, named, "forwarded");
        } else if let Some(text) = last(headers, "x-real-ip") {
            self.take_client(&mut origin, std::iter::once(text), "x-real-ip");
        }
        // The first proxy saw the client's own scheme. A client that invents it deceives itself.
        if let Some(scheme) = items(headers, "x-forwarded-proto").next() {
            origin.tls = scheme.eq_ignore_ascii_case("https");
        }
        // The last one is what our own proxy was asked for.
        origin.host = last(headers, HOST).map(str::to_owned);
        let is_plain = !headers.contains_key("x-forwarded-proto") && origin.host.is_none();
        if is_plain && !headers.contains_key(FOR) {
            let elements = elements(headers);
            if let Some(scheme) = elements.first().and_then(|element| element.scheme) {
                origin.tls = scheme.eq_ignore_ascii_case("https");
            }
            origin.host = elements.last().and_then(|element| element.host).map(str::to_owned);
        }
        origin
    }

    /// The client: the last address that is not one of a trusted proxy. A client can invent
    /// everything before that.
    fn take_client<'t>(
        &self,
        origin: &mut RequestOrigin,
        from_last: impl Iterator<Item = &'t str>,
        header: &'static str,
    ) {
        for text in from_last {
            let Some(address) = address(text) else {
                origin.unreadable = Some(header);
                return;
            };
            origin.client = address;
            if !self.contains(address) {
                return;
            }
        }
    }
}

const FOR: &str = "x-forwarded-for";
const HOST: &str = "x-forwarded-host";
const FORWARDED: &str = "forwarded";

/// Whether a request has headers that proxies add.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    [FOR, HOST, "x-forwarded-proto", FORWARDED, "x-real-ip"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// Reads an address as proxies write it: alone, with a port, with brackets, or in quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let alone = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = alone.parse().ok();
    let address = address.or_else(|| text.parse().ok().map(|with: SocketAddr| with.ip()));
    // A port that is hidden, such as "192.0.2.1:_x". RFC 7239 section 6.3
    let hidden = || text.rsplit_once(":_")?.0.trim_matches(['[', ']']).parse().ok();
    address.or_else(hidden)
}

/// The parts of a list that may stand in several lines.
fn items<'h>(
    headers: &'h HeaderMap,
    name: &str,
) -> impl DoubleEndedIterator<Item = &'h str> + use<'h> {
    let lines = headers.get_all(name).iter().collect::<Vec<_>>().into_iter();
    lines.flat_map(|line| line.to_str().unwrap_or("?").split(',')).map(str::trim)
}

fn last<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    items(headers, name).rfind(|item| !item.is_empty())
}

/// One proxy's part of `Forwarded`.
#[derive(Default)]
struct Element<'h> {
    client: Option<&'h str>,
    scheme: Option<&'h str>,
    host: Option<&'h str>,
}

/// The elements of `Forwarded`. RFC 7239 section 4; a quoted value here contains no comma and no
/// semicolon, since addresses and hosts do not.
fn elements(headers: &HeaderMap) -> Vec<Element<'_>> {
    let element = |text| {
        let mut element = Element::default();
        for pair in str::split(text, ';') {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = Some(value.trim().trim_matches('"'));
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => element.client = value,
                "proto" => element.scheme = value,
                "host" => element.host = value,
                _ => {}
            }
        }
        element
    };
    items(headers, FORWARDED).map(element).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(networks: &[&str]) -> ProxyTrust {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        ProxyTrust { networks, client_header: None }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn client(lines: &[(&'static str, &str)]) -> String {
        let trust = trust(&["10.0.0.0/8", "2001:db8:ffff::/48"]);
        trust.origin(PROXY, false, &headers(lines)).client.to_string()
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_proxy_however_it_is_written() {
        for (text, wanted) in [
            ("198.51.100.7", "198.51.100.7"),
            ("198.51.100.7:51234", "198.51.100.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:51234", "2001:db8::7"),
            ("192.0.2.9, 198.51.100.7 , 10.1.1.1", "198.51.100.7"),
            ("192.0.2.9,198.51.100.7:1,[2001:db8:ffff::1]:2", "198.51.100.7"),
            ("10.2.2.2, 10.1.1.1", "10.2.2.2"),
        ] {
            assert_eq!(client(&[("x-forwarded-for", text)]), wanted, "{text}");
        }
        assert_eq!(client(&[("x-real-ip", "198.51.100.7")]), "198.51.100.7");
        assert_eq!(client(&[]), "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_has_it() {
        let trust = trust(&["10.0.0.0/8"]);
        let text = r#"for=192.0.2.9, for="[2001:db8::7]:4711";proto=https;host="a.example";by=_x, for=10.1.1.1"#;
        let origin = trust.origin(PROXY, false, &headers(&[("forwarded", text)]));
        assert_eq!(origin.client.to_string(), "2001:db8::7");
        let text = r#"For="[2001:db8::7]:4711";Proto=https;Host="a.example""#;
        let origin = trust.origin(PROXY, false, &headers(&[("forwarded", text)]));
        assert!(origin.tls);
        assert_eq!(origin.host.as_deref(), Some("a.example"));
        let hidden = headers(&[("forwarded", "for=_secret")]);
        assert_eq!(trust.origin(PROXY, false, &hidden).unreadable, Some("forwarded"));
    }

    #[test]
    fn a_header_that_the_proxy_does_not_know_does_not_replace_its_own() {
        let lines = [
            ("x-forwarded-for", "198.51.100.7"),
            ("forwarded", "for=192.0.2.66;host=evil.example"),
        ];
        assert_eq!(client(&lines), "198.51.100.7");
        let origin = trust(&["10.0.0.0/8"]).origin(PROXY, false, &headers(&lines));
        assert_eq!(origin.host, None);
    }

    #[test]
    fn one_header_is_believed_alone_where_the_operator_names_it() {
        let name = HeaderName::from_static("cf-connecting-ip");
        let trust = ProxyTrust { client_header: Some(name), ..trust(&["10.0.0.0/8"]) };
        let lines = [("x-forwarded-for", "192.0.2.66"), ("cf-connecting-ip", "198.51.100.7")];
        assert_eq!(trust.origin(PROXY, false, &headers(&lines)).client.to_string(), "198.51.100.7");
        let origin = trust.origin(PROXY, false, &headers(&lines[..1]));
        assert_eq!(origin.client, PROXY);
    }

    #[test]
    fn scheme_and_host_come_from_lists_too() {
        let trust = trust(&["10.0.0.0/8"]);
        let lines =
            [("x-forwarded-proto", "https, http"), ("x-forwarded-host", "evil.example, a.example")];
        let origin = trust.origin(PROXY, false, &headers(&lines));
        assert!(origin.tls);
        assert_eq!(origin.host.as_deref(), Some("a.example"));
    }

    #[test]
    fn what_is_no_address_is_reported_and_the_proxy_is_the_client() {
        let origin = trust(&["10.0.0.0/8"]).origin(
            PROXY,
            true,
            &headers(&[("x-forwarded-for", "192.0.2.1, unknown")]),
        );
        assert_eq!((origin.client, origin.tls), (PROXY, true));
        assert_eq!(origin.unreadable, Some("x-forwarded-for"));
    }
}
