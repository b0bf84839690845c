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
