//! A primary that was demoted, as leases and locks find it.

use std::sync::atomic::AtomicBool;

use redmux::{database::BlockFor, resp::ServerErrorKind};

use super::*;

/// As a server of 7.0 says it inside of a script.
const IN_A_SCRIPT: &[u8] =
    b"-READONLY You can't write against a read only replica. script: 1a, on @user_script:1.\r\n";

/// A client of a server that is a replica while the test wants it; and the connections it has accepted.
fn demotable() -> (SimRuntime, ConnectionMultiplexer, Arc<AtomicBool>, Arc<AtomicUsize>) {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let (demoted, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (seen, count) = (demoted.clone(), accepted.clone());
    listen(&runtime, listener, move || {
        let seen = seen.clone();
        count.fetch_add(1, Ordering::SeqCst);
        move |words: &[Vec<u8>]| match (&words[0][..], seen.load(Ordering::SeqCst)) {
            (b"EVALSHA" | b"EVAL", true) => Answer::Reply(IN_A_SCRIPT.to_vec()),
            (b"EVALSHA" | b"EVAL", false) => Answer::Reply(b":1\r\n".to_vec()),
            (b"BLPOP", true) => Answer::Reply(b"-READONLY it is a replica\r\n".to_vec()),
            (b"BLPOP", false) => Answer::Reply(b"*2\r\n$1\r\nk\r\n$1\r\nv\r\n".to_vec()),
            _ => polite(words),
        }
    });
    let connect = ConnectionMultiplexer::connect_with(options(), environment(&runtime, transport));
    let muxer = runtime.block_on(connect).unwrap();
    (runtime, muxer, demoted, accepted)
}

#[test]
fn the_holder_of_a_lock_learns_at_once_that_its_server_was_demoted() {
    let (runtime, muxer, demoted, accepted) = demotable();
    let lock = muxer.database().lock("lock", 9 * SECOND);
    let mut guard = runtime.block_on(lock.try_acquire()).unwrap().unwrap();
    demoted.store(true, Ordering::SeqCst);
    let start = runtime.elapsed();
    let held = runtime.block_on(guard.hold_during(std::future::pending::<()>()));
    assert_eq!(held, None);
    // With the first extension, not when the time is up.
    assert!(near(runtime.elapsed() - start, 3 * SECOND), "{:?}", runtime.elapsed() - start);
    assert_eq!(guard.remaining(), Duration::ZERO);
    runtime.advance(SECOND);
    assert_eq!(accepted.load(Ordering::SeqCst), 2, "the name is dialled again");

    // The server in its place knows of the lock.
    demoted.store(false, Ordering::SeqCst);
    assert!(runtime.block_on(guard.extend(9 * SECOND)).unwrap());
    assert!(near(9 * SECOND - guard.remaining(), Duration::ZERO));
    demoted.store(true, Ordering::SeqCst);
    let error = runtime.block_on(guard.extend(60 * SECOND)).unwrap_err();
    assert_eq!(error.server().unwrap().kind(), ServerErrorKind::ReadOnly);
    assert_eq!(guard.remaining(), Duration::ZERO);
    assert_eq!(runtime.block_on(guard.hold_during(std::future::pending::<()>())), None);
}

#[test]
fn a_lease_that_finds_its_server_demoted_has_the_name_dialled_again() {
    let (runtime, muxer, demoted, accepted) = demotable();
    let db = muxer.database();
    let mut events = muxer.events();
    demoted.store(true, Ordering::SeqCst);
    let job = db.blpop::<String, String>("k", BlockFor::Forever);
    let error = runtime.block_on(job).unwrap_err();
    assert_eq!(error.server().unwrap().kind(), ServerErrorKind::ReadOnly);
    let Some(Event::ConnectionFailed(failed)) = runtime.block_on(events.next()) else {
        panic!("the shared connection is left")
    };
    assert!(failed.error.to_string().contains("READONLY"), "{failed:?}");
    demoted.store(false, Ordering::SeqCst);
    let job = db.blpop::<String, String>("k", BlockFor::Forever);
    assert_eq!(runtime.block_on(job).unwrap(), Some(("k".to_owned(), "v".to_owned())));
    // Two shared ones, and what was leased beside each.
    assert_eq!(accepted.load(Ordering::SeqCst), 4);
}
