//! Does Thunderbird itself, without a window, make of our files what they say?

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::marionette::Marionette;
use crate::support::{self, Bundle, PATIENCE, Running};

/// What a user's profile holds who has had Thunderbird for years.
const OLD_PROFILE: &str = include_str!("thunderbird/old_profile.js");

#[test]
fn thunderbird_reads_every_autoconfig_file_whole() {
    needs!("thunderbird");
    support::alone("thunderbird::thunderbird_reads_every_autoconfig_file_whole", || {
        let hostile = support::provider(
            r#"<b>"Ann" & 'Bob'</b> ]]> %00 \u{202e} $(id) 1e5"#,
            &[
                "imap imap.example.net 143 STARTTLS password-encrypted",
                "pop3 pop.example.net 995 SSL password-cleartext",
                "smtp smtp.example.net 465 SSL password-cleartext",
            ],
        );
        let mut bundle = Bundle::new().with_file("hostile.toml", &hostile);
        for provider in support::providers() {
            bundle = bundle.and(&[&provider, "--target", "thunderbird", "--all-domains"]);
            let both = ["--protocol", "both", "--out", "out/both"];
            let target = ["generate", &provider, "--target", "thunderbird"];
            bundle.mailwright(&[&target[..], &both].concat());
        }
        let bundle = bundle
            .and(&["example.org", "--provider", "microsoft365", "--target", "thunderbird"])
            .and(&["bücher.example", "--provider", "fastmail", "--target", "thunderbird"])
            .and(&["--provider", "hostile.toml", "--target", "thunderbird"]);
        let files = bundle.files("thunderbird", ".xml");

        let mut thunderbird = Thunderbird::start(&Install::new(), &Profile::new(""));
        let answers = thunderbird.ask(include_str!("thunderbird/read.js"), &json!(files));

        for (file, answer) in files.iter().zip(answers.as_array().expect("one answer a file")) {
            assert_eq!(answer["read"], answer["inTheFile"], "{}: {answer:#}", bundle.name(file));
        }
        assert_eq!(answers.as_array().map(Vec::len), Some(files.len()));
    });
}

/// What others publish and clients take, each with one oddness.
fn odd_files() -> Vec<String> {
    let plain = r#"<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1"><emailProvider id="Example.com">
<domain>example.com</domain><domain>example.net</domain>
<displayName>Example</displayName>
<incomingServer type="pop3"><hostname>pop.example.com</hostname><port>995</port>
<socketType>SSL</socketType><authentication>password-cleartext</authentication>
<username>%EMAILLOCALPART%</username></incomingServer>
<incomingServer type="imap"><hostname>imap.example.com</hostname><port>143</port>
<socketType>STARTTLS</socketType><authentication>OAuth2</authentication>
<authentication>password-encrypted</authentication><username>%EMAILADDRESS%</username>
</incomingServer>
<outgoingServer type="smtp"><hostname>smtp.example.com</hostname><port>25</port>
<socketType>plain</socketType><authentication>none</authentication>
<username>%EMAILADDRESS%</username><addThisServer>true</addThisServer></outgoingServer>
</emailProvider></clientConfig>"#;
    let second = "<incomingServer type=\"imap\"><hostname>imap2.example.com</hostname><port>993</port>\
                  <socketType>SSL</socketType><authentication>password-cleartext</authentication>\
                  <username>%EMAILADDRESS%</username></incomingServer><outgoingServer";
    [
        ("", ""),
        ("<outgoingServer", second),
        ("<port>143</port>", "<port>143</port><port>993</port>"),
        ("<domain>example.net</domain>", "<domain>example.com</domain>"),
        ("<displayName>Example</displayName>", ""),
        ("<displayName>Example<", "<displayName>007<"),
        ("<username>%EMAILLOCALPART%<", "<username>mail-%EMAILLOCALPART%<"),
        (
            "<incomingServer type=\"pop3\">",
            "<incomingServer type=\"ews\"><authentication>OAuth2</authentication>\
             <username>%EMAILADDRESS%</username></incomingServer><incomingServer type=\"pop3\">",
        ),
    ]
    .iter()
    .map(|(from, to)| plain.replacen(from, to, usize::from(!from.is_empty())))
    .collect()
}

#[test]
fn an_imported_file_is_read_as_the_original_is() {
    needs!("thunderbird");
    support::alone("thunderbird::an_imported_file_is_read_as_the_original_is", || {
        let odd = odd_files();
        let mut bundle = Bundle::new();
        let mut files = Vec::new();
        for (at, text) in odd.iter().enumerate() {
            let (original, provider, out) =
                (format!("o{at}.xml"), format!("p{at}.toml"), format!("out/{at}"));
            bundle = bundle.with_file(&original, text);
            bundle.mailwright(&["import", &original, "-o", &provider]);
            let target = ["generate", "--provider", &provider, "--target", "thunderbird"];
            bundle.mailwright(&[&target[..], &["--protocol", "both", "--out", &out]].concat());
            files.push(bundle.folder().join(&original));
            files.push(bundle.folder().join(out).join("example.com/thunderbird/config-v1.1.xml"));
        }
        let mut thunderbird = Thunderbird::start(&Install::new(), &Profile::new(""));
        let answers = thunderbird.ask(include_str!("thunderbird/read.js"), &json!(files));
        let answers = answers.as_array().unwrap_or_else(|| panic!("{answers:#}"));
        assert_eq!(answers.len(), odd.len() * 2);
        for (pair, text) in answers.chunks(2).zip(&odd) {
            let (theirs, ours) = (first_of_each(&pair[0]), first_of_each(&pair[1]));
            assert!(!theirs.is_empty(), "Thunderbird takes nothing of {text}: {:#}", pair[0]);
            assert_eq!(theirs, ours, "{text}");
        }
    });
}

/// The first server of each type, which is all that our file has; without POP3's days, for which a
/// file that is silent gets fourteen, and ours says what is meant.
fn first_of_each(answer: &Value) -> std::collections::BTreeMap<String, Value> {
    let mut servers = std::collections::BTreeMap::new();
    for server in answer["read"]["servers"].as_array().into_iter().flatten() {
        let mut server = server.clone();
        let fields = server.as_object_mut().expect("a server has fields");
        fields.remove("days");
        fields.remove("leaveMessagesOnServer");
        let key = format!("{} {}", server["side"], server["type"]);
        servers.entry(key).or_insert(server);
    }
    servers
}

#[test]
fn thunderbird_finds_the_settings_of_a_domain_in_its_own_folder() {
    needs!("thunderbird");
    support::alone(
        "thunderbird::thunderbird_finds_the_settings_of_a_domain_in_its_own_folder",
        || {
            let bundle = Bundle::of(&["outlook.com", "--target", "thunderbird"])
                .and(&["example.org", "--provider", "microsoft365", "--target", "thunderbird"])
                .and(&["bücher.example", "--provider", "fastmail", "--target", "thunderbird"]);
            let install = Install::new();
            for domain in ["outlook.com", "example.org", "xn--bcher-kva.example"] {
                let name = format!("isp/{domain}.xml");
                install.add(&name, &bundle.file("thunderbird", &name));
            }

            let mut thunderbird = Thunderbird::start(&install, &Profile::new(""));
            let domains = json!(["outlook.com", "example.org", "xn--bcher-kva.example"]);
            let found = thunderbird.ask(include_str!("thunderbird/on_disk.js"), &domains);

            let first_lines: Vec<_> = found
                .as_array()
                .expect("one answer a domain")
                .iter()
                .map(|text| text.as_str().and_then(|text| text.lines().next()).unwrap_or(""))
                .collect();
            assert_eq!(
                first_lines,
                [
                    "Incoming: pop3, pop-mail.outlook.com:995, SSL, auth: OAuth2, \
                     username: %EMAILADDRESS%, password: not set",
                    "Incoming: imap, outlook.office365.com:993, SSL, auth: OAuth2, \
                     username: %EMAILADDRESS%, password: not set",
                    "Incoming: imap, imap.fastmail.com:993, SSL, auth: OAuth2, \
                     username: %EMAILADDRESS%, password: not set",
                ]
            );
        },
    );
}

#[test]
fn central_configuration_gives_a_new_profile_its_account() {
    needs!("thunderbird");
    support::alone("thunderbird::central_configuration_gives_a_new_profile_its_account", || {
        let (install, profile) = centrally_configured(ANN, CFG, "");
        let found = Thunderbird::start(&install, &profile).accounts();
        assert_eq!(found["accounts"], json!([account_of_ann("Ann Exämple")]), "{found:#}");
        assert_eq!(found["outgoing"], json!([outgoing_of_ann()]), "{found:#}");
    });
}

#[test]
fn central_configuration_takes_a_hostile_name_as_it_is() {
    needs!("thunderbird");
    support::alone("thunderbird::central_configuration_takes_a_hostile_name_as_it_is", || {
        let name = r#"Ann "O'X" \ ${key} %EMAILADDRESS% </script> ☃"#;
        let who = ["ann@outlook.com", "--name", name];
        let (install, profile) = centrally_configured(&who, CFG, "");
        let found = Thunderbird::start(&install, &profile).accounts();
        assert_eq!(found["accounts"], json!([account_of_ann(name)]), "{found:#}");
    });
}

#[test]
fn central_configuration_for_everybody_takes_the_address_from_the_environment() {
    needs!("thunderbird");
    support::alone(
        "thunderbird::central_configuration_for_everybody_takes_the_address_from_the_environment",
        || {
            let (install, profile) = centrally_configured(&["outlook.com"], CFG, "");
            let found = Thunderbird::start(&install, &profile).accounts();
            assert_eq!(found["accounts"], json!([account_of_ann("")]), "{found:#}");
            assert_eq!(found["outgoing"], json!([outgoing_of_ann()]), "{found:#}");
        },
    );
}

#[test]
fn central_configuration_keeps_the_accounts_that_were_there() {
    needs!("thunderbird");
    support::alone("thunderbird::central_configuration_keeps_the_accounts_that_were_there", || {
        let (install, profile) = centrally_configured(ANN, CFG, OLD_PROFILE);
        let found = Thunderbird::start(&install, &profile).accounts();
        let incoming = ["imap.example.net", "Local Folders", "pop-mail.outlook.com"];
        assert_eq!(hostnames(&found["accounts"]), incoming, "{found:#}");
        let outgoing = ["smtp.example.net", "smtp-mail.outlook.com"];
        assert_eq!(hostnames(&found["outgoing"]), outgoing, "{found:#}");
        assert_eq!(found["accounts"][0]["identities"][0]["outgoing"], "smtp.example.net");
        assert_eq!(found["accounts"][2]["identities"][0]["outgoing"], "smtp-mail.outlook.com");
    });
}

#[test]
fn central_configuration_adds_the_account_only_once() {
    needs!("thunderbird");
    support::alone("thunderbird::central_configuration_adds_the_account_only_once", || {
        let (install, profile) = centrally_configured(ANN, CFG, "");
        let first = Thunderbird::start(&install, &profile).accounts();
        let second = Thunderbird::start(&install, &profile).accounts();
        assert_eq!(first, second);
    });
}

#[test]
fn the_policies_give_a_new_profile_its_account() {
    needs!("thunderbird");
    support::alone("thunderbird::the_policies_give_a_new_profile_its_account", || {
        let (install, profile) = centrally_configured(ANN, POLICIES, "");
        let found = Thunderbird::start(&install, &profile).accounts();
        assert_eq!(found["policies"], true, "{found:#}");
        assert_eq!(found["accounts"], json!([account_of_ann("Ann Exämple")]), "{found:#}");
        assert_eq!(found["outgoing"], json!([outgoing_of_ann()]), "{found:#}");
    });
}

#[test]
fn the_policies_keep_the_accounts_that_were_there() {
    needs!("thunderbird");
    support::alone("thunderbird::the_policies_keep_the_accounts_that_were_there", || {
        let (install, profile) = centrally_configured(ANN, POLICIES, OLD_PROFILE);
        let found = Thunderbird::start(&install, &profile).accounts();
        let incoming = ["imap.example.net", "Local Folders", "pop-mail.outlook.com"];
        assert_eq!(hostnames(&found["accounts"]), incoming, "{found:#}");
        // The manifest says so to whoever makes the file: it cannot add to a list that is there.
        assert_eq!(hostnames(&found["outgoing"]), ["smtp.example.net"], "{found:#}");
    });
}

const ANN: &[&str] = &["ann@outlook.com", "--name", "Ann Exämple"];
const CFG: &[&str] = &["thunderbird.cfg", "defaults/pref/autoconfig.js"];
const POLICIES: &[&str] = &["distribution/policies.json"];

/// A Thunderbird with these files of the target in its folder, and a profile for it.
fn centrally_configured(who: &[&str], files: &[&str], prefs: &str) -> (Install, Profile) {
    let bundle = Bundle::of(&[who, &["--target", "thunderbird-mcd"]].concat());
    let folder = format!("{}/thunderbird-mcd", who[0]);
    let install = Install::new();
    for file in files {
        install.add(file, &bundle.file(&folder, file));
    }
    // The new account signs in when the program starts, in a window that Marionette's first session
    // would wait for until somebody closes it. A preference of the user comes before our default.
    let text = fs::read_to_string(bundle.file(&folder, files[0])).expect("UTF-8");
    let at = text.find("mailwright-").expect("the key of the account");
    let key = text[at..].split(['"', '.']).next().unwrap_or_default();
    let no_sign_in = format!("user_pref(\"mail.server.{key}.login_at_startup\", false);\n");
    (install, Profile::new(&format!("{prefs}{no_sign_in}")))
}

fn account_of_ann(full_name: &str) -> Value {
    json!({
        "type": "pop3", "hostname": "pop-mail.outlook.com", "port": 995, "socketType": "SSL",
        "authMethod": 10, "username": "ann@outlook.com", "leaveMessagesOnServer": true,
        "identities": [{
            "fullName": full_name, "email": "ann@outlook.com",
            "outgoing": "smtp-mail.outlook.com",
        }],
    })
}

fn outgoing_of_ann() -> Value {
    json!({
        "hostname": "smtp-mail.outlook.com", "port": 587, "socketType": "STARTTLS",
        "authMethod": 10, "username": "ann@outlook.com",
    })
}

fn hostnames(servers: &Value) -> Vec<&str> {
    let servers = servers.as_array().expect("a list of servers");
    servers.iter().map(|server| server["hostname"].as_str().unwrap_or("")).collect()
}

/// A copy of the installed program, of links for the most part, with files of ours in it.
pub struct Install(tempfile::TempDir);

impl Install {
    pub fn new() -> Self {
        let copy = tempfile::TempDir::new().expect("a temporary folder");
        let installed = ["/usr/lib/thunderbird", "/opt/thunderbird", "/usr/lib64/thunderbird"]
            .map(Path::new)
            .into_iter()
            .find(|folder| folder.join("omni.ja").exists())
            .expect("an installed Thunderbird has its omni.ja in one of these folders");
        for entry in fs::read_dir(installed).expect("the installed program") {
            let path = entry.expect("the installed program").path();
            let name = path.file_name().expect("an entry of a folder has a name");
            let to = copy.path().join(name);
            match name.to_str() {
                // A program takes the folder that its own file is in for its home.
                Some("thunderbird-bin" | "thunderbird") if !path.is_symlink() => {
                    fs::copy(&path, &to).expect("a copy of the program");
                }
                Some("thunderbird") => symlink("thunderbird-bin", &to).expect("a link"),
                Some("isp" | "defaults" | "distribution") => copy_of_links(&path, &to),
                _ => symlink(&path, &to).expect("a link"),
            }
        }
        Self(copy)
    }

    fn add(&self, name: &str, file: &Path) {
        let to = self.0.path().join(name);
        fs::create_dir_all(to.parent().expect("a name below the folder")).expect("a folder");
        fs::copy(file, to).expect("a copy of our file");
    }
}

/// The folders of a folder, each file in them a link.
fn copy_of_links(from: &Path, to: &Path) {
    for file in support::walk(from) {
        let to = to.join(file.strip_prefix(from).expect("walked from there"));
        fs::create_dir_all(to.parent().expect("a file is in a folder")).expect("a folder");
        symlink(&file, &to).expect("a link");
    }
}

/// A user's profile, set to leave the network and the screen alone.
pub struct Profile(tempfile::TempDir);

impl Profile {
    pub fn new(prefs: &str) -> Self {
        let profile = tempfile::TempDir::new().expect("a temporary folder");
        let prefs = format!("{}{prefs}", include_str!("thunderbird/quiet.js"));
        fs::write(profile.path().join("prefs.js"), prefs).expect("the profile's settings");
        Self(profile)
    }

    #[cfg(feature = "serve")]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

pub struct Thunderbird {
    marionette: Marionette,
    running: Running,
}

impl Thunderbird {
    #[track_caller]
    pub fn start(install: &Install, profile: &Profile) -> Self {
        let profile = profile.0.path();
        let port = profile.join("MarionetteActivePort");
        let _ = fs::remove_file(&port);
        let mut command = support::command("env");
        command.arg(install.0.path().join("thunderbird"));
        command.args(["--headless", "--no-remote", "--marionette", "--profile"]).arg(profile);
        command.arg("--remote-allow-system-access").env("HOME", profile).env("MOZ_HEADLESS", "1");
        command.env("EMAIL", "ann@outlook.com");
        let mut running = Running::start(&mut command, profile.join("thunderbird.log"));
        let port = running.until(|| fs::read_to_string(&port).ok()?.trim().parse().ok());
        let marionette = running.until(|| Marionette::connect(port, PATIENCE).ok());
        Self { marionette, running }
    }

    #[track_caller]
    pub fn ask(&mut self, script: &str, argument: &Value) -> Value {
        let answer = self.marionette.run(script, argument);
        answer.unwrap_or_else(|e| panic!("{e}; Thunderbird said:\n{}", self.running.log()))
    }

    #[track_caller]
    pub fn accounts(&mut self) -> Value {
        self.ask(include_str!("thunderbird/accounts.js"), &Value::Null)
    }
}
