//! What the clients of a gateway share: its configuration, its counters and its limits.

use std::{
    collections::BTreeMap,
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::SystemTime,
};

use futures_rustls::TlsAcceptor;
use smol::channel::{self, Receiver, Sender};

use crate::{
    audit::Audit,
    auth::{Access, Denied, Grant, validity},
    close::CloseReason,
    config::{Config, ConfigError},
    limits::{Connected, Ledger},
    lines::Lost,
    log::event_often,
    metrics::{Gauges, Limits, Metrics},
    process::Costs,
    tls::certificates,
    upstream::Upstream,
};

/// What all clients of a gateway share
#[derive(Debug)]
pub(crate) struct Shared {
    state: RwLock<Arc<State>>,
    /// Clients notice that `state` was replaced when this sender is closed.
    replace: Mutex<Sender<()>>,
    started: SystemTime,
    pub(crate) metrics: Metrics,
    pub(crate) ledger: Ledger,
    pub(crate) sessions: AtomicU64,
    /// Whether a shutdown has begun: `/readyz` then answers 503.
    pub(crate) leaving: AtomicBool,
    /// Whether no more clients are accepted.
    pub(crate) draining: AtomicBool,
    /// A shutdown stops waiting when this channel is closed.
    pub(crate) at_once: (Sender<()>, Receiver<()>),
    /// The number of sockets, of requests and of clients.
    pub(crate) sockets: AtomicUsize,
}

/// What is known of a client before it shows a credential
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) origin: Option<String>,
}

/// A client, which is counted until this is dropped: among all, by address and by principal
pub(crate) type Counted = [Connected; 3];

/// Why there is no room for another client
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crowded {
    All,
    /// There are too many of the client's address or principal.
    OfThisKind,
}

/// A configuration and what was opened for it
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) audit: Option<Audit>,
    /// When the listener's certificate expires.
    certificate_ends: Option<SystemTime>,
    /// Is closed when another state has taken the place of this one.
    pub(crate) replaced: Receiver<()>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("config", &self.config).finish_non_exhaustive()
    }
}

impl State {
    pub(crate) fn open(
        mut config: Config,
        lost: &Arc<Lost>,
        before: Option<&Self>,
    ) -> Result<(Sender<()>, Arc<Self>), ConfigError> {
        config.check()?;
        // A changed copy of a configuration is another configuration.
        config.access.stamp = Arc::default();
        let failed = |what: &str, error: io::Error| ConfigError::new(format!("{what}: {error}"));
        let tls = config.tls.as_ref().map(|tls| tls.acceptor()).transpose();
        let tls = tls.map_err(|error| failed("listen.tls", error))?;
        if let Some(before) = before {
            inherit(&config, &before.config);
        }
        let before = before.and_then(|before| before.audit.as_ref());
        let audit =
            config.audit.clone().map(|config| Audit::open(config, lost, before)).transpose();
        let audit = audit.map_err(|error| failed("audit.file", error))?;
        let chain = config.tls.as_ref().and_then(|tls| certificates(&tls.certificate).ok());
        let own = chain.as_ref().and_then(|chain| chain.first());
        let certificate_ends = own.and_then(|own| validity(own)).map(|(_, end)| end);
        let (replace, replaced) = channel::bounded(1);
        Ok((replace, Arc::new(Self { config, tls, audit, certificate_ends, replaced })))
    }
}

impl State {
    fn upstreams(&self) -> impl Iterator<Item = &Upstream> {
        upstreams(&self.config)
    }
}

/// Returns the servers of all principals, each once.
fn upstreams(config: &Config) -> impl Iterator<Item = &Upstream> {
    let principals = config.access.principals.values();
    let named = principals.map(|principal| (&principal.upstream.name, &*principal.upstream));
    named.collect::<BTreeMap<_, _>>().into_values()
}

/// Carries what is known of a server over to the new configuration.
fn inherit(config: &Config, before: &Config) {
    for upstream in upstreams(config) {
        if let Some(old) = upstreams(before).find(|old| *old == upstream) {
            upstream.heartbeat.take_over(&old.heartbeat);
        }
    }
}

impl Shared {
    /// Begins with this state; closing `replace` tells the clients that it was replaced.
    pub(crate) fn new(state: Arc<State>, replace: Sender<()>, metrics: Metrics) -> Self {
        let ledger = Ledger::default();
        ledger.buffered.set(state.config.buffered);
        metrics.begin(state.upstreams().map(|upstream| upstream.name.as_str()));
        Self {
            state: RwLock::new(state),
            replace: Mutex::new(replace),
            metrics,
            ledger,
            started: SystemTime::now(),
            sessions: AtomicU64::new(1),
            leaving: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            at_once: channel::bounded(1),
            sockets: AtomicUsize::new(0),
        }
    }

    pub(crate) fn state(&self) -> Arc<State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Relaxed)
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Replaces the configuration.
    pub(crate) fn replace(&self, replace: Sender<()>, state: Arc<State>) {
        self.ledger.buffered.set(state.config.buffered);
        self.metrics.begin(state.upstreams().map(|upstream| upstream.name.as_str()));
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        let mut current = self.replace.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, replace).close();
    }

    /// Identifies a client, and counts and logs the result; `None` if its credential is denied.
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
                self.metrics.denied.add("credential", why, 1);
                let address = peer.address.to_string();
                event_often(
                    "denied",
                    format_args!("peer={address} method={method} reason={why:?}"),
                );
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

    /// Counts a client among all, by its address and by its principal.
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
        // Subjects have no series of their own: there may be any number of them.
        let of = |name: &String| self.ledger.clients_of(name);
        let config = &state.config;
        let principals = config.access.principals.keys();
        let upstreams = state.upstreams();
        let up = |upstream: &Upstream| Some((upstream.name.clone(), upstream.heartbeat.is_up()?));
        self.metrics.expose(&Gauges {
            clients: self.ledger.all.connections(),
            sockets: self.sockets.load(Relaxed),
            in_flight: self.ledger.all.in_flight(),
            strangers: self.ledger.strangers.connections(),
            buffered: self.ledger.buffered.used(),
            draining: self.is_leaving(),
            principals: principals.map(|name| (name.clone(), of(name))).collect(),
            limits: Limits {
                clients: config.limits.connections,
                strangers: config.unauthenticated,
                buffered: config.buffered,
                in_flight: config.limits.in_flight,
            },
            upstreams: upstreams.filter_map(up).collect(),
            certificate_ends: state.certificate_ends,
            costs: Costs::now(self.started),
        })
    }
}
