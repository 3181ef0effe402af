//! Retries and the circuit breaker: on simulated time, and while a real server's connections are
//! killed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod breaker;
mod policy;
mod real;
mod scripted;
