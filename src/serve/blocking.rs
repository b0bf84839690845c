//! Runs work that takes milliseconds (rendering, signing) on blocking threads, so that a worker
//! thread goes on answering. The number of jobs is bounded.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};

use crate::finding::Finding;

use super::answer_cache::Site;
use super::reply::HttpReply;
use super::worker::Worker;

/// Jobs that may run or wait. Further requests get 503 at once instead of a long wait.
const MAX_BLOCKING_JOBS: usize = 128;

impl Worker {
    /// Runs `work` on a blocking thread.
    ///
    /// # Errors
    ///
    /// The reply is 503 if too many jobs wait, and 500 if the work panics.
    pub(super) async fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HttpReply> {
        let busy = &self.shared.blocking_jobs;
        if busy.fetch_add(1, Ordering::Relaxed) >= MAX_BLOCKING_JOBS {
            busy.fetch_sub(1, Ordering::Relaxed);
            return Err(HttpReply::empty(StatusCode::SERVICE_UNAVAILABLE)
                .with(header::RETRY_AFTER, HeaderValue::from_static("1")));
        }
        let done = tokio::task::spawn_blocking(work).await;
        busy.fetch_sub(1, Ordering::Relaxed);
        done.map_err(|_| self.internal_error("a request", "a thread has panicked"))
    }

    /// Parses the provider's file of a site again and runs `work` with it on a blocking thread.
    ///
    /// # Errors
    ///
    /// The reply to send instead.
    pub(super) async fn build_blocking<T: Send + 'static>(
        &self,
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
        let made = self.run_blocking(move || {
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
