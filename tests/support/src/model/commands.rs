//! Commands: which there are, and in which order a node looks at one.

use super::{
    reply::Reply,
    session::{Answer, Queue, Session},
    state::Model,
};

/// What a server says of a command in `COMMAND INFO`
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    /// How many words it has; if negative, the least of them.
    pub(super) arity: i32,
    pub(super) flags: &'static [&'static str],
    /// The places of its first and last key, and how far they are apart; a last one of -1 is the last word.
    pub(super) keys: (usize, i32, usize),
}

impl Spec {
    const fn new(
        name: &'static str,
        arity: i32,
        flags: &'static [&'static str],
        keys: (usize, i32, usize),
    ) -> Self {
        Self { name, arity, flags, keys }
    }

    fn is(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    fn fits(&self, words: usize) -> bool {
        match self.arity {
            exact @ 0.. => words == exact as usize,
            least => words >= least.unsigned_abs() as usize,
        }
    }

    fn keys_of<'a>(&self, words: &'a [Vec<u8>]) -> Vec<&'a [u8]> {
        let (first, last, step) = self.keys;
        if first == 0 {
            return Vec::new();
        }
        let end = if last < 0 { words.len() } else { last as usize + 1 };
        let keys = words.get(first..end).unwrap_or_default().iter().step_by(step);
        keys.map(Vec::as_slice).collect()
    }
}

const NONE: (usize, i32, usize) = (0, 0, 0);
const ONE: (usize, i32, usize) = (1, 1, 1);
const ALL: (usize, i32, usize) = (1, -1, 1);

/// The commands that a model knows
pub(super) const TABLE: &[Spec] = &[
    Spec::new("append", 3, &["write"], ONE),
    Spec::new("asking", 1, &[], NONE),
    Spec::new("client", -2, &["loading"], NONE),
    Spec::new("cluster", -2, &[], NONE),
    Spec::new("dbsize", 1, &["readonly"], NONE),
    Spec::new("del", -2, &["write"], ALL),
    Spec::new("discard", 1, &["loading"], NONE),
    Spec::new("echo", 2, &["loading"], NONE),
    Spec::new("exec", 1, &["loading"], NONE),
    Spec::new("exists", -2, &["readonly"], ALL),
    Spec::new("get", 2, &["readonly"], ONE),
    Spec::new("hello", -1, &["loading"], NONE),
    Spec::new("incr", 2, &["write"], ONE),
    Spec::new("mget", -2, &["readonly"], ALL),
    Spec::new("migrate", -6, &["write"], NONE),
    Spec::new("mset", -3, &["write"], (1, -1, 2)),
    Spec::new("multi", 1, &["loading"], NONE),
    Spec::new("ping", -1, &[], NONE),
    Spec::new("readonly", 1, &["loading"], NONE),
    Spec::new("readwrite", 1, &["loading"], NONE),
    Spec::new("role", 1, &["loading"], NONE),
    Spec::new("set", -3, &["write"], ONE),
];

/// The commands of a model, as `COMMAND INFO` has them: name, number of words, whether they are refused while a node
/// loads, whether they write and whether they read only.
pub fn commands() -> impl Iterator<Item = (&'static str, i32, bool, bool, bool)> {
    let of = |spec: &'static Spec| {
        (spec.name, spec.arity, !spec.is("loading"), spec.is("write"), spec.is("readonly"))
    };
    TABLE.iter().map(of)
}

fn spec_of(name: &[u8]) -> Option<&'static Spec> {
    TABLE.iter().find(|spec| name.eq_ignore_ascii_case(spec.name.as_bytes()))
}

impl Model {
    /// A new connection to a node.
    pub fn session(&mut self, node: usize) -> Session {
        self.sessions += 1;
        Session {
            id: self.sessions,
            node,
            resp3: false,
            asking: false,
            readonly: false,
            queue: None,
        }
    }

    /// A node that runs gets a command.
    pub fn command(&mut self, session: &mut Session, words: &[Vec<u8>]) -> Answer {
        self.catch_up(session.node);
        match self.serve(session, words) {
            Some(reply) => {
                let mut bytes = Vec::new();
                reply.write(session.resp3, &mut bytes);
                Answer::Reply(bytes)
            }
            None => Answer::Later,
        }
    }

    fn serve(&mut self, session: &mut Session, words: &[Vec<u8>]) -> Option<Reply> {
        let spec = words.first().and_then(|name| spec_of(name));
        let Some(spec) = spec else {
            return Some(Self::fails(session, unknown(words)));
        };
        if !spec.fits(words.len()) {
            let name = spec.name;
            let text = format!("ERR wrong number of arguments for '{name}' command");
            return Some(Self::fails(session, Reply::Error(text)));
        }
        if self.waits(session, spec) {
            return None;
        }
        self.counts.commands += 1;
        let asking = std::mem::take(&mut session.asking);
        if let Some(refusal) = self.judge(session, spec, words, asking) {
            if spec.name == "exec" {
                session.queue = None;
            }
            return Some(Self::fails(session, refusal));
        }
        if self.nodes[session.node].loading_until > self.now && !spec.is("loading") {
            self.counts.loading += 1;
            self.disturb(None);
            let loading = Reply::error("LOADING Redis is loading the dataset in memory");
            return Some(Self::fails(session, loading));
        }
        Some(match (&mut session.queue, spec.name) {
            (Some(_), "multi") => Reply::error("ERR MULTI calls can not be nested"),
            (Some(_), "exec") => self.execute_queue(session),
            (Some(_), "discard") => {
                session.queue = None;
                Reply::OK
            }
            (Some(queue), _) => {
                queue.commands.push(words.to_vec());
                Reply::Simple("QUEUED")
            }
            (None, "multi") => {
                session.queue = Some(Queue::default());
                // The whole transaction is meant.
                session.asking = asking;
                Reply::OK
            }
            (None, "exec") => Reply::error("ERR EXEC without MULTI"),
            (None, "discard") => Reply::error("ERR DISCARD without MULTI"),
            (None, _) => self.run(session, spec, words),
        })
    }

    /// Whether writes wait for the end of an ordered failover.
    fn waits(&self, session: &Session, spec: &Spec) -> bool {
        let queued = session.queue.as_ref();
        let writes = match spec.name {
            "exec" => queued.is_some_and(|queue| queue.commands.iter().any(|words| writes(words))),
            _ => spec.is("write") && queued.is_none(),
        };
        writes && self.nodes[session.node].paused_until > self.now
    }

    /// The redirect or the error of a command that this node does not serve.
    fn judge(
        &mut self,
        session: &mut Session,
        spec: &Spec,
        words: &[Vec<u8>],
        asking: bool,
    ) -> Option<Reply> {
        if spec.name == "exec" {
            let queue = session.queue.clone().filter(|queue| !queue.failed)?;
            let keys = queue.commands.iter().flat_map(|words| keys_of(words));
            let keys: Vec<&[u8]> = keys.collect();
            let writes = queue.commands.iter().any(|words| writes(words));
            return self.refusal(session, &keys, writes, asking);
        }
        // The flag is good until the end of a transaction.
        if session.queue.is_some() {
            session.asking = asking;
        }
        self.refusal(session, &spec.keys_of(words), spec.is("write"), asking)
    }

    /// A command was refused, and with it the transaction that it is part of.
    fn fails(session: &mut Session, refusal: Reply) -> Reply {
        if let Some(queue) = &mut session.queue {
            queue.failed = true;
        }
        refusal
    }

    fn execute_queue(&mut self, session: &mut Session) -> Reply {
        let queue = session.queue.take().unwrap_or_default();
        if queue.failed {
            return Reply::error("EXECABORT Transaction discarded because of previous errors.");
        }
        let run = |words: &Vec<Vec<u8>>| match spec_of(&words[0]) {
            Some(spec) => self.run(session, spec, words),
            None => unknown(words),
        };
        Reply::Array(queue.commands.iter().map(run).collect())
    }

    fn run(&mut self, session: &mut Session, spec: &Spec, words: &[Vec<u8>]) -> Reply {
        match spec.name {
            "client" => Reply::Error(format!(
                "ERR unknown subcommand '{}'. Try CLIENT HELP.",
                String::from_utf8_lossy(&words[1])
            )),
            "cluster" => self.cluster(session, words),
            "migrate" => self.migrate(session.node, words),
            "hello" => self.hello(session, words),
            "role" => self.role(session.node),
            "asking" => {
                session.asking = true;
                Reply::OK
            }
            "readonly" => {
                session.readonly = true;
                Reply::OK
            }
            "readwrite" => {
                session.readonly = false;
                Reply::OK
            }
            "ping" => match words.get(1) {
                Some(text) => Reply::text(text),
                None => Reply::Simple("PONG"),
            },
            "echo" => Reply::text(&words[1]),
            "dbsize" => Reply::Integer(self.nodes[session.node].data.len() as i64),
            _ => self.on_keys(session, spec.name, spec.is("write"), words),
        }
    }
}

fn unknown(words: &[Vec<u8>]) -> Reply {
    let text = |word: &Vec<u8>| String::from_utf8_lossy(word).into_owned();
    let name = words.first().map(text).unwrap_or_default();
    let args: String = words.iter().skip(1).map(|word| format!("'{}' ", text(word))).collect();
    Reply::Error(format!("ERR unknown command '{name}', with args beginning with: {args}"))
}

fn keys_of(words: &[Vec<u8>]) -> Vec<&[u8]> {
    words.first().and_then(|name| spec_of(name)).map(|spec| spec.keys_of(words)).unwrap_or_default()
}

fn writes(words: &[Vec<u8>]) -> bool {
    words.first().and_then(|name| spec_of(name)).is_some_and(|spec| spec.is("write"))
}
