//! Writes an e-mail message with one attachment (RFC 5322, MIME). The same parts always give the
//! same bytes.
//!
//! No value can start a header or a line of its own: names and addresses come from `model` and have
//! no control characters, the text is quoted-printable, and the attachment is base64. Lines end in
//! CRLF and have at most 76 characters, except for an address, which cannot be broken.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::hex;
use super::mailbox::Mailbox;

/// The parts of a message.
pub struct Message<'a> {
    pub from: &'a Mailbox,
    pub to: &'a Mailbox,
    /// Seconds since 1970. If `None`, the program that sends the message adds the date.
    pub date: Option<u64>,
    pub subject: &'a str,
    /// The body; each line ends in `\n`.
    pub text: &'a str,
    /// File name and content of the attached zip.
    pub zip: (&'a str, &'a [u8]),
}

/// The last second of the year 9999, because RFC 5322 dates have four digits for the year.
pub const LATEST_DATE: u64 = 253_402_300_799;

/// RFC 2045 sections 6.7 and 6.8, RFC 2047 section 2.
const LONGEST_LINE: usize = 76;
/// The most UTF-8 bytes whose encoded word fits into a line after the longest header name used
/// here.
const LONGEST_CHUNK: usize = 39;

impl Message<'_> {
    /// The complete message.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (name, zip) = self.zip;
        // Derived from both parts, so that neither can contain the boundary and the bytes stay
        // reproducible.
        let digest = Sha256::new().chain_update(self.text).chain_update(zip).finalize();
        let boundary = format!("mailwright-{}", &hex(&digest)[..32]);
        let mut out = String::with_capacity(zip.len() * 3 / 2 + self.text.len() * 2 + 1024);
        header(&mut out, "From", &mailbox(self.from));
        header(&mut out, "To", &mailbox(self.to));
        header(&mut out, "Subject", &unstructured(self.subject));
        if let Some(seconds) = self.date {
            line(&mut out, &format!("Date: {}", date(seconds)));
        }
        line(&mut out, "MIME-Version: 1.0");
        line(&mut out, "Auto-Submitted: auto-generated");
        line(&mut out, "X-Unsent: 1");
        line(&mut out, "Content-Type: multipart/mixed;");
        line(&mut out, &format!(" boundary=\"{boundary}\""));
        line(&mut out, "");
        line(&mut out, &format!("--{boundary}"));
        line(&mut out, "Content-Type: text/plain; charset=utf-8");
        line(&mut out, "Content-Transfer-Encoding: quoted-printable");
        line(&mut out, "");
        self.text.lines().for_each(|text| quoted_printable(&mut out, text));
        line(&mut out, &format!("--{boundary}"));
        line(&mut out, "Content-Type: application/zip");
        line(&mut out, "Content-Transfer-Encoding: base64");
        line(&mut out, "Content-Disposition: attachment;");
        line(&mut out, &format!(" {}", file_name_parameter(name)));
        line(&mut out, "");
        let encoded = STANDARD.encode(zip);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(LONGEST_LINE));
            line(&mut out, head);
            rest = tail;
        }
        line(&mut out, &format!("--{boundary}--"));
        out.into_bytes()
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\r\n");
}

/// Writes a header, folded before each word that would make the line too long (RFC 5322 section
/// 2.2.3).
fn header(out: &mut String, name: &str, words: &[String]) {
    out.push_str(name);
    out.push(':');
    let mut length = name.len() + 1;
    for (at, word) in words.iter().enumerate() {
        if at > 0 && length + 1 + word.len() > LONGEST_LINE {
            out.push_str("\r\n");
            length = 0;
        }
        out.push(' ');
        out.push_str(word);
        length += 1 + word.len();
    }
    out.push_str("\r\n");
}

fn mailbox(mailbox: &Mailbox) -> Vec<String> {
    let address = mailbox.address.as_str();
    let name = mailbox.name.as_ref().map(|name| name.as_str().trim()).unwrap_or_default();
    match name.is_empty() {
        // Always in brackets: without them a bare address could be read as an encoded word or a
        // comment.
        true => vec![format!("<{address}>")],
        false => {
            let mut words = phrase(name);
            words.push(format!("<{address}>"));
            words
        }
    }
}

/// A display name as a quoted string, or as encoded words if it does not fit or is not ASCII.
fn phrase(name: &str) -> Vec<String> {
    let mut quoted = String::from("\"");
    for c in name.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    match is_plain(name) && quoted.len() <= LONGEST_LINE - "From: ".len() {
        true => vec![quoted],
        false => encoded_words(name),
    }
}

/// A subject as plain words, or as encoded words if one does not fit or is not ASCII.
fn unstructured(text: &str) -> Vec<String> {
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let fits = |word: &String| !word.is_empty() && word.len() <= LONGEST_LINE - "Subject: ".len();
    match is_plain(text) && words.iter().all(fits) {
        true => words,
        false => encoded_words(text),
    }
}

/// Whether a text can be written as it is and does not look like an encoded word.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !text.contains("=?")
}

/// Splits a text into encoded words (RFC 2047). Each contains whole characters; readers drop the
/// blanks between two of them.
fn encoded_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(LONGEST_CHUNK);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (chunk, tail) = rest.split_at(end);
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(chunk)));
        rest = tail;
    }
    words
}

/// Writes one line of text (RFC 2045 section 6.7). A `.` at the start of a line is special to SMTP,
/// and `From ` to sendmail and mbox files, so both are encoded there.
fn quoted_printable(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    let mut length = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let literal = match byte {
            b'=' => false,
            b' ' | b'\t' => at + 1 < bytes.len(),
            b'.' => length > 0,
            b'F' => length > 0 || !bytes[at..].starts_with(b"From "),
            _ => byte.is_ascii_graphic(),
        };
        let width = if literal { 1 } else { 3 };
        // Room for the `=` of a soft line break.
        let mark = usize::from(at + 1 < bytes.len());
        if length + width + mark > LONGEST_LINE {
            out.push_str("=\r\n");
            length = 0;
            // The character was harmless inside the line but now starts one.
            if matches!(byte, b'.' | b'F') {
                write!(out, "={byte:02X}").expect("a string takes everything");
                length = 3;
                continue;
            }
        }
        match literal {
            true => out.push(char::from(byte)),
            false => write!(out, "={byte:02X}").expect("a string takes everything"),
        }
        length += width;
    }
    out.push_str("\r\n");
}

/// The `filename` parameter (RFC 2183), or its RFC 2231 form if the name is long or not ASCII.
fn file_name_parameter(name: &str) -> String {
    const LONGEST_SECTION: usize = 54;
    if is_plain(name) && !name.contains(['"', '\\']) && name.len() <= LONGEST_SECTION {
        return format!("filename=\"{name}\"");
    }
    let mut sections = vec![String::new()];
    for byte in name.bytes() {
        let piece = match byte {
            // RFC 2231 section 7, "attribute-char".
            b'!' | b'#' | b'$' | b'&' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'{' | b'|'
            | b'}' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        match sections.last_mut() {
            Some(last) if last.len() + piece.len() <= LONGEST_SECTION => last.push_str(&piece),
            _ => sections.push(piece),
        }
    }
    if let [one] = &sections[..] {
        return format!("filename*=utf-8''{one}");
    }
    let numbered = sections.iter().enumerate().map(|(at, section)| match at {
        0 => format!("filename*0*=utf-8''{section}"),
        _ => format!("filename*{at}*={section}"),
    });
    numbered.collect::<Vec<_>>().join(";\r\n ")
}

/// Formats a date as `Wed, 25 Nov 2026 16:42:03 +0000`.
fn date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [(&str, u64); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    let seconds = seconds.min(LATEST_DATE);
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut left) = (1970, days);
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = "";
    for (name, length) in MONTHS {
        month = name;
        let length = length + u64::from(name == "Feb" && is_leap(year));
        if left < length {
            break;
        }
        left -= length;
    }
    let weekday = usize::try_from(days % 7).map_or("", |day| DAYS[day]);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{weekday}, {} {month} {year} {hour:02}:{minute:02}:{second:02} +0000", left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(name: &str, words: &[String]) -> String {
        let mut out = String::new();
        header(&mut out, name, words);
        out
    }

    #[test]
    fn a_name_is_quoted_or_encoded_and_never_more_than_a_name() {
        assert_eq!(phrase("Bob \"B\" <x@y>, z"), [r#""Bob \"B\" <x@y>, z""#]);
        assert_eq!(phrase("Zoë"), ["=?utf-8?B?Wm/Dqw==?="]);
        // A name that only looks encoded is encoded, so that it is not decoded.
        assert_eq!(phrase("=?utf-8?Q?a?="), ["=?utf-8?B?PT91dGYtOD9RP2E/PQ==?="]);
    }

    #[test]
    fn a_long_header_is_folded_into_lines_of_76_with_whole_characters() {
        let text = "Größe 大きさ ".repeat(40);
        let words = unstructured(&text);
        let header = folded("Subject", &words);
        assert!(header.lines().all(|line| line.len() <= LONGEST_LINE), "{header}");
        let decoded = words.iter().map(|word| {
            let coded = word.strip_prefix("=?utf-8?B?").and_then(|w| w.strip_suffix("?=")).unwrap();
            String::from_utf8(STANDARD.decode(coded).unwrap()).unwrap()
        });
        assert_eq!(decoded.collect::<String>(), text);
        let plain = folded("Subject", &unstructured(&"word ".repeat(40)[..199]));
        assert!(plain.lines().all(|line| line.len() <= LONGEST_LINE), "{plain}");
        assert!(plain.contains("\r\n word"), "{plain}");
    }

    #[test]
    fn a_line_of_text_means_nothing_to_smtp_or_to_a_mailbox_file() {
        let line = |text: &str| {
            let mut out = String::new();
            quoted_printable(&mut out, text);
            out
        };
        assert_eq!(line("."), "=2E\r\n");
        assert_eq!(line("From here"), "=46rom here\r\n");
        assert_eq!(line("Farm = ü "), "Farm =3D =C3=BC=20\r\n");
        assert_eq!(line(&"x".repeat(76)), format!("{}\r\n", "x".repeat(76)));
        let long = line(&"F.".repeat(60));
        assert!(long.lines().all(|l| l.len() <= 76 && !l.starts_with('.')), "{long}");
    }

    #[test]
    fn the_name_of_a_file_is_one_parameter_or_numbered_ones() {
        assert_eq!(file_name_parameter("ann@x.org.zip"), "filename=\"ann@x.org.zip\"");
        assert_eq!(file_name_parameter("zoë.zip"), "filename*=utf-8''zo%C3%AB.zip");
        let long = file_name_parameter(&"ö".repeat(30));
        assert!(long.starts_with("filename*0*=utf-8''%C3%B6"), "{long}");
        assert!(long.contains(";\r\n filename*1*=%"), "{long}");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "Thu, 1 Jan 1970 00:00:00 +0000"),
            (951_827_696, "Tue, 29 Feb 2000 12:34:56 +0000"),
            (1_795_624_923, "Wed, 25 Nov 2026 16:42:03 +0000"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 +0000"),
            (LATEST_DATE, "Fri, 31 Dec 9999 23:59:59 +0000"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }
}
