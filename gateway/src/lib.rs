//! Carries RESP between WebSocket clients and Redis servers.
//!
//! A browser cannot open a TCP connection; it opens a WebSocket to this gateway, which opens
//! one connection to Redis for it. Commands are parsed in full and written anew, so that
//! nothing but well-formed commands reaches the server. Requests from pages of other origins
//! are refused by default. A configuration file says who may do what; without one, everybody may
//! do nearly everything, on loopback addresses only. See `docs/gateway.md`.
//!
//! ```no_run
//! # async fn f() -> std::io::Result<()> {
//! use redmux_gateway::{Config, Gateway};
//!
//! let config = Config::new("127.0.0.1:6379".parse().unwrap());
//! let gateway = Gateway::bind(config).await?;
//! println!("ws://{}/redis", gateway.local_addr());
//! gateway.run().await;
//! # Ok(())
//! # }
//! ```

mod admin;
mod admission;
mod audit;
mod auth;
mod close;
mod commands;
mod config;
mod console;
mod files;
mod frames;
mod handle;
mod handshake;
mod http;
mod limits;
mod lines;
mod log;
mod metrics;
mod notify;
mod policy;
mod process;
mod replies;
mod server;
mod session;
mod shared;
mod tasks;
mod tls;
mod upstream;

pub use auth::{TokenError, TokenHash, new_token};
pub use close::CloseReason;
pub use commands::{Command, CommandError, CommandReader};
pub use config::{
    Asked, Config, ConfigError, Loaded, Network, Origin, OriginError, Process, UsageError,
    load_config, parse_args,
};
pub use console::Console;
#[doc(hidden)]
pub use frames::read_messages;
pub use handle::Handle;
pub use log::{flush as flush_log, silence as silence_log, tell};
pub use notify::notify;
pub use policy::{
    Allowed, ClientLimits, Policy, PrefixError, Prefixes, QueryLimits, Rate, Refusal, Rules,
    RulesError, SharedLimits,
};
pub use server::Gateway;
pub use tasks::serve_with_threads;
