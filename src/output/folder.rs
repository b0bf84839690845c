//! A folder that a bundle is written into.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// A new folder. Paths in it are resolved relative to its handle, not to the working folder:
/// resolving full paths took a tenth of the time for writing a user's files.
#[cfg(unix)]
pub(super) struct NewFolder(rustix::fd::OwnedFd);

#[cfg(unix)]
impl NewFolder {
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(File::open(path)?.into()))
    }

    /// Creates a folder in it. The parent must exist.
    pub(super) fn folder(&self, path: &str) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, path, rustix::fs::Mode::from_raw_mode(0o777))?)
    }

    /// Creates a file in it with the umask's mode, or readable only by its owner.
    pub(super) fn create(&self, path: &str, secret: bool) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags, openat};
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if secret { 0o600 } else { 0o666 });
        Ok(openat(&self.0, path, flags, mode)?.into())
    }
}

#[cfg(not(unix))]
pub(super) struct NewFolder(std::path::PathBuf);

#[cfg(not(unix))]
impl NewFolder {
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    pub(super) fn folder(&self, path: &str) -> io::Result<()> {
        fs::create_dir(self.0.join(path))
    }

    pub(super) fn create(&self, path: &str, secret: bool) -> io::Result<File> {
        create(&self.0.join(path), secret)
    }
}

/// Creates a file with the umask's mode, or readable only by its owner.
#[cfg(any(feature = "zip", not(unix)))]
pub(super) fn create(path: &Path, secret: bool) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if secret { 0o600 } else { 0o666 });
    }
    let _ = secret;
    options.open(path)
}
