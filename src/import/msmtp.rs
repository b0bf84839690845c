//! Reads the configuration files of msmtp and mpop, which share one grammar.
//!
//! The program stops at the first line that it does not accept, and then has no account at all. It
//! notices what an account lacks only when the account is used.
//!
//! msmtp 1.8.23, src/conf.c and src/msmtp.c; mpop 1.4.18, src/conf.c and src/mpop.c

mod command;
mod file;
mod program;

use std::collections::{BTreeMap, BTreeSet};

use super::defects::DefectList;
use super::values::resolvable;
use super::{Examination, ReadConfig, ReadServer, meant_hostname};
use crate::codes;
use crate::model::{Authentication, ServerType, SocketType};

pub(crate) use file::{MsmtpAccount, MsmtpFile, MsmtpSetting};
pub(crate) use program::Program;

pub(super) fn read(text: &str, program: Program) -> Examination {
    let mut errors = DefectList::default();
    let file = file::file(text, program, &mut errors);
    if file.accounts.is_empty() {
        errors.add(codes::MSMTP_NO_ACCOUNT, &(0..0), "there is no account");
    }
    let mut config = ReadConfig { address: address(&file), ..ReadConfig::default() };
    let mut known = BTreeSet::new();
    for account in &file.accounts {
        let server = server(account, program, &mut errors);
        // `account default : example` does not add a second server.
        config.servers.extend(server.filter(|server| known.insert(identity(server))));
    }
    once(&mut errors);
    errors.finish(config)
}

/// The whole file, for callers that need more than its servers.
pub(crate) fn file(text: &str, program: Program) -> MsmtpFile<'_> {
    file::file(text, program, &mut DefectList::default())
}

/// Removes repeated defects: an account that inherits a setting inherits its defects.
fn once(errors: &mut DefectList) {
    let mut known = BTreeMap::new();
    errors.retain(|defect| {
        known.insert((defect.code, defect.span.start), defect.span.end) != Some(defect.span.end)
    });
}

fn identity(server: &ReadServer) -> impl Ord + use<> {
    let of = server;
    let kept = (of.leave_messages_on_server, of.days_to_leave_messages_on_server);
    let ways = format!("{:?} {:?}", of.socket_type, of.authentication);
    (of.hostname.clone(), of.port, ways, of.username.clone(), kept)
}

/// The sender address of the default account, or else of the first account with one.
fn address(file: &MsmtpFile<'_>) -> Option<String> {
    let from = |account: &MsmtpAccount<'_>| {
        let from = account.text("from")?.argument;
        // `%U@%H` and `*@example.com` are not addresses.
        let is_one = from.contains('@') && !from.contains(['%', '*', '?', '[']);
        is_one.then(|| from.to_owned())
    };
    let usual = file.accounts.iter().find(|account| account.name == "default");
    usual.and_then(from).or_else(|| file.accounts.iter().find_map(from))
}

fn server(
    account: &MsmtpAccount<'_>,
    program: Program,
    errors: &mut DefectList,
) -> Option<ReadServer> {
    if account.is_parent && is_unfinished(account, program) {
        return None;
    }
    let socket_type = socket_type(account);
    let tls = socket_type != [SocketType::Plain];
    if !account.has_more() {
        complete(account, program, tls, errors);
    }
    let hostname = hostname(account, errors)?;
    if account.text("protocol").is_some_and(|protocol| protocol.argument == "lmtp") {
        return None;
    }
    let (server_type, usual, immediate) = match program {
        Program::Msmtp => (ServerType::Smtp, 25, 465),
        Program::Mpop => (ServerType::Pop3, 110, 995),
    };
    let usual = if socket_type == [SocketType::Ssl] { immediate } else { usual };
    let port = match account.setting("port") {
        Some(_) => account.port()?,
        None => usual,
    };
    let authentication = authentication(account, program);
    let user = account.text("user").map(|user| user.argument.to_owned());
    let signs_in = authentication != [Authentication::None];
    let (leave, days) = match program {
        Program::Msmtp => (None, None),
        Program::Mpop => keep(account),
    };
    Some(ReadServer {
        server_type,
        hostname,
        port,
        socket_type,
        authentication,
        username: user.filter(|_| signs_in),
        leave_messages_on_server: leave,
        days_to_leave_messages_on_server: days,
        url: None,
        span: account.span.clone(),
    })
}

/// Whether an account is only a base for other accounts, because it lacks a required setting.
fn is_unfinished(account: &MsmtpAccount<'_>, program: Program) -> bool {
    account.text("host").is_none()
        || needs_user(account, program) && account.text("user").is_none()
        || program == Program::Mpop && account.setting("delivery").is_none()
}

/// Whether the method needs a user name: all do, except for a client certificate.
fn needs_user(account: &MsmtpAccount<'_>, program: Program) -> bool {
    let ways = authentication(account, program);
    ways != [Authentication::None] && ways != [Authentication::TlsClientCert]
}

/// Reports what an account lacks: what the program checks before it connects (check_account) and
/// before it authenticates (smtp_auth, pop3_auth).
fn complete(account: &MsmtpAccount<'_>, program: Program, tls: bool, errors: &mut DefectList) {
    let name = account.name.escape_debug();
    let mut lacks = |code, place, message: String| match place {
        Some(place) => errors.add(code, &account.place(place), message),
        None => errors.add(code, &account.line, message),
    };
    let has = |name| account.text(name).is_some();
    if account.setting("host").is_none() && (tls || !has("socket")) && !has("tls_host_override") {
        lacks(codes::MSMTP_NO_HOST, None, format!("account {name} has no host"));
    }
    if account.text("protocol").is_some_and(|protocol| protocol.argument == "lmtp")
        && account.setting("port").is_none()
    {
        lacks(codes::MSMTP_NO_PORT, Some("protocol"), "LMTP has no usual port".to_owned());
    }
    if program == Program::Mpop && account.setting("delivery").is_none() {
        lacks(codes::MSMTP_NO_DELIVERY, None, format!("account {name} has no delivery"));
    }
    for (one, other) in [("tls_key_file", "tls_cert_file"), ("tls_cert_file", "tls_key_file")] {
        if has(one) && !has(other) {
            lacks(codes::MSMTP_TLS_FILES, Some(one), format!("{one} needs {other}"));
        }
    }
    // If only `defaults` clears it, the program still uses "system".
    let trusts_nobody = account.says("tls_trust_file") && !has("tls_trust_file");
    let checks = account.is_on("tls_certcheck", true) != Some(false);
    if trusts_nobody && has("tls_crl_file") {
        lacks(
            codes::MSMTP_TLS_FILES,
            Some("tls_crl_file"),
            "no tls_trust_file beside it".to_owned(),
        );
    }
    if trusts_nobody && tls && checks && !has("tls_fingerprint") {
        let message = "no certificate is trusted, and they are to be checked";
        lacks(codes::MSMTP_TLS_FILES, Some("tls_trust_file"), message.to_owned());
    }
    if needs_user(account, program) && !has("user") && (has("host") || has("socket")) {
        lacks(codes::MSMTP_NO_USER, None, format!("account {name} signs in and has no user"));
    }
}

fn hostname(account: &MsmtpAccount<'_>, errors: &mut DefectList) -> Option<String> {
    let host = account.text("host")?;
    let found = errors.ok_or_report(codes::MSMTP_HOSTNAME, &host.span, resolvable(host.argument));
    found.or_else(|| meant_hostname(host.argument))
}

/// The security. If the program refuses the value, all possible meanings, but always with TLS.
fn socket_type(account: &MsmtpAccount<'_>) -> Vec<SocketType> {
    if account.is_on("tls", false) == Some(false) {
        return vec![SocketType::Plain];
    }
    match account.is_on("tls_starttls", true) {
        Some(true) => vec![SocketType::Starttls],
        Some(false) => vec![SocketType::Ssl],
        None => vec![SocketType::Starttls, SocketType::Ssl],
    }
}

/// The authentication method. msmtp authenticates only if `auth` is set, mpop always. `on` selects
/// the best method that both sides support, which is some kind of password.
fn authentication(account: &MsmtpAccount<'_>, program: Program) -> Vec<Authentication> {
    let usual = if program == Program::Msmtp { "off" } else { "on" };
    let word = account.setting("auth").map_or(usual, |auth| auth.argument);
    vec![match word {
        "off" => Authentication::None,
        "cram-md5" | "digest-md5" | "apop" => Authentication::PasswordEncrypted,
        scram if scram.starts_with("scram-") => Authentication::PasswordEncrypted,
        "ntlm" => Authentication::Ntlm,
        "gssapi" => Authentication::Gssapi,
        "external" => Authentication::TlsClientCert,
        "oauthbearer" | "xoauth2" => Authentication::OAuth2,
        _ => Authentication::PasswordCleartext,
    }]
}

/// Whether messages stay on the server, and for how many days. mpop 1.4.23 also has `keep 14d`.
fn keep(account: &MsmtpAccount<'_>) -> (Option<bool>, Option<u32>) {
    let Some(setting) = account.setting("keep") else { return (Some(false), None) };
    match setting.argument {
        "" | "on" => (Some(true), None),
        "off" => (Some(false), None),
        duration => match command::seconds(duration) {
            Some(0) => (Some(false), None),
            Some(seconds) => (Some(true), u32::try_from(seconds.div_ceil(86_400)).ok()),
            None => (None, None),
        },
    }
}

#[cfg(test)]
mod tests;
