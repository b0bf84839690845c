//! seccomp: system calls that the server never needs fail with EPERM.
//! <https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html>

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompFilter, TargetArch,
    apply_filter_all_threads,
};

/// Tracing and changing other processes, changing the system, and parts of the kernel where faults
/// are often found. Much the same as systemd's groups `@debug`, `@mount`, `@module`, `@raw-io`,
/// `@reboot`, `@swap`, `@clock` and `@keyring`.
const NEVER: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];
/// Starting a program.
const EXECUTE: &[i64] = &[libc::SYS_execve, libc::SYS_execveat];

/// Installs the filter for all threads.
pub fn install(runs_commands: bool) -> Result<(), Error> {
    let execute = if runs_commands { &[][..] } else { EXECUTE };
    let calls = NEVER.iter().chain(execute);
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(Error::Backend)?;
    let filter = SeccompFilter::new(
        // Whatever the arguments are.
        calls.map(|call| (*call, Vec::new())).collect::<BTreeMap<_, _>>(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        architecture,
    );
    let program: Result<BpfProgram, BackendError> = filter.and_then(TryInto::try_into);
    apply_filter_all_threads(&program.map_err(Error::Backend)?)
}
