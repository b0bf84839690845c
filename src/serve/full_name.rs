//! Reads the full name of a person from a request for a profile (`name=`).

use crate::model::{Text, printable, shortened};

use super::address::{decode, parameters};

/// Characters. A longer name is cut.
const LONGEST: usize = 100;
/// Bytes of the value in the query: percent-encoded, a character has up to twelve.
const LONGEST_VALUE: usize = 12 * LONGEST;

/// The name, without control characters and those that turn the direction of writing. `None` if the
/// request has no name, or one that is not text.
pub fn full_name(query: &str) -> Option<Text> {
    let value = parameters(query, &["name"]).next().filter(|value| value.len() <= LONGEST_VALUE)?;
    // Forms and automx2's links have a plus sign for a space, mox's links have %20.
    let value = value.replace('+', " ");
    let name = decode(&value)?;
    let name = printable(&name).replace(char::REPLACEMENT_CHARACTER, "");
    let name = shortened(name.trim(), LONGEST);
    Text::new(&name).ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_forms_and_scripts_write_it() {
        for (query, name) in [
            ("email=a@b.c&name=Ann+Lee", Some("Ann Lee")),
            ("name=Ann%20Lee&name=Bob", Some("Ann Lee")),
            ("Name=%C3%84nn%20%2B%20Co", Some("Änn + Co")),
            ("name=%3Ckey%3E%26", Some("<key>&")),
            ("name=", None),
            ("name=+", None),
            ("name=%FF", None),
            ("email=a@b.c", None),
        ] {
            assert_eq!(full_name(query).as_ref().map(Text::as_str), name, "{query}");
        }
    }

    #[test]
    fn what_steers_a_program_is_left_out_and_a_long_name_is_cut() {
        let steering = "name=A%0D%0An%1B%5Bn%E2%80%AE%00";
        assert_eq!(full_name(steering).unwrap().as_str(), "An[n");
        // A mark of the templates is not text.
        assert_eq!(full_name("name=A%F3%B0%80%80"), None);
        let long = format!("name={}", "Ann%20".repeat(60));
        assert!(full_name(&long).unwrap().as_str().chars().count() <= LONGEST);
        assert_eq!(full_name(&format!("name={}", "a".repeat(LONGEST_VALUE + 1))), None);
    }
}
