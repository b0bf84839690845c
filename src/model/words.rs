//! The closed sets of keywords of the autoconfig draft.

use std::fmt;

use super::Invalid;

/// A closed set of keywords, each with one spelling in files.
pub trait Word: Sized + Copy + 'static {
    /// The name of the set in messages: the draft's element.
    const NAME: &'static str;
    /// All keywords, in the order of the draft.
    const ALL: &'static [Self];
    /// The keyword as written in files.
    fn as_str(self) -> &'static str;

    /// The keyword of this spelling.
    ///
    /// # Errors
    ///
    /// There is none; the message has the nearest.
    fn parse(word: &str) -> Result<Self, Invalid> {
        Self::ALL.iter().copied().find(|w| w.as_str() == word).ok_or_else(|| {
            let all: Vec<_> = Self::ALL.iter().map(|w| w.as_str()).collect();
            let near = all.iter().find(|w| w.eq_ignore_ascii_case(word));
            let hint = match near {
                Some(near) => format!("write \"{near}\""),
                None => format!("one of {}", all.join(", ")),
            };
            Invalid::new(format!("\"{}\" is no {}; {hint}", word.escape_debug(), Self::NAME))
        })
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $element:literal { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])*
            #[doc = concat!("`", $word, "`")]
            $variant,)*
        }

        impl Word for $name {
            const NAME: &'static str = $element;
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Which protocol a server speaks.
    ///
    /// draft-ietf-mailmaint-autoconfig, "type" of incomingServer and outgoingServer
    ServerType, "type" {
        Imap = "imap",
        Pop3 = "pop3",
        Smtp = "smtp",
        /// Exchange ActiveSync.
        ActiveSync = "activeSync",
        /// Exchange Web Services.
        Ews = "ews",
        Jmap = "jmap",
        Graph = "graph",
    }
}

words! {
    /// How the client secures the connection.
    ///
    /// The words are those of the autoconfig draft, where `SSL` means TLS from the first byte
    /// (RFC 8314 calls it implicit TLS), not the old SSL protocols, and `STARTTLS` a mandatory
    /// upgrade. Apple profiles have one flag for both; the port decides which is meant.
    ///
    /// draft-ietf-mailmaint-autoconfig, "socketType"
    SocketType, "socketType" {
        Plain = "plain",
        Ssl = "SSL",
        Starttls = "STARTTLS",
    }
}

words! {
    /// How the client proves who the user is.
    ///
    /// draft-ietf-mailmaint-autoconfig, "authentication"; the keywords of format 1.1
    Authentication, "authentication" {
        OAuth2 = "OAuth2",
        /// PLAIN, LOGIN or the protocol's own command; needs an encrypted connection.
        PasswordCleartext = "password-cleartext",
        /// CRAM-MD5, SCRAM and similar methods. It does not mean "over TLS".
        PasswordEncrypted = "password-encrypted",
        Ntlm = "NTLM",
        Gssapi = "GSSAPI",
        TlsClientCert = "TLS-client-cert",
        ClientIpAddress = "client-IP-address",
        SmtpAfterPop = "smtp-after-pop",
        None = "none",
    }
}

words! {
    /// Which incoming protocol a file sets up.
    Protocol, "protocol" {
        Pop3 = "pop3",
        Imap = "imap",
        Both = "both",
    }
}

impl Protocol {
    /// Whether to set up a server of this type. Always true for types other than POP3 and IMAP,
    /// which the choice does not concern.
    pub fn wants(self, server: ServerType) -> bool {
        match server {
            ServerType::Pop3 => self != Protocol::Imap,
            ServerType::Imap => self != Protocol::Pop3,
            _ => true,
        }
    }
}

/// A TCP port from 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(u16);

impl Port {
    /// Checks a port.
    ///
    /// # Errors
    ///
    /// It is not from 1 to 65535.
    pub fn new(port: i64) -> Result<Self, Invalid> {
        match u16::try_from(port) {
            Ok(port) if port > 0 => Ok(Self(port)),
            _ => Err(Invalid::new(format!("{port} is no port; 1 to 65535"))),
        }
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_the_wrong_case_is_refused_with_the_right_one() {
        let err = SocketType::parse("ssl").unwrap_err();
        assert_eq!(err.to_string(), "\"ssl\" is no socketType; write \"SSL\"");
        let err = SocketType::parse("TLS").unwrap_err();
        assert_eq!(err.to_string(), "\"TLS\" is no socketType; one of plain, SSL, STARTTLS");
    }

    #[test]
    fn port_0_is_no_port() {
        assert_eq!(Port::new(0).unwrap_err().to_string(), "0 is no port; 1 to 65535");
        assert!(Port::new(65536).is_err());
        assert_eq!(Port::new(995).unwrap().get(), 995);
    }
}
