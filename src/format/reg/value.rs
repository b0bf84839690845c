//! A value line of a registry file: a name and its data.

use std::ops::Range;

use super::super::characters::is_mark;
use crate::codes;
use crate::format::Tree;
use crate::format::errors::Flaws;

/// The spellings of `hex(n)` by type number, REG_NONE to REG_QWORD.
const HEX: [&str; 12] = [
    "hex(0)", "hex(1)", "hex(2)", "hex(3)", "hex(4)", "hex(5)", "hex(6)", "hex(7)", "hex(8)",
    "hex(9)", "hex(a)", "hex(b)",
];

/// Reads a value from its line and its continuation lines. Also returns the span of all these
/// lines. The value is `None` if regedit drops it.
pub(super) fn value<'a>(
    line: &'a str,
    span: Range<usize>,
    lines: &mut impl Iterator<Item = (&'a str, Range<usize>)>,
    ansi: bool,
    flaws: &mut Flaws,
) -> (Option<Tree>, Range<usize>) {
    let mut value = ValueLine { span, ansi, flaws };
    let tree = value.read(line, lines);
    (tree, value.span)
}

struct ValueLine<'f> {
    span: Range<usize>,
    ansi: bool,
    flaws: &'f mut Flaws,
}

impl ValueLine<'_> {
    fn read<'a>(
        &mut self,
        line: &'a str,
        lines: &mut impl Iterator<Item = (&'a str, Range<usize>)>,
    ) -> Option<Tree> {
        let (name, data) = self.name(line.trim_start_matches(WHITE))?;
        if let Some(quoted) = data.strip_prefix('"') {
            let (value, behind) = self.unquote(quoted)?;
            let behind = behind.trim_matches(WHITE);
            if behind.starts_with(';') {
                self.comment();
            } else if !behind.is_empty() {
                self.flaws.add(
                    codes::REG_STRING_END,
                    &self.span,
                    "something behind the closing quote",
                );
                return None;
            }
            return Some(Tree::leaf(name, "string", value, self.span.clone()));
        }
        if let Some((kind, bytes)) =
            data.split_once(':').filter(|(kind, _)| kind.starts_with("hex"))
        {
            // Consume all continuation lines even if the type is wrong.
            let bytes = self.lines_of_bytes(bytes, lines);
            let kind = self.kind(kind)?;
            let bytes = self.bytes(kind, &bytes?)?;
            return Some(Tree::leaf(name, kind, bytes, self.span.clone()));
        }
        let (bare, comment) = without_comment(data);
        if comment {
            self.comment();
        }
        if bare == "-" {
            return Some(Tree::branch(name, "delete", self.span.clone()));
        }
        if let Some(digits) = bare.strip_prefix("dword:") {
            return Some(Tree::leaf(name, "dword", self.dword(digits)?, self.span.clone()));
        }
        let message = format!("\"{}\" is not \"string\", dword:, hex: or -", bare.escape_debug());
        self.flaws.add(codes::REG_DATA, &self.span, message);
        None
    }

    /// Splits `"name"=data` or `@=data` into name and data.
    fn name<'a>(&mut self, line: &'a str) -> Option<(String, &'a str)> {
        let (name, rest) = match line.strip_prefix('@') {
            Some(rest) => ("@".to_owned(), rest),
            None => {
                let Some(quoted) = line.strip_prefix('"') else {
                    let message = "neither [key], \"name\"=value, @=value nor ; comment";
                    self.flaws.add(codes::REG_LINE, &self.span, message);
                    return None;
                };
                let (name, rest) = self.unquote(quoted)?;
                match name.as_str() {
                    "" => {
                        let message = "a value without a name is written @=";
                        self.flaws.add(codes::REG_EMPTY_NAME, &self.span, message);
                        ("@".to_owned(), rest)
                    }
                    "@" => {
                        let message = "a value that is called @ looks like the default value";
                        self.flaws.add(codes::REG_AT_NAME, &self.span, message);
                        return None;
                    }
                    _ => (name, rest),
                }
            }
        };
        let Some(data) = rest.trim_start_matches(WHITE).strip_prefix('=') else {
            self.flaws.add(codes::REG_LINE, &self.span, "\"=\" belongs directly behind the name");
            return None;
        };
        let bare = data.trim_start_matches(WHITE);
        if rest.starts_with(WHITE) || bare != data {
            self.flaws.add(codes::REG_WHITE_SPACE, &self.span, "white space around \"=\"");
        }
        Some((name, bare))
    }

    /// Reads a quoted string after its opening quote. Returns the string and the text after the
    /// closing quote.
    fn unquote<'a>(&mut self, text: &'a str) -> Option<(String, &'a str)> {
        let mut value = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match (c, c == '\\') {
                ('"', _) => return Some((value, chars.as_str())),
                (_, false) => value.push(c),
                (_, true) => match chars.next() {
                    Some(escaped @ ('\\' | '"')) => value.push(escaped),
                    Some(other) => {
                        let message = format!(
                            "a \"\\\" in a string is written twice; \\{} is read otherwise",
                            other.escape_debug()
                        );
                        self.flaws.add(codes::REG_BACKSLASH, &self.span, message);
                        value.push(match other {
                            'n' => '\n',
                            'r' => '\r',
                            other => other,
                        });
                    }
                    None => break,
                },
            }
        }
        self.flaws.add(codes::REG_STRING_OPEN, &self.span, "the string does not end");
        None
    }

    fn dword(&mut self, digits: &str) -> Option<String> {
        if digits.contains(is_mark) {
            return Some(digits.to_ascii_lowercase());
        }
        let is_number = (1..=8).contains(&digits.len()) && is_hexadecimal(digits);
        let shown = digits.escape_debug();
        let message = format!("\"{shown}\" is not eight hexadecimal digits");
        if !is_number {
            self.flaws.add(codes::REG_DWORD, &self.span, message);
            return None;
        }
        if digits.len() < 8 {
            self.flaws.add(codes::REG_DWORD_SHORT, &self.span, message);
        }
        Some(format!("{:0>8}", digits.to_ascii_lowercase()))
    }

    fn kind(&mut self, kind: &str) -> Option<&'static str> {
        if kind == "hex" {
            return Some("hex");
        }
        let found = HEX.iter().find(|known| known.eq_ignore_ascii_case(kind)).copied();
        if found.is_none() {
            let message = format!("\"{}\" is no registry type", kind.escape_debug());
            self.flaws.add(codes::REG_HEX_TYPE, &self.span, message);
        }
        found
    }

    /// Joins the bytes of this line and of its continuation lines: each line that ends in `,\`
    /// continues.
    fn lines_of_bytes<'a>(
        &mut self,
        first: &'a str,
        lines: &mut impl Iterator<Item = (&'a str, Range<usize>)>,
    ) -> Option<String> {
        let mut whole = String::new();
        let mut part = first;
        loop {
            let (bare, comment) = without_comment(part);
            if comment {
                self.comment();
            }
            let Some(bytes) = bare.strip_suffix('\\') else {
                whole.push_str(bare);
                return Some(whole);
            };
            if !comment && part.ends_with(WHITE) {
                let message = "white space behind the \"\\\" at the end of the line";
                self.flaws.add(codes::REG_CONTINUATION_SPACE, &self.span, message);
            }
            let bytes = bytes.trim_end_matches(WHITE);
            whole.push_str(bytes);
            if !bytes.is_empty() && !bytes.ends_with(',') {
                let message = "a comma has to stand before the \"\\\" at the end of the line";
                self.flaws.add(codes::REG_CONTINUATION_COMMA, &self.span, message);
                return None;
            }
            // Empty lines and comments between them are skipped.
            let filled = |(line, _): &(&str, _)| !matches!(without_comment(line).0, "");
            let Some((next, span)) = lines.find(filled) else {
                let message = "nothing follows the \"\\\" at the end of the line";
                self.flaws.add(codes::REG_CONTINUATION_END, &self.span, message);
                return None;
            };
            self.span.end = span.end;
            part = next.trim_start_matches(WHITE);
            if part.starts_with(['[', '"', '@']) {
                let message = "the \"\\\" at the end of the line swallows the line that follows";
                self.flaws.add(codes::REG_CONTINUATION_END, &self.span, message);
                return None;
            }
        }
    }

    /// Checks the bytes and returns them in lower case.
    fn bytes(&mut self, kind: &str, bytes: &str) -> Option<String> {
        if bytes.contains(is_mark) {
            return Some(bytes.to_ascii_lowercase());
        }
        let bare = bytes.replace(WHITE, "");
        if bare != bytes {
            self.flaws.add(codes::REG_WHITE_SPACE, &self.span, "white space between the bytes");
        }
        let listed = bare.strip_suffix(',').unwrap_or(&bare);
        if listed != bare {
            self.flaws.add(codes::REG_HEX_COMMA, &self.span, "a comma behind the last byte");
        }
        let mut numbers = Vec::new();
        for byte in listed.split(',').filter(|_| !listed.is_empty()) {
            let number = u8::from_str_radix(byte, 16).ok().filter(|_| is_hexadecimal(byte));
            let Some(number) = number else {
                let message = "bytes are two hexadecimal digits each, with commas between them";
                self.flaws.add(codes::REG_HEX_BYTES, &self.span, message);
                return None;
            };
            if byte.len() != 2 {
                let message = format!("the byte \"{byte}\" has two digits");
                self.flaws.add(codes::REG_HEX_DIGITS, &self.span, message);
            }
            numbers.push(number);
        }
        let is_text = matches!(kind, "hex(1)" | "hex(2)" | "hex(7)");
        if is_text && self.ansi {
            numbers = numbers.into_iter().flat_map(|byte| [byte, 0]).collect();
        }
        let count = numbers.len();
        let fits = match kind {
            "hex(4)" | "hex(5)" => count == 4,
            "hex(b)" => count == 8,
            // REG_SZ, REG_EXPAND_SZ and REG_MULTI_SZ are UTF-16LE and end in a NUL.
            _ if is_text => count.is_multiple_of(2) && numbers.ends_with(&[0, 0]),
            _ => true,
        };
        if !fits {
            let message = format!("{count} bytes do not make a value of type {kind}");
            self.flaws.add(codes::REG_HEX_LENGTH, &self.span, message);
        }
        let texts: Vec<String> = numbers.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(texts.join(","))
    }

    fn comment(&mut self) {
        let message = "a comment behind a value; it belongs on a line of its own";
        self.flaws.add(codes::REG_COMMENT_BEHIND, &self.span, message);
    }
}

/// The line without its `;` comment and without surrounding white space, and whether it had a
/// comment. Not for lines with quoted strings.
fn without_comment(line: &str) -> (&str, bool) {
    let (bare, comment) = line.split_once(';').map_or((line, false), |(bare, _)| (bare, true));
    (bare.trim_matches(WHITE), comment)
}

fn is_hexadecimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

pub(super) const WHITE: [char; 2] = [' ', '\t'];
