//! Reads the sections of a PEM file (RFC 7468), whatever they contain.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// One section. Its content may be a key, so it is wiped from memory when dropped.
pub struct PemSection {
    /// `CERTIFICATE`, `PRIVATE KEY` and so on.
    pub label: String,
    pub der: Zeroizing<Vec<u8>>,
    /// Whether it has OpenSSL's encryption from before PKCS#8: `Proc-Type: 4,ENCRYPTED` (RFC 1421
    /// §4.6.1.1).
    pub has_own_encryption: bool,
}

/// Reads every section and ignores the text around them.
///
/// # Errors
///
/// Names the section that has no end or is not base64.
pub fn sections(text: &str) -> Result<Vec<PemSection>, String> {
    let mut sections = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = label(line, "-----BEGIN ") else { continue };
        let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
        let mut has_own_encryption = false;
        loop {
            let Some(line) = lines.next() else { return Err(format!("{label} has no end")) };
            match self::label(line, "-----END ") {
                Some(end) if end == label => break,
                Some(end) => return Err(format!("{label} ends as {end}")),
                // Header lines such as `Proc-Type` and `DEK-Info`; base64 has no colon.
                None if line.contains(':') => has_own_encryption |= line.contains("ENCRYPTED"),
                None => base64.push_str(line),
            }
        }
        let der = STANDARD.decode(base64.as_str());
        let der = Zeroizing::new(der.map_err(|why| format!("{label} is no base64: {why}"))?);
        sections.push(PemSection { label: label.to_owned(), der, has_own_encryption });
    }
    Ok(sections)
}

fn label<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.strip_prefix(mark)?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
        let sections = sections(text)?;
        Ok(sections.into_iter().map(|s| (s.label, s.der.to_vec())).collect())
    }

    #[test]
    fn sections_are_read_whatever_stands_around_them() {
        let text = "Bag Attributes\r\n-----BEGIN A B-----\r\nYWJj\r\nZGVm\r\n-----END A B-----\r\n\
                    subject=CN = x\n-----BEGIN C-----\n-----END C-----";
        let expected = vec![("A B".to_owned(), b"abcdef".to_vec()), ("C".to_owned(), Vec::new())];
        assert_eq!(read(text), Ok(expected));
        assert_eq!(read("no section at all"), Ok(Vec::new()));
    }

    #[test]
    fn a_section_that_is_cut_off_is_said_to_be() {
        assert_eq!(read("-----BEGIN A-----\nYWJj\n"), Err("A has no end".to_owned()));
        let other = "-----BEGIN A-----\nYWJj\n-----END B-----\n";
        assert_eq!(read(other), Err("A ends as B".to_owned()));
        assert!(read("-----BEGIN A-----\nYW!j\n-----END A-----\n").is_err());
    }

    #[test]
    fn encryption_in_the_manner_of_old_openssl_is_seen() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                    DEK-Info: AES-256-CBC,00\n\nYWJj\n-----END RSA PRIVATE KEY-----\n";
        assert!(sections(text).unwrap()[0].has_own_encryption);
    }
}
