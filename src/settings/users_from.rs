//! Where the login names of a provider's users come from: `usersFrom` of a provider file.

use crate::document::TomlTable;

/// A list of users with their login names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsersFrom {
    /// The path of a file as `generate --users` takes it, relative to the provider file.
    File(String),
    /// The URL of an LDAP directory.
    Directory(String),
    /// A program with its arguments. It prints what such a file would contain.
    Command(Vec<String>),
}

impl UsersFrom {
    /// A list that is named in one word: the URL of a directory, or a path.
    pub fn named(name: &str) -> Self {
        let scheme = name.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("ldap" | "ldaps" | "ldapi") => Self::Directory(name.to_owned()),
            _ => Self::File(name.to_owned()),
        }
    }

    /// Reads the setting.
    pub(super) fn read(provider: &TomlTable<'_>) -> Option<Self> {
        const HELP: &str = "write usersFrom = \"users.csv\" for a file beside this one, \"ldaps://…\" \
                            for a directory, or [\"/path/of/a/program\", \"argument\"]";
        let wrong = |why: &str| {
            provider.push(provider.wrong("usersFrom", why).help(HELP));
            None
        };
        if provider.has("usersFrom") && !provider.is_string("usersFrom") {
            let command = provider.list("usersFrom", |part| Ok(part.to_owned()));
            return match command.first() {
                Some(program) if program.starts_with('/') => Some(Self::Command(command)),
                Some(_) => wrong("begins with a program without its whole path"),
                None => wrong("an empty list"),
            };
        }
        let from = Self::named(&provider.string("usersFrom")?);
        match &from {
            Self::File(name)
                if name.trim().is_empty() || std::path::Path::new(name).is_absolute() =>
            {
                wrong("not the name of a file beside this one")
            }
            _ => Some(from),
        }
    }
}
