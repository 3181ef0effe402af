//! What a client costs the gateway, by the thousand.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use redmux_test_support::{RedisServer, TempDir};

const IDLE: usize = 5000;
const BUSY: usize = 500;
/// A busy client asks for this much at once.
const REPLY: usize = 20_000;

/// Far above what is measured (docs/gateway-reference.md), far below what one forgotten buffer would cost.
const MAX_IDLE_BYTES: usize = 48 << 10;
const MAX_BUSY_BYTES: usize = 320 << 10;

struct Gateway {
    child: Child,
    addr: SocketAddr,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Gateway {
    fn start(server: &RedisServer, dir: &TempDir) -> Self {
        let config = dir.path().join("gateway.toml");
        let text = format!(
            "[listen]\naddress = \"127.0.0.1:0\"\n[access]\nanonymous = \"page\"\n[limits]\nconnections = 10000\n\
             connections_per_address = \"off\"\nunauthenticated = 10000\n\
             unauthenticated_per_address = \"off\"\narrivals_per_address = \"off\"\n\
             [upstreams.main]\naddress = \"{}\"\n[principals.page]\npolicy = \"page\"\n\
             [policies.page]\ncommands = [\"GET\", \"SET\"]\nread = [\"k:\"]\nwrite = [\"k:\"]\n",
            server.addr()
        );
        std::fs::write(&config, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_redmux-gateway"))
            .arg("--config")
            .arg(&config)
            .arg("--quiet")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.split_whitespace().find_map(|word| word.strip_prefix("addr=")).unwrap();
        Self { addr: addr.parse().unwrap(), child }
    }

    /// Bytes of its memory that are in use.
    fn memory(&self) -> usize {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    }

    /// A client whose connection to the server is there.
    fn client(&self) -> TcpStream {
        let addr = self.addr;
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(
            stream,
            "GET /redis HTTP/1.1\r\nHost: {addr}\r\nOrigin: http://{addr}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            assert_eq!(stream.read(&mut byte).unwrap(), 1);
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        stream
    }
}

fn ask(stream: &mut TcpStream, command: &[u8]) {
    let mut frame = vec![0x82];
    match command.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(command);
    stream.write_all(&frame).unwrap();
}

/// Reads until this many bytes have come; a few are heads of frames.
fn take(stream: &mut TcpStream, len: usize) {
    let (mut left, mut buffer) = (len, vec![0; 64 << 10]);
    while left > 0 {
        let n = stream.read(&mut buffer).unwrap();
        assert!(n > 0, "it hung up");
        left = left.saturating_sub(n);
    }
}

#[test]
fn five_thousand_idle_and_five_hundred_busy_clients_are_served_in_little_memory() {
    // This process, the gateway and the server inherit it.
    let files = rlimit::increase_nofile_limit(40_000).unwrap();
    assert!(files >= 20_000, "{files} files may be open (ulimit -n); 20,000 are needed");
    let max_clients = (IDLE + BUSY + 100).to_string();
    let server = RedisServer::builder().args(["--maxclients", &max_clients]).start().unwrap();
    let dir = TempDir::new().unwrap();
    let gateway = Gateway::start(&server, &dir);
    let ping = b"*1\r\n$4\r\nPING\r\n";

    // Whatever is needed once is there.
    ask(&mut gateway.client(), ping);
    std::thread::sleep(Duration::from_millis(200));
    let before = gateway.memory();
    let mut idle: Vec<TcpStream> = (0..IDLE).map(|_| gateway.client()).collect();
    for client in &mut idle {
        ask(client, ping);
    }
    for client in &mut idle {
        take(client, 9);
    }
    let with_idle = gateway.memory();
    let idle_bytes = with_idle.saturating_sub(before) / IDLE;

    server.command(&["SETRANGE", "k:big", &(REPLY - 1).to_string(), "x"]);
    let mut busy: Vec<TcpStream> = (0..BUSY).map(|_| gateway.client()).collect();
    let mut most = 0;
    for _ in 0..5 {
        // All at once; replies wait in the gateway or before it.
        for client in &mut busy {
            let value = "v".repeat(8000);
            let set = format!("*3\r\n$3\r\nSET\r\n$3\r\nk:1\r\n$8000\r\n{value}\r\n");
            ask(client, set.as_bytes());
            ask(client, &b"*2\r\n$3\r\nGET\r\n$5\r\nk:big\r\n".repeat(10));
        }
        most = most.max(gateway.memory());
        for client in &mut busy {
            take(client, 10 * REPLY);
        }
        most = most.max(gateway.memory());
    }
    let busy_bytes = most.saturating_sub(with_idle) / BUSY;
    println!("memory of a client: {idle_bytes} bytes idle, {busy_bytes} bytes busy");
    assert!(idle_bytes < MAX_IDLE_BYTES, "{idle_bytes} bytes for each idle client");
    assert!(busy_bytes < MAX_BUSY_BYTES, "{busy_bytes} bytes for each busy client");
    // The idle ones are still there, and served.
    for client in idle.iter_mut().step_by(100) {
        ask(client, ping);
        take(client, 9);
    }
}
