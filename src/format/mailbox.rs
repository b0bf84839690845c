//! The sender or recipient of a message: an address with an optional name.

use std::str::FromStr;

use crate::model::{EmailAddress, Text};

/// An address with an optional display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<Text>,
    pub address: EmailAddress,
}

impl FromStr for Mailbox {
    type Err = String;

    /// Parses `it@example.org`, `IT Desk <it@example.org>` or `"IT, Desk" <it@example.org>`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (name.trim(), address.trim()),
            None => ("", text),
        };
        let address = EmailAddress::new(address).map_err(|why| why.to_string())?;
        let name = match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
            Some(quoted) => unquoted(quoted),
            None => name.to_owned(),
        };
        let name = Text::new(&name).map_err(|why| format!("the name has a {why}"))?;
        Ok(Self { name: (!name.as_str().trim().is_empty()).then_some(name), address })
    }
}

/// Removes the backslash before each quoted character (RFC 5322 quoted-pair).
fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_an_address_with_or_without_a_name() {
        for (text, name) in [
            ("it@example.org", None),
            ("<it@example.org>", None),
            ("IT Desk <it@example.org>", Some("IT Desk")),
            (r#" "IT \"Desk\", 2" <it@example.org> "#, Some(r#"IT "Desk", 2"#)),
            ("IT <it> <it@example.org>", Some("IT <it>")),
        ] {
            let mailbox: Mailbox = text.parse().unwrap();
            assert_eq!(mailbox.address.as_str(), "it@example.org", "{text}");
            assert_eq!(mailbox.name.as_ref().map(Text::as_str), name, "{text}");
        }
        for text in ["", "IT", "IT <it>", "a@b.org, c@d.org", "IT\r\nBcc: x@y.org <it@example.org>"]
        {
            assert!(text.parse::<Mailbox>().is_err(), "{text}");
        }
    }
}
