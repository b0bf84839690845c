//! What the target `hosting` writes for a domain.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::Bundle;

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
        Self::of(DOMAIN, &[DOMAIN, "--provider", "fastmail", "--protocol", "both"])
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
            let origin = path.ends_with(".json");
            assert_eq!(header("Access-Control-Allow-Origin").is_some(), origin, "{path}");
            let media_type = header("Content-Type").expect("that is what it is for");
            all.insert(path[1..].to_owned(), (media_type, header("Content-Disposition")));
        }
        all
    }
}
