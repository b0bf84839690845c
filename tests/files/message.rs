//! `generate --eml-from`: a message to each user, with their files attached.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::Run;

const FROM: [&str; 2] = ["--eml-from", "IT Desk <it@example.org>"];
const MESSAGE: &str = "outlook.com/ann@outlook.com/user-message/message.en.eml";

fn generate<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["generate", "-q"], &FROM[..], args].concat()
}

fn attached(message: &[u8]) -> Vec<u8> {
    let text = str::from_utf8(message).unwrap();
    let (_, rest) = text.split_once("filename").unwrap();
    let (_, coded) = rest.split_once("\r\n\r\n").unwrap();
    let (coded, _) = coded.split_once("--").unwrap();
    STANDARD.decode(coded.replace("\r\n", "")).unwrap()
}

#[test]
fn a_message_looks_like_this() {
    let run = Run::new();
    run.args(&generate(&["ann@outlook.com", "--name", "Ann"])).code(0);
    let message = String::from_utf8(run.files("out").remove(MESSAGE).unwrap()).unwrap();
    let (head, _) = message.split_once("UEsDB").unwrap();
    let (_, boundary) = head.split_once("boundary=\"").unwrap();
    let boundary = boundary.split('"').next().unwrap();
    let expected = "\
From: \"IT Desk\" <it@example.org>
To: \"Ann\" <ann@outlook.com>
Subject: Settings of your mail program for ann@outlook.com
MIME-Version: 1.0
Auto-Submitted: auto-generated
X-Unsent: 1
Content-Type: multipart/mixed;
 boundary=\"B\"

--B
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hello Ann,

attached are the settings that your mail program needs for your address at =
Outlook.com.
Your address: ann@outlook.com

Save the attached file and unpack it. There is a folder for each mail progr=
am.

If a folder named guide is there, begin with guide.en.html in it: open it i=
n a browser, it shows every step.

There is no password in the files. Your mail program asks you for it, or op=
ens the sign-in page; nobody will ask you for it by mail.
--B
Content-Type: application/zip
Content-Transfer-Encoding: base64
Content-Disposition: attachment;
 filename=\"ann@outlook.com.zip\"

";
    assert_eq!(head.replace(boundary, "B").replace("\r\n", "\n"), expected);
    assert!(message.ends_with(&format!("\r\n--{boundary}--\r\n")));
}

#[test]
fn a_list_makes_the_messages_that_each_person_would_get_alone() {
    let list = "mail,name,language\nann@outlook.com,\"Ann \"\"A\"\" <Ex>\",de\n\
                zo\u{EB}@outlook.com,Zo\u{EB},\ncleo@outlook.com,,fr\n";
    let run = Run::new().write("users.csv", list);
    let targets = ["--target", "apple-mail,guide"];
    run.args(&generate(&[&["--users", "users.csv"], &targets[..]].concat())).code(0);
    for (address, name, language) in [
        ("ann@outlook.com", Some("Ann \"A\" <Ex>"), "de"),
        ("zo\u{EB}@outlook.com", Some("Zo\u{EB}"), "en"),
        ("cleo@outlook.com", None, "fr"),
    ] {
        let mut args = vec![address, "-o", "alone", "--language", language];
        args.extend(name.into_iter().flat_map(|name| ["--name", name]));
        run.args(&generate(&[&args[..], &targets[..]].concat())).code(0);
    }
    let persons = |folder: &str| {
        let mut files = run.files(folder);
        files.retain(|path, _| path.contains('@'));
        files
    };
    assert_eq!(persons("out"), persons("alone"));
    let messages = persons("out").into_keys().filter(|path| path.ends_with(".eml"));
    assert_eq!(messages.count(), 3);
}

/// Messages of many users are made from patterns by several workers.
#[test]
fn messages_of_many_users_differ_in_what_is_their_own() {
    let users: String = (0..300).map(|n| format!("user{n}@outlook.com,User {n}\n")).collect();
    let run = Run::new().write("users.csv", &format!("mail,name\n{users}"));
    run.args(&generate(&["--users", "users.csv", "--target", "unix-mail-msmtp"])).code(0);
    let files = run.files("out");
    for n in [0, 17, 299] {
        let folder = format!("outlook.com/user{n}@outlook.com");
        let message = &files[&format!("{folder}/user-message/message.en.eml")];
        let text = str::from_utf8(message).unwrap();
        assert!(text.contains(&format!("To: \"User {n}\" <user{n}@outlook.com>\r\n")), "{text}");
        assert!(text.contains(&format!("Hello User {n},\r\n")), "{text}");
    }
}

#[test]
fn what_is_attached_is_the_zip_that_the_person_would_get() {
    let run = Run::new().write("users.csv", "mail,name\nann@outlook.com,Ann\n");
    run.args(&generate(&["--users", "users.csv"])).code(0);
    run.args(&["generate", "-q", "--users", "users.csv", "--zip-each", "-o", "zips"]).code(0);
    let zip = run.files("zips").remove("outlook.com/ann@outlook.com.zip").unwrap();
    assert!(attached(&run.files("out")[MESSAGE]) == zip);
    // The message is also in the single zip of all users.
    run.args(&generate(&["--users", "users.csv", "--zip", "-o", "one"])).code(0);
    let mut all = zip::ZipArchive::new(std::io::Cursor::new(run.files("one")["users.zip"].clone()));
    assert!(all.as_mut().unwrap().by_name(MESSAGE).is_ok());
    run.args(&generate(&["--users", "users.csv", "--zip-each"]))
        .code(2)
        .says("cannot be used with");
}

#[test]
fn a_message_needs_a_sender_and_files_and_a_person_and_no_password() {
    let run = Run::new().env("PW", "geheim");
    run.args(&["generate", "ann@outlook.com", "--target", "guide,user-message"])
        .code(1)
        .says("error[message-without-sender]")
        .says("--eml-from");
    run.args(&generate(&["ann@outlook.com", "--target", "user-message"]))
        .code(1)
        .says("error[message-without-files]");
    let ended = run.args(&generate(&["ann@outlook.com", "--password-from", "env:PW"])).code(1);
    let ended = ended.says("error[password-in-message]").says("leave --password-from out");
    assert!(!ended.stderr.contains("password-unused"), "{}", ended.stderr);
    assert!(!run.path("out").exists());
    run.args(&generate(&["outlook.com"])).code(0).says("warning[message-unused]");
    for from in ["IT", "it@example.org, eve@example.org", "IT\r\nBcc: eve@example.org <it@x.org>"] {
        run.args(&["generate", "ann@outlook.com", "--eml-from", from]).code(2).says("--eml-from");
    }
    run.args(&["generate", "ann@outlook.com", "--eml-date", "0"]).code(2).says("--eml-from");
}

#[test]
fn subject_and_text_are_those_of_a_template_of_ones_own() {
    let run = Run::new();
    run.args(&["targets", "eject", "user-message", "mine"]).code(0);
    let template = "Subject: {{account.address}} bei {{organization.name}}\n\n.\nFrom here\n";
    let run = run
        .write("mine/user-message/message.eml.hbs", template)
        .write("mailwright.toml", "[organization]\nname = \"Example \\\"Verein\\\", e. V.\"\n");
    let own = ["ann@outlook.com", "--templates", "mine", "--target", "guide"];
    run.args(&generate(&own)).code(0);
    let message = String::from_utf8(run.files("out").remove(MESSAGE).unwrap()).unwrap();
    let subject = "\r\nSubject: ann@outlook.com bei Example \"Verein\", e. V.\r\n";
    assert!(message.contains(subject), "{message}");
    assert!(message.contains("\r\n\r\n=2E\r\n=46rom here\r\n--"), "{message}");
    let run = run.write("mine/user-message/message.eml.hbs", "{{account.address}}\n");
    run.args(&generate(&own)).code(1).says("message-no-draft").says("begins with \"Subject: ");
}

/// A resumed run must not mix messages of two senders.
#[test]
fn a_rollout_goes_on_only_with_the_same_sender() {
    let run = Run::new().write("users.csv", "mail\nann@outlook.com\n");
    // An obstacle ends the first run.
    let run = run.write("out/outlook.com/ann@outlook.com", "a file");
    let users = ["--users", "users.csv", "--target", "guide"];
    run.args(&generate(&users)).code(2);
    let other = ["generate", "--resume", "--eml-from", "other@example.org"];
    run.args(&[&other[..], &users[..]].concat()).code(2).says("without --resume it begins anew");
    std::fs::remove_file(run.path("out/outlook.com/ann@outlook.com")).unwrap();
    run.args(&generate(&[&users[..], &["--resume"]].concat())).code(0);
    assert!(run.files("out").contains_key(MESSAGE));
}
