//! A web server that answers what a test wants, over TLS or plain.

use std::sync::Arc;

use rustls::ServerConfig;

use crate::support::peer::{Conn, Peer};

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// `/mail/config-v1.1.xml?emailaddress=x`
    pub target: String,
    pub host: String,
    pub body: String,
}

/// Status, extra header lines, body.
pub type Reply = (u16, String, String);

/// A body of this media type.
pub fn page(media_type: &str, body: &str) -> Reply {
    (200, format!("Content-Type: {media_type}\r\n"), body.to_owned())
}

pub fn nothing() -> Reply {
    (404, String::new(), "nothing here".to_owned())
}

pub fn redirect(to: &str) -> Reply {
    (302, format!("Location: {to}\r\n"), String::new())
}

pub fn server(
    tls: Option<Arc<ServerConfig>>,
    answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> Peer {
    let talk = move |conn: &mut Conn| {
        if let Some(asked) = hear(conn) {
            let (status, headers, body) = answer(&asked);
            conn.say(&format!(
                "HTTP/1.1 {status} So\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            ));
        }
    };
    match tls {
        Some(config) => Peer::tls(config, talk),
        None => Peer::new(talk),
    }
}

fn hear(conn: &mut Conn) -> Option<Asked> {
    let line = conn.hear()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut host, mut length) = (String::new(), 0);
    loop {
        let line = conn.hear()?;
        let Some((name, value)) = line.split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "host" => host = value.trim().to_owned(),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    Some(Asked { method, target, host, body: conn.octets(length)? })
}
