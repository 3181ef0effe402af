//! Several calls at once: [`pipeline`](fn@pipeline).

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::{Call, queue::Queue};
use crate::{
    FULL, Result,
    resp::{Frame, FromReply, Reply, ToArgs},
};

/// Calls that are written together and awaited together; made by [`pipeline`](fn@pipeline)
///
/// Awaiting it gives a [`Result`] for each call, in order. The calls are ordinary commands: each
/// has its own time-out and may fail alone, and commands of other tasks may run between them (a
/// transaction prevents that). Commands that wait on the server (`blpop`) wait side by side, each on
/// a connection of its own. Nothing is sent before the first poll; dropping the pipeline gives up the
/// calls that are left.
#[must_use = "a pipeline does nothing unless it is awaited"]
pub struct Pipeline<C>(C);

/// Writes several calls together and awaits their replies together
///
/// Takes a tuple of calls of different types, or a `Vec` of any number of one type. Calls of
/// several tasks at the same time are pipelined without this.
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// let calls = (db.set("greeting", "hello"), db.incr("visits"), db.get::<String>("name"));
/// let ((), visits, name) = redmux::pipeline(calls).all().await?;
///
/// let keys = ["a", "b", "c"];
/// let calls: Vec<_> = keys.iter().map(|key| db.get::<String>(key)).collect();
/// for (key, value) in keys.iter().zip(redmux::pipeline(calls).await) {
///     println!("{key}: {:?}", value?);
/// }
/// # Ok(())
/// # }
/// ```
pub fn pipeline<C: Calls>(calls: C) -> Pipeline<C::Pending> {
    Pipeline(calls.into_pending())
}

impl<C: Pending> Pipeline<C> {
    /// Returns the values of all calls, or the first error in the order of the calls.
    ///
    /// All calls are completed even if one fails.
    ///
    /// # Errors
    /// That of the first call that failed.
    pub async fn all(self) -> Result<C::Values> {
        C::values(self.await)
    }
}

impl<C: Pending> Future for Pipeline<C> {
    type Output = C::Results;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Results> {
        self.get_mut().0.poll(cx)
    }
}

// Nothing in it is ever pinned.
impl<C> Unpin for Pipeline<C> {}

impl<C> fmt::Debug for Pipeline<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").finish_non_exhaustive()
    }
}

/// What [`pipeline`](fn@pipeline) and [`Database::transaction`](crate::Database::transaction)
/// take: a `Vec` of calls, or a tuple of up to eight
pub trait Calls: sealed::Sealed {
    /// The calls under way.
    type Pending: Pending;

    /// Begins.
    fn into_pending(self) -> Self::Pending;

    /// Puts them into a transaction.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "for this crate")]
    fn queue(&mut self, queue: &mut Queue<'_>) -> Result<()>;

    /// The outcome of each call, from the replies taken one by one.
    #[doc(hidden)]
    fn answers<'r>(
        &self,
        next: &mut dyn FnMut() -> Option<Reply<'r>>,
    ) -> <Self::Pending as Pending>::Results;

    /// Fails with the error that the call at a place, counted from 0, was answered with.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "for this crate")]
    fn refusal(&self, place: usize, reply: &Frame) -> Result<()>;
}

/// Calls of a [`Pipeline`] under way
pub trait Pending: sealed::Sealed {
    /// A result for each call.
    type Results;
    /// A value for each call.
    type Values;

    /// Ready when every call is.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Self::Results>;

    /// The values, or the first error.
    #[allow(clippy::missing_errors_doc, reason = "as `Pipeline::all`, where users meet it")]
    fn values(results: Self::Results) -> Result<Self::Values>;
}

mod sealed {
    pub trait Sealed {}
}

/// Any number of calls of one type
///
/// Replies come in the order of the commands: only the last call holds the task's waker, and
/// the task runs once instead of once for each reply.
pub struct Many<'a, T, A> {
    calls: Vec<Member<'a, T, A>>,
    /// How many calls the link has taken.
    issued: usize,
    /// How many calls, from the first, are known to be over.
    over: usize,
    /// Some run on connections of their own, or at several servers: their replies come in any order.
    leasing: bool,
}

/// A call and, once it is over, its result
pub struct Member<'a, T, A> {
    call: Call<'a, T, A>,
    result: Option<Result<T>>,
}

impl<'a, T: FromReply, A: ToArgs> Member<'a, T, A> {
    fn new(call: Call<'a, T, A>) -> Self {
        Self { call, result: None }
    }

    /// Whether it is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if self.result.is_none() {
            match Pin::new(&mut self.call).poll(cx) {
                Poll::Ready(result) => self.result = Some(result),
                Poll::Pending => return false,
            }
        }
        true
    }

    fn take(&mut self) -> Result<T> {
        self.result.take().unwrap_or_else(|| Err(self.call.awaited_again()))
    }
}

impl<T, A> sealed::Sealed for Vec<Call<'_, T, A>> {}
impl<T, A> sealed::Sealed for Many<'_, T, A> {}

impl<'a, T: FromReply, A: ToArgs> Calls for Vec<Call<'a, T, A>> {
    type Pending = Many<'a, T, A>;

    fn into_pending(self) -> Many<'a, T, A> {
        let leasing =
            FULL && self.iter().any(|call| call.leases() || call.link().router().is_some());
        Many { calls: self.into_iter().map(Member::new).collect(), issued: 0, over: 0, leasing }
    }

    fn queue(&mut self, queue: &mut Queue<'_>) -> Result<()> {
        self.iter_mut().try_for_each(|call| call.enqueue(queue))
    }

    fn answers<'r>(&self, next: &mut dyn FnMut() -> Option<Reply<'r>>) -> Vec<Result<T>> {
        self.iter().map(|call| call.part(next())).collect()
    }

    fn refusal(&self, place: usize, reply: &Frame) -> Result<()> {
        self.get(place).map_or(Ok(()), |call| call.decode(reply))
    }
}

impl<T: FromReply, A: ToArgs> Pending for Many<'_, T, A> {
    type Results = Vec<Result<T>>;
    type Values = Vec<T>;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Result<T>>> {
        if self.leasing {
            let mut over = true;
            self.calls.iter_mut().for_each(|member| over &= member.poll(cx));
            return match over {
                true => Poll::Ready(self.calls.iter_mut().map(Member::take).collect()),
                false => Poll::Pending,
            };
        }
        let mut silent = Context::from_waker(Waker::noop());
        let last = self.calls.len().saturating_sub(1);
        while let Some(member) = self.calls.get_mut(self.issued) {
            let over = member.poll(if self.issued < last { &mut silent } else { cx });
            // While the link is full it wakes this call when it is its turn.
            if !over
                && member.call.waits_for_room()
                && !member.poll(cx)
                && member.call.waits_for_room()
            {
                return Poll::Pending;
            }
            self.issued += 1;
        }
        if self.calls.last_mut().is_some_and(|last| !last.poll(cx)) {
            return Poll::Pending;
        }
        // The others are over as a rule; if not, because this one failed early, one by one.
        while let Some(member) = self.calls.get_mut(self.over) {
            if !member.poll(cx) {
                return Poll::Pending;
            }
            self.over += 1;
        }
        Poll::Ready(self.calls.iter_mut().map(Member::take).collect())
    }

    fn values(results: Vec<Result<T>>) -> Result<Vec<T>> {
        results.into_iter().collect()
    }
}

macro_rules! tuples {
    ($($(($life:lifetime $type:ident $args:ident $field:tt))+;)+) => {$(
        impl<$($type, $args),+> sealed::Sealed for ($(Call<'_, $type, $args>,)+) {}
        impl<$($type, $args),+> sealed::Sealed for ($(Member<'_, $type, $args>,)+) {}

        // A lifetime for each: with one for all, futures of it could not be spawned.
        impl<$($life,)+ $($type: FromReply, $args: ToArgs),+> Calls for ($(Call<$life, $type, $args>,)+) {
            type Pending = ($(Member<$life, $type, $args>,)+);

            fn into_pending(self) -> Self::Pending {
                ($(Member::new(self.$field),)+)
            }

            fn queue(&mut self, queue: &mut Queue<'_>) -> Result<()> {
                $(self.$field.enqueue(queue)?;)+
                Ok(())
            }

            fn answers<'r>(
                &self,
                next: &mut dyn FnMut() -> Option<Reply<'r>>,
            ) -> <Self::Pending as Pending>::Results {
                ($(self.$field.part(next()),)+)
            }

            fn refusal(&self, place: usize, reply: &Frame) -> Result<()> {
                match place {
                    $($field => self.$field.decode(reply),)+
                    _ => Ok(()),
                }
            }
        }

        impl<$($type: FromReply, $args: ToArgs),+> Pending for ($(Member<'_, $type, $args>,)+) {
            type Results = ($(Result<$type>,)+);
            type Values = ($($type,)+);

            fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Self::Results> {
                let mut over = true;
                $(over &= self.$field.poll(cx);)+
                if over { Poll::Ready(($(self.$field.take(),)+)) } else { Poll::Pending }
            }

            fn values(results: Self::Results) -> Result<Self::Values> {
                Ok(($(results.$field?,)+))
            }
        }
    )+};
}

tuples! {
    ('t0 T0 A0 0);
    ('t0 T0 A0 0) ('t1 T1 A1 1);
    ('t0 T0 A0 0) ('t1 T1 A1 1) ('t2 T2 A2 2);
    ('t0 T0 A0 0) ('t1 T1 A1 1) ('t2 T2 A2 2) ('t3 T3 A3 3);
    ('t0 T0 A0 0) ('t1 T1 A1 1) ('t2 T2 A2 2) ('t3 T3 A3 3) ('t4 T4 A4 4);
    ('t0 T0 A0 0) ('t1 T1 A1 1) ('t2 T2 A2 2) ('t3 T3 A3 3) ('t4 T4 A4 4) ('t5 T5 A5 5);
    ('t0 T0 A0 0) ('t1 T1 A1 1) ('t2 T2 A2 2) ('t3 T3 A3 3) ('t4 T4 A4 4) ('t5 T5 A5 5) ('t6 T6 A6 6);
    ('t0 T0 A0 0) ('t1 T1 A1 1) ('t2 T2 A2 2) ('t3 T3 A3 3) ('t4 T4 A4 4) ('t5 T5 A5 5) ('t6 T6 A6 6) ('t7 T7 A7 7);
}
