//! For files without a reader: checks that every planned value appears in the finished text.

use crate::clients::ShownValue;
use crate::codes;
use crate::finding::Finding;
use crate::model::Side;
use crate::render::{Artifact, percent_encode};

pub(super) fn check(artifact: &Artifact<'_>) -> Vec<Finding> {
    let file = artifact.job.file;
    if file.reader.is_some() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for side in [Side::Incoming, Side::Outgoing] {
        for planned in artifact.job.servers(side) {
            for shown in &file.shows {
                let value = match shown {
                    ShownValue::Hostname => planned.hostname.clone(),
                    ShownValue::Port => planned.server.port.to_string(),
                    ShownValue::Username => match &planned.username {
                        Some(username) if planned.signs_in() => username.clone(),
                        _ => continue,
                    },
                };
                let escaped = file.format.escape(&value).unwrap_or_default();
                let word = matches!(shown, ShownValue::Port);
                // In a server's URL the value is percent-encoded (RFC 3986).
                let in_address = || stands_in(&artifact.text, &percent_encode(&value), word);
                if !stands_in(&artifact.text, &escaped, word) && !in_address() {
                    findings.push(Finding::new(
                        codes::VALUE_NOT_SHOWN,
                        format!(
                            "{} of the {} server, \"{value}\", does not stand in {}",
                            ShownValue::ALL
                                .iter()
                                .find(|(_, s)| s == shown)
                                .map_or("a value", |(w, _)| w),
                            planned.server.server_type,
                            artifact.path
                        ),
                    ));
                }
            }
        }
    }
    findings
}

/// Whether the text contains the value. A number must not be part of a longer one, such as 99 in
/// 995.
fn stands_in(text: &str, value: &str, word: bool) -> bool {
    if value.is_empty() {
        return false;
    }
    text.match_indices(value).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + value.len()..].chars().next();
        !word || ![before, after].into_iter().flatten().any(|c| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_within_a_longer_number_does_not_count() {
        assert!(!stands_in("port 9950", "995", true));
        assert!(stands_in("port 995.", "995", true));
    }
}
