//! Parses values that getmail evaluates with Python's eval: tuples of strings, and whole numbers.
//!
//! getmail 6.18.11, getmailcore/baseclasses.py (ConfItem, ConfTupleOfStrings)

use std::iter::Peekable;
use std::str::Chars;

/// The strings of a literal tuple; `None` for anything that Python would have to compute.
pub(super) fn tuple(text: &str) -> Option<Vec<String>> {
    let mut chars = text.chars().peekable();
    let mut items = Vec::new();
    blanks(&mut chars);
    if chars.peek().is_none() {
        return Some(items);
    }
    let in_brackets = chars.next_if_eq(&'(').is_some();
    let mut commas = 0;
    loop {
        blanks(&mut chars);
        if !matches!(chars.peek(), Some('"' | '\'' | 'a'..='z' | 'A'..='Z')) {
            break;
        }
        let mut item = string(&mut chars)?;
        blanks(&mut chars);
        // Adjacent string literals form one string.
        while matches!(chars.peek(), Some('"' | '\'')) {
            item.push_str(&string(&mut chars)?);
            blanks(&mut chars);
        }
        items.push(item);
        if chars.next_if_eq(&',').is_none() {
            break;
        }
        commas += 1;
    }
    if in_brackets {
        chars.next_if_eq(&')')?;
        blanks(&mut chars);
    }
    let is_tuple = commas > 0 || in_brackets && items.is_empty();
    (chars.peek().is_none() && is_tuple).then_some(items)
}

/// Skips white space, and comments up to the end of their line.
fn blanks(chars: &mut Peekable<Chars<'_>>) {
    while let Some(c) = chars.next_if(|c| c.is_whitespace() || *c == '#') {
        if c == '#' {
            while chars.next_if(|c| *c != '\n').is_some() {}
        }
    }
}

/// Reads a string literal with an optional prefix such as `r` or `b`.
fn string(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut is_raw = false;
    for _ in 0..2 {
        match chars.peek()? {
            'r' | 'R' => is_raw = true,
            'b' | 'B' | 'u' | 'U' => {}
            _ => break,
        }
        chars.next();
    }
    let quote = chars.next_if(|c| matches!(c, '"' | '\''))?;
    let mut inside = String::new();
    loop {
        match chars.next()? {
            c if c == quote => return Some(inside),
            '\n' => return None,
            '\\' => {
                if is_raw {
                    inside.push('\\');
                }
                inside.push(chars.next()?);
            }
            c => inside.push(c),
        }
    }
}

/// Parses a whole number: a literal with an optional comment, or a number in quotes.
pub(super) fn number(text: &str) -> Option<i64> {
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let inside = text.strip_prefix(quote)?;
        inside.split_once(quote)
    });
    let (digits, rest) =
        quoted.unwrap_or_else(|| text.split_at(text.find('#').unwrap_or(text.len())));
    let rest = rest.trim();
    if text.contains('\n') || !(rest.is_empty() || rest.starts_with('#')) {
        return None;
    }
    let digits = digits.trim();
    let bare = digits.trim_start_matches(['+', '-']);
    // A Python literal has no leading zeros; int() accepts them in a string.
    let octal = bare.len() > 1 && bare.starts_with('0') && bare.chars().any(|c| c != '0');
    if quoted.is_none() && octal {
        return None;
    }
    whole(digits)
}

/// Parses a whole number like Python's int().
pub(super) fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let inner = text.trim_start_matches(['+', '-']);
    let apart = inner.starts_with('_') || inner.ends_with('_') || inner.contains("__");
    if apart { None } else { text.replace('_', "").parse().ok() }
}
