pub(crate) mod frames;
pub(crate) mod program;
pub(crate) mod raw;
pub(crate) mod site;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream as StdStream},
    time::Duration,
};

use async_std::{future::timeout, net::TcpStream, task};
use async_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{
    StreamExt,
    io::{AsyncRead, AsyncWrite},
};
use redmux_gateway::{Config, Gateway, Handle};
use redmux_test_support::RedisServer;
pub(crate) use redmux_test_support::until;
use site::Site;

pub(crate) type Socket = WebSocketStream<TcpStream>;

const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway in front of a real server
pub(crate) struct Bench {
    pub(crate) server: RedisServer,
    pub(crate) handle: Handle,
    pub(crate) addr: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) running: task::JoinHandle<()>,
}

impl Bench {
    pub(crate) async fn new(change: impl FnOnce(&mut Config)) -> Self {
        let server = RedisServer::start();
        let mut config = Config::new(server.addr().to_string().parse().unwrap());
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        change(&mut config);
        Self::start(server, config).await
    }

    /// With a configuration file; `{redis}` in it is the server's address.
    pub(crate) async fn of(site: &Site, text: &str) -> Self {
        let server = RedisServer::start();
        let config = site.load(&filled_in(text, &server)).unwrap().config;
        Self::start(server, config).await
    }

    pub(crate) async fn start(server: RedisServer, config: Config) -> Self {
        redmux_gateway::silence_log();
        let gateway = Gateway::bind(config).await.unwrap();
        let (handle, addr) = (gateway.handle(), gateway.local_addr());
        let gateway_admin = gateway.admin_addr();
        let admin = gateway_admin;
        let running = task::spawn(gateway.run());
        Self { server, handle, addr, admin, running }
    }

    /// Another configuration for the same server, without dropping clients.
    pub(crate) fn reload(&self, site: &Site, text: &str) {
        let config = site.load(&filled_in(text, &self.server)).unwrap().config;
        self.handle.reload(config).unwrap();
    }

    pub(crate) fn own_origin(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Opens a WebSocket as a page of the gateway's own origin would.
    pub(crate) async fn open(&self) -> Socket {
        self.open_from(Some(&self.own_origin())).await.unwrap()
    }

    pub(crate) async fn open_from(
        &self,
        origin: Option<&str>,
    ) -> Result<Socket, tungstenite::Error> {
        let mut request = format!("ws://{}/redis", self.addr).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", HeaderValue::from_str(origin).unwrap());
        }
        let stream = TcpStream::connect(self.addr).await.unwrap();
        client_async(request, stream).await.map(|(socket, _)| socket)
    }

    pub(crate) async fn open_with(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, tungstenite::Error> {
        Elsewhere { addr: self.addr }.open_with(headers).await
    }

    pub(crate) async fn open_as(&self, secret: &str) -> Result<Socket, tungstenite::Error> {
        Elsewhere { addr: self.addr }.open_as(secret).await
    }

    /// The value of a metric; zero while there is none.
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let text = self.handle.metrics();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// The HTTP status of a refused handshake.
    pub(crate) async fn status_from(&self, origin: Option<&str>) -> u16 {
        match self.open_from(origin).await {
            Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
            Ok(_) => 101,
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends raw bytes over TCP and returns everything that comes back.
    pub(crate) async fn raw(&self, request: impl Into<Vec<u8>>) -> String {
        let (addr, request) = (self.addr, request.into());
        task::spawn_blocking(move || {
            let mut stream = StdStream::connect(addr).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            // The gateway may refuse before it has read everything.
            let _ = stream.write_all(&request);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        })
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        self.raw(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.addr)).await
    }
}

/// A gateway in another process
pub(crate) struct Elsewhere {
    pub(crate) addr: SocketAddr,
}

impl Elsewhere {
    /// Opens a WebSocket with these headers, besides the gateway's own origin.
    pub(crate) async fn open_with(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, tungstenite::Error> {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        let request = request(self.addr, headers);
        client_async(request, stream).await.map(|(socket, _)| socket)
    }

    /// As a page would with a credential.
    pub(crate) async fn open_as(&self, secret: &str) -> Result<Socket, tungstenite::Error> {
        let offer = format!("redis.v1, auth.{}", URL_SAFE_NO_PAD.encode(secret));
        self.open_with(&[("Sec-WebSocket-Protocol", &offer)]).await
    }
}

/// What a `GET` of this path is answered with.
pub(crate) async fn get_from(addr: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\n\r\n");
    task::spawn_blocking(move || {
        let mut stream = StdStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
    .await
}

pub(crate) fn request(
    addr: SocketAddr,
    headers: &[(&'static str, &str)],
) -> tungstenite::http::Request<()> {
    let mut request = format!("ws://{addr}/redis").into_client_request().unwrap();
    let own = format!("http://{addr}");
    request.headers_mut().insert("Origin", HeaderValue::from_str(&own).unwrap());
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    request
}

/// The status that a handshake was refused with.
pub(crate) fn status<S>(result: Result<S, tungstenite::Error>) -> u16 {
    match result {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Ok(_) => 101,
        Err(error) => panic!("{error}"),
    }
}

fn filled_in(text: &str, server: &RedisServer) -> String {
    text.replace("{redis}", &server.addr().to_string())
}

/// What comes back for these words, which is this long.
pub(crate) async fn ask<S: Stream>(
    socket: &mut WebSocketStream<S>,
    line: &str,
    len: usize,
) -> String {
    send(socket, command(&line.split(' ').collect::<Vec<_>>())).await;
    String::from_utf8_lossy(&receive(socket, len).await).into_owned()
}

pub(crate) fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).bytes());
    }
    bytes
}

/// What a WebSocket runs on
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

pub(crate) async fn send<S: Stream>(socket: &mut WebSocketStream<S>, bytes: impl Into<Vec<u8>>) {
    socket.send(Message::Binary(bytes.into().into())).await.unwrap();
}

/// Reads binary messages until `len` bytes have come.
pub(crate) async fn receive<S: Stream>(socket: &mut WebSocketStream<S>, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < len {
        match next(socket).await {
            Some(Message::Binary(part)) => bytes.extend_from_slice(&part),
            Some(Message::Ping(_) | Message::Pong(_)) => {}
            other => panic!("{other:?} after {} bytes", bytes.len()),
        }
    }
    bytes
}

/// The code and reason the gateway closes with.
pub(crate) async fn closed<S: Stream>(socket: &mut WebSocketStream<S>) -> (u16, String) {
    loop {
        match next(socket).await {
            Some(Message::Close(Some(frame))) => {
                return (frame.code.into(), frame.reason.to_string());
            }
            Some(Message::Close(None)) | None => return (1006, String::new()),
            Some(_) => {}
        }
    }
}

pub(crate) async fn next<S: Stream>(socket: &mut WebSocketStream<S>) -> Option<Message> {
    let message = timeout(PATIENCE, socket.next()).await.expect("something comes");
    message.and_then(Result::ok)
}
