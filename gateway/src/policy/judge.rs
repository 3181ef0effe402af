//! Decides on one command.

use redmux_resp::{
    Arg,
    commands::{CommandSpec, KeyAccess, SideEffects},
    internal::harm::harm,
};
use smallvec::SmallVec;

use super::{
    Rules, config_get, greed,
    queries::places_behind,
    rules::{Commands, never_at_all},
};

/// A command that the gateway forwards
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowed {
    /// The canonical name with the subcommand; `any` if the rules have no list of commands.
    pub command: &'static str,
    /// Whether the command may change anything: keys, scripts, or what other clients receive.
    pub writes: bool,
}

/// A command that the gateway does not forward
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the command {command} is refused: {reason}")]
#[non_exhaustive]
pub struct Refusal {
    /// The canonical name, or `unknown`.
    pub command: &'static str,
    /// Why the command is refused.
    pub reason: &'static str,
    /// Whether the client is closed at once.
    pub fatal: bool,
}

type Verdict = Result<(), &'static str>;

impl Rules {
    /// Decides on one command, given its words.
    ///
    /// # Errors
    /// The command is not allowed.
    pub fn judge(&self, words: &[&[u8]]) -> Result<Allowed, Refusal> {
        if let Some((command, reason)) = never_at_all(words) {
            return Err(Refusal { command, reason, fatal: true });
        }
        let refused = |command, reason| Refusal { command, reason, fatal: false };
        let args: SmallVec<[Arg<'_>; 8]> = words.iter().map(|word| Arg::Bytes(word)).collect();
        let harm = harm(&args).map(|harm| harm.what);
        let Commands::Listed(listed) = &self.commands else {
            let command = || CommandSpec::of(&args).map_or("unknown", CommandSpec::name);
            return match harm {
                Some(what) => Err(refused(command(), what)),
                None => Ok(Allowed { command: "any", writes: true }),
            };
        };
        let unknown = || refused("unknown", "no such command is known here");
        // A space would let one word be taken for a command and its subcommand.
        if words.first().is_none_or(|name| name.contains(&b' ')) {
            return Err(unknown());
        }
        let spec = CommandSpec::of(&args).ok_or_else(unknown)?;
        let command = spec.name();
        if !listed.contains(command) {
            let fatal = matches!(command, "AUTH" | "RESET");
            let reason = "it is not on the list of its policy";
            return Err(Refusal { command, reason, fatal });
        }
        if let Some(what) = harm.or_else(|| greed::greed(&args)) {
            return Err(refused(command, what));
        }
        self.judge_arguments(spec, &args)
            .and_then(|()| self.judge_keys(spec, &args))
            .and_then(|()| self.queries.judge(spec, &args))
            .map_err(|reason| Refusal { command, reason, fatal: command == "HELLO" })?;
        Ok(Allowed { command, writes: changes_something(spec) })
    }

    fn judge_keys(&self, spec: &CommandSpec, words: &[Arg<'_>]) -> Verdict {
        let Some(keys) = spec.keys(words) else {
            // The server chooses the keys, or the words do not fit each other.
            let all = self.read.is_all() && (self.write.is_all() || !spec.is_write());
            return if all { Ok(()) } else { Err("its keys cannot be told") };
        };
        for key in &keys {
            let name = words[key.index].as_bytes();
            if key.access.reads() && !self.read.contains(name) {
                return Err("a key may not be read");
            }
            if key.access.writes() && !self.write.contains(name) {
                return Err("a key may not be written");
            }
        }
        let keyless = keys.iter().all(|key| key.access == KeyAccess::Slot);
        let judged_before = matches!(spec.name(), "KEYS" | "SCAN");
        if keyless && !judged_before && !spec.is_pubsub() && self.is_about_all(spec) {
            return Err("it is about all keys, and the policy is about some");
        }
        Ok(())
    }

    /// Judges arguments that are not keys and not harmless.
    fn judge_arguments(&self, spec: &CommandSpec, words: &[Arg<'_>]) -> Verdict {
        let rest = |from: usize| words.get(from..).unwrap_or_default().iter().map(Arg::as_bytes);
        let may_listen = |all: bool| {
            if all { Ok(()) } else { Err("a channel may not be listened to") }
        };
        match spec.name() {
            "HELLO" if rest(2).any(|word| word.eq_ignore_ascii_case(b"AUTH")) => {
                Err("the gateway logs in, nobody else")
            }
            "SELECT" => self.judge_database(words.get(1)),
            "MOVE" => self.judge_database(words.get(2)),
            "COPY" => behind(words, 3, "DB").try_for_each(|word| self.judge_database(word)),
            "KEYS" => self.judge_pattern(words.get(1)),
            "SCAN" if self.read.is_all() => Ok(()),
            "SCAN" => {
                // Each option is a word with a value.
                let mut limited = false;
                for option in words.get(2..).unwrap_or_default().chunks(2) {
                    let is = |name: &[u8]| option[0].as_bytes().eq_ignore_ascii_case(name);
                    if is(b"MATCH") {
                        self.judge_pattern(option.get(1))?;
                        limited = true;
                    } else if !is(b"COUNT") && !is(b"TYPE") {
                        return Err("one of its options is not known here");
                    }
                }
                match limited {
                    true => Ok(()),
                    false => Err("it needs a MATCH within the keys that may be read"),
                }
            }
            "CONFIG GET" if rest(2).any(config_get::may_show_a_secret) => {
                Err("its pattern matches a password of the server")
            }
            "SORT" | "SORT_RO" => ["BY", "GET"].iter().try_for_each(|option| {
                // Without a star no key is looked up.
                behind(words, 2, option)
                    .filter(|pattern| pattern.is_some_and(|p| p.as_bytes().contains(&b'*')))
                    .try_for_each(|pattern| self.judge_pattern(pattern))
            }),
            "SUBSCRIBE" | "SSUBSCRIBE" => {
                may_listen(rest(1).all(|channel| self.subscribe.contains(channel)))
            }
            "PSUBSCRIBE" => {
                may_listen(rest(1).all(|pattern| self.subscribe.contains_pattern(pattern)))
            }
            "PUBSUB NUMSUB" | "PUBSUB SHARDNUMSUB" => {
                may_listen(rest(2).all(|channel| self.subscribe.contains(channel)))
            }
            "PUBSUB CHANNELS" | "PUBSUB SHARDCHANNELS" => {
                let pattern = words.get(2).map_or(&b""[..], Arg::as_bytes);
                may_listen(self.subscribe.contains_pattern(pattern))
            }
            "PUBLISH" | "SPUBLISH" => {
                match words.get(1).is_some_and(|word| self.publish.contains(word.as_bytes())) {
                    true => Ok(()),
                    false => Err("a channel may not be published to"),
                }
            }
            "CLIENT TRACKING" => self.judge_tracking(words),
            _ => Ok(()),
        }
    }

    fn judge_database(&self, word: Option<&Arg<'_>>) -> Verdict {
        let number = word.and_then(|word| std::str::from_utf8(word.as_bytes()).ok()?.parse().ok());
        match number.is_some_and(|number: u32| self.databases.contains(&number)) {
            true => Ok(()),
            false => Err("the database is not among those of its policy"),
        }
    }

    fn judge_pattern(&self, pattern: Option<&Arg<'_>>) -> Verdict {
        match pattern.is_some_and(|pattern| self.read.contains_pattern(pattern.as_bytes())) {
            true => Ok(()),
            false => Err("its pattern reaches beyond the keys that may be read"),
        }
    }

    /// Judges `CLIENT TRACKING`: invalidations name keys, whichever client changed them.
    fn judge_tracking(&self, words: &[Arg<'_>]) -> Verdict {
        let has =
            |option: &[u8]| words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(option));
        if has(b"REDIRECT") {
            return Err("invalidations may not be sent to another client");
        }
        if !has(b"BCAST") || self.read.is_all() {
            return Ok(());
        }
        let mut prefixes = behind(words, 2, "PREFIX").peekable();
        let within = |prefix: Option<&Arg<'_>>| {
            prefix.is_some_and(|prefix| self.read.contains(prefix.as_bytes()))
        };
        match prefixes.peek().is_some() && prefixes.all(within) {
            true => Ok(()),
            false => Err("BCAST needs prefixes within the keys that may be read"),
        }
    }
}

/// Returns whether a command can change anything, as far as the table of commands knows.
fn changes_something(spec: &CommandSpec) -> bool {
    use SideEffects::{ServerAdmin, WriteAccumulating, WriteChecked, WriteLastWins};
    // The server does not count scripts and messages as writes.
    spec.is_write()
        || matches!(
            spec.side_effects(&[]),
            WriteChecked | WriteLastWins | WriteAccumulating | ServerAdmin
        )
}

/// Returns the word behind each occurrence of an option.
fn behind<'w, 'a>(
    words: &'w [Arg<'a>],
    from: usize,
    option: &'static str,
) -> impl Iterator<Item = Option<&'w Arg<'a>>> {
    places_behind(words, from, option).map(|at| words.get(at))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
