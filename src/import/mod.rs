//! One strict reader per client format. Defects carry their place in the text.
//!
//! A reader tells what a client would make of a file, in the terms of the model. `check` compares
//! the result with the plan: a file that we wrote must read as what the plan meant.

mod autoconfig;
mod autodiscover;
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
mod recognise;
mod reg;

pub use autodiscover::ORDER as AUTODISCOVER_ORDER;
pub use mobileconfig::has_variable;
pub use provider_file::provider_file;
pub use recognise::{FORMATS, Form, recognise};

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use crate::codes::{self, Code};
use crate::format::{FileFormat, Flaw, Malformed, TextRules, Tree};
use crate::model::{Authentication, Hostname, Port, ServerType, SocketType};

/// The content of a file, as far as it is about mail accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadConfig {
    /// The provider's id or the profile's identifier, if the format has one.
    pub id: Option<String>,
    pub display_name: Option<String>,
    pub domains: Vec<String>,
    /// The address of the account, if the file is for a single account.
    pub address: Option<String>,
    pub display_short_name: Option<String>,
    /// Whether the provider also serves its customers' own domains.
    pub custom_domains: bool,
    /// Base domains of the MX hosts, if the format separates them from the users' domains.
    pub mx_domains: Vec<String>,
    pub web_mail: Option<String>,
    /// Pages where users have to enable access first.
    pub enable: Vec<ReadPage>,
    pub documentation: Vec<ReadPage>,
    pub oauth2: Option<ReadOAuth2>,
    /// In the order of the file.
    pub servers: Vec<ReadServer>,
    /// Content that `ReadConfig` has no field for, described for people.
    pub lost: Vec<String>,
    /// Other values for checks: the full path of each value, and the value.
    pub values: Vec<(String, String)>,
}

impl ReadConfig {
    /// Adds the content of another file about the same mailboxes, for example the incoming servers
    /// if this file names only the outgoing one. Where both have a value, this one's stays.
    pub fn join(&mut self, other: Self) {
        fn more<T: PartialEq>(list: &mut Vec<T>, other: Vec<T>) {
            for item in other {
                if !list.contains(&item) {
                    list.push(item);
                }
            }
        }
        let own = std::mem::take(self);
        *self = Self {
            id: own.id.or(other.id),
            display_name: own.display_name.or(other.display_name),
            address: own.address.or(other.address),
            display_short_name: own.display_short_name.or(other.display_short_name),
            custom_domains: own.custom_domains || other.custom_domains,
            web_mail: own.web_mail.or(other.web_mail),
            oauth2: own.oauth2.or(other.oauth2),
            ..own
        };
        more(&mut self.domains, other.domains);
        more(&mut self.mx_domains, other.mx_domains);
        more(&mut self.enable, other.enable);
        more(&mut self.documentation, other.documentation);
        more(&mut self.servers, other.servers);
        more(&mut self.lost, other.lost);
        self.values.extend(other.values);
    }
}

/// A page of the provider, with its texts by language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadPage {
    pub url: String,
    pub texts: BTreeMap<String, Vec<String>>,
}

/// The OAuth2 endpoints of the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOAuth2 {
    pub issuer: Option<String>,
    pub auth_url: Option<String>,
    pub token_url: Option<String>,
    /// One list of scopes for all protocols.
    pub scope: Vec<String>,
}

/// A server as a file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadServer {
    pub server_type: ServerType,
    pub hostname: String,
    pub port: u16,
    /// What the file's value can mean. Apple has one flag for implicit TLS and STARTTLS; the port
    /// decides; if it does not, both are listed.
    pub socket_type: Vec<SocketType>,
    /// In the order of the file. If the client's keyword covers several methods, all of them.
    pub authentication: Vec<Authentication>,
    /// As written, including placeholders. `None` if the client asks the user or guesses.
    pub username: Option<String>,
    /// Whether messages stay on the server, if the file says so.
    pub leave_messages_on_server: Option<bool>,
    /// `None` also if messages stay without a time limit.
    pub days_to_leave_messages_on_server: Option<u32>,
    /// The URL, for server types that use HTTP.
    pub url: Option<String>,
    pub span: Range<usize>,
}

/// The readers. [`Self::ALL`] has the names that manifests use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
            let mut examined = self.examine_parsed(text, &tree);
            examined.defects.splice(0..0, flaws.into_iter().map(Defect::from));
            return examined;
        }
        match self.kind().parse(text) {
            Ok(tree) => self.examine_parsed(text, &tree.unwrap_or_default()),
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

/// Something in a file that a client drops, guesses or fails on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    pub code: Code,
    pub message: String,
    pub span: Range<usize>,
}

impl From<Flaw> for Defect {
    fn from(Flaw { code, message, span }: Flaw) -> Self {
        Self { code, message, span }
    }
}

/// The content that a client reads from a file, and all its defects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examination {
    pub config: ReadConfig,
    pub defects: Vec<Defect>,
}

impl Examination {
    /// For a text that does not parse.
    fn malformed(malformed: Malformed) -> Self {
        let Malformed { message, span } = malformed;
        let defect = Defect { code: codes::MALFORMED, message, span };
        Self { config: ReadConfig::default(), defects: vec![defect] }
    }

    fn strict(self) -> Result<ReadConfig, Vec<Defect>> {
        if self.defects.is_empty() { Ok(self.config) } else { Err(self.defects) }
    }
}

/// Collects the defects of a file, so that users see all of them at once.
#[derive(Default)]
struct Errors(Vec<Defect>);

impl Errors {
    fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        self.0.push(Defect { code, message: message.into(), span: span.clone() });
    }

    /// Returns the value, or records the error at this place.
    fn keep<T>(
        &mut self,
        code: Code,
        span: &Range<usize>,
        result: Result<T, impl ToString>,
    ) -> Option<T> {
        result.map_err(|why| self.add(code, span, why.to_string())).ok()
    }

    fn finish(self, config: ReadConfig) -> Examination {
        Examination { config, defects: self.0 }
    }
}

/// Checks that a host name has the form that every client reads: A-labels, lower case, nothing
/// around it.
fn hostname(name: &str) -> Result<String, String> {
    let host = Hostname::new(name).map_err(|why| why.to_string())?;
    if host.as_str() != name {
        return Err(format!("\"{}\" has to be written {host}", name.escape_debug()));
    }
    Ok(name.to_owned())
}

/// A host name or IP address that a resolver accepts, in any letter case.
fn resolvable(name: &str) -> Result<String, String> {
    if name.parse::<IpAddr>().is_ok() {
        return Ok(name.to_owned());
    }
    Hostname::new(name).map(|host| host.to_string()).map_err(|why| why.to_string())
}

/// The host name that was probably meant, for example in `https://mail.example.com:993/`.
pub fn meant_hostname(name: &str) -> Option<String> {
    let bare = name.split_once("://").map_or(name, |(_, rest)| rest);
    let bare = bare.split(['/', ':']).next().unwrap_or_default();
    Hostname::new(bare.trim()).ok().map(|host| host.to_string())
}

/// A port in decimal digits without leading zeros.
fn port(digits: &str) -> Result<u16, String> {
    let bad = || format!("\"{}\" is no port; 1 to 65535", digits.escape_debug());
    let number = digits.parse::<i64>().map_err(|_| bad())?;
    let port = Port::new(number).map_err(|_| bad())?.get();
    if port.to_string() == digits { Ok(port) } else { Err(bad()) }
}

/// The first line of an element, section or dictionary: the place for errors about missing parts.
fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let inside = text.get(span.clone()).unwrap_or_default();
    span.start..span.start + inside.find('\n').unwrap_or(inside.len())
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
