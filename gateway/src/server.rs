use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_std::{
    channel::{self, Receiver, Sender},
    future::timeout,
    net::{TcpListener, TcpStream},
    task,
};
use async_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};
use futures::{
    future::{Either, select},
    io::AsyncWriteExt,
};

use crate::{
    admission::{Rejection, check_host, check_origin},
    client,
    config::Config,
    files,
    http::{
        self, BAD_REQUEST, FORBIDDEN, METHOD_NOT_ALLOWED, MISDIRECTED, NOT_FOUND, RequestHead,
        Status, UNAVAILABLE, UPGRADE_REQUIRED, read_head, refuse,
    },
    log::event,
};

/// The subprotocol that is agreed to when a client offers it.
const SUBPROTOCOL: &str = "redis.v1";

/// A gateway that listens
#[derive(Debug)]
pub struct Gateway {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Sender<()>,
    stopped: Receiver<()>,
}

/// Stops a gateway from elsewhere
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    stop: Sender<()>,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    draining: AtomicBool,
    clients: AtomicUsize,
    /// Sockets with a request or a client on them.
    sockets: AtomicUsize,
}

/// Counts for as long as it lives
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    /// `None` if `limit` are counted already.
    fn new(counter: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let before = counter.fetch_add(1, Ordering::Relaxed);
        let counted = Self(counter);
        (before < limit).then_some(counted)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Bytes read from a client at once.
const READ_BUFFER: usize = 16 << 10;

impl Gateway {
    /// Listens at the address of `config`.
    ///
    /// # Errors
    /// The address cannot be listened at.
    pub async fn bind(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            config,
            draining: AtomicBool::new(false),
            clients: AtomicUsize::new(0),
            sockets: AtomicUsize::new(0),
        });
        let (stop, stopped) = channel::bounded(1);
        Ok(Self { listener, address, shared, stop, stopped })
    }

    /// The address it listens at.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// A handle to stop it with.
    pub fn handle(&self) -> Handle {
        Handle { shared: self.shared.clone(), stop: self.stop.clone() }
    }

    /// Serves clients until [`Handle::shutdown`], then lets them go.
    pub async fn run(self) {
        loop {
            let accepted = {
                let accept = Box::pin(self.listener.accept());
                match select(accept, Box::pin(self.stopped.recv())).await {
                    Either::Left((accepted, _)) => accepted,
                    Either::Right(_) => break,
                }
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (shared, stopped) = (self.shared.clone(), self.stopped.clone());
                    task::spawn(async move { shared.attend(stream, peer, stopped).await });
                }
                Err(error) => {
                    // Out of file descriptors, for example: others must end first.
                    event("accept-failed", format_args!("error={:?}", error.to_string()));
                    task::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(self.listener);
        let all_gone = async {
            while self.shared.sockets.load(Ordering::Relaxed) > 0 {
                task::sleep(Duration::from_millis(5)).await;
            }
        };
        // Closing handshakes get a little time of their own.
        let _ = timeout(self.shared.config.drain + Duration::from_secs(3), all_gone).await;
        event("stopped", format_args!("left={}", self.shared.sockets.load(Ordering::Relaxed)));
    }
}

impl Handle {
    /// Stops accepting, lets replies on their way arrive, and closes clients with code 1012.
    pub fn shutdown(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
        self.stop.close();
    }

    /// Clients connected at the moment.
    pub fn clients(&self) -> usize {
        self.shared.clients.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Serves one socket from its first byte to its last.
    async fn attend(&self, stream: TcpStream, peer: SocketAddr, stopped: Receiver<()>) {
        // Plain requests and handshakes may not crowd out anything either.
        let Some(_counted) = Counted::new(&self.sockets, self.config.max_connections * 2 + 64)
        else {
            return;
        };
        if let Err(error) = self.request(stream, peer, stopped).await {
            event("request-failed", format_args!("peer={peer} error={:?}", error.to_string()));
        }
    }

    async fn request(
        &self,
        mut stream: TcpStream,
        peer: SocketAddr,
        stopped: Receiver<()>,
    ) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let limit = self.config.handshake_timeout;
        let (head, rest) = match timeout(limit, read_head(&mut stream)).await {
            Err(_) => {
                event("request-too-slow", format_args!("peer={peer}"));
                let late = Status(408, "Request Timeout");
                return bounded(limit, refuse(&mut stream, late, "the request took too long\n"))
                    .await;
            }
            Ok(head) => match head? {
                Ok(Some(request)) => request,
                Ok(None) => return Ok(()),
                Err(status) => {
                    return bounded(
                        limit,
                        refuse(&mut stream, status, "the request is malformed\n"),
                    )
                    .await;
                }
            },
        };
        if let Err((status, reason)) = self.admit(&head) {
            event("refused", format_args!("peer={peer} status={} reason={reason:?}", status.0));
            return bounded(limit, refuse(&mut stream, status, &format!("{reason}\n"))).await;
        }
        if !self.wants_websocket(&head) {
            return bounded(Duration::from_secs(60), self.plain(&mut stream, &head)).await;
        }
        let Some(_client) = Counted::new(&self.clients, self.config.max_connections) else {
            event("refused", format_args!("peer={peer} status=503 reason=\"too many clients\""));
            return bounded(limit, refuse(&mut stream, UNAVAILABLE, "too many clients\n")).await;
        };
        bounded(limit, accept(&mut stream, &head)).await?;
        event("client", format_args!("peer={peer}"));
        let websocket = WebSocketConfig::default()
            // Cleared before each read: the default of 128 KiB costs more than the message.
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(self.config.max_message))
            .max_frame_size(Some(self.config.max_message));
        let socket =
            WebSocketStream::from_partially_read(stream, rest, Role::Server, Some(websocket)).await;
        let (reason, traffic) = client::serve(socket, &self.config, &stopped).await;
        event(
            "client-gone",
            format_args!(
                "peer={peer} code={} reason={:?} commands={} bytes_in={} bytes_out={}",
                reason.code().unwrap_or(0),
                reason.to_string(),
                traffic.commands,
                traffic.bytes_in,
                traffic.bytes_out,
            ),
        );
        Ok(())
    }

    fn wants_websocket(&self, head: &RequestHead) -> bool {
        head.path == self.config.path
    }

    /// Decides on a request by its head; here authentication will have its place.
    fn admit(&self, head: &RequestHead) -> Result<(), (Status, &'static str)> {
        check_host(&self.config, head)
            .map_err(|_| (MISDIRECTED, "this gateway is not known by that host name (--host)"))?;
        if !self.wants_websocket(head) {
            return match head.method.as_str() {
                "GET" | "HEAD" => Ok(()),
                _ => Err((METHOD_NOT_ALLOWED, "only GET and HEAD")),
            };
        }
        if head.method != "GET" {
            return Err((METHOD_NOT_ALLOWED, "only GET"));
        }
        if !head.upgrade || head.websocket_version.as_deref() != Some("13") {
            return Err((UPGRADE_REQUIRED, "this path is a WebSocket, version 13"));
        }
        // 16 bytes in base64.
        if head.websocket_key.as_ref().is_none_or(|key| key.len() != 24) {
            return Err((BAD_REQUEST, "the Sec-WebSocket-Key is missing or malformed"));
        }
        check_origin(&self.config, head).map_err(|rejection| match rejection {
            Rejection::NoOrigin => {
                (FORBIDDEN, "there is no Origin: clients that are no browsers are not enabled (--allow-no-origin)")
            }
            _ => (FORBIDDEN, "pages of this origin may not connect (--origin)"),
        })?;
        if self.draining.load(Ordering::Relaxed) {
            return Err((UNAVAILABLE, "the gateway is being shut down"));
        }
        Ok(())
    }

    async fn plain(&self, stream: &mut TcpStream, head: &RequestHead) -> io::Result<()> {
        let with_body = head.method == "GET";
        if head.path == "/healthz" {
            let (status, text) = match self.draining.load(Ordering::Relaxed) {
                false => (Status(200, "OK"), "ok\n"),
                true => (UNAVAILABLE, "draining\n"),
            };
            let headers = [("Cache-Control", "no-store")];
            return http::respond(
                stream,
                status,
                &headers,
                "text/plain",
                text.as_bytes(),
                with_body,
            )
            .await;
        }
        match &self.config.serve {
            Some(root) => files::serve(stream, root, &head.path, with_body).await.map(|_| ()),
            None => refuse(stream, NOT_FOUND, "there is nothing here\n").await,
        }
    }
}

/// Answers the upgrade request. Only a subprotocol this gateway knows is ever echoed:
/// others may hold secrets.
async fn accept(stream: &mut TcpStream, head: &RequestHead) -> io::Result<()> {
    let key = head.websocket_key.as_deref().unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    let mut response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
    );
    if head.protocols.iter().any(|offered| offered == SUBPROTOCOL) {
        response.push_str(&format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"));
    }
    response.push_str("\r\n");
    stream.write_all(response.as_bytes()).await
}

async fn bounded(limit: Duration, work: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
