//! Carries RESP between WebSocket clients and one Redis server.
//!
//! A browser cannot open a TCP connection; it opens a WebSocket to this gateway, which opens
//! one connection to Redis for it. Commands are parsed in full and written anew, so that
//! nothing but well-formed commands reaches the server. Requests from pages of other origins
//! are refused by default.
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

mod admission;
mod client;
mod commands;
mod config;
mod files;
mod http;
mod log;
mod policy;
mod server;

pub use admission::{Origin, OriginError};
pub use client::CloseReason;
pub use commands::{CommandError, CommandReader};
pub use config::{Asked, Config, Process, UsageError, parse as parse_args};
pub use log::silence as silence_log;
pub use policy::{Policy, Refusal};
pub use server::{Gateway, Handle};
