//! The command line: flags, messages, exit codes, and which files are on disk afterwards.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod check;
mod commands;
mod findings;
mod fix;
mod foreign_text;
mod lists;
mod matrix;
mod rollout;
mod rollout_resume;
