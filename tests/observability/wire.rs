use std::sync::{Arc, Mutex};

use redmux::{ConnectionMultiplexer, Options, observe::WireLog};
use redmux_test_support::RedisServer;

#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(super) fn log(&self) -> WireLog {
        let lines = self.clone();
        WireLog::new(move |line| lines.0.lock().unwrap().push(line.to_string()))
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[async_std::test]
async fn each_command_and_reply_is_a_line() {
    let server = RedisServer::start();
    let lines = Lines::default();
    let environment = lines.log().around(redmux::tcp::environment());
    let options = Options::new(server.addr().to_string()).library_info(false);
    let muxer = ConnectionMultiplexer::connect_with(options, environment).await.unwrap();
    let opened = lines.take();
    assert_eq!(
        opened[..2],
        [format!("#1 - opened to {}", server.addr()), "#1 > HELLO <1 B>".into()]
    );
    assert!(opened[2].starts_with("#1 < map of "), "{opened:?}");
    let db = muxer.database();
    db.set("key", "value").await.unwrap();
    // Shared, it goes out in a piece of its own.
    db.set("key", bytes(100_000)).await.unwrap();
    db.get::<String>("key").await.unwrap();
    db.lpush("key", "x").await.unwrap_err();
    db.mget::<Option<String>>(["a", "b", "c"]).await.unwrap();
    let expected = [
        "#1 > SET <3 B> <5 B>",
        "#1 < simple string <2 B>",
        "#1 > SET <3 B> <100000 B>",
        "#1 < simple string <2 B>",
        "#1 > GET <3 B>",
        "#1 < bulk string <100000 B>",
        "#1 > LPUSH <3 B> <1 B>",
        "#1 < error WRONGTYPE <68 B>",
        "#1 > MGET <1 B> <1 B> <1 B>",
        "#1 < array of 3 <13 B>",
    ];
    assert_eq!(lines.take(), expected);
    let lease = muxer.lease().await.unwrap();
    assert_eq!(lines.take()[0], format!("#2 - opened to {}", server.addr()));
    drop(lease);
    server.kill();
    while !lines.take().iter().any(|line| line.starts_with("#1 - ")) {
        async_std::task::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[async_std::test]
async fn payloads_are_shown_to_who_asks_for_it_and_passwords_to_nobody() {
    let server = RedisServer::builder().arg("--requirepass").arg("pass-word").start().unwrap();
    let lines = Lines::default();
    let log = lines.log().dangerously_show_payloads(8).never_show("ECHO");
    let options = Options::new(server.addr().to_string()).password("pass-word").database(1);
    let environment = log.around(redmux::tcp::environment());
    let muxer = ConnectionMultiplexer::connect_with(options, environment).await.unwrap();
    let handshake = lines.take();
    for line in ["#1 > AUTH <9 B>", "#1 > HELLO <1 B>", "#1 > SELECT <1 B>"] {
        assert!(handshake.iter().any(|other| other == line), "{handshake:?}");
    }
    muxer.database().set("key", "0123456789").await.unwrap();
    muxer.execute::<String>("ECHO", "secret").await.unwrap();
    let config = ("SET", "requirepass", "new-pass-word");
    muxer.execute::<()>("CONFIG", config).await.unwrap();
    let expected = [
        "#1 > SET \"key\" \"01234567\"... <10 B>",
        "#1 < simple string \"+OK\\r\\n\"",
        "#1 > ECHO <6 B>",
        "#1 < bulk string \"$6\\r\\nsecr\"... <12 B>",
        "#1 > CONFIG <3 B> <11 B> <13 B>",
        "#1 < simple string \"+OK\\r\\n\"",
    ];
    assert_eq!(lines.take(), expected);
    assert!(!handshake.concat().contains("pass-word"), "{handshake:?}");
}

/// `count` bytes that are shared, not copied.
fn bytes(count: usize) -> bytes::Bytes {
    vec![b'x'; count].into()
}
