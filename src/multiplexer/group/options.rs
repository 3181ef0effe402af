//! Members of a group, and how they are probed.

use std::{any::Any, error::Error as StdError, fmt, sync::Arc, time::Duration};

use redmux_transport::BoxFuture;

use super::{
    super::ConnectionMultiplexer,
    deployment::Plan,
    settings::{HealthPolicy, Settings, checked_weight},
};
use crate::{Error, Options, Result, connection::CircuitBreaker, resp::ToArg};

/// A deployment for a group: its name, how it is connected to, and its weight
///
/// ```
/// use redmux::group::GroupMember;
///
/// let near = GroupMember::new("frankfurt", "fra1:6379,fra2:6379,mode=cluster").weight(2.0);
/// let far = GroupMember::new("dublin", "s1,s2,s3,serviceName=mymaster");
/// # let _ = (near, far);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct GroupMember {
    name: Arc<str>,
    options: Result<Options>,
    weight: f64,
    probe: Option<Probe>,
}

/// A member whose options are in order
pub(super) struct Checked {
    pub(super) name: Arc<str>,
    pub(super) weight: f64,
    pub(super) plan: Plan,
}

impl GroupMember {
    /// One with this name, which is in events and in the status; connected to as
    /// [`connect`](ConnectionMultiplexer::connect) would do. Its weight is 1.
    ///
    /// A fault of the options is found by the call that takes the member.
    pub fn new(
        name: impl Into<Arc<str>>,
        options: impl TryInto<Options, Error: Into<Error>>,
    ) -> Self {
        let options = options.try_into().map_err(Into::into);
        Self { name: name.into(), options, weight: 1.0, probe: None }
    }

    /// How much it is preferred: of those that are healthy, the one with the most weight is used. Default 1.
    ///
    /// It is an order and no share of the load: one member is used at a time.
    pub fn weight(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }

    /// What a probe of this member is, in place of that of the [group](GroupOptions::probe).
    ///
    /// For what is known of a member elsewhere, such as the lag of its data.
    pub fn probe(mut self, probe: Probe) -> Self {
        self.probe = Some(probe);
        self
    }

    /// # Errors
    /// What is wrong with it.
    pub(super) fn checked(self) -> Result<Checked> {
        let Self { name, options, weight, probe } = self;
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(Error::config(format!(
                "group: the name of a member has 1 to {LONGEST_NAME} bytes and no control characters"
            )));
        }
        let options = options?;
        options.validate()?;
        let weight = checked_weight(weight)?;
        let probe = probe.map(|probe| Box::new(probe) as Box<dyn Any + Send>);
        Ok(Checked { name, weight, plan: Plan { options, probe } })
    }
}

const LONGEST_NAME: usize = 100;

/// How a group finds out whether a member is healthy
#[derive(Clone, Default)]
pub struct Probe(pub(super) Asks);

#[derive(Clone, Default)]
pub(super) enum Asks {
    #[default]
    Ping,
    Set(Vec<u8>),
    Custom(Arc<Custom>),
}

type Custom = dyn Fn(ConnectionMultiplexer) -> BoxFuture<'static, Result<()>> + Send + Sync;

impl Probe {
    /// Sends `PING`, to each primary of a cluster. The default.
    pub fn ping() -> Self {
        Self(Asks::Ping)
    }

    /// Writes this key (`SET key 1 PX 600000`): a server that answers and does not write is not healthy then.
    pub fn set(key: impl ToArg) -> Self {
        Self(Asks::Set(key.to_arg().as_bytes().to_vec()))
    }

    /// Calls this with a multiplexer for the member alone; the member is healthy if it returns `Ok` in time.
    ///
    /// The error may be of any type; operators see its text, so it must not hold secrets.
    ///
    /// ```
    /// use redmux::{ConnectionMultiplexer, group::Probe};
    ///
    /// let probe = Probe::custom(|member: ConnectionMultiplexer| async move {
    ///     member.database().get::<String>("sentinel-key").await.map(drop)
    /// });
    /// # let _ = probe;
    /// ```
    pub fn custom<F, E>(ask: impl Fn(ConnectionMultiplexer) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self(Asks::Custom(Arc::new(move |member| {
            let asked = ask(member);
            Box::pin(async move { asked.await.map_err(|error| Error::from_probe(error.into())) })
        })))
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Asks::Ping => "Ping",
            Asks::Set(_) => "Set",
            Asks::Custom(_) => "Custom",
        })
    }
}

/// How the members of a group are probed, and when another one is used
///
/// ```
/// use redmux::group::{GroupOptions, HealthPolicy};
/// use std::time::Duration;
///
/// let options = GroupOptions::new()
///     .probe_interval(Duration::from_secs(2))
///     .policy(HealthPolicy::Majority)
///     .failback_delay(Duration::from_secs(60));
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct GroupOptions {
    pub(super) probe: Probe,
    pub(super) settings: Settings,
}

impl GroupOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// What a probe is of members that have [none of their own](GroupMember::probe). Default: [`Probe::ping`].
    pub fn probe(mut self, probe: Probe) -> Self {
        self.probe = probe;
        self
    }

    /// How many probes a round has at most, 1 to 100. Default 3. It ends as soon as the [policy](Self::policy) is decided.
    pub fn probes(mut self, count: u32) -> Self {
        self.settings.probes = count;
        self
    }

    /// The time from one probe of a round to the next, whether that is answered. Default 500 ms.
    pub fn probe_gap(mut self, gap: Duration) -> Self {
        self.settings.gap = gap;
        self
    }

    /// The time of a probe. Default 3 s.
    pub fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// The time from one round to the next, or up to a tenth less: many clients that began together do not ask together for long.
    /// Default 5 s. A lost connection, time-outs and the like begin a round at once.
    pub fn probe_interval(mut self, interval: Duration) -> Self {
        self.settings.interval = interval;
        self
    }

    /// How many probes of a round have to be answered. Default: [`HealthPolicy::Any`].
    pub fn policy(mut self, policy: HealthPolicy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// How long a member that would be preferred has to be healthy before a healthy one is left for it. Default: no time.
    ///
    /// With [`Duration::MAX`] the program decides: [`fail_over_to`](crate::group::Group::fail_over_to).
    pub fn failback_delay(mut self, delay: Duration) -> Self {
        self.settings.failback = delay;
        self
    }

    /// When the member in use is left because its commands fail, though it answers probes. Default: 10 failures in a row, or a
    /// tenth of at least 100 commands in 2 s; the member is left alone for 60 s then.
    ///
    /// Failures are time-outs and commands that are lost with their connection. Nothing is done for each command: the group looks at what
    /// connections have counted while something may be wrong, ten times in each window. The pause is twice as long, four times at most, if
    /// commands fail again soon. Where one of [`Options::circuit_breaker`](crate::Options::circuit_breaker) refuses the commands of a member, that is left too.
    pub fn circuit_breaker(mut self, breaker: CircuitBreaker) -> Self {
        self.settings.breaker = Some(breaker);
        self
    }

    /// Only probes decide whether a member is healthy.
    pub fn without_circuit_breaker(mut self) -> Self {
        self.settings.breaker = None;
        self
    }

    /// Whether connecting fails if no member is healthy (default), or returns a multiplexer that goes on trying.
    pub fn abort_on_connect_fail(mut self, abort: bool) -> Self {
        self.settings.aborts = abort;
        self
    }
}
