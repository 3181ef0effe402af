//! Groups of independent deployments: on simulated time with scripted servers, and with real ones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod choice;
mod histories;
mod lag;
mod maintenance;
mod pubsub;
mod servers;
mod tour;
mod world;
