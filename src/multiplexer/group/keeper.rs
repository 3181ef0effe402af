//! The task that chooses the member in use.

use std::{
    future::poll_fn,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use futures::stream::{FuturesUnordered, StreamExt};
use redmux_transport::{BoxFuture, Timer};

use super::{
    checks::look_after,
    member::{Health, Member},
    roster::Roster,
};
use crate::{
    Delivery, Error, ErrorKind,
    clock::{NEVER, micros},
    error::ConnectStage,
    events::Event,
    topology::{Candidate, Fuse, LOOKS, Rules, Verdict, choose},
};

/// After a change, callers that were on their way to the former member are looked for this long, and this often, in
/// microseconds.
const STRAYS: u64 = 1_000_000;
const STRAYS_EVERY: u64 = 20_000;

/// How long commands are looked at after a doubt, where no rate of failures is asked for, in microseconds.
const WINDOW: u64 = 2_000_000;

struct Keeper {
    roster: Arc<Roster>,
    checks: FuturesUnordered<BoxFuture<'static, ()>>,
    /// By number: whether there was a connection when it was last looked at. Each of these is probed.
    connected: Vec<bool>,
    /// When the first choice waits no longer for those of which nothing is known.
    patience: u64,
    /// Until then strays are looked for.
    strays_until: u64,
    /// How the commands of this member do.
    fuse: (Option<usize>, Fuse),
    /// When they are looked at, and until when.
    fuse_at: u64,
    fuse_until: u64,
    timer: Box<dyn Timer>,
}

/// Keeps the group until it is closed.
pub(super) async fn run(roster: Arc<Roster>) {
    let clock = roster.clock.clone();
    let limit = micros(Some(roster.settings.timeout));
    let mut keeper = Keeper {
        roster,
        checks: FuturesUnordered::new(),
        connected: Vec::new(),
        patience: clock.now().saturating_add(limit),
        strays_until: 0,
        fuse: (None, Fuse::default()),
        fuse_at: 0,
        fuse_until: 0,
        timer: clock.runtime.timer(clock.runtime.now()),
    };
    while keeper.turn() {
        poll_fn(|cx| keeper.poll_news(cx)).await;
    }
    keeper.roster.first.settle(Err(Error::closed()));
    keeper.roster.done(u64::MAX);
}

impl Keeper {
    /// Waits until there is something to do.
    fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(Some(())) = self.checks.poll_next_unpin(cx) {}
        let mut is_news = self.roster.wake.poll(cx).is_ready();
        for (number, member) in self.roster.present() {
            for link in member.deployment.nodes().into_iter().flat_map(|node| node.links()) {
                link.with(|core| core.wake_at_change(cx.waker()));
            }
            is_news |= self.connected.get(number) != Some(&member.is_connected());
        }
        match is_news || self.timer.poll_expired(cx).is_ready() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Does what is to be done now; whether there is anything left to do.
    fn turn(&mut self) -> bool {
        if self.roster.is_closed() {
            return false;
        }
        let (wish, asked) = self.roster.asked();
        let doubted = self.look();
        let roster = self.roster.clone();
        let now = roster.clock.now();
        let look_at = self.look_at_commands(doubted, now);
        let rules =
            Rules { failback: micros(Some(roster.settings.failback)), patience: self.patience };
        let mut until = look_at;
        let active = roster.active_number();
        let candidate =
            |(number, member): (usize, &Member)| member.candidate(active == Some(number));
        let all: Vec<Candidate> = roster.numbered().map(candidate).collect();
        match choose(&all, active, wish, rules, now) {
            Verdict::Stay { until: moment } => until = until.min(moment),
            Verdict::Go { to, because } => {
                roster.switch(to, because);
                roster.first.settle(Ok(()));
                self.strays_until = now.saturating_add(STRAYS);
                // Others may have become well meanwhile.
                roster.wake.hint();
            }
        }
        self.part();
        self.despair();
        roster.collect_strays();
        if now < self.strays_until {
            until = until.min(now.saturating_add(STRAYS_EVERY));
        }
        roster.done(asked);
        self.timer.reset(roster.clock.instant(until));
        true
    }

    /// Looks what has become of the commands of the member in use; when to look again.
    fn look_at_commands(&mut self, doubted: bool, now: u64) -> u64 {
        let Some((blow, pause)) = self.roster.settings.blow() else { return NEVER };
        let active = self.roster.active_number();
        let Some(member) = active.and_then(|number| self.roster.member(number)) else {
            return NEVER;
        };
        let window = blow.rate.map_or(WINDOW, |rate| rate.window);
        if doubted {
            self.fuse_until = now.saturating_add(window);
        }
        if self.fuse.0 != active {
            self.fuse = (active, Fuse::default());
            self.fuse_at = now;
        } else if now >= self.fuse_until {
            return NEVER;
        }
        if now >= self.fuse_at {
            self.fuse_at = now.saturating_add((window / LOOKS).max(1));
            if member.patience(now).is_some() {
                // What fails during announced maintenance is no sign of anything else.
                self.fuse.1 = Fuse::default();
            }
            let is_blown = self.fuse.1.look(&blow, now, member.ended());
            if is_blown || member.is_refusing(now) {
                self.fuse.1 = Fuse::default();
                if let Some(change) = member.trip(pause, now) {
                    self.roster.hub.publish(Event::MemberHealthChanged(change));
                }
            }
        }
        self.fuse_at
    }

    /// Looks what has become of the connections, and has members probed of which something is new. Whether something
    /// may be wrong with the one in use.
    fn look(&mut self) -> bool {
        let doubted = self.roster.doubted.swap(false, Ordering::AcqRel);
        let active = self.roster.active_number();
        for (number, member) in self.roster.numbered() {
            let is_connected = member.is_connected();
            match self.connected.get_mut(number) {
                None => {
                    self.connected.push(is_connected);
                    self.checks.push(Box::pin(look_after(self.roster.clone(), number)));
                }
                Some(was) => {
                    let changed = std::mem::replace(was, is_connected) != is_connected;
                    if changed || doubted && active == Some(number) {
                        member.kick.hint();
                    }
                }
            }
        }
        doubted
    }

    /// Closes the connections of those that were told to leave, once others are used.
    fn part(&mut self) {
        let active = self.roster.active_number();
        for (number, member) in self.roster.numbered() {
            let mut condition = member.condition();
            if !condition.leaves || condition.left || active == Some(number) {
                continue;
            }
            condition.left = true;
            drop(condition);
            member.kick.hint();
            let roster = self.roster.clone();
            self.roster.clock.runtime.spawn(Box::pin(async move {
                if let Some(member) = roster.member(number) {
                    member.deployment.close().await;
                }
            }));
        }
    }

    /// Says so to the one who connects, if nobody is well.
    fn despair(&self) {
        let roster = &self.roster;
        if roster.active_number().is_some() {
            return;
        }
        let conditions = || roster.present().map(|(_, member)| member.condition().clone());
        if conditions().any(|condition| condition.health != Health::Ill) {
            return;
        }
        let heaviest =
            conditions().reduce(|one, other| if other.weight > one.weight { other } else { one });
        let Some(cause) = heaviest.and_then(|condition| condition.last_error) else { return };
        roster.lobby.link.with(|core| core.note_trouble(cause.clone()));
        let outcome = match roster.settings.aborts {
            true => {
                let stage = match cause.kind() {
                    ErrorKind::Connect(stage) => stage,
                    _ => ConnectStage::Dial,
                };
                let error = Error::new(ErrorKind::Connect(stage), Delivery::NotSent);
                Err(error.detail("no member of the group is healthy").source(cause))
            }
            false => Ok(()),
        };
        roster.first.settle(outcome);
    }
}
