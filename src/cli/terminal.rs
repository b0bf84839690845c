//! Output: results to stdout, messages to stderr, colour only on a terminal.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use crate::finding::{Finding, Levels, any_error};
use crate::model::{printable_lines, steers};
use crate::report;

use super::args::{Color, Global};
use super::progress::Progress;

pub struct Terminal {
    color: bool,
    quiet: bool,
    width: usize,
    levels: Levels,
}

/// The width of a table that does not go to a terminal.
const USUAL_WIDTH: usize = 100;

impl Terminal {
    pub fn new(global: &Global) -> Self {
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            // https://no-color.org: set to anything but the empty string.
            Color::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
                    && io::stderr().is_terminal()
            }
        };
        let width = match io::stdout().is_terminal() {
            true => columns().unwrap_or(USUAL_WIDTH),
            false => USUAL_WIDTH,
        };
        Self { color, quiet: global.quiet, width, levels: global.levels.levels() }
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// The levels from `-D`, `-W` and `-A`.
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// Gives the findings the user's severities. Returns whether one of them stops the command.
    /// Every command that produces something calls this before it continues.
    pub fn stops(&self, findings: &mut Vec<Finding>) -> bool {
        self.levels.apply_except_errors(findings);
        any_error(findings)
    }

    /// A progress bar, if stderr is a terminal.
    pub fn progress(&self, total: usize, unit: &'static str) -> Progress {
        Progress::new(total, unit, !self.quiet && io::stderr().is_terminal())
    }

    /// Prints a result.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Prints a result as JSON. Characters that would steer a terminal are escaped, so that programs
    /// still read them.
    pub fn json(&self, text: &str) -> io::Result<()> {
        if !text.contains(|c| steers(c) && c != '\n') {
            return self.print(text);
        }
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match steers(c) && c != '\n' {
                true => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
                false => escaped.push(c),
            }
        }
        self.print(&escaped)
    }

    /// Prints a message. Continues if stderr is closed.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr(), "{}", printable_lines(text));
        }
    }

    /// Prints what the user has to do now, even if quiet.
    #[cfg(feature = "verify")]
    pub fn ask(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", printable_lines(text));
    }

    /// Like [`Self::stops`], and prints the findings.
    pub fn report(&self, findings: &mut Vec<Finding>) -> bool {
        let stops = self.stops(findings);
        self.findings(findings);
        stops
    }

    /// Prints findings even if quiet, except notes.
    pub fn findings(&self, findings: &[Finding]) {
        let shown: Vec<Finding> = findings
            .iter()
            .filter(|f| !self.quiet || f.severity > crate::finding::Severity::Note)
            .cloned()
            .collect();
        if shown.is_empty() {
            return;
        }
        let _ = io::stderr().write_all(report::human_findings(&shown, self.color).as_bytes());
    }

    /// Prints findings that are the result.
    pub fn findings_on_stdout(&self, findings: &[Finding]) -> io::Result<()> {
        match findings {
            [] => Ok(()),
            _ => self.print(&report::human_findings(findings, self.color)),
        }
    }

    /// Prints the error that stopped the program, with its causes.
    pub fn failure(&self, failure: &dyn Error) {
        let mut text = format!("error: {failure}");
        let mut cause = failure.source();
        while let Some(inner) = cause {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text.push_str(": ");
                text.push_str(&inner_text);
            }
            cause = inner.source();
        }
        let _ = writeln!(io::stderr(), "{}", printable_lines(&text));
    }
}

/// The width of the terminal, if it is wide enough for a table.
fn columns() -> Option<usize> {
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        (size.ws_col >= 60).then_some(usize::from(size.ws_col))
    }
    #[cfg(not(unix))]
    None
}
