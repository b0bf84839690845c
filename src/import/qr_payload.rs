//! Reads Thunderbird mobile's account import: the text of a QR code, version 1.
//!
//! `[1,[part,parts],[protocol,host,port,security,authentication,user,name?,password?],[[[0,host,
//! port,security,authentication,user,password?],[address,name]]],…]`
//!
//! The app rejects the whole payload if a single value in it is out of range. A line feed at the
//! end of the file is not part of the payload.
//!
//! thunderbird-android, feature/migration/qrcode: qr-code-format.md (version 1),
//! QrCodePayloadAdapter.kt, QrCodePayloadValidator.kt, IntValueMapper.kt

mod value;

use super::defects::DefectList;
use super::values::{hostname, port};
use super::{Examination, ReadConfig, ReadServer, meant_hostname};
use crate::codes;
use crate::format::Tree;
use crate::model::{Authentication, EmailAddress, ServerType, SocketType};
use value::{number, string, surplus};

pub(super) fn read(text: &str, root: &Tree) -> Examination {
    let mut errors = DefectList::default();
    let mut config = ReadConfig::default();
    compact(text, &mut errors);
    let [version, parts, accounts @ ..] = &root.children[..] else {
        let message = "not [1,[part,parts],incoming server,outgoing servers,…]";
        errors.add(codes::QR_FRAME, &root.span, message);
        return errors.finish(config);
    };
    if number(version, &mut errors) != Some(1) {
        errors.add(codes::QR_VERSION, &version.span, "the version has to be 1");
    }
    read_parts(parts, &mut errors);
    if accounts.is_empty() {
        errors.add(codes::QR_NO_ACCOUNT, &root.span, "no account");
    }
    for account in accounts.chunks(2) {
        let [incoming, rest @ ..] = account else { continue };
        config.servers.extend(server(incoming, true, &mut errors));
        if let Some(name) = incoming.children.get(6).filter(|name| name.kind == "string") {
            config.display_name = config.display_name.or_else(|| name.value.clone());
        }
        match rest {
            [outgoing] if outgoing.kind == "array" && !outgoing.children.is_empty() => {
                for group in &outgoing.children {
                    read_group(group, &mut config, &mut errors);
                }
            }
            _ => {
                let span = rest.first().map_or(&incoming.span, |outgoing| &outgoing.span);
                let message = "no list of outgoing servers with their identities";
                errors.add(codes::QR_NO_OUTGOING_SERVER, span, message);
            }
        }
    }
    errors.finish(config)
}

fn read_parts(parts: &Tree, errors: &mut DefectList) {
    let [part, last, more @ ..] = &parts.children[..] else {
        errors.add(codes::QR_FRAME, &parts.span, "not [part,parts]");
        return;
    };
    surplus(more, errors);
    match (number(part, errors), number(last, errors)) {
        (Some(part @ 1..), Some(last @ 1..)) if part <= last => {}
        (Some(_), Some(_)) => errors.add(codes::QR_PARTS, &parts.span, "parts are counted from 1"),
        _ => errors.add(codes::QR_FRAME, &parts.span, "not [part,parts]"),
    }
}

/// Reads an outgoing server and the identities that use it.
fn read_group(group: &Tree, config: &mut ReadConfig, errors: &mut DefectList) {
    let [outgoing, identities @ ..] = &group.children[..] else {
        errors.add(codes::QR_SERVER, &group.span, "not [outgoing server,[address,name],…]");
        return;
    };
    config.servers.extend(server(outgoing, false, errors));
    if identities.is_empty() {
        let message = "no [address,name] behind the outgoing server";
        errors.add(codes::QR_NO_IDENTITY, &group.span, message);
    }
    for identity in identities {
        let ([address, name, more @ ..], "array") = (&identity.children[..], identity.kind) else {
            errors.add(codes::QR_NO_IDENTITY, &identity.span, "not [address,name]");
            continue;
        };
        surplus(more, errors);
        if let Some(text) = string(address, errors) {
            match EmailAddress::new(text) {
                Ok(good) if good.as_str() == text && text.is_ascii() => {
                    config.address.get_or_insert_with(|| text.to_owned());
                }
                Ok(_) => {
                    let message = "the app takes only addresses in ASCII";
                    errors.add(codes::QR_ADDRESS, &address.span, message);
                }
                Err(why) => errors.add(codes::QR_ADDRESS, &address.span, why.to_string()),
            }
        }
        if let Some(name) = string(name, errors) {
            config.values.push(("identity".to_owned(), name.to_owned()));
        }
    }
}

fn server(list: &Tree, incoming: bool, errors: &mut DefectList) -> Option<ReadServer> {
    let [protocol, host, number_of_port, security, way, user, rest @ ..] = &list.children[..]
    else {
        errors.add(codes::QR_SERVER, &list.span, "a server is a list of at least 6 values");
        return None;
    };
    let (optional, more) = rest.split_at(rest.len().min(if incoming { 2 } else { 1 }));
    surplus(more, errors);
    let server_type = match (number(protocol, errors), incoming) {
        (Some(0), true) => Some(ServerType::Imap),
        (Some(1), true) => Some(ServerType::Pop3),
        (Some(0), false) => Some(ServerType::Smtp),
        _ => None,
    };
    if server_type.is_none() {
        let message = "the protocol is 0 (IMAP; SMTP for outgoing mail) or 1 (POP3)";
        errors.add(codes::QR_PROTOCOL, &protocol.span, message);
    }
    let hostname = string(host, errors).and_then(|name| {
        errors
            .ok_or_report(codes::QR_HOSTNAME, &host.span, hostname(name))
            .or_else(|| meant_hostname(name))
    });
    let digits = number(number_of_port, errors).map(|n| n.to_string()).unwrap_or_default();
    let port = errors.ok_or_report(codes::QR_PORT, &number_of_port.span, port(&digits));
    let socket_type = socket_type(security, errors);
    let authentication = authentication(way, server_type, errors);
    let username = string(user, errors).filter(|user| !user.is_empty());
    let named = user.value.as_deref() == Some("");
    if named && authentication != Some(Authentication::None) {
        errors.add(codes::QR_NO_USER, &user.span, "no user name");
    }
    for value in optional {
        string(value, errors);
    }
    Some(ReadServer {
        server_type: server_type?,
        hostname: hostname?,
        port: port?,
        socket_type: vec![socket_type?],
        authentication: authentication.into_iter().collect(),
        username: username.map(str::to_owned),
        leave_messages_on_server: None,
        days_to_leave_messages_on_server: None,
        url: None,
        span: list.span.clone(),
    })
}

fn socket_type(security: &Tree, errors: &mut DefectList) -> Option<SocketType> {
    match number(security, errors) {
        Some(0) => return Some(SocketType::Plain),
        Some(1) => {
            let message = "1 was STARTTLS if there is any; the app reads it as 2";
            errors.add(codes::QR_TRY_STARTTLS, &security.span, message);
            return Some(SocketType::Starttls);
        }
        Some(2) => return Some(SocketType::Starttls),
        Some(3) => return Some(SocketType::Ssl),
        _ => {}
    }
    let message = "the security is 0 (plain), 2 (STARTTLS) or 3 (SSL)";
    errors.add(codes::QR_SECURITY, &security.span, message);
    None
}

fn authentication(
    way: &Tree,
    server_type: Option<ServerType>,
    errors: &mut DefectList,
) -> Option<Authentication> {
    let (reason, meant) = match number(way, errors) {
        Some(0) => return Some(Authentication::None),
        Some(1) => return Some(Authentication::PasswordCleartext),
        Some(2) => return Some(Authentication::PasswordEncrypted),
        Some(5) => return Some(Authentication::TlsClientCert),
        Some(6) => {
            if server_type == Some(ServerType::Pop3) {
                // Pop3Connection: "Unhandled authentication method". The account is imported but
                // never connects.
                let message = "Thunderbird for Android has no OAuth2 for POP3";
                errors.add(codes::QR_POP3_OAUTH2, &way.span, message);
            }
            return Some(Authentication::OAuth2);
        }
        Some(3) => ("Thunderbird for Android has no GSSAPI", Some(Authentication::Gssapi)),
        Some(4) => ("Thunderbird for Android has no NTLM", Some(Authentication::Ntlm)),
        _ => ("the authentication is 0 to 6", None),
    };
    errors.add(codes::QR_AUTHENTICATION, &way.span, reason);
    meant
}

/// Reports white space between values, because it makes the code larger for no use.
fn compact(text: &str, errors: &mut DefectList) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (mut in_string, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            ' ' | '\t' | '\n' | '\r' if !in_string => {
                errors.add(codes::QR_WHITE_SPACE, &(at..at + 1), "white space between the values");
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
