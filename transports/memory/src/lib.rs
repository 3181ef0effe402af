//! In-process streams and simulated time, to test redmux and programs built on it.
//!
//! - [`duplex`]: two connected [`Duplex`] ends with bounded buffers and fault injection;
//! - [`MemoryTransport`]: a transport whose dials arrive at a [`MemoryListener`] in the test;
//! - [`SimRuntime`]: a single-threaded executor whose clock only moves when all tasks wait.
//!
//! ```
//! use std::time::Duration;
//!
//! use futures::io::{AsyncReadExt, AsyncWriteExt};
//! use redmux_memory::{MemoryTransport, SimRuntime};
//! use redmux_transport::{Endpoint, Runtime, Transport};
//!
//! let runtime = SimRuntime::new();
//! let (transport, listener) = MemoryTransport::new();
//! runtime.spawn(Box::pin(async move {
//!     let (mut server, endpoint) = listener.accept().await;
//!     assert_eq!(endpoint.to_string(), "cache:6379");
//!     server.write_all(b"hello").await.unwrap();
//! }));
//! let greeting = runtime.block_on(async {
//!     let mut client = transport.connect(&Endpoint::tcp("cache", 6379)).await.unwrap();
//!     let mut greeting = String::new();
//!     client.read_to_string(&mut greeting).await.unwrap();
//!     runtime.sleep(Duration::from_secs(3600)).await; // takes no time at all
//!     greeting
//! });
//! assert_eq!(greeting, "hello");
//! ```

mod duplex;
mod lock;
mod sim;
mod transport;

pub use duplex::{Duplex, duplex};
pub use sim::{SimRuntime, Sleep};
pub use transport::{DialAnswer, MemoryListener, MemoryTransport};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;
