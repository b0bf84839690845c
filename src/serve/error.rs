//! Why the server cannot start.

use std::io;

use super::tls::CertificateError;
use super::{privileges, sockets};

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Sockets(#[from] sockets::Error),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("cannot use TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Privileges(#[from] privileges::Error),
    #[error("cannot read the providers: {0}")]
    Providers(io::Error),
    #[error("cannot watch {source}{}", readable(source))]
    Watch { source: io::Error },
    #[error("there is no provider to serve")]
    NoProvider,
    #[error("cannot sign profiles: {0}")]
    Sign(String),
    #[error("cannot keep certificates: {0}")]
    Cache(io::Error),
    #[error("cannot keep the owners of domains: {0}")]
    Owners(io::Error),
    #[error("--users: {0}")]
    Users(String),
    #[error("the server was ended before it had read its providers")]
    Ended,
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

fn readable(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; started as root, the server is another user by now, who has to be able to read its files: \
             --user NAME says who"
        }
        _ => "",
    }
}
