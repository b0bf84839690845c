//! A worker's thread: accepts connections, serves HTTP, and closes connections that take too long.

use std::future::Future;
use std::net::{IpAddr, TcpListener};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;

use super::connection::{ConnectionProgress, LingeringStream};
use super::handle::handle;
use super::proxy_protocol;
use super::state::ServerState;
use super::worker::{Connection, Ending, OpenConnection, Worker};

/// What a listener is for.
#[derive(Clone)]
pub enum Role {
    Plain,
    Tls(Arc<ServerConfig>),
    Inside,
}

/// How often timeouts are checked and log lines are handed to the writer.
const TICK: Duration = Duration::from_millis(250);
/// How long requests may still take when the server stops.
const LAST: Duration = Duration::from_secs(10);
/// How long a new connection may wait with its first request when the server stops.
const FRESH: Duration = Duration::from_secs(1);
/// Bytes. A larger head gets 431.
const LARGEST_HEAD: usize = 16 * 1024;
/// How long to wait if the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs the worker until `stop` changes, then finishes the requests that it has received.
pub fn run(
    shared: Arc<ServerState>,
    listeners: Vec<(TcpListener, Role)>,
    stop: watch::Receiver<bool>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(2)
        .thread_keep_alive(Duration::from_secs(5))
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(why) => return shared.tell(&format!("cannot start a thread of the server: {why}")),
    };
    let worker = Worker::new(shared);
    LocalSet::new().block_on(&runtime, worker.serve(listeners, stop));
}

impl Worker {
    async fn serve(
        self: &Rc<Self>,
        listeners: Vec<(TcpListener, Role)>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut accepting = Vec::new();
        for (listener, role) in listeners {
            match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => accepting.push(spawn_local(Rc::clone(self).accept(listener, role))),
                Err(why) => self.shared.tell(&format!("cannot listen: {why}")),
            }
        }
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.tick(),
                _ = stop.changed() => break,
            }
        }
        for task in accepting {
            task.abort();
        }
        let begun = Instant::now();
        self.end(Ending::Used);
        while !self.open.borrow().is_empty() && begun.elapsed() < LAST {
            if begun.elapsed() > FRESH && self.ending.get() != Ending::All {
                self.end(Ending::All);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.tick();
        }
        self.lines.hand_on();
    }

    fn end(&self, ending: Ending) {
        self.ending.set(ending);
        self.open.borrow().values().for_each(|open| open.progress.end());
    }

    fn tick(&self) {
        let now = Instant::now();
        let timeouts = &self.shared.options.timeouts;
        for open in self.open.borrow().values() {
            if open.progress.has_timed_out(now, timeouts) {
                open.task.abort();
            }
        }
        self.lines.hand_on();
    }

    async fn accept(self: Rc<Self>, listener: tokio::net::TcpListener, role: Role) {
        loop {
            let stream = match listener.accept().await {
                Ok((stream, peer)) => (stream, peer.ip()),
                // The client has closed the connection already, or there are too many open files.
                Err(why) => {
                    if why.kind() != std::io::ErrorKind::ConnectionAborted {
                        tokio::time::sleep(PAUSE).await;
                    }
                    continue;
                }
            };
            let (stream, peer) = stream;
            let open = &self.shared.metrics.shared.connections;
            let most = i64::try_from(self.shared.options.max_connections).unwrap_or(i64::MAX);
            if open.load(Ordering::Relaxed) >= most {
                self.shared.metrics.shared.refused_connections.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            // An answer is written in one piece, so Nagle's algorithm would only delay it.
            let _ = stream.set_nodelay(true);
            self.open(stream, peer, role.clone());
        }
    }

    fn open(self: &Rc<Self>, stream: TcpStream, peer: IpAddr, role: Role) {
        let number = self.next.replace(self.next.get() + 1);
        let progress = ConnectionProgress::new();
        let guard = ConnectionGuard { worker: Rc::clone(self), number };
        self.shared.metrics.shared.connections.fetch_add(1, Ordering::Relaxed);
        let mut stream = LingeringStream::new(stream, Rc::clone(&progress));
        let (worker, own) = (Rc::clone(self), Rc::clone(&progress));
        let task = spawn_local(async move {
            let _guard = guard;
            let mut connection = Connection::from(peer);
            connection.tls = matches!(role, Role::Tls(_));
            connection.is_inside = matches!(role, Role::Inside);
            if worker.expects_proxy_header(&connection) {
                let Ok(header) = proxy_protocol::read(&mut stream).await else {
                    // Without the header the client is unknown, so there is no answer.
                    let _ = stream.shutdown().await;
                    return;
                };
                connection.peer = header.client.unwrap_or(peer);
                connection.tls |= header.tls;
            }
            match role {
                Role::Tls(config) => {
                    let secured = match &worker.shared.acme {
                        Some(acme) => acme.accept(&worker.shared, config, stream).await,
                        None => TlsAcceptor::from(config).accept(stream).await.ok(),
                    };
                    // The handshake fails for port scanners and for clients without TLS 1.2.
                    let Some(stream) = secured else { return };
                    connection.server_name = stream.get_ref().1.server_name().map(str::to_owned);
                    worker.serve_connection(stream, connection, &own).await;
                }
                Role::Plain | Role::Inside => {
                    worker.serve_connection(stream, connection, &own).await
                }
            }
        });
        let open = OpenConnection { progress, task: task.abort_handle() };
        // The task cannot have run yet, since it belongs to this thread.
        self.open.borrow_mut().insert(number, open);
    }

    /// Whether a trusted balancer starts the connection with a PROXY protocol header.
    fn expects_proxy_header(&self, connection: &Connection) -> bool {
        let options = &self.shared.options;
        options.proxy_protocol
            && !connection.is_inside
            && options.trusted.iter().any(|network| network.contains(connection.peer))
    }

    /// Serves HTTP/1 and HTTP/2 on a connection until it ends.
    pub async fn serve_connection<S>(
        self: &Rc<Self>,
        stream: S,
        connection: Connection,
        progress: &ConnectionProgress,
    ) where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
    {
        let connection = Rc::new(connection);
        let worker = Rc::clone(self);
        let service =
            service_fn(move |request| handle(Rc::clone(&worker), Rc::clone(&connection), request));
        let mut builder = auto::Builder::new(LocalExecutor);
        builder
            .http1()
            .header_read_timeout(None)
            // Write head and body in one piece: copying 2 KiB costs less than a system call with
            // two parts.
            .writev(false)
            .max_buf_size(LARGEST_HEAD)
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(LARGEST_HEAD as u32)
            .max_concurrent_streams(64)
            .keep_alive_interval(Some(Duration::from_secs(20)))
            .keep_alive_timeout(Duration::from_secs(20));
        let mut talk = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut is_closing = false;
        // An error here means that the client went away or sent an invalid request, which hyper has
        // answered.
        let _ = std::future::poll_fn(|cx: &mut Context<'_>| {
            let mut poll = talk.as_mut().poll(cx);
            // A request that is already on its way to a new connection is still answered.
            let ends = match self.ending.get() {
                Ending::Not => false,
                Ending::Used => !progress.is_fresh(),
                Ending::All => true,
            };
            if poll.is_pending() && ends && !is_closing {
                is_closing = true;
                talk.as_mut().graceful_shutdown();
                poll = talk.as_mut().poll(cx);
            }
            if poll.is_pending() && !is_closing {
                progress.remember(cx.waker());
            }
            match poll {
                Poll::Ready(ended) => Poll::Ready(ended.is_ok()),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
    }
}

/// Removes a connection from the list when its task ends, in whatever way.
struct ConnectionGuard {
    worker: Rc<Worker>,
    number: u64,
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.worker.shared.metrics.shared.connections.fetch_sub(1, Ordering::Relaxed);
        // The list itself may be dropping the task.
        if let Ok(mut open) = self.worker.open.try_borrow_mut() {
            open.remove(&self.number);
        }
    }
}

/// Runs hyper's tasks on this thread.
#[derive(Clone, Copy)]
struct LocalExecutor;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}
