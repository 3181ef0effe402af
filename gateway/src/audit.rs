//! The audit log: which client sent which command, without the values.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ring::{hmac, rand::SystemRandom};
use serde_json::{Map, Value, json};

use crate::{
    files::named,
    lines::{Lines, Lost},
    log,
};

/// Where the audit log is written, and what it contains
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AuditConfig {
    /// The file that lines are appended to; `None` means standard error.
    pub(crate) file: Option<PathBuf>,
    pub(crate) commands: AuditCommands,
    pub(crate) keys: AuditKeys,
    /// Makes the hashes of keys the same in all gateways and after a restart. `None` means a random
    /// secret.
    pub(crate) secret: Option<Vec<u8>>,
}

impl fmt::Debug for AuditConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditConfig").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Which commands the audit log records
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuditCommands {
    #[default]
    Denied,
    Writes,
    All,
}

/// How the audit log records keys
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuditKeys {
    None,
    #[default]
    /// As the first 16 hex digits of an HMAC-SHA-256: uses of one key can be linked, but the key
    /// cannot be read.
    Hashed,
    Names,
}

/// An open audit log
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) config: AuditConfig,
    /// `None` means the ordinary log.
    to: Option<Lines>,
    /// The key of the HMAC, so that hashes cannot be reversed by hashing likely names.
    salt: hmac::Key,
}

impl AuditConfig {
    /// Checks that the file can be written.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.open().map(drop)
    }

    fn open(&self) -> io::Result<Option<File>> {
        let Some(path) = &self.file else { return Ok(None) };
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        // The mode is for a new file: an existing one keeps the rights that its owner gave it.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        options.open(path).map(Some).map_err(|error| named(path, &error))
    }
}

impl Audit {
    /// Opens the file. Keys have the same hashes as in `before`, the log of the former
    /// configuration.
    pub(crate) fn open(
        config: AuditConfig,
        lost: &Arc<Lost>,
        before: Option<&Self>,
    ) -> io::Result<Self> {
        let told = |dropped| {
            let line = json!({ "event": "audit-dropped", "lines": dropped, "time": now() });
            format!("{line}\n")
        };
        let file = config.open()?;
        let to = file.map(|file| Lines::start(file, lost.clone(), told)).transpose()?;
        let salt = match (&config.secret, before) {
            (Some(secret), _) => hmac::Key::new(hmac::HMAC_SHA256, secret),
            (None, Some(before)) if before.config.secret.is_none() => before.salt.clone(),
            (None, _) => hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
                .map_err(|_| io::Error::other("the system gives no random numbers"))?,
        };
        Ok(Self { config, to, salt })
    }

    /// Writes one event with these fields, without waiting for the file.
    pub(crate) fn write(&self, event: &str, fields: Value) {
        let mut line = Map::new();
        line.insert("time".into(), json!(now()));
        line.insert("event".into(), json!(event));
        if let Value::Object(fields) = fields {
            line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        match &self.to {
            Some(lines) => lines.push(text),
            None => log::line(text),
        }
    }

    /// Waits until everything is written, at most for `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        if let Some(lines) = &self.to {
            lines.flush(patience);
        }
    }

    /// Returns a key as it may appear in the log; `None` if keys are left out.
    pub(crate) fn key(&self, key: &[u8]) -> Option<String> {
        match self.config.keys {
            AuditKeys::None => None,
            AuditKeys::Names => Some(key.escape_ascii().to_string()),
            AuditKeys::Hashed => {
                let hash = hmac::sign(&self.salt, key);
                Some(hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect())
            }
        }
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(secret: Option<&[u8]>, before: Option<&Audit>) -> Audit {
        let secret = secret.map(<[u8]>::to_vec);
        let config = AuditConfig {
            file: None,
            commands: AuditCommands::All,
            keys: AuditKeys::Hashed,
            secret,
        };
        Audit::open(config, &Arc::default(), before).unwrap()
    }

    #[test]
    fn hashes_of_keys_cannot_be_found_by_trying_names() {
        let one = audit(None, None);
        let found = one.key(b"user:123").unwrap();
        assert_eq!(found.len(), 16);
        // SHA-256 of the name, as anybody can make it.
        let plain = ring::digest::digest(&ring::digest::SHA256, b"user:123");
        let plain: String = plain.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_ne!(found, plain);
        assert_ne!(audit(None, None).key(b"user:123").unwrap(), found);
        // The same key is the same after a reload, and with the same secret anywhere.
        assert_eq!(audit(None, Some(&one)).key(b"user:123").unwrap(), found);
        let secret: &[u8] = b"a secret of thirty-two bytes, or more";
        let known = audit(Some(secret), Some(&one)).key(b"user:123");
        assert_eq!(audit(Some(secret), None).key(b"user:123"), known);
    }
}
