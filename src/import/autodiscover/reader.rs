//! The state of a reading.

use super::super::defects::DefectList;

pub(super) struct AutodiscoverReader<'a> {
    pub(super) text: &'a str,
    pub(super) errors: DefectList,
}
