//! Does OpenSSL take our signatures, and the keys that it writes become ours?

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::{self, Ended};

const KINDS: [&str; 4] = ["rsa:2048", "rsa:3072", "ec:P-256", "ec:P-384"];

/// Extensions for an authority, and for a leaf as mail servers have it.
const CONFIG: &str = "[req]\ndistinguished_name = dn\n[dn]\n\
    [ca]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n\
    [leaf]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n";

/// A folder with `root.pem`, `chain.pem` (leaf, intermediate) and the leaf's `key.pem`.
struct Folder(TempDir);

impl Folder {
    fn with(kind: &str) -> Self {
        let folder = Self(TempDir::new().expect("a temporary folder"));
        fs::write(folder.path("config"), CONFIG).unwrap();
        folder.certificate("root", kind, "ca", &[]);
        folder.certificate("middle", kind, "ca", &["-CA", "root.pem", "-CAkey", "root.key"]);
        folder.certificate("leaf", kind, "leaf", &["-CA", "middle.pem", "-CAkey", "middle.key"]);
        let read = |name: &str| fs::read_to_string(folder.path(name)).unwrap();
        fs::write(folder.path("chain.pem"), read("leaf.pem") + &read("middle.pem")).unwrap();
        fs::copy(folder.path("leaf.key"), folder.path("key.pem")).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn certificate(&self, name: &str, kind: &str, extensions: &str, issuer: &[&str]) {
        let (algorithm, size) = kind.split_once(':').expect("a kind has a size");
        let size = match algorithm {
            "rsa" => format!("rsa_keygen_bits:{size}"),
            _ => format!("ec_paramgen_curve:{size}"),
        };
        let (key, pem, subject) =
            (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
        let request = ["req", "-x509", "-nodes", "-config", "config", "-days", "90"];
        let made = ["-newkey", algorithm, "-pkeyopt", &size, "-subj", &subject];
        let files = ["-extensions", extensions, "-keyout", &key, "-out", &pem];
        self.openssl(&[&request[..], &made, &files, issuer].concat()).fine();
    }

    fn openssl(&self, arguments: &[&str]) -> Ended {
        support::run(support::command("openssl").args(arguments).current_dir(&self.0))
    }

    /// Signed if `more` says so; the files are below this folder's `out`.
    fn generate(&self, out: &str, more: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailwright"));
        command.args(["generate", "ann@outlook.com", "--out", out]).args(more);
        command.env("LC_ALL", "C").env("KEY_PASSWORD", "gehe1m ß").current_dir(&self.0);
        support::run(command.stdin(Stdio::null()))
    }

    /// The bundle's profiles, signed with this key; each with its bytes.
    fn signed(&self, key: &str, more: &[&str]) -> Vec<(PathBuf, Vec<u8>)> {
        let flags = ["--sign-cert", "chain.pem", "--sign-key", key];
        let out = format!("with-{key}");
        self.generate(&out, &[&flags[..], more].concat()).fine();
        let all = support::walk(&self.path(&out)).into_iter();
        let profiles = all.filter(|file| file.extension().is_some_and(|e| e == "mobileconfig"));
        let found: Vec<_> = profiles.map(|file| (file.clone(), fs::read(file).unwrap())).collect();
        assert!(found.len() >= 4, "{found:?}");
        found
    }

    fn verify(&self, file: &str) -> Ended {
        let verify = ["cms", "-verify", "-inform", "DER", "-in", file];
        self.openssl(&[&verify[..], &["-CAfile", "root.pem", "-out", "content"]].concat())
    }
}

#[test]
fn openssl_verifies_every_profile_and_finds_the_unsigned_file_inside() {
    needs!("openssl", "xmllint");
    for kind in KINDS {
        let folder = Folder::with(kind);
        folder.generate("plain", &[]).fine();
        for (file, _) in folder.signed("key.pem", &[]) {
            folder.verify(&file.display().to_string()).fine();
            let below = file.strip_prefix(folder.path("with-key.pem")).unwrap();
            let plain = fs::read(folder.path("plain").join(below)).unwrap();
            assert!(fs::read(folder.path("content")).unwrap() == plain, "{kind} {below:?}");
            let mut xmllint = support::command("xmllint");
            support::run(xmllint.args(["--noout", "--nonet"]).arg(folder.path("content"))).fine();
        }
    }
}

#[test]
fn openssl_refuses_a_profile_in_which_any_one_byte_was_changed() {
    needs!("openssl");
    for kind in ["rsa:2048", "ec:P-256"] {
        let folder = Folder::with(kind);
        let (_, bytes) = folder.signed("key.pem", &[]).swap_remove(0);
        let content = bytes.windows(5).position(|w| w == b"<?xml").expect("the profile is inside");
        for at in [content, content + 700, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(folder.path("changed"), changed).unwrap();
            assert_ne!(folder.verify("changed").code, Some(0), "{kind}, byte {at}");
        }
    }
}

#[test]
fn a_signature_has_the_attributes_of_apples_own_and_no_time() {
    needs!("openssl");
    let folder = Folder::with("rsa:2048");
    let (file, _) = folder.signed("key.pem", &[]).swap_remove(0);
    let print = ["cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in"];
    let printed = folder.openssl(&[&print[..], &[&file.display().to_string()]].concat()).fine();
    for words in ["contentType", "messageDigest", "sha256", "CN=leaf", "CN=middle"] {
        assert!(printed.stdout.contains(words), "no {words} in {}", printed.stdout);
    }
    for words in ["signingTime", "S/MIME"] {
        assert!(!printed.stdout.contains(words), "{words} in {}", printed.stdout);
    }
}

#[test]
fn a_key_signs_the_same_in_every_form_that_openssl_writes_it_in() {
    needs!("openssl");
    let folder = Folder::with("rsa:2048");
    let expected: Vec<_> = folder.signed("key.pem", &[]).into_iter().map(|(_, b)| b).collect();
    let again: Vec<_> = folder.signed("key.pem", &[]).into_iter().map(|(_, b)| b).collect();
    assert!(again == expected, "the same run twice gives other bytes");
    let password = ["--sign-key-password-from", "env:KEY_PASSWORD"];
    let is_same = |name: &str, write: &[&str], more: &[&str]| {
        let write: Vec<&str> =
            write.iter().copied().chain(["-in", "key.pem", "-out", name]).collect();
        folder.openssl(&write).fine();
        let signed = folder.signed(name, more).into_iter().map(|(_, bytes)| bytes);
        assert!(signed.eq(expected.iter().cloned()), "{name}");
    };
    is_same("pkcs1", &["rsa", "-traditional"], &[]);
    let lock = ["pkcs8", "-topk8", "-passout", "pass:gehe1m ß"];
    is_same("pbes2", &lock, &password);
    for (name, options) in [
        ("pbes2-sha1-128", ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"]),
        ("pbes2-sha1-256", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"]),
        ("pbes2-sha256-128", ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA256"]),
        ("pbes2-sha256-256", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"]),
        ("pbes2-sha512-256", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"]),
    ] {
        is_same(name, &[&lock[..], &options].concat(), &password);
    }
    is_same("scrypt", &[&lock[..], &["-scrypt"]].concat(), &password);
}

#[test]
fn an_ecdsa_key_is_read_in_every_form_that_openssl_writes_it_in() {
    needs!("openssl");
    for kind in ["ec:P-256", "ec:P-384"] {
        let folder = Folder::with(kind);
        let is_read = |name: &str, more: &[&str]| {
            for (file, _) in folder.signed(name, more) {
                folder.verify(&file.display().to_string()).fine();
            }
        };
        folder.openssl(&["ec", "-in", "key.pem", "-out", "sec1"]).fine();
        is_read("sec1", &[]);
        // As `openssl ecparam -genkey` writes it, the curve once more before the key.
        let curve = if kind == "ec:P-256" { "prime256v1" } else { "secp384r1" };
        let parameters = folder.openssl(&["ecparam", "-name", curve]).fine().stdout;
        let sec1 = fs::read_to_string(folder.path("sec1")).unwrap();
        fs::write(folder.path("parameters"), parameters + &sec1).unwrap();
        is_read("parameters", &[]);
        let lock = ["pkcs8", "-topk8", "-passout", "pass:gehe1m ß", "-in", "sec1", "-out", "pbes2"];
        folder.openssl(&lock).fine();
        is_read("pbes2", &["--sign-key-password-from", "env:KEY_PASSWORD"]);
    }
}

#[test]
fn a_key_that_genpkey_encrypted_opens_with_its_password_and_with_no_other() {
    needs!("openssl");
    let folder = Folder::with("rsa:2048");
    let key = ["genpkey", "-algorithm", "RSA", "-aes256", "-pass", "pass:gehe1m ß", "-out", "key"];
    folder.openssl(&key).fine();
    let request = ["req", "-x509", "-config", "config", "-extensions", "leaf", "-days", "90"];
    let files = ["-key", "key", "-passin", "pass:gehe1m ß", "-subj", "/CN=leaf", "-out", "own.pem"];
    folder.openssl(&[&request[..], &files].concat()).fine();
    let flags = ["--sign-cert", "own.pem", "--sign-key", "key"];
    let signing = |more: &[&str]| folder.generate("out", &[&flags[..], more].concat());
    let refused = |said: Ended, words: &str| {
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.stderr.contains("error[signing-key-password]: key cannot be opened: "));
        assert!(said.stderr.contains(words), "{}", said.stderr);
        assert!(!folder.path("out").exists(), "something was written");
    };
    refused(signing(&[]), "it is encrypted, and there is no password for it");
    let other = ["--sign-key-password-from", "env:PATH"];
    refused(signing(&other), "the password does not open it");
    let own = ["--sign-key-password-from", "env:KEY_PASSWORD"];
    signing(&own).fine();
    // A key that is open needs none.
    let open = ["--sign-cert", "chain.pem", "--sign-key", "key.pem"];
    let said = folder.generate("out", &[&open[..], &own].concat()).fine();
    assert!(said.stderr.contains("warning[password-unused]"), "{}", said.stderr);
}

#[test]
fn a_key_of_1024_bits_is_refused() {
    needs!("openssl");
    let folder = Folder::with("rsa:2048");
    let key = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", "small"];
    folder.openssl(&key).fine();
    let said = folder.generate("out", &["--sign-cert", "chain.pem", "--sign-key", "small"]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("error[signing-key-unreadable]"), "{}", said.stderr);
    assert!(said.stderr.contains(" bits "), "{}", said.stderr);
}

/// A profile that OpenSSL signs, with these options of `openssl cms`.
fn signed_by_openssl(folder: &Folder, out: &str, options: &[&str]) -> Ended {
    folder.generate("plain", &[]).fine();
    let plain = support::walk(&folder.path("plain"));
    let profile = plain.iter().find(|file| file.extension().is_some_and(|e| e == "mobileconfig"));
    let profile = profile.expect("a profile").display().to_string();
    let sign = ["cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", &profile];
    folder.openssl(&[&sign[..], &["-out", out], options].concat())
}

fn check(folder: &Folder, file: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailwright"));
    command.args(["check", file]).env("LC_ALL", "C").current_dir(&folder.0);
    support::run(command.stdin(Stdio::null()))
}

const OWN: [&str; 4] = ["-signer", "leaf.pem", "-inkey", "leaf.key"];

#[test]
fn check_verifies_what_openssl_signs_with_every_kind_of_key() {
    needs!("openssl");
    for kind in ["rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521"] {
        let folder = Folder::with(kind);
        let more: &[&[&str]] = match kind {
            "rsa:2048" => &[
                &["-md", "sha512", "-certfile", "middle.pem"],
                &["-md", "sha256", "-noattr"],
                &[
                    "-md",
                    "sha384",
                    "-keyopt",
                    "rsa_padding_mode:pss",
                    "-keyopt",
                    "rsa_pss_saltlen:digest",
                ],
                &["-md", "sha256", "-stream"],
            ],
            _ => &[&["-md", "sha384"], &["-md", "sha512", "-noattr"], &["-keyid"]],
        };
        for options in more {
            signed_by_openssl(&folder, "signed", &[&OWN[..], options].concat()).fine();
            let ended = check(&folder, "signed");
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert!(said.contains("names CN=leaf as its signer"), "{kind} {options:?}: {said}");
            assert!(said.contains("the signature fits"), "{kind} {options:?}: {said}");
            assert!(!said.contains("profile-signature-broken"), "{kind} {options:?}: {said}");
        }
    }
}

#[test]
fn check_says_that_a_signature_over_sha_1_is_weak() {
    needs!("openssl");
    let folder = Folder::with("rsa:2048");
    signed_by_openssl(&folder, "signed", &[&OWN[..], &["-md", "sha1"]].concat()).fine();
    check(&folder, "signed").prints("SHA-1, which is weak");
}

#[test]
fn check_finds_one_changed_byte_in_content_attributes_and_signature() {
    needs!("openssl");
    for kind in ["rsa:2048", "ec:P-256"] {
        for options in [&["-md", "sha256"][..], &["-md", "sha256", "-noattr"]] {
            let folder = Folder::with(kind);
            signed_by_openssl(&folder, "signed", &[&OWN[..], options].concat()).fine();
            let bytes = fs::read(folder.path("signed")).unwrap();
            let place = |what: &[u8]| bytes.windows(what.len()).rposition(|w| w == what);
            let mut places = vec![place(b"PayloadUUID").unwrap(), bytes.len() - 1];
            // The attribute with the digest: the octets are behind its identifier.
            places.extend(place(b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04").map(|at| at + 20));
            assert_eq!(places.len(), 3 - usize::from(options.contains(&"-noattr")));
            for at in places {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                fs::write(folder.path("changed"), changed).unwrap();
                check(&folder, "changed").code(1).prints("error[profile-signature-broken]");
            }
        }
    }
}

#[test]
fn check_finds_a_certificate_that_belongs_to_another_key() {
    needs!("openssl");
    let folder = Folder::with("ec:P-256");
    let name = ["-CA", "middle.pem", "-CAkey", "middle.key", "-set_serial", "7"];
    folder.certificate("leaf", "ec:P-256", "leaf", &name);
    signed_by_openssl(&folder, "signed", &OWN).fine();
    let old = fs::read(folder.path("signed")).unwrap();
    let pem = |folder: &Folder| {
        folder.openssl(&["x509", "-in", "leaf.pem", "-outform", "DER", "-out", "der"]).fine();
        fs::read(folder.path("der")).unwrap()
    };
    let own = pem(&folder);
    // The same names and number, but another key. The lengths of signatures differ, so try again.
    for _ in 0..200 {
        folder.certificate("leaf", "ec:P-256", "leaf", &name);
        let other = pem(&folder);
        if other.len() == own.len() {
            let at = old.windows(own.len()).position(|w| w == own).expect("it is inside");
            let mut changed = old.clone();
            changed[at..at + own.len()].copy_from_slice(&other);
            fs::write(folder.path("changed"), changed).unwrap();
            check(&folder, "changed").code(1).prints("error[profile-signature-broken]");
            return;
        }
    }
    panic!("no certificate has the same length");
}
