//! Does to the cluster what is ordered, or what its script says when nobody orders anything.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use redmux_test_support::RedisCluster;

use super::stage::{Order, Stage, name};
use super::view::{Member, is_in_step, view};

const SCRIPT: [Order; 4] =
    [Order::Move, Order::Kill(None), Order::Back(None), Order::FailOver(None)];
/// Between two acts of the script, and after an order.
const PAUSE: Duration = Duration::from_secs(8);
const AFTER_ORDER: Duration = Duration::from_secs(20);
/// How long an election or a copy may take; a loaded machine is slow.
const LIMIT: Duration = Duration::from_secs(30);
/// A replica of Redis 7.0 that takes over again within 4 s loses what it acknowledged meanwhile.
const VOTES: Duration = Duration::from_millis(4500);
const SLOTS_AT_A_TIME: usize = 512;
/// So that somebody who looks sees them go.
const PER_SLOT: Duration = Duration::from_millis(4);

type Outcome = Result<(), String>;

pub(crate) struct Director {
    stage: Arc<Stage>,
    /// When each server has last become a primary.
    elected: Vec<Option<Instant>>,
    step: usize,
}

impl Director {
    pub(crate) fn new(stage: Arc<Stage>) -> Self {
        Self { stage, elected: Vec::new(), step: 0 }
    }

    /// Goes on until the demo ends.
    pub(crate) fn run(mut self, cluster: &Weak<RedisCluster>, orders: &Receiver<Order>) {
        self.plan(PAUSE);
        while !self.stage.is_over() {
            let next = self.stage.lock().next;
            let mut pause = AFTER_ORDER;
            let order = match orders.recv_timeout(Duration::from_millis(100)) {
                Ok(Order::Auto(is_automatic)) => {
                    self.stage.lock().is_automatic = is_automatic;
                    self.plan(PAUSE);
                    continue;
                }
                Ok(order) => order,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => match next {
                    Some((order, at)) if self.is_automatic() && Instant::now() >= at => {
                        self.step += 1;
                        pause = PAUSE;
                        order
                    }
                    _ => continue,
                },
            };
            let Some(cluster) = cluster.upgrade() else { return };
            self.elected.resize(cluster.nodes().len(), None);
            // A server that is killed from outside in the middle makes the helpers of tests panic.
            let act = panic::catch_unwind(AssertUnwindSafe(|| self.act(&cluster, order)));
            let outcome = act.unwrap_or_else(|_| Err("a server did not answer".to_owned()));
            self.stage.doing(None);
            if let Err(why) = outcome {
                self.stage.say("warn", why);
            }
            self.plan(pause);
        }
    }

    fn is_automatic(&self) -> bool {
        self.stage.lock().is_automatic
    }

    fn plan(&self, wait: Duration) {
        let order = SCRIPT[self.step % SCRIPT.len()];
        self.stage.lock().next = Some((order, Instant::now() + wait));
    }

    fn act(&mut self, cluster: &RedisCluster, order: Order) -> Outcome {
        match order {
            Order::Kill(place) => self.kill(cluster, place),
            Order::Back(place) => self.bring_back(cluster, place),
            Order::FailOver(place) => self.fail_over(cluster, place),
            Order::Move => self.move_slots(cluster),
            Order::Auto(_) => Ok(()),
        }
    }

    fn kill(&mut self, cluster: &RedisCluster, wanted: Option<usize>) -> Outcome {
        let members = view(cluster)?;
        let is_running = |place: usize| cluster.nodes()[place].is_running();
        let has_heir = |one: &Member| {
            let replicas = members.iter().filter(|member| member.of == Some(one.place));
            replicas.map(|replica| replica.place).any(|place| is_in_step(cluster, place))
        };
        let mut primaries: Vec<&Member> =
            members.iter().filter(|one| one.serves() && is_running(one.place)).collect();
        // Another one each time.
        primaries
            .sort_by_key(|one| self.elected[one.place].map_or(Duration::MAX, |at| at.elapsed()));
        let victim = match wanted {
            Some(place) => members.iter().find(|one| one.place == place && is_running(place)),
            None => primaries.into_iter().rev().find(|one| has_heir(one)),
        };
        let Some(victim) = victim else {
            return Err("no primary was killed: none has a replica to take over".to_owned());
        };
        let place = victim.place;
        if victim.serves() && !has_heir(victim) {
            return Err(format!("{} was not killed: it has no replica to take over", name(place)));
        }
        cluster.nodes()[place].kill();
        let killed = Instant::now();
        if !victim.serves() {
            self.stage.say("bad", format!("{} was killed, a replica", name(place)));
            return Ok(());
        }
        self.stage.say("bad", format!("{} was killed, a primary", name(place)));
        self.stage.doing(format!("{} is dead: the others elect a successor", name(place)));
        let slot = *victim.slots[0].start();
        let heir = self.until("nobody was elected", || {
            let members = view(cluster).ok()?;
            let heir = members.into_iter().find(|one| one.place != place && one.has(slot))?;
            is_running(heir.place).then_some(heir.place)
        })?;
        self.elected[heir] = Some(Instant::now());
        let took = killed.elapsed().as_secs_f64();
        self.stage.say("good", format!("{} was elected after {took:.1} s", name(heir)));
        Ok(())
    }

    fn bring_back(&self, cluster: &RedisCluster, wanted: Option<usize>) -> Outcome {
        let down: Vec<usize> = (0..cluster.nodes().len())
            .filter(|place| !cluster.nodes()[*place].is_running())
            .filter(|place| wanted.is_none_or(|wanted| wanted == *place))
            .collect();
        if down.is_empty() {
            return Err("nothing to bring back: the server runs".to_owned());
        }
        for place in down {
            self.stage.doing(format!("{} starts and copies its data", name(place)));
            // Before the election is over, it would come back as the primary that it was, and empty.
            let members = view(cluster).unwrap_or_default();
            let serves =
                |members: &[Member]| members.iter().any(|one| one.place == place && one.serves());
            let has_heir = members
                .iter()
                .any(|one| one.of == Some(place) && cluster.nodes()[one.place].is_running());
            if has_heir {
                self.until("its replica does not take over", || {
                    (!serves(&view(cluster).ok()?)).then_some(())
                })?;
            }
            let returns_empty = !has_heir && serves(&members);
            cluster.nodes()[place].try_restart().map_err(|error| error.to_string())?;
            let primary = self.until("it does not join", || {
                let one = view(cluster).ok()?.into_iter().find(|one| one.place == place)?;
                let follows = one.of.is_some() && is_in_step(cluster, place);
                (returns_empty || follows).then_some(one.of)
            })?;
            let what = match primary {
                Some(primary) => format!("as a replica of {}", name(primary)),
                None => "as a primary, and empty".to_owned(),
            };
            self.stage.say("good", format!("{} is back, {what}", name(place)));
        }
        Ok(())
    }

    fn fail_over(&mut self, cluster: &RedisCluster, wanted: Option<usize>) -> Outcome {
        let members = view(cluster)?;
        let mut replicas: Vec<&Member> = members
            .iter()
            .filter(|one| one.of.is_some_and(|of| cluster.nodes()[of].is_running()))
            .filter(|one| is_in_step(cluster, one.place))
            .filter(|one| wanted.is_none_or(|wanted| one.place == wanted || one.of == Some(wanted)))
            .collect();
        // The one whose last time was longest ago.
        replicas.sort_by_key(|one| self.elected[one.place]);
        let Some((place, of)) = replicas.first().and_then(|one| Some((one.place, one.of?))) else {
            return Err("no failover: no replica is in step with its primary".to_owned());
        };
        self.stage.doing(format!("{} takes over from {}", name(place), name(of)));
        let last = self.elected[place];
        self.until("", || last.is_none_or(|at| at.elapsed() > VOTES).then_some(()))?;
        cluster.fail_over(place);
        self.elected[place] = Some(Instant::now());
        self.stage.say("good", format!("{} has taken over from {}", name(place), name(of)));
        Ok(())
    }

    /// Moves slots from the primary that has most to the one that has fewest.
    fn move_slots(&self, cluster: &RedisCluster) -> Outcome {
        let members = view(cluster)?;
        let mut primaries: Vec<&Member> = members
            .iter()
            .filter(|one| one.serves() && cluster.nodes()[one.place].is_running())
            .collect();
        primaries.sort_by_key(|one| one.slot_count());
        let (Some(to), Some(from)) = (primaries.first(), primaries.last()) else {
            return Err("no slots were moved: no primary runs".to_owned());
        };
        if to.place == from.place {
            return Err("no slots were moved: only one primary runs".to_owned());
        }
        let slots = from.last_slots(SLOTS_AT_A_TIME);
        let others: Vec<usize> =
            primaries.iter().map(|one| one.place).filter(|place| *place != to.place).collect();
        let way = format!("from {} to {}", name(from.place), name(to.place));
        for (done, slot) in slots.iter().enumerate() {
            if done % 16 == 0 {
                self.stage.doing(format!("{done} of {} slots moved {way}", slots.len()));
            }
            if self.stage.is_over() {
                return Ok(());
            }
            thread::sleep(PER_SLOT);
            move_slot(cluster, *slot, from.place, to.place, &others)
                .map_err(|why| format!("{done} slots moved {way}, then: {why}"))?;
        }
        self.stage.say("", format!("{} slots moved {way}", slots.len()));
        Ok(())
    }

    fn until<T>(&self, fault: &str, mut found: impl FnMut() -> Option<T>) -> Result<T, String> {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(found) = found() {
                return Ok(found);
            }
            if Instant::now() >= end || self.stage.is_over() {
                return Err(format!("{fault} within {} s", LIMIT.as_secs()));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Moves a slot with its keys; all `others` learn of it.
fn move_slot(
    cluster: &RedisCluster,
    slot: u32,
    from: usize,
    to: usize,
    others: &[usize],
) -> Outcome {
    let slot = slot.to_string();
    let port = cluster.nodes()[to].port().to_string();
    let ask = |node: usize, words: &[&str]| {
        let answer = cluster.nodes()[node].try_command(words).map_err(|error| error.to_string())?;
        match answer.strip_prefix("(error) ") {
            None => Ok(answer),
            Some(error) => Err(format!("{}: {error}", name(node))),
        }
    };
    let set = |node, what: &[&str]| ask(node, &[&["CLUSTER", "SETSLOT", &slot], what].concat());
    set(to, &["IMPORTING", cluster.id(from)])?;
    set(from, &["MIGRATING", cluster.id(to)])?;
    loop {
        let keys = ask(from, &["CLUSTER", "GETKEYSINSLOT", &slot, "100"])?;
        let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
        if keys.is_empty() {
            break;
        }
        let words = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        ask(from, &[&words[..], &keys].concat())?;
    }
    let owner = ["NODE", cluster.id(to)];
    set(to, &owner)?;
    others.iter().try_for_each(|node| set(*node, &owner).map(drop))
}
