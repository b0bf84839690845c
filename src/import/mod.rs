//! One reader per client format: strict, with line and column.
//!
//! A reader says what a client would make of a file, in the words of the model. `check` holds it
//! against the plan: what we wrote must read as what we meant.

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
use crate::format::{Flaw, Kind, Malformed, TextRules, Tree};
use crate::model::{Authentication, Hostname, Port, ServerType, SocketType};

/// What a file says, as far as it is about mail accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadConfig {
    /// The provider's id or the profile's identifier, where the format has one.
    pub id: Option<String>,
    pub display_name: Option<String>,
    pub domains: Vec<String>,
    /// The address of the account, where the file is for one.
    pub address: Option<String>,
    pub display_short_name: Option<String>,
    /// Whether it is known to serve domains of its customers.
    pub custom_domains: bool,
    /// Base domains of MX hosts, where the format tells them from the users' own.
    pub mx_domains: Vec<String>,
    pub web_mail: Option<String>,
    /// What is to be switched on first.
    pub enable: Vec<ReadPage>,
    pub documentation: Vec<ReadPage>,
    pub oauth2: Option<ReadOAuth2>,
    /// In the order of the file.
    pub servers: Vec<ReadServer>,
    /// What it says that has no place here, for people.
    pub lost: Vec<String>,
    /// Anything else a check wants: full path of a value and the value.
    pub values: Vec<(String, String)>,
}

impl ReadConfig {
    /// Completes what this says by what another file says of the same mailboxes, such as the
    /// servers to read from where this names the one to send through. What both say, this one
    /// says.
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

/// A page of the provider, with texts about it by language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadPage {
    pub url: String,
    pub texts: BTreeMap<String, Vec<String>>,
}

/// Where tokens come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOAuth2 {
    pub issuer: Option<String>,
    pub auth_url: Option<String>,
    pub token_url: Option<String>,
    /// One list for all protocols.
    pub scope: Vec<String>,
}

/// A server as a file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadServer {
    pub server_type: ServerType,
    pub hostname: String,
    pub port: u16,
    /// What the file's word can mean: Apple has one flag for SSL and STARTTLS, and the port
    /// decides; where it decides nothing, both are here.
    pub socket_type: Vec<SocketType>,
    /// In the order of the file. Where the client has one word for several, all of them.
    pub authentication: Vec<Authentication>,
    /// As written, placeholders included; none where the client asks or guesses.
    pub username: Option<String>,
    /// Whether messages stay on the server, where the file says so.
    pub leave_messages_on_server: Option<bool>,
    /// None also where they stay for ever.
    pub days_to_leave_messages_on_server: Option<u32>,
    /// For types that are spoken over HTTP.
    pub url: Option<String>,
    pub span: Range<usize>,
}

/// The readers, by the word that manifests use.
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
    /// getmail's file.
    Getmail,
    /// Settings exported by K-9 Mail and Thunderbird for Android.
    K9s,
    /// mpop's file, of the same grammar as msmtp's.
    Mpop,
    /// msmtp's file.
    Msmtp,
    /// Thunderbird's prefs.js.
    Prefs,
    /// Outlook profile file.
    Prf,
    /// Windows registry file: raw values, and the accounts of Outlook.
    Reg,
    /// Thunderbird mobile's import payload.
    QrPayload,
}

impl Reader {
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

    /// Reads a decoded text (newlines as `\n`).
    ///
    /// Strict: everything that the client would drop, guess or trip over is in the error, each
    /// with its place; a file that reads without error is one that the client takes whole.
    pub fn read(self, text: &str) -> Result<ReadConfig, Vec<Defect>> {
        self.examine(text).strict()
    }

    /// Reads a text that is parsed already, as [`Self::kind`].
    pub fn read_parsed(self, text: &str, tree: &Tree) -> Result<ReadConfig, Vec<Defect>> {
        self.examine_parsed(text, tree).strict()
    }

    /// The same, but what can be read is read, whatever is wrong with the rest.
    pub fn examine(self, text: &str) -> Examined {
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
            Err(malformed) => Examined::malformed(malformed),
        }
    }

    pub fn examine_parsed(self, text: &str, tree: &Tree) -> Examined {
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

    /// What its client takes such a file for.
    pub fn kind(self) -> Kind {
        match self {
            Reader::Autoconfig | Reader::Autodiscover | Reader::K9s => Kind::Xml,
            Reader::Fetchmail | Reader::Getmail | Reader::Mpop | Reader::Msmtp | Reader::Prefs => {
                Kind::Text(TextRules::default())
            }
            Reader::Mobileconfig => Kind::Plist,
            Reader::Prf => Kind::Prf,
            Reader::QrPayload => Kind::Json,
            Reader::Reg => Kind::Reg,
        }
    }
}

/// Something in a file that a client drops, guesses at or trips over.
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

/// A file as its client takes it, with everything that is wrong about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    pub config: ReadConfig,
    pub defects: Vec<Defect>,
}

impl Examined {
    /// A text that has not even the grammar of its kind.
    fn malformed(malformed: Malformed) -> Self {
        let Malformed { message, span } = malformed;
        let defect = Defect { code: codes::MALFORMED, message, span };
        Self { config: ReadConfig::default(), defects: vec![defect] }
    }

    fn strict(self) -> Result<ReadConfig, Vec<Defect>> {
        if self.defects.is_empty() { Ok(self.config) } else { Err(self.defects) }
    }
}

/// What is wrong with a file, collected: people want to see all of it at once.
#[derive(Default)]
struct Errors(Vec<Defect>);

impl Errors {
    fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        self.0.push(Defect { code, message: message.into(), span: span.clone() });
    }

    /// The value, or the reason against it at this place.
    fn keep<T>(
        &mut self,
        code: Code,
        span: &Range<usize>,
        result: Result<T, impl ToString>,
    ) -> Option<T> {
        result.map_err(|why| self.add(code, span, why.to_string())).ok()
    }

    fn finish(self, config: ReadConfig) -> Examined {
        Examined { config, defects: self.0 }
    }
}

/// A host name as every client reads it: A-labels, lower case, nothing around it.
fn hostname(name: &str) -> Result<String, String> {
    let host = Hostname::new(name).map_err(|why| why.to_string())?;
    if host.as_str() != name {
        return Err(format!("\"{}\" has to be written {host}", name.escape_debug()));
    }
    Ok(name.to_owned())
}

/// A host name or address as a resolver takes it, in whatever letters.
fn resolvable(name: &str) -> Result<String, String> {
    if name.parse::<IpAddr>().is_ok() {
        return Ok(name.to_owned());
    }
    Hostname::new(name).map(|host| host.to_string()).map_err(|why| why.to_string())
}

/// The host that somebody meant: `https://mail.example.com:993/` names one as well.
pub fn meant_hostname(name: &str) -> Option<String> {
    let bare = name.split_once("://").map_or(name, |(_, rest)| rest);
    let bare = bare.split(['/', ':']).next().unwrap_or_default();
    Hostname::new(bare.trim()).ok().map(|host| host.to_string())
}

/// A port in decimal digits.
fn port(digits: &str) -> Result<u16, String> {
    let bad = || format!("\"{}\" is no port; 1 to 65535", digits.escape_debug());
    let number = digits.parse::<i64>().map_err(|_| bad())?;
    let port = Port::new(number).map_err(|_| bad())?.get();
    if port.to_string() == digits { Ok(port) } else { Err(bad()) }
}

/// Where an element, section or dictionary begins, for errors about what it lacks.
fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let inside = text.get(span.clone()).unwrap_or_default();
    span.start..span.start + inside.find('\n').unwrap_or(inside.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Beginnings and pieces of every format, so that readers get past the parsers.
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
