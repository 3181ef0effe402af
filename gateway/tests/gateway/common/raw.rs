//! A client that writes frames by hand.

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use socket2::{Domain, Socket, Type};

pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    /// Has a WebSocket; shows this credential, if any.
    pub(crate) fn open(addr: SocketAddr, credential: Option<&str>) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        Self::upgrade(stream, addr, credential).unwrap()
    }

    /// As [`Raw::open`], from this address; the answer if it is none.
    pub(crate) fn open_from(
        from: IpAddr,
        addr: SocketAddr,
        credential: Option<&str>,
    ) -> Result<Self, String> {
        Self::upgrade(connect_from(from, addr), addr, credential)
    }

    fn upgrade(
        mut stream: TcpStream,
        addr: SocketAddr,
        credential: Option<&str>,
    ) -> Result<Self, String> {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        let offer = credential.map(|secret| {
            format!("Sec-WebSocket-Protocol: redis.v1, auth.{}\r\n", URL_SAFE_NO_PAD.encode(secret))
        });
        // The gateway may have hung up at once.
        let _ = write!(
            stream,
            "GET /redis HTTP/1.1\r\nHost: {addr}\r\nOrigin: http://{addr}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
             {}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            offer.unwrap_or_default()
        );
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => break,
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        if head.starts_with("HTTP/1.1 101 ") { Ok(Self(stream)) } else { Err(head) }
    }

    /// Sends what it can: the gateway may hang up before the end.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> &mut Self {
        let _ = self.0.write_all(bytes);
        self
    }

    /// The code of the close frame, if one comes before the end; `None` too if nothing comes.
    pub(crate) fn closed(&mut self) -> Option<u16> {
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes);
        let mut rest = bytes.as_slice();
        while let [first, length, more @ ..] = rest {
            let (length, more) = match (length & 0x7f, more) {
                (126, [high, low, more @ ..]) => {
                    (usize::from(u16::from_be_bytes([*high, *low])), more)
                }
                (127, [_, _, _, _, _, a, b, c, more @ ..]) => {
                    (usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c), more)
                }
                (length, more) => (usize::from(length), more),
            };
            if first & 0x0f == 8 {
                return Some(u16::from_be_bytes([*more.first()?, *more.get(1)?]));
            }
            rest = more.get(length..)?;
        }
        None
    }

    /// Whether the gateway hangs up, sooner or later.
    pub(crate) fn ends(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => {
                    return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                }
            }
        }
    }
}

/// A connection from one of the loopback addresses.
pub(crate) fn connect_from(from: IpAddr, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(from, 0).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}
