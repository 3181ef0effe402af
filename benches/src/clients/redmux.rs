use std::{collections::HashMap, future::Future, marker::PhantomData};

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer,
    resp::{DecodeError, FromReply, Reply, ReplyError},
    stack::search::{Doc, Filter, SearchOptions, SearchPage},
    transport::Environment,
};

use super::{Book, Client, Profile, cluster, tokio_block_on, tokio_spawn};

/// What a runtime gives the benchmark
pub trait Ground: Send + Sync + 'static {
    fn environment() -> Environment;
    fn block_on<F: Future>(future: F) -> F::Output;
    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static;
}

/// async-std's reactor and executor
pub enum AsyncStd {}

impl Ground for AsyncStd {
    fn environment() -> Environment {
        redmux::tcp::environment()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        async_std::task::block_on(future)
    }

    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        async_std::task::spawn(task)
    }
}

/// async-std's reactor, smol's executor
pub enum Smol {}

impl Ground for Smol {
    fn environment() -> Environment {
        redmux::tcp::smol::environment()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        smol::block_on(future)
    }

    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        smol::spawn(task)
    }
}

/// tokio's reactor and executor
pub enum Tokio {}

impl Ground for Tokio {
    fn environment() -> Environment {
        redmux::tcp::tokio::environment()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio_block_on(future)
    }

    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        tokio_spawn(task)
    }
}

/// The native WebSocket transport, for the gateways
pub enum OverWebSocket {}

impl Ground for OverWebSocket {
    fn environment() -> Environment {
        let transport = redmux_websocket::WebSocketTransport::default();
        Environment::new(transport, redmux::tcp::AsyncStdRuntime)
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        async_std::task::block_on(future)
    }

    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        async_std::task::spawn(task)
    }
}

/// Ours
pub struct Redmux<G> {
    muxer: ConnectionMultiplexer,
    db: redmux::Database,
    ground: PhantomData<fn() -> G>,
}

impl<G> Clone for Redmux<G> {
    fn clone(&self) -> Self {
        Self { muxer: self.muxer.clone(), db: self.db.clone(), ground: PhantomData }
    }
}

impl<G: Ground> Client for Redmux<G> {
    fn block_on<F: Future>(future: F) -> F::Output {
        G::block_on(future)
    }

    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        G::spawn(task)
    }

    async fn connect(address: &str) -> Self {
        let options = match cluster(address) {
            Some(node) => format!("{node},mode=cluster"),
            None => format!("{address},mode=single"),
        };
        let muxer = ConnectionMultiplexer::connect_with(&*options, G::environment()).await;
        let muxer = muxer.expect("connect");
        Self { db: muxer.database(), muxer, ground: PhantomData }
    }

    async fn get(&self, key: &str) -> Option<String> {
        self.db.get(key).await.expect("GET")
    }

    async fn set(&self, key: &str, value: &str) {
        self.db.set(key, value).await.expect("SET");
    }

    async fn try_set(&self, key: &str, value: &str) -> bool {
        self.db.set(key, value).await.is_ok()
    }

    async fn pipeline(&self, keys: &[String]) -> Vec<Option<String>> {
        let calls: Vec<_> = keys.iter().map(|key| self.db.get(key)).collect();
        redmux::pipeline(calls).all().await.expect("GET")
    }

    async fn mget(&self, keys: &[String]) -> Vec<Option<String>> {
        self.db.mget(keys).await.expect("MGET")
    }

    async fn lrange(&self, key: &str) -> Vec<String> {
        self.db.lrange(key, 0, -1).await.expect("LRANGE")
    }

    async fn hgetall(&self, key: &str) -> HashMap<String, String> {
        self.db.hgetall(key).await.expect("HGETALL")
    }

    async fn profile(&self, key: &str) -> Profile {
        self.muxer.execute("HGETALL", [key]).await.expect("HGETALL")
    }

    async fn search(&self, most: usize) -> Vec<Book> {
        let options = SearchOptions::new().limit(0, most as u64);
        let page = self.db.search().search("books", Filter::all(), options);
        let page: SearchPage<Doc<Book>> = page.await.expect("FT.SEARCH");
        page.rows.into_iter().filter_map(|row| row.value).collect()
    }

    async fn receive(
        address: &str,
        channel: &str,
        count: usize,
        subscribed: impl FnOnce() + Send,
    ) -> usize {
        let options = redmux::Options::new(address).subscription_capacity(1 << 20);
        let muxer = ConnectionMultiplexer::connect_with(options, G::environment()).await;
        let subscriber = muxer.expect("connect").subscriber();
        let messages = subscriber.subscribe(channel).await.expect("SUBSCRIBE").messages();
        subscribed();
        messages.take(count).fold(0, async |sum, message| sum + message.payload.len()).await
    }
}

impl FromReply for Profile {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let mut profile = Self::default();
        let fields = reply.entries().ok_or_else(|| DecodeError::new("a map", reply.kind()))?;
        for (field, value) in fields {
            match field.as_str().unwrap_or_default().as_ref() {
                "id" => profile.id = FromReply::from_reply(value)?,
                "name" => profile.name = FromReply::from_reply(value)?,
                "email" => profile.email = FromReply::from_reply(value)?,
                "country" => profile.country = FromReply::from_reply(value)?,
                "visits" => profile.visits = FromReply::from_reply(value)?,
                "score" => profile.score = FromReply::from_reply(value)?,
                "created" => profile.created = FromReply::from_reply(value)?,
                "updated" => profile.updated = FromReply::from_reply(value)?,
                _ => {}
            }
        }
        Ok(profile)
    }
}
