//! Values of options as text.

use std::{any::Any, sync::Arc, time::Duration};

use redmux_transport::Keepalive;

use crate::{
    connection::{BacklogPolicy, ConstantDelay, ExponentialBackoff, ReconnectPolicy},
    resp::Protocol,
};

/// A reconnect policy, and its name in the connection string if it has one
#[derive(Debug, Clone)]
pub(super) struct Reconnect {
    pub(super) policy: Arc<dyn ReconnectPolicy>,
    known: Option<Known>,
}

#[derive(Debug, Clone, Copy)]
enum Known {
    Exponential { base: Duration, cap: Duration },
    Constant(Duration),
}

impl Reconnect {
    pub(super) fn new<P: ReconnectPolicy>(policy: P) -> Self {
        let any: &dyn Any = &policy;
        let known = match any.downcast_ref::<ExponentialBackoff>() {
            Some(&ExponentialBackoff { base, cap }) => Some(Known::Exponential { base, cap }),
            None => any.downcast_ref().map(|ConstantDelay(delay)| Known::Constant(*delay)),
        };
        Self { policy: Arc::new(policy), known }
    }

    /// Its text in the connection string; `None` for a policy that the program defines.
    pub(super) fn text(&self) -> Option<String> {
        Some(match self.known? {
            Known::Exponential { base, cap } => {
                format!("exponential:{}:{}", show_millis(&base), show_millis(&cap))
            }
            Known::Constant(delay) => format!("constant:{}", show_millis(&delay)),
        })
    }
}

pub(super) fn reconnect(text: &str) -> Option<Reconnect> {
    let mut parts = text.split(':');
    let kind = parts.next()?.to_ascii_lowercase();
    let times: Option<Vec<Duration>> = parts.map(millis_or_off).collect();
    match (kind.as_str(), times?.as_slice()) {
        ("exponential", []) => Some(Reconnect::new(ExponentialBackoff::default())),
        ("exponential", &[base, cap]) if base <= cap && !base.is_zero() => {
            Some(Reconnect::new(ExponentialBackoff { base, cap }))
        }
        ("constant", &[delay]) => Some(Reconnect::new(ConstantDelay(delay))),
        _ => None,
    }
}

pub(super) fn backlog(text: &str) -> Option<BacklogPolicy> {
    let parts: Vec<&str> = text.split(':').collect();
    match (parts[0].to_ascii_lowercase().as_str(), &parts[1..]) {
        ("queue", []) => Some(BacklogPolicy::default()),
        ("queue", [commands, size]) => Some(BacklogPolicy::Queue {
            max_commands: commands.parse().ok()?,
            max_bytes: bytes(size)?,
        }),
        ("failfast", []) => Some(BacklogPolicy::FailFast),
        _ => None,
    }
}

pub(super) fn show_backlog(policy: &BacklogPolicy) -> String {
    match policy {
        BacklogPolicy::Queue { max_commands, max_bytes } => {
            format!("queue:{max_commands}:{}", show_bytes(max_bytes))
        }
        BacklogPolicy::FailFast => "failFast".to_owned(),
    }
}

pub(super) fn keepalive(text: &str) -> Option<Keepalive> {
    if text.eq_ignore_ascii_case("off") {
        return Some(Keepalive::OFF);
    }
    let mut parts = text.split(':');
    let (idle, interval) = (millis(parts.next()?)?, millis(parts.next()?)?);
    let count = parts.next()?.parse().ok().filter(|count| *count > 0)?;
    parts.next().is_none().then_some(Keepalive::new(idle, interval, count))
}

pub(super) fn show_keepalive(keepalive: &Keepalive) -> String {
    match keepalive.count {
        0 => "off".to_owned(),
        count => {
            format!("{}:{}:{count}", show_millis(&keepalive.idle), show_millis(&keepalive.interval))
        }
    }
}

const FOREVER: &str = "forever";

pub(super) fn millis(text: &str) -> Option<Duration> {
    millis_or_off(text).filter(|time| !time.is_zero())
}

/// `0` and `off` are zero.
pub(super) fn millis_or_off(text: &str) -> Option<Duration> {
    if text.eq_ignore_ascii_case(FOREVER) {
        return Some(Duration::MAX);
    }
    if text.eq_ignore_ascii_case("off") {
        return Some(Duration::ZERO);
    }
    match text.strip_suffix("us") {
        Some(micros) => micros.parse().ok().map(Duration::from_micros),
        None => text.parse().ok().map(Duration::from_millis),
    }
}

pub(super) fn show_millis(time: &Duration) -> String {
    match u64::try_from(time.as_millis()) {
        Err(_) => FOREVER.to_owned(),
        Ok(ms) if time.subsec_micros().is_multiple_of(1000) => ms.to_string(),
        Ok(_) => format!("{}us", time.as_micros()),
    }
}

pub(super) fn show_millis_or_off(time: &Duration) -> String {
    if time.is_zero() { "off".to_owned() } else { show_millis(time) }
}

const UNITS: [(&str, u32); 4] = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];

pub(super) fn bytes(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = &text[digits.len()..];
    let shift = match unit {
        "" => 0,
        unit => UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1,
    };
    digits.parse::<usize>().ok()?.checked_mul(1 << shift)
}

pub(super) fn show_bytes(bytes: &usize) -> String {
    let fits = |shift: u32| *bytes > 0 && bytes.trailing_zeros() >= shift;
    match UNITS.iter().find(|(_, shift)| *shift > 0 && fits(*shift)) {
        Some((name, shift)) => format!("{}{name}", bytes >> shift),
        None => bytes.to_string(),
    }
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

pub(super) fn protocol(text: &str) -> Option<Protocol> {
    match text.to_ascii_lowercase().as_str() {
        "resp2" | "2" => Some(Protocol::Resp2),
        "resp3" | "3" => Some(Protocol::Resp3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back() {
        for size in [0, 1, 1023, 1024, 1025, 3 << 20, usize::MAX] {
            assert_eq!(bytes(&show_bytes(&size)), Some(size));
        }
        let times = [1, 1000, 1500, u64::MAX / 1000, u64::MAX].map(Duration::from_micros);
        for time in times.into_iter().chain([Duration::MAX]) {
            assert_eq!(millis(&show_millis(&time)), Some(time));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["", "x", "1KB", "KiB", "-1", "99999999999999999999", "9999999999999999GiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
        for text in ["", "linear:1", "constant", "constant:x", "exponential:9:1", "exponential:0:9"]
        {
            assert!(reconnect(text).is_none(), "{text}");
        }
        for text in ["", "queue:1", "queue:1:2:3", "failFast:1", "drop"] {
            assert!(backlog(text).is_none(), "{text}");
        }
        for text in ["", "on", "1:2", "1:2:0", "1:2:3:4", "0:1:1"] {
            assert!(keepalive(text).is_none(), "{text}");
        }
    }
}
