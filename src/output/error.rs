//! Errors while writing, each with the path, the reason and what to do.
//!
//! Paths are those the user knows (below the output folder), never paths in the staging folder. If
//! a message says that nothing was changed, the bundles on disk are those from before the run.

use std::io;
use std::path::{Path, PathBuf};

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("the output folder \"{}\" is a file; name another one with -o", .path.display())]
    OutIsFile { path: PathBuf },

    #[error(
        "the output folder \"{}\" is a symbolic link that leads nowhere; remove it, or name \
         another folder with -o", .path.display()
    )]
    OutLeadsNowhere { path: PathBuf },

    #[error(
        "cannot {doing} the output folder \"{}\": {}; name another one with -o",
        .path.display(), why(.source)
    )]
    Out { doing: &'static str, path: PathBuf, source: io::Error },

    #[error(
        "cannot write \"{}\": the disk is full; nothing was changed; make room, or name a folder \
         on another disk with -o", .path.display()
    )]
    DiskFull { path: PathBuf, source: io::Error },

    #[error(
        "cannot {doing} \"{}\": {}; nothing was changed; set that right, or name another folder \
         with -o", .path.display(), why(.source)
    )]
    Io { doing: &'static str, path: PathBuf, source: io::Error },

    #[error(
        "\"{}\" has files in it, but no MANIFEST.json of mailwright, so it is somebody else's \
         folder; move it away, or name another output folder with -o", .folder.display()
    )]
    NotOurs { folder: PathBuf },

    #[error(
        "\"{}\" is not one of mailwright's files and lies where one has to go; move it away, or \
         name another output folder with -o", .path.display()
    )]
    InTheWay { path: PathBuf },

    #[error(
        "\"{}\" is a symbolic link, and what is written there may leave the output folder; \
         replace it by a real folder, or name another output folder with -o", .path.display()
    )]
    Symlink { path: PathBuf },

    #[error(
        "\"{}\" is a file where a folder has to go; move it away, or name another output folder \
         with -o", .path.display()
    )]
    NotAFolder { path: PathBuf },

    #[error(
        "the archive \"{}\" is a folder; move it away, or name another output folder with -o",
        .path.display()
    )]
    ArchiveIsFolder { path: PathBuf },

    #[error(
        "the path \"{}\" is not safe inside the output folder: {reason}; choose another path in \
         the target's manifest", .path.escape_debug()
    )]
    UnsafePath { path: String, reason: String },

    #[error(
        "two things to write share the path \"{path}\"; give one of them another path in the \
         target's manifest"
    )]
    Twice { path: String },

    #[error("cannot write \"{}\": {reason}; leave --zip out to get folders", .path.display())]
    Zip { path: PathBuf, reason: String },

    #[error("interrupted; nothing was changed")]
    Interrupted,
}

impl Error {
    /// A system error while `doing` something with `path`.
    pub fn io(doing: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        let path = path.as_ref().to_owned();
        match is_full(&source) {
            true => Self::DiskFull { path, source },
            false => Self::Io { doing, path, source },
        }
    }

    /// A system error that concerns the output folder as a whole.
    pub(super) fn out(doing: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        let path = path.as_ref().to_owned();
        match source.kind() {
            _ if is_full(&source) => Self::DiskFull { path, source },
            io::ErrorKind::NotADirectory => Self::OutIsFile { path },
            _ => Self::Out { doing, path, source },
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The reason in our style: std formats it as `Permission denied (os error 13)`.
fn why(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "the system gave no reason".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_why_and_what_to_do() {
        let denied = io::Error::from_raw_os_error(13);
        assert_eq!(
            Error::out("write into", "out", denied).to_string(),
            "cannot write into the output folder \"out\": permission denied; name another one \
             with -o"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_and_a_used_up_quota_are_called_a_full_disk() {
        for number in [28, 122] {
            let error = Error::io("write", "out/a", io::Error::from_raw_os_error(number));
            assert!(error.to_string().contains("the disk is full"), "{error}");
        }
    }
}
