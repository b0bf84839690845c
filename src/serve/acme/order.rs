//! Places one order: from the account to the certificate.

use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error,
    ExternalAccountKey, Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::model::printable;

use super::challenges::ShownGuard;
use super::settings::ChallengeKind;
use super::state::Acme;

/// Why an order brought no certificate.
#[derive(Debug)]
pub enum OrderError {
    /// The authority does not answer, or its answer cannot be parsed. Nothing was ordered.
    Unreachable(String),
    /// The authority's own rate limit for this name or its domain.
    RateLimited(String),
    /// The authority does not know the account any more.
    UnknownAccount(String),
    /// Any other reason.
    Failed(String),
}

/// The account on disk.
#[derive(Serialize, Deserialize)]
struct KeptAccount {
    contacts: Vec<String>,
    credentials: AccountCredentials,
}

/// A private key and its certificate chain, in PEM.
pub struct FetchedChain {
    pub key: Zeroizing<String>,
    pub chain: String,
}

/// How long the authority may take for a validation or a certificate.
const RETRIES: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.5)
    .timeout(Duration::from_secs(60));

impl Acme {
    /// The account at the authority; it is created if there is none.
    pub async fn account(&self) -> Result<Account, OrderError> {
        let settings = &self.settings;
        let builder = || match &settings.trust {
            Some(path) => Account::builder_with_root(path),
            None => Account::builder(),
        };
        let contacts: Vec<&str> = settings.contacts.iter().map(String::as_str).collect();
        let kept = self.cache.account().map_err(|why| {
            OrderError::Unreachable(format!("the account that is kept cannot be read: {why}"))
        })?;
        if let Some(text) = kept {
            let kept: KeptAccount = serde_json::from_str(&text).map_err(|why| {
                OrderError::Unreachable(format!("the account that is kept is broken: {why}"))
            })?;
            let same = kept.contacts == settings.contacts;
            let account = builder().map_err(before)?.from_credentials(kept.credentials).await;
            let account = account.map_err(before)?;
            if !same {
                account.update_contacts(&contacts).await.map_err(before)?;
                let mut kept: serde_json::Value = serde_json::from_str(&text).map_err(json)?;
                kept["contacts"] = settings.contacts.clone().into();
                self.keep_account(&kept)?;
            }
            return Ok(account);
        }
        let wanted = NewAccount {
            contact: &contacts,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let external = settings.external_account.as_ref();
        let external = external.map(|own| ExternalAccountKey::new(own.key_id.clone(), &own.key));
        let builder = builder().map_err(before)?;
        let made = builder.create(&wanted, settings.directory.clone(), external.as_ref());
        let (account, credentials) = made.await.map_err(before)?;
        self.keep_account(&KeptAccount { contacts: settings.contacts.clone(), credentials })?;
        Ok(account)
    }

    fn keep_account(&self, account: &impl Serialize) -> Result<(), OrderError> {
        let text = serde_json::to_string(account).map(Zeroizing::new).map_err(json)?;
        self.cache
            .keep_account(&text)
            .map_err(|why| OrderError::Unreachable(format!("the account cannot be kept: {why}")))
    }

    /// Orders a certificate for one name, instead of an earlier one if the authority is to know which
    /// one it replaces (RFC 9773 section 5).
    pub async fn fetch(
        &self,
        account: &Account,
        name: &str,
        kind: ChallengeKind,
        replaces: Option<CertificateIdentifier<'static>>,
    ) -> Result<FetchedChain, OrderError> {
        let names = [Identifier::Dns(name.to_owned())];
        let mut order = match replaces {
            None => account.new_order(&NewOrder::new(&names)).await,
            Some(earlier) => {
                let wanted = NewOrder::new(&names).replaces(earlier);
                match account.new_order(&wanted).await {
                    Ok(order) => Ok(order),
                    Err(Error::Api(problem)) if is(&problem, ":rateLimited") => {
                        Err(Error::Api(problem))
                    }
                    // The authority knows no such certificate, has replaced it already, or does not
                    // know what replacing is.
                    Err(_) => account.new_order(&NewOrder::new(&names)).await,
                }
            }
        }
        .map_err(before)?;
        let showing = self.answer(&mut order, kind).await?;
        let status = match order.state().status {
            OrderStatus::Pending => order.poll_ready(&RETRIES).await,
            status => Ok(status),
        };
        drop(showing);
        match status {
            Ok(OrderStatus::Ready) => {}
            Ok(status) => return Err(invalid(&mut order, &format!("{status:?}")).await),
            Err(Error::Api(problem)) => return Err(invalid(&mut order, &say(&problem)).await),
            Err(why) => return Err(during(why)),
        }
        let key = KeyPair::generate().map_err(made)?;
        let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(made)?;
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&key).map_err(made)?;
        order.finalize_csr(request.der()).await.map_err(during)?;
        let chain = order.poll_certificate(&RETRIES).await.map_err(during)?;
        Ok(FetchedChain { key: Zeroizing::new(key.serialize_pem()), chain })
    }

    /// Starts answering the challenges, and tells the authority that they are ready.
    async fn answer(
        &self,
        order: &mut Order,
        kind: ChallengeKind,
    ) -> Result<Vec<ShownGuard>, OrderError> {
        let mut showing = Vec::new();
        let mut all = order.authorizations();
        while let Some(authorization) = all.next().await {
            let mut authorization = authorization.map_err(during)?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let wanted = match kind {
                ChallengeKind::TlsAlpn => ChallengeType::TlsAlpn01,
                ChallengeKind::Http => ChallengeType::Http01,
            };
            let offered: Vec<String> =
                authorization.challenges.iter().map(|c| format!("{:?}", c.r#type)).collect();
            let Some(mut challenge) = authorization.challenge(wanted) else {
                return Err(OrderError::Failed(format!(
                    "the authority does not offer {}, but {}",
                    kind.name(),
                    offered.join(", ")
                )));
            };
            let said = challenge.key_authorization();
            showing.push(match kind {
                ChallengeKind::TlsAlpn => {
                    let Identifier::Dns(name) = challenge.identifier().identifier else {
                        return Err(OrderError::Failed("it asks about no name".to_owned()));
                    };
                    let digest = said.digest();
                    let shown = self.challenges.show_certificate(name, digest.as_ref());
                    shown.map_err(OrderError::Failed)?
                }
                ChallengeKind::Http => self.challenges.show_words(&challenge.token, said.as_str()),
            });
            challenge.set_ready().await.map_err(during)?;
        }
        Ok(showing)
    }
}

impl ChallengeKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::TlsAlpn => "tls-alpn-01",
            Self::Http => "http-01",
        }
    }
}

/// The authority's reasons for rejecting the challenges.
async fn invalid(order: &mut Order, otherwise: &str) -> OrderError {
    let mut words = Vec::new();
    let mut all = order.authorizations();
    while let Some(Ok(mut authorization)) = all.next().await {
        if let Ok(state) = authorization.refresh().await {
            words.extend(state.challenges.iter().filter_map(|c| c.error.as_ref()).map(say));
        }
    }
    match words.is_empty() {
        true => OrderError::Failed(otherwise.to_owned()),
        false => OrderError::Failed(words.join("; ")),
    }
}

/// Maps errors that occur before the order exists.
fn before(why: Error) -> OrderError {
    match why {
        Error::Api(problem) => {
            let words = say(&problem);
            match () {
                () if is(&problem, ":rateLimited") => OrderError::RateLimited(words),
                () if is(&problem, ":accountDoesNotExist") => OrderError::UnknownAccount(words),
                () if is(&problem, ":externalAccountRequired") => OrderError::Failed(format!(
                    "{words}; get a key ID and an HMAC key at the authority's site, and name them \
                     with --acme-eab-kid and --acme-eab-hmac-key-from"
                )),
                () => OrderError::Failed(words),
            }
        }
        other => OrderError::Unreachable(chain(&other)),
    }
}

fn is(problem: &instant_acme::Problem, kind: &str) -> bool {
    problem.r#type.as_deref().is_some_and(|own| own.ends_with(kind))
}

/// Maps errors that occur after that.
fn during(why: Error) -> OrderError {
    match why {
        Error::Api(_) => before(why),
        other => OrderError::Failed(chain(&other)),
    }
}

fn made(why: rcgen::Error) -> OrderError {
    OrderError::Failed(format!("cannot make a request for a certificate: {why}"))
}

fn json(why: serde_json::Error) -> OrderError {
    OrderError::Unreachable(why.to_string())
}

/// The text of an ACME problem document, without control characters.
fn say(problem: &instant_acme::Problem) -> String {
    let mut words = problem.detail.clone().unwrap_or_default();
    for sub in &problem.subproblems {
        words.push_str("; ");
        words.push_str(&sub.to_string());
    }
    if let Some(kind) = &problem.r#type {
        let kind = kind.rsplit(':').next().unwrap_or(kind);
        words = format!("{words} ({kind})");
    }
    printable(&words).into_owned()
}

/// An error with all its causes, since "client error" alone explains nothing.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !words.ends_with(&more) {
            words = format!("{words}: {more}");
        }
        next = cause.source();
    }
    // The authority's words.
    printable(&words).chars().take(1000).collect()
}
