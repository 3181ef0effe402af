//! The same with real servers.

use std::time::{Duration, Instant};

use async_std::task;
use redmux::{
    ConnectionMultiplexer, Delivery,
    group::{GroupMember, GroupOptions},
};
use redmux_test_support::RedisServer;

use crate::world::active;

fn members(servers: &[RedisServer]) -> Vec<GroupMember> {
    let member = |(number, server): (usize, &RedisServer)| {
        let weight = (servers.len() - number) as f64;
        let options = format!("127.0.0.1:{}", server.port());
        GroupMember::new(format!("m{number}"), options).weight(weight)
    };
    servers.iter().enumerate().map(member).collect()
}

async fn connect(servers: &[RedisServer]) -> ConnectionMultiplexer {
    let options = GroupOptions::new();
    let environment = redmux::tcp::environment();
    ConnectionMultiplexer::connect_group_with(members(servers), options, environment).await.unwrap()
}

/// Writes until another member than `old` has taken a write; how long that took.
async fn write_through(muxer: &ConnectionMultiplexer, old: &str) -> Duration {
    let begun = Instant::now();
    let db = muxer.database();
    loop {
        let written = db.set("key", "value").timeout(Duration::from_millis(200)).await;
        match written {
            Ok(_) if active(muxer) != old => return begun.elapsed(),
            Ok(_) => {}
            // Its time was up, or it was on its way when the connection was lost.
            Err(error) => assert!(
                error.is_timeout() || error.delivery() == Delivery::MaybeExecuted,
                "{error}"
            ),
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "nobody takes writes");
        task::sleep(Duration::from_millis(5)).await;
    }
}

#[async_std::test]
async fn a_server_that_is_killed_is_replaced_and_taken_again() {
    let servers = [RedisServer::start(), RedisServer::start()];
    let muxer = connect(&servers).await;
    muxer.database().set("key", "first").await.unwrap();
    assert_eq!(active(&muxer), "m0");
    servers[0].kill();
    let took = write_through(&muxer, "m0").await;
    println!("after a kill: {took:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(servers[1].command(&["GET", "key"]).trim(), "value");
    servers[0].restart();
    let begun = Instant::now();
    while active(&muxer) != "m0" {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", muxer.status());
        task::sleep(Duration::from_millis(10)).await;
    }
    println!("back after {:?}", begun.elapsed());
    muxer.close().await;
}

#[async_std::test]
async fn a_server_that_is_stopped_is_replaced() {
    let servers = [RedisServer::start(), RedisServer::start()];
    let muxer = connect(&servers).await;
    servers[0].pause();
    let took = write_through(&muxer, "m0").await;
    println!("after a stop: {took:?}");
    assert!(took < Duration::from_secs(9), "{took:?}");
    servers[0].resume();
    muxer.close().await;
}
