//! Checks a finished file of any client in all respects.

use std::time::SystemTime;

use super::advice::advise;
use super::dates::dates;
use super::encoding::encoding;
use super::signature::signature;
use crate::import::{Defect, Examination, Reader, recognise};

pub struct CheckedFile {
    pub reader: Reader,
    /// With `\n`; every place refers to this text.
    pub text: String,
    pub examined: Examination,
    /// Defects in addition to the reader's own: of the bytes, the dates and the settings.
    pub more: Vec<Defect>,
}

impl CheckedFile {
    pub fn defects(&self) -> impl Iterator<Item = &Defect> {
        self.more.iter().chain(&self.examined.defects)
    }
}

/// `None` if the format is unknown. `today` is in days since 1970.
pub fn file(bytes: &[u8], today: i64) -> Option<CheckedFile> {
    let (reader, text) = recognise(bytes)?;
    let examined = reader.examine(&text);
    let mut more = encoding(reader, bytes);
    more.extend(signature(reader, bytes, today));
    more.extend(dates(reader, &examined, today));
    more.extend(advise(reader, &text, &examined));
    Some(CheckedFile { reader, text, examined, more })
}

/// The current day in UTC, in days since 1970.
pub fn today() -> i64 {
    day_of(SystemTime::now())
}

/// The day of this time in UTC, in days since 1970.
pub fn day_of(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / 86_400).unwrap_or(i64::MAX)
}
