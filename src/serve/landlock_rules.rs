//! Landlock: which files the server sees. <https://docs.kernel.org/userspace-api/landlock.html>

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// What Linux 6.12 knows. Older systems do a part of it.
const KNOWN: ABI = ABI::V6;
/// The system's settings, libraries and certificates of authorities.
const SYSTEM: [&str; 5] = ["/etc", "/usr", "/lib", "/lib64", "/bin"];

/// Restricts this thread and those that it starts to these files and folders. Returns whether the
/// system does any of it.
pub fn restrict(
    readable: &[PathBuf],
    writable: &[PathBuf],
    runs_commands: bool,
) -> Result<bool, RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        // Without a rule for a port, no port is opened.
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::from_all(KNOWN))?
        .create()?;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let execute = AccessFs::from_read(KNOWN);
    for path in SYSTEM {
        let access = if runs_commands { execute } else { read };
        rules = allow(rules, Path::new(path), access)?;
    }
    let null = AccessFs::ReadFile | AccessFs::WriteFile;
    rules = allow(rules, Path::new("/dev/null"), null)?;
    // A program that is linked statically has its random numbers from there.
    for path in ["/dev/random", "/dev/urandom"] {
        rules = allow(rules, Path::new(path), AccessFs::ReadFile.into())?;
    }
    // The resolver's settings are often a link to a place below /run.
    let resolver = [PathBuf::from("/etc/resolv.conf")];
    let readable = readable.iter().chain(&resolver).flat_map(|path| folders(path));
    for folder in readable.collect::<BTreeSet<_>>() {
        let access = if runs_commands { execute } else { read };
        rules = allow(rules, &folder, access)?;
    }
    let write = AccessFs::from_all(KNOWN) & !BitFlags::from(AccessFs::Execute);
    for folder in writable {
        rules = allow(rules, folder, write)?;
    }
    Ok(rules.restrict_self()?.ruleset != RulesetStatus::NotEnforced)
}

/// Adds a rule. What does not exist needs none.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    match PathFd::new(path) {
        Ok(file) => rules.add_rule(PathBeneath::new(file, access)),
        Err(_) => Ok(rules),
    }
}

/// The folders that a path is read from, now and after it is replaced: a rule is for a folder, not
/// for its name, and a file or folder is often replaced by another one of the same name. If it is a
/// link, that is also true of the place where it leads.
fn folders(path: &Path) -> Vec<PathBuf> {
    let absolute = std::path::absolute(path);
    let places = [absolute.ok(), path.canonicalize().ok()];
    places.into_iter().flatten().map(|place| above(&place).unwrap_or(place)).collect()
}

/// The folder above, unless that is everything.
fn above(path: &Path) -> Option<PathBuf> {
    path.parent().filter(|parent| parent.parent().is_some()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_replaced_in_its_folder_and_where_it_leads() {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(whole.join("archive")).unwrap();
        std::fs::write(whole.join("archive/key1.pem"), "x").unwrap();
        std::fs::create_dir(whole.join("live")).unwrap();
        std::os::unix::fs::symlink("../archive/key1.pem", whole.join("live/key.pem")).unwrap();
        let found = folders(&whole.join("live/key.pem"));
        assert_eq!(found, [whole.join("live"), whole.join("archive")]);
        assert_eq!(folders(Path::new("/srv")), [Path::new("/srv"), Path::new("/srv")]);
    }
}
