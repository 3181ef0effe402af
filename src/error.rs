//! Errors: what failed, how far the command had got, and whether it may have run.

use std::{convert::Infallible, error::Error as StdError, fmt, io, sync::Arc, time::Duration};

use redmux_transport::{CertificateRefused, DialStage, Endpoint, ErrorText};

use crate::{
    SMALL,
    resp::{DecodeError, ReplyError, ServerError},
};

/// Whether a command may have parts, some of which were executed.
const MANY: bool = cfg!(feature = "topology");

/// A `Result` of this crate
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of every redmux operation
///
/// An error says what happened ([`kind`](Self::kind)), how far the command had got
/// ([`delivery`](Self::delivery)), which command it was and which server. It never holds or prints
/// command arguments. It is one pointer wide and cheap to clone.
///
/// The four families of StackExchange.Redis are predicates here:
/// [`is_connection`](Self::is_connection), [`is_timeout`](Self::is_timeout),
/// [`is_rejected`](Self::is_rejected) and [`is_server`](Self::is_server).
///
/// ```
/// # fn f(error: redmux::Error) {
/// use redmux::Delivery;
/// match error.delivery() {
///     Delivery::NotSent => println!("safe to try again: {error}"),
///     Delivery::MaybeExecuted => println!("look before you retry: {error}"),
///     Delivery::Answered => println!("the server answered: {error}"),
///     _ => {}
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    delivery: Delivery,
    command: Option<Arc<str>>,
    endpoint: Option<Arc<Endpoint>>,
    detail: Option<String>,
    server: Option<ServerError>,
    diagnostics: Option<Box<Diagnostics>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// The command was taken out of a link for its caller to look anew where it goes.
    #[cfg(feature = "topology")]
    given_back: bool,
    /// What the server had announced.
    #[cfg(feature = "full")]
    maintenance: Option<&'static str>,
}

/// The kind of a failure
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An option is malformed or contradicts another; nothing was dialled.
    Config,
    /// A connection attempt failed at this stage.
    Connect(ConnectStage),
    /// An established connection was lost.
    ConnectionLost,
    /// This program closed or dropped the multiplexer.
    Closed,
    /// A deadline passed at this stage.
    Timeout(TimeoutStage),
    /// The command was rejected by the client and never sent.
    Command,
    /// The bounded backlog (or send queue) is full; the command was never sent.
    QueueFull,
    /// The [circuit breaker](crate::options::CircuitBreaker) is open; the command was never sent.
    CircuitOpen,
    /// The command is to be read [from a replica](crate::options::ReadFrom::Replica), and none can be used; it was never
    /// sent.
    NoReplica,
    /// A [probe of the program](crate::group::Probe::custom) says that a member of a group is not healthy.
    #[cfg(feature = "topology")]
    Unhealthy,
    /// The server sent bytes that are not RESP, or replies that match no command; the connection
    /// was dropped.
    Protocol,
    /// The server answered with an error: see [`Error::server`].
    Server,
    /// The reply does not fit the type the caller asked for.
    Decode,
    /// Another client changed a watched key: the transaction was not executed.
    Conflict,
}

/// The stage at which a connection attempt failed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectStage {
    /// Asking the [`CredentialsProvider`](crate::options::CredentialsProvider).
    Credentials,
    /// Turning the host name into addresses.
    Resolve,
    /// Opening the socket.
    Dial,
    /// Asking a proxy for a connection.
    Tunnel,
    /// The TLS handshake.
    Tls,
    /// The HTTP upgrade to a WebSocket.
    Upgrade,
    /// `HELLO`, `CLIENT SETNAME`, `SELECT`: the server is reached but not ready for use.
    Handshake,
    /// The server refused the user name, the password or the client's certificate, or requires one
    /// that is missing.
    Auth,
}

/// The stage of a command when its deadline passed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutStage {
    /// Opening the connection.
    Connect,
    /// Waiting to be written: there is no connection, or too much is queued before the command. The
    /// command was withdrawn and will not be sent.
    Queue,
    /// Being written: the peer does not read fast enough. The rest may still be sent.
    Write,
    /// Written, and waiting for the reply.
    Response,
}

/// Whether the server may have executed the command
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// The server has not received the whole command: it has not run and will not run.
    NotSent,
    /// The command was handed to the transport and no reply came: it may have run, or may run yet.
    MaybeExecuted,
    /// The server answered.
    Answered,
}

/// The state of a connection, for an operator to diagnose a timeout or a lost connection
///
/// Times are measured at the moment of the failure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostics {
    /// Time since the command was issued.
    pub elapsed: Duration,
    /// The time that the command had.
    pub timeout: Duration,
    /// State of the connection: `disconnected`, `connecting`, `handshake`, `ready`, `closing`.
    pub connection: &'static str,
    /// Commands issued but not yet handed to the transport.
    pub queued: usize,
    /// Commands handed to the transport and awaiting their reply.
    pub in_flight: usize,
    /// Bytes not yet handed to the transport.
    pub bytes_unsent: usize,
    /// Bytes of commands handed to the transport and not yet answered.
    pub bytes_in_flight: usize,
    /// Time since the last byte was read on this connection; `None` before the first.
    pub last_read: Option<Duration>,
    /// Time since the last byte was written on this connection; `None` before the first.
    pub last_write: Option<Duration>,
    /// Failed connection attempts since the last success.
    pub failed_attempts: u32,
    /// Time until the next attempt, if there is no connection; `None` during an attempt.
    pub next_attempt: Option<Duration>,
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "elapsed {}, timeout {}, connection {}, queued {} ({} B), in flight {} ({} B)",
            Millis(self.elapsed),
            Millis(self.timeout),
            self.connection,
            self.queued,
            self.bytes_unsent,
            self.in_flight,
            self.bytes_in_flight,
        )?;
        match self.last_read {
            Some(age) => write!(f, ", last read {} ago", Millis(age))?,
            None => f.write_str(", nothing read yet")?,
        }
        match self.last_write {
            Some(age) => write!(f, ", last write {} ago", Millis(age))?,
            None => f.write_str(", nothing written yet")?,
        }
        if self.failed_attempts > 0 {
            let plural = if self.failed_attempts == 1 { "" } else { "s" };
            write!(f, ", {} failed connection attempt{plural}", self.failed_attempts)?;
        }
        if let Some(wait) = self.next_attempt {
            write!(f, ", next attempt in {}", Millis(wait))?;
        }
        Ok(())
    }
}

struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", whole_millis(self.0))
    }
}

/// Whether the server wants a certificate from the client, or rejects the client's certificate.
fn refuses_certificate(error: &io::Error) -> bool {
    // In a page TLS is the browser's.
    !SMALL && error.get_ref().is_some_and(|inner| inner.is::<CertificateRefused>())
}

/// Whole milliseconds, in the smallest type that prints them.
pub(crate) fn whole_millis(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1000).saturating_add(time.subsec_millis().into())
}

/// For values that convert into [`Options`](crate::Options) without fail.
impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, delivery: Delivery) -> Self {
        Self(Arc::new(Inner {
            kind,
            delivery,
            command: None,
            endpoint: None,
            detail: None,
            server: None,
            diagnostics: None,
            source: None,
            #[cfg(feature = "topology")]
            given_back: false,
            #[cfg(feature = "full")]
            maintenance: None,
        }))
    }

    /// An option that cannot be used; `detail` names it and says what is accepted.
    pub(crate) fn config(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, Delivery::NotSent).detail(detail)
    }

    /// What a probe of the program says: an error of this crate as it is.
    #[cfg(feature = "topology")]
    pub(crate) fn from_probe(error: Box<dyn StdError + Send + Sync>) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => *own,
            Err(error) => Self::new(ErrorKind::Unhealthy, Delivery::NotSent)
                .edit(|inner| inner.source = Some(Arc::from(error))),
        }
    }

    /// A command that was rejected before it was sent; `detail` says why and what to use instead.
    /// The multiplexer is closed, and nothing was sent.
    pub(crate) fn closed() -> Self {
        Self::new(ErrorKind::Closed, Delivery::NotSent)
    }

    pub(crate) fn rejected(command: &str, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Command, Delivery::NotSent).command(command).detail(detail)
    }

    pub(crate) fn from_server(error: ServerError) -> Self {
        Self::new(ErrorKind::Server, Delivery::Answered).edit(|inner| inner.server = Some(error))
    }

    pub(crate) fn from_decode(error: DecodeError) -> Self {
        Self::new(ErrorKind::Decode, Delivery::Answered).source(error)
    }

    pub(crate) fn from_dial(error: redmux_transport::DialError) -> Self {
        let stage = match error.stage {
            DialStage::Resolve => ConnectStage::Resolve,
            DialStage::Tunnel => ConnectStage::Tunnel,
            DialStage::Tls if refuses_certificate(&error.source) => ConnectStage::Auth,
            DialStage::Tls => ConnectStage::Tls,
            DialStage::Upgrade => ConnectStage::Upgrade,
            _ => ConnectStage::Dial,
        };
        Self::new(ErrorKind::Connect(stage), Delivery::NotSent).io_source(error.source)
    }

    pub(crate) fn command(self, name: impl Into<Arc<str>>) -> Self {
        self.edit(|inner| inner.command = Some(name.into()))
    }

    pub(crate) fn endpoint_at(self, endpoint: &Arc<Endpoint>) -> Self {
        self.edit(|inner| inner.endpoint = Some(endpoint.clone()))
    }

    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        self.edit(|inner| inner.detail = Some(detail.into()))
    }

    /// The error of a command that had several parts, with the number of those that failed.
    #[cfg(feature = "topology")]
    pub(crate) fn in_parts(self, failed: usize, all: usize) -> Self {
        let parts = format!("{failed} of {all} parts failed");
        self.edit(|inner| {
            inner.detail = Some(match inner.detail.take() {
                Some(detail) => format!("{detail} ({parts})"),
                None => parts,
            });
        })
    }

    pub(crate) fn diagnose(self, diagnostics: Diagnostics) -> Self {
        self.edit(|inner| inner.diagnostics = Some(Box::new(diagnostics)))
    }

    /// The error beneath, of the system for example, in order to look at its type
    ///
    /// Its text is part of this error's own, so that no report prints it twice.
    ///
    /// ```
    /// # fn f(error: redmux::Error) -> Option<std::io::ErrorKind> {
    /// let beneath = error.underlying()?;
    /// Some(beneath.downcast_ref::<std::io::Error>()?.kind())
    /// # }
    /// ```
    pub fn underlying(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    pub(crate) fn source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.edit(|inner| inner.source = Some(Arc::new(source)))
    }

    /// The error of the operating system.
    pub(crate) fn io_source(self, error: io::Error) -> Self {
        // As an error it would link code for formatting that a page never uses.
        if SMALL { self.source(ErrorText(error.to_string())) } else { self.source(error) }
    }

    pub(crate) fn with_kind(self, kind: ErrorKind) -> Self {
        let in_handshake = kind == ErrorKind::Connect(ConnectStage::Handshake);
        let source = self.0.source.as_ref().and_then(|source| source.downcast_ref());
        // With TLS 1.3 the server looks at the client's certificate when TLS is set up for the client.
        let is_auth = !SMALL && in_handshake && source.is_some_and(refuses_certificate);
        let kind = if is_auth { ErrorKind::Connect(ConnectStage::Auth) } else { kind };
        self.edit(|inner| inner.kind = kind)
    }

    pub(crate) fn deliver(self, delivery: Delivery) -> Self {
        self.edit(|inner| inner.delivery = delivery)
    }

    /// It was not sent, and its caller is to look anew where it goes: there, or to the same server as before.
    #[cfg(feature = "topology")]
    pub(crate) fn given_back() -> Self {
        let error = Self::new(ErrorKind::ConnectionLost, Delivery::NotSent);
        error.edit(|inner| inner.given_back = true)
    }

    #[cfg(feature = "topology")]
    pub(crate) fn is_given_back(&self) -> bool {
        self.0.given_back
    }

    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Returns the kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns whether the server may have executed the command.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// Returns the command's name (never its arguments), if the error is about one.
    pub fn command_name(&self) -> Option<&str> {
        self.0.command.as_deref()
    }

    /// Returns the server that the command was sent to, or would have been.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.0.endpoint.as_deref()
    }

    /// Returns the server's error reply, with its code and raw text.
    pub fn server(&self) -> Option<&ServerError> {
        self.0.server.as_ref()
    }

    /// Returns the state of the connection when a deadline passed.
    pub fn diagnostics(&self) -> Option<&Diagnostics> {
        self.0.diagnostics.as_deref()
    }

    /// Returns the maintenance that the server had announced when the command timed out or was lost, in its word
    /// (`MOVING`, `MIGRATING`, `FAILING_OVER`, `SMIGRATING`): see [`Options::maintenance`](crate::Options::maintenance).
    #[cfg(feature = "full")]
    pub fn maintenance(&self) -> Option<&'static str> {
        let beneath = || self.0.source.as_deref()?.downcast_ref::<Self>()?.maintenance();
        self.0.maintenance.or_else(beneath)
    }

    /// Notes what the server had announced.
    #[cfg(feature = "full")]
    pub(crate) fn during(self, maintenance: Option<&'static str>) -> Self {
        match maintenance {
            Some(word) => self.edit(|inner| inner.maintenance = Some(word)),
            None => self,
        }
    }

    /// Whether a connection could not be opened or was lost, also because of bytes that are not RESP, or
    /// because this program closed it, or there is none to a replica. An attempt that took too long is a
    /// [timeout](Self::is_timeout).
    pub fn is_connection(&self) -> bool {
        use ErrorKind::*;
        matches!(self.0.kind, Connect(_) | ConnectionLost | Closed | NoReplica | Protocol)
    }

    /// Whether a deadline passed: of a connection attempt or of a command.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout(_))
    }

    /// Whether the client rejected the command ([`Command`](ErrorKind::Command),
    /// [`QueueFull`](ErrorKind::QueueFull), [`CircuitOpen`](ErrorKind::CircuitOpen)); it was never sent.
    pub fn is_rejected(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Command | ErrorKind::QueueFull | ErrorKind::CircuitOpen)
    }

    /// Whether the server answered the command with an error.
    pub fn is_server(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Server)
    }

    /// Whether this program closed the multiplexer; no retry can succeed.
    pub fn is_closed(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Closed)
    }

    /// Whether a connection could not be opened because the server refused the user name, the password
    /// or the client's certificate, or requires one.
    ///
    /// A command that the server answers with `NOAUTH` or `NOPERM` is an error of the
    /// [server](Self::is_server).
    pub fn is_auth(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Connect(ConnectStage::Auth))
    }

    /// Whether the same command may be sent again without any risk of running twice.
    ///
    /// True if the command was not sent because of a passing condition, for the server's own "not
    /// now" answers (`LOADING`, `BUSY`, `TRYAGAIN`, `CLUSTERDOWN`, `MASTERDOWN`), and for a
    /// [`Conflict`](ErrorKind::Conflict).
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            // Of a command in several parts, others may have been executed.
            ErrorKind::Server if MANY && self.0.delivery == Delivery::MaybeExecuted => false,
            ErrorKind::Server => self.0.server.as_ref().is_some_and(ServerError::is_transient),
            ErrorKind::Conflict => true,
            ErrorKind::Config | ErrorKind::Command | ErrorKind::Closed | ErrorKind::Decode => false,
            _ => self.0.delivery == Delivery::NotSent && !self.is_auth(),
        }
    }

    fn summary(&self) -> &'static str {
        match self.0.kind {
            ErrorKind::Config => "invalid configuration",
            ErrorKind::Connect(stage) => match stage {
                ConnectStage::Credentials => "cannot connect (asking for credentials)",
                ConnectStage::Resolve => "cannot connect (resolving the host name)",
                ConnectStage::Dial => "cannot connect (opening the socket)",
                ConnectStage::Tunnel => "cannot connect (tunnel through the proxy)",
                ConnectStage::Tls => "cannot connect (TLS handshake)",
                ConnectStage::Upgrade => "cannot connect (WebSocket upgrade)",
                ConnectStage::Handshake => "cannot connect (Redis handshake)",
                ConnectStage::Auth => "cannot connect (authentication)",
            },
            ErrorKind::ConnectionLost => "connection lost",
            ErrorKind::Closed => "the client is closed",
            ErrorKind::Timeout(stage) => match stage {
                TimeoutStage::Connect => "timed out while connecting",
                TimeoutStage::Queue => "timed out before it could be sent",
                TimeoutStage::Write => "timed out while being written",
                TimeoutStage::Response => "timed out waiting for the reply",
            },
            ErrorKind::Command => "command rejected",
            ErrorKind::QueueFull => "the queue is full",
            ErrorKind::CircuitOpen => "the circuit breaker is open",
            ErrorKind::NoReplica => "no replica can be read from",
            #[cfg(feature = "topology")]
            ErrorKind::Unhealthy => "not healthy",
            ErrorKind::Protocol => "protocol error",
            ErrorKind::Server => "server error",
            ErrorKind::Decode => "unexpected reply",
            ErrorKind::Conflict => "conflict",
        }
    }
}

/// The error of a reply that the caller decoded itself, such as a reply of an
/// [erased](crate::Call::erased) call.
impl From<ReplyError> for Error {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::Server(error) => Self::from_server(error),
            ReplyError::Decode(error) => Self::from_decode(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(f)?;
        if self.0.delivery == Delivery::MaybeExecuted {
            f.write_str("; the command may have been executed")?;
        }
        Ok(())
    }
}

impl Error {
    /// Writes everything but the delivery, which a cause does not repeat.
    pub(crate) fn tell(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(command) = &inner.command {
            write!(f, "{command}: ")?;
        }
        f.write_str(self.summary())?;
        if let Some(endpoint) = &inner.endpoint {
            write!(f, " [{endpoint}]")?;
        }
        if let Some(detail) = &inner.detail {
            write!(f, ": {detail}")?;
        }
        if let Some(server) = &inner.server {
            write!(f, ": {server}")?;
        }
        match inner.source.as_deref().map(|source| (source.downcast_ref::<Self>(), source)) {
            Some((Some(cause), _)) => {
                f.write_str(": ")?;
                cause.tell(f)?;
            }
            Some((None, source)) => write!(f, ": {source}")?,
            None => {}
        }
        if let Some(diagnostics) = &inner.diagnostics {
            write!(f, " ({diagnostics})")?;
        }
        #[cfg(feature = "full")]
        if let Some(word) = inner.maintenance {
            write!(f, " during announced maintenance ({word})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if SMALL {
            return f.write_str("Error");
        }
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("delivery", &inner.delivery)
            .field("message", &self.to_string())
            .finish()
    }
}

/// [`source`](StdError::source) is `None`: the text holds that of the error beneath already, which is
/// [`underlying`](Error::underlying).
impl StdError for Error {}

#[cfg(test)]
mod tests {
    use redmux_transport::{DialError, DialStage};

    use super::*;

    #[test]
    fn a_report_of_all_causes_says_each_once() {
        let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, "nobody is there");
        let dial = Error::from_dial(DialError::new(DialStage::Dial, refused()));
        let lost = Error::new(ErrorKind::ConnectionLost, Delivery::NotSent).source(dial.clone());
        let errors: [&dyn StdError; 3] =
            [&dial, &lost, &DialError::new(DialStage::Dial, refused())];
        for error in errors {
            let mut report = error.to_string();
            let mut beneath = error.source();
            while let Some(error) = beneath {
                report = format!("{report}: {error}");
                beneath = error.source();
            }
            assert_eq!(report.matches("nobody is there").count(), 1, "{report}");
        }
        let beneath = lost.underlying().and_then(|error| error.downcast_ref::<Error>());
        let system = beneath.and_then(Error::underlying).expect("the system's error");
        let kind = system.downcast_ref::<io::Error>().map(io::Error::kind);
        assert_eq!(kind, Some(io::ErrorKind::ConnectionRefused));
    }
}
