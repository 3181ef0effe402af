//! As much of HTTP as a script or a page on this machine needs.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The longest head that is read, in bytes.
const MAX_HEAD: u64 = 16 * 1024;
const LIMIT: Duration = Duration::from_secs(10);

/// What is used of a request; its body is not read
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) host: Option<String>,
    /// The page that sends it, if a page does.
    pub(crate) origin: Option<String>,
}

impl Head {
    /// Reads it; neither this nor a later write waits for more than 10 s.
    pub(crate) fn read(stream: &TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let mut lines = BufReader::new(stream).take(MAX_HEAD);
        let mut request = String::new();
        lines.read_line(&mut request)?;
        let mut words = request.split_whitespace().map(str::to_owned);
        let mut head = Self {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            ..Self::default()
        };
        loop {
            let mut line = String::new();
            lines.read_line(&mut line)?;
            if line.trim().is_empty() {
                return Ok(head);
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            let field = match () {
                () if name.eq_ignore_ascii_case("host") => &mut head.host,
                () if name.eq_ignore_ascii_case("origin") => &mut head.origin,
                () => continue,
            };
            *field = Some(value.trim().to_owned());
        }
    }
}

/// Sends an answer and says that no other follows.
pub(crate) fn answer(
    mut stream: &TcpStream,
    status: &str,
    content_type: &str,
    body: &[u8],
) -> io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\
         X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)
}
