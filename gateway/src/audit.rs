//! Who did what, without what they wrote or read.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use ring::digest;
use serde_json::{Map, Value, json};

use crate::files::named;

/// Where an audit log goes, and what is in it
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditConfig {
    /// A file that lines are appended to; `None` is standard error.
    pub(crate) file: Option<PathBuf>,
    pub(crate) commands: AuditCommands,
    pub(crate) keys: AuditKeys,
}

/// Which commands are told of
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuditCommands {
    #[default]
    Denied,
    Writes,
    All,
}

/// How the keys of commands are told
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuditKeys {
    None,
    #[default]
    /// The first 16 hex digits of their SHA-256: the same key can be followed, not read.
    Hashed,
    Names,
}

/// An open audit log
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) config: AuditConfig,
    to: Mutex<Option<File>>,
}

impl Audit {
    pub(crate) fn open(config: AuditConfig) -> io::Result<Self> {
        let file = match &config.file {
            Some(path) => {
                let opened = OpenOptions::new().create(true).append(true).open(path);
                Some(opened.map_err(|error| named(path, &error))?)
            }
            None => None,
        };
        Ok(Self { config, to: Mutex::new(file) })
    }

    /// Writes one event with these fields.
    pub(crate) fn write(&self, event: &str, fields: Value) -> io::Result<()> {
        let mut line = Map::new();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        line.insert("time".into(), json!(now.as_secs_f64()));
        line.insert("event".into(), json!(event));
        if let Value::Object(fields) = fields {
            line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        // One write for each line: lines of several processes do not mix.
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        match &mut *self.to.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(file) => file.write_all(text.as_bytes()),
            None => io::stderr().write_all(text.as_bytes()),
        }
    }

    /// A key as it may be told.
    pub(crate) fn key(&self, key: &[u8]) -> Option<String> {
        match self.config.keys {
            AuditKeys::None => None,
            AuditKeys::Names => Some(key.escape_ascii().to_string()),
            AuditKeys::Hashed => {
                let hash = digest::digest(&digest::SHA256, key);
                Some(hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect())
            }
        }
    }
}
