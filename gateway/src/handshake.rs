//! From an accepted socket to an admitted client, or to a plain answer.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use async_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::derive_accept_key, protocol::Role},
};
use futures::io::AsyncWriteExt;
#[cfg(any(target_os = "linux", target_os = "android"))]
use smol::{channel::Receiver, net::TcpStream};
use socket2::SockRef;

use crate::{
    admission::{Rejection, check_host, check_origin, client_address},
    auth::{Denied, Grant, Shown, shown},
    close::CloseReason,
    config::Config,
    console::is_below,
    files,
    frames::{Frames, Socket, Watched},
    http::{
        BAD_REQUEST, FORBIDDEN, METHOD_NOT_ALLOWED, MISDIRECTED, NOT_FOUND, RequestHead, Status,
        TOO_MANY, UNAUTHORIZED, UNAVAILABLE, UPGRADE_REQUIRED, bounded, health, read_head, refuse,
    },
    limits::{Charge, Stranger},
    log::event_often,
    session::{self, Entered, MAX_FIRST_MESSAGE},
    shared::{Counted as Counts, Crowded, Peer, Shared, State},
    tasks::{sleep, timeout},
};

/// The subprotocol that the gateway accepts if the client offers it.
const SUBPROTOCOL: &str = "redis.v1";

/// Linux refuses more milliseconds than an `i32` holds.
#[cfg(any(target_os = "linux", target_os = "android"))]
const LONGEST_TCP: Duration = Duration::from_millis(i32::MAX as u64);

/// Is counted until it is dropped
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Relaxed);
        Self(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// How a client is refused
struct Refused {
    status: Status,
    /// The name under which the refusal is counted.
    result: &'static str,
    reason: &'static str,
    /// The reason that a page gets in a close frame: it is admitted only for that.
    close: Option<CloseReason>,
}

impl Refused {
    fn new(status: Status, result: &'static str, reason: &'static str) -> Self {
        Self { status, result, reason, close: None }
    }
}

impl Shared {
    /// Serves one socket from its first byte to its last.
    pub(crate) async fn attend(&self, stream: TcpStream, peer: SocketAddr, stopped: Receiver<()>) {
        let _counted = Counted::new(&self.sockets);
        let Some(stranger) = self.arrive(peer.ip()).await else { return };
        if let Err(error) = self.request(stream, peer, stranger, stopped).await {
            event_often(
                "request-failed",
                format_args!("peer={peer} error={:?}", error.to_string()),
            );
        }
    }

    /// Waits for the turn of a new socket and counts it as a stranger; `None` if there is no room.
    async fn arrive(&self, address: IpAddr) -> Option<Stranger> {
        let state = self.state();
        let config = &state.config;
        // Behind a proxy there are many clients: its header names the client of this request.
        let is_proxy = config.trusted_proxies.iter().any(|network| network.contains(address));
        let near = config.unauthenticated_per_address.filter(|_| !is_proxy);
        let arrived = self.ledger.stranger(address, config.unauthenticated, near);
        let arrived = match (arrived, config.arrivals_per_address.filter(|_| !is_proxy)) {
            (Ok(stranger), Some(rate)) => {
                let wait = self.ledger.arrival(address, rate);
                if wait > config.handshake_timeout {
                    Err("arrivals_per_address")
                } else {
                    if !wait.is_zero() {
                        sleep(wait).await;
                    }
                    Ok(stranger)
                }
            }
            (arrived, _) => arrived,
        };
        arrived.map_err(|limit| self.drop_socket(address, limit)).ok()
    }

    /// Counts and logs a socket that is closed right after it was accepted.
    pub(crate) fn drop_socket(&self, address: IpAddr, limit: &'static str) {
        self.metrics.dropped.add(limit, "", 1);
        event_often("socket-dropped", format_args!("peer={address} limit={limit}"));
    }

    async fn request(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        mut stranger: Stranger,
        stopped: Receiver<()>,
    ) -> io::Result<()> {
        let state = self.state();
        let limit = state.config.handshake_timeout;
        stream.set_nodelay(true)?;
        // A client that vanished is noticed even while the gateway does not read from it.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let vanished = state.config.ping_interval.saturating_add(state.config.pong_timeout);
            SockRef::from(&stream).set_tcp_user_timeout(Some(vanished.min(LONGEST_TCP)))?;
        }
        let socket = match &state.tls {
            None => Socket::Plain(stream),
            Some(acceptor) => match timeout(limit, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => Socket::Tls(Box::new(stream)),
                failed => {
                    self.metrics.handshakes.add("tls-failed", "", 1);
                    return failed
                        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
                        .map(drop);
                }
            },
        };
        let mut stream = Watched::new(socket);
        let (head, rest) = match timeout(limit, read_head(&mut stream)).await {
            Err(_) => {
                self.metrics.handshakes.add("too-slow", "", 1);
                event_often("request-too-slow", format_args!("peer={peer}"));
                let late = Status(408, "Request Timeout");
                return bounded(limit, refuse(&mut stream, late, "the request took too long\n"))
                    .await;
            }
            Ok(head) => match head? {
                Ok(Some(request)) => request,
                Ok(None) => return Ok(()),
                Err(status) => {
                    self.metrics.handshakes.add("malformed", "", 1);
                    let answer = refuse(&mut stream, status, "the request is malformed\n");
                    return bounded(limit, answer).await;
                }
            },
        };
        let config = &state.config;
        let address = client_address(&config.trusted_proxies, peer.ip(), &head);
        if address != peer.ip() {
            let near = config.unauthenticated_per_address;
            if let Err(limit) = self.ledger.stranger_is_from(&mut stranger, address, near) {
                self.drop_socket(address, limit);
                let answer = refuse(&mut stream, TOO_MANY, "too many requests at once\n");
                return bounded(state.config.handshake_timeout, answer).await;
            }
        }
        let peer = Peer { address, origin: head.origin.clone() };
        let admitted = self.admit(&state, &head).and_then(|()| match head.path == config.path {
            true => self.enter(&state, &peer, &head, stream.certificate()).map(Some),
            false => Ok(None),
        });
        let known = match admitted {
            Ok(Some(known)) => known,
            Ok(None) => {
                drop(state);
                return bounded(Duration::from_secs(60), self.plain(&mut stream, &head)).await;
            }
            Err(refused) => return self.refuse(&state, stream, &peer, &head, refused).await,
        };
        bounded(limit, accept(&mut stream, &head)).await?;
        self.metrics.handshakes.add("accepted", "", 1);
        let (socket, frames) = self.upgrade(&state, stream, rest).await?;
        drop(state);
        let entered = match known {
            Some(known) => Entered::Known(Box::new(known)),
            None => Entered::Stranger(stranger),
        };
        session::serve(socket, frames, entered, self, peer, &stopped).await;
        Ok(())
    }

    /// Decides from its head whether a request is admitted.
    fn admit(&self, state: &State, head: &RequestHead) -> Result<(), Refused> {
        let config = &state.config;
        let no = |status, result, reason| Err(Refused::new(status, result, reason));
        if check_host(&config.hosts, head).is_err() {
            return no(MISDIRECTED, "host", "this gateway is not known by that host name (--host)");
        }
        if head.path != config.path {
            return match head.method.as_str() {
                "GET" | "HEAD" => Ok(()),
                _ => no(METHOD_NOT_ALLOWED, "method", "only GET and HEAD"),
            };
        }
        if head.method != "GET" {
            return no(METHOD_NOT_ALLOWED, "method", "only GET");
        }
        if head.has_query {
            let reason = "the path takes no query; credentials go into a subprotocol";
            return no(BAD_REQUEST, "query", reason);
        }
        if !head.upgrade || head.websocket_version.as_deref() != Some("13") {
            return no(UPGRADE_REQUIRED, "no-upgrade", "this path is a WebSocket, version 13");
        }
        // 16 bytes in base64.
        if head.websocket_key.as_ref().is_none_or(|key| key.len() != 24) {
            return no(BAD_REQUEST, "malformed", "the Sec-WebSocket-Key is missing or malformed");
        }
        match check_origin(config, head) {
            Ok(()) => {}
            Err(Rejection::NoOrigin) => {
                let reason = "there is no Origin: clients that are no browsers are not enabled (--allow-no-origin)";
                return no(FORBIDDEN, "origin", reason);
            }
            Err(_) => {
                return no(FORBIDDEN, "origin", "pages of this origin may not connect (--origin)");
            }
        }
        if self.is_draining() {
            return no(UNAVAILABLE, "draining", "the gateway is being shut down");
        }
        Ok(())
    }

    /// Finds the principal of a client, and checks that there is room for it. `None` if the client
    /// has to show a credential in its first message.
    fn enter(
        &self,
        state: &State,
        peer: &Peer,
        head: &RequestHead,
        certificate: Option<Vec<u8>>,
    ) -> Result<Option<(Grant, Counts)>, Refused> {
        let grant = match self.identify(&state.config, peer, head, certificate) {
            Identity::Known(grant) => *grant,
            Identity::Later => return Ok(None),
            Identity::Unknown => {
                let reason = "no credential that is accepted";
                return Err(Refused {
                    close: Some(CloseReason::Unauthenticated),
                    ..Refused::new(UNAUTHORIZED, "unauthenticated", reason)
                });
            }
        };
        match self.connect(&grant, peer.address) {
            Ok(counted) => Ok(Some((grant, counted))),
            Err(Crowded::All) => Err(Refused::new(UNAVAILABLE, "too-many", "too many clients")),
            Err(Crowded::OfThisKind) => Err(Refused {
                close: Some(CloseReason::TooMany),
                ..Refused::new(TOO_MANY, "too-many", "too many clients of this kind")
            }),
        }
    }

    fn identify(
        &self,
        config: &Config,
        peer: &Peer,
        head: &RequestHead,
        certificate: Option<Vec<u8>>,
    ) -> Identity {
        let known = |grant: Option<Grant>| grant.map_or(Identity::Unknown, Identity::known);
        let nothing = || {
            // A client without an origin and without a credential is admitted in development only.
            let open = config.access.by_nothing().filter(|grant| {
                head.origin.is_some() || grant.principal.policy.rules.is_development()
            });
            match open {
                Some(grant) => known(self.authenticate(peer, "anonymous", |_| Ok(grant))),
                None if config.first_message_timeout.is_some() => Identity::Later,
                None => known(self.authenticate(peer, "none", |_| Err(Denied("nothing is shown")))),
            }
        };
        match shown(head, certificate) {
            Err(denied) => known(self.authenticate(peer, "malformed", |_| Err(denied))),
            Ok(Shown::Secret(secret)) => {
                known(self.authenticate(peer, "secret", |access| access.by_secret(&secret)))
            }
            Ok(Shown::Certificate(der)) => match config.access.by_certificate(&der) {
                Ok(grant) => known(self.authenticate(peer, "certificate", |_| Ok(grant))),
                // The client may still show a token.
                Err(_) if config.first_message_timeout.is_some() => Identity::Later,
                Err(denied) => known(self.authenticate(peer, "certificate", |_| Err(denied))),
            },
            Ok(Shown::Nothing) => nothing(),
        }
    }

    async fn refuse(
        &self,
        state: &State,
        mut stream: Watched,
        peer: &Peer,
        head: &RequestHead,
        refused: Refused,
    ) -> io::Result<()> {
        let (limit, reason) = (state.config.handshake_timeout, refused.reason);
        self.metrics.handshakes.add(refused.result, "", 1);
        let (address, status) = (peer.address, refused.status.0);
        event_often("refused", format_args!("peer={address} status={status} reason={reason:?}"));
        match refused.close.filter(|_| state.config.access.refuse_by_closing) {
            None => {
                bounded(limit, refuse(&mut stream, refused.status, &format!("{reason}\n"))).await
            }
            // Pages see close codes, but not the status of a refusal.
            Some(close) => {
                bounded(limit, accept(&mut stream, head)).await?;
                self.closed(&close);
                let (socket, _) = self.upgrade(state, stream, Vec::new()).await?;
                let (sink, source) = socket.split();
                session::say_goodbye(sink, source, &close).await;
                Ok(())
            }
        }
    }

    async fn upgrade(
        &self,
        state: &State,
        mut stream: Watched,
        rest: Vec<u8>,
    ) -> io::Result<(WebSocketStream<Watched>, Arc<Frames>)> {
        // A stranger may send little; the session raises the bounds.
        let wall = state.config.largest_message();
        let frames = Arc::new(Frames::new(MAX_FIRST_MESSAGE, 16, wall));
        stream.watch(frames.clone(), Charge::new(&self.ledger.buffered), &rest)?;
        let config = Some(frames.config());
        let socket = WebSocketStream::from_partially_read(stream, rest, Role::Server, config).await;
        Ok((socket, frames))
    }

    async fn plain(&self, stream: &mut Watched, head: &RequestHead) -> io::Result<()> {
        let with_body = head.method == "GET";
        if head.path == "/healthz" {
            return health(stream, !self.is_leaving(), with_body).await;
        }
        let state = self.state();
        if let Some(console) = state.config.console.as_ref().filter(|_| is_below(&head.path)) {
            return console.serve(stream, head, &state.config.path).await;
        }
        match &state.config.serve {
            Some(root) => files::serve(stream, root, &head.path, with_body).await.map(|_| ()),
            None => refuse(stream, NOT_FOUND, "there is nothing here\n").await,
        }
    }
}

enum Identity {
    Known(Box<Grant>),
    /// The client may show a credential in its first message.
    Later,
    Unknown,
}

impl Identity {
    fn known(grant: Grant) -> Self {
        Self::Known(Box::new(grant))
    }
}

/// Answers the upgrade request. Only the gateway's own subprotocol is echoed: others may contain
/// secrets.
async fn accept(stream: &mut Watched, head: &RequestHead) -> io::Result<()> {
    let key = head.websocket_key.as_deref().unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    let mut response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
    );
    if head.protocols.iter().any(|offered| offered == SUBPROTOCOL) {
        response.push_str(&format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"));
    }
    response.push_str("\r\n");
    stream.write_all(response.as_bytes()).await?;
    stream.flush().await
}
