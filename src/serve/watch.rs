//! What triggers a reload: a change in a folder (inotify), or SIGHUP.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

/// An event for the main thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something in a watched folder has changed.
    Changed,
    /// SIGHUP
    Reload,
    /// SIGTERM or SIGINT
    End,
}

/// Sends signals as events, from a thread of its own.
#[cfg(unix)]
pub fn signals(sender: Sender<Event>) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            let event = if signal == SIGHUP { Event::Reload } else { Event::End };
            if sender.send(event).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
pub fn signals(sender: Sender<Event>) -> std::io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let over = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&over))?;
    std::thread::Builder::new().spawn(move || {
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let _ = sender.send(Event::End);
    })?;
    Ok(())
}

/// Sends changes in folders as events, from a thread of its own. It sees files that are written in
/// place, and files that are moved into place, as editors, certbot and Kubernetes do.
#[cfg(target_os = "linux")]
pub fn folders(folders: &[PathBuf], sender: Sender<Event>) -> std::io::Result<()> {
    use rustix::fs::inotify;
    let inotify = inotify::init(inotify::CreateFlags::CLOEXEC)?;
    let what = inotify::WatchFlags::CLOSE_WRITE
        | inotify::WatchFlags::MOVED_TO
        | inotify::WatchFlags::MOVED_FROM
        | inotify::WatchFlags::DELETE
        | inotify::WatchFlags::CREATE;
    for folder in folders {
        add(&inotify, folder, what)?;
    }
    std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
        let mut space = [std::mem::MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&inotify, &mut space);
        loop {
            match reader.next() {
                Ok(_) if sender.send(Event::Changed).is_ok() => {}
                Err(rustix::io::Errno::INTR) => {}
                _ => return,
            }
        }
    })?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn add(
    inotify: &rustix::fd::OwnedFd,
    folder: &Path,
    what: rustix::fs::inotify::WatchFlags,
) -> std::io::Result<()> {
    rustix::fs::inotify::add_watch(inotify, folder, what)
        .map(drop)
        .map_err(|e| std::io::Error::new(e.kind(), format!("{}: {e}", folder.display())))
}

/// Other systems reload on SIGHUP only.
#[cfg(not(target_os = "linux"))]
pub fn folders(_: &[PathBuf], _: Sender<Event>) -> std::io::Result<()> {
    let _: Option<&Path> = None;
    Ok(())
}
