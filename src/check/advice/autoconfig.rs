//! Advice on autoconfig files that every client accepts but that mislead some of them.

use std::collections::HashSet;
use std::ops::Range;

use crate::codes;
use crate::import::{DefectList, Examination, ReadServer};
use crate::model::{Authentication, ServerType, SocketType};

/// Ports with their protocol, and whether they use implicit TLS or STARTTLS (RFC 8314, RFC 6409).
const PORTS: [(u16, ServerType, SocketType); 6] = [
    (993, ServerType::Imap, SocketType::Ssl),
    (995, ServerType::Pop3, SocketType::Ssl),
    (465, ServerType::Smtp, SocketType::Ssl),
    (143, ServerType::Imap, SocketType::Starttls),
    (110, ServerType::Pop3, SocketType::Starttls),
    (587, ServerType::Smtp, SocketType::Starttls),
];
/// The port for mail between servers.
const RELAY: u16 = 25;

pub fn advise(text: &str, examined: &Examination) -> DefectList {
    let mut advice = AutoconfigAdvice { text, found: DefectList::default() };
    let config = &examined.config;
    for server in &config.servers {
        advice.server(server);
    }
    advice.order(&config.servers);
    for page in config.documentation.iter().chain(&config.enable) {
        if page.url.starts_with("http://") {
            advice.found.add_with(codes::AUTOCONFIG_HTTP_PAGE, || {
                let span = text.find(&page.url).map_or(0..0, |at| at..at + page.url.len());
                (span, format!("{} is not https", page.url))
            });
        }
    }
    if let Some(id) = &config.id
        && !config.domains.is_empty()
        && !config.domains.contains(id)
    {
        let span = text.find("<emailProvider").map_or(0..0, |at| at..at + "<emailProvider".len());
        advice.found.add(
            codes::AUTOCONFIG_ID_NOT_A_DOMAIN,
            &span,
            format!("{id} is none of the domains"),
        );
    }
    advice.found
}

struct AutoconfigAdvice<'a> {
    text: &'a str,
    found: DefectList,
}

impl AutoconfigAdvice<'_> {
    /// The place of an element in a server, else the server's first line.
    fn within(&self, server: &ReadServer, element: &str) -> Range<usize> {
        let inside = self.text.get(server.span.clone()).unwrap_or_default();
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let start = server.span.start;
        match (inside.find(&open), inside.find(&close)) {
            (Some(from), Some(to)) if from < to => start + from..start + to + close.len(),
            _ => start..start + inside.find('\n').unwrap_or(inside.len()),
        }
    }

    fn server(&mut self, server: &ReadServer) {
        let (server_type, port) = (server.server_type, server.port);
        let socket = server.socket_type.first().copied();
        let port_span = self.within(server, "port");
        let known = PORTS.iter().find(|(number, _, _)| *number == port);
        match known {
            Some((_, of, _)) if *of != server_type && is_mail(server_type) => {
                let message = format!("{port} is the port of {of}, not of {server_type}");
                self.found.add(codes::AUTOCONFIG_PORT_OF_ANOTHER_PROTOCOL, &port_span, message);
            }
            // Plain text is reported separately.
            Some((_, _, means)) if socket != Some(*means) && socket != Some(SocketType::Plain) => {
                let socket = socket.map_or_else(String::new, |socket| socket.to_string());
                let message = format!("{port} speaks {means}, and socketType is {socket}");
                self.found.add(codes::AUTOCONFIG_PORT_AGAINST_SOCKET_TYPE, &port_span, message);
            }
            None if port == RELAY && server_type == ServerType::Smtp => {
                let message = "25 is for servers among themselves; users submit on 465 or 587";
                self.found.add(
                    codes::AUTOCONFIG_PORT_OF_ANOTHER_PROTOCOL,
                    &port_span,
                    message.to_owned(),
                );
            }
            None if is_mail(server_type) => {
                let message = format!("{port} is no usual port of {server_type}");
                self.found.add(codes::AUTOCONFIG_PORT_UNUSUAL, &port_span, message);
            }
            _ => {}
        }
        if socket == Some(SocketType::Plain) && is_mail(server_type) {
            let bare = server.authentication.contains(&Authentication::PasswordCleartext);
            let what = if bare { "the password goes" } else { "everything goes" };
            let message = format!("{what} over {} in plain text", server.hostname);
            let span = self.within(server, "socketType");
            self.found.add(codes::AUTOCONFIG_PLAIN_SOCKET, &span, message);
        }
        if server.hostname.contains('%') {
            let message = format!("{} has a placeholder", server.hostname);
            let span = self.within(server, "hostname");
            self.found.add(codes::AUTOCONFIG_HOSTNAME_PLACEHOLDER, &span, message);
        }
    }

    /// Reports problems of the server list as a whole.
    fn order(&mut self, servers: &[ReadServer]) {
        let incoming: Vec<&ReadServer> =
            servers.iter().filter(|server| server.server_type != ServerType::Smtp).collect();
        let imap = incoming.iter().position(|server| server.server_type == ServerType::Imap);
        let pop3 = incoming.iter().position(|server| server.server_type == ServerType::Pop3);
        match (imap, pop3) {
            (None, Some(at)) => {
                let span = self.within(incoming[at], "-");
                let message = "POP3 is all there is to read with".to_owned();
                self.found.add(codes::AUTOCONFIG_NO_IMAP, &span, message);
            }
            (Some(imap), Some(pop3)) if pop3 < imap => {
                let span = self.within(incoming[pop3], "-");
                self.found.add(
                    codes::AUTOCONFIG_POP3_BEFORE_IMAP,
                    &span,
                    "POP3 is listed first".to_owned(),
                );
            }
            _ => {}
        }
        let mut seen = HashSet::new();
        for server in servers.iter().filter(|server| is_mail(server.server_type)) {
            if !seen.insert(server.server_type) {
                let span = self.within(server, "incomingServer");
                let message = format!("another {} server", server.server_type);
                self.found.add(codes::AUTOCONFIG_SEVERAL_SERVERS, &span, message);
            }
        }
    }
}

fn is_mail(server_type: ServerType) -> bool {
    matches!(server_type, ServerType::Imap | ServerType::Pop3 | ServerType::Smtp)
}
