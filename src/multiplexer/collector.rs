use std::{borrow::Cow, fmt, task::Waker, time::Duration};

use super::ConnectionMultiplexer;
use crate::{
    Result,
    clock::micros,
    command::{check_shared, discard, is_harmless},
    connection::{Link, Outcome, Selected, SlotId, Submission},
    resp::{Arg, ArgList, Frame, ToArgs},
};

/// The outcomes of many commands in one place, each under a number
///
/// For embedders with their own table of callers, such as a binding to another language: a command
/// needs no future and no waker, and outcomes that came together are taken together. The npm
/// package uses it.
///
/// ```no_run
/// # async fn f(muxer: redmux::ConnectionMultiplexer) {
/// use redmux::{embed::Collected, resp::Frame};
///
/// let mut collector = muxer.collector().expect("the only one");
/// let mut open = 0;
/// for number in 0..100 {
///     match collector.issue(number, "INCR", &"visits", None, None) {
///         Some(_) => open += 1,
///         // It has to wait for room, or is refused: a call like any other.
///         None => println!("{number}: {:?}", muxer.execute::<Frame>("INCR", "visits").await),
///     }
/// }
/// while open > 0 {
///     std::future::poll_fn(|cx| {
///         let before = open;
///         collector.take(cx.waker(), |Collected { number, result, .. }| {
///             println!("{number}: {result:?}");
///             open -= 1;
///         });
///         if open < before { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
///     })
///     .await;
/// }
/// # }
/// ```
///
/// Dropping it gives up the open commands, as dropping a call does.
pub struct Collector {
    muxer: ConnectionMultiplexer,
    /// By number: what the errors of a command name.
    names: Vec<Cow<'static, str>>,
    /// Room that is used again.
    outcomes: Vec<(u32, SlotId, Outcome)>,
}

/// A command that was issued to a [`Collector`]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued(SlotId);

/// An outcome that a [`Collector`] had
#[derive(Debug)]
#[non_exhaustive]
pub struct Collected {
    /// The number that the command was issued under.
    pub number: u32,
    /// The value that [`Collector::issue`] returned.
    pub issued: Issued,
    /// Its reply, or what a [`Call`](crate::Call) would have failed with.
    pub result: Result<Frame>,
}

impl ConnectionMultiplexer {
    /// Returns a place for the outcomes of many commands, for embedders; `None` while there is
    /// another.
    pub fn collector(&self) -> Option<Collector> {
        Collector::new(self.clone())
    }
}

impl Collector {
    fn new(muxer: ConnectionMultiplexer) -> Option<Self> {
        let free = muxer.inner().link().begin_collection();
        free.then(|| Self { muxer, names: Vec::new(), outcomes: Vec::new() })
    }

    /// Sends a command as [`ConnectionMultiplexer::execute`] does, in order with all others.
    ///
    /// `number` is an index into a table: the largest one decides how much memory is used. It is
    /// free again with the outcome, or when the command was given up. `database` is the index of [another
    /// one](ConnectionMultiplexer::database_at) than that of the options. Without a `timeout` it has
    /// the `command_timeout` of the options (5 s by default).
    ///
    /// Returns `None` and sends nothing if there is no room now, if the command would be refused,
    /// or if the options ask for more than sending (prefixes, renamed commands, the circuit
    /// breaker, observers). Then use `execute`, which waits for room or returns the reason.
    pub fn issue(
        &mut self,
        number: u32,
        name: impl Into<Cow<'static, str>>,
        args: &impl ToArgs,
        database: Option<u32>,
        timeout: Option<Duration>,
    ) -> Option<Issued> {
        let inner = self.muxer.inner();
        if inner.handling.get().is_some() || inner.link().router().is_some() {
            return None;
        }
        let name = name.into();
        let id = {
            let mut words = ArgList::new();
            words.push(Arg::Bytes(name.as_bytes()));
            // The caller's code runs here, before the link is locked.
            args.append_to(&mut words);
            if !is_harmless(name.as_bytes()) {
                check_shared(&words).ok()?;
            }
            let home = inner.options.database;
            let database = database.map_or(Selected::HOME, |index| Selected::new(index, home));
            let timeout = timeout.map(|timeout| micros(Some(timeout)));
            let command = Submission { args: &words, prelude: None, database, timeout };
            let submitted = inner.link().submit_collected(&command, number);
            discard(words);
            submitted.ok()??
        };
        let index = number as usize;
        if self.names.len() <= index {
            self.names.resize(index + 1, Cow::Borrowed(""));
        }
        self.names[index] = name;
        Some(Issued(id))
    }

    /// Calls `each` with the outcomes that are there; wakes `waker` when there are others.
    pub fn take(&mut self, waker: &Waker, mut each: impl FnMut(Collected)) {
        let link = self.muxer.inner().link();
        link.collect(waker, &mut self.outcomes);
        for (number, id, outcome) in self.outcomes.drain(..) {
            let result = match outcome {
                Outcome::Reply(frame) if !frame.is_error() => Ok(frame),
                outcome => {
                    let name = self.names.get(number as usize).map_or("", |name| name);
                    failure(link, name, outcome)
                }
            };
            each(Collected { number, issued: Issued(id), result });
        }
    }

    /// Gives a command up: it is withdrawn if it was not sent, and has no outcome.
    pub fn give_up(&self, issued: Issued) {
        self.muxer.inner().link().give_up_collected(issued.0);
    }
}

#[cold]
fn failure(link: &Link, name: &str, outcome: Outcome) -> Result<Frame> {
    match outcome.into_reply() {
        Ok(frame) => frame.decode().map_err(|error| link.not_decoded(name, error)),
        Err(error) => Err(link.label(name, error)),
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.muxer.inner().link().end_collection();
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}
