//! The seams between the redmux core and the world it runs in.
//!
//! The core multiplexes commands over *a byte stream*, waits with *a timer* and
//! spawns *one driver task per connection*. What those are (a TCP socket on
//! async-std, a browser's WebSocket, an in-process pipe under simulated time) is
//! decided by the implementations of three small traits:
//!
//! - [`Transport`]: dials an [`Endpoint`] and returns a [`ByteStream`];
//! - [`Runtime`]: spawns a task, makes a [`Timer`], reads the clock, draws entropy;
//! - [`Environment`]: one of each, which is what a multiplexer is built on.
//!
//! ```
//! use redmux_transport::Endpoint;
//!
//! let endpoint: Endpoint = "cache.example:6380".parse().unwrap();
//! assert_eq!(endpoint.to_string(), "cache.example:6380");
//! ```

mod dialing;
mod endpoint;
mod failure;
mod platform;
mod runtime;
mod transport;

pub use dialing::{
    DialOptions, DialProgress, Keepalive, Pem, TlsOptions, TlsVersions, Tunnel, TunnelKind,
};
pub use endpoint::{DEFAULT_PORT, Endpoint, EndpointError};
pub use failure::{CertificateRefused, DialError, DialStage, ErrorText};
pub use platform::{BoxFuture, Instant, MaybeSend, MaybeSync, time_of_day};
pub use runtime::{Environment, FAR, Runtime, Timer};
pub use transport::{ByteStream, Capabilities, DynTransport, Transport};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;
