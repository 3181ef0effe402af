//! Nodes of a cluster that say which slots have moved.

use redmux::pubsub::Item;
use redmux_test_support::Heralds;

use super::*;

async fn connect(all: &Heralds) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(common(all.options())).await.unwrap()
}

#[async_std::test]
async fn slots_that_have_moved_are_found_without_a_redirect() {
    let all = Heralds::start();
    let muxer = connect(&all).await;
    let db = muxer.database();
    let mut events = muxer.events();
    db.set("{a}1", "1").await.unwrap();
    db.set("{b}1", "1").await.unwrap();
    db.set("{c}1", "1").await.unwrap();
    let before = muxer.status().map.redirects;
    let slot = all.cluster.slot("{a}1");
    let (pushed, _, _) = all.move_slot_of("{a}1");
    // Each node says so on its connections.
    for door in &all.doors {
        door.push(&pushed);
    }
    let said = notice(&mut events).await;
    assert_eq!(said.slots[0].slots, [slot as u16..=slot as u16]);
    while !matches!(next(&mut events).await, Event::HashSlotsMoved(_)) {}
    assert_eq!(db.get::<String>("{a}1").await.unwrap().as_deref(), Some("1"));
    assert_eq!(muxer.status().map.redirects, before);
    // One event, however many connections it came over; and the news of the slots.
    db.ping().await.unwrap();
    while let Ok(event) =
        async_std::future::timeout(Duration::from_millis(300), events.next()).await
    {
        match event {
            Some(Event::ServerMaintenance(again)) => panic!("told twice: {again}"),
            Some(Event::HashSlotsMoved(again)) => panic!("told twice: {again:?}"),
            _ => {}
        }
    }
    muxer.close().await;
}

#[async_std::test]
async fn old_and_false_notices_of_slots_do_no_harm() {
    let all = Heralds::start();
    let muxer = connect(&all).await;
    let db = muxer.database();
    let slot = all.cluster.slot("{a}1");
    let owner = all.cluster.owner(slot, 0).unwrap();
    let (second, third) = ((owner + 1) % 3, (owner + 2) % 3);
    db.set("{a}1", "1").await.unwrap();
    let address = |node| all.address(node);
    for (number, (from, to)) in [(second, third), (third, second)].into_iter().enumerate() {
        // It is not from there that slots would move.
        all.doors[owner].push(&format!(
            "SMIGRATED :{number} [{} {} {slot}]",
            address(from),
            address(to)
        ));
    }
    let before = muxer.status().map.redirects;
    assert_eq!(db.incr("{a}1").await.unwrap(), 2);
    assert_eq!(muxer.status().map.redirects, before);
    // A false one is corrected by the first redirect.
    all.doors[owner].push(&format!("SMIGRATED :9 [{} {} {slot}]", address(owner), address(second)));
    all.doors[owner].push("SMIGRATED :10 [nowhere:1 127.0.0.1:1 0-16383]");
    for number in 3..20 {
        assert_eq!(db.incr("{a}1").await.unwrap(), number);
    }
    muxer.close().await;
}

#[async_std::test]
async fn floods_of_notices_of_slots_cost_neither_time_nor_memory() {
    let all = Heralds::start();
    let muxer = connect(&all).await;
    let db = muxer.database();
    db.set("{a}1", "1").await.unwrap();
    let known = muxer.status().nodes.len();
    let door = &all.doors[0];
    // Nodes that nobody knows of, and one notice that names all slots thousands of times.
    for number in 0..500 {
        let rows: Vec<String> = (0..20)
            .map(|node| format!("10.{number}.{node}.1:7000 10.0.0.1:7000 0-16383"))
            .collect();
        door.push(&format!("SMIGRATED :{number} [{}]", rows.join("|")));
    }
    let row = format!("{} {} 0-16383", all.address(1), all.address(1));
    door.push(&format!("SMIGRATED :1000 [{}]", vec![row; 5_000].join("|")));
    let begun = Instant::now();
    for _ in 0..100 {
        db.ping().await.unwrap();
        assert_eq!(db.get::<String>("{a}1").await.unwrap().as_deref(), Some("1"));
    }
    // It took 23 s before.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(muxer.status().nodes.len(), known);
    muxer.close().await;
}

#[async_std::test]
async fn what_listens_to_a_shard_channel_goes_along() {
    let all = Heralds::start();
    let muxer = connect(&all).await;
    let mut heard = muxer.subscriber().ssubscribe("{a}news").await.unwrap();
    let (pushed, from, to) = all.move_slot_of("{a}news");
    all.doors[from].push(&pushed);
    let listeners = || all.cluster.nodes()[to].command(&["PUBSUB", "SHARDNUMSUB", "{a}news"]);
    eventually(|| listeners() == "{a}news\n1").await;
    // What is published during the move falls into its gap.
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        all.cluster.nodes()[to].command(&["SPUBLISH", "{a}news", "hello"]);
        let soon = async_std::future::timeout(Duration::from_millis(50), heard.next()).await;
        if let Ok(Some(Item::Message(message))) = soon {
            break assert_eq!(message.text(), "hello");
        }
        assert!(Instant::now() < end, "nothing is heard at the new node");
    }
    muxer.close().await;
}
