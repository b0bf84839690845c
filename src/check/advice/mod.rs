//! Advice: a client accepts the file, but it surprises its user.
//!
//! The readers report what a client drops or guesses, and also judge our own output. Advice is only
//! for files of others, where a setting may be intentional.

mod autoconfig;
mod autodiscover;
mod connection;
mod fetchmail;
mod getmail;
mod k9s;
mod mobileconfig;
mod msmtp;
mod placeholder;
mod prefs;
mod prf;
mod qr;
mod reg;

use crate::import::msmtp::Program;
use crate::import::{DefectList, Examination, Reader};

/// All advice about a file that was read.
pub fn advise(reader: Reader, text: &str, examined: &Examination) -> DefectList {
    match reader {
        Reader::Autoconfig => autoconfig::advise(text, examined),
        Reader::Autodiscover => autodiscover::advise(text, examined),
        Reader::Fetchmail => fetchmail::advise(text, examined),
        Reader::Getmail => getmail::advise(text, examined),
        Reader::K9s => k9s::advise(text, examined),
        Reader::Mobileconfig => mobileconfig::advise(text, examined),
        Reader::Mpop => msmtp::advise(text, examined, Program::Mpop),
        Reader::Msmtp => msmtp::advise(text, examined, Program::Msmtp),
        Reader::Prefs => prefs::advise(text, examined),
        Reader::Prf => prf::advise(text, examined),
        Reader::QrPayload => qr::advise(text, examined),
        Reader::Reg => reg::advise(examined),
    }
}
