//! Asks servers what they are, each over a connection of its own: nobody is used before that.

use std::{future::Future, sync::Arc, time::Duration};

use redmux_transport::{Endpoint, Environment};

use super::watcher::{Heard, why_not_connected};
use crate::{
    Call, Options,
    clock::Clock,
    connection::{DialPlan, Driver, Link, LinkConfig, Owner, Phase, Unheard},
    events::ConnectionType,
    options::AnnouncedNode,
    resp::Frame,
    topology::sentinel::{Learned, RoleSaid},
};

/// The time of a question. A connection that takes longer serves the next one.
const LIMIT: Duration = Duration::from_millis(300);

/// The most connections that are kept.
const MOST: usize = 32;

/// Connections to servers that are asked for their role
#[derive(Default)]
pub(super) struct Probes(Vec<(Endpoint, Arc<Link>)>);

impl Probes {
    /// Asks this server, on a new connection if there is none.
    pub(super) fn ask(
        &mut self,
        of: &Endpoint,
        options: &Arc<Options>,
        environment: &Environment,
        clock: &Arc<Clock>,
    ) -> impl Future<Output = Heard> + use<> {
        self.0.retain(|(_, link)| link.over().is_none());
        let known = self.0.iter().find(|(endpoint, _)| endpoint == of);
        let link = known.map(|(_, link)| link.clone()).unwrap_or_else(|| {
            if self.0.len() >= MOST {
                self.0.remove(0).1.abort();
            }
            let link = dial(of, options, environment, clock);
            self.0.push((of.clone(), link.clone()));
            link
        });
        let (of, options) = (of.clone(), options.clone());
        async move {
            let name = options.commands().name_of("ROLE").to_owned();
            let reply = Call::<Frame, _>::new(&link, name, ()).timeout(LIMIT).await;
            let reach =
                |host: &str, port: u16| options.endpoint_of(&AnnouncedNode::new(host, port));
            let role = reply.map(|reply| RoleSaid::read(&reply, &reach));
            match role {
                Ok(Ok(role)) => Heard { learned: Learned::Role { of, role }, fault: None },
                Ok(Err(_)) => Heard { learned: Learned::NoRole { of }, fault: None },
                Err(error) => {
                    let fault = why_not_connected(&link).unwrap_or(error);
                    Heard { learned: Learned::NoRole { of }, fault: Some(fault) }
                }
            }
        }
    }

    /// Closes the connections.
    pub(super) fn end(&mut self) {
        self.0.drain(..).for_each(|(_, link)| link.abort());
    }
}

impl Drop for Probes {
    fn drop(&mut self) {
        self.end();
    }
}

/// Dials once: a connection that fails is replaced when the server is asked again.
fn dial(
    of: &Endpoint,
    options: &Options,
    environment: &Environment,
    clock: &Arc<Clock>,
) -> Arc<Link> {
    let owner: Arc<dyn Owner> = Arc::new(Unheard);
    let endpoint = Arc::new(of.clone());
    let config = LinkConfig { redial_on_readonly: false, ..options.link_config(false) };
    let link = Arc::new(Link::new(
        config,
        options.credentials(),
        Phase::Disconnected,
        clock.clone(),
        ConnectionType::Interactive,
        owner,
        endpoint,
    ));
    let plan = DialPlan { endpoints: Vec::new(), single: true, ..options.dial_plan() };
    let driver = Driver::new(link.clone(), environment.clone(), plan);
    environment.runtime.spawn(Box::pin(driver));
    link
}
