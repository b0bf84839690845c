//! Which names of the context a template asks for, so that nobody else's are made.

use std::collections::BTreeSet;

/// Every word in a template's expressions: more than it asks for, never less.
#[derive(Default)]
pub(crate) struct Asked {
    words: BTreeSet<String>,
    /// It looks up in the root by another value, which can be any name.
    anything: bool,
}

impl Asked {
    pub(crate) fn by(template: &str) -> Self {
        // Up to the last closing braces before the next expression: a literal may hold some, too.
        let expressions = template
            .split("{{")
            .skip(1)
            .map(|piece| piece.rfind("}}").map_or(piece, |end| &piece[..end]));
        let words = expressions
            .flat_map(|expression| expression.split(|c: char| !c.is_ascii_alphanumeric()))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let anything = ["lookup this ", "lookup ../", "lookup @root "]
            .iter()
            .any(|root| template.contains(root));
        Self { words, anything }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.anything || self.words.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_where_it_stands_in_an_expression() {
        let asked = Asked::by(
            "uuid {{#each ../domains}}{{@root.option.x}}{{fill \"}}\" a=token}}{{/each}} text",
        );
        for name in ["domains", "option", "token"] {
            assert!(asked.has(name), "{name}");
        }
        assert!(!asked.has("uuid"));
        assert!(!asked.has("text"));
    }

    #[test]
    fn whoever_looks_up_in_the_root_asks_for_anything() {
        assert!(Asked::by("{{lookup this name}}").has("services"));
        assert!(!Asked::by("{{lookup option name}}").has("services"));
    }
}
