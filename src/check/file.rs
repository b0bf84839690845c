//! A finished file of any client with all that can be said of it.

use std::time::SystemTime;

use super::advice::advise;
use super::dates::dates;
use super::encoding::encoding;
use super::signature::signature;
use crate::import::{Defect, Examined, Reader, recognise};

pub struct Checked {
    pub reader: Reader,
    /// With `\n`; every place is one of this text.
    pub text: String,
    pub examined: Examined,
    /// What the bytes, the day and the settings add to the reader's own defects.
    pub more: Vec<Defect>,
}

impl Checked {
    pub fn defects(&self) -> impl Iterator<Item = &Defect> {
        self.more.iter().chain(&self.examined.defects)
    }
}

/// None where it is of no format that is known. `today` is a day since 1970.
pub fn file(bytes: &[u8], today: i64) -> Option<Checked> {
    let (reader, text) = recognise(bytes)?;
    let examined = reader.examine(&text);
    let mut more = encoding(reader, bytes);
    more.extend(signature(reader, bytes, today));
    more.extend(dates(reader, &text, today));
    more.extend(advise(reader, &text, &examined));
    Some(Checked { reader, text, examined, more })
}

/// Days since 1970, in UTC.
pub fn today() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs() / 86_400).unwrap_or(i64::MAX)
}
