//! Problems with the connection to a server, for all formats.

use crate::import::ReadServer;
use crate::model::{Authentication, ServerType, SocketType};

/// The kinds of problem. Each format has its own rule for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    PortAgainstSecurity,
    PortOfAnother,
    Port25,
    Plain,
    PasswordRefused,
}

pub(super) fn troubles(server: &ReadServer) -> Vec<(Trouble, String)> {
    let ReadServer { hostname, port, server_type, authentication, .. } = server;
    let mut found = Vec::new();
    if against_port(server) {
        let message = format!("port {port} begins TLS in another way than this says");
        found.push((Trouble::PortAgainstSecurity, message));
    }
    if let Some(owner) = port_of_another(server) {
        let message = format!("port {port} is {owner}'s, the server is {server_type}");
        found.push((Trouble::PortOfAnother, message));
    } else if *port == 25 {
        found.push((Trouble::Port25, "port 25 is for mail between servers".to_owned()));
    }
    if server.socket_type == [SocketType::Plain] {
        let message = format!("mail and password go to {hostname} in the clear");
        found.push((Trouble::Plain, message));
    }
    if password_refused(hostname) && !authentication.contains(&Authentication::OAuth2) {
        let message = format!("{hostname} takes no passwords, and there is nothing else here");
        found.push((Trouble::PasswordRefused, message));
    }
    found
}

/// Ports with implicit TLS, and their protocol (RFC 8314).
pub(super) const IMPLICIT: [(u16, ServerType); 3] =
    [(993, ServerType::Imap), (995, ServerType::Pop3), (465, ServerType::Smtp)];

/// Ports that start in plain text and use STARTTLS.
pub(super) const UPGRADED: [(u16, ServerType); 4] = [
    (143, ServerType::Imap),
    (110, ServerType::Pop3),
    (587, ServerType::Smtp),
    (25, ServerType::Smtp),
];

/// Whether the socket type contradicts the port, if the port is a known one.
pub(super) fn against_port(server: &ReadServer) -> bool {
    let known = |ports: &[(u16, ServerType)]| ports.iter().any(|(port, _)| *port == server.port);
    match server.socket_type[..] {
        [SocketType::Ssl] => known(&UPGRADED),
        [SocketType::Starttls | SocketType::Plain] => known(&IMPLICIT),
        _ => false,
    }
}

/// The protocol that the port belongs to, if it is not the server's.
pub(super) fn port_of_another(server: &ReadServer) -> Option<ServerType> {
    let mut known = IMPLICIT.iter().chain(&UPGRADED).filter(|(port, _)| *port == server.port);
    known.find(|(_, owner)| *owner != server.server_type).map(|(_, owner)| *owner)
}

/// Whether this is a Microsoft server that refuses every password: Outlook.com since 2024-09-16,
/// POP3 and IMAP of Exchange Online since October 2022. Only OAuth2 remains, which a format that
/// knows only passwords cannot express.
pub(super) fn password_refused(hostname: &str) -> bool {
    hostname == "outlook.office365.com"
        || ["smtp-mail.outlook.com", "pop-mail.outlook.com", "imap-mail.outlook.com", "live.com"]
            .into_iter()
            .any(|parent| is_within(hostname, parent))
}

/// Whether a host is `parent` or below it.
fn is_within(hostname: &str, parent: &str) -> bool {
    hostname.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether the host is this machine, so that there is no network in between.
pub(super) fn is_local(hostname: &str) -> bool {
    hostname == "localhost" || hostname == "::1" || hostname.starts_with("127.")
}
