//! How long the server took.

use std::time::Duration;

use crate::{
    Call,
    database::{
        Database,
        options::{items, record},
    },
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// The kinds of events that took longer than `latency-monitor-threshold`
    ///
    /// See [LATENCY LATEST](https://redis.io/docs/latest/commands/latency-latest/).
    pub fn latency_latest(&self) -> Call<'_, Vec<LatencyEvent>, impl ToArgs> {
        self.call2("LATENCY", "LATEST", ())
    }

    /// The last times that a kind of event took long
    ///
    /// See [LATENCY HISTORY](https://redis.io/docs/latest/commands/latency-history/).
    pub fn latency_history(&self, event: impl ToArg) -> Call<'_, Vec<LatencySample>, impl ToArgs> {
        self.call2("LATENCY", "HISTORY", (event,))
    }

    /// Forgets kinds of events, all if none is named, and returns how many
    ///
    /// See [LATENCY RESET](https://redis.io/docs/latest/commands/latency-reset/).
    pub fn latency_reset(&self, events: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.call2("LATENCY", "RESET", events)
    }

    /// How long commands took, all if none is named
    ///
    /// See [LATENCY HISTOGRAM](https://redis.io/docs/latest/commands/latency-histogram/).
    /// Since Redis 7.0.
    pub fn latency_histogram(
        &self,
        commands: impl ToArgs,
    ) -> Call<'_, Vec<(String, CommandLatency)>, impl ToArgs> {
        self.call2("LATENCY", "HISTOGRAM", commands)
    }

    /// A report on latency for a person to read
    ///
    /// See [LATENCY DOCTOR](https://redis.io/docs/latest/commands/latency-doctor/).
    pub fn latency_doctor(&self) -> Call<'_, String, impl ToArgs> {
        self.call2("LATENCY", "DOCTOR", ())
    }

    /// A graph of a kind of event for a terminal
    ///
    /// See [LATENCY GRAPH](https://redis.io/docs/latest/commands/latency-graph/).
    pub fn latency_graph(&self, event: impl ToArg) -> Call<'_, String, impl ToArgs> {
        self.call2("LATENCY", "GRAPH", (event,))
    }
}

/// A kind of event that took long
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LatencyEvent {
    /// Its name, such as `command`.
    pub event: String,
    /// When it was last, in seconds since 1970.
    pub unix_seconds: u64,
    /// How long it took the last time.
    pub latest: Duration,
    /// The longest it ever took.
    pub max: Duration,
}

impl FromReply for LatencyEvent {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        // Newer servers add to it.
        let mut items = items("an event", reply)?;
        let mut next = || {
            let short = || DecodeError::because("an event", reply.kind(), "that ends too early");
            items.next().ok_or_else(|| ReplyError::from(short()))
        };
        Ok(Self {
            event: next()?.decode()?,
            unix_seconds: next()?.decode()?,
            latest: Duration::from_millis(next()?.decode()?),
            max: Duration::from_millis(next()?.decode()?),
        })
    }
}

/// A time that something took long
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LatencySample {
    /// When it was, in seconds since 1970.
    pub unix_seconds: u64,
    /// How long it took.
    pub latency: Duration,
}

impl FromReply for LatencySample {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (unix_seconds, millis) = reply.decode()?;
        Ok(Self { unix_seconds, latency: Duration::from_millis(millis) })
    }
}

record! {
    /// How long a command took
    CommandLatency {
        /// How often it was called.
        "calls" => calls: u64,
        /// Upper bounds in microseconds, and how many calls took no longer than each.
        "histogram_usec" => histogram: Vec<(u64, u64)>,
    }
}
