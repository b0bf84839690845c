//! Reads files that other people may have put there: regular files only, and never more than a
//! limit.
//!
//! A FIFO or a device can make a reader wait forever, a symbolic link can show another user's file,
//! and a file can grow while it is read.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read as _};
use std::path::Path;

/// Where a symbolic link in a path may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links<'a> {
    Anywhere,
    /// The file must lie within this folder, after all links. The folder itself may be a link.
    Within(&'a Path),
}

/// Why a file is not read. The text never contains anything of the file's content.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("it is {0}, not a regular file")]
    Kind(&'static str),
    #[error("it is a link to a place outside of {0}")]
    Outside(String),
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads a whole file of at most `most` bytes.
///
/// # Errors
///
/// The file is not a regular file, it is too large, or it cannot be read.
pub fn read(path: &Path, most: u64, links: Links<'_>) -> Result<Vec<u8>, Refused> {
    let file = open(path, links)?;
    // Now it is certain what the file is: a path can change, an open file cannot.
    let metadata = file.metadata()?;
    regular(&metadata)?;
    if metadata.len() > most {
        return Err(Refused::TooLarge(most));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len() + 1).unwrap_or_default());
    // One more byte shows that the file has grown meanwhile.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Refused::TooLarge(most));
    }
    Ok(bytes)
}

fn regular(metadata: &Metadata) -> Result<(), Refused> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(Refused::Kind(kind(metadata.file_type()))),
    }
}

/// What a file is that is not a regular one.
pub fn kind(file_type: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if file_type.is_fifo() {
            return "a FIFO";
        }
        if file_type.is_socket() {
            return "a socket";
        }
        if file_type.is_char_device() || file_type.is_block_device() {
            return "a device";
        }
    }
    if file_type.is_dir() { "a folder" } else { "something else" }
}

/// Opens without waiting for a writer, and without following a link that was not looked at.
#[cfg(unix)]
fn open(path: &Path, links: Links<'_>) -> Result<File, Refused> {
    use rustix::fs::{AtFlags, FileType as RawType, Mode, OFlags, open, openat, statat};
    const READ: OFlags =
        OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
    let Links::Within(folder) = links else {
        // Opening a device can already do something, so look first.
        regular(&std::fs::metadata(path)?)?;
        return Ok(open(path, READ, Mode::empty()).map_err(io::Error::from)?.into());
    };
    let whole = folder.canonicalize()?;
    let target = path.canonicalize()?;
    let inside = target.strip_prefix(&whole);
    let inside = inside.map_err(|_| Refused::Outside(folder.display().to_string()))?;
    // The path has no links now. Each step refuses one that appears meanwhile.
    let step = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let mut at = open(&whole, step, Mode::empty()).map_err(io::Error::from)?;
    let mut steps = inside.components().peekable();
    while let Some(name) = steps.next() {
        let name = name.as_os_str();
        if steps.peek().is_some() {
            let next = openat(&at, name, step | OFlags::NOFOLLOW, Mode::empty());
            at = next.map_err(io::Error::from)?;
            continue;
        }
        let found = statat(&at, name, AtFlags::SYMLINK_NOFOLLOW).map_err(io::Error::from)?;
        if RawType::from_raw_mode(found.st_mode) != RawType::RegularFile {
            regular(&std::fs::symlink_metadata(&target)?)?;
        }
        let file = openat(&at, name, READ | OFlags::NOFOLLOW, Mode::empty());
        return Ok(file.map_err(io::Error::from)?.into());
    }
    Err(Refused::Kind("a folder"))
}

#[cfg(not(unix))]
fn open(path: &Path, links: Links<'_>) -> Result<File, Refused> {
    if let Links::Within(folder) = links
        && !path.canonicalize()?.starts_with(folder.canonicalize()?)
    {
        return Err(Refused::Outside(folder.display().to_string()));
    }
    regular(&std::fs::metadata(path)?)?;
    Ok(File::open(path)?)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_of_bounded_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "12345").unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let why = |path: &Path, links: Links<'_>| read(path, 5, links).unwrap_err().to_string();
        for links in [Links::Anywhere, Links::Within(folder.path())] {
            assert_eq!(read(&at("file"), 5, links).unwrap(), b"12345");
            assert!(matches!(read(&at("file"), 4, links), Err(Refused::TooLarge(4))));
            assert_eq!(why(&at("fifo"), links), "it is a FIFO, not a regular file");
            assert_eq!(why(&at("socket"), links), "it is a socket, not a regular file");
            assert_eq!(why(folder.path(), links), "it is a folder, not a regular file");
            assert!(why(&at("none"), links).contains("No such file"));
        }
        assert_eq!(
            why(Path::new("/dev/zero"), Links::Anywhere),
            "it is a device, not a regular file"
        );
    }

    #[test]
    fn a_link_leads_to_a_file_within_the_folder_only() {
        let base = tempfile::tempdir().unwrap();
        let (folder, link) = (base.path().join("folder"), base.path().join("link"));
        fs::create_dir_all(folder.join("..2026")).unwrap();
        fs::write(folder.join("..2026/x"), "x").unwrap();
        fs::write(base.path().join("secret"), "secret").unwrap();
        symlink("..2026", folder.join("..data")).unwrap();
        symlink("..data/x", folder.join("x")).unwrap();
        symlink(folder.join("..2026/x"), folder.join("absolute")).unwrap();
        symlink("../secret", folder.join("out")).unwrap();
        symlink("nowhere", folder.join("dangling")).unwrap();
        symlink(".", folder.join("itself")).unwrap();
        symlink(&folder, &link).unwrap();
        for folder in [&folder, &link] {
            let read = |name: &str| read(&folder.join(name), 10, Links::Within(folder));
            for name in ["x", "absolute", "..data/x", "itself/x"] {
                assert_eq!(read(name).unwrap(), b"x", "{name}");
            }
            for name in ["out", "../secret"] {
                assert!(matches!(read(name), Err(Refused::Outside(_))), "{name}");
            }
            assert!(matches!(read("dangling"), Err(Refused::Io(_))));
        }
        assert_eq!(read(&folder.join("out"), 10, Links::Anywhere).unwrap(), b"secret");
    }
}
