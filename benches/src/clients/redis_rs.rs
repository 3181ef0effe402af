use std::{collections::HashMap, future::Future};

use futures::StreamExt;
use redis::{
    AsyncCommands, AsyncConnectionConfig, FromRedisValue, ParsingError, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
};

use super::{Book, Client, Profile, cluster, tokio_block_on, tokio_spawn};

/// redis-rs: one multiplexed connection on tokio
pub type RedisRs = Through<MultiplexedConnection>;

/// The same for a cluster: one connection to each node
pub type RedisRsCluster = Through<ClusterConnection>;

#[derive(Clone)]
pub struct Through<C>(C);

/// Opens such a connection
pub trait Open: ConnectionLike + Clone + Send + Sync + 'static {
    fn open(address: &str) -> impl Future<Output = Self> + Send;
}

impl Open for MultiplexedConnection {
    async fn open(address: &str) -> Self {
        // As long as ours; its default of 500 ms fails the workload of 100,000 commands.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(Some(std::time::Duration::from_secs(60)));
        let client = client(address);
        client.get_multiplexed_async_connection_with_config(&config).await.expect("connect")
    }
}

impl Open for ClusterConnection {
    async fn open(address: &str) -> Self {
        let node = format!("redis://{}", cluster(address).unwrap_or(address));
        let client = ClusterClient::new([node]).expect("an address");
        client.get_async_connection().await.expect("connect")
    }
}

fn client(address: &str) -> redis::Client {
    redis::Client::open(format!("redis://{address}")).expect("an address")
}

impl<C: Open> Client for Through<C> {
    fn block_on<F: Future>(future: F) -> F::Output {
        tokio_block_on(future)
    }

    fn spawn(
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        tokio_spawn(task)
    }

    async fn connect(address: &str) -> Self {
        Self(C::open(address).await)
    }

    async fn get(&self, key: &str) -> Option<String> {
        self.0.clone().get(key).await.expect("GET")
    }

    async fn set(&self, key: &str, value: &str) {
        self.0.clone().set(key, value).await.expect("SET")
    }

    async fn try_set(&self, key: &str, value: &str) -> bool {
        self.0.clone().set::<_, _, ()>(key, value).await.is_ok()
    }

    async fn pipeline(&self, keys: &[String]) -> Vec<Option<String>> {
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline.get(key);
        }
        pipeline.query_async(&mut self.0.clone()).await.expect("GET")
    }

    async fn mget(&self, keys: &[String]) -> Vec<Option<String>> {
        self.0.clone().mget(keys).await.expect("MGET")
    }

    async fn lrange(&self, key: &str) -> Vec<String> {
        self.0.clone().lrange(key, 0, -1).await.expect("LRANGE")
    }

    async fn hgetall(&self, key: &str) -> HashMap<String, String> {
        self.0.clone().hgetall(key).await.expect("HGETALL")
    }

    async fn profile(&self, key: &str) -> Profile {
        self.0.clone().hgetall(key).await.expect("HGETALL")
    }

    async fn search(&self, most: usize) -> Vec<Book> {
        let mut search = redis::cmd("FT.SEARCH");
        search.arg("books").arg("*").arg("LIMIT").arg(0).arg(most);
        let found: Vec<Value> = search.query_async(&mut self.0.clone()).await.expect("FT.SEARCH");
        // How many there are, and then keys and hashes.
        let hashes = found.into_iter().skip(2).step_by(2);
        hashes.map(|hash| redis::from_redis_value(hash).expect("a book")).collect()
    }

    async fn receive(
        address: &str,
        channel: &str,
        count: usize,
        subscribed: impl FnOnce() + Send,
    ) -> usize {
        let mut connection = client(address).get_async_pubsub().await.expect("connect");
        connection.subscribe(channel).await.expect("SUBSCRIBE");
        subscribed();
        let messages = connection.on_message().take(count);
        messages.fold(0, async |sum, message| sum + message.get_payload_bytes().len()).await
    }
}

impl FromRedisValue for Book {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let pairs = value.into_map_iter().map_err(|_| ParsingError::from("not a map"))?;
        let mut book = Self::default();
        for (field, value) in pairs {
            let Value::BulkString(field) = field else { continue };
            match field.as_slice() {
                b"title" => book.title = redis::from_redis_value(value)?,
                b"genre" => book.genre = redis::from_redis_value(value)?,
                b"price" => book.price = redis::from_redis_value(value)?,
                b"year" => book.year = redis::from_redis_value(value)?,
                b"stock" => book.stock = redis::from_redis_value(value)?,
                _ => {}
            }
        }
        Ok(book)
    }
}

impl FromRedisValue for Profile {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let pairs = value.into_map_iter().map_err(|_| ParsingError::from("not a map"))?;
        let mut profile = Self::default();
        for (field, value) in pairs {
            let Value::BulkString(field) = field else { continue };
            match field.as_slice() {
                b"id" => profile.id = redis::from_redis_value(value)?,
                b"name" => profile.name = redis::from_redis_value(value)?,
                b"email" => profile.email = redis::from_redis_value(value)?,
                b"country" => profile.country = redis::from_redis_value(value)?,
                b"visits" => profile.visits = redis::from_redis_value(value)?,
                b"score" => profile.score = redis::from_redis_value(value)?,
                b"created" => profile.created = redis::from_redis_value(value)?,
                b"updated" => profile.updated = redis::from_redis_value(value)?,
                _ => {}
            }
        }
        Ok(profile)
    }
}
