//! Decides which domains a provider file may have: never a public suffix, and only what the
//! operator's `--domain-owners` allows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use psl::Type;

use crate::codes;
use crate::finding::{Finding, Source};
use crate::model::Hostname;
use crate::regular_file::{self, Links};
use crate::settings::mail_domain;

use super::prepare::stamp_of;
use super::sources::Stamp;
use super::store::{Claim, ClaimKind};

/// Who decides which provider file may have which domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DomainOwners {
    /// Every file may have every domain: all files belong to one operator.
    #[default]
    All,
    /// `example.com.toml` may have `example.com` and everything below it.
    FileName,
    /// A file that lists the domains of each provider file.
    File(PathBuf),
}

impl DomainOwners {
    /// The folder to watch for changes.
    pub fn folder(&self) -> Option<PathBuf> {
        let Self::File(path) = self else { return None };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Some(folder.unwrap_or(Path::new(".")).to_owned())
    }
}

/// Why a file may not have a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAllowed {
    /// Anybody can register a domain below it.
    PublicSuffix,
    /// The operator gave it to others, or to no file.
    Owner,
}

/// The rules as they are now.
#[derive(Debug)]
pub struct DomainRules {
    owners: DomainOwners,
    /// By the name of the provider file.
    listed: HashMap<String, Allowed>,
    stamp: Option<Stamp>,
}

#[derive(Debug, Default)]
struct Allowed {
    domains: Vec<Hostname>,
    /// `*.example.com`
    below: Vec<Hostname>,
}

/// Bytes of the file with the owners.
const LARGEST: u64 = 64 << 20;

impl DomainRules {
    /// The rules before any file is read: nothing is listed.
    pub fn new(owners: DomainOwners) -> Self {
        Self { owners, listed: HashMap::new(), stamp: None }
    }

    /// Reads the file with the owners if it has changed. Returns whether it did.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or lines of it are wrong. The rules stay as they are then.
    pub fn reload(&mut self) -> Result<bool, Vec<Finding>> {
        let DomainOwners::File(path) = &self.owners else { return Ok(false) };
        let stamp = stamp_of(path);
        if stamp.is_some() && stamp == self.stamp {
            return Ok(false);
        }
        let shown = path.display().to_string();
        let unreadable = |why: &dyn std::fmt::Display| {
            let message = format!("cannot read --domain-owners {shown}: {why}");
            vec![Finding::new(codes::DOMAIN_OWNERS_FILE, message)]
        };
        let bytes = regular_file::read(path, LARGEST, Links::Anywhere);
        let bytes = bytes.map_err(|why| unreadable(&why))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable(&"it is not UTF-8 text"))?;
        let listed = parse(&Source::new(shown.clone(), text))?;
        (self.listed, self.stamp) = (listed, stamp);
        Ok(true)
    }

    /// Whether the provider file of this name may have the domain.
    ///
    /// # Errors
    ///
    /// The reason why not.
    pub fn allow(&self, name: &str, claim: Claim<'_>) -> Result<(), NotAllowed> {
        let is_listed = || self.listed.get(name).is_some_and(|allowed| allowed.has(claim));
        match public_suffix(claim) {
            Some(Type::Icann) => return Err(NotAllowed::PublicSuffix),
            // Somebody runs this suffix, and may be a customer here.
            Some(Type::Private) if !is_listed() => return Err(NotAllowed::PublicSuffix),
            Some(Type::Private) | None => {}
        }
        let is_allowed = match &self.owners {
            DomainOwners::All => true,
            DomainOwners::FileName => {
                let own = name.rsplit('/').next().unwrap_or_default();
                Hostname::new(own).is_ok_and(|own| is_within(claim.domain, own.as_str()))
            }
            DomainOwners::File(_) => is_listed(),
        };
        if is_allowed { Ok(()) } else { Err(NotAllowed::Owner) }
    }

    /// What the operator can do about it.
    pub fn help(&self, why: NotAllowed, name: &str) -> String {
        match (why, &self.owners) {
            (NotAllowed::PublicSuffix, _) => {
                "name the domains themselves; --domain-owners FILE can allow the suffix of a company, \
                 such as github.io, by its name"
                    .to_owned()
            }
            (NotAllowed::Owner, DomainOwners::File(path)) => {
                format!("to allow it, add it to the line of {name} in {}", path.display())
            }
            (NotAllowed::Owner, _) => {
                "with --domain-owners file-name, a file may have the domain of its name and the \
                 domains below; use --domain-owners FILE for other domains"
                    .to_owned()
            }
        }
    }
}

impl Allowed {
    fn has(&self, claim: Claim<'_>) -> bool {
        let is_below = |parent: &Hostname| match claim.kind {
            ClaimKind::Wildcard => is_within(claim.domain, parent.as_str()),
            _ => claim.domain != parent.as_str() && is_within(claim.domain, parent.as_str()),
        };
        let is_itself = self.domains.iter().any(|domain| match claim.kind {
            ClaimKind::Wildcard => false,
            // The owner of a domain also has its hosts.
            ClaimKind::PublicHost => is_within(claim.domain, domain.as_str()),
            ClaimKind::Own | ClaimKind::Listed => domain.as_str() == claim.domain,
        });
        is_itself || self.below.iter().any(is_below)
    }
}

/// Whether it is the domain or below it.
fn is_within(domain: &str, parent: &str) -> bool {
    domain.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether the domain is a public suffix, or the wildcard has one right below. Names that are in no
/// list, such as `example` and `internal`, are not.
fn public_suffix(claim: Claim<'_>) -> Option<Type> {
    let of = |name: &str| {
        let suffix = psl::suffix(name.as_bytes())?;
        (suffix.as_bytes() == name.as_bytes()).then(|| suffix.typ()).flatten()
    };
    of(claim.domain).or_else(|| match claim.kind {
        // The list has `*.kawasaki.jp`, so every domain there is a suffix.
        ClaimKind::Wildcard => of(&format!("any-name.{}", claim.domain)),
        _ => None,
    })
}

/// Each line is `NAME DOMAIN…`; a comment begins with `#`.
fn parse(source: &Arc<Source>) -> Result<HashMap<String, Allowed>, Vec<Finding>> {
    let mut listed: HashMap<String, Allowed> = HashMap::new();
    let mut findings = Vec::new();
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let content = line.split('#').next().unwrap_or_default();
        let content = content.trim_start_matches('\u{FEFF}');
        let mut words = content.split_whitespace();
        let start = at;
        at += line.len();
        let Some(name) = words.next() else { continue };
        let allowed = listed.entry(name.to_owned()).or_default();
        let before = findings.len();
        for word in words {
            let (bare, kind) = match word.strip_prefix("*.") {
                Some(parent) => (parent, &mut allowed.below),
                None => (word, &mut allowed.domains),
            };
            match mail_domain(bare) {
                Ok(domain) => kind.push(domain),
                Err(why) => findings.push(Finding::new(codes::DOMAIN_OWNERS_FILE, why.to_string())),
            }
        }
        if allowed.domains.is_empty() && allowed.below.is_empty() && findings.len() == before {
            let message = format!("{name} has no domains");
            findings.push(Finding::new(codes::DOMAIN_OWNERS_FILE, message));
        }
        for finding in &mut findings[before..] {
            let end = start + line.trim_end().len();
            finding.place = Some(crate::finding::Place::new(source, start..end));
        }
    }
    if findings.is_empty() { Ok(listed) } else { Err(findings) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(text: &str) -> Claim<'_> {
        match text.strip_prefix("*.") {
            Some(domain) => Claim { domain, kind: ClaimKind::Wildcard },
            None => Claim { domain: text, kind: ClaimKind::Own },
        }
    }

    fn of_text(text: &str) -> DomainRules {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("owners");
        std::fs::write(&path, text).unwrap();
        let mut rules = DomainRules::new(DomainOwners::File(path));
        assert_eq!(rules.reload(), Ok(true));
        assert_eq!(rules.reload(), Ok(false));
        rules
    }

    #[test]
    fn no_file_may_have_a_public_suffix() {
        let rules = DomainRules::new(DomainOwners::All);
        for text in [
            "co.uk",
            "*.co.uk",
            "com",
            "*.com",
            "*.kawasaki.jp",
            "any.kawasaki.jp",
            "xn--55qx5d.cn",
            "github.io",
            "*.github.io",
            "blogspot.com",
        ] {
            assert_eq!(rules.allow("a", claim(text)), Err(NotAllowed::PublicSuffix), "{text}");
        }
        for text in
            ["example.co.uk", "*.example.co.uk", "ann.github.io", "a.example", "*.a.internal"]
        {
            assert_eq!(rules.allow("a", claim(text)), Ok(()), "{text}");
        }
        let rules = of_text("hoster github.io *.blogspot.com\ngreedy *.uk.com co.uk *.com.de\n");
        assert_eq!(rules.allow("hoster", claim("github.io")), Ok(()));
        assert_eq!(rules.allow("hoster", claim("*.blogspot.com")), Ok(()));
        assert_eq!(rules.allow("other", claim("github.io")), Err(NotAllowed::PublicSuffix));
        assert_eq!(rules.allow("greedy", claim("co.uk")), Err(NotAllowed::PublicSuffix));
    }

    #[test]
    fn a_file_may_have_the_domain_of_its_name_and_those_below() {
        let rules = DomainRules::new(DomainOwners::FileName);
        for (name, text, is_allowed) in [
            ("a.example", "a.example", true),
            ("a.example", "mx.a.example", true),
            ("a.example", "*.a.example", true),
            ("tenants/a.example", "a.example", true),
            ("A.example", "a.example", true),
            ("bücher.example", "xn--bcher-kva.example", true),
            ("a.example", "b.example", false),
            ("a.example", "ba.example", false),
            ("a.example", "*.b.example", false),
            ("sub.a.example", "a.example", false),
            ("a b", "a.example", false),
        ] {
            assert_eq!(rules.allow(name, claim(text)).is_ok(), is_allowed, "{name}: {text}");
        }
    }

    #[test]
    fn a_file_may_have_what_the_list_of_owners_gives_it() {
        let rules =
            of_text("# who\n\na a.example *.a.example # ours\r\nt/b b.example\na c.example\n");
        for (name, text, is_allowed) in [
            ("a", "a.example", true),
            ("a", "x.y.a.example", true),
            ("a", "*.x.a.example", true),
            ("a", "c.example", true),
            ("a", "*.c.example", false),
            ("a", "x.c.example", false),
            ("a", "b.example", false),
            ("t/b", "b.example", true),
            ("b", "b.example", false),
        ] {
            assert_eq!(rules.allow(name, claim(text)).is_ok(), is_allowed, "{name}: {text}");
        }
    }

    #[test]
    fn each_wrong_line_of_the_list_of_owners_is_reported_with_its_place() {
        let source = Source::new("owners", "a a.example\n\nb\nc c.example no/domain\n");
        let wrong = parse(&source).unwrap_err();
        let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(
            wrong[0].contains("owners:3:1") && wrong[0].contains("b has no domains"),
            "{wrong:?}"
        );
        assert!(wrong[1].contains("owners:4:1"), "{wrong:?}");
    }
}
