//! What triggers a reload: a change in a folder (inotify), or SIGHUP.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use super::error::Error;

/// An event for the main thread.
#[derive(Debug)]
pub enum Event {
    /// The providers were read for the first time.
    Loaded(Result<(), Error>),
    /// Something in a watched folder has changed.
    Changed,
    /// SIGHUP
    Reload,
    /// SIGTERM or SIGINT
    End,
}

/// How long to wait for further changes before files are read.
const SETTLE: Duration = Duration::from_millis(60);

/// The next requests. Files that are replaced together are one change. `None` if there is no sender
/// any more.
pub fn settled<T>(requests: &Receiver<T>) -> Option<Vec<T>> {
    let mut batch = vec![requests.recv().ok()?];
    loop {
        match requests.recv_timeout(SETTLE) {
            Ok(request) => batch.push(request),
            Err(RecvTimeoutError::Timeout) => return Some(batch),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
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
/// place, and files that are moved into place, as editors, certbot and Kubernetes do. Other systems
/// than Linux reload on SIGHUP only.
#[derive(Clone)]
pub struct FolderWatch {
    #[cfg(target_os = "linux")]
    inotify: std::sync::Arc<rustix::fd::OwnedFd>,
}

#[cfg(target_os = "linux")]
impl FolderWatch {
    pub fn start(sender: Sender<Event>) -> std::io::Result<Self> {
        use rustix::fs::inotify;
        let watch = std::sync::Arc::new(inotify::init(inotify::CreateFlags::CLOEXEC)?);
        let own = std::sync::Arc::clone(&watch);
        std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let mut space = [std::mem::MaybeUninit::uninit(); 4096];
            let mut reader = inotify::Reader::new(&*own, &mut space);
            loop {
                match reader.next() {
                    // A watch ends with its folder, and the folder above reports that, too.
                    Ok(event) if event.events().contains(inotify::ReadFlags::IGNORED) => {}
                    Ok(_) if sender.send(Event::Changed).is_ok() => {}
                    Err(rustix::io::Errno::INTR) => {}
                    _ => return,
                }
            }
        })?;
        Ok(Self { inotify: watch })
    }

    /// Watches a folder. Watching it twice changes nothing.
    pub fn add(&self, folder: &Path) -> std::io::Result<()> {
        use rustix::fs::inotify::{WatchFlags, add_watch};
        let what = WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::CREATE
            // Permissions.
            | WatchFlags::ATTRIB
            | WatchFlags::ONLYDIR;
        add_watch(&*self.inotify, folder, what)
            .map(drop)
            .map_err(|e| std::io::Error::new(e.kind(), format!("{}: {e}", folder.display())))
    }
}

#[cfg(not(target_os = "linux"))]
impl FolderWatch {
    pub fn start(_: Sender<Event>) -> std::io::Result<Self> {
        Ok(Self {})
    }

    pub fn add(&self, _: &Path) -> std::io::Result<()> {
        Ok(())
    }
}
