//! How far rules reach: which commands concern all keys, which can never pass, which rules allow
//! more.

use redmux_resp::commands::{CommandSpec, SideEffects};

use super::{Prefixes, Rules, rules::Commands};

/// Commands without keys that read no data and nothing about other clients.
const HARMLESS: &[&str] = &[
    "ACL CAT",
    "ACL GENPASS",
    "ACL WHOAMI",
    "CLUSTER INFO",
    "CLUSTER KEYSLOT",
    "CLUSTER MYID",
    "CLUSTER MYSHARDID",
    "CLUSTER NODES",
    "CLUSTER SHARDS",
    "CLUSTER SLOTS",
    "LOLWUT",
    "OBJECT HELP",
    "SCRIPT EXISTS",
];

/// The beginnings of channels on which servers announce changes of keys by any client.
const KEYSPACE_CHANNELS: [&str; 2] = ["__keyspace@", "__keyevent@"];

impl Rules {
    /// Returns whether a command without keys concerns data that these rules do not allow: the
    /// number of keys, or what the server shows of its clients, commands, scripts and
    /// configuration.
    pub(super) fn is_about_all(&self, spec: &CommandSpec) -> bool {
        // Scripts without keys are judged by their own rule.
        if spec.has_movable_keys() || HARMLESS.contains(&spec.name()) {
            return false;
        }
        let reads = spec.is_read_only() || spec.side_effects(&[]) == SideEffects::ReadOnly;
        (reads && !self.read.is_all()) || (spec.is_write() && !self.write.is_all())
    }

    /// Returns the listed commands that cannot pass with any arguments, and what each of them
    /// lacks.
    pub fn idle(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.listed().filter_map(|name| {
            let (first, second) = match name.split_once(' ') {
                Some((first, second)) => (first, Some(second)),
                None => (name, None),
            };
            let spec = CommandSpec::find(first, second)?;
            Some((name, self.lack(spec)?))
        })
    }

    /// Returns what a command lacks to pass with some arguments; `None` if it can pass.
    fn lack(&self, spec: &CommandSpec) -> Option<&'static str> {
        const READ_ALL: &str = "read = [\"*\"], because it is about all keys";
        const WRITE_ALL: &str = "write = [\"*\"], because it is about all keys";
        match spec.name() {
            "SUBSCRIBE"
            | "PSUBSCRIBE"
            | "SSUBSCRIBE"
            | "PUBSUB CHANNELS"
            | "PUBSUB SHARDCHANNELS" => {
                return self.subscribe.is_empty().then_some("channels in subscribe");
            }
            "PUBLISH" | "SPUBLISH" => {
                return self.publish.is_empty().then_some("channels in publish");
            }
            "KEYS" | "SCAN" => return self.read.is_empty().then_some("prefixes in read"),
            _ if spec.is_pubsub() => return None,
            _ => {}
        }
        let column = spec.key_column();
        if column.starts_with('?') {
            return match () {
                () if !self.read.is_all() => Some(READ_ALL),
                () if spec.is_write() && !self.write.is_all() => Some(WRITE_ALL),
                () => None,
            };
        }
        if column == "-" || column == "1 s" {
            return match self.is_about_all(spec) {
                false => None,
                true if spec.is_write() => Some(WRITE_ALL),
                true => Some(READ_ALL),
            };
        }
        let (mut reads, mut writes) = match spec.name() {
            // Their options decide; these are the fewest rights that some form needs.
            "SET" => (false, true),
            "BITFIELD" => (true, false),
            _ => (false, false),
        };
        if !reads && !writes {
            let needed = column
                .split(", ")
                .filter(|part| !part.contains('@') || part.starts_with("STREAMS"));
            for part in needed {
                let access = part.rsplit(' ').next().unwrap_or_default();
                reads |= access.contains('r');
                writes |= access.contains('w');
            }
            // A script may be called without keys.
            if matches!(
                spec.name(),
                "EVAL" | "EVALSHA" | "EVAL_RO" | "EVALSHA_RO" | "FCALL" | "FCALL_RO"
            ) {
                return None;
            }
        }
        match () {
            () if reads && self.read.is_empty() => Some("prefixes in read"),
            () if writes && self.write.is_empty() => Some("prefixes in write"),
            () => None,
        }
    }

    /// Returns whether subscribers may learn names of keys that they may not read.
    pub fn hears_of_all_keys(&self) -> bool {
        let listens = ["SUBSCRIBE", "PSUBSCRIBE"];
        !self.read.is_all()
            && self.listed().any(|name| listens.contains(&name))
            && KEYSPACE_CHANNELS.iter().any(|channel| self.subscribe.meets(channel))
    }

    /// Returns whether these rules allow everything that `other` allows.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let commands = match (&self.commands, &other.commands) {
            (Commands::Any, _) => return true,
            (_, Commands::Any) => false,
            (Commands::Listed(these), Commands::Listed(those)) => those.is_subset(these),
        };
        let prefixes = |[these, those]: [&Prefixes; 2]| these.covers(those);
        let pairs = self.all_prefixes().into_iter().zip(other.all_prefixes());
        commands
            && pairs.map(|(these, those)| [these, those]).all(prefixes)
            && other.databases.iter().all(|number| self.databases.contains(number))
            && (self.scripts || !other.scripts)
            && self.queries.covers(&other.queries)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::QueryLimits, *};

    fn prefixes(texts: &[&str]) -> Prefixes {
        Prefixes::new(texts.iter().copied()).unwrap()
    }

    fn rules(commands: &[&str]) -> Rules {
        Rules::new(commands.iter().copied()).unwrap()
    }

    #[test]
    fn rules_that_allow_more_cover_those_that_allow_less() {
        let old = rules(&["GET", "SET"]).read(prefixes(&["a:", "b:x:"])).databases(vec![0, 1]);
        let wider = [
            old.clone(),
            rules(&["GET", "SET", "DEL"]).read(prefixes(&["a:", "b:x:"])).databases(vec![0, 1]),
            old.clone().read(prefixes(&["b:", "a:"])),
            old.clone().read(Prefixes::all()),
            old.clone().write(prefixes(&["w:"])).subscribe(Prefixes::all()),
            old.clone().databases(vec![2, 1, 0]),
            old.clone().scripts_by_acl(true),
            Rules::development(),
        ];
        for new in wider {
            assert!(new.covers(&old), "{new:?}");
        }
        let narrower = [
            rules(&["GET"]).read(prefixes(&["a:", "b:x:"])).databases(vec![0, 1]),
            old.clone().read(prefixes(&["a:", "b:x:y:"])),
            old.clone().read(prefixes(&["a:"])),
            old.clone().read(Prefixes::default()),
            old.clone().databases(vec![0]),
            Rules::deny_all(),
        ];
        for new in narrower {
            assert!(!new.covers(&old), "{new:?}");
        }
        assert!(!old.covers(&Rules::development()));
        assert!(!old.covers(&old.clone().publish(prefixes(&["p."]))));
        assert!(!old.covers(&old.clone().scripts_by_acl(true)));
        let rows =
            |rows| old.clone().queries(QueryLimits { rows: Some(rows), ..QueryLimits::default() });
        assert!(old.covers(&rows(9)) && rows(9).covers(&rows(8)) && rows(9).covers(&rows(9)));
        assert!(!rows(9).covers(&old) && !rows(9).covers(&rows(10)));
    }

    #[test]
    fn what_can_never_pass_is_found() {
        let lacks = |rules: &Rules| rules.idle().map(|(name, _)| name).collect::<Vec<_>>();
        let commands = [
            "GET",
            "SET",
            "INCR",
            "SUBSCRIBE",
            "PUBLISH",
            "DBSIZE",
            "SLOWLOG GET",
            "SCAN",
            "FT.SEARCH",
            "SORT",
            "BITFIELD",
            "XREAD",
            "EVAL",
            "MULTI",
            "TIME",
            "FLUSHDB",
            "DEL",
        ];
        let nothing = rules(&commands);
        assert_eq!(
            lacks(&nothing),
            [
                "BITFIELD",
                "DBSIZE",
                "DEL",
                "FLUSHDB",
                "FT.SEARCH",
                "GET",
                "INCR",
                "PUBLISH",
                "SCAN",
                "SET",
                "SLOWLOG GET",
                "SORT",
                "SUBSCRIBE",
                "XREAD",
            ]
        );
        let some = nothing.clone().read(prefixes(&["a:"]));
        assert_eq!(
            lacks(&some),
            [
                "DBSIZE",
                "DEL",
                "FLUSHDB",
                "FT.SEARCH",
                "INCR",
                "PUBLISH",
                "SET",
                "SLOWLOG GET",
                "SUBSCRIBE"
            ]
        );
        let all = nothing.read(Prefixes::all()).write(Prefixes::all());
        let all = all.subscribe(prefixes(&["s."])).publish(prefixes(&["p."]));
        assert_eq!(lacks(&all), [""; 0]);
    }

    #[test]
    fn who_listens_to_everything_hears_of_all_keys() {
        let hears = |subscribe: &[&str]| {
            let rules = rules(&["PSUBSCRIBE"]).read(prefixes(&["a:"]));
            rules.subscribe(prefixes(subscribe)).hears_of_all_keys()
        };
        assert!(hears(&["*"]) && hears(&["_"]) && hears(&["__keyevent@0__:set"]));
        assert!(!hears(&["news."]) && !hears(&["__redis"]));
        let all = rules(&["SUBSCRIBE"]).read(Prefixes::all()).subscribe(Prefixes::all());
        assert!(!all.hears_of_all_keys());
        let deaf = rules(&["GET"]).subscribe(Prefixes::all());
        assert!(!deaf.hears_of_all_keys());
    }
}
