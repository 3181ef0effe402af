//! Reading the options, which JavaScript has checked one by one and packed (`www/src/options.js`).

use std::{cell::Cell, fmt, rc::Rc, time::Duration};

#[cfg(not(feature = "server"))]
use crate::batch::Batch;
#[cfg(not(feature = "server"))]
use redmux::Endpoint;
use redmux::{Options, cache::CacheOptions, options::ReconnectPolicy, resp::Protocol};

use crate::{hooks::Hooks, runtime::time_has_passed};

/// Each number has its place, NaN if it is not given. The texts are the words of the batch: the
/// endpoint, three texts with a number each that says whether they are given, and prefixes.
#[cfg(not(feature = "server"))]
pub(crate) fn read(numbers: Vec<f64>, texts: Batch, hooks: &Rc<Hooks>) -> Options {
    let mut texts = texts.texts().into_iter();
    let url = texts.next().unwrap_or_default();
    apply(Options::default().add_endpoint(Endpoint::WebSocket { url }), numbers, texts, hooks)
}

/// The same without the endpoint.
pub(crate) fn apply(
    options: Options,
    numbers: Vec<f64>,
    mut texts: impl Iterator<Item = String>,
    hooks: &Rc<Hooks>,
) -> Options {
    let mut text = || texts.next().unwrap_or_default();
    let mut options =
        options.reconnect_policy(JsPolicy { hooks: hooks.clone(), eager: Cell::new(false) });
    let (mut username, mut password, mut client_name) = (text(), text(), text());
    let mut cache = None;
    for (place, number) in numbers.into_iter().enumerate().filter(|(_, number)| !number.is_nan()) {
        let (count, is_on) = (number as u32, number != 0.0);
        options = match place {
            0 => options.database(count),
            1 => options.connect_retry(count),
            2 => options.send_queue_bytes(count as usize),
            3 => options.connect_timeout(duration(number)),
            4 => options.command_timeout(duration(number)),
            5 => options.keep_alive(duration(number)),
            6 => options.probe_after(duration(number)),
            7 => options.probe_timeout(duration(number)),
            8 => options.abort_on_connect_fail(is_on),
            9 => options.library_info(is_on),
            10 => options.protocol(if count == 2 { Protocol::Resp2 } else { Protocol::Resp3 }),
            11 => options.redial_on_readonly(is_on),
            12 => options.username(std::mem::take(&mut username)),
            13 => options.password(std::mem::take(&mut password)),
            14 => options.client_name(std::mem::take(&mut client_name)),
            _ => {
                let known: CacheOptions = cache.unwrap_or_default();
                cache = Some(match place {
                    16 => known.max_bytes(count as usize),
                    17 => known.max_reply_bytes(count as usize),
                    18 => known.max_age(duration(number)),
                    19 => known.broadcast(texts.by_ref()),
                    _ => known,
                });
                options
            }
        };
    }
    match cache {
        Some(cache) => options.client_cache(cache),
        None => options,
    }
}

/// Asks the JavaScript side, which knows why the last socket ended
struct JsPolicy {
    hooks: Rc<Hooks>,
    /// Whether a waiting command may cut the last wait short.
    eager: Cell<bool>,
}

impl ReconnectPolicy for JsPolicy {
    fn delay(&self, attempt: u32, outage: Duration, _: u64) -> Duration {
        let delay = self.hooks.delay(attempt, crate::object::millis(outage));
        time_has_passed();
        self.eager.set(delay < 0.0);
        duration(delay.abs())
    }

    /// As with the core's own waits.
    fn eager(&self) -> Option<Duration> {
        self.eager.get().then_some(Duration::from_secs(1))
    }
}

impl fmt::Debug for JsPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsPolicy")
    }
}

/// Milliseconds as a duration; a number beyond its range is the longest one.
pub(crate) fn duration(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(Duration::MAX)
}
