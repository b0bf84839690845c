//! A table for the terminal: columns have their natural width, and the widest ones are wrapped.

use unicode_width::UnicodeWidthStr;

use crate::model::printable_lines;

/// Rows of cells with a heading.
pub struct TextTable {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Spaces between two columns.
const GAP: usize = 2;
/// The minimum width of a wrapped column.
const NARROWEST: usize = 20;

impl TextTable {
    pub fn new(heading: &[&str]) -> Self {
        Self { heading: heading.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| printable_lines(cell).into_owned()).collect());
    }

    /// The table as text. `width` is the width of the terminal in columns.
    pub fn render(&self, width: usize) -> String {
        let widths = self.widths(width);
        let mut out = String::new();
        for row in std::iter::once(&self.heading).chain(&self.rows) {
            let cells: Vec<Vec<String>> =
                row.iter().zip(&widths).map(|(cell, width)| wrap(cell, *width)).collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            for line in 0..height {
                let mut text = String::new();
                for (cell, width) in cells.iter().zip(&widths) {
                    let part = cell.get(line).map_or("", String::as_str);
                    text.push_str(part);
                    text.push_str(&" ".repeat(width.saturating_sub(shown(part)) + GAP));
                }
                out.push_str(text.trim_end());
                out.push('\n');
            }
        }
        out
    }

    /// The column widths. Each column has its natural width; the widest ones are reduced to fit.
    fn widths(&self, width: usize) -> Vec<usize> {
        let columns = self.heading.len();
        let mut widths: Vec<usize> = (0..columns)
            .map(|at| {
                std::iter::once(&self.heading)
                    .chain(&self.rows)
                    .filter_map(|row| row.get(at))
                    .map(|cell| shown(cell))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let room = width.saturating_sub(GAP * columns.saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            let Some(widest) = widths.iter_mut().max() else { break };
            if *widest <= NARROWEST {
                break;
            }
            *widest -= 1;
        }
        widths
    }
}

/// The width of the text on a terminal.
fn shown(text: &str) -> usize {
    match text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        true => text.len(),
        false => text.width(),
    }
}

/// Breaks text into lines of at most `width`, at spaces and after slashes. Longer words are not
/// broken.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut glue = " ";
        let parts =
            if word.starts_with('/') { vec![word] } else { word.split_inclusive('/').collect() };
        for part in parts {
            let line = lines.last_mut().expect("there is always a line");
            let glue_here = if line.is_empty() { "" } else { glue };
            if !line.is_empty() && shown(line) + glue_here.len() + shown(part) > width {
                lines.push(part.to_owned());
            } else {
                line.push_str(glue_here);
                line.push_str(part);
            }
            glue = "";
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_wraps_its_widest_column_and_keeps_the_others() {
        let mut table = TextTable::new(&["client", "how"]);
        table.row(vec![
            "Thunderbird".into(),
            "put it where the other files of the program are".into(),
        ]);
        assert_eq!(
            table.render(40),
            "client       how\n\
             Thunderbird  put it where the other\n\
             \x20            files of the program are\n"
        );
    }
}
