//! What runs of `mailwright generate` write, for the programs that read it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::programs::Ended;
use super::run::Run;
use super::trees::walk;

/// What one or more runs of `mailwright` wrote, in a temporary folder.
pub struct Bundle {
    run: Run,
}

impl Bundle {
    pub fn new() -> Self {
        let run = Run::new();
        let home = run.folder.path().display().to_string();
        Self { run: run.env("HOME", &home).env("NO_COLOR", "1").env("LC_ALL", "C.UTF-8") }
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
        Self { run: self.run.write(name, text) }
    }

    /// The whole temporary folder, the bundle's `out/` in it.
    pub fn folder(&self) -> &Path {
        self.run.folder.path()
    }

    /// The folder of `mailwright generate --out`.
    pub fn out(&self) -> PathBuf {
        self.folder().join("out")
    }

    /// Runs `mailwright` in the folder with nothing of the machine's own settings.
    #[track_caller]
    pub fn mailwright(&self, arguments: &[&str]) -> Ended {
        self.run.args(arguments).fine()
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
