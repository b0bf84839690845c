//! `check --fix` fixes exactly the defects that have one safe fix.

use std::fs;

use crate::support::{Run, fixture};

const CONFIG: &str = r#"<?xml version="1.0"?>
<clientConfig version="1.1">
  <emailProvider id="example.com">
    <domain>Example.com</domain>
    <domain>example.com</domain>
    <displayName>Beispiel &amp; Söhne</displayName>
    <incomingServer type="IMAP">
      <hostname>https://imap.example.com/</hostname>
      <port> 993 </port>
      <socketType>ssl</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS</username>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>smtp.example.com</hostname>
      <port>465</port>
      <socketType>TLS</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </outgoingServer>
  </emailProvider>
</clientConfig>
"#;

/// The same file after all safe fixes.
fn mended() -> String {
    CONFIG
        .replace("    <domain>Example.com</domain>\n", "")
        .replace("IMAP", "imap")
        .replace("https://imap.example.com/", "imap.example.com")
        .replace(" 993 ", "993")
        .replace("ssl", "SSL")
        .replace("%EMAILADDRESS<", "%EMAILADDRESS%<")
}

fn read(run: &Run, file: &str) -> String {
    fs::read_to_string(run.path(file)).unwrap()
}

#[test]
fn what_can_be_meant_in_one_way_only_is_mended_and_shown() {
    let run = Run::new().write("config.xml", CONFIG);
    // "TLS" could mean two keywords: it stays, and is still an error.
    let ended = run.args(&["check", "--fix", "config.xml"]).code(1);
    assert_eq!(read(&run, "config.xml"), mended());
    for words in [
        "--- config.xml",
        "-      <port> 993 </port>\n",
        "+      <port>993</port>\n",
        "error[autoconfig-socket-type]: \"TLS\" is no socketType",
    ] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("error[autoconfig-port]"), "{}", ended.stdout);
    ended.says("config.xml: mended: autoconfig-domain").says("1 file: 1 error");
    // A second run finds nothing more to fix.
    let again = run.args(&["check", "--fix", "config.xml"]).code(1);
    assert!(!again.stdout.contains("---"), "{}", again.stdout);
    assert_eq!(read(&run, "config.xml"), mended());
}

#[test]
fn a_diff_changes_nothing_and_says_whether_there_is_one() {
    let run = Run::new().write("config.xml", CONFIG).write("good.xml", &mended());
    let ended = run.args(&["check", "--diff", "config.xml"]).code(1);
    assert!(ended.stdout.contains("+      <socketType>SSL</socketType>\n"), "{}", ended.stdout);
    assert_eq!(read(&run, "config.xml"), CONFIG);
    let ended = run.args(&["check", "--diff", "good.xml"]).code(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    run.args(&["check", "config.xml"]).code(1).says("`check --diff` shows what");
    let ended = run.args(&["check", "good.xml"]).code(1);
    assert!(!ended.stderr.contains("--diff"), "{}", ended.stderr);
}

#[test]
fn only_what_is_asked_about_is_mended() {
    let run = Run::new().write("config.xml", CONFIG);
    run.args(&["check", "--fix", "-A", "autoconfig-white-space", "config.xml"]).code(1);
    assert_eq!(read(&run, "config.xml"), mended().replace(">993<", "> 993 <"));
    let run = Run::new().write("config.xml", CONFIG);
    run.args(&["check", "--fix", "--client", "nobody's client", "config.xml"]).code(0);
    assert_eq!(read(&run, "config.xml"), CONFIG);
}

#[test]
fn lines_of_windows_and_a_code_page_stay_as_they_are() {
    let windows = CONFIG.replace('\n', "\r\n");
    let run = Run::new().write("config.xml", &windows);
    run.args(&["check", "--fix", "config.xml"]).code(1);
    assert_eq!(read(&run, "config.xml"), mended().replace('\n', "\r\n"));
    let latin = |text: &str| -> Vec<u8> {
        let text = text.replacen("\"1.0\"?", "\"1.0\" encoding=\"windows-1252\"?", 1);
        text.chars().map(|c| u8::try_from(c).unwrap()).collect()
    };
    fs::write(run.path("config.xml"), latin(CONFIG)).unwrap();
    run.args(&["check", "--fix", "config.xml"]).code(1);
    assert_eq!(fs::read(run.path("config.xml")).unwrap(), latin(&mended()));
}

/// A file as regedit writes it.
#[test]
fn a_registry_file_becomes_one_that_every_windows_reads() {
    let text = "Windows Registry Editor Version 5.00\n\n[HKCU\\Software\\Beispiel & Söhne\\]\n# a\n\"n\"=dword:1\n";
    let run = Run::new().write("a.reg", text);
    run.args(&["check", "--fix", "a.reg"]).code(0).says("reg-encoding-utf8");
    let bytes = fs::read(run.path("a.reg")).unwrap();
    let units: Vec<u16> =
        bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    assert_eq!(
        String::from_utf16(&units).unwrap(),
        "\u{FEFF}Windows Registry Editor Version 5.00\r\n\r\n\
         [HKEY_CURRENT_USER\\Software\\Beispiel & Söhne]\r\n; a\r\n\"n\"=dword:1\r\n"
    );
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_file_keeps_its_mode() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let run = Run::new().write("real/config.xml", CONFIG);
    let real = run.path("real/config.xml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, run.path("link.xml")).unwrap();
    run.args(&["check", "--fix", "link.xml"]).code(1);
    assert!(run.path("link.xml").is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(read(&run, "real/config.xml"), mended());
}

#[test]
fn what_cannot_be_written_back_is_left_alone_or_refused() {
    let signed = fs::read_dir(fixture("check/profile-signature-ends")).unwrap();
    let signed = signed.map(|entry| entry.unwrap().path()).find(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("bad"))
    });
    let bytes = fs::read(signed.unwrap()).unwrap();
    let run = Run::new().write("config.xml", CONFIG);
    fs::write(run.path("signed.mobileconfig"), &bytes).unwrap();
    let ended = run.args(&["check", "--fix", "signed.mobileconfig"]);
    assert!(!ended.stderr.contains("mended"), "{}", ended.stderr);
    assert_eq!(fs::read(run.path("signed.mobileconfig")).unwrap(), bytes);
    run.args(&["check", "--fix", "--format", "json", "config.xml"]).code(2).says("--format");
    run.args(&["check", "--fix", "--matrix", "config.xml"]).code(2);
    run.args(&["check", "--fix", "-"]).code(2).says("not standard input");
    run.args(&["check", "--fix", "nothing.xml"]).code(2).says("cannot read nothing.xml");
    assert_eq!(read(&run, "config.xml"), CONFIG);
}

#[cfg(unix)]
#[test]
fn a_fixed_file_keeps_its_inode_and_no_copy_stays() {
    use std::os::unix::fs::MetadataExt as _;

    let run = Run::new().write("folder/config.xml", CONFIG);
    fs::hard_link(run.path("folder/config.xml"), run.path("other-name.xml")).unwrap();
    let before = fs::metadata(run.path("folder/config.xml")).unwrap();
    run.args(&["check", "--fix", "folder"]).code(1);
    let after = fs::metadata(run.path("folder/config.xml")).unwrap();
    assert_eq!(
        (before.ino(), before.uid(), before.mode()),
        (after.ino(), after.uid(), after.mode())
    );
    assert_eq!(read(&run, "other-name.xml"), mended());
    assert_eq!(fs::read_dir(run.path("folder")).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_folder_is_not_left_through_a_link() {
    use std::os::unix::fs::symlink;

    let run = Run::new().write("outside/config.xml", CONFIG).write("folder/own.xml", CONFIG);
    symlink("../outside/config.xml", run.path("folder/file.xml")).unwrap();
    symlink("../outside", run.path("folder/below")).unwrap();
    symlink(".", run.path("folder/circle")).unwrap();
    symlink("own.xml", run.path("folder/second.xml")).unwrap();
    let ended = run.args(&["check", "--fix", "folder"]).code(1);
    assert_eq!(read(&run, "outside/config.xml"), CONFIG);
    assert_eq!(read(&run, "folder/own.xml"), mended());
    for link in ["file.xml", "below", "circle"] {
        let words = format!("folder/{link} is a link and does not lead to a file in the folder");
        assert!(ended.stdout.contains(&words), "{}", ended.stdout);
    }
}
