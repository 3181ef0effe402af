//! While maintenance is under way, commands have more time, and errors say what was announced.

use redmux::{Delivery, ErrorKind, error::TimeoutStage};

use super::*;

fn brisk(door: &Door) -> Options {
    options(door)
        .command_timeout(Duration::from_millis(200))
        .relaxed_timeout(Duration::from_millis(1500))
        .probe_after(Duration::from_secs(60))
}

#[async_std::test]
async fn commands_have_more_time_from_the_notice_on_those_under_way_too() {
    let server = RedisServer::start();
    let door = Door::open(server.addr());
    let muxer = ConnectionMultiplexer::connect(brisk(&door)).await.unwrap();
    let mut events = muxer.events();
    let db = muxer.database();
    server.pause();
    let early = db.set("early", "1").owned();
    let early = async_std::task::spawn(early.into_future());
    async_std::task::sleep(Duration::from_millis(50)).await;
    assert_eq!(door.push("FAILING_OVER :1 :30 shard-1"), 1);
    notice(&mut events).await;
    let late = async_std::task::spawn(db.set("late", "1").owned().into_future());
    let own = db.set("own", "1").timeout(Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(own.kind(), ErrorKind::Timeout(TimeoutStage::Response));
    assert_eq!(own.maintenance(), Some("FAILING_OVER"));
    assert!(own.to_string().contains("during announced maintenance (FAILING_OVER)"), "{own}");
    async_std::task::sleep(Duration::from_millis(400)).await;
    server.resume();
    early.await.unwrap();
    late.await.unwrap();
    muxer.close().await;
}

#[async_std::test]
async fn the_longer_time_has_an_end() {
    let server = RedisServer::start();
    let door = Door::open(server.addr());
    let muxer = ConnectionMultiplexer::connect(brisk(&door)).await.unwrap();
    let mut events = muxer.events();
    server.pause();
    door.push("MIGRATING :1 :30 shard-1");
    notice(&mut events).await;
    let before = Instant::now();
    let error = muxer.database().set("k", "v").await.unwrap_err();
    assert!(before.elapsed() >= Duration::from_millis(1400), "{error}");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response));
    assert_eq!(
        (error.delivery(), error.maintenance()),
        (Delivery::MaybeExecuted, Some("MIGRATING"))
    );
    server.resume();
    // What is lost with the connection says so, too.
    server.pause();
    let lost = async_std::task::spawn(muxer.database().set("k", "v").owned().into_future());
    async_std::task::sleep(Duration::from_millis(50)).await;
    door.hang_up();
    let error = lost.await.unwrap_err();
    assert_eq!((error.kind(), error.maintenance()), (ErrorKind::ConnectionLost, Some("MIGRATING")));
    server.resume();
    muxer.close().await;
}
