//! Do an ordinary tar, zstd and Python's tarfile take the tar of many users?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::python;
use crate::support::{self, Bundle};

/// Paths of 300 bytes and more, letters outside ASCII, and as many users as make several frames.
fn bundle() -> (Bundle, String) {
    let domain = format!("{}.{}.{}.example", "a".repeat(60), "b".repeat(60), "c".repeat(50));
    let provider = include_str!("../fixtures/providers/both.example.toml");
    let provider = provider.replace("\"both.example\"", &format!("\"{domain}\""));
    let odd = [format!("{}@{domain}", "x".repeat(64)), format!("zo\u{EB}@{domain}")];
    let many = (0..300).map(|n| format!("user{n}@{domain}"));
    let users: String = odd.into_iter().chain(many).map(|user| format!("{user}\n")).collect();
    let bundle = Bundle::new()
        .with_file("users.csv", &format!("mail\n{users}"))
        .with_file("provider.toml", &provider);
    (bundle, domain)
}

const USERS: [&str; 7] = [
    "generate",
    "--users",
    "users.csv",
    "--provider",
    "provider.toml",
    "--target",
    "unix-mail-msmtp,thunderbird-mobile,apple-mail",
];

#[test]
fn tar_takes_the_tar_of_many_users_without_a_word_and_gives_back_the_folders() {
    needs!("zstd", "tar");
    let (bundle, _) = bundle();
    bundle.mailwright(&[&USERS[..], &["-o", "folders"]].concat());
    bundle.mailwright(&[&USERS[..], &["-o", "out", "--tar"]].concat());
    let archive = bundle.out().join("users.tar.zst");
    support::run(support::command("zstd").arg("-q").arg("-t").arg(&archive)).fine();

    let unpacked = bundle.folder().join("unpacked");
    fs::create_dir(&unpacked).unwrap();
    let mut tar = support::command("tar");
    let said = support::run(tar.arg("--zstd").arg("-xf").arg(&archive).arg("-C").arg(&unpacked));
    assert_eq!(said.fine().stderr, "");
    let mut diff = support::command("diff");
    support::run(diff.arg("-r").arg(bundle.folder().join("folders")).arg(&unpacked)).fine();

    let mut tar = support::command("tar");
    let said = support::run(tar.args(["--zstd", "-tvf"]).arg(&archive).env("TZ", "UTC")).fine();
    assert!(said.stdout.lines().count() > 302 * 4, "{}", said.stdout);
    for line in said.stdout.lines() {
        assert!(line.starts_with("-rw-r--r-- 0/0 "), "{line}");
        assert!(line.contains(" 1980-01-01 00:00 "), "{line}");
    }
}

/// Each member as Python sees it.
const SCRIPT: &str = r#"
import hashlib, json, sys, tarfile
with tarfile.open(sys.argv[1], errorlevel=2) as archive:
    for member in archive:
        assert member.isreg() and (member.mode, member.uid, member.gid) == (0o644, 0, 0), member
        assert (member.uname, member.gname, member.mtime) == ("", "", 315532800), member
        assert set(member.pax_headers) <= {"path"}, member.pax_headers
        digest = hashlib.sha256(archive.extractfile(member).read()).hexdigest()
        print(json.dumps([member.name, digest, "path" in member.pax_headers]))
"#;

#[test]
fn python_reads_every_name_and_byte_of_the_tar_of_many_users() {
    needs!("zstd", "python3");
    let (bundle, domain) = bundle();
    bundle.mailwright(&[&USERS[..], &["-o", "folders"]].concat());
    bundle.mailwright(&[&USERS[..], &["-o", "out", "--tar"]].concat());
    let archive = bundle.out().join("users.tar.zst");
    support::run(support::command("zstd").arg("-q").arg("-d").arg(&archive)).fine();

    let members = python::lines(SCRIPT, &[&bundle.out().join("users.tar")]);
    let names: Vec<&str> = members.iter().map(|member| member[0].as_str().unwrap()).collect();
    let found: BTreeMap<String, String> = members
        .iter()
        .map(|member| {
            (member[0].as_str().unwrap().to_owned(), member[1].as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(found.len(), members.len(), "a name is there twice");
    assert!(found == digests(&bundle.folder().join("folders")), "other names or bytes");
    // In the order of the list, and the odd names are those that we meant.
    assert!(names[0].starts_with(&format!("{domain}/MANIFEST.json")), "{}", names[0]);
    assert!(names.iter().any(|name| name.len() > 300));
    assert!(names.iter().any(|name| name.contains("zo\u{EB}@")));
    let last = format!("{domain}/user299@{domain}/");
    assert!(names.last().unwrap().starts_with(&last));
    for member in &members {
        let name = member[0].as_str().unwrap();
        assert!(name.is_ascii() || member[2] == true, "{name} has no header of pax");
    }
}

#[test]
fn one_thread_makes_the_same_tar_as_many() {
    needs!("taskset");
    let (bundle, _) = bundle();
    bundle.mailwright(&[&USERS[..], &["-o", "out", "--tar"]].concat());
    let mut alone = support::command("taskset");
    alone.args(["-c", "0", env!("CARGO_BIN_EXE_mailwright")]).args(USERS);
    support::run(alone.args(["-o", "alone", "--tar"]).current_dir(bundle.folder())).fine();
    let read = |out: &str| fs::read(bundle.folder().join(out).join("users.tar.zst")).unwrap();
    assert!(read("out") == read("alone"), "other bytes");
}

/// The SHA-256 of every file below a folder, by its path.
fn digests(folder: &Path) -> BTreeMap<String, String> {
    let files = support::walk(folder).into_iter();
    let digest = |file: &Path| {
        let bytes = fs::read(file).unwrap();
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    files
        .map(|file| {
            let path = file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            (path, digest(&file))
        })
        .collect()
}
