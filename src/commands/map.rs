use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use super::proxies::Proxy;
use crate::{Error, Full, Result, resp::Arg};

/// Commands that the server knows by another name, or that are not to be used
///
/// For servers with `rename-command` in their configuration, and for proxies that do not
/// know every command. A disabled command fails before anything is sent. Names are compared
/// without regard to case; subcommands go with their command.
///
/// The presets [`twemproxy`](Self::twemproxy) and [`envoy`](Self::envoy) allow what the proxy
/// serves, and nothing else: a command that nobody has heard of is refused too. Names that
/// are renamed or disabled here come before the preset, so that `.rename("INFO", "INFO")` lets
/// one more command through.
///
/// ```
/// use redmux::{Options, options::CommandMap};
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
    /// `None` where nothing is mapped.
    entries: Full<Arc<Entries>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Entries {
    /// Upper-case names, and what they become.
    names: BTreeMap<String, Option<Arc<str>>>,
    /// What is not among the names must be served by each of these.
    proxies: Vec<Proxy>,
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

    /// Allows what [twemproxy](https://github.com/twitter/twemproxy) 0.5 forwards, with as many
    /// arguments as it takes
    ///
    /// twemproxy closes the connection over any other command, and every caller shares that
    /// connection: what was under way would fail with
    /// [`MaybeExecuted`](crate::Delivery::MaybeExecuted).
    pub fn twemproxy() -> Self {
        Self::default().behind("twemproxy")
    }

    /// Allows what [Envoy](https://www.envoyproxy.io)'s Redis proxy forwards by its documentation.
    pub fn envoy() -> Self {
        Self::default().behind("envoy")
    }

    /// Whether every command is sent as it is.
    pub fn is_empty(&self) -> bool {
        self.entries.as_deref().is_none()
    }

    /// What becomes of a command's name, in any case.
    pub(crate) fn get(&self, command: &str) -> Mapped<'_> {
        let Some(entries) = self.entries.as_deref() else { return Mapped::AsIs };
        let command = command.to_ascii_uppercase();
        match entries.names.get(&command) {
            None if entries.proxies.iter().all(|proxy| proxy.serves(&command)) => Mapped::AsIs,
            None => Mapped::Disabled,
            Some(None) => Mapped::Disabled,
            Some(Some(name)) => Mapped::Renamed(name),
        }
    }

    /// Why a command with these arguments is refused, its name first; `None` if it may be sent.
    pub(crate) fn refusal(&self, words: &[Arg<'_>]) -> Option<Cow<'static, str>> {
        let entries = self.entries.as_deref()?;
        let name = String::from_utf8_lossy(words.first()?.as_bytes()).to_ascii_uppercase();
        match entries.names.get(&name) {
            None => entries.proxies.iter().find_map(|proxy| proxy.refusal(words)),
            Some(None) => Some("the command map of the options disables it".into()),
            Some(Some(_)) => None,
        }
    }

    /// What a command of the client's own is called; a disabled one is for the caller to notice.
    pub(crate) fn name_of<'a>(&'a self, command: &'a str) -> &'a str {
        match self.get(command) {
            Mapped::Renamed(name) => name,
            Mapped::AsIs | Mapped::Disabled => command,
        }
    }

    #[cfg(feature = "full")]
    /// Reads `GET=FETCH;FLUSHALL=`, or the name of a preset, or several of these.
    pub(crate) fn read(mut self, text: &str) -> Option<Self> {
        for item in text.split(';').map(str::trim).filter(|item| !item.is_empty()) {
            self = match item.split_once('=') {
                Some((command, "")) => self.disable(command),
                Some((command, name)) => self.rename(command, name),
                None => {
                    Proxy::named(item)?;
                    self.behind(item)
                }
            };
        }
        Some(self)
    }

    /// # Errors
    /// Names that are not one printable word.
    pub(crate) fn validate(&self) -> Result<()> {
        let word = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| (b'!'..=b'~').contains(&b) && b != b'=' && b != b';')
        };
        let mut entries = self.entries.as_deref().into_iter().flat_map(|entries| &entries.names);
        match entries.find(|(from, to)| !word(from) || to.as_ref().is_some_and(|to| !word(to))) {
            None => Ok(()),
            Some(_) => Err(Error::config(
                "commandMap: a name is one word of printable ASCII without `=` and `;`",
            )),
        }
    }

    fn with(mut self, command: &str, to: Option<Arc<str>>) -> Self {
        self.entries.change(|entries| {
            Arc::make_mut(entries).names.insert(command.to_ascii_uppercase(), to);
        });
        self
    }

    /// Allows what the proxy of this name serves.
    fn behind(self, name: &str) -> Self {
        match Proxy::named(name) {
            Some(proxy) => self.also_behind(proxy),
            None => self,
        }
    }

    /// Refuses what no proxy serves, besides what this map refuses.
    #[cfg(feature = "topology")]
    pub(crate) fn behind_any_proxy(self) -> Self {
        self.also_behind(super::proxies::ANY)
    }

    fn also_behind(mut self, proxy: Proxy) -> Self {
        self.entries.change(|entries| {
            let proxies = &mut Arc::make_mut(entries).proxies;
            if !proxies.contains(&proxy) {
                proxies.push(proxy);
            }
        });
        self
    }
}

impl fmt::Display for CommandMap {
    /// As in the connection string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(entries) = self.entries.as_deref() else { return Ok(()) };
        let mut separator = "";
        for proxy in &entries.proxies {
            write!(f, "{separator}{}", proxy.name)?;
            separator = ";";
        }
        for (command, to) in &entries.names {
            write!(f, "{separator}{command}={}", to.as_deref().unwrap_or_default())?;
            separator = ";";
        }
        Ok(())
    }
}

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
        assert_eq!(map.to_string(), "twemproxy;INFO=INFO");
        assert_eq!(CommandMap::default().read(&map.to_string()).unwrap(), map);
        // In any order, and a command that is allowed by the program is not counted.
        assert_eq!(CommandMap::default().read("info=INFO;Twemproxy").unwrap(), map);
        let info = [Arg::Bytes(b"info"), Arg::Bytes(b"x")];
        assert_eq!(map.refusal(&info), None);
        let none = CommandMap::twemproxy().refusal(&info).unwrap();
        assert!(none.contains("twemproxy does not serve it"), "{none}");
        assert_eq!(CommandMap::envoy().get("BLPOP"), Mapped::Disabled);
        // Nobody has heard of it: twemproxy would close the connection over it.
        assert_eq!(CommandMap::twemproxy().get("NOSUCH"), Mapped::Disabled);
        assert!(CommandMap::default().read("nginx").is_none());
    }
}
