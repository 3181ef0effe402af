//! Commands of which several servers execute a part, or the same: split by slot, or sent to all.
//!
//! A part is a call of its own, with its own redirects and retries. There is one time for all, and one reply. Servers
//! refuse a command for several slots, even if they have them all, so that a command with a thousand keys has nearly a
//! thousand parts. Those of which nothing is asked but to be sent are therefore kept in [batches](Batch), and only
//! one that a server did not answer as usual becomes a call.

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    Call, Handling, OwnCall, ResponsePolicy, RetryPolicy,
    batch::Batch,
    block::Block,
    join::join,
    route::{Part, Split},
};
use crate::{
    Result,
    connection::{Link, ReadFrom, Router, Selected},
    resp::{AnyArgs, Arg, ArgList, Frame, ToArgs},
};

/// A command in parts, on their way
pub(super) struct Scattered<'a> {
    origin: Origin<'a>,
    joint: Joint,
    /// Chooses among replies where any will do.
    random: u64,
    /// One for each part.
    outcomes: Vec<Option<Result<Frame>>>,
    /// Parts that were only sent.
    batches: Vec<Batch<'a>>,
    /// The other parts, each with its place.
    calls: Vec<(usize, OwnCall<'a>)>,
}

/// How the replies to the parts become one
enum Joint {
    Split(Split),
    All(ResponsePolicy),
}

/// What all parts have from their command
pub(super) struct Origin<'a> {
    pub(super) link: &'a Link,
    /// Its own name, which servers may know by another.
    pub(super) name: Cow<'static, str>,
    pub(super) full_name: Cow<'static, str>,
    pub(super) handling: Option<&'a Arc<Handling>>,
    pub(super) policy: Option<RetryPolicy>,
    pub(super) read_from: ReadFrom,
    pub(super) timeout: Option<u64>,
    pub(super) database: Selected,
    pub(super) words: Block,
}

/// The words behind the name
struct Words(ArgList<'static>);

impl ToArgs for Words {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.0.iter().skip(1).map(|word| Arg::Bytes(word.as_bytes())));
    }
}

impl<'a> Origin<'a> {
    /// Nothing is to be done for the parts but to send them to the primaries.
    fn is_plain(&self) -> bool {
        self.handling.is_none() && self.policy.is_none() && self.read_from == ReadFrom::Primary
    }

    /// A call of these words.
    fn call(&self, words: ArgList<'static>) -> OwnCall<'a> {
        // In nearly every program a command has its own name.
        let name = match words.first().map_or(&b""[..], Arg::as_bytes) {
            first if first == self.name.as_bytes() => self.name.clone(),
            first => String::from_utf8_lossy(first).into_owned().into(),
        };
        let call = Call::new(self.link, name, AnyArgs::new(Words(words))).handled(self.handling);
        let mut call = call.on(self.database);
        call.timeout = self.timeout;
        if let Some(policy) = &self.policy {
            call = call.retry(policy);
        }
        match self.read_from {
            ReadFrom::Primary => call,
            read_from => call.read_from(read_from),
        }
    }

    /// The call of this part.
    fn part(&self, split: &Split, part: &Part) -> OwnCall<'a> {
        let mut words = ArgList::new();
        split.append_words(part, &mut words, |at| Arg::Shared(self.words.shared(at)));
        self.call(words).in_slot(Some(part.slot))
    }
}

impl<'a> Scattered<'a> {
    /// Each part for the server of its slot.
    pub(super) fn split(origin: Origin<'a>, mut split: Split, router: &'a dyn Router) -> Self {
        let count = split.parts.len();
        let batches = match origin.is_plain() {
            true => by_server(&mut split.parts, router),
            false => None,
        };
        let (batches, calls) = match batches {
            Some(batches) => (batches, Vec::new()),
            None => {
                let calls = split.parts.iter().map(|part| origin.part(&split, part));
                (Vec::new(), calls.enumerate().collect())
            }
        };
        let joint = Joint::Split(split);
        Self::new(origin, joint, 0, count, batches, calls)
    }

    /// The same for each of these servers.
    pub(super) fn all(
        origin: Origin<'a>,
        policy: ResponsePolicy,
        links: Vec<&'a Link>,
        random: u64,
    ) -> Self {
        let words = || (0..origin.words.len()).map(|at| Arg::Shared(origin.words.shared(at)));
        let call = |link| origin.call(words().collect()).bound_to(link);
        let calls: Vec<_> = links.into_iter().map(call).enumerate().collect();
        let count = calls.len();
        Self::new(origin, Joint::All(policy), random, count, Vec::new(), calls)
    }

    fn new(
        origin: Origin<'a>,
        joint: Joint,
        random: u64,
        count: usize,
        batches: Vec<Batch<'a>>,
        calls: Vec<(usize, OwnCall<'a>)>,
    ) -> Self {
        let mut outcomes = Vec::new();
        outcomes.resize_with(count, || None);
        Self { origin, joint, random, outcomes, batches, calls }
    }

    /// Sends all parts, in order with what is sent before and after; whether each has its outcome already.
    pub(super) fn send(&mut self, cx: &mut Context<'_>) -> bool {
        let Self { origin, joint, batches, calls, .. } = self;
        if let Joint::Split(split) = joint {
            for batch in batches {
                let unsent = batch.send((origin.database, origin.timeout), |place, list| {
                    let word = |at| Arg::Bytes(origin.words.word(at));
                    split.append_words(&split.parts[place], list, word);
                });
                calls.extend(unsent.map(|place| (place, origin.part(split, &split.parts[place]))));
            }
        }
        self.push(cx)
    }

    /// Looks at the parts that have no outcome; whether each has one now.
    fn push(&mut self, cx: &mut Context<'_>) -> bool {
        let Self { origin, joint, outcomes, batches, calls, .. } = self;
        if let Joint::Split(split) = joint {
            for batch in batches.iter_mut() {
                while let Some((place, id)) = batch.take(cx, outcomes) {
                    let mut call = origin.part(split, &split.parts[place]);
                    call.sent(batch.link, id, false);
                    calls.push((place, call));
                }
            }
            batches.retain(|batch| !batch.is_over());
        }
        // Replies of one server come in order: while an earlier call waits for its reply there, the later ones do too,
        // and are not looked at. A thousand calls would otherwise be looked at a thousand times.
        let mut waiting: Vec<*const Link> = Vec::new();
        calls.retain_mut(|(place, call)| {
            let link = call.in_flight().map(std::ptr::from_ref);
            if link.is_some_and(|link| waiting.contains(&link)) {
                return true;
            }
            match Pin::new(&mut *call).poll(cx) {
                Poll::Ready(outcome) => {
                    outcomes[*place] = Some(outcome);
                    false
                }
                Poll::Pending => {
                    waiting.extend(call.in_flight().map(std::ptr::from_ref));
                    true
                }
            }
        });
        batches.is_empty() && calls.is_empty()
    }
}

/// Puts the parts of each server side by side and makes a batch of them; `None` if the client is closed.
fn by_server<'a>(parts: &mut Vec<Part>, router: &'a dyn Router) -> Option<Vec<Batch<'a>>> {
    let mut servers: Vec<(&'a Link, Vec<Part>)> = Vec::new();
    let mut at = 0;
    for part in parts.iter() {
        let link = router.link_to(Some(part.slot))?;
        // Parts are in the order of slots, and most slots have the server of the one before.
        if !servers.get(at).is_some_and(|(known, _)| std::ptr::eq(*known, link)) {
            let known = servers.iter().position(|(known, _)| std::ptr::eq(*known, link));
            at = known.unwrap_or(servers.len());
            if known.is_none() {
                servers.push((link, Vec::new()));
            }
        }
        servers[at].1.push(*part);
    }
    parts.clear();
    let batch = |(link, own)| {
        let begin = parts.len();
        parts.extend::<Vec<Part>>(own);
        Batch::new(link, begin..parts.len())
    };
    Some(servers.into_iter().map(batch).collect())
}

impl Future for Scattered<'_> {
    type Output = Result<Frame>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Frame>> {
        let this = self.get_mut();
        if !this.push(cx) {
            return Poll::Pending;
        }
        let outcomes = this.outcomes.iter_mut().filter_map(Option::take).collect();
        let name = &this.origin.full_name;
        Poll::Ready(match &this.joint {
            Joint::Split(split) => split.join(name, outcomes),
            Joint::All(policy) => join(name, *policy, outcomes, this.random),
        })
    }
}
