//! One server: the connections to it, and what is kept for it.

use std::sync::Arc;

use redmux_transport::{BoxFuture, ByteStream, Environment};

use super::pool::Pool;
use crate::{
    Full, Options,
    clock::Clock,
    connection::{DialPlan, Driver, Link, LinkConfig, Owner, Phase},
    events::ConnectionType,
};

/// One server: the connection that all share, the one for its subscriptions, and the leased ones
///
/// The client-side cache belongs to the shared link ([`LinkConfig::cache`]), the circuit breaker to all
/// links ([`LinkConfig::breaker`]): a call finds them by the link that it has.
pub(crate) struct Node {
    pub(crate) link: Arc<Link>,
    /// Carries subscriptions where the server speaks RESP2; dormant otherwise.
    pub(crate) subscriptions: Arc<Link>,
    pub(crate) pool: Full<Arc<Pool>>,
}

impl Node {
    pub(super) fn new(
        options: &Arc<Options>,
        environment: &Environment,
        clock: &Arc<Clock>,
        owner: &Arc<dyn Owner>,
    ) -> Self {
        let endpoint = Arc::new(options.endpoints[0].clone());
        let breaker = Full::of(|| options.breaker());
        let link = |connection_type, phase| {
            let subscriber = connection_type == ConnectionType::Subscription;
            // Subscribed, RESP2 takes no ECHO.
            let checked = options.high_integrity && !subscriber;
            let mark = Full::of(|| checked.then(|| clock.runtime.entropy()));
            let cache = if subscriber { None } else { options.cache() };
            Arc::new(Link::new(
                LinkConfig {
                    cache,
                    breaker: breaker.clone(),
                    high_integrity: mark,
                    ..options.link_config(subscriber)
                },
                options.credentials(),
                phase,
                clock.clone(),
                connection_type,
                owner.clone(),
                endpoint.clone(),
            ))
        };
        let shared = link(ConnectionType::Interactive, Phase::Disconnected);
        let subscriptions = link(ConnectionType::Subscription, Phase::Dormant);
        let pool =
            Full::of(|| Some(Pool::new(environment.clone(), options.clone(), shared.clone())));
        Self { link: shared, subscriptions, pool }
    }

    /// Dials, and keeps the connections up until the links are closed.
    pub(super) fn start(&self, options: &Options, environment: &Environment) {
        let plan = options.dial_plan();
        let lazy = DialPlan { initial_attempts: None, ..plan.clone() };
        for (link, plan) in [(&self.link, plan), (&self.subscriptions, lazy)] {
            let driver = Driver::new(link.clone(), environment.clone(), plan);
            environment.runtime.spawn(Box::pin(driver));
        }
    }

    /// Uses one stream that is open already; the future drives it.
    pub(super) fn drive(
        &self,
        stream: impl ByteStream,
        options: &Options,
        environment: Environment,
    ) -> BoxFuture<'static, ()> {
        let plan = DialPlan { single: true, ..options.dial_plan() };
        let driver = Driver::new(self.link.clone(), environment, plan);
        // Nothing would ever dial it.
        self.subscriptions.abort();
        Box::pin(driver.with_stream(Box::new(stream)))
    }

    /// Ends the connections in use and opens others.
    pub(super) fn reconnect(&self) {
        if let Some(pool) = self.pool.get() {
            pool.renew();
        }
        for link in [&self.link, &self.subscriptions] {
            link.with(|core| core.ask_for_another_stream());
        }
    }

    /// Lets what was issued finish, and waits for that.
    pub(super) async fn close(&self) {
        let leased = self.pool.get().map(|pool| pool.close());
        self.subscriptions.close();
        self.link.close();
        self.subscriptions.closed().await;
        self.link.closed().await;
        for link in leased.into_iter().flatten() {
            link.closed().await;
        }
    }

    pub(super) fn abort(&self) {
        self.link.abort();
        self.subscriptions.abort();
        if let Some(pool) = self.pool.get() {
            pool.close().iter().for_each(|link| link.abort());
        }
    }
}

/// Which server a command goes to
pub(crate) enum Site {
    /// All go to this one.
    One(Node),
}

impl Site {
    /// The server for what names no key.
    pub(crate) fn node(&self) -> &Node {
        let Self::One(node) = self;
        node
    }
}
