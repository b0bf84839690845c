//! Drops root's privileges after the sockets are open, and raises the limit of open files.

/// Why privileges cannot be dropped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no user \"{0}\" on this machine")]
    NoUser(String),
    #[error("cannot become the user {user}: {why}")]
    Refused { user: String, why: String },
}

/// Whom root becomes by default: the user that the packages make, else nobody.
#[cfg(unix)]
fn usual_user() -> &'static str {
    match nix::unistd::User::from_name(PACKAGED) {
        Ok(Some(_)) => PACKAGED,
        _ => "nobody",
    }
}

#[cfg(unix)]
const PACKAGED: &str = "mailwright";

/// Switches from root to `user`, by default to [`usual_user`]. Returns a message for the administrator. A
/// process that is not root stays as it is.
///
/// # Errors
///
/// The user does not exist, or the system refuses.
#[cfg(unix)]
pub fn drop_privileges(user: Option<&str>) -> Result<Option<String>, Error> {
    use nix::unistd::{User, geteuid, setgid, setgroups, setuid};
    if !geteuid().is_root() {
        return Ok(user.map(|user| format!("--user {user} is for root, which this is not")));
    }
    let name = user.unwrap_or_else(|| usual_user());
    if name == "root" {
        return Ok(None);
    }
    let refused = |why: &dyn std::fmt::Display| Error::Refused {
        user: name.to_owned(),
        why: why.to_string(),
    };
    let account = User::from_name(name).map_err(|e| refused(&e))?;
    let Some(account) = account else { return Err(Error::NoUser(name.to_owned())) };
    setgroups(&[account.gid]).map_err(|e| refused(&e))?;
    setgid(account.gid).map_err(|e| refused(&e))?;
    setuid(account.uid).map_err(|e| refused(&e))?;
    Ok(Some(format!("running as {name}; --user says as whom else")))
}

/// Changes the owner of a file or folder that root has created to the user that root will switch
/// to.
#[cfg(unix)]
pub fn give_to_user(path: &std::path::Path, user: Option<&str>) -> std::io::Result<()> {
    use nix::unistd::{User, geteuid};
    if !geteuid().is_root() {
        return Ok(());
    }
    match User::from_name(user.unwrap_or_else(|| usual_user()))? {
        Some(user) => {
            let (user, group) = (user.uid.as_raw(), user.gid.as_raw());
            std::os::unix::fs::chown(path, Some(user), Some(group))
        }
        // `drop_privileges` reports the missing user.
        None => Ok(()),
    }
}

#[cfg(not(unix))]
pub fn give_to_user(_: &std::path::Path, _: Option<&str>) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub fn drop_privileges(user: Option<&str>) -> Result<Option<String>, Error> {
    match user {
        Some(user) => Err(Error::NoUser(user.to_owned())),
        None => Ok(None),
    }
}

/// Raises the limit of open files to what the system allows, since each connection is one and the
/// usual limit is 1024.
#[cfg(unix)]
pub fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // With a lower limit the server works for fewer clients.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

#[cfg(not(unix))]
pub fn raise_file_limit() {}
