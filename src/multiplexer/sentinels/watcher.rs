//! One sentinel: the connection to it, what it is asked, and what it announces.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::future::join_all;
use redmux_transport::{Endpoint, Environment};

use super::super::Ears;
use crate::{
    Call, Delivery, Error, ErrorKind, Options,
    clock::Clock,
    commands::CommandMap,
    connection::{Driver, Link, LinkConfig, Owner, Phase, Verb},
    error::ConnectStage,
    events::ConnectionType,
    options::AnnouncedNode,
    resp::Frame,
    subscriptions::{Bounds, Item, Overflow, Queue, Registry, Topic},
    topology::sentinel::{Answer, CHANNELS, Event, Learned},
};

/// The time of a question.
const LIMIT: Duration = Duration::from_millis(500);

/// The most announcements that wait: beyond that the sentinel is asked, which says as much.
const BOUNDS: Bounds = Bounds { messages: 256, bytes: 64 << 10, overflow: Overflow::DropOldest };

/// How many announcements are read before other things are looked at.
const AT_ONCE: usize = 64;

/// What came of a question
pub(super) struct Heard {
    pub(super) learned: Learned,
    pub(super) fault: Option<Error>,
}

/// A sentinel that is watched
pub(super) struct Watcher {
    pub(super) endpoint: Endpoint,
    link: Arc<Link>,
    /// Carries the subscription where the sentinel speaks RESP2.
    second: Arc<Link>,
    registry: Arc<Registry>,
    queue: Arc<Queue>,
    is_confirmed: bool,
    /// Whether it knows the service, by its last answer.
    pub(super) knows: Option<bool>,
    /// Why it did not answer the last question.
    pub(super) fault: Option<Error>,
}

impl Watcher {
    pub(super) fn new(
        endpoint: &Endpoint,
        options: &Options,
        environment: &Environment,
        clock: &Arc<Clock>,
    ) -> Self {
        let ears = Ears::default();
        let registry = ears.registry.clone();
        // What happens to these connections is no event of a server.
        let owner: Arc<dyn Owner> = Arc::new(ears);
        let address = Arc::new(endpoint.clone());
        let link = |connection_type, phase| {
            let config = LinkConfig {
                database: 0,
                commands: CommandMap::default(),
                redial_on_readonly: false,
                ..options.link_config(connection_type == ConnectionType::Subscription)
            };
            let credentials = options.sentinel_credentials();
            let owner = owner.clone();
            let link = Link::new(
                config,
                credentials,
                phase,
                clock.clone(),
                connection_type,
                owner,
                address.clone(),
            );
            Arc::new(link)
        };
        let interactive = link(ConnectionType::Interactive, Phase::Disconnected);
        let second = link(ConnectionType::Subscription, Phase::Dormant);
        registry.set_dedicated(&second);
        for link in [&interactive, &second] {
            let plan = options.plan_to_sentinels();
            let driver = Driver::new(link.clone(), environment.clone(), plan);
            environment.runtime.spawn(Box::pin(driver));
        }
        let topics = CHANNELS.map(|channel| Topic {
            verb: Verb::Subscribe,
            name: Bytes::from_static(channel.as_bytes()),
        });
        let queue = Arc::new(Queue::new(BOUNDS, topics.len()));
        // It fails only where the link is closed.
        let _ = registry.listen(&topics, &queue, &interactive);
        Self {
            endpoint: endpoint.clone(),
            link: interactive,
            second,
            registry,
            queue,
            is_confirmed: false,
            knows: None,
            fault: None,
        }
    }

    /// Takes in what the sentinel has announced since the last time.
    pub(super) fn poll(
        &mut self,
        cx: &Context<'_>,
        options: &Options,
        service: &str,
        learned: &mut Vec<Learned>,
    ) {
        let by = || self.endpoint.clone();
        // Refused, it is asked all the same.
        if !self.is_confirmed && self.queue.poll_confirmed(cx).is_ready() {
            self.is_confirmed = true;
            learned.push(Learned::Subscribed { by: by() });
        }
        for _ in 0..AT_ONCE {
            let (item, resume) = self.queue.poll(cx);
            if resume {
                self.registry.resume(&self.queue, &self.link);
            }
            let Poll::Ready(Some(item)) = item else { return };
            match item {
                Item::Message(message) => {
                    let reach = |host: &str, port: u16| {
                        options.endpoint_of(&AnnouncedNode::new(host, port))
                    };
                    let event = Event::read(&message.channel, &message.payload, service, &reach);
                    learned.extend(event.map(|event| Learned::Announced { by: by(), event }));
                }
                // Something may have been missed.
                Item::Missed(_) | Item::Ended(_) => learned.push(Learned::Subscribed { by: by() }),
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Asks it all that there is to ask.
    pub(super) fn ask(
        &self,
        options: &Arc<Options>,
        service: &Arc<str>,
    ) -> impl Future<Output = Heard> + use<> {
        let (link, by) = (self.link.clone(), self.endpoint.clone());
        let (options, service) = (options.clone(), service.clone());
        async move {
            let calls = Answer::questions(&service).map(|words| {
                let mut words = words.into_iter().map(str::to_owned);
                let name = words.next().unwrap_or_default();
                Call::<Frame, _>::new(&link, name, words.collect::<Vec<_>>()).timeout(LIMIT)
            });
            let replies = join_all(calls).await;
            let reach =
                |host: &str, port: u16| options.endpoint_of(&AnnouncedNode::new(host, port));
            match Answer::read(&replies, &reach) {
                Ok(answer) => Heard { learned: Learned::Answer { by, answer }, fault: None },
                Err(unclear) => {
                    let text = unclear.to_string();
                    let fault = why_not_connected(&link).unwrap_or_else(|| {
                        let refused = ["NOAUTH", "WRONGPASS", "NOPERM"];
                        let refused = refused.iter().any(|code| text.contains(code));
                        let stage =
                            if refused { ConnectStage::Auth } else { ConnectStage::Handshake };
                        let error = Error::new(ErrorKind::Connect(stage), Delivery::NotSent);
                        error.detail(text).endpoint_at(&link.endpoint())
                    });
                    Heard { learned: Learned::NoAnswer { by }, fault: Some(fault) }
                }
            }
        }
    }

    /// Whether it was dialled in vain this often, or refuses the client.
    pub(super) fn is_hopeless(&self, attempts: u32) -> bool {
        let refuses = self.fault.as_ref().is_some_and(Error::is_auth);
        refuses || self.link.with(|core| core.redial.failed_attempts >= attempts)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.registry.close();
        self.link.abort();
        self.second.abort();
    }
}

/// Why this link has no connection, if it has none.
pub(super) fn why_not_connected(link: &Link) -> Option<Error> {
    link.with(|core| match core.phase {
        Phase::Ready => None,
        _ => core.redial.last_error.clone(),
    })
}
