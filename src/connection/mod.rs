//! One connection: a sans-IO state machine under a short lock, and the task that drives it.
//!
//! A command is encoded by its caller straight into the link's output buffer
//! ([`outbox`]) and its reply slot is taken under the same lock ([`core`], [`slots`]), so
//! replies match by construction. The [`driver`] dials and, for each stream, runs a
//! [`session`] that reads and writes in one poll.

mod alarm;
mod backlog;
mod breaker;
mod config;
mod confirm;
mod core;
mod counters;
mod credentials;
mod databases;
mod deadlines;
mod driver;
#[cfg(not(target_family = "wasm"))]
mod driving;
mod entry;
mod handshake;
mod hints;
mod inflow;
mod leaving;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` has MONITOR"))]
mod lines;
mod link;
mod liveness;
#[cfg(feature = "full")]
mod maintenance;
mod outbox;
mod owner;
mod pause;
mod push;
#[cfg(feature = "topology")]
mod reading;
#[cfg(feature = "full")]
mod recheck;
mod reconnect;
mod redial;
mod room;
mod router;
mod session;
mod settings;
mod signal;
mod slots;
mod traces;
mod wakes;
mod wire;

#[cfg(test)]
mod tests;

pub use breaker::CircuitBreaker;
pub(crate) use breaker::{Breaker, Change, Verdict};
pub use config::BacklogPolicy;
pub(crate) use config::{LinkConfig, Notices};
pub(crate) use confirm::Ask;
pub(crate) use core::{Core, Phase, Prelude, Submission};
pub use counters::Counters;
pub use credentials::{Credentials, CredentialsProvider};
pub(crate) use databases::Selected;
pub(crate) use driver::{DialPlan, Driver, contained};
#[cfg(not(target_family = "wasm"))]
pub(crate) use driving::Driving;
pub(crate) use entry::Verb;
pub use handshake::ServerInfo;
pub(crate) use lines::Lines;
pub(crate) use link::Link;
pub(crate) use owner::{Berth, Owner, Unheard};
#[cfg(feature = "full")]
pub(crate) use owner::{Home, Lender, Lent};
pub(crate) use push::Push;
#[cfg(feature = "topology")]
pub use reading::ReadFrom;
pub use reconnect::{ConstantDelay, ExponentialBackoff, ReconnectPolicy};
#[cfg(feature = "topology")]
pub(crate) use router::{Reading, Router};
pub(crate) use settings::pause_after;
pub(crate) use slots::{Outcome, SlotId};
pub(crate) use traces::{Passage, TraceId};
