//! Running the finished program in a folder of its own, and comparing trees of files.
#![allow(dead_code, reason = "each test crate uses its part")]

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn fixture(path: &str) -> PathBuf {
    root().join("tests/fixtures").join(path)
}

/// The program in a temporary folder, with nothing of this machine's settings.
pub struct Run {
    pub folder: TempDir,
    env: Vec<(String, String)>,
}

/// How a run ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder"), env: Vec::new() }
    }

    pub fn write(self, file: &str, text: &str) -> Self {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// A command with these arguments, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        // The finished program, where somebody measures it.
        let program = std::env::var_os("MAILWRIGHT_PROGRAM");
        let mut command = match &program {
            Some(program) => Command::new(program),
            None => Command::new(env!("CARGO_BIN_EXE_mailwright")),
        };
        command.args(args).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C");
        command.envs(self.env.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        command
    }

    pub fn args(&self, args: &[&str]) -> Ended {
        let Output { status, stdout, stderr } =
            self.command(args).output().expect("the program starts");
        Ended {
            code: status.code(),
            stdout: String::from_utf8(stdout).expect("stdout is text"),
            stderr: String::from_utf8(stderr).expect("stderr is text"),
        }
    }

    /// Every file below a folder, by its path.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        files_below(&self.path(folder))
    }
}

impl Ended {
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
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

/// Every file below a folder, by its path with `/`.
pub fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, name: &str, files: &mut BTreeMap<String, Vec<u8>>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            let last =
                path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
            let name = if name.is_empty() { last } else { format!("{name}/{last}") };
            if path.is_dir() {
                walk(&path, &name, files);
            } else {
                files.insert(name, fs::read(&path).expect("a readable file"));
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(folder, "", &mut files);
    files
}

/// Where a server that needs to be told its ports can listen.
///
/// They are free now, and stay so until the server is up: the loopback address is this process's
/// own, so that no test beside it is given one of them in the meantime.
pub fn own_addresses<const N: usize>() -> [SocketAddr; N] {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    // Linux has process ids of 22 bits at most, and all of 127.0.0.0/8 without being asked.
    let own = [127, 64 + high, middle, low];
    // All at once: one that is let go can be the next one, too.
    let held: [_; N] =
        std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::from(own), 0)).unwrap());
    held.map(|listener| listener.local_addr().unwrap())
}

/// Compares a tree with a committed one; `SNAPSHOTS=overwrite` makes the committed one equal.
#[track_caller]
pub fn assert_tree(expected: &Path, found: &BTreeMap<String, Vec<u8>>) {
    assert_tree_of(expected, found, |_| true);
}

/// The same for a tree that has other files too: only those whose names are ours are compared.
#[track_caller]
pub fn assert_tree_of(
    expected: &Path,
    found: &BTreeMap<String, Vec<u8>>,
    is_ours: impl Fn(&str) -> bool,
) {
    assert!(!found.is_empty(), "nothing was written");
    let mut wanted = files_below(expected);
    wanted.retain(|name, _| is_ours(name));
    if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") {
        for name in wanted.keys() {
            fs::remove_file(expected.join(name)).expect("a file of ours");
        }
        for (name, bytes) in found {
            let path = expected.join(name);
            fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
        return;
    }
    let mut wrong = Vec::new();
    for (name, bytes) in found {
        match wanted.get(name) {
            None => wrong.push(format!("{name} is new")),
            Some(other) if other != bytes => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let (a, b) = (text(other), text(bytes));
                let line = a.lines().zip(b.lines()).position(|(a, b)| a != b);
                let (at, a, b) = match line {
                    Some(at) => (at + 1, a.lines().nth(at), b.lines().nth(at)),
                    None => (0, Some("(one ends early)"), Some("(the other goes on)")),
                };
                wrong.push(format!(
                    "{name}:{at} differs\n  - {}\n  + {}",
                    a.unwrap_or(""),
                    b.unwrap_or("")
                ));
            }
            Some(_) => {}
        }
    }
    wrong.extend(wanted.keys().filter(|n| !found.contains_key(*n)).map(|n| format!("{n} is gone")));
    assert!(
        wrong.is_empty(),
        "{} is not what is written now; look at the difference, then SNAPSHOTS=overwrite cargo test --test golden\n{}",
        expected.display(),
        wrong.join("\n")
    );
}
