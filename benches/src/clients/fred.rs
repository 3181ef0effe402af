use std::{collections::HashMap, future::Future};

use fred::prelude::*;

use super::{Book, Client as Bench, Profile, cluster, tokio_block_on, tokio_spawn};

/// fred: one client on tokio
#[derive(Clone)]
pub struct Fred(Client);

fn client(address: &str, capacity: usize) -> Client {
    let (host, port) = cluster(address).unwrap_or(address).rsplit_once(':').expect("host:port");
    let port = port.parse().expect("a port");
    let many = cluster(address).is_some();
    let server = match many {
        true => ServerConfig::new_clustered(vec![(host, port)]),
        false => ServerConfig::new_centralized(host, port),
    };
    let config = Config { server, ..Config::default() };
    let performance = PerformanceConfig {
        // Else its receiver loses messages.
        broadcast_channel_capacity: capacity,
        ..PerformanceConfig::default()
    };
    // By default it gives up with its connection; this is what its examples have.
    let policy = many.then(|| ReconnectPolicy::new_exponential(0, 100, 30_000, 2));
    Client::new(config, Some(performance), None, policy)
}

impl Bench for Fred {
    fn block_on<F: Future>(future: F) -> F::Output {
        tokio_block_on(future)
    }

    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        tokio_spawn(task)
    }

    async fn connect(address: &str) -> Self {
        let client = client(address, 32);
        client.init().await.expect("connect");
        Self(client)
    }

    async fn get(&self, key: &str) -> Option<String> {
        self.0.get(key).await.expect("GET")
    }

    async fn set(&self, key: &str, value: &str) {
        self.0.set(key, value, None, None, false).await.expect("SET")
    }

    async fn try_set(&self, key: &str, value: &str) -> bool {
        self.0.set::<(), _, _>(key, value, None, None, false).await.is_ok()
    }

    async fn pipeline(&self, keys: &[String]) -> Vec<Option<String>> {
        let pipeline = self.0.pipeline();
        for key in keys {
            let () = pipeline.get(key).await.expect("queued");
        }
        pipeline.all().await.expect("GET")
    }

    async fn mget(&self, keys: &[String]) -> Vec<Option<String>> {
        self.0.mget(keys.to_vec()).await.expect("MGET")
    }

    async fn lrange(&self, key: &str) -> Vec<String> {
        self.0.lrange(key, 0, -1).await.expect("LRANGE")
    }

    async fn hgetall(&self, key: &str) -> HashMap<String, String> {
        self.0.hgetall(key).await.expect("HGETALL")
    }

    async fn profile(&self, key: &str) -> Profile {
        self.0.hgetall(key).await.expect("HGETALL")
    }

    async fn search(&self, most: usize) -> Vec<Book> {
        let search = fred::types::CustomCommand::new_static("FT.SEARCH", None, false);
        let words = ["books".to_owned(), "*".into(), "LIMIT".into(), "0".into(), most.to_string()];
        let found: Vec<Value> = self.0.custom(search, words.to_vec()).await.expect("FT.SEARCH");
        // How many there are, and then keys and hashes.
        let hashes = found.into_iter().skip(2).step_by(2);
        hashes.map(|hash| hash.convert().expect("a book")).collect()
    }

    async fn receive(
        address: &str,
        channel: &str,
        count: usize,
        subscribed: impl FnOnce() + Send,
    ) -> usize {
        let client = client(address, 1 << 20);
        client.init().await.expect("connect");
        let mut messages = client.message_rx();
        client.subscribe(channel).await.expect("SUBSCRIBE");
        subscribed();
        let mut sum = 0;
        for _ in 0..count {
            let message = messages.recv().await.expect("a message");
            sum += message.value.as_bytes().map_or(0, <[u8]>::len);
        }
        sum
    }
}

impl FromValue for Book {
    fn from_value(value: Value) -> Result<Self, Error> {
        let mut book = Self::default();
        for (field, value) in value.into_map()?.inner() {
            match field.as_str().unwrap_or_default() {
                "title" => book.title = value.convert()?,
                "genre" => book.genre = value.convert()?,
                "price" => book.price = value.convert()?,
                "year" => book.year = value.convert()?,
                "stock" => book.stock = value.convert()?,
                _ => {}
            }
        }
        Ok(book)
    }
}

impl FromValue for Profile {
    fn from_value(value: Value) -> Result<Self, Error> {
        let mut profile = Self::default();
        for (field, value) in value.into_map()?.inner() {
            match field.as_str().unwrap_or_default() {
                "id" => profile.id = value.convert()?,
                "name" => profile.name = value.convert()?,
                "email" => profile.email = value.convert()?,
                "country" => profile.country = value.convert()?,
                "visits" => profile.visits = value.convert()?,
                "score" => profile.score = value.convert()?,
                "created" => profile.created = value.convert()?,
                "updated" => profile.updated = value.convert()?,
                _ => {}
            }
        }
        Ok(profile)
    }
}
