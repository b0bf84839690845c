//! Are our verdicts on XML files those of libxml2, on good files and on broken ones?

use std::fs;
use std::path::{Path, PathBuf};

use mailwright::internals::check::schema::validate_xsd;

use crate::support::{self, Bundle};

const AUTOCONFIG: &str = "autoconfig-1.1.xsd";
const AUTODISCOVER: &str = "autodiscover-response-2006.xsd";
const GROUP_POLICY: &str = "group-policy-registry.xsd";

#[test]
fn xmllint_agrees_with_us_on_every_good_file() {
    needs!("xmllint");
    let (bundle, files) = files();
    for schema in [AUTOCONFIG, AUTODISCOVER, GROUP_POLICY] {
        let files: Vec<_> = files.iter().filter(|(of, _)| *of == schema).map(|(_, f)| f).collect();
        assert!(files.len() >= 8, "{files:#?}");
        for (file, theirs) in files.iter().zip(xmllint(schema, &files)) {
            let text = fs::read_to_string(file).expect("UTF-8");
            assert_eq!(validate_xsd(schema, &text), [""; 0], "{}", bundle.name(file));
            assert_eq!(theirs, Ok(()), "{}", bundle.name(file));
        }
    }
}

#[test]
fn xmllint_agrees_with_us_on_every_file_with_one_thing_changed() {
    needs!("xmllint");
    let (bundle, files) = files();
    for schema in [AUTOCONFIG, AUTODISCOVER] {
        let (_, file) = files.iter().find(|(of, _)| *of == schema).expect("one of each");
        let mutants = mutants(&fs::read_to_string(file).expect("UTF-8"));
        let folder = bundle.folder().join(schema);
        fs::create_dir_all(&folder).expect("a temporary folder");
        let paths: Vec<_> = (0..mutants.len()).map(|n| folder.join(format!("{n}.xml"))).collect();
        for (path, (_, text)) in paths.iter().zip(&mutants) {
            fs::write(path, text).expect("a temporary file");
        }

        let theirs = xmllint(schema, &paths.iter().collect::<Vec<_>>());
        let refused = theirs.iter().filter(|verdict| verdict.is_err()).count();
        // Both kinds are there in numbers, or the comparison below says nothing.
        assert!(refused > 100 && theirs.len() - refused > 10, "{refused} of {}", theirs.len());
        let disagreements: Vec<_> = mutants
            .iter()
            .zip(&theirs)
            .map(|((what, text), theirs)| (what, validate_xsd(schema, text), theirs))
            .filter(|(_, ours, theirs)| ours.is_empty() != theirs.is_ok())
            .map(|(what, ours, theirs)| format!("{what}\n  we: {ours:?}\n  xmllint: {theirs:?}"))
            .collect();
        assert!(disagreements.is_empty(), "{schema}:\n{}", disagreements.join("\n"));
    }
}

#[test]
fn a_file_that_a_client_would_refuse_is_refused_by_us() {
    let (_bundle, files) = files();
    let text = |schema| {
        let (_, file) = files.iter().find(|(of, _)| *of == schema).expect("one of each");
        fs::read_to_string(file).expect("UTF-8")
    };
    for (schema, from, to) in [
        (AUTOCONFIG, "<socketType>SSL<", "<socketType>ssl<"),
        (AUTOCONFIG, "<socketType>SSL<", "<socketType> SSL <"),
        (AUTOCONFIG, "<socketType>SSL<", "<socketType>TLS<"),
        (AUTOCONFIG, "<port>995<", "<port>99999<"),
        (AUTOCONFIG, "<port>995<", "<port>0<"),
        (AUTOCONFIG, "<port>995<", "<port><"),
        (AUTOCONFIG, "      <port>995</port>\n", ""),
        (AUTOCONFIG, "type=\"pop3\"", "type=\"POP3\""),
        (AUTOCONFIG, "<authentication>OAuth2<", "<authentication>oauth2<"),
        (AUTOCONFIG, "<domain>outlook.com<", "<domain>öutlook.com<"),
        (AUTOCONFIG, "<hostname>", "<hostname kind=\"first\">"),
        (AUTOCONFIG, "<leaveMessagesOnServer>true<", "<leaveMessagesOnServer>1<"),
        (AUTOCONFIG, "<clientConfig version", "<clientConfig xmlns=\"urn:x\" version"),
        (AUTOCONFIG, "</emailProvider>", "</emailProvider><documentation url=\"https://x/\"/>"),
        (AUTODISCOVER, "<Type>POP3<", "<Type>POP4<"),
        (AUTODISCOVER, "<Port>995<", "<Port>99999<"),
        (AUTODISCOVER, "<Encryption>SSL<", "<Encryption>STARTTLS<"),
        (AUTODISCOVER, "<SPA>off<", "<SPA>no<"),
        (AUTODISCOVER, "responseschema/2006a", "responseschema/2006b"),
        (AUTODISCOVER, "http://schemas.microsoft.com", "https://schemas.microsoft.com"),
        (AUTODISCOVER, "<AccountType>email</AccountType>", ""),
        (GROUP_POLICY, "action=\"U\"", "action=\"u\""),
        (GROUP_POLICY, "clsid=\"{9CD4B2F4-923D-47f5", "clsid=\"{9CD4B2F4-923D-47F5"),
        (GROUP_POLICY, "hive=\"HKEY_CURRENT_USER\"", "hive=\"HKCU\""),
        (GROUP_POLICY, " userContext=\"1\"", ""),
        (GROUP_POLICY, "type=\"REG_SZ\"", "type=\"SZ\""),
        (GROUP_POLICY, "uid=\"{", "uid=\""),
        (GROUP_POLICY, "\\Outlook\\Setup\" name", "\\Setup\" name"),
    ] {
        let good = text(schema);
        assert!(good.contains(from), "no {from} in {good}");
        let bad = good.replacen(from, to, 1);
        assert_ne!(validate_xsd(schema, &bad), [""; 0], "{from} became {to}");
    }
}

/// Files of every provider, the default one's first, each with its schema.
fn files() -> (Bundle, Vec<(&'static str, PathBuf)>) {
    let mut bundle = Bundle::of(&["ann@outlook.com", "--name", "Ann <Exämple> & \"Sons\""]);
    for provider in support::providers() {
        for protocol in ["pop3", "both"] {
            let out = format!("out/{protocol}");
            bundle.mailwright(&["generate", &provider, "--protocol", protocol, "--out", &out]);
        }
    }
    bundle = bundle.and(&["jörg@bücher.example", "--provider", "microsoft365"]);
    let policies =
        ["--target", "outlook-group-policy", "--set", "outlook-group-policy.steering=true"];
    let policies =
        [&["generate", "ann@outlook.com", "--out", "out/policies"], &policies[..]].concat();
    bundle.mailwright(&policies);
    let by_target = [
        ("thunderbird", AUTOCONFIG),
        ("outlook-autodiscover", AUTODISCOVER),
        ("outlook-group-policy", GROUP_POLICY),
    ];
    let mut files: Vec<_> = by_target
        .into_iter()
        .flat_map(|(target, schema)| {
            bundle.files(target, ".xml").into_iter().map(move |file| (schema, file))
        })
        .collect();
    // The default provider's are in out/outlook.com, all others in folders of their own below.
    let first = bundle.out().join("outlook.com");
    files.sort_by_key(|(_, file)| !file.starts_with(&first));
    (bundle, files)
}

/// What libxml2 says of each file: fine, or the complaints.
#[track_caller]
fn xmllint(schema: &str, files: &[&PathBuf]) -> Vec<Result<(), String>> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(schema);
    let mut xmllint = support::command("xmllint");
    xmllint.args(["--nonet", "--noout", "--schema"]).arg(schema).args(files);
    let said = support::run(&mut xmllint);
    files
        .iter()
        .map(|file| {
            let name = file.to_str().expect("a temporary folder has a plain name");
            let about: Vec<_> = said.stderr.lines().filter(|l| l.starts_with(name)).collect();
            match about.last() {
                Some(last) if last.ends_with(" validates") => Ok(()),
                Some(last) if last.ends_with(" fails to validate") => Err(about.join("; ")),
                _ => panic!("no verdict on {name}: {about:?}"),
            }
        })
        .collect()
}

/// The file with one thing changed in each, all of them well-formed: every line of the file, which
/// holds one element or one tag, in turn.
fn mutants(good: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = good.lines().collect();
    let mut mutants = Vec::new();
    // Puts other lines in the place of `taken` ones from `n` on.
    let mut replace = |what: &str, n: usize, taken: usize, changed: &[&str]| {
        let text = [&lines[..n], changed, &lines[n + taken..]].concat().join("\n");
        mutants.push((format!("line {}, {what}: {}", n + 1, lines[n].trim()), text));
    };
    // The first line is the declaration; the second and the last are the root's.
    for (n, line) in lines.iter().enumerate().take(lines.len() - 1).skip(2) {
        let mut put = |what: &str, changed: &[&str]| replace(what, n, 1, changed);
        put("text before", &["text", line]);
        put("unknown element before", &["<unknown>x</unknown>", line]);
        if let Some((tag, text)) = leaf(line) {
            put("left out", &[]);
            put("twice", &[line, line]);
            put("in another namespace", &[&line.replacen('>', " xmlns=\"urn:x\">", 1)]);
            put("with an attribute", &[&line.replacen('>', " more=\"x\">", 1)]);
            put("renamed", &[&line.replace(tag, &tag.to_uppercase())]);
            for value in OTHER_VALUES {
                put("another value", &[&format!("<{tag}>{value}</{tag}>")]);
            }
            for value in [
                format!(" {text}"),
                format!("{text} "),
                format!("<!-- x -->{text}"),
                format!("{text}<b/>"),
                text.to_lowercase(),
                text.to_uppercase().replace('&', "&amp;"),
                text.repeat(9),
            ] {
                put("the value changed", &[&format!("<{tag}>{value}</{tag}>")]);
            }
            if lines.get(n + 1).is_some_and(|next| leaf(next).is_some()) {
                replace("after the next", n, 2, &[lines[n + 1], line]);
            }
        } else if let Some((name, value)) = line.split_once('=') {
            let value = value.split('"').nth(1).expect("attributes are quoted");
            let quoted = format!("\"{value}\"");
            for other in OTHER_VALUES {
                let other = format!("\"{other}\"");
                put("another attribute value", &[&line.replacen(&quoted, &other, 1)]);
            }
            put("one attribute more", &[&line.replacen('=', "=\"x\" more=", 1)]);
            put("another attribute", &[&line.replacen(name, &format!("{name}s"), 1)]);
        }
    }
    mutants
}

const OTHER_VALUES: [&str; 14] =
    ["", " ", "bogus", "ö", "0", "1", "65535", "65536", "99999", "-1", "1e3", "true", "on", "a.b"];

/// The tag and the text of `<tag>text</tag>` on one line.
fn leaf(line: &str) -> Option<(&str, &str)> {
    let (tag, rest) = line.trim().strip_prefix('<')?.split_once('>')?;
    let text = rest.strip_suffix('>')?.strip_suffix(tag)?.strip_suffix("</")?;
    (!text.contains('<')).then_some((tag, text))
}
