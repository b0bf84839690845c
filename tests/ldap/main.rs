//! `generate --users ldaps://…`, against OpenLDAP's slapd.
#![cfg(target_os = "linux")]

#[path = "../clients/support.rs"]
#[macro_use]
#[allow(dead_code, reason = "each test crate uses its part")]
mod support;
#[path = "../support/mod.rs"]
mod runs;

#[path = "../verify/ca.rs"]
#[allow(dead_code, reason = "each test crate uses its part")]
mod ca;
mod entries;
mod reading;
mod refusals;
mod relay;
mod samba;
mod slapd;
mod troubles;
