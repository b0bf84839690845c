//! Removes secrets from every text that leaves the program.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::model::Secret;

/// Replaces a secret in a text.
const BLANK: &str = "***";

/// Shorter pieces of base64 would also match harmless text.
const SHORTEST: usize = 4;

/// Replaces secrets wherever they occur in a text, plain or in base64.
#[derive(Default)]
pub struct Redactor {
    needles: Vec<Secret>,
}

impl Redactor {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut redactor = Self::default();
        secrets.into_iter().for_each(|secret| redactor.add(secret));
        redactor
    }

    /// Adds a secret that became known during the test.
    pub fn add(&mut self, secret: &Secret) {
        let plain = secret.expose();
        if plain.is_empty() {
            return;
        }
        let needles = &mut self.needles;
        needles.push(Secret::new(plain.to_owned()));
        needles.push(Secret::new(plain.escape_debug().to_string()));
        // Inside longer base64, a secret begins at one of three positions of a group. The
        // characters that only the secret decides are the same, whatever surrounds it.
        for lead in 0..3 {
            let mut padded = vec![0; lead];
            padded.extend_from_slice(plain.as_bytes());
            for engine in [&STANDARD, &URL_SAFE] {
                let coded = engine.encode(&padded);
                let start = [0, 2, 3][lead];
                let end = padded.len() * 8 / 6;
                if end >= start + SHORTEST {
                    needles.push(Secret::new(coded[start..end].to_owned()));
                }
            }
        }
        // Longest first: if a shorter one were replaced first, parts of the longer one would
        // remain.
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.expose().len()));
    }

    pub fn clean(&self, text: &mut String) {
        for needle in &self.needles {
            if text.contains(needle.expose()) {
                *text = text.replace(needle.expose(), BLANK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_blanked_plain_and_in_base64_wherever_it_begins() {
        let redactor = Redactor::new([&Secret::new("correct horse".to_owned())]);
        for before in ["", "a", "ab", "\0ann@example.com\0", "\0joe\0"] {
            let mut plain = format!("x {before}correct horse y");
            redactor.clean(&mut plain);
            assert!(!plain.contains("horse"), "{plain}");
            let mut coded = STANDARD.encode(format!("{before}correct horse\u{1}\u{1}"));
            redactor.clean(&mut coded);
            let decoded = coded.replace(BLANK, "");
            assert!(coded.contains(BLANK), "{before:?}: {coded}");
            assert!(decoded.len() < STANDARD.encode(before).len() + 8, "{before:?}: {coded}");
        }
    }

    #[test]
    fn other_text_stays() {
        let redactor = Redactor::new([&Secret::new("pw".to_owned())]);
        let mut text = "+OK ready".to_owned();
        redactor.clean(&mut text);
        assert_eq!(text, "+OK ready");
    }
}
