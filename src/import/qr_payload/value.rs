//! Reads numbers and texts like Moshi, the JSON reader of Thunderbird for Android.

use super::super::defects::DefectList;
use crate::codes;
use crate::format::Tree;

/// A whole number. Moshi's `nextInt` also accepts a string of digits, and `1.0`.
pub(super) fn number(value: &Tree, errors: &mut DefectList) -> Option<i64> {
    let digits = value.value.as_deref().filter(|_| matches!(value.kind, "number" | "string"))?;
    if let (Ok(number), "number") = (digits.parse(), value.kind) {
        return Some(number);
    }
    let number = digits.parse::<f64>().ok().filter(|number| number.fract() == 0.0)?;
    errors.add(
        codes::QR_VALUE_TYPE,
        &value.span,
        format!("{} is not written as a whole number", shown(value)),
    );
    // A number that is too long for i64 fits no field.
    format!("{number:.0}").parse().ok()
}

/// A text on one line. Moshi's `nextString` also accepts a number, but refuses null.
pub(super) fn string<'a>(value: &'a Tree, errors: &mut DefectList) -> Option<&'a str> {
    match value.kind {
        "string" => {}
        "number" => {
            errors.add(
                codes::QR_VALUE_TYPE,
                &value.span,
                format!("{} is not in quotes", shown(value)),
            );
        }
        "null" => {
            let message = "null is refused; write \"\", or leave the value out at the end";
            errors.add(codes::QR_NULL, &value.span, message);
        }
        _ => errors.add(codes::QR_NOT_A_TEXT, &value.span, "this has to be a string"),
    }
    let text = value.value.as_deref().filter(|_| matches!(value.kind, "string" | "number"))?;
    if text.contains(['\r', '\n']) {
        errors.add(codes::QR_LINE_BREAK, &value.span, "a line break in a text");
    }
    Some(text)
}

/// Reports values that version 1 does not have. The app skips them, for the sake of later versions.
pub(super) fn surplus(values: &[Tree], errors: &mut DefectList) {
    if let [first, .., last] | [first @ last] = values {
        let span = first.span.start..last.span.end;
        errors.add(codes::QR_EXTRA_VALUE, &span, "version 1 has no value here, so it is skipped");
    }
}

fn shown(value: &Tree) -> String {
    let text = value.value.as_deref().unwrap_or_default().escape_debug().to_string();
    if value.kind == "string" { format!("\"{text}\"") } else { text }
}
