//! `generate --users` that is interrupted and then resumed.

use std::fs;

use crate::lists::{json, many};
use crate::support::{Run, until};

/// Waits until the journal of a run contains `words`.
#[track_caller]
fn wait_for(run: &Run, words: &str) {
    let journal = run.path("out/.mailwright.users");
    let has = || fs::read_to_string(&journal).is_ok_and(|text| text.contains(words)).then_some(());
    until(words, has);
}

/// A run that is killed at any moment and resumed gives the same result as an undisturbed run.
/// `ROLLOUT_KILLS=100` kills it that often.
#[test]
fn a_run_that_is_killed_goes_on_where_it_was() {
    let kills: usize =
        std::env::var("ROLLOUT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    let run = Run::new().write("users.csv", &many(1000));
    let users = ["generate", "--users", "users.csv", "--target", "apple-mail,unix-mail-msmtp"];
    let kinds: &[&[&str]] = &[
        &[],
        #[cfg(feature = "zip")]
        &["--zip", "--zip-level", "1"],
        #[cfg(feature = "tar")]
        &["--tar"],
    ];
    for kind in kinds {
        let all = |more: &[&'static str]| [&users[..], kind, more].concat();
        let begun = std::time::Instant::now();
        run.args(&all(&["-o", "whole", "-q"])).code(0);
        let whole = begun.elapsed();
        let mut gone_on = 0;
        for n in 0..kills {
            let _ = fs::remove_dir_all(run.path("out"));
            // Spread over the whole run; some kills come before the first user.
            let moment = whole.mul_f64((n as f64 + 0.5) / kills as f64);
            let mut child = run.command(&all(&["-q"])).spawn().unwrap();
            if n == 0 {
                // Certainly in the middle, however slow the machine is.
                wait_for(&run, if kind.is_empty() { "done 3" } else { "up-to 4" });
            } else {
                std::thread::sleep(moment);
            }
            let _ = child.kill();
            child.wait().unwrap();
            let said = json(&run, &all(&["--resume"])[1..], 0);
            let (done, before) =
                (said["users"].as_u64().unwrap(), said["doneBefore"].as_u64().unwrap());
            assert_eq!(done + before, 1000, "{said:#}");
            gone_on += usize::from(before > 0);
            assert!(
                run.files("out") == run.files("whole"),
                "killed after {moment:?}: another result"
            );
        }
        assert!(gone_on > 0, "nothing was ever gone on with");
        fs::remove_dir_all(run.path("whole")).unwrap();
    }
}

/// The state after a kill between the last two steps of a run: the archive has its final name, and
/// the journal still exists.
#[cfg(feature = "tar")]
#[test]
fn an_archive_that_is_gone_is_begun_anew() {
    let run = Run::new().write("users.csv", &many(5000));
    let users = ["generate", "-q", "--users", "users.csv", "--target", "unix-mail-msmtp", "--tar"];
    run.args(&[&users[..], &["-o", "whole"]].concat()).code(0);
    let mut child = run.command(&users).spawn().unwrap();
    wait_for(&run, "up-to 4");
    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_file(run.path("out/users.tar.zst.part")).unwrap();
    let said = json(&run, &[&users[2..], &["--resume"]].concat(), 0);
    assert_eq!((&said["users"], &said["doneBefore"]), (&5000.into(), &0.into()));
    assert!(run.files("out") == run.files("whole"));
}

#[test]
fn a_run_is_not_gone_on_with_for_another_list() {
    let run = Run::new().write("users.csv", &many(3000));
    let users = ["generate", "-q", "--users", "users.csv", "--target", "unix-mail-msmtp"];
    let mut child = run.command(&users).spawn().unwrap();
    let journal = run.path("out/.mailwright.users");
    wait_for(&run, "done 3");
    child.kill().unwrap();
    child.wait().unwrap();
    #[cfg(feature = "tar")]
    run.args(&[&users[..], &["--resume", "--tar"]].concat()).code(2).says("are not those");
    fs::write(run.path("users.csv"), many(2999)).unwrap();
    run.args(&[&users[..], &["--resume"]].concat()).code(2).says("without --resume it begins anew");
    run.args(&users).code(0);
    assert!(!journal.exists());
}

/// A terminal of its own looks on; the run is ended as soon as it has seen what it wants to see.
#[cfg(unix)]
#[test]
fn a_run_that_is_interrupted_says_how_to_go_on_and_goes_on() {
    let run = Run::new().write("users.csv", &many(3000));
    let users = ["generate", "--users", "users.csv", "--target", "apple-mail"];
    let child = run.command(&users).stderr(std::process::Stdio::piped()).spawn().unwrap();
    // Two batches of users, in either order.
    wait_for(&run, "done 1\n");
    wait_for(&run, "done 2\n");
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("interrupted; --resume goes on with the others"), "{said}");
    assert_eq!(ended.status.code(), Some(130), "{said}");
    let said = json(&run, &[&users[1..], &["--resume"]].concat(), 0);
    assert_eq!(said["users"].as_u64().unwrap() + said["doneBefore"].as_u64().unwrap(), 3000);
    // The second batch may have been done before the first.
    assert!(said["doneBefore"].as_u64().unwrap() >= 128, "{said:#}");
}
