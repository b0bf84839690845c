//! Our own hosting tree and zone, served by nginx and Knot, looked at as every client would.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::hosted_site::{AUTOCONFIG, DOMAIN, identity, published};
use crate::support::ca::Ca;
use crate::support::{self, Ended, Run, Running, nowhere, own_addresses};

/// nginx with the snippet that we write for it, on a port for each scheme.
fn nginx(run: &Run, ca: &Ca) -> (Running, SocketAddr, SocketAddr) {
    let folder = run.folder.path().display().to_string();
    // nginx drops its rights, and a temporary folder is its owner's alone.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let certificate = identity(ca);
    fs::write(run.path("cert.pem"), certificate.chain).unwrap();
    fs::write(run.path("key.pem"), certificate.key).unwrap();
    let [http, https] = own_addresses();
    let snippet = run.path("out/example.test/hosting/nginx/example.test.conf");
    let config = format!(
        "daemon off; master_process off; pid {folder}/nginx.pid; events {{ }}\n\
         http {{\n\
         access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
         fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;\n\
         scgi_temp_path {folder}/scgi;\n\
         ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;\n\
         server {{ listen {http}; listen {https} ssl; root /nowhere;\n\
         server_name {DOMAIN} autoconfig.{DOMAIN} autodiscover.{DOMAIN} ua-auto-config.{DOMAIN};\n\
         include {snippet}; }}\n\
         }}\n",
        snippet = snippet.display()
    );
    fs::write(run.path("nginx.conf"), config).unwrap();
    let mut command = support::command("nginx");
    command.args(["-e", "stderr", "-p", &folder, "-c"]).arg(run.path("nginx.conf"));
    let mut running = Running::start(&mut command, run.path("nginx.log"));
    running.until(|| std::net::TcpStream::connect(https).ok());
    (running, http, https)
}

/// Knot with a zone that takes our records in, and one of a customer.
pub fn knot(run: &Run) -> (Running, SocketAddr) {
    let folder = run.folder.path().display().to_string();
    let records = run.path("out/example.test/hosting/dns/example.test.zone");
    let zone = format!(
        "$TTL 3600\n@ IN SOA ns.{DOMAIN}. hostmaster.{DOMAIN}. 1 3600 900 604800 300\n\
         @ IN NS ns\nns IN A 127.0.0.1\n@ IN A 127.0.0.1\n@ IN MX 10 mail\nmail IN A 127.0.0.1\n\
         $INCLUDE {}\n",
        records.display()
    );
    fs::write(run.path("zone"), zone).unwrap();
    let customer = format!(
        "$TTL 3600\n@ IN SOA ns.{DOMAIN}. hostmaster.{DOMAIN}. 1 3600 900 604800 300\n\
         @ IN NS ns.{DOMAIN}.\n@ IN MX 10 mail.{DOMAIN}.\n"
    );
    fs::write(run.path("customer"), customer).unwrap();
    let [address] = own_addresses();
    let config = format!(
        "server:\n  rundir: {folder}\n  listen: {ip}@{port}\n  udp-workers: 1\n\
         \x20 tcp-workers: 1\n  background-workers: 1\n\
         database:\n  storage: {folder}/knot\n\
         log:\n  - target: stderr\n    any: info\n\
         zone:\n  - domain: {DOMAIN}\n    file: {folder}/zone\n    zonefile-sync: -1\n\
         \x20 - domain: customer.test\n    file: {folder}/customer\n    zonefile-sync: -1\n",
        ip = address.ip(),
        port = address.port(),
    );
    fs::write(run.path("knot.conf"), config).unwrap();
    let mut command = support::command("knotd");
    command.arg("-c").arg(run.path("knot.conf"));
    let mut running = Running::start(&mut command, run.path("knot.log"));
    running.until(|| std::net::TcpStream::connect(address).ok());
    (running, address)
}

/// What we write, served on loopback.
struct Real {
    run: Run,
    ca: Ca,
    dns: SocketAddr,
    http: SocketAddr,
    https: SocketAddr,
    _running: [Running; 2],
}

impl Real {
    fn new() -> Self {
        let ca = Ca::new();
        let run = published();
        let (nginx, http, https) = nginx(&run, &ca);
        let (knot, dns) = knot(&run);
        Self { run, ca, dns, http, https, _running: [nginx, knot] }
    }

    /// The names come from Knot; only the ports are not the usual ones here. Without the web
    /// server, they lead where nothing listens.
    fn args(&self, args: &[&str], web: bool) -> Ended {
        let mut all: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        all.extend(["--ca".to_owned(), self.ca.file().display().to_string()]);
        all.extend(["--dns".to_owned(), self.dns.to_string()]);
        let nobody = nowhere();
        for host in ["", "autoconfig.", "autodiscover.", "ua-auto-config."] {
            for (port, own) in [(443, self.https), (80, self.http)] {
                let own = if web { own } else { nobody };
                all.extend(["--resolve".to_owned(), format!("{host}{DOMAIN}:{port}:{own}")]);
            }
        }
        self.run.args(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

#[test]
fn what_a_web_server_and_a_name_server_publish_is_imported() {
    needs!("nginx", "knotd");
    let real = Real::new();
    let servers = [
        "hostname = \"mail.example.test\"\nport = 993\nsocketType = \"SSL\"",
        "hostname = \"mail.example.test\"\nport = 465\nsocketType = \"SSL\"",
    ];
    let found = |args: &[&str], web: bool, place: &str| {
        let ended = real.args(&[&["import", "ann@example.test"], args].concat(), web).code(0);
        assert!(ended.stderr.contains(&format!("found at {place}")), "{place}: {}", ended.stderr);
        for server in servers {
            assert!(ended.stdout.contains(server), "{place}: {server} in {}", ended.stdout);
        }
        ended
    };
    found(&[], true, AUTOCONFIG);
    // The domain itself comes before the host that is named for it.
    let itself = "https://example.test/autodiscover/autodiscover.xml";
    found(&["--as", "outlook"], true, itself);
    found(&["--as", "thunderbird-android"], true, AUTOCONFIG);
    // SRV records, where no web server answers.
    let ended = found(&[], false, "DNS SRV");
    assert!(ended.stderr.contains(AUTOCONFIG), "every place asked is told: {}", ended.stderr);
    // A customer whose mail goes to the domain is found at the domain.
    let ended = real.args(&["import", "bob@customer.test"], true).code(0);
    assert!(ended.stderr.contains(&format!("found at {AUTOCONFIG}")), "{}", ended.stderr);
}

#[test]
fn what_we_write_for_a_web_server_and_a_name_server_is_found_by_every_client() {
    needs!("nginx", "knotd");
    let real = Real::new();
    let own = ["--provider", "example.test.toml", "--address", "ann@example.test"];
    let args = [&["verify", "--hosted", DOMAIN, "--format", "json"], &own[..]].concat();
    let ended = real.args(&args, true).code(0);
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    let mut wrong = Vec::new();
    for place in json["hosted"]["places"].as_array().unwrap() {
        for step in place["steps"].as_array().unwrap() {
            if step["outcome"] == "failed" || step["outcome"] == "warning" {
                wrong.push(format!("{}: {}", place["name"], step["code"]));
            }
        }
    }
    // A static Autodiscover file cannot have the address of whoever asks.
    wrong.retain(|line| !line.contains("published-without-login-name"));
    assert!(wrong.is_empty(), "{wrong:#?} {json:#}");
    let clients = json["hosted"]["clients"].as_array().unwrap();
    for client in clients {
        assert!(client["place"].is_string(), "{client}");
    }
    let by_pacc = clients.iter().find(|c| c["client"].as_str().unwrap().contains("PACC")).unwrap();
    let place = "https://ua-auto-config.example.test/.well-known/user-agent-configuration.json";
    assert_eq!(by_pacc["place"], place);
    assert!(json.to_string().contains("_ua-auto-config.example.test has the file's SHA-256"));
    let by_dns = clients.iter().find(|c| c["client"] == "FairEmail").unwrap();
    assert_eq!(by_dns["place"], "DNS SRV");
    let servers = ["imap mail.example.test:993 SSL", "smtp mail.example.test:465 SSL"];
    assert_eq!(by_dns["servers"], serde_json::json!(servers));
    assert!(json.to_string().contains("autoconfig.example.test is another name for example.test"));
}
