//! What the client knows of each command: one line each in `data.rs`, `server.rs`, `modules.rs`.
//!
//! The columns:
//!
//! - *name*: upper case, with the subcommand if there is one.
//! - *flags*: `W` writes, `R` only reads, `B` may block, `A` administrative, `P` publish and
//!   subscribe, `D` dangerous; `-` none of these.
//! - *keys*: which words are keys (the name is word 0, a subcommand word 1), and whether they are
//!   read (`r`), written (`w`) or both; `-` no word is.
//!   - `1`: this one. `1..`: from there to the end. `1..-1`: without the last. `1../2`: each second.
//!   - `2#`: word 2 says how many follow it. `2#/2`: with a value behind each.
//!   - `STORE@6`: the one behind the word `STORE`, looked for among the options, which begin at
//!     word 6. `KEYS@6..`: all behind it. `STREAMS@1..half`: the first half of what is behind it.
//!     A word that is no option and no value of one leaves the keys untold.
//!   - `?`: they are not among the words, or cannot be told.
//!   - `s` instead of `r` and `w`: it decides the slot in a cluster, and is no key.
//! - *route*: which server it goes to where there are several. `slot`: that of its keys' slot; `split`:
//!   the same, for each slot a command of its own; `any`: whichever; `node`: the one that it is
//!   about; `link`: the connection that it is about; `primaries`, `nodes`: all of them; `special`:
//!   its words say so. Then what becomes of several replies: nothing more if they are joined, `sum`,
//!   `and`, `one` or `all` must succeed, or `special`. Servers call these *command tips*.
//! - *side effects*: where the arguments matter, `effects.rs` says more.
//! - *since*: the first version of Redis, which Valkey goes back to, or of each product.
//! - *complexity*: a sum of products, `O(k + m log n)`; `-` if it is unknown, or depends on what
//!   the command runs.
//! - *variables*: what each letter of the complexity counts, `k = keys, m = returned, n = members`.
//!   As a rule `k` counts what the caller gives, `n` what the server holds, and `m` what the
//!   command returns, stores or removes. `notation.rs` lists the terms; a new one is added there.
//!
//! The last three are in a table of their own, which is in a program only if it asks for them.

mod data;
mod effects;
mod find;
pub(crate) mod harm;
pub(crate) mod keys;
mod modules;
#[cfg(test)]
mod notation;
mod route;
pub(crate) mod search;
mod server;
mod spec;
#[cfg(test)]
mod tests;

use std::fmt;

pub use effects::SideEffects;
pub use keys::{KeyAccess, KeyAt, Keys};
pub use route::{KeyHint, ResponsePolicy, Route};
pub use spec::CommandSpec;

use crate::Arg;

/// Since when a command exists, and what it costs the server
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandDocs {
    /// The first version that has it: of Redis (`7.0.0`, then Valkey has it too), or of each
    /// product (`Redis 8.0.0, Valkey 9.0.0`, `RedisJSON 2.0.0`).
    pub since: &'static str,
    /// Time complexity, such as `O(m + log n)`; `-` if it is unknown, or depends on what the
    /// command runs, as that of `EVAL` does.
    pub complexity: &'static str,
    /// What each letter of the complexity counts, such as `m = returned, n = members`; empty if
    /// the complexity has none.
    pub variables: &'static str,
}

impl CommandSpec {
    /// The command of this name, in any case; the second word counts only where there are
    /// subcommands. `None` if it is unknown.
    pub fn find(name: &str, second: Option<&str>) -> Option<&'static Self> {
        Self::search(name.as_bytes(), second.map(str::as_bytes))
    }

    /// The command that these words are, its name first.
    pub fn of(words: &[Arg<'_>]) -> Option<&'static Self> {
        Self::search(words.first()?.as_bytes(), words.get(1).map(Arg::as_bytes))
    }

    /// All commands, in no particular order.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [data::SPECS, server::SPECS, modules::SPECS].into_iter().flatten()
    }

    /// Its name, in upper case, with the subcommand: `CONFIG GET`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it may write.
    pub fn is_write(&self) -> bool {
        self.has(b'W')
    }

    /// Whether it only reads data; replicas serve it. Commands that are not about data are neither
    /// this nor writes.
    pub fn is_read_only(&self) -> bool {
        self.has(b'R')
    }

    /// Whether it may wait on the server and hold up what is behind it.
    pub fn may_block(&self) -> bool {
        self.has(b'B')
    }

    /// Whether it is for administrators.
    pub fn is_admin(&self) -> bool {
        self.has(b'A')
    }

    /// Whether it is about channels and messages.
    pub fn is_pubsub(&self) -> bool {
        self.has(b'P')
    }

    /// Whether the server counts it among the dangerous ones (`@dangerous`).
    pub fn is_dangerous(&self) -> bool {
        self.has(b'D')
    }

    /// Whether where its keys are depends on its arguments.
    pub fn has_movable_keys(&self) -> bool {
        self.keys.bytes().any(|byte| matches!(byte, b'#' | b'@' | b'?'))
    }

    /// Where the keys are among these words, the command's name being the first of them.
    ///
    /// `None` where that cannot be told: the words are too few or do not fit each other, or the
    /// keys are chosen by the server, as in a search.
    pub fn keys(&self, words: &[Arg<'_>]) -> Option<Keys> {
        keys::keys(self.name, self.keys, words)
    }

    /// Where the first of these keys is, as far as that is known without the words.
    #[inline]
    pub const fn key_hint(&self) -> KeyHint {
        self.hint
    }

    /// Which server it goes to where there are several, as in a cluster.
    ///
    /// ```
    /// use redmux_resp::commands::{CommandSpec, ResponsePolicy, Route};
    ///
    /// let del = CommandSpec::find("DEL", None).expect("it is known");
    /// assert_eq!((del.route(), del.response_policy()), (Route::Split, ResponsePolicy::Sum));
    /// let save = CommandSpec::find("SAVE", None).expect("it is known");
    /// assert_eq!((save.route(), save.response_policy()), (Route::OneNode, ResponsePolicy::Single));
    /// ```
    #[inline]
    pub const fn route(&self) -> Route {
        self.route
    }

    /// What the caller gets where several servers have answered.
    #[inline]
    pub const fn response_policy(&self) -> ResponsePolicy {
        self.responses
    }

    /// What a second execution of these words could do; the command's name is the first of them.
    pub fn side_effects(&self, words: &[Arg<'_>]) -> SideEffects {
        effects::judge(self.name, self.effects, words)
    }

    /// Returns since when the command exists, and what it costs.
    pub fn docs(&self) -> CommandDocs {
        let tables = [
            (data::SPECS, data::DOCS),
            (server::SPECS, server::DOCS),
            (modules::SPECS, modules::DOCS),
        ];
        let found = tables.iter().find_map(|(specs, docs)| {
            let place = specs.binary_search_by(|spec| spec.name.cmp(self.name)).ok()?;
            docs.get(place).copied()
        });
        found.unwrap_or(CommandDocs { since: "-", complexity: "-", variables: "" })
    }

    /// Returns the address of the command's page in the manual.
    pub fn docs_url(&self) -> String {
        let page = self.name.to_ascii_lowercase().replace(' ', "-");
        match self.docs().since.starts_with("Valkey") {
            false => format!("https://redis.io/docs/latest/commands/{page}/"),
            true => format!("https://valkey.io/commands/{page}/"),
        }
    }

    fn has(&self, flag: u8) -> bool {
        self.flags.as_bytes().contains(&flag)
    }

    fn search(name: &[u8], second: Option<&[u8]>) -> Option<&'static Self> {
        let alone = find::find(name, None);
        match (alone, second) {
            // The one command that can stand alone and has subcommands.
            (Some(Self { name: "COMMAND", .. }) | None, Some(second)) => {
                find::find(name, Some(second)).or(alone)
            }
            _ => alone,
        }
    }
}

impl SideEffects {
    /// Those of the command that these words are, its name first; [`Never`](Self::Never) if it is
    /// unknown.
    pub fn of(words: &[Arg<'_>]) -> Self {
        CommandSpec::of(words).map_or(Self::Never, |spec| spec.side_effects(words))
    }
}

impl fmt::Debug for CommandSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommandSpec").field(&self.name).finish()
    }
}

/// The command of this name, with its subcommand; also when a program is compiled.
pub(crate) const fn named(name: &str) -> Option<&'static CommandSpec> {
    find::find(name.as_bytes(), None)
}

/// Two tables in the same order: of specifications, and of docs.
macro_rules! commands {
    ($($name:literal $flags:literal $keys:literal $route:literal $effects:ident $since:literal $complexity:literal $variables:literal;)+) => {
        pub(super) static SPECS: &[super::CommandSpec] = &[$(super::CommandSpec {
            name: $name,
            flags: $flags,
            keys: $keys,
            hint: super::KeyHint::of($name, $keys),
            route: super::route::parse($route).0,
            responses: super::route::parse($route).1,
            effects: $effects,
        },)+];

        pub(super) static DOCS: &[super::CommandDocs] =
            &[$(super::CommandDocs {
                since: $since,
                complexity: $complexity,
                variables: $variables,
            },)+];
    };
}
use commands;
