use proptest::prelude::*;

use super::*;
use crate::policy::Prefixes;

fn prefixes(texts: &[&str]) -> Prefixes {
    Prefixes::new(texts.iter().copied()).unwrap()
}

/// Commands that a page may need, on a few keys and channels.
fn rules() -> Rules {
    let commands = CommandSpec::all()
        .map(CommandSpec::name)
        .filter(|name| Rules::new([*name]).is_ok())
        .collect::<Vec<_>>();
    Rules::new(commands)
        .unwrap()
        .read(prefixes(&["r:", "b:"]))
        .write(prefixes(&["w:", "b:"]))
        .subscribe(prefixes(&["news."]))
        .publish(prefixes(&["chat."]))
        .databases(vec![0, 3])
        .scripts_by_acl(true)
}

fn judge(rules: &Rules, line: &str) -> Result<Allowed, Refusal> {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    rules.judge(&words)
}

#[track_caller]
fn allowed(lines: &[&str]) {
    for line in lines {
        assert!(judge(&rules(), line).is_ok(), "{line}: {:?}", judge(&rules(), line));
    }
}

#[track_caller]
fn refused(lines: &[&str]) {
    for line in lines {
        assert!(judge(&rules(), line).is_err(), "{line}");
    }
}

#[test]
fn nothing_is_allowed_that_is_not_listed() {
    let rules = Rules::new(["SETNX", "EVALSHA", "GETSET", "CLIENT LIST"]).unwrap();
    let rules = rules.read(Prefixes::all()).write(Prefixes::all());
    for line in [
        "SET k v",
        "EVAL x 0",
        "GET k",
        "CLIENT KILL",
        "CLIENT",
        "CLIENT NO-TOUCH on",
        "setn k v",
        "SETNXX k v",
        "GETSE k v",
        "",
        "\u{17f}etnx k v",
        "CONFIG GET x",
        "DEL k",
        "NOSUCH",
    ] {
        assert!(judge(&rules, line).is_err(), "{line}");
    }
    for line in [
        "setnx k v",
        "EvalSha x 0",
        "GETSET k v",
        "client list",
        "PING",
        "HELLO 3",
        "hello 3 SETNAME x",
    ] {
        assert!(judge(&rules, line).is_ok(), "{line}");
    }
    // One word that reads like a command and its subcommand is neither.
    assert!(rules.judge(&[b"CLIENT LIST"]).is_err());
    assert!(rules.judge(&[]).is_err());
}

#[test]
fn every_key_is_held_to_its_prefixes() {
    allowed(&[
        "GET r:1",
        "GET b:1",
        "SET w:1 v",
        "SET b:1 v GET",
        "MGET r:1 b:2",
        "INCR b:n",
        "DEL w:1 b:1",
        "COPY r:1 w:1",
        "RENAME b:1 w:1",
        "EVAL x 2 b:1 b:2 other",
        "ZUNIONSTORE w:d 2 r:1 r:2",
        "XREAD COUNT 2 STREAMS r:1 b:2 0 0",
        "SORT r:l STORE w:d",
        "SORT_RO r:l",
        "LMPOP 1 b:1 LEFT",
        "GEORADIUS r:g 1 1 1 km STORE w:d",
        "OBJECT ENCODING r:1",
        "MEMORY USAGE r:1",
        "BITOP AND w:d r:1 r:2",
        "JSON.GET r:1",
        "JSON.MSET w:1 $ 1 w:2 $ 2",
        "SINTERCARD 2 r:1 r:2",
        "WATCH r:1",
        "XGROUP CREATE w:s g $",
        "XREADGROUP GROUP streams c COUNT 2 STREAMS b:1 b:2 > >",
        "XREADGROUP COUNT 1 NOACK GROUP streams streams CLAIM 5 STREAMS b:1 >",
        "XCLAIM b:s g c 0 1-1",
        "XAUTOCLAIM b:s g c 0 0",
        "ZADD w:z CH 1 incr",
        "ZADD b:z INCR 1 m",
        "SET b:1 v IFEQ old",
        "TS.CREATERULE b:t w:t AGGREGATION avg 1",
    ]);
    refused(&[
        "GET w:1",
        "GET other",
        "GET R:1",
        "GET r",
        "SET r:1 v",
        "SET w:1 v GET",
        "MGET r:1 w:1",
        "INCR w:n",
        "INCR r:n",
        "DEL w:1 r:1",
        "COPY r:1 r:2",
        "COPY w:1 w:2",
        "RENAME b:1 r:1",
        "EVAL x 2 b:1 other",
        "EVAL x 3 b:1 b:2",
        "EVAL x -1 b:1",
        "ZUNIONSTORE w:d 2 r:1 w:2",
        "ZUNIONSTORE r:d 1 r:1",
        "XREAD STREAMS r:1 w:2 0 0",
        "XREAD STREAMS r:1 0 0",
        "XREAD COUNT 2",
        "SORT r:l STORE r:d",
        "SORT r:l STORE w:d STORE r:d",
        "LMPOP 1 w:1 LEFT",
        "GEORADIUS r:g 1 1 1 km STORE r:d",
        "GEORADIUS r:g 1 1 1 km STORE w:d STOREDIST r:d",
        "OBJECT ENCODING w:1",
        "MEMORY USAGE w:1",
        "BITOP AND w:d r:1 w:2",
        "JSON.MSET w:1 $ 1 r:2 $ 2",
        "SINTERCARD 2 r:1 w:2",
        "WATCH w:1",
        "XREADGROUP GROUP g c STREAMS r:1 >",
        "XREADGROUP GROUP g c STREAMS w:1 >",
        "XREADGROUP GROUP g STREAMS b:1 >",
        "XCLAIM w:s g c 0 1-1",
        "XAUTOCLAIM w:s g c 0 0",
        "ZADD w:z INCR 1 m",
        "SET w:1 v IFEQ old",
        "DELIFEQ w:1 old",
        "TS.CREATERULE r:t w:t AGGREGATION avg 1",
        "TS.DELETERULE r:t w:t",
        "XREAD COUNT 1 NEWER STREAMS b:1 0",
        "SORT r:l NEWER STORE w:d",
    ]);
}

/// Groups and counts that read like keywords, with prefixes that keywords begin with.
#[test]
fn a_group_that_is_called_like_a_keyword_hides_no_key() {
    let rules = rules().read(prefixes(&["g", "s", "c"])).write(prefixes(&["g", "s", "c"]));
    for line in [
        "XREADGROUP COUNT 1 GROUP streams streamx streams private >",
        "XREADGROUP COUNT 1 GROUP streams streamx STREAMS private >",
        "XREADGROUP COUNT 1 GROUP streams gx group g1 gc NOACK STREAMS private >",
        "XREADGROUP GROUP streams COUNT 1 streams private >",
        "XREAD COUNT streams s STREAMS private 0",
        "XREAD BLOCK streams count streams STREAMS private 0",
    ] {
        assert!(judge(&rules, line).is_err(), "{line}");
    }
    let line = "XREADGROUP GROUP streams streams STREAMS stream >";
    assert!(judge(&rules, line).is_ok());
}

#[test]
fn what_is_about_all_keys_needs_all_keys() {
    let wide = rules().read(Prefixes::all()).write(Prefixes::all());
    for line in [
        "RANDOMKEY",
        "DBSIZE",
        "FLUSHDB",
        "SCAN 0",
        "KEYS *",
        "SCAN 0 MATCH *",
        "CLUSTER GETKEYSINSLOT 1 1",
        "FT.SEARCH index *",
        "TS.MGET FILTER a=b",
        "SORT r:l BY other_* GET secret_*",
        "CLIENT TRACKING on BCAST",
        "FUNCTION DELETE lib",
        "FT._LIST",
        "SLOWLOG GET 3",
        "SLOWLOG LEN",
        "COMMANDLOG GET 3 slow",
        "CONFIG GET maxmemory",
        "CLIENT LIST",
        "FUNCTION DUMP",
        "FUNCTION LIST WITHCODE",
        "FUNCTION STATS",
        "MEMORY STATS",
        "INFO",
        "LATENCY HISTOGRAM",
        "LATENCY HISTORY command",
        "LATENCY LATEST",
        "SCRIPT SHOW digest",
        "MODULE LIST",
        "ROLE",
    ] {
        assert!(judge(&rules(), line).is_err(), "{line}");
        assert!(judge(&wide, line).is_ok(), "{line}: {:?}", judge(&wide, line));
    }
}

#[test]
fn passwords_of_the_server_are_shown_to_nobody() {
    let wide = rules().read(Prefixes::all()).write(Prefixes::all());
    for line in ["CONFIG GET *", "CONFIG GET maxmemory requirepass", "config get MASTERAUTH"] {
        assert!(judge(&wide, line).is_err(), "{line}");
    }
    assert!(judge(&wide, "CONFIG GET maxmemory* save").is_ok());
}

/// The audit log counts these among writes.
#[test]
fn scripts_and_messages_change_something() {
    let wide = rules().read(Prefixes::all()).write(Prefixes::all()).publish(Prefixes::all());
    for (line, writes) in [
        ("SET k v", true),
        ("GETEX k", true),
        ("EVAL x 0", true),
        ("EVALSHA x 0", true),
        ("FCALL f 0", true),
        ("PUBLISH c m", true),
        ("SPUBLISH c m", true),
        ("SCRIPT LOAD x", true),
        ("FUNCTION LOAD x", true),
        ("GET k", false),
        ("EVAL_RO x 0", false),
        ("MULTI", false),
        ("SUBSCRIBE c", false),
        ("CONFIG GET save", false),
    ] {
        let wide = wide.clone().subscribe(Prefixes::all());
        assert_eq!(judge(&wide, line).map(|allowed| allowed.writes), Ok(writes), "{line}");
    }
}

#[test]
fn patterns_stay_within_what_may_be_read() {
    allowed(&[
        "SCAN 0 MATCH r:*",
        "SCAN 0 COUNT 10 MATCH b:x*",
        "KEYS r:*",
        "SORT r:l BY r:w_* GET # GET b:v_*->f",
        "SORT r:l BY nosort",
        "CLIENT TRACKING on",
        "CLIENT TRACKING on BCAST PREFIX r: PREFIX b:x",
        "CLIENT TRACKING off",
    ]);
    refused(&[
        "SCAN 0",
        "SCAN 0 COUNT 10",
        "SCAN 0 MATCH *",
        "SCAN 0 MATCH w:*",
        "SCAN 0 MATCH r:* MATCH *",
        "SCAN 0 MATCH",
        "SCAN 0 MATCH r:* NEWER MATCH *",
        "SCAN 0 NEWER x MATCH r:*",
        "SCAN 0 COUNT MATCH r:*",
        "SCAN 0 TYPE MATCH r:1 x",
        "KEYS *",
        "KEYS ?:*",
        "KEYS",
        "SORT r:l BY w:*",
        "SORT r:l GET r:* GET *",
        "SORT_RO r:l GET w:*->f",
        "CLIENT TRACKING on BCAST",
        "CLIENT TRACKING on BCAST PREFIX w:",
        "CLIENT TRACKING on BCAST PREFIX r: PREFIX",
        "CLIENT TRACKING on REDIRECT 5",
    ]);
}

#[test]
fn channels_are_held_to_their_prefixes() {
    allowed(&[
        "SUBSCRIBE news.a news.b",
        "PSUBSCRIBE news.*",
        "SSUBSCRIBE news.a",
        "PUBLISH chat.1 x",
        "SPUBLISH chat.1 x",
        "UNSUBSCRIBE",
        "PUNSUBSCRIBE x",
        "PUBSUB CHANNELS news.*",
        "PUBSUB NUMSUB news.a",
    ]);
    refused(&[
        "SUBSCRIBE chat.1",
        "SUBSCRIBE news.a other",
        "PSUBSCRIBE *",
        "PSUBSCRIBE news.* new*",
        "SSUBSCRIBE x",
        "SUBSCRIBE __keyspace@0__:x",
        "PUBLISH news.a x",
        "SPUBLISH news.a x",
        "PUBLISH",
        "PUBSUB CHANNELS",
        "PUBSUB CHANNELS *",
        "PUBSUB NUMSUB news.a chat.1",
        "PUBSUB SHARDCHANNELS",
    ]);
}

#[test]
fn databases_are_those_of_the_policy() {
    allowed(&["SELECT 3", "SELECT 0", "MOVE b:1 3", "COPY r:1 w:1 DB 3 REPLACE"]);
    refused(&[
        "SELECT 1",
        "SELECT -1",
        "SELECT x",
        "SELECT",
        "MOVE b:1 1",
        "COPY r:1 w:1 DB 1",
        "COPY r:1 w:1 REPLACE DB 2",
        "COPY r:1 w:1 DB",
    ]);
}

#[test]
fn nobody_logs_in_or_turns_the_connection_into_something_else() {
    for line in [
        "AUTH x",
        "HELLO 3 AUTH default x",
        "hello 3 setname y auth u p",
        "RESET",
        "MONITOR",
        "sync",
        "CLIENT reply off",
    ] {
        let refusal = judge(&rules(), line).unwrap_err();
        assert!(refusal.fatal, "{line}");
    }
    for line in ["MONITOR", "PSYNC ? -1", "replconf x", "CLIENT REPLY SKIP", "script debug SYNC"] {
        assert!(judge(&Rules::development(), line).unwrap_err().fatal, "{line}");
    }
    for line in ["AUTH x", "SET k v", "NOSUCH", "CLIENT LIST", "MONITO", "SYNCX", ""] {
        assert!(judge(&Rules::development(), line).is_ok(), "{line}");
    }
}

proptest! {
    /// Whatever the words are, an allowed command names no key beyond the prefixes.
    #[test]
    fn no_words_get_past_the_prefixes(
        name in prop::sample::select(CommandSpec::all().map(CommandSpec::name).collect::<Vec<_>>()),
        rest in prop::collection::vec(prop::sample::select(vec![
            "1", "2", "0", "-1", "r:1", "w:1", "b:1", "secret", "*", "r:*", "STORE", "STREAMS", "KEYS", "GET", "BY", "MATCH",
            "COUNT", "DB", "LIMIT", "AUTH", "BCAST", "PREFIX", "",
        ]), 0..8),
    ) {
        let mut words: Vec<&[u8]> = name.split(' ').map(str::as_bytes).collect();
        words.extend(rest.iter().map(|word| word.as_bytes()));
        if rules().judge(&words).is_ok() {
            let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word)).collect();
            let spec = CommandSpec::of(&args).expect("it was allowed");
            let keys = spec.keys(&args).expect("they could be told");
            for key in keys.iter().filter(|key| key.access != KeyAccess::Slot) {
                prop_assert_ne!(args[key.index].as_bytes(), b"secret");
            }
        }
    }
}
