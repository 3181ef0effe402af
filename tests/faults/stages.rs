//! A deadline passes at each stage, and what is said of it is so.

use std::time::{Duration, Instant};

use redmux::{ConnectionMultiplexer, Delivery, ErrorKind, error::TimeoutStage};
use redmux_test_support::{Accept, Cut, Direction, Fault, Pace};

use crate::{Rig, Told, comes_back, hold_against, within};

fn short() -> Duration {
    Duration::from_millis(100)
}

#[async_std::test]
async fn while_connecting() {
    let rig = Rig::start();
    let options = || rig.options().connect_retry(1).connect_timeout(short());
    for (accept, kind) in [
        (Accept::Hold, Some(ErrorKind::Timeout(TimeoutStage::Connect))),
        (Accept::End(Cut::Fin), None),
        (Accept::End(Cut::Rst), None),
        (Accept::Refuse, None),
    ] {
        rig.proxy.accept(accept);
        let start = Instant::now();
        let error = within(ConnectionMultiplexer::connect(options())).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(error.delivery(), Delivery::NotSent, "{accept:?}: {error}");
        match kind {
            Some(kind) => assert_eq!(error.kind(), kind, "{error}"),
            None => assert!(matches!(error.kind(), ErrorKind::Connect(_)), "{error}"),
        }
    }
    rig.proxy.accept(Accept::ForwardTwice);
    comes_back(&ConnectionMultiplexer::connect(options()).await.unwrap()).await;
}

#[async_std::test]
async fn in_the_handshake() {
    let rig = Rig::start();
    for (way, at) in [(Direction::Requests, 0), (Direction::Requests, 5), (Direction::Replies, 9)] {
        let options = rig.options().connect_retry(1).connect_timeout(short());
        rig.proxy.fault(way, at, Fault::Stall);
        let error = within(ConnectionMultiplexer::connect(options)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Connect), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
}

#[async_std::test]
async fn in_the_queue() {
    let rig = Rig::start();
    for accept in [Accept::Refuse, Accept::Hold, Accept::End(Cut::Rst)] {
        let muxer = rig.connect().await;
        rig.proxy.accept(accept);
        rig.proxy.cut(Cut::Rst);
        crate::until("the loss is noticed", || !muxer.is_connected()).await;
        let error = within(muxer.execute::<i64>("RPUSH", ("queue", "late")).timeout(short()));
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue), "{accept:?}: {error}");
        assert_eq!(error.delivery(), Delivery::NotSent);
        // Also while it is in the middle of another attempt.
        assert!(error.underlying().is_some(), "{accept:?}: it says why");
        rig.proxy.accept(Accept::Forward);
        comes_back(&muxer).await;
        assert_eq!(rig.marks("queue"), [""; 0], "{accept:?}");
    }
}

#[async_std::test]
async fn while_being_written_and_behind_it() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    let large = "x".repeat(24 << 20);
    rig.proxy.stall(Direction::Requests);
    let writing = muxer.execute::<i64>("APPEND", ("large", &large)).timeout(short());
    let behind = async {
        crate::sleep(20).await;
        muxer.execute::<i64>("RPUSH", ("list", "behind")).timeout(short()).await
    };
    let (writing, behind) = within(futures::future::join(writing, behind)).await;
    let (writing, behind) = (writing.unwrap_err(), behind.unwrap_err());
    assert_eq!(writing.kind(), ErrorKind::Timeout(TimeoutStage::Write), "{writing}");
    assert_eq!(writing.delivery(), Delivery::MaybeExecuted);
    assert_eq!(behind.kind(), ErrorKind::Timeout(TimeoutStage::Queue), "{behind}");
    assert_eq!(behind.delivery(), Delivery::NotSent);
    // What was begun is carried through; its reply goes to nobody.
    rig.proxy.resume(Direction::Requests);
    comes_back(&muxer).await;
    assert_eq!(rig.server.command(&["STRLEN", "large"]), large.len().to_string());
    assert_eq!(rig.marks("list"), [""; 0]);

    // Cut instead, it is not sent again: its caller was told already.
    rig.proxy.stall(Direction::Requests);
    let writing = muxer.execute::<i64>("APPEND", ("other", &large)).timeout(short());
    assert!(within(writing).await.unwrap_err().is_timeout());
    rig.proxy.cut(Cut::Rst);
    comes_back(&muxer).await;
    assert_eq!(rig.server.command(&["EXISTS", "other"]), "0");
}

#[async_std::test]
async fn waiting_for_room() {
    let rig = Rig::start();
    let options = rig.options().send_queue_bytes(1000);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    rig.proxy.stall(Direction::Requests);
    let large = "x".repeat(24 << 20);
    let writing = muxer.execute::<i64>("APPEND", ("large", &large));
    let many = futures::future::join_all((0..50).map(|n| {
        let call = muxer.execute::<i64>("RPUSH", ("list", crate::mark(n)));
        async move {
            crate::sleep(50).await;
            (crate::mark(n), Some(call.timeout(short()).await))
        }
    }));
    let go_on = async {
        crate::sleep(400).await;
        rig.proxy.resume(Direction::Requests);
    };
    let (writing, told, ()) = within(futures::future::join3(writing, many, go_on)).await;
    writing.unwrap();
    let told: Vec<Told> = told;
    let tally = hold_against(&rig.marks("list"), &told);
    assert_eq!(tally.not_sent, 50, "{tally:?}");
    comes_back(&muxer).await;
}

#[async_std::test]
async fn waiting_for_the_reply() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    for round in 1..=3 {
        rig.proxy.stall(Direction::Replies);
        let call = muxer.execute::<i64>("RPUSH", ("list", "x")).timeout(short());
        let error = within(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response), "{error}");
        assert_eq!(error.delivery(), Delivery::MaybeExecuted);
        // It ran, and the late reply is nobody's.
        assert_eq!(rig.marks("list").len(), round);
        rig.proxy.resume(Direction::Replies);
        comes_back(&muxer).await;
    }
    assert_eq!(rig.proxy.accepted(), 1);
}

#[async_std::test]
async fn a_long_way_there_and_back_is_only_slow() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    let far = Pace { delay: Duration::from_millis(150), ..Pace::default() };
    rig.proxy.pace(Direction::Requests, far);
    rig.proxy.pace(Direction::Replies, far);
    let start = Instant::now();
    let told = crate::push_all(&muxer, "list", 1000).await;
    // All of them are on their way at once.
    assert!((300..5000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(hold_against(&rig.marks("list"), &told).done, 1000);
}
