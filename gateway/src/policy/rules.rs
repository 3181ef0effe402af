//! Rules: which commands, keys, channels and databases are allowed.

use std::{collections::BTreeSet, sync::Arc};

use redmux_resp::commands::{CommandSpec, SideEffects};

use super::{Prefixes, QueryLimits};

/// The commands, keys, channels and databases that are allowed; nothing else is
///
/// ```
/// use redmux_gateway::{Prefixes, Rules};
///
/// let rules = Rules::new(["GET", "CLIENT TRACKING"])?.read(Prefixes::new(["app:"])?);
/// assert!(rules.judge(&[b"get", b"app:1"]).is_ok());
/// assert!(rules.judge(&[b"GET", b"other"]).is_err());
/// assert!(rules.judge(&[b"GETDEL", b"app:1"]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    pub(super) commands: Commands,
    pub(super) read: Prefixes,
    pub(super) write: Prefixes,
    pub(super) subscribe: Prefixes,
    pub(super) publish: Prefixes,
    pub(super) databases: Vec<u32>,
    pub(super) scripts: bool,
    pub(super) queries: QueryLimits,
}

/// The commands that are allowed
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Commands {
    /// All commands except those that turn the connection into something else.
    Any,
    /// These commands, by their names in the table.
    Listed(Arc<BTreeSet<&'static str>>),
}

/// A rule that is not possible
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// No command has this name.
    #[error("`{0}` is not a known command")]
    Unknown(String),
    /// The command has subcommands.
    #[error("`{0}` has subcommands: name each that is allowed, such as `{1}`")]
    Container(String, &'static str),
    /// The command can never be allowed.
    #[error("`{0}` can never be allowed: {1}")]
    Never(&'static str, &'static str),
    /// Scripts are allowed, and the gateway cannot know which keys they use.
    #[error(
        "`{0}` runs or installs scripts, which may use keys they do not name: with key prefixes, \
         the policy needs scripts = \"acl\" (Redis's ACL user is then the only wall around them)"
    )]
    Script(&'static str),
}

/// Exact names of commands that are never allowed, and why.
const NEVER: &[(&str, &str)] = &[
    ("SYNC", "it makes the connection a replication stream"),
    ("PSYNC", "it makes the connection a replication stream"),
    ("REPLCONF", "it is spoken between servers"),
    ("MONITOR", "it shows the commands of every client"),
    ("CLIENT REPLY", "replies could no longer be matched with commands"),
    ("SCRIPT DEBUG", "it makes the connection a debugger's, and may stop the server for everybody"),
];

/// Further commands that cannot be on a list, and why.
const NEVER_LISTED: &[(&str, &str)] = &[
    ("AUTH", "the gateway logs in, nobody else"),
    ("RESET", "it would log the gateway out"),
    ("FLUSHALL", "it reaches beyond the databases of the policy: allow FLUSHDB"),
    ("SWAPDB", "it reaches beyond the databases of the policy"),
];

/// Commands that are allowed without being listed: every client needs them.
const ALWAYS: &[&str] = &[
    "CLIENT ID",
    "CLIENT SETINFO",
    "CLIENT SETNAME",
    "ECHO",
    "HELLO",
    "PING",
    "PUNSUBSCRIBE",
    "QUIT",
    "SELECT",
    "SUNSUBSCRIBE",
    "UNSUBSCRIBE",
];

/// Commands that run code, or store code that others call.
const SCRIPTS: &[&str] = &[
    "EVAL",
    "EVALSHA",
    "EVALSHA_RO",
    "EVAL_RO",
    "FCALL",
    "FCALL_RO",
    "FUNCTION LOAD",
    "FUNCTION RESTORE",
];

impl Rules {
    /// Allows these commands, each with its subcommand, on no keys or channels yet.
    ///
    /// # Errors
    /// A command is unknown, has subcommands, or can never be allowed.
    pub fn new<'a>(commands: impl IntoIterator<Item = &'a str>) -> Result<Self, RulesError> {
        let mut listed: BTreeSet<&'static str> = ALWAYS.iter().copied().collect();
        for name in commands {
            let (first, second) = match name.split_once(' ') {
                Some((first, second)) => (first, Some(second)),
                None => (name, None),
            };
            let found = CommandSpec::find(first, second)
                .filter(|spec| spec.name().eq_ignore_ascii_case(name));
            let Some(spec) = found else {
                let container = CommandSpec::all().find(|spec| {
                    spec.name().split_once(' ').is_some_and(|(of, _)| of.eq_ignore_ascii_case(name))
                });
                return Err(match container {
                    Some(spec) => RulesError::Container(name.to_owned(), spec.name()),
                    None => RulesError::Unknown(name.to_owned()),
                });
            };
            if let Some(why) = never(spec) {
                return Err(RulesError::Never(spec.name(), why));
            }
            listed.insert(spec.name());
        }
        Ok(Self { commands: Commands::Listed(Arc::new(listed)), ..Self::deny_all() })
    }

    /// Allows only what a connection itself needs.
    pub fn deny_all() -> Self {
        Self {
            commands: Commands::Listed(Arc::new(ALWAYS.iter().copied().collect())),
            read: Prefixes::default(),
            write: Prefixes::default(),
            subscribe: Prefixes::default(),
            publish: Prefixes::default(),
            databases: vec![0],
            scripts: false,
            queries: QueryLimits::default(),
        }
    }

    /// Allows everything except commands that turn the connection into something else: for
    /// development.
    pub fn development() -> Self {
        Self { commands: Commands::Any, ..Self::deny_all() }
    }

    /// Sets the keys that may be read. Default none.
    pub fn read(mut self, prefixes: Prefixes) -> Self {
        self.read = prefixes;
        self
    }

    /// Sets the keys that may be written. Default none.
    pub fn write(mut self, prefixes: Prefixes) -> Self {
        self.write = prefixes;
        self
    }

    /// Sets the channels that may be subscribed to. Default none.
    pub fn subscribe(mut self, prefixes: Prefixes) -> Self {
        self.subscribe = prefixes;
        self
    }

    /// Sets the channels that may be published to. Default none.
    pub fn publish(mut self, prefixes: Prefixes) -> Self {
        self.publish = prefixes;
        self
    }

    /// Sets the databases that may be selected; clients begin in the first one. Default 0 only.
    pub fn databases(mut self, databases: Vec<u32>) -> Self {
        self.databases = databases;
        self
    }

    /// Leaves what scripts do to Redis's ACL. Default false.
    pub fn scripts_by_acl(mut self, yes: bool) -> Self {
        self.scripts = yes;
        self
    }

    /// Sets what one search or range may ask for. Default unlimited.
    pub fn queries(mut self, limits: QueryLimits) -> Self {
        self.queries = limits;
        self
    }

    /// Checks that the rules fit each other.
    ///
    /// # Errors
    /// Scripts are allowed on some keys only, and neither the gateway nor Redis's ACL holds them to
    /// these keys.
    pub fn check(&self) -> Result<(), RulesError> {
        if self.scripts || (self.read.is_all() && self.write.is_all()) {
            return Ok(());
        }
        match self.listed().find(|name| SCRIPTS.contains(name)) {
            Some(name) => Err(RulesError::Script(name)),
            None => Ok(()),
        }
    }

    /// Returns the names of the listed commands.
    pub fn listed(&self) -> impl Iterator<Item = &'static str> {
        let listed = match &self.commands {
            Commands::Any => None,
            Commands::Listed(listed) => Some(listed.iter().copied()),
        };
        listed.into_iter().flatten()
    }

    /// Returns the database that clients begin in.
    pub fn first_database(&self) -> u32 {
        self.databases.first().copied().unwrap_or(0)
    }

    /// Returns whether these are the rules for development.
    pub fn is_development(&self) -> bool {
        self.commands == Commands::Any
    }

    /// Returns whether keys or channels depend on the subject of a JWT.
    pub fn wants_subject(&self) -> bool {
        self.all_prefixes().iter().any(|prefixes| prefixes.wants_subject())
    }

    /// Fills in the subject's name; `None` if it has characters that are not part of a plain name.
    pub fn of_subject(&self, subject: &str) -> Option<Self> {
        Some(Self {
            read: self.read.of_subject(subject)?,
            write: self.write.of_subject(subject)?,
            subscribe: self.subscribe.of_subject(subject)?,
            publish: self.publish.of_subject(subject)?,
            ..self.clone()
        })
    }

    /// Returns whether prefixes depend on the issuer of a JWT.
    pub fn wants_issuer(&self) -> bool {
        self.all_prefixes().iter().any(|prefixes| prefixes.wants_issuer())
    }

    /// Fills in the issuer's name; `None` if it has characters that are not part of a plain name.
    pub fn of_issuer(&self, issuer: &str) -> Option<Self> {
        Some(Self {
            read: self.read.of_issuer(issuer)?,
            write: self.write.of_issuer(issuer)?,
            subscribe: self.subscribe.of_issuer(issuer)?,
            publish: self.publish.of_issuer(issuer)?,
            ..self.clone()
        })
    }

    pub(crate) fn all_prefixes(&self) -> [&Prefixes; 4] {
        [&self.read, &self.write, &self.subscribe, &self.publish]
    }
}

/// Returns the name of a command that no rules allow, and why.
pub(super) fn never_at_all(words: &[&[u8]]) -> Option<(&'static str, &'static str)> {
    let is = |index: usize, text: &str| {
        words.get(index).is_some_and(|word| word.eq_ignore_ascii_case(text.as_bytes()))
    };
    NEVER.iter().copied().find(|(name, _)| match name.split_once(' ') {
        Some((first, second)) => is(0, first) && is(1, second),
        None => is(0, name),
    })
}

/// Returns why a command can never be on a list; `None` if it can.
fn never(spec: &CommandSpec) -> Option<&'static str> {
    let name = spec.name();
    if let Some((_, why)) = NEVER.iter().chain(NEVER_LISTED).find(|(never, _)| *never == name) {
        return Some(why);
    }
    if name.starts_with("ACL ") && name != "ACL WHOAMI" {
        return Some("it is about the server's users");
    }
    let words: Vec<redmux_resp::Arg<'_>> =
        name.split(' ').map(|word| redmux_resp::Arg::Bytes(word.as_bytes())).collect();
    let effects = spec.side_effects(&words);
    let administers = effects == SideEffects::ServerAdmin && name != "FLUSHDB";
    if administers || (spec.is_admin() && effects != SideEffects::ReadOnly) || name == "MIGRATE" {
        return Some("it administers the server");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_administers_cannot_be_listed() {
        for name in [
            "AUTH",
            "RESET",
            "CONFIG SET",
            "ACL SETUSER",
            "ACL LIST",
            "DEBUG",
            "SHUTDOWN",
            "MONITOR",
            "SYNC",
            "PSYNC",
            "MIGRATE",
            "REPLICAOF",
            "SLAVEOF",
            "FAILOVER",
            "MODULE LOAD",
            "CLIENT KILL",
            "CLIENT REPLY",
            "CLIENT NO-EVICT",
            "CLIENT PAUSE",
            "SWAPDB",
            "FLUSHALL",
            "SCRIPT FLUSH",
            "SCRIPT KILL",
            "FUNCTION FLUSH",
            "FUNCTION KILL",
            "SAVE",
            "BGSAVE",
            "CLUSTER RESET",
            "LATENCY RESET",
            "SCRIPT DEBUG",
        ] {
            assert!(matches!(Rules::new([name]), Err(RulesError::Never(..))), "{name}");
        }
    }

    #[test]
    fn names_are_whole_and_exact() {
        assert_eq!(Rules::new(["GETT"]), Err(RulesError::Unknown("GETT".into())));
        assert_eq!(Rules::new(["GET x"]), Err(RulesError::Unknown("GET x".into())));
        assert_eq!(Rules::new([""]), Err(RulesError::Unknown(String::new())));
        assert!(matches!(Rules::new(["config"]), Err(RulesError::Container(..))));
        let rules = Rules::new(["get", "Config Get", "COMMAND", "command docs"]).unwrap();
        assert!(
            ["GET", "CONFIG GET", "COMMAND", "COMMAND DOCS"]
                .iter()
                .all(|n| rules.listed().any(|l| l == *n))
        );
    }

    #[test]
    fn scripts_with_prefixes_need_an_acl() {
        let some = || Prefixes::new(["a:"]).unwrap();
        let rules = Rules::new(["EVALSHA"]).unwrap().read(some()).write(some());
        assert_eq!(rules.check(), Err(RulesError::Script("EVALSHA")));
        assert_eq!(rules.clone().scripts_by_acl(true).check(), Ok(()));
        let library = Rules::new(["FUNCTION RESTORE"]).unwrap().read(some()).write(Prefixes::all());
        assert_eq!(library.check(), Err(RulesError::Script("FUNCTION RESTORE")));
        assert_eq!(rules.read(Prefixes::all()).write(Prefixes::all()).check(), Ok(()));
    }

    #[test]
    fn all_that_is_always_allowed_is_known() {
        for name in ALWAYS {
            assert!(Rules::new([*name]).is_ok(), "{name}");
        }
    }
}
