//! The edits that fix each kind of defect.

use super::edit::Edit;
use crate::codes;
use crate::import::{AUTODISCOVER_ORDER, Defect, meant_hostname};
use crate::model::{Authentication, SocketType, UsernamePattern, Word};

/// Apple's DOCTYPE, as in every profile from its own tools.
const DOCTYPE: &str = "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
                       \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n";

/// The root keys of a registry file with their abbreviations.
const HIVES: [(&str, &str); 5] = [
    ("HKCU", "HKEY_CURRENT_USER"),
    ("HKLM", "HKEY_LOCAL_MACHINE"),
    ("HKCR", "HKEY_CLASSES_ROOT"),
    ("HKU", "HKEY_USERS"),
    ("HKCC", "HKEY_CURRENT_CONFIG"),
];

/// `None` if there is no fix, or more than one.
pub(super) fn edits(text: &str, defect: &Defect) -> Option<Vec<Edit>> {
    let at = DefectPlace { text, piece: piece(text, defect)?, start: defect.span.start };
    match defect.code {
        codes::AUTOCONFIG_WHITE_SPACE | codes::AUTODISCOVER_WHITE_SPACE => {
            at.inside(|inner| Some(inner.trim().to_owned()))
        }
        codes::AUTOCONFIG_SOCKET_TYPE => at.inside(cased::<SocketType>),
        codes::AUTOCONFIG_AUTHENTICATION => at.inside(cased::<Authentication>),
        codes::AUTOCONFIG_SERVER_TYPE => at.server_type(),
        codes::AUTOCONFIG_PLACEHOLDER => at.inside(closed),
        codes::AUTOCONFIG_VERSION => at.insert_behind("<clientConfig", " version=\"1.1\""),
        codes::AUTOCONFIG_DOMAIN_TWICE | codes::AUTOCONFIG_AUTHENTICATION_TWICE => at.line(),
        codes::AUTOCONFIG_DOMAIN
        | codes::AUTOCONFIG_HOSTNAME
        | codes::AUTODISCOVER_HOSTNAME
        | codes::AUTODISCOVER_HOSTNAME_SPELLING
        | codes::PROFILE_HOSTNAME
        | codes::PROFILE_HOSTNAME_SPELLING => at.inside(host),
        codes::PRF_HOSTNAME => at.behind("=", host),
        codes::REG_ACCOUNT_HOSTNAME => at.between("=\"", host),
        codes::QR_HOSTNAME => at.between("\"", host),
        codes::AUTODISCOVER_ON_OFF => at.inside(|word| on_off(word).map(str::to_owned)),
        codes::AUTODISCOVER_LETTER_CASE => at.letter_case(),
        codes::AUTODISCOVER_HTTPS_NAMESPACE => at.replace("=\"https://", "=\"http://"),
        codes::PROFILE_REAL_NUMBER => at.whole_number(),
        codes::PROFILE_VERSION => at.inside(|_| Some("1".to_owned())),
        codes::PROFILE_DOCTYPE => at.doctype(),
        codes::PROFILE_EMPTY_STRING => at.with_key(),
        codes::REG_ROOT_KEY_SHORT | codes::REG_ROOT_KEY_SPELLING => at.hive(),
        codes::REG_KEY_END => at.replace("\\]", "]"),
        codes::REG_SECOND_LINE => at.insert(0, "\n"),
        codes::REG_COMMENT_SIGN => at.comment(),
        codes::PRF_WHITE_SPACE => at.whole(|line| {
            let bare = line.trim();
            match bare.split_once('=') {
                Some((key, value)) if !bare.starts_with(['[', ';']) => {
                    Some(format!("{}={}", key.trim_end(), value.trim_start()))
                }
                _ => Some(bare.to_owned()),
            }
        }),
        codes::QR_WHITE_SPACE => at.white_space(),
        _ => None,
    }
}

/// The place of a defect.
#[derive(Clone, Copy)]
struct DefectPlace<'a> {
    text: &'a str,
    piece: &'a str,
    start: usize,
}

impl DefectPlace<'_> {
    /// Replaces a part of the piece; `None` if that changes nothing.
    fn edit(self, from: usize, to: usize, text: Option<String>) -> Option<Vec<Edit>> {
        let text = text.filter(|text| self.piece.get(from..to) != Some(text.as_str()))?;
        Some(vec![Edit { start: self.start + from, end: self.start + to, text }])
    }

    fn whole(self, make: impl Fn(&str) -> Option<String>) -> Option<Vec<Edit>> {
        self.edit(0, self.piece.len(), make(self.piece))
    }

    /// Replaces the text of an element without child elements.
    fn inside(self, make: impl Fn(&str) -> Option<String>) -> Option<Vec<Edit>> {
        let from = self.piece.find('>')? + 1;
        let to = self.piece.rfind("</")?;
        let inner = self.piece.get(from..to).filter(|inner| !inner.contains(['<', '&']))?;
        self.edit(from, to, make(inner))
    }

    /// Replaces the text after `sign` up to the end of the line.
    fn behind(self, sign: &str, make: impl Fn(&str) -> Option<String>) -> Option<Vec<Edit>> {
        let from = self.piece.find(sign)? + sign.len();
        let end = self.piece[from..].find('\n').map_or(self.piece.len(), |at| from + at);
        self.edit(from, end, make(&self.piece[from..end]))
    }

    /// Replaces the text between `sign` and the last quotation mark.
    fn between(self, sign: &str, make: impl Fn(&str) -> Option<String>) -> Option<Vec<Edit>> {
        let from = self.piece.find(sign)? + sign.len();
        let to = self.piece.rfind('"').filter(|to| *to >= from)?;
        let inner = self.piece.get(from..to).filter(|inner| !inner.contains(['\\', '"']))?;
        self.edit(from, to, make(inner))
    }

    fn replace(self, from: &str, to: &str) -> Option<Vec<Edit>> {
        let at = self.piece.find(from)?;
        self.edit(at, at + from.len(), Some(to.to_owned()))
    }

    fn insert(self, at: usize, text: &str) -> Option<Vec<Edit>> {
        self.edit(at, at, Some(text.to_owned()))
    }

    fn insert_behind(self, sign: &str, text: &str) -> Option<Vec<Edit>> {
        let at = self.piece.find(sign)? + sign.len();
        let attributes = self.piece[at..].split('>').next().unwrap_or_default();
        if attributes.contains("version") {
            return None;
        }
        self.insert(at, text)
    }

    /// Removes all white space between values from here on; only the first is reported.
    fn white_space(self) -> Option<Vec<Edit>> {
        let text = self.text.strip_suffix('\n').unwrap_or(self.text);
        let (mut in_string, mut escaped) = (false, false);
        let mut edits: Vec<Edit> = Vec::new();
        for (at, c) in text.get(self.start..)?.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if in_string => escaped = true,
                '"' => in_string = !in_string,
                ' ' | '\t' | '\n' | '\r' if !in_string => {
                    let start = self.start + at;
                    match edits.last_mut() {
                        Some(last) if last.end == start => last.end += 1,
                        _ => edits.push(Edit { start, end: start + 1, text: String::new() }),
                    }
                }
                _ => {}
            }
        }
        Some(edits)
    }

    /// Removes an element, with its whole line if there is nothing else on it.
    fn line(self) -> Option<Vec<Edit>> {
        let end = self.start + self.piece.len();
        let before = self.text[..self.start].trim_end_matches([' ', '\t']);
        let alone = before.ends_with('\n') && self.text[end..].starts_with('\n');
        let (start, end) = if alone { (before.len(), end + 1) } else { (self.start, end) };
        Some(vec![Edit { start, end, text: String::new() }])
    }

    /// `type="IMAP"`
    fn server_type(self) -> Option<Vec<Edit>> {
        let from = self.piece.find("type=\"")? + "type=\"".len();
        let word = self.piece[from..].split('"').next()?;
        let incoming = self.piece.starts_with("<incomingServer");
        let known: &[&str] = if incoming { &["imap", "pop3"] } else { &["smtp"] };
        let meant = known.iter().find(|known| word.trim().eq_ignore_ascii_case(known))?;
        self.edit(from, from + word.len(), Some((*meant).to_owned()))
    }

    /// Corrects the case of both tags of an element that contains only text.
    fn letter_case(self) -> Option<Vec<Edit>> {
        let name = self.piece.strip_prefix('<')?;
        let name = name.split(['>', ' ', '/', '\n', '\t']).next()?;
        let meant = AUTODISCOVER_ORDER.iter().find(|known| name.eq_ignore_ascii_case(known))?;
        let open = self.start + 1;
        let (inner, _) = self.text[open..].split_once("</")?;
        let close = open + inner.len() + 2;
        let same = self.text[close..].strip_prefix(name)?.trim_start().starts_with('>');
        if !same || inner.contains('<') {
            return None;
        }
        let at = |start: usize| Edit { start, end: start + name.len(), text: (*meant).to_owned() };
        Some(vec![at(open), at(close)])
    }

    /// `<real>993</real>`
    fn whole_number(self) -> Option<Vec<Edit>> {
        let number = self.piece.strip_prefix("<real>")?.strip_suffix("</real>")?;
        let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
        let is_whole = !whole.is_empty() && rest.chars().all(|c| c == '0');
        let integer = format!("<integer>{whole}</integer>");
        (is_whole && whole.chars().all(|c| c.is_ascii_digit()))
            .then(|| self.edit(0, self.piece.len(), Some(integer)))?
    }

    /// Inserts after the XML declaration, if there is one.
    fn doctype(self) -> Option<Vec<Edit>> {
        let declared = self.text.starts_with("<?xml").then(|| self.text.find("?>")).flatten();
        let Some(end) = declared.map(|at| at + 2) else { return self.insert(0, DOCTYPE) };
        let (at, text) = match self.text[end..].starts_with('\n') {
            true => (end + 1, DOCTYPE.to_owned()),
            false => (end, format!("\n{}", DOCTYPE.trim_end())),
        };
        Some(vec![Edit { start: at, end: at, text }])
    }

    /// Removes a value of a property list and the key before it.
    fn with_key(self) -> Option<Vec<Edit>> {
        let before = self.text[..self.start].trim_end();
        let key = before.strip_suffix("</key>")?;
        let start = key.rfind("<key>")?;
        if key[start + "<key>".len()..].contains('<') {
            return None;
        }
        let end = self.start + self.piece.len();
        DefectPlace { start, piece: self.text.get(start..end)?, ..self }.line()
    }

    /// Replaces the root key by its full name.
    fn hive(self) -> Option<Vec<Edit>> {
        let from = if self.piece.starts_with("[-") { 2 } else { 1 };
        let name = self.piece.get(from..)?.split(['\\', ']']).next()?;
        let is = |word: &str| name.eq_ignore_ascii_case(word);
        let (_, full) = HIVES.iter().find(|(short, full)| is(short) || is(full))?;
        self.edit(from, from + name.len(), Some((*full).to_owned()))
    }

    /// Replaces `#` and `//`, the comment signs of other programs.
    fn comment(self) -> Option<Vec<Edit>> {
        let indent = self.piece.len() - self.piece.trim_start().len();
        let length = ["//", "#"].iter().find(|sign| self.piece[indent..].starts_with(*sign))?.len();
        self.edit(indent, indent + length, Some(";".to_owned()))
    }
}

/// A keyword of the draft with wrong upper or lower case.
fn cased<W: Word>(word: &str) -> Option<String> {
    let mut known = W::ALL.iter().map(|known| known.as_str());
    known.find(|known| known.eq_ignore_ascii_case(word.trim())).map(str::to_owned)
}

/// `%EMAILADDRESS` without its second percent sign.
fn closed(name: &str) -> Option<String> {
    let closed = format!("{name}%");
    (name.matches('%').count() % 2 == 1 && UsernamePattern::new(&closed).is_ok()).then_some(closed)
}

/// The bare host name in lower case, without the other parts of a URL.
fn host(name: &str) -> Option<String> {
    meant_hostname(name).filter(|host| host.contains('.'))
}

fn on_off(word: &str) -> Option<&'static str> {
    match word.trim().to_ascii_lowercase().as_str() {
        "on" | "yes" | "true" | "1" => Some("on"),
        "off" | "no" | "false" | "0" => Some("off"),
        _ => None,
    }
}

/// The text at the place of the defect.
fn piece<'a>(text: &'a str, defect: &Defect) -> Option<&'a str> {
    text.get(defect.span.clone())
}
