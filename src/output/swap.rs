//! Swaps a staged bundle with the old one in a single step, and undoes that on request.
//!
//! Linux and macOS can exchange two folders atomically, so a reader sees the old or the new one.
//! Elsewhere (Windows, some network file systems) the old bundle is moved aside first, so for a
//! moment there is none. A note records where it was, and [`recover`] restores it if the run is
//! killed in that moment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::layout;

/// The folder inside a staging folder for old bundles, in folders 0, 1, 2 …
pub(super) const ASIDE: &str = "aside";

/// One change to the output folder, and how to undo it.
#[derive(Debug)]
pub(super) enum FolderChange {
    /// A parent folder of a bundle was created.
    Made(PathBuf),
    /// There was no old bundle.
    Placed { staged: PathBuf, target: PathBuf },
    /// The old bundle is now at `staged`.
    Exchanged { staged: PathBuf, target: PathBuf },
    /// The old bundle is in `slot`; its path relative to the output folder was `was`.
    Aside { staged: PathBuf, target: PathBuf, slot: PathBuf, was: String },
}

impl FolderChange {
    /// Undoes the change. Call it for the newest step first; failures are left to [`recover`].
    pub(super) fn undo(self) {
        let _ = match self {
            FolderChange::Made(folder) => fs::remove_dir(folder),
            FolderChange::Placed { staged, target } => fs::rename(target, staged),
            FolderChange::Exchanged { staged, target } => exchange(&staged, &target),
            FolderChange::Aside { staged, target, slot, was } => fs::write(slot.join(WAS), was)
                .and_then(|()| fs::rename(&target, staged))
                .and_then(|()| fs::rename(slot.join(BUNDLE), target)),
        };
    }
}

/// Moves `staged` to `target`, which must not exist.
pub(super) fn place(staged: PathBuf, target: PathBuf) -> io::Result<FolderChange> {
    fs::rename(&staged, &target)?;
    Ok(FolderChange::Placed { staged, target })
}

/// Swaps `staged` with the bundle at `target`. `was` is the target's path relative to the output
/// folder; `slot` is a folder that does not exist yet.
pub(super) fn replace(
    staged: PathBuf,
    target: PathBuf,
    slot: PathBuf,
    was: &str,
) -> io::Result<FolderChange> {
    match exchange(&staged, &target) {
        Ok(()) => Ok(FolderChange::Exchanged { staged, target }),
        Err(e) if cannot_exchange(&e) => move_aside(staged, target, slot, was),
        Err(e) => Err(e),
    }
}

fn move_aside(
    staged: PathBuf,
    target: PathBuf,
    slot: PathBuf,
    was: &str,
) -> io::Result<FolderChange> {
    fs::create_dir_all(&slot)?;
    fs::write(slot.join(WAS), was)?;
    fs::rename(&target, slot.join(BUNDLE))?;
    if let Err(e) = fs::rename(&staged, &target) {
        fs::rename(slot.join(BUNDLE), &target)?;
        return Err(e);
    }
    // From here on this slot no longer makes the target missing. If the note remains, it refers to
    // an existing target, and `recover` does nothing.
    let _ = fs::remove_file(slot.join(WAS));
    Ok(FolderChange::Aside { staged, target, slot, was: was.to_owned() })
}

/// Restores the bundles that a killed run had moved aside. False if one could not be restored.
pub(super) fn recover(out: &Path, aside: &Path) -> bool {
    let Ok(slots) = fs::read_dir(aside) else { return true };
    let mut all = true;
    for slot in slots.flatten().map(|slot| slot.path()) {
        let Ok(was) = fs::read_to_string(slot.join(WAS)) else { continue };
        let Ok(was) = layout::folder_path(Path::new(&was)) else { continue };
        let (bundle, target) = (slot.join(BUNDLE), out.join(was));
        if bundle.is_dir() && fs::symlink_metadata(&target).is_err() {
            all &= fs::rename(bundle, target).is_ok();
        }
    }
    all
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// ENOSYS and ENOTSUP are Unsupported; EINVAL is returned for a flag that the file system does not
/// know.
fn cannot_exchange(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

/// A file in a slot: the bundle's former path relative to the output folder.
const WAS: &str = "was";
const BUNDLE: &str = "bundle";

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        out: tempfile::TempDir,
        staged: PathBuf,
        target: PathBuf,
        slot: PathBuf,
    }

    fn place_with_old_and_new() -> Place {
        let out = tempfile::tempdir().unwrap();
        let staged = out.path().join("staging/new/0");
        let target = out.path().join("a.example");
        for (folder, text) in [(&staged, "new"), (&target, "old")] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("x"), text).unwrap();
        }
        let slot = out.path().join("staging/aside/0");
        Place { out, staged, target, slot }
    }

    #[test]
    fn without_an_exchange_the_old_bundle_is_moved_aside_and_can_come_back() {
        let p = place_with_old_and_new();
        let step = move_aside(p.staged.clone(), p.target.clone(), p.slot, "a.example").unwrap();
        assert_eq!(fs::read_to_string(p.target.join("x")).unwrap(), "new");
        step.undo();
        assert_eq!(fs::read_to_string(p.target.join("x")).unwrap(), "old");
        assert_eq!(fs::read_to_string(p.staged.join("x")).unwrap(), "new");
    }

    #[test]
    fn without_an_exchange_a_failure_puts_the_old_bundle_back() {
        let p = place_with_old_and_new();
        fs::remove_dir_all(&p.staged).unwrap();
        move_aside(p.staged, p.target.clone(), p.slot, "a.example").unwrap_err();
        assert_eq!(fs::read_to_string(p.target.join("x")).unwrap(), "old");
    }

    #[test]
    fn a_bundle_that_a_killed_run_had_moved_aside_comes_back() {
        let p = place_with_old_and_new();
        fs::create_dir_all(&p.slot).unwrap();
        fs::write(p.slot.join(WAS), "a.example").unwrap();
        fs::rename(&p.target, p.slot.join(BUNDLE)).unwrap();
        assert!(recover(p.out.path(), p.slot.parent().unwrap()));
        assert_eq!(fs::read_to_string(p.target.join("x")).unwrap(), "old");
    }

    #[test]
    fn a_note_that_leads_out_of_the_output_folder_is_not_followed() {
        let p = place_with_old_and_new();
        fs::create_dir_all(p.slot.join(BUNDLE)).unwrap();
        fs::write(p.slot.join(WAS), "../elsewhere").unwrap();
        assert!(recover(&p.target, p.slot.parent().unwrap()));
        assert!(!p.out.path().join("elsewhere").exists());
    }
}
