//! Do real web servers serve what we tell them to, and do real name servers take our zone?

#[cfg(feature = "serve")]
mod requests;
mod site;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::support::{self, Bundle, Running, own_addresses};

use site::{Hosting, PACC};

const DOMAIN: &str = "example.org";

#[cfg(feature = "serve")]
#[test]
fn nginx_answers_as_serve_does() {
    needs!("nginx");
    let hosting = Hosting::with_pacc();
    let [address] = own_addresses();
    let config = hosting.write(
        "nginx.conf",
        &format!(
            "daemon off; master_process off; pid {folder}/nginx.pid; events {{ }}\n\
             http {{\n\
             access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
             fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;\n\
             scgi_temp_path {folder}/scgi;\n\
             server {{ listen {address}; root /nowhere; include {snippet}; }}\n\
             }}\n",
            folder = hosting.folder(),
            snippet = hosting.file("nginx/example.org.conf"),
        ),
    );
    let mut nginx = support::command("nginx");
    nginx.args(["-e", "stderr", "-p", &hosting.folder(), "-c"]).arg(config);
    hosting.answers_as_serve_does(Running::start(&mut nginx, hosting.log()), address);
}

#[cfg(feature = "serve")]
#[test]
fn caddy_answers_as_serve_does() {
    needs!("caddy");
    support::alone("hosting::caddy_answers_as_serve_does", || {
        let hosting = Hosting::with_pacc();
        let [address, over_tls] = own_addresses();
        let config = hosting.write(
            "Caddyfile",
            &format!(
                "{{\n admin off\n http_port {port}\n https_port {tls_port}\n local_certs\n \
                 skip_install_trust\n}}\n\
                 import {snippet}\n\
                 http://{DOMAIN} {{\n import mail-{DOMAIN}\n respond 404\n}}\n",
                port = address.port(),
                tls_port = over_tls.port(),
                snippet = hosting.file("caddy/example.org.Caddyfile"),
            ),
        );
        let mut caddy = support::command("caddy");
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(config);
        caddy.env("HOME", hosting.folder()).env_remove("XDG_DATA_HOME");
        caddy.env_remove("XDG_CONFIG_HOME");
        hosting.answers_as_serve_does(Running::start(&mut caddy, hosting.log()), address);
    });
}

#[cfg(feature = "serve")]
#[test]
fn apache_answers_as_serve_does() {
    needs!("apache2");
    let hosting = Hosting::with_pacc();
    let [address] = own_addresses();
    let modules = ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"];
    let modules = modules.iter().find(|folder| fs::exists(folder).unwrap_or(false));
    let modules = modules.expect("an installed Apache has its modules in one of these folders");
    let load = ["mpm_prefork", "authz_core", "alias", "headers", "mime"]
        .map(|name| format!("LoadModule {name}_module {modules}/mod_{name}.so\n"))
        .concat();
    let config = hosting.write(
        "apache.conf",
        &format!(
            "{load}ServerName localhost\nListen {address}\nPidFile {folder}/apache.pid\n\
             DefaultRuntimeDir {folder}\nErrorLog {folder}/error.log\nDocumentRoot {folder}/none\n\
             TypesConfig /dev/null\nUser nobody\nGroup nogroup\n\
             <Directory />\n Require all denied\n</Directory>\n\
             <Directory {folder}/none>\n Require all granted\n</Directory>\n\
             <VirtualHost {address}>\n ServerName {DOMAIN}\n Include {snippet}\n</VirtualHost>\n",
            folder = hosting.folder(),
            snippet = hosting.file("apache/example.org.conf"),
        ),
    );
    fs::create_dir(hosting.bundle.folder().join("none")).expect("an empty folder");
    let mut apache = support::command("apache2");
    // -X: one process, in the foreground.
    apache.arg("-X").arg("-f").arg(config);
    hosting.answers_as_serve_does(Running::start(&mut apache, hosting.log()), address);
}

/// The marks around the table in the README.
#[cfg(feature = "serve")]
const MARKS: (&str, &str) = ("<!-- files -->\n\n", "\n<!-- /files -->");

#[cfg(feature = "serve")]
#[test]
fn the_readme_says_what_a_server_of_files_cannot_do() {
    let path = support::root().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once(MARKS.0).expect("the first mark");
    let (table, after) = rest.split_once(MARKS.1).expect("the second mark");
    let wanted = requests::differences();
    if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") {
        let readme = [before, MARKS.0, &wanted, MARKS.1, after].concat();
        return fs::write(&path, readme).expect("our own file");
    }
    assert_eq!(
        table, wanted,
        "SNAPSHOTS=overwrite writes the table of tests/clients/hosting/requests.rs"
    );
}

#[cfg(feature = "serve")]
#[test]
fn the_table_of_requests_has_every_path_of_other_systems() {
    let ended = support::Run::new().args(&["targets", "show", "apple-mail"]).code(0);
    let (_, rest) = ended.stdout.split_once("paths of other systems: ").expect("they are shown");
    for path in rest.lines().next().expect("a line").split(", ") {
        let is_asked = |asked: &requests::AskedRequest| asked.path.split('?').next() == Some(path);
        assert!(requests::REQUESTS.iter().any(is_asked), "{path}");
    }
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
