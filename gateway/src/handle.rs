use std::{
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use async_std::channel::Sender;

use crate::{
    config::{Config, ConfigError, load_config},
    log::{event, tell},
    shared::{Shared, State},
};

/// Steers a gateway from elsewhere
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    stop: Sender<()>,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>, stop: Sender<()>) -> Self {
        Self { shared, stop }
    }

    /// Begins a shutdown: `/readyz` says 503 at once.
    ///
    /// After [`Config::lame_duck`] nobody is accepted any more, replies on their way may arrive,
    /// and clients are closed with code 1012.
    pub fn shutdown(&self) {
        self.shared.leaving.store(true, Relaxed);
        if self.shared.state().config.lame_duck.is_zero() {
            self.shared.draining.store(true, Relaxed);
        }
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
        self.shared.metrics.reloaded(opened.is_ok());
        let (replace, state) = opened?;
        self.shared.replace(replace, state);
        event("reload", format_args!("clients={}", self.clients()));
        Ok(())
    }

    /// As [`reload`](Self::reload), from a file; its warnings are logged.
    ///
    /// # Errors
    /// It cannot be read or served; the old one stays.
    pub fn reload_file(&self, file: &Path) -> Result<(), ConfigError> {
        let loaded = load_config(file).inspect_err(|_| self.shared.metrics.reloaded(false))?;
        for warning in &loaded.warnings {
            tell(&format!("warning: {warning}"));
        }
        self.reload(loaded.config)
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
