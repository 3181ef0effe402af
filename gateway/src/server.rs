use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use async_std::{
    channel::{self, Receiver, Sender},
    future::timeout,
    net::{TcpListener, TcpStream},
    task,
};
use futures::future::{Either, select};
use futures_rustls::TlsAcceptor;

use crate::{
    admin,
    audit::Audit,
    auth::{Access, Denied, Grant},
    config::{Config, ConfigError},
    limits::{Connected, Ledger},
    lines::Lost,
    log::{event, event_often},
    metrics::{Gauges, Metrics},
    session::{CloseReason, Peer},
};

/// A gateway that listens
#[derive(Debug)]
pub struct Gateway {
    listener: TcpListener,
    admin: Option<TcpListener>,
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Sender<()>,
    stopped: Receiver<()>,
}

/// Steers a gateway from elsewhere
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    stop: Sender<()>,
}

/// What all clients of a gateway share
#[derive(Debug)]
pub(crate) struct Shared {
    state: RwLock<Arc<State>>,
    /// Its end tells the clients that `state` was replaced.
    replace: Mutex<Sender<()>>,
    pub(crate) metrics: Metrics,
    pub(crate) ledger: Ledger,
    pub(crate) sessions: AtomicU64,
    draining: AtomicBool,
    /// Its end tells a shutdown to wait for nobody.
    at_once: (Sender<()>, Receiver<()>),
    /// Sockets with a request or a client on them.
    pub(crate) sockets: AtomicUsize,
}

/// A client, as it counts while it is there
pub(crate) type Counted = [Connected; 3];

/// There are too many clients
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crowded {
    All,
    /// Of one address, or of one principal.
    OfThisKind,
}

/// A configuration and what was opened for it
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) audit: Option<Audit>,
    /// Ends when another one has taken its place.
    pub(crate) replaced: Receiver<()>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("config", &self.config).finish_non_exhaustive()
    }
}

impl State {
    fn open(
        mut config: Config,
        lost: &Arc<Lost>,
        before: Option<&Self>,
    ) -> Result<(Sender<()>, Arc<Self>), ConfigError> {
        config.check()?;
        // A changed copy of a configuration is another one.
        config.access.stamp = Arc::default();
        let failed = |what: &str, error: io::Error| ConfigError::new(format!("{what}: {error}"));
        let tls = config.tls.as_ref().map(|tls| tls.acceptor()).transpose();
        let tls = tls.map_err(|error| failed("listen.tls", error))?;
        let before = before.and_then(|before| before.audit.as_ref());
        let audit =
            config.audit.clone().map(|config| Audit::open(config, lost, before)).transpose();
        let audit = audit.map_err(|error| failed("audit.file", error))?;
        let (replace, replaced) = channel::bounded(1);
        Ok((replace, Arc::new(Self { config, tls, audit, replaced })))
    }
}

impl Gateway {
    /// Listens at the address of `config`.
    ///
    /// # Errors
    /// The address cannot be listened at, or would make public what is for development.
    pub async fn bind(config: Config) -> io::Result<Self> {
        let refused = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let metrics = Metrics::default();
        let (replace, state) = State::open(config, &metrics.audit, None).map_err(refused)?;
        let ledger = Ledger::default();
        ledger.buffered.set(state.config.buffered);
        let listener = TcpListener::bind(state.config.listen).await?;
        let address = listener.local_addr()?;
        let admin = match state.config.admin {
            Some(address) => Some(TcpListener::bind(address).await?),
            None => None,
        };
        let shared = Arc::new(Shared {
            state: RwLock::new(state),
            replace: Mutex::new(replace),
            metrics,
            ledger,
            sessions: AtomicU64::new(1),
            draining: AtomicBool::new(false),
            at_once: channel::bounded(1),
            sockets: AtomicUsize::new(0),
        });
        let (stop, stopped) = channel::bounded(1);
        Ok(Self { listener, admin, address, shared, stop, stopped })
    }

    /// The address it listens at.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The address of `/metrics`, `/healthz` and `/readyz`, if there is one.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin.as_ref()?.local_addr().ok()
    }

    /// A handle to steer it with.
    pub fn handle(&self) -> Handle {
        Handle { shared: self.shared.clone(), stop: self.stop.clone() }
    }

    /// Serves clients until [`Handle::shutdown`], then lets them go.
    pub async fn run(self) {
        if let Some(listener) = self.admin {
            // Until the very end: whoever watches a shutdown watches it there.
            task::spawn(admin::serve(listener, Arc::downgrade(&self.shared)));
        }
        loop {
            let accepted = {
                let accept = Box::pin(self.listener.accept());
                match select(accept, Box::pin(self.stopped.recv())).await {
                    Either::Left((accepted, _)) => accepted,
                    Either::Right(_) => break,
                }
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (shared, stopped) = (self.shared.clone(), self.stopped.clone());
                    task::spawn(attend(shared, stream, peer, stopped));
                }
                Err(error) => {
                    // Out of file descriptors, for example: others must end first.
                    event_often("accept-failed", format_args!("error={:?}", error.to_string()));
                    task::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(self.listener);
        let all_gone = async {
            while self.shared.sockets.load(Relaxed) > 0 {
                task::sleep(Duration::from_millis(5)).await;
            }
        };
        let state = self.shared.state();
        // Closing handshakes get a little time of their own.
        let patience = (state.config.drain)
            .saturating_add(state.config.drain_spread)
            .saturating_add(Duration::from_secs(3));
        let at_once = self.shared.at_once.1.recv();
        let _ = timeout(patience, select(Box::pin(all_gone), Box::pin(at_once))).await;
        event("stopped", format_args!("left={}", self.shared.sockets.load(Relaxed)));
        if let Some(audit) = &state.audit {
            audit.flush(Duration::from_secs(1));
        }
    }
}

async fn attend(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, stopped: Receiver<()>) {
    shared.attend(stream, peer, stopped).await;
}

impl Handle {
    /// Stops accepting, lets replies on their way arrive, and closes clients with code 1012.
    pub fn shutdown(&self) {
        self.shared.draining.store(true, Relaxed);
        self.stop.close();
    }

    /// Ends a shutdown that has begun, without waiting for anybody.
    pub fn shutdown_now(&self) {
        self.shutdown();
        self.shared.at_once.0.close();
    }

    /// Takes another configuration without dropping clients.
    ///
    /// It holds for new clients and for those that are there. Only those are closed whose
    /// credential is no longer good (4401), or whose server, Redis user, databases or channels
    /// are others now (1012: they come back). The addresses and the number of threads stay.
    ///
    /// # Errors
    /// It cannot be served; the old one stays.
    pub fn reload(&self, config: Config) -> Result<(), ConfigError> {
        let old = self.shared.state();
        if (config.listen, config.admin) != (old.config.listen, old.config.admin) {
            event("reload", format_args!("warning={:?}", "addresses change with a restart only"));
        }
        let opened = State::open(config, &self.shared.metrics.audit, Some(&old));
        let result = if opened.is_ok() { "ok" } else { "failed" };
        self.shared.metrics.reloads.add(result, "", 1);
        let (replace, state) = opened?;
        self.shared.ledger.buffered.set(state.config.buffered);
        *self.shared.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        let mut current = self.shared.replace.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, replace).close();
        event("reload", format_args!("clients={}", self.clients()));
        Ok(())
    }

    /// Clients connected at the moment.
    pub fn clients(&self) -> usize {
        self.shared.ledger.all.connections()
    }

    /// Commands that wait for their replies at the moment.
    pub fn in_flight(&self) -> usize {
        self.shared.ledger.all.in_flight()
    }

    /// The metrics, in the text format of Prometheus.
    pub fn metrics(&self) -> String {
        self.shared.expose()
    }
}

impl Shared {
    pub(crate) fn state(&self) -> Arc<State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Whom a client is, which is counted and told.
    pub(crate) fn authenticate(
        &self,
        peer: &Peer,
        method: &'static str,
        identify: impl FnOnce(&Access) -> Result<Grant, Denied>,
    ) -> Option<Grant> {
        let state = self.state();
        match identify(&state.config.access) {
            Ok(grant) => {
                self.metrics.authentications.add("accepted", grant.credential.method(), 1);
                Some(grant)
            }
            Err(Denied(why)) => {
                self.metrics.authentications.add("denied", method, 1);
                let address = peer.address.to_string();
                let what = format_args!("peer={address} method={method} reason={why:?}");
                event_often("denied", what);
                if let Some(audit) = &state.audit {
                    let fields = serde_json::json!({
                        "address": address, "origin": peer.origin, "method": method, "reason": why,
                    });
                    audit.write("denied", fields);
                }
                None
            }
        }
    }

    /// Counts a client, among all, of its address and of its principal.
    pub(crate) fn connect(&self, grant: &Grant, address: IpAddr) -> Result<Counted, Crowded> {
        let state = self.state();
        let config = &state.config;
        let all = self.ledger.all.connect(config.limits.connections).ok_or(Crowded::All)?;
        let near = self.ledger.of_address(address).connect(config.connections_per_address);
        let limit = grant.principal.policy.principal.connections;
        let of_principal = self.ledger.of_principal(grant.key()).connect(limit);
        match (near, of_principal) {
            (Some(near), Some(of_principal)) => Ok([all, near, of_principal]),
            _ => Err(Crowded::OfThisKind),
        }
    }

    pub(crate) fn closed(&self, reason: &CloseReason) {
        let code = reason.code().unwrap_or(0).to_string();
        self.metrics.closes.add(reason.label(), &code, 1);
    }

    pub(crate) fn expose(&self) -> String {
        let state = self.state();
        // Subjects are not told apart: there may be any number of them.
        let of = |name: &String| self.ledger.clients_of(name);
        let principals = state.config.access.principals.keys();
        self.metrics.expose(&Gauges {
            clients: self.ledger.all.connections(),
            sockets: self.sockets.load(Relaxed),
            in_flight: self.ledger.all.in_flight(),
            strangers: self.ledger.strangers.connections(),
            buffered: self.ledger.buffered.used(),
            draining: self.is_draining(),
            principals: principals.map(|name| (name.clone(), of(name))).collect(),
        })
    }
}
