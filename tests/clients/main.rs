//! Do the real programs take our files as they are meant? One file a client.
//!
//! Every program runs over files that the finished `mailwright` wrote into a temporary folder. A
//! program that this machine lacks is a skip (`skipped: needs wine`), and under `CI=true` a failure;
//! `tests/run` installs them all. Nothing here talks to anything but this machine.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;
#[macro_use]
mod python;

mod ansible;
mod apple;
#[cfg(feature = "serve")]
mod container;
mod group_policy;
mod guide;
mod hosting;
mod kubernetes;
#[cfg(feature = "serve")]
mod kubernetes_serve;
mod landing;
mod marionette;
#[cfg(feature = "zip")]
mod message;
mod powershell;
mod qr;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "sign")]
mod sign;
#[cfg(feature = "serve")]
mod systemd;
#[cfg(feature = "tar")]
mod tar;
mod thunderbird;
mod thunderbird_prefs;
mod unix;
mod unix_fetchmail;
mod unix_read;
mod wine;
mod xml;
#[cfg(feature = "zip")]
mod zip;
