//! A certificate authority of the tests' own, and certificates of every kind of wrongness.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tempfile::TempDir;

/// The name that every test asks for.
pub const HOST: &str = "mail.example.test";

pub struct Ca {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    intermediate: Issuer<'static, KeyPair>,
    intermediate_pem: String,
}

/// A certificate with its key, as PEM.
pub struct Identity {
    pub chain: String,
    pub key: String,
}

impl Ca {
    pub fn new() -> Self {
        let authority = |name: &str| {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let key = KeyPair::generate().unwrap();
        let params = authority("mailwright's test root");
        let folder = TempDir::new().unwrap();
        let root = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), root.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let params = authority("mailwright's test intermediate");
        let intermediate_pem = params.signed_by(&key, &issuer).unwrap().pem();
        Self { folder, issuer, intermediate: Issuer::new(params, key), intermediate_pem }
    }

    /// For `--ca`.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Its own certificate, for a client that is to believe it.
    pub fn root(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.file()).unwrap()
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn good(&self) -> Identity {
        self.with(|_| {})
    }

    /// A certificate for [`HOST`], changed as wanted, from the root itself.
    pub fn with(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let (params, key) = leaf(change);
        let chain = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { chain, key: key.serialize_pem() }
    }

    /// For these hosts, from the root itself.
    pub fn naming(&self, hosts: &[&str]) -> Identity {
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let names = CertificateParams::new(hosts).unwrap().subject_alt_names;
        self.with(|params| params.subject_alt_names = names)
    }

    /// From the intermediate, which is sent along or not.
    pub fn through_intermediate(&self, sent: bool) -> Identity {
        let (params, key) = leaf(|params| params.custom_extensions.push(ca_issuers()));
        let mut chain = params.signed_by(&key, &self.intermediate).unwrap().pem();
        if sent {
            chain.push_str(&self.intermediate_pem);
        }
        Identity { chain, key: key.serialize_pem() }
    }

    pub fn self_signed() -> Identity {
        let (params, key) = leaf(|_| {});
        Identity { chain: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    }

    pub fn expired(&self) -> Identity {
        self.with(|params| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        })
    }

    pub fn not_yet_valid(&self) -> Identity {
        self.with(|params| {
            params.not_before = date_time_ymd(2090, 1, 1);
            params.not_after = date_time_ymd(2091, 1, 1);
        })
    }

    pub fn for_another_host(&self) -> Identity {
        let (mut params, key) = leaf(|_| {});
        params.subject_alt_names = CertificateParams::new(vec!["other.example.test".to_owned()])
            .unwrap()
            .subject_alt_names;
        let chain = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { chain, key: key.serialize_pem() }
    }
}

impl Identity {
    pub fn server(&self) -> Arc<ServerConfig> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(self.chain.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }
}

fn leaf(change: impl FnOnce(&mut CertificateParams)) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, HOST);
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    change(&mut params);
    (params, KeyPair::generate().unwrap())
}

/// RFC 5280 §4.2.2.1: where the issuer's certificate is.
fn ca_issuers() -> CustomExtension {
    let url = b"http://ca.example.test/i.der";
    let mut access = vec![0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2, 0x86, url.len() as u8];
    access.extend_from_slice(url);
    let mut content = vec![0x30, access.len() as u8 + 2, 0x30, access.len() as u8];
    content.extend_from_slice(&access);
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content)
}
