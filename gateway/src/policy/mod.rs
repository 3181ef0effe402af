//! Policies: what a principal may do, and how much.

mod config_get;
mod greed;
mod judge;
mod prefixes;
mod queries;
mod reach;
mod rules;

use std::time::Duration;

pub use judge::{Allowed, Refusal};
pub use prefixes::{PrefixError, Prefixes};
pub use queries::QueryLimits;
pub use rules::{Rules, RulesError};

/// What principals may do, and how much
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// Which commands, keys, channels and databases.
    pub rules: Rules,
    /// The limits of each client.
    pub client: ClientLimits,
    /// The limits of all clients of one principal together.
    pub principal: SharedLimits,
}

impl Policy {
    /// Returns a policy that allows only what a connection itself needs.
    pub fn deny_all() -> Self {
        Self::with_rules(Rules::deny_all())
    }

    /// Returns a policy for development: everything is allowed except commands that turn the
    /// connection into something else. Messages may have 16 MiB and commands 64 MiB, and sessions
    /// are not ended for being idle or long.
    pub fn development() -> Self {
        let client = ClientLimits {
            message: 16 << 20,
            command: 64 << 20,
            idle: None,
            session: None,
            ..ClientLimits::default()
        };
        Self { client, ..Self::with_rules(Rules::development()) }
    }

    /// Returns a policy of these rules with the default limits.
    pub fn with_rules(rules: Rules) -> Self {
        Self { rules, client: ClientLimits::default(), principal: SharedLimits::default() }
    }
}

/// The limits of one client
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ClientLimits {
    /// The most bytes of one WebSocket message. Default 1 MiB.
    pub message: usize,
    /// The most frames of one WebSocket message. Default 4096.
    pub fragments: usize,
    /// The most bytes of one command. Default 1 MiB.
    pub command: usize,
    /// The most words of one command. Default 1,048,576.
    pub arguments: usize,
    /// The most commands that wait for their replies; further ones are not read yet. Default 256.
    pub in_flight: usize,
    /// The rate of commands and bytes; a client above it waits. Default unlimited.
    pub rate: Rate,
    /// Closes clients that neither send nor receive for this long. Default 1 hour.
    pub idle: Option<Duration>,
    /// Closes clients after this long, if their credential does not expire before. Default 24
    /// hours.
    pub session: Option<Duration>,
    /// Denied commands that are answered with an error before the client is closed. Default 10.
    pub denied: u32,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            message: 1 << 20,
            fragments: 4096,
            command: 1 << 20,
            arguments: 1 << 20,
            in_flight: 256,
            rate: Rate::default(),
            idle: Some(Duration::from_secs(60 * 60)),
            session: Some(Duration::from_secs(24 * 60 * 60)),
            denied: 10,
        }
    }
}

/// The limits of several clients together
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct SharedLimits {
    /// The most clients at the same time. Default unlimited.
    pub connections: Option<usize>,
    /// The most commands that wait for their replies; further ones are not read yet. Default
    /// unlimited.
    pub in_flight: Option<usize>,
    /// The rate of commands and bytes; clients above it wait. Default unlimited.
    pub rate: Rate,
}

/// A rate; a second's worth of it may come at once
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Rate {
    /// Commands a second.
    pub commands: Option<u32>,
    /// Bytes a second, of requests and replies.
    pub bytes: Option<u32>,
}
