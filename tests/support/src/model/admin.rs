//! What nodes say of the cluster, and what they are ordered to do.

use super::{
    node::{Effect, Role},
    reply::Reply,
    session::Session,
    slots::{SLOTS, slot_of},
    state::{Model, Settings},
};

fn text(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

impl Model {
    pub(super) fn hello(&self, session: &mut Session, words: &[Vec<u8>]) -> Reply {
        match words.get(1).map(Vec::as_slice) {
            None => {}
            Some(b"3") => session.resp3 = true,
            Some(b"2") => session.resp3 = false,
            Some(_) => return Reply::error("NOPROTO unsupported protocol version"),
        }
        let role = match self.nodes[session.node].role() {
            Role::Primary => "master",
            Role::Replica { .. } => "replica",
        };
        Reply::Map(vec![
            ("server", Reply::text("redis")),
            ("version", Reply::text("7.0.15")),
            ("proto", Reply::Integer(if session.resp3 { 3 } else { 2 })),
            ("id", Reply::Integer(session.id as i64)),
            ("mode", Reply::text("cluster")),
            ("role", Reply::text(role)),
            ("modules", Reply::Array(Vec::new())),
        ])
    }

    pub(super) fn role(&mut self, node: usize) -> Reply {
        self.counts.roles += 1;
        let own = &self.nodes[node];
        let offset = Reply::Integer(own.offset as i64);
        match own.role() {
            Role::Primary => {
                let linked = self.replicas_of(node).into_iter().filter(|replica| {
                    let replica = &self.nodes[*replica];
                    replica.is_linked && replica.is_heard() && own.is_heard()
                });
                let replicas = linked.map(|replica| {
                    let replica = &self.nodes[replica];
                    Reply::Array(vec![
                        Reply::text(replica.host()),
                        Reply::text(replica.port.to_string()),
                        Reply::text(replica.offset.to_string()),
                    ])
                });
                let replicas = Reply::Array(replicas.collect());
                Reply::Array(vec![Reply::text("master"), offset, replicas])
            }
            Role::Replica { of } => {
                let primary = &self.nodes[of];
                let state = match own.is_linked && primary.is_heard() && !own.is_isolated {
                    true => "connected",
                    false => "connect",
                };
                Reply::Array(vec![
                    Reply::text("slave"),
                    Reply::text(primary.host()),
                    Reply::Integer(primary.port.into()),
                    Reply::text(state),
                    offset,
                ])
            }
        }
    }

    pub(super) fn cluster(&mut self, session: &Session, words: &[Vec<u8>]) -> Reply {
        let node = session.node;
        let (action, args) = (text(&words[1]).to_ascii_lowercase(), &words[2..]);
        let slot = || text(args.first()?).parse::<u16>().ok().filter(|slot| *slot < SLOTS);
        match (action.as_str(), args.len()) {
            ("slots", 0) => self.map(node),
            ("myid", 0) => Reply::text(&self.nodes[node].id),
            ("keyslot", 1) => Reply::Integer(slot_of(&args[0]).into()),
            ("bumpepoch", 0) => {
                self.take_new_epoch(node);
                self.say_to_all(node);
                Reply::Simple("BUMPED")
            }
            ("failover", 0) => self.fail_over(node),
            ("getkeysinslot", 2) | ("countkeysinslot", 1) | ("setslot", 2..) => {
                let Some(slot) = slot() else {
                    return Reply::error(match action.as_str() {
                        "setslot" => "ERR Invalid or out of range slot",
                        "countkeysinslot" => "ERR Invalid slot",
                        _ => "ERR Invalid slot or number of keys",
                    });
                };
                match action.as_str() {
                    "setslot" => self.set_slot(node, slot, &args[1..]),
                    "countkeysinslot" => Reply::Integer(self.keys_in(node, slot).len() as i64),
                    _ => {
                        let limit = text(&args[1]).parse().unwrap_or(usize::MAX);
                        let keys = self.keys_in(node, slot).into_iter().take(limit);
                        Reply::Array(keys.map(Reply::Bulk).collect())
                    }
                }
            }
            _ => Reply::Error(format!(
                "ERR unknown subcommand '{}'. Try CLUSTER HELP.",
                text(&words[1])
            )),
        }
    }

    fn map(&mut self, node: usize) -> Reply {
        self.counts.maps += 1;
        let view = &self.nodes[node].view;
        let describe = |other: usize| {
            let other = &self.nodes[other];
            Reply::Array(vec![
                Reply::text(other.host()),
                Reply::Integer(other.port.into()),
                Reply::text(&other.id),
                Reply::Map(Vec::new()),
            ])
        };
        let range = |(first, last, owner): (u16, u16, Option<usize>)| {
            let owner = owner?;
            let replicas =
                view.known.iter().enumerate().filter(|(_, known)| {
                    known.role == Role::Replica { of: owner } && !known.failed
                });
            let mut range = vec![Reply::Integer(first.into()), Reply::Integer(last.into())];
            range.push(describe(owner));
            range.extend(replicas.map(|(place, _)| describe(place)));
            Some(Reply::Array(range))
        };
        Reply::Array(view.owners.runs().filter_map(range).collect())
    }

    /// The keys of a slot at this node.
    pub fn keys_in(&self, node: usize, slot: u16) -> Vec<Vec<u8>> {
        let keys = self.nodes[node].data.keys();
        keys.filter(|key| slot_of(key) == slot).cloned().collect()
    }

    fn set_slot(&mut self, node: usize, slot: u16, action: &[Vec<u8>]) -> Reply {
        if self.nodes[node].role() != Role::Primary {
            return Reply::error("ERR Please use SETSLOT only with masters.");
        }
        let owner = self.nodes[node].view.owners.of(slot);
        let named = |id: &[u8]| self.nodes.iter().position(|node| node.id.as_bytes() == id);
        let verb = text(&action[0]).to_ascii_lowercase();
        let to = match (verb.as_str(), action.get(1)) {
            ("stable", None) => None,
            ("migrating" | "importing" | "node", Some(id)) => match named(id) {
                Some(to) => Some(to),
                None if verb == "migrating" && owner != Some(node) => Some(node),
                None if verb == "node" => {
                    return Reply::Error(format!("ERR Unknown node {}", text(id)));
                }
                None => return Reply::Error(format!("ERR I don't know about node {}", text(id))),
            },
            _ => {
                let why =
                    "ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP";
                return Reply::error(why);
            }
        };
        if let Some(to) = to.filter(|_| verb != "node") {
            let own = owner == Some(node);
            let is_replica = self.nodes[node].view.known[to].role != Role::Primary;
            if verb == "migrating" && !own {
                return Reply::Error(format!("ERR I'm not the owner of hash slot {slot}"));
            }
            if verb == "importing" && own {
                return Reply::Error(format!("ERR I'm already the owner of hash slot {slot}"));
            }
            if is_replica {
                return Reply::error("ERR Target node is not a master");
            }
        }
        self.disturb(Some(slot));
        let view = &mut self.nodes[node].view;
        match (verb.as_str(), to) {
            ("migrating", Some(to)) => drop(view.migrating.insert(slot, to)),
            ("importing", Some(to)) => drop(view.importing.insert(slot, to)),
            ("node", Some(to)) => return self.give_slot(node, slot, to),
            _ => {
                view.importing.remove(&slot);
                view.migrating.remove(&slot);
            }
        }
        Reply::OK
    }

    fn give_slot(&mut self, node: usize, slot: u16, to: usize) -> Reply {
        if self.nodes[node].view.known[to].role != Role::Primary {
            return Reply::error("ERR Target node is not a master");
        }
        let keys = !self.keys_in(node, slot).is_empty();
        let view = &mut self.nodes[node].view;
        let was_own = view.owners.of(slot) == Some(node);
        if was_own && to != node && keys {
            return Reply::Error(format!(
                "ERR Can't assign hashslot {slot} to a different node while I still hold keys for this hash slot."
            ));
        }
        if !keys {
            view.migrating.remove(&slot);
        }
        view.owners.assign(slot, slot, Some(to));
        if to == node && view.importing.remove(&slot).is_some() {
            let newest = view.known.iter().map(|known| known.epoch).max();
            if view.known[node].epoch == 0 || newest != Some(view.known[node].epoch) {
                self.take_new_epoch(node);
            }
            self.say_to_all(node);
        }
        if was_own && to != node && !self.nodes[node].view.owners.has_any(node) {
            self.become_replica(node, to);
        }
        self.stir(node);
        Reply::OK
    }

    fn fail_over(&mut self, node: usize) -> Reply {
        let own = &self.nodes[node];
        match own.role() {
            Role::Primary => Reply::error("ERR You should send CLUSTER FAILOVER to a replica"),
            Role::Replica { of } if own.view.known[of].failed || !own.is_linked => {
                Reply::error("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE")
            }
            Role::Replica { of } => {
                self.begin_failover(node, of);
                Reply::OK
            }
        }
    }

    /// `MIGRATE host port "" 0 timeout KEYS key…`
    pub(super) fn migrate(&mut self, from: usize, words: &[Vec<u8>]) -> Reply {
        let port = text(&words[2]).parse().ok();
        let Some(to) = self.nodes.iter().position(|node| Some(node.port) == port) else {
            return Reply::error("IOERR error or timeout connecting to the client");
        };
        let named = words.iter().skip(7).chain(words.get(3).filter(|key| !key.is_empty()));
        let own = &self.nodes[from].data;
        let keys = named.filter_map(|key| Some((key.clone(), own.get(key)?.clone())));
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() {
            return Reply::Simple("NOKEY");
        }
        if !self.nodes[to].is_heard() || self.nodes[from].is_isolated {
            return Reply::error("IOERR error or timeout reading to target node");
        }
        for (key, value) in keys {
            self.disturb(Some(slot_of(&key)));
            self.write(to, Effect::Set(key.clone(), value));
            self.write(from, Effect::Remove(key));
        }
        Reply::OK
    }

    /// How fast the nodes are.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}
