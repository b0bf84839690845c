//! A worker's thread: accepts connections, serves HTTP, and closes connections that take too long.

use std::net::IpAddr;
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
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;

use super::acceptor::{Accepted, AcceptedStream, Acceptor};
use super::client_network::ClientNetwork;
use super::connection::{ConnectionProgress, Overdue};
use super::connection_executor::ConnectionExecutor;
use super::connection_limits::{NoRoom, OpenPermit};
use super::diagnosis::Cause;
use super::handle::handle;
use super::lingering::LingeringStream;
use super::paced::PacedStream;
use super::proxy_protocol;
use super::sockets::{LOCAL_PEER, ListenSocket};
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
/// Requests of one HTTP/2 connection at a time.
const MAX_STREAMS: u32 = 16;
/// Bytes of a body that a client may send before the server has read them.
const WINDOW: u32 = 16 * 1024;
/// The smallest that HTTP/2 allows. RFC 9113 section 6.9.2
const CONNECTION_WINDOW: u32 = 65_535;
/// Bytes of answers that TLS and HTTP/2 take before the client has read them.
const MAX_UNSENT: usize = 16 * 1024;
/// How long to wait if the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs the worker until `stop` changes, then finishes the requests that it has received.
pub fn run(
    shared: Arc<ServerState>,
    listeners: Vec<(ListenSocket, Role)>,
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
        listeners: Vec<(ListenSocket, Role)>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut accepting = Vec::new();
        for (listener, role) in listeners {
            match Acceptor::new(listener) {
                Ok(listener) => accepting.push(spawn_local(Rc::clone(self).accept(listener, role))),
                Err(why) => self.shared.tell(&format!("cannot listen: {why}")),
            }
        }
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut room_requests = self.shared.room_requests.subscribe();
        loop {
            tokio::select! {
                _ = ticks.tick() => self.tick(),
                // After many requests at once, the newest ones are enough.
                Ok(closing) = room_requests.recv() => {
                    self.close_idle(closing);
                }
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
        self.clock.set(Instant::now());
        let timeouts = &self.shared.options.timeouts;
        for open in self.open.borrow().values() {
            match open.progress.overdue(timeouts) {
                Overdue::No => {}
                Overdue::Retire => open.progress.retire(),
                Overdue::Abort => {
                    open.progress.abort();
                    open.task.abort();
                }
            }
        }
        self.lines.hand_on();
    }

    async fn accept(self: Rc<Self>, listener: Acceptor, role: Role) {
        loop {
            let accepted = match listener.accept().await {
                Ok(accepted) => accepted,
                // The client has closed the connection already.
                Err(why) if why.kind() == std::io::ErrorKind::ConnectionAborted => continue,
                // There are too many open files.
                Err(_) => {
                    self.close_idle(None);
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            if let Role::Inside = role {
                // Health checks and metrics are for the operator.
                self.open_accepted(accepted, role.clone(), None);
                continue;
            }
            let client = self.client(accepted.peer);
            match self.permit(client) {
                Ok(permit) => self.open_accepted(accepted, role.clone(), Some(permit)),
                Err(why) => self.open_when_there_is_room(accepted, role.clone(), client, why),
            }
        }
    }

    /// Serves a connection as soon as another worker has closed an idle one for it.
    fn open_when_there_is_room(
        self: &Rc<Self>,
        accepted: Accepted,
        role: Role,
        client: Option<ClientNetwork>,
        why: NoRoom,
    ) {
        let Some(place) = self.shared.room_requests.place(why) else { return self.refuse() };
        let worker = Rc::clone(self);
        spawn_local(async move {
            let _place = place;
            let shared = &worker.shared;
            match shared.room_requests.room(&shared.limits, client, why).await {
                Some(permit) => worker.open_accepted(accepted, role, Some(permit)),
                None => worker.refuse(),
            }
        });
    }

    fn refuse(&self) {
        self.shared.metrics.shared.refused_connections.fetch_add(1, Ordering::Relaxed);
    }

    fn open_accepted(self: &Rc<Self>, accepted: Accepted, role: Role, permit: Option<OpenPermit>) {
        match accepted.stream {
            AcceptedStream::Tcp(stream) => {
                // An answer is written in one piece, so Nagle's algorithm would only delay it.
                let _ = stream.set_nodelay(true);
                self.open(stream, accepted.peer, role, permit);
            }
            #[cfg(unix)]
            AcceptedStream::Unix(stream) => self.open(stream, accepted.peer, role, permit),
        }
    }

    /// Room for a connection. Idle connections are closed for it, of the same client if this one
    /// has too many.
    fn permit(&self, client: Option<ClientNetwork>) -> Result<OpenPermit, NoRoom> {
        let limits = &self.shared.limits;
        limits.open(client).or_else(|why| {
            let has_closed = match why {
                NoRoom::OfClient => self.close_idle(client),
                NoRoom::Total => self.close_idle(None),
            };
            // The closed connections give their room back when their tasks have ended.
            if has_closed { Ok(limits.open_beyond(client)) } else { Err(why) }
        })
    }

    /// Who the limits are for. `None` for a proxy, whose connections are those of many clients.
    fn client(&self, peer: IpAddr) -> Option<ClientNetwork> {
        (!self.is_proxy(peer)).then(|| ClientNetwork::subscriber(peer))
    }

    fn open<S>(self: &Rc<Self>, stream: S, peer: IpAddr, role: Role, permit: Option<OpenPermit>)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let number = self.next.replace(self.next.get() + 1);
        let progress = ConnectionProgress::new(&self.clock, &self.held);
        let handshakes = permit.as_ref().map(OpenPermit::handshakes);
        let guard = ConnectionGuard { worker: Rc::clone(self), number, _permit: permit };
        self.shared.metrics.shared.connections.fetch_add(1, Ordering::Relaxed);
        let mut stream = LingeringStream::new(stream, Rc::clone(&progress));
        let (worker, own) = (Rc::clone(self), Rc::clone(&progress));
        let is_inside = matches!(role, Role::Inside);
        let task = spawn_local(async move {
            let _guard = guard;
            let mut connection = Connection::new(peer, &own);
            connection.tls = matches!(role, Role::Tls(_));
            connection.is_inside = is_inside;
            let mut is_trusted = true;
            if worker.expects_proxy_header(&connection) {
                let header = match proxy_protocol::read(&mut stream).await {
                    Ok(header) => header,
                    // Without the header the client is unknown, so there is no answer.
                    Err(why) => {
                        worker.report_proxy_header(peer, &why);
                        let _ = stream.shutdown().await;
                        return;
                    }
                };
                connection.peer = header.client.unwrap_or(peer);
                connection.tls |= header.tls;
                // Without a client (a health check, or UNKNOWN) the headers of a request are nobody's
                // that is known.
                is_trusted = header.client.is_some();
            }
            connection.is_proxy = is_trusted && worker.is_proxy(connection.peer);
            match role {
                Role::Tls(config) => {
                    let turn = match handshakes {
                        Some(handshakes) => handshakes.acquire_owned().await.ok(),
                        None => None,
                    };
                    let secured = match &worker.shared.acme {
                        Some(acme) => {
                            let client = worker.client(connection.peer);
                            acme.accept(&worker.shared, config, stream, client).await
                        }
                        None => TlsAcceptor::from(config).accept(stream).await.ok(),
                    };
                    drop(turn);
                    // The handshake fails for port scanners and for clients without TLS 1.2.
                    let Some(mut stream) = secured else { return };
                    let session = stream.get_mut().1;
                    session.set_buffer_limit(Some(MAX_UNSENT));
                    connection.server_name = session.server_name().map(str::to_owned);
                    own.secured();
                    worker.serve_connection(stream, connection, &own).await;
                }
                Role::Plain | Role::Inside => {
                    own.secured();
                    worker.serve_connection(stream, connection, &own).await
                }
            }
        });
        let client = self.client(peer);
        let open = OpenConnection { progress, client, is_inside, task: task.abort_handle() };
        // The task cannot have run yet, since it belongs to this thread.
        self.open.borrow_mut().insert(number, open);
    }

    /// Whether a trusted balancer starts the connection with a PROXY protocol header.
    fn expects_proxy_header(&self, connection: &Connection) -> bool {
        self.shared.options.proxy_protocol
            && !connection.is_inside
            && self.is_proxy(connection.peer)
    }

    /// Whether the peer is a trusted proxy. Who may connect to a Unix socket is the operator's
    /// choice, so its peers are.
    fn is_proxy(&self, peer: IpAddr) -> bool {
        peer == LOCAL_PEER || self.shared.options.trust.contains(peer)
    }

    fn report_proxy_header(&self, peer: IpAddr, why: &std::io::Error) {
        // A health check connects and sends nothing.
        let is_health_check = why.kind() == std::io::ErrorKind::UnexpectedEof;
        if !is_health_check && self.shared.diagnoses.is_due(Cause::NoProxyHeader) {
            self.shared.tell(&format!(
                "a connection of the trusted proxy {peer} is not answered: {why}; leave out \
                 --proxy-protocol, or let the proxy send the header (nginx: \"proxy_protocol on;\", \
                 HAProxy: \"send-proxy-v2\")"
            ));
        }
    }

    /// Serves HTTP/1 and HTTP/2 on a connection until it ends.
    pub async fn serve_connection<S>(
        self: &Rc<Self>,
        stream: S,
        connection: Connection,
        progress: &ConnectionProgress,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let connection = Rc::new(connection);
        let worker = Rc::clone(self);
        let service =
            service_fn(move |request| handle(Rc::clone(&worker), Rc::clone(&connection), request));
        let mut builder = auto::Builder::new(ConnectionExecutor::default());
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
            .max_concurrent_streams(MAX_STREAMS)
            // Only Autodiscover sends bodies, of some 500 bytes.
            .initial_stream_window_size(Some(WINDOW))
            .initial_connection_window_size(Some(CONNECTION_WINDOW))
            .max_send_buf_size(MAX_UNSENT);
        let mut talk =
            pin!(builder.serve_connection(TokioIo::new(PacedStream::new(stream)), service));
        let mut is_closing = false;
        // An error here means that the client went away or sent an invalid request, which hyper has
        // answered.
        let _ = std::future::poll_fn(|cx: &mut Context<'_>| {
            let mut poll = talk.as_mut().poll(cx);
            // A request that is already on its way to a new connection is still answered.
            let ends = match self.ending.get() {
                Ending::Not => progress.is_retired(),
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
    _permit: Option<OpenPermit>,
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
