//! Credentials that change while the program runs, with real ACL users.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    error::Error as StdError,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use redmux::{
    ConnectionMultiplexer, Endpoint, ErrorKind, Event, Options,
    error::ConnectStage,
    options::{Credentials, CredentialsProvider},
    transport::BoxFuture,
};
use redmux_test_support::RedisServer;

/// Provides the credentials that the test puts in, and counts the requests
#[derive(Debug, Clone, Default)]
struct Vault {
    now: Arc<Mutex<Option<Credentials>>>,
    asked: Arc<AtomicUsize>,
}

impl Vault {
    fn put(&self, credentials: Option<Credentials>) {
        *self.now.lock().unwrap() = credentials;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl CredentialsProvider for Vault {
    fn credentials<'a>(
        &'a self,
        _server: &'a Endpoint,
    ) -> BoxFuture<'a, Result<Credentials, Box<dyn StdError + Send + Sync>>> {
        Box::pin(async move {
            // Not at once, as from a network.
            async_std::task::sleep(Duration::from_millis(5)).await;
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.now.lock().unwrap().clone().ok_or_else(|| "the vault is sealed".into())
        })
    }
}

fn app(password: &str) -> Credentials {
    Credentials::new(password).username("app")
}

fn set_user(server: &RedisServer, name: &str, password: &str) {
    server.command(&[
        "ACL",
        "SETUSER",
        name,
        "reset",
        "on",
        &format!(">{password}"),
        "~*",
        "+@all",
    ]);
}

fn options(server: &RedisServer, vault: &Vault) -> Options {
    Options::new(server.addr().to_string()).connect_retry(1).credentials_provider(vault.clone())
}

async fn who_am_i(muxer: &ConnectionMultiplexer) -> String {
    muxer.execute("ACL", ["WHOAMI"]).await.unwrap()
}

#[async_std::test]
async fn each_connect_asks_anew() {
    let server = RedisServer::start();
    let vault = Vault::default();
    set_user(&server, "app", "first");
    vault.put(Some(app("first")));
    let muxer = ConnectionMultiplexer::connect(options(&server, &vault)).await.unwrap();
    assert_eq!((who_am_i(&muxer).await.as_str(), vault.asked()), ("app", 1));

    // The password changes, which ends the connection that used the old one.
    vault.put(Some(app("second")));
    set_user(&server, "app", "second");
    server.command(&["CLIENT", "KILL", "USER", "app"]);
    // A command that the end of the connection overtakes may fail; the next is served.
    let _ = muxer.execute::<String>("ACL", ["WHOAMI"]).await;
    assert_eq!((who_am_i(&muxer).await.as_str(), vault.asked()), ("app", 2));
}

#[async_std::test]
async fn the_connection_authenticates_again_before_its_credentials_expire() {
    let server = RedisServer::start();
    let vault = Vault::default();
    set_user(&server, "app", "one");
    set_user(&server, "app2", "two");
    let brief = Duration::from_millis(400);
    vault.put(Some(app("one").valid_for(brief)));
    let muxer = ConnectionMultiplexer::connect(options(&server, &vault)).await.unwrap();
    assert_eq!(who_am_i(&muxer).await, "app");
    let id: i64 = muxer.execute("CLIENT", ["ID"]).await.unwrap();
    let mut events = muxer.events();

    // The provider fails: the connection goes on as it was, and there is an event.
    vault.put(None);
    let error = not_renewed(&mut events).await;
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Credentials));
    assert!(error.to_string().contains("the vault is sealed"), "{error}");
    // So does the server, which keeps the user that it knows.
    vault.put(Some(app("s3cret-wrong").valid_for(brief)));
    let error = loop {
        let error = not_renewed(&mut events).await;
        if error.is_server() {
            break error;
        }
    };
    assert!(error.to_string().contains("WRONGPASS"), "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    assert!(
        muxer.status().connections[0].counters.server_errors > 0,
        "an error of the server counts"
    );
    assert_eq!(who_am_i(&muxer).await, "app");

    // Somebody else from now on, on the same connection.
    vault.put(Some(Credentials::new("two").username("app2").valid_for(brief)));
    for _ in 0..400 {
        if who_am_i(&muxer).await == "app2" {
            break;
        }
        async_std::task::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(who_am_i(&muxer).await, "app2");
    assert_eq!(muxer.execute::<i64>("CLIENT", ["ID"]).await.unwrap(), id);

    // It ends with the connection.
    muxer.close().await;
    let asked = vault.asked();
    async_std::task::sleep(brief * 3).await;
    assert_eq!(vault.asked(), asked);
}

async fn not_renewed(events: &mut redmux::Events) -> redmux::Error {
    use futures::StreamExt;

    let next = async {
        loop {
            if let Event::CredentialsNotRenewed(event) = events.next().await.unwrap() {
                return event.error;
            }
        }
    };
    async_std::future::timeout(Duration::from_secs(20), next).await.expect("no event")
}

#[async_std::test]
async fn a_provider_that_fails_is_told_and_asked_again() {
    let server = RedisServer::start();
    let vault = Vault::default();
    set_user(&server, "app", "pw");
    let error = ConnectionMultiplexer::connect(options(&server, &vault)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Credentials), "{error}");
    assert!(error.to_string().contains("the vault is sealed"), "{error}");

    let patient = options(&server, &vault).abort_on_connect_fail(false);
    let muxer = ConnectionMultiplexer::connect(patient).await.unwrap();
    vault.put(Some(app("pw")));
    assert_eq!(who_am_i(&muxer).await, "app");
}

#[async_std::test]
async fn a_stream_from_outside_is_authenticated_too() {
    use redmux::transport::Capabilities;

    let server = RedisServer::start();
    let vault = Vault::default();
    set_user(&server, "app", "pw");
    vault.put(Some(app("pw")));
    let stream = async_std::net::TcpStream::connect(server.addr().to_string()).await.unwrap();
    let (muxer, driver) = ConnectionMultiplexer::over_stream(
        stream,
        Capabilities::vectored(),
        options(&server, &vault),
        redmux_tcp::environment().runtime,
    )
    .unwrap();
    async_std::task::spawn(driver);
    assert_eq!(who_am_i(&muxer).await, "app");
}
