//! What mailwright makes of settings and reads from files, byte by byte.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

#[cfg(unix)]
mod budget;
mod checks;
mod golden;
mod hostile;
mod import;
mod makers;
mod mdm;
#[cfg(feature = "zip")]
mod message;
mod mutations;
mod other_files;
#[cfg(target_os = "linux")]
mod output_full;
mod pacc;
mod properties;
#[cfg(feature = "sign")]
mod sign;
mod targets;
mod unix_files;
