//! What there is to see of the members.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    member::{Condition, Health},
    roster::Roster,
};
use crate::Error;

/// A member of a [`Group`](crate::group::Group)
///
/// `Display` is one line.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MemberStatus {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is the one in use.
    pub active: bool,
    /// Of those that are healthy, the one with the most weight is used.
    pub weight: f64,
    /// How it is.
    pub state: MemberState,
    /// For how long it has been like that.
    pub since: Duration,
    /// How long it takes to answer a probe, smoothed; `None` before the first answer.
    pub latency: Option<Duration>,
    /// Why it was not healthy when it last was not.
    pub last_error: Option<Error>,
}

/// How a member of a group is
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberState {
    /// It was not probed yet.
    Unknown,
    /// It answers.
    Healthy,
    /// It does not answer.
    Unhealthy,
    /// Too many of its commands failed: it is left alone for a while, whatever it answers.
    CircuitOpen,
    /// It was told to leave, and is used until another one can be.
    Leaving,
}

impl Roster {
    /// Those that have not left.
    pub(in crate::multiplexer) fn members(&self) -> Vec<MemberStatus> {
        let (active, now) = (self.active_number(), self.clock.now());
        let status = |(number, member): (usize, &super::member::Member)| {
            let Condition {
                weight,
                health,
                since,
                latency,
                last_error,
                barred_until,
                leaves,
                left,
                ..
            } = member.condition().clone();
            (!left).then(|| MemberStatus {
                name: member.name.clone(),
                active: active == Some(number),
                weight,
                state: match health {
                    _ if leaves => MemberState::Leaving,
                    Health::Unknown => MemberState::Unknown,
                    Health::Well => MemberState::Healthy,
                    Health::Ill if now < barred_until => MemberState::CircuitOpen,
                    Health::Ill => MemberState::Unhealthy,
                },
                since: Duration::from_micros(now.saturating_sub(since)),
                latency: latency.map(Duration::from_micros),
                last_error,
            })
        };
        self.numbered().filter_map(status).collect()
    }
}

impl fmt::Display for MemberState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "not probed yet",
            Self::Healthy => "healthy",
            Self::Unhealthy => "not healthy",
            Self::CircuitOpen => "left alone, since its commands failed",
            Self::Leaving => "leaving",
        })
    }
}

impl fmt::Display for MemberStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, active, weight, state, since, latency, last_error } = self;
        write!(f, "{name}: ")?;
        if *active {
            f.write_str("active, ")?;
        }
        write!(f, "{state} for {} ms, weight {weight}", since.as_millis())?;
        if let Some(latency) = latency {
            write!(f, ", answers in {:.1} ms", latency.as_secs_f64() * 1e3)?;
        }
        match last_error {
            Some(error) => write!(f, ", last error: {error}"),
            None => Ok(()),
        }
    }
}
