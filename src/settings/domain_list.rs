//! Reads the domains of a text file: `domainsFrom` of a provider file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::codes;
use crate::finding::{Finding, Source};
use crate::model::{CONFIG_HOST_LABELS, Hostname, Invalid};
use crate::regular_file::{self, Links, Refused};

/// Where a provider file's list of domains may lie.
#[derive(Debug, Clone, Copy)]
pub struct ListFolder<'a> {
    /// The folder of the provider file. The name of the list is relative to it.
    pub beside: &'a Path,
    /// The list must lie within this folder, also after all links.
    pub within: &'a Path,
    /// The most domains that a list may have.
    pub most: usize,
}

/// The domains of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainList {
    /// Sorted.
    pub domains: Vec<Hostname>,
    /// Parent domains: `example.com` for `*.example.com`.
    pub wildcards: Vec<Hostname>,
}

/// The most domains of a list by default.
pub const MOST_LISTED: usize = 100_000;
/// Bytes of a line. A DNS name has at most 253 characters.
const LINE: u64 = 256;
/// Wrong lines that are reported. A file of another kind would be wrong in every line.
const MOST_REPORTED: usize = 20;

impl<'a> ListFolder<'a> {
    /// For a provider file that was named by its path.
    pub fn of_file(path: &'a Path) -> Self {
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        Self { beside: folder, within: folder, most: MOST_LISTED }
    }

    /// The path of a list.
    pub fn path(&self, name: &str) -> PathBuf {
        self.beside.join(name)
    }

    /// Reads a list.
    ///
    /// # Errors
    ///
    /// It cannot be read, or lines of it are not domains.
    pub fn read(&self, name: &str) -> Result<DomainList, Vec<Finding>> {
        let path = self.path(name);
        let shown = path.display();
        let unreadable = |why: &dyn std::fmt::Display, help: String| {
            let message = format!("cannot read the domains of {shown}: {why}");
            vec![Finding::new(codes::UNREADABLE_DOMAIN_LIST, message).help(help)]
        };
        let most = (self.most as u64).saturating_mul(LINE);
        let bytes = regular_file::read(&path, most, Links::Within(self.within));
        let bytes = bytes.map_err(|why| {
            let help = match &why {
                Refused::TooLarge(_) => self.too_many(),
                Refused::Outside(_) => format!("put the list into {}", self.within.display()),
                _ => "domainsFrom names a text file, relative to the provider file".to_owned(),
            };
            unreadable(&why, help)
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            unreadable(&"it is not UTF-8 text", "write one domain on each line".to_owned())
        })?;
        self.parse(&path, text)
    }

    fn too_many(&self) -> String {
        format!(
            "a list has at most {} domains; `serve --max-listed-domains` allows more",
            self.most
        )
    }

    /// The domains of the text of a list; `path` is for messages.
    ///
    /// # Errors
    ///
    /// Lines of it are not domains.
    pub fn parse(&self, path: &Path, text: String) -> Result<DomainList, Vec<Finding>> {
        let source = Source::new(path.display().to_string(), text);
        let (mut domains, mut wildcards) = (BTreeSet::new(), BTreeSet::new());
        let mut findings = Vec::new();
        let mut at = 0;
        for line in source.text.split_inclusive('\n') {
            let content = line.split('#').next().unwrap_or_default();
            let name = content.trim_start_matches('\u{FEFF}').trim();
            let start = at + content.find(name).unwrap_or_default();
            at += line.len();
            if name.is_empty() {
                continue;
            }
            let (bare, kind) = match name.strip_prefix("*.") {
                Some(parent) => (parent, &mut wildcards),
                None => (name, &mut domains),
            };
            match mail_domain(bare) {
                Ok(domain) => drop(kind.insert(domain)),
                Err(why) => findings.push(
                    Finding::new(codes::INVALID_DOMAIN_LIST, why.to_string())
                        .at(&source, start..start + name.len())
                        .help("write one domain on each line, such as example.com or *.example.com; a comment begins with #"),
                ),
            }
            if findings.len() == MOST_REPORTED {
                break;
            }
        }
        if findings.is_empty() && domains.len() + wildcards.len() > self.most {
            let message = format!("{} has more than {} domains", source.name, self.most);
            findings.push(Finding::new(codes::TOO_MANY_DOMAINS, message).help(self.too_many()));
        }
        match findings.is_empty() {
            true => Ok(DomainList {
                domains: domains.into_iter().collect(),
                wildcards: wildcards.into_iter().collect(),
            }),
            false => Err(findings),
        }
    }
}

/// A host name with a dot that can stand behind the @ of an address. A host where clients ask for the
/// settings of another domain is none: it would answer for that domain.
pub fn mail_domain(name: &str) -> Result<Hostname, Invalid> {
    let domain = Hostname::new(name)?;
    if domain.as_str().parse::<std::net::IpAddr>().is_ok() {
        return Err(Invalid::new(format!("{domain} is an IP address and no mail domain")));
    }
    if let Some((first, rest)) = domain.as_str().split_once('.')
        && CONFIG_HOST_LABELS.contains(&first)
        && rest.contains('.')
    {
        return Err(Invalid::new(format!(
            "{domain} is where clients ask for the settings of {rest}, and no mail domain"
        )));
    }
    match domain.is_qualified() {
        true => Ok(domain),
        false => Err(Invalid::new(format!("\"{domain}\" has no dot, so it is no mail domain"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, most: usize) -> Result<DomainList, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("list.txt"), text).unwrap();
        let lists = ListFolder { beside: folder.path(), within: folder.path(), most };
        let shown = format!("{}/", folder.path().display());
        lists.read("list.txt").map_err(|findings| {
            findings.iter().map(|finding| finding.to_string().replace(&shown, "")).collect()
        })
    }

    #[test]
    fn a_list_has_a_domain_on_each_line() {
        let text = "\u{FEFF}# ours\r\nb.example # the second\r\n\r\n  Bücher.example\na.example\n\
                    a.example\n*.c.example";
        let list = read(text, 10).unwrap();
        let names: Vec<&str> = list.domains.iter().map(Hostname::as_str).collect();
        assert_eq!(names, ["a.example", "b.example", "xn--bcher-kva.example"]);
        assert_eq!(list.wildcards, [Hostname::new("c.example").unwrap()]);
        assert_eq!(read("", 10).unwrap(), DomainList::default());
    }

    #[test]
    fn ip_addresses_and_the_hosts_that_clients_ask_are_no_mail_domains() {
        for name in ["192.0.2.1", "autoconfig.a.example", "AutoDiscover.a.example"] {
            assert!(mail_domain(name).is_err(), "{name}");
        }
        for name in ["autoconfig.example", "ourautoconfig.a.example", "a.example"] {
            assert!(mail_domain(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn each_wrong_line_is_reported_with_its_place() {
        let wrong = read("a.example\n  two names.example\ncom\n", 10).unwrap_err();
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(
            wrong[0].contains("list.txt:2:3") && wrong[1].contains("list.txt:3:1"),
            "{wrong:?}"
        );
        assert_eq!(read(&"?\n".repeat(1000), 1000).unwrap_err().len(), MOST_REPORTED);
    }

    #[test]
    fn a_list_with_too_many_domains_names_the_limit_and_the_option() {
        let long: String = (0..11).map(|n| format!("d{n}.example\n")).collect();
        assert!(read(&long, 11).is_ok());
        for text in [long, "#".repeat(11 * 256)] {
            let wrong = read(&text, 10).unwrap_err();
            assert!(wrong[0].contains("10") || wrong[0].contains("2560"), "{wrong:?}");
        }
        let lists = ListFolder { beside: Path::new("."), within: Path::new("."), most: 10 };
        assert!(lists.too_many().contains("--max-listed-domains"));
    }
}
