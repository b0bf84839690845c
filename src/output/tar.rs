//! Writes a tar of any size as a stream, compressed with zstd, with one frame per batch of files.
//!
//! Concatenated frames are one valid file (RFC 8878, section 3), so batches are compressed on any
//! thread, and an interrupted file can be cut after any frame and continued. Nothing depends on the
//! time or the machine: equal files give equal bytes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use zstd::stream::write::Encoder;

use super::archive::{ArchiveEntry, open_at};

/// The file name extension.
pub const ENDING: &str = "tar.zst";

/// Compresses files into one frame. The levels are zstd's, 1 to 19.
pub fn pack(entries: &[ArchiveEntry<'_>], level: i32) -> io::Result<Vec<u8>> {
    let mut heads = Vec::with_capacity(entries.len());
    let mut length = 0;
    for (path, bytes) in entries {
        let head = head(path, bytes.len())?;
        length += head.len() + bytes.len() + padding(bytes.len()).len();
        heads.push(head);
    }
    let mut frame = frame(length, level)?;
    for (head, (_, bytes)) in heads.iter().zip(entries) {
        frame.write_all(head)?;
        frame.write_all(bytes)?;
        frame.write_all(padding(bytes.len()))?;
    }
    frame.finish()
}

/// A tar that is being written.
pub struct TarFile {
    file: BufWriter<File>,
    length: u64,
}

impl TarFile {
    /// Starts a tar, or continues one after `length` bytes.
    pub fn open(path: &Path, length: u64) -> io::Result<Self> {
        Ok(Self { file: open_at(path, length)?, length })
    }

    pub fn add(&mut self, frame: &[u8]) -> io::Result<()> {
        self.file.write_all(frame)?;
        self.length += frame.len() as u64;
        Ok(())
    }

    /// Flushes all data to the system and returns the length so far.
    pub fn flush(&mut self) -> io::Result<u64> {
        self.file.flush()?;
        Ok(self.length)
    }

    /// Appends the two empty blocks that end a tar, in a frame of their own.
    pub fn finish(mut self, fsync: bool) -> io::Result<()> {
        let mut end = frame(END.len(), zstd::DEFAULT_COMPRESSION_LEVEL)?;
        end.write_all(&END)?;
        self.file.write_all(&end.finish()?)?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        if fsync { file.sync_all() } else { Ok(()) }
    }
}

/// A frame with its content size and a checksum, like those of the zstd program.
fn frame(length: usize, level: i32) -> io::Result<Encoder<'static, Vec<u8>>> {
    let mut frame = Encoder::new(Vec::new(), level)?;
    frame.window_log(WINDOW)?;
    frame.include_checksum(true)?;
    frame.set_pledged_src_size(Some(length as u64))?;
    Ok(frame)
}

/// The headers before a file: a ustar header, preceded by a pax header if ustar cannot express the
/// path.
///
/// POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format"
fn head(path: &str, size: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(BLOCK);
    let fits = split(path);
    if fits.is_none() || !path.is_ascii() {
        let record = record("path", path);
        head.extend(block(("", PAX_NAME), record.len(), b'x')?);
        head.extend(record.as_bytes());
        head.extend(padding(record.len()));
    }
    // Programs without pax support, like BusyBox, get as much of the path as fits.
    head.extend(block(fits.unwrap_or(("", cut(path))), size, b'0')?);
    Ok(head)
}

/// Splits a path into prefix and name, if it fits.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= NAME {
        return Some(("", path));
    }
    let slashes = path.match_indices('/').map(|(at, _)| (&path[..at], &path[at + 1..]));
    slashes.into_iter().find(|(prefix, name)| {
        (1..=PREFIX).contains(&prefix.len()) && (1..=NAME).contains(&name.len())
    })
}

/// The beginning of a path that fits into the name field, cut at a character boundary.
fn cut(path: &str) -> &str {
    let end = (0..=NAME).rev().find(|&end| path.is_char_boundary(end));
    &path[..end.unwrap_or_default()]
}

/// Formats a pax record. Its length field counts its own digits.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + " =\n".len();
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

fn block((prefix, name): (&str, &str), size: usize, kind: u8) -> io::Result<[u8; BLOCK]> {
    let size = format!("{size:011o}\0");
    if size.len() != 12 {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "a file in a tar has 8 GiB at most",
        ));
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    for id in [108, 116, 329, 337] {
        // The owner, the group, and the two device numbers are all 0.
        put(id, b"0000000\0");
    }
    put(124, size.as_bytes());
    put(136, MOMENT);
    // The checksum is computed with spaces in its own field.
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    put(345, prefix.as_bytes());
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// The bytes that fill up the last block.
fn padding(length: usize) -> &'static [u8] {
    &END[..length.next_multiple_of(BLOCK) - length]
}

const BLOCK: usize = 512;
const NAME: usize = 100;
const PREFIX: usize = 155;
const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// 1980-01-01, the same as in the zips; GNU tar warns about files from 1970-01-01.
const MOMENT: &[u8; 12] = b"02263523000\0";
/// Visible only in programs without pax support.
const PAX_NAME: &str = "PaxHeaders/path";
/// As a power of two: half a MiB, which holds all files of ten users; they are nearly the same.
/// zstd's own 2 to 8 MiB and their tables gain nothing here, and take tens of MiB per worker at
/// high levels.
const WINDOW: u32 = 19;

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    /// The fields of the file's own header.
    fn fields(path: &str) -> (String, String) {
        let head = head(path, 3).unwrap();
        let block = &head[head.len() - BLOCK..];
        let text = |at: usize, length: usize| {
            let field = block[at..at + length].split(|&byte| byte == 0).next().unwrap();
            String::from_utf8(field.to_vec()).unwrap()
        };
        (text(345, PREFIX), text(0, NAME))
    }

    #[test]
    fn a_header_has_nothing_of_the_moment_or_the_machine() {
        let head = head("a/b", 1234).unwrap();
        assert_eq!(head.len(), BLOCK);
        let text = String::from_utf8(head).unwrap().replace('\0', " ");
        let words: Vec<&str> = text.split_whitespace().collect();
        let size_moment_checksum = ["00000002322", "02263523000", "007617"];
        assert_eq!(words[..2], ["a/b", "0000644"]);
        assert_eq!(words[2..4], ["0000000"; 2]);
        assert_eq!(words[4..7], size_moment_checksum);
        assert_eq!(words[7..10], ["0", "ustar", "00"]);
        assert_eq!(words[10..], ["0000000"; 2]);
        assert_eq!(0o2_263_523_000, 315_532_800, "seconds from 1970 to 1980");
    }

    #[test]
    fn a_path_is_split_at_a_slash_where_prefix_and_name_have_room_for_it() {
        let (folder, name) = ("f".repeat(155), "n".repeat(100));
        assert_eq!(fields(&name), (String::new(), name.clone()));
        assert_eq!(fields(&format!("{folder}/{name}")), (folder.clone(), name.clone()));
        assert_eq!(head(&format!("{folder}/{name}"), 3).unwrap().len(), BLOCK);
        // With one byte more on either side, a pax header is used.
        for path in [format!("{folder}x/{name}"), format!("{folder}/{name}x"), "x".repeat(101)] {
            assert_eq!(head(&path, 3).unwrap().len(), 3 * BLOCK);
            assert_eq!(fields(&path), (String::new(), path[..100].to_owned()));
        }
    }

    #[test]
    fn a_path_outside_ascii_stands_in_a_header_of_pax_and_is_not_cut_in_a_character() {
        let head = head("zo\u{EB}", 0).unwrap();
        assert_eq!(head.len(), 3 * BLOCK);
        assert_eq!(&head[BLOCK..BLOCK + 14], "13 path=zo\u{EB}\n\0".as_bytes());
        assert_eq!(fields("zo\u{EB}").1, "zo\u{EB}");
        let long = format!("{}\u{EB}", "x".repeat(99));
        assert_eq!(fields(&long).1, "x".repeat(99));
    }

    #[test]
    fn a_record_of_pax_counts_the_digits_of_its_own_length() {
        for length in [1, 90, 91, 92, 93, 989, 990, 991, 992] {
            let record = record("path", &"x".repeat(length));
            let said: usize = record.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(said, record.len());
        }
    }

    #[test]
    fn the_same_files_make_the_same_frame_and_frames_follow_each_other() {
        let large = b"0123456789".repeat(300_000);
        let entries = [("a".to_owned(), Cow::from(&large)), ("b".to_owned(), Cow::from(b""))];
        let one = pack(&entries, 3).unwrap();
        assert!(one == pack(&entries, 3).unwrap() && one.len() < 10_000);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tar.zst");
        let mut tar = TarFile::open(&path, 0).unwrap();
        tar.add(&one).unwrap();
        let place = tar.flush().unwrap();
        tar.add(b"what a killed run had begun").unwrap();
        drop(tar);
        let mut tar = TarFile::open(&path, place).unwrap();
        tar.add(&pack(&entries, 19).unwrap()).unwrap();
        tar.finish(true).unwrap();
        let plain = zstd::decode_all(File::open(&path).unwrap()).unwrap();
        let half = 2 * BLOCK + large.len().next_multiple_of(BLOCK);
        assert_eq!(plain.len(), 2 * half + END.len());
        assert!(plain[..half] == plain[half..2 * half]);
        assert!(TarFile::open(&path, 1 << 40).is_err());
    }
}
