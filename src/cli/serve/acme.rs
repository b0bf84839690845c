//! The options of `serve` about certificates from an ACME authority.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::super::args::AcmeChallenge;
use super::super::secret::read_secret;
use super::{Failure, ServeArgs};
use crate::serve::{AcmeSettings, ChallengeKind, ExternalAccount};

/// Well-known authorities.
const KNOWN: [(&str, &str); 2] = [
    ("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"),
    ("letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory"),
];
const TERMS: &str = "https://letsencrypt.org/repository/";

pub fn settings(args: &ServeArgs) -> Result<Option<AcmeSettings>, Failure> {
    let is_plain = !args.listen_http.is_empty();
    let args = &args.acme;
    let Some(named) = &args.acme else { return Ok(None) };
    let known = KNOWN.iter().find(|(name, _)| name == named).map(|(_, url)| *url);
    let directory = match known {
        Some(url) => url.to_owned(),
        None if named.starts_with("https://") => named.clone(),
        None => {
            return Err(format!(
                "--acme: \"{named}\" is neither letsencrypt nor letsencrypt-staging nor the \
                 https:// URL of an authority's directory"
            )
            .into());
        }
    };
    if !args.acme_agree_tos {
        let terms = match known {
            Some(_) => format!("They are at {TERMS}"),
            None => format!("{directory} has their address, at meta.termsOfService"),
        };
        return Err(format!(
            "--acme: the authority wants you to agree to its terms. {terms}. If you do, add \
             --acme-agree-tos"
        )
        .into());
    }
    for contact in &args.acme_contact {
        if !contact.starts_with("mailto:") {
            return Err(format!("--acme-contact: \"{contact}\" is no mailto: address").into());
        }
    }
    if let Some(path) = &args.acme_ca {
        // Report an unreadable file before any socket is opened.
        std::fs::metadata(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    }
    if let Some(url) = &args.acme_ask {
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        if !is_http || url.contains('#') || url.parse::<hyper::Uri>().is_err() {
            return Err(format!(
                "--acme-ask: \"{url}\" is not a URL with http:// or https://; write for example \
                 http://127.0.0.1:9090/internal/ask"
            )
            .into());
        }
    }
    let external_account = match (&args.acme_eab_kid, &args.acme_eab_hmac_key_from) {
        (Some(key_id), Some(from)) => {
            let key = read_secret("--acme-eab-hmac-key-from", "HMAC key", from)?;
            // Some authorities show it with padding or in plain base64.
            let text = key.expose().trim_end_matches('=').replace('+', "-").replace('/', "_");
            let key = URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| {
                "--acme-eab-hmac-key-from: that is no base64url; copy the key from the authority's site \
                 without spaces"
            })?;
            Some(ExternalAccount { key_id: key_id.clone(), key })
        }
        _ => None,
    };
    let kinds = args.acme_challenge.iter().map(|challenge| match challenge {
        AcmeChallenge::TlsAlpn01 => ChallengeKind::TlsAlpn,
        AcmeChallenge::Http01 => ChallengeKind::Http,
    });
    let mut kinds: Vec<ChallengeKind> = kinds.collect();
    if kinds.is_empty() {
        kinds.push(ChallengeKind::TlsAlpn);
        if is_plain {
            kinds.push(ChallengeKind::Http);
        }
    }
    Ok(Some(AcmeSettings {
        directory,
        external_account,
        contacts: args.acme_contact.clone(),
        cache: args.acme_cache.clone(),
        trust: args.acme_ca.clone(),
        kinds,
        orders_an_hour: args.acme_orders,
        allowed: args.acme_allow.clone(),
        dns: args.acme_dns,
        ask: args.acme_ask.clone(),
    }))
}
