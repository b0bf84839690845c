//! Asks a server that is within this process.

use std::path::Path;

use mailwright::internals::clients::Targets;
use mailwright::internals::serve::{
    AnswerBuilder, DomainOwners, InMemoryServer, ServeOptions, Sources, Timeouts,
};

thread_local! {
    static SERVER: InMemoryServer = server();
}

/// What is built in, for one provider that serves everybody.
pub fn server() -> InMemoryServer {
    let all = Targets::new(None).expect("no folder is read");
    let mut findings = Vec::new();
    let targets = all.names_routed().filter_map(|name| all.get(name, &mut findings)).collect();
    let builder = AnswerBuilder::new(
        targets,
        mailwright::internals::model::Protocol::Both,
        Default::default(),
        Default::default(),
        Default::default(),
        Default::default(),
    );
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/providers/both.example.toml");
    // The package of the fuzzers is a folder below.
    let file = file.replace("/fuzz/tests/", "/tests/");
    let options = ServeOptions {
        listen: Vec::new(),
        listen_http: Vec::new(),
        metrics: None,
        trust: Default::default(),
        proxy_protocol: false,
        timeouts: Timeouts::default(),
        max_connections: 1,
        max_connections_per_client: 1,
        rate_limit: None,
        rate_limit_exempt: Vec::new(),
        threads: 1,
        domain_owners: DomainOwners::All,
        state_dir: None,
        user: None,
        api: true,
        confinement: Default::default(),
        access_log: false,
        log_addresses: false,
    };
    InMemoryServer::new(builder, Sources::file(Path::new(&file)), options).expect("a server")
}

/// Says these bytes, and looks at what comes back.
pub fn ask(bytes: &[u8]) {
    SERVER.with(|server| {
        let answer = server.answer(bytes).expect("an answer has an end");
        for (at, _) in answer.windows(9).enumerate().filter(|(_, part)| *part == b"HTTP/1.1 ") {
            // In front of a status, and not in a body that repeats it.
            let is_first = at == 0 || answer[..at].ends_with(b"\n");
            assert!(!is_first || answer.get(at + 9) != Some(&b'5'), "{}", answer.escape_ascii());
        }
    });
}

/// Says these bytes after the beginning of a connection of HTTP/2, and looks at what comes back:
/// whole frames, and no status at the 500s.
pub fn ask_http2(bytes: &[u8]) {
    // RFC 9113 section 3.4: the preface, and an empty SETTINGS frame.
    let begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    SERVER.with(|server| {
        let answer = server.answer(&[begin, bytes].concat()).expect("an answer has an end");
        let mut rest = &answer[..];
        while let [a, b, c, kind, _, _, _, _, _, more @ ..] = rest {
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            let frame = more.get(..length).expect("a whole frame");
            const HEADERS: u8 = 1;
            assert!(*kind != HEADERS || !is_server_error(frame), "{}", answer.escape_ascii());
            rest = &more[length..];
        }
        assert!(rest.is_empty(), "{}", answer.escape_ascii());
    });
}

/// Whether a block of headers begins with a status at the 500s (RFC 7541, appendices A and B).
fn is_server_error(block: &[u8]) -> bool {
    match block {
        // `:status: 500` has a number of its own; others are texts, in Huffman's code or plain.
        [0x8E, ..] => true,
        [0x08 | 0x18 | 0x48, length, first, ..] if length & 0x80 != 0 => first >> 2 == 0x1B,
        [0x08 | 0x18 | 0x48, _, b'5', ..] => true,
        _ => false,
    }
}
