//! Commands that wait at the server of their key.

use std::time::Duration;

use async_std::task::{sleep, spawn};
use redmux::database::BlockFor;
use redmux_test_support::RedisCluster;

use crate::{FOO, connect, ends, shared};

#[async_std::test]
async fn a_command_waits_at_the_server_of_its_key() {
    let cluster = shared();
    let muxer = connect(&cluster, 3).await;
    let db = muxer.database();
    for list in ["l1", "l2", "l3", "l4"] {
        let pop = spawn(db.blpop::<String, String>(list, BlockFor::Forever).owned());
        sleep(Duration::from_millis(20)).await;
        db.rpush(list, "item").await.unwrap();
        assert_eq!(pop.await.unwrap().map(|(_, item)| item).as_deref(), Some("item"));
    }
    muxer.close().await;
}

#[async_std::test]
async fn a_command_that_waits_follows_its_slot() {
    let cluster = RedisCluster::builder().replicas(0).start().unwrap();
    let muxer = connect(&cluster, 0).await;
    let db = muxer.database();
    let (from, to) = ends(&cluster);
    let pop = spawn(db.blpop::<String, String>("foo", BlockFor::Forever).owned());
    sleep(Duration::from_millis(50)).await;
    cluster.move_slot(FOO, from, to);
    sleep(Duration::from_millis(50)).await;
    db.rpush("foo", "item").await.unwrap();
    assert_eq!(pop.await.unwrap().map(|(_, item)| item).as_deref(), Some("item"));
    muxer.close().await;
}
