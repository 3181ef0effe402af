//! Commands on keys.

use super::{
    node::Effect,
    reply::Reply,
    session::Session,
    state::{Executed, Model},
};

const NO_NUMBER: &str = "ERR value is not an integer or out of range";

impl Model {
    /// Executes a command on keys that this node serves.
    pub(super) fn on_keys(
        &mut self,
        session: &Session,
        name: &str,
        writes: bool,
        words: &[Vec<u8>],
    ) -> Reply {
        let node = session.node;
        let reply = match name {
            "get" => Reply::maybe(self.nodes[node].data.get(&words[1])),
            "mget" => {
                let data = &self.nodes[node].data;
                Reply::Array(words[1..].iter().map(|key| Reply::maybe(data.get(key))).collect())
            }
            "exists" => {
                let data = &self.nodes[node].data;
                let there = words[1..].iter().filter(|key| data.contains_key(*key));
                Reply::Integer(there.count() as i64)
            }
            "set" if words.len() > 3 => Reply::error("ERR syntax error"),
            "mset" if words.len().is_multiple_of(2) => {
                Reply::error("ERR wrong number of arguments for 'mset' command")
            }
            "set" | "mset" => {
                for pair in words[1..].chunks(2) {
                    self.write(node, Effect::Set(pair[0].clone(), pair[1].clone()));
                }
                Reply::OK
            }
            "incr" => self.incr(node, &words[1]),
            "append" => {
                let mut value = self.nodes[node].data.get(&words[1]).cloned().unwrap_or_default();
                value.extend_from_slice(&words[2]);
                let length = value.len() as i64;
                self.write(node, Effect::Set(words[1].clone(), value));
                Reply::Integer(length)
            }
            _ => {
                let mut removed = 0;
                for key in &words[1..] {
                    if self.nodes[node].data.contains_key(key) {
                        removed += 1;
                        self.write(node, Effect::Remove(key.clone()));
                    }
                }
                Reply::Integer(removed)
            }
        };
        if writes && !reply.is_error() {
            let result = match reply {
                Reply::Integer(number) => Some(number),
                _ => None,
            };
            let (at, session) = (self.now, session.id);
            self.executed.push(Executed { at, node, session, words: words.to_vec(), result });
        }
        reply
    }

    fn incr(&mut self, node: usize, key: &[u8]) -> Reply {
        let text = self.nodes[node]
            .data
            .get(key)
            .map_or("0", |value| std::str::from_utf8(value).unwrap_or_default());
        let Ok(number) = text.parse::<i64>() else { return Reply::error(NO_NUMBER) };
        let Some(next) = number.checked_add(1) else {
            return Reply::error("ERR increment or decrement would overflow");
        };
        self.write(node, Effect::Set(key.to_vec(), next.to_string().into_bytes()));
        Reply::Integer(next)
    }
}
