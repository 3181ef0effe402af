//! The connection ends at every byte of requests and of replies.

use redmux::{ConnectionMultiplexer, Delivery, ErrorKind, resp::Protocol};
use redmux_test_support::{Accept, Cut, Direction, Fault};

use crate::{
    PROTOCOLS, Rig, Told, comes_back, hold_against_in_order, mark, push_all, restored,
    side_by_side, within,
};

const BATCH: usize = 4;

fn how(at: u64) -> Cut {
    if at.is_multiple_of(2) { Cut::Fin } else { Cut::Rst }
}

/// `*3 $5 RPUSH $7 cut-NNN $9 mark-NNNN`
const REQUEST: u64 = 4 + 11 + 13 + 15;

/// `:N`, as long as the list has fewer than ten marks
const REPLY: u64 = 4;

async fn connect(rig: &Rig, protocol: Protocol) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(rig.options().protocol(protocol)).await.unwrap()
}

/// Cuts a batch at this byte.
///
/// What was not handed over when the loss was noticed is kept: it runs on the next connection,
/// behind all that ran on this one.
async fn cut(rig: &Rig, muxer: &ConnectionMultiplexer, way: Direction, at: u64) {
    let list = format!("cut-{at:03}");
    rig.server.command(&["DEL", &list]);
    comes_back(muxer).await;
    let mut events = muxer.events();
    rig.proxy.fault(way, at, Fault::Cut(how(at)));
    let told = push_all(muxer, &list, BATCH).await;
    // A cut behind the last byte may come behind the last reply.
    restored(&mut events).await;
    comes_back(muxer).await;
    assert!(!rig.proxy.has_faults(), "the cut was made");
    let marks = rig.marks(&list);
    let tally = hold_against_in_order(&marks, &told);
    assert_eq!((tally.done + tally.maybe, tally.not_sent), (BATCH, 0), "cut at {at}: {told:?}");
    for (n, (mark, outcome)) in told.iter().enumerate() {
        let outcome = outcome.as_ref().unwrap();
        if let Err(error) = outcome {
            assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
            assert_eq!(error.command_name(), Some("RPUSH"));
        }
        // How many came through before the cut is known.
        match way {
            Direction::Requests => {
                let came_through = n < (at / REQUEST) as usize;
                let ran = came_through || outcome.is_ok();
                assert_eq!(marks.contains(mark), ran, "cut at {at}: {mark}: {outcome:?}");
            }
            // Of the others, those that the proxy still had to read did not run.
            Direction::Replies => {
                assert!(outcome.is_ok() || n >= (at / REPLY) as usize, "cut at {at}: {mark}");
            }
        }
    }
}

/// Cuts at each of the bytes before `end`.
async fn at_every_byte(way: Direction, end: u64) {
    side_by_side(PROTOCOLS, end, 8, async |rig, protocol, places| {
        let muxer = connect(rig, protocol).await;
        for at in places {
            cut(rig, &muxer, way, at).await;
        }
    })
    .await;
}

#[async_std::test]
async fn at_every_byte_of_the_requests() {
    at_every_byte(Direction::Requests, BATCH as u64 * REQUEST + 1).await;
}

#[async_std::test]
async fn at_every_byte_of_the_replies() {
    at_every_byte(Direction::Replies, BATCH as u64 * REPLY + 1).await;
}

#[async_std::test]
async fn at_every_byte_of_the_handshake_nothing_is_lost_or_sent_twice() {
    // The handshake is less than this; then the cut meets the commands.
    side_by_side(PROTOCOLS, 90, 6, async |rig, protocol, places| {
        let options = rig.options().protocol(protocol).database(3).client_name("app");
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let places: Vec<u64> = places.collect();
        for way in [Direction::Requests, Direction::Replies] {
            cut_handshakes(rig, &muxer, way, &places).await;
        }
        muxer.close().await;
    })
    .await;
}

async fn cut_handshakes(rig: &Rig, muxer: &ConnectionMultiplexer, way: Direction, places: &[u64]) {
    let list = format!("handshake-{way:?}");
    let push = async |n| muxer.execute::<i64>("RPUSH", (&*list, mark(n))).await;
    let mut told: Vec<Told> = Vec::new();
    for at in places.iter().copied() {
        rig.proxy.accept(Accept::Refuse);
        rig.proxy.cut(how(at));
        crate::until("the loss is noticed", || !muxer.is_connected()).await;
        rig.proxy.fault(way, at, Fault::Cut(how(at)));
        let at = at as usize * 3;
        let calls = [push(at), push(at + 1), push(at + 2)];
        let both = futures::future::join(futures::future::join_all(calls), async {
            crate::sleep(1).await;
            rig.proxy.accept(Accept::Forward);
        });
        let (results, ()) = within(both).await;
        let marks = [mark(at), mark(at + 1), mark(at + 2)];
        told.extend(marks.into_iter().zip(results.into_iter().map(Some)));
        rig.proxy.forgive();
        comes_back(muxer).await;
    }
    let marks: Vec<String> = muxer.execute("LRANGE", (&*list, 0, -1)).await.unwrap();
    let tally = hold_against_in_order(&marks, &told);
    // At most one of these cuts in three is behind the handshake.
    assert!(tally.done > told.len() / 2 && tally.not_sent == 0, "{tally:?}");
    muxer.execute::<i64>("DEL", [&*list]).await.unwrap();
}

#[async_std::test]
async fn half_a_request_is_sent_again_and_runs_once() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    // More than the sockets and the proxy take while nothing is read.
    let large = vec![b'x'; 24 << 20];
    for (round, at) in [0, 1, 1000, 1 << 20, 9 << 20].into_iter().enumerate() {
        rig.proxy.fault(Direction::Requests, at, Fault::Stall);
        let before = muxer.execute::<i64>("RPUSH", ("list", "before"));
        let append = muxer.execute::<i64>("APPEND", ("large", &large));
        let after = muxer.execute::<i64>("RPUSH", ("list", "after"));
        let cut = async {
            crate::sleep(100).await;
            assert!(muxer.status().connections[0].diagnostics.bytes_unsent > 0);
            rig.proxy.cut(how(at));
        };
        let all = futures::future::join4(before, append, after, cut);
        let (before, append, after, ()) = within(all).await;
        // The first was written as a whole; the others were not, and ran on the next connection.
        if let Err(error) = before {
            assert_eq!(error.delivery(), Delivery::MaybeExecuted, "{error}");
        }
        assert_eq!(append.unwrap(), (round as i64 + 1) * large.len() as i64);
        after.unwrap();
        let marks = rig.marks("list");
        assert_eq!(marks.iter().filter(|mark| *mark == "after").count(), round + 1);
        comes_back(&muxer).await;
    }
}

#[async_std::test]
async fn forgotten_commands_run_once_at_most_and_in_order() {
    side_by_side([()], 60 * 43 / 61 + 1, 4, async |rig, (), places| {
        let muxer = rig.connect().await;
        for at in places {
            forget(rig, &muxer, at * 61).await;
        }
    })
    .await;
}

/// Forgets commands, and cuts their connection at this byte.
async fn forget(rig: &Rig, muxer: &ConnectionMultiplexer, at: u64) {
    let list = format!("fgt-{at:04}");
    rig.proxy.fault(Direction::Requests, at, Fault::Cut(how(at)));
    let told: Vec<Told> = (0..60).map(|n| (mark(n), None)).collect();
    for (n, (mark, _)) in told.iter().enumerate() {
        muxer.execute::<i64>("RPUSH", (&*list, mark)).forget().unwrap();
        if n % 20 == 0 {
            async_std::task::yield_now().await;
        }
    }
    crate::until("the cut is made", || !rig.proxy.has_faults()).await;
    // This one waits for the next connection, behind what was kept for it; where the loss
    // is not noticed yet it may be lost too.
    let _ = within(muxer.execute::<String>("ECHO", ["x"])).await;
    comes_back(muxer).await;
    let marks = rig.marks(&list);
    hold_against_in_order(&marks, &told);
    assert!(marks.len() as u64 >= at / 44, "what came through ran: {}", marks.len());
}

#[async_std::test]
async fn dropped_calls_run_once_at_most_and_leave_the_others_alone() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    for at in (0..30 * 43).step_by(97) {
        let list = format!("drop-{at:03}");
        rig.proxy.fault(Direction::Requests, at, Fault::Cut(how(at)));
        let calls = (0..30).map(|n| {
            let call = muxer.execute::<i64>("RPUSH", (&*list, mark(n)));
            async move {
                // Every other one is given up, at once or somewhat later.
                let limit = if n % 2 == 0 { 30_000 } else { n as u64 % 3 };
                let limit = std::time::Duration::from_millis(limit);
                (mark(n), async_std::future::timeout(limit, call).await.ok())
            }
        });
        let told: Vec<Told> = within(futures::future::join_all(calls)).await;
        let _ = within(muxer.execute::<String>("ECHO", ["x"])).await;
        rig.proxy.forgive();
        comes_back(&muxer).await;
        hold_against_in_order(&rig.marks(&list), &told);
    }
}
