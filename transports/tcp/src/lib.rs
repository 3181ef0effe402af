//! TCP and Unix sockets for redmux.
//!
//! ```
//! let environment = redmux_tcp::environment();
//! # let _ = environment;
//! ```
//!
//! | feature | sockets and timers | tasks | entry |
//! |---|---|---|---|
//! | `async-std` (default) | async-io | async-std | [`environment`] |
//! | `smol` | async-io | smol | `smol::environment` |
//! | `tokio` | tokio | tokio | `tokio::environment` |
//! | `wasi`, on `wasm32-wasip2` only | `wasi:sockets`, `wasi:io/poll` | its own | `wasi::environment` |
//!
//! With the feature `tls` (default), rustls with ring encrypts what the options want encrypted;
//! without it such a dial fails. HTTP `CONNECT` and SOCKS 5 tunnels need no feature.
//!
//! The same multiplexer runs on each; nothing but these few calls differs.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(
        feature = "reactor",
        feature = "tokio",
        all(feature = "wasi", target_os = "wasi", not(target_env = "p1"))
    )),
    allow(dead_code, reason = "what sockets have in common needs one of them")
)]

#[cfg(any(feature = "async-std", feature = "smol", feature = "tokio"))]
mod entropy;
#[cfg(any(feature = "reactor", feature = "tokio", feature = "wasi"))]
mod layers;
#[cfg(all(feature = "tokio", not(target_family = "wasm")))]
mod own_thread;
#[cfg(any(feature = "reactor", feature = "tokio", feature = "wasi"))]
mod race;
#[cfg(feature = "reactor")]
mod reactor;
#[cfg(feature = "async-std")]
mod runtime;
#[cfg(feature = "smol")]
pub mod smol;
#[cfg(any(feature = "reactor", feature = "tokio", feature = "wasi"))]
mod tls;
#[cfg(all(feature = "tls", any(feature = "reactor", feature = "tokio", feature = "wasi")))]
mod tls_words;
#[cfg(feature = "tokio")]
pub mod tokio;
mod transport;
#[cfg(any(feature = "reactor", feature = "tokio", feature = "wasi"))]
mod tunnel;
#[cfg(feature = "tokio")]
mod virtual_time;
#[cfg(all(feature = "wasi", target_os = "wasi", not(target_env = "p1")))]
pub mod wasi;

#[cfg(feature = "reactor")]
pub use reactor::Stream;
pub use redmux_transport::Keepalive;
#[cfg(feature = "async-std")]
pub use runtime::{AsyncStdRuntime, environment};
pub use transport::TcpTransport;

#[cfg(test)]
#[cfg(feature = "async-std")]
mod tests;
