//! Reading from replicas: which of them callers find, and the task that looks after them.
//!
//! Each replica that is read from has a connection for that alone, on which a server of a cluster serves reads (`READONLY`).
//! On the connection for other commands it must not: should the replica become a primary and then a replica again, reads
//! that are meant for the primary would get old data and no redirect.
//!
//! The task runs only while something is read from replicas. It connects to them and asks them how far they are, so that
//! callers find those that are well by a few loads.

use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{Weak, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures::future::{join, join_all};

use super::{
    super::{Ears, node::Node, reader::Reader},
    asking::ask_role,
    nodes::Many,
    readers::{MOST, Shard},
};
use crate::{
    Result,
    clock::NEVER,
    connection::{Link, Phase, ReadFrom, Reading, Router},
    topology::{NOBODY, NodeId, Role, Standing},
};

/// How often replicas are asked, in microseconds, while no lag is too long.
const PERIOD: u64 = 1_000_000;

/// For each server of the cluster this much longer.
const PERIOD_OF_EACH: u64 = 10_000;

/// While it is not known which replicas can be used, they are looked at this often, in microseconds.
const BRISK: u64 = 10_000;

/// The shortest time between two questions, in microseconds, however short the lag may be.
const SHORTEST: u64 = 5_000;

/// A shard of which no replica was read from for so long is not looked after any more, in microseconds.
const IDLE: u64 = 10_000_000;

/// The time that a server has for an answer.
const LIMIT: Duration = Duration::from_millis(500);

/// Why connections for reading end.
const NO_REPLICA: &str = "it is no replica any more";

impl Many {
    /// Where a command goes that only reads, and whose keys are in this slot.
    pub(super) fn read_at(&self, slot: u16, from: ReadFrom) -> Reading<'_> {
        let owner = self.slots.owner(slot);
        let shard = match owner {
            NOBODY => None,
            owner => self.readers.shard(owner),
        };
        let Some(shard) = shard else {
            return match from {
                ReadFrom::Replica => Reading::Soon,
                _ => Reading::Primary,
            };
        };
        if !shard.wanted.load(Relaxed) {
            shard.wanted.store(true, Relaxed);
        }
        if !shard.tended.load(Relaxed) {
            self.tend_soon();
        }
        let bound = self.options.longest_lag();
        let now = if bound == NEVER { 0 } else { self.clock.now() };
        let mut numbers = [NOBODY; MOST];
        let mut count = 0;
        for (place, number) in numbers.iter_mut().zip(shard.replicas()) {
            *place = number;
            count += 1;
        }
        let (near, far) =
            numbers[..count].split_at(usize::from(shard.near.load(Relaxed)).min(count));
        let turn = (u64::from(slot).wrapping_add(self.readers.seed)) as usize;
        let find = |among: &[NodeId], good: bool| {
            let turn = turn.checked_rem(among.len()).unwrap_or(0);
            let (last, first) = among.split_at(turn);
            first.iter().chain(last).find_map(|number| self.readable(*number, good, now))
        };
        let primary = || self.made(owner).is_some_and(Node::is_ready);
        let nearest = from == ReadFrom::Nearest && !near.is_empty() | shard.is_near.load(Relaxed);
        if nearest {
            if let Some(link) = find(near, true) {
                return Reading::Replica(link);
            }
            if shard.is_near.load(Relaxed) && primary() {
                return Reading::Primary;
            }
            if let Some(link) = find(far, true) {
                return Reading::Replica(link);
            }
        } else if let Some(link) = find(&numbers[..count], true) {
            return Reading::Replica(link);
        }
        // None is known to be well.
        let demanded = from == ReadFrom::Replica;
        if !demanded && (bound != NEVER || primary()) {
            return Reading::Primary;
        }
        if bound == NEVER
            && let Some(link) = find(&numbers[..count], false)
        {
            return Reading::Replica(link);
        }
        match (demanded, count) {
            (false, _) => Reading::Primary,
            (true, 0) => Reading::Nowhere("the primary has none"),
            (true, _) if !shard.settled.load(Relaxed) => Reading::Soon,
            (true, _) if bound == NEVER => Reading::Nowhere("none is connected"),
            (true, _) => Reading::Nowhere("none is known to be within maxReplicaLag"),
        }
    }

    /// The connection for reading from this replica, if it is ready; and, where that is asked for, well.
    fn readable(&self, number: NodeId, good: bool, now: u64) -> Option<&Link> {
        let reader = self.made(number)?.reader.get()?;
        let is_good = reader.good_until.load(Relaxed) > now;
        let link = &*reader.link;
        (is_good || (!good && reader.is_replica.load(Relaxed)))
            .then_some(link)
            .filter(|link| link.with(|core| core.phase == Phase::Ready))
    }

    /// A replica did not serve a command: others do, until it has answered the task.
    pub(super) fn not_readable(&self, link: &Link) {
        if let Some((_, reader)) = self.reader_of(link) {
            reader.good_until.store(0, Relaxed);
        }
    }

    /// The reader whose link this is, and the number of its server.
    fn reader_of(&self, link: &Link) -> Option<(NodeId, &Reader)> {
        let mut readers =
            self.numbered().filter_map(|(number, node)| Some((number, node.reader.get()?)));
        readers.find(|(_, reader)| std::ptr::eq(&*reader.link, link))
    }

    /// There is a new connection: what the server said before does not count.
    pub(super) fn renew_reader(&self, link: &Link) {
        let Some((number, reader)) = self.reader_of(link) else { return };
        reader.good_until.store(0, Relaxed);
        reader.is_replica.store(false, Relaxed);
        // Callers that want a replica of this shard wait for what the server says.
        for (_, shard) in self.readers.shards.iter() {
            if shard.replicas().any(|replica| replica == number) {
                shard.settled.store(false, Relaxed);
            }
        }
        self.readers.wake.hint();
    }

    /// Notes which replicas there are.
    pub(super) fn settle_readers(&self) {
        let zone = self.options.own_zone();
        let mut shards: HashMap<NodeId, (Vec<NodeId>, Vec<NodeId>, bool)> = HashMap::new();
        {
            let map = self.lock();
            for number in map.members() {
                let Some(node) = map.get(number) else { continue };
                let is_near = zone.is_some() && node.zone.as_ref() == zone;
                match node.role {
                    Role::Primary => shards.entry(number).or_default().2 = is_near,
                    Role::Replica { of } if is_near => shards.entry(of).or_default().0.push(number),
                    Role::Replica { of } => shards.entry(of).or_default().1.push(number),
                    Role::Gone => {}
                }
            }
        }
        for (number, shard) in self.readers.shards.iter() {
            if !shards.contains_key(&(number as NodeId)) {
                shard.set(&[], &[], false);
            }
        }
        let mut replicas = Vec::new();
        for (primary, (near, far, is_near)) in &shards {
            if let Some(shard) = self.readers.shard(*primary) {
                shard.set(near, far, *is_near);
            }
            replicas.extend(near.iter().chain(far));
        }
        for (number, node) in self.numbered() {
            if let Some(reader) = node.reader.get()
                && !replicas.contains(&number)
            {
                reader.link.with(|core| core.hold(NO_REPLICA));
            }
        }
        self.readers.wake.hint();
    }

    /// Has the task look at replicas at once.
    #[cold]
    fn tend_soon(&self) {
        match self.readers.kept.swap(true, Relaxed) {
            true => self.readers.wake.hint(),
            false => self.clock.runtime.spawn(Box::pin(keep(self.me.clone()))),
        }
    }

    /// Looks at the replicas of all shards that are read from; how long until the next time, in microseconds. `None` if
    /// there are none.
    async fn tend(&self) -> Option<u64> {
        let mut tended = Vec::new();
        let now = self.clock.now();
        for (number, shard) in self.readers.shards.iter() {
            let mut care = shard.care();
            if shard.wanted.swap(false, Relaxed) {
                care.wanted_at = now;
                shard.tended.store(true, Relaxed);
            } else if shard.tended.load(Relaxed) && now.saturating_sub(care.wanted_at) >= IDLE {
                shard.tended.store(false, Relaxed);
                shard.settled.store(false, Relaxed);
            }
            if shard.tended.load(Relaxed) {
                tended.push((number as NodeId, shard));
            }
        }
        if tended.is_empty() {
            return None;
        }
        let rounds = tended.into_iter().map(|(primary, shard)| self.tend_shard(primary, shard));
        if !join_all(rounds).await.into_iter().all(|settled| settled) {
            return Some(BRISK);
        }
        let period = PERIOD.max(PERIOD_OF_EACH.saturating_mul(self.lock().size() as u64));
        Some(match self.options.longest_lag() {
            NEVER => period,
            bound => (bound / 4).clamp(SHORTEST, PERIOD),
        })
    }

    /// Asks the replicas of a shard how far they are; whether it is known of each of them now if it can be used.
    async fn tend_shard(&self, primary: NodeId, shard: &Shard) -> bool {
        let bound = self.options.longest_lag();
        let (mut asked, mut settled) = (Vec::new(), true);
        if shard.replicas().next().is_none() {
            // After a failover servers name replicas only once these have said how far they are.
            let (now, mut care) = (self.clock.now(), shard.care());
            if now.saturating_sub(care.missed_at) >= PERIOD {
                care.missed_at = now;
                self.wake.hint();
            }
        }
        for number in shard.replicas() {
            let Some(node) = self.node(number) else { continue };
            let reader = node.reader.get_or_init(|| self.make_reader(node));
            let (phase, failed) = reader.link.with(|core| {
                if core.is_held() {
                    core.go(false);
                } else {
                    core.want();
                }
                (core.phase, core.redial.failed_attempts > 0)
            });
            match phase {
                Phase::Ready => asked.push(reader),
                _ => settled &= failed,
            }
        }
        let of_primary = async {
            if bound == NEVER || asked.is_empty() {
                return;
            }
            let at = self.clock.now();
            if let Some(node) = self.node(primary)
                && let Ok(Some(Standing::Primary { sent })) = standing(&node.link).await
            {
                shard.care().marks.note(at, sent);
            }
        };
        let of_replicas = join_all(asked.iter().map(|reader| standing(&reader.link)));
        let ((), answers) = join(of_primary, of_replicas).await;
        for (reader, answer) in asked.into_iter().zip(answers) {
            // Without an answer nothing new is known of its role.
            let (is_replica, good_until) = match answer {
                Ok(Some(Standing::Replica { follows: true, .. })) if bound == NEVER => {
                    (Some(true), NEVER)
                }
                Ok(Some(Standing::Replica { .. })) if bound == NEVER => (Some(true), 0),
                Ok(Some(Standing::Replica { applied, .. })) => {
                    let covered = shard.care().marks.covers(applied);
                    (Some(true), covered.map_or(0, |at| at.saturating_add(bound)))
                }
                Ok(Some(Standing::Primary { .. })) => {
                    self.wake.hint();
                    (Some(false), 0)
                }
                // A user who may not ask.
                Err(error) if error.is_server() => {
                    (Some(true), if bound == NEVER { NEVER } else { 0 })
                }
                _ => (None, 0),
            };
            if let Some(is_replica) = is_replica {
                reader.is_replica.store(is_replica, Relaxed);
            }
            reader.good_until.store(good_until, Relaxed);
        }
        if settled {
            shard.settled.store(true, Relaxed);
        }
        settled
    }

    fn make_reader(&self, node: &Node) -> Reader {
        let router: Weak<dyn Router> = self.me.clone();
        let ears = Ears { hub: self.hub.clone(), router: Some(router), ..Ears::default() };
        let endpoint = node.link.endpoint();
        let reader = Reader::start(&self.options, &self.environment, &self.clock, endpoint, ears);
        if self.is_closed() {
            reader.link.abort();
        }
        reader
    }
}

/// The task: runs while replicas are read from, and no longer than the multiplexer is open.
async fn keep(many: Weak<Many>) {
    while let Some(open) = many.upgrade().filter(|many| !many.is_closed()) {
        let pause = open.tend().await;
        let Some(pause) = pause else {
            open.readers.kept.store(false, Relaxed);
            let wanted = |shard: &Shard| shard.wanted.load(Relaxed);
            let again = open.readers.shards.iter().any(|(_, shard)| wanted(shard));
            if again && !open.readers.kept.swap(true, Relaxed) {
                continue;
            }
            return;
        };
        let mut timer = open.clock.runtime.timer(open.clock.instant(open.clock.now() + pause));
        let wake = open.readers.wake.clone();
        // Who closes the multiplexer does not wait for this task.
        drop(open);
        poll_fn(|cx| match wake.poll(cx).is_ready() || timer.poll_expired(cx).is_ready() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        })
        .await;
    }
}

/// What a server says of its role.
async fn standing(link: &Link) -> Result<Option<Standing>> {
    ask_role(link, LIMIT).await.map(|reply| Standing::read(&reply))
}
