//! Reports failures of HTTP requests in the same words as those of mail servers.

use crate::codes;
use crate::finding::Severity;
use crate::net::{Handshake, HttpError};

use super::reach::{unreachable, unresolved};
use super::secure;
use super::step::Problem;

/// The problem for a request that got no answer.
pub fn problem(error: &HttpError) -> Problem {
    match error {
        HttpError::Resolve(why) => unresolved(why),
        HttpError::Connect(tried) => unreachable(tried),
        HttpError::NotPublic { .. } => {
            Problem::with(codes::LEADS_TO_PRIVATE_ADDRESS, error.to_string())
        }
        HttpError::Tls(why) => secure::failure(why, false),
        HttpError::Untrusted(seen) => certificate(seen, "")
            .err()
            .unwrap_or_else(|| Problem::with(codes::HTTP_FAILED, error.to_string())),
        HttpError::TimedOut => Problem::new(codes::REPLY_TIMEOUT),
        HttpError::Url(_) | HttpError::TooLarge | HttpError::Failed(_) => {
            Problem::with(codes::HTTP_FAILED, format!("the request failed: {error}"))
        }
    }
}

/// The first fault of a certificate. Expiring soon is not a fault here. `host` is for the report.
pub fn certificate(seen: &Handshake, host: &str) -> Result<String, Problem> {
    secure::host_name(seen, if host.is_empty() { "this host" } else { host })?;
    secure::chain(seen)?;
    match secure::validity(seen) {
        Err(problem) if problem.code.severity != Severity::Error => Ok(problem.detail),
        other => other,
    }
}
