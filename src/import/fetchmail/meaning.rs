//! Turns parsed servers into mailboxes, with the defaults of the file and of fetchmail itself.

use std::net::Ipv4Addr;
use std::ops::Range;

use super::super::defects::{DefectList, MOST_ACCOUNTS};
use super::super::values::hostname;
use super::super::{ReadServer, meant_hostname};
use super::grammar::{self, FetchmailSetting, FetchmailValue, Options, ServerSection, UserSection};
use crate::codes;
use crate::model::{Authentication, ServerType, SocketType};

/// One user of one server.
#[derive(Debug, Clone)]
pub(crate) struct FetchmailAccount {
    /// False for `skip`, which is only polled if the command line names it.
    pub polled: bool,
    pub user: Option<String>,
    /// `None` if there is no mailbox to read: for ETRN and ODMR, and without a valid host name.
    pub server: Option<ReadServer>,
    options: Options,
    pub span: Range<usize>,
}

impl FetchmailAccount {
    /// The place where an option is set for this account, or else the start of the account.
    pub fn place(&self, option: &str) -> Range<usize> {
        self.options.get(option).map_or_else(|| self.start(), |setting| setting.span.clone())
    }

    pub fn has(&self, option: &str) -> bool {
        self.options.contains_key(option)
    }

    pub fn is_off(&self, option: &str) -> bool {
        self.options.get(option).is_some_and(|setting| setting.value == FetchmailValue::Off)
    }

    pub fn text(&self, option: &str) -> Option<&str> {
        match &self.options.get(option)?.value {
            FetchmailValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The keyword that begins the account.
    pub fn start(&self) -> Range<usize> {
        self.span.start..self.span.end.min(self.span.start + 4)
    }

    /// Whether both accounts read the same mailbox: the same user on servers of the same parent
    /// domain.
    pub fn is_of(&self, other: &Self) -> bool {
        let (Some(one), Some(two)) = (&self.server, &other.server) else { return false };
        let family = |host: &str| match host.split_once('.') {
            Some((_, rest)) if rest.contains('.') => rest.to_owned(),
            _ => host.to_owned(),
        };
        self.user == other.user && family(&one.hostname) == family(&two.hostname)
    }
}

/// All mailboxes of a file, in its order; reports the defects.
pub fn accounts(text: &str, errors: &mut DefectList) -> Vec<FetchmailAccount> {
    let mut accounts = Vec::new();
    let mut defaults = None;
    let mut polls = 0;
    for server in grammar::servers(text, errors) {
        if server.begun == "defaults" {
            if polls > 0 || defaults.is_some() {
                let message = "defaults stands once, before every poll";
                let start = server.span.start..server.span.start + "defaults".len();
                errors.add(codes::FETCHMAIL_DEFAULTS_LATE, &start, message);
            }
            defaults = Some(server);
            continue;
        }
        polls += 1;
        let mut meaning = Meaning { server: &server, defaults: defaults.as_ref(), errors };
        match server.users.as_slice() {
            [] => accounts.push(meaning.account(None, server.span.clone())),
            users => {
                let left = MOST_ACCOUNTS.saturating_sub(accounts.len());
                for (number, user) in users.iter().take(left).enumerate() {
                    let start = if number == 0 { server.span.start } else { user.span.start };
                    accounts.push(meaning.account(Some(user), start..user.span.end));
                }
            }
        }
        if accounts.len() >= MOST_ACCOUNTS {
            errors.too_much(MOST_ACCOUNTS, "mailboxes", server.span.end);
            break;
        }
    }
    idle(&accounts, errors);
    accounts
}

/// Reports `idle` in a file that fetchmail 6.4.37 would refuse: it waits on one folder of one
/// account.
fn idle(accounts: &[FetchmailAccount], errors: &mut DefectList) {
    let idles = |account: &&FetchmailAccount| {
        let on = account.options.get("idle").is_some_and(|idle| idle.value == FetchmailValue::On);
        let folders = account.text("folder").unwrap_or_default();
        on && (accounts.len() > 1 || folders.contains('\n'))
    };
    if let Some(account) = accounts.iter().find(idles) {
        let message = "idle is for a file with one account and one folder";
        errors.add(codes::FETCHMAIL_IDLE, &account.place("idle"), message);
    }
}

/// The longest user name that is read; no account has a longer one.
const MOST: usize = 1024;
/// RFC 1035 section 2.3.4
const LONGEST_HOST: usize = 253;

struct Meaning<'a> {
    server: &'a ServerSection,
    defaults: Option<&'a ServerSection>,
    errors: &'a mut DefectList,
}

impl Meaning<'_> {
    fn account(&mut self, user: Option<&UserSection>, span: Range<usize>) -> FetchmailAccount {
        let default_user = self.defaults.and_then(|defaults| defaults.users.first());
        let mut options = Options::new();
        let all = [
            self.defaults.map(|defaults| &defaults.options),
            default_user.map(|user| &user.options),
            Some(&self.server.options),
            user.map(|user| &user.options),
        ];
        for own in all.into_iter().flatten() {
            options.extend(own.iter().map(|(name, setting)| (*name, setting.clone())));
        }
        let named = user.and_then(|user| user.name.clone());
        let name = named.or_else(|| default_user.and_then(|user| user.name.clone()));
        let mut account = FetchmailAccount {
            polled: self.server.begun == "poll",
            // A name in `defaults` is copied to every poll, so its length is limited.
            user: name.filter(|name| (1..=MOST).contains(&name.len())),
            server: None,
            options,
            span,
        };
        account.server = self.read(&account);
        account
    }

    fn read(&mut self, account: &FetchmailAccount) -> Option<ReadServer> {
        let start = account.start();
        let (server_type, ways) = self.protocol(account)?;
        let written = account.text("via").or(self.server.name.as_deref())?;
        let place = if account.has("via") { account.place("via") } else { start.clone() };
        if written.len() > LONGEST_HOST {
            self.errors.add(codes::FETCHMAIL_HOSTNAME, &place, "no host name is as long as this");
            return None;
        }
        let name = written.to_ascii_lowercase();
        let kept = self.errors.ok_or_report(codes::FETCHMAIL_HOSTNAME, &place, hostname(&name));
        let hostname = kept.or_else(|| meant_hostname(&name))?;
        let ssl = account.options.get("ssl").is_some_and(|ssl| ssl.value == FetchmailValue::On);
        let port = self.port(account, server_type, ssl)?;
        if account.user.is_none() {
            let message = "no user: fetchmail takes the name of whoever runs it";
            self.errors.add(codes::FETCHMAIL_NO_USER, &start, message);
        }
        let address = account.text("interface").map(|interface| interface.split('/').nth(1));
        if address.is_some_and(|address| address.is_none_or(|ip| ip.parse::<Ipv4Addr>().is_err())) {
            let message = "interface is a name, a slash and an address, as in tun0/10.0.0.1";
            self.errors.add(codes::FETCHMAIL_INTERFACE, &account.place("interface"), message);
        }
        let smtphost = account.text("smtphost").unwrap_or_default();
        if account.has("lmtp") && !smtphost.contains('/') {
            let message = "lmtp wants a smtphost with a port of its own, as in localhost/24";
            self.errors.add(codes::FETCHMAIL_LMTP, &account.place("lmtp"), message);
        }
        let keep = account.options.get("keep").is_some_and(|keep| keep.value == FetchmailValue::On);
        Some(ReadServer {
            server_type,
            hostname,
            port,
            socket_type: self.socket_type(account, ssl),
            authentication: ways,
            username: account.user.clone(),
            leave_messages_on_server: Some(keep),
            days_to_leave_messages_on_server: None,
            url: None,
            span: account.span.clone(),
        })
    }

    /// The protocol and the authentication methods; `None` if the protocol reads no mailbox.
    fn protocol(
        &mut self,
        account: &FetchmailAccount,
    ) -> Option<(ServerType, Vec<Authentication>)> {
        let place = account.place("protocol");
        let way = self.way(account);
        Some(match account.text("protocol").unwrap_or("auto") {
            "imap" => (ServerType::Imap, way),
            "pop3" | "sdps" => (ServerType::Pop3, way),
            "apop" => (ServerType::Pop3, vec![Authentication::PasswordEncrypted]),
            "kpop" => (ServerType::Pop3, vec![Authentication::Gssapi]),
            "auto" => {
                let message = "no protocol, so fetchmail tries IMAP and then POP3";
                self.errors.add(codes::FETCHMAIL_PROTOCOL_AUTO, &place, message);
                match number(account, "service").or_else(|| number(account, "port")) {
                    Some(110 | 995) => (ServerType::Pop3, way),
                    _ => (ServerType::Imap, way),
                }
            }
            old @ ("pop2" | "rpop") => {
                let message = format!("{old} is not spoken any more");
                self.errors.add(codes::FETCHMAIL_PROTOCOL_GONE, &place, message);
                (ServerType::Pop3, way)
            }
            other => {
                let queue = ["etrn", "odmr"].contains(&other);
                if queue {
                    let message = format!("{other} asks for the mail of a domain, not of a person");
                    self.errors.add(codes::FETCHMAIL_NO_MAILBOX, &place, message);
                }
                return None;
            }
        })
    }

    /// The authentication method. `any` tries the methods that the server offers and ends with the
    /// password, which every server with passwords accepts.
    fn way(&mut self, account: &FetchmailAccount) -> Vec<Authentication> {
        let way = match account.text("auth").unwrap_or("any") {
            "cram-md5" | "otp" => Authentication::PasswordEncrypted,
            "ntlm" | "msn" => Authentication::Ntlm,
            "gssapi" | "kerberos_v5" => Authentication::Gssapi,
            "kerberos_v4" => {
                let message = "Kerberos 4 is in no fetchmail any more";
                self.errors.add(codes::FETCHMAIL_KERBEROS_4, &account.place("auth"), message);
                Authentication::Gssapi
            }
            "external" => Authentication::TlsClientCert,
            "ssh" => Authentication::None,
            _ => Authentication::PasswordCleartext,
        };
        vec![way]
    }

    /// The port: `port` and `service` are one setting, so the last one counts.
    fn port(
        &mut self,
        account: &FetchmailAccount,
        server_type: ServerType,
        ssl: bool,
    ) -> Option<u16> {
        let usual = match (server_type, ssl) {
            (ServerType::Imap, true) => 993,
            (ServerType::Imap, false) => 143,
            (_, true) => 995,
            (_, false) if account.text("protocol") == Some("kpop") => 1109,
            (_, false) => 110,
        };
        let own = |name: &str| account.options.get(name);
        let last = own("port").into_iter().chain(own("service")).max_by_key(|s| s.span.start);
        let Some(FetchmailSetting { value, span }) = last else { return Some(usual) };
        let found = match value {
            FetchmailValue::Number(number) => u16::try_from(*number).ok().filter(|port| *port > 0),
            FetchmailValue::Text(text) => {
                text.parse().ok().filter(|port| *port > 0).or_else(|| service(text))
            }
            _ => None,
        };
        if found.is_none() {
            let message = "fetchmail finds no such port";
            self.errors.add(codes::FETCHMAIL_PORT, span, message);
        }
        found.or(Some(usual))
    }

    /// The security. In fetchmail 6.4, STARTTLS is required if the certificate is checked, which is
    /// the default, or if `sslproto` is set. An empty `sslproto` disables it.
    fn socket_type(&mut self, account: &FetchmailAccount, ssl: bool) -> Vec<SocketType> {
        let proto = account.text("sslproto");
        if proto.is_some_and(|proto| !known_proto(proto) || ssl && proto.is_empty()) {
            let message = "no sslproto that fetchmail knows here; it takes \"auto\"";
            self.errors.add(codes::FETCHMAIL_SSLPROTO, &account.place("sslproto"), message);
        }
        if ssl {
            return vec![SocketType::Ssl];
        }
        match proto {
            Some("") => vec![SocketType::Plain],
            Some(_) => vec![SocketType::Starttls],
            None if account.is_off("sslcertck") => {
                let message = "STARTTLS is used only where the server offers it";
                self.errors.add(
                    codes::FETCHMAIL_TLS_OPTIONAL,
                    &account.place("sslcertck"),
                    message,
                );
                vec![SocketType::Starttls, SocketType::Plain]
            }
            None => vec![SocketType::Starttls],
        }
    }
}

fn known_proto(proto: &str) -> bool {
    let proto = proto.to_ascii_lowercase();
    let (version, _) = proto.split_at(proto.trim_end_matches('+').len());
    ["", "auto", "ssl2", "ssl23", "ssl3", "tls1", "tls1.1", "tls1.2", "tls1.3"].contains(&version)
}

fn number(account: &FetchmailAccount, option: &str) -> Option<i64> {
    match &account.options.get(option)?.value {
        FetchmailValue::Number(number) => Some(*number),
        FetchmailValue::Text(text) => service(text).map(i64::from),
        _ => None,
    }
}

/// The port of a service, by the names of /etc/services.
fn service(name: &str) -> Option<u16> {
    let known = [
        ("imap", 143),
        ("imap2", 143),
        ("imaps", 993),
        ("pop3", 110),
        ("pop-3", 110),
        ("pop3s", 995),
    ];
    known.into_iter().chain([("kpop", 1109)]).find(|(own, _)| *own == name).map(|(_, port)| port)
}
