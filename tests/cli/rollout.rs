//! `generate --users`: files for a whole organisation.

#[cfg(feature = "zip")]
use std::collections::BTreeMap;
use std::fs;

use crate::lists::{json, many};
use crate::support::Run;

const LIST: &str = "E-Mail;Name\r\nann@outlook.com;Ann Example\r\nbob@outlook.com;\"Bob \"\"B\"\" <Example>\"\r\n\
                    zo\u{EB}@outlook.com;Zo\u{EB}\r\ncleo@hotmail.com;\r\n";

#[test]
fn everybody_gets_the_files_that_she_would_get_alone() {
    let run = Run::new().write("users.csv", LIST);
    let said = json(&run, &["--users", "users.csv"], 0);
    assert_eq!((&said["users"], &said["rejected"]), (&4.into(), &0.into()));
    for (address, name) in [
        ("ann@outlook.com", Some("Ann Example")),
        ("bob@outlook.com", Some("Bob \"B\" <Example>")),
        ("zo\u{EB}@outlook.com", Some("Zo\u{EB}")),
        ("cleo@hotmail.com", None),
    ] {
        let mut args = vec!["generate", address, "-o", "alone", "-q"];
        args.extend(name.into_iter().flat_map(|name| ["--name", name]));
        run.args(&args).code(0);
    }
    // The shared files are equal too.
    assert_eq!(run.files("out"), run.files("alone"));
    // A second run changes nothing and leaves nothing behind.
    let before = run.files("out");
    run.args(&["generate", "--users", "users.csv", "-q"]).code(0);
    assert_eq!(run.files("out"), before);
    assert!(!run.path("out/.mailwright.users").exists());
}

#[test]
fn a_row_that_is_no_user_stops_everything_unless_told_otherwise() {
    let list = "mail,name\nann@outlook.com,Ann\n../../etc@outlook.com,a\nAnn@Outlook.com,again\n\
                bob@outlook.com,=cmd|' /C calc'!A0\nCON@outlook.com,c\ndan@nowhere.example,Dan\n";
    let run = Run::new().write("users.csv", list);
    let ended = run.args(&["generate", "--users", "users.csv"]).code(1);
    for words in [
        "users.csv:3: \"../../etc@outlook.com\" is not an address",
        "users.csv:4: the same mailbox as in line 2",
        "users.csv:5: the name \"=cmd|",
        "is the name of a device on Windows",
        "users.csv:7: no provider is known for nowhere.example",
        "--keep-going",
        "nothing was written",
    ] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert!(!run.path("out").exists());
    let said = json(&run, &["--users", "users.csv", "--keep-going"], 0);
    assert_eq!((&said["users"], &said["rejected"]), (&1.into(), &5.into()));
    let rejected = fs::read_to_string(run.path("out/rejected.csv")).unwrap();
    let lines: Vec<&str> = rejected.lines().collect();
    assert_eq!(lines.len(), 6, "{rejected}");
    assert_eq!(lines[0], "mail,name,line,reason");
    // A spreadsheet shows the field and does not evaluate it.
    assert!(lines[3].starts_with("bob@outlook.com,'=cmd|' /C calc'!A0,5,"), "{rejected}");
    for file in run.files("out").keys() {
        assert!(file.starts_with("outlook.com/") || file == "rejected.csv", "{file}");
    }
    let persons: Vec<_> = fs::read_dir(run.path("out/outlook.com")).unwrap().flatten().collect();
    let persons = persons.iter().filter(|e| e.file_name().to_string_lossy().contains('@'));
    assert_eq!(persons.count(), 1);
}

#[test]
fn a_list_may_come_through_standard_input_and_name_its_columns_otherwise() {
    use std::io::Write as _;
    let run = Run::new();
    let args =
        ["generate", "--users", "-", "--column", "address=private", "--target", "apple-mail", "-q"];
    let mut child = run.command(&args).stdin(std::process::Stdio::piped()).spawn().unwrap();
    let list = b"mail,private\nann@example.com,ann@outlook.com\n";
    child.stdin.take().unwrap().write_all(list).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(run.path("out/outlook.com/ann@outlook.com/apple-mail").is_dir());
    run.args(&["generate", "--users", "none.csv"]).code(2).says("cannot read none.csv");
    run.args(&["generate", "--users", "none.csv", "--column", "x=y"]).code(2).says("is none of");
    run.args(&["generate", "ann@outlook.com", "--users", "none.csv"]).code(2).says("leave WHO out");
    run.args(&["generate", "--users", "none.csv", "--shard", "3/2"]).code(2).says("I from 1 to N");
    for share in ["index:2/2", "index:/2", "0/2", "index:18446744073709551615/2"] {
        run.args(&["generate", "--users", "none.csv", "--shard", share]).code(2).says("I from 0");
    }
}

#[test]
fn what_a_row_says_of_servers_user_name_and_language_is_in_her_files() {
    let list = "address,username,language,incomingServer,outgoingServer\n\
                ann@outlook.com,ann.example,de,pop2.outlook.com,smtp2.outlook.com\n\
                bob@outlook.com,bob.example,,,\n";
    let run = Run::new().write("users.csv", list);
    run.args(&["generate", "--users", "users.csv", "-q"]).code(0);
    let read =
        |path: &str| fs::read_to_string(run.path(&format!("out/outlook.com/{path}"))).unwrap();
    let msmtp = read("ann@outlook.com/unix-mail-msmtp/msmtprc");
    assert!(
        msmtp.contains("host \"smtp2.outlook.com\"") && msmtp.contains("user \"ann.example\""),
        "{msmtp}"
    );
    assert!(read("ann@outlook.com/unix-mail-mpop/mpoprc").contains("host \"pop2.outlook.com\""));
    assert!(run.path("out/outlook.com/ann@outlook.com/guide/guide.de.html").is_file());
    assert!(read("bob@outlook.com/unix-mail-msmtp/msmtprc").contains("user \"bob.example\""));
}

#[cfg(feature = "zip")]
#[test]
fn zips_hold_what_the_folders_hold() {
    let run = Run::new().write("users.csv", &many(300));
    let targets = ["--target", "apple-mail,thunderbird-mobile,unix-mail-msmtp,thunderbird"];
    let users = ["generate", "-q", "--users", "users.csv"];
    run.args(&[&users[..], &targets, &["-o", "folders"]].concat()).code(0);
    run.args(&[&users[..], &targets, &["-o", "one", "--zip"]].concat()).code(0);
    run.args(&[&users[..], &targets, &["-o", "again", "--zip", "--zip-level", "6"]].concat())
        .code(0);
    run.args(&[&users[..], &targets, &["-o", "each", "--zip-each"]].concat()).code(0);
    let folders = run.files("folders");
    let one = fs::read(run.path("one/users.zip")).unwrap();
    assert!(one == fs::read(run.path("again/users.zip")).unwrap(), "not the same bytes twice");
    assert_eq!(unzipped(one), folders);
    assert_eq!(run.files("one").len(), 1);
    let person = "outlook.com/user7@outlook.com";
    let each = fs::read(run.path(&format!("each/{person}.zip"))).unwrap();
    let own: BTreeMap<String, Vec<u8>> = folders
        .iter()
        .filter_map(|(path, bytes)| {
            Some((path.strip_prefix(person)?.strip_prefix('/')?.to_owned(), bytes.clone()))
        })
        .collect();
    assert_eq!(unzipped(each), own);
    assert!(own.len() > 4);
}

#[cfg(feature = "zip")]
fn unzipped(bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    use std::io::Read as _;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let count = zip.len();
    let read = |at| {
        let mut file = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(read).collect()
}

#[test]
fn shares_made_apart_are_together_what_one_run_makes() {
    let run = Run::new().write("users.csv", &many(200));
    let users =
        ["generate", "-q", "--users", "users.csv", "--target", "apple-mail,unix-mail-msmtp"];
    run.args(&[&users[..], &["-o", "whole"]].concat()).code(0);
    let shares: Vec<_> = ["1/3", "2/3", "3/3"]
        .into_iter()
        .map(|share| {
            run.command(&[&users[..], &["-o", "shares", "--shard", share]].concat())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut share in shares {
        assert!(share.wait().unwrap().success());
    }
    assert_eq!(run.files("shares"), run.files("whole"));
    // Each shard has about a third of the users, and no user is in two shards.
    let mut sum = 0;
    for share in ["1/3", "2/3", "3/3"] {
        let said = json(&run, &[&users[2..], &["-o", "x", "--shard", share]].concat(), 0);
        let own = said["users"].as_u64().unwrap();
        assert!((40..95).contains(&own), "{share}: {own}");
        sum += own;
    }
    assert_eq!(sum, 200);
}

/// Kubernetes and Slurm count from 0.
#[test]
fn a_share_that_is_counted_from_zero_is_the_one_before() {
    let run = Run::new().write("users.csv", &many(60));
    let users = ["generate", "-q", "--users", "users.csv", "--target", "unix-mail-msmtp"];
    for (from_zero, from_one) in [("index:0/3", "1/3"), ("index:2/3", "3/3")] {
        run.args(&[&users[..], &["-o", from_zero, "--shard", from_zero]].concat()).code(0);
        run.args(&[&users[..], &["-o", from_one, "--shard", from_one]].concat()).code(0);
        assert_eq!(run.files(from_zero), run.files(from_one));
    }
}

#[cfg(feature = "zip")]
#[test]
fn shares_with_one_zip_each_do_not_write_into_each_others() {
    let run = Run::new().write("users.csv", &many(60));
    let users = ["generate", "-q", "--users", "users.csv", "--target", "unix-mail-msmtp", "--zip"];
    let shares = ["1/2", "2/2"]
        .map(|share| run.command(&[&users[..], &["--shard", share]].concat()).spawn().unwrap());
    for mut share in shares {
        assert!(share.wait().unwrap().success());
    }
    let zips = run.files("out");
    assert_eq!(zips.keys().collect::<Vec<_>>(), ["users-1-of-2.zip", "users-2-of-2.zip"]);
    let users = zips
        .into_values()
        .map(|zip| unzipped(zip).keys().filter(|name| name.ends_with("/msmtprc")).count());
    assert_eq!(users.sum::<usize>(), 60);
}

#[cfg(feature = "tar")]
#[test]
fn a_tar_is_the_same_bytes_each_time_and_named_after_the_list() {
    let run = Run::new().write("users.csv", &many(300)).write("nobody.csv", "mail\n");
    let users = ["generate", "-q", "--target", "apple-mail,unix-mail-msmtp", "--tar", "--users"];
    for out in ["one", "again"] {
        run.args(&[&users[..], &["users.csv", "-o", out]].concat()).code(0);
    }
    assert_eq!(run.files("one").into_keys().collect::<Vec<_>>(), ["users.tar.zst"]);
    assert!(run.files("one") == run.files("again"), "not the same bytes twice");
    // Another level gives other compressed bytes with the same contents.
    run.args(&[&users[..], &["users.csv", "-o", "small", "--tar-level", "12"]].concat()).code(0);
    let plain = |out: &str| zstd::decode_all(&run.files(out)["users.tar.zst"][..]).unwrap();
    assert!(run.files("small") != run.files("one") && plain("small") == plain("one"));
    // Without users there is only the end of the archive.
    run.args(&[&users[..], &["nobody.csv", "-o", "nobody"]].concat()).code(0);
    assert_eq!(zstd::decode_all(&run.files("nobody")["nobody.tar.zst"][..]).unwrap(), [0; 1024]);
    run.args(&[&users[..], &["users.csv", "-o", "dry", "--dry-run"]].concat()).code(0);
    assert!(!run.path("dry").exists());
}

#[cfg(feature = "tar")]
#[test]
fn a_tar_is_one_kind_of_output_and_has_levels_from_1_to_19() {
    let run = Run::new().write("users.csv", LIST).write("out/users.tar.zst/mine", "x");
    let tar = ["generate", "-q", "--users", "users.csv", "--tar"];
    #[cfg(feature = "zip")]
    for other in ["--zip", "--zip-each"] {
        run.args(&[&tar[..], &[other]].concat()).code(2).says("cannot be used with");
    }
    for level in ["0", "20", "-1"] {
        let level = format!("--tar-level={level}");
        run.args(&[&tar[..], &[&level]].concat()).code(2).says("1..=19");
    }
    run.args(&["generate", "ann@outlook.com", "--tar"]).code(2).says("--users");
    run.args(&tar).code(2).says("users.tar.zst\" is a folder");
    assert!(run.path("out/users.tar.zst/mine").exists());
}

#[cfg(feature = "tar")]
#[test]
fn shares_with_one_tar_each_do_not_write_into_each_others() {
    let run = Run::new().write("users.csv", &many(60));
    let users = ["generate", "-q", "--users", "users.csv", "--target", "unix-mail-msmtp", "--tar"];
    let shares = ["1/2", "2/2"]
        .map(|share| run.command(&[&users[..], &["--shard", share]].concat()).spawn().unwrap());
    for mut share in shares {
        assert!(share.wait().unwrap().success());
    }
    let tars = run.files("out");
    assert_eq!(tars.keys().collect::<Vec<_>>(), ["users-1-of-2.tar.zst", "users-2-of-2.tar.zst"]);
    let files = tars.values().map(|tar| {
        let plain = zstd::decode_all(&tar[..]).unwrap();
        plain.windows(9).filter(|bytes| bytes == b"/msmtprc\0").count()
    });
    assert_eq!(files.sum::<usize>(), 60);
}

#[test]
fn past_ten_thousand_users_folders_are_spread() {
    let run = Run::new().write("users.csv", &many(10_001));
    run.args(&["generate", "-q", "--users", "users.csv", "--target", "unix-mail-msmtp"]).code(0);
    let files = run.files("out");
    let own: Vec<&String> = files.keys().filter(|path| path.ends_with("/msmtprc")).collect();
    assert_eq!(own.len(), 10_001);
    assert!(own.iter().all(|path| path.split('/').count() == 6), "{}", own[0]);
}

#[cfg(target_os = "linux")]
#[test]
fn who_looks_on_sees_how_far_it_is_how_fast_and_how_long_it_takes() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::io::Read as _;

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let screen = fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
    let run = Run::new().write("users.csv", &many(20_000)).env("TERM", "xterm");
    let mut command = run.command(&["generate", "--users", "users.csv"]);
    let mut child = command.stdout(std::process::Stdio::null()).stderr(screen).spawn().unwrap();
    drop(command);

    let mut terminal = fs::File::from(terminal);
    let (mut seen, mut piece) = (String::new(), [0; 4096]);
    let line = loop {
        // The read fails when the run has ended and closed its end of the terminal.
        let read = terminal.read(&mut piece).unwrap_or(0);
        assert!(read > 0, "the run ended before it was told how fast it is: {seen}");
        seen += &String::from_utf8_lossy(&piece[..read]);
        let mut lines = seen.split(['\r', '\n']);
        if let Some(line) = lines.find(|line| line.contains("/s, ") && line.contains(" left")) {
            break line.to_owned();
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    // "███░░░ 3,072/20,000 users, 1,234 users/s, 13s left"
    let (far, fast) = line.split_once("/20,000 users, ").unwrap_or_else(|| panic!("{line:?}"));
    let number = |text: &str| text.replace(',', "").parse::<u64>().ok();
    assert!(far.rsplit(' ').next().and_then(number) > Some(0), "{line:?}");
    let rate = fast.split_once(" users/s, ").and_then(|(rate, _)| number(rate));
    assert!(rate > Some(0), "{line:?}");
}
