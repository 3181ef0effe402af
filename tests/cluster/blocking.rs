//! Commands that wait at the server of their key.

use std::time::Duration;

use async_std::task::{sleep, spawn};
use redmux::database::BlockFor;

use crate::{connect, from_to, movable, shared};

#[async_std::test]
async fn a_command_waits_at_the_server_of_its_key() {
    let cluster = shared();
    let muxer = connect(cluster, 3).await;
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
    let cluster = movable();
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    let slot = cluster.slot("waited for");
    let (from, to) = from_to(cluster, slot);
    let pop = spawn(db.blpop::<String, String>("waited for", BlockFor::Forever).owned());
    sleep(Duration::from_millis(50)).await;
    cluster.move_slot(slot, from, to);
    sleep(Duration::from_millis(50)).await;
    db.rpush("waited for", "item").await.unwrap();
    assert_eq!(pop.await.unwrap().map(|(_, item)| item).as_deref(), Some("item"));
    muxer.close().await;
}
