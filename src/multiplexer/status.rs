use std::{fmt, sync::Arc, time::Duration};

use redmux_transport::Endpoint;

use super::{ConnectionMultiplexer, Inner, LeaseStatus, LeaseUse};
#[cfg(feature = "topology")]
use super::{MapStatus, MemberStatus, NodeStatus};
use crate::{
    connection::{Counters, Link, ServerInfo},
    error::Diagnostics,
    events::ConnectionType,
    resp::Protocol,
    subscriptions::SubscriptionCounts,
};

/// A snapshot of a multiplexer, for operators
///
/// `Display` is a text of a few lines, for a log or a diagnostic page: no secrets, no arguments.
///
/// ```no_run
/// # fn f(muxer: redmux::ConnectionMultiplexer) {
/// let status = muxer.status();
/// println!("{status}");
/// for connection in &status.connections {
///     let (state, total) = (&connection.diagnostics, &connection.counters);
///     println!("{}: {} in flight, {} sent", connection.endpoint, state.in_flight, total.commands_sent);
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Status {
    /// One entry per connection; the subscription connection is listed while in use.
    pub connections: Vec<LinkStatus>,
    /// Channels, patterns and shard channels subscribed to.
    pub subscriptions: usize,
    /// Open subscriptions: several may share a channel.
    pub listeners: usize,
    /// Messages of the open subscriptions.
    pub messages: SubscriptionCounts,
    /// The client-side cache, where the options have one.
    pub cache: Option<crate::caching::CacheStats>,
    /// How many leased connections there are, for blocking commands and the like.
    pub leases: LeaseStatus,
    /// Each of them, those in use first. At most [`max_leased`](crate::Options::max_leased) are in use
    /// or being opened; others are idle.
    pub leased: Vec<LeasedConnection>,
    /// The servers, where there are several; otherwise empty.
    #[cfg(feature = "topology")]
    pub nodes: Vec<NodeStatus>,
    /// How that is known.
    #[cfg(feature = "topology")]
    pub map: MapStatus,
    /// The members of a [group](crate::group), if there is one; `nodes` and `map` are those of the active one.
    #[cfg(feature = "topology")]
    pub members: Vec<MemberStatus>,
}

/// A snapshot of one connection
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LinkStatus {
    /// The server in use, or tried last.
    pub endpoint: Arc<Endpoint>,
    /// What the connection is used for.
    pub connection_type: ConnectionType,
    /// State, queues and ages; `elapsed` and `timeout` are zero here.
    pub diagnostics: Diagnostics,
    /// Counters of the connection so far.
    pub counters: Counters,
    /// The protocol agreed on.
    pub protocol: Protocol,
    /// What the server reported about itself; `None` before the first handshake.
    pub server: Option<ServerInfo>,
    /// Why the last attempt or connection failed.
    pub last_error: Option<crate::Error>,
}

/// A snapshot of one leased connection
///
/// `Display` is one line.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LeasedConnection {
    /// What it is used for.
    pub used_for: LeaseUse,
    /// Time since it was lent, was given back, or began to be dialled. Commands on one lease do not
    /// count anew.
    pub used: Duration,
    /// Time since it began to be dialled.
    pub age: Duration,
    /// Endpoint, state and counters.
    pub link: LinkStatus,
}

impl ConnectionMultiplexer {
    /// Returns a snapshot for operators; its `Display` is a text dump.
    pub fn status(&self) -> Status {
        Status::of(self.inner())
    }
}

impl Status {
    fn of(inner: &Inner) -> Self {
        let mut connections = Vec::new();
        let (mut subscriptions, mut listeners) = (0, 0);
        let mut messages = SubscriptionCounts::default();
        for node in inner.site.nodes() {
            let (queues, sums) = node.registry.counts();
            subscriptions += node.registry.len();
            listeners += queues;
            messages += sums;
            if !inner.site.shows(node) {
                continue;
            }
            for link in node.links() {
                let status = LinkStatus::of(link);
                if status.diagnostics.connection != "dormant" {
                    connections.push(status);
                }
            }
        }
        let (leases, leased) = leased(inner);
        Self {
            connections,
            subscriptions,
            listeners,
            messages,
            leased,
            leases,
            cache: inner.site.cache_stats(),
            #[cfg(feature = "topology")]
            nodes: inner.site.report(),
            #[cfg(feature = "topology")]
            map: inner.site.map_status(),
            #[cfg(feature = "topology")]
            members: inner.site.members(),
        }
    }
}

#[cfg(feature = "full")]
fn leased(inner: &Inner) -> (LeaseStatus, Vec<LeasedConnection>) {
    let (mut leases, mut uses) = (LeaseStatus::default(), Vec::new());
    for node in inner.site.nodes() {
        let Some((of_node, used)) = node.pool.get().map(|pool| pool.uses()) else { continue };
        uses.extend(used);
        leases.leased += of_node.leased;
        leases.idle += of_node.idle;
        leases.waiting += of_node.waiting;
        leases.max += of_node.max;
        leases.opened += of_node.opened;
    }
    let status = |(link, used_for, used): (Arc<Link>, LeaseUse, Duration)| LeasedConnection {
        used_for,
        used,
        age: Duration::from_micros(link.clock.now().saturating_sub(link.made)),
        link: LinkStatus::of(&link),
    };
    (leases, uses.into_iter().map(status).collect())
}

#[cfg(not(feature = "full"))]
fn leased(_: &Inner) -> (LeaseStatus, Vec<LeasedConnection>) {
    (LeaseStatus::default(), Vec::new())
}

impl LinkStatus {
    fn of(link: &Link) -> Self {
        let now = link.clock.now();
        link.with(|core| Self {
            endpoint: link.endpoint(),
            connection_type: link.connection_type,
            diagnostics: core.diagnose_at(now),
            counters: core.counters(),
            protocol: core.wire.protocol,
            server: core.wire.server.clone(),
            last_error: core.redial.last_error.clone(),
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "topology")]
        for member in &self.members {
            writeln!(f, "member {member}")?;
        }
        #[cfg(feature = "topology")]
        if !self.nodes.is_empty() {
            for node in &self.nodes {
                writeln!(f, "node {node}")?;
            }
            let MapStatus { age, refreshes, redirects } = self.map;
            match age {
                Some(age) => write!(f, "map: {} ms old", age.as_millis())?,
                None => f.write_str("map: none")?,
            }
            writeln!(f, ", refreshes {refreshes}, redirects {redirects}")?;
        }
        for link in &self.connections {
            writeln!(f, "{link}")?;
        }
        let SubscriptionCounts { queued, queued_bytes, delivered, dropped, .. } = &self.messages;
        writeln!(
            f,
            "subscriptions: {}, listeners {}, messages queued {queued} ({queued_bytes} B), read {delivered}, dropped {dropped}",
            self.subscriptions, self.listeners,
        )?;
        let LeaseStatus { leased, idle, waiting, max, opened } = self.leases;
        write!(
            f,
            "leased connections: {leased} of {max}, idle {idle}, waiting callers {waiting}, opened {opened}"
        )?;
        for connection in &self.leased {
            write!(f, "\n  {connection}")?;
        }
        match &self.cache {
            Some(cache) => write!(f, "\n{cache}"),
            None => Ok(()),
        }
    }
}

/// A line of what it is, one of its present state, one of what went over it, and the last error
impl fmt::Display for LinkStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = &self.diagnostics;
        write!(
            f,
            "{} {}: {}, {}",
            self.connection_type, self.endpoint, state.connection, self.protocol
        )?;
        if let Some(server) = &self.server {
            let unknown = || "?".to_owned();
            let product = server.product.clone().unwrap_or_else(unknown);
            let version = server.version.clone().unwrap_or_else(unknown);
            let role = server.role.clone().unwrap_or_else(unknown);
            write!(f, ", {product} {version} {role}")?;
        }
        write!(
            f,
            "\n  now: queued {} ({} B), in flight {} ({} B)",
            state.queued, state.bytes_unsent, state.in_flight, state.bytes_in_flight
        )?;
        let age = |age: Option<Duration>| match age {
            Some(age) => format!("{} ms ago", age.as_millis()),
            None => "never".to_owned(),
        };
        write!(f, ", last read {}, last write {}", age(state.last_read), age(state.last_write))?;
        if state.failed_attempts > 0 {
            let plural = if state.failed_attempts == 1 { "" } else { "s" };
            write!(f, ", {} failed attempt{plural}", state.failed_attempts)?;
        }
        if let Some(wait) = state.next_attempt {
            write!(f, ", next attempt in {} ms", wait.as_millis())?;
        }
        write!(f, "\n  total: {}", self.counters)?;
        match &self.last_error {
            Some(error) => write!(f, "\n  last error: {error}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for LeasedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { used_for, used, age, link } = self;
        let (state, total) = (&link.diagnostics, &link.counters);
        write!(
            f,
            "{used_for} {}: {}, for {} ms, {} ms old, queued {}, in flight {}, sent {} ({} B), replies {} ({} B)",
            link.endpoint,
            state.connection,
            used.as_millis(),
            age.as_millis(),
            state.queued,
            state.in_flight,
            total.commands_sent,
            total.bytes_written,
            total.replies,
            total.bytes_read,
        )?;
        match &link.last_error {
            Some(error) => write!(f, ", last error: {error}"),
            None => Ok(()),
        }
    }
}
