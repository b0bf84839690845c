//! Does the Ansible role put Thunderbird's files in place, and nothing else?
//!
//! `ansible-core` runs it against this machine, with a temporary folder before all paths. That
//! Thunderbird finds an account in these places is in `thunderbird.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::python;
use crate::support::{self, Bundle, Ended};

const PLAY: &str = "\
- hosts: localhost
  connection: local
  gather_subset: [min]
  roles: [mailwright_thunderbird]
";

const ISP: &str = "usr/lib/thunderbird/isp/both.example.xml";
const CFG: &str = "usr/lib/thunderbird/thunderbird.cfg";
const PREF: &str = "usr/lib/thunderbird/defaults/pref/autoconfig.js";
const POLICIES: &str = "etc/thunderbird/policies/policies.json";
const RECORD: &str = "var/lib/mailwright/thunderbird.json";

/// A machine of its own, as far as Thunderbird goes, and what mailwright wrote for it.
struct Host {
    bundle: Bundle,
}

impl Host {
    /// Laid out as Debian's package is: `isp` is a link.
    fn new() -> Self {
        let provider = include_str!("../fixtures/providers/both.example.toml");
        let bundle =
            Bundle::new().with_file("both.toml", provider).with_file("play.yml", PLAY).and(&[
                "ann@both.example",
                "--provider",
                "both.toml",
                "--target",
                "thunderbird,thunderbird-mcd",
            ]);
        let host = Self { bundle };
        fs::create_dir_all(host.path("usr/share/thunderbird/isp")).unwrap();
        fs::create_dir_all(host.path("usr/lib/thunderbird")).unwrap();
        let link = host.path("usr/lib/thunderbird/isp");
        std::os::unix::fs::symlink("../../share/thunderbird/isp", link).unwrap();
        host.write("usr/share/thunderbird/isp/Bogofilter.sfd", "Debian's own");
        host
    }

    fn path(&self, path: &str) -> PathBuf {
        self.bundle.folder().join("root").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// A file of mailwright's.
    fn made(&self, path: &str) -> String {
        fs::read_to_string(self.bundle.out().join("both.example").join(path)).unwrap()
    }

    /// Everything on it that is a file.
    fn files(&self) -> BTreeMap<String, String> {
        let root = self.path("");
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_symlink() {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).unwrap().display().to_string();
                    files.insert(name, fs::read_to_string(&path).unwrap());
                }
            }
        }
        files
    }

    fn play(&self, more: &[&str]) -> Ended {
        let folder = self.bundle.folder();
        let mut command = python::program("ansible");
        command.args(["playbook", "-i", "localhost,", "play.yml"]).current_dir(folder);
        let root = format!("mailwright_thunderbird_root={}", self.path("").display());
        let root = root.trim_end_matches('/');
        for set in ["mailwright_thunderbird_bundle=out/both.example", root]
            .iter()
            .chain(more.iter().filter(|more| more.contains('=')))
        {
            command.args(["-e", *set]);
        }
        command.args(more.iter().filter(|more| !more.contains('=')));
        command.args(["-e", "ansible_python_interpreter=/usr/bin/python3"]);
        let roles = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/ansible");
        command.env("ANSIBLE_ROLES_PATH", roles).env("HOME", folder);
        command.env("ANSIBLE_NOCOLOR", "1").env("ANSIBLE_LOCALHOST_WARNING", "false");
        support::run(&mut command)
    }

    /// How many tasks changed something.
    #[track_caller]
    fn changes(&self, more: &[&str]) -> u32 {
        let said = self.play(more).fine();
        let (_, count) = said.stdout.rsplit_once("changed=").expect("the recap counts changes");
        count.split(' ').next().and_then(|count| count.parse().ok()).expect("a number")
    }

    #[track_caller]
    fn refuses(&self, more: &[&str], why: &str) {
        let before = self.files();
        let said = self.play(more);
        assert_ne!(said.code, Some(0), "{}", said.stdout);
        let text = [said.stdout.as_str(), &said.stderr].concat();
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(why), "no {why:?} in {text}");
        assert_eq!(self.files(), before);
    }
}

const ANN: &str = "mailwright_thunderbird_person=ann@both.example";
const WITH_CFG: &str = "mailwright_thunderbird_account=cfg";
const WITH_POLICIES: &str = "mailwright_thunderbird_account=policies";
const ABSENT: &str = "mailwright_thunderbird_state=absent";
const REPLACE: &str = "mailwright_thunderbird_replace=true";

#[test]
fn ansible_puts_the_files_in_place_once_and_takes_away_no_others() {
    needs_module!("ansible", "ansible-core");
    let host = Host::new();
    let before = host.files();
    assert!(host.changes(&[WITH_CFG, "--check"]) > 0);
    assert_eq!(host.files(), before);

    assert!(host.changes(&[WITH_CFG]) > 0);
    assert_eq!(host.read(ISP), host.made("thunderbird/isp/both.example.xml"));
    assert_eq!(host.read(CFG), host.made("thunderbird-mcd/thunderbird.cfg"));
    assert_eq!(host.read(PREF), host.made("thunderbird-mcd/defaults/pref/autoconfig.js"));
    assert!(host.files().contains_key(RECORD));
    let after = host.files();
    assert_eq!(host.changes(&[WITH_CFG]), 0);
    assert_eq!(host.files(), after);

    host.write("usr/lib/thunderbird/isp/other.example.xml", "the administrator's own");
    assert!(host.changes(&[ABSENT, "--check"]) > 0);
    assert!(host.path(CFG).is_file());
    assert!(host.changes(&[ABSENT]) > 0);
    let own = ("usr/share/thunderbird/isp/other.example.xml", "the administrator's own");
    let mut expected = before;
    expected.insert(own.0.to_owned(), own.1.to_owned());
    assert_eq!(host.files(), expected);
    assert_eq!(host.changes(&[ABSENT]), 0);
}

#[test]
fn ansible_refuses_to_replace_somebody_elses_policies_unless_told() {
    needs_module!("ansible", "ansible-core");
    let host = Host::new();
    host.write(POLICIES, "{\"policies\": {}}");
    let wanted = [WITH_POLICIES, ANN];
    host.refuses(&wanted, "policies.json is there and not from this role");
    assert!(host.changes(&[WITH_POLICIES, ANN, REPLACE]) > 0);
    let made = host.made("ann@both.example/thunderbird-mcd/distribution/policies.json");
    assert_eq!(host.read(POLICIES), made);
    let copies = host.files().into_iter().filter(|(path, _)| path.ends_with('~'));
    let copies: Vec<String> = copies.map(|(_, text)| text).collect();
    assert_eq!(copies, ["{\"policies\": {}}"]);
    assert_eq!(host.changes(&wanted), 0);

    // What was changed by hand is somebody else's again.
    host.write(POLICIES, "{\"policies\": {\"DisableAppUpdate\": true}}");
    host.refuses(&wanted, "or was changed since");
    assert!(host.changes(&[ABSENT]) > 0);
    assert!(host.read(POLICIES).contains("DisableAppUpdate"));
    assert!(!host.path(ISP).exists());
}

#[test]
fn ansible_takes_away_what_is_not_wanted_any_more() {
    needs_module!("ansible", "ansible-core");
    let host = Host::new();
    assert!(host.changes(&[WITH_CFG]) > 0);
    assert!(host.changes(&[WITH_POLICIES, ANN, "mailwright_thunderbird_isp=false"]) > 0);
    for (path, there) in [(ISP, false), (CFG, false), (PREF, false), (POLICIES, true)] {
        assert_eq!(host.path(path).exists(), there, "{path}");
    }
}

#[test]
fn ansible_says_what_is_missing_before_it_changes_anything() {
    needs_module!("ansible", "ansible-core");
    let host = Host::new();
    host.refuses(&[WITH_POLICIES], "policies.json is one person's");
    host.refuses(&["mailwright_thunderbird_bundle=nowhere"], "there is no thunderbird/isp/*.xml");
    host.refuses(
        &["mailwright_thunderbird_account=both"],
        "value of mailwright_thunderbird_account",
    );
    // Thunderbird would read one of the two.
    host.write("usr/lib/thunderbird/distribution/policies.json", "{}");
    host.refuses(&[WITH_POLICIES, ANN], "would not be read any more");
    host.refuses(
        &["mailwright_thunderbird_program_folder=/opt/thunderbird"],
        "/opt/thunderbird is not there; install Thunderbird first",
    );
}
