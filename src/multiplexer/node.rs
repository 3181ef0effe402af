//! One server: the connections to it, and what is kept for it.

use std::sync::Arc;
#[cfg(feature = "topology")]
use std::sync::OnceLock;

use redmux_transport::{BoxFuture, ByteStream, Endpoint, Environment};

#[cfg(feature = "topology")]
use super::reader::Reader;
use super::{Ears, pool::Pool};
use crate::{
    Full, Options,
    caching::Cache,
    clock::Clock,
    connection::{DialPlan, Driver, Link, LinkConfig, Owner, Phase},
    events::ConnectionType,
    subscriptions::Registry,
};

/// How long replies may be due, in microseconds, until a server that has others beside it is looked at.
const SILENCE: u64 = 500_000;

/// One server: the connection that all share, the one for its subscriptions, and the leased ones
///
/// The client-side cache belongs to the shared link ([`LinkConfig::cache`]), the circuit breaker to all
/// links ([`LinkConfig::breaker`]): a call finds them by the link that it has.
pub(crate) struct Node {
    pub(crate) link: Arc<Link>,
    /// Carries subscriptions where the server speaks RESP2; dormant otherwise.
    pub(crate) subscriptions: Arc<Link>,
    pub(crate) pool: Full<Arc<Pool>>,
    /// What is subscribed to at this server.
    pub(crate) registry: Arc<Registry>,
    /// The connection over which it is read from while it is a replica.
    #[cfg(feature = "topology")]
    pub(super) reader: OnceLock<Reader>,
}

/// Of several servers, one that stops has a successor soon. So it is probed early, though not given up earlier.
fn probed(config: LinkConfig, is_one: bool) -> LinkConfig {
    let probe_after = config.probe_after.min(SILENCE);
    if is_one {
        return config;
    }
    let longer = config.probe_after - probe_after;
    let probe_timeout = config.probe_timeout.saturating_add(longer);
    LinkConfig { probe_after, probe_timeout, ..config }
}

impl Node {
    pub(super) fn new(
        options: &Arc<Options>,
        environment: &Environment,
        clock: &Arc<Clock>,
        endpoint: Arc<Endpoint>,
        ears: Ears,
        cache: Option<Arc<Cache>>,
    ) -> Self {
        let registry = ears.registry.clone();
        // Of several servers another one is the primary, which is found in another way.
        let is_one = !ears.is_of_many();
        #[cfg(feature = "topology")]
        let keeps_its_name = is_one || ears.alone;
        #[cfg(not(feature = "topology"))]
        let keeps_its_name = is_one;
        let owner: Arc<dyn Owner> = Arc::new(ears);
        let breaker = Full::of(|| options.breaker());
        let link = |connection_type, phase| {
            let subscriber = connection_type == ConnectionType::Subscription;
            // Subscribed, RESP2 takes no ECHO.
            let checked = options.high_integrity && !subscriber;
            let mark = Full::of(|| checked.then(|| clock.runtime.entropy()));
            let cache = cache.clone().filter(|_| !subscriber);
            Arc::new(Link::new(
                LinkConfig {
                    cache,
                    breaker: breaker.clone(),
                    high_integrity: mark,
                    notices: Full::of(|| options.notices().filter(|_| !subscriber)),
                    redial_on_readonly: keeps_its_name && options.redial_on_readonly && !subscriber,
                    ..probed(options.link_config(subscriber), is_one)
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
        registry.set_dedicated(&subscriptions);
        let pool =
            || Pool::new(environment.clone(), options.clone(), shared.clone(), keeps_its_name);
        let pool = Full::of(|| Some(pool()));
        Self {
            link: shared,
            subscriptions,
            pool,
            registry,
            #[cfg(feature = "topology")]
            reader: OnceLock::new(),
        }
    }

    /// Dials, and keeps the connections up until the links are closed.
    pub(super) fn start(&self, options: &Options, environment: &Environment) {
        self.start_by(options.dial_plan(), environment);
    }

    /// The same for one of several servers, at the endpoint that its links have, however long it takes.
    #[cfg(feature = "topology")]
    pub(super) fn start_one_of_many(&self, options: &Options, environment: &Environment) {
        self.start_by(options.plan_of_link(), environment);
    }

    /// Its connections dial only when they are led to, and hold still until then.
    #[cfg(feature = "topology")]
    pub(super) fn lead(&self) {
        for link in [&self.link, &self.subscriptions] {
            link.with(|core| core.lead());
        }
    }

    /// Dials at once if there was another server in its place, otherwise as soon as the pace allows.
    #[cfg(feature = "topology")]
    pub(super) fn go(&self, another: bool) {
        for link in [&self.link, &self.subscriptions] {
            link.with(|core| {
                if another || core.is_held() {
                    core.go(another);
                }
            });
        }
    }

    /// Ends its connections, leased ones too, and dials no more.
    #[cfg(feature = "topology")]
    pub(super) fn hold(&self, why: &'static str) {
        for link in [&self.link, &self.subscriptions] {
            link.with(|core| core.hold(why));
        }
        if let Some(pool) = self.pool.get() {
            pool.leave(why);
        }
    }

    fn start_by(&self, plan: DialPlan, environment: &Environment) {
        let lazy = DialPlan { initial_attempts: None, ..plan.clone() };
        for (link, plan) in [(&self.link, plan), (&self.subscriptions, lazy)] {
            let driver = Driver::new(link.clone(), environment.clone(), plan);
            environment.runtime.spawn(Box::pin(driver));
        }
    }

    /// Its connections, besides the leased ones.
    pub(super) fn links(&self) -> impl Iterator<Item = &Arc<Link>> {
        let links = [&self.link, &self.subscriptions].into_iter();
        #[cfg(feature = "topology")]
        let links = links.chain(self.reader.get().map(|reader| &reader.link));
        links
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
        for link in self.links() {
            link.with(|core| core.ask_for_another_stream());
        }
    }

    /// The server has this address from now on.
    #[cfg(feature = "topology")]
    pub(super) fn move_to(&self, endpoint: &Endpoint) {
        if *self.link.endpoint() == *endpoint {
            return;
        }
        let endpoint = Arc::new(endpoint.clone());
        self.links().for_each(|link| link.set_endpoint(endpoint.clone()));
        self.reconnect();
    }

    /// Lets what was issued finish, and accepts nothing new.
    ///
    /// Returns the leased connections, which end too.
    pub(super) fn begin_close(&self) -> Vec<Arc<Link>> {
        self.registry.close();
        let leased = self.pool.get().map(|pool| pool.close());
        self.links().for_each(|link| link.close());
        leased.unwrap_or_default()
    }

    /// Lets what was issued finish, and waits for that.
    pub(super) async fn close(&self) {
        let leased = self.begin_close();
        for link in self.links().chain(&leased) {
            link.closed().await;
        }
    }

    pub(super) fn abort(&self) {
        self.links().for_each(|link| link.abort());
        if let Some(pool) = self.pool.get() {
            pool.close().iter().for_each(|link| link.abort());
        }
        self.registry.close();
    }
}
