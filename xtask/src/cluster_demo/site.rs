//! Serves the page, sends it what happens, and takes its orders.

use std::fs;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use redmux_test_support::PortLease;

use super::feed::Feed;
use super::stage::Order;
use crate::exec::Result;
use crate::http::{self, Head};

/// Each open page has a connection, and one more while it loads.
const MAX_CONNECTIONS: usize = 64;
/// After this long without news, something is sent, so that a page that has gone is noticed.
const QUIET: Duration = Duration::from_secs(5);

/// What each connection uses
struct Site {
    /// The folder of the page.
    root: PathBuf,
    port: u16,
    feed: Arc<Feed>,
    orders: SyncSender<Order>,
    connections: AtomicUsize,
}

/// Serves until the process ends.
pub(crate) fn start(
    port: &PortLease,
    root: PathBuf,
    feed: Arc<Feed>,
    orders: SyncSender<Order>,
) -> Result<SocketAddr> {
    let listener = TcpListener::bind(port.addr())?;
    let addr = listener.local_addr()?;
    let connections = AtomicUsize::new(0);
    let site = Arc::new(Site { root, port: addr.port(), feed, orders, connections });
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let site = site.clone();
            if site.connections.fetch_add(1, Relaxed) >= MAX_CONNECTIONS {
                site.connections.fetch_sub(1, Relaxed);
                continue;
            }
            thread::spawn(move || {
                // A browser closes connections as it likes.
                let _ = site.serve(&stream);
                site.connections.fetch_sub(1, Relaxed);
            });
        }
    });
    Ok(addr)
}

impl Site {
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        let head = Head::read(stream)?;
        let path = head.path.split('?').next().unwrap_or_default();
        let order = path.strip_prefix("/order/");
        match (&*head.method, order) {
            // A foreign name that leads here is a page that wants to look like this one.
            _ if !self.is_own(head.host.as_deref(), "") => refuse(stream, "403 Forbidden"),
            ("POST", Some(_)) if !self.is_own(head.origin.as_deref(), "http://") => {
                refuse(stream, "403 Forbidden")
            }
            ("POST", Some(order)) => match Order::parse(order) {
                None => refuse(stream, "404 Not Found"),
                Some(order) => match self.orders.try_send(order) {
                    Ok(()) => http::answer(stream, "204 No Content", "text/plain", b""),
                    Err(_) => refuse(stream, "503 Service Unavailable"),
                },
            },
            ("GET", None) if path == "/events" => self.send_events(stream),
            ("GET", None) => self.send_file(stream, path),
            _ => refuse(stream, "405 Method Not Allowed"),
        }
    }

    fn is_own(&self, text: Option<&str>, scheme: &str) -> bool {
        let own = |host| text == Some(&*format!("{scheme}{host}:{}", self.port));
        own("127.0.0.1") || own("localhost")
    }

    fn send_events(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
              Connection: close\r\n\r\n",
        )?;
        let mut from = 0;
        loop {
            let (lines, next) = self.feed.after(from, QUIET);
            from = next;
            let text: String = lines.iter().map(|line| format!("data: {line}\n\n")).collect();
            stream.write_all(if text.is_empty() { b":\n\n" } else { text.as_bytes() })?;
        }
    }

    fn send_file(&self, stream: &TcpStream, path: &str) -> io::Result<()> {
        let path = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
        let file = file(&self.root, &path).and_then(|file| Some((kind(&file)?, file)));
        match file.map(|(kind, file)| (kind, fs::read(file))) {
            Some((kind, Ok(bytes))) => http::answer(stream, "200 OK", kind, &bytes),
            _ => refuse(stream, "404 Not Found"),
        }
    }
}

fn refuse(stream: &TcpStream, status: &str) -> io::Result<()> {
    http::answer(stream, status, "text/plain", format!("{status}\n").as_bytes())
}

/// The file of a path below the folder; names are letters, digits, `-` and `.` in the middle.
fn file(root: &Path, path: &str) -> Option<PathBuf> {
    let is_name = |name: &str| {
        let parts = name.split('.');
        let is_part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        parts.clone().count() <= 2 && { parts }.all(is_part)
    };
    let names = path.strip_prefix('/')?;
    names.split('/').all(is_name).then(|| root.join(names))
}

fn kind(file: &Path) -> Option<&'static str> {
    match file.extension()?.to_str()? {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::mpsc::{Receiver, sync_channel};

    use redmux_test_support::{TempDir, lease_port};

    use super::*;

    struct Served {
        addr: SocketAddr,
        feed: Arc<Feed>,
        orders: Receiver<Order>,
        _port: PortLease,
        _dir: TempDir,
    }

    fn serve() -> Served {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/index.html"), "page").unwrap();
        fs::write(dir.path().join("secret"), "secret").unwrap();
        let (port, feed) = (lease_port(None).unwrap(), Arc::new(Feed::default()));
        let (sender, orders) = sync_channel(1);
        let addr = start(&port, dir.path().into(), feed.clone(), sender).unwrap();
        Served { addr, feed, orders, _port: port, _dir: dir }
    }

    fn open(served: &Served, first: &str, more: &str) -> TcpStream {
        let mut stream = TcpStream::connect(served.addr).unwrap();
        let host = served.addr;
        write!(stream, "{first} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n").unwrap();
        stream
    }

    fn ask(served: &Served, first: &str, more: &str) -> String {
        let mut answer = String::new();
        open(served, first, more).read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn files_of_the_page_are_served_and_no_others() {
        let served = serve();
        assert!(ask(&served, "GET /a/", "").ends_with("\r\n\r\npage"));
        for path in ["/", "/a", "/secret", "/../a/index.html", "/a/.index.html", "//a/index.html"] {
            assert!(ask(&served, &format!("GET {path}"), "").starts_with("HTTP/1.1 404"), "{path}");
        }
        let mut foreign = TcpStream::connect(served.addr).unwrap();
        write!(foreign, "GET /a/ HTTP/1.1\r\nHost: evil.example:{}\r\n\r\n", served.addr.port())
            .unwrap();
        let mut answer = String::new();
        foreign.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }

    #[test]
    fn orders_come_from_the_page_itself_and_are_not_hoarded() {
        let served = serve();
        let own = format!("Origin: http://{}\r\n", served.addr);
        for foreign in ["", "Origin: http://evil.example\r\n", "Origin: null\r\n"] {
            let answer = ask(&served, "POST /order/kill", foreign);
            assert!(answer.starts_with("HTTP/1.1 403"), "{foreign}: {answer}");
        }
        assert!(ask(&served, "POST /order/dance", &own).starts_with("HTTP/1.1 404"));
        assert!(ask(&served, "POST /order/kill/1", &own).starts_with("HTTP/1.1 204"));
        assert!(ask(&served, "POST /order/move", &own).starts_with("HTTP/1.1 503"));
        assert_eq!(served.orders.try_recv(), Ok(Order::Kill(Some(1))));
        assert!(served.orders.try_recv().is_err());
    }

    #[test]
    fn a_page_gets_what_was_and_what_comes() {
        let served = serve();
        served.feed.push("{\"n\":1}".into());
        let mut stream = open(&served, "GET /events", "");
        let mut seen = String::new();
        let mut until = |text: &str| {
            let mut block = [0; 512];
            while !seen.contains(text) {
                let read = stream.read(&mut block).unwrap();
                assert_ne!(read, 0, "{seen}");
                seen.push_str(&String::from_utf8_lossy(&block[..read]));
            }
        };
        until("text/event-stream");
        until("data: {\"n\":1}\n\n");
        served.feed.push("{\"n\":2}".into());
        until("data: {\"n\":2}\n\n");
    }
}
