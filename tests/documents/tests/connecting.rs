//! The ways to connect that need features which the crate's own tests do without.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redmux_test_support::RedisServer;

#[path = "../../../examples/tokio.rs"]
mod example;

#[test]
fn on_tokio_it_is_one_call() {
    let server = RedisServer::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let muxer = redmux::tokio::connect(server.addr().to_string()).await.unwrap();
        muxer.database().set("k", 1).await.unwrap();
    });
}

#[test]
fn the_example_for_tokio_runs() {
    let server = RedisServer::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(example::run(server.addr().to_string())).unwrap();
    assert_eq!(server.command(&["GET", "counter"]).trim(), "100");
}

#[test]
fn on_smol_it_is_one_call() {
    let server = RedisServer::start();
    smol::block_on(async {
        let muxer = redmux::smol::connect(server.addr().to_string()).await.unwrap();
        muxer.database().set("k", 1).await.unwrap();
    });
}

#[test]
fn without_a_runtime_a_thread_serves_the_connection_and_ends_with_it() {
    let server = RedisServer::start();
    let before = threads();
    let redis = redmux::blocking::connect(server.addr().to_string()).unwrap();
    let db = redis.database();
    assert_eq!(redis.run(db.incr("n")).unwrap(), 1);
    assert_eq!(threads(), before + 1);
    // Also while its caller waits inside of another runtime.
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(other.block_on(async { redis.run(db.incr("n")) }).unwrap(), 2);
    drop((db, redis));
    for _ in 0..3000 {
        if threads() == before {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the thread goes on");
}

/// Threads of this process that serve a connection.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "redmux").count()
}
