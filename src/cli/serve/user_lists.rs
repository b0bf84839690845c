//! `serve --users` and `usersFrom`: opens lists of login names.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::regular_file::{self, Links, Refused};
use crate::serve::{OpenUserList, UserListSource};
use crate::settings::UsersFrom;
use crate::users::{Column, Users, command_output};

#[cfg(feature = "ldap")]
use super::super::args::NetArgs;
use super::super::args::{LdapArgs, ServeArgs};
use super::super::directory::{self, DirectoryAccess, DirectoryFile};

/// Bytes of a list.
const LARGEST: u64 = 256 << 20;
/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(30);
/// How long a step of reading a directory may take.
const DIRECTORY: Duration = Duration::from_secs(10);

/// The list of the operator.
pub fn of_operator(args: &ServeArgs) -> Option<UserListSource> {
    let from = UsersFrom::named(args.users.as_deref()?);
    Some(UserListSource { from, beside: PathBuf::new(), within: None })
}

/// Opens the operator's list with the options of the command line, and other lists without: a
/// provider file must not send the operator's password anywhere.
pub fn opener(args: &ServeArgs) -> Box<OpenUserList> {
    let (columns, ldap) = (args.column.clone(), args.ldap.clone());
    #[cfg(feature = "ldap")]
    let ca = args.ca.clone();
    Box::new(move |source| {
        let of_operator = source.within.is_none();
        let columns: &[Column] = if of_operator { &columns } else { &[] };
        match &source.from {
            UsersFrom::File(name) => {
                let links = source.within.as_deref().map_or(Links::Anywhere, Links::Within);
                let path = source.beside.join(name);
                let bytes = regular_file::read(&path, LARGEST, links).map_err(|why| {
                    format!("cannot read {}: {why}{}", path.display(), help(&why))
                })?;
                read(&source.shown(), bytes, columns)
            }
            UsersFrom::Command(command) => {
                read(&source.shown(), command_output(command, COMMAND)?, columns)
            }
            UsersFrom::Directory(url) => {
                let nobody = LdapArgs::default();
                #[cfg(feature = "ldap")]
                let net = NetArgs {
                    timeout: DIRECTORY,
                    ca: ca.clone(),
                    resolve: Vec::new(),
                    dns: None,
                    #[cfg(feature = "verify")]
                    allow_private: false,
                };
                let ldap = if of_operator { &ldap } else { &nobody };
                let access = DirectoryAccess {
                    ldap,
                    columns,
                    #[cfg(feature = "ldap")]
                    net: &net,
                };
                read_directory(&access, url)
            }
        }
    })
}

fn help(why: &Refused) -> &'static str {
    match why {
        Refused::Io(why) if why.kind() == std::io::ErrorKind::PermissionDenied => {
            "; after its start, the server reads only what its options named then: --allow-path \
             adds more"
        }
        _ => "",
    }
}

fn read(name: &str, bytes: Vec<u8>, columns: &[Column]) -> Result<Users, String> {
    Users::open(name, Box::new(Cursor::new(bytes)), columns).map_err(|why| why.to_string())
}

fn read_directory(access: &DirectoryAccess<'_>, url: &str) -> Result<Users, String> {
    let read = directory::read(access, url, &AtomicBool::new(false));
    let DirectoryFile { name, mut file, .. } = read.map_err(|why| why.to_string())?;
    std::io::Seek::rewind(&mut file).map_err(|why| why.to_string())?;
    #[cfg(feature = "ldap")]
    return Users::of_directory(&name, Box::new(file)).map_err(|why| why.to_string());
    #[cfg(not(feature = "ldap"))]
    Err(format!("cannot read {name}"))
}
