//! The short form of the fuzz targets `ask` and `ask_http2`: requests that were changed at some
//! places.

#[path = "../../fuzz/fuzz_targets/asking/mod.rs"]
mod asking;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::host::{autodiscover, autodiscover_for};

/// What a request has where something goes wrong, or where something new begins.
const WORDS: [&str; 22] = [
    "\r\n\r\n",
    "\r\n",
    "\n",
    "\0",
    "%00",
    "%",
    "%FF",
    "@",
    "?",
    "&",
    "=",
    "//",
    "../",
    ":",
    "[::1]",
    "<",
    "]]>",
    "&x;",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 99999999999\r\n",
    "Expect: 100-continue\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

fn requests() -> Vec<Vec<u8>> {
    let get = |path: &str, more: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: autoconfig.both.example\r\n{more}\r\n").into_bytes()
    };
    let post = |body: String| {
        format!(
            "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: both.example\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    vec![
        get("/mail/config-v1.1.xml?emailaddress=ann%40both.example", "User-Agent: Thunderbird/153.7\r\n"),
        get("/.well-known/autoconfig/mail/config-v1.1.xml", "If-None-Match: \"0\"\r\n"),
        get("/ann@both.example.mobileconfig", "X-Forwarded-For: 192.0.2.7\r\n"),
        get("/mail.mobileconfig?email=ann@customer.example", ""),
        get("/autodiscover/autodiscover.json/v1.0/ann@both.example?Protocol=AutodiscoverV1", ""),
        get("http://x.example/.well-known/user-agent-configuration.json", ""),
        post(autodiscover("o'neil+x@both.example")),
        post(autodiscover_for("ann@both.example", "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006")),
        b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<a>\r\n0\r\n\r\n".to_vec(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_that_was_changed_somewhere_is_still_answered(
        of in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), 0_usize..40, any::<u8>()), 0..6),
        again in any::<bool>(),
    ) {
        let all = requests();
        let mut request = of.get(&all).clone();
        for (at, word, cut, byte) in changes {
            let at = at.index(request.len().max(1)).min(request.len());
            match byte % 3 {
                0 => { request.splice(at..at, word.get(&WORDS).bytes()); }
                1 => { let end = (at + cut).min(request.len()); request.drain(at..end); }
                _ if at < request.len() => request[at] = byte,
                _ => {}
            }
        }
        if again {
            request.extend(of.get(&all).clone());
        }
        asking::ask(&request);
    }

    #[test]
    fn frames_of_http2_in_any_order_are_answered_with_whole_frames(
        frames in prop::collection::vec((0_u8..11, any::<u8>(), 0_u8..6, any::<Index>()), 0..12),
    ) {
        // Heads of requests, in part or in full (RFC 7541, appendix A), and random numbers.
        const PAYLOADS: [&[u8]; 6] = [
            b"\x82\x86\x04\x01/\x01\x0cboth.example",
            b"\x83\x86\x04\x1f/autodiscover/autodiscover.json\x01\x0cboth.example",
            b"\x82\x86",
            b"\0\0\0\x01",
            b"\0\x03\xff\xff\xff\xff",
            b"",
        ];
        let mut bytes = Vec::new();
        for (kind, flags, stream, payload) in frames {
            let payload = payload.get(&PAYLOADS);
            bytes.extend([0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream]);
            bytes.extend(*payload);
        }
        asking::ask_http2(&bytes);
    }
}
