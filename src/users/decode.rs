//! Removes a list's byte order mark and decodes UTF-16, whichever program saved the list.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

use super::Error;

/// How many bytes are buffered to detect what a list is.
const START: usize = 64 * 1024;

/// The bytes of a list without its byte order mark. UTF-16, which Excel calls "Unicode text", is
/// decoded; other bytes are passed on: UTF-8, or the code page of some PC.
pub(super) struct DecodedReader {
    pub(super) name: String,
    pub(super) reader: BufReader<Box<dyn Read>>,
}

impl DecodedReader {
    pub(super) fn new(name: &str, source: Box<dyn Read>) -> Result<Self, Error> {
        let failed = |source| Error::Io { name: name.to_owned(), source };
        let mut reader = BufReader::with_capacity(START, source);
        let start = fill(&mut reader).map_err(failed)?;
        let (skip, encoding) = match start {
            [0xEF, 0xBB, 0xBF, ..] => (3, None),
            [0xFF, 0xFE, ..] => (2, Some(UTF_16LE)),
            [0xFE, 0xFF, ..] => (2, Some(UTF_16BE)),
            [1..=0xFF, 0, 1..=0xFF, 0, ..] => (0, Some(UTF_16LE)),
            [0, 1..=0xFF, 0, 1..=0xFF, ..] => (0, Some(UTF_16BE)),
            _ => (0, None),
        };
        reader.consume(skip);
        let reader = match encoding {
            None => BufReader::with_capacity(START, Box::new(reader) as Box<dyn Read>),
            Some(encoding) => {
                let decoder = encoding.new_decoder_without_bom_handling();
                let utf16 = Utf16 { source: reader, decoder, ended: false };
                BufReader::with_capacity(START, Box::new(utf16) as Box<dyn Read>)
            }
        };
        Ok(Self { name: name.to_owned(), reader })
    }

    /// The first character that is not white space.
    pub(super) fn first_character(&mut self) -> Result<Option<char>, Error> {
        let failed = |source| Error::Io { name: self.name.clone(), source };
        let start = fill(&mut self.reader).map_err(failed)?;
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
        Ok(first.map(|byte| char::from(*byte)))
    }

    /// The first line, or as much of it as is buffered.
    pub(super) fn first_line(&mut self) -> Result<&[u8], Error> {
        let failed = |source| Error::Io { name: self.name.clone(), source };
        let start = fill(&mut self.reader).map_err(failed)?;
        let end = start.iter().position(|byte| *byte == b'\n').unwrap_or(start.len());
        Ok(&start[..end])
    }
}

fn fill<R: Read>(reader: &mut BufReader<R>) -> io::Result<&[u8]> {
    loop {
        match reader.fill_buf() {
            Ok(_) => break,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(reader.buffer())
}

struct Utf16 {
    source: BufReader<Box<dyn Read>>,
    decoder: Decoder,
    ended: bool,
}

impl Read for Utf16 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // A character may need four bytes of UTF-8.
        if out.len() < 4 {
            return Err(io::Error::other("a reader asked for less than a character"));
        }
        while !self.ended {
            let input = self.source.fill_buf()?;
            let last = input.is_empty();
            let (_, read, written, _) = self.decoder.decode_to_utf8(input, out, last);
            self.source.consume(read);
            self.ended = last;
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
