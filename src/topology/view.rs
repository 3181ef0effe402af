//! What one node says of its cluster: the reply to `CLUSTER SLOTS`, read with suspicion.
//!
//! A view is a claim, not the truth: nodes learn of changes from each other, some later than others, and what
//! answers may be a proxy or another cluster by now. Nodes are known by their id, since addresses change hands.

use std::{borrow::Cow, collections::HashMap, fmt, sync::Arc};

use redmux_transport::Endpoint;

use super::address::Announced;
use crate::resp::{Frame, Reply};

/// How many slots a cluster has.
pub(crate) const SLOTS: u16 = 16_384;

/// The most nodes that a view may name.
const MOST_NODES: usize = 1 << 15;

/// The longest id; those of servers have 40 characters.
const LONGEST_ID: usize = 64;

/// What one node says of its cluster
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) nodes: Vec<Seen>,
    /// In the order in which their primaries were named.
    pub(crate) shards: Vec<Shard>,
}

/// A node, as another one sees it
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: Arc<str>,
    pub(crate) endpoint: Endpoint,
    /// The availability zone, where the server tells it (Valkey 9).
    pub(crate) zone: Option<Arc<str>>,
}

/// A primary, its replicas and their slots; nodes by their place in [`View::nodes`]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) primary: usize,
    pub(crate) replicas: Vec<usize>,
    /// First and last slot of each range.
    pub(crate) slots: Vec<(u16, u16)>,
}

/// Why a reply is no view
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoView(Cow<'static, str>);

impl fmt::Display for NoView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reply to CLUSTER SLOTS is malformed: {}", self.0)
    }
}

impl View {
    /// One shard with all slots: the first of these is its primary, the others are replicas.
    pub(crate) fn of_one_shard(nodes: Vec<Seen>) -> Self {
        let replicas = (1..nodes.len()).collect();
        Self { nodes, shards: vec![Shard { primary: 0, replicas, slots: vec![(0, SLOTS - 1)] }] }
    }

    /// The node that has this slot, if one has it.
    pub(crate) fn owner(&self, slot: u16) -> Option<&Seen> {
        let has = |(first, last): &(u16, u16)| (*first..=*last).contains(&slot);
        let shard = self.shards.iter().find(|shard| shard.slots.iter().any(has))?;
        self.nodes.get(shard.primary)
    }

    /// Reads the reply of the server at `asked`.
    ///
    /// Nodes without a known address are left out, and so are shards whose primary is such a node: another
    /// node may know more. What newer servers add behind the known parts is skipped.
    pub(crate) fn parse(reply: &Frame, asked: &Endpoint) -> Result<Self, NoView> {
        let mut view = Self { nodes: Vec::new(), shards: Vec::new() };
        let mut places = HashMap::new();
        let mut shards: HashMap<usize, usize> = HashMap::new();
        let ranges = reply.reply().items().ok_or_else(|| NoView("it is no array".into()))?;
        for (number, range) in ranges.enumerate() {
            if number >= usize::from(SLOTS) {
                return Err(NoView("it has more ranges than there are slots".into()));
            }
            let mut parts = range.items().ok_or_else(|| NoView("a range is no array".into()))?;
            let mut slot = || {
                let slot = parts.next()?.as_i64()?;
                u16::try_from(slot).ok().filter(|slot| *slot < SLOTS)
            };
            let (first, last) = match (slot(), slot()) {
                (Some(first), Some(last)) if first <= last => (first, last),
                _ => return Err(NoView(format!("range {number} has no valid slots").into())),
            };
            let mut members = Vec::new();
            for node in parts {
                members.push(view.place(&node, asked, &mut places)?);
            }
            let mut members = members.into_iter();
            // A range without a reachable primary is as if nobody had it.
            let Some(Some(primary)) = members.next() else { continue };
            let shard = *shards.entry(primary).or_insert_with(|| {
                view.shards.push(Shard { primary, replicas: Vec::new(), slots: Vec::new() });
                view.shards.len() - 1
            });
            let shard = &mut view.shards[shard];
            shard.slots.push((first, last));
            for replica in members.flatten() {
                if replica != primary && !shard.replicas.contains(&replica) {
                    shard.replicas.push(replica);
                }
            }
        }
        Ok(view)
    }

    /// The place of a node, which may have been named before; `None` if its address is not known.
    fn place(
        &mut self,
        node: &Reply<'_>,
        asked: &Endpoint,
        places: &mut HashMap<Arc<str>, usize>,
    ) -> Result<Option<usize>, NoView> {
        let mut parts = node.items().ok_or_else(|| NoView("a node is no array".into()))?;
        let host = parts.next().filter(|host| !host.is_null());
        let host = host.map(|host| host.as_str().ok_or_else(|| NoView("a host is no text".into())));
        let host = host.transpose()?;
        let port = parts.next().and_then(|port| u16::try_from(port.as_i64()?).ok());
        let port = port.ok_or_else(|| NoView("a node has no valid port".into()))?;
        let id = parts.next().and_then(|id| id.as_str());
        let facts = parts.next().map(|facts| Facts::of(&facts)).unwrap_or_default();
        let announced = Announced { host: host.as_deref(), port, ip: facts.ip.as_deref() };
        let Some(endpoint) = announced.endpoint(asked) else { return Ok(None) };
        // Servers before 4.0 tell no id.
        let id: Arc<str> = match id {
            Some(id) if id.len() > LONGEST_ID => return Err(NoView("an id is too long".into())),
            Some(id) if !id.is_empty() => id.into(),
            _ => endpoint.to_string().into(),
        };
        if let Some(place) = places.get(&id) {
            return Ok(Some(*place));
        }
        if self.nodes.len() == MOST_NODES {
            return Err(NoView(format!("it names more than {MOST_NODES} nodes").into()));
        }
        places.insert(id.clone(), self.nodes.len());
        self.nodes.push(Seen { id, endpoint, zone: facts.zone });
        Ok(Some(self.nodes.len() - 1))
    }
}

/// What a server adds to a node
#[derive(Default)]
struct Facts {
    ip: Option<String>,
    zone: Option<Arc<str>>,
}

impl Facts {
    /// Of a map, or the flat array that it is in RESP2.
    fn of(reply: &Reply<'_>) -> Self {
        let mut facts = Self::default();
        let Some(mut items) = reply.items() else { return facts };
        while let (Some(name), Some(value)) = (items.next(), items.next()) {
            let (Some(name), Some(value)) = (name.as_str(), value.as_str()) else { continue };
            match &*name {
                "ip" => facts.ip = Some(value.into_owned()),
                "availability-zone" if !value.is_empty() => facts.zone = Some(value.into()),
                _ => {}
            }
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Endpoint {
        Endpoint::tcp("seed", 7000)
    }

    /// A reply, from a short form: items in brackets, texts and numbers between spaces, `nil`.
    fn reply(text: &str, map: &str) -> Frame {
        let mut bytes = String::new();
        let mut words = text.split_whitespace().peekable();
        fn value<'a>(
            words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
            map: &str,
        ) -> String {
            let close = |word: &str| if word == "[" { "]" } else { "}" };
            match words.next().expect("a value") {
                open @ ("[" | "{") => {
                    let (mut items, mut count) = (String::new(), 0);
                    while words.peek() != Some(&close(open)) {
                        items += &value(words, map);
                        count += 1;
                    }
                    words.next();
                    match (open, map) {
                        ("{", "%") => format!("%{}\r\n{items}", count / 2),
                        _ => format!("*{count}\r\n{items}"),
                    }
                }
                "nil" => "_\r\n".to_owned(),
                "''" => "$0\r\n\r\n".to_owned(),
                word if word.parse::<i64>().is_ok() => format!(":{word}\r\n"),
                word => format!("${}\r\n{word}\r\n", word.len()),
            }
        }
        bytes += &value(&mut words, map);
        Frame::copy_from_slice(bytes.as_bytes())
    }

    fn view(text: &str) -> View {
        let (maps, arrays) = (reply(text, "%"), reply(text, "*"));
        let view = View::parse(&maps, &asked()).expect("a view");
        assert_eq!(View::parse(&arrays, &asked()), Ok(view.clone()), "RESP2");
        view
    }

    #[test]
    fn a_cluster_of_six_has_three_shards() {
        let view = view(
            "[ [ 0 5460 [ 10.0.0.1 7001 aa { } ] [ 10.0.0.4 7004 dd { } ] ] \
               [ 5461 10922 [ 10.0.0.2 7002 bb { } ] [ 10.0.0.5 7005 ee { } ] ] \
               [ 10923 16383 [ 10.0.0.3 7003 cc { } ] [ 10.0.0.6 7006 ff { } ] ] ]",
        );
        let ids: Vec<&str> = view.nodes.iter().map(|node| &*node.id).collect();
        assert_eq!(ids, ["aa", "dd", "bb", "ee", "cc", "ff"]);
        assert_eq!(view.nodes[3].endpoint, Endpoint::tcp("10.0.0.5", 7005));
        let shards: Vec<_> = view.shards.iter().map(|s| (s.primary, &s.replicas[..])).collect();
        assert_eq!(shards, [(0, &[1][..]), (2, &[3]), (4, &[5])]);
        assert_eq!(view.shards[2].slots, [(10_923, 16_383)]);
    }

    #[test]
    fn a_node_with_several_ranges_is_one_shard() {
        let view = view(
            "[ [ 0 1 [ a 1 aa { } ] [ b 2 bb { } ] ] [ 2 2 [ c 3 cc { } ] ] \
               [ 5 9 [ a 1 aa { } ] [ b 2 bb { } ] ] ]",
        );
        assert_eq!(view.shards.len(), 2);
        assert_eq!(view.shards[0].slots, [(0, 1), (5, 9)]);
        assert_eq!(view.shards[0].replicas, [1]);
    }

    #[test]
    fn zones_and_addresses_come_with_the_node() {
        let view = view(
            "[ [ 0 16383 [ n1 7001 aa { ip 10.0.0.1 availability-zone az-1 later x } ] \
               [ ? 7002 bb { ip 10.0.0.2 } ] ] ]",
        );
        assert_eq!(view.nodes[0].zone.as_deref(), Some("az-1"));
        assert_eq!(view.nodes[0].endpoint, Endpoint::tcp("n1", 7001));
        assert_eq!(view.nodes[1].endpoint, Endpoint::tcp("10.0.0.2", 7002));
    }

    #[test]
    fn old_and_new_servers_say_less_and_more() {
        let old = view("[ [ 0 16383 [ a 1 ] [ b 2 ] ] ]");
        assert_eq!(&*old.nodes[1].id, "b:2");
        let new = view("[ [ 0 16383 [ a 1 aa { } more ] [ b 2 bb { } ] ] ]");
        assert_eq!(new.nodes.len(), 2);
    }

    #[test]
    fn hosts_that_are_left_out_are_that_of_the_server() {
        let view = view("[ [ 0 9 [ nil 7001 aa { } ] ] [ 10 19 [ '' 7002 bb { } ] ] ]");
        assert_eq!(view.nodes[0].endpoint, Endpoint::tcp("seed", 7001));
        assert_eq!(view.nodes[1].endpoint, Endpoint::tcp("seed", 7002));
    }

    #[test]
    fn a_cluster_without_slots_is_a_view_of_nothing() {
        assert_eq!(view("[ ]"), View { nodes: Vec::new(), shards: Vec::new() });
    }

    #[test]
    fn what_is_malformed_is_no_view_and_says_why() {
        for (text, why) in [
            ("text", "it is no array"),
            ("[ 7 ]", "a range is no array"),
            ("[ [ 1 ] ]", "range 0 has no valid slots"),
            ("[ [ 5 4 [ a 1 aa { } ] ] ]", "range 0 has no valid slots"),
            ("[ [ 0 16384 [ a 1 aa { } ] ] ]", "range 0 has no valid slots"),
            ("[ [ -1 4 [ a 1 aa { } ] ] ]", "range 0 has no valid slots"),
            ("[ [ 0 1 a ] ]", "a node is no array"),
            ("[ [ 0 1 [ a ] ] ]", "a node has no valid port"),
            ("[ [ 0 1 [ a 65536 aa { } ] ] ]", "a node has no valid port"),
            ("[ [ 0 1 [ [ ] 1 aa { } ] ] ]", "a host is no text"),
        ] {
            let error = View::parse(&reply(text, "%"), &asked()).expect_err(text);
            assert!(error.to_string().ends_with(why), "{text}: {error}");
        }
        let long = format!("[ [ 0 1 [ a 1 {} {{ }} ] ] ]", "x".repeat(65));
        assert!(View::parse(&reply(&long, "%"), &asked()).is_err());
        let many = format!("[ {} ]", "[ 0 0 [ a 1 aa { } ] ] ".repeat(16_385));
        assert!(View::parse(&reply(&many, "%"), &asked()).is_err());
    }
}
