//! The code of `docs/production.md` is that of the example, and the example works.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redmux::{ConnectionMultiplexer, Delivery, Options};
use redmux_test_support::RedisServer;

#[path = "../examples/production.rs"]
mod example;

#[async_std::test]
async fn the_example_runs() {
    let server = RedisServer::start();
    let address = server.addr().to_string();
    example::run(&address).await.unwrap();
    let muxer = ConnectionMultiplexer::connect(address).await.unwrap();
    assert_eq!(example::count_a_visit(&muxer).await.unwrap(), 2);
}

#[async_std::test]
async fn each_error_is_told_apart() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string()).command_timeout(
        std::time::Duration::from_millis(300), // until the server that is gone is given up
    );
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    db.lpush("list", "x").await.unwrap();
    let error = db.incr("list").await.unwrap_err();
    assert_eq!(example::what_to_do(&error), "mend the program or the data");
    let error = muxer.execute::<()>("SUBSCRIBE", "c").await.unwrap_err();
    assert_eq!(example::what_to_do(&error), "mend the program");
    server.pause();
    let error = db.incr("n").await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    assert_eq!(example::what_to_do(&error), "look before trying again");
    server.kill();
    while muxer.is_connected() {
        async_std::task::sleep(std::time::Duration::from_millis(5)).await;
    }
    let error = db.incr("n").await.unwrap_err();
    assert_eq!(example::what_to_do(&error), "try again", "{error}");
}

#[test]
fn the_document_quotes_the_example() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (document, example) =
        (read("docs/production.md"), squeeze(&read("examples/production.rs")));
    let blocks: Vec<&str> =
        document.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 6, "{}", blocks.len());
    for block in blocks {
        assert!(example.contains(&squeeze(block)), "not in the example:\n{block}");
    }
}
