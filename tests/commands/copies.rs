//! Keys that are copied, moved, dumped and restored.

use std::time::Duration;

use redmux::database::keys::{RestoreOptions, Ttl};
use redmux_test_support::RedisServer;

use crate::{both, both_on};

#[async_std::test]
async fn a_copy_replaces_a_key_only_if_asked_to() {
    both(|_, db| async move {
        db.mset([("a", 1), ("b", 2)]).await.unwrap();
        assert!(!db.copy("a", "b").await.unwrap());
        assert!(db.copy_replacing("a", "b").await.unwrap());
        assert_eq!(db.get::<i64>("b").await.unwrap(), Some(1));
        assert!(db.copy("a", "e").await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn a_key_goes_to_another_database_once() {
    both(|_, db| async move {
        db.mset([("a", 1), ("b", 2)]).await.unwrap();
        assert!(db.copy_to_db("a", "a", 3).await.unwrap());
        assert!(db.move_to_db("b", 3).await.unwrap() && !db.move_to_db("b", 3).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn a_dump_is_restored_with_a_time_to_live_or_without() {
    both(|_, db| async move {
        db.set("d", 1).await.unwrap();
        let dump = db.dump("d").await.unwrap().unwrap();
        db.restore("f", Some(Duration::from_secs(60)), &dump).await.unwrap();
        db.restore("g", None, dump).await.unwrap();
        assert_eq!(db.get::<i64>("f").await.unwrap(), Some(1));
        assert_eq!(db.pttl("g").await.unwrap(), Ttl::Forever);
        assert_eq!(db.dump("none").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn a_dump_replaces_a_key_only_if_asked_to() {
    both(|_, db| async move {
        db.set("a", 1).await.unwrap();
        let dump = db.dump("a").await.unwrap().unwrap();
        assert!(db.restore("a", None, &dump).await.unwrap_err().is_server());
        let idle = RestoreOptions::new().replace().idletime(1000);
        db.restore_with("a", None, &dump, idle).await.unwrap();
        assert!(db.object_idletime("a").await.unwrap().unwrap() >= 1000);
    })
    .await;
}

#[async_std::test]
async fn a_frequency_is_restored_where_the_server_keeps_one() {
    // The policy is of the whole server.
    both_on(&RedisServer::start(), |_, db| async move {
        db.set("a", 1).await.unwrap();
        let dump = db.dump("a").await.unwrap().unwrap();
        assert!(db.object_freq("a").await.unwrap_err().is_server());
        db.config_set("maxmemory-policy", "allkeys-lfu").await.unwrap();
        let freq = RestoreOptions::new().replace().freq(200);
        db.restore_with("a", None, &dump, freq).await.unwrap();
        assert!(db.object_freq("a").await.unwrap().unwrap() > 100);
        db.config_set("maxmemory-policy", "noeviction").await.unwrap();
    })
    .await;
}
