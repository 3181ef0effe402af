use std::{io, time::Duration};

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::tasks::timeout;

/// The longest request head that is read, in bytes.
const MAX_HEAD: usize = 8 << 10;

/// What the gateway needs of an HTTP request
#[derive(Default)]
pub(crate) struct RequestHead {
    pub(crate) method: String,
    /// Path without the query.
    pub(crate) path: String,
    pub(crate) has_query: bool,
    /// May contain a secret: never to be logged.
    pub(crate) authorization: Option<String>,
    /// The addresses that proxies report, the nearest last.
    pub(crate) forwarded_for: Vec<String>,
    pub(crate) host: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) upgrade: bool,
    pub(crate) websocket_version: Option<String>,
    pub(crate) websocket_key: Option<String>,
    pub(crate) protocols: Vec<String>,
}

/// A refusal, as an HTTP status
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u16, pub(crate) &'static str);

pub(crate) const BAD_REQUEST: Status = Status(400, "Bad Request");
pub(crate) const UNAUTHORIZED: Status = Status(401, "Unauthorized");
pub(crate) const FORBIDDEN: Status = Status(403, "Forbidden");
pub(crate) const NOT_FOUND: Status = Status(404, "Not Found");
pub(crate) const METHOD_NOT_ALLOWED: Status = Status(405, "Method Not Allowed");
pub(crate) const MISDIRECTED: Status = Status(421, "Misdirected Request");
pub(crate) const UPGRADE_REQUIRED: Status = Status(426, "Upgrade Required");
pub(crate) const HEAD_TOO_LARGE: Status = Status(431, "Request Header Fields Too Large");
pub(crate) const TOO_MANY: Status = Status(429, "Too Many Requests");
pub(crate) const UNAVAILABLE: Status = Status(503, "Service Unavailable");

/// Reads a request head; returns it with the bytes that arrived behind it.
///
/// `Ok(None)` if the peer closed the connection without sending anything.
pub(crate) async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Result<Option<(RequestHead, Vec<u8>)>, Status>> {
    let mut bytes = Vec::with_capacity(1024);
    let mut chunk = [0; 1024];
    loop {
        let n = stream.read(&mut chunk).await?;
        if n == 0 {
            return Ok(if bytes.is_empty() { Ok(None) } else { Err(BAD_REQUEST) });
        }
        bytes.extend_from_slice(&chunk[..n]);
        match parse(&bytes) {
            Ok(Some((head, len))) => return Ok(Ok(Some((head, bytes.split_off(len))))),
            Ok(None) if bytes.len() >= MAX_HEAD => return Ok(Err(HEAD_TOO_LARGE)),
            Ok(None) => {}
            Err(status) => return Ok(Err(status)),
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Option<(RequestHead, usize)>, Status> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let len = match request.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(HEAD_TOO_LARGE),
        Err(_) => return Err(BAD_REQUEST),
    };
    if len > MAX_HEAD {
        return Err(HEAD_TOO_LARGE);
    }
    let mut head = RequestHead {
        method: request.method.unwrap_or_default().to_owned(),
        path: request.path.unwrap_or_default().split('?').next().unwrap_or_default().to_owned(),
        has_query: request.path.unwrap_or_default().contains('?'),
        ..RequestHead::default()
    };
    let (mut upgrade, mut connection) = (false, false);
    for header in request.headers.iter() {
        let value = std::str::from_utf8(header.value).map_err(|_| BAD_REQUEST)?.trim();
        let lists =
            |word: &str| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word));
        // A header that decides something may appear only once.
        let once = |field: &mut Option<String>| match field.replace(value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(BAD_REQUEST),
        };
        match header.name.to_ascii_lowercase().as_str() {
            "host" => once(&mut head.host)?,
            "origin" => once(&mut head.origin)?,
            "if-none-match" => once(&mut head.if_none_match)?,
            "authorization" => once(&mut head.authorization)?,
            "x-forwarded-for" => {
                head.forwarded_for.extend(value.split(',').map(|item| item.trim().to_owned()));
            }
            "sec-websocket-version" => once(&mut head.websocket_version)?,
            "sec-websocket-key" => once(&mut head.websocket_key)?,
            "sec-websocket-protocol" => {
                head.protocols.extend(value.split(',').map(|item| item.trim().to_owned()));
            }
            "upgrade" => upgrade |= lists("websocket"),
            "connection" => connection |= lists("upgrade"),
            // No request here has a body.
            "transfer-encoding" => return Err(BAD_REQUEST),
            "content-length" if value != "0" => return Err(BAD_REQUEST),
            _ => {}
        }
    }
    head.upgrade = upgrade && connection;
    Ok(Some((head, len)))
}

/// Sends a whole response and closes the stream.
pub(crate) async fn respond(
    stream: &mut (impl AsyncWrite + Unpin),
    status: Status,
    headers: &[(&str, &str)],
    content_type: &str,
    body: &[u8],
    with_body: bool,
) -> io::Result<()> {
    // In a 304, a length would be taken for that of the cached body.
    let len = (status.0 != 304).then_some(body.len() as u64);
    let mut bytes = head(status, headers, content_type, len).into_bytes();
    if with_body {
        bytes.extend_from_slice(body);
    }
    stream.write_all(&bytes).await?;
    stream.close().await
}

/// Returns the head of a response.
pub(crate) fn head(
    status: Status,
    headers: &[(&str, &str)],
    content_type: &str,
    len: Option<u64>,
) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", status.0, status.1);
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(len) = len {
        head.push_str(&format!("Content-Length: {len}\r\n"));
    }
    head.push_str(&format!(
        "Content-Type: {content_type}\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
    ));
    head
}

/// Sends a refusal with its reason as text.
pub(crate) async fn refuse(
    stream: &mut (impl AsyncWrite + Unpin),
    status: Status,
    reason: &str,
) -> io::Result<()> {
    let headers: &[(&str, &str)] = match status.0 {
        401 => &[("WWW-Authenticate", "Bearer")],
        405 => &[("Allow", "GET, HEAD")],
        426 => &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")],
        429 | 503 => &[("Retry-After", "5")],
        _ => &[],
    };
    respond(stream, status, headers, "text/plain; charset=utf-8", reason.as_bytes(), true).await
}

/// Answers `ok`, or 503 and `draining`.
pub(crate) async fn health(
    stream: &mut (impl AsyncWrite + Unpin),
    healthy: bool,
    with_body: bool,
) -> io::Result<()> {
    let (status, text) = match healthy {
        true => (Status(200, "OK"), "ok\n"),
        false => (UNAVAILABLE, "draining\n"),
    };
    let headers = [("Cache-Control", "no-store")];
    respond(stream, status, &headers, "text/plain", text.as_bytes(), with_body).await
}

/// Fails with `TimedOut` if the work takes longer than `limit`.
pub(crate) async fn bounded(
    limit: Duration,
    work: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<(RequestHead, Vec<u8>)>, Status> {
        let mut bytes = text.as_bytes();
        smol::block_on(read_head(&mut bytes)).unwrap()
    }

    #[test]
    fn reads_what_it_needs_and_keeps_the_rest() {
        let (head, rest) = read(
            "GET /redis?token=x HTTP/1.1\r\nHost: a:1\r\nUPGRADE: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
             Origin: http://a:1\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: x, redis.v1\r\n\r\nrest",
        )
        .ok()
        .flatten()
        .unwrap();
        assert!(head.has_query);
        assert_eq!((head.method.as_str(), head.path.as_str()), ("GET", "/redis"));
        assert!(head.upgrade);
        assert_eq!(head.protocols, ["x", "redis.v1"]);
        assert_eq!(rest, b"rest");
    }

    #[test]
    fn refuses_what_is_ambiguous_or_too_large() {
        for (text, status) in [
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(), BAD_REQUEST),
            ("GET / HTTP/1.1\r\nOrigin: a\r\nOrigin: b\r\n\r\n".to_owned(), BAD_REQUEST),
            ("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello".to_owned(), BAD_REQUEST),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), BAD_REQUEST),
            (
                "GET / HTTP/1.1\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n".to_owned(),
                BAD_REQUEST,
            ),
            ("*1\r\n$4\r\nPING\r\n".to_owned(), BAD_REQUEST),
            ("GET / HTTP/1.1\r\nHost".to_owned(), BAD_REQUEST),
            (format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(9000)), HEAD_TOO_LARGE),
            (format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100)), HEAD_TOO_LARGE),
        ] {
            assert_eq!(read(&text).err(), Some(status), "{}", &text[..40.min(text.len())]);
        }
        assert!(read("").is_ok_and(|head| head.is_none()));
    }
}
