//! The registry of codes: every code that a command can report, with its page.
//!
//! The pages are in `codes/`, one file for each family; `build.rs` turns them into the data below and
//! one constant for each code. [`Code`] has no public constructor, so a code without a page does not
//! compile.

use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};

include!(concat!(env!("OUT_DIR"), "/codes.rs"));

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Good to know; nothing is wrong.
    Note,
    /// Written, but somebody will be surprised: an account that cannot sign in, a file left out.
    Warning,
    /// Nothing is written.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// The name of something that can be wrong. It dereferences to its page, and codes sort by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

/// What is known about a code.
#[derive(Debug)]
pub struct Page {
    /// Stable, in kebab case: scripts and monitoring match on it.
    pub name: &'static str,
    /// The family that it belongs to.
    pub family: &'static Family,
    /// The severity of a finding, unless its context changes it.
    pub severity: Severity,
    /// What was seen, in one lower-case sentence without a full stop.
    pub title: &'static str,
    /// What that means for users.
    pub means: &'static str,
    /// What to do.
    pub help: &'static str,
    /// What `check --fix` does about it, if it can.
    pub fix: Option<&'static str>,
    /// The client and version, the specification or the page that this is known from.
    pub source: &'static str,
    /// The clients that it affects.
    pub hurts: &'static [Hurt],
}

/// What a client makes of a defect.
#[derive(Debug)]
pub struct Hurt {
    /// The client, with the versions if not all are affected.
    pub client: &'static str,
    /// `drops the server`
    pub how: &'static str,
    /// What the client does not get, if the page says so.
    pub loses: Option<Loses>,
}

/// What a client does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loses {
    /// Everything.
    File,
    /// The server that the defect is in.
    Server,
}

/// The codes of one file of `codes/`.
#[derive(Debug)]
pub struct Family {
    /// The name of the file without `.toml`.
    pub name: &'static str,
    /// What the family is about.
    pub title: &'static str,
}

/// Every code, in the order of their names.
pub fn all() -> impl Iterator<Item = Code> {
    (0..).take(PAGES.len()).map(Code)
}

/// Every family, in the order of their names, with its codes.
pub fn families() -> impl Iterator<Item = (&'static Family, Vec<Code>)> {
    FAMILIES.iter().map(|family| {
        (family, all().filter(|code| code.family.name == family.name).collect::<Vec<_>>())
    })
}

/// The code of that name.
pub fn find(name: &str) -> Option<Code> {
    let at = PAGES.binary_search_by(|page| page.name.cmp(name)).ok()?;
    u16::try_from(at).ok().map(Code)
}

impl Deref for Code {
    type Target = Page;

    fn deref(&self) -> &Page {
        &PAGES[usize::from(self.0)]
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl PartialEq<str> for Code {
    fn eq(&self, name: &str) -> bool {
        self.name == name
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, name: &&str) -> bool {
        self.name == *name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_its_name_and_by_no_other() {
        for code in all() {
            assert_eq!(find(code.name), Some(code));
        }
        assert_eq!(find("no-such-code"), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn codes_sort_by_name_and_every_family_has_some() {
        let names: Vec<_> = all().map(|code| code.name).collect();
        assert!(names.is_sorted());
        assert!(families().all(|(_, codes)| !codes.is_empty()));
        assert_eq!(families().map(|(_, codes)| codes.len()).sum::<usize>(), names.len());
    }

    #[test]
    fn a_code_reads_as_its_name_everywhere() {
        let code = MALFORMED;
        assert_eq!(code.to_string(), "malformed");
        assert_eq!(format!("{code:?}"), "\"malformed\"");
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"malformed\"");
    }
}
