use std::{
    cell::RefCell,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use redmux_transport::{Instant, Timer};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::bindings::{clear_timeout, set_timeout};

/// A timer over `setTimeout`
///
/// The clock decides, not the callback: runtimes delay, cap and round timers, so the
/// callback only wakes the task, which asks the clock and sets another one if need be. A
/// deadline that moves back leaves the JavaScript timer alone, so that moving it with every
/// command costs nothing.
pub(crate) struct WebTimer {
    deadline: Instant,
    armed: Rc<RefCell<Option<Armed>>>,
    on_fire: Closure<dyn FnMut()>,
}

/// A JavaScript timer that has not fired, and who waits for it.
struct Armed {
    handle: JsValue,
    fires: Instant,
    waker: Waker,
}

impl WebTimer {
    pub(crate) fn new(deadline: Instant) -> Self {
        let armed = Rc::new(RefCell::new(None::<Armed>));
        let on_fire = Closure::new({
            let armed = armed.clone();
            move || {
                let fired = armed.borrow_mut().take();
                if let Some(fired) = fired {
                    fired.waker.wake();
                }
            }
        });
        Self { deadline, armed, on_fire }
    }

    fn arm(&self, now: Instant, waker: Waker) {
        // Rounded up, or it would fire before the clock gets there; and `setTimeout` takes
        // what is longer than 24 days for "at once".
        let millis = (self.deadline - now).as_secs_f64() * 1000.0;
        let millis = millis.ceil().clamp(1.0, f64::from(i32::MAX));
        let handle = set_timeout(self.on_fire.as_ref().unchecked_ref(), millis as i32);
        *self.armed.borrow_mut() = Some(Armed { handle, fires: self.deadline, waker });
    }

    fn disarm(&self) -> Option<Waker> {
        let armed = self.armed.borrow_mut().take()?;
        clear_timeout(&armed.handle);
        Some(armed.waker)
    }
}

impl Timer for WebTimer {
    fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        let too_late = self.armed.borrow().as_ref().is_some_and(|armed| armed.fires > deadline);
        if too_late && let Some(waker) = self.disarm() {
            self.arm(Instant::now(), waker);
        }
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        if now >= self.deadline {
            return Poll::Ready(());
        }
        if let Some(armed) = self.armed.borrow_mut().as_mut() {
            armed.waker.clone_from(cx.waker());
            return Poll::Pending;
        }
        self.arm(now, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for WebTimer {
    fn drop(&mut self) {
        self.disarm();
    }
}
