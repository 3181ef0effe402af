use std::{borrow::Cow, fmt, time::Duration};

use crate::resp::{DecodeError, Frame, Kind};

/// A command that the server executes for one of its clients
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MonitoredCommand {
    /// When, by the server's clock: the time since the Unix epoch.
    pub time: Duration,
    /// The number of the logical database.
    pub database: u32,
    /// Address and port of the client, `unix:` and the path of the socket, or `lua` for what a
    /// script does.
    pub client: String,
    /// The command's name and its arguments. **They are what clients send, secrets included.**
    pub args: Vec<Vec<u8>>,
    /// Commands that were dropped before this one, because the reader was slow.
    pub missed: u64,
}

impl MonitoredCommand {
    /// The command's name as the client spelt it; invalid UTF-8 is replaced.
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.args.first().map_or(&[], Vec::as_slice))
    }

    /// Reads `1700000000.123456 [0 127.0.0.1:54321] "GET" "key"`.
    pub(super) fn parse(frame: &Frame, missed: u64) -> Option<Self> {
        let line = frame.reply().as_bytes()?;
        let (time, rest) = split(&line, b" [")?;
        let (database, rest) = split(rest, b" ")?;
        let (client, rest) = split(rest, b"] ")?;
        Some(Self {
            time: seconds(text(time)?)?,
            database: text(database)?.parse().ok()?,
            client: String::from_utf8_lossy(client).into_owned(),
            args: arguments(rest)?,
            missed,
        })
    }
}

impl fmt::Debug for MonitoredCommand {
    /// Shows neither the arguments nor the name: a client may send anything as one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MonitoredCommand")
            .field("time", &self.time)
            .field("database", &self.database)
            .field("client", &self.client)
            .field("args", &self.args.len())
            .field("missed", &self.missed)
            .finish()
    }
}

/// The error for a line that does not look so.
pub(super) fn unknown() -> DecodeError {
    DecodeError::because("a line of MONITOR", Kind::SimpleString, "of another form")
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = memchr::memmem::find(bytes, at)?;
    Some((&bytes[..place], &bytes[place + at.len()..]))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn seconds(text: &str) -> Option<Duration> {
    let (seconds, micros) = text.split_once('.')?;
    let micros: u32 = micros.parse().ok().filter(|micros| *micros < 1_000_000)?;
    Some(Duration::new(seconds.parse().ok()?, micros * 1000))
}

/// Quoted strings with spaces between them.
fn arguments(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut args = Vec::new();
    loop {
        let (arg, rest) = quoted(bytes)?;
        args.push(arg);
        match rest.split_first() {
            None => return Some(args),
            Some((b' ', rest)) => bytes = rest,
            Some(_) => return None,
        }
    }
}

/// A string in quotes, and what is behind it.
fn quoted(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = bytes.strip_prefix(b"\"")?;
    let mut arg = Vec::new();
    loop {
        let plain = memchr::memchr2(b'"', b'\\', rest)?;
        arg.extend_from_slice(&rest[..plain]);
        let marked = rest[plain];
        rest = &rest[plain + 1..];
        if marked == b'"' {
            return Some((arg, rest));
        }
        let (escaped, behind) = rest.split_first()?;
        rest = behind;
        arg.push(match escaped {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'a' => 7,
            b'b' => 8,
            b'x' => {
                let (digits, behind) = rest.split_at_checked(2)?;
                rest = behind;
                u8::from_str_radix(text(digits)?, 16).ok()?
            }
            other => *other,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<MonitoredCommand> {
        MonitoredCommand::parse(&Frame::copy_from_slice(format!("+{line}\r\n").as_bytes()), 2)
    }

    #[test]
    fn lines_are_taken_apart() {
        let command =
            parse(r#"1339518083.107412 [0 127.0.0.1:60866] "set" "a \"b\" \\ ] [" "\x00\xff\r\n\t\a\b" """#)
                .unwrap();
        assert_eq!(command.time, Duration::from_micros(1_339_518_083_107_412));
        assert_eq!((command.database, &*command.client, command.missed), (0, "127.0.0.1:60866", 2));
        assert_eq!(command.name(), "set");
        let args: [&[u8]; 4] = [b"set", b"a \"b\" \\ ] [", b"\x00\xff\r\n\t\x07\x08", b""];
        assert_eq!(command.args, args);
        assert!(!format!("{command:?}").contains("set"), "arguments are not for logs");
        let clients = ["lua", "[::1]:7", "unix:/tmp/a socket"];
        for client in clients {
            assert_eq!(parse(&format!("1.000001 [15 {client}] \"X\"")).unwrap().client, client);
        }
    }

    #[test]
    fn what_is_no_such_line_is_refused() {
        for line in [
            "",
            "1",
            "1.5",
            "x.5 [0 c] \"A\"",
            "1.1000000 [0 c] \"A\"",
            "1.5 [x c] \"A\"",
            "1.5 [0 c] A",
            "1.5 [0 c] \"A",
            "1.5 [0 c] \"A\\",
            "1.5 [0 c] \"A\\x0",
            "1.5 [0 c] \"A\\xg0\"",
            "1.5 [0 c] \"A\"\"B\"",
            "1.5 [0 c] \"A\" ",
            "1.5 [0 c] ",
        ] {
            assert!(parse(line).is_none(), "{line}");
        }
    }
}
