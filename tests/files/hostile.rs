//! Hostile input files, made to harm the program that reads them.

use crate::support::Run;

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}{}", open.repeat(depth), close.repeat(depth))
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let bomb = {
        let mut entities = String::from("<!ENTITY a0 \"ha\">");
        for n in 1..10 {
            let inner = format!("&a{};", n - 1).repeat(10);
            entities.push_str(&format!("<!ENTITY a{n} \"{inner}\">"));
        }
        format!("<!DOCTYPE x [{entities}]><clientConfig version=\"1.1\">&a9;</clientConfig>")
    };
    let outside = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\
                   <clientConfig version=\"1.1\"><emailProvider id=\"&e;\"/></clientConfig>";
    let xml =
        std::fs::read(crate::support::root().join("out/outlook.com/thunderbird/config-v1.1.xml"))
            .unwrap();
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(String::from_utf8_lossy(&xml).encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let twice: Vec<u8> = [&[0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF][..], &xml].concat();
    let mut nul = xml.clone();
    nul[200] = 0;
    let mut latin = xml.clone();
    latin[300] = 0xE4;
    let reg = |text: &str| -> Vec<u8> {
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    vec![
        ("empty.xml", Vec::new()),
        ("cut.xml", xml[..xml.len() / 2].to_vec()),
        ("deep.xml", nested("<clientConfig>", "</clientConfig>", 100_000).into_bytes()),
        (
            "deep.mobileconfig",
            format!("<plist version=\"1.0\">{}</plist>", nested("<array>", "</array>", 100_000))
                .into(),
        ),
        ("deep.json", format!("[1,{}]", nested("[", "]", 100_000)).into_bytes()),
        ("bomb.xml", bomb.into_bytes()),
        ("outside.xml", outside.as_bytes().to_vec()),
        ("utf16.xml", utf16),
        ("two-boms.xml", twice),
        ("nul.xml", nul),
        ("latin.xml", latin),
        ("binary.mobileconfig", (0..=255).cycle().take(100_000).collect()),
        ("bplist.mobileconfig", b"bplist00\xd1\x01\x02\x51a\x51b\x08\x0b\x0d".to_vec()),
        ("signed.mobileconfig", [&[0x30, 0x82, 0x10, 0x00][..], &[0x06; 500]].concat()),
        (
            "long.reg",
            reg(&format!(
                "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\{}]\r\n",
                "a\\".repeat(50_000)
            )),
        ),
        ("odd.reg", vec![0xFF, 0xFE, b'W', 0, b'i']),
        ("surrogate.reg", vec![0xFF, 0xFE, 0x00, 0xD8, 0x00, 0xD8]),
        (
            "equal.prf",
            format!("[General]\r\n{}[Service List]\r\n", "a=b\r\n".repeat(20_000)).into_bytes(),
        ),
        ("brackets.prf", format!("{}\r\n[Service List]\r\n", "[".repeat(100_000)).into_bytes()),
        ("numbers.json", format!("[1,[1,1],[[0,{}]]]", "9".repeat(100_000)).into_bytes()),
    ]
    .into_iter()
    .chain(lines())
    .collect()
}

/// Line-based files with far more of everything than is normal.
fn lines() -> Vec<(&'static str, Vec<u8>)> {
    const MANY: usize = 10_000;
    let many = |line: &dyn Fn(usize) -> String| -> String { (0..MANY).map(line).collect() };
    let heirs = many(&|n| match n {
        0 => "account a0\nhost smtp.example.com\n".to_owned(),
        n => format!("account a{n} : a{}\nuser u{n}\n", n - 1),
    });
    let accounts = many(&|n| {
        let key = "[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Outlook\\Profiles\\Outlook\\\
                   9375CFF0413111d3B88A00104B2A6676";
        format!("{key}\\{n:08x}]\n\"POP3 Server\"=\"pop.example.com\"\n")
    });
    let names: Vec<String> = (0..MANY).map(|n| format!("account{n}")).collect();
    let prefs = format!(
        "user_pref(\"mail.accountmanager.accounts\", \"{}\");\n{}",
        names.join(","),
        many(&|n| format!("user_pref(\"mail.account.account{n}.server\", \"server{n}\");\n"))
    );
    [
        ("heirs.msmtprc", heirs),
        ("quotes.msmtprc", format!("account a\nhost {}\n", "\"".repeat(100_000))),
        (
            "polls.fetchmailrc",
            many(&|n| format!("poll h{n}.example.com proto pop3 user u{n} keep\n")),
        ),
        ("open.fetchmailrc", format!("poll h.example.com user \"{}", "a\\x".repeat(100_000))),
        (
            "options.getmailrc",
            format!("[retriever]\n{}", many(&|n| format!("o{n} = 1\n continued\n"))),
        ),
        ("sections.getmailrc", format!("[retriever]\n{}", many(&|n| format!("[filter-{n}]\n")))),
        ("accounts.js", prefs),
        ("open.js", format!("user_pref(\"a\", \"{}", "\\u12".repeat(100_000))),
        ("accounts.reg", format!("Windows Registry Editor Version 5.00\n\n{accounts}")),
        (
            "deep.k9s",
            format!("<k9settings version=\"1\">{}", nested("<account>", "</account>", 100_000)),
        ),
    ]
    .map(|(name, text)| (name, text.into_bytes()))
    .into()
}

#[test]
fn no_file_makes_us_panic_wait_or_read_what_is_none_of_our_business() {
    for (name, bytes) in files() {
        let run = Run::new();
        std::fs::write(run.path(name), bytes).unwrap();
        for command in ["check", "import"] {
            // This waits for the end, and fails if there is none.
            let ended = run.args(&[command, name]);
            let all = format!("{}{}", ended.stdout, ended.stderr);
            assert!(matches!(ended.code, Some(0..=2)), "{command} {name}: {:?} {all}", ended.code);
            assert!(!all.contains("panicked"), "{command} {name}: {all}");
            assert!(!all.contains("root:"), "{command} {name}: {all}");
            // There must be one clear finding or failure, without long quotes from the file.
            assert!(ended.code == Some(0) || !ended.stderr.is_empty() || !ended.stdout.is_empty());
            assert!(all.len() < 200_000, "{command} {name}: {} octets", all.len());
        }
    }
}

#[test]
fn a_file_of_a_hundred_megabytes_is_not_read_to_its_end() {
    let run = Run::new();
    let file = std::fs::File::create(run.path("large.xml")).unwrap();
    file.set_len(100 * 1024 * 1024).unwrap();
    for command in ["check", "import"] {
        run.args(&[command, "large.xml"]).code(2).says("larger than 8 MiB");
    }
}

#[test]
fn a_template_that_calls_itself_is_a_finding_and_no_crash() {
    let run = Run::new();
    run.args(&["targets", "eject", "unix-mail-neomutt", "mine"]).code(0);
    let template = "x\n{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}\n";
    std::fs::write(run.path("mine/unix-mail-neomutt/neomuttrc.hbs"), template).unwrap();
    let generate = ["generate", "--templates", "mine", "--target", "unix-mail-neomutt"];
    let ended = run.args(&[&generate[..], &["ann@outlook.com"]].concat()).code(1);
    for words in ["broken-template", "neomuttrc.hbs:2:", "calls a partial inside"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
}
