//! Clusters that real servers do not make: odd addresses, odd maps, nodes that lie, hang or are replaced.

use redmux::{Database, options::Mode, resp::ServerErrorKind, status::NodeRole};
use redmux_memory::DialAnswer;

use super::*;

/// The slots of these keys.
const FOO: u16 = 12_182;
const BAR: u16 = 5_061;

/// A cluster that a script plays
struct Fake {
    runtime: SimRuntime,
    environment: Environment,
    /// The address of each connection, as it was dialled, and the commands that came: `a:1 GET foo`.
    said: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// `script` gets the address that was dialled and a command, and returns the reply as it is on the wire, or `None` for one
    /// that is polite; nodes whose address `hangs` are never reached.
    fn start(
        script: impl Fn(&str, &str) -> Option<String> + Send + Sync + 'static,
        hangs: impl Fn(&str) -> bool + Send + 'static,
    ) -> Self {
        let runtime = SimRuntime::new();
        let (transport, listener) = MemoryTransport::new();
        listener.decide(move |endpoint| match hangs(&endpoint.to_string()) {
            true => DialAnswer::Hang,
            false => DialAnswer::Accept,
        });
        let (said, script) = (Arc::new(Mutex::new(Vec::new())), Arc::new(script));
        let (spawner, log) = (runtime.clone(), said.clone());
        runtime.spawn(Box::pin(async move {
            loop {
                let (stream, endpoint) = listener.accept().await;
                let (at, script, log) = (endpoint.to_string(), script.clone(), log.clone());
                let answer = move |words: &[Vec<u8>]| {
                    let text: Vec<_> =
                        words.iter().map(|word| String::from_utf8_lossy(word)).collect();
                    let text = text.join(" ");
                    log.lock().unwrap().push(format!("{at} {text}"));
                    match script(&at, &text) {
                        Some(reply) => Answer::Reply(reply.into_bytes()),
                        None => polite(words),
                    }
                };
                spawner.spawn(Box::pin(serve(stream, answer)));
            }
        }));
        let environment = environment(&runtime, transport);
        Self { runtime, environment, said }
    }

    fn connect(&self, text: &str) -> redmux::Result<ConnectionMultiplexer> {
        let options: Options = text.parse().unwrap();
        let options = options.mode(Mode::Cluster);
        let connect = ConnectionMultiplexer::connect_with(options, self.environment.clone());
        self.runtime.block_on(connect)
    }

    fn get(&self, db: &Database, key: &str) -> redmux::Result<Option<String>> {
        self.runtime.block_on(db.get::<String>(key))
    }

    /// How many commands began like this.
    fn count(&self, begin: &str) -> usize {
        self.said.lock().unwrap().iter().filter(|said| said.starts_with(begin)).count()
    }
}

/// A reply to `CLUSTER SLOTS`: first and last slot, the host as it is on the wire, port and id.
fn slots(ranges: &[(u16, u16, &str, u16, &str)]) -> String {
    let range = |(first, last, host, port, id): &(u16, u16, &str, u16, &str)| {
        format!("*3\r\n:{first}\r\n:{last}\r\n*3\r\n{host}:{port}\r\n{}", bulk(id))
    };
    let ranges: Vec<String> = ranges.iter().map(range).collect();
    format!("*{}\r\n{}", ranges.len(), ranges.concat())
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// Nodes `a:1` and `b:2`, which have the lower and the upper half of the slots.
fn halves() -> String {
    slots(&[(0, 8191, &bulk("a"), 1, "aa"), (8192, 16_383, &bulk("b"), 2, "bb")])
}

/// Each node says where it was asked.
fn here(at: &str, command: &str, map: impl FnOnce() -> String) -> Option<String> {
    match command.split(' ').next()? {
        "CLUSTER" => Some(map()),
        "GET" => Some(bulk(at)),
        _ => None,
    }
}

#[test]
fn hosts_that_nodes_leave_out_are_that_of_the_node_that_was_asked() {
    for host in ["_\r\n", "$0\r\n\r\n", "$1\r\n?\r\n"] {
        let map = move || slots(&[(0, 8191, host, 1, "aa"), (8192, 16_383, host, 2, "bb")]);
        let moved = AtomicUsize::new(0);
        let fake = Fake::start(
            move |at, command| match (at, command) {
                // A redirect without a host, once.
                ("seed:1", "GET bar") if moved.fetch_add(1, Ordering::SeqCst) == 0 => {
                    let host = if host.contains('?') { "?" } else { "" };
                    Some(format!("-MOVED {BAR} {host}:2\r\n"))
                }
                _ => here(at, command, map),
            },
            |_| false,
        );
        let muxer = fake.connect("seed:1").unwrap();
        let db = muxer.database();
        assert_eq!(fake.get(&db, "foo").unwrap().as_deref(), Some("seed:2"), "{host:?}");
        assert_eq!(fake.get(&db, "bar").unwrap().as_deref(), Some("seed:2"), "{host:?}");
        assert_eq!(fake.count("?"), 0);
    }
}

#[test]
fn a_port_of_nothing_is_that_of_the_node_that_was_asked_and_ipv6_has_no_brackets() {
    let map = || slots(&[(0, 8191, &bulk("fd00::a"), 0, "aa"), (8192, 16_383, "_\r\n", 0, "bb")]);
    let fake = Fake::start(
        move |at, command| match command {
            "GET foo" if at == "seed:7" => Some(format!("-MOVED {FOO} fd00::b:9\r\n")),
            _ => here(at, command, map),
        },
        |_| false,
    );
    let muxer = fake.connect("seed:7").unwrap();
    let db = muxer.database();
    assert_eq!(fake.get(&db, "bar").unwrap().as_deref(), Some("[fd00::a]:7"));
    assert_eq!(fake.get(&db, "foo").unwrap().as_deref(), Some("[fd00::b]:9"));
}

#[test]
fn one_node_that_knows_no_address_of_its_own_is_a_cluster() {
    let map = || slots(&[(0, 16_383, "$0\r\n\r\n", 1, "aa")]);
    let fake = Fake::start(move |at, command| here(at, command, map), |_| false);
    let muxer = fake.connect("vip:1").unwrap();
    let db = muxer.database();
    assert_eq!(fake.get(&db, "foo").unwrap().as_deref(), Some("vip:1"));
    assert_eq!(muxer.nodes().len(), 1, "{}", muxer.status());
}

#[test]
fn a_fake_without_slots_serves_all_commands() {
    let fake = Fake::start(move |at, command| here(at, command, || "*0\r\n".into()), |_| false);
    let muxer = fake.connect("proxy:1").unwrap();
    let db = muxer.database();
    for key in ["foo", "bar"] {
        assert_eq!(fake.get(&db, key).unwrap().as_deref(), Some("proxy:1"));
    }
}

#[test]
fn slots_that_nobody_has_are_asked_for_where_there_is_a_server() {
    let map = || slots(&[(0, 8191, &bulk("a"), 1, "aa")]);
    let fake = Fake::start(
        move |at, command| match command {
            "GET foo" => Some("-CLUSTERDOWN Hash slot not served\r\n".into()),
            _ => here(at, command, map),
        },
        |_| false,
    );
    let muxer = fake.connect("a:1,asyncTimeout=2000").unwrap();
    let db = muxer.database();
    assert_eq!(fake.get(&db, "bar").unwrap().as_deref(), Some("a:1"));
    let start = fake.runtime.elapsed();
    let error = fake.get(&db, "foo").unwrap_err();
    assert_eq!(error.server().map(|error| error.kind()), Some(ServerErrorKind::ClusterDown));
    let took = fake.runtime.elapsed() - start;
    assert!(took <= 2 * SECOND && took > SECOND, "{took:?}");
}

#[test]
fn a_cluster_that_is_down_is_asked_for_its_map_a_few_times_a_minute() {
    let fake = Fake::start(
        |at, command| match command {
            "GET foo" | "GET bar" => Some("-CLUSTERDOWN The cluster is down\r\n".into()),
            _ => here(at, command, halves),
        },
        |_| false,
    );
    let muxer = fake.connect("a:1,asyncTimeout=60000").unwrap();
    let db = muxer.database();
    let calls = (0..6).map(|n| db.get::<String>(if n % 2 == 0 { "foo" } else { "bar" }));
    let results = fake.runtime.block_on(join_all(calls));
    assert!(results.iter().all(Result::is_err));
    let asked = fake.count("a:1 CLUSTER") + fake.count("b:2 CLUSTER");
    assert!(asked <= 7, "{asked} questions in a minute");
    assert!(fake.count("a:1 GET") + fake.count("b:2 GET") > 6 * 100, "commands are tried again");
}

#[test]
fn a_command_that_waits_for_a_second_does_not_wait_for_ever_where_no_server_serves_it() {
    let fake = Fake::start(
        |at, command| match command.starts_with("BLPOP") {
            true => Some("-CLUSTERDOWN The cluster is down\r\n".into()),
            false => here(at, command, halves),
        },
        |_| false,
    );
    let muxer = fake.connect("a:1,asyncTimeout=3000").unwrap();
    let db = muxer.database();
    let start = fake.runtime.elapsed();
    let error = fake.runtime.block_on(db.blpop::<String, String>("foo", SECOND)).unwrap_err();
    assert_eq!(error.server().map(|error| error.kind()), Some(ServerErrorKind::ClusterDown));
    let took = fake.runtime.elapsed() - start;
    assert!(took > SECOND && took <= 7 * SECOND, "{took:?}");
}

#[test]
fn a_redirect_to_the_same_address_has_the_name_dialled_again() {
    // Behind the name is another server by the second connection.
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let fake = Fake::start(
        move |at, command| {
            if command.starts_with("HELLO") && at == "b:2" {
                count.fetch_add(1, Ordering::SeqCst);
            }
            match command {
                "GET foo" if count.load(Ordering::SeqCst) < 2 => {
                    Some(format!("-MOVED {FOO} b:2\r\n"))
                }
                _ => here(at, command, halves),
            }
        },
        |_| false,
    );
    let muxer = fake.connect("a:1").unwrap();
    let db = muxer.database();
    assert_eq!(fake.get(&db, "foo").unwrap().as_deref(), Some("b:2"));
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn servers_that_point_at_each_other_for_ever_are_an_error_soon() {
    let fake = Fake::start(
        |at, command| match (at, command) {
            ("a:1", "GET foo") => Some(format!("-MOVED {FOO} b:2\r\n")),
            ("b:2", "GET foo") => Some(format!("-MOVED {FOO} a:1\r\n")),
            // Itself, whatever the connection.
            ("a:1", "GET bar") => Some(format!("-MOVED {BAR} a:1\r\n")),
            _ => here(at, command, halves),
        },
        |_| false,
    );
    let muxer = fake.connect("a:1").unwrap();
    let db = muxer.database();
    for key in ["foo", "bar"] {
        let error = fake.get(&db, key).unwrap_err();
        assert_eq!(error.server().map(|error| error.kind()), Some(ServerErrorKind::Moved));
    }
    assert!(fake.count("a:1 GET") + fake.count("b:2 GET") <= 40);
    assert!(fake.count("a:1 HELLO") <= 20, "{} dials", fake.count("a:1 HELLO"));
}

#[test]
fn a_server_that_no_map_names_is_asked_where_a_slot_is_on_its_way_there() {
    let fake = Fake::start(
        |at, command| match (at, command) {
            ("b:2", "GET foo") => Some(format!("-ASK {FOO} new:9\r\n")),
            _ => here(at, command, halves),
        },
        |_| false,
    );
    let muxer = fake.connect("a:1").unwrap();
    let db = muxer.database();
    for _ in 0..3 {
        assert_eq!(fake.get(&db, "foo").unwrap().as_deref(), Some("new:9"));
    }
    assert_eq!(fake.count("b:2 GET foo"), 3, "the slot is where it was");
    let said = fake.said.lock().unwrap();
    let there: Vec<&String> = said.iter().filter(|said| said.starts_with("new:9")).collect();
    let asked = there.iter().position(|said| said.ends_with("ASKING")).unwrap();
    assert!(there[asked + 1].ends_with("GET foo"), "{there:?}");
}

#[test]
fn redirects_that_make_no_sense_are_errors() {
    for nonsense in ["MOVED 16384 b:2", "MOVED foo b:2", "MOVED 1", "MOVED 1 b", "MOVED 1 b:0"] {
        let fake = Fake::start(
            move |at, command| match command {
                "GET foo" => Some(format!("-{nonsense}\r\n")),
                _ => here(at, command, halves),
            },
            |_| false,
        );
        let muxer = fake.connect("a:1").unwrap();
        let error = fake.get(&muxer.database(), "foo").unwrap_err();
        assert!(error.is_server() && error.to_string().contains(nonsense), "{error}");
        assert_eq!(fake.count("b:2 GET"), 1);
    }
}

#[test]
fn a_node_that_hangs_holds_up_nobody_else() {
    let fake = Fake::start(|at, command| here(at, command, halves), |at| at == "b:2");
    let muxer = fake.connect("a:1,asyncTimeout=3000").unwrap();
    let db = muxer.database();
    let start = fake.runtime.elapsed();
    let (stuck, quick) = (db.get::<String>("foo"), async {
        for _ in 0..100 {
            db.get::<String>("bar").await.unwrap();
        }
        fake.runtime.elapsed()
    });
    let (stuck, quick) = fake.runtime.block_on(futures::future::join(stuck, quick));
    assert!(quick - start < SECOND / 10, "{:?}", quick - start);
    assert_eq!(stuck.unwrap_err().delivery(), Delivery::NotSent);
}

#[test]
fn who_may_not_ask_for_the_map_is_told_so() {
    let no = "-NOPERM User u has no permissions to run the 'cluster|slots' command\r\n";
    let fake = Fake::start(move |at, command| here(at, command, || no.into()), |_| false);
    let error = fake.connect("a:1").unwrap_err();
    assert!(error.to_string().contains("cluster|slots"), "{error}");
}

#[test]
fn maps_that_are_malformed_are_an_error_and_another_node_is_asked() {
    let broken = || "*1\r\n*1\r\n:5\r\n".to_owned();
    let fake = Fake::start(move |at, command| here(at, command, broken), |_| false);
    let error = fake.connect("a:1,connectRetry=1,connectTimeout=1000").unwrap_err();
    assert!(error.to_string().contains("CLUSTER SLOTS is malformed"), "{error}");
    let fake = Fake::start(
        move |at, command| match at {
            "a:1" => here(at, command, broken),
            _ => here(at, command, halves),
        },
        |_| false,
    );
    let muxer = fake.connect("a:1,b:2").unwrap();
    assert_eq!(fake.get(&muxer.database(), "foo").unwrap().as_deref(), Some("b:2"));
}

#[test]
fn nodes_that_do_not_say_what_they_know_are_an_error_in_time() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    listen(&runtime, listener, || {
        |words: &[Vec<u8>]| match &words[0][..] {
            // Nor is anything that comes behind it answered.
            b"CLUSTER" | b"PING" => Answer::Silence,
            _ => polite(words),
        }
    });
    let options: Options = "a:1,connectRetry=2,connectTimeout=1000".parse().unwrap();
    let options = options.mode(Mode::Cluster);
    let connect = ConnectionMultiplexer::connect_with(options, environment(&runtime, transport));
    let error = runtime.block_on(connect).unwrap_err();
    assert!(error.to_string().contains("CLUSTER"), "{error}");
    let took = runtime.elapsed();
    assert!((2 * SECOND..3 * SECOND).contains(&took), "{took:?}");
}

#[test]
fn a_node_that_is_loading_is_no_hindrance_to_the_first_map() {
    let fake = Fake::start(
        |at, command| match at {
            "a:1" if command.starts_with("CLUSTER") => Some("-LOADING it loads\r\n".into()),
            _ => here(at, command, halves),
        },
        |_| false,
    );
    let muxer = fake.connect("a:1,b:2").unwrap();
    assert_eq!(fake.get(&muxer.database(), "foo").unwrap().as_deref(), Some("b:2"));
}

/// Nobody asks a node that has left for anything, so that none says so.
#[test]
fn a_node_that_has_left_is_missed_and_its_connections_are_closed() {
    let left = Arc::new(Mutex::new(false));
    let now = left.clone();
    let fake = Fake::start(
        move |at, command| {
            here(at, command, || match *now.lock().unwrap() {
                true => slots(&[(0, 16_383, &bulk("a"), 1, "aa")]),
                false => halves(),
            })
        },
        |_| false,
    );
    let muxer = fake.connect("a:1").unwrap();
    let db = muxer.database();
    assert_eq!(fake.get(&db, "foo").unwrap().as_deref(), Some("b:2"));
    *left.lock().unwrap() = true;
    fake.runtime.advance(80 * SECOND);
    assert_eq!(fake.get(&db, "foo").unwrap().as_deref(), Some("a:1"));
    let status = muxer.status();
    assert!(status.nodes.iter().all(|node| node.endpoint.to_string() == "a:1"), "{status}");
    let of_b = status.connections.iter().filter(|link| link.endpoint.to_string() == "b:2");
    assert!(of_b.into_iter().all(|link| link.diagnostics.connection != "ready"), "{status}");
}

#[test]
fn a_cluster_that_was_replaced_as_a_whole_is_found_by_the_name_of_the_first() {
    for id in ["cc", "bb"] {
        replaced(id);
    }
}

/// All addresses change, and the name of the options leads to a node with this id.
fn replaced(id: &'static str) {
    let gone = Arc::new(Mutex::new(false));
    let (now, hangs) = (gone.clone(), gone.clone());
    let fake = Fake::start(
        move |at, command| {
            let is_new = *now.lock().unwrap();
            if is_new && at != "name:1" && at != "new:3" {
                return Some("-ERR gone\r\n".into());
            }
            here(at, command, || match is_new {
                true => slots(&[(0, 16_383, &bulk("new"), 3, id)]),
                false => halves(),
            })
        },
        move |at| *hangs.lock().unwrap() && matches!(at, "a:1" | "b:2"),
    );
    let muxer = fake.connect("name:1,asyncTimeout=30000").unwrap();
    let db = muxer.database();
    assert_eq!(fake.get(&db, "foo").unwrap().as_deref(), Some("b:2"));
    *gone.lock().unwrap() = true;
    muxer.reconnect();
    let found = (0..20).find_map(|_| {
        fake.runtime.advance(SECOND);
        fake.get(&db, "foo").ok()
    });
    assert_eq!(found.flatten().as_deref(), Some("new:3"), "{}", muxer.status());
    let primaries = muxer.nodes().into_iter().filter(|node| node.role == NodeRole::Primary);
    assert_eq!(primaries.count(), 1);
}
