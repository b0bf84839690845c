//! Values that several formats write in the same way.

use std::net::IpAddr;
use std::ops::Range;

use crate::model::{Hostname, Port};

/// Checks that a host name has the form that every client reads: A-labels, lower case, nothing
/// around it.
pub(super) fn hostname(name: &str) -> Result<String, String> {
    let host = Hostname::new(name).map_err(|why| why.to_string())?;
    if host.as_str() != name {
        return Err(format!("\"{}\" has to be written {host}", name.escape_debug()));
    }
    Ok(name.to_owned())
}

/// A host name or IP address that a resolver accepts, in any letter case.
pub(super) fn resolvable(name: &str) -> Result<String, String> {
    if name.parse::<IpAddr>().is_ok() {
        return Ok(name.to_owned());
    }
    Hostname::new(name).map(|host| host.to_string()).map_err(|why| why.to_string())
}

/// The host name that was probably meant, for example in `https://mail.example.com:993/`.
pub fn meant_hostname(name: &str) -> Option<String> {
    let bare = name.split_once("://").map_or(name, |(_, rest)| rest);
    let bare = bare.split(['/', ':']).next().unwrap_or_default();
    Hostname::new(bare.trim()).ok().map(|host| host.to_string())
}

/// A port in decimal digits without leading zeros.
pub(super) fn port(digits: &str) -> Result<u16, String> {
    let bad = || format!("\"{}\" is no port; 1 to 65535", digits.escape_debug());
    let number = digits.parse::<i64>().map_err(|_| bad())?;
    let port = Port::new(number).map_err(|_| bad())?.get();
    if port.to_string() == digits { Ok(port) } else { Err(bad()) }
}

/// The first line of an element, section or dictionary: the place for errors about missing parts.
pub(super) fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let inside = text.get(span.clone()).unwrap_or_default();
    span.start..span.start + inside.find('\n').unwrap_or(inside.len())
}
