//! Several databases on one connection: in which of them the stream is, and visits to others.
//!
//! A command for the database that the stream is in is sent as it is. Any other goes out as a visit: `MULTI`,
//! `SELECT`, the command, `EXEC`, in one piece. A server that refuses `SELECT` (no permission, busy with a
//! script) aborts the whole, so that no command runs in another database than its own. One thing it finds out
//! only inside `EXEC`: that there is no such database. So a scout goes first, once per stream and index.
//!
//! In a page each visit comes back: what it takes to stay would be for all to load.

use super::{outbox::Outbox, slots::Outcome};
use crate::{
    SMALL,
    resp::{Frame, ServerError},
};

/// The database that a command is for
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Selected(u32);

impl Selected {
    /// That of the options, in which the handshake leaves the stream.
    pub(crate) const HOME: Self = Self(0);

    /// Whichever the stream is in.
    pub(crate) const ANY: Self = Self(u32::MAX - 1);

    /// No command is for this one.
    const NONE: Self = Self(u32::MAX);

    /// The database with this index, where the options name `home`.
    pub(crate) fn new(index: u32, home: u32) -> Self {
        // Indexes of servers end far below; the last values are taken.
        if index == home { Self::HOME } else { Self(index.min(u32::MAX - 3) + 1) }
    }

    /// Its index, where the options name `home`.
    pub(crate) fn index(self, home: u32) -> u32 {
        self.0.checked_sub(1).unwrap_or(home)
    }
}

/// What a visit is made of
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// No command: the visit asks whether the database exists.
    Scout,
    /// A command, maybe behind a prelude.
    Command,
    /// The caller's own `MULTI`, calls and `EXEC`, of which `SELECT` has become a part.
    Transaction,
}

/// Commands in one piece that are executed in another database, or not at all
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(super) to: Selected,
    /// Where the stream is afterwards: there, or back where it was.
    pub(super) leaves: Selected,
    /// How many replies it gets, that to `EXEC` included.
    pub(super) replies: u32,
    pub(super) body: Body,
    /// `ASKING` is before all, and the first reply is that to it.
    pub(super) asks: bool,
    /// Until it is answered, it is not known where the stream is.
    pub(super) moves: bool,
}

/// How a visit ended
pub(super) enum End {
    /// Executed in its database.
    There(Outcome),
    /// Nothing was executed, and the stream is where it was.
    NotRun(Outcome),
    /// Not executed as one, or not there: the server refused `MULTI`, or `SELECT` inside `EXEC`.
    Torn(ServerError),
}

impl Visit {
    fn returns(&self) -> bool {
        self.leaves != self.to
    }

    /// What the replies say; in a group, `ASKING` has the first place, as where there is no visit.
    pub(super) fn end(&self, mut errors: Vec<(u32, Frame)>, exec: Frame) -> End {
        if !cfg!(feature = "topology") || !self.asks {
            return self.end_of_rest(errors, exec);
        }
        // Where it was refused, what follows is too.
        errors.retain(|(place, _)| *place > 0);
        errors.iter_mut().for_each(|(place, _)| *place -= 1);
        let rest = Self { replies: self.replies - 1, asks: false, ..*self };
        let mut end = rest.end_of_rest(errors, exec);
        if let End::There(Outcome::Group(group)) | End::NotRun(Outcome::Group(group)) = &mut end {
            group.0.iter_mut().for_each(|(place, _)| *place += 1);
        }
        end
    }

    /// What the replies say: the errors among those before the last one, each with its place, and the last
    /// one, which is that to `EXEC`.
    fn end_of_rest(&self, errors: Vec<(u32, Frame)>, exec: Frame) -> End {
        let returns = self.returns();
        if let Some((0, refusal)) = errors.first()
            && let Some(error) = refusal.reply().error()
        {
            // Outside of a transaction, a scout that did not get away, or came back, has changed nothing.
            let second = errors.get(1).map(|(place, _)| *place);
            let unmoved = second == Some(1) || returns && second != Some(2);
            return match self.body {
                Body::Scout if unmoved => End::NotRun(Outcome::Reply(refusal.clone())),
                _ => End::Torn(error),
            };
        }
        let Some(mut items) = exec.reply().items() else {
            return End::NotRun(self.aborted(errors, exec));
        };
        let select = items.next();
        if let Some(error) = select.and_then(|select| select.error()) {
            return match (self.body, select) {
                (Body::Scout, Some(select)) => End::NotRun(Outcome::Reply(select.to_frame())),
                _ => End::Torn(error),
            };
        }
        // `MULTI`, `SELECT` and `EXEC` are not the caller's, nor is the second `SELECT`.
        let own = self.replies - 3 - u32::from(returns);
        let mut errors = errors;
        let mut out = Outbox::default();
        out.push_header(b'*', own as usize);
        for place in 0..own {
            let Some(item) = items.next() else { break };
            match self.body {
                // Its own `MULTI` and `EXEC` are in place of those of the visit.
                Body::Scout | Body::Transaction => out.push_raw(item.raw()),
                Body::Command if place + 1 == own => {
                    let last = item.to_frame();
                    return End::There(match errors.is_empty() {
                        true => Outcome::Reply(last),
                        false => Outcome::Group(Box::new((errors, last))),
                    });
                }
                Body::Command if item.is_error() => errors.push((place, item.to_frame())),
                Body::Command => {}
            }
        }
        End::There(Outcome::Reply(Frame::from_bytes(out.all_bytes().into())))
    }

    /// The server executed nothing: the caller learns of the first error, which is the reason.
    fn aborted(&self, mut errors: Vec<(u32, Frame)>, exec: Frame) -> Outcome {
        let Some((place, _)) = errors.first_mut() else { return Outcome::Reply(exec) };
        let is_select = *place == 1 || self.returns() && *place == self.replies - 2;
        if self.body == Body::Transaction && !is_select {
            // Its place without that of `SELECT`.
            *place -= 1;
            errors.truncate(1);
            return Outcome::Group(Box::new((errors, exec)));
        }
        Outcome::Reply(errors.swap_remove(0).1)
    }
}

/// A refusal to select a database, kept for a while
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) index: u32,
    pub(super) error: ServerError,
    /// Microseconds of the link's clock.
    pub(super) until: u64,
}

/// Where a stream is, and the visits that are not answered
#[derive(Debug)]
pub(super) struct Databases {
    /// See [`plain`](Self::plain).
    plain: Selected,
    /// Where the stream is, as far as it is answered.
    pub(super) at: Selected,
    /// The database of the unsent commands that are to be sent as they are.
    pub(super) plain_of: Selected,
    /// How many of the unanswered visits move.
    pub(super) moves: usize,
    /// How many of the unanswered visits are scouts.
    pub(super) scouts: usize,
    /// The highest index that the server of this stream is known to have.
    pub(super) known: u32,
    /// The index that the last scout asks for.
    pub(super) asked: u32,
    pub(super) refused: Option<Refusal>,
    /// How many streams in a row ended while a scout was under way.
    pub(super) lost_scouts: u32,
    /// The database of the last visit, its number in the FIFO, and how many visits there came one after the
    /// other.
    last: (Selected, u64, u32),
}

/// After this many visits to one database one after the other, the stream stays there.
const STAY: u32 = 32;

impl Databases {
    pub(super) fn new(home: u32) -> Self {
        Self {
            plain: Selected::HOME,
            at: Selected::HOME,
            plain_of: Selected::HOME,
            moves: 0,
            scouts: 0,
            known: home,
            asked: home,
            refused: None,
            lost_scouts: 0,
            last: (Selected::NONE, 0, 0),
        }
    }

    /// Commands for this one are sent as they are: the stream is in it, and no unanswered visit leaves it.
    #[inline(always)]
    pub(super) fn plain(&self) -> Selected {
        if SMALL { Selected::HOME } else { self.plain }
    }

    /// Where the stream is when all that is queued has been answered, if that is known.
    pub(super) fn settled(&self) -> Option<Selected> {
        if SMALL { Some(Selected::HOME) } else { (self.moves == 0).then_some(self.at) }
    }

    /// Counts a visit that becomes number `sequence` of the FIFO; whether the stream had better stay there.
    pub(super) fn is_frequent(&mut self, to: Selected, sequence: u64) -> bool {
        let (before, number, times) = self.last;
        let times = if (before, number + 1) == (to, sequence) { times + 1 } else { 0 };
        self.last = (to, sequence, times);
        times >= STAY
    }

    /// A visit is queued.
    pub(super) fn count(&mut self, visit: &Visit) {
        self.moves += usize::from(visit.moves);
        self.scouts += usize::from(visit.body == Body::Scout);
        self.settle();
    }

    /// A visit is over, or is not sent.
    pub(super) fn forget(&mut self, visit: &Visit) {
        self.moves -= usize::from(visit.moves);
        self.scouts -= usize::from(visit.body == Body::Scout);
        self.settle();
    }

    fn settle(&mut self) {
        match self.settled() {
            _ if SMALL => {}
            Some(at) => (self.plain, self.plain_of) = (at, at),
            None => self.plain = Selected::NONE,
        }
    }
}
