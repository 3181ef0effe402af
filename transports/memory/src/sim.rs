use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use redmux_transport::{BoxFuture, Instant, Runtime, Timer};

use crate::lock::lock;

/// Polls without the clock moving after which a test is taken to spin.
const SPIN_LIMIT: u64 = 10_000_000;

/// A deterministic executor whose clock moves only when every task waits
///
/// Tasks run on the thread that calls [`block_on`](Self::block_on),
/// [`advance`](Self::advance) or [`run_until_stalled`](Self::run_until_stalled), in the
/// order in which they were woken. Hours of simulated time take no real time. Clones are
/// handles to one runtime.
///
/// ```
/// use std::time::Duration;
/// use redmux_memory::SimRuntime;
/// use redmux_transport::Runtime;
///
/// let runtime = SimRuntime::new();
/// let start = runtime.now();
/// runtime.block_on(runtime.sleep(Duration::from_secs(86_400)));
/// assert_eq!(runtime.now() - start, Duration::from_secs(86_400));
/// ```
#[derive(Clone)]
pub struct SimRuntime(Arc<Shared>);

impl SimRuntime {
    /// A runtime without tasks, with seed 0.
    pub fn new() -> Self {
        let state = State {
            elapsed: Duration::ZERO,
            ready: VecDeque::new(),
            timers: BTreeMap::new(),
            next_timer: 0,
            seed: 0,
        };
        Self(Arc::new(Shared { base: Instant::now(), state: Mutex::new(state) }))
    }

    /// Restarts the sequence that [`entropy`](Runtime::entropy) draws from.
    pub fn set_seed(&self, seed: u64) {
        lock(&self.0.state).seed = seed;
    }

    /// Simulated time since the runtime was made.
    pub fn elapsed(&self) -> Duration {
        lock(&self.0.state).elapsed
    }

    /// A future that is ready `duration` after it was made.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        let elapsed = self.elapsed();
        Sleep(SimTimer::new(self.0.clone(), elapsed.saturating_add(duration)))
    }

    /// Runs tasks until all of them wait; the clock does not move.
    ///
    /// # Panics
    ///
    /// When a task panics, or tasks wake each other ten million times without an end.
    pub fn run_until_stalled(&self) {
        let mut polls = 0;
        while self.run_one(&mut polls) {}
    }

    /// Moves the clock by `duration`, firing timers in order and running the tasks they
    /// wake, each at its own time.
    ///
    /// # Panics
    ///
    /// As [`run_until_stalled`](Self::run_until_stalled).
    pub fn advance(&self, duration: Duration) {
        let target = self.elapsed() + duration;
        loop {
            self.run_until_stalled();
            if !self.fire_next(Some(target)) {
                break;
            }
        }
        lock(&self.0.state).elapsed = target;
        self.run_until_stalled();
    }

    /// Runs `future` and the tasks until `future` is done; when all wait, the clock jumps
    /// to the next timer.
    ///
    /// # Panics
    ///
    /// When everything waits and no timer is armed (a deadlock), and as
    /// [`run_until_stalled`](Self::run_until_stalled).
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut polls = 0;
        loop {
            if woken.0.swap(false, Ordering::AcqRel) {
                count_poll(&mut polls);
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
                {
                    return output;
                }
            }
            if self.run_one(&mut polls) || woken.0.load(Ordering::Acquire) {
                continue;
            }
            assert!(
                self.fire_next(None),
                "deadlock after {:?} of simulated time: the future given to block_on and all \
                 tasks wait, and no timer is armed",
                self.elapsed()
            );
            polls = 0;
        }
    }

    /// Polls the task that was woken first; false if there is none.
    fn run_one(&self, polls: &mut u64) -> bool {
        let Some(task) = lock(&self.0.state).ready.pop_front() else { return false };
        count_poll(polls);
        task.queued.store(false, Ordering::Release);
        let waker = Waker::from(task.clone());
        let mut slot = lock(&task.future);
        if let Some(future) = slot.as_mut()
            && future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
        {
            // Dropped without the lock: what it owns may wake this very task.
            let done = slot.take();
            drop(slot);
            drop(done);
        }
        true
    }

    /// Moves the clock to the next timer and wakes who waits for it; false if there is
    /// none (up to `limit`).
    fn fire_next(&self, limit: Option<Duration>) -> bool {
        let mut state = lock(&self.0.state);
        let Some(entry) = state.timers.first_entry() else { return false };
        let deadline = entry.key().0;
        if limit.is_some_and(|limit| deadline > limit) {
            return false;
        }
        let waker = entry.remove();
        state.elapsed = state.elapsed.max(deadline);
        drop(state);
        waker.wake();
        true
    }
}

fn count_poll(polls: &mut u64) {
    *polls += 1;
    assert!(*polls < SPIN_LIMIT, "tasks keep waking each other while the clock does not move");
}

impl Default for SimRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SimRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimRuntime").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}

impl Runtime for SimRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        Arc::new(Task {
            future: Mutex::new(Some(task)),
            queued: AtomicBool::new(false),
            runtime: Arc::downgrade(&self.0),
        })
        .wake();
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        let deadline = deadline.saturating_duration_since(self.0.base);
        Box::new(SimTimer::new(self.0.clone(), deadline))
    }

    fn now(&self) -> Instant {
        self.0.base + self.elapsed()
    }

    fn entropy(&self) -> u64 {
        // splitmix64
        let mut state = lock(&self.0.state);
        state.seed = state.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state.seed;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

/// Waits on simulated time; made by [`SimRuntime::sleep`]
pub struct Sleep(SimTimer);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_expired(cx)
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.0.deadline).finish()
    }
}

struct Shared {
    base: Instant,
    state: Mutex<State>,
}

struct State {
    /// How far the clock has moved.
    elapsed: Duration,
    ready: VecDeque<Arc<Task>>,
    /// Timers that someone waits for, by deadline and then by age.
    timers: BTreeMap<(Duration, u64), Waker>,
    next_timer: u64,
    seed: u64,
}

struct Task {
    future: Mutex<Option<BoxFuture<'static, ()>>>,
    queued: AtomicBool,
    runtime: Weak<Shared>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel)
            && let Some(runtime) = self.runtime.upgrade()
        {
            lock(&runtime.state).ready.push_back(self);
        }
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

struct SimTimer {
    runtime: Arc<Shared>,
    deadline: Duration,
    id: u64,
}

impl SimTimer {
    fn new(runtime: Arc<Shared>, deadline: Duration) -> Self {
        let mut state = lock(&runtime.state);
        let id = state.next_timer;
        state.next_timer += 1;
        drop(state);
        Self { runtime, deadline, id }
    }
}

impl Timer for SimTimer {
    fn reset(&mut self, deadline: Instant) {
        let deadline = deadline.saturating_duration_since(self.runtime.base);
        let mut state = lock(&self.runtime.state);
        // A task that waits keeps waiting, for the new deadline.
        if let Some(waker) = state.timers.remove(&(self.deadline, self.id)) {
            state.timers.insert((deadline, self.id), waker);
        }
        self.deadline = deadline;
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.runtime.state);
        let key = (self.deadline, self.id);
        let expired = state.elapsed >= self.deadline;
        let former = if expired {
            state.timers.remove(&key)
        } else {
            state.timers.insert(key, cx.waker().clone())
        };
        drop(state);
        // The last waker of a task drops the task and its timers, which lock the state.
        drop(former);
        if expired { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for SimTimer {
    fn drop(&mut self) {
        let former = lock(&self.runtime.state).timers.remove(&(self.deadline, self.id));
        drop(former);
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, panic};

    use futures::{channel::oneshot, future::join};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn timers_fire_in_order_and_tasks_run_in_between() {
        let runtime = SimRuntime::new();
        let log = Arc::new(Mutex::new(Vec::new()));
        for (name, seconds) in [("c", 3), ("a", 1), ("b", 2), ("b2", 2)] {
            let (sleep, log, handle) =
                (runtime.sleep(SECOND * seconds), log.clone(), runtime.clone());
            runtime.spawn(Box::pin(async move {
                sleep.await;
                // A chained sleep starts when this one ends, not when advance() does.
                handle.sleep(SECOND / 2).await;
                lock(&log).push((name, handle.elapsed()));
            }));
        }
        runtime.advance(SECOND * 3);
        let seen = |name, millis| (name, Duration::from_millis(millis));
        assert_eq!(*lock(&log), [seen("a", 1500), seen("b", 2500), seen("b2", 2500)]);
        assert_eq!(runtime.elapsed(), SECOND * 3);
        runtime.advance(SECOND);
        assert_eq!(lock(&log)[3], seen("c", 3500));
        assert_eq!(runtime.elapsed(), SECOND * 4);
    }

    #[test]
    fn block_on_jumps_to_the_next_timer() {
        let runtime = SimRuntime::new();
        let start = runtime.now();
        let (sender, receiver) = oneshot::channel();
        let sleep = runtime.sleep(SECOND * 5);
        runtime.spawn(Box::pin(async move {
            sleep.await;
            sender.send(7).unwrap();
        }));
        assert_eq!(runtime.block_on(receiver).unwrap(), 7);
        assert_eq!(runtime.now() - start, SECOND * 5);
    }

    #[test]
    fn a_timer_is_armed_anew() {
        let runtime = SimRuntime::new();
        let mut timer = runtime.timer(runtime.now() + SECOND);
        runtime.block_on(async {
            poll_fn(|cx| timer.poll_expired(cx)).await;
            assert_eq!(runtime.elapsed(), SECOND);
            poll_fn(|cx| timer.poll_expired(cx)).await;
            timer.reset(runtime.now() + SECOND);
            poll_fn(|cx| timer.poll_expired(cx)).await;
            assert_eq!(runtime.elapsed(), SECOND * 2);
            timer.reset(runtime.now() - SECOND);
            poll_fn(|cx| timer.poll_expired(cx)).await;
            assert_eq!(runtime.elapsed(), SECOND * 2);
        });
    }

    #[test]
    fn a_reset_moves_the_wake_up_of_a_waiting_task() {
        let runtime = SimRuntime::new();
        let timer = Arc::new(Mutex::new(runtime.timer(runtime.now() + SECOND * 100)));
        let waiting = timer.clone();
        let (sender, receiver) = oneshot::channel();
        runtime.spawn(Box::pin(async move {
            poll_fn(|cx| lock(&waiting).poll_expired(cx)).await;
            sender.send(()).unwrap();
        }));
        runtime.run_until_stalled();
        lock(&timer).reset(runtime.now() + SECOND);
        runtime.block_on(receiver).unwrap();
        assert_eq!(runtime.elapsed(), SECOND);
    }

    #[test]
    fn a_dropped_timer_does_not_move_the_clock() {
        let runtime = SimRuntime::new();
        let mut forgotten = Box::pin(runtime.sleep(SECOND));
        let wait = poll_fn(|cx| {
            let _ = forgotten.as_mut().poll(cx);
            Poll::Ready(())
        });
        runtime.block_on(wait);
        drop(forgotten);
        runtime.block_on(runtime.sleep(SECOND * 2));
        assert!(lock(&runtime.0.state).timers.is_empty());
        assert_eq!(runtime.elapsed(), SECOND * 2);
    }

    #[test]
    fn a_deadlock_is_told() {
        let runtime = SimRuntime::new();
        let stuck = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            runtime.block_on(std::future::pending::<()>());
        }));
        let message = stuck.unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains("deadlock"), "{message}");
    }

    #[test]
    fn a_task_may_wake_itself_while_the_others_run() {
        let runtime = SimRuntime::new();
        let (sender, receiver) = oneshot::channel();
        let mut left = 1000;
        runtime.spawn(Box::pin(poll_fn(move |cx| {
            left -= 1;
            cx.waker().wake_by_ref();
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        })));
        runtime.spawn(Box::pin(async { sender.send(()).unwrap() }));
        let (received, ()) = runtime.block_on(join(receiver, async {}));
        received.unwrap();
    }

    #[test]
    fn tasks_left_behind_are_dropped_without_a_hang() {
        let (near, far) = crate::duplex(1, 1);
        let runtime = SimRuntime::new();
        runtime.spawn(Box::pin(async move {
            let mut far = far;
            let _ = futures::io::AsyncReadExt::read(&mut far, &mut [0]).await;
        }));
        runtime.run_until_stalled();
        drop(runtime);
        // Wakes a task that has no runtime any more, and so drops the other end.
        drop(near);
    }

    #[test]
    fn entropy_repeats_with_its_seed() {
        let runtime = SimRuntime::new();
        let draw = || (runtime.entropy(), runtime.entropy());
        let first = draw();
        assert_ne!(first.0, first.1);
        assert_ne!(draw(), first);
        runtime.set_seed(0);
        assert_eq!(draw(), first);
        // The reference value of splitmix64 for seed 0.
        assert_eq!(first.0, 0xe220_a839_7b1d_cdaf);
    }
}
