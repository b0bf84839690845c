//! Where edits are applied, and which of them wait.

use super::*;
use crate::codes::{MALFORMED as A, XML_ENCODING as B};

fn edit(start: usize, end: usize, text: &str) -> Edit {
    Edit { start, end, text: text.to_owned() }
}

fn applied(raw: &str, edits: &[Edit]) -> String {
    let mut file = EncodedFile::of(raw.as_bytes()).unwrap();
    file.apply(edits);
    String::from_utf8(file.bytes().unwrap()).unwrap()
}

#[test]
fn places_count_an_end_of_line_of_windows_as_one() {
    // In the text: a 0, \n 1, é 2..4, \n 4, c 5.
    let edits = [edit(2, 4, "e"), edit(5, 6, "x\ny")];
    assert_eq!(applied("a\r\né\r\nc", &edits), "a\r\ne\r\nx\r\ny");
    assert_eq!(applied("a\né\nc", &edits), "a\ne\nx\ny");
    // Both kinds of line end in one file: the unchanged parts stay.
    assert_eq!(applied("a\r\né\nc", &edits[..1]), "a\r\ne\nc");
    assert_eq!(applied("ab", &[edit(0, 0, "1"), edit(2, 2, "2")]), "1ab2");
}

#[test]
fn of_two_mends_that_touch_one_waits_for_the_next_round() {
    let made = apart([(A, vec![edit(0, 4, "")]), (B, vec![edit(4, 6, "")])].into_iter());
    assert_eq!(made.len(), 1);
    let all = [(A, vec![edit(8, 9, "")]), (B, vec![edit(0, 2, ""), edit(4, 5, "")])];
    assert_eq!(apart(all.into_iter()).len(), 2);
    let around = [(A, vec![edit(3, 4, "")]), (B, vec![edit(0, 9, "")])];
    assert_eq!(apart(around.into_iter()).len(), 1);
}

#[test]
fn bytes_that_do_not_come_out_of_their_text_again_are_left_alone() {
    // Half a unit of UTF-16 at the end.
    assert!(EncodedFile::of(&[0xFF, 0xFE, b'a', 0, b'b']).is_none());
    assert!(EncodedFile::of("a\r\n".as_bytes()).is_some());
}

/// Found by fuzzing: each round removed one white space, and there are eight rounds.
#[test]
fn all_white_space_between_the_values_of_a_code_is_removed_at_once() {
    let values = "[1,[1,1],[1,\"pop.example.com\",995,3,1,\"ann@example.com\",\"Ann\"]]\n";
    let spaced =
        values.replace(',', &format!("{},\n ", "\t".repeat(20))).replace("Ann", "A  \\\" n");
    let fixed = fix(spaced.as_bytes(), &|_| true).unwrap();
    assert_eq!(fixed.after, values.replace("Ann", "A  \\\" n"));
    assert_eq!(fix(&fixed.bytes, &|code| fixed.codes.contains(&code)), None);
}
