//! How a gateway shuts down, and what it tells the system.

use std::{net::TcpStream, time::Duration};

use async_std::task;
use redmux_gateway::new_token;
use redmux_test_support::RedisServer;

use crate::{
    access::with_token,
    common::{Bench, ask, closed, get_from, program::Program, site::Site, until},
};

fn with_lame_duck(token: &str, time: &str) -> String {
    with_token(token)
        + &format!("[admin]\naddress = \"127.0.0.1:0\"\n[timeouts]\nlame_duck = \"{time}\"\n")
}

#[async_std::test]
async fn a_lame_duck_says_so_and_serves() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_lame_duck(&token, "10m")).await;
    let admin = bench.admin.unwrap();
    let mut before = bench.open_as(&token).await.unwrap();
    assert!(get_from(admin, "/readyz").await.starts_with("HTTP/1.1 200 "));
    bench.handle.shutdown();
    assert!(get_from(admin, "/readyz").await.starts_with("HTTP/1.1 503 "));
    // Who asks at the public address finds out too. The process lives.
    assert!(bench.get("/healthz").await.starts_with("HTTP/1.1 503 "));
    assert!(get_from(admin, "/healthz").await.starts_with("HTTP/1.1 200 "));
    assert_eq!(bench.metric("redmux_gateway_draining"), 1.0);
    // A balancer that has not asked yet sends clients here.
    let mut after = bench.open_as(&token).await.unwrap();
    for socket in [&mut before, &mut after] {
        assert_eq!(ask(socket, "PING", 7).await, "+PONG\r\n");
    }
    bench.handle.shutdown_now();
    bench.running.await;
}

#[async_std::test]
async fn a_lame_duck_goes_in_the_end() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_lame_duck(&token, "200ms")).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    bench.handle.shutdown();
    assert_eq!(closed(&mut socket).await.0, 1012);
    let address = bench.addr;
    until("new ones are refused", || TcpStream::connect(address).is_err()).await;
    drop(socket);
    bench.running.await;
}

/// `Type=notify`, and a reload that fails in the numbers.
#[cfg(unix)]
#[async_std::test]
async fn systemd_is_told_when_it_is_ready_reloads_and_stops() {
    use std::os::unix::net::UnixDatagram;

    let (site, token, server) = (Site::new(), new_token().unwrap(), RedisServer::start());
    let good = with_lame_duck(&token, "1ms").replace("{redis}", &server.addr().to_string());
    site.write("gateway.toml", &good);
    let (file, socket) = (site.path("gateway.toml"), site.path("notify"));
    let systemd = UnixDatagram::bind(&socket).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let told = || {
        let mut buffer = [0; 1024];
        let n = systemd.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..n]).into_owned()
    };
    let args = ["--config", file.to_str().unwrap()];
    let variables = [("NOTIFY_SOCKET", socket.to_str().unwrap())];
    let mut program = Program::start_in(&args, 2, &variables);
    let admin = program.addr_of(0);
    assert_eq!(told(), "READY=1");
    let has = |text: String, line: &str| text.lines().any(|found| found == line);
    site.write("gateway.toml", "nonsense");
    program.signal("-HUP");
    let status = told();
    assert!(status.starts_with("STATUS=the old configuration stays: "), "{status}");
    assert!(!status.contains('\n'), "{status}");
    let metrics = get_from(admin, "/metrics").await;
    assert!(has(metrics.clone(), "redmux_gateway_config_last_reload_successful 0"), "{metrics}");
    assert!(has(metrics.clone(), "redmux_gateway_reloads_total{result=\"failed\"} 1"), "{metrics}");
    let of_start = metrics
        .lines()
        .find(|line| {
            line.starts_with("redmux_gateway_config_last_reload_success_timestamp_seconds ")
        })
        .unwrap()
        .to_owned();
    site.write("gateway.toml", &good);
    // A second later the time is another.
    task::sleep(Duration::from_millis(1100)).await;
    program.signal("-HUP");
    assert_eq!(told(), "STATUS=the configuration was reloaded");
    let metrics = get_from(admin, "/metrics").await;
    assert!(has(metrics.clone(), "redmux_gateway_config_last_reload_successful 1"), "{metrics}");
    assert!(!has(metrics, &of_start));
    program.signal("-TERM");
    assert_eq!(told(), "STOPPING=1");
    let status = task::spawn_blocking(move || program.wait()).await;
    assert!(status.success());
}
