//! Options, and the connection string that holds them.

mod parse;
mod table;

use std::{fmt, sync::Arc, time::Duration};

use redmux_transport::Endpoint;

use crate::{
    BacklogPolicy, Error, ExponentialBackoff, ReconnectPolicy, Result,
    connection::{Credentials, DialPlan, LinkConfig, micros},
    resp::{Limits, Protocol},
};

/// How to reach the servers, and how long to wait for what
///
/// Made by [`Options::new`], or parsed from a connection string (see [`FromStr`](std::str::FromStr)).
///
/// ```
/// use redmux::Options;
/// use std::time::Duration;
///
/// let options = Options::new("cache.example:6379")
///     .connect_timeout(Duration::from_secs(1))
///     .command_timeout(Duration::from_secs(3))
///     .password("secret");
/// let same: Options =
///     "cache.example:6379,connectTimeout=1000,commandTimeout=3000,password=secret".parse()?;
/// assert_eq!(options.to_string(), same.to_string());
/// assert!(!format!("{options} {options:?}").contains("secret"));
/// # Ok::<(), redmux::Error>(())
/// ```
#[derive(Clone)]
pub struct Options {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) connect_timeout: Duration,
    pub(crate) command_timeout: Duration,
    pub(crate) sync_timeout: Duration,
    pub(crate) connect_retry: u32,
    pub(crate) abort_on_connect_fail: bool,
    pub(crate) keep_alive: Duration,
    pub(crate) probe_after: Duration,
    pub(crate) probe_timeout: Duration,
    pub(crate) username: Option<Arc<str>>,
    pub(crate) password: Option<Arc<str>>,
    pub(crate) database: u32,
    pub(crate) client_name: Option<Arc<str>>,
    pub(crate) library_info: bool,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) reconnect: Arc<dyn ReconnectPolicy>,
    pub(crate) backlog: BacklogPolicy,
    pub(crate) send_queue_bytes: usize,
    pub(crate) subscription_capacity: usize,
    pub(crate) limits: Limits,
    /// What was wrong with an endpoint given as text; reported on connect.
    pub(crate) fault: Option<Error>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            command_timeout: Duration::from_secs(5),
            sync_timeout: Duration::from_secs(5),
            connect_retry: 3,
            abort_on_connect_fail: true,
            keep_alive: Duration::from_secs(10),
            probe_after: Duration::from_secs(2),
            probe_timeout: Duration::from_secs(5),
            username: None,
            password: None,
            database: 0,
            client_name: None,
            library_info: true,
            protocol: None,
            reconnect: Arc::new(ExponentialBackoff::default()),
            backlog: BacklogPolicy::default(),
            send_queue_bytes: 16 << 20,
            subscription_capacity: 1024,
            limits: Limits::default(),
            fault: None,
        }
    }
}

impl Options {
    /// Default options for one endpoint, such as `localhost:6379`.
    ///
    /// A text that is not an endpoint is reported when the options are used.
    pub fn new(endpoint: impl AsRef<str>) -> Self {
        Self::default().endpoint(endpoint)
    }

    /// Adds an endpoint; they are tried in turn.
    pub fn endpoint(mut self, endpoint: impl AsRef<str>) -> Self {
        match endpoint.as_ref().parse() {
            Ok(endpoint) => self.endpoints.push(endpoint),
            Err(error) => self.fault = Some(Error::config("endpoint").source(error)),
        }
        self
    }

    /// Adds an endpoint that is already parsed.
    pub fn add_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// The endpoints, in the order in which they are tried.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Time for one connection attempt, handshake included. Default 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Time for one asynchronous command, counted from its first poll, queueing included.
    /// Default 5 s; a call's own [`timeout`](crate::Call::timeout) goes before it.
    pub fn command_timeout(mut self, timeout: Duration) -> Self {
        self.command_timeout = timeout;
        self
    }

    /// Time for one call of the [blocking API](crate::Blocking). Default 5 s.
    pub fn sync_timeout(mut self, timeout: Duration) -> Self {
        self.sync_timeout = timeout;
        self
    }

    /// Attempts of the first connect, at each endpoint, before it fails. Default 3;
    /// a refused password ends it at once.
    pub fn connect_retry(mut self, attempts: u32) -> Self {
        self.connect_retry = attempts;
        self
    }

    /// Whether `connect` fails when no server can be reached (default), or returns a
    /// multiplexer that goes on trying.
    pub fn abort_on_connect_fail(mut self, abort: bool) -> Self {
        self.abort_on_connect_fail = abort;
        self
    }

    /// Silence on an idle connection after which it is probed with `PING`. Default 10 s.
    pub fn keep_alive(mut self, silence: Duration) -> Self {
        self.keep_alive = silence;
        self
    }

    /// Silence after which the connection is probed while replies are due. Default 2 s.
    pub fn probe_after(mut self, silence: Duration) -> Self {
        self.probe_after = silence;
        self
    }

    /// How long a probe may go unanswered, with nothing at all read, before the
    /// connection is given up. Default 5 s. A call that was given more time with
    /// [`timeout`](crate::Call::timeout) extends it.
    pub fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.probe_timeout = timeout;
        self
    }

    /// User name of an ACL user. Default: none, which is Redis's user `default`.
    pub fn username(mut self, username: impl Into<Arc<str>>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Password. Default: none.
    pub fn password(mut self, password: impl Into<Arc<str>>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Number of the logical database. Default 0.
    pub fn database(mut self, database: u32) -> Self {
        self.database = database;
        self
    }

    /// Name of the connection in `CLIENT LIST`. Default: none.
    pub fn client_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.client_name = Some(name.into());
        self
    }

    /// Whether the library's name and version are told with `CLIENT SETINFO`. Default true.
    pub fn library_info(mut self, tell: bool) -> Self {
        self.library_info = tell;
        self
    }

    /// Speaks this protocol only. Default: RESP3, or RESP2 where the server refuses it.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// When to dial again after a failure. Default: [`ExponentialBackoff`].
    pub fn reconnect_policy(mut self, policy: impl ReconnectPolicy) -> Self {
        self.reconnect = Arc::new(policy);
        self
    }

    /// What happens to commands while there is no connection. Default: they wait.
    pub fn backlog(mut self, policy: BacklogPolicy) -> Self {
        self.backlog = policy;
        self
    }

    /// Unsent bytes beyond which callers wait for room. Default 16 MiB.
    pub fn send_queue_bytes(mut self, bytes: usize) -> Self {
        self.send_queue_bytes = bytes;
        self
    }

    /// Messages that wait for a slow subscriber before the oldest are dropped. Default 1024.
    pub fn subscription_capacity(mut self, messages: usize) -> Self {
        self.subscription_capacity = messages;
        self
    }

    /// Bounds on what a server may send. See [`Limits`] for the defaults.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Checks what cannot be checked option by option.
    pub(crate) fn validate(&self) -> Result<()> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if self.endpoints.is_empty() {
            return Err(Error::config(
                "endpoint: none is given (expected at least one, such as localhost:6379)",
            ));
        }
        let positive = [
            ("connectTimeout", self.connect_timeout),
            ("commandTimeout", self.command_timeout),
            ("syncTimeout", self.sync_timeout),
            ("keepAlive", self.keep_alive),
            ("probeAfter", self.probe_after),
            ("probeTimeout", self.probe_timeout),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, duration)| duration.is_zero()) {
            return Err(Error::config(format!(
                "{name}: 0 is not a time to wait (expected 1 ms or more)"
            )));
        }
        if self.connect_retry == 0 {
            return Err(Error::config(
                "connectRetry: 0 attempts cannot connect (expected 1 or more)",
            ));
        }
        if self.username.is_some() && self.password.is_none() {
            return Err(Error::config("user: a user name needs a password"));
        }
        let bad_name = |name: &Arc<str>| name.bytes().any(|byte| !(b'!'..=b'~').contains(&byte));
        if self.client_name.as_ref().is_some_and(bad_name) {
            return Err(Error::config("name: Redis takes printable ASCII without spaces"));
        }
        Ok(())
    }

    pub(crate) fn link_config(&self, subscriber: bool) -> LinkConfig {
        LinkConfig {
            command_timeout: micros(Some(self.command_timeout)),
            backlog: self.backlog,
            high_water: self.send_queue_bytes,
            keep_alive: micros(Some(self.keep_alive)),
            probe_after: micros(Some(self.probe_after)),
            probe_timeout: micros(Some(self.probe_timeout)),
            close_timeout: micros(Some(self.command_timeout)),
            credentials: Credentials {
                username: self.username.clone(),
                password: self.password.clone(),
            },
            client_name: self.client_name.clone(),
            library_info: self.library_info,
            database: self.database,
            protocol: if subscriber { Some(Protocol::Resp2) } else { self.protocol },
            limits: self.limits,
            subscriber,
        }
    }

    pub(crate) fn dial_plan(&self) -> DialPlan {
        DialPlan {
            endpoints: self.endpoints.iter().cloned().map(Arc::new).collect(),
            connect_timeout: micros(Some(self.connect_timeout)),
            policy: self.reconnect.clone(),
            initial_attempts: self.abort_on_connect_fail.then_some(self.connect_retry),
            single: false,
        }
    }
}

impl fmt::Debug for Options {
    /// Shows the connection string without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options({self})")
    }
}

impl From<&str> for Options {
    /// Parses a connection string; a fault is reported when the options are used.
    fn from(text: &str) -> Self {
        text.parse().unwrap_or_else(|fault| Self { fault: Some(fault), ..Self::default() })
    }
}

impl From<String> for Options {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Endpoint> for Options {
    fn from(endpoint: Endpoint) -> Self {
        Self::default().add_endpoint(endpoint)
    }
}
