//! `generate --sign-cert`: reads certificates and key, and signs each finished profile.

use crate::finding::Finding;
use crate::output::OutFile;
use crate::plan::Job;

use super::Failure;
use super::args::GenerateArgs;
use super::generated::GeneratedFiles;

/// Signs profiles. It signs nothing without `--sign-cert` or without the feature.
#[derive(Default)]
pub struct Signing {
    #[cfg(feature = "sign")]
    ready: Option<enabled::LoadedSigner>,
}

#[cfg(not(feature = "sign"))]
impl Signing {
    pub fn open(_: &GenerateArgs, _: &mut Vec<Finding>) -> Result<Self, Failure> {
        Ok(Self::default())
    }

    pub fn sign_if_profile(&self, _: &Job<'_>, file: OutFile) -> Result<OutFile, Vec<Finding>> {
        Ok(file)
    }

    pub fn sign_personal(&self, file: OutFile) -> Result<OutFile, Vec<Finding>> {
        Ok(file)
    }

    pub fn unused(&self, _: &GeneratedFiles) -> Option<Finding> {
        None
    }
}

#[cfg(feature = "sign")]
mod enabled {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::{Mutex, PoisonError};
    use std::time::SystemTime;

    use zeroize::Zeroizing;

    use super::super::secret::read_secret;
    use super::{Failure, Finding, GenerateArgs, GeneratedFiles, Job, OutFile, Signing};
    use crate::check::dates::today;
    use crate::clients::Scope;
    use crate::codes;
    use crate::format::FileFormat;
    use crate::sign::{Pem, Signer};

    pub struct LoadedSigner {
        signer: Signer,
        /// A shared file is written in several places, and each ECDSA signature differs. Keeping
        /// the first signature keeps the copies identical.
        shared: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    }

    impl Signing {
        /// Reads the files that the flags name. Problems are added to the findings, so that nothing
        /// is written.
        pub fn open(args: &GenerateArgs, findings: &mut Vec<Finding>) -> Result<Self, Failure> {
            let (Some(chain), Some(key)) = (&args.sign.sign_cert, &args.sign.sign_key) else {
                return Ok(Self::default());
            };
            let password = args.sign.sign_key_password_from.as_deref().map(|from| {
                read_secret("--sign-key-password-from", "password of the private key", from)
            });
            let password = password.transpose()?;
            let (chain_name, key_name) = (chain.display().to_string(), key.display().to_string());
            let (chain, key) = (read(chain)?, read(key)?);
            // A clock before 1970 is wrong, and no certificate is valid then.
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let signer = Signer::new(
                Pem { name: &chain_name, text: &chain },
                Pem { name: &key_name, text: &key },
                password.as_ref(),
                now,
            );
            match signer {
                Ok(signer) => {
                    if password.is_some() && !key.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
                    {
                        let message = format!("{key_name} is not encrypted and needs no password");
                        findings.push(Finding::new(codes::PASSWORD_UNUSED, message));
                    }
                    findings.extend(signer.warnings(today()));
                    Ok(Self { ready: Some(LoadedSigner { signer, shared: Mutex::default() }) })
                }
                Err(why) => {
                    findings.push(*why);
                    Ok(Self::default())
                }
            }
        }

        /// A validated file for output: signed, if it is a profile.
        pub fn sign_if_profile(
            &self,
            job: &Job<'_>,
            mut file: OutFile,
        ) -> Result<OutFile, Vec<Finding>> {
            let Some(ready) = self.ready.as_ref().filter(|_| is_profile(&file.media_type)) else {
                return Ok(file);
            };
            if job.file.format != FileFormat::Plist {
                return Ok(file);
            }
            if job.file.scope == Scope::Account {
                return self.sign_personal(file).map_err(|mut findings| {
                    let subject = job.subject.name();
                    findings.iter_mut().for_each(|f| f.subject = Some(subject.to_owned()));
                    findings
                });
            }
            let mut shared = ready.shared.lock().unwrap_or_else(PoisonError::into_inner);
            file.bytes = match shared.get(&file.bytes) {
                Some(signed) => signed.clone(),
                None => {
                    let signed = sign(ready, &file)?;
                    shared.insert(file.bytes.clone(), signed.clone());
                    signed
                }
            };
            Ok(file)
        }

        /// Signs the file of one user, if it is a profile.
        pub fn sign_personal(&self, mut file: OutFile) -> Result<OutFile, Vec<Finding>> {
            if let Some(ready) = self.ready.as_ref().filter(|_| is_profile(&file.media_type)) {
                file.bytes = sign(ready, &file)?;
            }
            Ok(file)
        }

        /// A finding if a signature was requested but no file is a profile.
        pub fn unused(&self, made: &GeneratedFiles) -> Option<Finding> {
            self.ready.as_ref()?;
            let mut files = made.bundles.iter().flat_map(|bundle| &bundle.files);
            (!files.any(|file| is_profile(&file.media_type))).then(|| {
                let message = "no file of these targets is a profile of Apple's, so none is signed";
                Finding::new(codes::SIGNATURE_UNUSED, message)
                    .help("--target apple-mail makes one; leave --sign-cert out otherwise")
            })
        }
    }

    fn sign(ready: &LoadedSigner, file: &OutFile) -> Result<Vec<u8>, Vec<Finding>> {
        ready.signer.sign(&file.bytes).map_err(|mut finding| {
            finding.message = format!("{}: {}", file.path, finding.message);
            vec![(*finding).target(&file.target)]
        })
    }

    fn is_profile(media_type: &str) -> bool {
        media_type.split(';').next() == Some("application/x-apple-aspen-config")
    }

    /// Wiped from memory when dropped, because it may contain a key. A file that is not text is not
    /// PEM.
    fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
        let bytes = std::fs::read(path).map(Zeroizing::new);
        let bytes = bytes.map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
    }
}
