//! What sentinels say of a service, and servers of themselves, read with suspicion.

use std::{borrow::Cow, fmt, sync::Arc};

use redmux_transport::Endpoint;

use crate::resp::{Frame, Reply};

/// The most replicas, and the most sentinels, that an answer may name.
pub(super) const MOST: usize = 256;

/// The longest host or id, in bytes.
const LONGEST: usize = 255;

/// Says where a host and a port are really reached.
pub(crate) type Reach<'a> = &'a dyn Fn(&str, u16) -> Endpoint;

/// Why a reply is no answer
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unclear(Cow<'static, str>);

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn unclear(text: &'static str) -> Unclear {
    Unclear(text.into())
}

/// What a sentinel says of a service
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Answer {
    /// `None`: the sentinel does not know the service.
    pub(crate) primary: Option<Endpoint>,
    /// The number of the failover that made it the primary; unknown where the user may not ask.
    pub(crate) epoch: Option<u64>,
    /// That of the sentinel itself.
    pub(crate) id: Option<Arc<str>>,
    pub(crate) replicas: Vec<Replica>,
    /// The other sentinels.
    pub(crate) sentinels: Vec<Peer>,
}

/// A replica, as a sentinel sees it
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replica {
    pub(crate) endpoint: Endpoint,
    /// It is reached, follows its primary, and wants to be known.
    pub(crate) usable: bool,
}

/// A sentinel, as another one sees it
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) endpoint: Endpoint,
}

impl Answer {
    /// What a sentinel is asked, all at once.
    pub(crate) fn questions(service: &str) -> [Vec<&str>; 5] {
        let about = |what| vec!["SENTINEL", what, service];
        [
            about("GET-MASTER-ADDR-BY-NAME"),
            about("MASTER"),
            about("REPLICAS"),
            about("SENTINELS"),
            vec!["SENTINEL", "MYID"],
        ]
    }

    /// Reads the replies to [`questions`](Self::questions).
    ///
    /// Only the first of them has to be an answer: a user may not ask the others, or the sentinel is too old.
    pub(crate) fn read(
        replies: &[crate::Result<Frame>],
        reach: Reach<'_>,
    ) -> Result<Self, Unclear> {
        if let Some(Err(error)) = replies.first() {
            return Err(Unclear(error.to_string().into()));
        }
        let mut replies = replies.iter().map(|reply| reply.as_ref().ok().map(Frame::reply));
        let address = replies.next().flatten().ok_or_else(|| unclear("there is no reply"))?;
        if let Some(error) = address.error() {
            return Err(Unclear(format!("the sentinel answers {}", error.code()).into()));
        }
        if address.is_null() {
            return Ok(Self::default());
        }
        let mut words = address.items().ok_or_else(|| unclear("an address is no array"))?;
        let (host, port) = (words.next(), words.next());
        let primary = endpoint(host.as_ref(), port.as_ref(), reach);
        let primary = primary.ok_or_else(|| unclear("an address is no host and port"))?;
        let mut next = || replies.next().flatten().filter(|reply| !reply.is_error());
        let epoch = next().and_then(|master| Facts::of(&master).epoch);
        let replicas = match next() {
            None => Vec::new(),
            Some(all) => instances(&all, |facts| {
                let usable = facts.is_usable_replica();
                Some(Replica { endpoint: facts.endpoint(reach)?, usable })
            })?,
        };
        let sentinels = match next() {
            None => Vec::new(),
            Some(all) => instances(&all, |facts| {
                let endpoint = facts.endpoint(reach)?;
                Some(Peer { id: facts.id, endpoint })
            })?,
        };
        let id = next().and_then(|id| id.as_str().and_then(|id| short(&id)));
        Ok(Self { primary: Some(primary), epoch, id, replicas, sentinels })
    }
}

/// What a server says of its role
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoleSaid {
    Primary { replicas: Vec<Endpoint> },
    Replica { of: Option<Endpoint> },
    Sentinel,
}

impl RoleSaid {
    /// Reads the reply to `ROLE`.
    pub(crate) fn read(reply: &Frame, reach: Reach<'_>) -> Result<Self, Unclear> {
        let reply = reply.reply();
        if let Some(error) = reply.error() {
            return Err(Unclear(format!("the server answers {}", error.code()).into()));
        }
        let mut items = reply.items().ok_or_else(|| unclear("a role is no array"))?;
        let role = items.next().and_then(|name| name.as_bytes());
        match role.as_deref() {
            Some(b"master" | b"primary") => {
                let all = items.nth(1).and_then(|replicas| replicas.items());
                let all = all.ok_or_else(|| unclear("a primary names no replicas"))?;
                let each = all.take(MOST).filter_map(|replica| {
                    let mut words = replica.items()?;
                    endpoint(words.next().as_ref(), words.next().as_ref(), reach)
                });
                Ok(Self::Primary { replicas: each.collect() })
            }
            Some(b"slave" | b"replica") => {
                let (host, port) = (items.next(), items.next());
                Ok(Self::Replica { of: endpoint(host.as_ref(), port.as_ref(), reach) })
            }
            Some(b"sentinel") => Ok(Self::Sentinel),
            _ => Err(unclear("a role is none that is known")),
        }
    }
}

/// What is said of one instance
#[derive(Default)]
struct Facts {
    host: Option<Arc<str>>,
    port: Option<u16>,
    id: Option<Arc<str>>,
    epoch: Option<u64>,
    is_down: bool,
    /// Its link to its primary is up.
    is_linked: bool,
    is_hidden: bool,
}

impl Facts {
    /// Of a map, or the flat array that it is in RESP2.
    fn of(reply: &Reply<'_>) -> Self {
        let mut facts = Self::default();
        let Some(mut items) = reply.items() else { return facts };
        while let (Some(name), Some(value)) = (items.next(), items.next()) {
            let (Some(name), Some(text)) = (name.as_bytes(), value.as_str()) else { continue };
            match &*name {
                b"ip" => facts.host = short(&text),
                b"port" => facts.port = text.parse().ok().filter(|port| *port != 0),
                b"runid" => facts.id = short(&text),
                b"config-epoch" => facts.epoch = text.parse().ok(),
                // Words, of which one may be part of another.
                b"flags" => {
                    let down = ["s_down", "o_down", "disconnected"];
                    facts.is_down = text.split(',').any(|flag| down.contains(&flag));
                }
                b"master-link-status" => facts.is_linked = text == "ok",
                b"replica-announced" => facts.is_hidden = text == "0",
                _ => {}
            }
        }
        facts
    }

    fn endpoint(&self, reach: Reach<'_>) -> Option<Endpoint> {
        Some(reach(self.host.as_deref()?, self.port?))
    }

    fn is_usable_replica(&self) -> bool {
        !self.is_down && self.is_linked && !self.is_hidden
    }
}

/// Each instance of a list of which `read` makes something: one without an address is as if it were not there.
fn instances<T>(list: &Reply<'_>, read: impl FnMut(Facts) -> Option<T>) -> Result<Vec<T>, Unclear> {
    let all = list.items().ok_or_else(|| unclear("a list of instances is no array"))?;
    let mut count = 0;
    let counted = all.inspect(|_| count += 1).take(MOST + 1);
    let read: Vec<T> = counted.map(|instance| Facts::of(&instance)).filter_map(read).collect();
    if count > MOST {
        return Err(unclear("a list has more than 256 instances"));
    }
    Ok(read)
}

fn endpoint(
    host: Option<&Reply<'_>>,
    port: Option<&Reply<'_>>,
    reach: Reach<'_>,
) -> Option<Endpoint> {
    let host = host?.as_str().and_then(|host| short(&host))?;
    let port = port.and_then(|port| u16::try_from(port.as_i64()?).ok())?;
    (port != 0).then(|| reach(&host, port))
}

fn short(text: &str) -> Option<Arc<str>> {
    (!text.is_empty() && text.len() <= LONGEST).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(host: &str, port: u16) -> Endpoint {
        Endpoint::tcp(host, port)
    }

    fn frame(bytes: &str) -> crate::Result<Frame> {
        Ok(role(bytes))
    }

    fn role(bytes: &str) -> Frame {
        Frame::copy_from_slice(bytes.as_bytes())
    }

    fn bulk(text: &str) -> String {
        format!("${}\r\n{text}\r\n", text.len())
    }

    /// An instance of `name=value` words, in RESP3 or RESP2.
    fn instance(text: &str, resp3: bool) -> String {
        let pairs: Vec<_> = text.split(' ').filter_map(|word| word.split_once('=')).collect();
        let items: String = pairs.iter().map(|(name, value)| bulk(name) + &bulk(value)).collect();
        match resp3 {
            true => format!("%{}\r\n{items}", pairs.len()),
            false => format!("*{}\r\n{items}", 2 * pairs.len()),
        }
    }

    fn list(instances: &[&str], resp3: bool) -> crate::Result<Frame> {
        let all: String = instances.iter().map(|text| instance(text, resp3)).collect();
        frame(&format!("*{}\r\n{all}", instances.len()))
    }

    fn address(host: &str, port: &str) -> crate::Result<Frame> {
        frame(&format!("*2\r\n{}{}", bulk(host), bulk(port)))
    }

    fn at(port: u16) -> Endpoint {
        Endpoint::tcp("10.0.0.1", port)
    }

    #[test]
    fn an_answer_is_the_same_in_both_protocols() {
        for resp3 in [false, true] {
            let replicas = [
                "name=a ip=10.0.0.1 port=1 flags=slave master-link-status=ok later=x",
                "ip=10.0.0.1 port=2 flags=slave,s_down master-link-status=ok",
                "ip=10.0.0.1 port=3 flags=slave,disconnected master-link-status=ok",
                "ip=10.0.0.1 port=4 flags=slave master-link-status=err",
                "ip=10.0.0.1 port=5 flags=slave master-link-status=ok replica-announced=0",
                "ip=10.0.0.1 port=6 flags=slave,not_s_down master-link-status=ok replica-announced=1",
                "ip=10.0.0.1 port=0 flags=slave",
            ];
            let replies = [
                address("10.0.0.1", "7000"),
                frame(&instance("name=m ip=10.0.0.9 port=9 flags=master config-epoch=12", resp3)),
                list(&replicas, resp3),
                list(&["ip=10.0.0.1 port=26379 runid=abc flags=sentinel"], resp3),
                frame("$3\r\nown\r\n"),
            ];
            let answer = Answer::read(&replies, &reach).unwrap();
            // What the sentinel hands out counts, not what it is in the middle of.
            assert_eq!(answer.primary, Some(at(7000)));
            assert_eq!((answer.epoch, answer.id.as_deref()), (Some(12), Some("own")));
            let usable: Vec<bool> = answer.replicas.iter().map(|replica| replica.usable).collect();
            assert_eq!(usable, [true, false, false, false, false, true]);
            let peer = Peer { id: Some("abc".into()), endpoint: at(26379) };
            assert_eq!(answer.sentinels, [peer]);
        }
    }

    #[test]
    fn only_the_address_is_needed() {
        let denied = || frame("-NOPERM no\r\n");
        let replies = [address("10.0.0.1", "7000"), denied(), denied(), denied(), denied()];
        let none = || Err(crate::Error::rejected("SENTINEL", "no"));
        assert!(Answer::read(&[none()], &reach).is_err());
        let some = [address("10.0.0.1", "7000"), none(), none(), none(), none()];
        let expected = Answer { primary: Some(at(7000)), ..Answer::default() };
        assert_eq!(Answer::read(&replies, &reach), Ok(expected.clone()));
        assert_eq!(Answer::read(&some, &reach), Ok(expected.clone()));
        assert_eq!(Answer::read(&replies[..1], &reach), Ok(expected));
        for none in ["*-1\r\n", "_\r\n", "$-1\r\n"] {
            let replies = [frame(none), frame("-ERR No such master with that name\r\n")];
            assert_eq!(Answer::read(&replies, &reach), Ok(Answer::default()));
        }
        let mapped = Answer::read(&replies, &|_, port| Endpoint::tcp("gate", port)).unwrap();
        assert_eq!(mapped.primary, Some(Endpoint::tcp("gate", 7000)));
    }

    #[test]
    fn what_is_malformed_is_no_answer() {
        let long = "x".repeat(256);
        for first in [
            frame("-NOAUTH Authentication required.\r\n"),
            frame("+OK\r\n"),
            frame("*0\r\n"),
            frame("*1\r\n$1\r\nh\r\n"),
            address("h", "0"),
            address("h", "65536"),
            address("h", "port"),
            address("", "1"),
            address(&long, "1"),
        ] {
            assert!(Answer::read(std::slice::from_ref(&first), &reach).is_err(), "{first:?}");
        }
        let ok = || address("h", "1");
        let many = vec!["ip=h port=1"; MOST + 1];
        for list in [frame("+OK\r\n"), list(&many, false)] {
            assert!(Answer::read(&[ok(), ok(), list.clone()], &reach).is_err());
            assert!(Answer::read(&[ok(), ok(), frame("*0\r\n"), list], &reach).is_err());
        }
        let most = [ok(), ok(), list(&many[1..], true)];
        assert_eq!(Answer::read(&most, &reach).unwrap().replicas.len(), MOST);
        assert!(Answer::read(&[], &reach).is_err());
    }

    #[test]
    fn roles_are_read() {
        let read = |text: &str| RoleSaid::read(&role(text), &reach);
        let one = "*3\r\n$8\r\n10.0.0.1\r\n$1\r\n2\r\n$1\r\n9\r\n";
        let primary = format!("*3\r\n$6\r\nmaster\r\n:9\r\n*1\r\n{one}");
        assert_eq!(read(&primary), Ok(RoleSaid::Primary { replicas: vec![at(2)] }));
        let replica = "*5\r\n$5\r\nslave\r\n$8\r\n10.0.0.1\r\n:7\r\n$9\r\nconnected\r\n:9\r\n";
        assert_eq!(read(replica), Ok(RoleSaid::Replica { of: Some(at(7)) }));
        let sentinel = "*2\r\n$8\r\nsentinel\r\n*1\r\n$1\r\nm\r\n";
        assert_eq!(read(sentinel), Ok(RoleSaid::Sentinel));
        for text in
            ["-LOADING x\r\n", "+OK\r\n", "*0\r\n", "*1\r\n$6\r\nmaster\r\n", "*1\r\n+x\r\n"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
