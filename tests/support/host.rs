//! A running server, and ways to ask it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};

use super::{PATIENCE, Run, until};

/// A server that ends with the test.
pub struct Host {
    pub run: Run,
    child: Child,
    /// Where it listens, in the order of its arguments.
    pub addresses: Vec<SocketAddr>,
    pub metrics: Option<SocketAddr>,
    talk: Receiver<String>,
    said: Vec<String>,
    /// What it said before it listened, and nobody has asked for yet.
    early: VecDeque<String>,
}

/// An answer taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(own, _): &&(String, String)| own.eq_ignore_ascii_case(name);
        self.headers.iter().find(named).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of text")
    }
}

impl Host {
    /// The server in a folder of its own, with these arguments besides.
    pub fn start(run: Run, args: &[&str]) -> Self {
        let mut all = vec!["serve", "--user", "root"];
        if !args.contains(&"--listen") {
            all.extend(["--listen", "127.0.0.1:0"]);
        }
        all.extend(args);
        let mut command = run.command(&all);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        command.stdout(std::fs::File::create(run.path("access.log")).expect("a log"));
        let mut child = command.spawn().expect("the server starts");
        let stderr = child.stderr.take().expect("a pipe");
        let (sender, talk) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        // A Unix socket has no address of TCP; the test knows its path.
        let unix = args.iter().filter(|arg| arg.starts_with("unix:")).count();
        let listeners = args.iter().filter(|arg| arg.starts_with("--listen")).count().max(1) - unix;
        let with_metrics = args.contains(&"--metrics");
        let (addresses, said, early) = (Vec::new(), Vec::new(), VecDeque::new());
        let mut host = Self { run, child, addresses, metrics: None, talk, said, early };
        let mut early = VecDeque::new();
        while host.addresses.len() < listeners || (with_metrics && host.metrics.is_none()) {
            let line = host.hear().expect("it says where it listens");
            let address = |line: &str| line.rsplit_once("//").and_then(|(_, a)| a.parse().ok());
            if line.starts_with("listening on ") {
                host.addresses.extend(address(&line));
            } else if line.starts_with("figures on ") {
                host.metrics = address(&line);
            } else {
                early.push_back(line);
            }
        }
        host.early = early;
        host
    }

    /// With one provider of ours, for `example.com` and `example.org`.
    pub fn of_example(args: &[&str]) -> Self {
        let run = Run::new()
            .write("example.toml", &provider("example.com", &["example.com", "example.org"]));
        let mut all = vec!["--provider", "example.toml"];
        all.extend(args);
        Self::start(run, &all)
    }

    /// With a provider for `example.com`, whose profiles are signed.
    #[cfg(feature = "sign")]
    pub fn that_signs(args: &[&str]) -> Self {
        let super::ca::Identity { chain, key } = super::ca::Ca::new().naming(&["example.com"]);
        let run = Run::new()
            .write("example.toml", &provider("example.com", &["example.com"]))
            .write("chain.pem", &chain)
            .write("key.pem", &key);
        let own =
            ["--provider", "example.toml", "--sign-cert", "chain.pem", "--sign-key", "key.pem"];
        Self::start(run, &[&own, args].concat())
    }

    /// The next thing that it says.
    pub fn hear(&mut self) -> Option<String> {
        if let Some(line) = self.early.pop_front() {
            return Some(line);
        }
        let line = self.talk.recv_timeout(PATIENCE).ok()?;
        self.said.push(line.clone());
        Some(line)
    }

    /// Listens until it says something with these words in it.
    pub fn hear_of(&mut self, words: &str) -> String {
        while let Some(line) = self.hear() {
            if line.contains(words) {
                return line;
            }
        }
        panic!("it does not say {words:?}, but {:#?}", self.said);
    }

    pub fn said(&mut self) -> String {
        self.early.clear();
        while let Ok(line) = self.talk.try_recv() {
            self.said.push(line);
        }
        self.said.join("\n")
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addresses[0]).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// A request as it stands here, and the one answer to it.
    pub fn raw(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut stream = self.connect();
        // A server may answer before it has read everything.
        let _ = stream.write_all(request.as_ref());
        read_answer(&mut BufReader::new(stream), false).expect("an answer")
    }

    /// Asks another listener, such as the one for metrics.
    pub fn get_at(&self, address: SocketAddr, path: &str) -> Answer {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: example.com\r\n\r\n").expect("a request");
        read_answer(&mut BufReader::new(stream), false).expect("an answer")
    }

    pub fn get(&self, host: &str, path: &str) -> Answer {
        self.raw(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
    }

    pub fn head(&self, host: &str, path: &str) -> Answer {
        let mut stream = self.connect();
        stream
            .write_all(format!("HEAD {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
            .unwrap();
        read_answer(&mut BufReader::new(stream), true).expect("an answer")
    }

    pub fn post(&self, host: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        let body = body.as_ref();
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/xml; charset=utf-8\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.raw(request)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by its number.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
        rustix::process::kill_process(pid, signal).expect("it is there");
    }

    /// Ends it as a system would, and says with which code it ended.
    pub fn end(mut self) -> (Option<i32>, String, String) {
        self.signal(rustix::process::Signal::TERM);
        let status = until("the server ends", || self.child.try_wait().expect("it is ours"));
        let said = self.said();
        let log = std::fs::read_to_string(self.run.path("access.log")).expect("a log");
        (status.code(), said, log)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads one answer from a connection; none where it ends before one.
pub fn read_answer(reader: &mut impl BufRead, is_head: bool) -> Option<Answer> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None if line.trim_end().is_empty() => break,
            None => headers.push((line.trim_end().to_owned(), String::new())),
        }
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    if is_head || status == 304 || status == 204 {
        return Some(answer);
    }
    match answer.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => {
            answer.body = vec![0; length];
            reader.read_exact(&mut answer.body).ok()?;
        }
        None => {
            reader.read_to_end(&mut answer.body).ok()?;
        }
    }
    Some(answer)
}

/// A provider's file with IMAP, POP3 and SMTP.
pub fn provider(id: &str, domains: &[&str]) -> String {
    let domains: Vec<String> = domains.iter().map(|domain| format!("{domain:?}")).collect();
    let server = |side: &str, server_type: &str, port: u16| {
        format!(
            "[[{side}Server]]\ntype = \"{server_type}\"\nhostname = \"{server_type}.{id}\"\n\
             port = {port}\nsocketType = \"SSL\"\nauthentication = [\"password-cleartext\"]\n\
             username = \"%EMAILADDRESS%\"\n\n"
        )
    };
    format!(
        "[emailProvider]\nid = \"{id}\"\ndisplayName = \"Mail of {id}\"\ndisplayShortName = \"Mail\"\n\
         domains = [{}]\n\n{}{}{}",
        domains.join(", "),
        server("incoming", "imap", 993),
        server("incoming", "pop3", 995),
        server("outgoing", "smtp", 465),
    )
}

/// What Outlook posts.
pub fn autodiscover(address: &str) -> String {
    autodiscover_for(
        address,
        "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a",
    )
}

pub fn autodiscover_for(address: &str, schema: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Autodiscover xmlns=\"http://schemas.microsoft.com/\
         exchange/autodiscover/outlook/requestschema/2006\"><Request><EMailAddress>{address}\
         </EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request>\
         </Autodiscover>"
    )
}
