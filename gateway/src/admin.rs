//! Metrics and health, on a separate address.

use std::{
    io,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use futures::future::join_all;
use smol::{
    channel,
    lock::Mutex,
    net::{TcpListener, TcpStream},
    unblock,
};

use crate::{
    admission::check_host,
    http::{
        METHOD_NOT_ALLOWED, MISDIRECTED, NOT_FOUND, Status, UNAVAILABLE, bounded, health,
        read_head, refuse, respond,
    },
    limits::Usage,
    shared::Shared,
    tasks::{sleep, spawn, timeout},
    upstream::Health,
};

const LIMIT: Duration = Duration::from_secs(5);
/// The time for which an answer of the servers holds: they are not asked more often.
const READY_FOR: Duration = Duration::from_secs(2);

/// The longest time that a request for metrics waits for the servers.
const ASKING: Duration = Duration::from_secs(1);

/// When the servers were last asked, and whether all of them answered
type Readiness = Arc<Mutex<Option<(Instant, bool)>>>;

/// The most sockets that are answered at a time; any further socket is closed.
const SOCKETS: usize = 32;

/// Answers requests until the gateway is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Weak<Shared>) {
    let readiness = Readiness::default();
    let sockets = Arc::new(Usage::default());
    loop {
        // The gateway may have ended since the last request.
        let accepted = timeout(Duration::from_secs(1), listener.accept()).await;
        let Some(shared) = shared.upgrade() else { return };
        match accepted {
            Err(_) => {}
            Ok(Ok((stream, peer))) => {
                let Some(counted) = sockets.connect(Some(SOCKETS)) else {
                    shared.drop_socket(peer.ip(), "admin");
                    continue;
                };
                let readiness = readiness.clone();
                spawn(async move {
                    let _counted = counted;
                    // The client may have hung up: nobody needs the error.
                    let _ = bounded(LIMIT * 2, answer(stream, shared, &readiness)).await;
                });
            }
            Ok(Err(_)) => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(
    mut stream: TcpStream,
    shared: Arc<Shared>,
    readiness: &Readiness,
) -> io::Result<()> {
    let head = match timeout(LIMIT, read_head(&mut stream)).await {
        Ok(Ok(Ok(Some((head, _))))) => head,
        Ok(Ok(Err(status))) => {
            return refuse(&mut stream, status, "the request is malformed\n").await;
        }
        _ => return Ok(()),
    };
    // A page whose host name resolves to this address must not read the metrics.
    if check_host(&shared.state().config.admin_hosts, &head).is_err() {
        let reason = "this address is not known by that host name (admin.hosts)\n";
        return refuse(&mut stream, MISDIRECTED, reason).await;
    }
    let with_body = match head.method.as_str() {
        "GET" => true,
        "HEAD" => false,
        _ => return refuse(&mut stream, METHOD_NOT_ALLOWED, "only GET and HEAD\n").await,
    };
    let plain = "text/plain; charset=utf-8";
    match head.path.as_str() {
        "/healthz" => health(&mut stream, true, with_body).await,
        "/readyz" => match (shared.is_leaving(), ready(&shared, readiness).await) {
            (true, _) => health(&mut stream, false, with_body).await,
            (false, true) => health(&mut stream, true, with_body).await,
            (false, false) => {
                let text = b"a server cannot be reached, or refuses a principal\n";
                respond(&mut stream, UNAVAILABLE, &[], plain, text, with_body).await
            }
        },
        "/metrics" => {
            // Servers that hang must not delay the metrics: the next request shows their state.
            let (asking, asked) = channel::bounded::<()>(1);
            let asks = (shared.clone(), readiness.clone());
            spawn(async move {
                let _asking = asking;
                ready(&asks.0, &asks.1).await;
            });
            // Nothing is sent: the channel ends with the question.
            let _ = timeout(ASKING, asked.recv()).await;
            // It counts the open files, which blocks.
            let text = unblock(move || shared.expose()).await;
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            respond(&mut stream, Status(200, "OK"), &[], kind, text.as_bytes(), with_body).await
        }
        _ => refuse(&mut stream, NOT_FOUND, "there is nothing here\n").await,
    }
}

/// Returns whether all servers answer and accept the login of every principal.
async fn ready(shared: &Shared, readiness: &Readiness) -> bool {
    let mut known = readiness.lock().await;
    if let Some((at, ready)) = *known
        && at.elapsed() < READY_FOR
    {
        return ready;
    }
    let state = shared.state();
    let mut users: Vec<_> = Vec::new();
    for principal in state.config.access.principals.values() {
        let user = (&principal.upstream, principal.login.as_ref());
        if !users.contains(&user) {
            users.push(user);
        }
    }
    let all = join_all(users.iter().map(|(upstream, login)| upstream.health(*login))).await;
    let ready = all.into_iter().all(|health| health == Health::Good);
    *known = Some((Instant::now(), ready));
    ready
}
