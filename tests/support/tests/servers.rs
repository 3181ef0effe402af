//! The servers do what tests rely on: start, pause, die, come back, and end.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, panic, thread};

use redmux_test_support::{RedisServer, Websockify, lease_port};

fn alive(id: u32) -> bool {
    Path::new(&format!("/proc/{id}/cmdline")).exists()
}

#[test]
fn answers_commands_of_every_reply_kind() {
    let server = RedisServer::start();
    assert_eq!(server.command(&["PING"]), "PONG");
    assert_eq!(server.command(&["SET", "k", "a b\r\nc"]), "OK");
    assert_eq!(server.command(&["GET", "k"]), "a b\r\nc");
    assert_eq!(server.command(&["GET", "none"]), "(nil)");
    assert_eq!(server.command(&["RPUSH", "l", "1", "2", "3"]), "3");
    assert_eq!(server.command(&["LRANGE", "l", "0", "-1"]), "1\n2\n3");
    assert!(server.command(&["INCR", "k"]).starts_with("(error) ERR "));
}

#[test]
fn takes_a_password_and_a_unix_socket() {
    let server =
        RedisServer::builder().arg("--requirepass").arg("x y").unix_socket().start().unwrap();
    assert_eq!(server.command(&["PING"]), "PONG");
    UnixStream::connect(server.unix_socket().unwrap()).unwrap();
}

#[test]
fn a_paused_server_accepts_and_stays_silent() {
    let server = RedisServer::start();
    server.pause();
    TcpStream::connect(server.addr()).unwrap();
    assert!(server.is_running());
    thread::scope(|s| {
        let reply = s.spawn(|| server.command(&["PING"]));
        thread::sleep(Duration::from_millis(200));
        assert!(!reply.is_finished());
        server.resume();
        assert_eq!(reply.join().unwrap(), "PONG");
    });
}

#[test]
fn a_killed_server_refuses_and_comes_back_empty_on_its_port() {
    let server = RedisServer::start();
    let port = server.port();
    server.command(&["SET", "k", "v"]);
    for _ in 0..3 {
        server.kill();
        assert!(!server.is_running());
        let refused = server.try_command(&["PING"]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        server.restart();
        assert_eq!(server.port(), port);
        assert_eq!(server.command(&["GET", "k"]), "(nil)");
    }
    server.stop();
    assert!(server.try_command(&["PING"]).is_err());
    assert!(server.log_tail(20).contains("bye bye"), "SIGTERM ends it in order");
}

#[test]
fn ends_with_its_owner_after_a_panic_and_while_paused() {
    let (id, dir) = {
        let server = RedisServer::start();
        let seen = (server.id().unwrap(), server.dir().to_owned());
        let broken = panic::catch_unwind(move || {
            server.pause();
            panic!("a failing test");
        });
        assert!(broken.is_err());
        seen
    };
    assert!(!alive(id));
    assert!(!dir.exists());
}

/// Runs itself once more as a process that ends without dropping its server, as a
/// server in a `static` would be left.
#[test]
fn ends_with_the_process_when_never_dropped() {
    const LEAVE: &str = "REDMUX_TEST_LEAVE_SERVER";
    if env::var_os(LEAVE).is_some() {
        let server = RedisServer::start();
        println!("server={}", server.id().unwrap());
        std::mem::forget(server);
        std::process::exit(0);
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "ends_with_the_process_when_never_dropped", "--nocapture"])
        .env(LEAVE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let id = text.split("server=").nth(1).and_then(|t| t.lines().next()).expect(&text);
    let id = id.parse().unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while alive(id) {
        assert!(Instant::now() < end, "server {id} outlived its process");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn many_start_at_once_on_different_ports() {
    let started: Vec<RedisServer> = thread::scope(|s| {
        let handles: Vec<_> = (0..8).map(|_| s.spawn(RedisServer::start)).collect();
        handles.into_iter().map(|h| h.join().unwrap()).collect()
    });
    let mut ports: Vec<u16> = started.iter().map(RedisServer::port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 8);
    // Started by threads that are gone by now.
    assert!(started.iter().all(|s| s.command(&["PING"]) == "PONG"));
}

#[test]
fn a_leased_port_is_given_to_no_one_but_can_be_listened_on() {
    let lease = lease_port(None).unwrap();
    assert!(lease.port() <= 55_535);
    for _ in 0..200 {
        assert_ne!(TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap(), lease.addr());
    }
    let ours = TcpListener::bind(lease.addr()).unwrap();
    let taken = lease_port(Some(lease.port())).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
    assert!(taken.to_string().contains(&lease.port().to_string()), "{taken}");
    drop(ours);
    TcpListener::bind(lease.addr()).unwrap();
}

#[test]
fn a_bad_start_is_an_error_with_the_log() {
    let before = Instant::now();
    let error = RedisServer::builder().arg("--no-such-option").arg("1").start().unwrap_err();
    assert!(error.to_string().contains("no-such-option"), "{error}");
    assert!(
        before.elapsed() < Duration::from_secs(15),
        "it ended, so there is nothing to wait for"
    );
    let error = RedisServer::builder().program("/no/such/server").start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other, "{error}");
}

#[test]
fn websockify_listens_and_ends() {
    let server = RedisServer::start();
    let proxy = Websockify::start(server.port());
    assert_eq!(proxy.url(), format!("ws://127.0.0.1:{}", proxy.port()));
    TcpStream::connect(proxy.addr()).unwrap();
    let addr = proxy.addr();
    drop(proxy);
    assert!(TcpStream::connect(addr).is_err());
}
