//! The way from nothing to a safe deployment, as docs/gateway.md tells it.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use ::ring::{rand::SystemRandom, signature};
use async_std::net::TcpStream;
use async_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_rustls::{
    TlsConnector,
    client::TlsStream,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};
use redmux_test_support::{RedisServer, lease_port};
use serde_json::{Value, json};

use crate::common::{Bench, ask, closed, command, send, site::Site, status};

/// The blocks of code of the guide, with the languages they are in.
fn blocks() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(root.join("../docs/gateway.md")).unwrap();
    let guide = docs.split("## From nothing to a safe deployment").nth(1).unwrap();
    let guide = guide.split("\n## ").next().unwrap();
    let fenced = guide.split("```").skip(1).step_by(2);
    fenced
        .map(|block| {
            let (language, text) = block.split_once('\n').unwrap();
            (language.to_owned(), text.to_owned())
        })
        .collect()
}

/// Signed with the private part of the key in `jwks.json`.
fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "RS256", "kid": "rsa-1" })), part(claims));
    let key = include_bytes!("../data/rsa-private.pk8.der");
    let key = signature::RsaKeyPair::from_pkcs8(key).unwrap();
    let mut signed = vec![0; key.public().modulus_len()];
    let padding = &signature::RSA_PKCS1_SHA256;
    key.sign(padding, &SystemRandom::new(), text.as_bytes(), &mut signed).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signed))
}

/// A page of this origin, which asks for this host.
async fn open(
    bench: &Bench,
    site: &Site,
    host: &str,
    origin: &str,
) -> Result<WebSocketStream<TlsStream<TcpStream>>, tungstenite::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(site.ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(bench.addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let mut request = format!("wss://{host}/redis").into_client_request().unwrap();
    request.headers_mut().insert("Origin", HeaderValue::from_str(origin).unwrap());
    client_async(request, stream).await.map(|(socket, _)| socket)
}

#[async_std::test]
async fn the_guide_leads_to_a_page_that_may_do_what_it_says() {
    let blocks = blocks();
    let block = |language: &str, holds: &str| {
        let mut found = blocks.iter().filter(|(of, text)| of == language && text.contains(holds));
        found.next().unwrap_or_else(|| panic!("no block of {language} with {holds}")).1.clone()
    };
    let (site, port) = (Site::new(), lease_port(None).unwrap());
    let path = |file: &str| site.path(file).display().to_string();
    let server = RedisServer::builder()
        .args(["--tls-port", &port.port().to_string(), "--tls-auth-clients", "no"])
        .args(["--tls-cert-file", &path("tls/fullchain.pem")])
        .args(["--tls-key-file", &path("tls/key.pem")])
        .args(["--tls-ca-cert-file", &path("tls/redis-ca.pem")])
        .start()
        .unwrap();

    // 1. A user of Redis.
    let user = block("", "ACL SETUSER").replace("LONG-RANDOM-PASSWORD", "shop-secret");
    // Servers before 7.2 do not know this one.
    let words = user.split_whitespace().filter(|word| *word != "+client|setinfo");
    assert_eq!(server.command(&words.collect::<Vec<_>>()), "OK");
    server.command(&["SET", "catalog:1", "shoes"]);

    // 2. The configuration, on another port and with another server.
    let config = block("toml", "[jwt.accounts]")
        .replace("0.0.0.0:8443", "127.0.0.1:0")
        .replace("redis.internal:6380", &format!("127.0.0.1:{}", port.port()));
    site.write("gateway.toml", &config);

    // 3. The check.
    let checked = Command::new(env!("CARGO_BIN_EXE_redmux-gateway"))
        .args(["check-config", site.path("gateway.toml").to_str().unwrap()])
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));

    // 4. and 5. A page connects; the first message has its credential.
    let bench = Bench::start(server, site.load(&config).unwrap().config).await;
    let (host, origin) = ("redis.example.com", "https://app.example.com");
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "iss": "https://accounts.example.com", "aud": "redis", "sub": "ada", "exp": seconds + 600
    });
    let mut page = open(&bench, &site, host, origin).await.unwrap();
    assert_eq!(ask(&mut page, &format!("AUTH {}", jwt(&claims)), 5).await, "+OK\r\n");
    assert_eq!(ask(&mut page, "GET catalog:1", 11).await, "$5\r\nshoes\r\n");
    assert_eq!(ask(&mut page, "SET cart:ada:1 shoes", 5).await, "+OK\r\n");
    assert_eq!(ask(&mut page, "DEL cart:ada:1", 4).await, ":1\r\n");

    // 6. What must not work.
    for line in [
        "SET catalog:1 free",
        "GET cart:eve:1",
        "MGET catalog:1 cart:eve:1",
        "SET cart:eve:1 x",
        "CONFIG GET *",
        "FLUSHALL",
        "KEYS *",
        "SUBSCRIBE orders.eu",
        "CLIENT KILL ID 1",
    ] {
        let answer = ask(&mut page, line, 4).await;
        assert!(answer.starts_with("-NOPERM") || answer.starts_with("-ERR"), "{line}: {answer}");
    }
    assert!(ask(&mut page, "SUBSCRIBE prices.eu", 30).await.contains("prices.eu"));
    assert_eq!(bench.server.command(&["GET", "catalog:1"]), "shoes");

    // Other pages, other names for the same address, and other keys are turned away.
    for (host, origin, refusal) in [
        (host, "https://evil.example", 403),
        (host, "https://app.example.com.evil.example", 403),
        ("rebound.example", origin, 421),
    ] {
        assert_eq!(status(open(&bench, &site, host, origin).await), refusal, "{host} {origin}");
    }
    let mut forged = jwt(&claims);
    forged.replace_range(forged.len() - 4.., "AAAA");
    let mut page = open(&bench, &site, host, origin).await.unwrap();
    send(&mut page, command(&["AUTH", &forged])).await;
    assert_eq!(closed(&mut page).await.0, 4401);
}
