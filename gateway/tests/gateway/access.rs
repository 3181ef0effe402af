//! Who may connect, and what each may do.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ::ring::hmac;
use async_std::{net::TcpStream, task};
use async_tungstenite::{WebSocketStream, client_async, tungstenite};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_rustls::{
    TlsConnector,
    client::TlsStream,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};
use redmux_gateway::{TokenHash, new_token};
use redmux_test_support::{RedisServer, lease_port};
use serde_json::{Value, json};

use crate::common::{
    Bench, ask, closed, command, receive, request, send,
    site::{SECRET, Site},
    status, until,
};

/// One principal with a token, on the keys `a:`.
pub(crate) fn with_token(token: &str) -> String {
    let hash = TokenHash::of(token).unwrap();
    format!(
        r#"
[listen]
address = "127.0.0.1:0"

[upstreams.main]
address = "{{redis}}"

[policies.p]
commands = ["GET", "SET", "INCR", "MULTI", "EXEC", "SUBSCRIBE", "BLPOP", "LRANGE", "LPUSH"]
read = ["a:"]
write = ["a:"]
subscribe = ["news."]
limits = {{ denied = 3 }}

[principals.one]
policy = "p"
tokens = ["{hash}"]
"#
    )
}

#[async_std::test]
async fn a_token_is_shown_in_a_subprotocol_a_header_or_the_first_message() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_token(&token)).await;
    let bearer = format!("Bearer {token}");
    for mut socket in [
        bench.open_as(&token).await.unwrap(),
        bench.open_with(&[("Authorization", &bearer)]).await.unwrap(),
    ] {
        assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    }
    for (line, answer) in [
        (format!("AUTH {token}"), "+OK\r\n"),
        (format!("auth default {token}"), "+OK\r\n"),
        (format!("AUTH one {token}"), "+OK\r\n"),
        (format!("HELLO 2 AUTH default {token} SETNAME x"), "*14\r\n"),
    ] {
        let mut socket = bench.open().await;
        assert_eq!(&ask(&mut socket, &line, answer.len()).await[..answer.len()], answer, "{line}");
    }
    // The next command in the same message is served too.
    let mut socket = bench.open().await;
    send(&mut socket, [command(&["AUTH", &token]), command(&["GET", "a:1"])].concat()).await;
    assert_eq!(receive(&mut socket, 12).await, b"+OK\r\n$1\r\nv\r\n");
    // Redis has not seen the token.
    assert!(!bench.server.command(&["ACL", "LOG"]).contains("AUTH"));
    let count = "redmux_gateway_authentications_total{result=\"accepted\",method=\"token\"}";
    assert!(bench.metric(count) >= 7.0);
}

#[async_std::test]
async fn who_shows_nothing_or_something_else_is_refused() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let config = with_token(&token) + "[access]\nfirst_message = \"200ms\"\n";
    let bench = Bench::of(&site, &config).await;
    let other = new_token().unwrap();
    assert_eq!(status(bench.open_as(&other).await), 401);
    assert_eq!(status(bench.open_with(&[("Authorization", "Basic dTpw")]).await), 401);
    assert_eq!(
        status(bench.open_with(&[("Sec-WebSocket-Protocol", "redis.v1, auth.?")]).await),
        401
    );
    for line in [
        format!("AUTH {other}"),
        format!("AUTH two {token}"),
        format!("HELLO 3 AUTH default {other}"),
        format!("HELLO 3 AUTH default {token} AUTH default x"),
        "HELLO 3".to_owned(),
        "PING".to_owned(),
        "SET a:1 v".to_owned(),
    ] {
        let mut socket = bench.open().await;
        send(&mut socket, command(&line.split(' ').collect::<Vec<_>>())).await;
        assert_eq!(closed(&mut socket).await.0, 4401, "{line}");
    }
    // In time, and within what Redis takes of strangers.
    assert_eq!(closed(&mut bench.open().await).await.0, 4401);
    for (bytes, code) in [
        (b"*2\r\n$4\r\nAUTH\r\n$100000\r\n".to_vec(), 4400),
        (b"*1000\r\n".to_vec(), 4400),
        (vec![b'*'; 20_000], 1009),
    ] {
        let mut socket = bench.open().await;
        send(&mut socket, bytes).await;
        assert_eq!(closed(&mut socket).await.0, code);
    }
    assert_eq!(bench.server.command(&["EXISTS", "a:1"]), "0");
    let strict = with_token(&token) + "[access]\nfirst_message = \"off\"\n";
    let bench = Bench::of(&site, &strict).await;
    assert_eq!(status(bench.open_with(&[]).await), 401);
    // A secret in a URL is refused before it is looked at.
    let answer = bench
        .raw(format!(
            "GET /redis?token={token} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nConnection: upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            bench.addr
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && !answer.contains(&token), "{answer}");
}

#[async_std::test]
async fn pages_may_be_told_why_they_are_refused() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let config = with_token(&token).replace("denied = 3", "connections = 1")
        + "[access]\nrefusals = \"close\"\n";
    let bench = Bench::of(&site, &config).await;
    let mut refused = bench.open_as(&new_token().unwrap()).await.unwrap();
    assert_eq!(closed(&mut refused).await.0, 4401);
    let _first = bench.open_as(&token).await.unwrap();
    assert_eq!(closed(&mut bench.open_as(&token).await.unwrap()).await.0, 4429);
}

#[async_std::test]
async fn what_is_denied_is_answered_in_its_place_and_not_for_ever() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_token(&token)).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    let words = [["SET", "a:1", "v"], ["SET", "b:1", "v"], ["SET", "a:2", "v"]];
    send(&mut socket, words.map(|words| command(&words)).concat()).await;
    let answers = String::from_utf8(receive(&mut socket, 60).await).unwrap();
    let lines: Vec<&str> = answers.lines().collect();
    assert!(
        lines[0] == "+OK"
            && lines[1].starts_with("-ERR")
            && lines[1].contains("a key may not be written"),
        "{answers}"
    );
    assert_eq!(lines[2], "+OK");
    // A transaction with something denied in it does nothing.
    let lines = [vec!["MULTI"], vec!["SET", "a:3", "v"], vec!["SET", "b:3", "v"], vec!["EXEC"]];
    send(&mut socket, lines.map(|words| command(&words)).concat()).await;
    let mut answer = String::new();
    while !answer.contains("EXECABORT") {
        answer += &String::from_utf8(receive(&mut socket, 1).await).unwrap();
    }
    // The third is the last that is answered.
    send(&mut socket, command(&["CONFIG", "GET", "*"])).await;
    send(&mut socket, command(&["KEYS", "*"])).await;
    let (code, reason) = closed(&mut socket).await;
    assert_eq!((code, reason.contains("KEYS")), (4403, true), "{reason}");
    // Logging in again is no mistake that is forgiven.
    let mut socket = bench.open_as(&token).await.unwrap();
    send(&mut socket, command(&["HELLO", "3", "AUTH", "default", "x"])).await;
    assert_eq!(closed(&mut socket).await.0, 4403);
    assert_eq!(bench.server.command(&["DBSIZE"]), "2");
    assert!(
        bench.metric("redmux_gateway_commands_total{result=\"denied\",command=\"SET\"}") >= 2.0
    );
}

#[async_std::test]
async fn each_principal_is_a_user_of_redis_with_databases() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let server = RedisServer::start();
    server.command(&["ACL", "SETUSER", "shop", "on", ">shop-secret", "~a:*", "+@all"]);
    let text = with_token(&token)
        .replace("{redis}", &server.addr().to_string())
        .replace("\"GET\"", "\"ACL WHOAMI\", \"GET\"")
        .replace("limits", "databases = [3, 5]\nlimits")
        + "user = \"shop\"\npassword_file = \"secrets/shop-password\"\n";
    let bench = Bench::start(server, site.load(&text).unwrap().config).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "ACL WHOAMI", 10).await, "$4\r\nshop\r\n");
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    assert_eq!(ask(&mut socket, "SELECT 5", 5).await, "+OK\r\n");
    assert!(ask(&mut socket, "SELECT 0", 20).await.starts_with("-ERR"));
    assert_eq!(bench.server.command(&["INFO", "keyspace"]).matches("keys=1").count(), 1);
    assert!(bench.server.command(&["INFO", "keyspace"]).contains("db3:"));
    // A password that Redis does not know.
    site.write("secrets/shop-password", "wrong");
    bench.handle.reload(site.load(&text).unwrap().config).unwrap();
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(closed(&mut socket).await.0, 1011);
}

pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "HS256" })), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes())))
}

#[async_std::test]
async fn a_jwt_opens_its_subjects_keys_until_it_expires() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = with_token(&token).replace("[\"a:\"]", "[\"u:{sub}:\"]").replace("tokens = ", "# ")
        + r#"
[jwt.accounts]
algorithms = ["HS256"]
issuer = "https://id.example"
audience = ["redis"]
leeway = "off"
secret_file = "secrets/jwt"
principal = "one"
"#;
    let bench = Bench::of(&site, &text).await;
    let seconds = seconds();
    let claims = |subject: &str, exp: u64| json!({ "iss": "https://id.example", "aud": "redis", "sub": subject, "exp": exp });
    let mut socket = bench.open_as(&jwt(&claims("ada", seconds + 3))).await.unwrap();
    assert_eq!(ask(&mut socket, "SET u:ada:1 v", 5).await, "+OK\r\n");
    assert!(ask(&mut socket, "GET u:eve:1", 20).await.starts_with("-ERR"));
    assert_eq!(closed(&mut socket).await.0, 4401);
    assert_eq!(status(bench.open_as(&jwt(&claims("ada", seconds - 1))).await), 401);
    assert_eq!(status(bench.open_as(&jwt(&claims("ada:*", seconds + 60))).await), 401);
}

async fn open_tls(
    bench: &Bench,
    site: &Site,
    identity: Option<(&str, &str)>,
) -> Result<WebSocketStream<TlsStream<TcpStream>>, tungstenite::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(site.ca_pem.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let stream = TcpStream::connect(bench.addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let own = format!("https://{}", bench.addr);
    client_async(request(bench.addr, &[("Origin", &own)]), stream).await.map(|(socket, _)| socket)
}

#[async_std::test]
async fn tls_on_both_sides_and_certificates_as_credentials() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let port = lease_port(None).unwrap();
    let path = |file: &str| site.path(file).display().to_string();
    let server = RedisServer::builder()
        .args(["--tls-port", &port.port().to_string(), "--tls-auth-clients", "yes"])
        .args([
            "--tls-cert-file",
            &path("tls/fullchain.pem"),
            "--tls-key-file",
            &path("tls/key.pem"),
        ])
        .args(["--tls-ca-cert-file", &path("tls/redis-ca.pem")])
        .start()
        .unwrap();
    let text = with_token(&token)
        .replace(
            "\"{redis}\"",
            &format!("\"127.0.0.1:{}\"\ntls = {{ ca = \"tls/redis-ca.pem\", certificate = \"tls/gateway.pem\", key = \"tls/gateway-key.pem\" }}", port.port()),
        )
        .replace("denied = 3", "message = \"2MiB\", command = \"2MiB\"")
        .replace("tokens = ", "certificates = [\"uri:spiffe://tests/job\"]\ntokens = ")
        + r#"
[listen.tls]
certificate = "tls/fullchain.pem"
key = "tls/key.pem"
client_ca = "tls/clients-ca.pem"

[access]
first_message = "off"
"#;
    let bench = Bench::start(server, site.load(&text).unwrap().config).await;
    let client = (site.client_cert_pem.as_str(), site.client_key_pem.as_str());
    let mut socket = open_tls(&bench, &site, Some(client)).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    let big = "x".repeat(1 << 20);
    assert_eq!(ask(&mut socket, &format!("SET a:1 {big}"), 5).await, "+OK\r\n");
    assert!(ask(&mut socket, "GET a:1", big.len() + 12).await.contains(&big));
    // No certificate, one that nobody vouches for, no TLS at all.
    assert_eq!(status(open_tls(&bench, &site, None).await), 401);
    let stranger = (site.stranger_cert_pem.as_str(), site.stranger_key_pem.as_str());
    assert!(open_tls(&bench, &site, Some(stranger)).await.is_err());
    assert!(bench.open_from(None).await.is_err());
    assert!(bench.metric("redmux_gateway_certificate_not_after_timestamp_seconds") > 0.0);
    // A slow handshake ends.
    let mut silent = TcpStream::connect(bench.addr).await.unwrap();
    let mut nothing = [0; 8];
    let end = futures::AsyncReadExt::read(&mut silent, &mut nothing);
    async_std::future::timeout(Duration::from_secs(15), end).await.expect("it is cut off").ok();
    // A server whose certificate is another's is not spoken to.
    let other = Site::new();
    site.write("tls/redis-ca.pem", &other.ca_pem);
    bench.handle.reload(site.load(&text).unwrap().config).unwrap();
    let mut socket = open_tls(&bench, &site, Some(client)).await.unwrap();
    assert_eq!(closed(&mut socket).await.0, 1011);
}

/// A certificate that ends takes its session with it; other authorities ask for it again.
#[async_std::test]
async fn a_session_lasts_no_longer_than_its_certificate() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = with_token(&token)
        .replace("tokens = ", "certificates = [\"dns:job.internal\"]\ntokens = ")
        + "[listen.tls]\ncertificate = \"tls/fullchain.pem\"\nkey = \"tls/key.pem\"\n\
           client_ca = \"tls/clients-ca.pem\"\n";
    let bench = Bench::of(&site, &text).await;
    let (certificate, key) = site.short_lived(Duration::from_secs(5));
    let mut socket = open_tls(&bench, &site, Some((&certificate, &key))).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    assert_eq!(closed(&mut socket).await.0, 4401);
    let client = (site.client_cert_pem.as_str(), site.client_key_pem.as_str());
    let mut socket = open_tls(&bench, &site, Some(client)).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    bench.reload(&site, &text);
    assert_eq!(ask(&mut socket, "GET a:1", 7).await, "$1\r\nv\r\n");
    site.write("tls/clients-ca.pem", &Site::new().ca_pem);
    bench.reload(&site, &text);
    assert_eq!(closed(&mut socket).await.0, 1012);
    assert!(open_tls(&bench, &site, Some(client)).await.is_err());
}

/// Pages always have an origin, and may log in all the same.
#[async_std::test]
async fn a_page_that_needs_no_credential_may_show_one_in_its_first_message() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = with_token(&token)
        + "[policies.look]\ncommands = [\"GET\", \"MGET\"]\nread = [\"a:public:\"]\n\
           [principals.visitor]\npolicy = \"look\"\n\
           [access]\nanonymous = \"visitor\"\nfirst_message = \"2s\"\n";
    let bench = Bench::of(&site, &text).await;
    for line in [format!("AUTH {token}"), format!("HELLO 2 AUTH default {token}")] {
        let mut socket = bench.open().await;
        ask(&mut socket, &line, 5).await;
        send(&mut socket, command(&["SET", "a:1", "v"])).await;
        until("it is set", || bench.server.command(&["GET", "a:1"]) == "v").await;
        bench.server.command(&["DEL", "a:1"]);
    }
    // Nobody has to; what is not a credential is the visitor's, however long it is.
    let mut socket = bench.open().await;
    assert_eq!(ask(&mut socket, "GET a:public:1", 5).await, "$-1\r\n");
    assert!(ask(&mut socket, "GET a:1", 20).await.starts_with("-ERR"));
    let mut socket = bench.open().await;
    let many = format!("MGET {}", ["a:public:x"; 2000].join(" "));
    assert_eq!(ask(&mut socket, &many, 7 + 2000 * 5).await.len(), 7 + 2000 * 5);
    // Who says nothing in time is the visitor too, and cannot change that later.
    let mut silent = bench.open().await;
    task::sleep(Duration::from_millis(2500)).await;
    assert_eq!(ask(&mut silent, "GET a:public:1", 5).await, "$-1\r\n");
    send(&mut silent, command(&["AUTH", &token])).await;
    assert_eq!(closed(&mut silent).await.0, 4403);
    // A wrong one is no visitor.
    let mut socket = bench.open().await;
    send(&mut socket, command(&["AUTH", "wrong"])).await;
    assert_eq!(closed(&mut socket).await.0, 4401);
    until("nobody is counted twice", || bench.handle.clients() <= 5).await;
}

#[async_std::test]
async fn programs_without_an_origin_need_a_credential() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let open = with_token(&token).replace("127.0.0.1:0\"", "127.0.0.1:0\"\nallow_no_origin = true")
        + "[access]\nanonymous = \"one\"\nfirst_message = \"off\"\n";
    let bench = Bench::of(&site, &open).await;
    assert_eq!(status(bench.open_from(None).await), 401);
    assert_eq!(status(bench.open_with(&[]).await), 101);
    let mut socket =
        bench.open_with(&[("Authorization", &format!("Bearer {token}"))]).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
}

/// The password of the project's own client is a credential, in any protocol version.
#[async_std::test]
async fn the_client_shows_its_password_in_the_first_message() {
    use redmux::{ConnectionMultiplexer, Options, transport::Environment};
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_token(&token)).await;
    let transport = redmux_websocket::WebSocketTransport::default().origin(bench.own_origin());
    let connect = |password: &str| {
        let options = Options::new(format!("ws://{}/redis", bench.addr)).password(password);
        let environment = Environment::new(transport.clone(), redmux_tcp::AsyncStdRuntime);
        ConnectionMultiplexer::connect_with(
            options.client_name("page").connect_retry(1),
            environment,
        )
    };
    let client = connect(&token).await.unwrap();
    client.execute::<()>("SET", ("a:1", "v")).await.unwrap();
    assert_eq!(client.execute::<String>("GET", ["a:1"]).await.unwrap(), "v");
    let denied = client.execute::<String>("GET", ["b:1"]).await.unwrap_err();
    assert!(denied.to_string().contains("a key may not be read"), "{denied}");
    // The others on the same connection are none the worse.
    assert_eq!(client.execute::<String>("GET", ["a:1"]).await.unwrap(), "v");
    client.close().await;
    assert!(connect("wrong").await.is_err());
}
