//! Problems with the connection to a server, for all formats.

use super::{against_port, password_refused, port_of_another};
use crate::import::ReadServer;
use crate::model::{Authentication, SocketType};

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
