//! What has one safe mend, mended.
//!
//! A mend is safe where it cannot be meant otherwise, and a file is left alone where it could not be
//! written back as it was: encoding and ends of lines stay, but for those that are themselves wrong.

mod edits;
mod written;

use std::collections::BTreeSet;

use super::advice::advise;
use super::encoding::encoding;
use crate::codes::Code;
use crate::import::{Defect, envelope, recognise};

use edits::edits;
use written::Written;

/// One mend can show another defect; a file that is not done after so many rounds is left at that.
const ROUNDS: usize = 8;

/// A piece of a text (newlines as `\n`) and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// A file as it was and as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    pub bytes: Vec<u8>,
    /// Both with `\n`, for people.
    pub before: String,
    pub after: String,
    /// The rules whose defects are gone.
    pub codes: BTreeSet<Code>,
}

/// The file with every mend made that is wanted, by the code of its rule; none where there is
/// nothing to mend.
pub fn mend(bytes: &[u8], wanted: &dyn Fn(Code) -> bool) -> Option<Mended> {
    // What is signed or binary cannot be written back.
    if envelope::open(bytes).is_some() {
        return None;
    }
    let (reader, before) = recognise(bytes)?;
    let mut file = Written::of(bytes)?;
    let mut codes = BTreeSet::new();
    for defect in encoding(reader, bytes) {
        if wanted(defect.code) && file.mend(defect.code) {
            codes.insert(defect.code);
        }
    }
    for _ in 0..ROUNDS {
        let text = file.text();
        let examined = reader.examine(&text);
        let advice = advise(reader, &text, &examined);
        let all = examined.defects.iter().chain(&advice).filter(|defect| wanted(defect.code));
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
    (!codes.is_empty() && written != bytes).then_some(Mended {
        bytes: written,
        before,
        after,
        codes,
    })
}

/// Those that do not touch what another changes; the rest has its turn in the next round.
fn apart(all: impl Iterator<Item = (Code, Vec<Edit>)>) -> Vec<(Code, Vec<Edit>)> {
    let mut made: Vec<(Code, Vec<Edit>)> = Vec::new();
    let mut taken: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (code, own) in all {
        let free = |edit: &Edit| {
            // The last one that begins before this one ends is the only one it can touch.
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

/// What stands where the defect is.
fn piece<'a>(text: &'a str, defect: &Defect) -> Option<&'a str> {
    text.get(defect.span.clone())
}

#[cfg(test)]
mod tests;
