//! The most memory that clients can make the gateway use.

use std::fs;

use super::{
    Config,
    file::{Found, Reading, nowhere},
};

/// The most bytes of a client's buffers, without its requests: those of the WebSocket and of the
/// server's connection at their full sizes, and the bytes that are held uncounted.
const CLIENT: usize = 448 << 10;
/// The most bytes of a socket whose client has shown no credential.
const STRANGER: usize = 96 << 10;
/// What TLS adds: a record each way, and its state.
const TLS: usize = 64 << 10;
/// From this sum on there is a warning.
const MUCH: usize = 1 << 30;

/// The fewest bytes of a secret.
const MIN_SECRET: usize = 32;

impl Config {
    /// Returns the largest message that any client may send.
    pub(crate) fn largest_message(&self) -> usize {
        let principals = self.access.principals.values();
        principals.map(|principal| principal.policy.client.message).max().unwrap_or(0)
    }

    /// Returns the most bytes that clients can make the gateway hold; docs/gateway-reference.md has the terms
    /// of the sum.
    pub(crate) fn worst_case(&self) -> usize {
        let tls = if self.tls.is_some() { TLS } else { 0 };
        let clients = self.limits.connections.unwrap_or(usize::MAX);
        // A buffer that grows has up to twice the size of its content.
        let requests = self.buffered.saturating_mul(2);
        clients
            .saturating_mul(CLIENT + tls)
            .saturating_add(self.unauthenticated.saturating_mul(STRANGER + tls))
            .saturating_add(requests)
    }

    /// Returns how many files may be open at a time.
    pub fn open_files(&self) -> usize {
        let clients = self.limits.connections.unwrap_or(0);
        clients.saturating_mul(2).saturating_add(self.unauthenticated).saturating_add(64)
    }
}

impl Reading {
    /// Warns of the memory that clients can make the gateway use, if it is much.
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

    /// Reads a secret from a file; it must be too long to be guessed.
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
