//! The Rust code of the documents, each block as a function that compiles
//!
//! A block may use `muxer` and `db`, and what is imported here.

#![allow(
    unused,
    dead_code,
    unreachable_code,
    clippy::all,
    clippy::pedantic,
    reason = "blocks show one thing each, and are never run"
)]

use std::time::Duration;

use futures::StreamExt;
use redmux::{ConnectionMultiplexer, Database, Options};

/// The HTTP client of a program.
async fn http_get(_url: &str) -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
    Ok(200)
}

include!(concat!(env!("OUT_DIR"), "/blocks.rs"));
