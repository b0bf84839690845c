//! Reports expired dates in a file.

use std::ops::Range;

use crate::codes;
use crate::format::{FileFormat, Tree};
use crate::import::{Defect, Reader, envelope};

/// Everything that has expired by `today`, in days since 1970.
pub fn dates(reader: Reader, text: &str, today: i64) -> Vec<Defect> {
    let kind = match reader {
        Reader::Mobileconfig => FileFormat::Plist,
        Reader::Autodiscover => FileFormat::Xml,
        _ => return Vec::new(),
    };
    let Ok(Some(root)) = kind.parse(text) else { return Vec::new() };
    let mut defects = Vec::new();
    let mut over = |code, name: &str, date: &str, span: &Range<usize>| {
        if day(date).is_some_and(|day| day < today) {
            let message = format!("{name} {} is over", date.escape_debug());
            defects.push(Defect { code, message, span: span.clone() });
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
        _ => expirations(&root, &mut |date, span| {
            over(codes::AUTODISCOVER_EXPIRED, "ExpirationDate", date, span);
        }),
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

/// Parses `2026-11-25T00:00:00Z` or `20261125`, ignoring the time.
fn day(date: &str) -> Option<i64> {
    let digits: String =
        date.split('T').next()?.chars().filter(|c| !matches!(c, '-' | '/')).collect();
    envelope::day_of(&digits)
}
