//! Hostile input files, made to harm the program that reads them.

use crate::support::{Ended, Run};

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

/// The result of a target with this template.
fn generate_with(template: &str) -> Ended {
    let run = Run::new();
    run.args(&["targets", "eject", "unix-mail-neomutt", "mine"]).code(0);
    std::fs::write(run.path("mine/unix-mail-neomutt/neomuttrc.hbs"), template).unwrap();
    let generate = ["generate", "--templates", "mine", "--target", "unix-mail-neomutt"];
    run.args(&[&generate[..], &["ann@outlook.com"]].concat())
}

#[test]
fn a_template_that_calls_itself_is_a_finding_and_no_crash() {
    let ended = generate_with("x\n{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}\n").code(1);
    ended.says("broken-template").says("neomuttrc.hbs:2:").says("calls a partial inside");
}

/// Outlook.com has a dozen domains.
#[test]
fn a_template_that_would_run_for_ever_is_stopped_even_if_it_writes_nothing() {
    let each = |depth: usize, body: &str| {
        let begin = "{{#each @root.emailProvider.domains}}".repeat(depth);
        format!("x\n{begin}{body}{}\n", "{{/each}}".repeat(depth))
    };
    let steps = "more than 1000000 steps";
    let double = "{{#with (fill \"{a}{a}\" a=this)}}".repeat(30);
    let double = format!("{{{{#with \"0123456789abcdef\"}}}}{double}");
    let with = |body: &str| format!("x\n{double}{body}{}\n", "{{/with}}".repeat(31));
    for (template, words) in [
        (each(30, ""), steps),
        (each(30, "{{#if false}}{{else}}{{/if}}"), steps),
        (each(30, "{{#if (eq this \"\")}}x{{/if}}"), steps),
        (each(8, "{{#qrSize}}{{this}}{{/qrSize}}"), steps),
        (each(8, &"x".repeat(1000)), "larger than 16 MiB"),
        (each(7, "{{upper this}}"), "more than 65534 values"),
        (with("{{this}}"), "values of more than 16 MiB"),
        (format!("x\n{}\n", "{{fill \"{a}\" a=1}}".repeat(70_000)), "more than 262144 bytes"),
        ("x\n{{hex 1 70000}}\n".to_owned(), "at most 64 digits"),
    ] {
        let begun = std::time::Instant::now();
        let ended = generate_with(&template).code(1);
        let shown = &template[..template.len().min(80)];
        assert!(ended.stderr.contains(words), "{shown}: {}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{shown}: {}", ended.stderr);
        // A debug build takes a few seconds; without a limit it would be years.
        assert!(begun.elapsed().as_secs() < 60, "{shown}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_template_that_is_nested_too_deeply_is_a_finding_and_no_crash() {
    for depth in [33, 10_000] {
        let blocks = format!("x\n{}\n", nested("{{#if true}}", "{{/if}}", depth));
        let ended = generate_with(&blocks).code(1).says("error[broken-template]");
        ended.says("more than 32 blocks are inside of each other").says("neomuttrc.hbs:2:");
        let lists = format!("x\n{{{{#if {}}}}}{{{{/if}}}}\n", nested("[", "]", depth));
        let ended = generate_with(&lists).code(1);
        assert!(
            ended.stderr.contains("more than 32 parentheses")
                || ended.stderr.contains("more than 4096 bytes"),
            "{}",
            ended.stderr
        );
    }
    generate_with(&format!("x\n{}", nested("{{#if true}}", "{{/if}}", 32))).code(1).says("neomutt");
}

#[test]
fn a_template_of_more_than_256_kib_is_refused_when_it_is_loaded() {
    let ended = generate_with(&"a line\n".repeat(40_000)).code(1);
    ended.says("error[target-file-too-large]").says("neomuttrc.hbs has more than 262144 bytes");
    let largest = "{{!-- x --}}\n".repeat(262_144 / 13);
    let ended = generate_with(&largest);
    assert!(!ended.stderr.contains("too-large"), "{}", ended.stderr);
}
