//! Dates in a file after which it is no longer what it was.

use std::ops::Range;

use crate::codes;
use crate::format::{Kind, Tree};
use crate::import::{Defect, Reader, envelope};

/// What is over on a day since 1970.
pub fn dates(reader: Reader, text: &str, today: i64) -> Vec<Defect> {
    let kind = match reader {
        Reader::Mobileconfig => Kind::Plist,
        Reader::Autodiscover => Kind::Xml,
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

/// Every ExpirationDate, wherever it stands; the tree is no deeper than a parser lets it be.
fn expirations(tree: &Tree, found: &mut impl FnMut(&str, &Range<usize>)) {
    for child in &tree.children {
        match child.name == "ExpirationDate" {
            true => found(child.text().trim(), &child.span),
            false => expirations(child, found),
        }
    }
}

/// `2026-11-25T00:00:00Z` or `20261125`, the hours left aside.
fn day(date: &str) -> Option<i64> {
    let digits: String =
        date.split('T').next()?.chars().filter(|c| !matches!(c, '-' | '/')).collect();
    envelope::day_of(&digits)
}
