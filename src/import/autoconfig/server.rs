//! Reads `incomingServer` and `outgoingServer`.

use std::ops::Range;

use super::super::ReadServer;
use super::super::defects::DefectList;
use super::super::values::{first_line, hostname, port};
use super::http::{ADDRESSES, address, is_http};
use super::leaf::{attributes, called, coerced, leaf};
use crate::codes;
use crate::format::Tree;
use crate::model::{
    Authentication, Hostname, HostnamePattern, ServerType, SocketType, UsernamePattern, Word,
};

pub(super) fn read(element: &Tree, text: &str, errors: &mut DefectList) -> Option<ReadServer> {
    let start = first_line(text, &element.span);
    attributes(element, &["type"], errors);
    let incoming = element.name == "incomingServer";
    let word = element.attribute("type").unwrap_or_default();
    let server_type =
        errors.ok_or_report(codes::AUTOCONFIG_SERVER_TYPE, &start, ServerType::parse(word));
    if let Some(server_type) = server_type
        && (server_type == ServerType::Smtp) == incoming
    {
        errors.add(
            codes::AUTOCONFIG_SERVER_TYPE,
            &start,
            format!("type \"{word}\" in {}", element.name),
        );
    }
    // The model has no Exchange types of format 1.1, but they are not typing errors: their URL
    // elements are accepted.
    let over_http = server_type.map_or(matches!(word, "exchange" | "owa"), is_http);
    let mut authentication = Vec::new();
    let mut pop3 = (None, None);
    for child in &element.children {
        match child.name.as_str() {
            "@type" | "hostname" | "port" | "socketType" | "username" => {}
            "authentication" => {
                let Some(word) = leaf(child, errors) else { continue };
                let Some(way) = errors.ok_or_report(
                    codes::AUTOCONFIG_AUTHENTICATION,
                    &child.span,
                    Authentication::parse(word),
                ) else {
                    continue;
                };
                if authentication.contains(&way) {
                    errors.add(
                        codes::AUTOCONFIG_AUTHENTICATION_TWICE,
                        &child.span,
                        format!("authentication {way} appears twice"),
                    );
                }
                authentication.push(way);
            }
            "pop3" if server_type == Some(ServerType::Pop3) => pop3 = pop3_options(child, errors),
            "pop3" => errors.add(
                codes::AUTOCONFIG_MISPLACED,
                &child.span,
                "pop3 in a server of another type",
            ),
            name if over_http && ADDRESSES.contains(&name) => {}
            "restriction" if !incoming => {}
            "password" => errors.add(
                codes::AUTOCONFIG_PASSWORD,
                &child.span,
                "a password in a file that anybody can fetch",
            ),
            "useGlobalPreferredServer" if child.text().trim() == "false" => {}
            "useGlobalPreferredServer" => {
                let message =
                    "useGlobalPreferredServer makes Thunderbird use a server of another account";
                errors.add(codes::AUTOCONFIG_GLOBAL_PREFERRED_SERVER, &child.span, message);
            }
            _ if child.kind == "attribute" => {}
            _ => errors.add(
                codes::AUTOCONFIG_UNKNOWN_ELEMENT,
                &child.span,
                format!("{} in {} is unknown", called(child), element.name),
            ),
        }
    }
    let address = if over_http { address(element) } else { None };
    let mut only = |name| only_one(element, name, &start, errors);
    let username = only("username");
    let (host, number, socket_type) = match &address {
        Some(at) => (Some(at.hostname.clone()), Some(at.port), Some(at.socket_type)),
        None => {
            let (host, word) = (only("hostname"), only("socketType"));
            let number = only("port");
            (
                host.and_then(|host| hostname_as_written(host, errors)),
                number.and_then(|number| port_as_written(number, errors)),
                word.and_then(|word| socket_type_as_written(word, errors)),
            )
        }
    };
    let username = username.map(|name| check_username(name, errors));
    if !element.children.iter().any(|child| child.name == "authentication") {
        errors.add(
            codes::AUTOCONFIG_NO_AUTHENTICATION,
            &start,
            format!("no authentication in {}", element.name),
        );
    } else if !authentication.is_empty() && !over_http {
        usable(&authentication, incoming, host.as_deref()).unwrap_or_else(|why| {
            errors.add(codes::AUTOCONFIG_UNUSABLE_AUTHENTICATION, &start, why)
        });
    }
    Some(ReadServer {
        server_type: server_type?,
        hostname: host?,
        port: number?,
        socket_type: vec![socket_type?],
        authentication,
        username,
        leave_messages_on_server: pop3.0,
        days_to_leave_messages_on_server: pop3.1,
        url: address.map(|address| address.url),
        span: element.span.clone(),
    })
}

/// An element and its text.
type Leaf<'a> = (&'a Tree, &'a str);

/// The text of the only child of this name. Reports a missing and a second one.
fn only_one<'a>(
    element: &'a Tree,
    name: &str,
    start: &Range<usize>,
    errors: &mut DefectList,
) -> Option<Leaf<'a>> {
    let mut found = element.children.iter().filter(|child| child.name == name);
    let Some(first) = found.next() else {
        // Desktop sends a missing username as "undefined" and drops the server for the others.
        // Android rejects the whole file.
        let message = format!("no {name} in {}", element.name);
        match name {
            "username" => errors.add(codes::AUTOCONFIG_NO_USERNAME, start, message),
            _ => errors.add(codes::AUTOCONFIG_SERVER_INCOMPLETE, start, message),
        }
        return None;
    };
    if let Some(second) = found.next() {
        // Clients differ in which of the two they use.
        errors.add(codes::AUTOCONFIG_ELEMENT_TWICE, &second.span, format!("a second {name}"));
    }
    leaf(first, errors).map(|text| (first, text))
}

/// Keeps placeholders. Everything else must have the form that every client reads; it is corrected
/// where possible.
fn hostname_as_written((element, name): Leaf<'_>, errors: &mut DefectList) -> Option<String> {
    let mut wrong = |why: String| errors.add(codes::AUTOCONFIG_HOSTNAME, &element.span, why);
    if !name.contains('%') {
        return match hostname(name) {
            Ok(name) => Some(name),
            Err(why) => {
                wrong(why);
                Hostname::new(name).ok().map(|host| host.to_string())
            }
        };
    }
    match HostnamePattern::new(name) {
        Ok(pattern) if !name.is_ascii() => {
            wrong(format!("\"{pattern}\" has a letter outside ASCII"));
            None
        }
        Ok(_) => Some(name.to_owned()),
        Err(why) => {
            wrong(why.to_string());
            None
        }
    }
}

fn socket_type_as_written(
    (element, word): Leaf<'_>,
    errors: &mut DefectList,
) -> Option<SocketType> {
    let read =
        errors.ok_or_report(codes::AUTOCONFIG_SOCKET_TYPE, &element.span, SocketType::parse(word));
    // No client accepts another letter case, but the meaning is clear.
    let same = |socket: &&SocketType| socket.as_str().eq_ignore_ascii_case(word);
    read.or_else(|| SocketType::ALL.iter().find(same).copied())
}

fn port_as_written((element, digits): Leaf<'_>, errors: &mut DefectList) -> Option<u16> {
    match port(digits) {
        Ok(port) => Some(port),
        Err(why) => {
            errors.add(codes::AUTOCONFIG_PORT, &element.span, why);
            digits.parse().ok().filter(|port| *port > 0)
        }
    }
}

fn check_username((element, name): Leaf<'_>, errors: &mut DefectList) -> String {
    if crate::model::reads_as_another(name) {
        errors.add(codes::AUTOCONFIG_COERCED_USERNAME, &element.span, coerced(element, name));
    }
    if name.contains("%EMAIL")
        && let Err(why) = UsernamePattern::new(name)
    {
        errors.add(codes::AUTOCONFIG_PLACEHOLDER, &element.span, why.to_string());
    }
    name.to_owned()
}

/// Checks that Thunderbird desktop 153 supports one of the methods; otherwise it drops the server.
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

/// Reads Thunderbird's own element `pop3`, which is not in the draft.
///
/// For desktop 153 a value of `1` is "not a boolean", and it then ignores the days as well. It does
/// not read checkInterval at all.
fn pop3_options(pop3: &Tree, errors: &mut DefectList) -> (Option<bool>, Option<u32>) {
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
                codes::AUTOCONFIG_POP3_OPTION,
                &child.span,
                format!("{} in pop3 is not read by Thunderbird", called(child)),
            );
            continue;
        }
        if seen.contains(&name) {
            errors.add(codes::AUTOCONFIG_ELEMENT_TWICE, &child.span, format!("a second {name}"));
            continue;
        }
        seen.push(name);
        let Some(text) = leaf(child, errors) else { continue };
        if name == "daysToLeaveMessagesOnServer" {
            match text.parse::<u32>().ok().filter(|days| *days > 0 && days.to_string() == text) {
                Some(days) => options.1 = Some(days),
                None => errors.add(
                    codes::AUTOCONFIG_POP3_OPTION,
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
                codes::AUTOCONFIG_POP3_OPTION,
                &child.span,
                format!("{name} is true or false, not \"{text}\""),
            ),
        }
    }
    options
}
