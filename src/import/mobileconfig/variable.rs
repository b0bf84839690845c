//! Variables that a device management server replaces.
//!
//! Jamf, Kandji, Fleet, Ivanti EPMM: `$EMAIL`; Jamf School, Sophos, MaaS360: `%Email%`; Intune,
//! Addigy: `{{mail}}`; Ivanti Neurons, XenMobile: `${userEmailAddress}`; Workspace ONE:
//! `{EmailAddress}`.

/// Whether the whole text is a variable.
pub(super) fn is_variable(text: &str) -> bool {
    let inside = |start: &str, end: &str| {
        text.strip_prefix(start)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|s| !s.is_empty())
    };
    let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let dollar = |rest: &str| {
        let name = rest.strip_suffix('$').unwrap_or(rest);
        name.len() > 1 && name.chars().all(upper)
    };
    inside("{", "}")
        || inside("%", "%")
        || inside("${", "}")
        || text.strip_prefix('$').is_some_and(dollar)
        || text == "$Email$"
}

/// Whether the text contains a variable. Recognises everything that a preset of `mdm/` writes. A
/// file with a variable must not be signed.
pub fn has_variable(text: &str) -> bool {
    let enclosed = |start: &str, end: &str| {
        text.find(start).is_some_and(|at| text[at + start.len()..].contains(end))
    };
    let upper = |c: char| c.is_ascii_uppercase() || c == '_';
    let dollar = text
        .match_indices('$')
        .any(|(at, _)| text[at + 1..].chars().take_while(|c| upper(*c)).count() > 1);
    let percent = text.match_indices('%').any(|(at, _)| {
        let rest = &text[at + 1..];
        rest.find('%').is_some_and(|end| {
            end > 1 && rest[..end].chars().all(|c| c.is_ascii_alphabetic() || c == '_')
        })
    });
    // `{EmailAddress}`, but not the braces of a GUID.
    let braces = text.match_indices('{').any(|(at, _)| {
        let rest = &text[at + 1..];
        rest.find('}').is_some_and(|end| {
            end > 1 && rest[..end].chars().all(|c| c.is_ascii_alphabetic() || c == '_')
        })
    });
    is_variable(text) || braces || enclosed("{{", "}}") || enclosed("${", "}") || dollar || percent
}
