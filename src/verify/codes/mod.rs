//! The names of everything that can be wrong, and the page about each.
//!
//! A name is stable: scripts and monitoring match on it. Its page is what `mailwright explain`
//! prints; the server's own words stand in the report beside it.

pub mod hosted;
pub mod login;
pub mod message;
pub mod network;
pub mod oauth2;
pub mod session;
pub mod tls;

use super::step::Outcome;

/// One thing that can be wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Kebab-case.
    pub name: &'static str,
    /// What a step that has it came to.
    pub outcome: Outcome,
    /// What was seen, as a sentence without a full stop.
    pub title: &'static str,
    pub means: &'static str,
    /// What to do.
    pub help: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $name:literal, $outcome:ident, $title:literal, $means:literal, $help:literal;)*) => {
        use crate::verify::codes::Code;
        use crate::verify::step::Outcome;

        $(pub static $constant: Code = Code {
            name: $name,
            outcome: Outcome::$outcome,
            title: $title,
            means: $means,
            help: $help,
        };)*

        pub(super) static ALL: &[&Code] = &[$(&$constant),*];
    };
}
use codes;

/// Every code, by subject.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [network::ALL, session::ALL, tls::ALL, oauth2::ALL, login::ALL, message::ALL, hosted::ALL]
        .into_iter()
        .flatten()
        .copied()
}

/// The code of that name.
pub fn find(name: &str) -> Option<&'static Code> {
    all().find(|code| code.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_and_a_whole_page() {
        let mut names = BTreeSet::new();
        for code in all() {
            assert!(names.insert(code.name), "{} twice", code.name);
            assert!(
                code.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            );
            assert!(!code.title.ends_with('.'), "{}", code.name);
            for text in [code.means, code.help] {
                assert!(text.ends_with('.') && text.len() > 25, "{}: {text}", code.name);
            }
        }
        assert!(names.len() >= 50, "{}", names.len());
    }
}
