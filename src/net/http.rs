//! Sends one HTTP request over one connection and keeps everything known about that connection.
//!
//! Redirects are returned like any other answer, and bodies have a size limit. Name, connection and
//! certificate come from [`Net`], so a failure is reported in the same words as for a mail server.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ureq::http::{Request, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport as HttpTransport,
};
use url::Url;

use super::address_scope::non_public;
use super::connect::connect_first;
use super::tcp::Tcp;
use super::tls::{Handshake, TlsError, TlsStream};
use super::{ConnectError, DnsError, Net};

/// Limit for a body, in bytes. No configuration is larger, and clients read this much or less.
pub const LARGEST_BODY: u64 = 1024 * 1024;
/// Limit for an answer's headers, in bytes; nginx and Apache stay below 8 KiB.
const LARGEST_HEADER: usize = 64 * 1024;
const BUFFER: usize = 16 * 1024;

/// One HTTP request.
#[derive(Debug, Clone)]
pub struct HttpRequest<'a> {
    /// `GET`, `POST`
    pub method: &'a str,
    pub url: &'a Url,
    /// `Host` and the body's length are added.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
    /// Over https, send nothing unless the server's certificate is trusted.
    pub trusted_only: bool,
    /// Connect only to public addresses, unless the user chose the address or allows private ones.
    pub public_only: bool,
}

/// An HTTP response with any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Header names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// None for plain HTTP.
    pub handshake: Option<Handshake>,
}

/// Why there is no HTTP response.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("{0}")]
    Url(String),
    #[error("{0}")]
    Resolve(DnsError),
    /// The host has only addresses that a public name must not lead to.
    #[error("{host} leads to {address}, {kind}; --allow-private connects there")]
    NotPublic { host: String, address: IpAddr, kind: &'static str },
    /// Every address that was tried, with the reason why it failed.
    #[error("none of the addresses can be reached")]
    Connect(Vec<(SocketAddr, ConnectError)>),
    #[error("{0}")]
    Tls(TlsError),
    #[error("the certificate is not to be trusted")]
    Untrusted(Box<Handshake>),
    #[error("no answer in time")]
    TimedOut,
    #[error("the answer is larger than {} KiB", LARGEST_BODY / 1024)]
    TooLarge,
    #[error("{0}")]
    Failed(String),
}

impl Answer {
    /// Value of the first header with this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Target of a redirect, resolved against the requested URL. None if this is not a redirect.
    ///
    /// The inner error says why the target is not a URL.
    pub fn location(&self, from: &Url) -> Option<Result<Url, String>> {
        if !matches!(self.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let target = self.header("location")?;
        Some(from.join(target).map_err(|e| format!("\"{}\": {e}", target.escape_debug())))
    }
}

impl Net {
    /// Sends the request and reads the whole answer before the deadline. Any status is an answer,
    /// not an error.
    pub fn http(&self, request: &HttpRequest<'_>, deadline: Instant) -> Result<Answer, HttpError> {
        let bad = |why: &str| HttpError::Url(format!("{}: {why}", request.url));
        let secure = match request.url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(bad("only https and http are spoken here")),
        };
        let host = request.url.host_str().ok_or_else(|| bad("no host"))?;
        let port = request.url.port_or_known_default().ok_or_else(|| bad("no port"))?;
        let addresses = match request.public_only && !self.allow_private {
            true => self.public_addresses(host, port, deadline)?,
            false => self.resolve(host, port, deadline).map_err(HttpError::Resolve)?,
        };
        let tcp = connect_first(&addresses, deadline).map_err(HttpError::Connect)?;
        let (line, handshake) = match secure {
            false => (HttpConnection::Plain(tcp), None),
            true => {
                let bare = host.trim_matches(['[', ']']);
                let secured = self.tls.handshake(tcp, bare, deadline);
                let (secured, seen) = secured.map_err(HttpError::Tls)?;
                if request.trusted_only && !seen.trusted() {
                    return Err(HttpError::Untrusted(Box::new(seen)));
                }
                (HttpConnection::Secured(Box::new(secured)), Some(seen))
            }
        };
        let answer = exchange(request, line)?;
        Ok(Answer { handshake, ..answer })
    }

    /// The public ones of a host's addresses, never empty. The connection goes to one of exactly
    /// these: a second lookup could have another answer.
    fn public_addresses(
        &self,
        host: &str,
        port: u16,
        deadline: Instant,
    ) -> Result<Vec<SocketAddr>, HttpError> {
        let chosen = self.overridden(host, port);
        if !chosen.is_empty() {
            return Ok(chosen);
        }
        let mut addresses = self.resolve(host, port, deadline).map_err(HttpError::Resolve)?;
        let refused =
            addresses.iter().find_map(|address| Some((address.ip(), non_public(address.ip())?)));
        addresses.retain(|address| non_public(address.ip()).is_none());
        match (addresses.is_empty(), refused) {
            (true, Some((address, kind))) => {
                Err(HttpError::NotPublic { host: host.to_owned(), address, kind })
            }
            _ => Ok(addresses),
        }
    }
}

fn exchange(request: &HttpRequest<'_>, line: HttpConnection) -> Result<Answer, HttpError> {
    let config = ureq::config::Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("mailwright/", env!("CARGO_PKG_VERSION")))
        .max_response_header_size(LARGEST_HEADER)
        .build();
    let agent =
        ureq::Agent::with_parts(config, SingleConnector(Mutex::new(Some(line))), NoResolver);
    let mut http = Request::builder().method(request.method).uri(request.url.as_str());
    for (name, value) in request.headers {
        http = http.header(*name, *value);
    }
    // Each request has a connection of its own.
    http = http.header("connection", "close");
    let failed = |error: ureq::Error| match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => HttpError::TimedOut,
        ureq::Error::BodyExceedsLimit(_) => HttpError::TooLarge,
        other => HttpError::Failed(other.to_string()),
    };
    let bad = |error: ureq::http::Error| HttpError::Url(error.to_string());
    let mut response = match request.body {
        [] if request.method != "POST" => agent.run(http.body(()).map_err(bad)?),
        body => agent.run(http.body(body).map_err(bad)?),
    }
    .map_err(failed)?;
    let headers = response.headers().iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let (status, headers) = (response.status().as_u16(), headers.collect());
    let body = response.body_mut().with_config().limit(LARGEST_BODY).read_to_vec();
    Ok(Answer { status, headers, body: body.map_err(failed)?, handshake: None })
}

/// A connection that is already open.
enum HttpConnection {
    Plain(Tcp),
    Secured(Box<TlsStream>),
}

impl Read for HttpConnection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            HttpConnection::Plain(tcp) => tcp.read(buffer),
            HttpConnection::Secured(tls) => tls.read(buffer),
        }
    }
}

impl Write for HttpConnection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            HttpConnection::Plain(tcp) => tcp.write(bytes),
            HttpConnection::Secured(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            HttpConnection::Plain(tcp) => tcp.flush(),
            HttpConnection::Secured(tls) => tls.flush(),
        }
    }
}

/// Gives the open connection to ureq, once.
struct SingleConnector(Mutex<Option<HttpConnection>>);

impl fmt::Debug for SingleConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ready")
    }
}

impl Connector for SingleConnector {
    type Out = Carrier;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(line.map(|line| Carrier { line, buffers: LazyBuffers::new(BUFFER, BUFFER) }))
    }
}

/// Adapts the connection to ureq. The connection's own deadline applies, not ureq's timeouts.
struct Carrier {
    line: HttpConnection,
    buffers: LazyBuffers,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}

impl HttpTransport for Carrier {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let bytes = &self.buffers.output()[..amount];
        self.line.write_all(bytes)?;
        Ok(self.line.flush()?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let read = self.line.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        matches!(self.line, HttpConnection::Secured(_))
    }
}

/// Resolves nothing, because the connection is already open; returns a placeholder.
#[derive(Debug)]
struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut none = self.empty();
        none.push(SocketAddr::from(([0, 0, 0, 0], 0)));
        Ok(none)
    }
}
