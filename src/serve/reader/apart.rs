//! Another process of the same program, with the same arguments, that reads and tells.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, BufReader, BufWriter, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::super::Options;
use super::super::menu::Menu;
use super::super::tls::Pair;
use super::{Reader, Sources, Stamp, Told, Wanted, frames};

/// Says to a process that it is the one that reads.
const APART: &str = "MAILWRIGHT_READS_FOR_SERVE";
/// It would not be two processes any more, or read something else.
const OTHERWISE: &str = "the settings say something else by now; start the server anew";
/// What it ends with that was ended.
const COULD_NOT_RUN: u8 = 2;

/// What the arguments say, as far as answering needs it.
#[derive(Serialize, Deserialize)]
pub struct Setup {
    pub menu: Menu,
    pub sources: Sources,
    pub options: Options,
    pub pairs: Vec<Pair>,
    /// Say only what is wrong.
    pub quiet: bool,
    /// In colour; none: where it can be shown.
    pub color: Option<bool>,
}

/// Has files read by other processes.
pub struct Apart {
    arguments: Vec<OsString>,
    menu: Menu,
    /// The one that said what the arguments mean, and goes on to read for the first time.
    first: Mutex<Option<Process>>,
}

/// One that reads.
struct Process {
    child: Child,
    tells: BufReader<ChildStdout>,
}

/// [`Wanted`], in the other process.
#[derive(Deserialize)]
struct Asked {
    known: BTreeMap<String, Stamp>,
    only: Option<BTreeSet<String>>,
    dictionary: Option<Vec<u8>>,
}

/// Why there is no setup.
pub enum NoSetup {
    /// The other process has said what is wrong, and ended with this code.
    Ended(u8),
    /// There can be no other process, or what is to be done wants to be one process.
    Impossible(io::Error),
}

impl Apart {
    /// Starts the first one: for everything, since nothing is known.
    pub fn start(arguments: Vec<OsString>) -> Result<(Self, Setup), NoSetup> {
        let nothing = Wanted { known: &BTreeMap::new(), only: None, dictionary: None };
        let (process, setup) = Process::start(&arguments, &nothing)?;
        let (menu, first) = (setup.menu.clone(), Mutex::new(Some(process)));
        Ok((Self { arguments, menu, first }, setup))
    }
}

impl Reader for Apart {
    fn read(
        &self,
        sources: &Sources,
        wanted: &Wanted<'_>,
        tell: &mut dyn FnMut(Told),
    ) -> io::Result<()> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let process = match first {
            Some(first) => first,
            None => match Process::start(&self.arguments, wanted) {
                Ok((process, setup)) if setup.sources == *sources && setup.menu == self.menu => {
                    process
                }
                Ok(_) => return Err(io::Error::other(OTHERWISE)),
                Err(NoSetup::Ended(code)) => {
                    let why = format!("who reads them has ended with {code}; see above");
                    return Err(io::Error::other(why));
                }
                Err(NoSetup::Impossible(why)) => return Err(why),
            },
        };
        process.hear(tell)
    }
}

impl Process {
    fn start(arguments: &[OsString], wanted: &Wanted<'_>) -> Result<(Self, Setup), NoSetup> {
        let mut command = Command::new(program().map_err(NoSetup::Impossible)?);
        // Its help names the program as it was called.
        #[cfg(unix)]
        if let Some(name) = std::env::args_os().next() {
            std::os::unix::process::CommandExt::arg0(&mut command, name);
        }
        let mut child = command
            .args(arguments)
            .env(APART, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(NoSetup::Impossible)?;
        let missing = || NoSetup::Impossible(io::Error::other("there is no pipe"));
        let mut asks = BufWriter::new(child.stdin.take().ok_or_else(missing)?);
        let tells = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        // If it does not listen, it has ended, and said why.
        let _ = frames::write(&mut asks, wanted).and_then(|()| asks.flush());
        drop(asks);
        let mut process = Self { child, tells };
        match frames::read::<Option<Setup>>(&mut process.tells).map(Option::flatten) {
            Ok(Some(setup)) => Ok((process, setup)),
            Ok(None) => Err(match process.child.wait() {
                Ok(status) if !status.success() => {
                    let code = status.code().and_then(|code| u8::try_from(code).ok());
                    NoSetup::Ended(code.unwrap_or(COULD_NOT_RUN))
                }
                Ok(_) => NoSetup::Impossible(io::Error::other(OTHERWISE)),
                Err(why) => NoSetup::Impossible(why),
            }),
            Err(why) => Err(NoSetup::Impossible(why)),
        }
    }

    fn hear(mut self, tell: &mut dyn FnMut(Told)) -> io::Result<()> {
        while let Some(told) = frames::read(&mut self.tells)? {
            let is_end = matches!(told, Told::End(_));
            tell(told);
            if is_end {
                break;
            }
        }
        // Giving back all that it had takes it longer than anybody has to wait.
        let farewell = std::thread::Builder::new().name("farewell".to_owned());
        let _ = farewell.spawn(move || drop(self));
        Ok(())
    }
}

impl Drop for Process {
    /// One that nobody hears any more has nothing to do.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program as it was started, even if another one has taken its name since, and even where its folder
/// is closed to whom root has become.
fn program() -> io::Result<std::path::PathBuf> {
    match cfg!(target_os = "linux") {
        true => Ok("/proc/self/exe".into()),
        false => std::env::current_exe(),
    }
}

/// Whether this process is the one that reads.
pub fn is_apart() -> bool {
    std::env::var_os(APART).is_some()
}

/// What the one that reads does where everything wants to be one process.
pub fn decline() -> io::Result<()> {
    let mut out = io::stdout().lock();
    frames::write(&mut out, &None::<Setup>)?;
    out.flush()
}

/// What the one that reads does: it says what the arguments mean, and tells what it reads. Where nobody
/// hears it any more, it ends.
pub fn tell_apart(setup: &Setup, reader: &dyn Reader) -> io::Result<()> {
    // Ctrl-C and systemd mean all processes; when this one ends is for the other to say.
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::default())?;
    }
    let asked = frames::read::<Asked>(&mut io::stdin().lock())?;
    let asked = asked.ok_or_else(|| io::Error::other("nobody asks"))?;
    let mut out = BufWriter::new(io::stdout().lock());
    frames::write(&mut out, &Some(setup))?;
    out.flush()?;
    let wanted = Wanted {
        known: &asked.known,
        only: asked.only.as_ref(),
        dictionary: asked.dictionary.as_deref(),
    };
    let mut tell = |told: Told| {
        if frames::write(&mut out, &told).is_err() {
            std::process::exit(i32::from(COULD_NOT_RUN));
        }
    };
    if let Err(why) = reader.read(&setup.sources, &wanted, &mut tell) {
        tell(Told::End(Some(why.to_string())));
    }
    out.flush()
}
