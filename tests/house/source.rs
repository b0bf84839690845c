//! The source of the program, as the rules look at it.

use crate::support::{files_below, root};

/// The code of every file of the program, without tests. `verify/memory.rs` is a test.
pub fn source_code() -> Vec<(String, String)> {
    let files = files_below(&root().join("src")).into_iter();
    let files = files.filter(|(file, _)| {
        file.ends_with(".rs")
            && !file.ends_with("tests.rs")
            && !["lib.rs", "main.rs", "verify/memory.rs"].contains(&&**file)
    });
    files.map(|(file, bytes)| (file, code(&String::from_utf8(bytes).unwrap()))).collect()
}

/// A file without its tests, comments and literals.
pub fn code(text: &str) -> String {
    let mut rest = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut code = String::with_capacity(rest.len());
    while let Some(c) = rest.chars().next() {
        match comment_or_literal(rest) {
            0 => {
                code.push(c);
                rest = &rest[c.len_utf8()..];
            }
            length => rest = &rest[length..],
        }
    }
    code
}

/// How many bytes at the beginning of the text are a comment or a literal.
fn comment_or_literal(text: &str) -> usize {
    let to = |end: &str, from: usize| {
        text[from..].find(end).map_or(text.len(), |at| from + at + end.len())
    };
    match text.as_bytes() {
        [b'/', b'/', ..] => text.find('\n').unwrap_or(text.len()),
        [b'r', b'"' | b'#', ..] => {
            let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
            match text[1 + hashes..].starts_with('"') {
                true => to(&format!("\"{}", "#".repeat(hashes)), 2 + hashes),
                false => 0,
            }
        }
        [b'"', ..] => {
            let mut is_escaped = false;
            let end = text.bytes().skip(1).position(|byte| {
                let ends = byte == b'"' && !is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
                ends
            });
            end.map_or(text.len(), |end| end + 2)
        }
        [b'\'', b'\\', ..] => to("'", 3),
        // Anything else after a quotation mark is a lifetime.
        [b'\'', ..] => match text.char_indices().nth(2) {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        _ => 0,
    }
}

pub fn without_visibility(item: &str) -> &str {
    let Some(rest) = item.strip_prefix("pub") else { return item };
    let rest = match rest.strip_prefix('(') {
        Some(scope) => scope.split_once(')').map_or(rest, |(_, rest)| rest),
        None => rest,
    };
    rest.trim_start()
}

pub fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}
