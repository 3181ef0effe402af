//! Options whose effect a real server shows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redmux::{ConnectionMultiplexer, resp::Protocol};
use redmux_test_support::RedisServer;

#[async_std::test]
async fn a_url_sets_names_and_database() {
    let server = RedisServer::builder().args(["--requirepass", "p@ss,w/rd"]).start().unwrap();
    let url = format!(
        "redis://:p%40ss%2Cw%2Frd@{}/5?name=app&libraryName=redmux(shop_v2)&tcpKeepAlive=off",
        server.addr()
    );
    let muxer = ConnectionMultiplexer::connect(url).await.unwrap();
    let info: String = muxer.execute("CLIENT", ["INFO"]).await.unwrap();
    assert!(info.contains(" name=app ") && info.contains(" db=5 "), "{info}");
}

#[async_std::test]
async fn the_handshake_uses_the_names_that_the_server_knows() {
    let renamed = ["--rename-command", "AUTH", "LETMEIN", "--rename-command", "SELECT", "PICK"];
    let server = RedisServer::builder()
        .args(["--requirepass", "pw"])
        .args(renamed)
        .args(["--rename-command", "HELLO", ""])
        .start();
    // The server's own check of its start authenticates by the usual name, or not at all.
    let server = server.unwrap();
    let text =
        format!("{},password=pw,db=2,$auth=LETMEIN,$select=PICK,$hello=,$client=", server.addr());
    let muxer = ConnectionMultiplexer::connect(text).await.unwrap();
    assert_eq!(muxer.status().connections[0].protocol, Protocol::Resp2);
    muxer.execute::<()>("SET", ("key", "value")).await.unwrap();
    let keyspace: String = muxer.execute("INFO", ["keyspace"]).await.unwrap();
    assert!(keyspace.contains("db2:keys=1"), "{keyspace}");
}
