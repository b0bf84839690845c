//! The validity of the certificates in a CMS signature.

use super::{EXPLICIT_0, Element, SEQUENCE, signed_data};

/// The validity of a certificate (RFC 5280 §4.1.2.5), in days since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    pub first: i64,
    pub last: i64,
    /// The last day as `2026-11-25`.
    pub last_day: String,
}

/// Days before expiry at which a certificate should be renewed.
const SOON: i64 = 30;

impl Life {
    /// Days until the certificate expires; negative if it has expired.
    pub fn days_left(&self, today: i64) -> i64 {
        self.last - today
    }

    /// Whether less than 30 days are left. For a certificate that is valid for less than 90 days:
    /// whether less than a third of its lifetime is left, so that one of a week is not due on its
    /// second day.
    pub fn ends_soon(&self, today: i64) -> bool {
        self.days_left(today) < SOON.min((self.last - self.first) / 3)
    }
}

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The validity of each certificate in a CMS signature. Unreadable certificates are left out.
pub fn lives(bytes: &[u8]) -> Vec<Life> {
    let Some(data) = signed_data(bytes) else { return Vec::new() };
    let Some(certificates) = data.children().find(|child| child.tag == EXPLICIT_0) else {
        return Vec::new();
    };
    certificates.children().filter_map(|certificate| life(&certificate)).collect()
}

pub(super) fn life(certificate: &Element<'_>) -> Option<Life> {
    let to_be_signed = certificate.children().next()?.expect(SEQUENCE)?;
    // The sequences before it are the algorithm and the issuer.
    let validity = to_be_signed.children().filter(|field| field.tag == SEQUENCE).nth(2)?;
    let mut times = validity.children();
    let (first, _) = day(&times.next()?)?;
    let (last, last_day) = day(&times.next()?)?;
    Some(Life { first, last, last_day })
}

/// The day of a UTCTime or GeneralizedTime, as days since 1970 and as text.
fn day(time: &Element<'_>) -> Option<(i64, String)> {
    // Only the day is read: seconds may be missing and a zone may follow.
    let text = std::str::from_utf8(time.content).ok()?;
    let (year, rest) = match time.tag {
        UTC_TIME => {
            let (year, rest) = number(text, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => number(text, 4)?,
        _ => return None,
    };
    let (month, rest) = number(rest, 2)?;
    let (day, _) = number(rest, 2)?;
    Some((since_1970(year, month, day)?, format!("{year:04}-{month:02}-{day:02}")))
}

/// Parses a date such as `20261125` to days since 1970.
pub fn day_of(digits: &str) -> Option<i64> {
    let (year, rest) = number(digits, 4)?;
    let (month, rest) = number(rest, 2)?;
    let (day, rest) = number(rest, 2)?;
    since_1970(year, month, day).filter(|_| rest.is_empty())
}

fn since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    is_date.then(|| days(year, month, day))
}

/// Splits off a number of this many digits.
fn number(text: &str, digits: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    let all_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((number.parse().ok().filter(|_| all_digits)?, rest))
}

/// Days since 1970 in the Gregorian calendar. The year starts with March here, so that the leap day
/// is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let leap = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before = (153 * ((month + 9) % 12) + 2) / 5;
    365 * year + leap + before + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (date, since) in [
            ((1970, 1, 1), 0),
            ((1999, 12, 31), 10_956),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2026, 11, 25), 20_782),
            ((2100, 3, 1), 47_541),
        ] {
            assert_eq!(days(date.0, date.1, date.2), since, "{date:?}");
        }
    }

    #[test]
    fn both_forms_of_a_time_are_read() {
        let read = |tag, content: &str| {
            day(&Element { tag, content: content.as_bytes(), rest: &[], depth: 0 })
        };
        assert_eq!(read(UTC_TIME, "261125120000Z"), Some((20_782, "2026-11-25".to_owned())));
        assert_eq!(read(UTC_TIME, "991231235959Z"), Some((10_956, "1999-12-31".to_owned())));
        let long = read(GENERALIZED_TIME, "21000301000000Z");
        assert_eq!(long, Some((47_541, "2100-03-01".to_owned())));
        for wrong in ["", "2", "26", "261325", "26\u{e9}1", "-61125"] {
            assert_eq!(read(UTC_TIME, wrong), None, "{wrong:?}");
        }
    }
}
