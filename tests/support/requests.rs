//! Requests of real clients, as they are kept in `tests/fixtures/requests`, one a file.
//!
//! A file begins with lines of `# key: value`: who sends it and from where that is known, and what the
//! answer has to be. Then the request follows; the lines of its head end in CRLF when it is sent, its
//! body is as it stands in the file, without the line end that an editor puts after it.

use std::fs;
use std::path::PathBuf;

use super::{fixture, root};

pub struct Fixture {
    pub name: String,
    notes: Vec<(String, String)>,
    /// The bytes as they are sent.
    pub request: Vec<u8>,
}

impl Fixture {
    /// Every one there is.
    pub fn all() -> Vec<Self> {
        let files = fs::read_dir(fixture("requests")).expect("the folder of the requests");
        let names = files.map(|file| file.expect("a readable folder").path());
        let mut names: Vec<_> = names
            .filter(|path| path.extension().is_some_and(|end| end == "http"))
            .map(|path| path.file_stem().expect("it has a name").to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.iter().map(|name| Self::read(name)).collect()
    }

    pub fn read(name: &str) -> Self {
        let text = fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut notes = Vec::new();
        let mut rest = text.as_str();
        while let Some(line) = rest.strip_prefix("# ") {
            let (line, after) = line.split_once('\n').expect("a request follows");
            let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("{name}: {line}"));
            notes.push((key.to_owned(), value.to_owned()));
            rest = after;
        }
        let (head, body) = rest.split_once("\n\n").unwrap_or((rest.trim_end(), ""));
        let body = body.strip_suffix('\n').unwrap_or(body);
        let request = format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n")).into_bytes();
        Self { name: name.to_owned(), notes, request }
    }

    /// What stands after this key, line by line.
    pub fn notes<'f>(&'f self, key: &str) -> impl Iterator<Item = &'f str> {
        self.notes.iter().filter(move |(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn note(&self, key: &str) -> &str {
        self.notes(key).next().unwrap_or_else(|| panic!("{} has no {key}", self.name))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.request.clone()).expect("a request of text")
    }

    /// The client that has just been run sends the same; with `SNAPSHOTS=overwrite`, what it sends is
    /// kept from now on. The version of a program is no difference.
    #[track_caller]
    pub fn is(&self, sent: &[u8]) {
        let sent = String::from_utf8(sent.to_vec()).expect("a request of text");
        if without_version(&sent) == without_version(&self.text()) {
            return;
        }
        assert_eq!(std::env::var("SNAPSHOTS").as_deref(), Ok("overwrite"), "{}", {
            format!("{} is not what it sends now:\n{sent}\nbut\n{}", self.name, self.text())
        });
        let notes: String = self.notes.iter().map(|(k, v)| format!("# {k}: {v}\n")).collect();
        let text = sent.replace("\r\n", "\n");
        let text = text.trim_end_matches('\n');
        fs::write(path(&self.name), format!("{notes}{text}\n")).expect("a fixture");
    }
}

fn path(name: &str) -> PathBuf {
    root().join("tests/fixtures/requests").join(format!("{name}.http"))
}

fn without_version(request: &str) -> String {
    let line = |line: &str| match line.starts_with("User-Agent: ") {
        true => line.replace(|c: char| c.is_ascii_digit() || c == '.', ""),
        false => line.to_owned(),
    };
    request.lines().map(line).collect::<Vec<_>>().join("\n")
}
