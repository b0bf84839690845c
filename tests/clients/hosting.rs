//! Do real web servers serve what we tell them to, and do real name servers take our zone?

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::support::{self, Bundle, PATIENCE, Running};

const DOMAIN: &str = "example.org";

#[test]
fn nginx_serves_the_settings_to_every_way_of_asking() {
    needs!("nginx");
    let hosting = Hosting::with_pacc();
    let port = support::free_port();
    let config = hosting.write(
        "nginx.conf",
        &format!(
            "daemon off; master_process off; pid {folder}/nginx.pid; events {{ }}\n\
             http {{\n\
             access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
             fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;\n\
             scgi_temp_path {folder}/scgi;\n\
             server {{ listen 127.0.0.1:{port}; root /nowhere; include {snippet}; }}\n\
             }}\n",
            folder = hosting.folder(),
            snippet = hosting.file("nginx/example.org.conf"),
        ),
    );
    let mut nginx = support::command("nginx");
    nginx.args(["-e", "stderr", "-p", &hosting.folder(), "-c"]).arg(config);
    hosting.serves_every_way_of_asking(Running::start(&mut nginx, hosting.log()), port);
}

#[test]
fn caddy_serves_the_settings_to_every_way_of_asking() {
    needs!("caddy");
    support::alone("hosting::caddy_serves_the_settings_to_every_way_of_asking", || {
        let hosting = Hosting::with_pacc();
        let (port, tls_port) = (support::free_port(), support::free_port());
        let config = hosting.write(
            "Caddyfile",
            &format!(
                "{{\n admin off\n http_port {port}\n https_port {tls_port}\n local_certs\n \
                 skip_install_trust\n}}\n\
                 import {snippet}\n\
                 http://{DOMAIN} {{\n import mail-{DOMAIN}\n}}\n",
                snippet = hosting.file("caddy/example.org.Caddyfile"),
            ),
        );
        let mut caddy = support::command("caddy");
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(config);
        caddy.env("HOME", hosting.folder()).env_remove("XDG_DATA_HOME");
        caddy.env_remove("XDG_CONFIG_HOME");
        hosting.serves_every_way_of_asking(Running::start(&mut caddy, hosting.log()), port);
    });
}

#[test]
fn apache_serves_the_settings_to_every_way_of_asking() {
    needs!("apache2");
    let hosting = Hosting::with_pacc();
    let port = support::free_port();
    let modules = ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"];
    let modules = modules.iter().find(|folder| fs::exists(folder).unwrap_or(false));
    let modules = modules.expect("an installed Apache has its modules in one of these folders");
    let load = ["mpm_prefork", "authz_core", "alias", "headers", "mime"]
        .map(|name| format!("LoadModule {name}_module {modules}/mod_{name}.so\n"))
        .concat();
    let config = hosting.write(
        "apache.conf",
        &format!(
            "{load}ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {folder}/apache.pid\n\
             DefaultRuntimeDir {folder}\nErrorLog {folder}/error.log\nDocumentRoot {folder}/none\n\
             TypesConfig /dev/null\nUser nobody\nGroup nogroup\n\
             <Directory />\n Require all denied\n</Directory>\n\
             <VirtualHost *:{port}>\n ServerName {DOMAIN}\n Include {snippet}\n</VirtualHost>\n",
            folder = hosting.folder(),
            snippet = hosting.file("apache/example.org.conf"),
        ),
    );
    fs::create_dir(hosting.bundle.folder().join("none")).expect("an empty folder");
    let mut apache = support::command("apache2");
    // -X: one process, in the foreground.
    apache.arg("-X").arg("-f").arg(config);
    hosting.serves_every_way_of_asking(Running::start(&mut apache, hosting.log()), port);
}

#[test]
fn named_checkzone_takes_our_records_into_a_zone() {
    needs!("named-checkzone");
    for hosting in
        [Hosting::new(), Hosting::with_pacc(), Hosting::of("outlook.com", &["outlook.com"])]
    {
        let mut check = support::command("named-checkzone");
        // -i local: it looks up no other names.
        check.args(["-i", "local", &hosting.domain]).arg(hosting.zone());
        support::run(&mut check).fine();
    }
}

#[test]
fn kzonecheck_takes_our_records_into_a_zone() {
    needs!("kzonecheck");
    for hosting in
        [Hosting::new(), Hosting::with_pacc(), Hosting::of("outlook.com", &["outlook.com"])]
    {
        let mut check = support::command("kzonecheck");
        support::run(check.args(["-o", &hosting.domain]).arg(hosting.zone())).fine();
    }
}

#[test]
fn a_name_server_sees_the_servers_of_the_provider() {
    needs!("named-checkzone");
    let services = services(&Hosting::new());
    for service in [
        "_autodiscover._tcp 443 example.org.",
        "_imaps._tcp 993 outlook.office365.com.",
        "_pop3s._tcp 995 outlook.office365.com.",
        "_submission._tcp 587 smtp.office365.com.",
    ] {
        assert!(services.iter().any(|found| found == service), "no {service} in {services:#?}");
    }
}

#[test]
fn a_zone_denies_only_what_the_provider_does_not_offer_at_all() {
    needs!("named-checkzone");
    // The default provider is asked for POP3, and offers IMAP all the same.
    let services = services(&Hosting::of("outlook.com", &["outlook.com", "--protocol", "pop3"]));
    let offered = "_imaps._tcp 993 outlook.office365.com.";
    assert!(services.iter().any(|found| found == offered), "no {offered} in {services:#?}");

    let only_imap = support::provider(
        "Example",
        &[
            "imap imap.example.net 993 SSL password-cleartext",
            "smtp smtp.example.net 465 SSL password-cleartext",
        ],
    );
    let bundle = Bundle::new().with_file("own.toml", &only_imap);
    let hosting = Hosting::from(bundle, "example.net", &["--provider", "own.toml"]);
    let services = self::services(&hosting);
    for denied in ["_pop3._tcp 0 .", "_pop3s._tcp 0 ."] {
        assert!(services.iter().any(|found| found == denied), "no {denied} in {services:#?}");
    }
}

#[test]
fn a_zone_has_the_digest_of_the_very_bytes_beside_it() {
    needs!("named-checkzone");
    let hosting = Hosting::with_pacc();
    let file = hosting.bundle.out().join(DOMAIN).join("hosting/www").join(PACC);
    let digest = STANDARD.encode(Sha256::digest(fs::read(file).expect("the file is written")));
    let text = format!("\"v=UAAC1; a=sha256; d={digest}\"");
    let records = records(&hosting);
    let of = |name: &str, kind: &str| {
        let name = format!("{name}.{DOMAIN}.");
        let own = |line: &&String| line.starts_with(&name) && line.contains(kind);
        records.iter().find(own).unwrap_or_else(|| panic!("no {name} {kind} in {records:#?}"))
    };
    assert!(of("_ua-auto-config", " TXT ").ends_with(&text), "no {text} in {records:#?}");
    assert!(of("ua-auto-config", " CNAME ").ends_with(" example.org."), "{records:#?}");

    // Nobody has to be told of a file that is not there.
    let without = self::records(&Hosting::new());
    assert!(!without.iter().any(|line| line.contains("ua-auto-config")), "{without:#?}");
}

#[test]
fn an_upload_names_the_media_type_of_every_file() {
    needs!("sh");
    let hosting = Hosting::with_pacc();
    let (log, aws) = (hosting.folder() + "/aws.log", hosting.folder() + "/bin/aws");
    fs::create_dir(hosting.folder() + "/bin").expect("a folder");
    // One argument a line, and an empty line behind each call.
    fs::write(&aws, format!("#!/bin/sh\nprintf '%s\\n' \"$@\" '' >> '{log}'\n")).expect("a file");
    fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).expect("our own file");
    let path = format!("{}/bin:{}", hosting.folder(), std::env::var("PATH").unwrap_or_default());
    let mut upload = support::command("sh");
    upload.arg(hosting.file("s3/upload.sh")).arg("some-bucket").env("PATH", path);
    support::run(&mut upload).fine();
    let log = fs::read_to_string(log).expect("aws was called");
    let mut uploaded = BTreeMap::new();
    for call in log.split("\n\n").filter(|call| !call.is_empty()) {
        let words: Vec<&str> = call.lines().collect();
        let [
            "s3",
            "cp",
            file,
            to,
            "--content-type",
            media_type,
            "--cache-control",
            cache,
            rest @ ..,
        ] = words.as_slice()
        else {
            panic!("{words:?}")
        };
        assert_eq!(*to, format!("s3://some-bucket/{file}"));
        assert_eq!(*cache, "public, max-age=3600");
        let disposition = match rest {
            [] => None,
            ["--content-disposition", value] => Some((*value).to_owned()),
            _ => panic!("{rest:?}"),
        };
        uploaded.insert((*file).to_owned(), ((*media_type).to_owned(), disposition));
    }
    assert_eq!(uploaded, hosting.by_headers_file());

    // The name of the bucket is not guessed.
    let mut nowhere = support::command("sh");
    let said = support::run(nowhere.arg(hosting.file("s3/upload.sh")));
    assert_ne!(said.code, Some(0));
    assert!(said.stderr.contains("usage: sh upload.sh BUCKET"), "{said:?}");
}

/// Each SRV record that a name server reads out of the zone, as "service port target".
#[track_caller]
fn services(hosting: &Hosting) -> Vec<String> {
    records(hosting)
        .iter()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| words.get(3) == Some(&"SRV"))
        .map(|words| {
            let service = words[0].strip_suffix(&format!(".{}.", hosting.domain));
            format!("{} {} {}", service.expect("a name in the zone"), words[6], words[7])
        })
        .collect()
}

/// Each record that a name server reads out of the zone, with one space between the parts.
#[track_caller]
fn records(hosting: &Hosting) -> Vec<String> {
    let mut check = support::command("named-checkzone");
    check.args(["-D", "-q", "-i", "local", &hosting.domain]).arg(hosting.zone());
    let said = support::run(&mut check).fine();
    said.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

const PACC: &str = ".well-known/user-agent-configuration.json";

/// What the target `hosting` wrote for one domain.
struct Hosting {
    bundle: Bundle,
    domain: String,
}

impl Hosting {
    /// The commonest case: an own domain at Microsoft 365.
    #[track_caller]
    fn new() -> Self {
        Self::of(DOMAIN, &[DOMAIN, "--provider", "microsoft365", "--protocol", "both"])
    }

    /// A provider with TLS from the first byte everywhere.
    #[track_caller]
    fn with_pacc() -> Self {
        Self::of(DOMAIN, &[DOMAIN, "--provider", "fastmail"])
    }

    #[track_caller]
    fn of(domain: &str, who: &[&str]) -> Self {
        Self::from(Bundle::new(), domain, who)
    }

    #[track_caller]
    fn from(bundle: Bundle, domain: &str, who: &[&str]) -> Self {
        // Servers drop their rights, and a temporary folder is its owner's alone.
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(bundle.folder(), mode).expect("our own folder");
        let root = bundle.out().join(domain).join("hosting/www");
        let root = format!("hosting.webRoot={}", root.display());
        let bundle = bundle.and(&[who, &["--target", "hosting", "--set", &root]].concat());
        Self { bundle, domain: domain.into() }
    }

    fn folder(&self) -> String {
        self.bundle.folder().display().to_string()
    }

    #[track_caller]
    fn file(&self, name: &str) -> String {
        self.bundle.file("hosting", name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.bundle.folder().join(name);
        fs::write(&file, text).expect("a file in the temporary folder");
        file
    }

    fn log(&self) -> PathBuf {
        self.bundle.folder().join("server.log")
    }

    /// A small zone that takes our records in as the file says.
    #[track_caller]
    fn zone(&self) -> PathBuf {
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
    fn serves_every_way_of_asking(&self, mut server: Running, port: u16) {
        server.until(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        let get = |host: &str, path: &str| ask("GET", port, host, path);
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
                let answer = ask("POST", port, host, path);
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
    fn by_headers_file(&self) -> BTreeMap<String, (String, Option<String>)> {
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
fn ask(method: &str, port: u16, host: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server is up");
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
