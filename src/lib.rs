//! A multiplexed Redis client: native programs, browsers and the edge from one core.
//!
//! Make one [`ConnectionMultiplexer`] and keep it: it pipelines the commands of all tasks on one
//! connection. Its documentation has an example. [`Database`] has the typed commands,
//! [`ConnectionMultiplexer::subscriber`] the subscriptions, [`Options`] every setting, and each
//! [`Error`] says whether the command may have run.
//!
//! A [`Call`] borrows the handle that made it: keep the handle (`let db = muxer.database();`), and
//! move a clone of it into a task (`spawn(async move { db.get("k").await })`).
//!
//! # Runtimes
//!
//! | features | connect with |
//! |---|---|
//! | the default ones | [`ConnectionMultiplexer::connect`], on async-std |
//! | `default-features = false, features = ["tokio", "full", "tls", "derive", "tracing"]` | `redmux::tokio::connect` |
//! | the same with `smol` | `redmux::smol::connect` |
//! | any of these, in a program without an async runtime | `redmux::blocking::connect` |
//!
//! All three are tested alike. async-std is the default, works, and is
//! [no longer developed](https://rustsec.org/advisories/RUSTSEC-2025-0052.html) since 2025: `cargo audit` warns
//! of it. A new program does better with tokio, or with smol, its successor.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `async-std` | yes | TCP and Unix sockets on async-std |
//! | `smol`, `tokio` | no | the same on smol, on tokio |
//! | `full` | yes | leased connections (blocking commands, `WATCH`, `MONITOR`), prefixes, command maps, retries, circuit breaker, integrity checks, observers, credentials providers |
//! | `tls` | yes | TLS with rustls; without it, a dial that needs TLS fails |
//! | `derive` | yes | `#[derive(FromReply, ToArgs)]` |
//! | `tracing` | yes | events as log lines, commands as spans |
//! | `metrics` | no | durations, events and states for the `metrics` facade; includes `full` |

#![cfg_attr(
    all(target_family = "wasm", target_os = "unknown"),
    allow(clippy::arc_with_non_send_sync, reason = "there is one thread")
)]

#[cfg(all(
    any(feature = "async-std", feature = "smol", feature = "tokio"),
    not(all(target_family = "wasm", target_os = "unknown"))
))]
pub mod blocking;
pub mod command;
pub mod database;
pub mod events;
pub mod observe;
pub mod resp;
#[cfg(all(feature = "smol", not(all(target_family = "wasm", target_os = "unknown"))))]
pub mod smol;
#[cfg(all(feature = "tokio", not(all(target_family = "wasm", target_os = "unknown"))))]
pub mod tokio;

mod cache;
mod clock;
mod commands;
mod connection;
mod error;
mod full;
mod multiplexer;
mod options;
mod pubsub;
mod subscriptions;
mod sync;

use full::{FULL, Full, SMALL};

pub use bytes::Bytes;
pub use cache::{CacheOptions, CacheStats};
pub use command::{AnyCall, BoxCall, Cached, Call, CircuitBreaker, RetryPolicy, pipeline};
pub use commands::CommandMap;
pub use connection::{
    BacklogPolicy, ConstantDelay, Counters, Credentials, CredentialsProvider, ExponentialBackoff,
    ReconnectPolicy, ServerInfo,
};
pub use database::{Database, Lease};
pub use error::{ConnectStage, Delivery, Diagnostics, Error, ErrorKind, Result, TimeoutStage};
pub use events::{Event, Events};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use multiplexer::Blocking;
pub use multiplexer::{
    Collected, Collector, ConnectionMultiplexer, Issued, LeaseStatus, LinkStatus, Status,
};
#[cfg(feature = "full")]
pub use multiplexer::{Monitor, MonitoredCommand};
pub use options::{Defaults, Options};
pub use pubsub::{KeyEvent, KeyNotification, Subscriber, Subscription, missing_notifications};
#[cfg(all(
    any(feature = "async-std", feature = "smol", feature = "tokio"),
    not(all(target_family = "wasm", target_os = "unknown"))
))]
pub use redmux_tcp as tcp;
pub use redmux_transport as transport;
pub use redmux_transport::{
    Endpoint, Environment, Keepalive, Pem, TlsOptions, TlsVersions, Tunnel, TunnelKind,
};
pub use subscriptions::{
    EndCause, Message, Missed, MissedCause, Overflow, SubscriptionCounts, SubscriptionItem,
};
