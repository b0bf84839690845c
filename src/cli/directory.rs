//! `--users ldaps://…`: reads a directory once and stores its entries in an unnamed temporary file.

use std::fs::File;
use std::sync::atomic::AtomicBool;

use super::Failure;
use super::args::LdapArgs;
#[cfg(feature = "ldap")]
use super::args::NetArgs;
use crate::settings::UsersFrom;
use crate::users::Column;

/// How a directory is asked.
pub struct DirectoryAccess<'a> {
    pub ldap: &'a LdapArgs,
    pub columns: &'a [Column],
    #[cfg(feature = "ldap")]
    pub net: &'a NetArgs,
}

/// The entries of a directory.
pub struct DirectoryFile {
    /// For messages.
    pub name: String,
    pub file: File,
    /// Notes for the user.
    pub notes: Vec<String>,
}

/// Whether the list is a directory.
pub fn is_one(list: &str) -> bool {
    matches!(UsersFrom::named(list), UsersFrom::Directory(_))
}

#[cfg(not(feature = "ldap"))]
pub fn read(_: &DirectoryAccess<'_>, _: &str, _: &AtomicBool) -> Result<DirectoryFile, Failure> {
    Err("this mailwright is built without LDAP; cargo build --release --features ldap builds it \
         with, and a list of users can be a CSV file"
        .into())
}

#[cfg(feature = "ldap")]
pub fn read(
    access: &DirectoryAccess<'_>,
    list: &str,
    interrupted: &AtomicBool,
) -> Result<DirectoryFile, Failure> {
    use std::io::{BufWriter, Write as _};
    use std::sync::atomic::Ordering;

    use super::args::LdapPreset;
    use super::secret::read_secret;
    use crate::net::Identity;
    use crate::output;
    use crate::users::ldap::{
        ACTIVE_DIRECTORY, BindMethod, Directory, DirectoryServer, Error, OPENLDAP, Url,
    };

    let url = Url::parse(list)?;
    let DirectoryAccess { ldap: options, columns, net } = access;
    if options.ldap_cert.is_some() && matches!(url.server, DirectoryServer::Socket(_)) {
        return Err(
            "--ldap-cert is for ldaps:// and ldap://; on a socket no certificate is shown".into()
        );
    }
    let identity = match (&options.ldap_cert, &options.ldap_key) {
        (Some(chain), Some(key)) => Some(Identity::read(chain, key)?),
        _ => None,
    };
    let password = options
        .ldap_password_from
        .as_deref()
        .map(|from| read_secret("--ldap-password-from", "password of the directory", from));
    let sign_in = match (&options.ldap_bind, password.transpose()?) {
        (Some(name), Some(password)) if !name.trim().is_empty() => {
            BindMethod::Password { name: name.clone(), password }
        }
        // A bind without a name is anonymous (RFC 4513 §5.1.2).
        (Some(_), _) => return Err("--ldap-bind needs the name to sign in with".into()),
        // On a socket the directory knows the local user.
        _ if identity.is_some() || matches!(url.server, DirectoryServer::Socket(_)) => {
            BindMethod::External
        }
        _ => BindMethod::Nobody,
    };
    let preset = options.ldap_preset.map(|preset| match preset {
        LdapPreset::ActiveDirectory => &ACTIVE_DIRECTORY,
        LdapPreset::Openldap => &OPENLDAP,
    });
    let timeout = net.timeout;
    let directory = Directory { url: &url, preset, columns, sign_in, identity, timeout };
    let mut file = BufWriter::new(tempfile::tempfile().map_err(Error::Spool)?);
    let stop = || interrupted.load(Ordering::Relaxed);
    let found = directory.read(&net.open()?, &mut file, &stop).map_err(|error| match error {
        Error::Interrupted => Failure::from(output::Error::Interrupted),
        other => other.into(),
    })?;
    file.flush().map_err(Error::Spool)?;
    let file = file.into_inner().map_err(|e| Error::Spool(e.into_error()))?;
    Ok(DirectoryFile { name: url.server.to_string(), file, notes: found.notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_known_by_its_scheme() {
        for list in ["ldaps://ldap.example.com", "LDAP://h/dc=x", "ldapi:///"] {
            assert!(is_one(list), "{list}");
        }
        for list in ["users.csv", "-", "ldap.csv", "ldap:users", "https://example.com/users.csv"] {
            assert!(!is_one(list), "{list}");
        }
    }

    #[cfg(not(feature = "ldap"))]
    #[test]
    fn a_program_without_ldap_says_how_to_have_it() {
        use clap::Parser as _;
        let line = [
            "mailwright",
            "generate",
            "--users",
            "ldaps://h.example/",
            "--ldap-preset",
            "openldap",
        ];
        let cli = super::super::Cli::try_parse_from(line).unwrap();
        let super::super::Command::Generate(args) = cli.command else { unreachable!() };
        let access = DirectoryAccess { ldap: &args.ldap, columns: &args.column };
        let why =
            read(&access, "ldaps://h.example/", &AtomicBool::new(false)).err().unwrap().to_string();
        assert!(why.contains("built without LDAP; cargo build --release --features ldap"), "{why}");
    }
}
