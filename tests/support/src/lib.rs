//! Real servers for tests and the demo.
//!
//! [`RedisServer`] runs `redis-server` (or `valkey-server`) on a port of its own
//! and in a directory of its own; [`Websockify`] puts the stock WebSocket proxy
//! in front of one. Both can be paused, killed and restarted on the same port, and
//! both end with the value that holds them, after a panic too. A server kept
//! in a `static` ends with the process, where the system has `setpriv`.
//!
//! ```no_run
//! use redmux_test_support::RedisServer;
//!
//! let server = RedisServer::start();
//! assert_eq!(server.command(&["PING"]), "PONG");
//! server.pause(); // connected, but it answers nothing
//! server.resume();
//! server.kill(); // connection reset, then refused
//! server.restart(); // same port, empty
//! ```
//!
//! [`FaultProxy`] goes between a client and a server and breaks their connections;
//! [`Programs`] fetches servers that distributions do not have.
//!
//! [`model`] has a cluster that needs no server and no time.
//!
//! With the feature `client` there is also what tests of a client share.
//!
//! Unix only: the servers and the signals are.

#[cfg(feature = "client")]
mod certificates;
mod client;
#[cfg(feature = "client")]
mod clients;
mod cluster;
#[cfg(feature = "client")]
mod commands;
mod dir;
#[cfg(feature = "client")]
mod herald;
#[cfg(feature = "client")]
mod heralds;
mod install;
pub mod model;
mod newer_libc;
mod port;
mod process;
mod programs;
mod proxy;
mod redis;
mod sentinels;
mod websockify;

#[cfg(feature = "client")]
pub use certificates::Certificates;
#[cfg(feature = "client")]
pub use clients::{both, until, within};
pub use cluster::{RedisCluster, RedisClusterBuilder};
#[cfg(feature = "client")]
pub use commands::Commands;
pub use dir::TempDir;
#[cfg(feature = "client")]
pub use herald::{Door, push_of};
#[cfg(feature = "client")]
pub use heralds::Heralds;
pub use port::{PortLease, lease_port};
pub use process::{Daemon, DaemonCommand, find_program};
pub use programs::Programs;
pub use proxy::{Accept, Cut, Direction, Fault, FaultProxy, Pace};
pub use redis::{RedisServer, RedisServerBuilder};
pub use sentinels::{RedisSentinels, RedisSentinelsBuilder};
pub use websockify::Websockify;
