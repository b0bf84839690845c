//! Reads a directory's entries back from what `ldap` wrote when it read the directory: one JSON
//! object per line.

use std::collections::BTreeMap;

use super::columns::{UserField, user};
use super::decode::DecodedReader;
use super::json::Lines;
use super::{Error, ListRow};

/// Key of an entry's distinguished name.
pub(super) const DN: &str = "dn";
/// Key of the reason why an entry is not a user, if reading it already showed one.
pub(super) const REFUSED: &str = "refused";

pub(super) struct Entries {
    lines: Lines,
    header: [String; 2],
}

impl Entries {
    pub(super) fn new(text: DecodedReader) -> Self {
        let header = [DN, "mail"].map(str::to_owned);
        Self { lines: Lines::new(text, &[]), header }
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    pub(super) fn next(&mut self) -> Option<Result<ListRow, Error>> {
        let text = match self.lines.next_line()? {
            Ok(text) => text,
            Err(error) => return Some(Err(error)),
        };
        let line = self.lines.line();
        let entry: BTreeMap<String, String> = match serde_json::from_str(&text) {
            Ok(entry) => entry,
            Err(e) => {
                let name = "what was kept of the directory".to_owned();
                return Some(Err(Error::Broken { name, line, why: e.to_string() }));
            }
        };
        let get = |name: &str| entry.get(name).map(|value| value.trim()).filter(|v| !v.is_empty());
        let (found, notes) = match get(REFUSED) {
            Some(why) => (Err(why.to_owned()), Vec::new()),
            None => user(|field: UserField| get(field.word())),
        };
        let name = get(DN).unwrap_or_default().to_owned();
        let address = get(UserField::Address.word()).unwrap_or_default().to_owned();
        let fields = vec![name.clone(), address];
        Some(Ok(ListRow { line, name: Some(name), user: found, notes, fields }))
    }
}
