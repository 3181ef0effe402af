//! Tunnels through HTTP and SOCKS 5 proxies.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use redmux::{
    ConnectionMultiplexer, ErrorKind, Options, error::ConnectStage, options::Tunnel,
    transport::Environment,
};
use redmux_test_support::RedisServer;

/// A proxy that asks for user `me` and password `p:w`, if at all
#[derive(Clone)]
struct Proxy {
    address: SocketAddr,
    /// What it was asked to connect to: kind of address and host.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(serve: fn(&mut TcpStream, &Mutex<Vec<String>>) -> io::Result<TcpStream>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let proxy = Self { address, asked: asked.clone() };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let asked = asked.clone();
                thread::spawn(move || {
                    let mut client = stream.unwrap();
                    let Ok(server) = serve(&mut client, &asked) else { return };
                    let (back, forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                    thread::spawn(move || pump(back, forth));
                    pump(client, server);
                });
            }
        });
        proxy
    }

    fn http(&self) -> Tunnel {
        Tunnel::http(self.address.ip().to_string(), self.address.port())
    }

    fn socks5(&self) -> Tunnel {
        Tunnel::socks5(self.address.ip().to_string(), self.address.port())
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// The name of every server, whatever the real resolver thinks: only the proxy knows it.
fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    let host = if host == "redis.only-the-proxy-knows" { "127.0.0.1" } else { host };
    TcpStream::connect((host, port))
}

fn read_head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

fn http(client: &mut TcpStream, asked: &Mutex<Vec<String>>) -> io::Result<TcpStream> {
    let head = read_head(client)?;
    let target = head.split(' ').nth(1).unwrap().to_owned();
    assert!(head.starts_with("CONNECT ") && head.contains(&format!("\r\nHost: {target}\r\n")));
    asked.lock().unwrap().push(target.clone());
    // me:p:w
    if !head.contains("\r\nProxy-Authorization: Basic bWU6cDp3\r\n") {
        client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nX: y\r\n\r\n")?;
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let (host, port) = target.rsplit_once(':').unwrap();
    match dial(host, port.parse().unwrap()) {
        Ok(server) => {
            client.write_all(b"HTTP/1.0 200 OK\r\nVia: here\r\n\r\n")?;
            Ok(server)
        }
        Err(error) => {
            client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")?;
            Err(error)
        }
    }
}

fn socks5(client: &mut TcpStream, asked: &Mutex<Vec<String>>) -> io::Result<TcpStream> {
    socks(client, asked, true)
}

fn open_socks5(client: &mut TcpStream, asked: &Mutex<Vec<String>>) -> io::Result<TcpStream> {
    socks(client, asked, false)
}

fn read_some(client: &mut TcpStream, length: u8) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(length)];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn socks(
    client: &mut TcpStream,
    asked: &Mutex<Vec<String>>,
    closed: bool,
) -> io::Result<TcpStream> {
    let head = read_some(client, 2)?;
    if head[0] != 5 {
        client.write_all(b"\x05\xff What is this?")?;
        // So that the answer is not lost in a reset.
        let _ = client.shutdown(Shutdown::Write);
        let _ = io::copy(client, &mut io::sink());
        return Err(io::ErrorKind::InvalidData.into());
    }
    let methods = read_some(client, head[1])?;
    if closed {
        if !methods.contains(&2) {
            client.write_all(&[5, 255])?;
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        client.write_all(&[5, 2])?;
        let length = read_some(client, 2)?[1];
        let user = read_some(client, length)?;
        let length = read_some(client, 1)?[0];
        let password = read_some(client, length)?;
        let right = user == b"me" && password == b"p:w";
        client.write_all(&[1, u8::from(!right)])?;
        if !right {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
    } else {
        client.write_all(&[5, 0])?;
    }
    let request = read_some(client, 4)?;
    assert_eq!(request[..3], [5, 1, 0]);
    let host = match request[3] {
        1 => {
            let ip: [u8; 4] = read_some(client, 4)?.try_into().unwrap();
            Ipv4Addr::from(ip).to_string()
        }
        3 => {
            let length = read_some(client, 1)?[0];
            String::from_utf8(read_some(client, length)?).unwrap()
        }
        other => panic!("address of kind {other}"),
    };
    let port = read_some(client, 2)?;
    asked.lock().unwrap().push(format!("{}:{host}", request[3]));
    match dial(&host, u16::from_be_bytes([port[0], port[1]])) {
        Ok(server) => {
            // The address it is bound to: a name, which must be skipped.
            client.write_all(&[5, 0, 0, 3, 2, b'h', b'i', 1, 2])?;
            Ok(server)
        }
        Err(error) => {
            client.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0])?;
            Err(error)
        }
    }
}

async fn speak(options: Options, environment: Environment) {
    let muxer = ConnectionMultiplexer::connect_with(options, environment).await.unwrap();
    assert_eq!(muxer.execute::<String>("ECHO", ["hello"]).await.unwrap(), "hello");
    let large = "x".repeat(1 << 20);
    assert_eq!(muxer.execute::<String>("ECHO", [&*large]).await.unwrap(), large);
    muxer.close().await;
}

fn through(tunnel: Tunnel, host: &str, port: u16) -> Options {
    Options::new(format!("{host}:{port}")).connect_retry(1).tunnel(tunnel)
}

async fn refused(options: Options) -> String {
    let error = ConnectionMultiplexer::connect(options).await.expect_err("it must be refused");
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Tunnel), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    error.to_string()
}

#[test]
fn through_each_kind_of_proxy_on_every_runtime() {
    let server = RedisServer::start();
    let (web, socks, open) = (Proxy::start(http), Proxy::start(socks5), Proxy::start(open_socks5));
    let name = "redis.only-the-proxy-knows";
    for (tunnel, host) in [
        (web.http().credentials("me", "p:w"), name),
        (socks.socks5().credentials("me", "p:w"), name),
        (open.socks5().credentials("me", "p:w"), "127.0.0.1"),
        (open.socks5(), name),
    ] {
        let options = || through(tunnel.clone(), host, server.port());
        async_std::task::block_on(speak(options(), redmux_tcp::environment()));
        smol::block_on(speak(options(), redmux_tcp::smol::environment()));
        tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(async { speak(options(), redmux_tcp::tokio::environment()).await });
    }
    assert_eq!(web.asked(), vec![format!("{name}:{}", server.port()); 3]);
    assert_eq!(socks.asked(), vec![format!("3:{name}"); 3]);
    assert_eq!(open.asked()[0], "1:127.0.0.1");
    assert_eq!(open.asked()[5], format!("3:{name}"));
    // The same from text.
    let text = format!("{name}:{},tunnel=http://me:p%3Aw@{}", server.port(), web.address);
    async_std::task::block_on(speak(text.parse().unwrap(), redmux_tcp::environment()));
}

#[async_std::test]
async fn what_a_proxy_refuses_is_told() {
    let dead = redmux_test_support::lease_port(None).unwrap();
    let (web, socks, open) = (Proxy::start(http), Proxy::start(socks5), Proxy::start(open_socks5));
    for (tunnel, expected) in [
        (web.http(), "refuses the user name or password, or wants one (407)"),
        (web.http().credentials("me", "s3cret"), "(407)"),
        (web.http().credentials("me", "p:w"), "status 502"),
        (socks.socks5(), "wants a user name and a password"),
        (socks.socks5().credentials("me", "s3cret"), "refuses the user name or password"),
        (open.socks5(), "the server refuses its connection"),
        (open.http(), "does not answer in HTTP"),
    ] {
        let error = refused(through(tunnel, "127.0.0.1", dead.port())).await;
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(error.contains("the proxy "), "{error}");
    }
}

#[async_std::test]
async fn a_proxy_that_is_not_there_is_told() {
    let dead = redmux_test_support::lease_port(None).unwrap();
    let options = through(Tunnel::http("127.0.0.1", dead.port()), "somewhere", 6379);
    let error = ConnectionMultiplexer::connect(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Dial), "{error}");
    assert!(error.to_string().contains("the proxy http://127.0.0.1"), "{error}");
}
