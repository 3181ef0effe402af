use redmux::{ConnectionMultiplexer, Options, cache::CacheOptions};
use redmux_transport::Endpoint;
use wasm_bindgen::prelude::*;

use crate::{bounded, endpoint, sleep};

async fn connect(redis: Endpoint, cache: bool) -> ConnectionMultiplexer {
    let mut options = Options::default().add_endpoint(redis);
    if cache {
        options = options.client_cache(CacheOptions::default());
    }
    let connect = ConnectionMultiplexer::connect_with(options, redmux_websocket::environment());
    bounded(connect).await.unwrap()
}

/// The client-side cache over a WebSocket: the server's invalidations come as pushes.
#[wasm_bindgen]
pub async fn caching(base: String) -> String {
    let redis = endpoint(&base, "/redis");
    let (muxer, other) = (connect(redis.clone(), true).await, connect(redis, false).await);
    let (db, plain) = (muxer.database(), other.database());
    plain.set("cached", "one").await.unwrap();
    for _ in 0..100 {
        let value: Option<String> = db.get("cached").cached().await.unwrap();
        assert_eq!(value.as_deref(), Some("one"));
    }
    let stats = muxer.cache_stats().unwrap();
    assert_eq!((stats.hits, stats.misses), (99, 1), "{stats:?}");
    plain.set("cached", "two").await.unwrap();
    bounded(async {
        while db.get::<String>("cached").cached().await.unwrap().as_deref() != Some("two") {
            sleep(1).await;
        }
    })
    .await;
    bounded(muxer.close()).await;
    bounded(other.close()).await;
    format!("{} hits, and the change was seen", stats.hits)
}
