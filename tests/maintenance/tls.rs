//! The move with TLS: what the new endpoint has to prove.
//!
//! The old endpoint speaks TLS in front of a door; the new one is the port of a real server for TLS.

use std::{fs, net::SocketAddr, sync::Arc};

use async_std::net::{TcpListener, TcpStream};
use futures::{AsyncReadExt, future::select};
use futures_rustls::{
    TlsAcceptor,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    rustls::ServerConfig,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use redmux::{
    ErrorKind,
    error::ConnectStage,
    events::{FailureType, MoveFailed},
    options::TlsOptions,
};
use redmux_test_support::TempDir;

use super::*;

/// Certificates of one authority, as files
struct Authority {
    dir: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(dir.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { dir, issuer: Issuer::new(params, key) }
    }

    fn path(&self, file: &str) -> String {
        self.dir.path().join(file).display().to_string()
    }

    /// The paths of a certificate for this name or address and of its key.
    fn certificate(&self, host: &str) -> [String; 2] {
        let paths = [self.path(&format!("{host}.pem")), self.path(&format!("{host}.key"))];
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(&paths[0], certificate.pem()).unwrap();
        fs::write(&paths[1], key.serialize_pem()).unwrap();
        paths
    }
}

/// Speaks TLS in front of a door, until the test is over.
async fn front(door: SocketAddr, [certificate, key]: [String; 2]) -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = futures_rustls::rustls::crypto::ring::default_provider();
    let config = ServerConfig::builder_with_provider(Arc::new(provider));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    async_std::task::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let accepting = acceptor.accept(stream);
            async_std::task::spawn(async move {
                let (Ok(client), Ok(server)) = (accepting.await, TcpStream::connect(door).await)
                else {
                    return;
                };
                let ((from, mut to), (back, mut forth)) = (client.split(), server.split());
                let there = Box::pin(futures::io::copy(from, &mut forth));
                select(there, Box::pin(futures::io::copy(back, &mut to))).await;
            });
        }
    });
    address
}

/// A server at two endpoints, of which the old one has a certificate for `localhost`
struct Scene {
    authority: Authority,
    server: RedisServer,
    door: Door,
    old: SocketAddr,
}

impl Scene {
    /// The new endpoint has a certificate for `host`, by this authority or by one that nobody trusts.
    async fn start(host: &str, is_trusted: bool) -> Self {
        let authority = Authority::new();
        let stranger = Authority::new();
        let issuing = if is_trusted { &authority } else { &stranger };
        let [certificate, key] = issuing.certificate(host);
        let setting = |name: &str, value: String| [name.to_owned(), value];
        let server = RedisServer::builder().tls(vec![
            setting("tls-ca-cert-file", authority.path("ca.pem")),
            setting("tls-cert-file", certificate),
            setting("tls-key-file", key),
            setting("tls-auth-clients", "no".to_owned()),
        ]);
        let server = server.start().unwrap();
        let door = Door::open(server.addr());
        let old = front(door.addr(), authority.certificate("localhost")).await;
        Self { authority, server, door, old }
    }

    fn options(&self) -> Options {
        let tls = TlsOptions::default().ca(self.authority.path("ca.pem"));
        // The new endpoint does not announce anything itself.
        common(Options::new(format!("localhost:{}", self.old.port())))
            .maintenance(Maintenance::Auto)
            .tls(tls)
    }

    fn push(&self, host: &str) {
        let port = self.server.tls_port().unwrap();
        assert_eq!(self.door.push(&format!("MOVING :1 :15 {host}:{port}")), 1);
    }

    /// The port of the endpoint in use.
    async fn is_moved(&self, muxer: &ConnectionMultiplexer) -> bool {
        let text: String = muxer.execute("CLIENT", "INFO").await.unwrap();
        text.contains(&format!("laddr=127.0.0.1:{}", self.server.tls_port().unwrap()))
    }
}

#[async_std::test]
async fn a_name_proves_itself_and_an_address_the_first_name() {
    for (host, named) in
        [("localhost", "localhost"), ("localhost", "127.0.0.1"), ("127.0.0.1", "localhost")]
    {
        let scene = Scene::start(host, true).await;
        let muxer = ConnectionMultiplexer::connect(scene.options()).await.unwrap();
        let mut events = muxer.events();
        let db = muxer.database();
        assert_eq!(db.incr("n").await.unwrap(), 1);
        scene.push(named);
        let is_right = host == "localhost";
        if is_right {
            eventually(|| scene.door.guests() == 0).await;
            assert!(scene.is_moved(&muxer).await);
            // One that is leased now is dialled there, and has to prove the same.
            db.rpush("list", "element").await.unwrap();
            let popped = db.blpop::<String, String>(["list"], Duration::from_secs(5));
            assert!(popped.timeout(Duration::from_secs(5)).await.unwrap().is_some());
        } else {
            let failed = failure(&mut events).await;
            assert_eq!(failed.failure, FailureType::TlsFailure);
            assert!(!scene.is_moved(&muxer).await);
        }
        assert_eq!(db.incr("n").await.unwrap(), 2);
        assert_eq!(muxer.status().connections[0].counters.failures, 0);
        muxer.close().await;
    }
}

async fn failure(events: &mut Events) -> MoveFailed {
    loop {
        match next(events).await {
            Event::MoveFailed(failed) => return failed,
            Event::ServerMaintenance(_) => {}
            other => panic!("{other}"),
        }
    }
}

#[async_std::test]
async fn a_wrong_certificate_moves_nothing_and_is_told_once() {
    for (host, is_trusted, named, word) in [
        ("elsewhere.example", true, "localhost", "elsewhere.example"),
        ("elsewhere.example", true, "127.0.0.1", "elsewhere.example"),
        // The address is not what has to be proved.
        ("127.0.0.1", true, "127.0.0.1", "localhost"),
        ("localhost", false, "localhost", "invalid peer certificate"),
    ] {
        let scene = Scene::start(host, is_trusted).await;
        let muxer = ConnectionMultiplexer::connect(scene.options()).await.unwrap();
        let mut events = muxer.events();
        scene.push(named);
        let failed = failure(&mut events).await;
        let port = scene.server.tls_port().unwrap();
        assert_eq!(failed.new_endpoint.to_string(), format!("{named}:{port}"));
        assert_eq!(failed.endpoint.to_string(), format!("localhost:{}", scene.old.port()));
        assert_eq!(failed.failure, FailureType::TlsFailure);
        assert_eq!(failed.error.kind(), ErrorKind::Connect(ConnectStage::Tls));
        let text = Event::MoveFailed(failed).to_string();
        let begin = format!(
            "move not made: interactive localhost:{} to {named}:{port}: TlsFailure: ",
            scene.old.port()
        );
        assert!(text.starts_with(&begin) && text.contains(word), "{text}");
        // It is tried again, and the connection in use goes on.
        for number in 1..200 {
            assert_eq!(muxer.database().incr("n").await.unwrap(), number);
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        assert!(!scene.is_moved(&muxer).await);
        assert_eq!(scene.door.guests(), 1);
        assert_eq!(muxer.status().connections[0].counters.failures, 0);
        muxer.close().await;
        assert!(events.next().await.is_none());
    }
}

#[async_std::test]
async fn a_certificate_that_is_mended_lets_the_move_be_made() {
    let scene = Scene::start("elsewhere.example", true).await;
    let muxer = ConnectionMultiplexer::connect(scene.options()).await.unwrap();
    let mut events = muxer.events();
    scene.push("localhost");
    failure(&mut events).await;
    let [certificate, key] = scene.authority.certificate("localhost");
    let set = ["CONFIG", "SET", "tls-cert-file", &certificate, "tls-key-file", &key];
    assert_eq!(scene.server.command(&set), "OK");
    eventually(|| scene.door.guests() == 0).await;
    assert!(scene.is_moved(&muxer).await);
    muxer.close().await;
}

#[async_std::test]
async fn nothing_is_said_to_an_endpoint_that_does_not_speak_tls() {
    let scene = Scene::start("localhost", true).await;
    let muxer = ConnectionMultiplexer::connect(scene.options()).await.unwrap();
    let mut events = muxer.events();
    let plain = Door::open(scene.server.addr());
    scene.door.push(&format!("MOVING :1 :15 localhost:{}", plain.addr().port()));
    assert_eq!(failure(&mut events).await.failure, FailureType::TlsFailure);
    assert_eq!((plain.commands(), scene.door.guests()), (0, 1));
    muxer.close().await;
}

#[async_std::test]
async fn a_name_that_the_options_want_is_the_one_that_counts() {
    for (host, named) in [("localhost", "127.0.0.1"), ("localhost", "localhost")] {
        let scene = Scene::start(host, true).await;
        let tls = TlsOptions::default().ca(scene.authority.path("ca.pem")).host("localhost");
        let options = Options::new(format!("127.0.0.1:{}", scene.old.port())).tls(tls);
        let options = common(options).maintenance(Maintenance::Auto);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        scene.push(named);
        eventually(|| scene.door.guests() == 0).await;
        assert!(scene.is_moved(&muxer).await);
        muxer.close().await;
    }
}
