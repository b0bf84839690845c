//! Two megabytes of anything cost `check` a bounded time and a bounded memory.
//!
//! The limits are the kernel's: seconds of the CPU and kilobytes of private memory.

use crate::support::Run;

/// Two megabytes: a beginning, lines until it is long enough, and an end.
fn many(before: &str, line: impl Fn(usize) -> String, after: &str) -> Vec<u8> {
    let mut text = before.to_owned();
    for number in 0.. {
        if text.len() + after.len() > 2 * 1024 * 1024 {
            break;
        }
        text.push_str(&line(number));
    }
    (text + after).into_bytes()
}

/// Two megabytes of the same.
fn same(before: &str, line: &str, after: &str) -> Vec<u8> {
    many(before, |_| line.to_owned(), after)
}

/// Elements inside each other, again and again.
fn nested(before: &str, open: &str, close: &str, after: &str) -> Vec<u8> {
    const DEPTH: usize = 100;
    same(before, &format!("{}{}", open.repeat(DEPTH), close.repeat(DEPTH)), after)
}

type Shape = (&'static str, Vec<u8>);

const AUTOCONFIG: &str = "<clientConfig version=\"1.1\"><emailProvider id=\"a.example\">";
const AUTOCONFIG_END: &str = "</emailProvider></clientConfig>";

fn autoconfig() -> Vec<Shape> {
    let inside = |line: &str| same(AUTOCONFIG, line, AUTOCONFIG_END);
    let each = |line: &dyn Fn(usize) -> String| many(AUTOCONFIG, line, AUTOCONFIG_END);
    vec![
        ("attributes.xml", many("<clientConfig ", |n| format!("a{n}=\"1\" "), "></clientConfig>")),
        ("long-attribute.xml", same("<clientConfig version=\"", "a", "\"></clientConfig>")),
        ("siblings.xml", inside("<a/>")),
        ("nested.xml", nested(AUTOCONFIG, "<a>", "</a>", AUTOCONFIG_END)),
        ("nested-lines.xml", nested(AUTOCONFIG, "<a>\n", "</a>\n", AUTOCONFIG_END)),
        ("servers.xml", inside("<incomingServer/>\n")),
        (
            "typed-servers.xml",
            inside("<incomingServer type=\"imap\"><port>0</port></incomingServer>"),
        ),
        ("domains.xml", each(&|n| format!("<domain>d{n}.example</domain>\n"))),
        ("equal-domains.xml", inside("<domain>a.example</domain>")),
        ("wrong-domains.xml", inside("<domain>-</domain>")),
        (
            "pages.xml",
            inside("<documentation url=\"x\"><descr lang=\"en\">a</descr></documentation>"),
        ),
        ("texts.xml", {
            let before = format!("{AUTOCONFIG}<documentation url=\"https://a.example/\">");
            let after = format!("</documentation>{AUTOCONFIG_END}");
            many(&before, |n| format!("<descr lang=\"l{n}\">a</descr>"), &after)
        }),
        ("references.xml", inside("&amp;")),
        ("pieces.xml", inside("a<![CDATA[b]]>")),
        ("comments.xml", inside("<!-- -->")),
        ("one-text.xml", inside("a")),
        ("open.xml", same("", "<a>\n", "")),
        ("brackets.xml", same("<clientConfig>", "<", "")),
    ]
}

const RESPONSE: &str = "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\
     <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\">\
     <Account><AccountType>email</AccountType><Action>settings</Action>";
const RESPONSE_END: &str = "</Account></Response></Autodiscover>";

fn autodiscover() -> Vec<Shape> {
    let protocol = |n| {
        format!(
            "<Protocol><Type>IMAP</Type><Server>h{n}.example</Server><Port>993</Port></Protocol>"
        )
    };
    vec![
        ("protocols.xml", many(RESPONSE, protocol, RESPONSE_END)),
        ("empty-protocols.xml", same(RESPONSE, "<Protocol/>", RESPONSE_END)),
        ("same-protocol.xml", same(RESPONSE, &protocol(1), RESPONSE_END)),
        ("unknown.xml", many(RESPONSE, |n| format!("<E{n}/>"), RESPONSE_END)),
        (
            "accounts.xml",
            same("<Autodiscover><Response>", "<Account/>", "</Response></Autodiscover>"),
        ),
        ("dates.xml", {
            let line = "<ExpirationDate>2001-01-01</ExpirationDate>";
            same(RESPONSE, line, RESPONSE_END)
        }),
    ]
}

const PLIST: &str = "<plist version=\"1.0\"><dict>";
const PLIST_END: &str = "</dict></plist>";
const PAYLOADS: &str = "<plist version=\"1.0\"><dict><key>PayloadContent</key><array>";
const PAYLOADS_END: &str = "</array></dict></plist>";

/// A binary property list: the objects, and the place of each.
fn binary(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in objects {
        offsets.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        bytes.extend(object);
    }
    let table = u64::try_from(bytes.len()).unwrap().to_be_bytes();
    bytes.extend(offsets);
    bytes.extend([0, 0, 0, 0, 0, 0, 4, 3]);
    bytes.extend(u64::try_from(objects.len()).unwrap().to_be_bytes());
    bytes.extend([0; 8]);
    bytes.extend(table);
    bytes
}

/// An array of this many references to the object with this number.
fn references(count: usize, object: u32) -> Vec<u8> {
    let mut bytes = vec![0xAF, 0x12];
    bytes.extend(u32::try_from(count).unwrap().to_be_bytes());
    bytes.extend(object.to_be_bytes()[1..].repeat(count));
    bytes
}

/// DER: tag, length, content.
#[cfg(feature = "sign")]
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84], &length[..], content].concat()
}

fn mobileconfig() -> Vec<Shape> {
    let in_payloads = |line: &str| same(PAYLOADS, line, PAYLOADS_END);
    let payload = "<dict><key>PayloadType</key><string>com.apple.mail.managed</string></dict>";
    let uuid = "<dict><key>PayloadUUID</key><string>A</string></dict>";
    let text =
        same("<plist version=\"1.0\"><dict>", "<key>a</key>\n<integer></integer>\n", PLIST_END);
    vec![
        ("keys.mobileconfig", many(PLIST, |n| format!("<key>k{n}</key><true/>"), PLIST_END)),
        ("long-keys.mobileconfig", {
            let name = "PayloadDescription".repeat(20);
            many(PLIST, |n| format!("<key>{name}{n}</key><true/>"), PLIST_END)
        }),
        ("near-keys.mobileconfig", {
            many(PLIST, |n| format!("<key>PayloadUUID{n}</key><true/>"), PLIST_END)
        }),
        ("payloads.mobileconfig", in_payloads("<dict/>")),
        ("mail.mobileconfig", in_payloads(payload)),
        ("equal.mobileconfig", in_payloads(uuid)),
        ("strings.mobileconfig", in_payloads("<string/>")),
        ("arrays.mobileconfig", nested(PAYLOADS, "<array>", "</array>", PAYLOADS_END)),
        ("data.mobileconfig", same("<plist version=\"1.0\"><data>", "AAAA\n", "</data></plist>")),
        ("empty.mobileconfig", text),
        ("malformed.mobileconfig", same(PLIST, "<key>a</key>\n", PLIST_END)),
        ("certificates.mobileconfig", {
            let line = |n| {
                format!(
                    "<dict><key>PayloadType</key><string>com.apple.security.root</string>\
                     <key>PayloadUUID</key><string>u{n}</string>\
                     <key>PayloadCertificateUUID</key><string>v{n}</string></dict>"
                )
            };
            many(PAYLOADS, line, PAYLOADS_END)
        }),
        ("references.mobileconfig", binary(&[references(600_000, 1), b"\x51x".to_vec()])),
        ("objects.mobileconfig", {
            let mut objects = vec![references(1, 1)];
            objects.extend((0..300_000).map(|_| b"\x51x".to_vec()));
            binary(&objects)
        }),
        ("cycle.mobileconfig", binary(&[references(600_000, 0)])),
        ("arrays-in-arrays.mobileconfig", {
            let objects: Vec<_> = (1..200_000).map(|next| references(1, next)).collect();
            binary(&objects)
        }),
    ]
}

/// Signatures around a profile, with far more of everything than is normal.
#[cfg(feature = "sign")]
fn signed() -> Vec<Shape> {
    const SIGNED_DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
    const DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01";
    let cms = |content: &[u8], rest: &[u8]| {
        let inside = der(0x30, &[DATA, &der(0xA0, content)].concat());
        let signed = [&[0x02, 1, 1, 0x31, 0][..], &inside, rest].concat();
        der(0x30, &[SIGNED_DATA, &der(0xA0, &der(0x30, &signed))].concat())
    };
    let plist = der(0x04, b"<plist version=\"1.0\"><dict></dict></plist>");
    let own = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
    let certificate: &[u8] = own.cert.der();
    let certificates = der(0xA0, &certificate.repeat(2 * 1024 * 1024 / certificate.len()));
    let empty = der(0xA0, &[0x30, 0].repeat(1024 * 1024));
    let infos = der(0x31, &der(0x30, &[0x02, 1, 1, 0x30, 0]).repeat(150_000));
    let parts: Vec<u8> = b"\x04\x01<".repeat(700_000);
    let deep = [0x30, 0x80].repeat(1024 * 1024);
    vec![
        ("certificates.mobileconfig", cms(&plist, &certificates)),
        ("empty-certificates.mobileconfig", cms(&plist, &empty)),
        ("signers.mobileconfig", cms(&plist, &infos)),
        ("parts.mobileconfig", cms(&der(0x24, &parts), &[])),
        ("deep.mobileconfig", cms(&deep, &deep)),
    ]
}

const REG: &str = "Windows Registry Editor Version 5.00\n\n";
const ACCOUNTS: &str = "HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Outlook\\Profiles\\Outlook\\\
                        9375CFF0413111d3B88A00104B2A6676";

fn reg() -> Vec<Shape> {
    let below = format!("{REG}[HKEY_CURRENT_USER\\a]\n");
    vec![
        ("values.reg", many(&below, |n| format!("\"v{n}\"=dword:00000001\n"), "")),
        ("equal.reg", same(&below, "\"a\"=\"\"\n", "")),
        ("bad.reg", same(REG, "x\n", "")),
        ("bad-below.reg", same(&below, "\"\n", "")),
        ("keys.reg", many(REG, |n| format!("[HKEY_CURRENT_USER\\{n}]\n"), "")),
        ("deleted.reg", many(REG, |n| format!("[-HKEY_CURRENT_USER\\{n}]\n"), "")),
        ("no-hive.reg", same(REG, "[a]\n", "")),
        (
            "accounts.reg",
            many(REG, |n| format!("[{ACCOUNTS}\\{n:08x}]\n\"POP3 Server\"=\"a\"\n"), ""),
        ),
        ("account.reg", {
            let before = format!("{REG}[{ACCOUNTS}\\00000001]\n\"POP3 Server\"=\"a\"\n");
            many(&before, |n| format!("\"v{n}\"=\"\"\n"), "")
        }),
        ("hex.reg", same(&format!("{below}\"a\"=hex:00"), ",\\\n  00", "\n")),
        ("deep.reg", same(&format!("{REG}[HKEY_CURRENT_USER"), "\\a", "]\n")),
        ("blanks.reg", same(REG, " \n", "")),
    ]
}

fn prf() -> Vec<Shape> {
    let accounts: String = (0..25_000).map(|n| format!("Account{n}=I_Mail\n")).collect();
    let listed = format!("[General]\nProfileName=a\n[Internet Account List]\n{accounts}");
    let entries: String = (0..50_000).map(|n| format!("Key{n}=PT_LONG,0x0101\n")).collect();
    let mapped = format!("{listed}[I_Mail]\n{entries}");
    vec![
        ("sections.prf", many(&listed, |n| format!("[Account{n}]\nPOP3Server=h{n}\n"), "")),
        ("mapped.prf", many(&mapped, |n| format!("[Account{n}]\nA=b\n"), "")),
        ("entries.prf", many(&format!("{listed}[Account1]\n"), |n| format!("k{n}=v\n"), "")),
        (
            "mappings.prf",
            many(
                "[Internet Account List]\nAccount1=I_Mail\n[Account1]\nA=b\n[I_Mail]\n",
                |n| format!("k{n}=v\n"),
                "",
            ),
        ),
        ("bad.prf", same("[Service List]\n", "x\n", "")),
        ("equal.prf", same("[Service List]\n", "a=b\n", "")),
        ("services.prf", many("[Service List]\n", |n| format!("s{n}=a\n"), "")),
        ("unused.prf", many("[Service List]\n", |n| format!("[s{n}]\n"), "")),
        ("general.prf", many("[Internet Account List]\n[General]\n", |n| format!("s{n}=a\n"), "")),
        ("equal-sections.prf", same("[Service List]\n", "[a]\n", "")),
    ]
}

fn qr_payload() -> Vec<Shape> {
    let account = "[0,\"a\",1,3,1,\"u\"],[[[0,\"a\",1,3,1,\"u\"],[\"a@b\",\"n\"]]],";
    vec![
        ("numbers.json", same("[1,[1,1],", "0,", "0]")),
        ("strings.json", same("[1,[1,1],", "\"\",", "0]")),
        ("accounts.json", same("[1,[1,1],", account, "0]")),
        ("groups.json", same("[1,[1,1],[0],[", "[[0]],", "0]]")),
        ("identities.json", same("[1,[1,1],[0],[[[0],", "[\"a\",\"b\"],", "0]]]")),
        ("nested.json", nested("[1,[1,1],", "[", "]", ",0]")),
        ("arrays.json", same("[1,[1,1],", "[],", "0]")),
        ("names.json", many("[1,[1,1],{", |n| format!("\"{n}\":0,"), "\"a\":0}]")),
        ("escapes.json", same("[1,[1,1],\"", "\\u0041", "\"]")),
        ("blanks.json", same("[1,[1,1]", " ", "]")),
        ("open.json", same("[1", ",[", "")),
    ]
}

fn msmtp() -> Vec<Shape> {
    let list = |n: usize| {
        let parents: Vec<String> =
            (0..n.min(80)).map(|back| format!("a{}", n - 1 - back)).collect();
        format!("account a{n} : {}\nhost h\n", if n == 0 { "a".into() } else { parents.join(",") })
    };
    let full: String = [
        "host h",
        "port 25",
        "from a@b",
        "user u",
        "password p",
        "tls on",
        "tls_starttls on",
        "auth on",
        "domain d",
        "timeout 5",
        "protocol smtp",
        "logfile f",
        "syslog on",
        "aliases f",
        "tls_trust_file f",
        "tls_crl_file f",
        "tls_key_file f",
        "tls_cert_file f",
        "proxy_host p",
        "proxy_port 1",
        "source_ip 1.1.1.1",
    ]
    .map(|line| format!("{line}\n"))
    .concat();
    vec![
        ("accounts.msmtprc", many("", |n| format!("account a{n}\n"), "")),
        ("equal.msmtprc", same("", "account a\n", "")),
        (
            "heirs.msmtprc",
            many("account a0\nhost h\n", |n| format!("account a{} : a{n}\n", n + 1), ""),
        ),
        ("full-heirs.msmtprc", {
            many(&format!("account a0\n{full}"), |n| format!("account a{} : a{n}\n", n + 1), "")
        }),
        ("parents.msmtprc", many(&format!("account a\n{full}"), list, "")),
        ("same-parent.msmtprc", {
            let line = |n| format!("account a{n} : {}a\n", "a,".repeat(200));
            many(&format!("account a\n{full}"), line, "")
        }),
        ("own-parent.msmtprc", same("account a\nhost h\n", "account a : a\n", "")),
        ("defaults.msmtprc", {
            many(&format!("defaults\n{full}"), |n| format!("account a{n}\n"), "")
        }),
        (
            "hosts.msmtprc",
            many("defaults\n", |n| format!("account a{n}\nhost h{n}.example\nuser u\n"), ""),
        ),
        ("commands.msmtprc", same("account a\n", "tls on\n", "")),
        ("unknown.msmtprc", many("account a\nhost h\n", |n| format!("x{n}\n"), "")),
        ("values.msmtprc", same("account a\nhost h\n", "tls x\n", "")),
        ("zeros.msmtprc", same("account a\nhost h\n", "a\0\n", "")),
        ("only-zeros.msmtprc", same("account a\nhost h\n", "\0", "")),
        ("long-lines.msmtprc", same("account a\nhost h\n", &format!("{}\n", "a".repeat(600)), "")),
        (
            "keep.mpoprc",
            many("defaults\nkeep on\n", |n| format!("account a{n}\nhost h\nuser u\n"), ""),
        ),
    ]
}

fn fetchmail() -> Vec<Shape> {
    const POLL: &str = "poll h.example proto imap user a ";
    vec![
        ("bad.fetchmailrc", same(POLL, "x\n", "")),
        ("users.fetchmailrc", same("poll h.example proto imap ", "user a ", "\n")),
        ("other-users.fetchmailrc", many("poll h.example ", |n| format!("user u{n} keep\n"), "\n")),
        ("polls.fetchmailrc", same("", "poll a\n", "")),
        ("hosts.fetchmailrc", many("", |n| format!("poll h{n}.example proto pop3 user u\n"), "")),
        ("options.fetchmailrc", same(POLL, "keep ", "\n")),
        ("defaults.fetchmailrc", {
            let folder = "f".repeat(100_000);
            let before = format!("defaults proto imap folder {folder} user {folder} keep ssl\n");
            same(&before, "poll a\n", "")
        }),
        ("many-defaults.fetchmailrc", same("poll a\n", "defaults keep\n", "")),
        ("numbers.fetchmailrc", same(POLL, "1 ", "\n")),
        ("equals.fetchmailrc", same(POLL, "=", "\n")),
        ("names.fetchmailrc", same("poll h user ", "a ", "\n")),
        ("folders.fetchmailrc", same(&format!("{POLL} folder "), "a ", "\n")),
        ("negated.fetchmailrc", same(POLL, "no ", "\n")),
        ("quotes.fetchmailrc", same(POLL, "\"a\" ", "\n")),
        ("open-quotes.fetchmailrc", same(POLL, "\"a'b ", "\n")),
        ("escapes.fetchmailrc", same(POLL, "\\x41", "\n")),
        ("globals.fetchmailrc", same("poll a\n", "set daemon 1\n", "")),
    ]
}

fn getmail() -> Vec<Shape> {
    const HEAD: &str = "[retriever]\ntype = SimpleIMAPRetriever\n";
    vec![
        ("options.getmailrc", many(HEAD, |n| format!("o{n} = 1\n"), "")),
        ("short-options.getmailrc", many(HEAD, |n| format!("{n}:\n"), "")),
        ("equal.getmailrc", same(HEAD, "a=\n", "")),
        ("continued.getmailrc", same(&format!("{HEAD}a = 1\n"), " b\n", "")),
        ("empty-lines.getmailrc", same(&format!("{HEAD}a = 1\n"), "\n", "")),
        ("sections.getmailrc", many(HEAD, |n| format!("[{n}]\n"), "")),
        ("filters.getmailrc", many(HEAD, |n| format!("[filter-{n}]\ntype = x\n"), "")),
        ("bad.getmailrc", same(HEAD, "x\n", "")),
        ("mailboxes.getmailrc", { same(&format!("{HEAD}mailboxes = ("), "'a',", ")\n") }),
        ("brackets.getmailrc", same(&format!("{HEAD}mailboxes = "), "(", "\n")),
        ("percent.getmailrc", same(&format!("{HEAD}username = "), "%(a)s", "\n")),
        ("receivers.getmailrc", {
            same(
                &format!("{HEAD}[destination]\ntype = MultiDestination\ndestinations = ("),
                "'[a]',",
                ")\n",
            )
        }),
    ]
}

fn prefs() -> Vec<Shape> {
    let names: String = (0..60_000).map(|n| format!("account{n},")).collect();
    let accounts = format!("user_pref(\"mail.accountmanager.accounts\", \"{names}\");\n");
    vec![
        ("accounts.js", {
            many(
                &accounts,
                |n| format!("user_pref(\"mail.account.account{n}.server\", \"server{n}\");\n"),
                "",
            )
        }),
        (
            "lost-accounts.js",
            same("user_pref(\"mail.accountmanager.accounts\", \"", "a,", "\");\n"),
        ),
        (
            "other-accounts.js",
            many("user_pref(\"mail.accountmanager.accounts\", \"", |n| format!("{n},"), "\");\n"),
        ),
        ("prefs.js", many("", |n| format!("user_pref(\"{n}\",1);\n"), "")),
        ("equal.js", same("", "user_pref(\"mail.a\",1);\n", "")),
        ("bad.js", same("user_pref(\"a\",1);\n", "x;\n", "")),
        ("marks.js", same("user_pref(\"a\",1);\n", ";", "")),
        ("text.js", same("user_pref(\"a\", \"", "\\u0041", "\");\n")),
        ("comments.js", same("user_pref(\"a\",1);\n", "/**/", "")),
        (
            "servers.js",
            many(
                "user_pref(\"a\",1);\n",
                |n| format!("user_pref(\"mail.smtpserver.s{n}.hostname\",\"h\");\n"),
                "",
            ),
        ),
    ]
}

fn k9s() -> Vec<Shape> {
    const HEAD: &str = "<k9settings version=\"1\" format=\"1\"><accounts>";
    const END: &str = "</accounts></k9settings>";
    let account = |n: usize| format!("<account uuid=\"0-0-0-0-{n}\"><name>a</name></account>");
    let first = "<k9settings version=\"1\" format=\"1\"><accounts><account uuid=\"0-0-0-0-0\"><incoming-server type=\"IMAP\">";
    let last = "</incoming-server></account></accounts></k9settings>";
    vec![
        ("accounts.k9s", many(HEAD, account, END)),
        ("equal.k9s", same(HEAD, &account(1), END)),
        ("empty.k9s", same(HEAD, "<account/>", END)),
        ("settings.k9s", many(HEAD, |n| format!("<value key=\"k{n}\">v</value>"), END)),
        ("server.k9s", same(first, "<host>h</host>", last)),
        ("nested.k9s", nested(HEAD, "<account>", "</account>", END)),
    ]
}

fn provider_files() -> Vec<Shape> {
    const HEAD: &str =
        "[emailProvider]\nid = \"a.example\"\ndisplayName = \"A\"\ndisplayShortName = \"A\"\n";
    let domains = format!("{HEAD}domains = [");
    let server = |n| {
        format!(
            "[[incomingServer]]\ntype = \"imap\"\nhostname = \"h{n}.example\"\nport = 993\n\
             socketType = \"SSL\"\nauthentication = [\"OAuth2\"]\nusername = \"%EMAILADDRESS%\"\n"
        )
    };
    vec![
        ("domains.toml", many(&domains, |n| format!("\"d{n}.example\","), "]\n")),
        ("equal-domains.toml", same(&domains, "\"a.example\",", "]\n")),
        ("wrong-domains.toml", same(&domains, "\"-\",", "]\n")),
        ("numbers.toml", same(&domains, "1,", "]\n")),
        ("wildcards.toml", many(&domains, |n| format!("\"*.d{n}.example\","), "]\n")),
        ("keys.toml", many(HEAD, |n| format!("k{n} = 1\n"), "")),
        ("near-keys.toml", many(HEAD, |n| format!("displayName{n} = 1\n"), "")),
        ("servers.toml", many(HEAD, server, "")),
        ("equal-servers.toml", same(HEAD, &server(1), "")),
        ("empty-servers.toml", same(HEAD, "[[incomingServer]]\n", "")),
        ("pages.toml", same(HEAD, "[[documentation]]\nurl = \"x\"\n", "")),
        ("tables.toml", many(HEAD, |n| format!("[t{n}]\n"), "")),
        ("deep.toml", same(&format!("{HEAD}a = "), "[", "\n")),
        ("dotted.toml", same(&format!("{HEAD}a"), ".a", " = 1\n")),
        (
            "languages.toml",
            many(&format!("{HEAD}[[documentation]]\n"), |n| format!("descr.l{n} = \"a\"\n"), ""),
        ),
        ("broken.toml", same(HEAD, "=\n", "")),
        ("settings.toml", many("", |n| format!("k{n} = 1\n"), "")),
        ("values.hbs", same("", "{{a}}\n", "")),
        ("texts.hbs", same("", "a\n", "")),
        ("blocks.hbs", same("", "{{#if a}}{{/if}}", "")),
        ("nested.hbs", nested("", "{{#if a}}", "{{/if}}", "")),
        ("open.hbs", same("", "{{#if a}}", "")),
        ("brackets.hbs", same("", "{{", "")),
        ("helpers.hbs", same("{{a ", "(a ", "")),
    ]
}

/// Texts of no known format, and those that only begin like one.
fn unknown() -> Vec<Shape> {
    vec![
        ("zeros", vec![0; 2 * 1024 * 1024]),
        ("lines", same("", "a\n", "")),
        ("words", same("", "host ", "")),
        ("numbers", same("[", "0,", "0]")),
        ("strings", same("[", "\"a\",", "0]")),
        ("bytes", (0..=255).cycle().take(2 * 1024 * 1024).collect()),
        ("tags", same("", "<a>", "")),
        ("utf-16", [0xFF, 0xFE].into_iter().chain([0x20, 0x20].repeat(1024 * 1024)).collect()),
        ("carriage-returns", same("host a\n", "\r", "")),
    ]
}

/// The seconds of the CPU. An unoptimised build needs many times what a release build does.
const SECONDS: u32 = if cfg!(debug_assertions) { 20 } else { 2 };
/// Private memory in kilobytes, as `ulimit -d` counts it.
const KILOBYTES: u32 = 64 * 1024;

#[track_caller]
fn are_cheap(shapes: Vec<Shape>) {
    let mut dear = Vec::new();
    for (name, bytes) in shapes {
        let run = Run::new();
        std::fs::write(run.path(name), bytes).unwrap();
        let own = run.command(&["check", name]);
        let mut limited = std::process::Command::new("sh");
        limited.arg("-c").arg(format!(
            "ulimit -c 0; ulimit -t {SECONDS} && ulimit -d {KILOBYTES} && exec \"$@\""
        ));
        limited.arg("sh").arg(own.get_program()).args(own.get_args());
        for (variable, value) in own.get_envs() {
            match value {
                Some(value) => limited.env(variable, value),
                None => limited.env_remove(variable),
            };
        }
        limited.current_dir(own.get_current_dir().unwrap_or(&run.path(".")));
        let ended = limited.output().unwrap();
        if !matches!(ended.status.code(), Some(0..=2)) {
            let why = String::from_utf8_lossy(&ended.stderr);
            dear.push(format!("{name}: {}: {}", ended.status, why.lines().next().unwrap_or("")));
        }
        let printed = ended.stdout.len() + ended.stderr.len();
        if printed > 1024 * 1024 {
            dear.push(format!("{name}: {printed} bytes were printed"));
        }
    }
    assert!(dear.is_empty(), "{}", dear.join("\n"));
}

/// One test for each kind of file, so that they run beside each other.
macro_rules! cheap {
    ($($test:ident: $shapes:ident,)*) => {
        $(
            #[test]
            fn $test() {
                are_cheap($shapes());
            }
        )*
    };
}

cheap! {
    two_megabytes_of_autoconfig_are_cheap: autoconfig,
    two_megabytes_of_autodiscover_are_cheap: autodiscover,
    two_megabytes_of_a_profile_are_cheap: mobileconfig,
    two_megabytes_of_a_registry_file_are_cheap: reg,
    two_megabytes_of_a_profile_file_of_outlook_are_cheap: prf,
    two_megabytes_of_a_qr_payload_are_cheap: qr_payload,
    two_megabytes_of_an_msmtp_file_are_cheap: msmtp,
    two_megabytes_of_a_fetchmail_file_are_cheap: fetchmail,
    two_megabytes_of_a_getmail_file_are_cheap: getmail,
    two_megabytes_of_thunderbirds_preferences_are_cheap: prefs,
    two_megabytes_of_settings_of_k9_are_cheap: k9s,
    two_megabytes_of_our_own_files_are_cheap: provider_files,
    two_megabytes_of_no_known_format_are_cheap: unknown,
}

#[cfg(feature = "sign")]
#[test]
fn two_megabytes_of_a_signature_are_cheap() {
    are_cheap(signed());
}
