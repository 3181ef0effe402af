//! What clients can make the gateway hold.

use std::fs;

use super::{
    Config,
    file::{Found, Reading, nowhere},
};

/// Most bytes of a client's buffers, without its requests: to and from the WebSocket and to and
/// from the server, each grown to its full size, and what is held uncounted.
const CLIENT: usize = 448 << 10;
/// Most bytes of a socket whose owner has shown no credential.
const STRANGER: usize = 96 << 10;
/// What TLS adds: a record each way, and what comes with it.
const TLS: usize = 64 << 10;
/// From here on it should be known.
const MUCH: usize = 1 << 30;

/// Bytes of a secret.
const MIN_SECRET: usize = 32;

impl Config {
    /// The largest message that anybody may send.
    pub(crate) fn largest_message(&self) -> usize {
        let principals = self.access.principals.values();
        principals.map(|principal| principal.policy.client.message).max().unwrap_or(0)
    }

    /// Most bytes that clients can make the gateway hold: docs/gateway.md has what it is made of.
    pub(crate) fn worst_case(&self) -> usize {
        let tls = if self.tls.is_some() { TLS } else { 0 };
        let clients = self.limits.connections.unwrap_or(usize::MAX);
        // What grows takes up to twice the room of what is in it.
        let requests = self.buffered.saturating_mul(2);
        clients
            .saturating_mul(CLIENT + tls)
            .saturating_add(self.unauthenticated.saturating_mul(STRANGER + tls))
            .saturating_add(requests)
    }

    /// Files that may be open at a time.
    pub fn open_files(&self) -> usize {
        let clients = self.limits.connections.unwrap_or(0);
        clients.saturating_mul(2).saturating_add(self.unauthenticated).saturating_add(64)
    }
}

impl Reading {
    /// Tells what clients can make the gateway hold, where it is much.
    pub(super) fn warn_of_size(&mut self, config: &Config) {
        let most = config.worst_case();
        if most > MUCH {
            self.warn(format!(
                "limits: clients together can make the gateway hold {} MiB: see connections, \
                 unauthenticated and buffered",
                most >> 20
            ));
        }
        for (name, principal) in &config.access.principals {
            let client = &principal.policy.client;
            let wanted = client.message.max(client.command);
            if wanted > config.buffered / 4 {
                self.warn(format!(
                    "principals.{name}: one client may hold {} MiB of the {} MiB that limits.buffered \
                     gives to all",
                    wanted >> 20,
                    config.buffered >> 20
                ));
            }
        }
    }

    /// A secret in a file, so long that guesses cannot be tried.
    pub(super) fn secret(&self, file: &str) -> Found<Vec<u8>> {
        let path = self.path(file);
        let what = |text: &str| nowhere(format!("audit.secret_file: {}: {text}", path.display()));
        let secret = fs::read(&path).map_err(|error| what(&error.to_string()))?;
        let secret = secret.trim_ascii().to_vec();
        match secret.len() >= MIN_SECRET {
            true => Ok(secret),
            false => Err(what("a secret has 32 bytes or more")),
        }
    }
}
