//! Asks another program whether a name may have a certificate, as the on-demand TLS of Caddy does:
//! `GET URL?domain=NAME`, where a status of 2xx means yes.
//! <https://caddyserver.com/docs/automatic-https#on-demand-tls>

use std::time::Duration;

use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// The program at `--acme-ask`.
pub struct AskedProgram {
    url: String,
    client: Client<HttpsConnector<HttpConnector>, String>,
}

/// A client waits for the certificate meanwhile.
const PATIENCE: Duration = Duration::from_secs(3);

impl AskedProgram {
    /// # Errors
    ///
    /// This machine has no certificate authorities to trust.
    pub fn new(url: &str) -> Result<Self, String> {
        let connector = HttpsConnectorBuilder::new()
            .try_with_platform_verifier()
            .map_err(|why| format!("no certificate authorities to trust: {why}"))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { url: url.to_owned(), client })
    }

    /// # Errors
    ///
    /// Says why the name may have no certificate. No answer is a no.
    pub async fn check(&self, name: &str) -> Result<(), String> {
        let url = &self.url;
        let joint = if url.contains('?') { '&' } else { '?' };
        // A host name needs no escapes.
        let target = format!("{url}{joint}domain={name}");
        let target: Uri = target.parse().map_err(|why| format!("--acme-ask {url}: {why}"))?;
        let request = Request::get(target)
            .header("user-agent", concat!("mailwright/", env!("CARGO_PKG_VERSION")))
            .body(String::new())
            .map_err(|why| format!("--acme-ask {url}: {why}"))?;
        match tokio::time::timeout(PATIENCE, self.client.request(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(format!("{url} answers {}", answer.status().as_u16())),
            Ok(Err(why)) => Err(format!(
                "{url} cannot be asked: {}; make sure that it runs, or leave out --acme-ask",
                super::order::chain(&why)
            )),
            Err(_) => Err(format!(
                "{url} does not answer within {} s; make sure that it runs, or leave out --acme-ask",
                PATIENCE.as_secs()
            )),
        }
    }
}
