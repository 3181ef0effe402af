//! What sharding proxies serve, command by command.

use std::{borrow::Cow, fmt};

use super::CommandSpec;
use crate::resp::Arg;

/// A proxy whose commands are known; what it does not serve is refused before anything is sent
#[derive(Clone, Copy)]
pub(super) struct Proxy {
    /// As in the connection string.
    pub(super) name: &'static str,
    /// What it is in errors, and the option that names it.
    called: (&'static str, &'static str),
    /// Names in upper case, separated by spaces, by how many arguments each may have; if there are none, it serves
    /// all but the names of `refuses`.
    serves: &'static [(Arguments, &'static str)],
    refuses: &'static str,
    /// The longest key, in bytes.
    longest_key: usize,
}

/// How many arguments a command may have
#[derive(Clone, Copy)]
enum Arguments {
    Exactly(usize),
    AtLeast(usize),
    /// Keys and values in turn, one pair at least.
    Pairs,
    /// A script, the number of its keys, keys (one at least) and arguments.
    Script,
}
use Arguments::{AtLeast, Exactly, Pairs, Script};

impl Proxy {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "twemproxy" => Some(TWEMPROXY),
            "envoy" | "envoyproxy" => Some(ENVOY),
            _ => None,
        }
    }

    /// Whether the command of this name, in upper case, is served with some arguments.
    pub(super) fn serves(&self, command: &str) -> bool {
        self.arguments(command).is_some()
    }

    /// Why these words, a command with its arguments, are refused; `None` if they are served.
    pub(super) fn refusal(&self, words: &[Arg<'_>]) -> Option<Cow<'static, str>> {
        let (name, arguments) = words.split_first()?;
        let (proxy, option) = self.called;
        let name = String::from_utf8_lossy(name.as_bytes()).to_ascii_uppercase();
        let Some(allowed) = self.arguments(&name) else {
            return Some(format!("{proxy} does not serve it ({option})").into());
        };
        if !allowed.hold(arguments) {
            return Some(format!("{proxy} serves it with {allowed} only ({option})").into());
        }
        let too_long = |word: &Arg<'_>| word.as_bytes().len() > self.longest_key;
        // Keys are looked for only if a word is too long for one.
        if arguments.iter().any(too_long) {
            let keys = CommandSpec::of(words).and_then(|spec| spec.keys(words));
            let mut keys = keys.into_iter().flatten().filter_map(|key| words.get(key.index));
            if keys.any(too_long) {
                let longest = self.longest_key;
                let hint = format!("{proxy} serves keys of up to {longest} bytes ({option})");
                return Some(hint.into());
            }
        }
        None
    }

    fn arguments(&self, command: &str) -> Option<Arguments> {
        let named = |names: &str| names.split_ascii_whitespace().any(|name| name == command);
        if self.serves.is_empty() {
            return (!named(self.refuses)).then_some(AtLeast(0));
        }
        self.serves.iter().find(|(_, names)| named(names)).map(|(arguments, _)| *arguments)
    }
}

impl Arguments {
    fn hold(self, arguments: &[Arg<'_>]) -> bool {
        let count = arguments.len();
        match self {
            Exactly(wanted) => count == wanted,
            AtLeast(wanted) => count >= wanted,
            Pairs => count >= 2 && count.is_multiple_of(2),
            Script => {
                let keys = arguments.get(1).and_then(|keys| {
                    let digits = std::str::from_utf8(keys.as_bytes()).ok()?;
                    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
                });
                keys.is_some_and(|keys: usize| keys > 0 && keys <= count - 2)
            }
        }
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exactly(0) => f.write_str("no argument"),
            Exactly(1) => f.write_str("1 argument"),
            Exactly(count) => write!(f, "{count} arguments"),
            AtLeast(1) => f.write_str("1 or more arguments"),
            AtLeast(count) => write!(f, "{count} or more arguments"),
            Pairs => f.write_str("pairs of key and value"),
            Script => f.write_str("one or more keys, as many as it says"),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Proxy {}

/// [twemproxy](https://github.com/twitter/twemproxy) 0.5: it closes the connection over anything
/// else, a wrong number of arguments too. `tests/proxies/twemproxy.rs` asks it.
const TWEMPROXY: Proxy = Proxy {
    name: "twemproxy",
    called: ("twemproxy", "commandMap=twemproxy"),
    refuses: "",
    serves: &[
        (Exactly(0), "COMMAND PING"),
        (
            Exactly(1),
            "AUTH DECR DUMP GET GETDEL HGETALL HKEYS HLEN HVALS INCR LLEN PERSIST PTTL SCARD \
             SMEMBERS STRLEN TTL TYPE ZCARD",
        ),
        (
            Exactly(2),
            "APPEND DECRBY EXPIRE EXPIREAT GETBIT GETSET HEXISTS HGET HSTRLEN INCRBY INCRBYFLOAT \
             LINDEX PEXPIRE PEXPIREAT RPOPLPUSH SETNX SISMEMBER ZRANK ZREVRANK ZSCORE",
        ),
        (
            Exactly(3),
            "GETRANGE HINCRBY HINCRBYFLOAT HSETNX LRANGE LREM LSET LTRIM PSETEX SETBIT SETEX \
             SETRANGE SMOVE ZCOUNT ZINCRBY ZLEXCOUNT ZREMRANGEBYLEX ZREMRANGEBYRANK \
             ZREMRANGEBYSCORE",
        ),
        (Exactly(4), "LINSERT LMOVE"),
        (AtLeast(0), "LOLWUT"),
        (
            AtLeast(1),
            "BITCOUNT BITFIELD BITPOS COPY DEL EXISTS GEOADD GEODIST GEOHASH GEOPOS GEORADIUS \
             GEORADIUSBYMEMBER GEOSEARCH GEOSEARCHSTORE GETEX HDEL HMGET HMSET HRANDFIELD HSCAN \
             HSET LPOP LPOS LPUSH LPUSHX MGET PFADD PFCOUNT PFMERGE RESTORE RPOP RPUSH RPUSHX \
             SADD SDIFF SDIFFSTORE SET SINTER SINTERSTORE SMISMEMBER SORT SPOP SRANDMEMBER SREM \
             SSCAN SUNION SUNIONSTORE TOUCH UNLINK ZADD ZDIFF ZDIFFSTORE ZINTER ZINTERSTORE \
             ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE \
             ZREM ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZSCAN ZUNION ZUNIONSTORE",
        ),
        (Pairs, "MSET"),
        (Script, "EVAL EVALSHA"),
    ],
    // One buffer of 16 KiB less its header; `-m` makes it another.
    longest_key: 16_335,
};

/// [Envoy](https://www.envoyproxy.io)'s Redis proxy, as its documentation lists the commands. It
/// answers any other with an error, and leaves the connection open.
const ENVOY: Proxy = Proxy {
    name: "envoy",
    called: ("envoy", "commandMap=envoy"),
    refuses: "",
    serves: &[
        (Exactly(0), "PING"),
        (
            AtLeast(0),
            "APPEND AUTH BF.ADD BF.CARD BF.EXISTS BF.INFO BF.INSERT BF.LOADCHUNK BF.MADD \
             BF.MEXISTS BF.RESERVE BF.SCANDUMP BITCOUNT BITFIELD BITOP BITPOS CLUSTER CONFIG COPY \
             DECR DECRBY DEL DISCARD DUMP ECHO EVAL EVALSHA EXEC EXISTS EXPIRE EXPIREAT FLUSHALL \
             FLUSHDB GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER \
             GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GEOSEARCHSTORE GET GETBIT GETDEL GETEX \
             GETRANGE GETSET HDEL HEXISTS HGET HGETALL HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET \
             HRANDFIELD HSCAN HSET HSETNX HSTRLEN HVALS INCR INCRBY INCRBYFLOAT INFO INFO.SHARD \
             KEYS LINDEX LINSERT LLEN LMOVE LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM MGET \
             MSET MSETNX MULTI PERSIST PEXPIRE PEXPIREAT PFADD PFCOUNT PFMERGE PSETEX PTTL PUBLISH \
             QUIT RANDOMKEY RENAME RENAMENX RESTORE ROLE RPOP RPOPLPUSH RPUSH RPUSHX SADD SCAN \
             SCARD SCRIPT SDIFF SDIFFSTORE SELECT SET SETBIT SETEX SETNX SETRANGE SINTER \
             SINTERSTORE SISMEMBER SLOWLOG SMEMBERS SMISMEMBER SMOVE SORT SORT_RO SPOP SRANDMEMBER \
             SREM SSCAN STRLEN SUBSTR SUNION SUNIONSTORE TIME TOUCH TTL TYPE UNLINK UNWATCH WATCH \
             XACK XADD XAUTOCLAIM XCLAIM XDEL XLEN XPENDING XRANGE XREVRANGE XTRIM ZADD ZCARD \
             ZCOUNT ZDIFF ZDIFFSTORE ZINCRBY ZINTER ZINTERSTORE ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN \
             ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX \
             ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK \
             ZSCAN ZSCORE ZUNION ZUNIONSTORE",
        ),
    ],
    longest_key: usize::MAX,
};

/// Any proxy whose connections to servers are not those of its clients: what a connection remembers has no
/// meaning there, and some proxies hang up on it.
#[cfg(feature = "topology")]
pub(super) const ANY: Proxy = Proxy {
    name: "any",
    called: ("a proxy, which shares its connections to servers,", "mode=proxy"),
    serves: &[],
    refuses: "ASKING CLIENT DISCARD EXEC HELLO MONITOR MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE READONLY READWRITE \
              REPLCONF RESET SELECT SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH",
    longest_key: usize::MAX,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Arg<'_>> {
        text.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect()
    }

    #[test]
    fn each_name_is_there_once_and_known() {
        for proxy in [TWEMPROXY, ENVOY] {
            let all = proxy.serves.iter().flat_map(|(_, names)| names.split_ascii_whitespace());
            let mut names: Vec<&str> = all.collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{proxy:?}");
            for name in names {
                let known =
                    CommandSpec::all().any(|spec| spec.name().split(' ').next() == Some(name));
                assert!(known || ["QUIT", "INFO.SHARD"].contains(&name), "{proxy:?}: {name}");
            }
        }
    }

    #[test]
    fn what_is_served_depends_on_the_arguments_too() {
        for (text, expected) in [
            ("get k", None),
            ("GET", Some("with 1 argument only")),
            ("EXPIRE k 1 NX", Some("with 2 arguments only")),
            ("MSET a 1 b", Some("pairs")),
            ("MSET a 1 b 2", None),
            ("EVAL script 0", Some("one or more keys")),
            ("EVAL script -1 k", Some("one or more keys")),
            ("EVAL script 2 k", Some("as many as it says")),
            ("evalsha digest 1 k v", None),
            ("EVAL", Some("one or more keys")),
            ("SET k v EX 10", None),
            ("PING", None),
            ("PING x", Some("with no argument only")),
            ("XADD s * f v", Some("twemproxy does not serve it (commandMap=twemproxy)")),
            ("NOSUCH", Some("does not serve it")),
            ("ECHO x", Some("does not serve it")),
        ] {
            let refusal = TWEMPROXY.refusal(&words(text));
            match (&refusal, expected) {
                (None, None) => {}
                (Some(refusal), Some(part)) => assert!(refusal.contains(part), "{text}: {refusal}"),
                _ => panic!("{text}: {refusal:?}"),
            }
        }
        assert!(ENVOY.refusal(&words("XADD s * f v")).is_none());
        assert!(ENVOY.refusal(&words("SUBSCRIBE c")).is_some());
    }

    #[cfg(feature = "topology")]
    #[test]
    fn what_a_connection_remembers_is_for_no_proxy() {
        for text in ["HELLO 3", "client setname x", "SELECT 1", "MULTI", "WATCH k", "SUBSCRIBE c"] {
            let refusal = ANY.refusal(&words(text)).expect(text);
            assert!(refusal.ends_with("does not serve it (mode=proxy)"), "{text}: {refusal}");
        }
        for text in ["GET k", "AUTH x", "PING", "XADD s * f v", "INFO", "NOSUCH", "PUBLISH c m"] {
            assert_eq!(ANY.refusal(&words(text)), None, "{text}");
        }
        for name in ANY.refuses.split_ascii_whitespace() {
            let known = CommandSpec::all().any(|spec| spec.name().split(' ').next() == Some(name));
            assert!(known, "{name}");
        }
    }

    #[test]
    fn keys_are_short_and_values_are_not() {
        let long = "x".repeat(16_336);
        let words = |words: &[&'static str], long: &'static str| {
            let all = words.iter().map(|word| if *word == "LONG" { long } else { word });
            all.map(|word| Arg::Bytes(word.as_bytes())).collect::<Vec<_>>()
        };
        let long: &'static str = long.leak();
        for (text, served) in [
            (&["SET", "k", "LONG"][..], true),
            (&["SET", "LONG", "v"], false),
            (&["DEL", "k", "LONG"], false),
            (&["MSET", "k", "LONG"], true),
            (&["EVAL", "LONG", "1", "k", "LONG"], true),
            (&["EVAL", "return 1", "1", "LONG"], false),
        ] {
            let refusal = TWEMPROXY.refusal(&words(text, long));
            assert_eq!(refusal.is_none(), served, "{text:?}: {refusal:?}");
        }
        assert!(TWEMPROXY.refusal(&words(&["SET", "LONG", "v"], &long[1..])).is_none());
    }
}
