//! What a principal may do, and how much of it.

mod config_get;
mod judge;
mod prefixes;
mod reach;
mod rules;

use std::time::Duration;

pub use judge::{Allowed, Refusal};
pub use prefixes::{PrefixError, Prefixes};
pub use rules::{Rules, RulesError};

/// What principals may do, and how much of it
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
    /// Nothing but what a connection itself needs.
    pub fn deny_all() -> Self {
        Self::with_rules(Rules::deny_all())
    }

    /// Everything but what would turn the connection into something else: for development, with
    /// larger messages (16 MiB) and commands (64 MiB), and no end of idle or long sessions.
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

    /// These rules with the default limits.
    pub fn with_rules(rules: Rules) -> Self {
        Self { rules, client: ClientLimits::default(), principal: SharedLimits::default() }
    }
}

/// The limits of one client
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ClientLimits {
    /// Bytes of one WebSocket message. Default 1 MiB.
    pub message: usize,
    /// Frames of one WebSocket message. Default 4096.
    pub fragments: usize,
    /// Bytes of one command. Default 1 MiB.
    pub command: usize,
    /// Words of one command. Default 1,048,576.
    pub arguments: usize,
    /// Commands that wait for their replies; what is beyond is not read yet. Default 256.
    pub in_flight: usize,
    /// How fast; what is beyond waits. Default unlimited.
    pub rate: Rate,
    /// Closes clients that neither send nor receive for this long. Default 1 hour.
    pub idle: Option<Duration>,
    /// Closes clients after this long, if their credential does not expire before. Default 24 hours.
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
    /// Clients at the same time. Default unlimited.
    pub connections: Option<usize>,
    /// Commands that wait for their replies; what is beyond is not read yet. Default unlimited.
    pub in_flight: Option<usize>,
    /// How fast; what is beyond waits. Default unlimited.
    pub rate: Rate,
}

/// How fast something may go; a second's worth may come at once
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Rate {
    /// Commands a second.
    pub commands: Option<u32>,
    /// Bytes a second, of requests and replies.
    pub bytes: Option<u32>,
}
