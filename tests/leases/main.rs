//! Leased connections, on simulated time, against servers in the same process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod away;
mod fleet;
mod idle_proxies;
mod own;
mod strangers;
mod turnover;
