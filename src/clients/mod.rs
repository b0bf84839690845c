//! The targets: one folder per mail client, with a manifest of facts and Handlebars templates.
//!
//! A manifest lists what a client reads, and its keyword for each neutral one. A missing keyword
//! means that the client cannot express the value. Manifests never contain conditions: `plan` draws
//! the conclusions.

mod catalog;
mod host_rule;
mod load;
mod manifest;
mod read;
mod summary;
mod words;

pub use catalog::{LARGEST_FILE, Targets};
pub use manifest::{
    Client, FileSpec, Include, OptionDefault, Scope, ShownValue, SideSpec, Status, Take, Target,
};
pub use words::{Inexpressible, Words};
