//! `[[incomingServer]]` and `[[outgoingServer]]` of a provider file → [`Server`].

use std::collections::BTreeMap;
use std::ops::Range;

use crate::codes;
use crate::document::TomlTable;
use crate::finding::Finding;
use crate::model::{
    Authentication, Hostname, HostnamePattern, Invalid, Pop3Options, Port, Server, ServerType,
    Side, SocketType, UsernamePattern, Word, reads_as_another,
};

use super::url::url;

/// The maximum number of days that messages stay on the server. Thunderbird has no "forever", so
/// its file uses 18250 days for that: in seconds it still fits in 32 bits.
pub(super) const LONGEST_STAY: u16 = 18_249;

/// Reads all servers of one side, and stores the places of their authentication methods in `spans`.
pub(super) fn read_servers(
    root: &TomlTable<'_>,
    side: Side,
    spans: &mut BTreeMap<(Side, usize), Range<usize>>,
) -> Vec<Server> {
    let key = side.as_str();
    let tables = root.tables(key);
    if tables.is_empty() {
        root.missing(key, format!("describe one under [[{key}]]"));
    }
    let mut servers: Vec<Server> = Vec::new();
    for table in &tables {
        let Some(server) = read_server(table, side) else { continue };
        let same = |other: &Server| {
            (other.server_type, &other.hostname, other.port, other.socket_type)
                == (server.server_type, &server.hostname, server.port, server.socket_type)
        };
        if servers.iter().any(same) {
            table.push(
                Finding::new(
                    codes::DUPLICATE_SERVER,
                    format!(
                        "the same {} server twice: {}:{} {}",
                        server.server_type, server.hostname, server.port, server.socket_type
                    ),
                )
                .at(table.source(), table.span_of("hostname"))
                .help("leave one out; several ways to sign in go into one list: authentication = [\"OAuth2\", \"password-cleartext\"]"),
            );
            continue;
        }
        spans.insert((side, servers.len()), table.span_of("authentication"));
        servers.push(server);
    }
    servers
}

fn read_server(table: &TomlTable<'_>, side: Side) -> Option<Server> {
    table.text("source");
    let server_type = table.value("type", |word| {
        let server_type = ServerType::parse(word)?;
        match (side, server_type) {
            (Side::Incoming, ServerType::Smtp) => {
                Err(Invalid::new("smtp is for outgoing mail; write it under [[outgoingServer]]"))
            }
            (Side::Outgoing, other) if other != ServerType::Smtp => Err(Invalid::new(format!(
                "{other} is for incoming mail; write it under [[incomingServer]]"
            ))),
            _ => Ok(server_type),
        }
    });
    let hostname = table.value("hostname", full_name);
    let alternative_hostnames = table.list("alternativeHostnames", Hostname::new);
    let port = table.integer("port", Port::new);
    let socket_type = table.value("socketType", SocketType::parse);
    let authentication = table.list("authentication", Authentication::parse);
    let username = table.value("username", login);
    let url = url(table, "url");
    let pop3 = Pop3Options {
        leave_messages_on_server: table.bool("leaveMessagesOnServer").unwrap_or(true),
        days_to_leave_messages_on_server: table.integer("daysToLeaveMessagesOnServer", days),
    };
    for (key, help) in [
        ("type", "write imap, pop3 or smtp"),
        ("hostname", "write the server's name, e.g. hostname = \"mail.example.com\""),
        ("port", "usual are 993 (imap), 995 (pop3), 465 or 587 (smtp)"),
        ("socketType", "SSL (TLS from the first byte: 993, 995, 465) or STARTTLS (143, 110, 587)"),
        ("authentication", "usual is authentication = [\"password-cleartext\"]"),
        ("username", "usual is username = \"%EMAILADDRESS%\""),
    ] {
        if !table.has(key) {
            table.missing(key, help);
        }
    }
    let server_type = server_type?;
    if server_type != ServerType::Pop3 {
        for key in ["leaveMessagesOnServer", "daysToLeaveMessagesOnServer"] {
            if table.has(key) {
                table.push(table.wrong(key, format!("only for pop3, and this is {server_type}")));
            }
        }
    }
    let (port, socket_type) = (port?, socket_type?);
    usual_port(table, server_type, port, socket_type);
    if socket_type == SocketType::Plain
        && authentication.contains(&Authentication::PasswordCleartext)
    {
        table.push(
            Finding::new(codes::INSECURE_SOCKET, "the password goes over the wire for everybody to read")
                .at(table.source(), table.span_of("socketType"))
                .help("use SSL or STARTTLS; Thunderbird for Android refuses a whole file for one plain server")
                .spec("RFC 8314 section 3"),
        );
    }
    if table.has("authentication") && authentication.is_empty() {
        return None;
    }
    Some(Server {
        server_type,
        hostname: hostname?,
        alternative_hostnames,
        port,
        socket_type,
        authentication,
        username: username?,
        url,
        pop3,
    })
}

/// Reports a port that belongs to the other socket type, which is the most common mix-up.
fn usual_port(table: &TomlTable<'_>, server_type: ServerType, port: Port, socket_type: SocketType) {
    let implicit = match server_type {
        ServerType::Imap => 993,
        ServerType::Pop3 => 995,
        ServerType::Smtp => 465,
        _ => return,
    };
    let upgraded: &[u16] = match server_type {
        ServerType::Imap => &[143],
        ServerType::Pop3 => &[110],
        _ => &[587, 25],
    };
    let usual = if port.get() == implicit {
        SocketType::Ssl
    } else if upgraded.contains(&port.get()) {
        SocketType::Starttls
    } else {
        return;
    };
    if socket_type != usual && !(socket_type == SocketType::Plain && usual == SocketType::Starttls)
    {
        table.push(
            Finding::new(
                codes::UNUSUAL_PORT,
                format!("port {port} with {socket_type}: {server_type} on {port} is {usual} nearly everywhere"),
            )
            .at(table.source(), table.span_of("socketType"))
            .help("SSL is TLS from the first byte, STARTTLS an upgrade after the greeting; see which one the server speaks")
            .spec("RFC 8314 section 3"),
        );
    }
}

/// Parses a host name that every device can resolve.
fn full_name(text: &str) -> Result<HostnamePattern, Invalid> {
    let name = HostnamePattern::new(text)?;
    if name.as_str().contains(['.', '%']) {
        return Ok(name);
    }
    Err(Invalid::new(format!(
        "\"{name}\" has no dot, so only the machines of one network know it; write the full name"
    )))
}

fn login(text: &str) -> Result<UsernamePattern, Invalid> {
    if reads_as_another(text) {
        return Err(Invalid::new(format!(
            "\"{text}\" looks like a number or a boolean, and Thunderbird 153 signs in with another"
        )));
    }
    UsernamePattern::new(text)
}

fn days(days: i64) -> Result<u16, Invalid> {
    match u16::try_from(days) {
        Ok(days) if (1..=LONGEST_STAY).contains(&days) => Ok(days),
        _ => Err(Invalid::new(format!(
            "{days} is no number of days; 1 to {LONGEST_STAY}, or leave it out for ever"
        ))),
    }
}
