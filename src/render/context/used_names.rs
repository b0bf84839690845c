//! Finds the context names that a template uses, so that only those values are created.

/// The [`NAMES`] that occur in a template's expressions. May include names that it does not use,
/// but never misses one.
#[derive(Default)]
pub(crate) struct UsedNames {
    names: Vec<&'static str>,
    /// The template uses `lookup` on the root, which can ask for any name.
    anything: bool,
}

/// The context keys that are created only on demand.
const NAMES: [&str; 18] = [
    "digests",
    "documentation",
    "domains",
    "enable",
    "hosted",
    "identifier",
    "included",
    "languages",
    "mxDomains",
    "option",
    "organization",
    "refuses",
    "reversedDomain",
    "services",
    "text",
    "token",
    "uuid",
    LOOKUP,
];

impl UsedNames {
    pub(crate) fn by(template: &str) -> Self {
        let mut asked = Self::default();
        for piece in template.split("{{").skip(1) {
            // Up to the last closing braces before the next expression, because a literal may
            // contain braces.
            let expression = piece.rfind("}}").map_or(piece, |end| &piece[..end]);
            for word in expression.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()) {
                if let Some(name) = NAMES.iter().find(|name| name.as_bytes() == word)
                    && !asked.names.contains(name)
                {
                    asked.names.push(name);
                }
            }
        }
        asked.anything = asked.names.contains(&LOOKUP)
            && ["this ", "../", "@root "]
                .iter()
                .any(|root| template.contains(&[LOOKUP, " ", root].concat()));
        asked
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        debug_assert!(NAMES.contains(&name), "{name} is missing in NAMES");
        self.anything || self.names.contains(&name)
    }
}

/// Not a name, but the helper that can ask for any name.
const LOOKUP: &str = "lookup";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_where_it_stands_in_an_expression() {
        let asked = UsedNames::by(
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
        assert!(UsedNames::by("{{lookup this name}}").has("services"));
        assert!(!UsedNames::by("{{lookup option name}}").has("services"));
    }
}
