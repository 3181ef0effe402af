//! TLS: a real Redis with certificates of our own, on every runtime.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Event, Options,
    error::ConnectStage,
    options::{TlsOptions, TlsVersions},
    transport::Environment,
};
use redmux_test_support::{Certificates, Cut, FaultProxy, RedisServer, TempDir, Websockify};

/// A server that speaks TLS on a port of its own, besides plain TCP on the other
struct TlsServer {
    plain: RedisServer,
}

impl TlsServer {
    fn start(extra: &[&str]) -> Self {
        let builder = RedisServer::builder().tls(Certificates::get().settings());
        Self { plain: builder.args(extra).start().unwrap() }
    }

    fn port(&self) -> u16 {
        self.plain.tls_port().unwrap()
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    fn options(&self, tls: TlsOptions) -> Options {
        Options::new(self.address()).connect_retry(1).tls(tls)
    }
}

fn trusting() -> TlsOptions {
    TlsOptions::default().ca(Certificates::get().path("ca.pem"))
}

async fn refused(options: Options) -> redmux::Error {
    let error = ConnectionMultiplexer::connect(options).await.expect_err("it must be refused");
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Tls), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    error
}

/// Small and large, in both directions at once.
async fn talk(server: &TlsServer, environment: Environment) {
    let muxer =
        ConnectionMultiplexer::connect_with(server.options(trusting()), environment).await.unwrap();
    let large = vec![b'x'; 3 << 20];
    let calls = (0..8).map(|n| {
        let muxer = muxer.clone();
        let large = &large;
        async move {
            let key = format!("large-{n}");
            muxer.execute::<()>("SET", (&*key, large.as_slice())).await.unwrap();
            let back: Vec<u8> = muxer.execute("GET", [&*key]).await.unwrap();
            assert!(back == *large);
        }
    });
    futures::future::join_all(calls).await;
    assert_eq!(muxer.execute::<String>("ECHO", ["hello"]).await.unwrap(), "hello");
    muxer.close().await;
}

#[test]
fn speaks_tls_on_every_runtime() {
    let server = TlsServer::start(&[]);
    async_std::task::block_on(talk(&server, redmux_tcp::environment()));
    smol::block_on(talk(&server, redmux_tcp::smol::environment()));
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { talk(&server, redmux_tcp::tokio::environment()).await });
}

#[async_std::test]
async fn comes_back_after_the_server_was_away() {
    let server = TlsServer::start(&[]);
    let muxer = ConnectionMultiplexer::connect(server.options(trusting())).await.unwrap();
    server.plain.restart();
    let value: String = muxer.execute("ECHO", ["again"]).await.unwrap();
    assert_eq!(value, "again");
}

#[async_std::test]
async fn a_connection_string_or_a_url_will_do() {
    let server = TlsServer::start(&[]);
    let ca = Certificates::get().path("ca.pem");
    for text in [
        format!("{},ssl=true,sslCa={ca},sslProtocols=tls13", server.address()),
        format!("rediss://localhost:{}?sslCa={ca}", server.port()),
        format!("rediss://127.0.0.1:{}/?sslCa={ca}&sslHost=localhost", server.port()),
        format!("{},ssl=true,sslDangerouslyUnverified=true,sslHost=other", server.address()),
    ] {
        let muxer = ConnectionMultiplexer::connect(&*text).await.unwrap();
        assert_eq!(muxer.execute::<String>("ECHO", ["hello"]).await.unwrap(), "hello");
    }
    // PEM text instead of a file.
    let pem = fs::read_to_string(Path::new(&ca)).unwrap();
    let tls = TlsOptions::default().ca(pem).versions(TlsVersions::Tls12);
    ConnectionMultiplexer::connect(server.options(tls)).await.unwrap();
}

#[async_std::test]
async fn whom_it_cannot_verify_it_does_not_trust() {
    let server = TlsServer::start(&["--tls-protocols", "TLSv1.2"]);
    let error = refused(server.options(TlsOptions::default())).await;
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    assert!(error.to_string().contains("(sslCa)"), "{error}");
    let error = refused(server.options(trusting().host("elsewhere.example"))).await;
    assert!(error.to_string().contains("elsewhere.example"), "{error}");
    let error = refused(server.options(trusting().host("no host"))).await;
    assert!(error.to_string().contains("neither a DNS name"), "{error}");
    let error = refused(server.options(trusting().versions(TlsVersions::Tls13))).await;
    assert!(error.to_string().contains("sslProtocols"), "{error}");
    let error = refused(server.options(TlsOptions::default().ca("/nonexistent/ca.pem"))).await;
    assert!(error.to_string().contains("sslCa: /nonexistent/ca.pem"), "{error}");
    let key = Certificates::get().path("server.key");
    let error = refused(server.options(TlsOptions::default().ca(key))).await;
    assert!(error.to_string().contains("sslCa: there is no certificate"), "{error}");
}

#[async_std::test]
async fn nothing_is_sent_in_the_clear() {
    use std::io::Read;

    // What arrives at a server that says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    let options = Options::new(address).connect_retry(1).password("s3cret").tls(trusting());
    let timeout = std::time::Duration::from_millis(500);
    ConnectionMultiplexer::connect(options.connect_timeout(timeout)).await.unwrap_err();
    let heard = heard.join().unwrap();
    assert!(heard.starts_with(&[22, 3, 1]), "no TLS handshake: {heard:?}");
    assert!(!heard.windows(6).any(|window| window == b"s3cret"));
}

#[async_std::test]
async fn a_transport_that_cannot_encrypt_refuses() {
    use redmux::transport::{Capabilities, DialError, Endpoint, Transport};

    struct Plain;
    impl Transport for Plain {
        type Stream = redmux_tcp::Stream;

        fn capabilities(&self) -> Capabilities {
            Capabilities::stream()
        }

        async fn connect(&self, endpoint: &Endpoint) -> Result<Self::Stream, DialError> {
            redmux_tcp::TcpTransport::default().connect(endpoint).await
        }
    }

    let server = TlsServer::start(&[]);
    let environment = Environment::new(Plain, redmux_tcp::AsyncStdRuntime);
    let options = server.options(trusting());
    let error = ConnectionMultiplexer::connect_with(options, environment).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Tls), "{error}");
    assert!(error.to_string().contains("cannot encrypt"), "{error}");
}

#[async_std::test]
async fn client_certificates() {
    let server = TlsServer::start(&["--tls-auth-clients", "yes"]);
    let certificates = Certificates::get();
    let (certificate, key) = (certificates.path("client.pem"), certificates.path("client.key"));
    let tls = trusting().client_certificate(certificate.clone(), key);
    let muxer = ConnectionMultiplexer::connect(server.options(tls)).await.unwrap();
    assert_eq!(muxer.execute::<String>("ECHO", ["hello"]).await.unwrap(), "hello");

    // With TLS 1.3 the server refuses only after the client's side of the handshake is over.
    let error = ConnectionMultiplexer::connect(server.options(trusting())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Auth), "{error}");
    assert_eq!(
        (error.is_auth(), error.is_retryable(), error.delivery()),
        (true, false, Delivery::NotSent)
    );
    let text = error.to_string();
    assert!(text.starts_with("cannot connect (authentication)"), "{text}");
    assert!(text.contains("wants a client's certificate (sslCert and sslKey)"), "{text}");

    // One that the server does not trust, refused within the handshake of TLS 1.2 and after that of 1.3.
    let stranger = rcgen::KeyPair::generate().unwrap();
    let strange = rcgen::CertificateParams::new(vec!["app".to_owned()])
        .unwrap()
        .self_signed(&stranger)
        .unwrap();
    for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
        let tls = trusting().versions(versions);
        let tls = tls.client_certificate(strange.pem(), stranger.serialize_pem());
        let error = ConnectionMultiplexer::connect(server.options(tls)).await.unwrap_err();
        assert!(error.is_auth(), "{error}");
        assert!(error.to_string().contains("does not accept the client's certificate"), "{error}");
    }

    // The certificate of one and the key of another.
    let other = certificates.path("server.key");
    let tls = trusting().client_certificate(certificate.clone(), other);
    let error = refused(server.options(tls)).await;
    assert!(error.to_string().contains("the key is not that of the certificate"), "{error}");

    let error =
        refused(server.options(trusting().client_certificate(certificate.clone(), certificate)))
            .await;
    assert!(error.to_string().contains("sslKey: there is no private key"), "{error}");
}

/// Certificates that `openssl req -x509` and old scripts make, and rustls does not take.
#[async_std::test]
async fn what_is_wrong_with_a_certificate_is_said_in_words() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let openssl = |args: &[&str]| {
        let made = std::process::Command::new("openssl").args(args).output();
        let made = made.expect("openssl must be installed, on Debian: apt-get install openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let (key, authority, old) = (path("key.pem"), path("authority.pem"), path("old.pem"));
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    let out = ["-keyout", &*key, "-out", &*authority];
    openssl(&[&["req", "-x509"][..], &new_key, &out, &name, &["-days", "3"]].concat());
    let request = path("request.pem");
    openssl(&["req", "-new", "-key", &key, "-out", &request, "-subj", "/CN=localhost"]);
    // Without a file of extensions it is of version 1.
    openssl(&["x509", "-req", "-in", &request, "-signkey", &key, "-out", &old, "-days", "3"]);

    for (certificate, expected) in [(&authority, "CA:TRUE"), (&old, "X.509 version 1")] {
        let server = TlsServer::start(&["--tls-cert-file", certificate, "--tls-key-file", &key]);
        let error = refused(server.options(TlsOptions::default().ca(&**certificate))).await;
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// The lines of `docs/options.md`, in a folder of their own.
#[async_std::test]
async fn the_certificates_of_the_document_work() {
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/options.md"));
    let document = document.unwrap();
    let lines = document.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let dir = TempDir::new().unwrap();
    let mut shell = std::process::Command::new("sh");
    let made = shell.args(["-ec", lines]).current_dir(dir.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (certificate, key) = (path("redis.pem"), path("redis.key"));
    let server = TlsServer::start(&["--tls-cert-file", &certificate, "--tls-key-file", &key]);
    let tls = TlsOptions::default().ca(path("ca.pem")).host("redis.example");
    let muxer = ConnectionMultiplexer::connect(server.options(tls.clone())).await.unwrap();
    muxer.ping().await.unwrap();

    // Another authority is put in the place of the first, without a restart of the client.
    fs::copy(Certificates::get().path("ca.pem"), dir.path().join("ca.pem")).unwrap();
    let error = refused(server.options(tls)).await;
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[async_std::test]
async fn a_peer_that_speaks_no_tls_is_said_to_be_one() {
    use std::io::{Read, Write};

    for (says, expected) in [
        (&b"-ERR unknown command\r\n"[..], "speaks plaintext on this port"),
        (b"", "does it speak TLS on this port?"),
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let peer = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(says);
        });
        let error = refused(Options::new(address).connect_retry(1).tls(trusting())).await;
        peer.join().unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// A connection that ends below TLS, as through a proxy that is killed.
#[async_std::test]
async fn an_end_without_close_notify_is_said_in_words() {
    let server = TlsServer::start(&[]);
    let proxy = FaultProxy::start(server.address().parse().unwrap());
    let tls = trusting().host("localhost");
    let options = Options::new(proxy.addr().to_string()).connect_retry(1).tls(tls);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut events = muxer.events();
    proxy.cut(Cut::Fin);
    let error = loop {
        if let Event::ConnectionFailed(failed) = events.next().await.unwrap() {
            break failed.error.to_string();
        }
    };
    assert!(error.contains("close_notify") && !error.contains("docs.rs"), "{error}");
}

/// Speaks TLS in front of a plain port; returns its own.
async fn terminate_tls(plain: u16) -> u16 {
    use async_std::net::{TcpListener, TcpStream};
    use futures::{AsyncReadExt, io::copy};
    use futures_rustls::{
        TlsAcceptor,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        rustls::ServerConfig,
    };

    let certificates = Certificates::get();
    let chain = vec![CertificateDer::from_pem_file(certificates.path("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(certificates.path("server.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    let acceptor = TlsAcceptor::from(std::sync::Arc::new(config.unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    async_std::task::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(client) = acceptor.accept(client).await else { continue };
            let server = TcpStream::connect(("127.0.0.1", plain)).await.unwrap();
            let ((from, mut to), (back, mut forth)) = (client.split(), server.split());
            async_std::task::spawn(async move {
                futures::future::join(copy(from, &mut forth), copy(back, &mut to)).await
            });
        }
    });
    port
}

#[async_std::test]
async fn web_sockets_speak_tls_too() {
    let server = RedisServer::start();
    let websockify = Websockify::start(server.port());
    let plain = websockify.url().trim_end_matches('/').rsplit_once(':').unwrap().1.parse().unwrap();
    let url = format!("wss://localhost:{}/", terminate_tls(plain).await);
    let environment = redmux_websocket::environment();
    let options = Options::new(&url).connect_retry(1);

    let trusted = options.clone().tls(trusting());
    let muxer = ConnectionMultiplexer::connect_with(trusted, environment.clone()).await.unwrap();
    let large = "x".repeat(1 << 20);
    assert_eq!(muxer.execute::<String>("ECHO", [&*large]).await.unwrap(), large);
    // Without being asked, too; but this authority is not one of the system's.
    let error = ConnectionMultiplexer::connect_with(options, environment).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Tls), "{error}");
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}
