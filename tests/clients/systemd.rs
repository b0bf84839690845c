//! Does systemd take our units, and does the service live with what they forbid it?
//!
//! `systemd-analyze` judges the files. Then a systemd of its own, in a world of its own
//! (`systemd/boot`), opens the ports and starts the service when the first client comes.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::{self, Ended, PATIENCE, Running};

/// Ten times the exposure that `systemd-analyze security` of systemd 252 finds: 0 is a service that may
/// do nothing, 100 one that may do everything.
const EXPOSURE: &str = "11";

/// Where the folder of a test is in the world of `systemd/boot`.
const HERE: &str = "/run/test";

#[test]
fn systemd_takes_the_units_with_and_without_the_certificate() {
    needs!("systemd-analyze");
    let folder = TempDir::new().expect("a temporary folder");
    let program =
        |text: &str| text.replace("/usr/bin/mailwright", env!("CARGO_BIN_EXE_mailwright"));
    for with_certificate in [true, false] {
        let units = units(folder.path(), with_certificate, program);
        let said = verify(&units).fine();
        assert_eq!(said.stderr, "");
    }
}

#[test]
fn systemd_complains_of_a_word_that_it_does_not_know() {
    needs!("systemd-analyze");
    let folder = TempDir::new().expect("a temporary folder");
    let units = units(folder.path(), true, |text| {
        text.replace("LoadCredential=", "LoadCredentials=").replace("NoDelay=", "NoDelays=")
    });
    let said = verify(&units);
    for word in ["LoadCredentials", "NoDelays"] {
        assert!(said.stderr.contains(&format!("Unknown key '{word}'")), "{said:?}");
    }
}

#[test]
fn the_service_is_exposed_no_more_than_it_was() {
    needs!("systemd-analyze");
    let mut analyze = support::command("systemd-analyze");
    analyze.args(["security", "--offline=true", &format!("--threshold={EXPOSURE}")]);
    support::run(analyze.arg(packaged().join("mailwright.service"))).fine();
}

#[test]
fn the_commands_of_the_units_are_taken() {
    let mut seen = 0;
    for file in ["mailwright.service", "mailwright.service.d/tls.conf"] {
        let text = fs::read_to_string(packaged().join(file)).expect("a unit");
        for line in text.lines().filter_map(|line| line.strip_prefix("ExecStart=/usr/bin/")) {
            seen += 1;
            let line = line.replace("%d", "/run/credentials/mailwright.service");
            let parsed =
                mailwright::internals::cli::definition().try_get_matches_from(line.split(' '));
            assert!(parsed.is_ok(), "{file}: {line}: {}", parsed.unwrap_err());
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn the_first_client_starts_the_service_which_has_no_rights() {
    needs!("systemd-analyze", "unshare", "nsenter", "ip", "openssl");
    if !support::is_root() {
        return support::skip("root");
    }
    support::alone("systemd::the_first_client_starts_the_service_which_has_no_rights", || {
        let world = World::boot();
        assert_eq!(world.state("mailwright.service"), "inactive");

        // Port 80 and port 443 belong to systemd until somebody asks.
        let over_tls = get_over_tls("both.example");
        for answer in [get("both.example"), over_tls] {
            assert!(answer.contains("<emailProvider"), "{answer}\n{}", world.log());
        }

        let process = world.main_process();
        let status = world.enter(&["cat", &format!("/proc/{process}/status")]).stdout;
        let line = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim().to_owned()
        };
        assert!(!line("Uid:").split_whitespace().any(|id| id == "0"), "{status}");
        for set in ["CapEff:", "CapPrm:", "CapBnd:", "CapAmb:"] {
            assert_eq!(line(set), "0000000000000000", "{set}");
        }
        assert_eq!((&*line("NoNewPrivs:"), &*line("Seccomp:")), ("1", "2"));

        let log = world.log();
        let confined = log.lines().find(|line| line.contains("confined: ")).unwrap_or(&log);
        assert!(confined.contains("Landlock, seccomp"), "{confined}");

        // A reload is no restart.
        world.provider("other.example");
        world.systemctl(&["reload", "mailwright.service"]);
        let found = support::poll(PATIENCE, || {
            get("other.example").contains("<emailProvider").then_some(())
        });
        assert!(found.is_some(), "{}", world.log());
        assert_eq!(world.main_process(), process);

        // While it starts anew, whoever comes waits and is answered.
        let mut restart = world.entering(&["systemctl", "restart", "mailwright.service"]);
        let mut restart = restart.spawn().expect("nsenter starts");
        let mut answers = 0;
        while restart.try_wait().expect("a child of ours").is_none() || answers < 20 {
            let answer = get("both.example");
            assert!(answer.contains("<emailProvider"), "{answer}\n{}", world.log());
            answers += 1;
        }
        assert_ne!(world.main_process(), process);
        world.systemctl(&["stop", "mailwright.socket", "mailwright-https.socket"]);
        world.systemctl(&["stop", "mailwright.service"]);
        assert_eq!(world.state("mailwright.service"), "inactive", "{}", world.log());
    });
}

fn packaged() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd")
}

/// Our units in a folder, changed; all but the drop-in are returned.
fn units(folder: &Path, with_certificate: bool, change: impl Fn(&str) -> String) -> Vec<PathBuf> {
    let drop_in = Path::new("mailwright.service.d/tls.conf");
    let names = ["mailwright.service", "mailwright.socket", "mailwright-https.socket"];
    fs::create_dir_all(folder.join("mailwright.service.d")).expect("a folder in ours");
    for name in names.iter().map(Path::new).chain([drop_in]) {
        let text = fs::read_to_string(packaged().join(name)).expect("a unit of ours");
        fs::write(folder.join(name), change(&text)).expect("a file in our folder");
    }
    if !with_certificate {
        fs::remove_dir_all(folder.join("mailwright.service.d")).expect("our own folder");
    }
    names.map(|name| folder.join(name)).into()
}

fn verify(units: &[PathBuf]) -> Ended {
    let mut analyze = support::command("systemd-analyze");
    // Pages for `man` come with the Debian package only.
    support::run(analyze.args(["verify", "--man=no"]).args(units))
}

/// A systemd with our units and nothing else.
struct World {
    folder: TempDir,
    init: String,
    _boot: Running,
}

impl World {
    #[track_caller]
    fn boot() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        // The service is a user of its own, and has to come to the program and the providers.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
        for name in ["units", "etc/providers", "tls"] {
            fs::create_dir_all(path(name)).expect("a folder in ours");
        }
        units(&path("units"), true, |text| {
            text.replace("/usr/bin/mailwright", &format!("{HERE}/mailwright"))
                .replace("/etc/mailwright", &format!("{HERE}/etc"))
                .replace("/etc/ssl/mailwright", &format!("{HERE}/tls"))
        });
        let log = format!(
            "[Service]\nStandardOutput=append:{HERE}/said\nStandardError=append:{HERE}/said\n"
        );
        fs::write(path("units/mailwright.service.d/log.conf"), log).expect("a file in ours");
        for name in ["sysinit", "basic", "sockets", "network", "shutdown"] {
            fs::write(path(&format!("units/{name}.target")), "[Unit]\n").expect("a file in ours");
        }
        let target = "[Unit]\nWants=mailwright.socket mailwright-https.socket\n";
        fs::write(path("units/test.target"), target).expect("a file in ours");
        fs::copy(env!("CARGO_BIN_EXE_mailwright"), path("mailwright")).expect("a copy of ours");

        let mut openssl = support::command("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-nodes", "-days", "2", "-subj", "/CN=both.example"]);
        openssl.args(["-addext", "subjectAltName=DNS:both.example"]);
        openssl.arg("-keyout").arg(path("tls/privkey.pem"));
        support::run(openssl.arg("-out").arg(path("tls/fullchain.pem"))).fine();
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(path("tls/privkey.pem"), private).expect("ours");

        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/systemd/boot");
        let mut boot = Command::new(script);
        boot.arg(folder.path()).stdin(Stdio::null());
        let mut boot = Running::start(&mut boot, path("boot.log"));
        let init = boot.until(|| fs::read_to_string(path("init.pid")).ok());
        let world = Self { folder, init: init.trim().to_owned(), _boot: boot };
        world.provider("both.example");
        let up = support::poll(PATIENCE, || {
            (world.state("mailwright-https.socket") == "active").then_some(())
        });
        assert!(up.is_some(), "{}", world._boot.log());
        world
    }

    /// Adds a provider.
    fn provider(&self, domain: &str) {
        let text = include_str!("../fixtures/providers/both.example.toml");
        let file = self.folder.path().join(format!("etc/providers/{domain}.toml"));
        let text = text.replace("beide.example", &format!("beide.{domain}"));
        fs::write(file, text.replace("both.example", domain)).expect("a file in our folder");
    }

    fn entering(&self, command: &[&str]) -> Command {
        let mut enter = support::command("nsenter");
        enter.args(["--target", &self.init, "--mount", "--pid"]).args(command);
        enter
    }

    #[track_caller]
    fn enter(&self, command: &[&str]) -> Ended {
        support::run(&mut self.entering(command)).fine()
    }

    #[track_caller]
    fn systemctl(&self, arguments: &[&str]) -> Ended {
        self.enter(&[&["systemctl"], arguments].concat())
    }

    /// Also while systemd itself is still on its way up.
    fn state(&self, unit: &str) -> String {
        let said = support::run(&mut self.entering(&["systemctl", "is-active", unit]));
        said.stdout.trim().to_owned()
    }

    #[track_caller]
    fn main_process(&self) -> String {
        let said = self.systemctl(&["show", "--value", "--property=MainPID", "mailwright.service"]);
        let id = said.stdout.trim().to_owned();
        assert_ne!(id, "0", "{}", self.log());
        id
    }

    /// What the service said.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }
}

fn request(domain: &str) -> String {
    format!(
        "GET /mail/config-v1.1.xml?emailaddress=ann%40{domain} HTTP/1.1\r\n\
         Host: autoconfig.{domain}\r\nConnection: close\r\n\r\n"
    )
}

/// The answer, or what went wrong on the way to it.
fn get(domain: &str) -> String {
    let ask = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, 80))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request(domain).as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    ask().unwrap_or_else(|e| e.to_string())
}

#[track_caller]
fn get_over_tls(domain: &str) -> String {
    let file = TempDir::new().expect("a temporary folder");
    let file = file.path().join("request");
    fs::write(&file, request(domain)).expect("a temporary file");
    let mut openssl = support::command("openssl");
    openssl.args(["s_client", "-quiet", "-connect", "127.0.0.1:443", "-servername", domain]);
    openssl.stdin(fs::File::open(&file).expect("a temporary file"));
    support::run(&mut openssl).stdout
}
