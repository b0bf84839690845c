//! The targets: one folder per mail client, a manifest of facts and Handlebars templates.
//!
//! A manifest says what a client reads and in which words; a word that is missing means that
//! the client cannot say it. There are no conditions in it, ever: `plan` draws the conclusions.

mod catalog;
mod manifest;
mod read;
mod summary;
mod words;

pub use catalog::{Error, Targets};
pub use manifest::{
    Client, FileSpec, HostRule, Include, OptionDefault, OptionSpec, Scope, Shown, SideSpec, Status,
    Take, Target,
};
pub use words::{Expressed, Inexpressible, Words};
