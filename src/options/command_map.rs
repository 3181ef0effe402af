use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::{Error, Full, Result};

/// Commands that the server knows by another name, or that are not to be used
///
/// For servers with `rename-command` in their configuration, and for proxies that do not
/// know every command. A disabled command fails before anything is sent. Names are compared
/// without regard to case; subcommands go with their command.
///
/// ```
/// use redmux::{CommandMap, Options};
///
/// let commands = CommandMap::default().rename("CONFIG", "CONFIG-9a1f").disable("FLUSHALL");
/// let options = Options::new("localhost").command_map(commands);
/// assert_eq!(
///     options.to_string(),
///     "localhost:6379,commandMap=CONFIG=CONFIG-9a1f;FLUSHALL="
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandMap {
    /// Upper-case names, and what they become; `None` where nothing is mapped.
    entries: Full<Arc<BTreeMap<String, Option<Arc<str>>>>>,
}

/// What becomes of a command's name
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mapped<'a> {
    /// It is sent as it is.
    AsIs,
    /// This is sent instead.
    Renamed(&'a str),
    /// It is not to be used.
    Disabled,
}

impl CommandMap {
    /// Sends `command` under another name.
    pub fn rename(self, command: impl AsRef<str>, name: impl Into<Arc<str>>) -> Self {
        self.with(command.as_ref(), Some(name.into()))
    }

    /// Refuses `command`.
    pub fn disable(self, command: impl AsRef<str>) -> Self {
        self.with(command.as_ref(), None)
    }

    /// Refuses what [twemproxy](https://github.com/twitter/twemproxy) does not forward.
    pub fn twemproxy() -> Self {
        PROXIED.iter().chain(TWEMPROXY).fold(Self::default(), |map, name| map.disable(name))
    }

    /// Refuses what [Envoy](https://www.envoyproxy.io)'s Redis proxy does not forward.
    pub fn envoy() -> Self {
        PROXIED.iter().chain(ENVOY).fold(Self::default(), |map, name| map.disable(name))
    }

    /// Whether every command is sent as it is.
    pub fn is_empty(&self) -> bool {
        self.entries.as_deref().is_none()
    }

    /// What becomes of a command's name, in any case.
    pub(crate) fn get(&self, command: &str) -> Mapped<'_> {
        let Some(entries) = self.entries.as_deref() else { return Mapped::AsIs };
        match entries.get(&command.to_ascii_uppercase()) {
            None => Mapped::AsIs,
            Some(None) => Mapped::Disabled,
            Some(Some(name)) => Mapped::Renamed(name),
        }
    }

    /// What a command of the client's own is called; a disabled one is for the caller to notice.
    pub(crate) fn name_of<'a>(&'a self, command: &'a str) -> &'a str {
        match self.get(command) {
            Mapped::Renamed(name) => name,
            Mapped::AsIs | Mapped::Disabled => command,
        }
    }

    /// Reads `GET=FETCH;FLUSHALL=`, or the name of a preset, or several of these.
    pub(super) fn read(mut self, text: &str) -> Option<Self> {
        for item in text.split(';').map(str::trim).filter(|item| !item.is_empty()) {
            self = match item.split_once('=') {
                Some((command, "")) => self.disable(command),
                Some((command, name)) => self.rename(command, name),
                None => match item.to_ascii_lowercase().as_str() {
                    "twemproxy" => self.join(&Self::twemproxy()),
                    "envoy" | "envoyproxy" => self.join(&Self::envoy()),
                    _ => return None,
                },
            };
        }
        Some(self)
    }

    /// # Errors
    /// Names that are not one printable word.
    pub(super) fn validate(&self) -> Result<()> {
        let word = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| (b'!'..=b'~').contains(&b) && b != b'=' && b != b';')
        };
        let mut entries = self.entries.as_deref().into_iter().flatten();
        match entries.find(|(from, to)| !word(from) || to.as_ref().is_some_and(|to| !word(to))) {
            None => Ok(()),
            Some(_) => Err(Error::config(
                "commandMap: a name is one word of printable ASCII without `=` and `;`",
            )),
        }
    }

    fn with(mut self, command: &str, to: Option<Arc<str>>) -> Self {
        self.entries.change(|entries| {
            Arc::make_mut(entries).insert(command.to_ascii_uppercase(), to);
        });
        self
    }

    fn join(mut self, other: &Self) -> Self {
        for (command, to) in other.entries.as_deref().into_iter().flatten() {
            self = self.with(command, to.clone());
        }
        self
    }
}

impl fmt::Display for CommandMap {
    /// As in the connection string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.as_deref().into_iter().flatten();
        for (index, (command, to)) in entries.enumerate() {
            let separator = if index == 0 { "" } else { ";" };
            write!(f, "{separator}{command}={}", to.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}

/// What no sharding proxy can forward: it has no key, or concerns one server.
const PROXIED: &[&str] = &[
    "BGREWRITEAOF",
    "BGSAVE",
    "BITOP",
    "BLPOP",
    "BRPOP",
    "BRPOPLPUSH",
    "CLIENT",
    "CLUSTER",
    "CONFIG",
    "DBSIZE",
    "DEBUG",
    "DISCARD",
    "EXEC",
    "FLUSHALL",
    "FLUSHDB",
    "HELLO",
    "INFO",
    "KEYS",
    "LASTSAVE",
    "MIGRATE",
    "MONITOR",
    "MOVE",
    "MSETNX",
    "MULTI",
    "OBJECT",
    "PSUBSCRIBE",
    "PUBLISH",
    "PUNSUBSCRIBE",
    "RANDOMKEY",
    "RENAME",
    "RENAMENX",
    "REPLICAOF",
    "SAVE",
    "SCAN",
    "SCRIPT",
    "SELECT",
    "SHUTDOWN",
    "SLAVEOF",
    "SLOWLOG",
    "SPUBLISH",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SUNSUBSCRIBE",
    "SYNC",
    "TIME",
    "UNSUBSCRIBE",
    "UNWATCH",
    "WATCH",
];
const TWEMPROXY: &[&str] = &["ECHO"];
const ENVOY: &[&str] = &["SORT"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        let map = CommandMap::default().rename("get", "Fetch").disable("Flushall");
        assert_eq!(map.get("GET"), Mapped::Renamed("Fetch"));
        assert_eq!(map.get("flushALL"), Mapped::Disabled);
        assert_eq!(map.get("SET"), Mapped::AsIs);
        assert!(CommandMap::default().is_empty() && !map.is_empty());
    }

    #[test]
    fn presets_can_be_changed() {
        let map = CommandMap::default().read("twemproxy;info=INFO").unwrap();
        assert_eq!(map.get("SELECT"), Mapped::Disabled);
        assert_eq!(map.get("SORT"), Mapped::AsIs);
        assert_eq!(map.get("INFO"), Mapped::Renamed("INFO"));
        assert_eq!(CommandMap::default().read(&map.to_string()).unwrap(), map);
        assert_eq!(CommandMap::envoy().get("SORT"), Mapped::Disabled);
        assert!(CommandMap::default().read("nginx").is_none());
    }
}
