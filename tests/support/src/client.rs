//! The smallest Redis client that can check a server: RESP2 over blocking TCP.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Sends one command on a new connection and returns its reply as text.
pub(crate) fn command(
    addr: SocketAddr,
    password: Option<&str>,
    args: &[&str],
    limit: Duration,
) -> io::Result<String> {
    let stream = TcpStream::connect_timeout(&addr, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let mut stream = BufReader::new(stream);
    if let Some(password) = password {
        let answer = round_trip(&mut stream, &["AUTH", password])?;
        if answer != "OK" {
            return Err(io::Error::other(format!("the server refused the password: {answer}")));
        }
    }
    round_trip(&mut stream, args)
}

fn round_trip(stream: &mut BufReader<TcpStream>, args: &[&str]) -> io::Result<String> {
    let mut request = format!("*{}\r\n", args.len());
    for arg in args {
        request.push_str(&format!("${}\r\n{arg}\r\n", arg.len()));
    }
    stream.get_mut().write_all(request.as_bytes())?;
    let mut text = String::new();
    read_reply(stream, &mut text)?;
    Ok(text)
}

fn read_reply(from: &mut impl BufRead, text: &mut String) -> io::Result<()> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let line = line
        .strip_suffix("\r\n")
        .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed"))?;
    let (kind, rest) = line.split_at_checked(1).unwrap_or_default();
    let length = || {
        let bad = |_| io::Error::new(io::ErrorKind::InvalidData, format!("bad length {rest}"));
        rest.parse::<i64>().map_err(bad)
    };
    match kind {
        "+" | ":" => text.push_str(rest),
        "-" => text.push_str(&format!("(error) {rest}")),
        "$" => match usize::try_from(length()?) {
            Ok(len) => {
                let mut bytes = vec![0; len + 2];
                from.read_exact(&mut bytes)?;
                text.push_str(&String::from_utf8_lossy(&bytes[..len]));
            }
            Err(_) => text.push_str("(nil)"),
        },
        "*" => match length()? {
            -1 => text.push_str("(nil)"),
            count => {
                for i in 0..count {
                    if i > 0 {
                        text.push('\n');
                    }
                    read_reply(from, text)?;
                }
            }
        },
        _ => {
            let what = format!("not a RESP2 reply: {line:?}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
    }
    Ok(())
}
