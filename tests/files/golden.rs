//! Snapshots of whole output trees, byte by byte. `SNAPSHOTS=overwrite cargo test --test files golden`
//! updates them; read the difference before you commit it.

use std::fs;
use std::path::Path;

use crate::support::{Run, assert_tree, assert_tree_of, files_below, fixture, root};

/// Generates with every target, including opt-in ones if the provider has servers for them.
#[track_caller]
fn golden(name: &str, args: &[&str]) {
    let run = Run::new();
    let providers = fixture("providers").display().to_string();
    let mut all = vec!["generate", "--providers", &providers];
    all.extend(args);
    run.args(&all).code(0);
    assert_tree(&root().join("tests/golden").join(name), &run.files("out"));
}

#[test]
fn the_default_provider_over_pop3_for_one_person() {
    golden("default", &["ann@outlook.com", "--name", "Ann Example"]);
}

#[test]
fn a_provider_that_has_only_pop3_with_passwords() {
    golden("pop3-only", &["ann@pop3-only.example", "--language", "en"]);
}

#[test]
fn a_provider_with_imap_and_pop3() {
    golden("both", &["ann@both.example", "both.example", "--language", "en,de"]);
}

#[test]
fn a_customers_domain_at_microsoft_365() {
    let args =
        ["ann@contoso.example", "--provider", "microsoft365", "--name", "Ann", "--language", "en"];
    golden("customer-domain", &args);
}

#[test]
fn an_internationalised_domain_and_local_part() {
    golden("idn", &["änn@bücher.example", "--name", "Änn Müller", "--language", "de"]);
}

#[test]
fn a_hostile_display_name_stays_a_name() {
    let name = "\"'> ]]><x y=\"1\">& {{evil}} %00 \\n [Service1] \u{202e}txt `id` $(id)";
    golden("hostile-name", &["o'neil+x@outlook.com", "--name", name, "--language", "en"]);
}

/// The files for an administrator of Windows PCs: policies and Intune packages.
#[test]
fn a_windows_administrators_own_files() {
    let targets = "outlook-group-policy,intune-win32,intune-win32-prf";
    let steering = "outlook-group-policy.steering=true";
    let args = ["o'neil@both.example", "--target", targets, "--set", steering];
    golden("windows", &args);
}

/// Opt-in because it is a draft; the hosting tree of `both` contains the same bytes.
#[test]
fn a_domains_own_pacc_file() {
    golden("pacc", &["both.example", "--target", "pacc"]);
}

/// The same profile for two systems: placeholders that are plain words, and placeholders with
/// quotes.
#[test]
fn a_profile_for_a_device_management_system_to_fill_in() {
    golden("mdm-jamf", &["both.example", "--mdm", "jamf"]);
    golden("mdm-addigy", &["ann@both.example", "--protocol", "pop3", "--mdm", "addigy"]);
}

/// The server's pages for users: with a profile and code that can sign in, and without.
#[test]
fn the_pages_of_a_server() {
    golden("landing", &["ann@both.example", "--target", "landing", "--language", "en,de"]);
    let refused = ["ann@outlook.com", "--target", "landing", "--language", "fr"];
    golden("landing-refused", &refused);
}

/// Stored, not compressed: compressed bytes depend on the release of zlib-rs.
#[cfg(feature = "zip")]
#[test]
fn a_message_with_the_files_attached() {
    let person = ["ann@both.example", "--name", "Ann Müller", "--language", "de,en"];
    let message = ["--target", "unix-mail-msmtp", "--eml-from", "IT <it@both.example>"];
    golden("message", &[&person[..], &message[..], &["--zip-level", "0"]].concat());
}

/// The sample that is committed under `out/`, in a checkout of the repository. Users may generate
/// their own files next to it, in folders named after their addresses.
#[track_caller]
fn assert_sample(checkout: &Path) {
    let run = Run::new();
    run.args(&["generate", "outlook.com"]).code(0);
    let is_sample = |name: &str| !name.split('/').next().is_some_and(|top| top.contains('@'));
    let written = run.files("out/outlook.com");
    assert_tree_of(&checkout.join("out/outlook.com"), &written, is_sample);
}

#[test]
fn the_committed_sample_is_what_generate_writes() {
    assert_sample(root());
}

/// The README's first command writes next to the sample, which its second command compares.
#[test]
fn the_readmes_commands_work_in_their_order_and_twice() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut commands =
        readme.lines().filter_map(|line| line.strip_prefix("cargo run --release -- "));
    let command = commands.next().unwrap().split('#').next().unwrap();
    let args: Vec<&str> = command.split_whitespace().collect();
    let checkout = Run::new();
    for (name, bytes) in files_below(&root().join("out/outlook.com")) {
        let path = checkout.path("out/outlook.com").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    for _ in 0..2 {
        checkout.args(&args).code(0);
        assert_sample(checkout.folder.path());
        let persons = checkout.files("out/outlook.com/ann@outlook.com");
        assert!(persons.len() > 10, "{:?}", persons.keys());
    }
}
