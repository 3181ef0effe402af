//! What servers do to their clients.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Options, error::TimeoutStage,
    options::ConstantDelay,
};
use redmux_test_support::RedisServer;

use crate::{Rig, Told, comes_back, hold_against, hold_against_in_order, mark, push_all, within};

fn direct(server: &RedisServer) -> Options {
    Options::new(server.addr().to_string())
        .reconnect_policy(ConstantDelay(Duration::from_millis(2)))
        .command_timeout(Duration::from_secs(20))
}

fn spawn_pushes(
    muxer: &ConnectionMultiplexer,
    tasks: usize,
    each: usize,
) -> Vec<async_std::task::JoinHandle<Vec<Told>>> {
    let task = |task: usize| {
        let muxer = muxer.clone();
        async_std::task::spawn(async move {
            let mut told = Vec::new();
            for n in 0..each {
                let mark = format!("{task}-{n}");
                let result = muxer.execute::<i64>("RPUSH", ("list", &*mark)).await;
                told.push((mark, Some(result)));
            }
            told
        })
    };
    (0..tasks).map(task).collect()
}

async fn all(tasks: Vec<async_std::task::JoinHandle<Vec<Told>>>) -> Vec<Told> {
    within(join_all(tasks)).await.concat()
}

#[async_std::test]
async fn killed_and_restarted_under_load_nothing_that_was_acknowledged_is_missing() {
    // What was answered was written to the file before.
    let builder = RedisServer::builder().args(["--appendonly", "yes", "--appendfsync", "no"]);
    let server = Arc::new(builder.start().unwrap());
    let muxer = ConnectionMultiplexer::connect(direct(&server)).await.unwrap();
    let tasks = spawn_pushes(&muxer, 16, 1000);
    for _ in 0..3 {
        crate::sleep(60).await;
        let server = server.clone();
        async_std::task::spawn_blocking(move || server.restart()).await;
    }
    let told = all(tasks).await;
    comes_back(&muxer).await;
    let marks: Vec<String> = muxer.execute("LRANGE", ("list", 0, -1)).await.unwrap();
    let tally = hold_against(&marks, &told);
    // It refuses while it reads the file.
    assert!(tally.done > 0 && tally.not_sent == 0, "{tally:?}");
}

#[async_std::test]
async fn stopped_and_continued_everything_written_runs_once() {
    let rig = Rig::start();
    let options = rig.options().probe_timeout(Duration::from_secs(60));
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    rig.server.pause();
    let calls: Vec<_> = (0..50)
        .map(|n| {
            muxer.execute::<i64>("RPUSH", ("list", mark(n))).timeout(Duration::from_millis(50))
        })
        .collect();
    let told: Vec<Told> = within(redmux::pipeline(calls))
        .await
        .into_iter()
        .enumerate()
        .map(|(n, result)| (mark(n), Some(result)))
        .collect();
    for (_, outcome) in &told {
        let error = outcome.as_ref().unwrap().as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response), "{error}");
    }
    rig.server.resume();
    comes_back(&muxer).await;
    let marks = rig.marks("list");
    assert_eq!(hold_against_in_order(&marks, &told).maybe, 50);
    assert_eq!(marks.len(), 50, "they were on their way, and the server lives");
    assert_eq!(rig.proxy.accepted(), 1);
}

#[async_std::test]
async fn client_kill_again_and_again() {
    let rig = Rig::start();
    let admin = rig.connect_directly().await;
    let muxer = rig.connect().await;
    let tasks = spawn_pushes(&muxer, 8, 500);
    for _ in 0..20 {
        crate::sleep(10).await;
        admin.execute::<i64>("CLIENT", ("KILL", "TYPE", "normal", "SKIPME", "yes")).await.unwrap();
    }
    let told = all(tasks).await;
    comes_back(&muxer).await;
    let tally = hold_against(&rig.marks("list"), &told);
    assert!(tally.done > 0 && tally.not_sent == 0, "{tally:?}");
}

#[async_std::test]
async fn client_pause_delays_and_loses_nothing() {
    let rig = Rig::start();
    let admin = rig.connect_directly().await;
    let muxer = rig.connect().await;
    for mode in ["WRITE", "ALL"] {
        rig.server.command(&["DEL", "list"]);
        admin.execute::<()>("CLIENT", ("PAUSE", 300, mode)).await.unwrap();
        let short = muxer.execute::<i64>("RPUSH", ("list", "short"));
        let short = short.timeout(Duration::from_millis(30)).await;
        let mut told: Vec<Told> = vec![("short".into(), Some(short))];
        told.extend(push_all(&muxer, "list", 10).await);
        let marks = rig.marks("list");
        let tally = hold_against_in_order(&marks, &told);
        assert_eq!((tally.done, tally.maybe, marks.len()), (10, 1, 11), "{mode}: {told:?}");
    }
    assert_eq!(rig.proxy.accepted(), 1);
}

#[async_std::test]
async fn while_the_server_takes_no_more_clients_commands_wait() {
    let rig = Rig::start();
    let admin = rig.connect_directly().await;
    let muxer = rig.connect().await;
    admin.execute::<()>("CONFIG", ("SET", "maxclients", 1)).await.unwrap();
    admin.execute::<i64>("CLIENT", ("KILL", "TYPE", "normal", "SKIPME", "yes")).await.unwrap();
    crate::until("the loss is noticed", || !muxer.is_connected()).await;
    let short = muxer.execute::<i64>("RPUSH", ("list", "short"));
    let short = short.timeout(Duration::from_millis(100)).await;
    let error = short.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue), "{error}");
    let raise = async {
        crate::sleep(100).await;
        admin.execute::<()>("CONFIG", ("SET", "maxclients", 100)).await.unwrap();
    };
    let (mut told, ()) = futures::future::join(push_all(&muxer, "list", 10), raise).await;
    told.insert(0, ("short".into(), Some(short)));
    let tally = hold_against_in_order(&rig.marks("list"), &told);
    assert_eq!((tally.done, tally.not_sent), (10, 1), "{told:?}");

    // A client that was never connected gets the reason.
    admin.execute::<()>("CONFIG", ("SET", "maxclients", 1)).await.unwrap();
    let error = ConnectionMultiplexer::connect(rig.options().connect_retry(1)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connect(_)), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
}

#[async_std::test]
async fn a_password_that_was_changed_lets_nothing_run_until_it_is_right() {
    let server = RedisServer::builder().args(["--requirepass", "old"]).start().unwrap();
    let admin = ConnectionMultiplexer::connect(direct(&server).password("old")).await.unwrap();
    let muxer = ConnectionMultiplexer::connect(direct(&server).password("old")).await.unwrap();
    admin.execute::<()>("CONFIG", ("SET", "requirepass", "new")).await.unwrap();
    admin.execute::<i64>("CLIENT", ("KILL", "TYPE", "normal", "SKIPME", "yes")).await.unwrap();
    crate::until("the loss is noticed", || !muxer.is_connected()).await;
    let short = muxer.execute::<i64>("RPUSH", ("list", "short"));
    let short = short.timeout(Duration::from_millis(100)).await;
    let error = short.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue), "{error}");
    let because = error.underlying().expect("it says why").to_string();
    assert!(because.contains("password"), "{because}");
    let change_back = async {
        crate::sleep(100).await;
        admin.execute::<()>("CONFIG", ("SET", "requirepass", "old")).await.unwrap();
    };
    let (mut told, ()) = futures::future::join(push_all(&muxer, "list", 10), change_back).await;
    told.insert(0, ("short".into(), Some(short)));
    let marks: Vec<String> = muxer.execute("LRANGE", ("list", 0, -1)).await.unwrap();
    let tally = hold_against_in_order(&marks, &told);
    assert_eq!((tally.done, tally.not_sent), (10, 1), "{told:?}");
}

#[async_std::test]
async fn while_it_loads_it_says_so_and_runs_nothing() {
    // Loads a key in 0.1 ms, and looks after its clients in between.
    let slowly = ["--key-load-delay", "100", "--loading-process-events-interval-bytes", "1024"];
    let server = Arc::new(RedisServer::builder().args(slowly).start().unwrap());
    let muxer = ConnectionMultiplexer::connect(direct(&server)).await.unwrap();
    let keys: Vec<_> =
        (0..8000).map(|n| muxer.execute::<()>("SET", (format!("key-{n}"), "x"))).collect();
    redmux::pipeline(keys).all().await.unwrap();
    muxer.execute::<()>("SAVE", [""; 0]).await.unwrap();
    let restart = async_std::task::spawn_blocking({
        let server = server.clone();
        move || server.restart()
    });
    let (mut told, mut loading, mut done): (Vec<Told>, _, _) = (Vec::new(), 0, 0);
    while done < 10 {
        let n = told.len();
        let result = within(muxer.execute::<i64>("RPUSH", ("list", mark(n)))).await;
        match &result {
            Ok(_) if loading > 0 => done += 1,
            Ok(_) => {}
            Err(error) if error.is_server() => {
                assert_eq!(error.server().unwrap().code(), "LOADING", "{error}");
                assert_eq!(error.delivery(), Delivery::Answered);
                assert!(error.is_retryable());
                loading += 1;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}"),
        }
        told.push((mark(n), Some(result)));
        crate::sleep(2).await;
    }
    restart.await;
    // What ran before the restart is gone with the server that ran it.
    let loaded = told.iter().position(
        |(_, told)| matches!(told, Some(Err(error)) if error.delivery() == Delivery::Answered),
    );
    let marks: Vec<String> = muxer.execute("LRANGE", ("list", 0, -1)).await.unwrap();
    let tally = hold_against_in_order(&marks, &told[loaded.unwrap()..]);
    assert_eq!((tally.done, tally.refused), (10, loading), "{tally:?}");
}
