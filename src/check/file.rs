//! Checks a finished file of any client in all respects.

use std::sync::Arc;
use std::time::SystemTime;

use super::advice::advise;
use super::dates::{dates, day_of};
use super::defects::findings;
use super::encoding::encoding;
use super::signature::signature;
use crate::authorities::Authorities;
use crate::finding::{Finding, Source};
use crate::import::{Defect, DefectList, Examination, Reader, recognise};

pub struct CheckedFile {
    pub reader: Reader,
    /// With `\n`; every place refers to this text.
    pub text: String,
    pub examined: Examination,
    /// Defects in addition to the reader's own: of the bytes, the dates and the settings.
    pub more: DefectList,
}

impl CheckedFile {
    /// All findings about the file, in the order of their places.
    pub fn findings(&self, source: &Arc<Source>) -> Vec<Finding> {
        findings(&[&self.more, &self.examined.defects], source)
    }

    pub fn defects(&self) -> impl Iterator<Item = &Defect> {
        self.more.iter().chain(self.examined.defects.iter())
    }
}

/// `None` if the format is unknown. A signer has to lead to one of the authorities.
pub fn file(bytes: &[u8], now: SystemTime, authorities: &Authorities) -> Option<CheckedFile> {
    let (reader, text) = recognise(bytes)?;
    let examined = reader.examine(&text);
    let mut more = encoding(reader, bytes);
    more.append(signature(reader, bytes, now, authorities));
    more.append(dates(reader, &examined, day_of(now)));
    more.append(advise(reader, &text, &examined));
    Some(CheckedFile { reader, text, examined, more })
}
