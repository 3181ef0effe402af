//! Where commands go, where there are several servers: the table against what real servers say.

use std::collections::{BTreeMap, BTreeSet};

use redmux::{
    command::{CommandSpec, KeyHint, ResponsePolicy, Route},
    resp::Arg,
};
use redmux_resp::internal::{SLOTS, slot_of};
use redmux_test_support::RedisServer;

use crate::{
    programs::{redis_8, redis_8_10, redis_stack, valkey_9},
    specs::{Known, commands, connect, invocations},
    table,
};

/// What tips say that the table does not, and why.
const OTHERWISE: &[(&str, &str)] = &[
    // They are about the writes of one connection.
    ("WAIT", "all_shards agg_min"),
    ("WAITAOF", "all_shards agg_min"),
    // They are about the connection that they are sent on.
    ("CLIENT SETINFO", "all_nodes all_succeeded"),
    ("CLIENT SETNAME", "all_nodes all_succeeded"),
    ("HIMPORT DISCARD", "all_shards"),
    ("HIMPORT DISCARDALL", "all_shards"),
    ("HIMPORT PREPARE", "all_shards"),
    // They are about the keys of one server.
    ("HOTKEYS GET", "special special"),
    ("HOTKEYS RESET", "special"),
    ("HOTKEYS START", "special"),
    ("HOTKEYS STOP", "special"),
];

/// Redis 7.0 said so, and later versions do not.
const CORRECTED: &[(&str, &str)] = &[
    // What is split is not done at once.
    ("MSETNX", "multi_shard agg_min"),
    // It returns a number.
    ("LATENCY RESET", "all_nodes all_succeeded"),
    // Without the second half of what they say today.
    ("RANDOMKEY", "all_shards"),
    ("SCAN", "special"),
];

#[async_std::test]
async fn routes_are_what_servers_advise() {
    let mut wrong = Vec::new();
    let servers = [
        (RedisServer::start(), true),
        (redis_8(), false),
        (redis_8_10(), false),
        (valkey_9(), false),
        (redis_stack(), true),
    ];
    for (server, older) in servers {
        for (name, says) in commands(&connect(&server).await).await {
            let Some(spec) = find(&name) else { continue };
            let advised = advice(&says);
            let listed = |list: &[(&str, &str)]| list.contains(&(&name, &advised));
            // What is older does not say it of all, and a module of none.
            let silent = advised.is_empty() && (older || says.flags.contains("module"));
            if silent || listed(OTHERWISE) || (older && listed(CORRECTED)) {
                continue;
            }
            let ours = in_their_words(spec);
            if ours != advised {
                wrong.push(format!("{name}: {ours:?}, and {advised:?} on {}", server.addr()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a server advises: the request policy, then the response policy.
fn advice(says: &Known) -> String {
    let policy = |kind| says.tips.iter().find_map(|tip| tip.strip_prefix(kind)).unwrap_or_default();
    let policies = [policy("request_policy:"), policy("response_policy:")];
    policies.join(" ").trim().to_owned()
}

fn in_their_words(spec: &CommandSpec) -> String {
    let request = match spec.route() {
        Route::Slot | Route::AnyNode | Route::OneNode | Route::Connection => "",
        Route::Split => "multi_shard",
        Route::Primaries => "all_shards",
        Route::Nodes => "all_nodes",
        // The node that has the cursor.
        Route::Special => return "special special".to_owned(),
        other => panic!("{other:?} has no name"),
    };
    let response = match spec.response_policy() {
        ResponsePolicy::Single | ResponsePolicy::Joined => "",
        ResponsePolicy::Sum => "agg_sum",
        ResponsePolicy::LogicalAnd => "agg_logical_and",
        ResponsePolicy::OneSucceeded => "one_succeeded",
        ResponsePolicy::AllSucceeded => "all_succeeded",
        ResponsePolicy::Special => "special",
        other => panic!("{other:?} has no name"),
    };
    [request, response].join(" ").trim().to_owned()
}

#[async_std::test]
async fn what_has_no_keys_on_a_server_goes_by_no_slot() {
    for server in [RedisServer::start(), redis_8(), redis_8_10(), valkey_9()] {
        for (name, says) in commands(&connect(&server).await).await {
            let spec = find(&name).expect("it is in the table");
            let by_slot = matches!(spec.route(), Route::Slot | Route::Split);
            // The cursor of CLUSTERSCAN is no key, but has a slot in it.
            assert_eq!(by_slot, says.keys != "-" && name != "CLUSTERSCAN", "{name}: {}", says.keys);
        }
    }
}

#[async_std::test]
async fn hints_are_where_servers_find_the_first_key() {
    let mut checked = BTreeSet::new();
    for server in [RedisServer::start(), redis_8(), redis_8_10(), valkey_9(), redis_stack()] {
        let muxer = connect(&server).await;
        let known = commands(&muxer).await;
        for line in invocations(&muxer, &known).await {
            let words: Vec<&str> = line.split(' ').map(|word| word.trim_matches('"')).collect();
            let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
            let spec = CommandSpec::of(&args).unwrap();
            let index = match spec.key_hint() {
                KeyHint::Sought => spec.keys(&args).unwrap()[0].index,
                hint => hint.index(&args).unwrap_or_else(|| panic!("{line}: {hint:?}")),
            };
            // It does not count shard channels among the keys.
            if !known.contains_key(spec.name()) || spec.key_column().ends_with('s') {
                continue;
            }
            let request = [vec!["GETKEYS"], words.clone()].concat();
            let keys: Vec<String> = muxer
                .execute("COMMAND", request)
                .await
                .unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(keys[0], words[index], "{line}");
            if let KeyHint::Only(_) = spec.key_hint() {
                assert_eq!(keys.len(), 1, "{line}: {keys:?}");
            }
            checked.insert(spec.name());
        }
    }
    // Of every typed method.
    let missed: BTreeSet<String> = table::methods()
        .into_iter()
        .map(|method| method.command)
        .filter(|command| {
            let spec = find(command).unwrap_or_else(|| panic!("{command} is not in the table"));
            spec.key_hint() != KeyHint::None
                && !spec.key_column().ends_with('s')
                && !checked.contains(spec.name())
        })
        .collect();
    assert!(missed.is_empty(), "not checked: {missed:?}");
}

#[async_std::test]
async fn typed_methods_have_their_key_at_word_1_or_behind_the_subcommand() {
    let mut elsewhere: BTreeMap<&str, KeyHint> = BTreeMap::new();
    for method in table::methods() {
        let spec = find(&method.command).expect("it is in the table");
        let usual = if method.command.contains(' ') { 2 } else { 1 };
        match spec.key_hint() {
            KeyHint::None => {}
            KeyHint::Only(index) | KeyHint::First(index) if index == usual => {}
            other => {
                elsewhere.insert(spec.name(), other);
            }
        }
    }
    let counted = |name: &str| (elsewhere.get(name) == Some(&KeyHint::Counted(1))).then_some(());
    let behind_their_number = [
        "LMPOP",
        "MSETEX",
        "SDIFFCARD",
        "SINTERCARD",
        "SUNIONCARD",
        "ZDIFF",
        "ZINTER",
        "ZINTERCARD",
        "ZMPOP",
        "ZUNION",
    ];
    assert!(behind_their_number.iter().all(|name| counted(name).is_some()), "{elsewhere:?}");
    elsewhere.retain(|name, _| !behind_their_number.contains(name));
    let others: Vec<_> = elsewhere.into_iter().collect();
    let second = KeyHint::Counted(2);
    assert_eq!(
        others,
        [
            ("BITOP", KeyHint::First(2)),
            ("BLMPOP", second),
            ("BZMPOP", second),
            ("EVAL", second),
            ("EVALSHA", second),
            ("EVALSHA_RO", second),
            ("EVAL_RO", second),
            ("FCALL", second),
            ("FCALL_RO", second),
            ("XREAD", KeyHint::Sought),
            ("XREADGROUP", KeyHint::Sought),
        ]
    );
}

#[async_std::test]
async fn slots_are_those_of_the_server() {
    let server = RedisServer::builder().args(["--cluster-enabled", "yes"]).start().unwrap();
    let muxer = connect(&server).await;
    let mut keys: Vec<Vec<u8>> = [
        "",
        "a",
        "foo",
        "{user}1",
        "{}x",
        "{{a}}",
        "x{a}{b}",
        "}{",
        "{",
        "a{b",
        "a}b{c}",
        "{\0}\u{ff}",
    ]
    .map(|key| key.as_bytes().to_vec())
    .to_vec();
    // Each byte, alone and behind others.
    keys.extend((0..=255).map(|byte| vec![byte]));
    keys.extend((0..=255_u8).map(|byte| vec![b'k', byte.wrapping_mul(31), byte, b'}', byte]));
    for key in keys {
        let slot: u16 = muxer.execute("CLUSTER", ("KEYSLOT", &key[..])).await.unwrap();
        assert_eq!(slot_of(&key), slot, "{key:?}");
        assert!(slot < SLOTS);
    }
}

fn find(name: &str) -> Option<&'static CommandSpec> {
    let (first, second) = name.split_once(' ').map_or((name, None), |(a, b)| (a, Some(b)));
    CommandSpec::find(first, second).filter(|spec| spec.name() == name)
}
