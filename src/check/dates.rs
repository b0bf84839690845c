//! Reports expired dates in a file, and tells the day.

use std::ops::Range;
use std::time::SystemTime;

use crate::codes;
use crate::format::Tree;
use crate::import::{DefectList, Examination, Reader};

/// The current day in UTC, in days since 1970.
pub fn today() -> i64 {
    day_of(SystemTime::now())
}

/// The day of this time in UTC, in days since 1970.
pub fn day_of(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / 86_400).unwrap_or(i64::MAX)
}

/// Everything that has expired by `today`, in days since 1970.
pub fn dates(reader: Reader, examined: &Examination, today: i64) -> DefectList {
    let Some(root) = &examined.tree else { return DefectList::default() };
    let mut defects = DefectList::default();
    let mut over = |code, name: &str, date: &str, span: &Range<usize>| {
        if day(date).is_some_and(|day| day < today) {
            let message = format!("{name} {} is over", date.escape_debug());
            defects.add(code, span, message);
        }
    };
    match reader {
        Reader::Mobileconfig => {
            for value in root.children.iter().filter(|value| value.kind == "date") {
                let date = value.value.as_deref().unwrap_or_default();
                if ["RemovalDate", "PayloadExpirationDate"].contains(&value.name.as_str()) {
                    over(codes::PROFILE_DATE_OVER, &value.name, date, &value.span);
                }
            }
        }
        Reader::Autodiscover => expirations(root, &mut |date, span| {
            over(codes::AUTODISCOVER_EXPIRED, "ExpirationDate", date, span);
        }),
        _ => {}
    }
    defects
}

/// Finds every ExpirationDate at any depth. The parser limits the depth of the tree.
fn expirations(tree: &Tree, found: &mut impl FnMut(&str, &Range<usize>)) {
    for child in &tree.children {
        match child.name == "ExpirationDate" {
            true => found(child.text().trim(), &child.span),
            false => expirations(child, found),
        }
    }
}

/// Days since 1970 of `2026-11-25T00:00:00Z` or `20261125`, ignoring the time.
fn day(date: &str) -> Option<i64> {
    let digits: String =
        date.split('T').next()?.chars().filter(|c| !matches!(c, '-' | '/')).collect();
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits[from..to].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    is_date.then(|| since_1970(year, month, day))
}

/// Days since 1970 in the Gregorian calendar. The year starts with March here, so that the leap day
/// is its last.
fn since_1970(year: i64, month: i64, day: i64) -> i64 {
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
            ("1970-01-01", 0),
            ("19991231", 10_956),
            ("2000-02-29T23:59:59Z", 11_016),
            ("2000-03-01", 11_017),
            ("2026/11/25", 20_782),
            ("21000301", 47_541),
        ] {
            assert_eq!(day(date), Some(since), "{date}");
        }
        for wrong in ["", "2026", "2026-13-25", "2026-11-32", "tomorrow", "2026-11-2\u{e9}"] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }
}
