//! The staging area of a run: a hidden folder inside the output folder.
//!
//! It has to be inside, because a rename is atomic only within one file system. A running process
//! holds a lock on `.mailwright-<pid>-<random>/lock`. The system releases it when the process ends,
//! however that happens, so the next run can recognise and remove leftovers. A process ID would not
//! be enough: IDs are reused, and mean nothing across containers.
//!
//! `.mailwright.lock` lets one run at a time change the output folder. It is held only while
//! staging folders are created or removed and while bundles are put in place, not while files are
//! written.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::layout::OWN_PREFIX;
use super::{Error, swap};

/// Checks that bundles can be written into `out`, before any work is done for them.
///
/// Leaves no trace. If the folder does not exist, its nearest existing ancestor is tested. The test
/// creates a real file, because permissions are not reliable (root, read-only mounts, `/proc`).
pub fn check_out(out: &Path) -> Result<(), Error> {
    for folder in out.ancestors() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => {
                let doing = if folder == out { "write into" } else { "create" };
                return match tempfile::tempfile_in(folder) {
                    Ok(_) => Ok(()),
                    Err(e) => Err(Error::out(doing, out, e)),
                };
            }
            Ok(_) => return Err(Error::OutIsFile { path: folder.to_owned() }),
            Err(_) if folder.is_symlink() => {
                return Err(Error::OutLeadsNowhere { path: folder.to_owned() });
            }
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(e) => return Err(Error::out("look into", folder, e)),
        }
    }
    Ok(())
}

/// A staging folder and the lock of its owner; both are removed on drop.
pub(super) struct Staging {
    // Dropped in this order: the content, the lock, the folders above.
    folder: Folder,
    _alive: Option<File>,
    made: CreatedFolders,
}

impl Staging {
    /// Creates the output folder if needed, removes leftovers of killed runs, and creates a staging
    /// folder.
    pub(super) fn begin(out: &Path, interrupted: &AtomicBool) -> Result<Self, Error> {
        check_out(out)?;
        let made = CreatedFolders(missing(out));
        fs::create_dir_all(out).map_err(|e| Error::out("create", out, e))?;

        let lock = OutLock::acquire(out, interrupted)?;
        if lock.held {
            tidy_up(out);
        }
        let path = new_folder(out).map_err(|e| Error::out("write into", out, e))?;
        let folder = Folder { out: out.to_owned(), path };
        // A staging folder without a locked file counts as a leftover, so create it while holding
        // `lock`.
        let alive = File::create_new(folder.path.join(LOCK))
            .map_err(|e| Error::out("write into", out, e))?;
        let alive = alive.try_lock().is_ok().then_some(alive);
        Ok(Self { folder, _alive: alive, made })
    }

    pub(super) fn path(&self) -> &Path {
        &self.folder.path
    }

    /// Keeps the output folder on drop, because it now has content.
    pub(super) fn keep_out(&mut self) {
        self.made.0.clear();
    }
}

/// The lock for changing the output folder. The lock and its file are removed on drop.
pub(super) struct OutLock {
    path: PathBuf,
    file: File,
    /// False on file systems without locks, where concurrent runs are not protected.
    held: bool,
}

impl OutLock {
    /// Waits for other runs. Ctrl-C ends the wait.
    pub(super) fn acquire(out: &Path, interrupted: &AtomicBool) -> Result<Self, Error> {
        let path = out.join(format!("{OWN_PREFIX}.lock"));
        loop {
            let file = open_lock(&path).map_err(|e| Error::out("write into", out, e))?;
            let held = loop {
                match file.try_lock() {
                    Ok(()) => break true,
                    Err(TryLockError::Error(_)) => break false,
                    Err(TryLockError::WouldBlock) if interrupted.load(Ordering::Relaxed) => {
                        return Err(Error::Interrupted);
                    }
                    // A signal does not wake a blocking lock, so poll.
                    Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                }
            };
            // The previous holder may have removed the file; a lock on it would protect nothing.
            if !held || is_file_at(&file, &path) {
                return Ok(Self { path, file, held });
            }
        }
    }
}

impl Drop for OutLock {
    fn drop(&mut self) {
        // Only on systems where `acquire` notices that the file is gone.
        if self.held && cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    match OpenOptions::new().write(true).create(true).truncate(false).open(path) {
        // Left by a killed run of another user; read access is enough to lock it.
        Err(e) if e.kind() == ErrorKind::PermissionDenied => File::open(path).map_err(|_| e),
        result => result,
    }
}

#[cfg(unix)]
fn is_file_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(found)) => (open.dev(), open.ino()) == (found.dev(), found.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_file_at(_: &File, _: &Path) -> bool {
    true
}

/// Our staging folder. On drop, old bundles that were moved aside into it are restored first.
struct Folder {
    out: PathBuf,
    path: PathBuf,
}

impl Drop for Folder {
    fn drop(&mut self) {
        discard(&self.out, &self.path);
    }
}

/// The folders that a run created above its output folder, outermost first.
struct CreatedFolders(Vec<PathBuf>);

impl Drop for CreatedFolders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // Removes only empty folders, so no files are lost.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn missing(out: &Path) -> Vec<PathBuf> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let mut folders: Vec<_> = out.ancestors().take_while(missing).map(Path::to_owned).collect();
    folders.reverse();
    folders
}

fn new_folder(out: &Path) -> io::Result<PathBuf> {
    let prefix = format!("{OWN_PREFIX}-{}-", std::process::id());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).rand_bytes(RANDOM);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Bundles with passwords are staged here.
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    Ok(builder.tempdir_in(out)?.keep())
}

/// Removes the staging folders of ended runs. Call it while holding [`OutLock`].
fn tidy_up(out: &Path) {
    let Ok(entries) = fs::read_dir(out) else { return };
    for entry in entries.flatten() {
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_dir && entry.file_name().to_str().is_some_and(is_staging_name) {
            let path = entry.path();
            if is_dead(&path) && is_ours(&path) {
                discard(out, &path);
            }
        }
    }
}

fn is_staging_name(name: &str) -> bool {
    let rest = name.strip_prefix(OWN_PREFIX).and_then(|rest| rest.strip_prefix('-'));
    rest.and_then(|rest| rest.split_once('-')).is_some_and(|(pid, random)| {
        !pid.is_empty()
            && pid.bytes().all(|b| b.is_ascii_digit())
            && random.len() == RANDOM
            && random.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn is_dead(staging: &Path) -> bool {
    match OpenOptions::new().write(true).open(staging.join(LOCK)) {
        Ok(file) => file.try_lock().is_ok(),
        // The run was killed before it created the lock, or while it removed the folder.
        Err(e) => e.kind() == ErrorKind::NotFound,
    }
}

fn is_ours(staging: &Path) -> bool {
    let known = |name: &str| [LOCK, NEW, ZIP, swap::ASIDE].contains(&name);
    fs::read_dir(staging).is_ok_and(|mut entries| {
        entries.all(|entry| entry.is_ok_and(|e| e.file_name().to_str().is_some_and(known)))
    })
}

/// Restores the bundles that a swap moved aside, then removes the folder. If one cannot be
/// restored, the folder stays for the next run.
fn discard(out: &Path, staging: &Path) {
    if !swap::recover(out, &staging.join(swap::ASIDE)) {
        return;
    }
    let removed = fs::remove_dir_all(staging);
    if removed.is_err_and(|e| e.kind() == ErrorKind::PermissionDenied) {
        // A replaced bundle contained a user's read-only folder; its files are now in the new
        // bundle.
        make_removable(staging);
        let _ = fs::remove_dir_all(staging);
    }
}

fn make_removable(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir())) {
        make_removable(&entry.path());
    }
}

/// New bundles, in folders 0, 1, 2 …
pub(super) const NEW: &str = "new";
pub(super) const ZIP: &str = "zip";
const LOCK: &str = "lock";
const RANDOM: usize = 6;
const PAUSE: Duration = Duration::from_millis(20);
