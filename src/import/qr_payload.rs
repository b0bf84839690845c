//! Thunderbird mobile's account import: the text inside a QR code, version 1.
//!
//! `[1,[part,parts],[protocol,host,port,security,authentication,user,name?,password?],[[[0,host,
//! port,security,authentication,user,password?],[address,name]]],…]`
//!
//! The app rejects the whole payload if one value in it is out of range, so one error here is
//! one too many. A line feed at the end of the file is not part of the payload.

use super::{Errors, Examined, ReadConfig, ReadServer, hostname, port};
use crate::format::Tree;
use crate::model::{Authentication, EmailAddress, ServerType, SocketType};

pub(super) fn read(text: &str, root: &Tree) -> Examined {
    let mut errors = Errors::default();
    let mut config = ReadConfig::default();
    compact(text, &mut errors);
    let [version, parts, accounts @ ..] = &root.children[..] else {
        errors.add(
            "qr-rule",
            &root.span,
            "not [1,[part,parts],incoming server,outgoing servers,…]",
        );
        return errors.finish(config);
    };
    if number(version) != Some(1) {
        errors.add("qr-rule", &version.span, "the version has to be 1");
    }
    match &parts.children[..] {
        [part, parts]
            if matches!((number(part), number(parts)), (Some(1..), Some(1..)))
                && number(part) <= number(parts) => {}
        _ => errors.add("qr-rule", &parts.span, "not [part,parts], counted from 1"),
    }
    let (accounts, odd) = accounts.as_chunks::<2>();
    if let [alone] = odd {
        errors.add("qr-rule", &alone.span, "an incoming server without a list of outgoing servers");
    }
    if accounts.is_empty() {
        errors.add("qr-rule", &root.span, "no account");
    }
    for [incoming, outgoing] in accounts {
        config.servers.extend(server(incoming, true, &mut errors));
        if let Some(name) = incoming.children.get(6).filter(|name| name.kind == "string") {
            config.display_name = config.display_name.or_else(|| name.value.clone());
        }
        if outgoing.kind != "array" || outgoing.children.is_empty() {
            errors.add(
                "qr-rule",
                &outgoing.span,
                "no list of outgoing servers with their identities",
            );
        }
        for group in &outgoing.children {
            read_group(group, &mut config, &mut errors);
        }
    }
    errors.finish(config)
}

/// An outgoing server and who sends through it.
fn read_group(group: &Tree, config: &mut ReadConfig, errors: &mut Errors) {
    let [outgoing, identities @ ..] = &group.children[..] else {
        errors.add("qr-rule", &group.span, "not [outgoing server,[address,name],…]");
        return;
    };
    config.servers.extend(server(outgoing, false, errors));
    if identities.is_empty() {
        errors.add("qr-rule", &group.span, "no [address,name] behind the outgoing server");
    }
    for identity in identities {
        let ([address, name], "array") = (&identity.children[..], identity.kind) else {
            errors.add("qr-rule", &identity.span, "not [address,name]");
            continue;
        };
        let text = string(address).unwrap_or_default();
        match EmailAddress::new(text) {
            Ok(good) if good.as_str() == text && text.is_ascii() => {
                config.address.get_or_insert_with(|| text.to_owned());
            }
            Ok(_) => errors.add("qr-rule", &address.span, "the app takes only addresses in ASCII"),
            Err(why) => errors.add("qr-rule", &address.span, why.to_string()),
        }
        match string(name) {
            Some(name) => config.values.push(("identity".to_owned(), name.to_owned())),
            None => errors.add("qr-rule", &name.span, "the name of the identity is a string"),
        }
    }
}

fn server(list: &Tree, incoming: bool, errors: &mut Errors) -> Option<ReadServer> {
    let most = if incoming { 8 } else { 7 };
    if list.kind != "array" || !(6..=most).contains(&list.children.len()) {
        let message = format!("a server is a list of 6 to {most} values");
        errors.add("qr-rule", &list.span, message);
        return None;
    }
    let [protocol, host, number_of_port, security, way, user, rest @ ..] = &list.children[..]
    else {
        return None; // the length has been looked at
    };
    let server_type = match (number(protocol), incoming) {
        (Some(0), true) => Some(ServerType::Imap),
        (Some(1), true) => Some(ServerType::Pop3),
        (Some(0), false) => Some(ServerType::Smtp),
        _ => None,
    };
    if server_type.is_none() {
        errors.add(
            "qr-rule",
            &protocol.span,
            "the protocol is 0 (IMAP; SMTP for outgoing mail) or 1 (POP3)",
        );
    }
    let hostname = errors.keep("qr-rule", &host.span, hostname(string(host).unwrap_or_default()));
    let digits = number(number_of_port).map(|n| n.to_string()).unwrap_or_default();
    let port = errors.keep("qr-rule", &number_of_port.span, port(&digits));
    let socket_type = match number(security) {
        Some(0) => Some(SocketType::Plain),
        Some(2) => Some(SocketType::Starttls),
        Some(3) => Some(SocketType::Ssl),
        _ => None,
    };
    if socket_type.is_none() {
        errors.add("qr-rule", &security.span, "the security is 0 (plain), 2 (STARTTLS) or 3 (SSL)");
    }
    let authentication = authentication(way, server_type, errors);
    let username = string(user).filter(|user| !user.is_empty());
    if username.is_none() && authentication != Some(Authentication::None) {
        errors.add("qr-rule", &user.span, "no user name");
    }
    for optional in rest {
        if !matches!(optional.kind, "string" | "null") {
            errors.add("qr-rule", &optional.span, "names and passwords are strings or null");
        }
    }
    Some(ReadServer {
        server_type: server_type?,
        hostname: hostname?,
        port: port?,
        socket_type: vec![socket_type?],
        authentication: vec![authentication?],
        username: username.map(str::to_owned),
        leave_messages_on_server: None,
        days_to_leave_messages_on_server: None,
        url: None,
        span: list.span.clone(),
    })
}

fn authentication(
    way: &Tree,
    server_type: Option<ServerType>,
    errors: &mut Errors,
) -> Option<Authentication> {
    let reason = match number(way) {
        Some(0) => return Some(Authentication::None),
        Some(1) => return Some(Authentication::PasswordCleartext),
        Some(2) => return Some(Authentication::PasswordEncrypted),
        Some(5) => return Some(Authentication::TlsClientCert),
        // Pop3Connection: "Unhandled authentication method"; it is imported and never connects.
        Some(6) if server_type == Some(ServerType::Pop3) => {
            "Thunderbird for Android has no OAuth2 for POP3"
        }
        Some(6) => return Some(Authentication::OAuth2),
        Some(3 | 4) => "Thunderbird for Android has neither GSSAPI (3) nor NTLM (4)",
        _ => "the authentication is 0 to 6",
    };
    errors.add("qr-rule", &way.span, reason);
    None
}

fn number(value: &Tree) -> Option<u32> {
    let digits = value.value.as_deref().filter(|_| value.kind == "number")?;
    digits.parse().ok()
}

fn string(value: &Tree) -> Option<&str> {
    value.value.as_deref().filter(|_| value.kind == "string")
}

/// White space between values only makes the code bigger, and a line feed is not allowed at all.
fn compact(text: &str, errors: &mut Errors) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (mut in_string, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            ' ' | '\t' | '\n' | '\r' if !in_string => {
                errors.add("qr-rule", &(at..at + 1), "white space between the values");
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Reader;

    fn read(text: &str) -> Result<ReadConfig, Vec<super::super::Defect>> {
        Reader::QrPayload.read(text)
    }

    const GOOD: &str = concat!(
        r#"[1,[1,1],[1,"pop.example.com",995,3,1,"ann@example.com","Example","p w"],"#,
        r#"[[[0,"smtp.example.com",587,2,6,"ann@example.com",null],["ann@example.com","Ann Example"]]]]"#
    );

    fn refuses(from: &str, to: &str) -> String {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let errors = read(&text).expect_err(to);
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors[0].message.clone()
    }

    #[test]
    fn a_good_payload_is_read_whole() {
        let config = read(GOOD).unwrap();
        assert_eq!(config.display_name.as_deref(), Some("Example"));
        assert_eq!(config.address.as_deref(), Some("ann@example.com"));
        let [pop, smtp] = &config.servers[..] else { panic!("{config:?}") };
        assert_eq!((pop.server_type, pop.port), (ServerType::Pop3, 995));
        assert_eq!(pop.socket_type, [SocketType::Ssl]);
        assert_eq!(pop.authentication, [Authentication::PasswordCleartext]);
        assert_eq!(
            (smtp.server_type, smtp.hostname.as_str()),
            (ServerType::Smtp, "smtp.example.com")
        );
        assert_eq!(smtp.socket_type, [SocketType::Starttls]);
        assert_eq!(smtp.authentication, [Authentication::OAuth2]);
        assert_eq!(read(&format!("{GOOD}\n")).unwrap(), config);
    }

    #[test]
    fn the_frame_is_exact() {
        refuses("[1,[1,1]", "[2,[1,1]");
        refuses("[1,1]", "[2,1]");
        refuses("[1,1]", "[0,1]");
        refuses("[1,1]", "1");
        assert!(read("[1,[1,1]]").is_err());
        assert!(read("{}").is_err());
        assert!(read("[1,[1,1],[0,\"a.example\",993,3,1,\"a\"]]").is_err());
    }

    #[test]
    fn it_is_compact_on_one_line() {
        refuses(",[1,1]", ", [1,1]");
        refuses(",[1,1]", ",\n[1,1]");
    }

    #[test]
    fn every_number_is_in_its_range() {
        refuses("[1,\"pop", "[2,\"pop");
        refuses("[0,\"smtp", "[1,\"smtp");
        refuses("995", "0");
        refuses("995", "65536");
        refuses("995", "\"995\"");
        refuses("995,3", "995,1");
        refuses("995,3,1", "995,3,4");
        refuses("995,3,1", "995,3,7");
        refuses("995,3,1", "995,3,1.5");
    }

    #[test]
    fn oauth2_over_pop3_is_refused() {
        assert!(refuses("995,3,1", "995,3,6").contains("POP3"));
    }

    #[test]
    fn hosts_and_addresses_are_ascii() {
        refuses("pop.example.com", "pop.bücher.example");
        refuses("[\"ann@example.com\"", "[\"änn@example.com\"");
        refuses("[\"ann@example.com\"", "[\"ann\"");
    }

    #[test]
    fn a_server_has_a_user_and_an_identity() {
        refuses("995,3,1,\"ann@example.com\"", "995,3,1,\"\"");
        refuses(",[\"ann@example.com\",\"Ann Example\"]", "");
        refuses(",\"Ann Example\"]", "]");
        refuses("\"p w\"", "7");
        refuses("\"p w\"", "\"p\",\"w\"");
    }
}
