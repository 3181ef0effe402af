//! Through a proxy: HTTP `CONNECT` ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#CONNECT))
//! and SOCKS 5 ([RFC 1928](https://www.rfc-editor.org/rfc/rfc1928)).

use std::{io, net::IpAddr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use redmux_transport::{Tunnel, TunnelKind};

/// The longest answer of an HTTP proxy, in bytes.
const LONGEST_ANSWER: usize = 16 << 10;

/// Asks the proxy at the other end of `stream` to connect it to `host`. Reads not one byte
/// too many.
pub(crate) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    tunnel: &Tunnel,
    host: &str,
    port: u16,
) -> io::Result<()> {
    let opened = match tunnel.kind {
        TunnelKind::Http => http(stream, tunnel, host, port).await,
        TunnelKind::Socks5 => socks5(stream, tunnel, host, port).await,
        _ => Err(io::ErrorKind::Unsupported.into()),
    };
    opened.map_err(|error| {
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
            _ => error.to_string(),
        };
        io::Error::new(error.kind(), format!("the proxy {tunnel} lets nothing through: {what}"))
    })
}

async fn http<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    tunnel: &Tunnel,
    host: &str,
    port: u16,
) -> io::Result<()> {
    if !host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("the host name does not fit into a request"));
    }
    let target =
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some((user, password)) = &tunnel.credentials {
        let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
        request.push_str(&format!("Proxy-Authorization: Basic {credentials}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;

    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == LONGEST_ANSWER {
            return Err(invalid("its answer has no end"));
        }
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        answer.push(byte[0]);
        if answer.len() == 5 && answer != b"HTTP/" {
            return Err(invalid("it does not answer in HTTP"));
        }
    }
    let status: String = answer.iter().skip(9).take(3).copied().map(char::from).collect();
    match status.parse::<u16>() {
        Ok(200..=299) => Ok(()),
        Ok(407) => Err(denied("it refuses the user name or password, or wants one (407)")),
        Ok(status) => Err(denied(&format!("it answers with status {status}"))),
        Err(_) => Err(invalid("its answer has no status")),
    }
}

async fn socks5<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    tunnel: &Tunnel,
    host: &str,
    port: u16,
) -> io::Result<()> {
    const VERSION: u8 = 5;
    const BARE: u8 = 0;
    const PASSWORD: u8 = 2;
    let greeting: &[u8] = match &tunnel.credentials {
        None => &[VERSION, 1, BARE],
        Some(_) => &[VERSION, 2, BARE, PASSWORD],
    };
    stream.write_all(greeting).await?;
    stream.flush().await?;
    let mut choice = [0; 2];
    stream.read_exact(&mut choice).await?;
    match (choice, &tunnel.credentials) {
        ([VERSION, BARE], _) => {}
        ([VERSION, PASSWORD], Some((user, password))) => {
            let mut request = vec![1];
            push_short(&mut request, user, "the user name")?;
            push_short(&mut request, password, "the password")?;
            stream.write_all(&request).await?;
            stream.flush().await?;
            let mut verdict = [0; 2];
            stream.read_exact(&mut verdict).await?;
            if verdict[1] != 0 {
                return Err(denied("it refuses the user name or password"));
            }
        }
        ([VERSION, _], None) => return Err(denied("it wants a user name and a password")),
        ([VERSION, _], Some(_)) => return Err(denied("it takes no user name and password")),
        _ => return Err(invalid("it does not speak SOCKS 5")),
    }

    let mut request = vec![VERSION, 1, 0];
    match host.parse() {
        Ok(IpAddr::V4(ip)) => {
            request.push(1);
            request.extend_from_slice(&ip.octets());
        }
        Ok(IpAddr::V6(ip)) => {
            request.push(4);
            request.extend_from_slice(&ip.octets());
        }
        Err(_) => {
            request.push(3);
            push_short(&mut request, host, "the host name")?;
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&request).await?;
    stream.flush().await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    if answer[1] != 0 {
        return Err(denied(refusal(answer[1])));
    }
    let rest = match answer[3] {
        1 => 4,
        4 => 16,
        3 => {
            let mut length = [0];
            stream.read_exact(&mut length).await?;
            usize::from(length[0])
        }
        _ => return Err(invalid("its answer holds an address of an unknown kind")),
    };
    // The address it connects from, and the port: of no use.
    let mut bound = [0; 255 + 2];
    stream.read_exact(&mut bound[..rest + 2]).await
}

/// A length in one byte, then the text.
fn push_short(request: &mut Vec<u8>, text: &str, what: &str) -> io::Result<()> {
    let length = u8::try_from(text.len())
        .map_err(|_| invalid(&format!("{what} is longer than the 255 bytes of SOCKS 5")))?;
    request.push(length);
    request.extend_from_slice(text.as_bytes());
    Ok(())
}

fn refusal(code: u8) -> &'static str {
    match code {
        2 => "it does not allow this connection",
        3 => "the network is unreachable from it",
        4 => "the host is unreachable from it, or unknown to it",
        5 => "the server refuses its connection",
        6 => "the connection took it too long",
        _ => "it failed",
    }
}

fn denied(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
