//! twemproxy, which speaks a part of Redis and closes the connection over the rest.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Options, command::CommandSpec, options::CommandMap,
};
use redmux_test_support::{DaemonCommand, RedisServer, lease_port};

use crate::{
    a_while, connects,
    load::Load,
    options, pass,
    programs::{Proxy, program},
    within,
};

fn start(server: &RedisServer) -> Proxy {
    start_with(server, "")
}

/// Starts it with more lines of configuration.
fn start_with(server: &RedisServer, lines: &'static str) -> Proxy {
    let nutcracker = program("TWEMPROXY", &["nutcracker"], "nutcracker");
    let upstream = server.addr();
    let stats = lease_port(None).unwrap();
    Proxy::start(
        move |proxy| {
            let config = format!(
                "redis:\n  listen: {}\n  hash: fnv1a_64\n  distribution: ketama\n  redis: true\n  \
                 auto_eject_hosts: false\n{lines}  servers:\n   - {upstream}:1\n",
                proxy.addr()
            );
            proxy.write("nutcracker.yml", &config);
        },
        move |proxy| {
            DaemonCommand::new(&nutcracker, proxy.log())
                .args(["-c", &proxy.file("nutcracker.yml"), "-p", &proxy.file("pid")])
                .args(["-a", "127.0.0.1", "-s", &stats.port().to_string()])
        },
    )
}

fn through(proxy: &Proxy) -> Options {
    options(proxy.addr().to_string()).command_map(CommandMap::twemproxy())
}

/// Whether twemproxy answers these words, rather than to close the connection.
fn answers(proxy: &Proxy, words: &[&str]) -> bool {
    let mut stream = TcpStream::connect(proxy.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.write_all(request.as_bytes()).unwrap();
    matches!(stream.read(&mut [0; 64]), Ok(n) if n > 0)
}

/// Every command of the table, with each number of arguments: what twemproxy answers is let through,
/// what it does not is refused before it is sent, and the connection stays.
#[async_std::test]
async fn the_map_allows_what_is_served_and_no_more() {
    const ARGUMENTS: [&str; 6] = ["k", "1", "k2", "3", "k4", "5"];
    let server = RedisServer::start();
    let proxy = start(&server);
    let muxer = ConnectionMultiplexer::connect(through(&proxy)).await.unwrap();
    let words = CommandSpec::all().map(|spec| spec.name().split(' ').next().unwrap());
    let mut names: BTreeSet<&str> = words.collect();
    names.extend(["NOSUCH", "get", "COMMAND", "QUIT", "PSYNC"]);
    for name in names {
        for count in 0..=ARGUMENTS.len() {
            let arguments = &ARGUMENTS[..count];
            let served = answers(&proxy, &[&[name], arguments].concat());
            let outcome = within(muxer.execute::<redmux::resp::Value>(name, arguments)).await;
            match outcome {
                Ok(_) => assert!(served, "{name} {arguments:?}: closes the connection"),
                // The server does not like every argument.
                Err(error) if error.kind() == ErrorKind::Server => assert!(served, "{error}"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Command, "{name} {arguments:?}: {error}");
                    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
                    // Some are refused on a shared connection whatever is behind it.
                    let own = !error.to_string().contains("twemproxy");
                    assert!(!served || own, "{name} {arguments:?} is served: {error}");
                }
            }
        }
    }
    // What the client does by itself for a caller.
    let db = muxer.database();
    assert!(muxer.subscriber().subscribe("c").await.unwrap_err().is_rejected());
    assert!(db.eval::<i64>("return 1", (), ()).await.is_err_and(|error| error.is_rejected()));
    let long = "x".repeat(16_336);
    let error = muxer.execute::<()>("SET", (&*long, "v")).await.unwrap_err();
    assert!(error.to_string().contains("16335 bytes"), "{error}");
    muxer.execute::<()>("SET", ("k", &*long)).await.unwrap();
    muxer.execute::<()>("SET", (&long[1..], "v")).await.unwrap();
    assert_eq!(connects(&muxer), 1, "the shared connection was closed");
}

/// `mode=proxy`: no second connection, and what a connection remembers is refused before it is sent.
#[cfg(feature = "topology")]
#[async_std::test]
async fn as_a_proxy_it_is_dialled_once_and_what_it_cannot_keep_is_not_sent() {
    use redmux::{database::transactions::Condition, options::Mode, pipeline};

    let server = RedisServer::builder().args(["--requirepass", "s3cret"]).start().unwrap();
    let proxy = start_with(&server, "  redis_auth: s3cret\n");
    let options = options(proxy.addr().to_string()).mode(Mode::Proxy);
    let options = options.client_name("me").password("s3cret");
    let muxer = ConnectionMultiplexer::connect(options.clone()).await.unwrap();
    let db = muxer.database();

    let refused = |error: redmux::Error| {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
        assert!(error.to_string().contains("mode=proxy"), "{error}");
    };
    refused(muxer.subscriber().subscribe("c").await.unwrap_err());
    refused(within(muxer.database_at(1).incr("n")).await.unwrap_err());
    refused(within(db.transaction((db.incr("n"),)).all()).await.unwrap_err());
    refused(
        within(db.transaction((db.incr("n"),)).when(Condition::key_exists("n")).all())
            .await
            .unwrap_err(),
    );
    refused(within(db.watch(["n"]).run(async |_| Ok(()))).await.unwrap_err());
    refused(within(db.client_id()).await.unwrap_err());
    refused(within(muxer.monitor()).await.map(drop).unwrap_err());

    // Commands and replies keep their order all the same, keys of several servers included.
    within(db.mset(("a", 1, "b", 2))).await.unwrap();
    let calls = (db.incr("a"), db.mget::<i64>(["a", "b"]), db.del(["a", "b"]));
    let (a, both, gone) = within(pipeline(calls).all()).await.unwrap();
    assert_eq!((a, both, gone), (2, vec![Some(2), Some(2)], 2));
    within(muxer.ping()).await.unwrap();
    let counters = &muxer.status().connections[0].counters;
    assert_eq!((counters.connects, counters.failures), (1, 0), "it was dialled again");

    // A wrong password is an error, and no reason to dial in another way.
    let error = ConnectionMultiplexer::connect(options.password("wrong")).await.unwrap_err();
    assert!(error.to_string().contains("AUTH"), "{error}");
}

/// One task's wrong command is not the others' loss.
#[async_std::test]
async fn refused_commands_beside_a_load_and_a_server_that_dies() {
    let server = RedisServer::start();
    let proxy = start(&server);
    let muxer = ConnectionMultiplexer::connect(through(&proxy)).await.unwrap();
    let load = Load::start(&muxer);
    for _ in 0..20 {
        let error = muxer.execute::<String>("XADD", ("s", "*", "f", "v")).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
        pass(a_while() / 20).await;
    }
    let tally = load.finish().await;
    assert_eq!((tally.errors(), connects(&muxer)), (0, 1), "{tally:?}");
    tally.hold_against(&[&server]);

    let load = Load::start(&muxer);
    pass(a_while() / 2).await;
    server.kill();
    pass(a_while() / 2).await;
    server.restart();
    pass(a_while()).await;
    let tally = load.finish().await;
    // Behind twemproxy the client's connection stays, and `Answered` is the proxy's word.
    let of_the_proxy =
        |text: &String| ["Connection", "pipe", "ERR unknown"].iter().any(|own| text.contains(own));
    assert!(tally.answered.keys().all(of_the_proxy), "{tally:?}");
    assert_eq!(connects(&muxer), 1, "{tally:?}");
    tally.never_twice(&[&server]);
}

/// A server that hangs: callers give up, and late replies are nobody else's.
#[async_std::test]
async fn a_server_that_hangs_crosses_no_replies() {
    let server = RedisServer::start();
    let proxy = start(&server);
    let options = through(&proxy).command_timeout(Duration::from_millis(300));
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let load = Load::start(&muxer);
    pass(a_while() / 2).await;
    server.pause();
    pass(Duration::from_millis(700)).await;
    server.resume();
    pass(a_while()).await;
    let tally = load.finish().await;
    assert!(tally.maybe > 0, "{tally:?}");
    tally.hold_against(&[&server]);
}

/// Without the map it is dialled a second time, without `HELLO`; then a wrong command costs the connection.
#[async_std::test]
async fn without_the_map_a_wrong_command_costs_the_connection() {
    let server = RedisServer::start();
    let proxy = start(&server);
    let muxer = ConnectionMultiplexer::connect(options(proxy.addr().to_string())).await.unwrap();
    muxer.execute::<()>("SET", ("k", "v")).await.unwrap();
    let before = connects(&muxer);
    let error = within(muxer.execute::<String>("XADD", ("s", "*", "f", "v"))).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::MaybeExecuted, "{error}");
    let value: String = within(muxer.execute("GET", ["k"])).await.unwrap();
    assert_eq!(value, "v");
    assert!(connects(&muxer) > before);
}

/// With the map, another database is refused before anything is sent; without it, after two connections.
#[async_std::test]
async fn another_database_is_an_error_and_the_rest_goes_on() {
    let server = RedisServer::start();
    let proxy = start(&server);
    let muxer = ConnectionMultiplexer::connect(through(&proxy)).await.unwrap();
    let before = connects(&muxer);
    let error = within(muxer.database_at(1).incr("n")).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
    assert_eq!(connects(&muxer), before);

    let muxer = ConnectionMultiplexer::connect(options(proxy.addr().to_string())).await.unwrap();
    let error = within(muxer.database_at(1).incr("n")).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    let n: i64 = within(muxer.database().incr("n")).await.unwrap();
    assert_eq!(n, 1);
}
