//! The move to another endpoint: no command is lost or doubled, and none overtakes another.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use redmux::pubsub::Item;

use super::*;

/// Works until `stop` is set: each worker counts, and knows what it must get.
async fn work(muxer: ConnectionMultiplexer, key: String, stop: Arc<AtomicBool>) -> u64 {
    let db = muxer.database();
    let mut count: u64 = 0;
    while !stop.load(SeqCst) {
        // Two that are sent together: their order is that of the program.
        let (first, second) = futures::join!(db.incr(&key), db.incr(&key));
        assert_eq!((first.unwrap() as u64, second.unwrap() as u64), (count + 1, count + 2));
        count += 2;
    }
    count
}

#[async_std::test]
async fn under_load_a_move_loses_and_doubles_nothing_and_is_no_outage() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let (muxer, mut events) = connect(&old).await;
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..8)
        .map(|number| {
            async_std::task::spawn(work(muxer.clone(), format!("k{number}"), stop.clone()))
        })
        .collect();
    async_std::task::sleep(Duration::from_millis(50)).await;
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    eventually(|| new.guests() == 1 && old.guests() == 0).await;
    let before = new.commands();
    eventually(|| new.commands() > before + 100).await;
    old.shut();
    stop.store(true, SeqCst);
    for (number, worker) in workers.into_iter().enumerate() {
        let count = worker.await;
        assert_eq!(server.command(&["GET", &format!("k{number}")]), count.to_string());
    }
    let notice = notice(&mut events).await;
    assert_eq!(notice.new_endpoint, Some(new.addr().to_string().parse().unwrap()));
    match next(&mut events).await {
        Event::ConfigurationChanged(change) => {
            assert!(change.detail.contains("endpoint"), "{}", change.detail)
        }
        other => panic!("{other}"),
    }
    assert_eq!(muxer.status().connections[0].counters.failures, 0);
    muxer.close().await;
}

#[async_std::test]
async fn what_is_under_way_is_answered_at_the_old_endpoint_first() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let (muxer, _events) = connect(&old).await;
    let db = muxer.database();
    old.delay(Duration::from_millis(300));
    let slow = async_std::task::spawn(db.incr("n").owned().into_future());
    async_std::task::sleep(Duration::from_millis(50)).await;
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    // The handshake there is made: nothing more is sent to the old one.
    eventually(|| new.asked().len() == 1).await;
    async_std::task::sleep(Duration::from_millis(30)).await;
    let commands = new.commands();
    // It waits for the reply to the first one.
    let next = async_std::task::spawn(db.incr("n").owned().into_future());
    assert_eq!(slow.await.unwrap(), 1);
    assert_eq!(next.await.unwrap(), 2);
    assert!(commands < new.commands());
    muxer.close().await;
}

#[async_std::test]
async fn an_endpoint_that_does_not_answer_is_tried_again_and_nothing_fails_meanwhile() {
    let server = RedisServer::start();
    let old = Door::open(server.addr());
    let closed = Door::open(server.addr());
    let address = closed.addr();
    drop(closed);
    let (muxer, mut events) = connect(&old).await;
    old.push(&format!("MOVING :1 :15 {address}"));
    notice(&mut events).await;
    for _ in 0..50 {
        muxer.database().incr("n").await.unwrap();
        async_std::task::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(old.guests(), 1);
    let new = Door::open_at(address, server.addr());
    eventually(|| new.guests() == 1 && old.guests() == 0).await;
    assert_eq!(muxer.database().incr("n").await.unwrap(), 51);
    muxer.close().await;
}

#[async_std::test]
async fn when_the_server_hangs_up_first_the_next_stream_is_there() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let (muxer, mut events) = connect(&old).await;
    let db = muxer.database();
    // The reply does not come in time: the client waits for it, and goes on at the old endpoint.
    old.delay(Duration::from_secs(3));
    let slow = async_std::task::spawn(db.incr("slow").owned().into_future());
    async_std::task::sleep(Duration::from_millis(50)).await;
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    eventually(|| new.accepted() == 1).await;
    async_std::task::sleep(Duration::from_millis(300)).await;
    old.shut();
    let error = slow.await.unwrap_err();
    assert_eq!((error.is_connection(), error.maintenance()), (true, Some("MOVING")));
    assert_eq!(db.incr("n").await.unwrap(), 1);
    assert_eq!(new.accepted(), 1);
    notice(&mut events).await;
    match next(&mut events).await {
        Event::ConnectionFailed(failed) => assert_eq!(failed.maybe_executed, 1),
        other => panic!("{other}"),
    }
    muxer.close().await;
}

#[async_std::test]
async fn an_old_notice_that_is_repeated_moves_nothing() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    new.repeat(&format!("MOVING :1 :15 {}", new.addr()));
    let (muxer, mut events) = connect(&old).await;
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    eventually(|| new.guests() == 1 && old.guests() == 0).await;
    new.push(&format!("MOVING :1 :15 {}", new.addr()));
    new.push(&format!("MOVING :2 :15 {}", new.addr()));
    muxer.database().incr("n").await.unwrap();
    async_std::task::sleep(Duration::from_millis(600)).await;
    assert_eq!((new.accepted(), old.accepted()), (1, 1));
    let notices = [notice(&mut events).await.sequence, notice(&mut events).await.sequence];
    assert_eq!(notices, [Some(1), Some(2)]);
    muxer.close().await;
}

#[async_std::test]
async fn of_two_notices_the_later_one_says_where_to() {
    let server = RedisServer::start();
    let (old, first) = (Door::open(server.addr()), Door::open(server.addr()));
    let (muxer, _events) = connect(&old).await;
    old.delay(Duration::from_millis(500));
    let slow = async_std::task::spawn(muxer.database().incr("n").owned().into_future());
    async_std::task::sleep(Duration::from_millis(20)).await;
    old.push(&format!("MOVING :1 :15 {}", first.addr()));
    eventually(|| first.asked().len() == 1).await;
    async_std::task::sleep(Duration::from_millis(30)).await;
    // Nothing is sent now. The name leads elsewhere only in some seconds: commands go on.
    old.push("MOVING :2 :15 null");
    let waiting = async_std::task::spawn(muxer.database().incr("n").owned().into_future());
    async_std::task::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.command(&["GET", "n"]), "2");
    assert_eq!((slow.await.unwrap(), waiting.await.unwrap()), (1, 2));
    eventually(|| first.guests() == 0).await;
    old.delay(Duration::ZERO);
    let last = Door::open(server.addr());
    old.push(&format!("MOVING :3 :15 {}", last.addr()));
    eventually(|| last.guests() == 1 && old.guests() == 0).await;
    assert_eq!((muxer.database().incr("n").await.unwrap(), first.accepted()), (3, 1));
    muxer.close().await;
}

#[async_std::test]
async fn what_is_leased_ends_where_it_began() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let (muxer, _events) = connect(&old).await;
    let db = muxer.database();
    let waiting = {
        let muxer = muxer.clone();
        async_std::task::spawn(async move {
            muxer.database().blpop::<String, String>(["list"], Duration::from_secs(10)).await
        })
    };
    eventually(|| old.guests() == 2).await;
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    eventually(|| new.guests() == 1 && old.guests() == 1).await;
    async_std::task::sleep(Duration::from_millis(300)).await;
    db.rpush("list", "element").await.unwrap();
    assert!(waiting.await.is_ok());
    // The next one is leased at the new endpoint.
    db.rpush("list", "another").await.unwrap();
    db.blpop::<String, String>(["list"], Duration::from_secs(10)).await.unwrap();
    eventually(|| new.guests() == 2 && old.guests() == 0).await;
    muxer.close().await;
}

#[async_std::test]
async fn other_databases_and_transactions_go_on_at_the_new_endpoint() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let muxer = ConnectionMultiplexer::connect(options(&old).database(2)).await.unwrap();
    let here = muxer.database();
    let there = muxer.database_at(3);
    there.set("k", "three").await.unwrap();
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    for number in 1..500 {
        let (two, three) = futures::join!(here.incr("n"), there.incr("n"));
        assert_eq!((two.unwrap(), three.unwrap()), (number, number));
        let (a, b) = here.transaction((here.incr("m"), here.incr("m"))).await.unwrap();
        assert_eq!((a.unwrap(), b.unwrap()), (2 * number - 1, 2 * number));
    }
    eventually(|| new.guests() == 1 && old.guests() == 0).await;
    assert_eq!(there.get::<String>("k").await.unwrap().as_deref(), Some("three"));
    muxer.close().await;
}

#[async_std::test]
async fn without_an_address_the_client_dials_its_own_one_in_half_the_time() {
    let server = RedisServer::start();
    let door = Door::open(server.addr());
    let (muxer, _events) = connect(&door).await;
    let before = Instant::now();
    door.push("MOVING :1 :2 null");
    while before.elapsed() < Duration::from_millis(900) {
        muxer.database().incr("n").await.unwrap();
        assert_eq!(door.accepted(), 1, "too early");
    }
    eventually(|| door.accepted() == 2 && door.guests() == 1).await;
    muxer.database().incr("n").await.unwrap();
    assert_eq!(muxer.status().connections[0].counters.failures, 0);
    muxer.close().await;
}

async fn id(muxer: &ConnectionMultiplexer) -> i64 {
    muxer.execute("CLIENT", "ID").await.unwrap()
}

#[async_std::test]
async fn a_successor_that_goes_away_itself_is_not_taken() {
    let server = RedisServer::start();
    let door = Door::open(server.addr());
    let (muxer, _events) = connect(&door).await;
    let first = id(&muxer).await;
    door.repeat("MOVING :1 :1 null");
    door.push("MOVING :1 :1 null");
    eventually(|| door.accepted() >= 3).await;
    muxer.database().incr("n").await.unwrap();
    // The name leads to the new server at last.
    door.repeat("MIGRATED :1");
    let end = Instant::now() + Duration::from_secs(20);
    while id(&muxer).await == first {
        assert!(Instant::now() < end, "it does not move");
        async_std::task::sleep(Duration::from_millis(20)).await;
    }
    eventually(|| door.guests() == 1).await;
    assert_eq!(muxer.status().connections[0].counters.failures, 0);
    muxer.close().await;
}

/// `REDMUX_MOVES` of them: 1000 in the long form.
#[async_std::test]
async fn many_moves_under_load_lose_and_double_nothing() {
    let moves: u64 = std::env::var("REDMUX_MOVES").map_or(25, |text| text.parse().unwrap());
    let server = RedisServer::start();
    let mut doors = vec![Door::open(server.addr())];
    let muxer = ConnectionMultiplexer::connect(options(&doors[0])).await.unwrap();
    let mut heard = muxer.subscriber().subscribe("news").await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..8)
        .map(|number| {
            async_std::task::spawn(work(muxer.clone(), format!("k{number}"), stop.clone()))
        })
        .collect();
    let delays = Arc::new(Mutex::new(Vec::new()));
    let (one, noted) = (muxer.clone(), delays.clone());
    let ended = stop.clone();
    // One command at a time: how long each takes.
    let timed = async_std::task::spawn(async move {
        while !ended.load(SeqCst) {
            let issued = Instant::now();
            one.ping().await.unwrap();
            noted.lock().unwrap().push(issued.elapsed());
        }
    });
    let mut slowest = Vec::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for number in 0..moves {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let old = doors.pop().unwrap();
        let new = Door::open(server.addr());
        new.delay(Duration::from_millis(random % 3));
        async_std::task::sleep(Duration::from_millis(5)).await;
        let before = std::mem::take(&mut *delays.lock().unwrap());
        let moving = format!("MOVING :{number} :15 {}", new.addr());
        old.push(&moving);
        if random.is_multiple_of(5) {
            old.push(&moving);
            old.push("FAILING_OVER :0 :1 shard");
        }
        eventually(|| new.guests() == 1 && old.guests() == 0).await;
        doors.push(new);
        let during = delays.lock().unwrap().iter().max().copied().unwrap_or_default();
        slowest.push((before.iter().max().copied().unwrap_or_default(), during));
    }
    stop.store(true, SeqCst);
    timed.await;
    if std::env::var_os("REDMUX_MOVES").is_some() {
        let of = |mut times: Vec<Duration>, percent: usize| {
            times.sort();
            times[(times.len() * percent / 100).min(times.len() - 1)]
        };
        let (before, during): (Vec<_>, Vec<_>) = slowest.into_iter().unzip();
        for (name, times) in [("before a move", before), ("during a move", during)] {
            let (half, most) = (of(times.clone(), 50), of(times, 99));
            println!("slowest of single commands {name}: p50 {half:?}, p99 {most:?}");
        }
    }
    for (number, worker) in workers.into_iter().enumerate() {
        let count = worker.await;
        assert_eq!(server.command(&["GET", &format!("k{number}")]), count.to_string());
    }
    eventually(|| server.command(&["PUBSUB", "NUMSUB", "news"]) == "news\n1").await;
    server.command(&["PUBLISH", "news", "last"]);
    loop {
        if let Some(Item::Message(message)) = heard.next().await {
            assert_eq!(message.text(), "last");
            break;
        }
    }
    let counters = muxer.status().connections[0].counters;
    assert_eq!((counters.failures, counters.lost, counters.timeouts), (0, 0, 0));
    muxer.close().await;
}

#[async_std::test]
async fn a_client_that_is_closed_during_a_move_finishes_what_was_issued() {
    let server = RedisServer::start();
    for pause in [0, 1, 2, 5, 10, 20] {
        let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
        let (muxer, _events) = connect(&old).await;
        old.delay(Duration::from_millis(5));
        server.command(&["SET", "n", "0"]);
        old.push(&format!("MOVING :1 :15 {}", new.addr()));
        async_std::task::sleep(Duration::from_millis(pause)).await;
        let issued: Vec<_> = (0..20)
            .map(|_| async_std::task::spawn(muxer.database().incr("n").owned().into_future()))
            .collect();
        async_std::task::sleep(Duration::from_millis(1)).await;
        let closed = async_std::future::timeout(Duration::from_secs(5), muxer.close()).await;
        closed.expect("it closes as soon as all is answered");
        let mut executed = 0;
        for command in issued {
            match command.await {
                Ok(_) => executed += 1,
                // It was issued too late.
                Err(error) => assert_eq!(error.delivery(), redmux::Delivery::NotSent, "{error}"),
            }
        }
        assert_eq!(server.command(&["GET", "n"]), executed.to_string(), "{pause} ms");
    }
}
