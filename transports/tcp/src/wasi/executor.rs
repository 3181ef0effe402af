//! One thread, many tasks.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::channel::oneshot;

use super::reactor;

/// After this many rounds in which tasks were ready, the host is asked what has come meanwhile.
const ROUNDS_BETWEEN_LOOKS: u32 = 16;

/// As many rounds of ready tasks run when nothing is waited for. Tasks that wake themselves again and again must not
/// keep the caller.
const ROUNDS_WITHOUT_WAITING: u32 = 64;

/// The place of the future that [`run`] was given: it is in no table.
const MAIN: usize = usize::MAX;

thread_local! {
    static TASKS: RefCell<Tasks> = RefCell::default();
    static READY: RefCell<VecDeque<Arc<Wakeup>>> = RefCell::default();
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `future`, and the tasks that were spawned, until the future is done.
///
/// First of all it takes in what came while nothing ran ([`catch_up`]): in a component that serves request after
/// request, the client learns that its connection was closed in between before it sends on it. At the end, tasks
/// that are ready run once more, so that what was handed over to the client leaves; those that wait go on with the next
/// `run`.
///
/// # Panics
/// Inside another `run`; when the future waits for what nothing here can bring about: no socket, no timer, no task.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let _running = Running::begin();
    look();
    settle();
    let main = Arc::new(Wakeup { place: MAIN, queued: AtomicBool::new(false) });
    let waker = Waker::from(main.clone());
    let mut future = pin!(future);
    main.clone().wake();
    let mut rounds = 0;
    loop {
        for _ in 0..ready() {
            let Some(next) = pop() else { break };
            if !Arc::ptr_eq(&next, &main) {
                next.run();
            } else if let Poll::Ready(value) =
                future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                settle();
                return value;
            }
        }
        rounds += 1;
        if ready() == 0 {
            rounds = 0;
            assert!(
                reactor::wait(),
                "redmux: the future waits for what nothing in this component can bring about: \
                 there is no socket, no timer and no other task that could wake it"
            );
        } else if rounds == ROUNDS_BETWEEN_LOOKS {
            rounds = 0;
            look();
        }
    }
}

/// Takes in what came while nothing ran: replies, messages, the end of connections, timers.
///
/// Waits for nothing. [`run`] begins with it; it is there for a program that looks at the client without `run`, for
/// example at its status, or at messages that are queued. Does nothing inside `run`.
pub fn catch_up() {
    if RUNNING.get() {
        return;
    }
    let _running = Running::begin();
    look();
    settle();
}

/// Starts a task beside the others; it runs while some [`run`] does.
///
/// A task that is not awaited goes on all the same.
pub fn spawn<T: 'static>(future: impl Future<Output = T> + 'static) -> Task<T> {
    let (done, result) = oneshot::channel();
    start(Box::pin(async move {
        // Nobody may wait for it.
        let _ = done.send(future.await);
    }));
    Task(result)
}

/// What a task returns, once it has ended
#[derive(Debug)]
#[must_use = "a task runs whether it is awaited or not: `drop` it to say so"]
pub struct Task<T>(oneshot::Receiver<T>);

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // A task ends only with its future: a panic ends the whole component.
        match Pin::new(&mut self.0).poll(cx) {
            Poll::Ready(Ok(value)) => Poll::Ready(value),
            Poll::Ready(Err(oneshot::Canceled)) | Poll::Pending => Poll::Pending,
        }
    }
}

type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

/// Starts a task whose result nobody wants.
pub(super) fn start(future: LocalFuture) {
    let wakeup = TASKS.with_borrow_mut(|tasks| {
        let place = tasks.free.pop().unwrap_or_else(|| {
            tasks.places.push(None);
            tasks.places.len() - 1
        });
        let wakeup = Arc::new(Wakeup { place, queued: AtomicBool::new(false) });
        tasks.places[place] = Some((future, Waker::from(wakeup.clone())));
        wakeup
    });
    wakeup.wake();
}

/// The tasks that have not ended; the one that runs is not at its place meanwhile.
#[derive(Default)]
struct Tasks {
    places: Vec<Option<(LocalFuture, Waker)>>,
    free: Vec<usize>,
}

/// Has a task run again
struct Wakeup {
    place: usize,
    queued: AtomicBool,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            READY.with_borrow_mut(|ready| ready.push_back(self));
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            let this = self.clone();
            READY.with_borrow_mut(|ready| ready.push_back(this));
        }
    }
}

impl Wakeup {
    /// Runs the task. Futures run and are dropped outside of the borrow: they may start other tasks.
    fn run(&self) {
        let at = |tasks: &mut Tasks| tasks.places.get_mut(self.place).and_then(Option::take);
        // A task that has ended may be woken all the same, and so may the future of an earlier `run`.
        let Some((mut future, waker)) = TASKS.with_borrow_mut(at) else { return };
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let task = (future, waker);
        let ended = TASKS.with_borrow_mut(|tasks| match polled {
            Poll::Pending => {
                tasks.places[self.place] = Some(task);
                None
            }
            Poll::Ready(()) => {
                tasks.free.push(self.place);
                Some(task)
            }
        });
        drop(ended);
    }
}

fn ready() -> usize {
    READY.with_borrow(VecDeque::len)
}

fn pop() -> Option<Arc<Wakeup>> {
    let next = READY.with_borrow_mut(VecDeque::pop_front)?;
    next.queued.store(false, Ordering::Relaxed);
    Some(next)
}

/// Asks the host what has come, without waiting.
fn look() {
    reactor::look();
}

/// Runs tasks while some are ready, without waiting.
fn settle() {
    for _ in 0..ROUNDS_WITHOUT_WAITING {
        let ready = ready();
        if ready == 0 {
            break;
        }
        for _ in 0..ready {
            if let Some(next) = pop() {
                next.run();
            }
        }
    }
}

/// While there is one, no other `run` begins
struct Running;

impl Running {
    fn begin() -> Self {
        assert!(!RUNNING.replace(true), "redmux: `run` inside of `run`: await the future instead");
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.set(false);
    }
}
