//! What is only advice: a client takes the file, and its user is surprised.
//!
//! The readers hold what a client drops or guesses, and are judges of what we write; advice is for
//! files of others, where a setting can be meant so.

mod autoconfig;

use crate::import::{Defect, Examined, Reader};

/// Everything worth saying about a file that was read.
pub fn advise(reader: Reader, text: &str, examined: &Examined) -> Vec<Defect> {
    match reader {
        Reader::Autoconfig => autoconfig::advise(text, examined),
        _ => Vec::new(),
    }
}
