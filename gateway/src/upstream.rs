//! Connections to Redis servers.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use redmux_resp::{Arg, encode_command};
use redmux_tcp::TcpTransport;
use redmux_transport::{DialError, DialOptions, Endpoint, Transport};
use smol::lock::Mutex;

use crate::tasks::{sleep, timeout};

/// A Redis server that the configuration names
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    pub(crate) name: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) dial: DialOptions,
    pub(crate) connect_timeout: Duration,
    /// The time that a reply may be due before the server is asked whether it still answers.
    pub(crate) reply_timeout: Duration,
    pub(crate) heartbeat: Heartbeat,
}

impl PartialEq for Upstream {
    fn eq(&self, other: &Self) -> bool {
        let key = |of: &Self| (of.name.clone(), of.connect_timeout, of.reply_timeout);
        key(self) == key(other) && self.endpoint == other.endpoint && self.dial == other.dial
    }
}

/// How the gateway logs in to Redis for a principal
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// When the server was asked last, and whether it answered
#[derive(Debug, Clone, Default)]
pub(crate) struct Heartbeat(Arc<Beat>);

#[derive(Debug, Default)]
struct Beat {
    asked: Mutex<Option<(Instant, bool)>>,
    /// The result of the last connection or question: `UNKNOWN`, `DOWN` or `UP`.
    last: AtomicU8,
}

const UNKNOWN: u8 = 0;
const DOWN: u8 = 1;
const UP: u8 = 2;

impl Heartbeat {
    fn note(&self, answered: bool) {
        self.0.last.store(if answered { UP } else { DOWN }, Relaxed);
    }

    /// Takes over the last result of another heartbeat.
    pub(crate) fn take_over(&self, other: &Self) {
        self.0.last.store(other.0.last.load(Relaxed), Relaxed);
    }

    /// Returns whether the server answered last; `None` if it was not asked yet.
    pub(crate) fn is_up(&self) -> Option<bool> {
        match self.0.last.load(Relaxed) {
            UNKNOWN => None,
            last => Some(last == UP),
        }
    }
}

/// The time for which an answer of the server holds, however many clients wait for it.
const ASKED_FOR: Duration = Duration::from_secs(2);

pub(crate) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Why there is no connection; the texts are for logs
#[derive(Debug)]
pub(crate) enum Unconnected {
    /// The server cannot be reached.
    Unreachable(String),
    /// The server does not let the gateway in.
    Refused(&'static str),
}

/// How an attempt to connect failed
enum Failed {
    /// Another attempt may succeed in a moment.
    ForNow(io::Error),
    Unreachable(io::Error),
    Refused(&'static str),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        match is_for_now(error.kind()) {
            true => Self::ForNow(error),
            false => Self::Unreachable(error),
        }
    }
}

/// Nothing listens, or the listener hung up: as while a server restarts.
fn is_for_now(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, NotFound, UnexpectedEof,
    };
    // A socket file is not there until its server is.
    matches!(
        kind,
        BrokenPipe
            | ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | NotFound
            | UnexpectedEof
    )
}

/// The first and the longest wait between two attempts.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LAST_WAIT: Duration = Duration::from_millis(200);

/// The health of a server
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Good,
    /// The server answers, but refuses the user or is not ready.
    Refuses,
    Dead,
}

/// The longest line that is read while logging in, in bytes.
const MAX_ANSWER: usize = 4096;

impl Upstream {
    /// Connects, logs in, and selects the database.
    pub(crate) async fn connect(
        &self,
        login: Option<&Login>,
        database: u32,
    ) -> Result<(Reader, Writer), Unconnected> {
        let connected = self.try_to_connect(login, database).await;
        self.heartbeat.note(!matches!(connected, Err(Unconnected::Unreachable(_))));
        connected
    }

    async fn try_to_connect(
        &self,
        login: Option<&Login>,
        database: u32,
    ) -> Result<(Reader, Writer), Unconnected> {
        let start = Instant::now();
        let mut wait = FIRST_WAIT;
        loop {
            let connecting = async {
                let (mut reader, mut writer) = self.dial().await?;
                log_in(&mut reader, &mut writer, login, database).await?;
                Ok((reader, writer))
            };
            let left = self.connect_timeout.saturating_sub(start.elapsed());
            let failed = match timeout(left, connecting).await {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(failed)) => failed,
                Err(_) => {
                    return Err(Unconnected::Unreachable("it does not answer in time".into()));
                }
            };
            // A server that restarts is back in a moment; a client that is closed stays away for
            // longer.
            let left = self.connect_timeout.saturating_sub(start.elapsed());
            match failed {
                Failed::ForNow(_) if left > wait => sleep(wait).await,
                Failed::ForNow(error) | Failed::Unreachable(error) => {
                    return Err(Unconnected::Unreachable(error.to_string()));
                }
                Failed::Refused(why) => return Err(Unconnected::Refused(why)),
            }
            wait = (wait * 2).min(LAST_WAIT);
        }
    }

    /// Returns whether the server answers, from the last question or a new one.
    pub(crate) async fn answers(&self) -> bool {
        let mut known = self.heartbeat.0.asked.lock().await;
        if let Some((at, answers)) = *known
            && at.elapsed() < ASKED_FOR
        {
            return answers;
        }
        let answers = !matches!(self.health(None).await, Health::Dead);
        *known = Some((Instant::now(), answers));
        answers
    }

    /// Sends a `PING` as this user on a new connection and judges the answer.
    pub(crate) async fn health(&self, login: Option<&Login>) -> Health {
        let asking = async {
            let (mut reader, mut writer) = self.dial().await?;
            log_in(&mut reader, &mut writer, login, 0).await?;
            writer.write_all(b"*1\r\n$4\r\nPING\r\n").await?;
            writer.flush().await?;
            read_line(&mut reader).await
        };
        let health = match timeout(self.connect_timeout, asking).await {
            // Without a right to `PING` the user is known all the same.
            Ok(Ok(line)) if line.starts_with(b"+PONG") || line.starts_with(b"-NOPERM") => {
                Health::Good
            }
            Ok(Ok(_) | Err(Failed::Refused(_))) => Health::Refuses,
            _ => Health::Dead,
        };
        self.heartbeat.note(health != Health::Dead);
        health
    }

    async fn dial(&self) -> Result<(Reader, Writer), Failed> {
        let transport = TcpTransport::default();
        let failed = |error: DialError| match is_for_now(error.source.kind()) {
            true => Failed::ForNow(io::Error::other(error)),
            false => Failed::Unreachable(io::Error::other(error)),
        };
        if self.dial == DialOptions::default() {
            let stream = transport.connect(&self.endpoint).await.map_err(failed)?;
            return Ok((Box::new(stream.clone()), Box::new(stream)));
        }
        let stream = transport.connect_with(&self.endpoint, &self.dial).await.map_err(failed)?;
        let (reader, writer) = stream.split();
        Ok((Box::new(reader), Box::new(writer)))
    }
}

async fn log_in(
    reader: &mut Reader,
    writer: &mut Writer,
    login: Option<&Login>,
    database: u32,
) -> Result<(), Failed> {
    let mut request = Vec::new();
    let mut answers = 0;
    let mut ask = |words: &[&str]| {
        let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
        encode_command(&mut request, &args);
        answers += 1;
    };
    if let Some(login) = login {
        ask(&["AUTH", &login.user, &login.password]);
    }
    if database != 0 {
        ask(&["SELECT", &database.to_string()]);
    }
    if answers == 0 {
        return Ok(());
    }
    writer.write_all(&request).await?;
    writer.flush().await?;
    for _ in 0..answers {
        let answer = read_line(reader).await?;
        // The server answers so while it reads its data.
        if answer.starts_with(b"-LOADING") {
            return Err(Failed::ForNow(io::Error::other("it loads its data")));
        }
        if !answer.starts_with(b"+OK") {
            return Err(Failed::Refused(match answer.starts_with(b"-WRONGPASS") {
                true => "the user or the password of the principal is wrong",
                false => "it refused the login or the database of the principal",
            }));
        }
    }
    Ok(())
}

/// Reads a line and nothing behind it.
async fn read_line(reader: &mut Reader) -> Result<Vec<u8>, Failed> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\r\n") {
        if line.len() > MAX_ANSWER {
            return Err(Failed::Refused("it does not speak RESP"));
        }
        if reader.read(&mut byte).await? == 0 {
            return Err(Failed::ForNow(io::Error::other("it hung up")));
        }
        line.push(byte[0]);
    }
    Ok(line)
}
