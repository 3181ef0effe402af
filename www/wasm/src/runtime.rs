//! Tasks, timers and randomness. Only the JavaScript side of this package calls into this module, so
//! that it notices every trap.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

use redmux::transport::{BoxFuture, Instant, Runtime, Timer};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The functions that the whole instance uses; see `www/src/raw.d.ts`. None of them throws.
    pub type Host;

    /// Calls [`run`] as soon as the current task has ended.
    #[wasm_bindgen(method)]
    fn schedule(this: &Host);

    /// Calls [`fire`] with this number after this time, instead of at the time that was set before.
    #[wasm_bindgen(method)]
    fn arm(this: &Host, timer: u32, millis: f64);

    #[wasm_bindgen(method)]
    fn disarm(this: &Host, timer: u32);
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
    static TASKS: RefCell<Tasks> = const { RefCell::new(Tasks::new()) };
    static TIMERS: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
    static CLOCK: Cell<Clock> = const { Cell::new(Clock::Asked) };
}

/// Asking JavaScript for the time costs more than most of what tasks do in a turn, in which
/// it would be asked several times.
#[derive(Clone, Copy)]
enum Clock {
    /// No tasks run: each question reads the clock again.
    Asked,
    /// Tasks run, and none has asked for the time yet.
    Fresh,
    /// The time that the running tasks got.
    Told(Instant),
}

/// Reads the clock again after foreign code, which may have taken long.
pub(crate) fn time_has_passed() {
    CLOCK.set(Clock::Fresh);
}

fn now() -> Instant {
    match CLOCK.get() {
        Clock::Told(now) => now,
        Clock::Asked => Instant::now(),
        Clock::Fresh => {
            let now = Instant::now();
            CLOCK.set(Clock::Told(now));
            now
        }
    }
}

/// Sets the functions that the instance calls; must be called first.
#[wasm_bindgen]
pub fn start(host: Host) {
    HOST.set(Some(host));
}

/// Runs `action`, and the tasks that it wakes, before it returns: input from JavaScript need not
/// wait for another turn.
///
/// Called from within a task, it leaves the woken tasks to the loop that runs that one.
pub(crate) fn drive(action: impl FnOnce()) {
    let running = TASKS.with_borrow_mut(|tasks| std::mem::replace(&mut tasks.scheduled, true));
    action();
    if !running {
        run();
    }
}

/// Runs the tasks that were woken.
#[wasm_bindgen]
pub fn run() {
    // Tasks woken meanwhile run too, up to a limit: then the event loop has its turn.
    CLOCK.set(Clock::Fresh);
    for _ in 0..64 {
        let waiting = TASKS.with_borrow(|tasks| tasks.woken.len());
        if waiting == 0 {
            break;
        }
        for _ in 0..waiting {
            let next = TASKS.with_borrow_mut(|tasks| tasks.woken.pop_front());
            next.into_iter().for_each(poll);
        }
    }
    CLOCK.set(Clock::Asked);
    let more = TASKS.with_borrow_mut(|tasks| {
        tasks.scheduled = !tasks.woken.is_empty();
        tasks.scheduled
    });
    if more {
        host(Host::schedule);
    }
}

/// Fires a timer.
#[wasm_bindgen]
pub fn fire(timer: u32) {
    let waker = TIMERS.with_borrow_mut(|timers| match timers.get_mut(timer as usize) {
        Some(Slot::Armed(waker)) => {
            let waker = waker.clone();
            timers[timer as usize] = Slot::Idle;
            Some(waker)
        }
        _ => None,
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn host<R>(call: impl FnOnce(&Host) -> R) -> Option<R> {
    HOST.with_borrow(|host| host.as_ref().map(call))
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

struct Tasks {
    /// A task is taken out while it runs.
    tasks: Vec<Option<(Option<Task>, Arc<Woken>)>>,
    free: Vec<usize>,
    woken: VecDeque<Arc<Woken>>,
    scheduled: bool,
}

impl Tasks {
    const fn new() -> Self {
        Self { tasks: Vec::new(), free: Vec::new(), woken: VecDeque::new(), scheduled: false }
    }
}

/// A task's waker
struct Woken {
    index: usize,
    queued: AtomicBool,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        if self.queued.swap(true, Relaxed) {
            return;
        }
        let first = TASKS.with_borrow_mut(|tasks| {
            tasks.woken.push_back(self);
            !std::mem::replace(&mut tasks.scheduled, true)
        });
        if first {
            host(Host::schedule);
        }
    }
}

/// Starts a task.
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Task = Box::pin(task);
    let woken = TASKS.with_borrow_mut(|tasks| {
        let index = tasks.free.pop().unwrap_or_else(|| {
            tasks.tasks.push(None);
            tasks.tasks.len() - 1
        });
        let woken = Arc::new(Woken { index, queued: AtomicBool::new(false) });
        tasks.tasks[index] = Some((Some(task), woken.clone()));
        woken
    });
    woken.wake();
}

fn poll(woken: Arc<Woken>) {
    let index = woken.index;
    woken.queued.store(false, Relaxed);
    let task = TASKS.with_borrow_mut(|tasks| match tasks.tasks.get_mut(index) {
        Some(Some((task, now))) if Arc::ptr_eq(now, &woken) => task.take(),
        _ => None,
    });
    let Some(mut task) = task else { return };
    let over = task.as_mut().poll(&mut Context::from_waker(&woken.into())).is_ready();
    let ended = TASKS.with_borrow_mut(|tasks| {
        if over {
            tasks.free.push(index);
            tasks.tasks[index] = None;
            return Some(task);
        }
        if let Some(Some((place, _))) = tasks.tasks.get_mut(index) {
            *place = Some(task);
        }
        None
    });
    // Dropping it may wake other tasks.
    drop(ended);
}

enum Slot {
    Free,
    Idle,
    Armed(Waker),
}

/// The event loop of the page, worker or server-side JavaScript runtime
#[derive(Debug)]
pub(crate) struct JsRuntime;

impl Runtime for JsRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        spawn(task);
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        let id = TIMERS.with_borrow_mut(|timers| {
            let free = timers.iter().position(|slot| matches!(slot, Slot::Free));
            let id = free.unwrap_or(timers.len());
            match timers.get_mut(id) {
                Some(slot) => *slot = Slot::Idle,
                None => timers.push(Slot::Idle),
            }
            id as u32
        });
        Box::new(JsTimer { id, deadline, fires: None })
    }

    fn now(&self) -> Instant {
        now()
    }

    fn entropy(&self) -> u64 {
        let half = || (js_sys::Math::random() * 4_294_967_296.0) as u64;
        half() << 32 | half()
    }
}

/// A timer of the runtime
///
/// The clock decides, not the callback: runtimes delay, cap and round timers, so the callback
/// only wakes the task, which asks the clock. A deadline that moves back leaves the JavaScript
/// timer alone, so that moving it with every command costs nothing.
struct JsTimer {
    id: u32,
    deadline: Instant,
    /// When the JavaScript timer fires, if it has not yet.
    fires: Option<Instant>,
}

impl JsTimer {
    fn arm(&mut self, now: Instant) {
        // Rounded up, or it would fire too early; and `setTimeout` takes more than 24 days for
        // "at once".
        let millis = (self.deadline - now).as_secs_f64() * 1000.0;
        host(|host| host.arm(self.id, millis.ceil().clamp(1.0, f64::from(i32::MAX))));
        self.fires = Some(self.deadline);
    }

    /// Whether the JavaScript timer is still to fire.
    fn is_armed(&self) -> bool {
        self.fires.is_some()
            && TIMERS
                .with_borrow(|timers| matches!(timers.get(self.id as usize), Some(Slot::Armed(_))))
    }

    fn set(&self, slot: Slot) {
        let old = TIMERS.with_borrow_mut(|timers| {
            timers.get_mut(self.id as usize).map(|place| std::mem::replace(place, slot))
        });
        drop(old);
    }
}

impl Timer for JsTimer {
    fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        if self.is_armed() && self.fires.is_some_and(|fires| fires > deadline) {
            self.arm(now());
        }
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = now();
        if now >= self.deadline {
            return Poll::Ready(());
        }
        let armed = self.is_armed();
        self.set(Slot::Armed(cx.waker().clone()));
        if !armed {
            self.arm(now);
        }
        Poll::Pending
    }
}

impl Drop for JsTimer {
    fn drop(&mut self) {
        if self.is_armed() {
            host(|host| host.disarm(self.id));
        }
        self.set(Slot::Free);
    }
}
