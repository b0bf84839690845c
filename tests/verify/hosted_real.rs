//! Our own hosting tree and zone, served by nginx and Knot, looked at as every client would.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::ca::Ca;
use crate::hosted_site::{DOMAIN, identity, published};
use crate::runs::Run;
use crate::support::{self, Running, free_port};

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// nginx with the snippet that we write for it, on a port for each scheme.
fn nginx(run: &Run, ca: &Ca) -> (Running, u16, u16) {
    let folder = run.folder.path().display().to_string();
    // nginx drops its rights, and a temporary folder is its owner's alone.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let certificate = identity(ca);
    fs::write(run.path("cert.pem"), certificate.chain).unwrap();
    fs::write(run.path("key.pem"), certificate.key).unwrap();
    let (http, https) = (free_port(), free_port());
    let snippet = run.path("out/example.test/hosting/nginx/example.test.conf");
    let config = format!(
        "daemon off; master_process off; pid {folder}/nginx.pid; events {{ }}\n\
         http {{\n\
         access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
         fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;\n\
         scgi_temp_path {folder}/scgi;\n\
         ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;\n\
         server {{ listen 127.0.0.1:{http}; listen 127.0.0.1:{https} ssl; root /nowhere;\n\
         server_name {DOMAIN} autoconfig.{DOMAIN} autodiscover.{DOMAIN};\n\
         include {snippet}; }}\n\
         }}\n",
        snippet = snippet.display()
    );
    fs::write(run.path("nginx.conf"), config).unwrap();
    let mut command = support::command("nginx");
    command.args(["-e", "stderr", "-p", &folder, "-c"]).arg(run.path("nginx.conf"));
    let mut running = Running::start(&mut command, run.path("nginx.log"));
    running.until(|| std::net::TcpStream::connect(at(https)).ok());
    (running, http, https)
}

/// Knot with a zone that takes our records in.
fn knot(run: &Run) -> (Running, SocketAddr) {
    let folder = run.folder.path().display().to_string();
    let records = run.path("out/example.test/hosting/dns/example.test.zone");
    let zone = format!(
        "$TTL 3600\n@ IN SOA ns.{DOMAIN}. hostmaster.{DOMAIN}. 1 3600 900 604800 300\n\
         @ IN NS ns\nns IN A 127.0.0.1\n@ IN A 127.0.0.1\n@ IN MX 10 mail\nmail IN A 127.0.0.1\n\
         $INCLUDE {}\n",
        records.display()
    );
    fs::write(run.path("zone"), zone).unwrap();
    let port = free_port();
    let config = format!(
        "server:\n  rundir: {folder}\n  listen: 127.0.0.1@{port}\n  udp-workers: 1\n\
         \x20 tcp-workers: 1\n  background-workers: 1\n\
         database:\n  storage: {folder}/knot\n\
         log:\n  - target: stderr\n    any: info\n\
         zone:\n  - domain: {DOMAIN}\n    file: {folder}/zone\n    zonefile-sync: -1\n"
    );
    fs::write(run.path("knot.conf"), config).unwrap();
    let mut command = support::command("knotd");
    command.arg("-c").arg(run.path("knot.conf"));
    let mut running = Running::start(&mut command, run.path("knot.log"));
    running.until(|| std::net::TcpStream::connect(at(port)).ok());
    (running, at(port))
}

#[test]
fn what_we_write_for_a_web_server_and_a_name_server_is_found_by_every_client() {
    needs!("nginx", "knotd");
    let ca = Ca::new();
    let run = published();
    let (_nginx, http, https) = nginx(&run, &ca);
    let (_knot, dns) = knot(&run);
    let ca = ca.file().display().to_string();
    let dns = dns.to_string();
    let provider = ["--provider", "example.test.toml"];
    let mut args = vec!["verify", "--hosted", DOMAIN, "--ca", &ca, "--dns", &dns];
    args.extend(provider);
    args.extend(["--address", "ann@example.test", "--format", "json"]);
    // The names come from Knot; only the ports are not the usual ones here.
    let resolve: Vec<String> = ["", "autoconfig.", "autodiscover."]
        .iter()
        .flat_map(|host| {
            [(443, https), (80, http)]
                .map(|(port, own)| format!("{host}{DOMAIN}:{port}:127.0.0.1:{own}"))
        })
        .collect();
    resolve.iter().for_each(|at| args.extend(["--resolve", at]));
    let ended = run.args(&args).code(0);
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
        // PACC is not in the tree: it has no word for STARTTLS, and is an experiment still.
        let expected = !client["client"].as_str().unwrap().contains("PACC");
        assert_eq!(client["place"].is_string(), expected, "{client}");
    }
    let by_dns = clients.iter().find(|c| c["client"] == "FairEmail").unwrap();
    assert_eq!(by_dns["place"], "DNS SRV");
    let servers = ["imap mail.example.test:993 SSL", "smtp mail.example.test:465 SSL"];
    assert_eq!(by_dns["servers"], serde_json::json!(servers));
    assert!(json.to_string().contains("autoconfig.example.test is another name for example.test"));
}
