//! Which server is the primary of a service: which sentinels and servers to ask, and which to use.
//!
//! Sentinels know late and may be wrong: a partitioned one names the old primary, which may have woken and take writes
//! that are lost. So nobody is used before `ROLE` has proven it; the word with the newest epoch counts; and a server that
//! was replaced is barred until a sentinel names it again. The new primary says so itself about a second before any
//! sentinel does: while the old one is out of reach, its replicas are asked.
//!
//! The task that feeds it does this: it tells it what was learned ([`Sentinels::learn`]), does what it decides
//! ([`Sentinels::decide`]), and calls that again when something else is learned, or at the moment that it names. It
//! keeps a connection that is subscribed to [`CHANNELS`](super::CHANNELS) to each of the sentinels that are
//! [watched](Sentinels::watched).

use redmux_transport::Endpoint;

use super::{
    beliefs::{Bar, Panel, Says, Server, Servers, Verdict},
    events::Event,
    plan::{Learned, Plan, Step, Trouble},
    said::RoleSaid,
};

/// How often each sentinel is asked while all is well: an event may get lost. Times are in microseconds.
const PERIOD: u64 = 30_000_000;

/// How often each sentinel is asked while there is no primary that it has confirmed, and how often each server.
const SENTINEL_PACE: u64 = 200_000;
const SERVER_PACE: u64 = 50_000;

/// After that time without one, both more slowly.
const BRISK_FOR: u64 = 15_000_000;
const SLOW_PACE: u64 = 1_000_000;

/// No sentinel is asked more often, whatever it announces.
const LEAST_PACE: u64 = 100_000;

/// How long the first word waits for a second opinion, when there is nothing to compare it with.
const PATIENCE: u64 = 200_000;

/// A question without an outcome is given up.
const GIVE_UP: u64 = 2_000_000;

/// How old the word of a server on its role may be.
const FRESH: u64 = 1_000_000;

/// A lost primary that does not answer for so long counts as gone.
const SILENCE: u64 = 300_000;

/// The most servers that are asked at the same time.
const MOST_ASKED: usize = 8;

/// The most servers that are barred.
const MOST_BARS: usize = 16;

/// The server that is used, or was used last
#[derive(Debug)]
struct Seat {
    endpoint: Endpoint,
    standing: Standing,
    since: u64,
    /// A sentinel names it.
    is_confirmed: bool,
    epoch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is used.
    Proven,
    /// It cannot be reached, and may come back.
    Lost,
    /// Another server is the primary.
    Dropped,
}

/// What is known of a service and its sentinels
#[derive(Debug)]
pub(crate) struct Sentinels {
    panel: Panel,
    servers: Servers,
    seat: Option<Seat>,
    bars: Vec<Bar>,
    /// Since when there is no primary that a sentinel has confirmed.
    uneasy: Option<u64>,
    /// A sentinel doubts the primary.
    is_doubted: bool,
    random: u64,
    steps: Vec<Step>,
}

impl Sentinels {
    /// Nothing is known but some sentinels; `random` spreads the questions of many clients.
    pub(crate) fn new(seeds: impl IntoIterator<Item = Endpoint>, random: u64, now: u64) -> Self {
        Self {
            panel: Panel::new(seeds, now),
            servers: Servers::default(),
            seat: None,
            bars: Vec::new(),
            uneasy: Some(now),
            is_doubted: false,
            random: random | 1,
            steps: Vec::new(),
        }
    }

    /// The sentinels that are to be subscribed to.
    pub(crate) fn watched(&self) -> impl Iterator<Item = &Endpoint> {
        self.panel.all.iter().map(|watched| &watched.endpoint)
    }

    /// The primary, if there is one that may be used.
    pub(crate) fn primary(&self) -> Option<&Endpoint> {
        let seat = self.seat.as_ref()?;
        (seat.standing == Standing::Proven).then_some(&seat.endpoint)
    }

    /// The replicas that sentinels find well; `ROLE` has to prove them all the same.
    pub(crate) fn replicas(&self) -> impl Iterator<Item = &Endpoint> {
        let primary = self.primary();
        let usable = self.servers.0.iter().filter(|server| server.is_usable);
        usable.map(|server| &server.endpoint).filter(move |endpoint| Some(*endpoint) != primary)
    }

    /// Why there is no primary.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        let names = self.panel.all.iter().any(|watched| watched.word.is_some());
        match self.primary() {
            Some(_) => None,
            None if names => Some(Trouble::NoPrimary),
            None if self.panel.opinions() > 0 => Some(Trouble::UnknownService),
            None => Some(Trouble::NoSentinel),
        }
    }

    /// Takes in what was learned.
    pub(crate) fn learn(&mut self, learned: Learned, now: u64) {
        match learned {
            Learned::Answer { by, answer } => {
                let next = self.soon(PERIOD, now);
                self.panel.answered(&by, &answer, next, now);
                let Self { servers, seat, panel, bars, .. } = self;
                let needed = |endpoint: &Endpoint| {
                    let is_seat = seat.as_ref().is_some_and(|seat| seat.endpoint == *endpoint);
                    let is_barred = bars.iter().any(|bar| bar.endpoint == *endpoint);
                    is_seat || is_barred || panel.names(endpoint)
                };
                servers.named(&answer, &needed, now);
            }
            Learned::NoAnswer { by } => self.not_answered(&by, now),
            Learned::Subscribed { by } => self.ask_again(&by, now),
            Learned::Announced { by, event } => self.announced(&by, event, now),
            Learned::Role { of, role } => self.role(&of, &role, now),
            Learned::NoRole { of } => self.note_role(&of, Says::Nothing, now),
            Learned::Lost { primary } => self.lost(&primary, now),
            Learned::Doubted => self.is_doubted |= self.primary().is_some(),
        }
        self.settle(now);
    }

    /// Decides what is to be done at this moment.
    pub(crate) fn decide(&mut self, now: u64) -> Plan {
        self.give_up(now);
        self.settle(now);
        let until = self.ask(now);
        Plan { steps: std::mem::take(&mut self.steps), until }
    }

    /// A moment about so far ahead: a tenth earlier or later.
    fn soon(&mut self, time: u64, now: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        now.saturating_add(time - time / 10 + self.random % (time / 5 + 1))
    }

    fn not_answered(&mut self, by: &Endpoint, now: u64) {
        let longest = self.soon(PERIOD, now);
        let next = |failures: u32| now.saturating_add(SLOW_PACE << failures.min(8)).min(longest);
        self.panel.failed(by, next, now);
    }

    fn ask_again(&mut self, by: &Endpoint, now: u64) {
        if let Some(watched) = self.panel.get(by) {
            let question = &mut watched.question;
            let least = question.last.map_or(now, |last| last.saturating_add(LEAST_PACE));
            question.next = question.next.min(least.max(now));
        }
    }

    fn announced(&mut self, by: &Endpoint, event: Event, now: u64) {
        if let (Event::Tilt(tilted), Some(watched)) = (&event, self.panel.get(by)) {
            watched.tilted = *tilted;
        }
        match event {
            Event::Switched { from, to } => {
                // What concerns another server than the one in use may be long ago.
                let is_used = |seat: &Seat| seat.endpoint == from;
                if from != to && self.seat.as_ref().is_none_or(is_used) {
                    self.panel.announced(by, &to, now);
                    self.unseat(Some(to), now);
                }
            }
            Event::Trouble => self.is_doubted = true,
            Event::News | Event::Tilt(_) => {}
        }
        self.ask_again(by, now);
    }

    fn role(&mut self, of: &Endpoint, role: &RoleSaid, now: u64) {
        let says = match role {
            RoleSaid::Primary { .. } => Says::Primary,
            RoleSaid::Replica { .. } => Says::Replica,
            RoleSaid::Sentinel => Says::Nothing,
        };
        self.note_role(of, says, now);
        let Some(seat) = self.seat.as_ref().filter(|seat| seat.endpoint == *of) else { return };
        let proven = seat.standing == Standing::Proven;
        if let RoleSaid::Replica { of: successor } = role {
            if let Some(successor) = successor.as_ref().filter(|successor| *successor != of) {
                self.servers.meet(successor, now).is_candidate = true;
            }
            if proven {
                self.unseat(successor.clone(), now);
            }
        }
    }

    fn note_role(&mut self, of: &Endpoint, says: Says, now: u64) {
        let Some(server) = self.servers.get(of) else { return };
        let asked = server.question.end(says != Says::Nothing, now, now);
        server.said = Some((says, asked));
        // It has been demoted in order: if it says something else one day, it was promoted again.
        let is_lifted = |bar: &Bar| says == Says::Replica && bar.endpoint == *of && asked >= bar.at;
        self.bars.retain(|bar| !is_lifted(bar));
        let Some(seat) = self.seat.as_ref().filter(|seat| seat.endpoint == *of) else {
            let refuted = says == Says::Replica;
            for bar in self.bars.iter_mut().filter(|bar| bar.rival.as_ref() == Some(of)) {
                bar.refuted |= refuted && asked >= bar.at;
            }
            return;
        };
        if self.is_doubted && seat.standing == Standing::Proven {
            self.is_doubted = false;
            if says == Says::Nothing {
                self.lost(&of.clone(), now);
            }
        }
    }

    fn lost(&mut self, primary: &Endpoint, now: u64) {
        if let Some(seat) = &mut self.seat
            && seat.endpoint == *primary
            && seat.standing == Standing::Proven
        {
            (seat.standing, seat.since) = (Standing::Lost, now);
            self.servers.meet(primary, now).said = None;
        }
    }

    /// The server in use is the primary no more.
    fn unseat(&mut self, rival: Option<Endpoint>, now: u64) {
        let Some(seat) = self.seat.as_mut() else { return };
        if seat.standing == Standing::Dropped {
            return;
        }
        (seat.standing, seat.since) = (Standing::Dropped, now);
        let endpoint = seat.endpoint.clone();
        self.servers.meet(&endpoint, now);
        self.steps.push(Step::Drop(endpoint.clone()));
        self.bars.retain(|bar| bar.endpoint != endpoint);
        if self.bars.len() == MOST_BARS {
            self.bars.remove(0);
        }
        let epoch = self.panel.epoch;
        self.bars.push(Bar { endpoint, epoch, at: now, rival, refuted: false });
    }

    /// Uses a server that has proven to be the primary.
    fn take(&mut self, endpoint: Endpoint, confirmed: Option<u64>, now: u64) {
        if self.seat.as_ref().is_some_and(|seat| seat.endpoint != endpoint) {
            self.unseat(Some(endpoint.clone()), now);
        }
        self.bars.retain(|bar| bar.endpoint != endpoint);
        self.is_doubted = false;
        self.steps.push(Step::Use(endpoint.clone()));
        self.seat = Some(Seat {
            endpoint,
            standing: Standing::Proven,
            since: now,
            is_confirmed: confirmed.is_some(),
            epoch: confirmed.unwrap_or(self.panel.epoch),
        });
    }

    /// Draws the conclusions of what is known.
    fn settle(&mut self, now: u64) {
        let verdict = self.verdict();
        if let (Some(verdict), Some(seat)) = (&verdict, &mut self.seat) {
            seat.epoch = seat.epoch.min(self.panel.epoch);
            if seat.endpoint == verdict.primary {
                seat.is_confirmed = true;
                seat.epoch = seat.epoch.max(verdict.epoch);
            } else if seat.standing != Standing::Dropped
                && (verdict.epoch > seat.epoch
                    || verdict.is_unanimous && is_proven(&self.servers, &verdict.primary, now))
            {
                self.unseat(Some(verdict.primary.clone()), now);
            }
        }
        if self.primary().is_none() {
            self.look_for_primary(verdict, now);
        }
        let seat = self.seat.as_ref();
        match seat.is_some_and(|seat| seat.standing == Standing::Proven && seat.is_confirmed) {
            true => self.uneasy = None,
            false => self.uneasy = self.uneasy.or(Some(now)),
        }
    }

    fn look_for_primary(&mut self, verdict: Option<Verdict>, now: u64) {
        if let Some(Verdict { primary, epoch, .. }) = verdict {
            let is_newer = self.seat.as_ref().is_some_and(|seat| epoch > seat.epoch);
            if (is_newer || self.has_heard_enough(now)) && is_proven(&self.servers, &primary, now) {
                return self.take(primary, Some(epoch), now);
            }
        }
        let Some(seat) = &self.seat else { return };
        let (endpoint, since) = (seat.endpoint.clone(), seat.since);
        match self.servers.said(&endpoint, since) {
            // It is back, as it was.
            Some(Says::Primary) if seat.standing == Standing::Lost => {
                let confirmed = seat.is_confirmed.then_some(seat.epoch);
                return self.take(endpoint, confirmed, now);
            }
            Some(Says::Primary) => return,
            None if now < since.saturating_add(SILENCE) => return,
            Some(Says::Replica | Says::Nothing) | None => {}
        }
        // Servers know it before any sentinel does. Two that say so need a sentinel to decide.
        let is_barred = |other: &Endpoint| self.bars.iter().any(|bar| bar.endpoint == *other);
        let candidates = self.servers.0.iter().filter(|server| server.is_candidate);
        let mut proven = candidates.map(|server| &server.endpoint).filter(|other| {
            **other != endpoint && !is_barred(other) && is_proven(&self.servers, other, now)
        });
        if let (Some(successor), None) = (proven.next(), proven.next()) {
            self.take(successor.clone(), None, now);
        }
    }

    fn verdict(&self) -> Option<Verdict> {
        self.panel.verdict(&self.bars, self.seat.as_ref().map(|seat| &seat.endpoint))
    }

    /// Whether another sentinel need not be waited for.
    fn has_heard_enough(&self, now: u64) -> bool {
        let first = self.panel.first_word().unwrap_or(now);
        self.panel.opinions() >= 2
            || !self.panel.is_waiting()
            || now >= first.saturating_add(PATIENCE)
    }

    /// Ends questions that have had no outcome.
    fn give_up(&mut self, now: u64) {
        let late = |asked: Option<u64>| asked.is_some_and(|asked| now >= asked + GIVE_UP);
        let silent = self.panel.all.iter().filter(|watched| late(watched.question.asked));
        let silent: Vec<Endpoint> = silent.map(|watched| watched.endpoint.clone()).collect();
        silent.iter().for_each(|by| self.not_answered(by, now));
        let silent = self.servers.0.iter().filter(|server| late(server.question.asked));
        let silent: Vec<Endpoint> = silent.map(|server| server.endpoint.clone()).collect();
        silent.iter().for_each(|of| self.note_role(of, Says::Nothing, now));
    }

    /// Asks those whose time it is; returns when that is the case again.
    fn ask(&mut self, now: u64) -> u64 {
        let is_brisk = self.uneasy.is_some_and(|since| now < since.saturating_add(BRISK_FOR));
        let pace = |brisk| if is_brisk { brisk } else { SLOW_PACE };
        let mut until = u64::MAX;
        for watched in &mut self.panel.all {
            let question = &mut watched.question;
            if let Some(asked) = question.asked {
                until = until.min(asked + GIVE_UP);
                continue;
            }
            let mut due = question.next;
            if self.uneasy.is_some() {
                let pace = (pace(SENTINEL_PACE) << question.failures.min(3)).min(SLOW_PACE);
                due = due.min(question.last.map_or(now, |last| last.saturating_add(pace)));
            }
            if due <= now {
                question.begin(now);
                self.steps.push(Step::AskSentinel(watched.endpoint.clone()));
                due = now + GIVE_UP;
            }
            until = until.min(due);
        }
        until.min(self.ask_servers(pace(SERVER_PACE), now)).max(now + 1)
    }

    /// Asks the servers whose role decides something.
    fn ask_servers(&mut self, pace: u64, now: u64) -> u64 {
        let verdict = self.verdict().map(|verdict| verdict.primary);
        let seat = self.seat.as_ref().map(|seat| (&seat.endpoint, seat.standing));
        let is_used = seat.is_some_and(|(_, standing)| standing == Standing::Proven);
        if let Some(named) = &verdict {
            self.servers.meet(named, now);
        }
        let mut until = u64::MAX;
        if !is_used && verdict.is_some() {
            // The time of a second opinion ends.
            let first = self.panel.first_word().unwrap_or(now).saturating_add(PATIENCE);
            until = until.min(if first > now { first } else { u64::MAX });
        }
        let asked = self.servers.0.iter().filter(|server| server.question.asked.is_some());
        let mut free = MOST_ASKED.saturating_sub(asked.count());
        // Those that were asked longest ago go first, but the one that is named before all.
        let is_named = |server: &Server| verdict.as_ref() == Some(&server.endpoint);
        self.servers.0.sort_by_key(|server| (!is_named(server), server.question.last));
        for server in &mut self.servers.0 {
            let is_seat = seat.is_some_and(|(endpoint, _)| *endpoint == server.endpoint);
            let named = verdict.as_ref() == Some(&server.endpoint);
            let matters = match is_used {
                true => is_seat && self.is_doubted || named && !is_seat,
                false => is_seat || named || seat.is_some() && server.is_candidate,
            };
            let question = &mut server.question;
            if let Some(asked) = question.asked {
                until = until.min(asked + GIVE_UP);
                continue;
            }
            if !matters {
                continue;
            }
            let mut due = question.last.map_or(now, |last| last.saturating_add(pace));
            if due <= now && free > 0 {
                free -= 1;
                question.begin(now);
                self.steps.push(Step::AskRole(server.endpoint.clone()));
                due = now + GIVE_UP;
            }
            until = until.min(due.max(now + pace / 10));
        }
        // A lost primary counts as gone once it has been silent for long enough.
        if let Some(seat) = self.seat.as_ref().filter(|_| !is_used) {
            let gone = seat.since.saturating_add(SILENCE);
            until = until.min(if gone > now { gone } else { u64::MAX });
        }
        until
    }
}

fn is_proven(servers: &Servers, endpoint: &Endpoint, now: u64) -> bool {
    servers.said(endpoint, now.saturating_sub(FRESH)) == Some(Says::Primary)
}
