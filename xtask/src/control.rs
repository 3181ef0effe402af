//! The endpoint through which a test script disturbs the Redis server.
//!
//! `POST /server/kill`, `/server/start`, `/server/pause`, `/server/resume`: each
//! answers once it is done.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

use redmux_test_support::RedisServer;

use crate::exec::Result;
use crate::http::{self, Head};

/// Serves until the process ends; returns the address. Only the caller keeps the Redis server
/// alive: it ends when the caller drops it.
pub(crate) fn start(server: &Arc<RedisServer>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let server = Arc::downgrade(server);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Some(server) = server.upgrade() else { break };
            // A script that ends in the middle reports that itself.
            let _ = serve(stream, &server);
        }
    });
    Ok(addr)
}

fn serve(stream: TcpStream, server: &RedisServer) -> io::Result<()> {
    let head = Head::read(&stream)?;
    let (status, text) = match &*head.method {
        // A script sends no origin; a web page does.
        _ if head.origin.is_some() => ("403 Forbidden", "not for web pages".to_owned()),
        "POST" => act(&head.path, server),
        _ => ("405 Method Not Allowed", "only POST".to_owned()),
    };
    http::answer(&stream, status, "text/plain", format!("{text}\n").as_bytes())
}

fn act(path: &str, server: &RedisServer) -> (&'static str, String) {
    let act: &dyn Fn() = match path {
        "/server/kill" => &|| server.kill(),
        "/server/start" => &|| server.restart(),
        "/server/pause" => &|| server.pause(),
        "/server/resume" => &|| server.resume(),
        _ => return ("404 Not Found", format!("no {path}")),
    };
    match panic::catch_unwind(AssertUnwindSafe(act)) {
        Ok(()) => ("200 OK", "ok".to_owned()),
        Err(_) => ("500 Internal Server Error", format!("{path} failed; see the task's output")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn request(addr: SocketAddr, head: &str) -> String {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_script_kills_and_starts_the_server_and_a_page_does_not() {
        let server = Arc::new(RedisServer::start());
        let addr = start(&server).unwrap();
        let answer = request(addr, "POST /server/kill HTTP/1.1\r\nOrigin: http://x\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(server.is_running());
        let answer = request(addr, "POST /server/kill HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok\n"),
            "{answer}"
        );
        assert!(!server.is_running());
        let answer = request(addr, "POST /server/pause HTTP/1.1\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        let answer = request(addr, "POST /server/start HTTP/1.1\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(server.command(&["PING"]), "PONG");
        assert!(request(addr, "POST /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
        assert!(request(addr, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    }
}
