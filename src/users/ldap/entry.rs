//! Turns an entry of a directory into the line that is kept of it.
//!
//! Reads the entry's BER by hand, because the library's own reader panics if a name is not UTF-8.

use std::collections::BTreeMap;
use std::io::{self, Write};

use ldap3::asn1::{PL, StructureTag};

use crate::model::steers;

use super::super::columns::UserField;
use super::super::directory::{DN, REFUSED};
use super::preset::{AttributeMap, best_language};

/// Limit for a value, in bytes; no name or address is longer.
const LONGEST_VALUE: usize = 1000;
/// Limit for a distinguished name, in characters.
const LONGEST_DN: usize = 4000;
/// Tag of `SearchResultEntry` (RFC 4511 §4.5.2).
const ENTRY: u64 = 4;

/// One entry, with the values that a user needs.
pub(super) struct LdapEntry {
    dn: String,
    values: BTreeMap<UserField, String>,
    refused: Option<String>,
    /// How many addresses it has; the first is used.
    pub(super) addresses: usize,
}

impl LdapEntry {
    /// None if this is not a search result entry.
    pub(super) fn read(tag: StructureTag, map: &AttributeMap) -> Option<Self> {
        let (ENTRY, PL::C(parts)) = (tag.id, tag.payload) else { return None };
        let mut parts = parts.into_iter().map(|part| part.payload);
        let (Some(PL::P(dn)), Some(PL::C(attributes))) = (parts.next(), parts.next()) else {
            return None;
        };
        let mut found: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
        for attribute in attributes {
            let PL::C(parts) = attribute.payload else { return None };
            let mut parts = parts.into_iter().map(|part| part.payload);
            let (Some(PL::P(name)), Some(PL::C(values))) = (parts.next(), parts.next()) else {
                return None;
            };
            let values = values.into_iter().filter_map(|value| match value.payload {
                PL::P(bytes) => Some(bytes),
                PL::C(_) => None,
            });
            found.push((String::from_utf8_lossy(&name).into_owned(), values.collect()));
        }
        let dn = plain(&String::from_utf8_lossy(&dn), LONGEST_DN);
        let mut entry = Self { dn, values: BTreeMap::new(), refused: None, addresses: 0 };
        for (field, names) in &map.0 {
            // A name with options is a different attribute: `cn;lang-de` is not the name for
            // everyone.
            let attribute = names.iter().find_map(|wanted| {
                let is_wanted = |(name, values): &&(String, Vec<Vec<u8>>)| {
                    name.eq_ignore_ascii_case(wanted) && values.iter().any(|v| !is_blank(v))
                };
                found.iter().find(is_wanted)
            });
            if let Some((name, values)) = attribute {
                entry.take(*field, name, values);
            }
        }
        Some(entry)
    }

    fn take(&mut self, field: UserField, name: &str, values: &[Vec<u8>]) {
        let name = plain(name, 100);
        let mut values = values.iter().filter(|value| !is_blank(value));
        let Some(first) = values.next() else { return };
        if field == UserField::Address {
            self.addresses = 1 + values.count();
        }
        let why = match std::str::from_utf8(first) {
            Ok(text) if text.len() > LONGEST_VALUE => {
                format!("{name} is a value of {} bytes", text.len())
            }
            Ok(text) => {
                let text = match field {
                    UserField::Language => best_language(text),
                    _ => text.to_owned(),
                };
                self.values.insert(field, text);
                return;
            }
            // RFC 4517 §3.3.6: by its syntax the value is UTF-8.
            Err(_) => format!("{name} is not UTF-8"),
        };
        self.refused.get_or_insert(why);
    }

    pub(super) fn dn(&self) -> &str {
        &self.dn
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = serde_json::Map::new();
        line.insert(DN.to_owned(), self.dn.as_str().into());
        if let Some(why) = &self.refused {
            line.insert(REFUSED.to_owned(), why.as_str().into());
        }
        for (field, value) in &self.values {
            line.insert(field.word().to_owned(), value.as_str().into());
        }
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")
    }
}

fn is_blank(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_whitespace)
}

/// A server's text, with characters that a terminal would act on escaped as in RFC 4514 §2.4. At
/// most `longest` characters are kept.
pub(super) fn plain(text: &str, longest: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim_matches('\0').chars().take(longest) {
        match steers(c) {
            true => c.to_string().bytes().for_each(|byte| out += &format!("\\{byte:02X}")),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ldap3::asn1::TagClass;

    use super::super::preset::OPENLDAP;
    use super::*;

    fn tag(id: u64, payload: PL) -> StructureTag {
        StructureTag { class: TagClass::Universal, id, payload }
    }

    fn text(bytes: &[u8]) -> StructureTag {
        tag(4, PL::P(bytes.to_vec()))
    }

    fn line(dn: &[u8], attributes: &[(&[u8], &[&[u8]])]) -> String {
        let attribute = |(name, values): &(&[u8], &[&[u8]])| {
            let values = values.iter().map(|value| text(value)).collect();
            tag(16, PL::C(vec![text(name), tag(17, PL::C(values))]))
        };
        let attributes = attributes.iter().map(attribute).collect();
        let entry = tag(ENTRY, PL::C(vec![text(dn), tag(16, PL::C(attributes))]));
        let map = AttributeMap::of(&OPENLDAP, &[], &[]).unwrap();
        let mut out = Vec::new();
        LdapEntry::read(entry, &map).unwrap().write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_have_no_case_and_the_first_that_has_a_value_is_taken() {
        let found = line(
            b"cn=Ann,dc=x",
            &[
                (b"MAIL", &[b"ann@example.com", b"a@example.com"]),
                (b"displayName", &[b" "]),
                (b"cn;lang-de", &[b"Anna"]),
                (b"cn", &[b"Ann"]),
                (b"preferredLanguage", &[b"de, en;q=0.5"]),
                (b"userPassword", &[b"secret"]),
            ],
        );
        let wanted = "{\"dn\":\"cn=Ann,dc=x\",\"address\":\"ann@example.com\",\
                      \"displayName\":\"Ann\",\"language\":\"de\"}\n";
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_not_utf8_is_refused_and_a_name_cannot_steer_the_terminal() {
        let found =
            line(b"cn=\x1b[2J\xff,dc=x", &[(b"mail", &[b"a@example.com"]), (b"cn", &[b"\xC4"])]);
        let wanted = "{\"dn\":\"cn=\\\\1B[2J\u{FFFD},dc=x\",\"refused\":\"cn is not UTF-8\",\
                      \"address\":\"a@example.com\"}\n";
        assert_eq!(found, wanted);
        let long = line(b"cn=a", &[(b"mail", &[&[b'x'; 2000]])]);
        assert!(long.contains("mail is a value of 2000 bytes"), "{long}");
    }

    #[test]
    fn what_is_no_entry_is_none() {
        let map = AttributeMap::of(&OPENLDAP, &[], &[]).unwrap();
        for wrong in [
            text(b"x"),
            tag(ENTRY, PL::C(vec![])),
            tag(ENTRY, PL::C(vec![text(b"cn=a"), text(b"b")])),
            tag(ENTRY, PL::C(vec![text(b"cn=a"), tag(16, PL::C(vec![text(b"b")]))])),
        ] {
            assert!(LdapEntry::read(wrong, &map).is_none());
        }
    }
}
