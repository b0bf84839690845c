//! Keeps certificates, their keys and the ACME account on disk, so that they survive a restart.
//! Files are readable by their owner only and are replaced as a whole.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::model::Hostname;

/// The folder of one authority.
pub struct Cache {
    root: PathBuf,
    folder: PathBuf,
}

/// A certificate with its key, as it is on disk; both in PEM.
pub struct CachedCertificate {
    pub name: String,
    pub key: Zeroizing<String>,
    pub chain: String,
}

const ACCOUNT: &str = "account.json";
const BEGIN_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

impl Cache {
    /// Each authority has a folder of its own, so that test certificates are not mixed with real
    /// ones.
    pub fn new(root: &Path, directory: &str) -> Self {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let host = directory.split("//").nth(1).unwrap_or_default();
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let host: String = host.chars().filter(is_plain).take(100).collect();
        let digest = Sha256::digest(directory);
        let mark = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        Self { root: root.to_owned(), folder: root.join(format!("{host}-{mark:08x}")) }
    }

    /// Creates the folders, for `user` if the process is root.
    pub fn prepare(&self, user: Option<&str>) -> io::Result<()> {
        // An empty path is the current folder.
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let mut missing: Vec<&Path> = self.folder.ancestors().take_while(is_missing).collect();
        let failed = |folder: &Path, why: &io::Error| {
            io::Error::new(why.kind(), format!("cannot make {}: {why}", folder.display()))
        };
        while let Some(folder) = missing.pop() {
            // Only the cache itself is private. Folders above it get the usual mode, so that others
            // can pass.
            let made = match folder.starts_with(&self.root) {
                true => make_own_folder(folder)
                    .and_then(|()| crate::serve::privileges::give_to_user(folder, user)),
                false => std::fs::create_dir(folder),
            };
            made.map_err(|why| failed(folder, &why))?;
        }
        Ok(())
    }

    /// Checks that the folder is writable, before the first certificate is ordered.
    pub fn try_to_write(&self) -> io::Result<()> {
        NamedTempFile::new_in(&self.folder).map(drop).map_err(|why| {
            let words = format!(
                "cannot write to {}: {why}; the user who runs this has to own it, or another folder \
                 is named with --acme-cache",
                self.folder.display()
            );
            io::Error::new(why.kind(), words)
        })
    }

    /// All certificates, and the reason for each file that is not one.
    pub fn load(&self) -> io::Result<Vec<(PathBuf, Result<CachedCertificate, String>)>> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "pem") {
                let kept = read(&path);
                all.push((path, kept));
            }
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(all)
    }

    pub fn keep(&self, name: &str, key: &str, chain: &str) -> io::Result<()> {
        let text = Zeroizing::new(format!("{}\n{chain}", key.trim_end()));
        self.write(&self.path(name), text.as_bytes())
    }

    pub fn forget(&self, name: &str) {
        // If this fails, the file is skipped as expired at the next start.
        let _ = std::fs::remove_file(self.path(name));
    }

    pub fn account(&self) -> io::Result<Option<Zeroizing<String>>> {
        match std::fs::read_to_string(self.folder.join(ACCOUNT)) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }

    pub fn keep_account(&self, text: &str) -> io::Result<()> {
        self.write(&self.folder.join(ACCOUNT), text.as_bytes())
    }

    pub fn forget_account(&self) {
        // The next account overwrites it.
        let _ = std::fs::remove_file(self.folder.join(ACCOUNT));
    }

    /// `name` was accepted by `certificate_names`, so it cannot contain a path.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.pem"))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // tempfile creates it with mode 0600.
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)?;
        Ok(())
    }
}

fn read(path: &Path) -> Result<CachedCertificate, String> {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    if Hostname::new(name).ok().is_none_or(|host| host.as_str() != name) {
        return Err("its name is that of no host".to_owned());
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|e| e.to_string())?);
    let at = text.find(BEGIN_CERTIFICATE).ok_or("there is no certificate in it")?;
    let (key, chain) = text.split_at(at);
    Ok(CachedCertificate {
        name: name.to_owned(),
        key: Zeroizing::new(key.to_owned()),
        chain: chain.to_owned(),
    })
}

#[cfg(unix)]
fn make_own_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_own_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_and_each_authority_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a/b");
        let cache = Cache::new(&root, "https://ca.example:14000/dir");
        cache.prepare(None).unwrap();
        cache.prepare(None).unwrap();
        cache.try_to_write().unwrap();
        let chain = format!("{BEGIN_CERTIFICATE}\nx\n");
        cache.keep("autoconfig.a.example", "KEY 1", &chain).unwrap();
        cache.keep("autoconfig.a.example", "KEY 2", &chain).unwrap();
        cache.keep_account("{}").unwrap();
        std::fs::write(cache.folder.join("..pem"), "").unwrap();
        std::fs::write(cache.folder.join("b.example.pem"), "nothing").unwrap();
        let mut all = cache.load().unwrap();
        assert_eq!(all.len(), 3);
        assert!(all.pop().unwrap().1.is_err());
        let kept = all.pop().unwrap().1.unwrap();
        assert_eq!(kept.name, "autoconfig.a.example");
        assert_eq!((kept.key.as_str(), kept.chain.as_str()), ("KEY 2\n", chain.as_str()));
        assert!(all.pop().unwrap().1.is_err());
        let other = Cache::new(&root, "https://ca.example:14000/other");
        other.prepare(None).unwrap();
        assert!(other.load().unwrap().is_empty());
        assert!(other.account().unwrap().is_none());
        assert_eq!(cache.account().unwrap().unwrap().as_str(), "{}");
        cache.forget("autoconfig.a.example");
        cache.forget_account();
        assert_eq!(cache.load().unwrap().len(), 2);
        assert!(cache.account().unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("kept");
        let cache = Cache::new(&root, "https://ca.example/dir");
        cache.prepare(None).unwrap();
        cache.keep("a.example", "KEY", BEGIN_CERTIFICATE).unwrap();
        cache.keep_account("{}").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&root), 0o700);
        assert_eq!(mode(&cache.folder), 0o700);
        assert_eq!(mode(&cache.path("a.example")), 0o600);
        assert_eq!(mode(&cache.folder.join(ACCOUNT)), 0o600);
    }
}
