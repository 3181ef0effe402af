use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::Stream;

use super::{
    items::{Message, Overflow, SubscriptionCounts, SubscriptionItem},
    keyspace::{KeyEvent, is_notification, missing_notifications, pattern},
    queue::{Bounds, Queue},
    registry::{Topic, session_of},
};
use crate::{
    ConnectionMultiplexer, Error, Result,
    command::{Call, OwnCall},
    connection::{Link, Verb},
    options::Mapped,
    resp::{AnyArgs, Arg, ToArg},
};

/// Makes subscriptions; got from [`ConnectionMultiplexer::subscriber`]
///
/// With RESP3, subscriptions share the connection with everything else; with RESP2 they
/// get one of their own, opened when it is first needed. After a lost connection they are
/// restored by themselves, and each stream is told of the gap.
#[derive(Debug, Clone)]
pub struct Subscriber {
    muxer: ConnectionMultiplexer,
    bounds: Bounds,
}

impl Subscriber {
    pub(crate) fn new(muxer: ConnectionMultiplexer) -> Self {
        let options = &muxer.inner().options;
        let bounds = Bounds {
            messages: options.subscription_capacity,
            bytes: options.subscription_bytes,
            overflow: Overflow::default(),
        };
        Self { muxer, bounds }
    }

    /// Messages that each subscription made from here on holds for its reader, at least 1
    ///
    /// Default: `subscriptionCapacity` of the options, 1024.
    pub fn capacity(mut self, messages: usize) -> Self {
        self.bounds.messages = messages;
        self
    }

    /// Bytes of messages that each subscription made from here on holds for its reader, or one
    /// message if that is larger
    ///
    /// Channels, patterns and payloads count. Default: `subscriptionBytes` of the options, 8 MiB.
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.bounds.bytes = bytes;
        self
    }

    /// What subscriptions made from here on do when their queue is full
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// use redmux::Overflow;
    ///
    /// let strict = muxer.subscriber().capacity(100).overflow(Overflow::End);
    /// let orders = strict.subscribe("orders").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.bounds.overflow = overflow;
        self
    }

    /// Ends all subscriptions of the multiplexer, whoever made them
    ///
    /// Returns at once. Each stream gives what is queued, then ends.
    pub fn unsubscribe_all(&self) {
        let inner = self.muxer.inner();
        inner.registry.remove_all(&inner.link);
    }

    /// Subscribes to a channel. See [SUBSCRIBE](https://redis.io/docs/latest/commands/subscribe/).
    ///
    /// Returns when the server has confirmed. Several subscriptions to one channel are
    /// independent of each other.
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// use futures::StreamExt;
    ///
    /// let mut news = muxer.subscriber().subscribe("news").await?;
    /// while let Some(item) = news.next().await {
    ///     match item {
    ///         redmux::SubscriptionItem::Message(message) => println!("{}", message.text()),
    ///         redmux::SubscriptionItem::Missed(gap) => println!("missed: {gap:?}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn subscribe(&self, channel: impl ToArg) -> Result<Subscription> {
        self.open(Verb::Subscribe, channel).await
    }

    /// Subscribes to all channels that match a pattern.
    /// See [PSUBSCRIBE](https://redis.io/docs/latest/commands/psubscribe/).
    pub async fn psubscribe(&self, pattern: impl ToArg) -> Result<Subscription> {
        self.open(Verb::PSubscribe, pattern).await
    }

    /// Subscribes to a shard channel (Redis 7).
    /// See [SSUBSCRIBE](https://redis.io/docs/latest/commands/ssubscribe/).
    pub async fn ssubscribe(&self, channel: impl ToArg) -> Result<Subscription> {
        self.open(Verb::SSubscribe, channel).await
    }

    /// Subscribes to what happens to keys: a key or a pattern, in a database or in all (`*`)
    ///
    /// Read the messages with [`KeyNotification::from_message`](crate::KeyNotification). The
    /// server must be told to send them: [`missing_notifications`](Self::missing_notifications).
    pub async fn keyspace(&self, database: &str, keys: impl ToArg) -> Result<Subscription> {
        let keys = pattern("keyspace", database, keys.to_arg().as_bytes());
        self.psubscribe(keys).await
    }

    /// Subscribes to one event of all keys, in a database or in all (`*`)
    ///
    /// See [`keyspace`](Self::keyspace).
    pub async fn keyevent(&self, database: &str, event: &KeyEvent) -> Result<Subscription> {
        self.psubscribe(pattern("keyevent", database, event.name().as_bytes())).await
    }

    /// Asks the server which letters its `notify-keyspace-events` lacks for what is wanted
    ///
    /// For example `"Kx"`; see [`missing_notifications`](crate::missing_notifications). Fails
    /// where the user may not run `CONFIG GET`.
    pub async fn missing_notifications(&self, wanted: &str) -> Result<String> {
        const NAME: &str = "notify-keyspace-events";
        let database = self.muxer.database();
        let settings: HashMap<String, String> = database.config_get([NAME]).await?;
        let setting = settings.get(NAME).map_or("", String::as_str);
        Ok(missing_notifications(setting, wanted))
    }

    async fn open(&self, verb: Verb, name: impl ToArg) -> Result<Subscription> {
        let inner = self.muxer.inner();
        let command = verb.command();
        if inner.options.command_map.get(command) == Mapped::Disabled {
            let words = [Arg::Bytes(command.as_bytes()), Arg::Bytes(b"channel")];
            let why = inner.options.command_map.refusal(&words).unwrap_or_default();
            return Err(Error::rejected(command, why));
        }
        let name = name.to_arg();
        let (name, prefixes) = match inner.options.channels() {
            Some(prefix) if !is_notification(name.as_bytes()) => {
                let prefixed = prefix.before(name.as_bytes(), verb == Verb::PSubscribe);
                let added = prefixed.len() - name.as_bytes().len();
                (prefixed.into(), Prefixes { topic: added, channel: prefix.len() })
            }
            _ => (Bytes::copy_from_slice(name.as_bytes()), Prefixes::default()),
        };
        let queue = Arc::new(Queue::new(self.bounds));
        let topic = Topic { verb, name };
        if !inner.registry.add(&topic, &queue) {
            return Err(inner.link.with(|core| core.closed_error()).command(command));
        }
        // Made before the first await: dropping this future takes the topic back.
        let link = inner.link.clone();
        let subscription = Subscription { queue, topic, prefixes, link };
        inner.within_command_timeout(command, subscription.confirm()).await?;
        if subscription.queue.is_closed() {
            inner.registry.unsubscribe_unused(&subscription.topic, &inner.link);
        }
        Ok(subscription)
    }
}

/// A stream of messages of one channel or pattern
///
/// It is bounded: a reader that falls behind loses the oldest messages and is told so by
/// [`SubscriptionItem::Missed`], unless another [`Overflow`] was chosen. Dropping it
/// unsubscribes. It ends when the multiplexer is closed or dropped, and with
/// [`Subscriber::unsubscribe_all`].
pub struct Subscription {
    queue: Arc<Queue>,
    topic: Topic,
    prefixes: Prefixes,
    link: Arc<Link>,
}

/// How much longer the names on the server are
#[derive(Debug, Clone, Copy, Default)]
struct Prefixes {
    /// What is subscribed to: a prefix may be longer in a pattern than in a channel.
    topic: usize,
    channel: usize,
}

impl Subscription {
    /// Messages only: gaps are left out, so use this where missing some is harmless.
    ///
    /// Handlers that run side by side, up to eight here; their order is lost:
    ///
    /// ```no_run
    /// # async fn f(news: redmux::Subscription) {
    /// use futures::StreamExt;
    ///
    /// let handle = async |message: redmux::Message| println!("{}", message.text());
    /// news.messages().for_each_concurrent(8, handle).await;
    /// # }
    /// ```
    pub fn messages(self) -> impl Stream<Item = Message> + Unpin {
        use futures::StreamExt;
        self.filter_map(|item| std::future::ready(item.message()))
    }

    /// The channel or pattern.
    pub fn channel(&self) -> &[u8] {
        &self.topic.name[self.prefixes.topic..]
    }

    /// Messages that wait to be read.
    pub fn queued(&self) -> usize {
        self.queue.counts().queued
    }

    /// Messages queued, read and dropped so far.
    pub fn counts(&self) -> SubscriptionCounts {
        self.queue.counts()
    }

    /// Asks the server until it confirms, across reconnects.
    async fn confirm(&self) -> Result<()> {
        loop {
            self.link.ready().await?;
            let home = self.link.registry.home(&self.link);
            home.ready().await?;
            let session = session_of(&home);
            let verb = self.topic.verb;
            let name = home.with(|core| core.config.commands.name_of(verb.command()).to_owned());
            let topic = AnyArgs::new(&self.topic.name[..]);
            let call: OwnCall<'_> = Call::new(&home, name, topic).confirmed_by(verb);
            match call.await {
                Ok(_) => {
                    self.queue.confirm(session);
                    return Ok(());
                }
                // Subscribing twice does no harm: try on the next connection.
                Err(error) if error.is_connection() && !error.is_closed() => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Stream for Subscription {
    type Item = SubscriptionItem;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SubscriptionItem>> {
        let (item, resume) = self.queue.poll(cx);
        if resume {
            self.link.registry.resume(&self.queue, &self.link);
        }
        let Prefixes { topic, channel } = self.prefixes;
        if channel == 0 {
            return item;
        }
        item.map(|item| {
            item.map(|item| match item {
                SubscriptionItem::Message(message) => SubscriptionItem::Message(Message {
                    channel: message.channel.slice(channel.min(message.channel.len())..),
                    pattern: message.pattern.map(|name| name.slice(topic.min(name.len())..)),
                    ..message
                }),
                other => other,
            })
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.queue.stop_waiting() {
            self.link.registry.resume(&self.queue, &self.link);
        }
        self.link.registry.remove(&self.topic, &self.queue, &self.link);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("channel", &String::from_utf8_lossy(&self.topic.name))
            .finish_non_exhaustive()
    }
}
