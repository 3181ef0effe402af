//! Bytes that are no replies: the connection is dropped, and nobody gets another's reply.

use redmux::{ConnectionMultiplexer, Delivery, ErrorKind, events::FailureType};
use redmux_test_support::{Direction, Fault};

use crate::{PROTOCOLS, Rig, comes_back, mark, next_failure, side_by_side, within};

const BATCH: usize = 3;
/// `$9 mark-NNNN`
const REPLY: u64 = 4 + 11;

/// Echoes marks while `fault` waits at this byte of the replies.
async fn echo(rig: &Rig, muxer: &ConnectionMultiplexer, at: u64, fault: Fault) {
    comes_back(muxer).await;
    let mut events = muxer.events();
    rig.proxy.fault(Direction::Replies, at, fault.clone());
    let first = at as usize * 10;
    let calls: Vec<_> =
        (0..BATCH).map(|n| muxer.execute::<String>("ECHO", [mark(first + n)])).collect();
    let mut errors = 0;
    for (n, result) in within(redmux::pipeline(calls)).await.into_iter().enumerate() {
        match result {
            Ok(echo) => assert_eq!(echo, mark(first + n), "{fault:?} at {at}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{fault:?} at {at}: {error}");
                assert_eq!(error.delivery(), Delivery::MaybeExecuted);
                errors += 1;
            }
        }
    }
    let failed = next_failure(&mut events).await;
    assert_eq!(failed.failure, FailureType::ProtocolFailure, "{fault:?} at {at}: {}", failed.error);
    assert_eq!(failed.maybe_executed, errors);
    assert!(!rig.proxy.has_faults());
    comes_back(muxer).await;
}

#[async_std::test]
async fn put_in_anywhere() {
    side_by_side(PROTOCOLS, BATCH as u64 * REPLY + 1, 6, async |rig, protocol, places| {
        let options = rig.options().protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        for at in places {
            for garbage in [&b"\xff"[..], b"\0\0\0", b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
                echo(rig, &muxer, at, Fault::Insert(garbage.to_vec())).await;
            }
        }
    })
    .await;
}

#[async_std::test]
async fn in_place_of_what_holds_a_reply_together() {
    side_by_side([()], BATCH as u64, BATCH as u64, async |rig, (), replies| {
        let muxer = rig.connect().await;
        for n in replies {
            // The type, the length, and the line ends; what a value holds nobody can tell.
            for part in [0, 1, 2, 3, REPLY - 2, REPLY - 1] {
                echo(rig, &muxer, n * REPLY + part, Fault::Flip(0x80)).await;
            }
        }
    })
    .await;
}

#[async_std::test]
async fn a_reply_to_nothing_ends_the_connection() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    for extra in ["+OK\r\n", "$5\r\nhello\r\n", "*1\r\n:1\r\n", "_\r\n"] {
        let mut events = muxer.events();
        rig.proxy.fault(Direction::Replies, 0, Fault::Insert(extra.into()));
        let failed = next_failure(&mut events).await;
        assert_eq!(failed.failure, FailureType::ProtocolFailure, "{extra:?}: {}", failed.error);
        assert_eq!(failed.maybe_executed, 0);
        comes_back(&muxer).await;
    }
}

#[async_std::test]
async fn in_the_handshake_it_is_a_failure_to_connect() {
    let rig = Rig::start();
    for at in 0..20 {
        rig.proxy.fault(Direction::Replies, at, Fault::Insert(b"\xff".to_vec()));
        let options = rig.options().connect_retry(1);
        let result = within(ConnectionMultiplexer::connect(options)).await;
        let error = result.expect_err("these are no replies");
        assert!(matches!(error.kind(), ErrorKind::Connect(_)), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
        // Once more is enough.
        rig.proxy.fault(Direction::Replies, at, Fault::Insert(b"\xff".to_vec()));
        comes_back(&within(rig.connect()).await).await;
    }
}
