//! An old primary that wakes takes no write: it would be lost.

use std::time::{Duration, Instant};

use async_std::task;
use redmux_test_support::RedisSentinels;

use crate::connect;

#[async_std::test]
async fn an_old_primary_that_wakes_gets_no_write() {
    let all = RedisSentinels::start();
    let muxer = connect(&all, 2).await;
    let db = muxer.database();
    db.set("before", 1).await.unwrap();
    all.servers()[0].pause();
    let begun = Instant::now();
    let mut number = 0;
    let new = format!(":{}", all.servers()[1].port());
    // Nothing is sent in between: that would make the client notice that the old connection is silent.
    while !muxer.status().connections[0].endpoint.to_string().ends_with(&new) {
        assert!(begun.elapsed() < Duration::from_secs(30), "no other server is used");
        task::sleep(Duration::from_millis(5)).await;
    }
    all.servers()[0].resume();
    let lease = muxer.lease().await.unwrap();
    // It believes for seconds that it is the primary.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(2) {
        number += 1;
        db.set(format!("after:{number}"), number).await.unwrap();
        lease.database().incr("leased").await.unwrap();
        let found = all.servers()[0].command(&["EXISTS", &format!("after:{number}")]);
        let replicates = all.servers()[0].command(&["ROLE"]).contains("slave");
        assert!(found.trim() == "0" || replicates, "the old primary has it");
        task::sleep(Duration::from_millis(5)).await;
    }
    let count: i64 = lease.database().incr("leased").await.unwrap();
    assert_eq!(count, number + 1);
    drop(lease);
    for number in 1..=number {
        let found: Option<i64> = db.get(format!("after:{number}")).await.unwrap();
        assert_eq!(found, Some(number));
    }
    muxer.close().await;
}
