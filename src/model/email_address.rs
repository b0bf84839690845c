//! A mailbox.

use std::fmt;

use super::{Hostname, Invalid, Text};

/// An e-mail address whose local part is a dot-atom, in ASCII or in UTF-8.
///
/// Quoted local parts, `/` and `\` are refused. They are legal (RFC 5322 section 3.4.1), but
/// providers do not assign them, and they cannot be part of a file name. The domain is stored in
/// A-labels and has at least one dot.
///
/// RFC 5321 section 4.1.2, RFC 6531 section 3.3 (UTF-8 local parts)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress {
    address: String,
    local_part_len: usize,
    domain: Hostname,
}

/// The longest local part. RFC 5321 section 4.5.3.1.1
const LONGEST_LOCAL_PART: usize = 64;
/// The longest address. RFC 5321 section 4.5.3.1.3, less the angle brackets.
const LONGEST: usize = 254;

/// Names that Windows reserves for devices, whatever follows the first dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

impl EmailAddress {
    /// Checks an address.
    ///
    /// # Errors
    ///
    /// It is not an address, or one of the kinds that are refused.
    ///
    /// ```
    /// let address = mailwright::EmailAddress::new("ann@Example.COM")?;
    /// assert_eq!(address.domain().as_str(), "example.com");
    /// # Ok::<(), mailwright::Invalid>(())
    /// ```
    pub fn new(address: &str) -> Result<Self, Invalid> {
        Text::new(address)?;
        let Some((local_part, domain)) = address.rsplit_once('@') else {
            return Err(Invalid::new(format!("\"{address}\" has no @")));
        };
        let bad = |why: String| Invalid::new(format!("\"{address}\" is not an address: {why}"));
        if local_part.is_empty() {
            return Err(bad("nothing before the @".into()));
        }
        if domain.is_empty() {
            return Err(bad("nothing behind the @".into()));
        }
        if local_part.split('.').any(str::is_empty) {
            return Err(bad("a dot before the @ needs a character on both sides".into()));
        }
        if let Some(c) = local_part.chars().find(|&c| !is_atext(c)) {
            return Err(bad(match c {
                '/' | '\\' => {
                    format!("\"{c}\" cannot stand in a file name, and bundles are named after it")
                }
                '@' => "more than one @".into(),
                _ => format!("\"{}\" cannot stand before the @", c.escape_debug()),
            }));
        }
        if is_device(local_part) {
            return Err(bad(format!(
                "\"{local_part}\" is the name of a device on Windows, so no file can be named after it"
            )));
        }
        if local_part.len() > LONGEST_LOCAL_PART {
            return Err(bad(format!(
                "{} bytes before the @; {LONGEST_LOCAL_PART} is the most",
                local_part.len()
            )));
        }
        let domain = Hostname::new(domain).map_err(|why| bad(why.to_string()))?;
        if !domain.is_qualified() {
            return Err(bad(format!("\"{domain}\" has no dot, so it is no mail domain")));
        }
        let whole = format!("{local_part}@{domain}");
        if whole.len() > LONGEST {
            return Err(bad(format!("{} bytes long; {LONGEST} is the most", whole.len())));
        }
        Ok(Self { local_part_len: local_part.len(), address: whole, domain })
    }

    /// Like [`Self::new`], for a domain that is already validated.
    pub fn at(local_part: &str, domain: &Hostname) -> Result<Self, Invalid> {
        let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
        let is_plain = !local_part.is_empty()
            && local_part.len() <= LONGEST_LOCAL_PART
            && local_part.bytes().all(harmless)
            && !local_part.split('.').any(str::is_empty)
            && !is_device(local_part)
            && domain.is_qualified()
            && local_part.len() + 1 + domain.as_str().len() <= LONGEST;
        if !is_plain {
            return Self::new(&format!("{local_part}@{domain}"));
        }
        let mut address = String::with_capacity(local_part.len() + 1 + domain.as_str().len());
        address.push_str(local_part);
        address.push('@');
        address.push_str(domain.as_str());
        Ok(Self { local_part_len: local_part.len(), address, domain: domain.clone() })
    }

    /// The whole address, its domain in A-labels.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The part before the last `@`.
    pub fn local_part(&self) -> &str {
        &self.address[..self.local_part_len]
    }

    /// The part after the last `@`.
    pub fn domain(&self) -> &Hostname {
        &self.domain
    }

    /// The address for display, with the domain in U-labels where possible.
    pub fn to_unicode(&self) -> String {
        format!("{}@{}", self.local_part(), self.domain.to_unicode())
    }

    /// Whether the local part needs SMTPUTF8 (RFC 6531).
    pub fn needs_smtputf8(&self) -> bool {
        !self.local_part().is_ascii()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// RFC 5322 section 3.2.3, without `/`; RFC 6532 section 3.2 for the rest of Unicode.
fn is_atext(c: char) -> bool {
    if !c.is_ascii() {
        return !c.is_whitespace();
    }
    c.is_ascii_alphanumeric() || "!#$%&'*+-=?^_`{|}~.".contains(c)
}

fn is_device(local_part: &str) -> bool {
    let base = local_part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    DEVICES.iter().any(|device| match base.strip_prefix(device) {
        Some("") => !matches!(*device, "com" | "lpt"),
        Some(n) => {
            matches!(*device, "com" | "lpt") && n.len() == 1 && n.as_bytes()[0].is_ascii_digit()
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internationalised_address_keeps_its_local_part_and_gets_a_labels() {
        let ann = EmailAddress::new("änn@Bücher.example").unwrap();
        assert_eq!(ann.as_str(), "änn@xn--bcher-kva.example");
        assert_eq!(ann.to_unicode(), "änn@bücher.example");
        assert!(ann.needs_smtputf8());
    }

    #[test]
    fn addresses_that_would_leave_a_folder_are_refused() {
        for address in [
            "a/b@x.example",
            "../x@y.example",
            "a\\b@x.example",
            "con@x.example",
            "AUX.txt@x.example",
            "com1@x.example",
            "ann@x",
            "..@x.example",
        ] {
            assert!(EmailAddress::new(address).is_err(), "{address}");
        }
        assert!(EmailAddress::new("comma@x.example").is_ok());
        assert!(EmailAddress::new("con-tact@x.example").is_ok());
    }

    #[test]
    fn an_address_without_at_says_so() {
        assert_eq!(EmailAddress::new("ann").unwrap_err().to_string(), "\"ann\" has no @");
    }

    #[test]
    fn plus_tags_and_apostrophes_are_addresses() {
        assert_eq!(EmailAddress::new("o'neil+x@a.example").unwrap().local_part(), "o'neil+x");
    }
}
