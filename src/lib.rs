//! A Redis and Valkey client for native programs, browsers and the edge.
//!
//! A whole program shares one [`ConnectionMultiplexer`]. The commands of all its tasks are pipelined on one connection for
//! each server, and each [`Error`] says whether the command may have run.
//!
//! ```toml
//! redmux = { version = "0.1", default-features = false, features = ["tokio", "full", "topology", "tls"] }
//! ```
//!
//! ```no_run
//! # #[cfg(feature = "tokio")] mod program {
//! use std::time::Duration;
//!
//! #[tokio::main]
//! async fn main() -> redmux::Result<()> {
//!     // One server, or any servers of a cluster.
//!     let redis = redmux::tokio::connect("localhost:6379").await?;
//!     let db = redis.database();
//!
//!     db.set("greeting", "hello").await?;
//!     let greeting: Option<String> = db.get("greeting").timeout(Duration::from_millis(50)).await?;
//!     println!("{greeting:?}"); // Some("hello")
//!
//!     // Several commands in one write.
//!     let (visits, left) = redmux::pipeline((db.incr("visits"), db.decr("stock"))).all().await?;
//!     println!("{visits} visits, {left} left");
//!
//!     // A command without a method.
//!     let encoding: String = redis.execute("OBJECT", ("ENCODING", "greeting")).await?;
//!     println!("{encoding}");
//!
//!     if let Err(error) = db.incr("greeting").await {
//!         println!("{:?}: {error}", error.delivery()); // Answered: INCR: server error [localhost:6379]: ERR value is not an integer or out of range
//!     }
//!     Ok(())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! # Behaviour
//!
//! - Connecting waits until the server has answered, and fails when no server can be reached. Later, the client replaces lost
//!   connections.
//! - A [`Call`] does nothing until it is awaited. [`Call::forget`] sends it without waiting for the reply.
//! - A command that waits for a connection, for room in the queue or for its reply ends with an error after 5 s
//!   ([`Options::command_timeout`], [`Call::timeout`]). The client repeats a command that may have run
//!   only if a [`RetryPolicy`] says so, or if it is a read and its replica died.
//! - A call that is dropped before it is ready may still run. Its reply is discarded.
//! - A [`Call`] borrows the handle that made it: keep the handle (`let db = muxer.database();`). For a task or a field,
//!   [`Call::owned`] gives a call that borrows nothing (`spawn(db.get("k").owned())`), or move a clone of the handle
//!   into the task (`spawn(async move { db.get("k").await })`).
//! - Blocking commands ([`Database::blpop`] and others) take a connection of their own from a small pool.
//! - Numbers are `u64` or `i64`, times are [`Duration`](std::time::Duration), absent values are `Option`. Each method says which
//!   types its reply converts to ([`resp::FromReply`]).
//!
//! # Where things are
//!
//! The root has what most programs name. The rest is in modules, by what it belongs to:
//!
//! | module | what it has |
//! |---|---|
//! | [`options`] | what [`Options`] take: credentials, TLS, tunnels, reconnect policies, circuit breaker |
//! | [`database`] | the typed commands; their options and replies are in its modules, by data type |
//! | [`pubsub`] | subscriptions, messages, keyspace notifications |
//! | [`cache`] | client-side caching |
//! | `stack` | the modules of Redis Stack and Redis 8: JSON, filters and sketches, time series (feature `stack`) |
//! | [`command`] | calls, [pipelines](mod@command::pipeline), and what is known of each command |
//! | [`resp`] | values and the traits that convert them |
//! | [`error`] | the stages and diagnostics of an [`Error`] |
//! | [`events`], [`status`], [`observe`], [`monitor`] | what happens, the state of the connections, profiles and the wire, `MONITOR` |
//! | [`blocking`] | for programs without an async runtime |
//! | [`transport`] and [`embed`] | for transports of your own, and for programs that keep their own table of callers |
//!
//! # Runtimes
//!
//! | features | connect with |
//! |---|---|
//! | the default ones | [`ConnectionMultiplexer::connect`], on async-std |
//! | `default-features = false, features = ["tokio", "full", "topology", "tls", "derive", "tracing"]` | `redmux::tokio::connect` |
//! | the same with `smol` | `redmux::smol::connect` |
//! | `default-features = false, features = ["wasi", "full", "topology", "derive"]`, for `wasm32-wasip2` | `redmux::wasi::connect`, inside `redmux::wasi::run` |
//! | one of the first three, in a program without an async runtime | `redmux::blocking::connect` |
//!
//! The first three are tested alike, `wasi` in a host of components. async-std is the default, works, and is
//! [no longer developed](https://rustsec.org/advisories/RUSTSEC-2025-0052.html) since 2025: `cargo audit` warns
//! of it. A new program does better with tokio, or with smol, its successor.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `async-std` | yes | TCP and Unix sockets on async-std |
//! | `smol`, `tokio` | no | the same on smol, on tokio |
//! | `wasi` | no | TCP in a WASI 0.2 component, on the target `wasm32-wasip2`, where the runtimes above do not compile |
//! | `full` | yes | leased connections (blocking commands, `WATCH`, `MONITOR`), prefixes, command maps, retries, circuit breaker, integrity checks, observers, credentials providers, announcements of maintenance |
//! | `topology` | yes | several servers: clusters, replicas, sentinels, groups; includes `full` |
//! | `tls` | yes | TLS with rustls; without it, a dial that needs TLS fails |
//! | `derive` | yes | `#[derive(FromReply, ToArgs)]`, with `search` also `#[derive(Schema)]`, with `json` and `search` `#[derive(Document)]` |
//! | `json` | no | JSON documents by `serde`: `db.json()` |
//! | `probabilistic` | no | Bloom and cuckoo filters, count-min sketches, top-k lists, t-digests: `db.bloom()`… |
//! | `search` | no | indexes and queries: `db.search()` |
//! | `time-series` | no | `db.time_series()` |
//! | `stack` | no | all modules: `json`, `probabilistic`, `search`, `time-series` |
//! | `tracing` | yes | events as log lines, commands as spans |
//! | `metrics` | no | durations, events and states for the `metrics` facade; includes `full` |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    all(target_family = "wasm", target_os = "unknown"),
    allow(clippy::arc_with_non_send_sync, reason = "there is one thread")
)]

#[cfg(not(target_family = "wasm"))]
pub mod blocking;
pub mod cache;
pub mod command;
pub mod database;
pub mod embed;
pub mod error;
pub mod events;
#[cfg(feature = "topology")]
pub mod group;
#[cfg(feature = "full")]
pub mod monitor;
pub mod observe;
pub mod options;
pub mod pubsub;
pub mod resp;
#[cfg(all(feature = "smol", not(all(target_family = "wasm", target_os = "unknown"))))]
pub mod smol;
#[cfg(any(
    feature = "json",
    feature = "probabilistic",
    feature = "search",
    feature = "time-series"
))]
pub mod stack;
pub mod status;
#[cfg(all(feature = "tokio", not(all(target_family = "wasm", target_os = "unknown"))))]
pub mod tokio;
#[cfg(all(feature = "wasi", target_os = "wasi", not(target_env = "p1")))]
pub mod wasi;

mod caching;
mod clock;
mod commands;
mod connection;
mod full;
mod multiplexer;
mod subscriptions;
mod sync;
#[cfg(feature = "topology")]
mod topology;

use full::{FULL, Full, SMALL};

pub use bytes::Bytes;
pub use command::{BoxCall, Call, RetryPolicy, pipeline};
pub use database::Database;
pub use error::{Delivery, Error, ErrorKind, Result};
pub use events::{Event, Events};
pub use multiplexer::ConnectionMultiplexer;
pub use options::Options;
#[cfg(all(
    any(feature = "async-std", feature = "smol", feature = "tokio", feature = "wasi"),
    not(all(target_family = "wasm", target_os = "unknown"))
))]
pub use redmux_tcp as tcp;
pub use redmux_transport as transport;
pub use redmux_transport::Endpoint;
