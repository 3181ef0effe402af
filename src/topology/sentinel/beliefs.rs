//! What each sentinel said last, and which of them to believe.

use std::sync::Arc;

use redmux_transport::Endpoint;

use super::said::{Answer, MOST};

/// The most sentinels that are watched; a service has three or five.
const MOST_SENTINELS: usize = 32;

/// How long a sentinel that others have named is kept while neither it nor any other says that it is there.
const FORGOTTEN: u64 = 120_000_000;

/// After this time the word of a sentinel may not be from before a switch any more.
pub(super) const SETTLED: u64 = 10_000_000;

/// When somebody was asked, and is to be asked
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Question {
    /// The question under way was sent then.
    pub(super) asked: Option<u64>,
    /// The last question was sent then.
    pub(super) last: Option<u64>,
    /// The next one is due, whatever happens.
    pub(super) next: u64,
    /// Questions in a row that were not answered.
    pub(super) failures: u32,
}

impl Question {
    pub(super) fn begin(&mut self, now: u64) {
        (self.asked, self.last) = (Some(now), Some(now));
    }

    /// Ends a question; returns when it was sent.
    pub(super) fn end(&mut self, answered: bool, next: u64, now: u64) -> u64 {
        self.failures = if answered { 0 } else { self.failures.saturating_add(1) };
        self.next = next;
        self.asked.take().unwrap_or(now)
    }
}

/// A sentinel that is watched
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) endpoint: Endpoint,
    pub(super) question: Question,
    pub(super) word: Option<Word>,
    /// It does not know the service.
    pub(super) ignorant: bool,
    /// Its clock jumps: its word counts for nothing.
    pub(super) tilted: bool,
    id: Option<Arc<str>>,
    /// The options name it: it is never forgotten.
    is_seed: bool,
    /// When it answered, or another one named it.
    named: u64,
}

/// What a sentinel said last
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) primary: Endpoint,
    /// `None`: the sentinel does not say. That counts like the newest that any says.
    epoch: Option<u64>,
    asked: u64,
}

/// A server that was the primary and must not be taken for it again until a sentinel says so
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) endpoint: Endpoint,
    /// The newest epoch that was known then.
    pub(super) epoch: u64,
    pub(super) at: u64,
    /// For whose sake, if that is known.
    pub(super) rival: Option<Endpoint>,
    /// The rival said that it is a replica.
    pub(super) refuted: bool,
}

impl Bar {
    fn yields_to(&self, word: &Word) -> bool {
        self.refuted
            || word.epoch.is_some_and(|epoch| epoch > self.epoch)
            || word.asked >= self.at.saturating_add(SETTLED)
    }
}

/// What the sentinels say together
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) primary: Endpoint,
    pub(super) epoch: u64,
    /// Most of those that know the service say so, and none names the server in use.
    pub(super) is_unanimous: bool,
}

/// The sentinels, in the order in which they are asked
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) all: Vec<Watched>,
    /// The newest epoch that any of them has said, and when one said it last.
    pub(super) epoch: u64,
    epoch_said: u64,
}

impl Panel {
    pub(super) fn new(seeds: impl IntoIterator<Item = Endpoint>, now: u64) -> Self {
        let mut panel = Self { all: Vec::new(), epoch: 0, epoch_said: now };
        for seed in seeds {
            if panel.get(&seed).is_none() {
                panel.add(seed, None, true, now);
            }
        }
        panel
    }

    pub(super) fn get(&mut self, endpoint: &Endpoint) -> Option<&mut Watched> {
        self.all.iter_mut().find(|watched| watched.endpoint == *endpoint)
    }

    fn add(&mut self, endpoint: Endpoint, id: Option<Arc<str>>, is_seed: bool, now: u64) {
        let question = Question { next: now, ..Question::default() };
        self.all.push(Watched {
            endpoint,
            question,
            word: None,
            ignorant: false,
            tilted: false,
            id,
            is_seed,
            named: now,
        });
    }

    /// Takes in an answer; the next question to this sentinel is due at `next`.
    pub(super) fn answered(&mut self, by: &Endpoint, answer: &Answer, next: u64, now: u64) {
        let Some(place) = self.all.iter().position(|watched| watched.endpoint == *by) else {
            return;
        };
        let watched = &mut self.all[place];
        let asked = watched.question.end(true, next, now);
        watched.named = now;
        watched.ignorant = answer.primary.is_none();
        let epoch = answer.epoch;
        watched.word = answer.primary.clone().map(|primary| Word { primary, epoch, asked });
        if answer.id.is_some() {
            watched.id = answer.id.clone();
        }
        self.note_epoch(epoch, now);
        // The one that answered goes first.
        self.all[..=place].rotate_right(1);
        // Others know it by an address of their own.
        if let Some(id) = &answer.id {
            let is_same = |watched: &Watched| watched.id.as_ref() == Some(id);
            let mut spare = !self.all.iter().any(|watched| watched.is_seed && is_same(watched));
            self.all.retain(|watched| {
                watched.is_seed || !is_same(watched) || std::mem::take(&mut spare)
            });
        }
        for peer in &answer.sentinels {
            let is_room = self.all.len() < MOST_SENTINELS;
            let known = self.all.iter_mut().find(|watched| {
                watched.endpoint == peer.endpoint || peer.id.is_some() && watched.id == peer.id
            });
            match known {
                Some(watched) => watched.named = now,
                None if is_room => {
                    self.add(peer.endpoint.clone(), peer.id.clone(), false, now);
                }
                None => {}
            }
        }
        self.all.retain(|watched| watched.is_seed || now.saturating_sub(watched.named) < FORGOTTEN);
    }

    /// The newest epoch counts for as long as somebody says it: sentinels that were set up anew begin at 0.
    fn note_epoch(&mut self, epoch: Option<u64>, now: u64) {
        let is_old = now.saturating_sub(self.epoch_said) >= FORGOTTEN;
        match epoch {
            Some(epoch) if epoch >= self.epoch || is_old => {
                (self.epoch, self.epoch_said) = (epoch, now);
            }
            _ => {}
        }
    }

    /// The sentinel does not answer: what it said before may be wrong by now.
    pub(super) fn failed(&mut self, by: &Endpoint, next: impl FnOnce(u32) -> u64, now: u64) {
        if let Some(watched) = self.get(by) {
            let next = next(watched.question.failures);
            watched.question.end(false, next, now);
            watched.word = None;
        }
    }

    /// The sentinel announced a switch, which counts as newer than all that is known until it is asked.
    pub(super) fn announced(&mut self, by: &Endpoint, primary: &Endpoint, now: u64) {
        let epoch = Some(self.epoch.saturating_add(1));
        if let Some(watched) = self.get(by) {
            watched.word = Some(Word { primary: primary.clone(), epoch, asked: now });
        }
    }

    /// What they say together: the newest epoch counts, then how many say so, then the server in use.
    pub(super) fn verdict(&self, bars: &[Bar], seat: Option<&Endpoint>) -> Option<Verdict> {
        let allowed = |word: &&Word| {
            if word.epoch.is_some_and(|epoch| epoch < self.epoch) {
                return false;
            }
            let bar = bars.iter().find(|bar| bar.endpoint == word.primary);
            bar.is_none_or(|bar| bar.yields_to(word))
        };
        let trusted = self.all.iter().filter(|watched| !watched.tilted);
        let words: Vec<&Word> = trusted.filter_map(|watched| watched.word.as_ref()).collect();
        let epoch = |word: &Word| word.epoch.unwrap_or(self.epoch);
        let votes = |one: &Word| {
            let same = words.iter().filter(|word| word.primary == one.primary);
            same.filter(|word| epoch(word) == epoch(one)).count()
        };
        let best = words
            .iter()
            .copied()
            .filter(allowed)
            .max_by_key(|word| (epoch(word), votes(word), seat == Some(&word.primary)))?;
        let is_named = |endpoint: &Endpoint| words.iter().any(|word| word.primary == *endpoint);
        let is_unanimous = 2 * votes(best) > words.len() && !seat.is_some_and(is_named);
        Some(Verdict { primary: best.primary.clone(), epoch: epoch(best), is_unanimous })
    }

    /// How many said something of the service, or that they do not know it.
    pub(super) fn opinions(&self) -> usize {
        self.all.iter().filter(|watched| watched.word.is_some() || watched.ignorant).count()
    }

    /// Whether another opinion may come soon.
    pub(super) fn is_waiting(&self) -> bool {
        self.all
            .iter()
            .any(|watched| watched.question.asked.is_some() || watched.question.last.is_none())
    }

    /// The first of the words that count was asked for then.
    pub(super) fn first_word(&self) -> Option<u64> {
        self.all.iter().filter_map(|watched| Some(watched.word.as_ref()?.asked)).min()
    }

    pub(super) fn names(&self, endpoint: &Endpoint) -> bool {
        let mut words = self.all.iter().filter_map(|watched| watched.word.as_ref());
        words.any(|word| word.primary == *endpoint)
    }
}

/// A server of the service
#[derive(Debug)]
pub(super) struct Server {
    pub(super) endpoint: Endpoint,
    pub(super) question: Question,
    /// What it said last, and when it was asked.
    pub(super) said: Option<(Says, u64)>,
    /// A sentinel, or the former primary, names it as one that may become the primary.
    pub(super) is_candidate: bool,
    /// Sentinels say that it may be read from.
    pub(super) is_usable: bool,
    named: u64,
}

/// What a server says of its role
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Primary,
    Replica,
    /// It does not answer, or not that.
    Nothing,
}

/// The servers of the service that are known
#[derive(Debug, Default)]
pub(super) struct Servers(pub(super) Vec<Server>);

impl Servers {
    /// The server at this address, which becomes known if it is not.
    pub(super) fn meet(&mut self, endpoint: &Endpoint, now: u64) -> &mut Server {
        let place = self.0.iter().position(|server| server.endpoint == *endpoint);
        let place = place.unwrap_or_else(|| {
            self.0.push(Server {
                endpoint: endpoint.clone(),
                question: Question { next: now, ..Question::default() },
                said: None,
                is_candidate: false,
                is_usable: false,
                named: now,
            });
            self.0.len() - 1
        });
        let server = &mut self.0[place];
        server.named = now;
        server
    }

    pub(super) fn get(&mut self, endpoint: &Endpoint) -> Option<&mut Server> {
        self.0.iter_mut().find(|server| server.endpoint == *endpoint)
    }

    /// Takes in the replicas that a sentinel names; keeps those that others named lately, and `needed`.
    pub(super) fn named(&mut self, answer: &Answer, needed: &dyn Fn(&Endpoint) -> bool, now: u64) {
        for replica in &answer.replicas {
            if self.0.len() >= 2 * MOST && self.get(&replica.endpoint).is_none() {
                continue;
            }
            let server = self.meet(&replica.endpoint, now);
            (server.is_candidate, server.is_usable) = (true, replica.usable);
        }
        self.0.retain(|server| {
            now.saturating_sub(server.named) < FORGOTTEN || needed(&server.endpoint)
        });
    }

    /// What the server said in answer to a question from `since` on.
    pub(super) fn said(&self, endpoint: &Endpoint, since: u64) -> Option<Says> {
        let server = self.0.iter().find(|server| server.endpoint == *endpoint)?;
        server.said.filter(|(_, asked)| *asked >= since).map(|(says, _)| says)
    }
}
