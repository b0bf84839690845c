//! Shared by all archives: where an archive is written, and how an interrupted one is continued.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::Error;
use crate::format::file_name;

/// The path of a file in the archive, and its bytes.
pub type ArchiveEntry<'a> = (String, Cow<'a, [u8]>);

/// The path of the archive for `name`. An error if a folder of that name is in the way.
pub fn check_archive_target(out: &Path, name: &str, ending: &str) -> Result<PathBuf, Error> {
    let path = out.join(format!("{}.{ending}", file_name(name)));
    match fs::symlink_metadata(&path) {
        Ok(found) if found.is_dir() => Err(Error::ArchiveIsFolder { path }),
        _ => Ok(path),
    }
}

/// A file next to an archive, such as the part that is already written.
pub fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut path = target.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Opens a file to continue after `length` bytes; anything after them is cut off.
pub fn open_at(path: &Path, length: u64) -> io::Result<BufWriter<File>> {
    let mut options = OpenOptions::new();
    let mut file = options.read(true).write(true).create(true).truncate(false).open(path)?;
    if file.metadata()?.len() < length {
        let why = format!("{} is shorter than it was", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    file.set_len(length)?;
    file.seek(SeekFrom::Start(length))?;
    Ok(BufWriter::with_capacity(1024 * 1024, file))
}
