use std::{
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use smol::channel::Sender;

use crate::{
    config::{Config, ConfigError, load_config},
    log::{event, tell},
    shared::{Shared, State},
};

/// Controls a running gateway from another task or thread
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    stop: Sender<()>,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>, stop: Sender<()>) -> Self {
        Self { shared, stop }
    }

    /// Begins a shutdown: `/readyz` answers 503 at once.
    ///
    /// After [`Config::lame_duck`] the gateway accepts no more clients, lets replies that are on
    /// their way arrive, and closes its clients with code 1012.
    pub fn shutdown(&self) {
        self.shared.leaving.store(true, Relaxed);
        if self.shared.state().config.lame_duck.is_zero() {
            self.shared.draining.store(true, Relaxed);
        }
        self.stop.close();
    }

    /// Shuts down without waiting for replies or clients.
    pub fn shutdown_now(&self) {
        self.shutdown();
        self.shared.at_once.0.close();
    }

    /// Replaces the configuration without dropping clients.
    ///
    /// It applies to new and to connected clients. A connected client is closed only if its
    /// credential is no longer accepted (4401), or if its server, Redis user, databases or channels
    /// have changed (1012: it should connect again). The addresses and the number of threads do not
    /// change.
    ///
    /// # Errors
    /// The configuration cannot be served; the old one stays in force.
    pub fn reload(&self, config: Config) -> Result<(), ConfigError> {
        let old = self.shared.state();
        if (config.listen, config.admin) != (old.config.listen, old.config.admin) {
            event("reload", format_args!("warning={:?}", "addresses change with a restart only"));
        }
        let opened = State::open(config, &self.shared.metrics.audit, Some(&old));
        self.shared.metrics.reloaded(opened.is_ok());
        let (replace, state) = opened?;
        self.shared.replace(replace, state);
        event("reload", format_args!("clients={}", self.clients()));
        Ok(())
    }

    /// As [`reload`](Self::reload), from a file, whose warnings are logged.
    ///
    /// # Errors
    /// The file cannot be read, or the configuration cannot be served; the old one stays in force.
    pub fn reload_file(&self, file: &Path) -> Result<(), ConfigError> {
        let loaded = load_config(file).inspect_err(|_| self.shared.metrics.reloaded(false))?;
        for warning in &loaded.warnings {
            tell(&format!("warning: {warning}"));
        }
        self.reload(loaded.config)
    }

    /// Returns the number of clients that are connected.
    pub fn clients(&self) -> usize {
        self.shared.ledger.all.connections()
    }

    /// Returns the number of commands that wait for their replies.
    pub fn in_flight(&self) -> usize {
        self.shared.ledger.all.in_flight()
    }

    /// Returns the metrics in the text format of Prometheus.
    pub fn metrics(&self) -> String {
        self.shared.expose()
    }
}
