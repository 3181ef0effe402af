//! What programs do while the server moves.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{
    StreamExt,
    future::{Either, join_all, select},
};
use redmux::{
    ConnectionMultiplexer, Delivery, Result, pipeline,
    pubsub::{Item, Subscription},
};
use redmux_test_support::model::Random;

use super::world::World;

/// How late an outcome may be: timers have milliseconds.
const LATE: u64 = 3_000;

/// The last message of a history.
pub(super) const LAST: u64 = u64::MAX;

/// Numbers of second halves of transactions begin here.
const SECOND_HALF: u64 = 1 << 40;

/// A command with a number of its own
#[derive(Debug)]
pub(super) struct Issue {
    pub(super) key: String,
    pub(super) number: u64,
    /// The transaction of the task that it was part of, if it was.
    pub(super) transaction: Option<u64>,
    pub(super) outcome: Result<u64>,
}

/// What callers were told
#[derive(Default)]
pub(super) struct Claims {
    pub(super) issues: Mutex<Vec<Issue>>,
    pub(super) faults: Mutex<Vec<String>>,
    pub(super) popped: Mutex<Vec<String>>,
    pub(super) pushed: Mutex<Vec<(String, Result<u64>)>>,
    pub(super) heard: Mutex<Vec<u64>>,
    /// The server did not answer for a while, as it had announced.
    pub(super) silent: AtomicBool,
    pub(super) over: AtomicBool,
}

#[derive(Clone)]
pub(super) struct Worker {
    pub(super) world: World,
    pub(super) muxer: ConnectionMultiplexer,
    pub(super) claims: Arc<Claims>,
    /// The longest time that a command may take, in microseconds.
    pub(super) limit: u64,
    /// Nothing gives a reason to fail.
    pub(super) is_graceful: bool,
}

impl Worker {
    pub(super) fn fault(&self, text: String) {
        self.world.note(|| text.clone());
        self.claims.faults.lock().unwrap().push(text);
    }

    fn is_over(&self) -> bool {
        self.claims.over.load(Relaxed)
    }

    async fn within<T>(&self, what: &str, limit: u64, call: impl Future<Output = T>) -> T {
        let begun = self.world.now();
        let done = call.await;
        let took = self.world.now() - begun;
        if took > limit + LATE {
            self.fault(format!("{what} took {took} µs, {limit} at most"));
        }
        done
    }

    fn judge<T>(&self, what: &str, outcome: &Result<T>) {
        if let Err(error) = outcome
            && self.is_graceful
        {
            self.fault(format!("{what} failed: {error}"));
        }
    }

    /// Counts on a key of its own: alone, several at once, in pipelines and in transactions.
    pub(super) async fn count(self, task: u64, seed: u64) {
        let mut random = Random::new(seed);
        let (mut number, mut transactions) = (0, 0);
        let db = self.muxer.database();
        let key = format!("k{task}");
        while !self.is_over() {
            let count = 1 + random.below(6);
            let numbers: Vec<u64> = (number + 1..=number + count).collect();
            number += count;
            let call = |number: u64| self.muxer.execute::<u64>("INCRBY", (key.as_str(), number));
            let mut transaction = None;
            let calls = numbers.iter().map(|number| call(*number));
            let outcomes: Vec<Result<u64>> = match random.below(3) {
                0 => self.within("calls", self.limit, join_all(calls)).await,
                1 => {
                    let calls = calls.collect::<Vec<_>>();
                    self.within("a pipeline", self.limit, async { pipeline(calls).await }).await
                }
                _ => {
                    transactions += 1;
                    transaction = Some(transactions);
                    let calls = (call(numbers[0]), call(SECOND_HALF + numbers[0]));
                    let both = async { db.transaction(calls).all().await };
                    let both = self.within("a transaction", self.limit, both).await;
                    let (first, second) = match both {
                        Ok((first, second)) => (Ok(first), Ok(second)),
                        Err(error) => (Err(error.clone()), Err(error)),
                    };
                    self.take_in(&key, SECOND_HALF + numbers[0], transaction, second);
                    vec![first]
                }
            };
            for (number, outcome) in numbers.iter().zip(outcomes) {
                self.take_in(&key, *number, transaction, outcome);
            }
            let pause = random.pick(&[0, 0, 20_000, 300_000, 1_500_000]);
            self.world.pause(random.below(pause + 1)).await;
        }
    }

    fn take_in(&self, key: &str, number: u64, transaction: Option<u64>, outcome: Result<u64>) {
        self.judge("INCRBY", &outcome);
        if let Ok(reply) = &outcome
            && *reply != number
        {
            self.fault(format!("{number} got the reply {reply}"));
        }
        let key = key.to_owned();
        self.claims.issues.lock().unwrap().push(Issue { key, number, transaction, outcome });
    }

    /// Publishes numbers, the last one at the end.
    pub(super) async fn publish(self, seed: u64) {
        let mut random = Random::new(seed);
        let mut number = 0;
        while !self.is_over() {
            number += 1;
            let call = self.muxer.execute::<u64>("PUBLISH", ("news", number));
            let outcome = self.within("PUBLISH", self.limit, call).await;
            self.judge("PUBLISH", &outcome);
            self.world.pause(random.below(300_000)).await;
        }
    }

    pub(super) async fn listen(self, mut news: Subscription) {
        let (mut last, mut may_miss) = (0, false);
        while let Some(item) = news.next().await {
            match item {
                Item::Message(message) => {
                    let number: u64 = message.text().parse().unwrap();
                    let follows = self.world.with(|state| {
                        let between = |known: &&u64| **known > last && **known < number;
                        state.published.iter().filter(between).count() == 0
                    });
                    if number <= last {
                        self.fault(format!("{number} is heard after {last}"));
                    } else if !follows && !may_miss {
                        self.fault(format!("{number} is heard after {last}, and nothing says so"));
                    }
                    (last, may_miss) = (number, false);
                    self.claims.heard.lock().unwrap().push(number);
                    if number == LAST {
                        return;
                    }
                }
                Item::Missed(_) => may_miss = true,
                other => self.fault(format!("{other:?}")),
            }
        }
        self.fault("the subscription has ended".to_owned());
    }

    /// Waits for elements of a list on a leased connection.
    pub(super) async fn pop(self, seed: u64) {
        let mut random = Random::new(seed);
        let db = self.muxer.database();
        while !self.is_over() {
            let wait = Duration::from_millis(100 + random.below(2_000));
            let popped = db.blpop::<String, String>(["list"], wait);
            let limit = self.limit + wait.as_micros() as u64;
            match self.within("BLPOP", limit, popped).await {
                Ok(Some((_, element))) => self.claims.popped.lock().unwrap().push(element),
                Ok(None) => {}
                // What is under way on a leased connection has no more time than before.
                Err(error) if error.is_timeout() && self.claims.silent.load(Relaxed) => {}
                outcome => self.judge("BLPOP", &outcome),
            }
            self.world.pause(random.below(300_000)).await;
        }
    }

    pub(super) async fn push(self, seed: u64) {
        let mut random = Random::new(seed);
        let mut number = 0;
        while !self.is_over() {
            number += 1;
            let element = format!("e{number}");
            let call = self.muxer.execute::<u64>("RPUSH", ("list", element.as_str()));
            let outcome = self.within("RPUSH", self.limit, call).await;
            self.judge("RPUSH", &outcome);
            self.claims.pushed.lock().unwrap().push((element, outcome));
            self.world.pause(random.below(600_000)).await;
        }
    }
}

/// Whether what was executed is what callers were told.
pub(super) fn hold(world: &World, claims: &Claims) -> Vec<String> {
    let mut faults = std::mem::take(&mut *claims.faults.lock().unwrap());
    let executed = world.with(|state| state.executed.clone());
    let issues = claims.issues.lock().unwrap();
    let mut places: std::collections::BTreeMap<(&str, u64), Vec<usize>> = Default::default();
    for (place, done) in executed.iter().enumerate() {
        places.entry((&done.key, done.number)).or_default().push(place);
    }
    let mut last: std::collections::BTreeMap<&str, usize> = Default::default();
    let mut of_transactions: std::collections::BTreeMap<(&str, u64), Vec<u64>> = Default::default();
    for issue in issues.iter() {
        let done = places.remove(&(&*issue.key, issue.number)).unwrap_or_default();
        let is_right = match &issue.outcome {
            Ok(_) => done.len() == 1,
            Err(error) if error.delivery() == Delivery::NotSent => done.is_empty(),
            Err(_) => done.len() <= 1,
        };
        if !is_right {
            let Issue { key, number, outcome, .. } = issue;
            faults.push(format!("{key} {number} ran {} times: {outcome:?}", done.len()));
        }
        if let (Some(transaction), Some(place)) = (issue.transaction, done.first()) {
            let runs = of_transactions.entry((&issue.key, transaction)).or_default();
            runs.push(executed[*place].transaction);
        }
        // The second half of a transaction is noted before the first one.
        if issue.number < SECOND_HALF
            && let (Ok(_), Some(place)) = (&issue.outcome, done.first())
        {
            let before = last.insert(&issue.key, *place);
            if before.is_some_and(|before| before > *place) {
                faults.push(format!("{} {} has overtaken another one", issue.key, issue.number));
            }
        }
    }
    for ((key, number), runs) in of_transactions {
        if runs.len() != 2 || runs[0] != runs[1] || runs[0] == 0 {
            faults.push(format!("transaction {number} of {key} ran in {runs:?}"));
        }
    }
    faults.extend(places.keys().map(|(key, number)| format!("{key} {number}: nobody issued it")));
    let popped = claims.popped.lock().unwrap();
    let mut known = std::collections::BTreeSet::new();
    for element in popped.iter() {
        if !known.insert(element) {
            faults.push(format!("{element} was popped twice"));
        }
    }
    faults
}

/// The outcome of a future, unless this time passes.
pub(super) async fn in_time<T>(
    world: &World,
    micros: u64,
    call: impl Future<Output = T>,
) -> Option<T> {
    let (call, pause) = (Box::pin(call), Box::pin(world.pause(micros)));
    match select(call, pause).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}
