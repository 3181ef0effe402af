//! `MONITOR`: all that the server executes, as a stream, for a look while debugging
//!
//! [`ConnectionMultiplexer::monitor`](crate::ConnectionMultiplexer::monitor) starts it.

pub use crate::multiplexer::{Monitor, MonitoredCommand};
