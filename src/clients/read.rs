//! Reads `target.toml` into a [`Target`] and reports every mistake.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::codes;
use crate::document::{self, TomlTable, closest};
use crate::finding::{Finding, Source};
use crate::format::{Encoding, FileFormat, Hive, Newline, TextRules};
use crate::import::Reader;
use crate::model::{Hostname, Invalid, Port, ServerType, Side, SocketType, Word};

use super::host_rule::HostRule;
use super::manifest::{
    Client, FileSpec, Include, LastSeen, OptionDefault, OptionSpec, Scope, ShownValue, SideSpec,
    Status, Take, Target,
};
use super::words::Words;

/// Reads a manifest. The texts, templates and schemas that it names are not loaded yet.
///
/// Also returns where its texts are.
pub(super) fn read_manifest(
    name: &str,
    source: &Arc<Source>,
) -> (Option<(Target, TextSources)>, Vec<Finding>) {
    document::read(source, |root| {
        let options = read_options(root);
        let files: Vec<FileSpec> =
            root.tables("file").iter().filter_map(|t| read_file(t, &options)).collect();
        let files =
            (0..).zip(files).map(|(number, file)| FileSpec { number, ..file }).collect::<Vec<_>>();
        let includes: Vec<Include> =
            root.tables("include").iter().filter_map(read_include).collect();
        if files.is_empty() && includes.is_empty() {
            root.missing("file", "describe the file it makes under [[file]]");
        }
        for key in ["title", "delivery"] {
            if !root.has(key) {
                root.missing(key, "one short clause for the tables that people see");
            }
        }
        let target = Target {
            name: name.to_owned(),
            title: root.string("title").unwrap_or_default(),
            delivery: root.string("delivery").unwrap_or_default(),
            spec: root.string("spec").unwrap_or_default(),
            opt_in: root.bool("optIn").unwrap_or(false),
            ascii_addresses: root.bool("asciiAddresses").unwrap_or(false),
            instead: root.string("instead"),
            clients: root.tables("client").iter().filter_map(read_client).collect(),
            incoming: read_side(root, Side::Incoming),
            outgoing: read_side(root, Side::Outgoing),
            uuids: root.list("uuids", |s| Ok(s.to_owned())),
            texts: BTreeMap::new(),
            options,
            replaced_options: read_replaced_options(root),
            files,
            includes,
            source: source.clone(),
            templates: BTreeMap::new(),
            schemas: BTreeMap::new(),
        };
        let span = root.span_of("textsOf");
        let texts = TextSources {
            folder: root.string("texts"),
            of: root.list("textsOf", |target| Ok(target.to_owned())),
            span,
        };
        Some((target, texts))
    })
}

/// Where the texts of a target are.
#[derive(Default)]
pub(super) struct TextSources {
    /// A folder next to the manifest.
    pub folder: Option<String>,
    /// Targets whose texts it also uses.
    pub of: Vec<String>,
    pub span: Range<usize>,
}

/// Parses one keyword of a closed set.
fn word<T: Copy>(all: &[(&'static str, T)], what: &str, word: &str) -> Result<T, Invalid> {
    all.iter().find(|(w, _)| *w == word).map(|(_, v)| *v).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|(w, _)| *w).collect();
        let hint = match closest(word, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of {}", known.join(", ")),
        };
        Invalid(format!("\"{}\" is no {what}; {hint}", word.escape_debug()))
    })
}

fn host_rule(text: &str) -> Result<HostRule, Invalid> {
    let (exact, name) = match text.strip_prefix('=') {
        Some(name) => (true, name),
        None => (false, text),
    };
    Ok(HostRule { host: Hostname::new(name)?, exact })
}

/// Without the key, OAuth2 works for all hosts; with an empty list, for none.
fn hosts(table: &TomlTable<'_>) -> Option<Vec<HostRule>> {
    let rules = table.list("oAuth2Hosts", host_rule);
    table.has("oAuth2Hosts").then_some(rules)
}

fn read_client(table: &TomlTable<'_>) -> Option<Client> {
    let name = table.string("name");
    if name.is_none() {
        table.missing("name", "write which program reads the files");
    }
    let last_seen = table.table("lastSeen").map(|t| LastSeen {
        version: t.string("version").unwrap_or_default(),
        date: t.string("date").unwrap_or_default(),
        test: t.string("test").unwrap_or_default(),
    });
    let status = table.value("status", |w| word(&Status::ALL, "status", w));
    let client = Client {
        reads: table.list("reads", ServerType::parse),
        also_called: table.list("alsoCalled", |name| Ok(name.to_owned())),
        also_reads: table.list("alsoReads", |w| word(&Reader::ALL, "reader", w)),
        status: status.unwrap_or(Status::Reported),
        evidence: table.string("evidence").unwrap_or_default(),
        oauth2_hosts: hosts(table),
        last_seen,
        name: name?,
    };
    Some(client)
}

fn read_side(root: &TomlTable<'_>, side: Side) -> Option<SideSpec> {
    let tables = root.tables(side.as_str());
    if tables.is_empty() {
        return None;
    }
    let take = tables.iter().filter_map(read_take).last().unwrap_or(Take::One);
    Some(SideSpec { take, words: tables.iter().map(read_words).collect() })
}

fn read_take(table: &TomlTable<'_>) -> Option<Take> {
    if table.is_string("take") {
        return table.value("take", |w| {
            word(&[("all", Take::All), ("each", Take::Each)], "number of servers", w)
        });
    }
    one_or_all(table, "take").map(|all| if all { Take::All } else { Take::One })
}

/// `1` is false, `"all"` is true.
fn one_or_all(table: &TomlTable<'_>, key: &str) -> Option<bool> {
    if !table.has(key) {
        return None;
    }
    if table.is_string(key) {
        return table.value(key, |text| match text {
            "all" => Ok(true),
            _ => Err(Invalid(format!("\"{text}\" is neither 1 nor \"all\""))),
        });
    }
    table.integer(key, |n| match n {
        1 => Ok(false),
        _ => Err(Invalid(format!("{n} is neither 1 nor \"all\""))),
    })
}

fn read_words(table: &TomlTable<'_>) -> Words {
    // `take` is only in the first table and has already been read.
    let _ = read_take(table);
    let mut words = Words {
        server_type: read_fields(table, "type"),
        socket_type: read_fields(table, "socketType"),
        authentication: read_fields(table, "authentication"),
        all_authentications: one_or_all(table, "authentications").unwrap_or(false),
        oauth2_hosts: hosts(table),
        port_decides: read_port_decides(table),
        only_ports: ports(table, "onlyPorts"),
        only_usernames: table.list("onlyUsernames", |s| Ok(s.to_owned())),
        ..Words::default()
    };
    for what in table.list("expandsPlaceholders", |w| {
        word(&[("username", true), ("hostname", false)], "place for placeholders", w)
    }) {
        if what {
            words.expands_username = true;
        } else {
            words.expands_hostname = true;
        }
    }
    if words.server_type.is_empty() {
        table.missing(
            "type",
            "say which servers it is about, e.g. type.account = { pop3 = \"POP3\" }",
        );
    }
    words
}

/// `portDecides.SSL = [993]`: on port 993 the client uses SSL, whatever its keyword says.
fn read_port_decides(table: &TomlTable<'_>) -> BTreeMap<SocketType, Vec<u16>> {
    let Some(words) = table.table("portDecides") else { return BTreeMap::new() };
    let mut all = BTreeMap::new();
    for name in words.keys() {
        match SocketType::parse(&name) {
            Ok(word) => drop(all.insert(word, ports(&words, &name))),
            Err(why) => words.push(
                Finding::new(codes::UNKNOWN_WORD, why.to_string())
                    .at(words.source(), words.span_of(&name)),
            ),
        }
    }
    all
}

fn ports(table: &TomlTable<'_>, key: &str) -> Vec<u16> {
    table.integers(key, |port| Port::new(port).map(Port::get))
}

fn read_fields<W: Word + Ord>(
    table: &TomlTable<'_>,
    key: &str,
) -> BTreeMap<String, BTreeMap<W, String>> {
    let Some(fields) = table.table(key) else { return BTreeMap::new() };
    let mut all = BTreeMap::new();
    for field in fields.keys() {
        let Some(words) = fields.table(&field) else { continue };
        let mut map = BTreeMap::new();
        for neutral in words.keys() {
            match W::parse(&neutral) {
                Ok(parsed) => {
                    if let Some(text) = words.string(&neutral) {
                        map.insert(parsed, text);
                    }
                }
                Err(why) => words.push(
                    Finding::new(codes::UNKNOWN_WORD, why.to_string())
                        .at(words.source(), words.span_of(&neutral)),
                ),
            }
        }
        all.insert(field, map);
    }
    all
}

fn read_options(root: &TomlTable<'_>) -> BTreeMap<String, OptionSpec> {
    let Some(table) = root.table("option") else { return BTreeMap::new() };
    let mut options = BTreeMap::new();
    for name in table.keys() {
        let Some(option) = table.table(&name) else { continue };
        let default = match option.string_or_bool("default") {
            Some(Ok(flag)) => OptionDefault::Flag(flag),
            Some(Err(text)) => OptionDefault::Text(text),
            None => {
                option.missing("default", "every option has one: a text, true or false");
                continue;
            }
        };
        let help = option.string("help").unwrap_or_default();
        options.insert(name, OptionSpec { default, help });
    }
    options
}

fn read_replaced_options(root: &TomlTable<'_>) -> BTreeMap<String, String> {
    let Some(table) = root.table("replacedOptions") else { return BTreeMap::new() };
    table.keys().into_iter().filter_map(|name| Some((name.clone(), table.string(&name)?))).collect()
}

fn read_file(table: &TomlTable<'_>, options: &BTreeMap<String, OptionSpec>) -> Option<FileSpec> {
    for (key, help) in [
        ("template", "name the template beside the manifest"),
        ("path", "write where the file goes, e.g. path = \"{{account.address}}.prf\""),
        ("format", "one of xml, html, plist, managed-plist, reg, pol, prf, json, text"),
        ("scope", "provider (one for everybody), domain, account or managed"),
    ] {
        if !table.has(key) {
            table.missing(key, help);
        }
    }
    let template = table.string("template");
    let path = table.string("path");
    let format = read_format(table);
    let scope = table.value("scope", |w| word(&Scope::ALL, "scope", w));
    let per_language = table.bool("perLanguage").unwrap_or(false);
    if per_language && path.as_ref().is_some_and(|p| !p.contains("{{language}}")) {
        table.push(
            table.wrong("path", "has no {{language}}, so the languages would overwrite each other"),
        );
    }
    let only_with =
        table.value("onlyWith", |option| match options.get(option).map(|o| &o.default) {
            Some(OptionDefault::Flag(_)) => Ok(option.to_owned()),
            Some(_) => Err(Invalid(format!(
                "option {option} is a text; onlyWith needs one that is true or false"
            ))),
            None => Err(Invalid(format!("there is no option {option} in this manifest"))),
        });
    let none = table.value("servers", |w| word(&[("none", ())], "word for servers", w)).is_some();
    let shows = match (none, table.has("shows")) {
        (true, _) => Vec::new(),
        (false, true) => table.list("shows", |w| word(&ShownValue::ALL, "value of a server", w)),
        (false, false) => ShownValue::ALL.map(|(_, shown)| shown).to_vec(),
    };
    let spec = FileSpec {
        number: 0,
        schema: table.string("schema"),
        reader: table.value("reader", |w| word(&Reader::ALL, "reader", w)),
        media_type: table.string("mediaType").unwrap_or_else(|| "text/plain".into()),
        routes: table.list("routes", |s| Ok(s.to_owned())),
        also_routes: table.list("alsoRoutes", |s| Ok(s.to_owned())),
        digest: table.string("digest"),
        delivery: table.string("delivery"),
        per_language,
        variant: table.string("variant"),
        only_with,
        warning: table.string("warning"),
        without_username: table.string("withoutUsername"),
        holds_password: table.bool("holdsPassword").unwrap_or(false),
        shows,
        span: table.span(),
        template: template?,
        path: path?,
        format: format?,
        scope: scope?,
    };
    Some(spec)
}

fn read_format(table: &TomlTable<'_>) -> Option<FileFormat> {
    let names = [
        ("xml", "xml"),
        ("html", "html"),
        ("plist", "plist"),
        ("managed-plist", "managed-plist"),
        ("reg", "reg"),
        ("pol", "pol"),
        ("prf", "prf"),
        ("json", "json"),
        ("text", "text"),
    ];
    let encoding = table.value("encoding", |w| {
        let all = [
            ("utf-8", Encoding::Utf8),
            ("utf-8-bom", Encoding::Utf8Bom),
            ("ascii", Encoding::Ascii),
            ("windows-1252", Encoding::Windows1252),
            ("utf-16le", Encoding::Utf16LeBom),
        ];
        word(&all, "encoding", w)
    });
    let newline = table
        .value("newline", |w| word(&[("lf", Newline::Lf), ("crlf", Newline::CrLf)], "newline", w));
    let mut escape = Vec::new();
    if let Some(map) = table.table("escape") {
        for from in map.keys() {
            let mut chars = from.chars();
            match (chars.next(), chars.next(), map.string(&from)) {
                (Some(c), None, Some(to)) => escape.push((c, to)),
                _ => map.push(
                    map.wrong(&from, "the key is one character, the value what stands for it"),
                ),
            }
        }
    }
    let refuse = table.string("refuse");
    let hive = table.value("hive", |w| word(&Hive::ALL, "hive", w));
    match table.value("format", |w| word(&names, "format", w))? {
        "xml" => Some(FileFormat::Xml),
        "html" => Some(FileFormat::Html),
        "plist" => Some(FileFormat::Plist),
        "managed-plist" => Some(FileFormat::ManagedPlist),
        "reg" => Some(FileFormat::Reg),
        "pol" => Some(FileFormat::Pol(hive.unwrap_or_default())),
        "prf" => Some(FileFormat::Prf),
        "json" => Some(FileFormat::Json),
        _ => Some(FileFormat::Text(TextRules {
            encoding: encoding.unwrap_or_default(),
            newline: newline.unwrap_or_default(),
            escape,
            refuse: refuse.unwrap_or_default(),
        })),
    }
}

fn read_include(table: &TomlTable<'_>) -> Option<Include> {
    let include = Include {
        scope: table.value("scope", |w| word(&Scope::ALL, "scope", w)).unwrap_or(Scope::Provider),
        span: table.span(),
        target: table.string("target")?,
        template: table.string("template")?,
        path: table.string("path")?,
    };
    Some(include)
}
