//! `generate --users ldaps://…`, against OpenLDAP's slapd.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod entries;
mod reading;
mod refusals;
mod relay;
mod samba;
mod slapd;
mod troubles;
