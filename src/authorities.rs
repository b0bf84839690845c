//! The certificate authorities that are trusted: those of the system, and those of a PEM file.

use std::path::Path;
#[cfg(feature = "sign")]
use std::sync::OnceLock;

#[cfg(any(feature = "net", feature = "sign"))]
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

/// What a signer's certificate has to lead to.
#[derive(Debug, Default)]
pub struct Authorities {
    #[cfg(feature = "sign")]
    added: Vec<CertificateDer<'static>>,
    /// Read when they are needed: that takes some milliseconds.
    #[cfg(feature = "sign")]
    system: OnceLock<Vec<CertificateDer<'static>>>,
}

impl Authorities {
    /// Those of the system, and of a PEM file if there is one.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or has no certificate.
    pub fn new(file: Option<&Path>) -> Result<Self, String> {
        match file {
            #[cfg(feature = "sign")]
            Some(path) => {
                let added = read_pem(path).map_err(|why| {
                    format!("cannot read the certificates of --ca {}: {why}", path.display())
                })?;
                Ok(Self { added, ..Self::default() })
            }
            _ => Ok(Self::default()),
        }
    }

    /// All of them. Certificates of the system that cannot be read are left out.
    #[cfg(feature = "sign")]
    pub fn all(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        let system = self.system.get_or_init(|| rustls_native_certs::load_native_certs().certs);
        self.added.iter().chain(system)
    }
}

/// The certificates of a PEM file, at least one.
///
/// # Errors
///
/// The reason, without the name of the file.
#[cfg(any(feature = "net", feature = "sign"))]
pub fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| e.to_string())?;
    match certificates.is_empty() {
        true => Err("there is no CERTIFICATE block in it (PEM is wanted)".to_owned()),
        false => Ok(certificates),
    }
}
