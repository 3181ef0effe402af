use std::task::{Context, Poll, Waker};

use super::*;

fn request(key: &str, bytes: &str) -> Request {
    Request { key: key.as_bytes().into(), bytes: bytes.as_bytes().into() }
}

fn reply(text: &str) -> Frame {
    Frame::copy_from_slice(format!("+{text}\r\n").as_bytes())
}

fn store(max_bytes: usize) -> Store {
    let mut store = Store::new(max_bytes);
    store.reset(true);
    store
}

/// Asks; the reply if it is kept, the token if it is to be fetched.
fn ask(store: &mut Store, key: &str, now: u64) -> Result<String, Option<u64>> {
    match store.look_up(&request(key, key), now) {
        Found::Reply(frame) => Ok(frame.decode().expect("text")),
        Found::Missing(token, _) => Err(Some(token)),
        Found::Flight(_) | Found::Untracked => Err(None),
    }
}

fn fetch(store: &mut Store, key: &str, value: &str) {
    let token = ask(store, key, 0).expect_err("not kept").expect("nobody fetches it");
    store.fill(key.as_bytes(), token, reply(value), u64::MAX);
}

#[test]
fn a_reply_is_given_until_its_key_changes() {
    let mut store = store(1 << 20);
    fetch(&mut store, "k", "one");
    assert_eq!(ask(&mut store, "k", 5).as_deref(), Ok("one"));
    store.invalidate(b"other");
    assert_eq!(ask(&mut store, "k", 5).as_deref(), Ok("one"));
    store.invalidate(b"k");
    assert!(ask(&mut store, "k", 5).is_err());
    let stats = store.stats();
    assert_eq!((stats.hits, stats.misses, stats.invalidated), (2, 2, 1));
    assert_eq!((stats.entries, stats.bytes), (0, 0));
}

#[test]
fn a_reply_that_was_under_way_when_its_key_changed_is_not_kept() {
    let mut store = store(1 << 20);
    let token = ask(&mut store, "k", 0).unwrap_err().unwrap();
    assert_eq!(ask(&mut store, "k", 0), Err(None), "others wait for the same reply");
    store.invalidate(b"k");
    // Asked again meanwhile: the old reply must not be taken for the new one's.
    let newer = ask(&mut store, "k", 0).unwrap_err().unwrap();
    store.fill(b"k", token, reply("old"), u64::MAX);
    assert_eq!(ask(&mut store, "k", 0), Err(None));
    store.fill(b"k", newer, reply("new"), u64::MAX);
    assert_eq!(ask(&mut store, "k", 0).as_deref(), Ok("new"));
}

#[test]
fn the_end_of_a_connection_ends_everything() {
    let mut store = store(1 << 20);
    fetch(&mut store, "k", "v");
    let token = ask(&mut store, "pending", 0).unwrap_err().unwrap();
    store.reset(false);
    assert_eq!(ask(&mut store, "k", 0), Err(None), "nothing is kept without tracking");
    store.reset(true);
    store.fill(b"pending", token, reply("late"), u64::MAX);
    assert!(ask(&mut store, "pending", 0).is_err());
    assert_eq!(store.stats().entries, 0);
}

#[test]
fn a_reply_expires() {
    let mut store = store(1 << 20);
    let token = ask(&mut store, "k", 0).unwrap_err().unwrap();
    store.fill(b"k", token, reply("v"), 100);
    assert_eq!(ask(&mut store, "k", 99).as_deref(), Ok("v"));
    assert!(ask(&mut store, "k", 100).is_err());
    assert_eq!(store.stats().bytes, 0);
}

#[test]
fn room_is_made_of_what_nobody_asks_for() {
    let mut store = store(50_000);
    fetch(&mut store, "wanted", "v");
    for n in 0..10_000 {
        fetch(&mut store, &format!("key-{n}"), "v");
        assert_eq!(ask(&mut store, "wanted", 0).as_deref(), Ok("v"), "{n}");
        assert!(store.stats().bytes <= 50_000);
    }
    let stats = store.stats();
    assert!(stats.entries > 100 && stats.evicted + stats.entries as u64 == 10_001, "{stats:?}");
}

#[test]
fn churn_leaves_nothing_behind() {
    let mut store = store(1 << 30);
    for n in 0..100_000 {
        let key = format!("key-{}", n % 10);
        fetch(&mut store, &key, "v");
        store.invalidate(key.as_bytes());
    }
    assert_eq!((store.stats().entries, store.stats().bytes), (0, 0));
    assert!(store.queued() <= 100, "{}", store.queued());
}

#[test]
fn who_waits_for_a_fetch_that_is_given_up_is_told() {
    let cache = Arc::new(Cache::new(CacheOptions::default(), CommandMap::default()));
    cache.reset(true);
    let found = cache.look_up(&request("k", "GET k"), 0);
    let Found::Missing(token, flight) = found else { panic!("it is missing") };
    let lead = Lead { cache: cache.clone(), key: b"k".as_slice().into(), token, flight };
    let found = cache.look_up(&request("k", "GET k"), 0);
    let Found::Flight(flight) = found else { panic!("it is being fetched") };
    let cx = Context::from_waker(Waker::noop());
    assert!(flight.poll(&cx).is_pending());
    drop(lead);
    assert!(matches!(flight.poll(&cx), Poll::Ready(Landed::GivenUp)));
    assert!(matches!(cache.look_up(&request("k", "GET k"), 0), Found::Missing(..)));
}

#[test]
fn pushes_are_understood() {
    let cache = Cache::new(CacheOptions::default(), CommandMap::default());
    cache.reset(true);
    let push = |bytes: &[u8]| cache.invalidated(&Frame::copy_from_slice(bytes));
    for key in ["a", "b", "c"] {
        fetch(&mut cache.lock(), key, "v");
    }
    push(b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    assert_eq!((cache.stats().entries, cache.stats().cleared), (1, 0));
    assert_eq!(ask(&mut cache.lock(), "c", 0).as_deref(), Ok("v"));
    push(b">2\r\n$10\r\ninvalidate\r\n_\r\n");
    assert_eq!((cache.stats().entries, cache.stats().cleared), (0, 1));
}
