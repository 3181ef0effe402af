use std::borrow::Cow;

#[cfg(feature = "full")]
use super::entry::NOTICES;
use super::{config::LinkConfig, credentials::Credentials, entry::Step};
use crate::{
    Delivery, Error, ErrorKind,
    commands::Mapped,
    error::ConnectStage,
    resp::{Arg, Frame, Protocol, ServerError, ServerErrorKind, encode_command},
};

/// What a server said of itself in its `HELLO` reply
///
/// Everything is unknown on servers that speak RESP2 only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// Product, for example `redis` or `valkey`.
    pub product: Option<String>,
    /// Version, for example `7.0.15`.
    pub version: Option<String>,
    /// `standalone`, `sentinel` or `cluster`.
    pub mode: Option<String>,
    /// `master` or `replica`.
    pub role: Option<String>,
    /// The server's number for this connection (`CLIENT ID`).
    pub connection_id: Option<u64>,
    /// Where it runs, if it was told (Valkey 8.1).
    #[cfg(feature = "topology")]
    pub availability_zone: Option<String>,
}

/// The commands that make a fresh connection usable, and what their replies told
#[derive(Debug, Default)]
pub(crate) struct Handshake {
    due: usize,
    protocol: Protocol,
    server: ServerInfo,
    /// The server announces changes of keys.
    tracking: bool,
    /// What it did not set.
    refused: Vec<(Step, ServerError)>,
}

pub(crate) enum HandshakeEvent {
    Continue,
    Complete { server: ServerInfo, protocol: Protocol, tracking: bool },
}

impl Handshake {
    /// Begins anew; returns the commands' bytes and, for each, its step and its length.
    ///
    /// `AUTH` precedes `HELLO`, so that a server which knows no `HELLO` is
    /// authenticated all the same and nothing has to be asked twice.
    ///
    /// `bare` leaves out what is not needed and what some proxies hang up on: the connection speaks
    /// RESP2 and has no name.
    pub(crate) fn begin(
        &mut self,
        config: &LinkConfig,
        credentials: &Credentials,
        bare: bool,
    ) -> (Vec<u8>, Vec<(Step, usize)>) {
        let mut bytes = Vec::with_capacity(256);
        let mut steps = Vec::with_capacity(6);
        let mut push = |step: Step| {
            let before = bytes.len();
            let words = Self::words(step, config, credentials);
            let mut args: Vec<Arg<'_>> =
                words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
            match config.commands.get(&words[0]) {
                Mapped::AsIs => {}
                Mapped::Renamed(name) => args[0] = Arg::Bytes(name.as_bytes()),
                // What is needed is not disabled: the options were checked.
                Mapped::Disabled => return,
            }
            encode_command(&mut bytes, &args);
            steps.push((step, bytes.len() - before));
        };
        if credentials.are_given() {
            push(Step::Auth);
        }
        let hello = !bare && may_say_hello(config);
        if hello {
            push(Step::Hello);
        }
        if config.client_name.is_some() && !bare {
            push(Step::SetName);
        }
        if config.library_info && !bare {
            push(Step::LibraryName);
            push(Step::LibraryVersion);
        }
        if config.database != 0 && !config.subscriber {
            push(Step::Select);
        }
        if config.cache.is_some() && hello {
            push(Step::Track);
        }
        #[cfg(feature = "full")]
        if let Some(notices) = config.notices.get()
            && hello
        {
            push(Step::Notices { required: notices.required });
        }
        #[cfg(feature = "topology")]
        if config.reads {
            push(Step::ReadOnly);
        }
        if !hello {
            // Something must answer before the connection counts as ready.
            push(Step::Ping);
        }
        *self = Self { due: steps.len(), protocol: Protocol::Resp2, ..Self::default() };
        (bytes, steps)
    }

    /// The command of a step.
    pub(super) fn words<'a>(
        step: Step,
        config: &'a LinkConfig,
        credentials: &'a Credentials,
    ) -> Vec<Cow<'a, str>> {
        let words: &[&str] = match step {
            Step::Auth => match (&credentials.username, &credentials.password) {
                (Some(user), password) => &["AUTH", user, password.as_deref().unwrap_or("")],
                (None, password) => &["AUTH", password.as_deref().unwrap_or("")],
            },
            Step::Hello => &["HELLO", "3"],
            Step::SetName => {
                &["CLIENT", "SETNAME", config.client_name.as_deref().unwrap_or_default()]
            }
            Step::LibraryName => {
                let name = config.library_name.as_deref().unwrap_or("redmux");
                &["CLIENT", "SETINFO", "LIB-NAME", name]
            }
            Step::LibraryVersion => &["CLIENT", "SETINFO", "LIB-VER", env!("CARGO_PKG_VERSION")],
            Step::Select => return vec!["SELECT".into(), config.database.to_string().into()],
            Step::Track => {
                let words = config.cache.as_ref().map(|cache| cache.tracking()).unwrap_or_default();
                return words.into_iter().map(Into::into).collect();
            }
            #[cfg(feature = "full")]
            Step::Notices { .. } => {
                let kind = config.notices.get().map_or("none", |notices| notices.endpoint_type);
                &["CLIENT", "MAINT_NOTIFICATIONS", "ON", "moving-endpoint-type", kind]
            }
            #[cfg(feature = "topology")]
            Step::ReadOnly => &["READONLY"],
            Step::Ping => &["PING"],
        };
        words.iter().map(|word| Cow::Borrowed(*word)).collect()
    }

    /// The settings that were refused.
    pub(super) fn take_refused(&mut self) -> Vec<(Step, ServerError)> {
        std::mem::take(&mut self.refused)
    }

    /// Whether the caller's commands must wait for the handshake's replies.
    ///
    /// Were they written together with an `AUTH` or `SELECT` that fails, they would run
    /// as another user or in another database.
    pub(crate) fn must_hold(config: &LinkConfig, credentials: &Credentials) -> bool {
        credentials.are_given() || config.database != 0
    }

    pub(crate) fn answer(&mut self, step: Step, frame: &Frame) -> Result<HandshakeEvent, Error> {
        let reply = frame.reply();
        match (step, reply.error()) {
            (Step::Track, None) => self.tracking = true,
            // Names are a courtesy: old servers and strict ACLs refuse them. Without tracking
            // nothing is cached, and all else works.
            (
                Step::SetName | Step::LibraryName | Step::LibraryVersion | Step::Track,
                Some(error),
            ) => self.refused.push((step, error)),
            // Most servers do not know it.
            #[cfg(feature = "full")]
            (Step::Notices { required: false }, Some(_)) => {}
            (Step::Hello, None) => self.learn(frame),
            (Step::Hello, Some(error)) if speaks_resp2_only(&error) => {}
            // A replica that is in no cluster serves reads anyway.
            #[cfg(feature = "topology")]
            (Step::ReadOnly, Some(error)) if error.message().contains("cluster support") => {}
            // `HELLO` is answered meanwhile, and `PING` is not.
            (Step::Ping, Some(error)) if is_passing(&error) => {}
            (_, None) => {}
            (step, Some(error)) => return Err(refusal(step, error)),
        }
        self.due = self.due.saturating_sub(1);
        if self.due > 0 {
            return Ok(HandshakeEvent::Continue);
        }
        let server = std::mem::take(&mut self.server);
        let tracking = self.tracking && self.protocol == Protocol::Resp3;
        Ok(HandshakeEvent::Complete { server, protocol: self.protocol, tracking })
    }

    fn learn(&mut self, frame: &Frame) {
        let Some(entries) = frame.reply().entries() else { return };
        for (key, value) in entries {
            let Some(key) = key.as_bytes() else { continue };
            let text = || Some(String::from_utf8_lossy(&value.as_bytes()?).into_owned());
            match &*key {
                b"server" => self.server.product = text(),
                b"version" => self.server.version = text(),
                b"mode" => self.server.mode = text(),
                b"role" => self.server.role = text(),
                #[cfg(feature = "topology")]
                b"availability_zone" => {
                    self.server.availability_zone = text().filter(|zone| !zone.is_empty());
                }
                b"id" => {
                    self.server.connection_id = value.as_i64().and_then(|id| u64::try_from(id).ok())
                }
                b"proto" if value.as_i64() == Some(3) => self.protocol = Protocol::Resp3,
                _ => {}
            }
        }
    }

    /// What a server says of itself in a `HELLO` reply.
    #[cfg(feature = "full")]
    pub(super) fn read(frame: &Frame) -> ServerInfo {
        let mut handshake = Self::default();
        handshake.learn(frame);
        handshake.server
    }

    /// A reply came although none was due: some servers refuse a connection that way.
    pub(crate) fn unsolicited(&self, frame: &Frame) -> Error {
        match frame.reply().error() {
            Some(error) => refusal(Step::Hello, error),
            None => Error::new(ErrorKind::Protocol, Delivery::MaybeExecuted)
                .detail("the server sent a reply to no command"),
        }
    }
}

/// Whether the handshake begins with `HELLO`.
pub(crate) fn may_say_hello(config: &LinkConfig) -> bool {
    config.protocol != Some(Protocol::Resp2) && config.commands.get("HELLO") != Mapped::Disabled
}

/// The server does not know `HELLO` or RESP3, or does not let us use it.
fn speaks_resp2_only(error: &ServerError) -> bool {
    use ServerErrorKind::{Err, NoPerm, NoProto, UnknownCommand};
    match error.kind() {
        NoProto | UnknownCommand | NoPerm => true,
        // In the words of Envoy, Codis, and servers whose HELLO takes other arguments.
        Err => {
            let text = error.message().to_ascii_lowercase();
            [
                "unsupported",
                "not supported",
                "not allowed",
                "unknown",
                "syntax error",
                "number of arguments",
            ]
            .iter()
            .any(|words| text.contains(words))
        }
        _ => false,
    }
}

/// The server works, and executes nothing at the moment: commands wait or fail each by itself.
fn is_passing(error: &ServerError) -> bool {
    use ServerErrorKind::{Busy, Loading, MasterDown};
    matches!(error.kind(), Loading | Busy | MasterDown)
}

/// The server said that it executes nothing on this connection.
pub(crate) fn refuses_everything(error: &Error) -> bool {
    error.server().is_some_and(|error| {
        matches!(error.kind(), ServerErrorKind::NoAuth | ServerErrorKind::MaxClients)
            || error.code() == "DENIED"
    })
}

fn refusal(step: Step, error: ServerError) -> Error {
    use ServerErrorKind::{NoAuth, WrongPass};
    let auth = step == Step::Auth || matches!(error.kind(), NoAuth | WrongPass);
    let (stage, command) = match step {
        _ if auth => (ConnectStage::Auth, "AUTH"),
        Step::Select => (ConnectStage::Handshake, "SELECT"),
        Step::Ping => (ConnectStage::Handshake, "PING"),
        #[cfg(feature = "full")]
        Step::Notices { .. } => (ConnectStage::Handshake, NOTICES),
        #[cfg(feature = "topology")]
        Step::ReadOnly => (ConnectStage::Handshake, "READONLY"),
        _ => (ConnectStage::Handshake, "HELLO"),
    };
    let detail = match error.kind() {
        NoAuth => "the server wants a password and none is configured",
        _ if auth => "the server refused the user name or password",
        #[cfg(feature = "full")]
        _ if command == NOTICES => {
            "the server does not announce maintenance, and the options say maintenance=required"
        }
        _ => "the server refused the connection",
    };
    Error::from_server(error)
        .with_kind(ErrorKind::Connect(stage))
        .deliver(Delivery::NotSent)
        .command(command)
        .detail(detail)
}
