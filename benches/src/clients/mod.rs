//! One face for all clients, so that they run the same workloads.
//!
//! Each is used as its documentation shows it, and every reply is decoded into the same type. An address that begins
//! with `cluster:` is that of a node of a cluster, which the client is to use as a whole.

mod fred;
mod redis_rs;
mod redmux;
mod rustis;

use std::{collections::HashMap, future::Future};

use futures::FutureExt;
use serde::Deserialize;

pub use self::{
    fred::Fred,
    redis_rs::{RedisRs, RedisRsCluster},
    redmux::{AsyncStd, OverWebSocket, Redmux, Smol, Tokio},
    rustis::Rustis,
};

/// What a hash is decoded into
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Profile {
    pub id: u64,
    pub name: String,
    pub email: String,
    pub country: String,
    pub visits: u64,
    pub score: f64,
    pub created: u64,
    pub updated: u64,
}

/// The fields of a [`Profile`], as they are stored.
pub const PROFILE: [(&str, &str); 8] = [
    ("id", "1234567"),
    ("name", "Ada Lovelace"),
    ("email", "ada@example.com"),
    ("country", "GB"),
    ("visits", "42"),
    ("score", "99.5"),
    ("created", "1700000000"),
    ("updated", "1800000000"),
];

/// What a search finds
#[derive(Debug, Clone, Default, PartialEq, ::redmux::resp::FromReply)]
pub struct Book {
    pub title: String,
    pub genre: String,
    pub price: f64,
    pub year: u32,
    pub stock: u64,
}

impl Book {
    /// The book of this number, as it is stored.
    pub fn fields(number: usize) -> [(&'static str, String); 5] {
        [
            ("title", format!("The book of the number {number}")),
            ("genre", ["novel", "poetry", "history"][number % 3].to_owned()),
            ("price", format!("{}.25", number % 50)),
            ("year", (1900 + number % 120).to_string()),
            ("stock", number.to_string()),
        ]
    }
}

/// The address of a node, if the client is to use its whole cluster.
fn cluster(address: &str) -> Option<&str> {
    address.strip_prefix("cluster:")
}

/// A client of one connection, or of one cluster
pub trait Client: Clone + Send + Sync + 'static {
    /// Runs the whole benchmark on one thread.
    fn block_on<F: Future>(future: F) -> F::Output;

    /// Starts a task on that thread; the future waits for it.
    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static;

    fn connect(address: &str) -> impl Future<Output = Self> + Send;

    fn get(&self, key: &str) -> impl Future<Output = Option<String>> + Send;

    fn set(&self, key: &str, value: &str) -> impl Future<Output = ()> + Send;

    /// A SET that may fail, because a server is gone.
    fn try_set(&self, key: &str, value: &str) -> impl Future<Output = bool> + Send;

    /// GETs of all keys, written together.
    fn pipeline(&self, keys: &[String]) -> impl Future<Output = Vec<Option<String>>> + Send;

    fn mget(&self, keys: &[String]) -> impl Future<Output = Vec<Option<String>>> + Send;

    fn lrange(&self, key: &str) -> impl Future<Output = Vec<String>> + Send;

    fn hgetall(&self, key: &str) -> impl Future<Output = HashMap<String, String>> + Send;

    fn profile(&self, key: &str) -> impl Future<Output = Profile> + Send;

    /// All documents of the index `books`, up to this many.
    fn search(&self, most: usize) -> impl Future<Output = Vec<Book>> + Send;

    /// Receives `count` messages of a channel and returns their bytes; calls `subscribed`
    /// once the server has confirmed.
    fn receive(
        address: &str,
        channel: &str,
        count: usize,
        subscribed: impl FnOnce() + Send,
    ) -> impl Future<Output = usize> + Send;
}

/// tokio on the calling thread only.
fn tokio_block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn tokio_spawn(
    task: impl Future<Output = ()> + Send + 'static,
) -> impl Future<Output = ()> + Send + 'static {
    tokio::spawn(task).map(|ended| ended.expect("the task ends well"))
}
