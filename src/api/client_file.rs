//! Files of mail clients: what is in them, and what is wrong with them.

use std::time::SystemTime;

use super::Error;
use crate::authorities::Authorities;
use crate::check::file;
use crate::finding::{Finding, Source, any_error};
use crate::import::{FORMATS, ReadConfig, Reader};

/// A configuration file of a mail client, read as the client reads it.
///
/// ```
/// use mailwright::ClientFile;
///
/// let xml = br#"<?xml version="1.0"?>
/// <clientConfig version="1.1">
///   <emailProvider id="example.org">
///     <domain>example.org</domain>
///     <displayName>Example</displayName>
///     <incomingServer type="imap">
///       <hostname>mail.example.org</hostname>
///       <port>993</port>
///       <socketType>TLS</socketType>
///       <authentication>password-cleartext</authentication>
///     </incomingServer>
///   </emailProvider>
/// </clientConfig>"#;
/// let file = ClientFile::read("config-v1.1.xml", xml)?;
/// // `TLS` is not a value that Thunderbird knows: it is SSL or STARTTLS.
/// let finding = file.findings().iter().find(|f| f.code.name == "autoconfig-socket-type").unwrap();
/// assert_eq!(finding.place.as_ref().unwrap().to_string(), "config-v1.1.xml:9:7");
/// # Ok::<(), mailwright::Error>(())
/// ```
pub struct ClientFile {
    reader: Reader,
    config: ReadConfig,
    findings: Vec<Finding>,
}

impl ClientFile {
    /// Reads a file and checks it in all respects. The format is recognised by the content; `name`
    /// only appears in messages. Dates and certificates in the file are compared with the current
    /// day, and the certificate of a signed profile has to lead to an authority that this machine
    /// trusts.
    ///
    /// ```
    /// use mailwright::{ClientFile, Reader, ServerType};
    ///
    /// let text = b"account default\nhost smtp.example.org\nport 465\ntls on\ntls_starttls off\n\
    ///              auth on\nuser ann\nfrom ann@example.org\n";
    /// let file = ClientFile::read("msmtprc", text)?;
    /// assert_eq!(file.reader(), Reader::Msmtp);
    /// let server = &file.config().servers[0];
    /// assert_eq!((server.server_type, server.port), (ServerType::Smtp, 465));
    /// assert!(ClientFile::read("notes.txt", b"Dear diary").is_err());
    /// # Ok::<(), mailwright::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// No supported client reads such a file.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        Self::read_on(name, bytes, SystemTime::now())
    }

    /// Like [`read`](Self::read), compared with another day: for tests whose result must not change
    /// by itself.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn read_on(name: &str, bytes: &[u8], day: SystemTime) -> Result<Self, Error> {
        let Some(checked) = file::file(bytes, day, &Authorities::default()) else {
            return Err(Error::new(format!("{name} is in no format that can be read: {FORMATS}")));
        };
        let source = Source::new(name, checked.text.clone());
        let findings = checked.findings(&source);
        Ok(Self { reader: checked.reader, config: checked.examined.config, findings })
    }

    /// Whether one of the findings is an error.
    pub fn has_errors(&self) -> bool {
        any_error(&self.findings)
    }

    /// The format that was recognised.
    pub fn reader(&self) -> Reader {
        self.reader
    }

    /// What the client gets from the file.
    pub fn config(&self) -> &ReadConfig {
        &self.config
    }

    /// Everything that is wrong with the file, in the order of the places.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
