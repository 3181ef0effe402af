//! Commands of which several servers execute a part, or the same: split by slot, or sent to all.
//!
//! Each part is a call of its own, with its own redirects and retries. There is one time for all, and one reply.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::{OwnCall, ResponsePolicy, join::join, route::Split};
use crate::{Result, connection::Link, resp::Frame};

/// A command in parts, on their way
pub(super) struct Scattered<'a> {
    name: String,
    joint: Joint,
    /// Chooses among replies where any will do.
    random: u64,
    parts: Vec<Part<'a>>,
}

/// How the replies to the parts become one
pub(super) enum Joint {
    Split(Split),
    All(ResponsePolicy),
}

struct Part<'a> {
    call: OwnCall<'a>,
    outcome: Option<Result<Frame>>,
}

impl<'a> Scattered<'a> {
    pub(super) fn new(
        name: String,
        joint: Joint,
        random: u64,
        calls: impl Iterator<Item = OwnCall<'a>>,
    ) -> Self {
        let parts = calls.map(|call| Part { call, outcome: None }).collect();
        Self { name, joint, random, parts }
    }

    /// Polls the parts that have no outcome; whether each has one now.
    ///
    /// Replies of one server come in order: while an earlier part waits for its reply there, the later ones do too, and are
    /// not looked at. A thousand parts would otherwise be looked at a thousand times.
    pub(super) fn push(&mut self, cx: &mut Context<'_>) -> bool {
        let mut over = true;
        let mut waiting: Vec<*const Link> = Vec::new();
        for part in self.parts.iter_mut().filter(|part| part.outcome.is_none()) {
            let link = part.call.in_flight().map(std::ptr::from_ref);
            if link.is_some_and(|link| waiting.contains(&link)) {
                continue;
            }
            match Pin::new(&mut part.call).poll(cx) {
                Poll::Ready(outcome) => part.outcome = Some(outcome),
                Poll::Pending => {
                    over = false;
                    waiting.extend(part.call.in_flight().map(std::ptr::from_ref));
                }
            }
        }
        over
    }
}

impl Future for Scattered<'_> {
    type Output = Result<Frame>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Frame>> {
        let this = self.get_mut();
        if !this.push(cx) {
            return Poll::Pending;
        }
        let outcomes = this.parts.iter_mut().filter_map(|part| part.outcome.take()).collect();
        Poll::Ready(match &this.joint {
            Joint::Split(split) => split.join(&this.name, outcomes),
            Joint::All(policy) => join(&this.name, *policy, outcomes, this.random),
        })
    }
}
