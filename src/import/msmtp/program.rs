//! The programs that share the grammar.

/// The program that reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Msmtp,
    Mpop,
}
