use std::{collections::HashMap, future::Future};

use futures::StreamExt;
use rustis::{
    client::{BatchPreparedCommand, IntoConfig},
    commands::{
        FtAttributeValue, FtSearchOptions, HashCommands, ListCommands, PubSubCommands,
        SearchCommands, StringCommands,
    },
};

use super::{Book, Client, Profile, cluster, tokio_block_on, tokio_spawn};

/// rustis: one client on tokio
#[derive(Clone)]
pub struct Rustis(rustis::client::Client);

impl Client for Rustis {
    fn block_on<F: Future>(future: F) -> F::Output {
        tokio_block_on(future)
    }

    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        tokio_spawn(task)
    }

    async fn connect(address: &str) -> Self {
        let config = match cluster(address) {
            Some(node) => format!("redis+cluster://{node}").into_config(),
            None => address.into_config(),
        };
        let mut config = config.expect("an address");
        // Else it refuses 100,000 commands at once, and drops messages.
        config.backpressure.max_queued_bytes = 0;
        config.backpressure.max_pubsub_bytes = 0;
        Self(rustis::client::Client::connect(config).await.expect("connect"))
    }

    async fn get(&self, key: &str) -> Option<String> {
        self.0.get(key).await.expect("GET")
    }

    async fn set(&self, key: &str, value: &str) {
        self.0.set(key, value).await.expect("SET");
    }

    async fn try_set(&self, key: &str, value: &str) -> bool {
        self.0.set(key, value).await.is_ok()
    }

    async fn pipeline(&self, keys: &[String]) -> Vec<Option<String>> {
        let mut pipeline = self.0.create_pipeline();
        pipeline.reserve(keys.len());
        for key in keys {
            pipeline.get::<Option<String>>(key).queue();
        }
        pipeline.execute().await.expect("GET")
    }

    async fn mget(&self, keys: &[String]) -> Vec<Option<String>> {
        self.0.mget(keys).await.expect("MGET")
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
        let options = FtSearchOptions::default().limit(0, most as u32);
        let found = self.0.ft_search("books", "*", options).await.expect("FT.SEARCH");
        let books = found.results.into_iter().map(|row| {
            let mut book = Book::default();
            for (name, value) in row.extra_attributes {
                let FtAttributeValue::Text(value) = value else { continue };
                match name.as_str() {
                    "title" => book.title = value,
                    "genre" => book.genre = value,
                    "price" => book.price = value.parse().expect("a number"),
                    "year" => book.year = value.parse().expect("a number"),
                    "stock" => book.stock = value.parse().expect("a number"),
                    _ => {}
                }
            }
            book
        });
        books.collect()
    }

    async fn receive(
        address: &str,
        channel: &str,
        count: usize,
        subscribed: impl FnOnce() + Send,
    ) -> usize {
        let client = Self::connect(address).await.0;
        let messages = client.subscribe(channel).await.expect("SUBSCRIBE");
        subscribed();
        let messages = messages.take(count);
        messages
            .fold(0, async |sum, message| sum + message.expect("a message").payload().len())
            .await
    }
}
