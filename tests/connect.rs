//! Connecting to a real server: protocols, credentials, stages of failure, transports.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use redmux::{
    ConnectionMultiplexer, Delivery, Endpoint, ErrorKind, Options,
    error::{ConnectStage, TimeoutStage},
    resp::Protocol,
};
use redmux_test_support::RedisServer;

fn options(server: &RedisServer) -> Options {
    Options::new(server.addr().to_string()).connect_retry(1)
}

async fn connect_error(options: Options) -> redmux::Error {
    ConnectionMultiplexer::connect(options).await.expect_err("it must be refused")
}

#[async_std::test]
async fn speaks_resp3_and_resp2() {
    let server = RedisServer::start();
    for (asked, agreed) in [
        (None, Protocol::Resp3),
        (Some(Protocol::Resp3), Protocol::Resp3),
        (Some(Protocol::Resp2), Protocol::Resp2),
    ] {
        let mut options = options(&server);
        if let Some(protocol) = asked {
            options = options.protocol(protocol);
        }
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        muxer.execute::<()>("SET", ("key", b"\x00\xff\r\n".as_slice())).await.unwrap();
        let value: Vec<u8> = muxer.execute("GET", ["key"]).await.unwrap();
        assert_eq!(value, b"\x00\xff\r\n");
        let status = muxer.status();
        assert_eq!(status.connections.len(), 1);
        assert_eq!(status.connections[0].protocol, agreed);
        let version = status.connections[0].server.clone().unwrap().version;
        assert_eq!(version.is_some(), agreed == Protocol::Resp3);
        muxer.close().await;
    }
}

#[async_std::test]
async fn a_server_that_refuses_hello_is_spoken_to_in_resp2() {
    // What a server before 6.0, or a proxy, does.
    let server = RedisServer::builder().args(["--rename-command", "HELLO", ""]).start().unwrap();
    let muxer = ConnectionMultiplexer::connect(options(&server)).await.unwrap();
    assert_eq!(muxer.status().connections[0].protocol, Protocol::Resp2);
    assert_eq!(muxer.execute::<String>("ECHO", ["hello"]).await.unwrap(), "hello");
}

#[async_std::test]
async fn sends_names_and_selects_the_database() {
    let server = RedisServer::start();
    let options = options(&server).client_name("the-app").database(3);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    muxer.execute::<()>("SET", ("in-three", "1")).await.unwrap();
    assert_eq!(muxer.execute::<String>("CLIENT", ["GETNAME"]).await.unwrap(), "the-app");
    assert!(server.command(&["INFO", "keyspace"]).contains("db3:keys=1"));
    let error =
        connect_error(Options::new(server.addr().to_string()).connect_retry(1).database(99)).await;
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Handshake));
    assert!(error.to_string().contains("out of range"), "{error}");
}

#[async_std::test]
async fn passwords_and_acl_users() {
    let server = RedisServer::builder().args(["--requirepass", "s3cret"]).start().unwrap();
    let with = |password: &str| options(&server).password(password);
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let options = with("s3cret").protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        muxer.execute::<()>("SET", ("a", "1")).await.unwrap();
        if protocol == Protocol::Resp2 {
            muxer
                .execute::<()>("ACL", ["SETUSER", "app", "on", ">pw,1%", "~*", "+@all"])
                .await
                .unwrap();
        }
    }
    let app = options(&server).username("app").password("pw,1%");
    let muxer = ConnectionMultiplexer::connect(app).await.unwrap();
    assert_eq!(muxer.execute::<String>("ACL", ["WHOAMI"]).await.unwrap(), "app");
    // The same through a connection string.
    let text = format!("{},user=app,password=pw%2C1%25", server.addr());
    let muxer = ConnectionMultiplexer::connect(text).await.unwrap();
    assert_eq!(muxer.execute::<String>("ACL", ["WHOAMI"]).await.unwrap(), "app");

    for (options, expected) in [
        (with("s3cret-wrong"), "refused the user name or password"),
        (options(&server).username("nobody").password("s3cret"), "refused the user name"),
        (options(&server), "wants a password and none is configured"),
        (options(&server).protocol(Protocol::Resp2).library_info(false), "wants a password"),
    ] {
        let error = connect_error(options).await;
        assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Auth), "{error}");
        assert!(error.is_auth() && error.is_connection() && !error.is_retryable());
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains(&server.addr().to_string()), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
}

#[async_std::test]
async fn each_stage_of_failure_is_told() {
    // A port that is taken and not listened on.
    let refused = redmux_test_support::lease_port(None).unwrap();
    let error = connect_error(Options::new(refused.addr().to_string()).connect_retry(2)).await;
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Dial));
    let error = connect_error(Options::new("no-such-host.invalid").connect_retry(1)).await;
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Resolve));
    let error = connect_error(Options::new("host:port")).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    let error = ConnectionMultiplexer::connect("localhost,colour=blue").await.unwrap_err();
    assert!(error.to_string().contains("`colour` is not an option"), "{error}");

    // A server that accepts and says nothing.
    let server = RedisServer::start();
    server.pause();
    let silent = options(&server).connect_timeout(Duration::from_millis(100));
    let error = connect_error(silent).await;
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Connect));
    assert!(error.to_string().contains("handshake within 100 ms"), "{error}");

    // A server that speaks something else.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let other = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let error = connect_error(Options::new(address.to_string()).connect_retry(1)).await;
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Handshake), "{error}");
    other.join().unwrap();
}

#[async_std::test]
async fn too_many_clients_is_told_in_the_servers_words() {
    let server = RedisServer::builder().args(["--maxclients", "1"]).start().unwrap();
    let first = ConnectionMultiplexer::connect(options(&server)).await.unwrap();
    let error = connect_error(options(&server)).await;
    assert!(error.to_string().contains("max number of clients reached"), "{error}");
    drop(first);
}

#[async_std::test]
async fn the_next_endpoint_is_tried() {
    let server = RedisServer::start();
    let dead: Vec<_> = (0..4).map(|_| redmux_test_support::lease_port(None).unwrap()).collect();
    let first = Options::default().connect_retry(1);
    let options = dead
        .iter()
        .fold(first, |options, dead| options.endpoint(dead.addr().to_string()))
        .endpoint(server.addr().to_string());
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    assert_eq!(muxer.status().connections[0].endpoint.to_string(), server.addr().to_string());
}

#[async_std::test]
async fn without_abort_a_multiplexer_waits_for_its_server() {
    let server = RedisServer::start();
    server.kill();
    let options = options(&server).abort_on_connect_fail(false);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    assert!(!muxer.is_connected());
    let patient = async_std::task::spawn({
        let muxer = muxer.clone();
        async move { muxer.execute::<String>("ECHO", ["at last"]).await }
    });
    server.restart();
    assert_eq!(patient.await.unwrap(), "at last");
}

#[cfg(unix)]
#[async_std::test]
async fn speaks_over_a_unix_socket() {
    let server = RedisServer::builder().unix_socket().start().unwrap();
    let path = server.unix_socket().unwrap().display().to_string();
    let muxer = ConnectionMultiplexer::connect(Endpoint::Unix { path }).await.unwrap();
    assert_eq!(muxer.execute::<String>("ECHO", ["hello"]).await.unwrap(), "hello");
}

#[async_std::test]
async fn a_stream_from_outside_will_do() {
    use redmux::transport::Capabilities;

    let server = RedisServer::start();
    let stream = async_std::net::TcpStream::connect(server.addr().to_string()).await.unwrap();
    let runtime = redmux_tcp::environment().runtime;
    let (muxer, driver) = ConnectionMultiplexer::over_stream(
        stream,
        Capabilities::vectored(),
        options(&server),
        runtime,
    )
    .unwrap();
    let driver = async_std::task::spawn(driver);
    assert_eq!(muxer.execute::<String>("ECHO", ["hello"]).await.unwrap(), "hello");
    // The server ends it, and nothing dials again.
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
    driver.await;
    let error = muxer.execute::<String>("ECHO", ["hello"]).await.unwrap_err();
    assert!(error.is_closed(), "{error}");
}

#[async_std::test]
async fn missing_rights_are_no_wrong_password() {
    let server = RedisServer::start();
    server.command(&["ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all", "-select"]);
    let options = options(&server).username("app").password("pw").database(1);
    let error = connect_error(options).await;
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Handshake), "{error}");
    assert_eq!(error.command_name(), Some("SELECT"));
    assert!(error.to_string().contains("NOPERM"), "{error}");
}

#[async_std::test]
async fn a_tls_handshake_that_hangs_is_told_from_a_dial_that_does() {
    // Takes connections and says nothing, as a server may that does not speak TLS.
    let listener = async_std::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = async_std::task::spawn(async move {
        let mut held = Vec::new();
        while let Ok(connection) = listener.accept().await {
            held.push(connection);
        }
    });
    let options = Options::new(format!("rediss://{address}"))
        .connect_retry(1)
        .connect_timeout(Duration::from_secs(2));
    let error = connect_error(options).await;
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Connect), "{error}");
    assert!(error.to_string().contains("the TLS handshake did not end"), "{error}");
    server.cancel().await;
}
