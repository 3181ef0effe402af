//! What servers are asked for, and the events that their notices are.

use redmux::{ErrorKind, error::ConnectStage, resp::Protocol};

use super::*;

#[async_std::test]
async fn a_server_is_asked_where_the_options_say_so() {
    let server = RedisServer::start();
    let door = Door::open(server.addr());
    for (mode, asked) in [(Maintenance::Off, 0), (Maintenance::Auto, 1), (Maintenance::Required, 2)]
    {
        let muxer = ConnectionMultiplexer::connect(options(&door).maintenance(mode)).await.unwrap();
        muxer.database().set("k", "v").await.unwrap();
        // A leased connection ends where it began: it does not ask.
        muxer
            .database()
            .blpop::<String, String>(["none"], Duration::from_millis(10))
            .await
            .unwrap();
        muxer.close().await;
        assert_eq!(door.asked().len(), asked);
    }
    assert_eq!(door.asked()[0], ["ON", "moving-endpoint-type", "internal-ip"]);
}

#[async_std::test]
async fn a_server_that_knows_no_notices_serves_unless_they_are_required() {
    let server = RedisServer::start();
    let door = Door::open(server.addr());
    door.be_deaf();
    let auto = ConnectionMultiplexer::connect(options(&door).maintenance(Maintenance::Auto));
    let muxer = auto.await.unwrap();
    let mut events = muxer.events();
    muxer.database().set("k", "v").await.unwrap();
    muxer.close().await;
    assert!(events.next().await.is_none(), "it is no news");
    let error = ConnectionMultiplexer::connect(options(&door).connect_retry(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Handshake));
    assert!(error.to_string().contains("maintenance=required"), "{error}");
    let contradiction = options(&door).protocol(Protocol::Resp2).validate().unwrap_err();
    assert!(contradiction.to_string().contains("RESP3"), "{contradiction}");
}

#[async_std::test]
async fn each_notice_is_one_event() {
    let server = RedisServer::start();
    let door = Door::open(server.addr());
    let (muxer, mut events) = connect(&door).await;
    let db = muxer.database();
    for (pushed, kind, text) in [
        (
            "MIGRATING :1 :10 shard-1",
            NotificationType::Migrating,
            "a shard moves to another node: commands may be slow within 10 s (notice 1)",
        ),
        (
            "MIGRATED :2 shard-1",
            NotificationType::Migrated,
            "a shard has moved to another node (notice 2)",
        ),
        (
            "FAILING_OVER :3 :10 shard-1",
            NotificationType::FailingOver,
            "a replica is about to take over: commands may be slow within 10 s (notice 3)",
        ),
        (
            "FAILED_OVER :4 shard-1",
            NotificationType::FailedOver,
            "a replica has taken over (notice 4)",
        ),
        (
            "SMIGRATING :5 1,2-3",
            NotificationType::SlotsMigrating,
            "slots move to another node: commands may be slow (notice 5)",
        ),
        (
            "SMIGRATED :6 [a:1 b:2 1,2-3]",
            NotificationType::SlotsMigrated,
            "slots have moved to another node (notice 6)",
        ),
    ] {
        // It comes between replies, and a second time.
        let replies =
            futures::future::join_all((0..20).map(|number| db.echo::<String>(number.to_string())));
        assert_eq!(door.push(pushed), 1);
        assert_eq!(door.push(pushed), 1);
        for (number, reply) in replies.await.into_iter().enumerate() {
            assert_eq!(reply.unwrap(), number.to_string());
        }
        let notice = notice(&mut events).await;
        assert_eq!(notice.notification_type, kind);
        assert_eq!(*notice.endpoint, door.addr().to_string().parse().unwrap());
        let shown = Event::ServerMaintenance(notice.clone()).to_string();
        assert_eq!(shown, format!("server maintenance: {}: {text}", door.addr()));
        assert_eq!(notice.slots.len(), usize::from(pushed.starts_with('S')));
    }
    for pushed in
        ["MOVING", "MIGRATED null null", "SMIGRATED :9 [x y]", "FAILING_OVER :x :y", "NEWS :1"]
    {
        door.push(pushed);
    }
    db.ping().await.unwrap();
    door.push("FAILED_OVER :99");
    while notice(&mut events).await.sequence != Some(99) {}
    muxer.close().await;
}

#[async_std::test]
async fn a_flood_of_notices_costs_nothing_but_events() {
    let server = RedisServer::start();
    let door = Door::open(server.addr());
    let (muxer, events) = connect(&door).await;
    for number in 0..20_000 {
        door.push(&format!("MIGRATING :{number} :10 {}", "x".repeat(200)));
    }
    assert_eq!(muxer.database().echo::<String>("still there").await.unwrap(), "still there");
    drop(events);
    muxer.close().await;
}
