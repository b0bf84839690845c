//! TLS certificates from files: selected by server name, and reloaded while connections go on.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};
use zeroize::Zeroizing;

use crate::regular_file::{self, Links};

/// The files of a certificate chain and of its private key.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    pub chain: PathBuf,
    pub key: PathBuf,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {path}: {why}")]
pub struct CertificateError {
    pub path: String,
    pub why: String,
}

/// All certificates from files.
#[derive(Debug)]
pub struct Certificates {
    pairs: Vec<CertificateFiles>,
    current: RwLock<Arc<CertificateIndex>>,
}

#[derive(Debug, Default)]
struct CertificateIndex {
    /// By name; a wildcard as it is written in the certificate, `*.example.com`.
    names: HashMap<String, Arc<CertifiedKey>>,
    /// For clients that send no server name, and for names without a certificate.
    first: Option<Arc<CertifiedKey>>,
    stamps: Vec<Option<SystemTime>>,
    ends: Vec<(String, i64)>,
}

/// Bytes of a certificate chain or key.
const LARGEST: u64 = 1 << 20;
const VERSIONS: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

impl Certificates {
    pub fn read(pairs: Vec<CertificateFiles>) -> Result<Self, CertificateError> {
        let current = CertificateIndex::read(&pairs)?;
        Ok(Self { pairs, current: RwLock::new(Arc::new(current)) })
    }

    /// The TLS configuration of a listener; `protocols` are offered by ALPN.
    pub fn config(
        resolver: Arc<dyn ResolvesServerCert>,
        protocols: &[&[u8]],
    ) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(VERSIONS)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// Reads the files again if one has changed. Returns whether it did.
    ///
    /// # Errors
    ///
    /// A file is not valid. The certificates stay as they are then.
    pub fn reload(&self) -> Result<bool, CertificateError> {
        let current = self.current();
        if self.pairs.iter().flat_map(stamps).eq(current.stamps.iter().copied()) {
            return Ok(false);
        }
        let new = CertificateIndex::read(&self.pairs)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        Ok(true)
    }

    /// The folders to watch.
    pub fn folders(&self) -> Vec<PathBuf> {
        let files = self.pairs.iter().flat_map(|pair| [&pair.chain, &pair.key]);
        let parents = files.map(|file| match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        });
        let mut folders: Vec<PathBuf> = parents.collect();
        folders.sort();
        folders.dedup();
        folders
    }

    /// Name and expiry of each certificate, in seconds since 1970.
    pub fn ends(&self) -> Vec<(String, i64)> {
        self.current().ends.clone()
    }

    /// The certificate for a name in lower case.
    #[cfg(feature = "acme")]
    pub fn of(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.current().of(name)
    }

    /// The certificate for clients that send no server name.
    #[cfg(feature = "acme")]
    pub fn first(&self) -> Option<Arc<CertifiedKey>> {
        self.current().first.clone()
    }

    fn current(&self) -> Arc<CertificateIndex> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current();
        let Some(name) = hello.server_name() else { return current.first.clone() };
        current.of(&name.to_ascii_lowercase()).or_else(|| current.first.clone())
    }
}

impl CertificateIndex {
    fn of(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let wildcard = || {
            let (_, parent) = name.split_once('.')?;
            self.names.get(&format!("*.{parent}"))
        };
        self.names.get(name).or_else(wildcard).cloned()
    }

    fn read(pairs: &[CertificateFiles]) -> Result<Self, CertificateError> {
        let mut current = Self::default();
        for pair in pairs {
            // Take the stamps first, so that a change while reading is noticed the next time.
            current.stamps.extend(stamps(pair));
            let (key, names, end) = read_pair(pair)?;
            let key = Arc::new(key);
            let called = names.first().cloned().unwrap_or_else(|| pair.chain.display().to_string());
            current.ends.push((called, end));
            for name in names {
                current.names.entry(name).or_insert_with(|| Arc::clone(&key));
            }
            current.first.get_or_insert(key);
        }
        Ok(current)
    }
}

/// Reads a chain and its key. Returns them with the names of the certificate and its expiry, in
/// seconds since 1970.
pub fn read_pair(
    pair: &CertificateFiles,
) -> Result<(CertifiedKey, Vec<String>, i64), CertificateError> {
    let unusable = |path: &Path, why: &dyn fmt::Display| CertificateError {
        path: path.display().to_string(),
        why: why.to_string(),
    };
    // Links are followed: certbot's certificates are links to another folder.
    let bytes = |path: &Path| {
        let bytes = regular_file::read(path, LARGEST, Links::Anywhere).map(Zeroizing::new);
        bytes.map_err(|e| unusable(path, &e))
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&bytes(&pair.chain)?)
        .collect::<Result<_, _>>()
        .map_err(|e| unusable(&pair.chain, &e))?;
    if chain.is_empty() {
        let why = "there is no CERTIFICATE block in it (PEM is wanted)";
        return Err(unusable(&pair.chain, &why));
    }
    let key = PrivateKeyDer::from_pem_slice(&bytes(&pair.key)?).map_err(|e| match e {
        rustls::pki_types::pem::Error::NoItemsFound => unusable(
            &pair.key,
            &"there is no private key in it that is not encrypted (PEM is wanted)",
        ),
        other => unusable(&pair.key, &other),
    })?;
    certified(chain, key).map_err(|why| unusable(&pair.key, &why))
}

/// The same for a chain and key in memory.
pub fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<(CertifiedKey, Vec<String>, i64), String> {
    let leaf = chain.first().ok_or("there is no certificate")?;
    let (_, parsed) = x509_parser::parse_x509_certificate(leaf).map_err(|e| e.to_string())?;
    let end = parsed.validity().not_after.timestamp();
    let names = parsed.subject_alternative_name().ok().flatten();
    let names = names.map(|extension| extension.value.general_names.iter());
    let names = names.into_iter().flatten().filter_map(|name| match name {
        x509_parser::extensions::GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    let provider = aws_lc_rs::default_provider();
    let key = provider.key_provider.load_private_key(key).map_err(|e| e.to_string())?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
        Err(_) => return Err("it is not the key of the certificate".to_owned()),
    }
    Ok((certified, names, end))
}

fn stamps(pair: &CertificateFiles) -> [Option<SystemTime>; 2] {
    let stamp = |path: &Path| -> io::Result<SystemTime> { std::fs::metadata(path)?.modified() };
    [stamp(&pair.chain).ok(), stamp(&pair.key).ok()]
}
