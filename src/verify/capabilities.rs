//! What a server says it can do, and what that means for signing in.

use crate::model::{Authentication, ServerType};

/// The answer to CAPA, CAPABILITY or EHLO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// False where the server does not know the command.
    pub known: bool,
    /// As sent, upper case.
    pub words: Vec<String>,
    /// SASL mechanisms, upper case.
    pub mechanisms: Vec<String>,
    /// The protocol's own way with user name and password: USER/PASS, IMAP's LOGIN.
    pub own_login: bool,
    /// The greeting had a timestamp for APOP.
    pub apop: bool,
    /// RFC 1870, octets.
    pub size: Option<u64>,
}

impl Capabilities {
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|have| have == word)
    }

    pub fn offers_starttls(&self, server: ServerType) -> bool {
        self.has(if server == ServerType::Pop3 { "STLS" } else { "STARTTLS" })
    }

    /// Everything somebody can sign in with, in the words of `--mechanism`.
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

    /// Whether somebody can sign in this way; none where the server does not say.
    pub fn offers(&self, authentication: Authentication) -> Option<bool> {
        let offered = self.offered();
        match authentication {
            // Nothing in the dialogue says whether these work.
            Authentication::None
            | Authentication::ClientIpAddress
            | Authentication::SmtpAfterPop => None,
            _ if !self.known && offered.is_empty() => None,
            _ => Some(offered.iter().any(|mechanism| means(mechanism) == Some(authentication))),
        }
    }
}

/// The word of the autoconfig draft that a mechanism belongs to.
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
