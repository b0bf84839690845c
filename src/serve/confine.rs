//! Gives up what a server never needs, once its sockets are open: new privileges, core dumps, and
//! being read by other processes of its user.

/// What is active now, for the log; and what the system refuses.
#[cfg(target_os = "linux")]
pub fn confine() -> String {
    use nix::sys::prctl::{set_dumpable, set_no_new_privs};
    use rustix::process::{Resource, Rlimit, setrlimit};
    let no_core = Rlimit { current: Some(0), maximum: Some(0) };
    let steps = [
        // No program that the process could start has more rights than the process.
        ("no new privileges", set_no_new_privs().is_ok()),
        // A core dump has the private keys in it.
        ("no core dumps", setrlimit(Resource::Core, no_core).is_ok()),
        // Other processes of the same user can neither trace it nor read its memory.
        ("not dumpable", set_dumpable(false).is_ok()),
    ];
    let named = |wanted: bool| {
        let names = steps.iter().filter(|(_, is_active)| *is_active == wanted);
        names.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    match named(false) {
        refused if refused.is_empty() => format!("confined: {}", named(true)),
        refused => format!("confined: {}; refused by the system: {refused}", named(true)),
    }
}

#[cfg(not(target_os = "linux"))]
pub fn confine() -> String {
    "not confined: this system has no such means".to_owned()
}
