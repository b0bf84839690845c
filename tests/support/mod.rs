//! What every test program shares: ours and other programs, trees of files, certificates, servers.
#![allow(dead_code, unused_imports, unused_macros, reason = "each test program uses its part")]

#[macro_use]
mod programs;

mod bundle;
pub mod ca;
#[cfg(target_os = "linux")]
pub mod dovecot;
#[cfg(unix)]
pub mod host;
mod network;
#[cfg(target_os = "linux")]
pub mod oidc;
pub mod peer;
#[cfg(target_os = "linux")]
pub mod postfix;
pub mod requests;
mod run;
mod trees;

use std::path::{Path, PathBuf};

pub use bundle::{Bundle, pairs, provider, providers};
pub use network::{alone, apart, nowhere, own_addresses, put_over};
#[cfg(unix)]
pub use programs::is_root;
pub use programs::{Ended, PATIENCE, Running, command, poll, program, run, skip, until};
pub use run::Run;
pub use trees::{assert_tree, assert_tree_of, files_below, walk};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn fixture(path: &str) -> PathBuf {
    root().join("tests/fixtures").join(path)
}
