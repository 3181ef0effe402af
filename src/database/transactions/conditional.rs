//! Transactions that are executed only if conditions hold.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use redmux_transport::{BoxFuture, MaybeSend};

use super::{Condition, Results, Transaction, Values};
use crate::{
    Call, Delivery, Error, Result,
    command::{
        Calls, Pending, pipeline,
        transaction::{Queue, conclude, has_unwatched},
    },
    connection::Berth,
    database::{Database, waits::wait},
    multiplexer::Leased,
    resp::{Frame, ToArg},
};

/// A transaction that is executed only if conditions hold; made by [`Transaction::when`]
#[must_use = "a transaction does nothing unless it is awaited"]
pub struct ConditionalTransaction<'a, C> {
    transaction: Transaction<'a, C>,
    conditions: Vec<Condition>,
}

/// The outcome of a [`ConditionalTransaction`]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionOutcome<T> {
    /// The conditions held, and the calls were executed.
    Committed(T),
    /// The conditions at these places (from 0) did not hold; nothing was executed.
    ConditionsFailed(Vec<usize>),
    /// The conditions held, but another client changed one of their keys before the calls were
    /// executed; nothing was executed. Trying again may help.
    Conflict,
}

impl<'a, C: Calls> Transaction<'a, C> {
    /// Executes the calls only if the condition holds.
    ///
    /// The conditions are checked on a leased connection that watches their keys: if one of the
    /// keys is changed between the check and the execution, nothing is executed. Other callers do
    /// not wait meanwhile. It takes two round trips, and opens a connection if none is idle.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::database::transactions::{Condition, TransactionOutcome};
    ///
    /// let outcome = db
    ///     .transaction((db.decr("stock"), db.rpush("orders", "one")))
    ///     .when(!Condition::string_equal("stock", 0))
    ///     .when(Condition::list_length("orders", ..100))
    ///     .all()
    ///     .await?;
    /// match outcome {
    ///     TransactionOutcome::Committed((left, orders)) => println!("{left} left, {orders} orders"),
    ///     TransactionOutcome::ConditionsFailed(places) => println!("did not hold: {places:?}"),
    ///     _ => println!("somebody else was faster"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Database::transaction`](crate::Database::transaction) and
    /// [`lease`](crate::ConnectionMultiplexer::lease). An error before `EXEC` is sent, such as a
    /// check of a key of the wrong type, means that nothing was executed. On the database of a
    /// lease the error is [`ErrorKind::Command`](crate::ErrorKind::Command).
    pub fn when(self, condition: Condition) -> ConditionalTransaction<'a, C> {
        ConditionalTransaction { transaction: self, conditions: vec![condition] }
    }
}

impl<'a, C: Calls> ConditionalTransaction<'a, C> {
    /// Adds a condition that must hold too.
    pub fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Gives the whole transaction this time, instead of the `command_timeout` of the options.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.transaction = self.transaction.timeout(timeout);
        self
    }

    /// Returns the values of all calls, if they were executed; or the first error.
    ///
    /// # Errors
    /// As [`Transaction::all`] and [`Transaction::when`].
    pub async fn all(self) -> Result<TransactionOutcome<Values<C>>> {
        Ok(match self.run().await? {
            TransactionOutcome::Committed(results) => {
                TransactionOutcome::Committed(C::Pending::values(results)?)
            }
            TransactionOutcome::ConditionsFailed(places) => {
                TransactionOutcome::ConditionsFailed(places)
            }
            TransactionOutcome::Conflict => TransactionOutcome::Conflict,
        })
    }

    async fn run(self) -> Result<TransactionOutcome<Results<C>>> {
        let Self { transaction, conditions } = self;
        let Transaction { database, mut calls, timeout, .. } = transaction;
        if database.leased.get().is_some() {
            let hint = "it leases a connection: use the database of the multiplexer";
            return Err(Error::rejected("WATCH", hint));
        }
        let inner = database.muxer.inner();
        let handling = database.handling();
        let queue = Queue::of(&mut calls, database.places(), handling)?;
        let watched: Vec<_> = conditions.iter().map(Condition::key).collect();
        let slot = database.slot_of(&watched)?;
        if let (Some(one), Some(other)) = (slot, queue.slot())
            && one != other
        {
            let why =
                "the keys of a transaction and its conditions must be in one slot (CROSSSLOT)";
            return Err(Error::rejected("WATCH", why));
        }
        let limit = timeout.unwrap_or(inner.options.command_timeout);
        let runtime = &inner.clock.runtime;
        let begun = runtime.now();
        let left = || limit.saturating_sub(runtime.now().saturating_duration_since(begun));

        let Asked { leased, there, replies } =
            ask(database, &queue, &conditions, slot, &left).await?;
        let handling = there.handling();
        let held = conditions.iter().zip(&replies[1..]).map(|(one, reply)| one.holds(reply));
        let failed = held.enumerate().filter(|(_, held)| !held).map(|(place, _)| place);
        let failed = failed.collect::<Vec<_>>();
        if !failed.is_empty() {
            leased.unwatch(handling, left()).await;
            return Ok(TransactionOutcome::ConditionsFailed(failed));
        }
        let mut exec = queue.exec(&leased.link, Some(left())).handled(handling);
        let outcome = (&mut exec).await;
        if has_unwatched(&exec, &outcome) {
            leased.guard(false);
        }
        let concluded = conclude(&calls, &exec, outcome);
        if concluded.as_ref().is_err_and(|error| database.is_elsewhere(&leased, error)) {
            // What was watched is at another server by now: whether it has changed is not known.
            return Ok(TransactionOutcome::Conflict);
        }
        Ok(match concluded? {
            Some(results) => TransactionOutcome::Committed(results),
            None => TransactionOutcome::Conflict,
        })
    }
}

/// What was asked for the conditions
struct Asked {
    /// The connection, which watches their keys.
    leased: Arc<Leased>,
    /// The handle that made the calls on it.
    there: Database,
    /// To `WATCH`, and to the question of each condition.
    replies: Vec<Frame>,
}

/// Watches the keys of the conditions and asks for what they are about.
async fn ask(
    database: &Database,
    queue: &Queue<'_>,
    conditions: &[Condition],
    slot: Option<u16>,
    left: &impl Fn() -> Duration,
) -> Result<Asked> {
    let mut attempts = 0;
    // Where the keys are while their slot is on its way.
    let mut goal = None;
    loop {
        attempts += 1;
        let berth = Berth { slot, goal };
        let leased = database.borrow_within("WATCH", berth, left()).await?;
        leased.guard(true);
        let link = &leased.link;
        let keys = conditions.iter().map(Condition::key).collect::<Vec<_>>();
        let there = match goal {
            Some(_) => database.where_these_arrived(&keys)?,
            None => database.clone(),
        };
        let handling = there.handling();
        let mut questions = vec![Call::new(link, "WATCH", keys.clone())];
        questions.extend(conditions.iter().map(|one| one.question(link)));
        let questions: Vec<_> = questions
            .into_iter()
            .map(|question| question.handled(handling).timeout(left()))
            .collect();
        let replies = pipeline(questions).all().await;
        let was_sent_on = goal.take().is_some();
        let asked = replies.as_ref().err().and_then(|error| database.asked(&leased, error));
        goal = asked.filter(|_| !was_sent_on && is_about_these(database, &keys, queue));
        let replies = replies.map_err(nothing_executed);
        let elsewhere = replies.as_ref().is_err_and(|error| database.is_elsewhere(&leased, error));
        if !elsewhere || left().is_zero() {
            let replies = replies?;
            return Ok(Asked { leased, there, replies });
        }
        drop(leased);
        if goal.is_some() {
            continue;
        }
        wait(database.muxer.inner().clock.runtime.as_ref(), attempts).await;
    }
}

/// Whether the calls are about these keys and no others: the server that they have gone to has not all of the slot yet.
fn is_about_these(database: &Database, keys: &[impl ToArg], queue: &Queue<'_>) -> bool {
    #[cfg(feature = "topology")]
    let is = {
        let there = database.where_these_arrived(keys);
        there.is_ok_and(|there| there.arrived().is_some_and(|keys| queue.check(keys).is_ok()))
    };
    #[cfg(not(feature = "topology"))]
    let is = {
        let _ = (database, keys, queue);
        true
    };
    is
}

impl<'a, C: Calls + MaybeSend + 'a> IntoFuture for ConditionalTransaction<'a, C> {
    type Output = Result<TransactionOutcome<Results<C>>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<T> TransactionOutcome<T> {
    /// The values or results, if the calls were executed.
    pub fn committed(self) -> Option<T> {
        match self {
            Self::Committed(values) => Some(values),
            _ => None,
        }
    }
}

impl<C> fmt::Debug for ConditionalTransaction<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ConditionalTransaction");
        debug.field("conditions", &self.conditions).finish_non_exhaustive()
    }
}

/// Marks an error before `EXEC`: the commands so far only read.
pub(super) fn nothing_executed(error: Error) -> Error {
    match error.delivery() {
        Delivery::MaybeExecuted => error.deliver(Delivery::NotSent),
        _ => error,
    }
}
