//! Metrics, health, logs, reloads and restarts.

use std::{fs, time::Duration};

use async_std::task;
use redmux_gateway::new_token;
use redmux_test_support::RedisServer;

use crate::{
    access::with_token,
    common::{
        Bench, ask, closed, command, get_from, program::Program, receive, send, site::Site, status,
        until,
    },
};

#[async_std::test]
async fn metrics_and_health_have_an_address_of_their_own() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = with_token(&token) + "[admin]\naddress = \"127.0.0.1:0\"\n";
    let bench = Bench::of(&site, &text).await;
    let admin = bench.admin.unwrap();
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    // A reply is counted when it has been handed over.
    until("it is counted", || {
        bench.metric("redmux_gateway_upstream_duration_seconds_count") >= 1.0
    })
    .await;
    let metrics = get_from(admin, "/metrics").await;
    for line in [
        "redmux_gateway_clients 1",
        "redmux_gateway_principal_clients{principal=\"one\"} 1",
        "redmux_gateway_handshakes_total{result=\"accepted\"} 1",
        "redmux_gateway_commands_total{result=\"forwarded\",command=\"SET\"} 1",
        "redmux_gateway_upstream_connects_total{result=\"connected\",upstream=\"main\"} 1",
        "redmux_gateway_upstream_duration_seconds_count 1",
        "redmux_gateway_sent_bytes_total 5",
        "redmux_gateway_clients_limit 1024",
        "redmux_gateway_unauthenticated_sockets_limit 256",
        "redmux_gateway_buffered_bytes_limit 134217728",
        "redmux_gateway_upstream_up{upstream=\"main\"} 1",
        "redmux_gateway_config_last_reload_successful 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is missing:\n{metrics}");
    }
    #[cfg(target_os = "linux")]
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_threads",
        "process_open_fds",
        "process_max_fds",
        "process_start_time_seconds",
    ] {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value: f64 = line.unwrap_or_else(|| panic!("{name} is missing")).parse().unwrap();
        assert!(value > 0.0, "{name} {value}");
    }
    // Nothing of it where strangers are.
    assert!(bench.get("/metrics").await.starts_with("HTTP/1.1 404 "));
    assert!(get_from(admin, "/healthz").await.starts_with("HTTP/1.1 200 "));
    assert!(get_from(admin, "/readyz").await.starts_with("HTTP/1.1 200 "));
    assert!(get_from(admin, "/other").await.starts_with("HTTP/1.1 404 "));
    bench.server.kill();
    task::sleep(Duration::from_millis(2100)).await;
    assert!(get_from(admin, "/readyz").await.starts_with("HTTP/1.1 503 "));
    let down = "redmux_gateway_upstream_up{upstream=\"main\"} 0";
    assert!(get_from(admin, "/metrics").await.contains(down));
    bench.handle.shutdown();
    assert!(get_from(admin, "/readyz").await.starts_with("HTTP/1.1 503 "));
}

/// Labels are a closed set: clients that make things up must not fill memory.
#[async_std::test]
async fn clients_cannot_make_up_labels() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_token(&token)).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    assert!(ask(&mut socket, "MADEUP\"label x", 20).await.starts_with("-ERR"));
    let metrics = bench.handle.metrics();
    assert!(!metrics.contains("MADEUP"), "{metrics}");
    assert!(metrics.contains("{result=\"denied\",command=\"unknown\"} 1"), "{metrics}");
    // Why, and which errors are the server's own.
    assert_eq!(status(bench.open_as("made up").await), 401);
    assert!(ask(&mut socket, "SET a:1", 20).await.starts_with("-ERR wrong number"));
    until("it is counted", || bench.metric("redmux_gateway_error_replies_total") >= 1.0).await;
    let metrics = bench.handle.metrics();
    for line in [
        "denied_total{what=\"command\",reason=\"no such command is known here\"} 1",
        "denied_total{what=\"credential\",reason=",
        "error_replies_total 1",
    ] {
        assert!(metrics.contains(&format!("redmux_gateway_{line}")), "{line}: {metrics}");
    }
}

#[async_std::test]
async fn the_audit_log_tells_who_did_what_and_no_values() {
    let (site, token) = (Site::new(), new_token().unwrap());
    for (keys, told) in [("names", Some("a:secretkey")), ("hashed", None), ("none", None)] {
        let log = site.path(&format!("audit-{keys}"));
        let text = with_token(&token)
            + &format!("[audit]\nfile = {log:?}\ncommands = \"all\"\nkeys = \"{keys}\"\n");
        let bench = Bench::of(&site, &text).await;
        let mut socket = bench.open_as(&token).await.unwrap();
        assert_eq!(ask(&mut socket, "SET a:secretkey hush-value", 5).await, "+OK\r\n");
        assert!(ask(&mut socket, "SET b:1 hush-denied", 10).await.starts_with("-ERR"));
        assert_eq!(status(bench.open_as(&new_token().unwrap()).await), 401);
        drop(socket);
        let read = || fs::read_to_string(&log).unwrap();
        until("all is written", || read().lines().count() >= 5).await;
        let text = read();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&log).unwrap().permissions().mode();
            assert_eq!(mode & 0o137, 0, "{mode:o}: others may read it");
        }
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["connect", "command", "command", "denied", "disconnect"], "{text}");
        assert_eq!(lines[0]["principal"], "one");
        assert_eq!(lines[0]["method"], "token");
        assert_eq!(
            (&lines[1]["command"], &lines[1]["decision"]),
            (&"SET".into(), &"forwarded".into())
        );
        assert_eq!(
            (&lines[2]["decision"], &lines[2]["reason"]),
            (&"denied".into(), &"a key may not be written".into())
        );
        assert!(!text.contains("hush") && !text.contains(&token), "{text}");
        assert_eq!(text.contains("a:secretkey"), told.is_some(), "{text}");
        assert_eq!(lines[1]["keys"].is_array(), keys != "none", "{text}");
    }
}

#[async_std::test]
async fn a_shutdown_waits_for_replies_that_are_due() {
    let bench = Bench::new(|config| config.drain = Duration::from_secs(10)).await;
    let mut socket = bench.open().await;
    let mut idle = bench.open().await;
    send(&mut socket, command(&["BLPOP", "list", "0"])).await;
    until("it waits", || bench.handle.in_flight() == 1).await;
    bench.handle.shutdown();
    // Who has nothing due goes at once; new ones are refused.
    assert_eq!(closed(&mut idle).await.0, 1012);
    // The task that accepts them may be told after the clients are.
    let address = bench.addr;
    until("new ones are refused", || std::net::TcpStream::connect(address).is_err()).await;
    bench.server.command(&["LPUSH", "list", "x"]);
    assert_eq!(receive(&mut socket, 21).await, b"*2\r\n$4\r\nlist\r\n$1\r\nx\r\n");
    let (code, reason) = closed(&mut socket).await;
    assert_eq!((code, reason.contains("retry-after=")), (1012, true), "{reason}");
    drop((socket, idle));
    bench.running.await;
}

#[async_std::test]
async fn a_shutdown_ends_though_a_reply_never_comes_and_spreads_its_closes() {
    let bench = Bench::new(|config| config.drain = Duration::from_millis(300)).await;
    let mut socket = bench.open().await;
    send(&mut socket, command(&["BLPOP", "list", "0"])).await;
    until("it waits", || bench.handle.in_flight() == 1).await;
    bench.handle.shutdown();
    assert_eq!(closed(&mut socket).await.0, 1012);

    let bench = Bench::new(|config| config.drain_spread = Duration::from_millis(600)).await;
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(bench.open().await);
    }
    let before = std::time::Instant::now();
    bench.handle.shutdown();
    let mut served = 0;
    for socket in &mut sockets {
        // Until its turn comes, a client is served.
        send(socket, command(&["PING"])).await;
        let (code, _) = closed(socket).await;
        served += usize::from(before.elapsed() > Duration::from_millis(50));
        assert_eq!(code, 1012);
    }
    assert!(served > 0, "all were closed at once");
}

#[async_std::test]
async fn the_program_reloads_on_sighup_and_drains_on_sigterm() {
    let (site, token, other) = (Site::new(), new_token().unwrap(), new_token().unwrap());
    let server = RedisServer::start();
    let write = |token: &str| {
        let text = with_token(token).replace("{redis}", &server.addr().to_string())
            + "[admin]\naddress = \"127.0.0.1:0\"\n";
        site.write("gateway.toml", &text);
    };
    write(&token);
    let file = site.path("gateway.toml");
    let mut program = Program::start(&["--config", file.to_str().unwrap()], 2);
    let (admin, addr) = (program.addr_of(0), program.addr());
    let bench = crate::common::Elsewhere { addr };
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    // One with a fault is refused and the old one stays.
    site.write("gateway.toml", "nonsense");
    program.signal("-HUP");
    // Not before it has been read: it would be the next one that is.
    let failed = "redmux_gateway_reloads_total{result=\"failed\"} 1";
    let refused = async {
        while !get_from(admin, "/metrics").await.contains(failed) {
            task::sleep(Duration::from_millis(20)).await;
        }
    };
    async_std::future::timeout(Duration::from_secs(60), refused).await.expect("it is refused");
    assert_eq!(ask(&mut socket, "GET a:1", 7).await, "$1\r\nv\r\n");
    write(&other);
    program.signal("-HUP");
    assert_eq!(closed(&mut socket).await.0, 4401);
    let mut socket = bench.open_as(&other).await.unwrap();
    assert_eq!(ask(&mut socket, "GET a:1", 7).await, "$1\r\nv\r\n");
    assert!(
        get_from(admin, "/metrics").await.contains("redmux_gateway_reloads_total{result=\"ok\"} 1")
    );
    program.signal("-TERM");
    assert_eq!(closed(&mut socket).await.0, 1012);
    drop(socket);
    let status = task::spawn_blocking(move || (program.wait(), program.log()));
    let (status, log) = status.await;
    assert!(status.success(), "{log}");
    assert!(log.contains("the old configuration stays: ") && log.contains("line 1: "), "{log}");
    assert!(log.contains("event=client ") && log.contains("event=stopped left=0"), "{log}");
    // At the start and with the reload.
    assert_eq!(log.matches("warning: principals.one has no user").count(), 2, "{log}");
    assert!(!log.contains(&token) && !log.contains(&other), "{log}");
}
