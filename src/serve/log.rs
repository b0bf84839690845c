//! The access log: one JSON object a line. A thread of its own writes it, so that no answer waits
//! for a slow reader of the log.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::io::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant, SystemTime};

use crate::model::steers;

use super::metrics::Metrics;
use super::user_agent::CLIENTS;

/// What a line says about a request.
pub struct LogLine<'a> {
    pub method: &'a str,
    pub route: &'a str,
    /// The domain that was answered for; empty if there is none.
    pub domain: &'a str,
    /// The Host of a request that no provider answers.
    pub host: Option<&'a str>,
    pub address: Option<&'a str>,
    pub status: u16,
    pub bytes: usize,
    pub begun: Instant,
    pub took: Duration,
    pub family: usize,
    pub peer: IpAddr,
    pub tls: bool,
}

/// Where and how lines are written; the same for every worker.
#[derive(Clone)]
pub struct AccessLog {
    sender: Option<SyncSender<String>>,
    /// A random key for each process. A hash tells two clients apart, and reveals nothing else.
    key: RandomState,
    /// Write addresses instead of hashes of them.
    plain: bool,
    metrics: Arc<Metrics>,
}

/// Lines of one worker that are not written yet.
pub struct LogBuffer {
    log: AccessLog,
    waiting: RefCell<String>,
    /// Both clocks at the same moment, so that a request needs only the monotonic one.
    clocks: Cell<(Instant, Duration)>,
    /// The last second that was formatted, and its text.
    second: RefCell<(u64, String)>,
}

/// Bytes. Lines are handed over in pieces, because waking the writer costs as much as ten answers.
const PIECE: usize = 64 * 1024;
/// Pieces that may wait for the writer. Further ones are dropped and counted.
const MOST: usize = 64;

impl AccessLog {
    /// Creates the log, and the receiver for [`write`] if the log is on. The writer ends when the
    /// last [`LogBuffer`] is dropped.
    pub fn new(on: bool, plain: bool, metrics: Arc<Metrics>) -> (Self, Option<Receiver<String>>) {
        let (sender, receiver) = match on {
            true => {
                let (sender, receiver) = sync_channel(MOST);
                (Some(sender), Some(receiver))
            }
            false => (None, None),
        };
        (Self { sender, key: RandomState::new(), plain, metrics }, receiver)
    }

    pub fn lines(&self) -> LogBuffer {
        LogBuffer {
            log: self.clone(),
            waiting: RefCell::default(),
            clocks: Cell::new(clocks()),
            second: RefCell::default(),
        }
    }
}

/// Characters of a host name (RFC 1035), and of the longest registered method.
const LONGEST_HOST: usize = 253;
const LONGEST_METHOD: usize = 32;

/// Writes the lines to standard output until every sender is gone.
pub fn write(receiver: &Receiver<String>) {
    let mut out = std::io::stdout().lock();
    while let Ok(piece) = receiver.recv() {
        // Nobody reads the log any more. The server goes on.
        if out.write_all(piece.as_bytes()).and_then(|()| out.flush()).is_err() {
            while receiver.recv().is_ok() {}
        }
    }
}

impl LogBuffer {
    pub fn is_on(&self) -> bool {
        self.log.sender.is_some()
    }

    pub fn add(&self, line: &LogLine<'_>) {
        if !self.is_on() {
            return;
        }
        let mut out = self.waiting.borrow_mut();
        out.push_str("{\"time\":\"");
        self.push_time(&mut out, line.begun);
        out.push_str("\",\"method\":\"");
        out.push_str(if line.method.len() <= LONGEST_METHOD { line.method } else { "other" });
        out.push_str("\",\"route\":\"");
        push_json(&mut out, line.route);
        out.push_str("\",\"domain\":\"");
        push_json(&mut out, line.domain);
        if let Some(host) = line.host {
            out.push_str("\",\"host\":\"");
            out.push_str(if is_host(host) { host } else { "invalid" });
        }
        if let Some(address) = line.address {
            out.push_str("\",\"address\":\"");
            match self.log.plain {
                true => push_json(&mut out, address),
                false => push_hex(&mut out, self.log.key.hash_one(address)),
            }
        }
        out.push_str("\",\"client\":\"");
        out.push_str(CLIENTS[line.family]);
        out.push_str("\",\"peer\":\"");
        match self.log.plain {
            true => drop(write!(out, "{}", line.peer)),
            false => push_hex(&mut out, self.log.key.hash_one(line.peer)),
        }
        out.push_str("\",\"tls\":");
        out.push_str(if line.tls { "true" } else { "false" });
        out.push_str(",\"status\":");
        push_number(&mut out, u64::from(line.status));
        out.push_str(",\"bytes\":");
        push_number(&mut out, line.bytes as u64);
        out.push_str(",\"micros\":");
        push_number(&mut out, u64::try_from(line.took.as_micros()).unwrap_or(u64::MAX));
        out.push_str("}\n");
        if out.len() >= PIECE {
            drop(out);
            self.hand_on();
        }
    }

    /// Hands the waiting lines to the writer.
    pub fn hand_on(&self) {
        self.clocks.set(clocks());
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_empty() {
            return;
        }
        let piece = std::mem::replace(&mut *waiting, String::with_capacity(PIECE + 512));
        let Some(sender) = &self.log.sender else { return };
        if let Err(TrySendError::Full(piece) | TrySendError::Disconnected(piece)) =
            sender.try_send(piece)
        {
            let lost = piece.lines().count() as u64;
            self.log.metrics.shared.lost_lines.fetch_add(lost, Ordering::Relaxed);
        }
    }

    /// Writes a time such as `2026-11-27T20:30:00Z`.
    fn push_time(&self, out: &mut String, at: Instant) {
        let (then, time_then) = self.clocks.get();
        let second = (time_then + at.saturating_duration_since(then)).as_secs();
        let mut known = self.second.borrow_mut();
        if known.0 != second {
            *known = (second, time(second));
        }
        out.push_str(&known.1);
    }
}

fn clocks() -> (Instant, Duration) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    (Instant::now(), now.unwrap_or_default())
}

/// Formats seconds since 1970 as RFC 3339 does.
pub fn time(seconds: u64) -> String {
    let days = i64::try_from(seconds / 86_400).unwrap_or_default();
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn push_number(out: &mut String, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

fn push_hex(out: &mut String, number: u64) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    for shift in (0..16).rev() {
        out.push(DIGITS[usize::try_from(number >> (shift * 4) & 15).unwrap_or_default()]);
    }
}

/// Whether a Host can be one: a name or an IP address. A visitor chooses it, so nothing else gets
/// into the log.
fn is_host(host: &str) -> bool {
    let is_one = |b: u8| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b);
    host.len() <= LONGEST_HOST && host.bytes().all(is_one)
}

fn push_json(out: &mut String, text: &str) {
    let is_plain = |b: u8| b >= b' ' && b != b'"' && b != b'\\' && b < 0x7F;
    if text.bytes().all(is_plain) {
        return out.push_str(text);
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if steers(c) => drop(write!(out, "\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_visitor_writes_into_a_line_is_short_and_steers_no_terminal() {
        for (host, is_one) in [
            ("autoconfig.a.example", true),
            ("backend_servers", true),
            ("[2001:db8::1]", true),
            ("", true),
            ("ann@a.example", false),
            ("a\tb", false),
            ("a\"b", false),
            (&"a".repeat(254), false),
        ] {
            assert_eq!(is_host(host), is_one, "{host}");
        }
        let mut out = String::new();
        push_json(&mut out, "\u{202E}a\u{9B}");
        assert_eq!(out, "\\u202ea\\u009b");
    }

    #[test]
    fn times_are_written_as_rfc_3339_has_them() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(time(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(time(1_795_000_000), "2026-11-18T11:06:40Z");
    }

    fn line(address: Option<&str>, plain: bool) -> String {
        let metrics = Arc::new(Metrics::new(vec!["x".to_owned()]));
        let (log, receiver) = AccessLog::new(true, plain, metrics);
        let lines = log.lines();
        lines.add(&LogLine {
            method: "GET",
            route: "thunderbird",
            domain: "a.example",
            host: None,
            address,
            status: 200,
            bytes: 1234,
            begun: Instant::now(),
            took: Duration::from_micros(12),
            family: 0,
            peer: IpAddr::from([192, 0, 2, 1]),
            tls: true,
        });
        lines.hand_on();
        receiver.unwrap().recv().unwrap()
    }

    #[test]
    fn no_address_is_in_a_line_unless_it_was_asked_for() {
        let hashed = line(Some("ann@a.example"), false);
        assert!(!hashed.contains("ann") && !hashed.contains("192.0.2.1"), "{hashed}");
        let json: serde_json::Value = serde_json::from_str(&hashed).unwrap();
        assert_eq!(json["status"], 200);
        assert_eq!(json["bytes"], 1234);
        assert_eq!(json["address"].as_str().unwrap().len(), 16);
        let plain = line(Some("\"ann\"\n@a.example"), true);
        let json: serde_json::Value = serde_json::from_str(&plain).unwrap();
        assert_eq!(json["address"], "\"ann\"\n@a.example");
        assert_eq!(json["peer"], "192.0.2.1");
    }
}
