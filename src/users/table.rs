//! Reads a table: fields separated by commas, semicolons or tabs, with or without quotes.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use csv::{ByteRecord, Reader, ReaderBuilder};
use encoding_rs::WINDOWS_1252;

use super::columns::{ColumnIndexes, UserField, user};
use super::decode::DecodedReader;
use super::{Column, Error, ListRow};

/// Limit for a row, in bytes. A longer row means an unclosed quotation mark.
const LONGEST_ROW: u64 = 1024 * 1024;

pub(super) struct UserTable {
    name: String,
    reader: Reader<RowLimiter>,
    header: Vec<String>,
    places: ColumnIndexes,
    record: ByteRecord,
    /// Bytes read since the last row.
    taken: Rc<Cell<u64>>,
    /// The first row, if the list has no header.
    first: Option<ListRow>,
    ended: bool,
}

impl UserTable {
    pub(super) fn open(mut text: DecodedReader, wanted: &[Column]) -> Result<Self, Error> {
        let delimiter = delimiter(text.first_line()?);
        let taken = Rc::new(Cell::new(0));
        let DecodedReader { name, reader } = text;
        let source = RowLimiter { source: Box::new(reader), taken: Rc::clone(&taken), last: b'\n' };
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(source);
        let mut table = Self {
            name,
            reader,
            header: Vec::new(),
            places: ColumnIndexes::default(),
            record: ByteRecord::new(),
            taken,
            first: None,
            ended: false,
        };
        let Some((line, fields)) = table.read()? else {
            return Err(Error::Empty { name: table.name });
        };
        match ColumnIndexes::of(&table.name, &fields, wanted) {
            Ok(places) => {
                table.places = places;
                table.header = fields;
            }
            // A plain list of addresses needs no header.
            Err(Error::NoAddress { .. }) if fields.iter().any(|field| field.contains('@')) => {
                let at = fields.iter().position(|field| field.contains('@')).unwrap_or_default();
                table.places = ColumnIndexes::without_header(at);
                table.first = Some(table.row(line, fields));
            }
            Err(error) => return Err(error),
        }
        Ok(table)
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    pub(super) fn next(&mut self) -> Option<Result<ListRow, Error>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if self.ended {
            return None;
        }
        match self.read() {
            Ok(Some((line, fields))) => Some(Ok(self.row(line, fields))),
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }

    fn row(&self, line: u64, fields: Vec<String>) -> ListRow {
        let (user, notes) = match fields.len() > self.header.len() && !self.header.is_empty() {
            true => {
                let why = format!(
                    "{} fields, and the first line has {}: is one not in quotes?",
                    fields.len(),
                    self.header.len()
                );
                (Err(why), Vec::new())
            }
            false => user(|field: UserField| self.places.get(field, &fields)),
        };
        ListRow { line, name: None, user, notes, fields }
    }

    /// The next row that is not empty, with the line in which it begins.
    fn read(&mut self) -> Result<Option<(u64, Vec<String>)>, Error> {
        loop {
            self.taken.set(0);
            let line = self.reader.position().line();
            let found = self.reader.read_byte_record(&mut self.record);
            if !found.map_err(|error| self.failed(error, line))? {
                return Ok(None);
            }
            // The csv reader counts empty lines before a row as part of it, so count back from the
            // row's end.
            let within = self.record.iter().flatten().filter(|byte| **byte == b'\n').count();
            let line = self.reader.position().line().saturating_sub(1 + within as u64).max(line);
            let fields: Vec<String> = self.record.iter().map(text).collect();
            if fields.iter().any(|field| !field.trim().is_empty()) {
                return Ok(Some((line, fields)));
            }
        }
    }

    fn failed(&self, error: csv::Error, line: u64) -> Error {
        match error.into_kind() {
            csv::ErrorKind::Io(source) if source.kind() == io::ErrorKind::InvalidData => {
                Error::Broken { name: self.name.clone(), line, why: source.to_string() }
            }
            csv::ErrorKind::Io(source) => Error::Io { name: self.name.clone(), source },
            other => Error::Broken { name: self.name.clone(), line, why: format!("{other:?}") },
        }
    }
}

/// Decodes a field: UTF-8, or the code page of Western Europe, in which Excel saves "CSV".
fn text(field: &[u8]) -> String {
    match std::str::from_utf8(field) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(field).0.into_owned(),
    }
}

/// The separator that is most frequent in the first line. Excel writes semicolons where the comma
/// is the decimal separator.
fn delimiter(line: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in line {
        if *byte == b'"' {
            quoted = !quoted;
        } else if !quoted && let Some((_, count)) = counts.iter_mut().find(|(d, _)| d == byte) {
            *count += 1;
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(d, _)| d)
}

/// Stops when a row becomes too long, and makes every line ending the same.
struct RowLimiter {
    source: Box<dyn Read>,
    taken: Rc<Cell<u64>>,
    last: u8,
}

impl Read for RowLimiter {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken.get() > LONGEST_ROW {
            let why = "a row of more than 1 MiB: is a quotation mark not closed?";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let read = self.source.read(out)?;
        self.taken.set(self.taken.get() + read as u64);
        if let (0, [first, ..]) = (read, &mut *out)
            && self.last != b'\n'
        {
            (self.last, *first) = (b'\n', b'\n');
            return Ok(1);
        }
        // The csv reader counts "\r\n" too late, so "\r" becomes "\n" and a "\n" after it is
        // dropped.
        let mut kept = 0;
        for at in 0..read {
            let byte = out[at];
            if !(byte == b'\n' && self.last == b'\r') {
                out[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
            self.last = byte;
        }
        // Only the second half of a line ending was read; this is not the end of the file.
        if kept == 0 && read > 0 { self.read(out) } else { Ok(kept) }
    }
}
