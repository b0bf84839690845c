//! One table of requests for `mailwright serve` and for the web servers that have our files. What a
//! server of files cannot do is in the README, in a table that is made of this one.

use std::fmt::Write as _;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::support::host::{Answer, Host, autodiscover, autodiscover_for, read_answer};
use crate::support::{PATIENCE, Run, Running};

use super::DOMAIN;
use super::site::Hosting;

/// A request, and whether both answer it alike.
pub struct AskedRequest {
    pub method: &'static str,
    /// What is before the domain in the name of the host.
    pub host: &'static str,
    pub path: &'static str,
    /// A further header, or the body of a POST.
    pub more: More,
    pub answer: Expected,
}

#[derive(Clone, Copy, PartialEq)]
pub enum More {
    Nothing,
    Header(&'static str),
    Outlook,
    MobileSync,
}

#[derive(Clone, Copy)]
pub enum Expected {
    /// The same status, media type, headers and body.
    Same(u16),
    /// The same status, and nothing else: the server writes the page of the error itself.
    Status(u16),
    /// What `serve` answers, and a server of files, in the words of the README.
    Differs { serve: (u16, &'static str), files: (u16, &'static str) },
}

use Expected::{Differs, Same, Status};
use More::{Header, MobileSync, Nothing, Outlook};

const fn get(host: &'static str, path: &'static str, answer: Expected) -> AskedRequest {
    AskedRequest { method: "GET", host, path, more: Nothing, answer }
}

const fn ask(
    method: &'static str,
    path: &'static str,
    more: More,
    answer: Expected,
) -> AskedRequest {
    AskedRequest { method, host: "", path, more, answer }
}

const NO_LOGIN: Expected = Differs {
    serve: (200, "the settings with the person's `LoginName`"),
    files: (
        200,
        "the settings without `LoginName`; Outlook takes the part before the @ as the user name",
    ),
};
const FOR_EVERYBODY: Expected = Differs {
    serve: (200, "the profile of that person, also with `&name=`"),
    files: (200, "the profile for everybody; the device asks for the address"),
};

pub const REQUESTS: &[AskedRequest] = &[
    get("autoconfig.", "/mail/config-v1.1.xml", Same(200)),
    get("autoconfig.", "/mail/config-v1.1.xml?emailaddress=ann%40example.org", Same(200)),
    get("autoconfig.", "/Mail/Config-V1.1.XML", Same(200)),
    get("", "/.well-known/autoconfig/mail/config-v1.1.xml", Same(200)),
    get(
        "",
        "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=nobody@example.org",
        Same(200),
    ),
    get("autoconfig.", "/v1.1/mail/config-v1.1.xml?emailaddress=ann@example.org", Same(200)),
    ask("HEAD", "/mail/config-v1.1.xml", Nothing, Same(200)),
    ask("GET", "/mail/config-v1.1.xml", Header("If-None-Match: *"), Status(304)),
    ask("POST", "/mail/config-v1.1.xml", Outlook, Status(405)),
    ask("PUT", "/mail/config-v1.1.xml", Nothing, Status(405)),
    // Delta Chat asks by GET.
    get("autodiscover.", "/autodiscover/autodiscover.xml", Same(200)),
    get("", "/Autodiscover/Autodiscover.xml", Same(200)),
    get("autodiscover.", "/AutoDiscover/AutoDiscover.xml", Same(200)),
    ask("HEAD", "/autodiscover/autodiscover.xml", Nothing, Same(200)),
    ask("POST", "/autodiscover/autodiscover.xml", Outlook, NO_LOGIN),
    ask("POST", "/Autodiscover/Autodiscover.xml", Outlook, NO_LOGIN),
    ask("POST", "/AUTODISCOVER/AUTODISCOVER.XML", Outlook, NO_LOGIN),
    ask("GET", "/autodiscover/autodiscover.xml?email=ann@example.org", Nothing, NO_LOGIN),
    ask(
        "POST",
        "/autodiscover/autodiscover.xml",
        MobileSync,
        Differs {
            serve: (200, "for the schema of ActiveSync or another one: its error document"),
            files: (200, "the settings for IMAP, POP3 and SMTP, whatever the schema"),
        },
    ),
    // Outlook puts the address into the query, others behind the path.
    get(
        "autodiscover.",
        "/autodiscover/autodiscover.json?Email=ann%40example.org&Protocol=AutodiscoverV1&RedirectCount=1",
        Same(200),
    ),
    get(
        "",
        "/Autodiscover/Autodiscover.json?Email=ann@example.org&Protocol=Autodiscoverv1",
        Same(200),
    ),
    get("", "/AUTODISCOVER/AUTODISCOVER.JSON?protocol=AUTODISCOVERV1", Same(200)),
    get(
        "autodiscover.",
        "/autodiscover/autodiscover.json/v1.0/ann@example.org?Protocol=AutodiscoverV1",
        Same(200),
    ),
    get(
        "",
        "/autodiscover/autodiscover.json?Email=ann%40example.org&Protocol=ActiveSync",
        Same(400),
    ),
    get("", "/autodiscover/autodiscover.json?Protocol=AutodiscoverV1x", Same(400)),
    get("", "/autodiscover/autodiscover.json/v1.0/ann@example.org?Protocol=Ews", Same(400)),
    get("", "/autodiscover/autodiscover.json?Email=ann%40example.org", Same(400)),
    get("", "/autodiscover/autodiscover.json?Protocol=", Same(400)),
    get("", "/autodiscover/autodiscover.json?XProtocol=AutodiscoverV1", Same(400)),
    ask("HEAD", "/autodiscover/autodiscover.json?Protocol=AutodiscoverV1", Nothing, Same(200)),
    ask("POST", "/autodiscover/autodiscover.json?Protocol=AutodiscoverV1", Outlook, Status(405)),
    get("", "/autodiscover/autodiscover.json5?Protocol=AutodiscoverV1", Status(404)),
    get(
        "",
        "/autodiscover/autodiscover.json/v9.9/a@example.org?Protocol=AutodiscoverV1",
        Status(404),
    ),
    get(
        "",
        "/autodiscover/autodiscover.json?Email=ann@example.net&Protocol=AutodiscoverV1",
        Differs {
            serve: (200, "for an address of another domain: where that domain's settings are"),
            files: (200, "where the settings of the host's own domain are"),
        },
    ),
    get("", "/.well-known/user-agent-configuration.json", Same(200)),
    get("", "/mail.mobileconfig", Same(200)),
    ask("HEAD", "/mail.mobileconfig", Nothing, Same(200)),
    ask("POST", "/mail.mobileconfig", Outlook, Status(405)),
    get("", "/apple.mobileconfig", Same(200)),
    get("", "/email.mobileconfig", Same(200)),
    get("", "/email/mobileconfig", Same(200)),
    get("", "/mail/ios.mobileconfig", Same(200)),
    get("", "/mailinabox.mobileconfig", Same(200)),
    get("", "/mobileconfig", Same(200)),
    get("", "/mobileconfig.php?only_email", Same(200)),
    get("", "/mobileconfig/", Same(200)),
    get("", "/profile.mobileconfig", Same(200)),
    get("", "/.well-known/apple-mail.mobileconfig", Same(200)),
    get("", "/mail.mobileconfig?email=ann@example.org", FOR_EVERYBODY),
    get("", "/mobileconfig/?emailaddress=ann@example.org&name=Ann+Lee", FOR_EVERYBODY),
    get(
        "",
        "/ann@example.org.mobileconfig",
        Differs { serve: (200, "the profile of that person"), files: (404, "nothing") },
    ),
    get(
        "",
        "/",
        Differs {
            serve: (200, "a page that asks for the address, and then shows steps and QR codes"),
            files: (404, "nothing; the target `guide` makes pages to publish"),
        },
    ),
    ask(
        "OPTIONS",
        "/mail.mobileconfig",
        Nothing,
        Differs {
            serve: (204, "`Allow`, and the headers for scripts of other origins"),
            files: (0, "what the web server answers by itself"),
        },
    ),
];

/// The headers of an answer that clients and caches go by.
const HEADERS: [&str; 4] = [
    "cache-control",
    "x-content-type-options",
    "access-control-allow-origin",
    "content-disposition",
];

impl AskedRequest {
    fn name(&self) -> String {
        format!("{} {}{DOMAIN}{}", self.method, self.host, self.path)
    }

    /// Sends the request, and reads the answer.
    #[track_caller]
    fn send(&self, at: SocketAddr) -> Answer {
        let body = match self.more {
            Outlook => autodiscover("ann@example.org"),
            MobileSync => autodiscover_for(
                "ann@example.org",
                "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006",
            ),
            Nothing | Header(_) => String::new(),
        };
        let header = match self.more {
            Header(line) => format!("{line}\r\n"),
            _ => String::new(),
        };
        let mut stream = TcpStream::connect(at).expect("the server is up");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        write!(
            stream,
            "{} {} HTTP/1.1\r\nHost: {}{DOMAIN}\r\nConnection: close\r\nContent-Type: text/xml\r\n\
             {header}Content-Length: {}\r\n\r\n{body}",
            self.method,
            self.path,
            self.host,
            body.len()
        )
        .expect("the server reads the request");
        read_answer(&mut BufReader::new(stream), self.method == "HEAD").expect("an answer")
    }
}

/// Status, media type without parameters, headers, and the body without its last line end.
type Essence<'a> = (u16, &'a str, [Option<&'a str>; HEADERS.len()], &'a str);

/// What is compared of an answer.
fn essence(answer: &Answer) -> Essence<'_> {
    let media_type = answer.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let headers = HEADERS.map(|name| answer.header(name));
    (answer.status, media_type, headers, answer.text().trim_end())
}

impl Hosting {
    /// Sends all requests to `mailwright serve` and to a web server with our files.
    #[track_caller]
    pub fn answers_as_serve_does(&self, mut server: Running, at: SocketAddr) {
        let host = Host::start(Run::new(), &["--provider", "fastmail"]);
        server.until(|| TcpStream::connect(at).ok());
        let mut different = Vec::new();
        for request in REQUESTS {
            let (own, files) = (request.send(host.addresses[0]), request.send(at));
            let is_right = match request.answer {
                Same(status) => own.status == status && essence(&own) == essence(&files),
                Status(status) => own.status == status && files.status == status,
                Differs { serve, files: there } => {
                    own.status == serve.0 && (there.0 == 0 || files.status == there.0)
                        // Then it is no difference any more.
                        && essence(&own) != essence(&files)
                }
            };
            if !is_right {
                let (own, files) = (essence(&own), essence(&files));
                different.push(format!(
                    "{}\n  serve {own:.200?}\n  files {files:.200?}",
                    request.name()
                ));
            }
        }
        assert!(different.is_empty(), "{}\n{}", different.join("\n"), server.log());
    }
}

/// The table of the README.
pub fn differences() -> String {
    let mut text = String::from("| request | `serve` | files on a web server |\n|---|---|---|\n");
    let mut told = Vec::new();
    for request in REQUESTS {
        let Differs { serve, files } = request.answer else { continue };
        if told.contains(&(serve.1, files.1)) {
            continue;
        }
        told.push((serve.1, files.1));
        let path = request.path.split('?').next().unwrap_or_default();
        let path = path.replace("ann@example.org", "ADDRESS");
        let query = if request.path.contains("email") && request.path.contains('?') {
            if path.ends_with(".json") { "?Email=" } else { "?email=" }
        } else {
            ""
        };
        let _ =
            writeln!(text, "| `{} {path}{query}` | {} | {} |", request.method, serve.1, files.1);
    }
    text
}
