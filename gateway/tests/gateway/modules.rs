//! What would crash a server with modules, or put its replies out of order, does not reach it.

use std::path::Path;

use redmux_gateway::{Config, TokenHash, new_token};
use redmux_test_support::{Programs, RedisServer, until};

use crate::common::{Bench, Socket, command, receive, send, site::Site};

fn stack() -> RedisServer {
    let programs = Programs::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers"));
    let server = RedisServer::builder().program(programs.redis_stack()).start().unwrap();
    for line in [
        "FT.CREATE i SCHEMA t TEXT g TAG",
        "HSET h t lamp g a",
        "FT.CREATE ji ON JSON SCHEMA $.l AS l TAG",
        "JSON.SET j $ {\"l\":[1,2]}",
        "TS.CREATE s LABELS x y",
        "TS.CREATE d",
        "TOPK.RESERVE k 3",
        "FT.SUGADD sug secret 1",
    ] {
        server.command(&line.split(' ').collect::<Vec<_>>());
    }
    server
}

/// What no client may send, and a part of what it gets.
fn harmful() -> Vec<(String, &'static str)> {
    let stars = "*?".repeat(1000);
    [
        ("FT.SPELLCHECK i secret$5 DIALECT 2", "a `$`"),
        ("ft.SpellCheck i \"secret$x\" DIALECT 3", "a `$`"),
        ("TS.CREATERULE s d secret AGGREGATION avg 10", "AGGREGATION"),
        ("ts.createrule s d secret aggregation avg 10", "AGGREGATION"),
        ("TS.INCRBY secret 1 TIMESTAMP", "no value"),
        ("ts.decrby secret 1 LABELS a timestamp", "no value"),
        ("TS.MRANGE - + FILTER x=y GROUPBY secret a REDUCE", "no value"),
        ("CF.RESERVE secret 1000 x EXPANSION", "no value"),
        ("CMS.MERGE secret 4294967296 k k", "fewer keys"),
        ("TOPK.RESERVE secret 4294967296", "4294967295 items"),
        ("TOPK.INCRBY k secret x b 1", "an increment"),
        ("Topk.IncrBy k a 1 secret 100001 c 1", "an increment"),
        ("JSON.RESP j .secret[*]", "several values"),
        ("JSON.GET j $.l[9223372036854775808]", "an index"),
        ("json.mget j $.l[:9223372036854775808]", "an index"),
        ("FT.SEARCH ji * RETURN 1 $.l[9223372036854775808]", "an index"),
        ("FT.CREATE secret ON JSON SCHEMA $.l[9223372036854775808] AS a TAG", "an index"),
        (&format!("FT.SEARCH i w'{stars}' DIALECT 2"), "256 `*`"),
        (&format!("FT.SEARCH i w'$p' PARAMS 2 p {stars} DIALECT 2"), "256 `*`"),
    ]
    .map(|(line, part)| (line.to_owned(), part))
    .to_vec()
}

/// What is refused where a policy lists commands.
fn greedy() -> Vec<(String, &'static str)> {
    let sum = format!("1{}", "+1".repeat(90_000));
    [
        (&*format!("FT.AGGREGATE i * APPLY {sum} AS secret"), "32 KiB"),
        ("FT.AGGREGATE i * SORTBY 1 @secret MAX 4294967295", "its MAX"),
        ("FT.SUGGET sug secret MAX 4294967295", "its MAX"),
        ("TDIGEST.CREATE secret COMPRESSION 2147483647", "its COMPRESSION"),
        ("BF.RESERVE secret 0.01 4294967296", "its size"),
        ("FT.PROFILE i SEARCH QUERY @g:{secret\r\n+OK}", "a line end"),
    ]
    .map(|(line, part)| (line.to_owned(), part))
    .to_vec()
}

async fn answer(socket: &mut Socket, lines: &[&str]) -> String {
    let mut sent: Vec<u8> =
        lines.iter().flat_map(|line| command(&line.split(' ').collect::<Vec<_>>())).collect();
    sent.extend(command(&["ECHO", "end"]));
    send(socket, sent).await;
    let mut seen = Vec::new();
    while !seen.ends_with(b"$3\r\nend\r\n") {
        seen.extend(receive(socket, 1).await);
    }
    let seen = String::from_utf8(seen).unwrap();
    seen.trim_end_matches("$3\r\nend\r\n").to_owned()
}

async fn are_refused(bench: &Bench, socket: &mut Socket, lines: &[(String, &str)]) {
    for (line, part) in lines {
        let name = line.split(' ').next().unwrap().to_uppercase();
        let alone = answer(socket, &[line]).await;
        let begins = format!("-ERR unknown command 'GATEWAY.DENIED {name}: ");
        assert!(alone.starts_with(&begins) && alone.contains(part), "{line:.60}: {alone}");
        // The name is what the server quotes: it is not cut off.
        assert_eq!((alone.matches("\r\n").count(), alone.matches('\'').count()), (1, 2), "{alone}");
        assert!(!alone.contains("secret"), "{alone}");
        // Between others, and in a transaction.
        let beside = answer(socket, &["ECHO a", line, "ECHO b"]).await;
        assert_eq!(beside, format!("$1\r\na\r\n{alone}$1\r\nb\r\n"), "{line:.60}");
        let queued = answer(socket, &["MULTI", line, "PING", "EXEC"]).await;
        let expected = format!("+OK\r\n{alone}+QUEUED\r\n-EXECABORT ");
        assert!(queued.starts_with(&expected), "{line:.60}: {queued}");
        assert!(bench.server.is_running());
    }
}

#[async_std::test]
async fn what_would_crash_a_server_is_refused_by_every_policy() {
    let server = stack();
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = format!(
        r#"
[listen]
address = "127.0.0.1:0"

[upstreams.main]
address = "{}"

[policies.p]
commands = ["MULTI", "EXEC", "FT.SPELLCHECK", "FT.CREATE", "FT.SEARCH", "FT.AGGREGATE", "FT.SUGGET", "FT.PROFILE", "TS.CREATERULE",
    "TS.INCRBY", "TS.DECRBY", "TS.MRANGE", "CF.RESERVE", "TOPK.RESERVE", "TOPK.INCRBY", "TDIGEST.CREATE", "BF.RESERVE",
    "CMS.MERGE", "JSON.RESP", "JSON.GET", "JSON.MGET"]
read = ["*"]
write = ["*"]
limits = {{ denied = 1000 }}

[principals.one]
policy = "p"
tokens = ["{}"]
"#,
        server.addr(),
        TokenHash::of(&token).unwrap()
    );
    let config = site.load(&text).unwrap().config;
    let bench = Bench::start(server, config).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    let mut other = bench.open_as(&token).await.unwrap();
    are_refused(&bench, &mut socket, &harmful()).await;
    are_refused(&bench, &mut socket, &greedy()).await;
    // What reads alike and harms nobody is served.
    for (line, expected) in [
        (r"FT.SPELLCHECK i lemp\$5 DIALECT 2", "*1\r\n"),
        ("TOPK.INCRBY k a 1 b 100000", "*2\r\n"),
        ("JSON.GET j $.l[1]", "$3\r\n[2]"),
        ("TS.CREATERULE s d AGGREGATION avg 10", "+OK"),
        ("FT.SEARCH i lamp LIMIT 0 0", "*1\r\n:1"),
    ] {
        let answered = answer(&mut socket, &[line]).await;
        assert!(answered.starts_with(expected), "{line}: {answered}");
    }
    assert_eq!(answer(&mut other, &["PING"]).await, "+PONG\r\n");
}

#[async_std::test]
async fn what_would_crash_a_server_is_refused_in_development_too() {
    let server = stack();
    let mut config = Config::new(server.addr().to_string().parse().unwrap());
    config.listen = ([127, 0, 0, 1], 0).into();
    let bench = Bench::start(server, config).await;
    for lines in harmful().chunks(3) {
        // Each client may have ten commands denied.
        let mut socket = bench.open().await;
        are_refused(&bench, &mut socket, lines).await;
    }
    // Past the gateway it is what ends the server.
    let _ = bench.server.try_command(&["FT.SPELLCHECK", "i", "secret$5", "DIALECT", "2"]);
    until("the server has crashed", || !bench.server.is_running()).await;
}
