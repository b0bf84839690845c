//! `generate --sign-cert`: which files are signed, which are not, and what is refused before
//! anything is written. `tests/clients/sign.rs` checks the signatures with OpenSSL.

use std::collections::BTreeMap;
use std::fs;

use mailwright::internals::import::envelope::{self, Wrapping};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_RSA_SHA256, SignatureAlgorithm, date_time_ymd,
};
use sha2::{Digest, Sha256};

use crate::support::{Ended, Run, fixture, root};

/// A folder with `chain.pem` and `key.pem` of a leaf below an intermediate below a root.
struct Signing {
    run: Run,
    leaf: String,
    intermediate: String,
    root: String,
}

impl Signing {
    fn new() -> Self {
        Self::with(&rcgen::PKCS_ECDSA_P256_SHA256, |_| {})
    }

    /// With a leaf of this key type, modified by the caller.
    fn with(
        algorithm: &'static SignatureAlgorithm,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let named = |name: &str| {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let authority = |name: &str| {
            let mut params = named(name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            (params, KeyPair::generate().unwrap())
        };
        let (params, key) = authority("Test Root");
        let root = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let (params, key) = authority("Test Intermediate");
        let intermediate = params.signed_by(&key, &issuer).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let mut params = named("Test Leaf");
        change(&mut params);
        let key = KeyPair::generate_for(algorithm).unwrap();
        let leaf = params.signed_by(&key, &issuer).unwrap().pem();
        let run = Run::new()
            .env("SSL_CERT_FILE", "system.pem")
            .write("chain.pem", &format!("{leaf}{intermediate}"))
            .write("key.pem", &key.serialize_pem());
        Self { run, leaf, intermediate, root }
    }

    /// Adds another file to the folder.
    fn write(mut self, file: &str, text: &str) -> Self {
        self.run = self.run.write(file, text);
        self
    }

    /// Generates for a provider whose files can all be signed where their format allows it.
    fn generate(&self, more: &[&str]) -> Ended {
        let providers = fixture("providers").display().to_string();
        let args = ["generate", "ann@both.example", "--providers", &providers];
        let signing = ["--sign-cert", "chain.pem", "--sign-key", "key.pem"];
        self.run.args(&[&args[..], &signing, more].concat())
    }

    /// Asserts that this code and these words are reported and that nothing is written.
    #[track_caller]
    fn is_refused(&self, more: &[&str], code: &str, words: &str) {
        let ended = self.generate(more).code(1).says("nothing was written");
        ended.says(&format!("error[{code}]")).says(words).says(" = help: ");
        assert!(!self.run.path("out").exists(), "something was written");
    }
}

fn is_profile(path: &str) -> bool {
    path.ends_with(".mobileconfig")
}

#[test]
fn every_profile_is_signed_around_the_bytes_that_it_has_without_and_nothing_else_changes() {
    let signing = Signing::new();
    let ended = signing.generate(&["--out", "signed"]).code(0);
    assert!(!ended.stderr.contains("signature"), "{}", ended.stderr);
    let providers = fixture("providers").display().to_string();
    let args = ["generate", "ann@both.example", "--providers", &providers, "--out", "plain"];
    signing.run.args(&args).code(0);
    let (signed, plain) = (signing.run.files("signed"), signing.run.files("plain"));
    let mut profiles = 0;
    for (path, bytes) in &plain {
        if is_profile(path) {
            profiles += 1;
            let inside = envelope::open(&signed[path]);
            assert_eq!(inside, Some((bytes.clone(), Wrapping::Signed)), "{path}");
        } else if !path.ends_with("MANIFEST.json") {
            assert!(signed[path] == *bytes, "{path} is another");
        }
    }
    assert!(profiles >= 3, "only {profiles} profiles");
    assert_eq!(signed.len(), plain.len());
}

#[test]
fn the_manifest_has_the_checksum_of_what_is_signed() {
    let signing = Signing::new();
    signing.generate(&[]).code(0);
    let files = signing.run.files("out");
    let manifest: serde_json::Value =
        serde_json::from_slice(&files["both.example/MANIFEST.json"]).unwrap();
    let profile = manifest["files"].as_array().unwrap().iter();
    let mut profile = profile.filter(|file| is_profile(file["path"].as_str().unwrap()));
    let profile = profile.next().unwrap();
    let bytes = &files[&format!("both.example/{}", profile["path"].as_str().unwrap())];
    let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(profile["sha256"], sum);
    assert_eq!(profile["bytes"], bytes.len());
}

#[test]
fn what_is_hosted_is_the_same_signature_as_what_is_handed_out() {
    let signing = Signing::new();
    signing.generate(&[]).code(0);
    let files = signing.run.files("out/both.example");
    assert!(files["apple-mail/mail.mobileconfig"] == files["hosting/www/mail.mobileconfig"]);
}

#[test]
fn an_rsa_key_gives_the_same_bytes_each_time_in_folders_and_in_a_zip() {
    let signing = Signing::with(&PKCS_RSA_SHA256, |_| {});
    let trees: Vec<BTreeMap<_, _>> = ["a", "b"]
        .into_iter()
        .map(|out| {
            signing.generate(&["--out", out]).code(0);
            #[cfg(feature = "zip")]
            signing.generate(&["--out", out, "--zip"]).code(0);
            signing.run.files(out)
        })
        .collect();
    assert!(trees[0] == trees[1]);
}

#[test]
fn a_root_in_the_file_is_not_sent_along() {
    let signing = Signing::new();
    let chain = format!("{}{}{}", signing.leaf, signing.intermediate, signing.root);
    let signing = signing.write("chain.pem", &chain);
    signing.generate(&[]).code(0);
    let files = signing.run.files("out/both.example");
    assert_eq!(envelope::lives(&files["apple-mail/mail.mobileconfig"]).len(), 2);
}

/// What `check` says about the signed profile, with these flags and these authorities of the system.
fn checked(signing: &Signing, system: &str, flags: &[&str]) -> Ended {
    signing.generate(&[]).code(0);
    let run = &signing.run;
    fs::write(run.path("system.pem"), system).unwrap();
    let profile = "out/both.example/apple-mail/mail.mobileconfig";
    run.args(&[&["check", profile][..], flags].concat())
}

#[test]
fn check_says_who_signed_if_the_certificate_leads_to_an_authority_that_is_trusted() {
    let signing = Signing::new();
    let root = signing.root.clone();
    let words = ", whose certificate leads to CN=Test Root";
    for (system, flags) in [(&*root, &[][..]), ("", &["--ca", "root.pem"])] {
        fs::write(signing.run.path("root.pem"), &root).unwrap();
        let ended = checked(&signing, system, flags).code(0);
        let signed = "note[profile-signer]: the profile is signed by CN=Test Leaf (";
        let ended = ended.prints(signed).prints(words);
        assert!(!ended.stdout.contains("untrusted"), "{}", ended.stdout);
    }
    // Also an intermediate can be what is trusted, and the certificate itself.
    let ended = checked(&signing, &signing.intermediate, &[]).code(0);
    ended.prints("whose certificate leads to CN=Test Intermediate");
    let ended = checked(&signing, &signing.leaf, &[]).code(0);
    ended.prints("is signed by CN=Test Leaf (").prints("whose certificate is trusted itself");
}

#[test]
fn a_certificate_for_any_purpose_can_sign() {
    for usage in [
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::EmailProtection,
        ExtendedKeyUsagePurpose::CodeSigning,
    ] {
        let signing = Signing::with(&rcgen::PKCS_ECDSA_P256_SHA256, |params| {
            params.extended_key_usages = vec![usage];
        });
        checked(&signing, &signing.root, &[]).prints("whose certificate leads to CN=Test Root");
    }
}

/// Asserts that the signer is only named, and why.
#[track_caller]
fn is_untrusted(signing: &Signing, system: &str, why: &str) {
    let ended = checked(signing, system, &[]).code(0);
    let words =
        "warning[profile-signer-untrusted]: the certificate of CN=Test Leaf is not trusted: ";
    let named = "note[profile-signer]: the profile names CN=Test Leaf as its signer (";
    let ended = ended.prints(&format!("{words}{why}")).prints(named);
    ended.prints("the signature fits, but its certificate is not trusted");
}

#[test]
fn a_signer_that_leads_to_no_authority_is_only_named_with_the_reason() {
    let signing = Signing::new();
    let other = Signing::new();
    let unknown = "its issuer CN=Test Root is neither in the profile nor trusted here";
    is_untrusted(&signing, "", "this machine has no certificate authorities");
    // The authority of that name has another key.
    is_untrusted(&signing, &other.root, "the authority that it names has another key");
    let stranger = rcgen::generate_simple_self_signed(Vec::new()).unwrap().cert.pem();
    is_untrusted(&signing, &stranger, unknown);
}

#[test]
fn a_missing_intermediate_is_the_reason_unless_it_is_trusted_itself() {
    let signing = Signing::new();
    let (leaf, root) = (signing.leaf.clone(), signing.root.clone());
    let signing = signing.write("chain.pem", &leaf);
    let why = "its issuer CN=Test Intermediate is neither in the profile nor trusted here";
    is_untrusted(&signing, &root, why);
    let ended = checked(&signing, &signing.intermediate, &[]).code(0);
    ended.prints("whose certificate leads to CN=Test Intermediate");
}

#[test]
fn a_certificate_that_is_signed_by_itself_is_trusted_only_if_it_is_named() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Test Leaf");
    let own = params.self_signed(&key).unwrap().pem();
    let mut signing =
        Signing::new().write("chain.pem", &own).write("key.pem", &key.serialize_pem());
    signing.leaf = own;
    is_untrusted(&signing, &signing.root, "it is signed by itself");
    let ended = checked(&signing, &signing.root, &["--ca", "chain.pem"]).code(0);
    ended.prints("is signed by CN=Test Leaf (").prints("whose certificate is trusted itself");
}

/// `generate` signs with no such certificate, so these profiles are signed with OpenSSL.
#[test]
fn a_signer_that_has_expired_or_whose_issuer_has_is_only_named() {
    needs!("openssl");
    let ended = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 3);
    };
    let expired = Signing::with(&rcgen::PKCS_ECDSA_P256_SHA256, ended);
    let ends =
        "warning[profile-signature-ends]: a certificate of the signature expired on 2020-02-03";
    let named = "names CN=Test Leaf as its signer (expired on 2020-02-03)";
    let said = checked_by_openssl(&expired).code(0).prints(ends).prints(named);
    let said = said.prints("its certificate is not trusted");
    assert!(!said.stdout.contains("profile-signer-untrusted"), "{}", said.stdout);
    let early = Signing::with(&rcgen::PKCS_ECDSA_P256_SHA256, |params| {
        params.not_before = date_time_ymd(2999, 1, 1);
        params.not_after = date_time_ymd(3000, 1, 1);
    });
    checked_by_openssl(&early).prints("is not trusted: it or one of its issuers is not valid yet");
}

/// `check` of a profile that OpenSSL signs with the chain; the root is trusted.
fn checked_by_openssl(signing: &Signing) -> Ended {
    let run = &signing.run;
    let providers = fixture("providers").display().to_string();
    run.args(&["generate", "ann@both.example", "--providers", &providers]).code(0);
    fs::copy(run.path("out/both.example/apple-mail/mail.mobileconfig"), run.path("in")).unwrap();
    fs::write(run.path("root.pem"), &signing.root).unwrap();
    let arguments = "smime -sign -binary -nodetach -outform der -md sha256 -in in -out signed.mobileconfig \
                     -signer chain.pem -inkey key.pem -certfile chain.pem";
    let signed = std::process::Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(run.path("."))
        .output()
        .unwrap();
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    run.args(&["check", "signed.mobileconfig", "--ca", "root.pem"])
}

#[test]
fn a_file_of_authorities_without_a_certificate_is_named() {
    let run = Run::new().write("empty.pem", "no certificate\n").write("a.mobileconfig", "<plist/>");
    for file in ["empty.pem", "none.pem"] {
        let ended = run.args(&["check", "a.mobileconfig", "--ca", file]).code(2);
        ended.says(&format!("cannot read the certificates of --ca {file}: "));
    }
}

/// None of them contains text that looks like a management system's variable.
#[test]
fn the_profiles_of_every_built_in_provider_can_be_signed() {
    let signing = Signing::new();
    let apple = ["--target", "apple-mail,apple-exchange,apple-exchange-ews,hosting"];
    let flags = ["--sign-cert", "chain.pem", "--sign-key", "key.pem"];
    for file in fs::read_dir(root().join("providers")).unwrap() {
        let file = file.unwrap().path().display().to_string();
        for who in [&["ann@customer.example"][..], &[]] {
            let provider = ["generate", "--provider", &file, "--protocol", "both"];
            signing.run.args(&[&provider[..], who, &apple, &flags].concat()).code(0);
        }
    }
    let files = signing.run.files("out");
    let profiles = files.iter().filter(|(path, _)| is_profile(path)).count();
    assert!(profiles > 20, "only {profiles} profiles");
}

// What is refused

#[test]
fn a_certificate_that_is_over_or_not_yet_good_is_refused() {
    let expired = Signing::with(&rcgen::PKCS_ECDSA_P256_SHA256, |params| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 3);
    });
    let words = "certificate 1 (CN=Test Leaf) of chain.pem expired on 2020-02-03T00:00:00Z";
    expired.is_refused(&[], "signing-certificate-expired", words);
    let early = Signing::with(&rcgen::PKCS_ECDSA_P256_SHA256, |params| {
        params.not_before = date_time_ymd(2999, 1, 1);
        params.not_after = date_time_ymd(3000, 1, 1);
    });
    let words = "certificate 1 (CN=Test Leaf) of chain.pem is good only from 2999-01-01";
    early.is_refused(&[], "signing-certificate-not-yet-valid", words);
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let signing = Signing::new();
    let words = "key.pem is not the key of certificate 1 (CN=Test Leaf) of chain.pem";
    for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &PKCS_RSA_SHA256] {
        let key = KeyPair::generate_for(algorithm).unwrap().serialize_pem();
        fs::write(signing.run.path("key.pem"), key).unwrap();
        signing.is_refused(&[], "signing-key-mismatch", words);
    }
}

#[test]
fn a_chain_out_of_order_is_refused() {
    let signing = Signing::new();
    let (leaf, intermediate, root) =
        (signing.leaf.clone(), signing.intermediate.clone(), signing.root.clone());
    let signing = signing.write("chain.pem", &format!("{intermediate}{leaf}"));
    let words = "key.pem is the key of certificate 2 (CN=Test Leaf) of chain.pem, which does not";
    signing.is_refused(&[], "signing-chain-order", words);
    let signing = signing.write("chain.pem", &format!("{leaf}{root}{intermediate}"));
    let words = "certificate 2 (CN=Test Root) of chain.pem is not the issuer of certificate 1 \
                 (CN=Test Leaf) of chain.pem, which CN=Test Intermediate is";
    signing.is_refused(&[], "signing-chain-order", words);
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    let signing = Signing::new();
    let key = KeyPair::generate().unwrap().serialize_pem();
    let leaf = signing.leaf.clone();
    let mut signing = signing;
    for (text, words) in [
        ("", "chain.pem: it is no PEM file, or an empty one"),
        ("\u{1}\u{2}", "chain.pem: it is no PEM file, or an empty one"),
        (&key, "chain.pem: there is no certificate in it, only PRIVATE KEY"),
        (&leaf[..200], "chain.pem: CERTIFICATE has no end"),
        (
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
            "chain.pem: certificate 1 is broken",
        ),
    ] {
        signing = signing.write("chain.pem", text);
        signing.is_refused(&[], "signing-certificate-unreadable", words);
    }
}

#[test]
fn a_file_without_a_key_that_can_sign_is_refused() {
    let signing = Signing::new();
    let of = |algorithm| KeyPair::generate_for(algorithm).unwrap().serialize_pem();
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n\
               YWJj\n-----END RSA PRIVATE KEY-----\n";
    let leaf = signing.leaf.clone();
    let mut signing = signing;
    for (text, words) in [
        ("no key", "key.pem has no key to sign with: there is no private key in it"),
        (&leaf, "there is no private key in it"),
        (&of(&PKCS_ED25519), "its kind (1.3.101.112) signs no profiles"),
        (&of(&PKCS_ECDSA_P521_SHA512), "its curve is none of P-256 and P-384"),
        (old, "it is encrypted in the way of before PKCS#8"),
        (
            "-----BEGIN DSA PRIVATE KEY-----\nYWJj\n-----END DSA PRIVATE KEY-----\n",
            "DSA PRIVATE KEY is no kind of key that is read here",
        ),
        ("-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n", "it is no PKCS#8"),
    ] {
        signing = signing.write("key.pem", text);
        signing.is_refused(&[], "signing-key-unreadable", words);
    }
}

#[test]
fn a_profile_with_a_variable_of_a_management_system_is_refused() {
    let signing = Signing::new();
    let words = "ann@both.example.mobileconfig: a variable of a management system is in it";
    signing.is_refused(&["--name", "$FULLNAME"], "profile-signed-variable", words);
    let providers = fixture("providers").display().to_string();
    let args = ["generate", "ann@both.example", "--providers", &providers, "--name", "$FULLNAME"];
    signing.run.args(&args).code(0);
}

#[test]
fn a_file_that_is_not_there_and_half_of_the_flags_are_exit_code_2() {
    let signing = Signing::new();
    let run = &signing.run;
    let missing = ["generate", "--sign-cert", "none.pem", "--sign-key", "key.pem"];
    run.args(&missing).code(2).says("cannot read none.pem: ");
    run.args(&["generate", "--sign-cert", "chain.pem"]).code(2).says("--sign-key");
    run.args(&["generate", "--sign-key", "key.pem"]).code(2).says("--sign-cert");
    let password = ["generate", "--sign-key-password-from", "env:X"];
    run.args(&password).code(2).says("--sign-key");
    assert!(!run.path("out").exists());
}

// What is said

#[test]
fn a_certificate_that_ends_soon_is_said_and_signs() {
    // Days are counted by the calendar (UTC): noon of the seventh day, whatever the hour is now.
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let noon_in_a_week = (now / 86_400 + 7) * 86_400 + 43_200;
    let ends = std::time::UNIX_EPOCH + std::time::Duration::from_secs(noon_in_a_week);
    let signing = Signing::with(&rcgen::PKCS_ECDSA_P256_SHA256, |params| {
        params.not_after = ends.into();
    });
    let words =
        "warning[profile-signature-ends]: certificate 1 (CN=Test Leaf) of chain.pem has 7 days";
    signing.generate(&[]).code(0).says(words);
}

#[test]
fn a_leaf_alone_is_said_and_signs() {
    let signing = Signing::new();
    let leaf = signing.leaf.clone();
    let signing = signing.write("chain.pem", &leaf);
    let ended = signing.generate(&[]).code(0).says("warning[signature-may-not-verify]");
    ended.says("devices have to know CN=Test Intermediate themselves");
}

#[test]
fn a_signature_that_no_file_needs_is_said() {
    let signing = Signing::new();
    let only = ["--target", "thunderbird"];
    signing.generate(&only).code(0).says("warning[signature-unused]");
}

#[test]
fn everybody_in_a_list_gets_the_signed_profile_that_she_would_get_alone() {
    let signing = Signing::with(&PKCS_RSA_SHA256, |_| {});
    let list = "mail\nann@outlook.com\nbob@outlook.com\ncleo@outlook.com\n";
    let signing = signing.write("users.csv", list);
    let signed =
        ["--sign-cert", "chain.pem", "--sign-key", "key.pem", "--target", "apple-mail", "-q"];
    let users = ["generate", "--users", "users.csv", "--out", "list"];
    signing.run.args(&[&users[..], &signed].concat()).code(0);
    for address in ["ann@outlook.com", "bob@outlook.com", "cleo@outlook.com"] {
        let alone = ["generate", address, "--out", "alone"];
        signing.run.args(&[&alone[..], &signed].concat()).code(0);
    }
    let (list, alone) = (signing.run.files("list"), signing.run.files("alone"));
    assert!(list == alone, "{:?}", list.keys());
    let profile = &list["outlook.com/bob@outlook.com/apple-mail/bob@outlook.com.mobileconfig"];
    assert!(matches!(envelope::open(profile), Some((_, Wrapping::Signed))));
}
