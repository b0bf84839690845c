//! Finding, starting and ending the real programs, and the bundles they are given.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a program may take for one answer on a busy two-core machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Leaves the test, with a line that `tests/run` counts, when a program is not on this machine.
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

/// The program called so, ready for arguments; `needs!` has seen that it is there.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(program(name).expect("needs!() asked for this program"));
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// What a finished program said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    #[track_caller]
    pub fn fine(self) -> Self {
        assert_eq!(self.code, Some(0), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// Runs a program to its end; one that takes longer than [`PATIENCE`] is ended and fails the test.
#[track_caller]
pub fn run(command: &mut Command) -> Said {
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
    let text = |file| String::from_utf8_lossy(&fs::read(file).expect("written above")).into_owned();
    let said = Said { code: ended.and_then(|s| s.code()), stdout: text(&out), stderr: text(&err) };
    assert!(ended.is_some(), "{command:?} took longer than {PATIENCE:?}: {said:?}");
    said
}

/// Asks again and again until there is an answer or the time is over.
pub fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() > limit {
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
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

/// A port of this machine that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// What a test sees in its environment that has started itself again on its own.
const INSIDE: &str = "MAILWRIGHT_TEST_IS_ALONE";

/// Runs the body of the test called `name` where the only network is its own loopback.
///
/// The test starts itself again in a network namespace. Where the machine does not allow one, the
/// body runs in the open, and the programs in it are set to stay off the network.
#[track_caller]
pub fn alone(name: &str, body: impl FnOnce()) {
    let ways = [&["--net"][..], &["--net", "--map-root-user"]];
    if is_inside() || !ways.iter().any(|way| again(name, way)) {
        body();
    }
}

/// Runs the body as [`alone`] does, and where it may change `/etc/hosts` and the like by [`put_over`]
/// and has every port to itself. That needs root.
#[cfg(feature = "serve")]
#[track_caller]
pub fn apart(name: &str, body: impl FnOnce()) {
    if is_inside() {
        body();
    } else if !again(name, &["--net", "--mount"]) {
        skip("root");
    }
}

/// Lets every program of a test that is [`apart`] find a file of the test's in the place of another.
#[cfg(feature = "serve")]
#[track_caller]
pub fn put_over(system: &str, own: &Path) {
    assert!(std::env::var_os(INSIDE).is_some(), "this machine's own files stay as they are");
    run(command("mount").arg("--bind").arg(own).arg(system)).fine();
}

fn is_inside() -> bool {
    let inside = std::env::var_os(INSIDE).is_some();
    if inside {
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
        assert!(up.is_ok_and(|s| s.success()), "the loopback of the own network does not come up");
    }
    inside
}

/// Runs the test again in namespaces of its own, unless this machine does not allow them.
#[track_caller]
fn again(name: &str, namespaces: &[&str]) -> bool {
    let works = program("ip").is_some()
        && Command::new("unshare")
            .args(namespaces)
            .args(["ip", "link", "set", "lo", "up"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
    if !works {
        return false;
    }
    let said = Command::new("unshare")
        .args(namespaces)
        .arg(std::env::current_exe().expect("the path of this test"))
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare has just worked");
    let text = String::from_utf8_lossy(&said.stdout);
    // A name that no test has ends well, too.
    let ran = text.lines().any(|line| line.starts_with("running 1 test"));
    let complaint = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && ran, "in its own network: {complaint}");
    true
}

/// What one or more runs of `mailwright` wrote, in a temporary folder.
pub struct Bundle {
    folder: TempDir,
}

impl Bundle {
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder") }
    }

    /// The bundle of one run of `mailwright generate`.
    #[track_caller]
    pub fn of(arguments: &[&str]) -> Self {
        Self::new().and(arguments)
    }

    /// Adds what another run writes; every run of ours has to end with exit code 0.
    #[track_caller]
    pub fn and(self, arguments: &[&str]) -> Self {
        self.mailwright(&[&["generate", "--out", "out"], arguments].concat());
        self
    }

    /// A file of the user's own beside the bundle, such as a provider.
    pub fn with_file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(name), text).expect("a file in the temporary folder");
        self
    }

    /// The whole temporary folder, the bundle's `out/` in it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of `mailwright generate --out`.
    pub fn out(&self) -> PathBuf {
        self.folder().join("out")
    }

    /// Runs `mailwright` in the folder with nothing of the machine's own settings.
    #[track_caller]
    pub fn mailwright(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailwright"));
        command.args(arguments).current_dir(self.folder()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MAILWRIGHT_") {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.folder()).env("NO_COLOR", "1").env("LC_ALL", "C.UTF-8");
        run(&mut command).fine()
    }

    /// Every file in a folder of this name (a target, or `ann@example.net/guide`) that ends so.
    #[track_caller]
    pub fn files(&self, folder: &str, end: &str) -> Vec<PathBuf> {
        let all = walk(&self.out());
        let inside = format!("/{folder}/");
        let found: Vec<_> = all
            .iter()
            .filter(|file| file.to_string_lossy().contains(&inside))
            .filter(|file| file.to_string_lossy().ends_with(end))
            .cloned()
            .collect();
        assert!(!found.is_empty(), "{folder} has no *{end}, there is only {all:#?}");
        found
    }

    /// The one file in a folder of this name that ends so.
    #[track_caller]
    pub fn file(&self, folder: &str, end: &str) -> PathBuf {
        let mut found = self.files(folder, end);
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }

    /// A path as people see it: below `out/`.
    pub fn name(&self, file: &Path) -> String {
        file.strip_prefix(self.out()).unwrap_or(file).display().to_string()
    }
}

/// Every file below a folder, sorted.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// The built-in providers, as `mailwright providers list` names them.
#[track_caller]
pub fn providers() -> Vec<String> {
    let said = Bundle::new().mailwright(&["providers", "list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let list = list.as_array().expect("a list").iter();
    let names: Vec<_> = list.map(|p| p["name"].as_str().expect("a name").to_owned()).collect();
    assert!(names.len() >= 8, "{names:?}");
    names
}

/// A provider with every kind of server that a test wants to see again, under names of our own.
pub fn provider(display_name: &str, servers: &[&str]) -> String {
    let mut text = format!(
        "[emailProvider]\nid = \"example.net\"\ndisplayName = {}\ndisplayShortName = \"Example\"\n\
         domains = [\"example.net\"]\n",
        serde_json::to_string(display_name).expect("JSON strings are TOML strings")
    );
    for server in servers {
        let words: Vec<_> = server.split_whitespace().collect();
        let [kind, hostname, port, socket, authentication] = words[..] else {
            panic!("type hostname port socketType authentication: {server}");
        };
        let side = if kind == "smtp" { "outgoingServer" } else { "incomingServer" };
        text += &format!(
            "\n[[{side}]]\ntype = \"{kind}\"\nhostname = \"{hostname}\"\nport = {port}\n\
             socketType = \"{socket}\"\nauthentication = [\"{authentication}\"]\n\
             username = \"%EMAILADDRESS%\"\n"
        );
    }
    text
}

/// Lines of the form `key value` or `key = value`, by key; of a repeated key the last.
pub fn pairs(text: &str, between: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.trim().split_once(between))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}
