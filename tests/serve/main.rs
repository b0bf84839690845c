//! `mailwright serve` as its clients see it: the finished program on a free port, asked over sockets.
#![cfg(unix)]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

#[cfg(feature = "acme")]
#[macro_use]
mod pebble;

#[cfg(feature = "acme")]
mod acme;
#[cfg(feature = "acme")]
mod acme_failures;
#[cfg(feature = "acme")]
mod acme_permission;
#[cfg(feature = "acme")]
mod acme_renewal;
mod answers;
mod api;
mod attacks;
mod bad_input;
mod caddy_ask;
mod cancelled;
#[cfg(target_os = "linux")]
mod confinement;
mod domain_owners;
mod hosts;
mod login_names;
mod mutated;
mod operation;
mod other_systems;
mod own_target;
mod provider_files;
mod provider_folders;
mod proxies;
mod public_host;
mod reload;
mod requests;
#[cfg(feature = "verify")]
mod selftest;
mod soak;
mod trust;
