//! The pages about what can be wrong with a client's file, from `checks/`.
//!
//! A reader in `import` finds a defect and names its rule; the rule's page says how bad that is,
//! whom it hurts and what to do. A page is a text, so that what is known of a client can grow
//! without Rust.

use crate::document;
use crate::embedded;
use crate::finding::{Severity, Source};

/// A rule, as `checks/NAME.toml` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Stable: scripts match on it.
    pub code: &'static str,
    pub severity: Severity,
    /// What was seen, in one lower-case sentence without a full stop.
    pub title: String,
    pub means: String,
    /// What to do.
    pub help: String,
    /// What `check --fix` does about it, where it can.
    pub mend: Option<String>,
    /// Which client and version, or which page, this is known from.
    pub source: String,
    pub hurts: Vec<Hurt>,
}

/// What a client makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hurt {
    pub client: String,
    /// `drops the server`
    pub how: String,
    /// What it does not get, where that can be said so plainly.
    pub loses: Option<Loses>,
}

/// What a client does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loses {
    /// Everything.
    File,
    /// The server that the defect is in.
    Server,
}

/// Every rule, in the order of their names.
pub fn all() -> impl Iterator<Item = Rule> {
    embedded::files_below("checks").filter_map(|(name, text)| read(code_of(name)?, text))
}

/// The rule of that name.
pub fn find(code: &str) -> Option<Rule> {
    let wanted = format!("{code}.toml");
    let (name, text) = embedded::files_below("checks").find(|(name, _)| *name == wanted)?;
    read(code_of(name)?, text)
}

fn code_of(name: &'static str) -> Option<&'static str> {
    name.strip_suffix(".toml")
}

/// What a page lacks is found by a test, since all of them are built in.
fn read(code: &'static str, text: &'static str) -> Option<Rule> {
    let source = Source::new(format!("checks/{code}.toml"), text);
    let (rule, _) = document::read(&source, |root| {
        let text = |key: &str| root.string(key);
        let severity = match text("severity")?.as_str() {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            "note" => Severity::Note,
            _ => return None,
        };
        let hurts = root.tables("hurts");
        let hurts = hurts.iter().filter_map(|hurt| {
            let loses = match hurt.string("loses").as_deref() {
                Some("file") => Some(Loses::File),
                Some("server") => Some(Loses::Server),
                _ => None,
            };
            Some(Hurt { client: hurt.string("client")?, how: hurt.string("how")?, loses })
        });
        Some(Rule {
            code,
            severity,
            title: text("title")?,
            means: text("means")?,
            help: text("help")?,
            mend: root.has("mend").then(|| text("mend")).flatten(),
            source: text("source")?,
            hurts: hurts.collect(),
        })
    });
    rule
}
