//! Runs work that takes milliseconds (rendering, signing) on other threads, so that a worker thread
//! goes on answering.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use tokio::sync::oneshot;

use crate::finding::Finding;

use super::answer_cache::Site;
use super::jobs::JobPool;
use super::reply::HttpReply;
use super::worker::Worker;

impl Worker {
    /// Runs `work` for a client on a thread of the pool. Work whose request was given up before it
    /// began is left out.
    ///
    /// # Errors
    ///
    /// The reply is 503 if too many jobs of this client wait, and 500 if the work panics.
    pub(super) async fn run_blocking<T: Send + 'static>(
        &self,
        pool: &Arc<JobPool>,
        client: IpAddr,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HttpReply> {
        let (result, received) = oneshot::channel();
        let has_begun = Arc::new(AtomicBool::new(false));
        let begins = Arc::clone(&has_begun);
        let job = move || {
            begins.store(true, Ordering::Relaxed);
            if !result.is_closed() {
                // Nobody may be left to take the result.
                let _ = result.send(work());
            }
        };
        pool.add(client, Box::new(job));
        received.await.map_err(|_| match has_begun.load(Ordering::Relaxed) {
            true => self.internal_error("a request", "a thread has panicked"),
            false => HttpReply::empty(StatusCode::SERVICE_UNAVAILABLE)
                .with(header::RETRY_AFTER, HeaderValue::from_static("1")),
        })
    }

    /// Parses the provider's file of a site again and runs `work` with it on another thread.
    ///
    /// # Errors
    ///
    /// The reply to send instead.
    pub(super) async fn build_blocking<T: Send + 'static>(
        &self,
        client: IpAddr,
        site: &Site,
        work: impl FnOnce(
            &super::prepare::AnswerBuilder,
            &Arc<crate::settings::Provider>,
            &mut crate::bundle::Builder,
        ) -> Result<T, Vec<Finding>>
        + Send
        + 'static,
    ) -> Result<T, HttpReply> {
        let text = match self.cache.file(&self.shared.store, &site.packed) {
            Ok(text) => text,
            Err(why) => return Err(self.internal_error(site.packed.name(), &why.to_string())),
        };
        let shared = Arc::clone(&self.shared);
        let name = site.packed.name().to_owned();
        let made = self.run_blocking(&self.shared.blocking_jobs.rendering, client, move || {
            let answers = &*shared.builder;
            let source = crate::finding::Source::new(format!("{name}.toml"), text);
            let (provider, findings) = answers.read(&name, &source);
            let Some(provider) = provider else { return Err(findings) };
            answers.with_builder(|builder| work(answers, &provider, builder))
        });
        match made.await? {
            Ok(made) => Ok(made),
            Err(findings) => {
                let why = findings.first().map_or_else(String::new, ToString::to_string);
                Err(self.internal_error(site.packed.name(), &why))
            }
        }
    }
}
