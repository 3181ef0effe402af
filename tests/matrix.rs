//! The same of every area on every server, in both protocols, over every native transport.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_std::net::{TcpListener, TcpStream};
use futures::{AsyncReadExt, StreamExt, future::join, io::copy};
use futures_rustls::{
    TlsAcceptor,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    rustls::ServerConfig,
};
use redmux::{
    ConnectionMultiplexer, Delivery, Event, Events, Options,
    database::{keys::Ttl, scripting::Script},
    events::NotificationType,
    options::{ConstantDelay, TlsOptions},
    pipeline,
    pubsub::{Item, MissedCause},
    resp::Protocol,
};
use redmux_test_support::{Programs, RedisServer, TempDir};

#[async_std::test]
async fn redis_7_0() {
    // The system's, unless that is another one.
    check(std::env::var_os("REDMUX_REDIS_7").map(PathBuf::from), "7.0.").await;
}

#[async_std::test]
async fn redis_8_2() {
    check(Some(programs().redis_8()), "8.").await;
}

#[async_std::test]
async fn valkey_9_1() {
    check(Some(programs().valkey_9()), "9.").await;
}

#[async_std::test]
async fn redis_stack_7_4() {
    let server = check(Some(programs().redis_stack()), "7.4.").await;
    let muxer = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    let modules = server.command(&["MODULE", "LIST"]);
    for module in ["search", "ReJSON", "timeseries", "bf"] {
        assert!(modules.contains(module), "{module} is not among: {modules}");
    }
    muxer.execute::<()>("JSON.SET", ("doc", "$", r#"{"a":[1,2]}"#)).await.unwrap();
    let found: String = muxer.execute("JSON.GET", ("doc", "$.a[1]")).await.unwrap();
    assert_eq!(found, "[2]");
    assert!(muxer.execute::<bool>("BF.ADD", ("filter", "x")).await.unwrap());
}

fn programs() -> Programs {
    Programs::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers"))
}

/// Everything on this program; the default is the system's.
async fn check(program: Option<PathBuf>, version: &str) -> RedisServer {
    let mut builder = RedisServer::builder().unix_socket();
    if let Some(program) = program {
        builder = builder.program(program);
    }
    let server = builder.start().unwrap();
    let tcp = server.addr().to_string();
    let unix = format!("unix://{}", server.unix_socket().unwrap().display());
    // Not every server is built with TLS: it is put before each of them.
    let tls = format!("127.0.0.1:{}", Certificate::get().terminate(server.port()).await);
    let admin = ConnectionMultiplexer::connect(&*tcp).await.unwrap();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        for (endpoint, encrypted) in [(&tcp, false), (&unix, false), (&tls, true)] {
            let mut options = Options::new(endpoint)
                .protocol(protocol)
                .command_timeout(Duration::from_secs(20))
                .azure_maintenance(true)
                .reconnect_policy(ConstantDelay(Duration::from_millis(5)));
            if encrypted {
                options = options.tls(TlsOptions::default().ca(Certificate::get().path()));
            }
            let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
            admin.database().flushall().await.unwrap();
            if protocol == Protocol::Resp3 {
                let info = muxer.status().connections[0].server.clone().unwrap();
                let found = info.version.unwrap();
                let hint = "REDMUX_REDIS_7 and its like name the program to run";
                assert!(found.starts_with(version), "{found} is not {version}x: {hint}");
            }
            areas(&muxer, &admin).await;
            muxer.close().await;
        }
    }
    admin.close().await;
    server
}

async fn areas(muxer: &ConnectionMultiplexer, admin: &ConnectionMultiplexer) {
    values(muxer).await;
    pipelines(muxer).await;
    scripts(muxer).await;
    errors(muxer).await;
    messages(muxer, admin).await;
    announcements(muxer, admin).await;
    reconnect(muxer, admin).await;
}

async fn values(muxer: &ConnectionMultiplexer) {
    let db = muxer.database();
    db.set("text", "häßlich").await.unwrap();
    assert_eq!(db.get::<String>("text").await.unwrap().as_deref(), Some("häßlich"));
    assert_eq!(db.get::<String>("none").await.unwrap(), None);
    assert_eq!((db.incr("n").await.unwrap(), db.incr("n").await.unwrap()), (1, 2));

    let binary: Vec<u8> = (0..=255).collect();
    db.set(&binary, &binary).await.unwrap();
    assert_eq!(db.get::<Vec<u8>>(&binary).await.unwrap().unwrap(), binary);
    let large: Vec<u8> = (0..3 << 20).map(|n: u32| (n % 251) as u8).collect();
    db.set("large", &large).await.unwrap();
    assert!(db.get::<Vec<u8>>("large").await.unwrap().unwrap() == large);

    db.hset("hash", [("a", 1), ("b", 2)]).await.unwrap();
    let all: BTreeMap<String, i64> = db.hgetall("hash").await.unwrap();
    assert_eq!(all, BTreeMap::from([("a".into(), 1), ("b".into(), 2)]));

    assert_eq!(db.pttl("text").await.unwrap(), Ttl::Forever);
    assert!(db.expire("text", Duration::from_secs(60)).await.unwrap());
    assert!(matches!(db.pttl("text").await.unwrap(), Ttl::In(_)));
    assert!(db.expire("text", Duration::from_millis(1)).await.unwrap());
    while db.get::<String>("text").await.unwrap().is_some() {
        async_std::task::sleep(Duration::from_millis(1)).await;
    }
}

async fn pipelines(muxer: &ConnectionMultiplexer) {
    let db = muxer.database();
    let calls = (db.set("a", 1), db.incr("a"), db.get::<i64>("a"), db.get::<i64>("none"));
    let ((), two, a, none) = pipeline(calls).all().await.unwrap();
    assert_eq!((two, a, none), (2, Some(2), None));
    let calls: Vec<_> = (0..1000).map(|n| muxer.execute::<i64>("ECHO", [n])).collect();
    assert!(pipeline(calls).all().await.unwrap().into_iter().eq(0..1000));
}

async fn scripts(muxer: &ConnectionMultiplexer) {
    let db = muxer.database();
    let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    for n in 1..=2 {
        let sum: i64 = db.script(&script).key("sum").arg(3).run().await.unwrap();
        assert_eq!(sum, 3 * n);
    }
}

async fn errors(muxer: &ConnectionMultiplexer) {
    let db = muxer.database();
    let mut events = muxer.events();
    let error = db.incr("hash").await.unwrap_err();
    assert_eq!(
        (error.server().unwrap().code(), error.delivery()),
        ("WRONGTYPE", Delivery::Answered)
    );
    let Event::ErrorMessage(message) = next(&mut events).await else { panic!("it is an event") };
    assert_eq!((&*message.code, message.command.as_deref()), ("WRONGTYPE", Some("INCR")));
    let error = muxer.execute::<()>("NOSUCHCOMMAND", ["x"]).await.unwrap_err();
    assert_eq!((error.server().unwrap().code(), error.delivery()), ("ERR", Delivery::Answered));
    let error = db.get::<i64>("large").await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (redmux::ErrorKind::Decode, Delivery::Answered));
}

async fn messages(muxer: &ConnectionMultiplexer, admin: &ConnectionMultiplexer) {
    let subscriber = muxer.subscriber();
    let mut channel = subscriber.subscribe("news").await.unwrap();
    let mut pattern = subscriber.psubscribe("n?ws").await.unwrap();
    let mut shard = subscriber.ssubscribe("news").await.unwrap();
    assert_eq!(admin.execute::<i64>("PUBLISH", ("news", "one")).await.unwrap(), 2);
    assert_eq!(muxer.execute::<i64>("SPUBLISH", ("news", "two")).await.unwrap(), 1);
    for (subscription, text) in [(&mut channel, "one"), (&mut pattern, "one"), (&mut shard, "two")]
    {
        let message = subscription.next().await.unwrap().message().unwrap();
        assert_eq!((message.text(), message.channel_text()), (text.into(), "news".into()));
    }
}

async fn reconnect(muxer: &ConnectionMultiplexer, admin: &ConnectionMultiplexer) {
    let mut channel = muxer.subscriber().subscribe("again").await.unwrap();
    let mut events = muxer.events();
    for kind in ["normal", "pubsub"] {
        let kill = ("KILL", "TYPE", kind, "SKIPME", "yes");
        admin.execute::<i64>("CLIENT", kill).await.unwrap();
    }
    while !matches!(next(&mut events).await, Event::ConnectionFailed(_)) {}
    while !matches!(next(&mut events).await, Event::ConnectionRestored(_)) {}
    let Item::Missed(missed) = channel.next().await.unwrap() else { panic!("a gap") };
    assert_eq!(missed.cause, MissedCause::ConnectionLost);
    while admin.execute::<i64>("PUBLISH", ("again", "x")).await.unwrap() == 0 {
        async_std::task::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(channel.next().await.unwrap().message().unwrap().text(), "x");
    // The other connection may be the one that has come back.
    while !muxer.is_connected() {
        async_std::task::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(muxer.execute::<String>("ECHO", ["again"]).await.unwrap(), "again");
}

async fn announcements(muxer: &ConnectionMultiplexer, admin: &ConnectionMultiplexer) {
    let mut events = muxer.events();
    let payload = "NotificationType|NodeMaintenanceFailover|StartTimeInUTC||IsReplica|False|IPAddress||SSLPort|15001";
    while admin.execute::<i64>("PUBLISH", ("AzureRedisEvents", payload)).await.unwrap() == 0 {
        async_std::task::sleep(Duration::from_millis(2)).await;
    }
    let Event::ServerMaintenance(notice) = next(&mut events).await else { panic!("no notice") };
    assert_eq!(notice.notification_type, NotificationType::NodeMaintenanceFailoverComplete);
    assert_eq!((&*notice.raw_message, notice.tls_port), (payload, Some(15001)));
    // The client has looked, and stays with a server that is what it was.
    assert_eq!(muxer.execute::<String>("ECHO", ["still here"]).await.unwrap(), "still here");
}

async fn next(events: &mut Events) -> Event {
    let event = async_std::future::timeout(Duration::from_secs(20), events.next());
    event.await.expect("an event comes").expect("the multiplexer is open")
}

/// A certificate that is its own authority
struct Certificate {
    dir: TempDir,
}

impl Certificate {
    fn get() -> &'static Self {
        static MADE: OnceLock<Certificate> = OnceLock::new();
        MADE.get_or_init(|| {
            let dir = TempDir::new().unwrap();
            let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
            fs::write(dir.path().join("cert.pem"), made.cert.pem()).unwrap();
            fs::write(dir.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
            Self { dir }
        })
    }

    fn path(&self) -> String {
        self.dir.path().join("cert.pem").display().to_string()
    }

    /// Speaks TLS in front of a plain port; returns its own.
    async fn terminate(&self, plain: u16) -> u16 {
        let chain = vec![CertificateDer::from_pem_file(self.path()).unwrap()];
        let key = PrivateKeyDer::from_pem_file(self.dir.path().join("key.pem")).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        async_std::task::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(client) = acceptor.accept(client).await else { continue };
                let server = TcpStream::connect(("127.0.0.1", plain)).await.unwrap();
                async_std::task::spawn(forward(client, server));
            }
        });
        port
    }
}

/// Until one side ends; then both do.
async fn forward(client: futures_rustls::server::TlsStream<TcpStream>, server: TcpStream) {
    let ((from, mut to), (back, mut forth)) = (client.split(), server.clone().split());
    let there = async {
        let _ = copy(from, &mut forth).await;
        let _ = server.shutdown(std::net::Shutdown::Both);
    };
    let here = async {
        let _ = copy(back, &mut to).await;
        let _ = futures::AsyncWriteExt::close(&mut to).await;
    };
    join(there, here).await;
}
