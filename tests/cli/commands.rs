//! Commands as users type them: what is printed, and which files are on disk afterwards.

use std::fs;

use crate::support::{Run, fixture, root};

/// Wrong input: exit code 1, these messages, and no files.
#[track_caller]
pub fn refused(run: &Run, args: &[&str], words: &str) {
    run.args(args).code(1).says(words).says("nothing was written");
    assert!(!run.path("out").exists(), "something was written");
}

#[test]
fn generate_without_arguments_is_the_default_provider() {
    let run = Run::new();
    run.args(&["generate"]).code(0);
    assert!(run.path("out/outlook.com/MANIFEST.json").is_file());
}

#[test]
fn a_person_gets_a_folder_below_the_provider() {
    let run = Run::new();
    run.args(&["generate", "ann@outlook.com"]).code(0).prints("ann@outlook.com");
    assert!(run.path("out/outlook.com/ann@outlook.com/MANIFEST.json").is_file());
    assert!(run.path("out/outlook.com/thunderbird/config-v1.1.xml").is_file());
}

#[test]
fn a_domain_of_a_provider_gets_its_own_folder_and_isp_file() {
    let run = Run::new();
    run.args(&["generate", "hotmail.com"]).code(0);
    assert!(run.path("out/hotmail.com/thunderbird/isp/hotmail.com.xml").is_file());
    assert!(!run.path("out/outlook.com").exists());
}

#[test]
fn all_domains_writes_the_isp_files_of_the_others_too() {
    let run = Run::new();
    run.args(&["generate", "--all-domains", "--target", "thunderbird"]).code(0);
    let files = run.files("out/outlook.com/thunderbird/isp");
    assert_eq!(files.len(), 102);
}

#[test]
fn every_built_in_provider_generates_with_exit_0() {
    for file in fs::read_dir(root().join("providers")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let run = Run::new();
        // The example file is not listed as a provider, but it can be used by its path.
        let provider = if name == "example.com" { path.display().to_string() } else { name };
        run.args(&["generate", "--provider", &provider]).code(0);
        run.args(&["generate", "ann@customer.example", "--provider", &provider]).code(0);
        run.args(&["generate", "--provider", &provider, "--protocol", "both"]).code(0);
        run.args(&["generate", "--provider", &provider, "--protocol", "imap"]).code(0);
    }
}

#[test]
fn a_provider_of_ones_own_is_named_by_its_file_or_found_in_a_folder() {
    let run = Run::new();
    let file = fixture("providers/both.example.toml").display().to_string();
    run.args(&["generate", "--provider", &file]).code(0);
    assert!(run.path("out/both.example").is_dir());
    let folder = fixture("providers").display().to_string();
    run.args(&["generate", "ann@beide.example", "--providers", &folder]).code(0);
    assert!(run.path("out/beide.example/ann@beide.example").is_dir());
}

#[test]
fn no_such_provider_is_told_with_the_nearest_name() {
    let run = Run::new();
    refused(&run, &["generate", "--provider", "outlok.com"], "did you mean \"outlook.com\"?");
    refused(&run, &["generate", "gmial"], "there is no provider \"gmial\"");
}

#[test]
fn an_unknown_domain_names_import_and_init() {
    let run = Run::new();
    let args = ["generate", "ann@unknown.example"];
    refused(&run, &args, "mailwright init");
    refused(&run, &args, "mailwright import unknown.example");
}

#[test]
fn an_address_without_at_is_no_provider_and_says_so() {
    refused(&Run::new(), &["generate", "ann"], "there is no provider \"ann\"");
}

#[test]
fn bad_addresses_are_refused_and_leave_no_file() {
    let run = Run::new();
    for (address, words) in [
        ("a/b@outlook.com", "cannot stand in a file name"),
        ("../x@outlook.com", "is not an address"),
        ("a\\b@outlook.com", "cannot stand in a file name"),
        ("con@outlook.com", "a device on Windows"),
        ("a/b@x", "is not an address"),
        ("../x@y", "is not an address"),
        ("con@x", "is not an address"),
        ("ann@", "nothing behind the @"),
        ("@outlook.com", "nothing before the @"),
        ("ann@@outlook.com", "more than one @"),
        ("ann\u{7}@outlook.com", "control character"),
        ("ann@out look.com", "space"),
    ] {
        refused(&run, &["generate", address], words);
    }
}

#[test]
fn control_characters_in_a_name_are_refused() {
    let args = ["generate", "ann@outlook.com", "--name", "Ann\n[Service1]"];
    refused(&Run::new(), &args, "control character at byte 3");
}

#[test]
fn a_broken_provider_file_gets_every_mistake_with_its_place() {
    let run = Run::new().write(
        "p.toml",
        "[emailProvider]\nid = \"p.example\"\ndisplayName = \"P\"\ndomains = [\"p.example\"]\n\
         [[incomingServer]]\ntype = \"pop3\"\nhostnme = \"x\"\nport = 0\nsocketType = \"TLS\"\n\
         authentication = [\"password\"]\nusername = \"%EMAILADRESS%\"\n\
         [[outgoingServer]]\ntype = \"smtp\"\nhostname = \"smtp.p.example:465\"\nport = 465\n\
         socketType = \"SSL\"\nauthentication = [\"password-cleartext\"]\nusername = \"x\"\n",
    );
    let ended = run.args(&["generate", "--provider", "p.toml"]).code(1);
    for words in [
        "p.toml:7:1",
        "did you mean \"hostname\"?",
        "p.toml:8:8",
        "0 is no port",
        "p.toml:9:14",
        "\"TLS\" is no socketType",
        "p.toml:10:19",
        "p.toml:11:12",
        "belongs to no placeholder",
        "p.toml:14:12",
        "465 under port",
    ] {
        assert!(ended.stderr.contains(words), "no {words:?} in: {}", ended.stderr);
    }
    assert!(!run.path("out").exists());
}

#[test]
fn the_same_server_twice_is_refused() {
    let text = fs::read_to_string(fixture("providers/pop3-only.example.toml")).unwrap();
    let at = text.find("[[incomingServer]]").unwrap();
    let end = text.find("[[outgoingServer]]").unwrap();
    let run = Run::new().write("p.toml", &format!("{text}\n{}", &text[at..end]));
    refused(&run, &["generate", "--provider", "p.toml"], "the same pop3 server twice");
}

#[test]
fn an_unknown_key_in_the_settings_is_a_mistake_with_a_suggestion() {
    let run = Run::new().write("mailwright.toml", "protocl = \"imap\"\n");
    refused(&run, &["generate"], "did you mean \"protocol\"?");
}

#[test]
fn a_settings_file_with_broken_toml_is_told_with_its_line() {
    let run = Run::new().write("mailwright.toml", "provider = \n");
    refused(&run, &["generate"], "mailwright.toml:1:");
}

#[test]
fn flags_stand_above_the_environment_above_the_file_above_the_provider() {
    let run = Run::new().write("mailwright.toml", "protocol = \"imap\"\n");
    let servers = |run: &Run, args: &[&str]| {
        let mut all = vec!["plan", "--target", "thunderbird", "--format", "json"];
        all.extend(args);
        let ended = run.args(&all).code(0);
        let plan: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let servers = plan["files"][0]["servers"].as_array().unwrap().clone();
        servers.iter().map(|s| s["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(servers(&Run::new(), &[]), ["pop3", "smtp"]);
    assert_eq!(servers(&run, &[]), ["imap", "smtp"]);
    let run = run.env("MAILWRIGHT_PROTOCOL", "both");
    assert_eq!(servers(&run, &[]), ["imap", "pop3", "smtp"]);
    assert_eq!(servers(&run, &["--protocol", "pop3"]), ["pop3", "smtp"]);
}

#[test]
fn an_output_folder_that_is_a_file_is_refused_and_kept() {
    let run = Run::new().write("out", "mine");
    run.args(&["generate"]).code(2).says("out");
    assert_eq!(fs::read_to_string(run.path("out")).unwrap(), "mine");
}

#[test]
fn an_output_folder_nobody_can_make_is_refused() {
    // Even root cannot create a folder there.
    Run::new().args(&["generate", "-o", "/proc/mailwright"]).code(2).says("/proc/mailwright");
}

#[cfg(feature = "zip")]
#[test]
fn a_zip_path_that_is_a_folder_is_refused_before_anything_is_written() {
    let run = Run::new().write("out/outlook.com.zip/mine", "x");
    run.args(&["generate", "--zip"]).code(2).says("outlook.com.zip");
    assert_eq!(run.files("out").len(), 1);
}

#[cfg(feature = "zip")]
#[test]
fn a_zip_has_everything_and_is_the_same_every_time() {
    let (one, two) = (Run::new(), Run::new());
    for run in [&one, &two] {
        run.args(&["generate", "ann@outlook.com", "--zip"]).code(0);
        assert_eq!(run.files("out").keys().collect::<Vec<_>>(), ["ann@outlook.com.zip"]);
    }
    assert_eq!(one.files("out"), two.files("out"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, two) = (Run::new(), Run::new());
    for run in [&one, &two] {
        run.args(&["generate", "ann@outlook.com"]).code(0);
    }
    assert_eq!(one.files("out"), two.files("out"));
    one.args(&["generate", "ann@outlook.com"]).code(0);
    assert_eq!(one.files("out"), two.files("out"));
}

#[test]
fn a_second_person_leaves_the_first_ones_folder_alone() {
    let run = Run::new();
    run.args(&["generate", "ann@outlook.com"]).code(0);
    let before = run.files("out/outlook.com/ann@outlook.com");
    run.args(&["generate", "bob@outlook.com", "--protocol", "imap"]).code(0);
    assert_eq!(run.files("out/outlook.com/ann@outlook.com"), before);
    assert!(run.path("out/outlook.com/bob@outlook.com/MANIFEST.json").is_file());
}

#[test]
fn a_dry_run_says_everything_and_writes_nothing() {
    let run = Run::new();
    run.args(&["generate", "--dry-run"]).code(0).prints("config-v1.1.xml").says("would be written");
    assert!(!run.path("out").exists());
}

#[test]
fn what_cannot_sign_in_is_said_with_the_way_that_works() {
    let ended =
        Run::new().args(&["generate", "ann@outlook.com", "--target", "outlook-prf"]).code(0);
    ended.says("warning[cannot-sign-in]").says("since 2024-09-16").says("Thunderbird");
}

#[test]
fn a_client_that_cannot_use_the_protocol_gets_the_other_one() {
    let ended = Run::new()
        .args(&["plan", "ann@outlook.com", "--target", "thunderbird-mobile", "--protocol", "pop3"])
        .code(0);
    ended.says("warning[other-protocol]").prints("imap outlook.office365.com:993");
}

#[test]
fn pop3_before_imap_is_named_because_one_client_then_drops_imap() {
    let text = fs::read_to_string(fixture("providers/both.example.toml")).unwrap();
    let swapped = text
        .replace("\"imap\"", "\"x\"")
        .replace("\"pop3\"", "\"imap\"")
        .replace("\"x\"", "\"pop3\"");
    let swapped = swapped
        .replace("port = 993", "port = 1")
        .replace("port = 995", "port = 993")
        .replace("port = 1\n", "port = 995\n");
    let run = Run::new().write("p.toml", &swapped);
    run.args(&["generate", "--provider", "p.toml"]).code(0).says("warning[imap-not-first]");
}

#[test]
fn the_password_goes_only_where_it_was_asked_to() {
    let run = Run::new().env("SECRET", "hunter2-ßeta");
    let args = ["generate", "ann@pop3-only.example", "--providers"];
    let folder = fixture("providers").display().to_string();
    let mut all = args.to_vec();
    all.push(&folder);
    run.args(&all).code(0);
    let holding = |run: &Run| {
        let files = run.files("out");
        let with = |b: &Vec<u8>| String::from_utf8_lossy(b).contains("hunter2");
        files.iter().filter(|(_, b)| with(b)).map(|(n, _)| n.clone()).collect::<Vec<_>>()
    };
    assert_eq!(holding(&run), Vec::<String>::new());
    all.extend(["--password-from", "env:SECRET"]);
    let ended = run.args(&all).code(0).says("warning[password-in-file]");
    assert!(!ended.stderr.contains("hunter2") && !ended.stdout.contains("hunter2"));
    assert!(!holding(&run).is_empty());
    assert!(
        holding(&run).iter().all(|n| n.contains("ann@pop3-only.example/")),
        "{:?}",
        holding(&run)
    );
}

#[test]
fn json_has_the_files_and_the_findings() {
    let ended = Run::new().args(&["generate", "--format", "json"]).code(0);
    let result: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(result["written"][0], "out/outlook.com");
    assert!(result["files"].as_array().unwrap().len() > 10);
    assert!(result["findings"].as_array().unwrap().iter().any(|f| f["code"] == "cannot-sign-in"));
}

#[test]
fn init_writes_a_provider_that_generates_and_never_overwrites() {
    let run = Run::new();
    run.args(&["init"]).code(0);
    run.args(&["generate", "--provider", "provider.toml"]).code(0);
    run.args(&["init"]).code(2).says("is there already");
    run.args(&["init", "mailwright.toml"]).code(0);
    run.args(&["generate"]).code(0);
}

#[test]
fn targets_are_listed_shown_and_ejected() {
    let run = Run::new();
    run.args(&["targets"]).code(0).prints("apple-mail");
    run.args(&["targets", "show", "outlook-registry"]).code(0).prints("installDir");
    run.args(&["targets", "eject", "thunderbird"]).code(0);
    assert!(run.path("templates/thunderbird/target.toml").is_file());
    run.args(&["generate", "--templates", "templates"]).code(0);
    run.args(&["targets", "eject", "thunderbird"]).code(2).says("is there already");
    run.args(&["targets", "eject", "thunderbirt"]).code(1).says("did you mean \"thunderbird\"?");
}

#[test]
fn providers_are_listed_and_shown() {
    let run = Run::new();
    let ended = run.args(&["providers", "list", "--format", "json"]).code(0);
    let all: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 8);
    run.args(&["providers", "show", "hotmail.com"]).code(0).prints("pop-mail.outlook.com");
}

#[cfg(feature = "manual")]
#[test]
fn completions_and_manual_pages_are_printed() {
    let run = Run::new();
    run.args(&["completions", "bash"]).code(0).prints("mailwright");
    run.args(&["man"]).code(0).prints(".TH mailwright");
}

#[test]
fn colour_is_only_for_terminals() {
    let ended = Run::new().args(&["generate"]).code(0);
    assert!(!ended.stderr.contains('\u{1b}') && !ended.stdout.contains('\u{1b}'));
    let ended = Run::new().args(&["generate", "--color", "always"]).code(0);
    assert!(ended.stderr.contains('\u{1b}'));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::Stdio;
    let run = Run::new();
    let mut child = run
        .command(&["providers", "show", "outlook.com"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success());
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[test]
fn the_public_host_is_where_records_codes_and_autodiscover_lead() {
    let run = Run::new().write(
        "mailwright.toml",
        "provider = \"posteo\"\n[override.emailProvider]\npublicHost = \"web.example.com\"\n",
    );
    let targets = ["--target", "hosting,outlook-autodiscover"];
    let generate = |more: &[&str]| {
        run.args(&[&["generate", "example.com", "-q"], &targets[..], more].concat()).code(0);
        let file = |path: &str| fs::read_to_string(run.path("out/example.com").join(path)).unwrap();
        let zone = file("hosting/dns/example.com.zone");
        let json = file("outlook-autodiscover/example.com/autodiscover.json");
        assert_eq!(file("hosting/www/autodiscover/autodiscover.json"), json);
        (zone, json)
    };
    for (more, host) in
        [(&[][..], "web.example.com"), (&["--public-host", "setup.it.example"], "setup.it.example")]
    {
        let (zone, json) = generate(more);
        let record = format!("autoconfig.example.com. 3600 IN CNAME {host}.");
        assert!(zone.contains(&record), "{zone}");
        let record = format!("_autodiscover._tcp.example.com. 3600 IN SRV 0 0 443 {host}.");
        assert!(zone.contains(&record), "{zone}");
        assert!(json.contains(&format!("https://{host}/autodiscover/autodiscover.xml")), "{json}");
    }
    for wrong in ["localhost", "https://setup.example.com", "setup.example.com/x"] {
        run.args(&["generate", "example.com", "--public-host", wrong]).code(2).says("public-host");
    }
}

#[test]
fn an_option_that_publichost_replaced_names_it() {
    let run = Run::new();
    for (target, option) in [
        ("hosting", "hosting.webHost=web.example.com"),
        ("landing", "landing.webAddress=https://x"),
    ] {
        let args = ["generate", "example.com", "--provider", "posteo", "--target", target, "--set"];
        refused(&run, &[&args[..], &[option]].concat(), "use publicHost: --public-host HOST");
    }
}
