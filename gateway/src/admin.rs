//! Metrics and health, on an address of their own.

use std::{
    io,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use async_std::{
    future::timeout,
    net::{TcpListener, TcpStream},
    sync::Mutex,
    task,
};
use futures::future::join_all;

use crate::{
    handshake::{bounded, health},
    http::{METHOD_NOT_ALLOWED, NOT_FOUND, Status, UNAVAILABLE, read_head, refuse, respond},
    server::Shared,
};

const LIMIT: Duration = Duration::from_secs(5);
/// Servers are asked no more often than this.
const READY_FOR: Duration = Duration::from_secs(2);

/// When servers were asked last, and whether all answered
type Readiness = Arc<Mutex<Option<(Instant, bool)>>>;

/// Answers until the gateway is gone.
pub(crate) async fn serve(listener: TcpListener, shared: Weak<Shared>) {
    let readiness = Readiness::default();
    loop {
        // The gateway may have ended since the last request.
        let accepted = timeout(Duration::from_secs(1), listener.accept()).await;
        let Some(shared) = shared.upgrade() else { return };
        match accepted {
            Err(_) => {}
            Ok(Ok((stream, _))) => {
                let readiness = readiness.clone();
                task::spawn(async move {
                    // Whoever asked and hung up misses the answer.
                    let _ = bounded(LIMIT * 2, answer(stream, &shared, &readiness)).await;
                });
            }
            Ok(Err(_)) => task::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(mut stream: TcpStream, shared: &Shared, readiness: &Readiness) -> io::Result<()> {
    let head = match timeout(LIMIT, read_head(&mut stream)).await {
        Ok(Ok(Ok(Some((head, _))))) => head,
        Ok(Ok(Err(status))) => {
            return refuse(&mut stream, status, "the request is malformed\n").await;
        }
        _ => return Ok(()),
    };
    let with_body = match head.method.as_str() {
        "GET" => true,
        "HEAD" => false,
        _ => return refuse(&mut stream, METHOD_NOT_ALLOWED, "only GET and HEAD\n").await,
    };
    let plain = "text/plain; charset=utf-8";
    match head.path.as_str() {
        "/healthz" => health(&mut stream, true, with_body).await,
        "/readyz" => match (shared.is_draining(), ready(shared, readiness).await) {
            (true, _) => health(&mut stream, false, with_body).await,
            (false, true) => health(&mut stream, true, with_body).await,
            (false, false) => {
                let text = b"a server cannot be reached\n";
                respond(&mut stream, UNAVAILABLE, &[], plain, text, with_body).await
            }
        },
        "/metrics" => {
            let text = shared.expose();
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            respond(&mut stream, Status(200, "OK"), &[], kind, text.as_bytes(), with_body).await
        }
        _ => refuse(&mut stream, NOT_FOUND, "there is nothing here\n").await,
    }
}

/// Whether all servers can be reached.
async fn ready(shared: &Shared, readiness: &Readiness) -> bool {
    let mut known = readiness.lock().await;
    if let Some((at, ready)) = *known
        && at.elapsed() < READY_FOR
    {
        return ready;
    }
    let state = shared.state();
    let mut upstreams: Vec<_> = Vec::new();
    for principal in state.config.access.principals.values() {
        if !upstreams.contains(&&principal.upstream) {
            upstreams.push(&principal.upstream);
        }
    }
    let all = join_all(upstreams.iter().map(|upstream| upstream.answers())).await;
    let ready = all.into_iter().all(|answers| answers);
    *known = Some((Instant::now(), ready));
    ready
}
