//! Does the image have the program in it and nothing else, and does it serve from there?
//!
//! Made by buildah, whose container is a changed root here: no cgroups and no network of its own, but
//! the image's files, user and nothing else of the machine. `tests/run` links the program statically and
//! says in `MAILWRIGHT_STATIC_PROGRAM` where it is.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{self, Bundle, PATIENCE, Running};

#[test]
fn the_image_has_the_program_and_nothing_else() {
    needs!("buildah");
    if !support::is_root() {
        return support::skip("root");
    }
    let image = Image::of(|program| fs::write(program, "the program").expect("a file of ours"));
    let said = support::run(image.buildah().args(["inspect", "--type", "image", NAME])).fine();
    let about: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let config = &about["OCIv1"]["config"];
    assert_eq!(config["User"], "65534:65534");
    assert_eq!(config["Entrypoint"], json!(["/usr/bin/mailwright"]));
    assert_eq!(config["ExposedPorts"], json!({ "8080/tcp": {}, "9090/tcp": {} }));
    let command = config["Cmd"].as_array().expect("a command").iter();
    let command = command.map(|word| word.as_str().expect("a word"));
    let parsed = mailwright::internals::cli::definition()
        .try_get_matches_from(std::iter::once("mailwright").chain(command));
    assert!(parsed.is_ok(), "{}", parsed.unwrap_err());

    let layers = about["OCIv1"]["rootfs"]["diff_ids"].as_array().expect("layers");
    assert_eq!(layers.len(), 1);
    let container = image.container();
    let root = support::run(image.buildah().args(["mount", &container])).fine();
    let root = Path::new(root.stdout.trim()).to_owned();
    assert_eq!(support::walk(&root), [root.join("usr/bin/mailwright")]);
}

#[test]
fn what_lies_beside_the_program_is_not_sent_to_where_images_are_made() {
    needs!("buildah");
    if !support::is_root() {
        return support::skip("root");
    }
    let image = Image::of(|program| fs::write(program, "the program").expect("a file of ours"));
    let other = image.folder.path().join("Other");
    for (file, sent) in [("target/dist/mailwright", true), ("target/dist/secret", false)] {
        fs::write(&other, format!("FROM scratch\nCOPY {file} /\n")).expect("a file of ours");
        let said = support::run(&mut image.build(&other, "other"));
        assert_eq!(said.code == Some(0), sent, "{file}: {said:?}");
    }
}

#[test]
fn the_program_serves_from_the_image_as_nobody() {
    needs!("buildah", "unshare");
    if !support::is_root() {
        return support::skip("root");
    }
    let Some(linked) = std::env::var_os("MAILWRIGHT_STATIC_PROGRAM") else {
        return support::skip("MAILWRIGHT_STATIC_PROGRAM");
    };
    let image = Image::of(|program| {
        fs::copy(&linked, program).expect("the program that tests/run has linked");
    });
    let container = image.container();
    let bundle = Bundle::new()
        .with_file("both.toml", include_str!("../fixtures/providers/both.example.toml"));
    let [address] = support::own_addresses();
    let listen = address.to_string();
    let mount = format!("{}:/providers:ro", bundle.folder().display());
    // In a world of its own for processes and mounts, so that nothing outlives the test.
    let mut unshare = support::command("unshare");
    unshare.args(["--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]);
    unshare.arg(support::program("buildah").expect("needs!() asked for it"));
    unshare.args(image.options()).args(["run", "--isolation", "chroot", "--volume", &mount]);
    unshare.args([&container, "--", "/usr/bin/mailwright", "serve", "--providers", "/providers"]);
    unshare.args(["--listen", &listen]);
    let mut server = Running::start(&mut unshare, bundle.folder().join("server.log"));
    server.until(|| get(address, "/readyz", "localhost").filter(|a| a.contains(" 200 ")));

    let answer = get(address, "/mail/config-v1.1.xml", "autoconfig.both.example");
    let answer = answer.expect("it has answered before");
    assert!(answer.contains("<emailProvider"), "{answer}\n{}", server.log());
    let status = status_of_the_one_that_listens(&listen);
    let ids = status.lines().find(|line| line.starts_with("Uid:")).expect("it has a user");
    assert_eq!(ids.split_whitespace().skip(1).collect::<Vec<_>>(), ["65534"; 4]);
    assert!(status.contains("CapEff:\t0000000000000000"), "{status}");
}

/// How the image is called in its store.
const NAME: &str = "mailwright";

/// An image of ours in a store of its own.
struct Image {
    folder: TempDir,
}

impl Image {
    /// Made by our Containerfile of a program that stands where cargo puts it.
    #[track_caller]
    fn of(program: impl FnOnce(&Path)) -> Self {
        let image = Self { folder: TempDir::new().expect("a temporary folder") };
        let context = image.context();
        let folder = context.join("target/dist");
        fs::create_dir_all(&folder).expect("a folder in ours");
        program(&folder.join("mailwright"));
        fs::write(folder.join("secret"), "secret").expect("a file of ours");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::copy(root.join(".containerignore"), context.join(".containerignore")).expect("ours");
        let file = root.join("packaging/container/Containerfile");
        support::run(&mut image.build(&file, NAME)).fine();
        image
    }

    fn context(&self) -> PathBuf {
        self.folder.path().join("context")
    }

    fn options(&self) -> Vec<String> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        // vfs: plain folders, which every file system can hold.
        let options =
            ["--storage-driver", "vfs", "--root", &path("store"), "--runroot", &path("run")];
        options.map(str::to_owned).into()
    }

    fn buildah(&self) -> Command {
        let mut buildah = support::command("buildah");
        buildah.args(self.options());
        buildah
    }

    fn build(&self, file: &Path, name: &str) -> Command {
        let mut build = self.buildah();
        build.args(["build", "--isolation", "chroot", "--tag", name, "--file"]).arg(file);
        build.arg(self.context());
        build
    }

    #[track_caller]
    fn container(&self) -> String {
        let said = support::run(self.buildah().args(["from", "--pull-never", NAME])).fine();
        said.stdout.trim().to_owned()
    }
}

fn get(address: SocketAddr, path: &str, host: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// What the kernel says of the process that was told to listen there.
#[track_caller]
fn status_of_the_one_that_listens(listen: &str) -> String {
    let processes = fs::read_dir("/proc").expect("Linux has it").flatten();
    let found = processes.map(|entry| entry.path()).find(|process| {
        let line = fs::read(process.join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        line.starts_with("/usr/bin/mailwright\0serve\0") && line.contains(listen)
    });
    fs::read_to_string(found.expect("it runs").join("status")).expect("it still runs")
}
