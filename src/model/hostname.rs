//! A host or domain name in the form that is used on the wire.

use std::fmt;

use super::Invalid;

/// A host name in A-labels, lower case, without a trailing dot: no scheme, no port, no spaces.
///
/// Unicode names are converted to A-labels (UTS 46): Thunderbird 153 refuses a whole file for one
/// U-label, and every client accepts the ASCII form. IP addresses (`1.2.3.4`) are accepted as host
/// names.
///
/// RFC 1123 section 2.1, RFC 5891
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hostname(String);

impl Hostname {
    /// Checks a name and converts it to A-labels.
    ///
    /// # Errors
    ///
    /// The reason why it is no host name, with what was probably meant.
    ///
    /// ```
    /// use mailwright::Hostname;
    ///
    /// assert_eq!(Hostname::new("Bücher.example")?.as_str(), "xn--bcher-kva.example");
    /// assert!(Hostname::new("https://mail.example.com/").is_err());
    /// # Ok::<(), mailwright::Invalid>(())
    /// ```
    pub fn new(name: &str) -> Result<Self, Invalid> {
        if name.is_empty() {
            return Err(Invalid::new("empty"));
        }
        if let Some((scheme, rest)) = name.split_once("://") {
            let host = rest.split(['/', ':']).next().unwrap_or_default();
            return Err(Invalid::new(format!(
                "\"{name}\" has a scheme; write only the host name{}, without \"{scheme}://\"",
                quoted(host)
            )));
        }
        if let Some((host, port)) = name.rsplit_once(':')
            && !port.is_empty()
            && port.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(Invalid::new(format!(
                "\"{name}\" has a port; write the host name{} here and {port} under port",
                quoted(host)
            )));
        }
        if let Some(c) = name.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(Invalid::new(format!(
                "\"{}\" has a {} in it",
                name.escape_debug(),
                if c.is_control() { "control character" } else { "space" }
            )));
        }
        let bare = name.strip_suffix('.').unwrap_or(name);
        let ascii = idna::domain_to_ascii_strict(bare)
            .map_err(|_| Invalid::new(format!("\"{}\" is not a host name", name.escape_debug())))?;
        for label in ascii.split('.') {
            if label.is_empty()
                || label.len() > 63
                || label.starts_with('-')
                || label.ends_with('-')
                || !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            {
                return Err(Invalid::new(format!(
                    "\"{}\" is not a host name: \"{label}\" is no label (letters, digits and \"-\", \
                     1 to 63 of them)",
                    name.escape_debug()
                )));
            }
        }
        if ascii.len() > 253 {
            return Err(Invalid::new(format!("{} characters long; 253 is the most", ascii.len())));
        }
        Ok(Self(ascii))
    }

    /// The name in A-labels.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name for display, in U-labels where possible.
    pub fn to_unicode(&self) -> String {
        let (unicode, ok) = idna::domain_to_unicode(&self.0);
        if ok.is_ok() { unicode } else { self.0.clone() }
    }

    /// The labels in reverse order, for identifiers: `com.example.mail` for `mail.example.com`.
    pub fn reversed(&self) -> String {
        let mut reversed = String::with_capacity(self.0.len());
        for label in self.0.rsplit('.') {
            if !reversed.is_empty() {
                reversed.push('.');
            }
            reversed.push_str(label);
        }
        reversed
    }

    /// Whether the name equals `parent` or is below it.
    pub fn is_within(&self, parent: &str) -> bool {
        self.0 == parent || self.0.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
    }

    /// Whether the name has more than one label, as every mail domain has.
    pub fn is_qualified(&self) -> bool {
        self.0.contains('.')
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn quoted(host: &str) -> String {
    if host.is_empty() { String::new() } else { format!(" \"{host}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unicode_name_becomes_a_labels_and_comes_back_for_people() {
        let host = Hostname::new("Post.Bücher.example").unwrap();
        assert_eq!(host.as_str(), "post.xn--bcher-kva.example");
        assert_eq!(host.to_unicode(), "post.bücher.example");
    }

    #[test]
    fn a_scheme_or_a_port_is_refused_with_the_mend() {
        let err = Hostname::new("https://imap.example.com/x").unwrap_err();
        assert!(err.to_string().contains("\"imap.example.com\""), "{err}");
        let err = Hostname::new("imap.example.com:993").unwrap_err();
        assert!(err.to_string().contains("993 under port"), "{err}");
    }

    #[test]
    fn names_no_resolver_takes_are_refused() {
        for name in ["", "a b", "-a.example", "a..b", "a_b.example", "a/b", "%x%.example", "x\n"] {
            assert!(Hostname::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_name_is_within_itself_and_its_parents_only() {
        let host = Hostname::new("pop-mail.outlook.com").unwrap();
        assert!(host.is_within("outlook.com"));
        assert!(!host.is_within("look.com"));
    }
}
