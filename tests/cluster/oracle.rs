//! Real servers say what the model of `tests/support` ought to: one script runs on both, and each reply must be the same.
//!
//! In replies, a node is what its place is: `H`, `P0`, `A0` and `I0` are host, port, address and id of the first one.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::TcpStream,
    thread::sleep,
    time::{Duration, Instant},
};

use redmux_test_support::{
    RedisCluster,
    model::{self, Answer, Model, Session, Settings},
};

/// How long real servers have until they say what the model says.
const LIMIT: Duration = Duration::from_secs(20);

/// The slot of the keys `{foo}…`, and the nodes that it goes from and to.
const SLOT: &str = "12182";

struct Both {
    real: RedisCluster,
    model: Model,
    /// Connections by their name, which ends in the place of their node.
    connections: HashMap<String, (TcpStream, Session)>,
    faults: Vec<String>,
    steps: usize,
}

impl Both {
    fn start() -> Self {
        let real = RedisCluster::builder().start().unwrap();
        let model = Model::new(3, 1, Settings::default(), 1);
        Self { real, model, connections: HashMap::new(), faults: Vec::new(), steps: 0 }
    }

    /// The replies to a command over one connection: of the real server, and of the model.
    fn ask(&mut self, connection: &str, command: &str) -> [String; 2] {
        let node = usize::from(connection.as_bytes()[connection.len() - 1] - b'0');
        if !self.connections.contains_key(connection) {
            let stream = TcpStream::connect(self.real.nodes()[node].addr()).unwrap();
            stream.set_read_timeout(Some(LIMIT)).unwrap();
            let session = self.model.session(node);
            self.connections.insert(connection.to_owned(), (stream, session));
        }
        let names = self.names();
        let said = |who: usize| -> Vec<Vec<u8>> {
            let word = |word: &str| {
                let known = names[who].iter().find(|(_, name)| name == word);
                let word = known.map_or(word, |(value, _)| value);
                if word == "\"\"" { Vec::new() } else { word.as_bytes().to_vec() }
            };
            command.split(' ').map(word).collect()
        };
        let (stream, session) = self.connections.get_mut(connection).unwrap();
        let real = exchange(stream, &said(0));
        self.model.advance(self.model.now() + 1_000);
        let model = match self.model.command(session, &said(1)) {
            Answer::Reply(bytes) => render(&bytes, &mut 0).unwrap(),
            Answer::Later => "nothing".to_owned(),
        };
        [(0, real), (1, model)].map(|(who, text)| named(&text, &names[who], command))
    }

    /// What the addresses and ids are called, for the real servers and for the model.
    fn names(&self) -> [Vec<(String, String)>; 2] {
        let (mut real, mut model) = (Vec::new(), Vec::new());
        for place in 0..self.model.size() {
            let (host, port) = self.model.address(place);
            let own = ("127.0.0.1".to_owned(), self.real.nodes()[place].port());
            let ids = [self.real.id(place), self.model.id(place)];
            for ((names, (host, port)), id) in
                [(&mut real, own), (&mut model, (host, port))].into_iter().zip(ids)
            {
                names.push((format!("{host}:{port}"), format!("A{place}")));
                names.push((port.to_string(), format!("P{place}")));
                names.push((id.to_owned(), format!("I{place}")));
                names.push((host, "H".to_owned()));
            }
        }
        [real, model]
    }

    /// Both must say the same now.
    fn step(&mut self, connection: &str, command: &str) {
        let [real, model] = self.ask(connection, command);
        self.steps += 1;
        if real != model {
            self.faults.push(format!("{connection} {command}:\n  real  {real}\n  model {model}"));
        }
    }

    fn steps(&mut self, steps: &str) {
        for line in steps.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (connection, command) = line.split_once(' ').unwrap();
            self.step(connection, command);
        }
    }

    /// Both must say the same in the end.
    fn in_the_end(&mut self, connection: &str, command: &str) {
        self.model.advance(self.model.now() + 5_000_000);
        self.both(connection, command, |real, model| real == model);
    }

    /// Both must say something that begins like this, at some time, and the same.
    fn some_time(&mut self, connection: &str, command: &str, begin: &str) {
        self.both(connection, command, |_, model| model.starts_with(begin));
        self.both(connection, command, |real, _| real.starts_with(begin));
    }

    fn both(&mut self, connection: &str, command: &str, done: impl Fn(&str, &str) -> bool) {
        let end = Instant::now() + LIMIT;
        self.steps += 1;
        loop {
            let [real, model] = self.ask(connection, command);
            if done(&real, &model) {
                return;
            }
            if Instant::now() > end {
                let fault = format!("{connection} {command}:\n  real  {real}\n  model {model}");
                return self.faults.push(fault);
            }
            sleep(Duration::from_millis(5));
        }
    }
}

/// Sends a command and waits for its reply.
fn exchange(stream: &mut TcpStream, words: &[Vec<u8>]) -> String {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    stream.write_all(&bytes).unwrap();
    let (mut received, mut block) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut block).unwrap();
        assert!(read > 0, "the server closes the connection");
        received.extend_from_slice(&block[..read]);
        if let Some(text) = render(&received, &mut 0) {
            return text;
        }
    }
}

/// A reply as text, without lengths; `None` if it is not there as a whole.
fn render(bytes: &[u8], place: &mut usize) -> Option<String> {
    let rest = bytes.get(*place..)?;
    let end = rest.windows(2).position(|two| two == b"\r\n")?;
    let (sign, line) = (rest[0] as char, String::from_utf8_lossy(&rest[1..end]).into_owned());
    *place += end + 2;
    let count = line.parse::<usize>().ok();
    match (sign, count) {
        ('$', Some(length)) => {
            let text = bytes.get(*place..*place + length)?;
            *place += length + 2;
            (*place <= bytes.len()).then(|| format!("\"{}\"", String::from_utf8_lossy(text)))
        }
        ('$' | '_', _) => Some(sign.to_string()),
        ('*' | '%', Some(count)) => {
            let items = (0..if sign == '%' { 2 * count } else { count })
                .map(|_| render(bytes, place))
                .collect::<Option<Vec<_>>>()?;
            Some(format!("{sign}[ {} ]", items.join(" ")))
        }
        _ => Some(format!("{sign}{line}")),
    }
}

/// A reply with names in the place of addresses and ids. What a server has counted is left out.
fn named(reply: &str, names: &[(String, String)], command: &str) -> String {
    let counts = matches!(command.split(' ').next(), Some("ROLE" | "HELLO"));
    let word = |word: &str| {
        let bare = word.trim_matches('"').trim_start_matches(':');
        match names.iter().find(|(value, _)| value == bare) {
            Some((_, name)) => name.clone(),
            None if counts && bare.parse::<u64>().is_ok() => "N".to_owned(),
            None => word.to_owned(),
        }
    };
    reply.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Commands on keys, and what nodes say of keys that are elsewhere.
fn keys(both: &mut Both, a: &str) {
    // foo is at node 2, bar at node 0; node 3 is the replica of node 0, node 5 that of node 2.
    both.steps(&format!(
        "{a}2 DEL foo
         {a}2 GET foo
         {a}2 SET foo one
         {a}2 GET foo
         {a}2 APPEND foo two
         {a}2 INCR foo
         {a}2 SET foo 41
         {a}2 INCR foo
         {a}2 SET foo 9223372036854775807
         {a}2 INCR foo
         {a}2 EXISTS foo foo {{foo}}2
         {a}2 MGET foo {{foo}}2
         {a}2 MSET foo 1 {{foo}}2 2
         {a}2 MSET foo 1 {{foo}}2
         {a}2 MGET foo {{foo}}2 foo
         {a}2 DEL foo {{foo}}2 {{foo}}3
         {a}2 MGET foo bar
         {a}0 MGET foo bar
         {a}0 GET foo
         {a}0 SET foo x
         {a}1 MGET foo {{foo}}2
         {a}3 GET bar
         {a}3 SET bar x
         {a}3 READONLY
         {a}3 SET bar x
         {a}3 GET foo
         {a}3 READWRITE
         {a}3 GET bar
         {a}2 GET
         {a}2 GET a b
         {a}2 SET foo
         {a}2 SET foo bar baz
         {a}2 NOSUCH foo bar
         {a}2 CLUSTER NOSUCH
         {a}2 PING
         {a}2 PING hello
         {a}2 ECHO hello
         {a}2 CLUSTER KEYSLOT {{foo}}2
         {a}2 CLUSTER COUNTKEYSINSLOT 99999
         {a}2 CLUSTER GETKEYSINSLOT 99999 1
         {a}2 CLUSTER SETSLOT 16384 STABLE
         {a}2 CLUSTER SLOTS
         {a}5 CLUSTER SLOTS
         {a}2 ROLE
         {a}5 ROLE
         {a}2 MULTI
         {a}2 INCR foo
         {a}2 INCR foo
         {a}2 EXEC
         {a}2 EXEC
         {a}2 DISCARD
         {a}2 MULTI
         {a}2 MULTI
         {a}2 DISCARD
         {a}2 MULTI
         {a}2 GET bar
         {a}2 EXEC
         {a}2 MULTI
         {a}2 NOSUCH
         {a}2 INCR foo
         {a}2 EXEC
         {a}2 MULTI
         {a}2 APPEND foo x
         {a}2 INCR foo
         {a}2 EXEC
         {a}2 MULTI
         {a}2 GET foo bar
         {a}2 EXEC
         {a}2 MGET foo bar"
    ));
    // What a replica has takes a moment.
    both.step(&format!("{a}0"), "SET bar there");
    both.step(&format!("{a}3"), "READONLY");
    both.in_the_end(&format!("{a}3"), "GET bar");
    both.steps(&format!(
        "{a}3 MGET bar {{bar}}2
         {a}3 MULTI
         {a}3 GET bar
         {a}3 EXEC
         {a}3 MULTI
         {a}3 INCR bar
         {a}3 EXEC
         {a}3 READWRITE
         {a}3 MULTI
         {a}3 GET bar
         {a}3 EXEC"
    ));
}

/// A slot on its way from node 2 to node 0, or back.
fn half_states(both: &mut Both, a: &str, from: usize, to: usize) {
    let other = 1;
    let lines = format!(
        "{a}FROM DEL foo {{foo}}1 {{foo}}2 {{foo}}3 {{foo}}n
         {a}FROM MSET {{foo}}1 1 {{foo}}2 2
         {a}FROM CLUSTER COUNTKEYSINSLOT {SLOT}
         {a}FROM CLUSTER SETSLOT {SLOT} IMPORTING I{to}
         {a}TO CLUSTER SETSLOT {SLOT} MIGRATING I{from}
         {a}TO CLUSTER SETSLOT {SLOT} IMPORTING nobody
         {a}FROM CLUSTER SETSLOT {SLOT} MIGRATING nobody
         {a}FROM CLUSTER SETSLOT {SLOT} MIGRATING I4
         {a}FROM CLUSTER SETSLOT {SLOT} NODE nobody
         {a}FROM CLUSTER SETSLOT {SLOT} NODE I{to}
         {a}FROM CLUSTER SETSLOT {SLOT} SOMEHOW
         {a}4 CLUSTER SETSLOT {SLOT} STABLE
         {a}TO CLUSTER SETSLOT {SLOT} IMPORTING I{from}
         {a}FROM CLUSTER SETSLOT {SLOT} MIGRATING I{to}
         {a}FROM GET {{foo}}1
         {a}FROM GET {{foo}}3
         {a}FROM SET {{foo}}3 x
         {a}FROM MGET {{foo}}1 {{foo}}2
         {a}FROM MGET {{foo}}1 {{foo}}3
         {a}FROM MGET {{foo}}3 {{foo}}4
         {a}FROM MGET {{foo}}3 {{foo}}3
         {a}FROM DEL foo {{foo}}1 {{foo}}3
         {a}FROM MSET {{foo}}1 1 {{foo}}3 3
         {a}TO GET {{foo}}1
         {a}TO MGET {{foo}}1 {{foo}}2
         {a}TO ASKING
         {a}TO GET {{foo}}1
         {a}TO ASKING
         {a}TO PING
         {a}TO GET {{foo}}1
         {a}TO ASKING
         {a}TO MGET {{foo}}1 {{foo}}2
         {a}TO ASKING
         {a}TO MGET {{foo}}1 {{foo}}1
         {a}{other} GET {{foo}}1
         {a}{other} ASKING
         {a}{other} GET {{foo}}1
         {a}FROM MULTI
         {a}FROM INCR {{foo}}3
         {a}FROM EXEC
         {a}FROM MULTI
         {a}FROM INCR {{foo}}1
         {a}FROM INCR {{foo}}2
         {a}FROM EXEC
         b{a}FROM MULTI
         b{a}FROM INCR {{foo}}1
         {a}FROM MIGRATE H P{to} \"\" 0 5000 KEYS {{foo}}1
         b{a}FROM INCR {{foo}}2
         b{a}FROM EXEC
         {a}FROM MIGRATE H P{to} \"\" 0 5000 KEYS {{foo}}1
         {a}FROM CLUSTER GETKEYSINSLOT {SLOT} 10
         {a}TO CLUSTER COUNTKEYSINSLOT {SLOT}
         {a}FROM GET {{foo}}1
         {a}FROM MGET {{foo}}1 {{foo}}2
         {a}TO GET {{foo}}1
         {a}TO ASKING
         {a}TO GET {{foo}}1
         {a}TO ASKING
         {a}TO MGET {{foo}}1 {{foo}}2
         {a}TO ASKING
         {a}TO MULTI
         {a}TO INCR {{foo}}1
         {a}TO INCR {{foo}}n
         {a}TO EXEC
         {a}TO GET {{foo}}n
         {a}TO MULTI
         {a}TO ASKING
         {a}TO INCR {{foo}}1
         {a}TO EXEC
         {a}FROM MIGRATE H P{to} \"\" 0 5000 KEYS {{foo}}1 {{foo}}2
         {a}FROM CLUSTER COUNTKEYSINSLOT {SLOT}
         {a}FROM GET {{foo}}2
         {a}FROM MGET {{foo}}1 {{foo}}2
         {a}TO ASKING
         {a}TO MGET {{foo}}1 {{foo}}2
         {a}TO CLUSTER SLOTS
         {a}TO CLUSTER SETSLOT {SLOT} NODE I{to}
         {a}TO GET {{foo}}1
         {a}FROM CLUSTER SETSLOT {SLOT} NODE I{to}
         {a}FROM GET {{foo}}1
         {a}FROM CLUSTER SETSLOT {SLOT} STABLE
         {a}TO CLUSTER SETSLOT {SLOT} STABLE
         {a}TO MGET {{foo}}1 {{foo}}2 {{foo}}n"
    );
    both.steps(&lines.replace("FROM", &from.to_string()).replace("TO", &to.to_string()));
    for node in 0..6 {
        both.in_the_end(&format!("{a}{node}"), "CLUSTER SLOTS");
        both.step(&format!("{a}{node}"), "GET {foo}1");
    }
}

#[test]
fn the_model_says_what_servers_say() {
    let mut both = Both::start();
    for a in ["a", "three"] {
        if a == "three" {
            (0..6).for_each(|node| both.step(&format!("{a}{node}"), "HELLO 3"));
        }
        keys(&mut both, a);
        half_states(&mut both, a, 2, 0);
        half_states(&mut both, a, 0, 2);
    }
    // An ordered failover.
    both.step("a0", "CLUSTER FAILOVER");
    both.step("a3", "CLUSTER FAILOVER");
    for command in ["ROLE", "SET bar 1", "GET bar", "CLUSTER SLOTS"] {
        (0..6).for_each(|node| both.in_the_end(&format!("a{node}"), command));
    }
    // A primary dies: the others notice it, and are down until its replica has its place.
    both.real.nodes()[1].kill();
    both.model.kill(1);
    both.step("a2", "GET {b}");
    both.some_time("a2", "GET foo", "-CLUSTERDOWN");
    both.step("a2", "PING");
    both.some_time("a2", "GET foo", "$");
    for command in ["SET {foo}1 1", "ROLE", "CLUSTER SLOTS"] {
        [0, 2, 3, 4, 5].iter().for_each(|node| both.in_the_end(&format!("a{node}"), command));
    }
    both.real.nodes()[1].restart();
    both.model.restart(1);
    both.connections.remove("a1");
    for command in ["ROLE", "CLUSTER SLOTS", "GET {b}"] {
        (0..6).for_each(|node| both.in_the_end(&format!("b{node}"), command));
    }
    println!("{} steps", both.steps);
    assert!(both.faults.is_empty(), "{}\n{}", both.faults.join("\n"), both.model.report());
}

#[test]
fn the_commands_of_the_model_are_what_servers_say_of_them() {
    let server = &crate::shared().nodes()[0];
    for (name, arity, refused_while_loading, writes, reads) in model::commands() {
        let text = server.command(&["COMMAND", "INFO", name]);
        let words: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(words[0], name);
        // The first of these is a name.
        let says = |flag: &str| words[2..].contains(&flag);
        let said = (words[1].parse::<i32>().ok(), says("write"), says("readonly"));
        assert_eq!(said, (Some(arity), writes, reads), "{name}");
        // Its subcommands have flags of their own.
        if name != "client" && name != "cluster" {
            assert_eq!(!says("loading"), refused_while_loading, "{name}");
        }
    }
}
