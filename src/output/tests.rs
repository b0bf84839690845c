//! Tests of writing as a whole: what is on disk after a run, a refused run, a killed run.
//!
//! The modules test their own parts; these tests call only [`super`]'s public functions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::*;

pub(super) type Tree = BTreeMap<String, String>;

#[test]
fn a_first_run_makes_the_folders_and_leaves_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("deep/out");
    let bundles = [provider("1"), person("ann", "1")];
    let written = write(&out, &bundles).unwrap();
    assert_eq!(written, [out.join("a.example"), out.join("a.example/ann@a.example")]);
    assert_eq!(tree(&out), expected(&bundles));
    assert_eq!(names(&out), ["a.example"]);
}

#[test]
fn a_person_alone_is_written_and_the_provider_may_come_later() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), &[person("ann", "1")]).unwrap();
    write(out.path(), &[provider("1")]).unwrap();
    assert_eq!(tree(out.path()), expected(&[provider("1"), person("ann", "1")]));
}

#[test]
fn persons_survive_a_changed_provider() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), &[provider("1"), person("ann", "1"), person("bob", "1")]).unwrap();
    write(out.path(), &[provider("2"), person("bob", "2")]).unwrap();
    let bundles = [provider("2"), person("ann", "1"), person("bob", "2")];
    assert_eq!(tree(out.path()), expected(&bundles));
}

#[test]
fn a_file_that_is_no_longer_made_vanishes_and_one_made_by_hand_stays() {
    let out = tempfile::tempdir().unwrap();
    let mut old = provider("1");
    old.files.push(file("gone/x.txt", "1"));
    write(out.path(), &[old]).unwrap();
    let by_hand = out.path().join("a.example/thunderbird/notes.txt");
    fs::write(&by_hand, "mine").unwrap();
    write(out.path(), &[provider("2")]).unwrap();
    let mut expected = expected(&[provider("2")]);
    expected.insert("a.example/thunderbird/notes.txt".into(), "mine".into());
    assert_eq!(tree(out.path()), expected);
    assert!(!out.path().join("a.example/gone").exists());
}

#[test]
fn a_new_file_never_replaces_one_made_by_hand() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), &[provider("1")]).unwrap();
    fs::create_dir(out.path().join("a.example/new")).unwrap();
    fs::write(out.path().join("a.example/new/x.txt"), "mine").unwrap();
    let before = tree(out.path());
    let mut changed = provider("2");
    changed.files.push(file("new/x.txt", "2"));
    let error = write(out.path(), &[person("ann", "1"), changed]).unwrap_err();
    assert!(matches!(&error, Error::InTheWay { path } if path.ends_with("new/x.txt")), "{error}");
    assert_eq!(tree(out.path()), before);
    assert_eq!(names(out.path()), ["a.example"]);
}

#[test]
fn a_folder_of_somebody_else_is_refused_and_nothing_is_written() {
    let out = tempfile::tempdir().unwrap();
    fs::create_dir(out.path().join("b.example")).unwrap();
    fs::write(out.path().join("b.example/thesis.txt"), "mine").unwrap();
    let mut other = provider("1");
    other.folder = "b.example".into();
    let error = write(out.path(), &[provider("1"), other]).unwrap_err();
    assert!(error.to_string().contains("somebody else's folder; move it away"), "{error}");
    assert_eq!(names(out.path()), ["b.example"]);
}

#[test]
fn an_edited_file_is_set_right_again() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), &[provider("1")]).unwrap();
    fs::write(out.path().join("a.example/thunderbird/config-v1.1.xml"), "0").unwrap();
    write(out.path(), &[provider("1")]).unwrap();
    assert_eq!(tree(out.path()), expected(&[provider("1")]));
}

#[test]
fn an_output_folder_that_is_a_file_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    fs::write(&out, "").unwrap();
    let expected =
        format!("the output folder \"{}\" is a file; name another one with -o", out.display());
    assert_eq!(check_out(&out).unwrap_err().to_string(), expected);
    assert_eq!(write(&out, &[provider("1")]).unwrap_err().to_string(), expected);
    assert_eq!(check_out(&out.join("below")).unwrap_err().to_string(), expected);
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_folder_that_even_root_cannot_make_is_refused() {
    let error = check_out(Path::new("/proc/x/y")).unwrap_err().to_string();
    assert!(error.starts_with("cannot create the output folder \"/proc/x/y\": "), "{error}");
}

#[test]
fn looking_at_the_output_folder_leaves_no_trace() {
    let home = tempfile::tempdir().unwrap();
    check_out(&home.path().join("not/yet")).unwrap();
    check_out(home.path()).unwrap();
    assert!(names(home.path()).is_empty());
}

#[test]
fn an_interrupted_run_leaves_no_trace() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let result = write_dirs(&out, &[provider("1")], &Options::default(), &AtomicBool::new(true));
    assert!(matches!(result, Err(Error::Interrupted)));
    assert!(names(home.path()).is_empty());
}

#[test]
fn the_careful_way_writes_the_same() {
    let out = tempfile::tempdir().unwrap();
    for content in ["1", "2"] {
        let bundles = [provider(content), person("ann", content)];
        let options = Options { fsync: true };
        write_dirs(out.path(), &bundles, &options, &AtomicBool::new(false)).unwrap();
        assert_eq!(tree(out.path()), expected(&bundles));
    }
}

#[test]
fn two_runs_at_once_take_turns() {
    let out = tempfile::tempdir().unwrap();
    let (out, people) = (out.path(), ["ann", "bob", "cid", "dan"]);
    std::thread::scope(|scope| {
        for name in people {
            scope.spawn(move || {
                for n in 0..20 {
                    write(out, &[provider(&format!("{name}{n}")), person(name, "1")]).unwrap();
                }
            });
        }
    });
    write(out, &[provider("1")]).unwrap();
    let mut bundles = vec![provider("1")];
    bundles.extend(people.map(|name| person(name, "1")));
    assert_eq!(tree(out), expected(&bundles));
    assert_eq!(names(out), ["a.example"]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_unchanged_provider_is_not_swapped_for_a_new_person() {
        let out = tempfile::tempdir().unwrap();
        let inode = |path: &str| fs::metadata(out.path().join(path)).unwrap().ino();
        write(out.path(), &[provider("1"), person("ann", "1")]).unwrap();
        let before = (inode("a.example"), inode("a.example/ann@a.example"));
        write(out.path(), &[provider("1"), person("ann", "1"), person("bob", "1")]).unwrap();
        assert_eq!((inode("a.example"), inode("a.example/ann@a.example")), before);
        assert_eq!(
            tree(out.path()),
            expected(&[provider("1"), person("ann", "1"), person("bob", "1")])
        );
    }

    #[test]
    fn a_bundle_folder_that_is_a_link_is_refused() {
        let (out, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(elsewhere.path(), out.path().join("a.example")).unwrap();
        for bundle in [provider("1"), person("ann", "1")] {
            assert!(matches!(write(out.path(), &[bundle]), Err(Error::Symlink { .. })));
        }
        assert!(names(elsewhere.path()).is_empty());
    }

    #[test]
    fn a_bundle_with_a_password_is_for_its_owner_alone() {
        let out = tempfile::tempdir().unwrap();
        let mut bundle = provider("1");
        write(out.path(), &[bundle.clone()]).unwrap();
        bundle.files[0].secret = true;
        write(out.path(), &[bundle]).unwrap();
        for path in tree(out.path()).keys() {
            let mode = fs::metadata(out.path().join(path)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{path}");
        }
    }

    #[test]
    fn who_may_enter_a_folder_stays_as_it_was_set() {
        let out = tempfile::tempdir().unwrap();
        write(out.path(), &[provider("1")]).unwrap();
        let folder = out.path().join("a.example");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
        write(out.path(), &[provider("2")]).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o750);
    }

    #[test]
    fn what_a_killed_run_left_behind_is_removed_and_nothing_else() {
        let out = tempfile::tempdir().unwrap();
        for name in [".mailwright-1-abcdef/new/0", ".mailwright-2-abcdef/mine", ".mailwright-x"] {
            fs::create_dir_all(out.path().join(name)).unwrap();
        }
        write(out.path(), &[provider("1")]).unwrap();
        assert_eq!(names(out.path()), [".mailwright-2-abcdef", ".mailwright-x", "a.example"]);
    }

    #[test]
    fn a_killed_run_leaves_each_bundle_old_or_new() {
        let out = tempfile::tempdir().unwrap();
        write(out.path(), &bundles("1")).unwrap();
        let own = std::env::current_exe().unwrap();
        for round in 0..30u64 {
            let mut run = Command::new(&own)
                .args(["--exact", VICTIM, "--ignored"])
                .env(VICTIM_OUT, out.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(20 + round * 7 % 60));
            run.kill().unwrap();
            run.wait().unwrap();
            for n in 0..bundles("1").len() {
                let found = tree(&out.path().join(&bundles("1")[n].folder));
                let whole = ["1", "2"].iter().any(|content| {
                    let own = expected_files(&bundles(content)[n], "");
                    own.iter().all(|(path, text)| found.get(path) == Some(text))
                });
                assert!(whole, "bundle {n} in round {round}: {found:?}");
            }
        }
        write(out.path(), &bundles("1")).unwrap();
        assert_eq!(tree(out.path()), expected(&bundles("1")));
        assert_eq!(names(out.path()), ["a.example"]);
    }

    #[test]
    #[ignore = "runs until it is killed; the test above starts it"]
    fn victim() {
        let Some(out) = std::env::var_os(VICTIM_OUT).map(PathBuf::from) else { return };
        for content in ["2", "1"].iter().cycle() {
            write(&out, &bundles(content)).unwrap();
        }
    }

    fn bundles(content: &str) -> Vec<Bundle> {
        let mut bundles = vec![provider(content), person("ann", content), person("bob", content)];
        for bundle in &mut bundles {
            bundle.files.extend((0..20).map(|n| file(&format!("t{n}/x"), &content.repeat(999))));
        }
        bundles
    }

    const VICTIM: &str = "output::tests::unix::victim";
    const VICTIM_OUT: &str = "MAILWRIGHT_TEST_OUT";
}

#[cfg(feature = "zip")]
mod zip {
    use super::*;
    use ::zip::ZipArchive;

    #[test]
    fn the_same_bundles_give_the_same_zip_in_any_order() {
        let out = tempfile::tempdir().unwrap();
        let mut bundles = vec![provider("1"), person("ann", "1"), person("岡", "1")];
        let path = zip(out.path(), "a.example", &bundles).unwrap();
        assert_eq!(path, out.path().join("a.example.zip"));
        let first = fs::read(&path).unwrap();
        bundles.reverse();
        bundles[0].files.reverse();
        zip(out.path(), "a.example", &bundles).unwrap();
        assert!(first == fs::read(&path).unwrap());
        assert_eq!(names(out.path()), ["a.example.zip"]);
    }

    #[test]
    fn a_zip_holds_what_the_folders_would() {
        let out = tempfile::tempdir().unwrap();
        let bundles = [provider("1"), person("岡", "1")];
        let path = zip(out.path(), "a.example", &bundles).unwrap();
        let mut zip = ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
        let mut found = Tree::new();
        for n in 0..zip.len() {
            let mut entry = zip.by_index(n).unwrap();
            assert_eq!(entry.unix_mode().unwrap() & 0o777, 0o644);
            assert_eq!(entry.last_modified().unwrap().to_string(), "1980-01-01 00:00:00");
            let name = entry.name().unwrap().into_owned();
            found.insert(name, std::io::read_to_string(&mut entry).unwrap());
        }
        assert_eq!(found, expected(&bundles));
    }

    #[test]
    fn a_zip_path_that_is_a_folder_is_refused_before_anything_is_written() {
        let out = tempfile::tempdir().unwrap();
        fs::create_dir(out.path().join("a.example.zip")).unwrap();
        let error = zip(out.path(), "a.example", &[provider("1")]).unwrap_err();
        assert!(matches!(error, Error::ArchiveIsFolder { .. }), "{error}");
        assert_eq!(names(out.path()), ["a.example.zip"]);
    }

    fn zip(out: &Path, name: &str, bundles: &[Bundle]) -> Result<PathBuf, Error> {
        write_zip(out, name, bundles, &Options::default(), &AtomicBool::new(false))
    }
}

fn write(out: &Path, bundles: &[Bundle]) -> Result<Vec<PathBuf>, Error> {
    write_dirs(out, bundles, &Options::default(), &AtomicBool::new(false))
}

fn file(path: &str, content: &str) -> OutFile {
    let (path, target) = (path.to_owned(), "t".to_owned());
    OutFile { path, bytes: content.into(), target, ..OutFile::default() }
}

fn provider(content: &str) -> Bundle {
    let files = vec![file("thunderbird/config-v1.1.xml", content), file("guide/en.html", content)];
    Bundle { folder: "a.example".into(), subject: "a.example".into(), files }
}

fn person(name: &str, content: &str) -> Bundle {
    let subject = format!("{name}@a.example");
    let folder = Path::new("a.example").join(&subject);
    Bundle { folder, subject, files: vec![file("thunderbird/account.txt", content)] }
}

fn expected(bundles: &[Bundle]) -> Tree {
    let folder = |bundle: &Bundle| format!("{}/", layout::folder_path(&bundle.folder).unwrap());
    bundles.iter().flat_map(|bundle| expected_files(bundle, &folder(bundle))).collect()
}

fn expected_files(bundle: &Bundle, before: &str) -> Tree {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let files = bundle.files.iter().map(|f| (format!("{before}{}", f.path), text(&f.bytes)));
    let manifest = (format!("{before}{}", manifest::FILE), text(&manifest::render(bundle)));
    files.chain([manifest]).collect()
}

/// Every file below `folder`, including hidden staging folders.
fn tree(folder: &Path) -> Tree {
    let mut found = Tree::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                todo.push(path);
                continue;
            }
            let parts = path.strip_prefix(folder).unwrap().iter();
            let parts: Vec<_> = parts.map(|part| part.to_str().unwrap()).collect();
            found.insert(parts.join("/"), fs::read_to_string(&path).unwrap());
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
