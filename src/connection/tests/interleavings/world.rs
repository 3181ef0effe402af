//! A link with its real driver, its callers, and their outcomes.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use redmux_transport::{Endpoint, Environment};
use shuttle::{
    future::{JoinHandle, spawn},
    rand::{Rng, thread_rng},
};

use super::{
    super::model::{MS, config},
    clock::{Clock, Simulated},
    server::{Dialer, Life, Record},
};
use crate::{
    Delivery, Error, Result, clock,
    command::{Call, pipeline},
    connection::{
        ConstantDelay, Credentials, DialPlan, Driver, Link, LinkConfig, Selected, Submission,
        core::Phase,
    },
    events::ConnectionType,
    multiplexer::Ears,
    resp::{Arg, Protocol},
    subscriptions::Registry,
    sync::Mutex,
};

pub(super) type Echo<'a> = Call<'a, String, u32>;

pub(super) struct Setup {
    pub(super) config: LinkConfig,
    /// The link ends with its first connection.
    pub(super) single: bool,
    /// Bytes that a stream holds in each direction.
    pub(super) room: usize,
    /// How streams end by themselves, in turn; later ones live until the client ends them.
    pub(super) lives: Vec<Life>,
    /// Commands are executed and not answered, until the test says so.
    pub(super) mute: bool,
    /// A stream ends when it is a second old.
    pub(super) aging: bool,
}

impl Default for Setup {
    fn default() -> Self {
        let config = LinkConfig {
            library_info: false,
            // The shortest handshake: one PING.
            protocol: Some(Protocol::Resp2),
            ..config()
        };
        Self { config, single: false, room: 40, lives: Vec::new(), mute: false, aging: false }
    }
}

impl Setup {
    /// Lets callers stand in line for room, or not, as the checker likes.
    pub(super) fn with_or_without_a_line(mut self) -> Self {
        if toss() {
            self.config.high_water = 1;
        }
        self
    }
}

/// A number to wait for
#[derive(Default)]
pub(super) struct Count(Mutex<(usize, Vec<Waker>)>);

impl Count {
    pub(super) fn add(&self) {
        let wakers = {
            let mut state = self.0.lock().unwrap();
            state.0 += 1;
            std::mem::take(&mut state.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) async fn reaches(&self, number: usize) {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap();
            if state.0 >= number {
                return Poll::Ready(());
            }
            state.1.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

pub(super) struct World {
    pub(super) link: Arc<Link>,
    pub(super) registry: Arc<Registry>,
    pub(super) clock: Arc<Clock>,
    record: Arc<Record>,
    driver: JoinHandle<()>,
}

/// What a subscription is made on
pub(super) type Ends = (Arc<Link>, Arc<Registry>);

impl World {
    pub(super) fn ends(&self) -> Ends {
        (self.link.clone(), self.registry.clone())
    }

    pub(super) fn new(setup: Setup) -> Self {
        let clock = Arc::new(Clock::new());
        let runtime = Arc::new(Simulated(clock.clone()));
        let endpoint = Arc::new(Endpoint::tcp("server", 6379));
        let ears = Ears::default();
        let registry = ears.registry.clone();
        let link = Arc::new(Link::new(
            setup.config,
            Credentials::default(),
            Phase::Disconnected,
            Arc::new(clock::Clock::new(runtime.clone())),
            ConnectionType::Interactive,
            Arc::new(ears),
            endpoint.clone(),
        ));
        let record = Arc::new(Record::default());
        *record.lives.lock().unwrap() = setup.lives.into();
        if setup.aging {
            *record.aging.lock().unwrap() = Some(clock.clone());
        }
        if !setup.mute {
            record.unmuted.add();
        }
        let plan = DialPlan {
            endpoints: vec![endpoint],
            connect_timeout: 5000 * MS,
            policy: Arc::new(ConstantDelay(Duration::ZERO)),
            initial_attempts: None,
            single: setup.single,
            options: Arc::default(),
            credentials: crate::Full::default(),
        };
        let dialer = Dialer { room: setup.room, record: record.clone() };
        let environment = Environment { transport: Arc::new(dialer), runtime };
        let driver = spawn(Driver::new(link.clone(), environment, plan));
        Self { link, registry, clock, record, driver }
    }

    /// The server of a `mute` setup answers from now on.
    pub(super) fn unmute(&self) {
        self.record.unmuted.add();
    }

    /// A caller on a thread of its own: echoes the numbers in a pipeline, or one after the
    /// other; some of those calls come from another task, which began to wait for them.
    pub(super) fn caller(&self, numbers: impl Into<Vec<u32>>) -> JoinHandle<Vec<Outcome>> {
        let (link, numbers) = (self.link.clone(), numbers.into());
        spawn(async move {
            if numbers.len() > 1 && toss() {
                let calls: Vec<_> = numbers.iter().map(|&number| echo(&link, number)).collect();
                let results = numbers.iter().zip(pipeline(calls).await);
                return results.map(|(&number, result)| Outcome { number, result }).collect();
            }
            let mut outcomes = Vec::new();
            for number in numbers {
                let mut call = echo(&link, number);
                let result = match toss().then(|| poll_elsewhere(&mut call)) {
                    Some(Poll::Ready(result)) => result,
                    _ => call.await,
                };
                outcomes.push(Outcome { number, result });
            }
            outcomes
        })
    }

    /// A collector on a thread of its own, which echoes the numbers that there is room for; those
    /// for which there is none are calls.
    pub(super) fn collector(&self, numbers: impl Into<Vec<u32>>) -> JoinHandle<Vec<Outcome>> {
        let (link, numbers) = (self.link.clone(), numbers.into());
        spawn(async move {
            assert!(link.begin_collection());
            let (mut open, mut outcomes) = (0, Vec::new());
            for number in numbers {
                let text = number.to_string();
                let args = [Arg::Bytes(b"ECHO"), Arg::Bytes(text.as_bytes())];
                let command = Submission {
                    args: &args,
                    prelude: None,
                    database: Selected::HOME,
                    timeout: None,
                };
                match link.submit_collected(&command, number) {
                    Ok(Some(_)) => open += 1,
                    Ok(None) => {
                        outcomes.push(Outcome { number, result: echo(&link, number).await });
                    }
                    Err(error) => outcomes.push(Outcome { number, result: Err(error) }),
                }
            }
            poll_fn(|cx| {
                let mut found = Vec::new();
                link.collect(cx.waker(), &mut found);
                open -= found.len();
                outcomes.extend(found.into_iter().map(|(number, _, outcome)| {
                    let result = outcome.into_reply().map(|frame| frame.decode().unwrap());
                    Outcome { number, result }
                }));
                if open == 0 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            link.end_collection();
            outcomes
        })
    }

    /// Like [`caller`](Self::caller); gives the first number up before it is answered,
    /// or just then, and goes on with the others.
    pub(super) fn deserter(
        &self,
        first: u32,
        numbers: impl Into<Vec<u32>>,
    ) -> JoinHandle<Vec<Outcome>> {
        let (link, numbers) = (self.link.clone(), numbers.into());
        spawn(async move {
            let mut outcomes = Vec::new();
            let given_up = desert(echo(&link, first)).await;
            outcomes.extend(given_up.map(|result| Outcome { number: first, result }));
            for number in numbers {
                outcomes.push(Outcome { number, result: echo(&link, number).await });
            }
            outcomes
        })
    }

    /// Drops the driver's task on a thread of its own, as a runtime does that shuts down.
    pub(super) fn drop_driver(self) -> impl Future<Output = Arc<Record>> {
        let aborted = self.driver.abort_handle();
        let dropper = spawn(async move { aborted.abort() });
        async move {
            dropper.await.unwrap();
            self.over().await
        }
    }

    /// Closes the link and waits until nothing of it is left.
    pub(super) async fn close(self) -> Arc<Record> {
        self.link.close();
        self.link.closed().await;
        self.over().await
    }

    /// Waits until nothing is left of a link that ends by itself.
    pub(super) async fn over(self) -> Arc<Record> {
        // Cancelled, where the test drops it.
        let _ = self.driver.await;
        let servers = std::mem::take(&mut *self.record.servers.lock().unwrap());
        for server in servers {
            server.await.unwrap();
        }
        let core = self.link.lock();
        assert_eq!(core.phase, Phase::Closed);
        assert_eq!(core.slots.live(), 0, "slots are left");
        assert!(core.traces.is_empty(), "observed commands are left");
        assert!(
            core.wire.fifo.is_empty()
                && core.backlog.room.is_empty()
                && core.backlog.out.is_empty()
        );
        drop(core);
        self.record
    }
}

/// Either way, as the checker likes.
pub(super) fn toss() -> bool {
    thread_rng().gen_range(0..2) == 0
}

pub(super) fn echo(link: &Link, number: u32) -> Echo<'_> {
    Call::new(link, "ECHO", number)
}

/// Polls a call on behalf of a task that will not wait for it.
pub(super) fn poll_elsewhere(call: &mut Echo<'_>) -> Poll<Result<String>> {
    Pin::new(call).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a call a few times, woken or not, and drops it; its outcome if it had one.
async fn desert(mut call: Echo<'_>) -> Option<Result<String>> {
    let mut polls = thread_rng().gen_range(0..4);
    let wait_to_be_woken = toss();
    poll_fn(move |cx| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        match Pin::new(&mut call).poll(cx) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => {
                if wait_to_be_woken {
                    // Woken by the reply, it is gone without looking.
                    polls = 0;
                } else {
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    })
    .await
}

/// What a caller was told
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) number: u32,
    pub(super) result: Result<String>,
}

impl Outcome {
    /// The caller got its own reply, and the command ran once.
    #[track_caller]
    pub(super) fn is_answered(&self, record: &Record) {
        let Self { number, result } = self;
        match result {
            Ok(text) => assert_eq!(text, &number.to_string(), "the reply of another"),
            Err(error) => panic!("{number}: {error}"),
        }
        assert_eq!(record.times(*number), 1);
    }

    /// The caller was told the truth: its own reply, or an error that fits what the server did.
    #[track_caller]
    pub(super) fn is_true(&self, record: &Record) -> Option<&Error> {
        let Self { number, result } = self;
        let Err(error) = result else {
            self.is_answered(record);
            return None;
        };
        let at_most = match error.delivery() {
            Delivery::NotSent => 0,
            Delivery::MaybeExecuted => 1,
            Delivery::Answered => panic!("{number}: the server refuses nothing, but: {error}"),
        };
        let times = record.times(*number);
        assert!(times <= at_most, "{number} ran {times} times, but: {error:?}");
        Some(error)
    }
}
