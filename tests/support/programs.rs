//! Finds, starts and ends programs, ours and others.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a test waits for anything before it fails: far longer than it takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Leaves the test, with a line that `tests/run` counts, if a program is not on this machine.
macro_rules! needs {
    ($($program:literal),+ $(,)?) => {
        $(
            if $crate::support::program($program).is_none() {
                return $crate::support::skip($program);
            }
        )+
    };
}

/// Where `tests/run` puts what Debian's packages cannot bring side by side.
const OWN: &str = "/usr/local/lib/mailwright-tests/bin";

/// Where a program is; servers live outside an ordinary user's `PATH`.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin", OWN].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Says that a test cannot be run here.
pub fn skip(program: &str) {
    let line = format!("skipped: needs {program}");
    eprintln!("{line}");
    if let Some(file) = std::env::var_os("MAILWRIGHT_SKIPS") {
        let mut file =
            OpenOptions::new().create(true).append(true).open(file).expect("the list of skips");
        writeln!(file, "{line}").expect("the list of skips can be written");
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{line}, and CI=true allows no skip");
}

/// Some servers and namespaces are only for root.
#[cfg(unix)]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The program of this name, ready for arguments; `needs!` has seen that it is there.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(program(name).expect("needs!() asked for this program"));
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// How a program ended, and what it printed.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn fine(self) -> Self {
        self.code(0)
    }

    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "no {words:?} in: {}", self.stderr);
        self
    }

    #[track_caller]
    pub fn prints(self, words: &str) -> Self {
        assert!(self.stdout.contains(words), "no {words:?} in: {}", self.stdout);
        self
    }
}

/// Runs a program to its end; if it does not end within [`PATIENCE`], the test fails.
#[track_caller]
pub fn run(command: &mut Command) -> Ended {
    let (code, stdout, stderr) = finish(command);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code, stdout: text(stdout), stderr: text(stderr) }
}

/// The same, with the bytes that it printed.
#[track_caller]
pub fn finish(command: &mut Command) -> (Option<i32>, Vec<u8>, Vec<u8>) {
    // Files instead of pipes: a program whose children keep a pipe open cannot hold us up.
    let folder = TempDir::new().expect("a temporary folder");
    let (out, err) = (folder.path().join("stdout"), folder.path().join("stderr"));
    command.stdout(File::create(&out).expect("a temporary file"));
    command.stderr(File::create(&err).expect("a temporary file"));
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let ended = poll(PATIENCE, || child.try_wait().expect("the child is ours"));
    if ended.is_none() {
        end(&mut child);
    }
    let bytes = |file| fs::read(file).expect("written above");
    let (out, err) = (bytes(out), bytes(err));
    let Some(ended) = ended else {
        let [out, err] = [out, err].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        panic!("{command:?} does not end; it printed:\n{out}\n{err}");
    };
    (ended.code(), out, err)
}

/// Asks again and again until there is an answer or the time is over.
pub fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    // Most programs end soon, and the others need no answer at once.
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() > limit {
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// Waits for something that has to happen; if it does not, the test fails with these words.
#[track_caller]
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    poll(PATIENCE, ask).unwrap_or_else(|| panic!("within {PATIENCE:?}, never: {what}"))
}

/// A program that goes on until this is dropped; then it is asked to stop, by its id.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    #[track_caller]
    pub fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::create(&log).expect("a file for the log");
        command.stdout(file.try_clone().expect("a second handle")).stderr(file);
        let child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        Self { child, log }
    }

    /// What it said, without the complaints of a window toolkit that has no screen.
    pub fn log(&self) -> String {
        let log = String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned();
        let lines = log.lines().filter(|line| !line.to_lowercase().contains("gtk"));
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    /// Waits for something that the program does once it is up.
    #[track_caller]
    pub fn until<T>(&mut self, mut ask: impl FnMut() -> Option<T>) -> T {
        let mut ended = None;
        let answer = poll(PATIENCE, || {
            if let Some(answer) = ask() {
                return Some(Some(answer));
            }
            ended = self.child.try_wait().expect("the child is ours");
            ended.map(|_| None)
        });
        match answer.flatten() {
            Some(answer) => answer,
            None => panic!("not up within {PATIENCE:?} ({ended:?}); it said:\n{}", self.log()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends a child of ours: politely, so that it ends its own children, and then for good.
fn end(child: &mut Child) {
    let id = child.id().to_string();
    let _ = Command::new("kill").args(["-TERM", &id]).stderr(Stdio::null()).status();
    if poll(Duration::from_secs(10), || child.try_wait().ok().flatten()).is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
}
