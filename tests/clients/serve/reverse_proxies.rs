//! Does `mailwright serve` answer right behind real proxies with their default settings, or say
//! why not?

use std::fs;
use std::io::{BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;

use crate::support::host::{Answer, Host, autodiscover, provider, read_answer};
use crate::support::{self, PATIENCE, Run, Running, own_addresses};

const HOST: &str = "autoconfig.b.example";
const REQUESTS: [(&str, &str); 3] = [
    ("GET /mail/config-v1.1.xml?emailaddress=ann@b.example", "<domain>b.example</domain>"),
    ("GET /ann@b.example.mobileconfig", "ann@b.example"),
    ("POST /autodiscover/autodiscover.xml", "<LoginName>ann@b.example</LoginName>"),
];

/// The server with two providers, of which the proxy is asked for the second.
fn server(args: &[&str]) -> Host {
    let run = Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example"]))
        .write("p/b.toml", &provider("b.example", &["b.example"]));
    let own = ["--providers", "p", "--log-addresses", "--trusted-proxy", "127.0.0.1"];
    // The log of one thread is in order.
    let own = [&own[..], &["--threads", "1"]].concat();
    Host::start(run, &[&own, args].concat())
}

/// A proxy that runs with a configuration of these lines.
fn proxy(host: &Host, program: &str, args: &[&str], configuration: &str) -> Running {
    let file = host.run.path(&format!("{program}.conf"));
    fs::write(&file, configuration).expect("a configuration");
    let mut command: Command = support::command(program);
    command.args(args).arg(&file).env("HOME", host.run.path("."));
    command.env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    Running::start(&mut command, host.run.path(&format!("{program}.log")))
}

/// The address of the client, which is none of a proxy.
const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn connect(address: SocketAddr) -> Option<TcpStream> {
    use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).ok()?;
    bind(&socket, &SocketAddr::from((CLIENT, 0))).ok()?;
    connect(&socket, &address).ok()?;
    Some(socket.into())
}

fn ask(address: SocketAddr, request: &str) -> Option<Answer> {
    let mut stream = connect(address)?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let body = match request.starts_with("POST") {
        true => autodiscover("ann@b.example"),
        false => String::new(),
    };
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 192.0.2.66\r\nContent-Length: \
         {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    read_answer(&mut BufReader::new(stream), false)
}

/// Asks through the proxy once it is up.
fn answers(running: &mut Running, address: SocketAddr) -> Vec<(u16, String)> {
    running.until(|| ask(address, REQUESTS[0].0));
    let answer = |(request, _): &(&str, &str)| {
        let answer = ask(address, request).expect("an answer");
        (answer.status, answer.text().to_owned())
    };
    REQUESTS.iter().map(answer).collect()
}

fn all_are_right(answers: &[(u16, String)]) {
    for ((status, text), (request, wanted)) in answers.iter().zip(REQUESTS) {
        assert_eq!(*status, 200, "{request}: {text}");
        assert!(text.contains(wanted), "{request}: {text}");
    }
}

/// The peers in the access log, which are clients and no proxies.
fn peers(host: Host) -> Vec<String> {
    let (code, said, log) = host.end();
    assert_eq!(code, Some(0), "{said}");
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.map(|line| line["peer"].as_str().unwrap().to_owned()).collect()
}

fn nginx(host: &Host, address: SocketAddr, more: &str) -> Running {
    let folder = host.run.path(".");
    let folder = folder.display();
    let configuration = format!(
        "daemon off; master_process off; pid {folder}/nginx.pid; events {{ }}\n\
         http {{\n\
         access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
         fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;\n\
         scgi_temp_path {folder}/scgi;\n\
         server {{ listen {address}; location / {{ proxy_pass http://{}; {more} }} }}\n\
         }}\n",
        host.addresses[0]
    );
    proxy(host, "nginx", &["-e", "stderr", "-c"], &configuration)
}

#[test]
fn behind_nginx_the_log_says_what_its_default_settings_lack() {
    needs!("nginx");
    let [address, with_host] = own_addresses();
    let mut host = server(&[]);
    let mut running = nginx(&host, address, "");
    let statuses: Vec<_> = answers(&mut running, address).iter().map(|(s, _)| *s).collect();
    // Autodiscover and profiles name the address, for which any neutral host answers.
    assert_eq!(statuses, [200, 200, 200]);
    ask(address, "GET /mail/config-v1.1.xml").expect("an answer");
    let words = host.hear_of("requests arrive with Host 127.0.0.1");
    assert!(words.contains("proxy_set_header Host $host"), "{words}");
    drop(running);
    let more = "proxy_set_header Host $host; \
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";
    let mut running = nginx(&host, with_host, more);
    all_are_right(&answers(&mut running, with_host));
    assert_eq!(ask(with_host, "GET /mail/config-v1.1.xml").unwrap().status, 200);
    drop(running);
    // What the client says of itself is not its address.
    assert!(peers(host).iter().skip(5).all(|peer| peer == "127.0.0.2"));
}

/// The start page and a profile below a folder, and the redirect to it.
#[track_caller]
fn is_served_below_a_folder(running: &mut Running, address: SocketAddr) {
    running.until(|| ask(address, "GET /mail-setup/"));
    let status = |path: &str| ask(address, &format!("GET {path}")).map(|answer| answer.status);
    for path in
        ["/mail-setup/", "/mail-setup/?email=ann@b.example", "/mail-setup/ann@b.example.svg"]
    {
        assert_eq!(status(path), Some(200), "{path}");
    }
    let folder = ask(address, "GET /mail-setup").expect("an answer");
    assert!((300..400).contains(&folder.status), "{folder:?}");
    assert!(folder.header("location").is_some_and(|to| to.ends_with("/mail-setup/")), "{folder:?}");
    assert_ne!(status("/"), Some(200));
}

#[test]
fn behind_nginx_one_folder_is_enough_for_people_whether_the_prefix_is_kept_or_not() {
    needs!("nginx");
    for path in ["", "/"] {
        let [address] = own_addresses();
        let host = server(&["--public-host", "www.hoster.example", "--path-prefix", "/mail-setup"]);
        let folder = host.run.path(".");
        let folder = folder.display();
        let configuration = format!(
            "daemon off; master_process off; pid {folder}/nginx.pid; events {{ }}\n\
             http {{\n\
             access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
             fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;\n\
             scgi_temp_path {folder}/scgi;\n\
             server {{ listen {address}; root /nowhere;\n\
             location /mail-setup/ {{ proxy_pass http://{}{path}; proxy_set_header Host $host; }} }}\n\
             }}\n",
            host.addresses[0]
        );
        let mut running = proxy(&host, "nginx", &["-e", "stderr", "-c"], &configuration);
        is_served_below_a_folder(&mut running, address);
    }
}

#[test]
fn behind_caddy_one_folder_is_enough_for_people_whether_the_prefix_is_kept_or_not() {
    needs!("caddy");
    let kept = "handle /mail-setup* {";
    let removed = "redir /mail-setup /mail-setup/\n handle_path /mail-setup/* {";
    for handle in [kept, removed] {
        let [address] = own_addresses();
        let host = server(&["--public-host", "www.hoster.example", "--path-prefix", "/mail-setup"]);
        let configuration = format!(
            "{{\n admin off\n auto_https off\n}}\nhttp://:{} {{\n bind {}\n {handle}\n \
             reverse_proxy {}\n }}\n respond 404\n}}\n",
            address.port(),
            address.ip(),
            host.addresses[0]
        );
        let args = ["run", "--adapter", "caddyfile", "--config"];
        let mut running = proxy(&host, "caddy", &args, &configuration);
        is_served_below_a_folder(&mut running, address);
    }
}

#[test]
fn behind_apache_all_answers_are_right_by_default() {
    needs!("apache2");
    let [address] = own_addresses();
    let host = server(&[]);
    let modules = ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"];
    let modules = modules.iter().find(|folder| fs::exists(folder).unwrap_or(false));
    let modules = modules.expect("an installed Apache has its modules in one of these folders");
    let load = ["mpm_prefork", "authz_core", "proxy", "proxy_http"]
        .map(|name| format!("LoadModule {name}_module {modules}/mod_{name}.so\n"))
        .concat();
    let folder = host.run.path(".");
    let configuration = format!(
        "{load}ServerName localhost\nListen {address}\nPidFile {folder}/apache.pid\n\
         DefaultRuntimeDir {folder}\nErrorLog {folder}/error.log\nUser nobody\nGroup nogroup\n\
         ProxyPass / http://{}/\n",
        host.addresses[0],
        folder = folder.display(),
    );
    let mut running = proxy(&host, "apache2", &["-X", "-f"], &configuration);
    all_are_right(&answers(&mut running, address));
    assert_eq!(ask(address, "GET /mail/config-v1.1.xml").unwrap().status, 200);
    drop(running);
    assert!(peers(host).iter().all(|peer| peer == "127.0.0.2"));
}

#[test]
fn behind_caddy_all_answers_are_right_by_default() {
    needs!("caddy");
    let [address] = own_addresses();
    let host = server(&[]);
    let configuration = format!(
        "{{\n admin off\n auto_https off\n}}\nhttp://:{} {{\n bind {}\n reverse_proxy {}\n}}\n",
        address.port(),
        address.ip(),
        host.addresses[0]
    );
    let args = ["run", "--adapter", "caddyfile", "--config"];
    let mut running = proxy(&host, "caddy", &args, &configuration);
    all_are_right(&answers(&mut running, address));
    assert_eq!(ask(address, "GET /mail/config-v1.1.xml").unwrap().status, 200);
    drop(running);
    assert!(peers(host).iter().all(|peer| peer == "127.0.0.2"));
}

#[test]
fn behind_haproxy_all_answers_are_right_with_and_without_its_proxy_protocol() {
    needs!("haproxy");
    for (send, args) in [
        ("", &[][..]),
        ("send-proxy", &["--proxy-protocol"]),
        ("send-proxy-v2", &["--proxy-protocol"]),
    ] {
        let [address] = own_addresses();
        let host = server(args);
        let mode = if send.is_empty() { "http" } else { "tcp" };
        let configuration = format!(
            "defaults\n mode {mode}\n timeout connect 10s\n timeout client 60s\n timeout server 60s\n\
             frontend f\n bind {address}\n default_backend b\n\
             backend b\n server s {} {send}\n",
            host.addresses[0]
        );
        let mut running = proxy(&host, "haproxy", &["-db", "-f"], &configuration);
        all_are_right(&answers(&mut running, address));
        assert_eq!(ask(address, "GET /mail/config-v1.1.xml").unwrap().status, 200, "{send}");
        drop(running);
        drop(host);
    }
}
