use std::sync::Arc;

use super::{breaker::Breaker, lines::Lines};
use crate::{
    Full,
    caching::Cache,
    commands::CommandMap,
    resp::{Limits, Protocol},
};

/// What happens to commands issued while there is no connection
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BacklogPolicy {
    /// They wait, up to these bounds, until the connection is back or their time is up.
    Queue {
        /// Commands that may wait; the next one fails with `QueueFull`. Default 100 000.
        max_commands: usize,
        /// Bytes that may wait; the next command fails with `QueueFull`. Default 64 MiB.
        max_bytes: usize,
    },
    /// They fail at once, and so does what was not sent yet when a connection is lost.
    FailFast,
}

impl Default for BacklogPolicy {
    fn default() -> Self {
        Self::Queue { max_commands: 100_000, max_bytes: 64 << 20 }
    }
}

/// Which notices of maintenance a link asks for
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notices {
    /// A server that sends none is no server for this client.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` asks for them"))]
    pub(crate) required: bool,
    /// How the server is to name the endpoint that a connection moves to.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` asks for them"))]
    pub(crate) endpoint_type: &'static str,
    /// The time of a command while maintenance is under way, in microseconds, unless the link's own is longer.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` asks for them"))]
    pub(crate) relaxed: u64,
}

/// What one link needs to know of the options; times in microseconds
#[derive(Debug, Clone)]
pub(crate) struct LinkConfig {
    pub(crate) command_timeout: u64,
    pub(crate) backlog: BacklogPolicy,
    /// Queued bytes beyond which callers wait for room.
    pub(crate) high_water: usize,
    /// Silence on an idle connection after which a probe is sent.
    pub(crate) keep_alive: u64,
    /// Silence after which a probe is sent while replies are due.
    pub(crate) probe_after: u64,
    /// How long a probe may go unanswered.
    pub(crate) probe_timeout: u64,
    /// How long `close` waits for what is in flight.
    pub(crate) close_timeout: u64,
    pub(crate) client_name: Option<Arc<str>>,
    pub(crate) library_info: bool,
    /// `None`: redmux.
    pub(crate) library_name: Option<Arc<str>>,
    /// What the handshake's commands are called.
    pub(crate) commands: CommandMap,
    /// Replies kept on this side.
    pub(crate) cache: Option<Arc<Cache>>,
    /// That of the server; all links to it share it.
    pub(crate) breaker: Full<Arc<Breaker>>,
    pub(crate) database: u32,
    /// `None`: RESP3, or RESP2 where the server refuses it.
    pub(crate) protocol: Option<Protocol>,
    /// The mark of the numbered checks before each command.
    pub(crate) high_integrity: Full<u64>,
    pub(crate) limits: Limits,
    /// The connection is leased: a command on it may wait without a limit.
    pub(crate) leased: bool,
    /// The connection is for reading from a replica.
    #[cfg(feature = "topology")]
    pub(crate) reads: bool,
    /// A server that answers `READONLY` is left for the one that its name leads to now.
    pub(crate) redial_on_readonly: bool,
    /// The stream of the shared connection beside which a leased one was opened.
    pub(crate) beside: u64,
    /// The connection is used for RESP2 subscriptions (arrays are pushes), or for `MONITOR`.
    pub(crate) subscriber: bool,
    /// The notices of maintenance that the server is asked for.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` asks for them"))]
    pub(crate) notices: Full<Notices>,
    /// Set for a connection that is used for `MONITOR`: its lines go there.
    pub(crate) monitor: Full<Arc<Lines>>,
}
