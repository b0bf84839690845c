//! A full or read-only disk: the old bundle stays, and the message gives the reason.
//!
//! These tests need their own file system, a tiny tmpfs in a mount namespace: only root can create
//! one, and only a read-only mount stops root.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use mailwright::internals::output::{Bundle, Options, OutFile, check_out, write_dirs};

use crate::support::skip;

#[test]
fn a_full_disk_is_named_and_the_old_bundle_stays() {
    run_on_a_disk_of_its_own("on_a_tiny_disk");
}

#[test]
fn a_disk_that_gets_full_under_a_list_of_users_has_no_torn_file() {
    run_on_a_disk_of_its_own("a_list_on_a_small_disk");
}

#[test]
#[ignore = "needs a disk of its own; a test above makes one and starts it there"]
fn a_list_on_a_small_disk() {
    let Some(disk) = std::env::var_os(DISK).map(PathBuf::from) else { return };
    let list: String = (0..600).map(|n| format!("user{n}@outlook.com\n")).collect();
    let lists = tempfile::tempdir().expect("a temporary folder can be made");
    let users = lists.path().join("users.csv");
    std::fs::write(&users, list).expect("the list can be written");
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailwright"));
        command.args(["generate", "-q", "--target", "unix-mail-msmtp", "--users"]).arg(&users);
        command.arg("-o").arg(disk.join("out")).args(more).current_dir(&disk);
        command.output().expect("the program starts")
    };
    let ended = run(&[]);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("the disk is full") && said.contains("--resume goes on"), "{said}");
    // Every user who is present has all their files.
    let folders = std::fs::read_dir(disk.join("out/outlook.com"));
    for folder in folders.into_iter().flatten().flatten() {
        let file = std::fs::read_to_string(folder.path().join("unix-mail-msmtp/msmtprc"));
        assert!(file.is_ok_and(|text| text.contains("\naccount default : ")), "{folder:?}");
        assert!(folder.path().join("MANIFEST.json").is_file());
    }
    #[cfg(feature = "zip")]
    {
        let said = run(&["--zip", "--zip-level", "0"]);
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.contains("the disk is full"), "{said}");
        assert!(!disk.join("out/users.zip").exists());
    }
    #[cfg(feature = "tar")]
    {
        // Leave little space, because a tar of such files is small.
        let _ = std::fs::remove_dir_all(disk.join("out"));
        let rest = disk.join("rest");
        let _ = std::fs::write(&rest, noise(300_000));
        let rest = std::fs::OpenOptions::new().write(true).open(rest).expect("the file is there");
        let length = rest.metadata().expect("it has a length").len();
        assert!(length < 300_000, "the disk is larger than it should be");
        rest.set_len(length - 20_000).expect("it can be made shorter");
        // An open file keeps its space even after it is removed.
        drop(rest);
        let ended = run(&["--tar"]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains("users.tar.zst\": the disk is full"), "{said}");
        assert!(said.contains("--resume goes on"), "{said}");
        assert!(!disk.join("out/users.tar.zst").exists());
        std::fs::remove_file(disk.join("rest")).expect("room can be made");
        let ended = run(&["--tar", "--resume"]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(0), "{said}");
        let tar = std::fs::read(disk.join("out/users.tar.zst")).expect("the tar is there");
        let plain = zstd::decode_all(&tar[..]).expect("every frame is whole");
        assert!(plain.len() > 600 * 1024 && plain.ends_with(&[0; 1024]));
    }
}

#[test]
fn a_read_only_disk_is_named_and_nothing_is_written() {
    run_on_a_disk_of_its_own("on_a_read_only_disk");
}

fn run_on_a_disk_of_its_own(test: &str) {
    let disk = tempfile::tempdir().expect("a temporary folder can be made");
    let own = std::env::current_exe().expect("a test knows its own path");
    let run = Command::new("unshare")
        .args(["-m", "sh", "-c"])
        .arg("mount -t tmpfs -o size=256k tmpfs \"$0\" || exit 77; exec \"$@\"")
        .arg(disk.path())
        .arg(own)
        .args(["--exact", &format!("output_full::{test}"), "--ignored", "--nocapture"])
        .env(DISK, disk.path())
        .output();
    match run {
        Ok(run) if run.status.success() => {
            let text = String::from_utf8_lossy(&run.stdout).into_owned();
            // A name that no test has ends well, too.
            assert!(text.contains("running 1 test\n"), "{test} did not run: {text}");
        }
        // unshare itself fails with 1, a failed test with 101.
        Ok(run) if matches!(run.status.code(), Some(1 | 77)) => skip("root and mount"),
        Ok(run) => panic!(
            "{}{}",
            String::from_utf8_lossy(&run.stdout),
            String::from_utf8_lossy(&run.stderr)
        ),
        Err(_) => skip("root and mount"),
    }
}

#[test]
#[ignore = "needs a disk of its own; a test above makes one and starts it there"]
fn on_a_tiny_disk() {
    let Some(disk) = std::env::var_os(DISK).map(PathBuf::from) else { return };
    let out = disk.join("out");
    write(&out, 1_000).expect("a small bundle fits");

    let error = write(&out, 1_000_000).expect_err("a large one does not").to_string();
    assert!(
        error.contains("out/a.example/t/x\": the disk is full; nothing was changed"),
        "{error}"
    );
    let old = std::fs::read(out.join("a.example/t/x")).expect("the old file is there");
    assert_eq!(old.len(), 1_000);
    assert_eq!(std::fs::read_dir(&out).expect("the folder is there").count(), 1);

    #[cfg(feature = "zip")]
    {
        let options = Options::default();
        let go_on = AtomicBool::new(false);
        let error = mailwright::internals::output::write_zip(
            &out,
            "a",
            &[bundle(1_000_000)],
            &options,
            &go_on,
        )
        .expect_err("it does not fit even compressed")
        .to_string();
        assert!(error.contains("out/a.zip\": the disk is full"), "{error}");
        assert_eq!(std::fs::read_dir(&out).expect("the folder is there").count(), 1);
    }
}

#[test]
#[ignore = "needs a disk of its own; a test above makes one and starts it there"]
fn on_a_read_only_disk() {
    let Some(disk) = std::env::var_os(DISK).map(PathBuf::from) else { return };
    let out = disk.join("out");
    write(&out, 1_000).expect("a small bundle fits");
    let mount = Command::new("mount").args(["-o", "remount,ro"]).arg(&disk).status();
    assert!(mount.expect("mount was there before").success());

    for error in [check_out(&out), write(&out, 2_000).map(drop)] {
        let error = error.expect_err("nothing can be written").to_string();
        let start = format!("cannot write into the output folder \"{}\": read-only", out.display());
        assert!(error.starts_with(&start), "{error}");
    }
    let error = check_out(&disk.join("new")).expect_err("it cannot be made").to_string();
    assert!(error.starts_with("cannot create the output folder"), "{error}");
}

fn write(out: &Path, size: usize) -> Result<Vec<PathBuf>, mailwright::internals::output::Error> {
    write_dirs(out, &[bundle(size)], &Options::default(), &AtomicBool::new(false))
}

fn bundle(size: usize) -> Bundle {
    let file = OutFile { path: "t/x".into(), bytes: noise(size), ..OutFile::default() };
    Bundle { folder: "a.example".into(), subject: "a.example".into(), files: vec![file] }
}

/// Bytes that do not compress.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(size)
    .collect()
}

const DISK: &str = "MAILWRIGHT_TEST_DISK";
