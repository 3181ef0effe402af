//! One primary and its replicas: all servers are asked for their role.

use std::{
    collections::HashMap,
    future::poll_fn,
    net::IpAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
    time::Duration,
};

use futures::stream::{FuturesUnordered, StreamExt};
use redmux_transport::Endpoint;

use super::{
    asking::{Answer, ask_role, read_role},
    nodes::Many,
};
use crate::{
    Call, Delivery, Error, ErrorKind, Result,
    connection::Link,
    error::ConnectStage,
    options::AnnouncedNode,
    topology::{Elected, Map, NodeId, Seen, View, elect, sentinel::RoleSaid},
};

/// The time of a server that there is a connection to, or should be.
const LIMIT: Duration = Duration::from_secs(1);

/// Once a server has said that it is the primary, the others have this time left.
const GRACE: Duration = Duration::from_millis(150);

/// While none is the primary, names are resolved anew this often, in microseconds.
const RESOLVE_AGAIN: u64 = 1_000_000;

/// What one server has said
type Said = (NodeId, Result<RoleSaid>);

impl Many {
    /// What the servers say of their roles, as a map of all slots: the primary has them.
    pub(super) async fn ask_roles(&self) -> Result<Answer, Option<Error>> {
        let asked = self.clock.now();
        let mut said = self.roles(self.members_and_seeds()).await;
        if !said.iter().any(|(_, role)| matches!(role, Ok(RoleSaid::Primary { .. }))) {
            // Replicas know their primary, which the options need not.
            let named = self.named_primaries(&said);
            said.extend(self.roles(named).await);
        }
        let servers: Vec<(NodeId, Endpoint, Option<RoleSaid>)> = {
            let map = self.lock();
            let known = said.iter().filter_map(|(number, role)| {
                Some((*number, map.endpoint(*number)?.clone(), role.as_ref().ok().cloned()))
            });
            known.collect()
        };
        let incumbent = self.lock().endpoint(self.slots.owner(0)).cloned();
        let roles: Vec<_> =
            servers.iter().map(|(_, at, role)| (at.clone(), role.clone())).collect();
        let primary = match elect(&roles, incumbent.as_ref()) {
            Elected::One(place) => place,
            Elected::Several(places) => {
                let claims: Vec<(usize, &Endpoint)> =
                    places.into_iter().map(|place| (place, &servers[place].1)).collect();
                self.break_tie(&claims, &servers).await?
            }
            Elected::Nobody => {
                self.resolve_again(&servers);
                let errors = said.into_iter().filter_map(|(_, role)| role.err());
                let refused = errors.reduce(|one, other| if one.is_auth() { one } else { other });
                return Err(Some(nobody(refused)));
            }
        };
        let view = self.view_of(&servers, primary);
        Ok(Answer { by: servers[primary].0, asked, view })
    }

    fn members_and_seeds(&self) -> Vec<NodeId> {
        let mut map = self.lock();
        let mut numbers = map.members();
        self.add_seeds(&mut map, &mut numbers);
        numbers
    }

    /// The primaries that replicas name, besides the servers that were asked.
    fn named_primaries(&self, said: &[Said]) -> Vec<NodeId> {
        let mut map = self.lock();
        let mut numbers = Vec::new();
        for (_, role) in said {
            let Ok(RoleSaid::Replica { of: Some(of) }) = role else { continue };
            let number = map.node_at(of);
            let is_known = said.iter().any(|(known, _)| *known == number);
            if !is_known && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    /// Asks these servers side by side.
    async fn roles(&self, numbers: Vec<NodeId>) -> Vec<Said> {
        let count = numbers.len();
        let nodes = numbers.into_iter().filter_map(|number| Some((number, self.node(number)?)));
        let mut asked: FuturesUnordered<_> =
            nodes.map(|(number, node)| self.role_of(number, &node.link)).collect();
        let mut timer = self.clock.runtime.timer(self.clock.runtime.now());
        let mut said: Vec<Said> = Vec::with_capacity(count);
        let mut is_claimed = false;
        poll_fn(|cx| {
            while let Poll::Ready(one) = asked.poll_next_unpin(cx) {
                let Some(one) = one else { return Poll::Ready(()) };
                if !is_claimed && matches!(one.1, Ok(RoleSaid::Primary { .. })) {
                    is_claimed = true;
                    timer.reset(self.clock.runtime.after(GRACE));
                }
                said.push(one);
            }
            match is_claimed && timer.poll_expired(cx).is_ready() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        said
    }

    async fn role_of(&self, number: NodeId, link: &Link) -> Said {
        let limit = if self.first.is_pending() { self.options.connect_timeout } else { LIMIT };
        let reply = ask_role(link, limit).await;
        let reach =
            |host: &str, port: u16| self.options.endpoint_of(&AnnouncedNode::new(host, port));
        (number, reply.and_then(|reply| read_role(&reply, &reach)))
    }

    /// Asks those that say that they are primaries which one the operator has named, as StackExchange.Redis does.
    async fn break_tie(
        &self,
        claims: &[(usize, &Endpoint)],
        servers: &[(NodeId, Endpoint, Option<RoleSaid>)],
    ) -> Result<usize, Option<Error>> {
        let mut votes: HashMap<usize, usize> = HashMap::new();
        if let Some(key) = self.options.tiebreak_key() {
            for (place, _) in claims {
                let Some(node) = self.node(servers[*place].0) else { continue };
                let name = self.options.commands().name_of("GET").to_owned();
                let call = Call::<Option<String>, _>::new(&node.link, name, &*key).timeout(LIMIT);
                let Ok(Some(named)) = call.await else { continue };
                let named = claims.iter().find(|(_, at)| at.to_string() == named.trim());
                if let Some((named, _)) = named {
                    *votes.entry(*named).or_default() += 1;
                }
            }
        }
        let most = votes.values().max().copied().unwrap_or(0);
        let mut best = votes.iter().filter(|(_, count)| **count == most);
        match (best.next(), best.next()) {
            (Some((place, _)), None) => Ok(*place),
            _ => {
                let named: Vec<String> = claims.iter().map(|(_, at)| at.to_string()).collect();
                let named = named.join(", ");
                Err(Some(Error::config(format!(
                    "endpoints: several servers say that they are the primary, and no replica follows one of them: {named}"
                ))))
            }
        }
    }

    /// A name may lead to another server by now than to the one that there is a connection to.
    fn resolve_again(&self, servers: &[(NodeId, Endpoint, Option<RoleSaid>)]) {
        let now = self.clock.now();
        let last = self.resolved_at.load(Relaxed);
        if now.saturating_sub(last) < RESOLVE_AGAIN {
            return;
        }
        self.resolved_at.store(now, Relaxed);
        for (number, at, role) in servers {
            let is_name =
                matches!(at, Endpoint::Tcp { host, .. } if host.parse::<IpAddr>().is_err());
            if let (true, Some(RoleSaid::Replica { .. }), Some(node)) =
                (is_name, role, self.made(*number))
            {
                node.link.with(|core| core.ask_for_another_stream());
            }
        }
    }

    /// The map by which the server at this place is the primary.
    fn view_of(&self, servers: &[(NodeId, Endpoint, Option<RoleSaid>)], primary: usize) -> View {
        let follows = |role: &Option<RoleSaid>| matches!(role, Some(RoleSaid::Replica { .. }));
        let mut members = vec![servers[primary].0];
        // Another one that says it is a primary is no place to read from. One that says nothing may come back.
        let others = servers.iter().enumerate().filter(|(place, _)| *place != primary);
        let others = others.filter(|(_, (.., role))| role.is_none() || follows(role));
        members.extend(others.map(|(_, (number, ..))| *number));
        let mut map = self.lock();
        let announced = match &servers[primary].2 {
            Some(RoleSaid::Primary { replicas }) => replicas.as_slice(),
            _ => &[],
        };
        // By other addresses than those of the options they are the same servers, unless there are more of them.
        if announced.len() > servers.iter().filter(|(.., role)| follows(role)).count() {
            for replica in announced {
                let number = map.node_at(replica);
                if !members.contains(&number) {
                    members.push(number);
                }
            }
        }
        let nodes = members.iter().filter_map(|number| self.seen(&map, *number));
        View::of_one_shard(nodes.collect())
    }

    /// A member as a view names it, with the zone that the options say it is in, or it has said itself.
    pub(super) fn seen(&self, map: &Map, number: NodeId) -> Option<Seen> {
        let known = map.get(number)?;
        let zone_of = |link: &Arc<Link>| {
            link.with(|core| core.wire.server.as_ref()?.availability_zone.clone())
        };
        let zone = self.made(number).and_then(|node| node.links().find_map(zone_of));
        let zone = self.options.zone_at(&known.endpoint).or_else(|| zone.map(Arc::from));
        let zone = zone.or_else(|| known.zone.clone());
        Some(Seen { id: known.id.clone(), endpoint: known.endpoint.clone(), zone })
    }
}

fn nobody(cause: Option<Error>) -> Error {
    match cause {
        Some(error) if error.is_auth() || error.is_server() => error,
        cause => {
            let error = Error::new(ErrorKind::Connect(ConnectStage::Handshake), Delivery::NotSent);
            let error = error.detail("none of the servers that answer is a primary");
            match cause {
                Some(cause) => error.source(cause),
                None => error,
            }
        }
    }
}
