//! Does a registry take our `.reg` files as they are meant, and give everything back?
//!
//! The registry is Wine's. It drops a value that it cannot read and still ends with 0, so what
//! counts is what it exports afterwards.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{self, Bundle};

/// The key below which everything of ours belongs.
const OFFICE: &str = r"HKEY_CURRENT_USER\Software\Microsoft\Office";

/// What Wine says when it could not begin at all, as when the services of the program before are
/// just going (its server stays for 3 s); `reg` itself has not run then.
const NOT_STARTED: &str = "Application could not be started";

/// A value that somebody else has put into a key of ours.
const THEIRS: (&str, &str) = ("Somebody else's", "\"stays\"");

#[test]
fn the_registry_holds_what_our_files_say() {
    needs!("wine");
    let (bundle, mut wine) = (bundle(), Wine::start());
    for file in bundle.files("outlook-registry", ".reg").iter().filter(|file| !is_undo(file)) {
        let ours = registry(&fs::read(file).expect("a file of the bundle"));
        wine.empty();
        wine.import(file);
        assert_eq!(wine.export(), written(&ours), "{}", bundle.name(file));
    }
}

#[test]
fn an_undo_file_takes_back_our_values_and_no_others() {
    needs!("wine");
    let (bundle, mut wine) = (bundle(), Wine::start());
    for undo in bundle.files("outlook-registry", "-undo.reg") {
        let file = PathBuf::from(undo.to_string_lossy().replace("-undo.reg", ".reg"));
        let keys = registry(&fs::read(&file).expect("an undo file has its file"));
        let theirs: Registry =
            keys.keys().map(|(key, _)| ((key.clone(), THEIRS.0.into()), THEIRS.1.into())).collect();
        wine.empty();
        wine.put(&theirs);
        wine.import(&file);
        assert_ne!(wine.export(), theirs, "{} changes nothing", bundle.name(&file));
        wine.import(&undo);
        assert_eq!(wine.export(), theirs, "{}", bundle.name(&undo));
    }
}

fn bundle() -> Bundle {
    let steering = ["--set", "outlook-registry.steering=true"];
    let folder = ["--set", r"outlook-registry.installDir=D:\Grüße & 100%\%TEMP%"];
    let target = ["--target", "outlook-registry"];
    Bundle::of(&[&["outlook.com", "ann@outlook.com"][..], &target, &steering].concat())
        .and(&[&["--provider", "gmx", "jörg@bücher.example"][..], &target, &folder].concat())
}

fn is_undo(file: &Path) -> bool {
    file.to_string_lossy().ends_with("-undo.reg")
}

/// (key, name of a value) → the value as a `.reg` file writes it; `-` takes it away.
pub type Registry = BTreeMap<(String, String), String>;

fn written(ours: &Registry) -> Registry {
    ours.iter().filter(|(_, value)| *value != "-").map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Reads a `.reg` file, ours or an exported one; both are UTF-16 with a mark of the byte order.
pub fn registry(file: &[u8]) -> Registry {
    let units: Vec<_> = file.chunks(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
    let text = String::from_utf16(&units).expect("UTF-16");
    let text = text.strip_prefix('\u{feff}').expect("a mark of the byte order");
    let text = text.replace("\\\r\n", ""); // a long line of hex goes on in the next
    let mut lines = text.split("\r\n");
    assert_eq!(lines.next(), Some("Windows Registry Editor Version 5.00"));
    let (mut key, mut values) = (String::new(), Registry::new());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with(';')) {
        match line.strip_prefix('[') {
            Some(name) => key = name.strip_suffix(']').expect("a key is in brackets").to_owned(),
            None => {
                let end = line.find("\"=").expect("a line is \"name\"=value");
                let (name, value) = (&line[1..end], &line[end + 2..]);
                // The blanks are those before a line of hex that goes on.
                let value =
                    if value.starts_with("hex") { value.replace(' ', "") } else { value.into() };
                values.insert((key.clone(), name.replace("\\\"", "\"")), value);
            }
        }
    }
    values
}

/// Wine with a registry of its own, which is made once and kept for the next run.
struct Wine {
    prefix: PathBuf,
    /// Several tests share the kept registry, each in a process of its own.
    _alone: File,
}

impl Wine {
    fn start() -> Self {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
        fs::create_dir_all(kept).expect("a folder beside the tests");
        let lock = File::create(kept.join("wine.lock")).expect("a file to lock");
        lock.lock().expect("the lock, once the other test has ended");
        let wine = Self { prefix: kept.join("wine"), _alone: lock };
        let ready = wine.prefix.join("mailwright-ready");
        if !ready.exists() {
            let _ = fs::remove_dir_all(&wine.prefix);
        }
        fs::create_dir_all(&wine.prefix).expect("a folder for the registry");
        if !ready.exists() {
            wine.reg(kept, &["query", "HKCU"]);
            fs::write(ready, "").expect("a file beside the registry");
        }
        wine
    }

    fn empty(&mut self) {
        self.wine(Path::new("/")).args(["reg", "delete", OFFICE, "/f"]).output().expect("wine");
    }

    fn put(&mut self, values: &Registry) {
        for ((key, name), value) in values {
            let value = value.trim_matches('"');
            self.reg(Path::new("/"), &["add", key, "/v", name, "/d", value, "/f"]);
        }
    }

    fn import(&mut self, file: &Path) {
        let folder = file.parent().expect("a file is in a folder");
        let name = file.file_name().and_then(|name| name.to_str()).expect("a UTF-8 name");
        self.reg(folder, &["import", name]);
    }

    fn export(&mut self) -> Registry {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        self.reg(folder.path(), &["export", OFFICE, "all.reg", "/y"]);
        let file = fs::read(folder.path().join("all.reg")).expect("exported just now");
        registry(&file)
    }

    #[track_caller]
    fn reg(&self, folder: &Path, arguments: &[&str]) {
        let said = support::poll(support::PATIENCE, || {
            let said = support::run(self.wine(folder).arg("reg").args(arguments));
            (!said.stdout.contains(NOT_STARTED)).then_some(said)
        });
        said.expect("Wine starts a program").fine();
    }

    fn server(&self, how: &str) {
        let mut server = support::command("wineserver");
        support::run(server.arg(how).env("WINEPREFIX", &self.prefix));
    }

    fn wine(&self, folder: &Path) -> Command {
        let mut command = support::command("wine");
        command.current_dir(folder).env("WINEPREFIX", &self.prefix).env("HOME", &self.prefix);
        // No questions about missing parts, no window, no menu entries, nothing on the console.
        command.env("WINEDLLOVERRIDES", "mscoree=;mshtml=;winemenubuilder.exe=");
        command.env("WINEDEBUG", "-all").env_remove("DISPLAY");
        command
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // Ends what belongs to this registry, and nothing else.
        self.server("-k");
        self.server("-w");
    }
}
