//! Advice on QR payloads that Thunderbird for Android accepts but that lead to a bad account.

use super::connection::{Trouble, troubles};
use crate::codes;
use crate::format::Tree;
use crate::import::{DefectList, Examination, ReadServer};
use crate::model::{Authentication, ServerType};

/// Thunderbird for desktop starts another code at about this size in bytes, so that a camera can
/// read it.
const EASILY_READ: usize = 800;
/// Byte mode, version 40, error correction L (ISO/IEC 18004).
const LARGEST: usize = 2953;

pub fn advise(text: &str, examined: &Examination) -> DefectList {
    let Some(root) = &examined.tree else { return DefectList::default() };
    let mut advice = QrAdvice { found: DefectList::default() };
    advice.size(text.trim_end());
    for server in &examined.config.servers {
        advice.server(server);
    }
    if let [_, parts, accounts @ ..] = &root.children[..] {
        let numbers: Vec<&str> = parts.children.iter().filter_map(|n| n.value.as_deref()).collect();
        if let [part, parts_all, ..] = numbers[..]
            && parts_all != "1"
        {
            let message = format!("this is code {part} of {parts_all}; all of them are scanned");
            advice.found.add(codes::QR_SEVERAL_PARTS, &parts.span, message);
        }
        for account in accounts.chunks(2) {
            advice.account(account);
        }
    }
    advice.found
}

struct QrAdvice {
    found: DefectList,
}

impl QrAdvice {
    fn size(&mut self, payload: &str) {
        let bytes = payload.len();
        if bytes > LARGEST {
            let message = format!("{bytes} bytes are more than a QR code has, {LARGEST}");
            self.found.add(codes::QR_TOO_LONG, &(0..0), message);
        } else if bytes > EASILY_READ {
            let message = format!("{bytes} bytes make a dense code");
            self.found.add(codes::QR_DENSE, &(0..0), message);
        }
    }

    fn server(&mut self, server: &ReadServer) {
        let ReadServer { hostname, server_type, span, .. } = server;
        for (trouble, message) in troubles(server) {
            match trouble {
                Trouble::PortAgainstSecurity => {
                    self.found.add(codes::QR_PORT_AGAINST_SECURITY, span, message);
                }
                Trouble::PortOfAnother => self.found.add(codes::QR_PORT_OF_ANOTHER, span, message),
                Trouble::Port25 => self.found.add(codes::QR_PORT_25, span, message),
                Trouble::Plain => self.found.add(codes::QR_PLAIN, span, message),
                Trouble::PasswordRefused if server.authentication.is_empty() => {}
                Trouble::PasswordRefused => {
                    self.found.add(codes::QR_PASSWORD_REFUSED, span, message)
                }
            }
        }
        let ways = &server.authentication;
        if ways == &[Authentication::None] && *server_type != ServerType::Smtp {
            let message = format!("nobody signs in to {hostname}");
            self.found.add(codes::QR_NO_SIGN_IN, span, message);
        }
        if ways == &[Authentication::TlsClientCert] {
            let message = "the certificate is not in the code";
            self.found.add(codes::QR_CERTIFICATE, span, message);
        }
    }

    fn account(&mut self, account: &[Tree]) {
        let [incoming, outgoing] = account else { return };
        self.password(incoming.children.get(7));
        for group in &outgoing.children {
            let mut parts = group.children.iter();
            self.password(parts.next().and_then(|server| server.children.get(6)));
            for name in parts.filter_map(|identity| identity.children.get(1)) {
                if name.value.as_deref() == Some("") {
                    self.found.add(
                        codes::QR_NO_NAME,
                        &name.span,
                        "messages are sent without a name",
                    );
                }
            }
        }
        if let [_, second, ..] = &outgoing.children[..] {
            let message = "the app takes the first outgoing server and its identities only";
            self.found.add(codes::QR_SEVERAL_OUTGOING, &second.span, message);
        }
    }

    fn password(&mut self, value: Option<&Tree>) {
        let Some(value) = value else { return };
        if value.value.as_deref().is_some_and(|text| !text.is_empty()) {
            let message = "everybody who sees the code has this password";
            self.found.add(codes::QR_PASSWORD, &value.span, message);
        }
    }
}
