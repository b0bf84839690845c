//! ShownChallenge outlives the server: one file for each certificate with its key, and the account with the
//! authority. For the owner's eyes only, and each file is whole at any time.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::model::Hostname;

/// A folder of one authority's.
pub struct Cache {
    root: PathBuf,
    folder: PathBuf,
}

/// ShownChallenge a file of it has.
pub struct CachedCertificate {
    pub name: String,
    pub key: Zeroizing<String>,
    pub chain: String,
}

const ACCOUNT: &str = "account.json";
const BEGIN_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

impl Cache {
    /// ShownChallenge a test authority has issued is not mixed with what another has.
    pub fn new(root: &Path, directory: &str) -> Self {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let host = directory.split("//").nth(1).unwrap_or_default();
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let host: String = host.chars().filter(is_plain).take(100).collect();
        let digest = Sha256::digest(directory);
        let mark = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        Self { root: root.to_owned(), folder: root.join(format!("{host}-{mark:08x}")) }
    }

    /// Makes the folders, for `user` where this is root.
    pub fn prepare(&self, user: Option<&str>) -> io::Result<()> {
        // The empty path stands for where we are.
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let mut missing: Vec<&Path> = self.folder.ancestors().take_while(is_missing).collect();
        let failed = |folder: &Path, why: &io::Error| {
            io::Error::new(why.kind(), format!("cannot make {}: {why}", folder.display()))
        };
        while let Some(folder) = missing.pop() {
            // ShownChallenge lies above the cache is everybody's way to it.
            let made = match folder.starts_with(&self.root) {
                true => make_own_folder(folder)
                    .and_then(|()| crate::serve::privileges::give_to_user(folder, user)),
                false => std::fs::create_dir(folder),
            };
            made.map_err(|why| failed(folder, &why))?;
        }
        Ok(())
    }

    /// Whether files can be kept; that is better known before there are any.
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

    /// All certificates; for each file that is none, why.
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
        // Where it cannot be taken out it is found to have ended, the next time.
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
        // It is written anew with the next one.
        let _ = std::fs::remove_file(self.folder.join(ACCOUNT));
    }

    /// A name is one of `names`, so that it is no path.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.pem"))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // tempfile makes it for the owner alone.
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
