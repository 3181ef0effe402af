//! Commands without a method of their own.

use std::time::Duration;

use redmux::{ConnectionMultiplexer, Delivery, ErrorKind, resp::Value};
use redmux_test_support::RedisServer;

use crate::connect;

#[async_std::test]
async fn any_command_in_any_case_and_any_form_of_arguments() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let db = muxer.database();
    for (n, name) in ["SET", "set", "Set"].into_iter().enumerate() {
        muxer.execute::<()>(name, ("k", n)).await.unwrap();
        assert_eq!(muxer.execute::<usize>("gEt", "k").await.unwrap(), n);
    }
    // A name that is made up at run time, words that are gathered.
    let mut words: Vec<Vec<u8>> = vec![b"a".to_vec()];
    words.push(vec![0, 255]);
    muxer.execute::<()>(["M", "SET"].concat(), &words).await.unwrap();
    assert_eq!(db.execute::<Vec<u8>>("GET", ["a"]).await.unwrap(), [0, 255]);
    assert_eq!(muxer.execute::<Option<String>>("GET", "missing").await.unwrap(), None);
    assert_eq!(muxer.execute::<Value>("GET", "missing").await.unwrap(), Value::Null);

    let unknown = muxer.execute::<()>("NOSUCHCOMMAND", ("secret", 1)).await.unwrap_err();
    assert!(unknown.is_server(), "{unknown}");
    assert_eq!(unknown.command_name(), Some("NOSUCHCOMMAND"));
    assert_eq!(unknown.delivery(), Delivery::Answered);
    assert!(!unknown.to_string().contains("secret"), "{unknown}");
    let arity = muxer.execute::<()>("GET", ()).await.unwrap_err();
    assert!(arity.is_server() && arity.to_string().contains("GET"), "{arity}");
    // One word is one word.
    let error = muxer.execute::<()>("CONFIG GET", "x").await.unwrap_err();
    assert!(error.is_rejected() && error.delivery() == Delivery::NotSent, "{error}");
}

#[async_std::test]
async fn what_servers_have_for_debugging() {
    let server = RedisServer::builder().args(["--enable-debug-command", "local"]).start().unwrap();
    let muxer = connect(&server).await;
    muxer.database().set("k", "text").await.unwrap();
    let object: String = muxer.execute("DEBUG", ("OBJECT", "k")).await.unwrap();
    assert!(object.contains("encoding:embstr"), "{object}");
    // A server that sleeps answers late, in order, and one that sleeps too long in time.
    let sleep = muxer.execute::<()>("DEBUG", ("SLEEP", "0.1"));
    let behind = muxer.execute::<String>("ECHO", ["behind"]);
    let (slept, echoed) = futures::future::join(sleep, behind).await;
    slept.unwrap();
    assert_eq!(echoed.unwrap(), "behind");
    let short = Duration::from_millis(50);
    let late = muxer.execute::<()>("DEBUG", ("SLEEP", "0.3")).timeout(short).await.unwrap_err();
    assert!(late.is_timeout() && late.command_name() == Some("DEBUG"), "{late}");
    assert_eq!(muxer.execute::<String>("ECHO", ["still"]).await.unwrap(), "still");
}

#[async_std::test]
async fn a_key_migrates_to_another_server() {
    let (here, there) = (RedisServer::start(), RedisServer::start());
    let (from, to) = (connect(&here).await, connect(&there).await);
    let port = there.port();
    let migrate = async |muxer: &ConnectionMultiplexer, options: &[&str]| {
        let target = ["127.0.0.1".to_owned(), port.to_string()];
        let rest = ["k", "0", "5000"].iter().chain(options).map(|word| (*word).to_owned());
        let words: Vec<String> = target.into_iter().chain(rest).collect();
        muxer.execute::<String>("MIGRATE", words).timeout(Duration::from_secs(30)).await
    };
    from.database().hset("k", [("a", 1), ("b", 2)]).await.unwrap();
    assert_eq!(migrate(&from, &["COPY"]).await.unwrap(), "OK");
    assert_eq!(from.database().exists("k").await.unwrap(), 1);
    assert_eq!(to.database().hget::<i64>("k", "b").await.unwrap(), Some(2));
    // It is there already.
    let error = migrate(&from, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    assert_eq!(migrate(&from, &["REPLACE"]).await.unwrap(), "OK");
    assert_eq!(from.database().exists("k").await.unwrap(), 0);
    assert_eq!(to.database().hlen("k").await.unwrap(), 2);
    assert_eq!(migrate(&from, &[]).await.unwrap(), "NOKEY");
}

#[async_std::test]
async fn a_server_is_shut_down_and_comes_back() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    muxer.database().set("k", "v").await.unwrap();
    // The server ends before it answers: the error alone does not say whether the command ran.
    let error = muxer.execute::<()>("SHUTDOWN", "NOSAVE").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    let patient =
        async { muxer.execute::<String>("ECHO", "back").timeout(Duration::from_secs(60)).await };
    let restart = async {
        while server.is_running() {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        server.restart();
    };
    let (echoed, ()) = futures::future::join(patient, restart).await;
    assert_eq!(echoed.unwrap(), "back");
    assert_eq!(muxer.database().exists("k").await.unwrap(), 0);
}

#[async_std::test]
async fn a_ping_takes_time() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let quick = muxer.ping().await.unwrap();
    server.pause();
    let resume = async {
        async_std::task::sleep(Duration::from_millis(200)).await;
        server.resume();
    };
    let (slow, ()) = futures::future::join(muxer.ping(), resume).await;
    assert!(slow.unwrap() >= Duration::from_millis(190));
    assert!(quick < Duration::from_secs(5));
    muxer.close().await;
    assert!(muxer.ping().await.unwrap_err().is_closed());
}
