//! Gives up what a server never needs, once its sockets are open.
//!
//! Threads inherit all of this, so it must happen before the first one starts.

use std::path::PathBuf;

/// What the server needs later.
#[derive(Debug, Clone, Default)]
pub struct Confinement {
    /// Files and folders that it reads again.
    pub readable: Vec<PathBuf>,
    /// Folders that it writes to.
    pub writable: Vec<PathBuf>,
    /// It starts the commands that provider files name.
    pub runs_commands: bool,
}

/// What is active now, for the log; and what the system refuses.
///
/// `is_bounded`: whether the bounding set of capabilities was emptied, which only root can do.
#[cfg(target_os = "linux")]
pub fn confine(confinement: &Confinement, is_bounded: bool) -> String {
    use super::{landlock_rules, syscall_filter};
    use nix::sys::prctl::{set_dumpable, set_no_new_privs};
    use rustix::process::{Resource, Rlimit, setrlimit};
    let Confinement { readable, writable, runs_commands } = confinement;
    let no_core = Rlimit { current: Some(0), maximum: Some(0) };
    let steps = [
        // No program that the process could start has more rights than the process.
        ("no new privileges", set_no_new_privs().is_ok()),
        // A core dump has the private keys in it.
        ("no core dumps", setrlimit(Resource::Core, no_core).is_ok()),
        // Other processes of the same user can neither trace it nor read its memory.
        ("not dumpable", set_dumpable(false).is_ok()),
        // It sees only its files, and opens no further ports.
        ("Landlock", landlock_rules::restrict(readable, writable, *runs_commands).unwrap_or(false)),
        // It starts no program, traces no process and changes nothing of the system.
        ("seccomp", syscall_filter::install(*runs_commands).is_ok()),
    ];
    let named = |wanted: bool| {
        let names = steps.iter().filter(|(_, is_active)| *is_active == wanted);
        names.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    let bounded = if is_bounded { ", no capabilities to gain" } else { "" };
    match named(false) {
        refused if refused.is_empty() => format!("confined: {}{bounded}", named(true)),
        refused => format!("confined: {}{bounded}; refused by the system: {refused}", named(true)),
    }
}

#[cfg(not(target_os = "linux"))]
pub fn confine(_: &Confinement, _: bool) -> String {
    "not confined: this system has no such means".to_owned()
}

/// Empties the bounding set of capabilities. Only root can, so it must happen before root's
/// privileges are dropped. Returns whether it is empty.
#[cfg(target_os = "linux")]
pub fn empty_bounding_set() -> bool {
    use rustix::io::Errno;
    use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
    // The kernel knows some forty capabilities, and refuses the numbers after the last one.
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            Err(Errno::INVAL) => return number > 0,
            Err(_) => return false,
        }
    }
    true
}

#[cfg(not(target_os = "linux"))]
pub fn empty_bounding_set() -> bool {
    false
}
