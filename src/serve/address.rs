//! Finds the e-mail address in a request: in the query, the path or the body. Its domain decides
//! which provider answers.

use std::borrow::Cow;

use crate::model::{EmailAddress, Hostname};

/// The address that a request names, before its domain is known to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedAddress<'a> {
    /// The request names no address.
    Missing,
    /// The text is not an address, or the query names two different ones.
    Invalid,
    /// Decoded text with one `@` and something on both sides. Whether it is a valid address is
    /// checked by [`Self::at`].
    Address(Cow<'a, str>),
}

/// Names of the query parameter: Thunderbird's, then the one of Apple profiles and of the web page.
const NAMES: [&str; 2] = ["emailaddress", "email"];
/// The parameter of mox's links to profiles: addresses with commas between them. The first one signs
/// in.
const SEVERAL: [&str; 1] = ["addresses"];
/// Bytes. No address is longer, even if each character is percent-encoded UTF-8 of four bytes.
const LONGEST: usize = 1024;

impl<'a> RequestedAddress<'a> {
    /// Reads the address from the query string.
    pub fn by_query(query: &'a str) -> Self {
        let mut found = Self::Missing;
        let one = parameters(query, &NAMES).map(Self::by_text);
        for this in one.chain(parameters(query, &SEVERAL).map(Self::first_of)) {
            match (&found, this) {
                (_, Self::Missing) => {}
                (Self::Missing, this) => found = this,
                (first, this) if *first == this => {}
                _ => return Self::Invalid,
            }
        }
        found
    }

    /// Reads the first address of a percent-encoded list.
    fn first_of(list: &'a str) -> Self {
        match Self::by_text(list) {
            Self::Address(all) => match all.split_once(',') {
                Some((first, _)) => Self::plain(Cow::Owned(first.trim().to_owned())),
                None => Self::Address(all),
            },
            other => other,
        }
    }

    /// Reads percent-encoded text.
    pub fn by_text(text: &'a str) -> Self {
        if text.len() > LONGEST {
            return Self::Invalid;
        }
        match decode(text) {
            Some(Cow::Borrowed(text)) => Self::plain(Cow::Borrowed(text.trim())),
            Some(Cow::Owned(text)) => Self::plain(Cow::Owned(text.trim().to_owned())),
            None => Self::Invalid,
        }
    }

    /// Reads text that is already decoded.
    pub fn plain(text: Cow<'a, str>) -> Self {
        if text.is_empty() {
            return Self::Missing;
        }
        match text.rsplit_once('@') {
            Some((local_part, domain))
                if text.len() <= LONGEST && !local_part.is_empty() && !domain.is_empty() =>
            {
                Self::Address(text)
            }
            _ => Self::Invalid,
        }
    }

    /// The address, if it is valid.
    pub fn valid(&self) -> Option<EmailAddress> {
        let Self::Address(text) = self else { return None };
        EmailAddress::new(text).ok()
    }

    pub fn domain(&self) -> Option<&str> {
        match self {
            Self::Address(text) => text.rsplit_once('@').map(|(_, domain)| domain),
            _ => None,
        }
    }

    /// The valid address, or `None`. `domain` is the host name for the address's domain where that
    /// was looked up already; parsing it again would cost more than the rest of the answer.
    pub fn at(&self, domain: &Hostname) -> Option<EmailAddress> {
        let Self::Address(text) = self else { return None };
        let (local_part, own) = text.rsplit_once('@')?;
        match own.eq_ignore_ascii_case(domain.as_str()) {
            true => EmailAddress::at(local_part, domain).ok(),
            false => EmailAddress::new(text).ok(),
        }
    }
}

/// Raw values of the parameters with one of these names; names are compared without regard to case.
pub fn parameters<'q>(query: &'q str, names: &[&str]) -> impl Iterator<Item = &'q str> {
    query.split('&').filter_map(move |pair| {
        let (name, value) = pair.split_once('=')?;
        names.iter().any(|known| known.eq_ignore_ascii_case(name)).then_some(value)
    })
}

/// Decodes percent-encoding. A `+` stays a `+`: an address can contain one, but not a space.
///
/// `None` if an escape is incomplete or the result is not UTF-8.
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_however_it_is_encoded() {
        for query in [
            "emailaddress=ann%40a.example",
            "x=1&EmailAddress=ann@a.example",
            "email=ann@a.example&email=ann%40a.example",
        ] {
            assert_eq!(
                RequestedAddress::by_query(query),
                RequestedAddress::Address("ann@a.example".into()),
                "{query}"
            );
        }
        assert_eq!(
            RequestedAddress::by_query("email=o+x@a.example"),
            RequestedAddress::Address("o+x@a.example".into())
        );
        for query in
            ["addresses=ann@a.example,o@b.example", "addresses=ann%40a.example%2Co%40b.c&name=A"]
        {
            assert_eq!(
                RequestedAddress::by_query(query),
                RequestedAddress::Address("ann@a.example".into()),
                "{query}"
            );
        }
        for query in ["", "emailaddress=", "a=b", "emailaddress", "addresses=,a@b.c"] {
            assert_eq!(RequestedAddress::by_query(query), RequestedAddress::Missing, "{query}");
        }
        let long = format!("email={}@a.example", "a".repeat(10_240));
        for query in [
            "email=ann",
            "email=%zz@a.example",
            "email=%ff@a",
            "email=a@b.c&emailaddress=x@b.c",
            "email=@",
            "addresses=ann@a.example&email=bob@a.example",
            &long,
        ] {
            assert_eq!(RequestedAddress::by_query(query), RequestedAddress::Invalid, "{query}");
        }
    }

    #[test]
    fn an_address_at_a_known_domain_is_the_same_as_any() {
        let domain = Hostname::new("a.example").unwrap();
        for (text, is_one) in [
            ("ann@A.example", true),
            ("ann@b.example", true),
            ("o'neil&x@a.example", true),
            ("a b@a.example", false),
            (".ann@a.example", false),
            ("con@a.example", false),
            ("a\0@a.example", false),
        ] {
            let address = RequestedAddress::plain(text.into()).at(&domain);
            assert_eq!(address, EmailAddress::new(text).ok(), "{text}");
            assert_eq!(address.is_some(), is_one, "{text}");
        }
    }
}
