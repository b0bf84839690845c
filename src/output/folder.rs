//! A folder that a bundle is written into.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// A new folder. What is made in it is named from here, and not from the working folder: finding the
/// way took a tenth of the time that writing a user's files takes.
#[cfg(unix)]
pub(super) struct NewFolder(rustix::fd::OwnedFd);

#[cfg(unix)]
impl NewFolder {
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(File::open(path)?.into()))
    }

    /// A folder in it, below one that is there.
    pub(super) fn folder(&self, path: &str) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, path, rustix::fs::Mode::from_raw_mode(0o777))?)
    }

    /// A new file in it with the mode that the umask gives, or one for its owner alone.
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

/// A new file with the mode that the umask gives, or one for its owner alone.
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
