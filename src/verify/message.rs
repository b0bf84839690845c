//! The message of a round trip: one short text with everything that careless servers damage.

use std::fmt::Write as _;

/// A message with a unique mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestMessage {
    /// Letters and digits; the subject, the Message-ID and a header of its own contain it.
    pub mark: String,
    subject: String,
    text: String,
}

/// The header by which the message is found; no other mail has it.
pub const HEADER: &str = "X-Mailwright-Round-Trip";

/// Not only ASCII, and with a character of four bytes.
const SUBJECT: &str = "Grüße aus dem Rundlauf 🚀";

impl TestMessage {
    /// A message with a mark of 128 random bits.
    pub fn new() -> Self {
        let mut random = [0; 16];
        getrandom::fill(&mut random).expect("the system has random numbers");
        let mark: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        // The longest line allowed: 998 octets without its end (RFC 5322 §2.1.1).
        let longest = "long ".repeat(199) + "end";
        let text = format!(
            "This message tests a connection; it can be deleted.\n\
             .\n\
             .a line with a dot in front\n\
             ..and one with two\n\
             From the start of a line, and a blank at its end: \n\
             {longest}\n\
             mark {mark}\n"
        );
        Self { subject: format!("{SUBJECT} {mark}"), text, mark }
    }

    /// The whole message before dot-stuffing; lines end with CRLF.
    pub fn wire(&self, from: &str, to: &str, date: &str) -> String {
        use base64::Engine as _;
        let encode = |word: &str| {
            let coded = base64::engine::general_purpose::STANDARD.encode(word);
            format!("=?UTF-8?B?{coded}?=")
        };
        let mut out = String::new();
        for (name, value) in [
            ("From", format!("<{from}>")),
            ("To", format!("<{to}>")),
            ("Date", date.to_owned()),
            ("Message-ID", format!("<{}@mailwright.invalid>", self.mark)),
            // Two encoded words, because RFC 2047 §2 allows 75 characters in each.
            ("Subject", format!("{}\r\n {}", encode(SUBJECT), encode(&format!(" {}", self.mark)))),
            (HEADER, self.mark.clone()),
            ("MIME-Version", "1.0".to_owned()),
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
            ("Content-Transfer-Encoding", "7bit".to_owned()),
        ] {
            let _ = write!(out, "{name}: {value}\r\n");
        }
        out.push_str("\r\n");
        out.push_str(&self.text.replace('\n', "\r\n"));
        out
    }

    /// What changed on the way; empty if nothing did. `lines` are without their ends.
    pub fn differences(&self, lines: &[String]) -> Vec<String> {
        let mut differences = Vec::new();
        let empty = lines.iter().position(String::is_empty).unwrap_or(lines.len());
        let (headers, body) = lines.split_at(empty);
        let subject = header(headers, "subject").map(|value| decode_words(&value));
        if subject.as_deref() != Some(self.subject.as_str()) {
            differences.push(match subject {
                Some(other) => format!("the subject is \"{other}\""),
                None => "the subject is gone".to_owned(),
            });
        }
        let wanted: Vec<&str> = self.text.lines().collect();
        let mut found: Vec<&str> = body.iter().skip(1).map(String::as_str).collect();
        // Empty lines at the end are not damage.
        while found.last().is_some_and(|line| line.is_empty()) {
            found.pop();
        }
        for (at, line) in wanted.iter().enumerate() {
            match found.get(at) {
                Some(other) if other == line => {}
                Some(other) => {
                    differences.push(format!("line {} is \"{}\"", at + 1, start(other)));
                    break;
                }
                None => {
                    differences.push(format!("the text ends before line {}", at + 1));
                    break;
                }
            }
        }
        if differences.is_empty() && found.len() > wanted.len() {
            differences
                .push(format!("there is more behind it: \"{}\"", start(found[wanted.len()])));
        }
        differences
    }

    /// Whether these headers belong to this message.
    pub fn is_in(&self, headers: &[String]) -> bool {
        header(headers, HEADER).is_some_and(|value| value.trim() == self.mark)
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }
}

fn start(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short} …") } else { short }
}

/// A header's value, unfolded.
fn header(lines: &[String], name: &str) -> Option<String> {
    let is = |line: &String| {
        line.split_once(':').is_some_and(|(key, _)| key.trim().eq_ignore_ascii_case(name))
    };
    let at = lines.iter().position(is)?;
    let mut value = lines[at].split_once(':')?.1.trim().to_owned();
    for line in &lines[at + 1..] {
        if !line.starts_with([' ', '\t']) {
            break;
        }
        value.push(' ');
        value.push_str(line.trim());
    }
    Some(value)
}

/// Decodes RFC 2047 encoded words, base64 or Q. White space between two of them does not count.
fn decode_words(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    let mut after_word = false;
    while let Some(at) = rest.find("=?") {
        let before = &rest[..at];
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        let parts: Vec<&str> = rest[at + 2..].splitn(3, '?').collect();
        let word = match parts.as_slice() {
            [charset, kind, text] => text
                .split_once("?=")
                .and_then(|(coded, behind)| Some((decode_word(charset, kind, coded)?, behind))),
            _ => None,
        };
        match word {
            Some((text, behind)) => {
                out.push_str(&text);
                rest = behind;
                after_word = true;
            }
            None => {
                out.push_str("=?");
                rest = &rest[at + 2..];
                after_word = false;
            }
        }
    }
    out.push_str(rest);
    out
}

fn decode_word(charset: &str, kind: &str, coded: &str) -> Option<String> {
    use base64::Engine as _;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let bytes = match kind {
        "B" | "b" => base64::engine::general_purpose::STANDARD.decode(coded).ok()?,
        "Q" | "q" => {
            let mut bytes = Vec::new();
            let mut rest = coded.bytes();
            while let Some(byte) = rest.next() {
                bytes.push(match byte {
                    b'_' => b' ',
                    b'=' => {
                        let digits = [rest.next()?, rest.next()?];
                        u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                    }
                    other => other,
                });
            }
            bytes
        }
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}

/// Seconds since 1970 as a date of RFC 5322 §3.3: `Tue, 24 Nov 2026 17:00:00 +0000`.
pub fn date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let (mut year, mut left) = (1970, days);
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    let weekday = DAYS[usize::try_from(days % 7).unwrap_or_default()];
    format!(
        "{weekday}, {} {} {year} {:02}:{:02}:{:02} +0000",
        left + 1,
        MONTHS[month],
        time / 3600,
        time / 60 % 60,
        time % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(wire: &str) -> Vec<String> {
        wire.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_message_that_arrives_as_it_was_sent_has_no_differences() {
        let message = TestMessage::new();
        let wire = message.wire("a@example.test", "a@example.test", "d");
        assert!(wire.lines().all(|line| line.len() <= 998), "a line is too long");
        assert!(wire.lines().any(|line| line.len() == 998), "no line is as long as may be");
        let lines = arrived(&format!("Received: from x\r\n by y\r\n{wire}"));
        assert_eq!(message.differences(&lines), Vec::<String>::new());
        assert!(message.is_in(&lines));
        assert!(!TestMessage::new().is_in(&lines));
    }

    #[test]
    fn every_kind_of_damage_is_named() {
        let message = TestMessage::new();
        let wire = message.wire("a@example.test", "a@example.test", "d");
        for (from, to) in [
            ("\r\n.a line", "\r\na line"),
            ("..and one", ".and one"),
            ("From the start", ">From the start"),
            ("long end", "long !\r\n end"),
            ("=?UTF-8?B?", "=?iso-8859-1?B?"),
            ("\r\n.\r\n", "\r\n"),
        ] {
            let damaged = wire.replacen(from, to, 1);
            assert_ne!(damaged, wire, "{from}");
            assert!(!message.differences(&arrived(&damaged)).is_empty(), "{from} -> {to}");
        }
        let cut = &wire[..wire.len() - 60];
        assert!(!message.differences(&arrived(cut)).is_empty());
        let more = format!("{wire}A footer\r\n");
        assert!(message.differences(&arrived(&more))[0].contains("A footer"));
    }

    #[test]
    fn a_date_is_that_of_rfc_5322() {
        assert_eq!(date(0), "Thu, 1 Jan 1970 00:00:00 +0000");
        assert_eq!(date(951_782_400), "Tue, 29 Feb 2000 00:00:00 +0000");
        assert_eq!(date(1_795_543_445), "Tue, 24 Nov 2026 18:04:05 +0000");
    }
}
