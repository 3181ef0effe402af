//! Borrowers of one pool, while others leave, the server changes or the program closes.

use redmux_transport::Environment;
use shuttle::future::{JoinHandle, spawn, yield_now};

use super::{
    clock::{Clock, Simulated},
    server::Dialer,
    world::toss,
    *,
};
use crate::{
    Call, ConnectionMultiplexer, ErrorKind, Options, Result,
    command::Source,
    connection::{BacklogPolicy, ConstantDelay},
    database::Lease,
    resp::Protocol,
};

/// So few of these, because each has several connections.
const FEW: usize = INTERLEAVINGS / 15;

/// More than any look at the pool takes.
const TURNS: usize = 100;

struct Bench {
    muxer: ConnectionMultiplexer,
    record: Arc<Record>,
}

impl Bench {
    async fn new(lives: Vec<Life>) -> Self {
        let record = Arc::new(Record::default());
        record.unmuted.add();
        let dialer = Dialer { room: 40, record: record.clone() };
        let runtime = Arc::new(Simulated(Arc::new(Clock::new())));
        let environment = Environment { transport: Arc::new(dialer), runtime };
        let options = Options::new("server:6379")
            // The shortest handshake: one PING.
            .protocol(Protocol::Resp2)
            .library_info(false)
            .reconnect_policy(ConstantDelay(std::time::Duration::ZERO))
            .backlog(BacklogPolicy::default())
            .max_leased(2);
        let muxer = ConnectionMultiplexer::connect_with(options, environment).await.unwrap();
        *record.lives.lock().unwrap() = lives.into();
        Self { muxer, record }
    }

    /// Borrows, echoes these numbers and gives back.
    fn borrower(&self, numbers: impl Into<Vec<u32>>) -> JoinHandle<Vec<Outcome>> {
        let (muxer, numbers) = (self.muxer.clone(), numbers.into());
        spawn(async move {
            let mut outcomes = Vec::new();
            let lease = muxer.lease().await;
            for number in numbers {
                let result = match &lease {
                    Ok(lease) => echo_on(lease, number).await,
                    Err(error) => Err(error.clone()),
                };
                outcomes.push(Outcome { number, result });
            }
            outcomes
        })
    }

    /// Wants a connection, and goes away before or when it has one.
    fn deserter(&self) -> JoinHandle<()> {
        let muxer = self.muxer.clone();
        spawn(async move {
            let mut lease = Box::pin(muxer.lease());
            let mut polls = if toss() { 1 } else { 2 };
            std::future::poll_fn(|cx| {
                polls -= 1;
                match lease.as_mut().poll(cx) {
                    _ if polls == 0 => std::task::Poll::Ready(()),
                    other => other.map(drop),
                }
            })
            .await;
        })
    }

    /// Echoes these numbers by calls that lease a connection each, as commands that wait do; some are
    /// given up on the way.
    fn waiter(&self, numbers: impl Into<Vec<u32>>, gives_up: bool) -> JoinHandle<Vec<Outcome>> {
        let (muxer, numbers) = (self.muxer.clone(), numbers.into());
        spawn(async move {
            let mut outcomes = Vec::new();
            for number in numbers {
                let inner = muxer.inner();
                let mut call =
                    Call::new(inner.link(), "ECHO", number).leasing(Source::Pool(inner), 1_000_000);
                let mut polls = if gives_up && toss() { 2 } else { usize::MAX };
                let result = std::future::poll_fn(|cx| {
                    polls -= 1;
                    match std::pin::Pin::new(&mut call).poll(cx) {
                        std::task::Poll::Pending if polls == 0 => std::task::Poll::Ready(None),
                        other => other.map(Some),
                    }
                })
                .await;
                outcomes.extend(result.map(|result| Outcome { number, result }));
            }
            outcomes
        })
    }

    /// Closes everything; nothing may be left.
    async fn end(self) -> Arc<Record> {
        let mut leases = self.muxer.status().leases;
        // Who looks after the pool may hold a connection a moment longer than its user.
        for _ in 0..TURNS {
            if leases.leased == 0 {
                break;
            }
            yield_now().await;
            leases = self.muxer.status().leases;
        }
        assert_eq!((leases.leased, leases.waiting), (0, 0), "{leases:?}");
        self.muxer.close().await;
        let servers = std::mem::take(&mut *self.record.servers.lock().unwrap());
        for server in servers {
            server.await.unwrap();
        }
        self.record
    }
}

async fn echo_on(lease: &Lease, number: u32) -> Result<String> {
    lease.execute("ECHO", number).await
}

#[test]
fn borrowers_get_a_connection_each_and_leave_none_behind() {
    explore(FEW, || async {
        let bench = Bench::new(Vec::new()).await;
        let borrowers = [bench.borrower([1, 2]), bench.borrower([3]), bench.borrower([4])];
        let deserter = bench.deserter();
        let outcomes = outcomes(borrowers).await;
        deserter.await.unwrap();
        let record = bench.end().await;
        outcomes.iter().for_each(|outcome| outcome.is_answered(&record));
    });
}

#[test]
fn borrowers_go_along_with_another_stream() {
    explore(FEW, || async {
        let bench = Bench::new(Vec::new()).await;
        let borrowers = [bench.borrower([1]), bench.borrower([2]), bench.borrower([3])];
        bench.muxer.reconnect();
        let outcomes = outcomes(borrowers).await;
        let record = bench.end().await;
        outcomes.iter().for_each(|outcome| outcome.is_answered(&record));
    });
}

#[test]
fn who_borrows_while_connections_are_lost_is_told_the_truth() {
    explore(FEW, || async {
        let bench = Bench::new(vec![Life::random(), Life::random()]).await;
        let borrowers = [bench.borrower([1, 2]), bench.borrower([3]), bench.borrower([4])];
        let outcomes = outcomes(borrowers).await;
        let record = bench.end().await;
        for outcome in &outcomes {
            if let Some(error) = outcome.is_true(&record) {
                assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}");
            }
        }
    });
}

#[test]
fn closing_leaves_no_borrower_waiting() {
    explore(FEW, || async {
        let bench = Bench::new(Vec::new()).await;
        let borrowers = [bench.borrower([1]), bench.borrower([2]), bench.borrower([3])];
        let muxer = bench.muxer.clone();
        let closer = spawn(async move { muxer.close().await });
        let outcomes = outcomes(borrowers).await;
        closer.await.unwrap();
        let record = bench.end().await;
        for outcome in &outcomes {
            if let Some(error) = outcome.is_true(&record) {
                assert_eq!(error.kind(), ErrorKind::Closed, "{error:?}");
            }
        }
    });
}

#[test]
fn calls_that_lease_get_their_own_replies_and_leave_nothing_behind() {
    explore(FEW, || async {
        let bench = Bench::new(Vec::new()).await;
        let waiters =
            [bench.waiter([1, 2], false), bench.waiter([3, 4], true), bench.borrower([5])];
        let outcomes = outcomes(waiters).await;
        let record = bench.end().await;
        outcomes.iter().for_each(|outcome| outcome.is_answered(&record));
    });
}
