//! `incomingServer` and `outgoingServer`.

use std::ops::Range;

use super::super::{Errors, ReadServer, first_line, hostname, port};
use super::leaf::{attributes, called, coerced, leaf};
use crate::format::Tree;
use crate::model::{
    Authentication, HostnamePattern, ServerType, SocketType, UsernamePattern, Word,
};

pub(super) fn read(element: &Tree, text: &str, errors: &mut Errors) -> Option<ReadServer> {
    let start = first_line(text, &element.span);
    attributes(element, &["type"], errors);
    let incoming = element.name == "incomingServer";
    let word = element.attribute("type").unwrap_or_default();
    let server_type = errors.keep("autoconfig-rule", &start, ServerType::parse(word));
    if let Some(server_type) = server_type
        && (server_type == ServerType::Smtp) == incoming
    {
        errors.add("autoconfig-rule", &start, format!("type \"{word}\" in {}", element.name));
    }
    let mut authentication = Vec::new();
    let mut pop3 = (None, None);
    for child in &element.children {
        match child.name.as_str() {
            "@type" | "hostname" | "port" | "socketType" | "username" => {}
            "authentication" => {
                let Some(word) = leaf(child, errors) else { continue };
                let Some(way) =
                    errors.keep("autoconfig-rule", &child.span, Authentication::parse(word))
                else {
                    continue;
                };
                if authentication.contains(&way) {
                    errors.add(
                        "autoconfig-rule",
                        &child.span,
                        format!("authentication {way} appears twice"),
                    );
                }
                authentication.push(way);
            }
            "pop3" if server_type == Some(ServerType::Pop3) => pop3 = pop3_options(child, errors),
            "pop3" => {
                errors.add("autoconfig-rule", &child.span, "pop3 in a server of another type")
            }
            "url"
                if !matches!(
                    server_type,
                    Some(ServerType::Imap | ServerType::Pop3 | ServerType::Smtp)
                ) => {}
            "restriction" if !incoming => {}
            "password" => errors.add(
                "autoconfig-rule",
                &child.span,
                "a password in a file that anybody can fetch",
            ),
            "useGlobalPreferredServer" => {
                let message =
                    "useGlobalPreferredServer makes Thunderbird use a server of another account";
                errors.add("autoconfig-rule", &child.span, message);
            }
            _ if child.kind == "attribute" => {}
            _ => errors.add(
                "autoconfig-rule",
                &child.span,
                format!("{} in {} is unknown", called(child), element.name),
            ),
        }
    }
    let mut only = |name| only_one(element, name, &start, errors);
    let (host, socket_type) = (only("hostname"), only("socketType"));
    let (number, username) = (only("port"), only("username"));
    let host = host.and_then(|host| {
        errors.keep("autoconfig-rule", &host.span, hostname_as_written(host.text()))
    });
    let number =
        number.and_then(|number| errors.keep("autoconfig-rule", &number.span, port(number.text())));
    let socket_type = socket_type.and_then(|word| {
        errors.keep("autoconfig-rule", &word.span, SocketType::parse(word.text()))
    });
    let username =
        username.and_then(|name| errors.keep("autoconfig-rule", &name.span, check_username(name)));
    if !element.children.iter().any(|child| child.name == "authentication") {
        errors.add("autoconfig-rule", &start, format!("no authentication in {}", element.name));
    } else if !authentication.is_empty() {
        usable(&authentication, incoming, host.as_deref())
            .unwrap_or_else(|why| errors.add("autoconfig-rule", &start, why));
    }
    Some(ReadServer {
        server_type: server_type?,
        hostname: host?,
        port: number?,
        socket_type: vec![socket_type?],
        authentication,
        username: Some(username?),
        leave_messages_on_server: pop3.0,
        days_to_leave_messages_on_server: pop3.1,
        span: element.span.clone(),
    })
}

/// Exactly one child of this name, with nothing but text in it.
fn only_one<'a>(
    element: &'a Tree,
    name: &str,
    start: &Range<usize>,
    errors: &mut Errors,
) -> Option<&'a Tree> {
    let mut found = element.children.iter().filter(|child| child.name == name);
    let Some(first) = found.next() else {
        // Desktop: a missing username is sent as "undefined", the rest drops the server. Android
        // rejects the whole file.
        errors.add("autoconfig-rule", start, format!("no {name} in {}", element.name));
        return None;
    };
    if let Some(second) = found.next() {
        // Which of the two counts depends on the client.
        errors.add("autoconfig-rule", &second.span, format!("a second {name}"));
    }
    leaf(first, errors).map(|_| first)
}

/// Placeholders stay as they are; the rest has to be what every client takes.
fn hostname_as_written(name: &str) -> Result<String, String> {
    if !name.contains('%') {
        return hostname(name);
    }
    let pattern = HostnamePattern::new(name).map_err(|why| why.to_string())?;
    if !name.is_ascii() {
        return Err(format!("\"{pattern}\" has a letter outside ASCII"));
    }
    Ok(name.to_owned())
}

fn check_username(element: &Tree) -> Result<String, String> {
    let name = element.text();
    if crate::model::reads_as_another(name) {
        return Err(coerced(element, name));
    }
    if name.contains("%EMAIL") {
        UsernamePattern::new(name).map_err(|why| why.to_string())?;
    }
    Ok(name.to_owned())
}

/// Whether Thunderbird desktop 153 finds a way to sign in; else it drops the server.
fn usable(ways: &[Authentication], incoming: bool, host: Option<&str>) -> Result<(), String> {
    use Authentication::{ClientIpAddress, None, OAuth2, SmtpAfterPop, TlsClientCert};
    let is_known = |way: &Authentication| match way {
        TlsClientCert => false,
        ClientIpAddress | SmtpAfterPop | None => !incoming,
        _ => true,
    };
    if !ways.iter().any(is_known) {
        return Err(
            "no authentication that Thunderbird 153 knows here, so it drops the server".into()
        );
    }
    if ways == [OAuth2] && host.is_some_and(|host| host.contains('%')) {
        return Err(
            "OAuth2 alone with a placeholder in the host name, so Thunderbird 153 drops the server"
                .into(),
        );
    }
    Ok(())
}

/// Thunderbird's own element, not in the draft.
///
/// Desktop 153: `1` is "not a boolean", and the days are then ignored with it; checkInterval is
/// not read at all.
fn pop3_options(pop3: &Tree, errors: &mut Errors) -> (Option<bool>, Option<u32>) {
    let mut options = (None, None);
    let mut seen = Vec::new();
    attributes(pop3, &[], errors);
    for child in pop3.children.iter().filter(|child| child.kind != "attribute") {
        let name = child.name.as_str();
        if !matches!(
            name,
            "leaveMessagesOnServer" | "daysToLeaveMessagesOnServer" | "downloadOnBiff"
        ) {
            errors.add(
                "autoconfig-rule",
                &child.span,
                format!("{} in pop3 is not read by Thunderbird", called(child)),
            );
            continue;
        }
        if seen.contains(&name) {
            errors.add("autoconfig-rule", &child.span, format!("a second {name}"));
            continue;
        }
        seen.push(name);
        let Some(text) = leaf(child, errors) else { continue };
        if name == "daysToLeaveMessagesOnServer" {
            match text.parse::<u32>().ok().filter(|days| *days > 0 && days.to_string() == text) {
                Some(days) => options.1 = Some(days),
                None => errors.add(
                    "autoconfig-rule",
                    &child.span,
                    format!("{name} is a number of days, not \"{text}\""),
                ),
            }
            continue;
        }
        match text {
            "true" | "false" if name == "downloadOnBiff" => {}
            "true" | "false" => options.0 = Some(text == "true"),
            _ => errors.add(
                "autoconfig-rule",
                &child.span,
                format!("{name} is true or false, not \"{text}\""),
            ),
        }
    }
    options
}
