//! Reads JSON Lines: one object per line (jsonlines.org).

use std::io::{BufRead, Read as _};

use serde_json::{Map, Value};

use super::columns::{UserField, is, user};
use super::decode::DecodedReader;
use super::{Column, Error, ListRow};

/// Limit for a line, in bytes; no user needs more.
const LONGEST_LINE: u64 = 1024 * 1024;

pub(super) struct Lines {
    text: DecodedReader,
    wanted: Vec<Column>,
    line: u64,
    ended: bool,
}

impl Lines {
    pub(super) fn new(text: DecodedReader, wanted: &[Column]) -> Self {
        Self { text, wanted: wanted.to_vec(), line: 0, ended: false }
    }

    pub(super) fn next(&mut self) -> Option<Result<ListRow, Error>> {
        Some(self.next_line()?.map(|text| self.row(&text)))
    }

    /// The number of the line that was read last, from 1.
    #[cfg(feature = "ldap")]
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next line that is not empty.
    pub(super) fn next_line(&mut self) -> Option<Result<String, Error>> {
        while !self.ended {
            let mut bytes = Vec::new();
            let mut limited = (&mut self.text.reader).take(LONGEST_LINE);
            let name = || self.text.name.clone();
            match limited.read_until(b'\n', &mut bytes) {
                Ok(0) => break,
                Ok(_) => {}
                Err(source) => {
                    self.ended = true;
                    return Some(Err(Error::Io { name: name(), source }));
                }
            }
            self.line += 1;
            if bytes.len() as u64 == LONGEST_LINE && bytes.last() != Some(&b'\n') {
                self.ended = true;
                let why = "a line of more than 1 MiB".to_owned();
                return Some(Err(Error::Broken { name: name(), line: self.line, why }));
            }
            let text = String::from_utf8_lossy(&bytes);
            if !text.trim().is_empty() {
                return Some(Ok(text.trim().to_owned()));
            }
        }
        self.ended = true;
        None
    }

    fn row(&self, text: &str) -> ListRow {
        let fields = vec![text.to_owned()];
        let row = |user, notes| ListRow { line: self.line, name: None, user, notes, fields };
        let object: Map<String, Value> = match serde_json::from_str(text) {
            Ok(object) => object,
            Err(why) => return row(Err(format!("no object of JSON: {why}")), Vec::new()),
        };
        let get = |field: UserField| {
            let named = object.iter().find(|(name, _)| is(field, name, &self.wanted));
            named.and_then(|(_, value)| value.as_str()).map(str::trim).filter(|v| !v.is_empty())
        };
        let (user, notes) = user(get);
        row(user, notes)
    }
}
