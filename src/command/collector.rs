use std::{borrow::Cow, fmt, task::Waker};

use super::{Call, call::not_decoded};
use crate::{
    ConnectionMultiplexer, Result,
    connection::{Link, Outcome, SlotId},
    resp::{Frame, ToArgs},
};

/// The outcomes of many commands in one place, each under a number
///
/// For embedders with a table of callers of their own, such as a binding to another language: a
/// command needs no future and no waker, and what was answered together is taken together. The
/// npm package is made of it.
///
/// ```no_run
/// # async fn f(muxer: redmux::ConnectionMultiplexer) {
/// use redmux::{Call, Collected, resp::Frame};
///
/// let mut collector = muxer.collector().expect("the only one");
/// for number in 0..100 {
///     if let Err(call) = collector.issue(number, muxer.execute("INCR", "visits")) {
///         // It waits for room, has options of its own or was refused: a call like any other.
///         let outcome = call.await;
///     }
/// }
/// let mut outcomes = Vec::new();
/// std::future::poll_fn(|cx| {
///     collector.take(cx.waker(), &mut outcomes);
///     if outcomes.is_empty() { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
/// })
/// .await;
/// for Collected { number, result, .. } in outcomes {
///     println!("{number}: {result:?}");
/// }
/// # }
/// ```
///
/// Dropping it gives up what is open, as dropping a call does.
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
pub struct Collected {
    /// The number that the command was issued under.
    pub number: u32,
    /// What [`Collector::issue`] has given for it.
    pub issued: Issued,
    /// Its reply, or what a [`Call`] would have failed with.
    pub result: Result<Frame>,
}

impl Collector {
    pub(crate) fn new(muxer: ConnectionMultiplexer) -> Option<Self> {
        let free = muxer.inner().link.begin_collection();
        free.then(|| Self { muxer, names: Vec::new(), outcomes: Vec::new() })
    }

    /// Sends a command that can be sent as it is and at once, in order with all others.
    ///
    /// `number` is an index into a table: the largest one decides how much memory is used. It is
    /// free again with the outcome, or when the command was given up.
    ///
    /// # Errors
    /// Gives the call back, for you to await, if there is no room for it now, if it was refused,
    /// or if more than sending is to be done for it (retries, prefixes, observers and the like).
    pub fn issue<'a, A: ToArgs>(
        &mut self,
        number: u32,
        call: Call<'a, Frame, A>,
    ) -> Result<Issued, Call<'a, Frame, A>> {
        let link = &*self.muxer.inner().link;
        if !std::ptr::eq(call.link(), link) {
            return Err(call);
        }
        let (id, name) = call.submit_collected(number)?;
        let index = number as usize;
        if self.names.len() <= index {
            self.names.resize(index + 1, Cow::Borrowed(""));
        }
        self.names[index] = name;
        Ok(Issued(id))
    }

    /// Appends the outcomes that are there; wakes `waker` when there are others.
    pub fn take(&mut self, waker: &Waker, into: &mut Vec<Collected>) {
        let link = &*self.muxer.inner().link;
        link.collect(waker, &mut self.outcomes);
        for (number, id, outcome) in self.outcomes.drain(..) {
            let result = match outcome {
                Outcome::Reply(frame) if !frame.is_error() => Ok(frame),
                outcome => {
                    let name = self.names.get(number as usize).map_or("", |name| name);
                    failure(link, name, outcome)
                }
            };
            into.push(Collected { number, issued: Issued(id), result });
        }
    }

    /// Gives a command up: it is withdrawn if it was not sent, and has no outcome.
    pub fn give_up(&self, issued: Issued) {
        self.muxer.inner().link.give_up_collected(issued.0);
    }
}

#[cold]
fn failure(link: &Link, name: &str, outcome: Outcome) -> Result<Frame> {
    match outcome {
        Outcome::Reply(frame) => frame.decode().map_err(|error| not_decoded(link, name, error)),
        Outcome::Failed(error) => Err(error.command(name).endpoint_at(&link.endpoint())),
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.muxer.inner().link.end_collection();
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}
