//! A server without sockets, for fuzzing: bytes of a client in, bytes of the server out.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::connection::ConnectionProgress;
use super::domain_rules::{DomainOwners, DomainRules};
use super::error::Error;
use super::lingering::LingeringStream;
use super::options::ServeOptions;
use super::prepare::{AnswerBuilder, ProviderLimits, ProviderReader, Reading};
use super::readiness::ReadyState;
use super::sources::Sources;
use super::state::ServerState;
use super::store::{Load, SourceIndex};
use super::worker::{Connection, Worker};

/// A server that runs inside the calling thread.
pub struct InMemoryServer {
    runtime: Runtime,
    worker: Rc<Worker>,
}

/// Bytes. Larger than any answer.
const ROOM: usize = 1 << 20;
/// An answer that takes longer is a bug.
const PATIENCE: Duration = Duration::from_secs(5);
/// Compiling all templates in a debug build takes seconds.
const READING: Duration = Duration::from_secs(120);

impl InMemoryServer {
    /// A server that has read its providers.
    ///
    /// # Errors
    ///
    /// There is no valid provider.
    pub fn new(
        builder: AnswerBuilder,
        sources: Sources,
        options: ServeOptions,
    ) -> Result<Self, Error> {
        let builder = Arc::new(builder);
        let own = Arc::clone(&builder);
        let (shared, _) = ServerState::new(own, options, None, None, Arc::new(|_| {}))?;
        let reader = ProviderReader {
            builder,
            threads: 1,
            limits: ProviderLimits::default(),
            report_findings: Box::new(|_| {}),
        };
        let reading = Reading {
            deadline: READING,
            dictionary: Arc::clone(shared.store.dictionary()),
            late: Arc::new(|_, _| {}),
        };
        let rules = DomainRules::new(DomainOwners::All);
        let load = Load {
            reader: &reader,
            store: &shared.store,
            reading: &reading,
            watch: &|_| {},
            late: Vec::new(),
        };
        let report = SourceIndex::new(sources, rules, HashMap::new()).load(load);
        if report.map_err(Error::Providers)?.taken == 0 {
            return Err(Error::NoProvider);
        }
        shared.readiness.set(ReadyState::Ready);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let worker = Worker::new(Arc::new(shared));
        Ok(Self { runtime, worker })
    }

    /// Everything that the server sends for these bytes. The client closes its half after them.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`] if the server does not end the connection.
    pub fn answer(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let (client, server) = tokio::io::duplex(ROOM);
        let worker = Rc::clone(&self.worker);
        let conversation = async move {
            let progress = ConnectionProgress::new(&worker.clock, &worker.held);
            let stream = LingeringStream::new(server, Rc::clone(&progress));
            let talk = async {
                worker
                    .serve_connection(
                        stream,
                        Connection::new(std::net::IpAddr::from([192, 0, 2, 1]), &progress),
                        &progress,
                    )
                    .await;
            };
            let (mut reader, mut writer) = tokio::io::split(client);
            let ask = async {
                // The server may have closed the connection already.
                let _ = writer.write_all(bytes).await;
                let _ = writer.shutdown().await;
                let mut answer = Vec::new();
                reader.read_to_end(&mut answer).await.map(|_| answer)
            };
            let ((), answer) = tokio::join!(talk, ask);
            answer
        };
        let conversation = async { tokio::time::timeout(PATIENCE, conversation).await };
        match LocalSet::new().block_on(&self.runtime, conversation) {
            Ok(answer) => answer,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "there is no end of the answer")),
        }
    }
}
