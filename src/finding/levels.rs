//! The severities that the user sets with `-D`, `-W` and `-A`.

use super::{Finding, Severity};
use crate::codes::Code;

/// Codes whose severity the user has changed. `allow` wins over `deny`, and `deny` over `warn`.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    pub deny: Vec<Code>,
    pub warn: Vec<Code>,
    pub allow: Vec<Code>,
}

impl Levels {
    /// The severity to report the code with; `None` if the user does not want to see it.
    pub fn of(&self, code: Code, severity: Severity) -> Option<Severity> {
        if self.allow.contains(&code) {
            None
        } else if self.deny.contains(&code) {
            Some(Severity::Error)
        } else if self.warn.contains(&code) {
            Some(Severity::Warning)
        } else {
            Some(severity)
        }
    }

    /// Applies the levels to all findings of a command whose result they are, errors included.
    pub fn apply(&self, findings: &mut Vec<Finding>) {
        findings.retain_mut(|finding| self.keep(finding));
    }

    /// Sets the severity of a finding. Returns whether to report it.
    fn keep(&self, finding: &mut Finding) -> bool {
        let wanted = self.of(finding.code, finding.severity);
        finding.severity = wanted.unwrap_or(finding.severity);
        wanted.is_some()
    }

    /// Applies the levels to the findings of a command that produces files. An error stays an
    /// error, because the file could not be produced.
    pub fn apply_except_errors(&self, findings: &mut Vec<Finding>) {
        findings.retain_mut(|finding| finding.severity == Severity::Error || self.keep(finding));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::{MALFORMED, PASSWORD_UNUSED};

    /// The severities that remain of one error and one warning.
    fn left(apply: impl Fn(&Levels, &mut Vec<Finding>), levels: &Levels) -> Vec<Severity> {
        let mut findings =
            [MALFORMED, PASSWORD_UNUSED].map(|code| Finding::new(code, "x")).to_vec();
        apply(levels, &mut findings);
        findings.into_iter().map(|finding| finding.severity).collect()
    }

    #[test]
    fn a_result_can_be_raised_lowered_and_left_out() {
        let levels =
            Levels { deny: vec![PASSWORD_UNUSED], warn: vec![MALFORMED], ..Levels::default() };
        assert_eq!(left(Levels::apply, &levels), [Severity::Warning, Severity::Error]);
        let levels = Levels { allow: vec![MALFORMED, PASSWORD_UNUSED], ..levels };
        assert_eq!(left(Levels::apply, &levels), []);
    }

    #[test]
    fn an_error_about_making_something_stays() {
        for levels in [
            Levels { allow: vec![MALFORMED, PASSWORD_UNUSED], ..Levels::default() },
            Levels { warn: vec![MALFORMED], allow: vec![PASSWORD_UNUSED], ..Levels::default() },
        ] {
            assert_eq!(left(Levels::apply_except_errors, &levels), [Severity::Error]);
        }
        let levels = Levels { deny: vec![PASSWORD_UNUSED], ..Levels::default() };
        assert_eq!(left(Levels::apply_except_errors, &levels), [Severity::Error; 2]);
    }
}
