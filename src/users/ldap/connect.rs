//! Connects to a directory: the stream, and the TLS over it.

use std::sync::Arc;
use std::time::Instant;

use ldap3::{LdapConnAsync, LdapConnSettings, LdapError, StdStream};

use super::session::{LdapConnection, LdapSession};
use super::{DirectoryServer, Error, starttls, words};
use crate::net::{Identity, Net, StrictTls, connect_first};

impl LdapSession<'_> {
    /// Connects, and asks for StartTLS if the URL says so. Returns the stream and the TLS
    /// configuration for it; a local socket has none.
    pub(super) fn connect(&mut self, net: &Net) -> Result<(StdStream, Option<StrictTls>), Error> {
        let identity = self.directory.identity.take();
        let has_tls = !matches!(self.directory.url.server, DirectoryServer::Socket(_));
        self.shown = identity.is_some() || !has_tls;
        match &self.directory.url.server {
            DirectoryServer::Tls { host, port } => {
                let (tcp, tls) = self.tcp(net, host, *port, identity)?;
                Ok((StdStream::Tcp(tcp.into_stream()), Some(tls)))
            }
            DirectoryServer::StartTls { host, port } => {
                let (mut tcp, tls) = self.tcp(net, host, *port, identity)?;
                starttls::ask(&mut tcp).map_err(|e| self.failed(words::no_starttls(&e)))?;
                Ok((StdStream::Tcp(tcp.into_stream()), Some(tls)))
            }
            #[cfg(unix)]
            DirectoryServer::Socket(path) => {
                let stream = std::os::unix::net::UnixStream::connect(path).map_err(|e| {
                    self.failed(format!(
                        "cannot connect to this socket: {e}; is it there, and may you use it?"
                    ))
                })?;
                Ok((StdStream::Unix(stream), None))
            }
            #[cfg(not(unix))]
            DirectoryServer::Socket(_) => {
                Err(self.failed("ldapi:// needs a Unix system".to_owned()))
            }
        }
    }

    fn tcp(
        &self,
        net: &Net,
        host: &str,
        port: u16,
        identity: Option<Identity>,
    ) -> Result<(crate::net::Tcp, StrictTls), Error> {
        let tls = net.tls.strict(host, identity).map_err(Error::Request)?;
        let deadline = Instant::now() + self.directory.timeout;
        let addresses = net.resolve(host, port, deadline);
        let addresses = addresses.map_err(|e| self.failed(words::unresolved(host, &e)))?;
        let deadline = Instant::now() + self.directory.timeout;
        let tcp = connect_first(&addresses, deadline);
        let tcp = tcp.map_err(|tried| self.failed(words::unreachable(&tried)))?;
        Ok((tcp, tls))
    }

    pub(super) async fn open(
        &self,
        stream: StdStream,
        tls: Option<StrictTls>,
    ) -> Result<LdapConnection, Error> {
        let mut settings = LdapConnSettings::new().set_std_stream(stream);
        // The certificate is judged by the name in `tls`, not by this URL. So an IP address is left
        // out and needs no form that the library's URLs can hold.
        let url = match &self.directory.url.server {
            DirectoryServer::Socket(_) => "ldapi:///".to_owned(),
            DirectoryServer::Tls { host, .. } | DirectoryServer::StartTls { host, .. } => {
                let is_address = host.parse::<std::net::IpAddr>().is_ok();
                format!("ldaps://{}", if is_address { "directory.invalid" } else { host })
            }
        };
        if let Some(tls) = &tls {
            settings = settings.set_config(Arc::clone(&tls.config));
        }
        let opening = LdapConnAsync::with_settings(settings, &url);
        match self.wait("to the TLS handshake", opening).await? {
            Ok((connection, ldap)) => {
                Ok(LdapConnection { ldap, driver: tokio::spawn(connection.drive()) })
            }
            Err(LdapError::Io { source }) => {
                let seen = tls.and_then(|tls| tls.seen());
                let host = match &self.directory.url.server {
                    DirectoryServer::Tls { host, .. } | DirectoryServer::StartTls { host, .. } => {
                        host.as_str()
                    }
                    DirectoryServer::Socket(_) => "",
                };
                Err(self.failed(words::no_tls(&source, seen.as_ref(), host)))
            }
            Err(other) => Err(self.failed(format!("cannot connect: {other}"))),
        }
    }
}
