//! What the process may do: root only until the sockets are open, and as many files as the system lets it
//! have.

/// Why privileges cannot be given up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no user \"{0}\" on this machine")]
    NoUser(String),
    #[error("cannot become the user {user}: {why}")]
    AutodiscoverError { user: String, why: String },
}

/// Root becomes `user`, or nobody; whoever is somebody else stays it. Gives what there is to say.
#[cfg(unix)]
pub fn drop_privileges(user: Option<&str>) -> Result<Option<String>, Error> {
    use nix::unistd::{User, geteuid, setgid, setgroups, setuid};
    if !geteuid().is_root() {
        return Ok(user.map(|user| format!("--user {user} is for root, which this is not")));
    }
    let name = user.unwrap_or("nobody");
    if name == "root" {
        return Ok(None);
    }
    let refused = |why: &dyn std::fmt::Display| Error::AutodiscoverError {
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

/// Gives a file or folder that root has made to whom root becomes.
#[cfg(all(unix, feature = "acme"))]
pub fn give_to_user(path: &std::path::Path, user: Option<&str>) -> std::io::Result<()> {
    use nix::unistd::{User, geteuid};
    if !geteuid().is_root() {
        return Ok(());
    }
    match User::from_name(user.unwrap_or("nobody"))? {
        Some(user) => {
            let (user, group) = (user.uid.as_raw(), user.gid.as_raw());
            std::os::unix::fs::chown(path, Some(user), Some(group))
        }
        // `drop_privileges` says so.
        None => Ok(()),
    }
}

#[cfg(all(not(unix), feature = "acme"))]
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

/// A connection is a file; the usual 1024 are few.
#[cfg(unix)]
pub fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // With fewer it works as well, for fewer.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

#[cfg(not(unix))]
pub fn raise_file_limit() {}
