//! Connection strings as they are handed around, and servers that do not allow everything.

use std::time::Duration;

use redmux::{ConnectionMultiplexer, ErrorKind, Event, Options, resp::Protocol};
use redmux_test_support::RedisServer;

#[test]
fn strings_as_portals_and_programs_write_them_are_read() {
    for (text, read) in [
        // As Azure's portal gives it: a password that ends in `=`, words with capitals.
        (
            "cache.redis.cache.windows.net:6380,password=c2VjcmV0=,ssl=True,abortConnect=False",
            "cache.redis.cache.windows.net:6380,abortConnect=false,password=c2VjcmV0=,ssl=true",
        ),
        (
            "localhost, 127.0.0.1:7000, [::1]:7001, syncTimeout = 250, CONNECTRETRY=2",
            "localhost:6379,127.0.0.1:7000,[::1]:7001,syncTimeout=250,connectRetry=2",
        ),
        (
            "h,asyncTimeout=250,abortConnect=true,name=app,defaultDatabase=3,channelPrefix=x:",
            "h:6379,commandTimeout=250,abortConnect=true,defaultDatabase=3,name=app,channelPrefix=x:",
        ),
        (
            "h,sslHost=name,ssl=true,sslProtocols=Tls12|Tls13,protocol=3,tunnel=http:proxy:8080",
            "h:6379,protocol=resp3,ssl=true,sslHost=name,tunnel=http://proxy:8080",
        ),
        ("h,$CONFIG=,$info=INF0,setlib=FALSE", "h:6379,setlib=false,commandMap=CONFIG=;INFO=INF0"),
    ] {
        let options: Options = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(options.connection_string(), read, "{text}");
    }
}

#[test]
fn what_is_not_known_is_an_error_or_named() {
    let text = "h,allowAdmin=true,writeBuffer=4096,connectTimeout=250";
    let error = text.parse::<Options>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`allowAdmin` is not an option here as"), "{error}");
    let (options, ignored) = Options::parse_ignoring_unknown(text).unwrap();
    assert_eq!(options.to_string(), "h:6379,connectTimeout=250");
    assert_eq!(ignored, ["allowAdmin", "writeBuffer"]);
    let url = "redis://:secret@h/3?colour=blue&name=app";
    let (options, ignored) = Options::parse_ignoring_unknown(url).unwrap();
    assert_eq!(options.to_string(), "h:6379,password=***,defaultDatabase=3,name=app");
    assert_eq!(ignored, ["colour"]);
    // What is known must be right, and what is not an option is not ignored.
    for wrong in ["h,connectTimeout=soon", "h:port,colour=blue", "", "h,user=me"] {
        let error = Options::parse_ignoring_unknown(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{wrong}");
    }
}

#[async_std::test]
async fn a_multiplexer_tells_its_options_and_no_secret() {
    let server = RedisServer::builder().args(["--requirepass", "s3cret"]).start().unwrap();
    let text = format!("{},password=s3cret,name=app", server.addr());
    let muxer = ConnectionMultiplexer::connect(text).await.unwrap();
    let shown = muxer.options().to_string();
    assert_eq!(shown, format!("{},password=***,name=app", server.addr()));
    assert!(!format!("{muxer:?}").contains("s3cret"));
    // They are enough for another one.
    let other = ConnectionMultiplexer::connect(muxer.options().clone()).await.unwrap();
    assert_eq!(other.database().client_getname().await.unwrap().as_deref(), Some("app"));
}

#[async_std::test]
async fn servers_without_what_is_nice_to_have_are_used_all_the_same() {
    for missing in [
        &["CLIENT"][..],
        &["INFO", "CONFIG", "CLUSTER", "ROLE"],
        &["ECHO", "TIME", "EXISTS"],
        &["CLIENT", "HELLO", "ECHO"],
        &["PUBLISH", "SUBSCRIBE", "PSUBSCRIBE"],
    ] {
        let gone = missing.iter().flat_map(|name| ["--rename-command", *name, ""]);
        let server = RedisServer::builder().args(gone).start().unwrap();
        // Whether the client was told, or finds out.
        let told: String = missing.iter().map(|name| format!(",${name}=")).collect();
        for text in [String::new(), told] {
            for protocol in ["", ",protocol=resp2"] {
                let text = format!("{},name=app{protocol}{text}", server.addr());
                let muxer = ConnectionMultiplexer::connect(&*text).await.unwrap();
                let db = muxer.database();
                db.set("k", "v").await.unwrap();
                assert_eq!(db.get::<String>("k").await.unwrap().as_deref(), Some("v"), "{text}");
                // Only the command itself fails, and says where it was refused.
                let error = muxer.execute::<()>(missing[0], ["x"]).await.unwrap_err();
                assert_eq!(error.is_rejected(), text.contains('$'), "{text}: {error}");
                assert_eq!(error.is_server(), !text.contains('$'), "{text}: {error}");
                muxer.close().await;
            }
        }
    }
}

#[async_std::test]
async fn a_server_that_refuses_probes_is_alive() {
    let server = RedisServer::start();
    server.command(&["ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all", "-ping", "-echo"]);
    let options = Options::new(server.addr().to_string())
        .username("app")
        .password("pw")
        .protocol(Protocol::Resp3)
        .keep_alive(Duration::from_millis(20))
        .probe_timeout(Duration::from_secs(5));
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut events = muxer.events();
    let id = muxer.database().client_id().await.unwrap();
    async_std::task::sleep(Duration::from_millis(300)).await;
    let stats = muxer.database().info("commandstats").await.unwrap();
    let probes = stats.get("cmdstat_ping").unwrap();
    let refused: u64 = probes
        .rsplit_once("rejected_calls=")
        .unwrap()
        .1
        .split(',')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(refused >= 2, "{probes}");
    assert_eq!(muxer.database().client_id().await.unwrap(), id, "the connection is the same");
    muxer.close().await;
    while let Some(event) = futures::StreamExt::next(&mut events).await {
        assert!(!matches!(event, Event::ConnectionFailed(_)), "{event}");
    }
}
