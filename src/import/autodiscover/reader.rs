//! The state of a reading.

use super::super::defects::Errors;

pub(super) struct AutodiscoverReader<'a> {
    pub(super) text: &'a str,
    pub(super) errors: Errors,
}
