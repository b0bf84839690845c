//! One strict reader per client format. Defects carry their place in the text.
//!
//! A reader tells what a client would make of a file, in the terms of the model. `check` compares
//! the result with the plan: a file that we wrote must read as what the plan meant.

mod autoconfig;
mod autodiscover;
mod defects;
pub mod envelope;
pub(crate) mod fetchmail;
pub(crate) mod getmail;
pub(crate) mod k9s;
mod mobileconfig;
pub(crate) mod msmtp;
pub(crate) mod prefs;
mod prf;
mod provider_file;
mod qr_payload;
mod read_config;
mod recognise;
mod reg;
mod values;

pub use autodiscover::ORDER as AUTODISCOVER_ORDER;
pub use defects::{Defect, DefectList, Examination};
pub use mobileconfig::has_variable;
pub use provider_file::provider_file;
pub use read_config::{ReadConfig, ReadOAuth2, ReadPage, ReadServer};
pub use recognise::{FORMATS, Form, recognise};
pub use values::meant_hostname;

use crate::format::{FileFormat, TextRules, Tree};

/// The readers. [`Self::ALL`] has the names that manifests use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reader {
    /// Thunderbird's `clientConfig`, format 1.0 to 1.2.
    Autoconfig,
    /// Exchange Autodiscover, POX response for Outlook.
    Autodiscover,
    /// Apple configuration profile with mail or Exchange payloads.
    Mobileconfig,
    /// fetchmail's run control file.
    Fetchmail,
    /// getmail's configuration file.
    Getmail,
    /// Settings exported by K-9 Mail and Thunderbird for Android.
    K9s,
    /// mpop's configuration file; the same grammar as msmtp's.
    Mpop,
    /// msmtp's configuration file.
    Msmtp,
    /// Thunderbird's prefs.js.
    Prefs,
    /// Outlook profile file.
    Prf,
    /// Windows registry file: its raw values, and Outlook accounts.
    Reg,
    /// Thunderbird mobile's import payload.
    QrPayload,
}

impl Reader {
    /// All readers, by the names that manifests use.
    pub const ALL: [(&'static str, Reader); 12] = [
        ("autoconfig", Reader::Autoconfig),
        ("autodiscover", Reader::Autodiscover),
        ("fetchmail", Reader::Fetchmail),
        ("getmail", Reader::Getmail),
        ("k9s", Reader::K9s),
        ("mobileconfig", Reader::Mobileconfig),
        ("mpop", Reader::Mpop),
        ("msmtp", Reader::Msmtp),
        ("prefs", Reader::Prefs),
        ("prf", Reader::Prf),
        ("qr-payload", Reader::QrPayload),
        ("reg", Reader::Reg),
    ];

    /// Reads a decoded text whose lines end in `\n`.
    ///
    /// # Errors
    ///
    /// Everything that the client would drop, guess or fail on, each with its place. A file without
    /// errors is one that the client reads completely.
    pub fn read(self, text: &str) -> Result<ReadConfig, Vec<Defect>> {
        self.examine(text).strict()
    }

    /// Like [`Self::read`], for a text that was already parsed as [`Self::kind`].
    pub fn read_parsed(self, text: &str, tree: &Tree) -> Result<ReadConfig, Vec<Defect>> {
        self.examine_parsed(text, tree).strict()
    }

    /// Like [`Self::read`], but returns everything readable along with the defects.
    pub fn examine(self, text: &str) -> Examination {
        if let Some((tree, flaws)) = self.kind().examine(text) {
            let examined = self.examine_parsed(text, &tree);
            let mut defects = DefectList::from(flaws);
            defects.append(examined.defects);
            return Examination { tree: Some(tree), defects, ..examined };
        }
        match self.kind().parse(text) {
            Ok(Some(tree)) => {
                let examined = self.examine_parsed(text, &tree);
                Examination { tree: Some(tree), ..examined }
            }
            Ok(None) => self.examine_parsed(text, &Tree::default()),
            Err(malformed) if self == Reader::Mobileconfig => {
                mobileconfig::read_malformed(text, malformed)
            }
            Err(malformed) => Examination::malformed(malformed),
        }
    }

    /// Like [`Self::examine`], for a text that was already parsed as [`Self::kind`].
    pub fn examine_parsed(self, text: &str, tree: &Tree) -> Examination {
        match self {
            Reader::Autoconfig => autoconfig::read(text, tree),
            Reader::Autodiscover => autodiscover::read(text, tree),
            Reader::Fetchmail => fetchmail::read(text),
            Reader::Getmail => getmail::read(text),
            Reader::K9s => k9s::read(text, tree),
            Reader::Mobileconfig => mobileconfig::read(text, tree),
            Reader::Mpop => msmtp::read(text, msmtp::Program::Mpop),
            Reader::Msmtp => msmtp::read(text, msmtp::Program::Msmtp),
            Reader::Prefs => prefs::read(text),
            Reader::Prf => prf::read(text, tree),
            Reader::QrPayload => qr_payload::read(text, tree),
            Reader::Reg => reg::read(tree),
        }
    }

    /// The kind with which the client parses such a file.
    pub fn kind(self) -> FileFormat {
        match self {
            Reader::Autoconfig | Reader::Autodiscover | Reader::K9s => FileFormat::Xml,
            Reader::Fetchmail | Reader::Getmail | Reader::Mpop | Reader::Msmtp | Reader::Prefs => {
                FileFormat::Text(TextRules::default())
            }
            Reader::Mobileconfig => FileFormat::Plist,
            Reader::Prf => FileFormat::Prf,
            Reader::QrPayload => FileFormat::Json,
            Reader::Reg => FileFormat::Reg,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Beginnings and fragments of every format, so that the readers get past the parsers.
    const PIECES: [&str; 24] = [
        "<clientConfig version=\"1.1\">",
        "</clientConfig>",
        "<emailProvider id=\"a.example\">",
        "</emailProvider>",
        "<incomingServer type=\"pop3\">",
        "</incomingServer>",
        "<port>é</port>",
        "<Autodiscover><Response><Account><Protocol>",
        "</Protocol></Account></Response></Autodiscover>",
        "<Type>SMTP</Type>",
        "<plist version=\"1.0\"><dict>",
        "</dict></plist>",
        "<key>PayloadContent</key><array><dict>",
        "</dict></array>",
        "<key>PayloadUUID</key><string>é</string>",
        "[General]\n",
        "[Internet Account List]\nAccount1=I_Mail\n[Account1]\n",
        "LeaveOnServer=0x\n",
        "[I_Mail]\n",
        "Windows Registry Editor Version 5.00\n\n[HKEY_USERS\\A]\n",
        "\"a\"=hex(2):00,00\n",
        "[1,[1,1],",
        "[1,\"a\",1,1,1,\"\"],[[[]]]",
        "]",
    ];

    proptest! {
        #[test]
        fn reading_never_panics(
            text: String,
            pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..12),
        ) {
            for (_, reader) in Reader::ALL {
                let _ = reader.read(&text);
                let _ = reader.read(&pieces.concat());
            }
        }
    }
}
