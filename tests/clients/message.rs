//! Does another reader of e-mail find what our messages are meant to say?
//!
//! Python's `email` package in its strict reading, which tells every defect, and its `zipfile`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::python;
use crate::support::Bundle;

/// What is in each message; `same` says that what is attached are the files beside it.
const SCRIPT: &str = r#"
import email, email.policy, io, json, pathlib, sys, zipfile
from email.header import decode_header, make_header
from email.utils import getaddresses
for name in map(pathlib.Path, sys.argv[1:]):
    raw = name.read_bytes()
    # Addresses outside ASCII stand in UTF-8 (RFC 6532).
    message = email.message_from_string(raw.decode().replace("\r\n", "\n"), policy=email.policy.SMTPUTF8)
    defects = []
    for part in message.walk():
        defects += part.defects
        for header in part.values():
            defects += header.defects
    text, zipped = message.iter_parts()
    archive = zipfile.ZipFile(io.BytesIO(zipped.get_content()))
    own = name.parent.parent
    def same(entry):
        return entry == "MANIFEST.json" or archive.read(entry) == (own / entry).read_bytes()
    lines = raw.split(b"\r\n")
    # Python 3.11's parser of addresses puts a blank between two encoded words; its older one does not.
    old = email.message_from_string(raw.decode().replace("\r\n", "\n"))
    def mailbox(header):
        named = getaddresses([old[header].replace("\n", "")])
        assert [a for _, a in named] == [a.addr_spec for a in message[header].addresses]
        return [[str(make_header(decode_header(name))), address] for name, address in named]
    print(json.dumps({
        "headers": message.keys(),
        # RFC 5322 alone would not have such an address.
        "defects": [repr(d) for d in defects if type(d).__name__ != "NonASCIILocalPartDefect"],
        "from": mailbox("From"),
        "to": mailbox("To"),
        "subject": message["Subject"],
        "date": message["Date"] and message["Date"].datetime.isoformat(),
        "types": [part.get_content_type() for part in message.walk()],
        "text": text.get_content(),
        "fileName": zipped.get_filename(),
        "broken": archive.testzip(),
        "same": all(map(same, archive.namelist())),
        "entries": archive.namelist(),
        "longest": max(map(len, lines)),
        "bareNewlines": any(b"\n" in line or b"\r" in line for line in lines),
    }))
"#;

const FROM: [&str; 2] = ["--eml-from", "\"IT, Desk\" <it@example.org>"];

fn messages(bundle: &Bundle, address: &str) -> Vec<PathBuf> {
    let folder = bundle.out().join(address).join("user-message");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn read(files: &[PathBuf]) -> Vec<Value> {
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let read = python::lines(SCRIPT, &files);
    assert_eq!(read.len(), files.len());
    for message in &read {
        assert_eq!(message["defects"], serde_json::json!([]), "{message:#}");
        assert_eq!(message["broken"], Value::Null, "{message:#}");
        assert_eq!(message["same"], true, "{message:#}");
        assert_eq!(message["bareNewlines"], false, "{message:#}");
        assert_eq!(message["types"][0], "multipart/mixed");
        assert_eq!(message["types"].as_array().unwrap().len(), 3, "{message:#}");
        assert_eq!(message["from"], serde_json::json!([["IT, Desk", "it@example.org"]]));
    }
    read
}

#[test]
fn a_message_in_each_language_has_its_subject_its_text_and_the_files() {
    needs_module!("email", "python3");
    let bundle = Bundle::of(
        &[&["ann@outlook.com", "--language", "de,en,es,fr", "--name", "Ann"], &FROM[..]].concat(),
    );
    let files = messages(&bundle, "outlook.com/ann@outlook.com");
    let names: Vec<_> = files.iter().map(|f| f.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["message.de.eml", "message.en.eml", "message.es.eml", "message.fr.eml"]);
    let subjects = [
        "Einstellungen Ihres E-Mail-Programms für ann@outlook.com",
        "Settings of your mail program for ann@outlook.com",
        "Configuración de su programa de correo para ann@outlook.com",
        "Réglages de votre logiciel de messagerie pour ann@outlook.com",
    ];
    let greetings = ["Guten Tag Ann,", "Hello Ann,", "Hola, Ann:", "Bonjour Ann,"];
    for ((message, subject), greeting) in read(&files).iter().zip(subjects).zip(greetings) {
        assert_eq!(message["subject"], subject);
        let text = message["text"].as_str().unwrap();
        assert!(text.starts_with(&format!("{greeting}\n\n")), "{text}");
        assert_eq!(message["to"], serde_json::json!([["Ann", "ann@outlook.com"]]));
        assert_eq!(message["fileName"], "ann@outlook.com.zip");
        assert_eq!(message["date"], Value::Null);
        let has = |name: &str| message["entries"].as_array().unwrap().iter().any(|e| e == name);
        assert!(has("guide/guide.de.html") && has("MANIFEST.json") && has("unix-mail-mpop/mpoprc"));
        assert!(message["longest"].as_u64().unwrap() <= 76, "{message:#}");
    }
}

#[test]
fn a_name_with_everything_in_it_stays_a_name() {
    needs_module!("email", "python3");
    let names = [
        "Ann \"A\\\" <bob@evil.example>, Bcc: eve@evil.example",
        "=?utf-8?Q?=0D=0ABcc:_eve@evil.example?=",
        "Größe 大きさ \u{202E}evil ; ( ) [ ] : \u{1F600}",
        "x",
        "(comment) a@b, <c@d>;",
        "  two  blanks  ",
        &"long ".repeat(200),
        &"Ωμέγα ".repeat(100),
        ".",
    ];
    for name in names {
        let all = [&["ann@outlook.com", "--name", name, "--target", "apple-mail"], &FROM[..]];
        let bundle = Bundle::of(&all.concat());
        let message = &read(&messages(&bundle, "outlook.com/ann@outlook.com"))[0];
        assert_eq!(message["to"], serde_json::json!([[name.trim(), "ann@outlook.com"]]));
        let headers = message["headers"].as_array().unwrap();
        let expected =
            ["From", "To", "Subject", "MIME-Version", "Auto-Submitted", "X-Unsent", "Content-Type"];
        assert_eq!(headers, &expected.map(Value::from), "{name}");
        let text = message["text"].as_str().unwrap();
        assert!(text.contains(name.trim_end()), "{text}");
    }
}

#[test]
fn an_address_outside_ascii_stands_as_it_is_and_its_domain_in_a_labels() {
    needs_module!("email", "python3");
    let long = format!("{}@outlook.com", "ö".repeat(32));
    for (address, written, folder) in [
        ("ann@bücher.example", "ann@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("zoë@outlook.com", "zoë@outlook.com", "outlook.com"),
        (&long, &long, "outlook.com"),
    ] {
        let person = [address, "--provider", "outlook.com", "--target", "apple-mail"];
        let bundle = Bundle::of(&[&person[..], &FROM[..], &["--eml-date", "951827696"]].concat());
        let message = &read(&messages(&bundle, &format!("{folder}/{written}")))[0];
        assert_eq!(message["to"], serde_json::json!([["", written]]));
        assert_eq!(message["fileName"], format!("{written}.zip"));
        assert_eq!(message["date"], "2000-02-29T12:34:56+00:00");
        assert!(message["subject"].as_str().unwrap().ends_with(address), "{message:#}");
    }
}
