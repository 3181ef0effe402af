//! What the task tells, and what it is to do.

use redmux_transport::Endpoint;

use super::{
    events::Event,
    said::{Answer, RoleSaid},
};

/// What the task has learned
#[derive(Debug)]
pub(crate) enum Learned {
    /// A sentinel answered [all questions](Answer::questions).
    Answer {
        by: Endpoint,
        answer: Answer,
    },
    /// It did not, in the time that the task gives it.
    NoAnswer {
        by: Endpoint,
    },
    /// The subscription to a sentinel is confirmed, again or for the first time: what it announced before was missed.
    Subscribed {
        by: Endpoint,
    },
    Announced {
        by: Endpoint,
        event: Event,
    },
    /// A server said what it is.
    Role {
        of: Endpoint,
        role: RoleSaid,
    },
    /// It did not.
    NoRole {
        of: Endpoint,
    },
    /// The connection to this primary ended, it is silent, or it refuses writes.
    Lost {
        primary: Endpoint,
    },
    /// Something went wrong with it, or may have: it is asked whether it is still the primary.
    Doubted,
}

/// What the task is to do
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask this sentinel [all questions](Answer::questions), and tell the outcome.
    AskSentinel(Endpoint),
    /// Ask this server for its `ROLE`, on a new connection if there is none, and tell the outcome.
    AskRole(Endpoint),
    /// This is the primary: its `ROLE` says so.
    Use(Endpoint),
    /// This is the primary no more: close the connections to it, and send nothing until there is another one.
    Drop(Endpoint),
}

/// What is to be done now, and when to ask again at the latest
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) until: u64,
}

/// Why there is no primary
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No sentinel answers.
    NoSentinel,
    /// No sentinel that answers knows the service.
    UnknownService,
    /// The server that sentinels name does not answer, or is no primary.
    NoPrimary,
}
