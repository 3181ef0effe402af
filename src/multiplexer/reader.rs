//! The connection over which a replica is read from.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64},
};

use redmux_transport::{Endpoint, Environment};

use super::Ears;
use crate::{
    Full, Options,
    clock::Clock,
    connection::{Driver, Link, LinkConfig, Phase},
    events::ConnectionType,
    options::BacklogPolicy,
};

/// The connection over which a replica is read from
pub(super) struct Reader {
    pub(super) link: Arc<Link>,
    /// Until then, in microseconds of the clock, it is known to be well: [`NEVER`] if it follows its primary and no lag is
    /// too long.
    pub(super) good_until: AtomicU64,
    /// Over the present connection it has said that it is a replica. A primary that came back without its data must not be
    /// read from, not even once.
    pub(super) is_replica: AtomicBool,
}

impl Reader {
    /// Dials this replica when it is first used, and again, until the link is closed.
    pub(super) fn start(
        options: &Options,
        environment: &Environment,
        clock: &Arc<Clock>,
        endpoint: Arc<Endpoint>,
        ears: Ears,
    ) -> Self {
        let mark = || options.high_integrity.then(|| clock.runtime.entropy());
        let config = LinkConfig {
            reads: true,
            // What cannot be read here is read elsewhere at once.
            backlog: BacklogPolicy::FailFast,
            redial_on_readonly: false,
            high_integrity: Full::of(mark),
            notices: Full::of(|| options.notices()),
            ..options.link_config(false)
        };
        let link = Arc::new(Link::new(
            config,
            options.credentials(),
            Phase::Disconnected,
            clock.clone(),
            ConnectionType::Interactive,
            Arc::new(ears),
            endpoint,
        ));
        let driver = Driver::new(link.clone(), environment.clone(), options.plan_of_link());
        environment.runtime.spawn(Box::pin(driver));
        Self { link, good_until: AtomicU64::new(0), is_replica: AtomicBool::new(false) }
    }
}
