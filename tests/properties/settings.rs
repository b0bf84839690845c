//! Settings as anybody could write them: valid, and read by the real readers.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use mailwright::internals::clients::{OptionDefault, Target, Targets};
use mailwright::internals::finding::{Finding, Source, any_error};
use mailwright::internals::model::{
    Authentication, EmailAddress, Hostname, Protocol, Secret, ServerType, SocketType, Text, Word,
};
use mailwright::internals::plan::Request;
use mailwright::internals::settings::{Catalog, Choice, Mdm, Project, Subject, Who, resolve};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use toml::{Table, Value};

use super::texts::{Supply, visible};

/// Every built-in target, those that are only made by name too.
pub static TARGETS: LazyLock<Vec<Target>> = LazyLock::new(|| {
    let targets = Targets::new(None).expect("built-in targets need no folder");
    let mut findings = Vec::new();
    let all = targets.names().filter_map(|name| targets.get(name, &mut findings)).collect();
    assert!(findings.is_empty(), "{findings:?}");
    all
});

/// Everything about one run but its texts, and its texts.
#[derive(Clone)]
pub struct Case {
    provider: Provider,
    project: Wishes,
    who: Vec<Whom>,
    targets: Vec<String>,
    texts: Vec<String>,
}

#[derive(Clone, Debug)]
struct Provider {
    domains: Vec<String>,
    mx_domains: Vec<String>,
    short_name: bool,
    default_protocol: Option<&'static str>,
    web_mail: bool,
    incoming: Vec<Server>,
    outgoing: Vec<Server>,
    enable: Vec<(Vec<&'static str>, Vec<&'static str>, usize)>,
    documentation: Vec<Vec<&'static str>>,
    refuses: Vec<(&'static str, Vec<&'static str>, bool, Vec<&'static str>)>,
    app_password: Option<(bool, Vec<&'static str>)>,
    oauth2: Option<(bool, Vec<&'static str>)>,
}

#[derive(Clone, Debug)]
struct Server {
    server_type: &'static str,
    hostname: String,
    alternatives: Vec<String>,
    port: u16,
    socket_type: &'static str,
    authentication: Vec<&'static str>,
    /// `*` is a text.
    username: &'static str,
    url: bool,
    leave: Option<bool>,
    days: Option<u16>,
}

#[derive(Clone, Debug)]
struct Wishes {
    protocol: Option<&'static str>,
    languages: Vec<&'static str>,
    all_domains: bool,
    organization: (bool, Option<&'static str>, Option<String>),
    display_name: bool,
    override_name: bool,
    pop3: Option<(bool, u16)>,
    password: bool,
    /// For each option in turn: its default, nothing, or a text.
    options: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Whom {
    Provider,
    Domain(usize),
    CustomDomain(String),
    Account(String, usize),
    CustomAccount(String, String),
}

/// As the files that would make it happen again.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut supply = Supply::new(&self.texts, false);
        writeln!(f, "--- provider.toml\n{}", self.provider_file(&mut supply))?;
        writeln!(f, "--- mailwright.toml\n{}", self.settings_file(&mut supply))?;
        writeln!(f, "--- who {:?}, targets {:?}", self.who, self.targets)?;
        let Wishes { all_domains, display_name, password, .. } = self.project;
        writeln!(f, "all domains {all_domains}, name {display_name}, password {password}")?;
        write!(f, "texts {:?}", self.texts)
    }
}

/// Settings that have been read, ready to be planned.
pub struct World {
    subjects: Vec<Subject>,
    selected: Vec<String>,
    project: Project,
    all_domains: bool,
    password: Option<Secret>,
    mdm: Mdm,
}

impl World {
    /// What one person gets of every target.
    pub fn of(provider: &str, address: &str) -> Result<Self, TestCaseError> {
        let who = Some(Who::Address(EmailAddress::new(address).expect("a valid address")));
        let (subjects, findings) = subjects(provider, &[who], &Project::default(), None);
        valid(&findings)?;
        Ok(Self {
            subjects,
            selected: TARGETS.iter().map(|t| t.name.clone()).collect(),
            project: Project::default(),
            all_domains: true,
            password: None,
            mdm: mdm("{{mail}}", "{{user}}", "{{name}}"),
        })
    }

    pub fn request(&self) -> Request<'_> {
        Request {
            subjects: &self.subjects,
            targets: &TARGETS,
            selected: &self.selected,
            protocol: self.project.protocol,
            languages: &self.project.languages,
            locale: None,
            all_domains: self.all_domains,
            options: &self.project.options,
            organization: &self.project.organization,
            password: self.password.as_ref(),
            mdm: Some(&self.mdm),
        }
    }
}

impl Case {
    /// Written to a file and read back as the program does it, with other texts if they are to be
    /// plain.
    pub fn world(&self, plain: bool) -> Result<World, TestCaseError> {
        let mut supply = Supply::new(&self.texts, plain);
        let provider = self.provider_file(&mut supply);
        let settings = Source::new("mailwright.toml", self.settings_file(&mut supply));
        let (project, mut findings) = Project::read(&settings);
        let project = project.unwrap_or_default();
        let name = self.project.display_name.then(|| supply.name(80));
        let name = name.map(|name| Text::new(&name).expect("texts are made of what it takes"));
        let password = self.project.password.then(|| Secret::new(supply.text()));
        let mut mdm = mdm(&supply.token(), &supply.token(), &supply.token());
        // No system has a placeholder for the domain alone.
        if provider.contains("%EMAILDOMAIN%") {
            mdm.sign_in = mdm.username.clone();
        }
        let (subjects, mut more) = subjects(&provider, &self.who(), &project, name.as_ref());
        findings.append(&mut more);
        valid(&findings)?;
        Ok(World {
            subjects,
            selected: self.targets.clone(),
            all_domains: self.project.all_domains,
            password: password.filter(|p| !p.expose().is_empty()),
            mdm,
            project,
        })
    }

    /// The same for somebody whose address begins otherwise.
    pub fn with_local_part(&self, local_part: &str) -> Self {
        let mut case = self.clone();
        for who in &mut case.who {
            if let Whom::Account(local, _) | Whom::CustomAccount(local, _) = who {
                local_part.clone_into(local);
            }
        }
        case
    }

    /// Without what an odd address cannot have: a host name with its local part.
    pub fn without_local_part_in_hostnames(&self) -> Self {
        let mut case = self.clone();
        for server in case.provider.incoming.iter_mut().chain(&mut case.provider.outgoing) {
            server.hostname = server.hostname.replace("%EMAILLOCALPART%", "post");
        }
        case
    }

    pub fn local_parts(&self) -> impl Iterator<Item = &str> {
        self.who.iter().filter_map(|who| match who {
            Whom::Account(local, _) | Whom::CustomAccount(local, _) => Some(local.as_str()),
            _ => None,
        })
    }

    fn who(&self) -> Vec<Option<Who>> {
        let domains = &self.provider.domains;
        let address = |local: &str, domain: &str| {
            Who::Address(EmailAddress::new(&format!("{local}@{domain}")).expect("a valid address"))
        };
        let one = |who: &Whom| match who {
            Whom::Provider => None,
            Whom::Domain(at) => Some(Who::Name(domains[at % domains.len()].clone())),
            Whom::CustomDomain(domain) => Some(Who::Name(domain.clone())),
            Whom::Account(local, at) => Some(address(local, &domains[at % domains.len()])),
            Whom::CustomAccount(local, domain) => Some(address(local, domain)),
        };
        self.who.iter().map(one).collect()
    }

    fn provider_file(&self, supply: &mut Supply<'_>) -> String {
        let p = &self.provider;
        let mut root = Table::new();
        let mut provider = Table::new();
        put(&mut provider, "id", Some(p.domains[0].clone()));
        put(&mut provider, "displayName", Some(supply.name(60)));
        put(&mut provider, "displayShortName", p.short_name.then(|| supply.name(20)));
        put(&mut provider, "domains", Some(p.domains.clone()));
        put(&mut provider, "mxDomains", Some(p.mx_domains.clone()));
        put(&mut provider, "defaultProtocol", p.default_protocol);
        put(&mut provider, "webMail", p.web_mail.then(|| supply.url()));
        put(&mut root, "emailProvider", Some(provider));
        put(&mut root, "incomingServer", Some(servers(&p.incoming, supply)));
        put(&mut root, "outgoingServer", Some(servers(&p.outgoing, supply)));
        let enable = p.enable.iter().map(|(types, languages, steps)| {
            let mut table = Table::new();
            put(&mut table, "types", Some(types.clone()));
            put(&mut table, "visitURL", Some(supply.url()));
            let instruction = languages.iter().map(|language| {
                let steps: Vec<String> = (0..*steps).map(|_| visible(supply.text())).collect();
                ((*language).to_owned(), Value::from(steps))
            });
            put(&mut table, "instruction", Some(instruction.collect::<Table>()));
            table
        });
        put(&mut root, "enable", Some(enable.collect::<Vec<_>>()));
        let documentation = p.documentation.iter().map(|languages| {
            let mut table = Table::new();
            put(&mut table, "url", Some(supply.url()));
            put(&mut table, "descr", Some(localized(languages, supply)));
            table
        });
        put(&mut root, "documentation", Some(documentation.collect::<Vec<_>>()));
        let refuses = p.refuses.iter().map(|(way, types, since, languages)| {
            let mut table = Table::new();
            put(&mut table, "authentication", Some(*way));
            put(&mut table, "types", Some(types.clone()));
            put(&mut table, "since", since.then_some("2024-09-16"));
            put(&mut table, "source", Some(supply.text()));
            put(&mut table, "instead", Some(localized(languages, supply)));
            table
        });
        put(&mut root, "refuses", Some(refuses.collect::<Vec<_>>()));
        if let Some((required, languages)) = &p.app_password {
            let mut table = Table::new();
            put(&mut table, "url", Some(supply.url()));
            put(&mut table, "required", Some(*required));
            put(&mut table, "note", Some(localized(languages, supply)));
            put(&mut root, "appPassword", Some(table));
        }
        if let Some((device, types)) = &p.oauth2 {
            let mut table = Table::new();
            put(&mut table, "issuer", Some(supply.text()));
            put(&mut table, "authURL", Some(supply.url()));
            put(&mut table, "tokenURL", Some(supply.url()));
            put(&mut table, "deviceAuthURL", device.then(|| supply.url()));
            let scope = types.iter().map(|t| ((*t).to_owned(), Value::from(vec![supply.text()])));
            put(&mut table, "scope", Some(scope.collect::<Table>()));
            put(&mut root, "oAuth2", Some(table));
        }
        toml::to_string(&root).expect("tables of texts are TOML")
    }

    fn settings_file(&self, supply: &mut Supply<'_>) -> String {
        let w = &self.project;
        let mut root = Table::new();
        put(&mut root, "protocol", w.protocol);
        put(&mut root, "language", Some(w.languages.clone()));
        let (name, identifier, support) = &w.organization;
        let mut organization = Table::new();
        put(&mut organization, "name", name.then(|| supply.text()));
        put(&mut organization, "identifier", *identifier);
        put(&mut organization, "supportAddress", support.clone());
        put(&mut root, "organization", Some(organization));
        if w.override_name {
            let mut provider = Table::new();
            put(&mut provider, "displayName", Some(supply.name(60)));
            let over = Table::from_iter([("emailProvider".to_owned(), Value::from(provider))]);
            put(&mut root, "override", Some(over));
        }
        if let Some((leave, days)) = w.pop3 {
            let mut pop3 = Table::new();
            put(&mut pop3, "leaveMessagesOnServer", Some(leave));
            put(&mut pop3, "daysToLeaveMessagesOnServer", Some(i64::from(days)));
            put(&mut root, "pop3", Some(pop3));
        }
        let mut targets = Table::new();
        let mut modes = w.options.iter().cycle();
        for target in TARGETS.iter() {
            let mut options = Table::new();
            for (name, option) in &target.options {
                let mode = *modes.next().expect("a cycle does not end");
                let value = match &option.default {
                    OptionDefault::Flag(_) => Value::from(mode > 1),
                    OptionDefault::Text(_) => option_text(name, &option.help, mode, supply).into(),
                };
                put(&mut options, name, (mode > 0).then_some(value));
            }
            put(&mut targets, &target.name, Some(options));
        }
        put(&mut root, "target", Some(targets));
        toml::to_string(&root).expect("tables of texts are TOML")
    }
}

/// What the option's help asks for: empty where that means something, else a text.
fn option_text(name: &str, help: &str, mode: u8, supply: &mut Supply<'_>) -> String {
    match name {
        // Numbers that a manifest cannot say are numbers.
        "officeVersion" => format!("1{}.0", 4 + mode),
        "oAuthIssuer" => supply.url(),
        "appendVersion" => mode.to_string(),
        // A folder on Windows.
        "installDir" => {
            format!("C:\\{}x", supply.text().replace(['/', '"', '<', '>', '|', '?', '*'], ""))
        }
        _ if mode == 1 && help.contains("(empty:") => String::new(),
        _ => visible(supply.text()),
    }
}

/// A system with these placeholders.
fn mdm(address: &str, username: &str, name: &str) -> Mdm {
    let text = |text: &str| Text::new(text).expect("texts are made of what it takes");
    Mdm {
        name: "custom".to_owned(),
        title: "a system".to_owned(),
        address: text(address),
        username: Some(text(username)),
        local_part: None,
        display_name: Some(text(name)),
        sign_in: None,
        delivery: None,
    }
}

/// Whom a provider file is for, as the program reads it.
fn subjects(
    provider: &str,
    who: &[Option<Who>],
    project: &Project,
    display_name: Option<&Text>,
) -> (Vec<Subject>, Vec<Finding>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("provider.toml");
    std::fs::write(&file, provider).expect("a file");
    let catalog = Catalog::new(None).expect("built-in providers need no folder");
    let choice = Choice {
        provider: Some(file.to_str().expect("a temporary folder has a plain name")),
        overrides: &project.overrides,
        display_name,
    };
    let mut findings = Vec::new();
    let mut subjects = Vec::new();
    for who in who {
        let subject = resolve(who.as_ref(), &choice, &catalog, &mut findings);
        subjects.extend(subject.expect("the file is there"));
    }
    (subjects, findings)
}

/// Whatever is made here has to be valid: a warning is fine, an error is a mistake of this file.
fn valid(findings: &[Finding]) -> Result<(), TestCaseError> {
    let all = || findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    if any_error(findings) { Err(TestCaseError::fail(all())) } else { Ok(()) }
}

fn put(table: &mut Table, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        table.insert(key.to_owned(), value.into());
    }
}

fn localized(languages: &[&str], supply: &mut Supply<'_>) -> Table {
    languages.iter().map(|l| ((*l).to_owned(), Value::from(visible(supply.text())))).collect()
}

fn servers(servers: &[Server], supply: &mut Supply<'_>) -> Vec<Table> {
    let mut taken = BTreeSet::new();
    let one = |server: &Server| {
        let (port, socket_type) = sayable(server);
        if !taken.insert((server.server_type, port, socket_type)) {
            return None; // the same server twice is refused
        }
        let pop3 = server.server_type == "pop3";
        let mut table = Table::new();
        put(&mut table, "type", Some(server.server_type));
        put(&mut table, "hostname", Some(server.hostname.clone()));
        put(&mut table, "alternativeHostnames", Some(server.alternatives.clone()));
        put(&mut table, "port", Some(i64::from(port)));
        put(&mut table, "socketType", Some(socket_type));
        put(&mut table, "authentication", Some(server.authentication.clone()));
        let username = match server.username.contains('*') {
            true => server.username.replace('*', &supply.login()),
            false => server.username.to_owned(),
        };
        put(&mut table, "username", Some(username));
        put(&mut table, "url", server.url.then(|| supply.url()));
        put(&mut table, "leaveMessagesOnServer", server.leave.filter(|_| pop3));
        let days = server.days.filter(|_| pop3).map(i64::from);
        put(&mut table, "daysToLeaveMessagesOnServer", days);
        Some(table)
    };
    servers.iter().filter_map(one).collect()
}

/// Apple's profiles have one flag for SSL and STARTTLS, where the port decides, and none for the
/// port of Exchange. What is the other way round there is not what is asked here.
fn sayable(server: &Server) -> (u16, &'static str) {
    let (implicit, upgraded) = match server.server_type {
        "imap" => (993, 143),
        "pop3" => (995, 110),
        "smtp" => (465, 587),
        _ => return (443, "SSL"),
    };
    let odd = if server.socket_type == "SSL" { upgraded } else { implicit };
    (if server.port == odd { 10_000 + odd } else { server.port }, server.socket_type)
}

/// Any valid settings with these texts.
pub fn cases(texts: impl Strategy<Value = Vec<String>>) -> impl Strategy<Value = Case> {
    let names: Vec<String> = TARGETS.iter().map(|t| t.name.clone()).collect();
    let count = names.len();
    let targets = prop_oneof![1 => Just(names.clone()), 2 => subsequence(names, 1..=count)];
    let who = prop::collection::vec(whom(), 1..3);
    (provider(), wishes(), who, targets, texts).prop_map(
        |(provider, project, who, targets, texts)| Case { provider, project, who, targets, texts },
    )
}

fn whom() -> impl Strategy<Value = Whom> {
    prop_oneof![
        1 => Just(Whom::Provider),
        1 => (0..9usize).prop_map(Whom::Domain),
        1 => domain().prop_map(Whom::CustomDomain),
        3 => (local_part(), 0..9usize).prop_map(|(local, at)| Whom::Account(local, at)),
        2 => (local_part(), domain()).prop_map(|(local, domain)| Whom::CustomAccount(local, domain)),
    ]
}

/// What stands before the `@`, as odd as it may be.
pub fn local_part() -> impl Strategy<Value = String> {
    #[rustfmt::skip]
    let odd = vec![
        "ann", "ann+tag", "o'neil+x", "''", "{{x}}", "{address}", "a`id`b", "$HOME", "${x}",
        "%00", "%s", "=cmd|x", "#", "*", "_a_", "a|b", "&amp", "-rf", "--", "~root", "!x", "^",
        "änn", "岡", "анна", "\u{202e}nna", "a\u{200b}b", "e\u{301}", "👩", "con-tact", "x.y.z",
        "%-",
    ];
    let long = ["x".repeat(64), "ä".repeat(32)];
    prop_oneof![
        3 => select(odd).prop_map(str::to_owned),
        1 => select(long.to_vec()),
        2 => "[a-z0-9]{1,12}(\\.[a-z]{1,5})?(\\+[a-z0-9-]{1,8})?",
        2 => "[!#$%&'*+=?^_`{|}~a-zA-Z0-9-]{1,20}",
        1 => "\\PC{1,8}",
    ]
    .prop_map(|local| match EmailAddress::new(&format!("{local}@example.com")) {
        Ok(_) => local,
        Err(_) => "ann".to_owned(),
    })
}

fn domain() -> impl Strategy<Value = String> {
    #[rustfmt::skip]
    let odd = vec![
        "example.com", "Example.ORG", "bücher.example", "xn--bcher-kva.example", "例え.jp",
        "пример.рф", "straße.example", "a.b.c.d.example", "1und1.example", "x.co.uk",
    ];
    prop_oneof![
        2 => select(odd).prop_map(str::to_owned),
        1 => "[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?\\.(example|net|[a-z]{3,6})",
        1 => "[a-z]{63}\\.example",
    ]
}

fn hostname() -> impl Strategy<Value = String> {
    #[rustfmt::skip]
    let odd = vec![
        "%EMAILDOMAIN%", "mail.%EMAILDOMAIN%", "Mail.%EMAILDOMAIN%", "%EMAILLOCALPART%.example",
        "pop-mail.outlook.com", "outlook.office365.com", "imap.gmail.com",
        "smtp-mail.outlook.com", "192.0.2.7", "post.bücher.example",
    ];
    prop_oneof![
        1 => select(odd).prop_map(str::to_owned),
        1 => domain().prop_map(|domain| format!("mail.{domain}")),
    ]
}

fn words<W: Word>() -> Vec<&'static str> {
    W::ALL.iter().map(|w| w.as_str()).collect()
}

fn languages() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![
        1 => Just(vec!["en", "de"]),
        2 => subsequence(vec!["en", "de", "fr", "pt-BR"], 0..=3),
    ]
}

fn types() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(words::<ServerType>(), 0..=3)
}

fn server(types: Vec<&'static str>) -> impl Strategy<Value = Server> {
    let port = prop_oneof![
        3 => select(vec![993u16, 143, 995, 110, 465, 587, 25, 443]),
        1 => 1..=u16::MAX,
    ];
    // Mostly what clients know, or hardly a file would be made.
    let usual = vec!["OAuth2", "password-cleartext", "password-encrypted", "NTLM"];
    let authentication = prop_oneof![
        2 => Just(vec!["password-cleartext"]),
        3 => subsequence(usual, 1..=4).prop_shuffle(),
        2 => subsequence(words::<Authentication>(), 1..=9).prop_shuffle(),
    ];
    let username = select(vec![
        "%EMAILADDRESS%",
        "%EMAILADDRESS%",
        "%EMAILADDRESS%",
        "%EMAILLOCALPART%",
        "%EMAILLOCALPART%.%EMAILDOMAIN%",
        "*",
        "%EMAILLOCALPART%*",
        "*%EMAILDOMAIN%",
    ]);
    let socket_type = prop_oneof![
        2 => Just(SocketType::Ssl.as_str()),
        1 => select(words::<SocketType>()),
    ];
    let more = (
        prop::collection::vec(domain(), 0..2),
        any::<bool>(),
        any::<Option<bool>>(),
        prop::option::of(1..=18_249u16),
    );
    (select(types), hostname(), port, socket_type, authentication, username, more).prop_map(
        |(server_type, hostname, port, socket_type, authentication, username, more)| {
            let (alternatives, url, leave, days) = more;
            Server {
                server_type,
                hostname,
                alternatives,
                port,
                socket_type,
                authentication,
                username,
                url,
                leave,
                days,
            }
        },
    )
}

fn provider() -> impl Strategy<Value = Provider> {
    let incoming = prop_oneof![
        4 => server(vec!["pop3", "imap"]),
        1 => server(vec!["activeSync", "ews"]),
        1 => server(vec!["pop3", "imap", "activeSync", "ews", "jmap", "graph"]),
    ];
    let servers = (
        prop::collection::vec(incoming, 1..=3),
        prop::collection::vec(server(vec!["smtp"]), 1..=2),
    );
    let some_languages = languages().prop_map(|l| if l.is_empty() { vec!["en"] } else { l });
    let texts = (
        prop::collection::vec((types(), some_languages, 1..3usize), 0..3),
        prop::collection::vec(languages(), 0..3),
        prop::collection::vec(
            (select(words::<Authentication>()), types(), any::<bool>(), languages()),
            0..3,
        ),
        prop::option::of((any::<bool>(), languages())),
        prop::option::of((any::<bool>(), types())),
    );
    let domains = prop::collection::vec(domain(), 1..4).prop_map(|domains| {
        let mut seen = Vec::new();
        let mut new = |d: &String| {
            let host = Hostname::new(d).expect("a valid domain");
            let new = !seen.contains(&host);
            seen.push(host);
            new
        };
        domains.into_iter().filter(|d| new(d)).collect()
    });
    let basics = (
        domains,
        prop::collection::vec(domain(), 0..2),
        any::<bool>(),
        prop::option::of(select(words::<Protocol>())),
        any::<bool>(),
    );
    // As the newest clients want it, or chance would hardly bring it about: TLS from the first byte on
    // the usual ports, the address, a password.
    let tidy = prop::bool::weighted(0.25);
    (basics, servers, texts, tidy).prop_map(
        |(basics, (mut incoming, mut outgoing), texts, tidy)| {
            for server in incoming.iter_mut().chain(&mut outgoing).filter(|_| tidy) {
                server.port = match server.server_type {
                    "imap" => 993,
                    "pop3" => 995,
                    "smtp" => 465,
                    _ => 443,
                };
                server.socket_type = "SSL";
                server.authentication = vec!["password-cleartext"];
                server.username = "%EMAILADDRESS%";
            }
            let (domains, mx_domains, short_name, default_protocol, web_mail) = basics;
            let (enable, documentation, refuses, app_password, oauth2) = texts;
            Provider {
                domains,
                mx_domains,
                short_name,
                default_protocol,
                web_mail,
                incoming,
                outgoing,
                enable,
                documentation,
                refuses,
                app_password,
                oauth2,
            }
        },
    )
}

fn wishes() -> impl Strategy<Value = Wishes> {
    let support = (local_part(), domain()).prop_map(|(local, domain)| format!("{local}@{domain}"));
    let organization = (
        any::<bool>(),
        prop::option::of(select(vec!["com.example", "de.xn--bcher-kva", "a.b.c"])),
        prop::option::of(support),
    );
    (
        prop::option::of(select(words::<Protocol>())),
        prop_oneof![2 => Just(vec!["en"]), 1 => subsequence(vec!["de", "en", "pt-BR"], 0..=2)],
        prop::bool::weighted(0.1),
        organization,
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, (any::<bool>(), 0..=18_249u16)),
        prop::bool::weighted(0.3),
        prop::collection::vec(0..=2u8, 1..7),
    )
        .prop_map(
            |(
                protocol,
                languages,
                all_domains,
                organization,
                display_name,
                override_name,
                pop3,
                password,
                options,
            )| Wishes {
                protocol,
                languages,
                all_domains,
                organization,
                display_name,
                override_name,
                pop3,
                password,
                options,
            },
        )
}
