//! Channels, as the server counts their subscribers.

use crate::{both, texts};

#[async_std::test]
async fn a_message_without_subscribers_reaches_nobody() {
    both(|_, db| async move {
        assert_eq!(db.publish("nobody", "x").await.unwrap(), 0);
        assert_eq!(db.spublish("nobody", "x").await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn the_server_tells_of_channels_patterns_and_their_subscribers() {
    both(|muxer, db| async move {
        let subscriber = muxer.subscriber();
        let _news = subscriber.subscribe("news").await.unwrap();
        let _all = subscriber.psubscribe("n*").await.unwrap();
        assert_eq!(db.pubsub_channels::<String>("*").await.unwrap(), texts(&["news"]));
        let counts: Vec<(String, u64)> = db.pubsub_numsub(["news", "none"]).await.unwrap();
        assert_eq!(counts, [("news".to_owned(), 1), ("none".to_owned(), 0)]);
        assert_eq!(db.pubsub_numpat().await.unwrap(), 1);
        assert_eq!(db.publish("news", "x").await.unwrap(), 2);
    })
    .await;
}

#[async_std::test]
async fn shard_channels_are_not_the_other_channels() {
    both(|muxer, db| async move {
        let _news = muxer.subscriber().subscribe("news").await.unwrap();
        assert_eq!(db.pubsub_shardchannels::<String>("*").await.unwrap(), texts(&[]));
        let shards: Vec<(String, u64)> = db.pubsub_shardnumsub("news").await.unwrap();
        assert_eq!(shards, [("news".to_owned(), 0)]);
    })
    .await;
}
