//! What a server says it can do, and which authentication methods follow from that.

use crate::model::{Authentication, ServerType};

/// The answer to CAPA, CAPABILITY or EHLO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// False if the server does not know the command.
    pub known: bool,
    /// Capability keywords, in upper case.
    pub words: Vec<String>,
    /// SASL mechanisms, upper case.
    pub mechanisms: Vec<String>,
    /// The protocol's own login with user name and password: USER/PASS, IMAP's LOGIN.
    pub own_login: bool,
    /// The greeting had a timestamp for APOP.
    pub apop: bool,
    /// Largest message in octets (SIZE, RFC 1870).
    pub size: Option<u64>,
}

impl Capabilities {
    /// Whether the server announced this keyword, given in upper case.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|have| have == word)
    }

    pub fn offers_starttls(&self, server: ServerType) -> bool {
        self.has(if server == ServerType::Pop3 { "STLS" } else { "STARTTLS" })
    }

    /// Everything that is offered for signing in, named as in `--mechanism`.
    pub fn offered(&self) -> Vec<String> {
        let mut all = self.mechanisms.clone();
        if self.own_login {
            all.push("USER".to_owned());
        }
        if self.apop {
            all.push("APOP".to_owned());
        }
        all
    }

    /// Whether the server offers this authentication method; None if it does not say.
    pub fn offers(&self, authentication: Authentication) -> Option<bool> {
        let offered = self.offered();
        match authentication {
            // Nothing in the dialogue shows whether these work.
            Authentication::None
            | Authentication::ClientIpAddress
            | Authentication::SmtpAfterPop => None,
            _ if !self.known && offered.is_empty() => None,
            _ => Some(offered.iter().any(|mechanism| means(mechanism) == Some(authentication))),
        }
    }
}

/// The autoconfig draft's authentication method that a mechanism belongs to.
pub fn means(mechanism: &str) -> Option<Authentication> {
    Some(match mechanism {
        "PLAIN" | "LOGIN" | "USER" => Authentication::PasswordCleartext,
        "XOAUTH2" | "OAUTHBEARER" => Authentication::OAuth2,
        "NTLM" => Authentication::Ntlm,
        "GSSAPI" | "GSS-SPNEGO" => Authentication::Gssapi,
        "EXTERNAL" => Authentication::TlsClientCert,
        "CRAM-MD5" | "DIGEST-MD5" | "APOP" => Authentication::PasswordEncrypted,
        scram if scram.starts_with("SCRAM-") => Authentication::PasswordEncrypted,
        _ => return None,
    })
}
