//! Connections to Redis servers.

use std::{io, time::Duration};

use async_std::future::timeout;
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use redmux::{
    Endpoint,
    resp::{Arg, encode_command},
    transport::{DialOptions, Transport},
};
use redmux_tcp::TcpTransport;

use crate::auth::Grant;

/// A Redis server that the configuration names
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Upstream {
    pub(crate) name: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) dial: DialOptions,
    pub(crate) connect_timeout: Duration,
}

pub(crate) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Why there is no connection; the text is for logs
#[derive(Debug)]
pub(crate) enum Unconnected {
    /// The server cannot be reached.
    Unreachable(String),
    /// The server does not let the gateway in.
    Refused(&'static str),
}

/// Most bytes that the answers to a login have.
const MAX_ANSWER: usize = 4096;

impl Upstream {
    /// Connects, and logs in as the user of the grant's principal.
    pub(crate) async fn connect(&self, grant: &Grant) -> Result<(Reader, Writer), Unconnected> {
        let connecting = async {
            let (mut reader, mut writer) =
                self.dial().await.map_err(|error| Unconnected::Unreachable(error.to_string()))?;
            log_in(&mut reader, &mut writer, grant).await?;
            Ok((reader, writer))
        };
        timeout(self.connect_timeout, connecting).await.unwrap_or_else(|_| {
            Err(Unconnected::Unreachable("it does not answer in time".to_owned()))
        })
    }

    /// Whether it can be reached at all.
    pub(crate) async fn answers(&self) -> bool {
        timeout(self.connect_timeout, self.dial()).await.is_ok_and(|dialled| dialled.is_ok())
    }

    async fn dial(&self) -> io::Result<(Reader, Writer)> {
        let transport = TcpTransport::default();
        if self.dial == DialOptions::default() {
            let stream = transport.connect(&self.endpoint).await.map_err(io::Error::other)?;
            return Ok((Box::new(stream.clone()), Box::new(stream)));
        }
        let stream =
            transport.connect_with(&self.endpoint, &self.dial).await.map_err(io::Error::other)?;
        let (reader, writer) = stream.split();
        Ok((Box::new(reader), Box::new(writer)))
    }
}

async fn log_in(
    reader: &mut Reader,
    writer: &mut Writer,
    grant: &Grant,
) -> Result<(), Unconnected> {
    let mut request = Vec::new();
    let mut answers = 0;
    let mut ask = |words: &[&str]| {
        let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
        encode_command(&mut request, &args);
        answers += 1;
    };
    if let Some(login) = &grant.principal.login {
        ask(&["AUTH", &login.user, &login.password]);
    }
    let database = grant.rules.first_database();
    if database != 0 {
        ask(&["SELECT", &database.to_string()]);
    }
    if answers == 0 {
        return Ok(());
    }
    let broken = |error: io::Error| Unconnected::Unreachable(error.to_string());
    writer.write_all(&request).await.map_err(broken)?;
    writer.flush().await.map_err(broken)?;
    let mut answer = Vec::new();
    let mut byte = [0];
    for _ in 0..answers {
        answer.clear();
        // Nothing behind the answers may be taken; there are a few bytes of them.
        while !answer.ends_with(b"\r\n") {
            if answer.len() > MAX_ANSWER || reader.read(&mut byte).await.map_err(broken)? == 0 {
                return Err(Unconnected::Refused("it does not speak RESP or hung up"));
            }
            answer.push(byte[0]);
        }
        if !answer.starts_with(b"+OK") {
            return Err(Unconnected::Refused(match answer.starts_with(b"-WRONGPASS") {
                true => "the user or the password of the principal is wrong",
                false => "it refused the login or the database of the principal",
            }));
        }
    }
    Ok(())
}
