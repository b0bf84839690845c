//! TLS that requires a trusted certificate, for a library that does its own handshake.
//!
//! [`Tls::handshake`] continues whatever the certificate is. Here the handshake fails if the
//! certificate is not trusted, and all its faults are kept: the library's own error names only one.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as RustlsError, SignatureScheme,
};

use super::tls::{CertificateRecord, RecordingVerifier, Tls};

/// The certificate chain and key that a client presents.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads chain and key from two PEM files. The key must not be encrypted.
    pub fn read(chain: &Path, key: &Path) -> Result<Self, String> {
        let wrong = |path: &Path, why: &dyn ToString| {
            format!("cannot read {}: {}", path.display(), why.to_string())
        };
        let certificates = CertificateDer::pem_file_iter(chain)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|e| wrong(chain, &e))?;
        if certificates.is_empty() {
            return Err(wrong(chain, &"there is no CERTIFICATE block in it (PEM is wanted)"));
        }
        let key = PrivateKeyDer::from_pem_file(key).map_err(|e| match e {
            rustls::pki_types::pem::Error::NoItemsFound => {
                wrong(key, &"there is no private key in it that is not encrypted (PEM is wanted)")
            }
            other => wrong(key, &other),
        })?;
        Ok(Self { chain: certificates, key })
    }
}

/// A TLS configuration for one connection to one host.
pub struct StrictTls {
    pub config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
}

impl StrictTls {
    /// What the handshake showed of the server's certificate; None if none has arrived.
    pub fn seen(&self) -> Option<CertificateRecord> {
        self.verifier.recorder.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Tls {
    /// The certificate must be valid for `host`, whatever name the library asks for.
    ///
    /// # Errors
    ///
    /// Fails if `host` is not a host name or an address, or if certificate and key do not fit
    /// together.
    pub fn strict(&self, host: &str, identity: Option<Identity>) -> Result<StrictTls, String> {
        let name = ServerName::try_from(host.to_owned()).map_err(|e| e.to_string())?;
        let is_address = matches!(name, ServerName::IpAddress(_));
        let verifier = Arc::new(Verifier { name, recorder: self.recorder() });
        let config = ClientConfig::builder_with_provider(Arc::clone(self.provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>);
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some(Identity { chain, key }) => config
                .with_client_auth_cert(chain, key)
                .map_err(|e| format!("certificate and key do not fit: {e}"))?,
        };
        // A resumed session shows no certificate.
        config.resumption = Resumption::disabled();
        config.enable_sni = !is_address;
        Ok(StrictTls { config: Arc::new(config), verifier })
    }
}

#[derive(Debug)]
struct Verifier {
    name: ServerName<'static>,
    recorder: RecordingVerifier,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        let name = &self.name;
        self.recorder.verify_server_cert(end_entity, intermediates, name, ocsp, now)?;
        let seen = self.recorder.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.as_ref().is_some_and(CertificateRecord::trusted) {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(RustlsError::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        self.recorder.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        self.recorder.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.recorder.supported_verify_schemes()
    }
}
