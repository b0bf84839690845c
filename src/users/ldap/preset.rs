//! What each kind of directory calls things: a filter for people, and the names of their
//! attributes.

use super::super::columns::{Column, UserField, is};
use super::url::is_attribute;

/// A kind of directory.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// The value for `--ldap-preset`.
    pub name: &'static str,
    /// The name in messages.
    pub title: &'static str,
    /// Matches people who have a mailbox.
    pub filter: &'static str,
    /// The first attribute that an entry has is used. No preset has the user name: the provider
    /// defines its form, and people often sign in to a directory with a different one.
    attributes: &'static [(UserField, &'static [&'static str])],
}

/// Microsoft, "Active Directory Schema" (classes user, organizationalPerson). The matching rule is
/// LDAP_MATCHING_RULE_BIT_AND, and 2 is ADS_UF_ACCOUNTDISABLE (MS-ADTS 3.1.1.3.4.4.1, 2.2.16).
/// `preferredLanguage` is that of RFC 2798 there, too. Samba 4.17 as a domain controller accepts
/// it: tests/ldap/samba.rs.
pub static ACTIVE_DIRECTORY: Preset = Preset {
    name: "active-directory",
    title: "Active Directory",
    filter: "(&(objectCategory=person)(objectClass=user)(mail=*)\
             (!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
    attributes: &[
        (UserField::Address, &["mail"]),
        (UserField::DisplayName, &["displayName"]),
        (UserField::GivenName, &["givenName"]),
        (UserField::Surname, &["sn"]),
        (UserField::Language, &["preferredLanguage"]),
    ],
};

/// RFC 2798 (inetOrgPerson), RFC 4519 (cn, sn, givenName), RFC 4524 (mail).
pub static OPENLDAP: Preset = Preset {
    name: "openldap",
    title: "OpenLDAP or one of its like",
    filter: "(&(objectClass=inetOrgPerson)(mail=*))",
    attributes: &[
        (UserField::Address, &["mail"]),
        (UserField::DisplayName, &["displayName", "cn"]),
        (UserField::GivenName, &["givenName"]),
        (UserField::Surname, &["sn"]),
        (UserField::Language, &["preferredLanguage"]),
    ],
};

/// The attributes to request for each field; the first one that an entry has is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttributeMap(pub Vec<(UserField, Vec<String>)>);

impl AttributeMap {
    /// The preset's attributes, or only those that the URL names, if it names any. `--column` takes
    /// precedence over both.
    ///
    /// # Errors
    ///
    /// Fails if no attribute holds addresses, or if `--column` does not name an attribute.
    pub(super) fn of(
        preset: &Preset,
        named: &[String],
        columns: &[Column],
    ) -> Result<Self, String> {
        let mut map = Vec::new();
        for field in UserField::ALL {
            if let Some(column) = columns.iter().find(|column| column.field == field) {
                if !is_attribute(&column.name) {
                    let name = column.name.escape_debug();
                    return Err(format!("--column: \"{name}\" is no name of an attribute"));
                }
                map.push((field, vec![column.name.clone()]));
                continue;
            }
            let usual = preset.attributes.iter().find(|(known, _)| *known == field);
            let usual = usual.map_or(&[][..], |(_, names)| names);
            let mut names: Vec<String> = usual.iter().map(|name| (*name).to_owned()).collect();
            if !named.is_empty() {
                names.retain(|name| named.iter().any(|n| n.eq_ignore_ascii_case(name)));
                let more = named.iter().filter(|name| is(field, name, &[]));
                let more = more.filter(|n| !usual.iter().any(|u| u.eq_ignore_ascii_case(n)));
                names.extend(more.cloned());
            }
            if !names.is_empty() {
                map.push((field, names));
            }
        }
        match map.first() {
            Some((UserField::Address, _)) => Ok(Self(map)),
            _ => Err(format!(
                "{} has no attribute of addresses; --column address=NAME names one",
                named.join(", ")
            )),
        }
    }

    /// All attributes, each once.
    pub(super) fn attributes(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for name in self.0.iter().flat_map(|(_, names)| names) {
            if !all.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                all.push(name.clone());
            }
        }
        all
    }
}

/// The preferred language of a value such as `de, en;q=0.8` (RFC 2798 §2.7: as in HTTP's
/// Accept-Language, RFC 9110 §12.5.4). A value without one is returned unchanged.
pub(super) fn best_language(value: &str) -> String {
    let mut best: Option<(f32, &str)> = None;
    for part in value.split(',') {
        let mut words = part.split(';').map(str::trim);
        let tag = words.next().unwrap_or_default();
        let weight = words.find_map(|word| word.strip_prefix("q=")?.trim().parse().ok());
        let weight: f32 = weight.unwrap_or(1.0);
        if tag.is_empty() || tag == "*" || weight <= 0.0 {
            continue;
        }
        // The first of equal weights wins.
        if best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, tag));
        }
    }
    let Some((_, tag)) = best else { return value.to_owned() };
    // Directories have "DE" and "EN-us"; a language tag is case-insensitive (RFC 5646 §2.1.1).
    match tag.split_once(['-', '_']) {
        Some((language, rest)) => format!("{}-{rest}", language.to_ascii_lowercase()),
        None => tag.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(map: &AttributeMap, field: UserField) -> Vec<&str> {
        let found = map.0.iter().find(|(known, _)| *known == field);
        found.map_or(Vec::new(), |(_, names)| names.iter().map(String::as_str).collect())
    }

    #[test]
    fn the_best_of_preferred_languages_is_taken() {
        for (value, tag) in [
            ("de", "de"),
            ("de, en;q=0.8", "de"),
            ("en;q=0.5, de;q=0.9, fr;q=0.9", "de"),
            ("*;q=0.9, fr-CH;q=0.3", "fr-CH"),
            ("en-us", "en-us"),
            ("DE_at", "de-at"),
            ("da;q=0, en-GB ; q=0.8", "en-GB"),
            ("Deutsch bitte", "deutsch bitte"),
            ("*", "*"),
            (";;,q=", "q="),
        ] {
            assert_eq!(best_language(value), tag, "{value}");
        }
    }

    #[test]
    fn the_url_names_fewer_attributes_and_a_column_wins() {
        let map = AttributeMap::of(&OPENLDAP, &[], &[]).unwrap();
        assert_eq!(named(&map, UserField::DisplayName), ["displayName", "cn"]);
        assert_eq!(
            map.attributes(),
            ["mail", "displayName", "cn", "givenName", "sn", "preferredLanguage"]
        );
        let named_in_url = ["MAIL", "cn", "userPrincipalName"].map(str::to_owned);
        let map = AttributeMap::of(&ACTIVE_DIRECTORY, &named_in_url, &[]).unwrap();
        assert_eq!(named(&map, UserField::Address), ["mail", "userPrincipalName"]);
        assert_eq!(named(&map, UserField::DisplayName), ["cn"]);
        assert_eq!(named(&map, UserField::Surname), [""; 0]);
        let column = |text: &str| text.parse::<Column>().unwrap();
        let columns = [column("address=mailPrimary"), column("username=uid")];
        let map = AttributeMap::of(&OPENLDAP, &[], &columns).unwrap();
        assert_eq!(named(&map, UserField::Address), ["mailPrimary"]);
        assert_eq!(named(&map, UserField::Username), ["uid"]);
    }

    #[test]
    fn a_map_without_an_address_or_with_no_attribute_is_refused() {
        let why = AttributeMap::of(&OPENLDAP, &["cn".to_owned()], &[]).unwrap_err();
        assert!(why.contains("--column address=NAME"), "{why}");
        let column = "address=E-Mail Address".parse::<Column>().unwrap();
        assert!(
            AttributeMap::of(&OPENLDAP, &[], &[column])
                .unwrap_err()
                .contains("no name of an attribute")
        );
    }
}
