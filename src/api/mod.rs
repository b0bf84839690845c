//! The library's public types: thin wrappers over the modules that the program uses.

mod builder;
mod client_file;
mod error;
mod providers;
#[cfg(feature = "verify")]
mod server_test;

pub use builder::BundleBuilder;
pub use client_file::ClientFile;
pub use error::Error;
pub use providers::{Providers, Settings};
#[cfg(feature = "verify")]
pub use server_test::ServerTest;
