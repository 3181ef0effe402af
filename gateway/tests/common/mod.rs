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
use futures::StreamExt;
use redmux_gateway::{Config, Gateway, Handle};
use redmux_test_support::RedisServer;

pub(crate) type Socket = WebSocketStream<TcpStream>;

const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway in front of a real server
pub(crate) struct Bench {
    pub(crate) server: RedisServer,
    pub(crate) handle: Handle,
    pub(crate) addr: SocketAddr,
    pub(crate) running: task::JoinHandle<()>,
}

impl Bench {
    pub(crate) async fn new(change: impl FnOnce(&mut Config)) -> Self {
        redmux_gateway::silence_log();
        let server = RedisServer::start();
        let mut config = Config::new(server.addr().to_string().parse().unwrap());
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        change(&mut config);
        let gateway = Gateway::bind(config).await.unwrap();
        let (handle, addr) = (gateway.handle(), gateway.local_addr());
        let running = task::spawn(gateway.run());
        Self { server, handle, addr, running }
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

pub(crate) fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).bytes());
    }
    bytes
}

pub(crate) async fn send(socket: &mut Socket, bytes: impl Into<Vec<u8>>) {
    socket.send(Message::Binary(bytes.into().into())).await.unwrap();
}

/// Reads binary messages until `len` bytes have come.
pub(crate) async fn receive(socket: &mut Socket, len: usize) -> Vec<u8> {
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
pub(crate) async fn closed(socket: &mut Socket) -> (u16, String) {
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

async fn next(socket: &mut Socket) -> Option<Message> {
    let message = timeout(PATIENCE, socket.next()).await.expect("something comes");
    message.and_then(Result::ok)
}
