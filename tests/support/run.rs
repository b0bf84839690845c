//! Runs the finished program in a folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::programs::{Ended, finish};
use super::trees::files_below;

/// The program in a temporary folder, with nothing of this machine's settings.
pub struct Run {
    pub folder: TempDir,
    env: Vec<(String, String)>,
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
        // Another build of the program, for measurements.
        let program = std::env::var_os("MAILWRIGHT_PROGRAM");
        let mut command = match &program {
            Some(program) => Command::new(program),
            None => Command::new(env!("CARGO_BIN_EXE_mailwright")),
        };
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C");
        command.envs(self.env.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        command
    }

    /// Runs the program to its end. What it prints has to be UTF-8.
    #[track_caller]
    pub fn args(&self, args: &[&str]) -> Ended {
        let (code, stdout, stderr) = finish(&mut self.command(args));
        Ended {
            code,
            stdout: String::from_utf8(stdout).expect("stdout is text"),
            stderr: String::from_utf8(stderr).expect("stderr is text"),
        }
    }

    /// Every file below a folder, by its path.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        files_below(&self.path(folder))
    }
}
