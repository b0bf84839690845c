//! Fixes defects that have exactly one safe fix.
//!
//! A fix is safe if the file can have only one meaning. A file that could not be written back
//! exactly is not touched: encoding and line ends are kept, unless they are the defect.

mod edit;
mod edits;
mod encoded_file;

use std::collections::BTreeSet;

use super::advice::advise;
use super::encoding::encoding;
use crate::codes::Code;
use crate::import::{envelope, recognise};

use edit::Edit;
use edits::edits;
use encoded_file::EncodedFile;

/// One fix can reveal another defect. After this many rounds the file is left as it is.
const ROUNDS: usize = 8;

/// A file before and after the fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedFile {
    pub bytes: Vec<u8>,
    /// Both with `\n`, for display.
    pub before: String,
    pub after: String,
    /// The rules whose defects are fixed.
    pub codes: BTreeSet<Code>,
}

/// Applies every fix for which `wanted` accepts the rule's code. `None` if there is nothing to fix.
pub fn fix(bytes: &[u8], wanted: &dyn Fn(Code) -> bool) -> Option<FixedFile> {
    fix_in(ROUNDS, bytes, wanted)
}

/// Whether there is something to fix; cheaper than [`fix`], because the first round shows it.
pub fn can_fix(bytes: &[u8]) -> bool {
    fix_in(1, bytes, &|_| true).is_some()
}

fn fix_in(rounds: usize, bytes: &[u8], wanted: &dyn Fn(Code) -> bool) -> Option<FixedFile> {
    // A signed or binary file cannot be written back.
    if envelope::open(bytes).is_some() {
        return None;
    }
    let (reader, before) = recognise(bytes)?;
    let mut file = EncodedFile::of(bytes)?;
    let mut codes = BTreeSet::new();
    for defect in encoding(reader, bytes).iter() {
        if wanted(defect.code) && file.fix(defect.code) {
            codes.insert(defect.code);
        }
    }
    for _ in 0..rounds {
        let text = file.text();
        let examined = reader.examine(&text);
        let advice = advise(reader, &text, &examined);
        let all = examined.defects.iter().chain(advice.iter()).filter(|defect| wanted(defect.code));
        let made = apart(all.filter_map(|defect| Some((defect.code, edits(&text, defect)?))));
        if made.is_empty() {
            break;
        }
        let mut all: Vec<Edit> = Vec::new();
        for (code, own) in made {
            codes.insert(code);
            all.extend(own);
        }
        all.sort_by_key(|edit| edit.start);
        file.apply(&all);
    }
    let after = file.text();
    let written = file.bytes()?;
    (!codes.is_empty() && written != bytes).then_some(FixedFile {
        bytes: written,
        before,
        after,
        codes,
    })
}

/// Selects edits that do not touch each other; the others have to wait for the next round.
fn apart(all: impl Iterator<Item = (Code, Vec<Edit>)>) -> Vec<(Code, Vec<Edit>)> {
    let mut made: Vec<(Code, Vec<Edit>)> = Vec::new();
    let mut taken: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (code, own) in all {
        let free = |edit: &Edit| {
            // Only the last edit that begins before this one ends can touch it.
            let before = taken.range(..=(edit.end, usize::MAX)).next_back();
            before.is_none_or(|(_, end)| *end < edit.start)
        };
        if own.iter().all(free) {
            taken.extend(own.iter().map(|edit| (edit.start, edit.end)));
            made.push((code, own));
        }
    }
    made
}

#[cfg(test)]
mod tests;
