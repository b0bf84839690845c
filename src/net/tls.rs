//! TLS that reports everything about the server, whether it is trusted or not.
//!
//! A mail client stops at a certificate's first fault, but a report should name all of them. So the
//! handshake continues and each verdict is kept separately. Callers send no secrets over a
//! connection that is not [`Handshake::trusted`].

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct,
    PeerIncompatible, SignatureScheme, StreamOwned,
};
use rustls_platform_verifier::Verifier;

use super::Error;
use super::certificate::Certificate;
use super::tcp::{Tcp, Transport};
use crate::authorities::read_pem;

/// What all TLS connections of a run share.
pub struct Tls {
    provider: Arc<CryptoProvider>,
    judge: Arc<Verifier>,
}

/// Why there is no TLS connection at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The first bytes are text instead of a TLS record.
    #[error("the other side speaks plain text: {0}")]
    SpeaksPlain(String),
    #[error("the other side speaks only versions before TLS 1.2")]
    TooOld,
    #[error("no answer in time")]
    TimedOut,
    #[error("the other side closed the connection during the handshake")]
    Closed,
    #[error("{0}")]
    Failed(String),
}

/// The trust store's verdict on the chain, independent of host name and dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainVerdict {
    Trusted,
    /// No path leads from the certificate to an authority that this machine trusts.
    UnknownIssuer,
    Other(String),
}

/// What a completed handshake showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// `TLS 1.3`
    pub version: String,
    /// `TLS13_AES_256_GCM_SHA384`
    pub cipher: String,
    /// Certificates as the server sent them, its own first; never empty.
    pub chain: Vec<Certificate>,
    pub verdict: ChainVerdict,
    /// Whether the certificate is valid for the host that was asked for.
    pub names_host: bool,
    /// When the certificate was judged, in seconds since 1970.
    pub now: i64,
}

impl Handshake {
    pub fn leaf(&self) -> &Certificate {
        &self.chain[0]
    }

    /// Whether a client may send a password: the chain is trusted, the certificate is for this
    /// host, within its dates and not weak.
    pub fn trusted(&self) -> bool {
        trusted(self.leaf(), &self.verdict, self.names_host, self.now)
    }
}

fn trusted(leaf: &Certificate, verdict: &ChainVerdict, names_host: bool, now: i64) -> bool {
    *verdict == ChainVerdict::Trusted
        && names_host
        && leaf.weak.is_none()
        && (leaf.not_before..=leaf.not_after).contains(&now)
}

/// A TLS connection over TCP.
pub struct TlsStream(StreamOwned<ClientConnection, Tcp>);

impl Tls {
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let extra = match ca {
            Some(path) => {
                read_pem(path).map_err(|why| Error::Ca { path: path.display().to_string(), why })?
            }
            None => Vec::new(),
        };
        let judge = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
            .map_err(|e| Error::Roots(e.to_string()))?;
        Ok(Self { provider, judge: Arc::new(judge) })
    }

    /// Performs the handshake as a client of `host`. The deadline then also applies to the
    /// connection.
    ///
    /// An untrusted certificate is not an error here; [`Handshake::trusted`] tells.
    pub fn handshake(
        &self,
        mut tcp: Tcp,
        host: &str,
        deadline: Instant,
    ) -> Result<(TlsStream, Handshake), TlsError> {
        let failed = |why: &dyn ToString| TlsError::Failed(why.to_string());
        let name = ServerName::try_from(host.to_owned()).map_err(|e| failed(&e))?;
        let recorder = Arc::new(self.recorder());
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(&e))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&recorder) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        // A resumed session would show no certificate.
        config.resumption = Resumption::disabled();
        let mut connection =
            ClientConnection::new(Arc::new(config), name).map_err(|e| failed(&e))?;
        tcp.set_deadline(deadline);
        tcp.watch();
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp).map_err(|e| why(&e, tcp.first()))?;
        }
        let version = match connection.protocol_version().and_then(|v| v.as_str()) {
            Some(version) => version.replace("TLSv1_", "TLS 1."),
            None => "TLS".to_owned(),
        };
        let cipher = connection.negotiated_cipher_suite().and_then(|s| s.suite().as_str());
        let seen = recorder.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(seen) = seen else {
            return Err(TlsError::Failed("the server sent no certificate".to_owned()));
        };
        let handshake = Handshake {
            version,
            cipher: cipher.unwrap_or("an unknown cipher").to_owned(),
            chain: seen.chain,
            verdict: seen.verdict,
            names_host: seen.names_host,
            now: seen.now,
        };
        Ok((TlsStream(StreamOwned::new(connection, tcp)), handshake))
    }

    pub(super) fn recorder(&self) -> RecordingVerifier {
        RecordingVerifier {
            judge: Arc::clone(&self.judge),
            provider: Arc::clone(&self.provider),
            seen: Mutex::new(None),
        }
    }

    pub(super) fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }
}

fn why(error: &io::Error, first: &[u8]) -> TlsError {
    use rustls::Error as Tls;
    let kind = error.kind();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Tls>());
    match inner {
        Some(Tls::InvalidMessage(_)) if is_text(first) => {
            let line = first.split(|b| *b == b'\r' || *b == b'\n').next().unwrap_or_default();
            TlsError::SpeaksPlain(String::from_utf8_lossy(line).into_owned())
        }
        Some(
            Tls::AlertReceived(AlertDescription::ProtocolVersion)
            | Tls::PeerIncompatible(
                PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::ServerDoesNotSupportTls12Or13,
            ),
        ) => TlsError::TooOld,
        Some(other) => TlsError::Failed(other.to_string()),
        None if kind == io::ErrorKind::TimedOut => TlsError::TimedOut,
        None if matches!(
            kind,
            io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
        ) =>
        {
            TlsError::Closed
        }
        None => TlsError::Failed(error.to_string()),
    }
}

/// A TLS record never begins with a printable character: its first byte is 20 to 24 (RFC 8446
/// §5.1).
fn is_text(first: &[u8]) -> bool {
    first.first().is_some_and(|byte| (b' '..=b'~').contains(byte))
}

impl Transport for TlsStream {
    fn set_deadline(&mut self, at: Instant) {
        self.0.sock.set_deadline(at);
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            // The server closed the connection without the closing alert (RFC 8446 §6.1); many mail
            // servers do.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            other => other,
        }
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What was seen of a server's certificate; the fields are those of [`Handshake`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRecord {
    pub chain: Vec<Certificate>,
    pub verdict: ChainVerdict,
    pub names_host: bool,
    pub now: i64,
}

impl CertificateRecord {
    pub fn leaf(&self) -> &Certificate {
        &self.chain[0]
    }

    /// Whether a client may send a password; see [`Handshake::trusted`].
    pub fn trusted(&self) -> bool {
        trusted(self.leaf(), &self.verdict, self.names_host, self.now)
    }
}

/// Accepts every certificate and records the verdicts.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    judge: Arc<Verifier>,
    provider: Arc<CryptoProvider>,
    pub(super) seen: Mutex<Option<CertificateRecord>>,
}

impl RecordingVerifier {
    fn verdict(
        &self,
        leaf: &Certificate,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: i64,
    ) -> ChainVerdict {
        // The dates are judged separately, so the chain is verified for a day on which the
        // certificate is valid.
        let day = now.clamp(leaf.not_before, leaf.not_after.max(leaf.not_before)).max(0);
        let at = UnixTime::since_unix_epoch(Duration::from_secs(day.unsigned_abs()));
        match self.judge.verify_server_cert(end_entity, intermediates, name, &[], at) {
            Ok(_) => ChainVerdict::Trusted,
            Err(rustls::Error::InvalidCertificate(why)) => match why {
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => ChainVerdict::Trusted,
                // BadSignature: the trusted authority of that name has another key. This is a
                // private authority that was created again under the same name.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    ChainVerdict::UnknownIssuer
                }
                other => ChainVerdict::Other(other.to_string()),
            },
            Err(other) => ChainVerdict::Other(other.to_string()),
        }
    }

    /// Whether the server's key is weak. The library refuses to verify signatures by such a key, so
    /// they are accepted and the weak key is reported instead.
    fn is_weak(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().is_some_and(|seen| seen.chain[0].weak.is_some())
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let unreadable = |_| rustls::Error::InvalidCertificate(CertificateError::BadEncoding);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let leaf = Certificate::read(end_entity).map_err(unreadable)?;
        let verdict = self.verdict(&leaf, end_entity, intermediates, name, now);
        let names_host = ParsedCertificate::try_from(end_entity)
            .and_then(|certificate| verify_server_name(&certificate, name))
            .is_ok();
        let mut chain = vec![leaf];
        chain.extend(intermediates.iter().filter_map(|der| Certificate::read(der).ok()));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(CertificateRecord { chain, verdict, names_host, now });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.is_weak() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.is_weak() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
