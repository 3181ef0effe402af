//! The files of `packaging/` with which others run the gateway: proxies, a manifest, alerts.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, SocketAddr},
    path::Path,
    time::{Duration, Instant},
};

use async_std::net::TcpStream;
use async_tungstenite::{
    client_async,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue},
};
use redmux_test_support::{Daemon, DaemonCommand, PortLease, find_program, lease_port};

use crate::common::{Bench, Socket, ask, get_from, raw::connect_from, site::Site, status, until};

const HOST: &str = "redis.example.com";
const PAGE: &str = "https://app.example.com";
/// Where the client is: not the address of the proxy.
const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 9));

fn packaged(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Replaces what a reader replaces. A text that is not there would make the test look at something else.
fn with(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} is not in it");
        text.replace(from, to)
    })
}

fn program(name: &str) -> std::path::PathBuf {
    find_program(&[name])
        .unwrap_or_else(|| panic!("found no {name} on PATH; on Debian: apt-get install {name}"))
}

/// A gateway that trusts a proxy on this machine, and writes an audit log.
async fn behind_a_proxy(site: &Site) -> Bench {
    let audit = site.path("audit");
    let text = format!(
        r#"
[listen]
address = "127.0.0.1:0"
trusted_proxies = ["127.0.0.1"]
hosts = ["{HOST}"]
origins = ["{PAGE}"]

[admin]
address = "127.0.0.1:0"

[timeouts]
ping = "500ms"

[access]
anonymous = "visitor"

[audit]
file = {audit:?}

[upstreams.main]
address = "{{redis}}"

[policies.p]
commands = ["GET", "SET"]
read = ["a:"]
write = ["a:"]

[principals.visitor]
policy = "p"
"#
    );
    Bench::of(site, &text).await
}

struct Proxy {
    _daemon: Daemon,
    port: PortLease,
    _tls: PortLease,
}

/// Starts a proxy with the text that `config` makes of its two addresses, the second one for TLS.
fn start(
    site: &Site,
    name: &str,
    config: impl FnOnce(SocketAddr, SocketAddr) -> String,
    arguments: &[&str],
) -> Proxy {
    let (port, tls) = (lease_port(None).unwrap(), lease_port(None).unwrap());
    site.write("proxy.conf", &config(port.addr(), tls.addr()));
    let file = site.path("proxy.conf").display().to_string();
    let log = site.path("proxy.log");
    let command = DaemonCommand::new(program(name), &log).args(arguments).args([&file]);
    let mut daemon = command.spawn().unwrap();
    for addr in [port.addr(), tls.addr()] {
        daemon.wait_until_listening(addr, Duration::from_secs(20)).unwrap();
    }
    Proxy { _daemon: daemon, port, _tls: tls }
}

/// A page of `origin` connects to the proxy; it claims another address.
async fn open(proxy: SocketAddr, origin: &str) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("ws://{HOST}/redis").into_client_request().unwrap();
    request.headers_mut().insert("Origin", HeaderValue::from_str(origin).unwrap());
    request.headers_mut().insert("X-Forwarded-For", HeaderValue::from_static("192.0.2.1"));
    let stream = TcpStream::from(connect_from(CLIENT, proxy));
    client_async(request, stream).await.map(|(socket, _)| socket)
}

async fn serves_pages(site: &Site, bench: &Bench, proxy: SocketAddr) {
    let mut socket = open(proxy, PAGE).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    assert_eq!(status(open(proxy, "https://elsewhere.example").await), 403);
    let audit = site.path("audit");
    until("the connection is in the audit log", || {
        fs::read_to_string(&audit).is_ok_and(|text| text.contains("\"connect\""))
    })
    .await;
    let lines = fs::read_to_string(&audit).unwrap();
    let line = lines.lines().find(|line| line.contains("\"connect\"")).unwrap();
    assert!(line.contains(&format!("\"address\":\"{CLIENT}\"")), "{line}");
    // An idle client is pinged; the answer is sent while the socket is read.
    let end = Instant::now() + Duration::from_secs(20);
    while bench.metric("redmux_gateway_ping_duration_seconds_count") < 1.0 {
        assert!(Instant::now() < end, "no ping is answered");
        async_std::task::sleep(Duration::from_millis(700)).await;
        assert_eq!(ask(&mut socket, "GET a:1", 7).await, "$1\r\nv\r\n");
    }
}

#[async_std::test]
async fn nginx_passes_pages_on_with_their_addresses() {
    let site = Site::new();
    let bench = behind_a_proxy(&site).await;
    let config = |port: SocketAddr, tls: SocketAddr| {
        let server = with(
            &packaged("nginx.conf"),
            &[
                ("server 127.0.0.1:8080;", &format!("server {};", bench.addr)),
                ("listen 443 ssl;", &format!("listen {port};\n    listen {tls} ssl;")),
                (
                    "/etc/nginx/tls/fullchain.pem",
                    &site.path("tls/fullchain.pem").display().to_string(),
                ),
                ("/etc/nginx/tls/key.pem", &site.path("tls/key.pem").display().to_string()),
            ],
        );
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {};\n", site.path(what).display()))
            .concat();
        format!(
            "daemon off;\nworker_processes 1;\npid {};\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{server}}}\n",
            site.path("nginx.pid").display()
        )
    };
    let proxy = start(&site, "nginx", config, &["-e", "stderr", "-c"]);
    serves_pages(&site, &bench, proxy.port.addr()).await;
}

#[async_std::test]
async fn haproxy_passes_pages_on_with_their_addresses() {
    let site = Site::new();
    let bench = behind_a_proxy(&site).await;
    let both = ["tls/fullchain.pem", "tls/key.pem"]
        .map(|file| fs::read_to_string(site.path(file)).unwrap())
        .concat();
    site.write("tls/both.pem", &both);
    let config = |port: SocketAddr, tls: SocketAddr| {
        let pem = site.path("tls/both.pem");
        with(
            &packaged("haproxy.cfg"),
            &[
                (
                    "bind :443 ssl crt /etc/haproxy/tls/redis.example.com.pem",
                    &format!("bind {port}\n    bind {tls} ssl crt {}", pem.display()),
                ),
                ("check port 9100", &format!("check port {}", bench.admin.unwrap().port())),
                ("10.0.0.11:8080", &bench.addr.to_string()),
                ("    server two 10.0.0.12:8080\n", ""),
            ],
        )
    };
    let proxy = start(&site, "haproxy", config, &["-db", "-f"]);
    serves_pages(&site, &bench, proxy.port.addr()).await;
}

#[async_std::test]
async fn the_manifest_has_a_configuration_and_probes_that_work() {
    let manifest = packaged("kubernetes.yaml");
    let text = manifest.split("gateway.toml: |\n").nth(1).unwrap();
    let text = text.split("\n---").next().unwrap();
    let text: String = text.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    let site = Site::new();
    // The secrets of the manifest, in the place where it mounts them.
    for (file, from) in
        [("secrets/redis-ca.pem", "tls/redis-ca.pem"), ("secrets/jwks.json", "jwks.json")]
    {
        assert!(manifest.contains(&format!("path: {file}")), "{file} is not mounted");
        site.write(file, &fs::read_to_string(site.path(from)).unwrap());
    }
    assert!(manifest.contains("path: secrets/shop-password"));
    let loaded = site.load(&text).unwrap();
    // The files of the test are readable for everybody; a NetworkPolicy keeps strangers from the metrics.
    let expected = |warning: &&String| {
        warning.contains("can be read by everybody") || warning.starts_with("admin.address ")
    };
    let warnings: Vec<&String> = loaded.warnings.iter().filter(|one| !expected(one)).collect();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert!(manifest.contains("- ports: [{ port: admin }]\n      from:"));
    assert_eq!(loaded.config.listen.port(), 8080);
    assert!(manifest.contains("{ name: redis-ws, containerPort: 8080 }"));
    assert!(manifest.contains("{ name: admin, containerPort: 9100 }"));
    assert!(text.contains("address = \"0.0.0.0:9100\""));
    let bench = behind_a_proxy(&site).await;
    for path in ["/readyz", "/healthz"] {
        assert!(manifest.contains(&format!("httpGet: {{ path: {path}, port: admin }}")), "{path}");
        let answer = get_from(bench.admin.unwrap(), path).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
}

#[async_std::test]
async fn alerts_look_at_metrics_that_there_are() {
    let alerts = packaged("alerts.yml");
    let site = Site::new();
    let text = packaged("gateway.toml")
        .replace("0.0.0.0:8443", "127.0.0.1:0")
        .replace("127.0.0.1:9100", "127.0.0.1:0");
    let bench = Bench::of(&site, &text).await;
    let metrics = bench.handle.metrics();
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let expressions = alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    let mut seen = 0;
    for name in expressions.flat_map(|line| line.split(word)) {
        if !name.starts_with("redmux_gateway_") && !name.starts_with("process_") {
            continue;
        }
        // A counter with labels has no line before it counts, but its type.
        let of = name.trim_end_matches("_bucket");
        let is_known = metrics.lines().any(|line| {
            line.strip_prefix("# TYPE ").and_then(|rest| rest.split(' ').next()) == Some(of)
        });
        assert!(is_known, "there is no metric {name}:\n{metrics}");
        seen += 1;
    }
    assert!(seen >= 12, "{seen} metrics");
}

#[test]
fn the_image_is_built_of_what_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = packaged("Dockerfile");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let oldest = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")).unwrap();
    let oldest = oldest.trim_end_matches('"');
    assert!(file.contains(&format!("FROM rust:{oldest}-")), "not built with Rust {oldest}");
    // Kubernetes wants a number.
    assert!(file.contains("\nUSER 10001:10001\n") && file.contains("--uid 10001"));
    let copied = file.lines().find_map(|line| line.strip_prefix("COPY LICENSE-MIT ")).unwrap();
    for text in copied.split(' ').filter(|name| !name.starts_with('/')) {
        assert!(root.join(text).exists(), "{text}");
    }
    // What the last stage copies, the first one makes.
    for line in file.lines().filter(|line| line.starts_with("COPY --from=build ")) {
        let made = line.split(' ').nth(2).unwrap();
        let before = file.split("\nFROM debian:").next().unwrap();
        assert!(
            before.contains(&format!(" {made}\n")) || before.contains(&format!(" {made} ")),
            "{made}"
        );
    }
}

/// `cargo xtask release` compares the file with what cargo says is linked.
#[test]
fn the_licence_texts_of_all_that_is_linked_are_there() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("THIRD-PARTY-LICENSES.txt");
    let text = fs::read_to_string(file).unwrap();
    let found: BTreeSet<&str> =
        text.lines().filter(|line| line.ends_with(')') && line.contains(" (")).collect();
    for name in ["ring 0.17", "subtle 2", "rustls 0.23", "smol 2"] {
        assert!(found.iter().any(|line| line.starts_with(name)), "{name}: {found:?}");
    }
    assert!(found.len() > 60, "{found:?}");
}
