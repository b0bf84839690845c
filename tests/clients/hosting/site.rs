//! What the target `hosting` writes for a domain, and how clients ask a web server for it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::{Bundle, PATIENCE, Running};

use super::DOMAIN;

pub const PACC: &str = ".well-known/user-agent-configuration.json";

/// What the target `hosting` wrote for one domain.
pub struct Hosting {
    pub bundle: Bundle,
    pub domain: String,
}

impl Hosting {
    /// The commonest case: an own domain at Microsoft 365.
    #[track_caller]
    pub fn new() -> Self {
        Self::of(DOMAIN, &[DOMAIN, "--provider", "microsoft365", "--protocol", "both"])
    }

    /// A provider with TLS from the first byte everywhere.
    #[track_caller]
    pub fn with_pacc() -> Self {
        Self::of(DOMAIN, &[DOMAIN, "--provider", "fastmail"])
    }

    #[track_caller]
    pub fn of(domain: &str, who: &[&str]) -> Self {
        Self::from(Bundle::new(), domain, who)
    }

    #[track_caller]
    pub fn from(bundle: Bundle, domain: &str, who: &[&str]) -> Self {
        // Servers drop their rights, and a temporary folder is its owner's alone.
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(bundle.folder(), mode).expect("our own folder");
        let root = bundle.out().join(domain).join("hosting/www");
        let root = format!("hosting.webRoot={}", root.display());
        let bundle = bundle.and(&[who, &["--target", "hosting", "--set", &root]].concat());
        Self { bundle, domain: domain.into() }
    }

    pub fn folder(&self) -> String {
        self.bundle.folder().display().to_string()
    }

    #[track_caller]
    pub fn file(&self, name: &str) -> String {
        self.bundle.file("hosting", name).display().to_string()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.bundle.folder().join(name);
        fs::write(&file, text).expect("a file in the temporary folder");
        file
    }

    pub fn log(&self) -> PathBuf {
        self.bundle.folder().join("server.log")
    }

    /// A small zone that takes our records in as the file says.
    #[track_caller]
    pub fn zone(&self) -> PathBuf {
        let records = self.file(&format!("dns/{}.zone", self.domain));
        self.write(
            "zone",
            &format!(
                "$TTL 3600\n@ IN SOA ns.{0}. hostmaster.{0}. 1 3600 900 604800 300\n\
                 @ IN NS ns\nns IN A 192.0.2.1\n@ IN A 192.0.2.1\n$INCLUDE {records}\n",
                self.domain
            ),
        )
    }

    /// Asks as the clients do. The third host of the domain, `autodiscover.`, is Outlook's.
    #[track_caller]
    pub fn serves_every_way_of_asking(&self, mut server: Running, at: SocketAddr) {
        server.until(|| TcpStream::connect(at).ok());
        let get = |host: &str, path: &str| ask("GET", at, host, path);
        let autoconfig = self.served("mail/config-v1.1.xml", "text/xml");
        for path in
            ["/mail/config-v1.1.xml", "/mail/config-v1.1.xml?emailaddress=ann%40example.org"]
        {
            assert_eq!(get("autoconfig.example.org", path), autoconfig, "{}", server.log());
        }
        let well_known = "/.well-known/autoconfig/mail/config-v1.1.xml";
        for path in [well_known, &format!("{well_known}?emailaddress=ann%40example.org")] {
            assert_eq!(get(DOMAIN, path), autoconfig, "{}", server.log());
        }
        let autodiscover = self.served("autodiscover/autodiscover.xml", "text/xml");
        for path in [
            "/autodiscover/autodiscover.xml",
            "/Autodiscover/Autodiscover.xml",
            "/AutoDiscover/AutoDiscover.xml",
        ] {
            for host in ["autodiscover.example.org", DOMAIN] {
                let answer = ask("POST", at, host, path);
                assert_eq!(answer, autodiscover, "POST {host}{path}\n{}", server.log());
            }
            // Delta Chat asks by GET.
            assert_eq!(get("autodiscover.example.org", path), autodiscover, "{}", server.log());
        }
        // Outlook puts the address into the query, others behind the path.
        let v2 = self.served("autodiscover/autodiscover.json", "application/json");
        let v2 = Answer { origin: Some("*".into()), ..v2 };
        for path in [
            "/autodiscover/autodiscover.json",
            "/autodiscover/autodiscover.json?Email=ann%40example.org&Protocol=AutodiscoverV1",
            "/Autodiscover/Autodiscover.json?Email=ann@example.org&Protocol=Autodiscoverv1",
            "/AUTODISCOVER/AUTODISCOVER.JSON",
            "/autodiscover/autodiscover.json/v1.0/ann@example.org?Protocol=AutodiscoverV1",
        ] {
            for host in ["autodiscover.example.org", DOMAIN] {
                assert_eq!(get(host, path), v2, "GET {host}{path}\n{}", server.log());
            }
        }
        let other = get(DOMAIN, "/autodiscover/autodiscover.json5");
        assert_ne!(other.body, v2.body, "{}", server.log());
        let pacc = self.served(PACC, "application/json");
        assert_eq!(get(DOMAIN, &format!("/{PACC}")), pacc, "{}", server.log());
        let profile = self.served("mail.mobileconfig", "application/x-apple-aspen-config");
        let disposition = Some(r#"attachment; filename="mail.mobileconfig""#.into());
        let profile = Answer { disposition, ..profile };
        assert_eq!(get(DOMAIN, "/mail.mobileconfig"), profile, "{}", server.log());
    }

    /// Media type and disposition of every file, as `www/_headers` says to a host of static files.
    #[track_caller]
    pub fn by_headers_file(&self) -> BTreeMap<String, (String, Option<String>)> {
        let text = fs::read_to_string(self.file("www/_headers")).expect("the file is written");
        let mut all = BTreeMap::new();
        for part in text.split("\n\n").filter(|part| !part.starts_with('#')) {
            let (path, headers) = part.split_once('\n').expect("a path and its headers");
            let header = |name: &str| {
                let named = |line: &str| {
                    line.trim().strip_prefix(name)?.strip_prefix(": ").map(str::to_owned)
                };
                headers.lines().find_map(named)
            };
            assert_eq!(header("Cache-Control").as_deref(), Some("public, max-age=3600"), "{path}");
            assert_eq!(header("X-Content-Type-Options").as_deref(), Some("nosniff"), "{path}");
            let origin = path.ends_with(".json") && path.contains("autodiscover");
            assert_eq!(header("Access-Control-Allow-Origin").is_some(), origin, "{path}");
            let media_type = header("Content-Type").expect("that is what it is for");
            all.insert(path[1..].to_owned(), (media_type, header("Content-Disposition")));
        }
        all
    }

    /// The answer that a file of the web tree makes.
    #[track_caller]
    fn served(&self, file: &str, media_type: &str) -> Answer {
        let file = self.bundle.out().join(&self.domain).join("hosting/www").join(file);
        let body = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        Answer {
            status: "200".into(),
            media_type: media_type.into(),
            cache: Some("public, max-age=3600".into()),
            options: Some("nosniff".into()),
            origin: None,
            disposition: None,
            body,
        }
    }
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: String,
    media_type: String,
    cache: Option<String>,
    options: Option<String>,
    origin: Option<String>,
    disposition: Option<String>,
    body: String,
}

/// One request over plain HTTP, as Thunderbird or (by POST) Outlook sends it.
#[track_caller]
fn ask(method: &str, at: SocketAddr, host: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect(at).expect("the server is up");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    let body = if method == "POST" { OUTLOOK_ASKS } else { "" };
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("the server reads the request");
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = stream.read_line(&mut head).expect("a head");
        assert_ne!(read, 0, "the answer ends within its head: {head}");
    }
    let head = head.to_ascii_lowercase();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let own = |name: &str| header(name).map(str::to_owned);
    let length = header("content-length:").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or_else(|| panic!("no length in {head}"))];
    stream.read_exact(&mut body).expect("as much as the head says");
    let media_type = header("content-type:").unwrap_or("").split(';').next().unwrap_or("");
    Answer {
        status: head.split(' ').nth(1).unwrap_or("").into(),
        media_type: media_type.trim().into(),
        cache: own("cache-control:"),
        options: own("x-content-type-options:"),
        origin: own("access-control-allow-origin:"),
        disposition: own("content-disposition:"),
        body: String::from_utf8(body).expect("UTF-8"),
    }
}

/// What Outlook posts, MS-OXDSCLI section 2.2.3.
const OUTLOOK_ASKS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
  <Request>
    <EMailAddress>ann@example.org</EMailAddress>
    <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
  </Request>
</Autodiscover>"#;
