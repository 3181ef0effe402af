//! The gateway in front of a real server, with friendly and hostile clients.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod announced;
mod basics;
mod common;
mod config;
mod console;
mod deploy;
mod far;
mod guide;
mod held;
mod hostile;
mod leaving;
mod limits;
mod modules;
mod operation;
mod reload;
mod rivals;
mod strangers;
mod upstream;
