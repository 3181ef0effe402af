//! What happens to the members of a group of deployments.

use std::{fmt, sync::Arc, time::Duration};

use super::text::write_name;
use crate::{Error, error::whole_millis};

/// Another member of a group is used from now on
///
/// The members are independent of each other: what was written to the former one need not be at the next one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ActiveMemberChanged {
    /// The name of the former member; `None` for the first one that is used.
    pub from: Option<Arc<str>>,
    /// The name of the member that is used now.
    pub to: Arc<str>,
    /// Why.
    pub reason: SwitchReason,
}

/// Why another member of a group is used
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SwitchReason {
    /// It is the first one.
    First,
    /// The former one is not healthy.
    Unhealthy,
    /// The former one is removed from the group.
    Removed,
    /// The program wants it ([`fail_over_to`](crate::group::Group::fail_over_to)).
    Forced,
    /// It is healthy and has more weight.
    Weight,
    /// It is healthy, has the same weight and answers much earlier.
    Latency,
}

/// A member of a group is healthy again, or is not any more
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MemberHealthChanged {
    /// Its name.
    pub member: Arc<str>,
    /// Whether it is healthy now.
    pub healthy: bool,
    /// How long it was the opposite.
    pub after: Duration,
    /// Why it is not healthy.
    pub error: Option<Error>,
}

impl fmt::Display for ActiveMemberChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("active member: ")?;
        write_name(f, self.to.as_bytes())?;
        if let Some(from) = &self.from {
            f.write_str(" instead of ")?;
            write_name(f, from.as_bytes())?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Display for SwitchReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "it is the first",
            Self::Unhealthy => "the former one is not healthy",
            Self::Removed => "the former one is removed",
            Self::Forced => "the program wants it",
            Self::Weight => "it has more weight",
            Self::Latency => "it answers earlier",
        })
    }
}

impl fmt::Display for MemberHealthChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("member ")?;
        write_name(f, self.member.as_bytes())?;
        let after = whole_millis(self.after);
        match (self.healthy, &self.error) {
            (true, _) => write!(f, " is healthy again after {after} ms"),
            (false, None) => f.write_str(" is not healthy"),
            (false, Some(error)) => write!(f, " is not healthy: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Event;

    #[test]
    fn a_change_is_one_line() {
        let change = |from: Option<&str>, reason| {
            let from = from.map(Into::into);
            Event::ActiveMemberChanged(ActiveMemberChanged { from, to: "b\n".into(), reason })
                .to_string()
        };
        let text = change(Some("a"), SwitchReason::Unhealthy);
        assert_eq!(text, "active member: b\\u{a} instead of a: the former one is not healthy");
        assert_eq!(change(None, SwitchReason::First), "active member: b\\u{a}: it is the first");
        let health = |healthy, error| {
            let after = Duration::from_secs(2);
            let change = MemberHealthChanged { member: "a".into(), healthy, after, error };
            Event::MemberHealthChanged(change).to_string()
        };
        assert_eq!(health(true, None), "member a is healthy again after 2000 ms");
        let error = Some(Error::config("why"));
        assert!(health(false, error).starts_with("member a is not healthy: "));
    }
}
