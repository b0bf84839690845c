//! Finds which column holds what, by the names that people and programs give to columns.

use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

use super::{Error, User};
use crate::model::{EmailAddress, HostnamePattern, Text, UsernamePattern};

/// A field of a user that a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserField {
    Address,
    DisplayName,
    GivenName,
    Surname,
    Username,
    Language,
    IncomingServer,
    OutgoingServer,
}

/// For each field the keyword for `--column`, and column names without case, spaces and
/// punctuation: those of exports from Active Directory, Microsoft 365 and Google Workspace, and of
/// lists in four languages.
const KNOWN: [(UserField, &str, &[&str]); 8] = [
    (
        UserField::Address,
        "address",
        &[
            "address",
            "email",
            "emailaddress",
            "mail",
            "mailaddress",
            "primarysmtpaddress",
            "primaryemail",
            "userprincipalname",
            "upn",
            "mailbox",
            "emailaddressrequired",
            "adresse",
            "mailadresse",
            "emailadresse",
            "courriel",
            "adressemail",
            "correo",
            "correoelectrónico",
            "correoelectronico",
        ],
    ),
    (
        UserField::DisplayName,
        "displayName",
        &[
            "displayname",
            "fullname",
            "name",
            "cn",
            "commonname",
            "anzeigename",
            "nomcomplet",
            "nombrecompleto",
        ],
    ),
    (
        UserField::GivenName,
        "givenName",
        &["givenname", "firstname", "firstnamerequired", "vorname", "prénom", "prenom", "nombre"],
    ),
    (
        UserField::Surname,
        "surname",
        &[
            "surname",
            "sn",
            "lastname",
            "lastnamerequired",
            "familyname",
            "nachname",
            "nom",
            "apellido",
            "apellidos",
        ],
    ),
    (
        UserField::Username,
        "username",
        &[
            "username",
            "user",
            "login",
            "loginname",
            "benutzername",
            "benutzer",
            "identifiant",
            "usuario",
        ],
    ),
    (
        UserField::Language,
        "language",
        &["language", "lang", "preferredlanguage", "locale", "sprache", "langue", "idioma"],
    ),
    (
        UserField::IncomingServer,
        "incomingServer",
        &[
            "incomingserver",
            "incominghost",
            "incominghostname",
            "imapserver",
            "pop3server",
            "popserver",
        ],
    ),
    (
        UserField::OutgoingServer,
        "outgoingServer",
        &["outgoingserver", "outgoinghost", "outgoinghostname", "smtpserver"],
    ),
];

impl UserField {
    pub(super) const ALL: [UserField; 8] = [
        UserField::Address,
        UserField::DisplayName,
        UserField::GivenName,
        UserField::Surname,
        UserField::Username,
        UserField::Language,
        UserField::IncomingServer,
        UserField::OutgoingServer,
    ];

    /// The keyword for `--column`. A column with this name is recognised too.
    #[cfg(feature = "ldap")]
    pub(super) fn word(self) -> &'static str {
        KNOWN.iter().find(|(field, ..)| *field == self).map_or("", |(_, word, _)| word)
    }

    fn names(self) -> &'static [&'static str] {
        KNOWN.iter().find(|(field, ..)| *field == self).map_or(&[], |(_, _, names)| names)
    }
}

/// One `--column`: with `address=mail`, the column `mail` holds the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub field: UserField,
    pub name: String,
}

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = || KNOWN.map(|(_, word, _)| word).join(", ");
        let (word, name) = text
            .split_once('=')
            .ok_or_else(|| format!("write WHAT=NAME, with one of {}", words()))?;
        let field = KNOWN.iter().find(|(_, known, _)| *known == word);
        let (field, ..) = field.ok_or_else(|| format!("\"{word}\" is none of {}", words()))?;
        Ok(Self { field: *field, name: name.to_owned() })
    }
}

/// The column index of each field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ColumnIndexes([Option<usize>; 8]);

impl ColumnIndexes {
    /// Finds the columns by their names; `wanted` (`--column`) takes precedence.
    ///
    /// # Errors
    ///
    /// Fails if a wanted column is missing, or if no column holds addresses.
    pub(super) fn of(list: &str, header: &[String], wanted: &[Column]) -> Result<Self, Error> {
        let mut places = Self::default();
        for field in UserField::ALL {
            let own = wanted.iter().find(|column| column.field == field);
            places.0[field as usize] = match own {
                Some(Column { name, .. }) => {
                    let plain = plain(name);
                    let at = header.iter().position(|column| *column == *name);
                    let at = at.or_else(|| header.iter().position(|c| self::plain(c) == plain));
                    Some(at.ok_or_else(|| Error::NoColumn {
                        name: list.to_owned(),
                        column: name.clone(),
                        found: header.to_vec(),
                    })?)
                }
                // The known names are in order of preference.
                None => field
                    .names()
                    .iter()
                    .find_map(|known| header.iter().position(|column| plain(column) == *known)),
            };
        }
        match places.0[UserField::Address as usize] {
            Some(_) => Ok(places),
            None => Err(Error::NoAddress { name: list.to_owned(), found: header.to_vec() }),
        }
    }

    /// For a list without a header, with one address per row in this column.
    pub(super) fn without_header(address: usize) -> Self {
        let mut places = Self::default();
        places.0[UserField::Address as usize] = Some(address);
        places
    }

    pub(super) fn get<'f>(&self, field: UserField, fields: &'f [String]) -> Option<&'f str> {
        let at = self.0[field as usize]?;
        fields.get(at).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

/// The letters and digits of a name, in lower case.
pub(super) fn plain(name: &str) -> String {
    name.nfc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a column of that name can hold this field.
pub(super) fn is(field: UserField, name: &str, wanted: &[Column]) -> bool {
    match wanted.iter().find(|column| column.field == field) {
        Some(column) => plain(&column.name) == plain(name),
        None => field.names().contains(&plain(name).as_str()),
    }
}

/// Makes a user from the fields of a row, or says why it is not one. The second value is notes
/// about unusual values.
pub(super) fn user<'f>(
    get: impl Fn(UserField) -> Option<&'f str>,
) -> (Result<User, String>, Vec<String>) {
    let mut notes = Vec::new();
    let user = read(get, &mut notes);
    (user, notes)
}

fn read<'f>(
    get: impl Fn(UserField) -> Option<&'f str>,
    notes: &mut Vec<String>,
) -> Result<User, String> {
    let address = get(UserField::Address).ok_or("no address")?;
    let address = EmailAddress::new(&shown(address)?).map_err(|why| why.to_string())?;
    if let Some(c) = address.local_part().chars().find(|c| is_invisible(*c)) {
        return Err(format!("U+{:04X} in the address cannot be seen", c as u32));
    }
    let whole = get(UserField::DisplayName).map(str::to_owned).or_else(|| {
        let parts: Vec<&str> =
            [UserField::GivenName, UserField::Surname].into_iter().filter_map(&get).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    });
    let display_name = whole.map(|name| name_of(&name, notes)).transpose()?;
    let pattern = |field, what: &str| {
        let host = get(field).map(HostnamePattern::new).transpose();
        host.map_err(|why| format!("{what}: {why}"))
    };
    let username = get(UserField::Username).map(UsernamePattern::new).transpose();
    let language = get(UserField::Language).map(|tag| tag.replace('_', "-"));
    if let Some(tag) = language.as_ref().filter(|tag| !crate::document::is_language(tag)) {
        return Err(format!(
            "\"{}\" is no language; write one such as de or pt-BR",
            tag.escape_debug()
        ));
    }
    Ok(User {
        address,
        display_name,
        username: username.map_err(|why| format!("user name: {why}"))?,
        language,
        incoming: pattern(UserField::IncomingServer, "incoming server")?,
        outgoing: pattern(UserField::OutgoingServer, "outgoing server")?,
    })
}

/// The value, unless it is too long for a message.
fn shown(value: &str) -> Result<String, String> {
    const LONGEST: usize = 1000;
    match value.len() > LONGEST {
        true => Err(format!("a field of {} bytes", value.len())),
        false => Ok(value.to_owned()),
    }
}

fn name_of(name: &str, notes: &mut Vec<String>) -> Result<Text, String> {
    // A spreadsheet formula is not a name.
    if name.starts_with(['=', '@', '+']) {
        let start: String = name.chars().take(20).collect();
        return Err(format!("the name \"{}\" is a formula", start.escape_debug()));
    }
    let text = Text::new(&shown(name)?).map_err(|why| format!("name: {why}"))?;
    if let Some(c) = name.chars().find(|c| is_invisible(*c)) {
        notes.push(format!("U+{:04X} in the name cannot be seen", c as u32));
    }
    Ok(text)
}

/// Characters that reverse the text or take no space (Unicode's Bidi_Control and joiners).
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}'
    )
}
