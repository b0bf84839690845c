//! Runs work that takes milliseconds (rendering, signing) on blocking threads, so that a worker
//! thread goes on answering.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use tokio::sync::oneshot;

use crate::finding::Finding;

use super::answer_cache::Site;
use super::reply::HttpReply;
use super::worker::Worker;

impl Worker {
    /// Runs `work` on a blocking thread. A job whose request was given up before it began is left
    /// out.
    ///
    /// # Errors
    ///
    /// The reply is 503 if too many jobs wait, and 500 if the work panics.
    pub(super) async fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HttpReply> {
        let Some(permit) = self.shared.blocking_jobs.permit() else {
            return Err(HttpReply::empty(StatusCode::SERVICE_UNAVAILABLE)
                .with(header::RETRY_AFTER, HeaderValue::from_static("1")));
        };
        let shared = Arc::clone(&self.shared);
        let (result, received) = oneshot::channel();
        tokio::task::spawn_blocking(move || {
            // The permit belongs to the job: it comes back when the job ends, also if the request
            // is given up meanwhile or the work panics.
            let _permit = permit;
            if !result.is_closed() {
                // Nobody may be left to take the result.
                let _ = result.send(work());
            }
            shared.blocking_jobs.note_progress();
        });
        received.await.map_err(|_| self.internal_error("a request", "a thread has panicked"))
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
