use std::{
    collections::HashMap,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::Stream;

use super::keyspace::{
    KeyEvent, KeyspaceDatabase, is_notification, missing_notifications, pattern,
};
use crate::{
    ConnectionMultiplexer, Error, Result,
    commands::Mapped,
    connection::Verb,
    multiplexer::Places,
    resp::{Arg, ToArg},
    subscriptions::{Bounds, Item, Message, Overflow, Queue, SubscriptionCounts, Topic, distinct},
};

/// Makes subscriptions; got from [`ConnectionMultiplexer::subscriber`]
///
/// With RESP3, subscriptions share the connection with everything else; with RESP2 they
/// get a separate one, opened when it is first needed. After a lost connection the client restores
/// them, and each stream yields [`Item::Missed`].
#[derive(Debug, Clone)]
pub struct Subscriber {
    muxer: ConnectionMultiplexer,
    bounds: Bounds,
}

impl ConnectionMultiplexer {
    /// Subscriptions.
    pub fn subscriber(&self) -> Subscriber {
        Subscriber::new(self.clone())
    }
}

impl Subscriber {
    fn new(muxer: ConnectionMultiplexer) -> Self {
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
    /// use redmux::pubsub::Overflow;
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

    /// Ends all subscriptions of the multiplexer, also those of other subscribers
    ///
    /// Returns at once. Each stream gives what is queued, then ends.
    pub fn unsubscribe_all(&self) {
        let inner = self.muxer.inner();
        inner.places().remove_all();
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
    ///         redmux::pubsub::Item::Message(message) => println!("{}", message.text()),
    ///         redmux::pubsub::Item::Missed(gap) => println!("missed: {gap:?}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn subscribe(&self, channel: impl ToArg) -> Result<Subscription> {
        self.open(Verb::Subscribe, [channel]).await
    }

    /// Subscribes to several channels with one stream; [`Message::channel`] tells them apart
    ///
    /// Returns when the server has confirmed all of them, and fails if it refuses one. One
    /// `Missed` comes for all that are restored together.
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// use futures::StreamExt;
    ///
    /// let both = muxer.subscriber().subscribe_many(["news", "weather"]).await?;
    /// let mut messages = both.messages();
    /// while let Some(message) = messages.next().await {
    ///     println!("{}: {}", message.channel_text(), message.text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`subscribe`](Self::subscribe); [`ErrorKind::Command`](crate::ErrorKind::Command) if
    /// there is no channel.
    pub async fn subscribe_many<C: ToArg>(
        &self,
        channels: impl IntoIterator<Item = C>,
    ) -> Result<Subscription> {
        self.open(Verb::Subscribe, channels).await
    }

    /// Subscribes to all channels that match a pattern.
    /// See [PSUBSCRIBE](https://redis.io/docs/latest/commands/psubscribe/).
    pub async fn psubscribe(&self, pattern: impl ToArg) -> Result<Subscription> {
        self.open(Verb::PSubscribe, [pattern]).await
    }

    /// Subscribes to all channels that match one of several patterns, with one stream
    ///
    /// As [`subscribe_many`](Self::subscribe_many). A message that matches two of them comes
    /// twice, each time with its [pattern](Message::pattern).
    pub async fn psubscribe_many<C: ToArg>(
        &self,
        patterns: impl IntoIterator<Item = C>,
    ) -> Result<Subscription> {
        self.open(Verb::PSubscribe, patterns).await
    }

    /// Subscribes to a shard channel (Redis 7).
    /// See [SSUBSCRIBE](https://redis.io/docs/latest/commands/ssubscribe/).
    pub async fn ssubscribe(&self, channel: impl ToArg) -> Result<Subscription> {
        self.open(Verb::SSubscribe, [channel]).await
    }

    /// Subscribes to several shard channels (Redis 7) with one stream
    ///
    /// As [`subscribe_many`](Self::subscribe_many).
    pub async fn ssubscribe_many<C: ToArg>(
        &self,
        channels: impl IntoIterator<Item = C>,
    ) -> Result<Subscription> {
        self.open(Verb::SSubscribe, channels).await
    }

    /// Subscribes to what happens to keys: a key or a pattern, in a database (`0_u32`) or in all
    ///
    /// Read the messages with [`KeyNotification::from_message`](crate::pubsub::KeyNotification). The
    /// server must be told to send them: [`missing_notifications`](Self::missing_notifications).
    pub async fn keyspace(
        &self,
        database: impl Into<KeyspaceDatabase>,
        keys: impl ToArg,
    ) -> Result<Subscription> {
        let keys = pattern("keyspace", database.into(), keys.to_arg().as_bytes());
        self.psubscribe(keys).await
    }

    /// Subscribes to one event of all keys, in a database or in all
    ///
    /// See [`keyspace`](Self::keyspace).
    pub async fn keyevent(
        &self,
        database: impl Into<KeyspaceDatabase>,
        event: &KeyEvent,
    ) -> Result<Subscription> {
        self.psubscribe(pattern("keyevent", database.into(), event.name().as_bytes())).await
    }

    /// Asks the server which letters its `notify-keyspace-events` lacks for what is wanted
    ///
    /// For example `"Kx"`; see [`missing_notifications`](crate::pubsub::missing_notifications). Fails
    /// where the user may not run `CONFIG GET`.
    pub async fn missing_notifications(&self, wanted: &str) -> Result<String> {
        const NAME: &str = "notify-keyspace-events";
        let database = self.muxer.database();
        let settings: HashMap<String, String> = database.config_get([NAME]).await?;
        let setting = settings.get(NAME).map_or("", String::as_str);
        Ok(missing_notifications(setting, wanted))
    }

    async fn open<C: ToArg>(
        &self,
        verb: Verb,
        names: impl IntoIterator<Item = C>,
    ) -> Result<Subscription> {
        let inner = self.muxer.inner();
        let command = verb.command();
        let commands = &inner.link().config.commands;
        if commands.get(command) == Mapped::Disabled {
            let words = [Arg::Bytes(command.as_bytes()), Arg::Bytes(b"channel")];
            let why = commands.refusal(&words).unwrap_or_default();
            return Err(Error::rejected(command, why));
        }
        let mut prefixes = Prefixes::default();
        let mut topics = Vec::new();
        for name in names {
            let name = name.to_arg();
            let name = match inner.options.channels() {
                Some(prefix) if !is_notification(name.as_bytes()) => {
                    let prefixed = prefix.before(name.as_bytes(), verb == Verb::PSubscribe);
                    let topic = prefixed.len() - name.as_bytes().len();
                    prefixes = Prefixes { topic, channel: prefix.len() };
                    prefixed.into()
                }
                _ => Bytes::copy_from_slice(name.as_bytes()),
            };
            topics.push(Topic { verb, name });
        }
        let topics = distinct(topics);
        if topics.is_empty() {
            return Err(Error::rejected(command, "no channel is named"));
        }
        let queue = Arc::new(Queue::new(self.bounds, topics.len()));
        // Made before the first await: dropping this future takes the topics back.
        let subscription = Subscription { queue, topics, prefixes, places: inner.places() };
        let taken_back = || !subscription.take_back();
        let confirmed = subscription.confirm(command);
        inner.within_command_timeout(command, confirmed, taken_back).await?;
        Ok(subscription)
    }
}

/// A stream of messages of one channel or pattern, or of several
///
/// It is bounded: a reader that falls behind loses the oldest messages and gets
/// [`Item::Missed`], unless it chose another [`Overflow`]. Dropping it
/// unsubscribes. It ends when the multiplexer is closed or dropped, and with
/// [`Subscriber::unsubscribe_all`]; a server that refuses to restore it does not end it.
pub struct Subscription {
    queue: Arc<Queue>,
    /// At least one; all of one kind.
    topics: Box<[Topic]>,
    prefixes: Prefixes,
    places: Places,
}

/// How much longer the names on the server are
#[derive(Debug, Clone, Copy, Default)]
struct Prefixes {
    /// What is subscribed to: a prefix may be longer in a pattern than in a channel.
    topic: usize,
    channel: usize,
}

impl Prefixes {
    /// Those of a topic: keyspace notifications have none.
    fn of(self, topic: &[u8]) -> Self {
        if is_notification(topic) { Self::default() } else { self }
    }
}

impl Subscription {
    /// Messages only: gaps are left out, so use this where missing some is harmless.
    ///
    /// Handlers that run side by side, up to eight here; their order is lost:
    ///
    /// ```no_run
    /// # async fn f(news: redmux::pubsub::Subscription) {
    /// use futures::StreamExt;
    ///
    /// let handle = async |message: redmux::pubsub::Message| println!("{}", message.text());
    /// news.messages().for_each_concurrent(8, handle).await;
    /// # }
    /// ```
    pub fn messages(self) -> impl Stream<Item = Message> + Unpin {
        use futures::StreamExt;
        self.filter_map(|item| std::future::ready(item.message()))
    }

    /// The channel or pattern; any of them, if there are several.
    pub fn channel(&self) -> &[u8] {
        self.channels().next().unwrap_or_default()
    }

    /// The channels or patterns, in no order.
    pub fn channels(&self) -> impl Iterator<Item = &[u8]> {
        self.topics.iter().map(|topic| &topic.name[self.prefixes.of(&topic.name).topic..])
    }

    /// Messages that wait to be read.
    pub fn queued(&self) -> usize {
        self.queue.counts().queued
    }

    /// Messages queued, read and dropped so far.
    pub fn counts(&self) -> SubscriptionCounts {
        self.queue.counts()
    }

    /// Listens no more; whether the server may have been asked for one of the topics.
    fn take_back(&self) -> bool {
        self.places.remove(&self.topics, &self.queue)
    }

    /// Waits until the server has confirmed it, across reconnects.
    async fn confirm(&self, command: &'static str) -> Result<()> {
        let label = |error: Error| error.command(command).endpoint_at(&self.places.endpoint());
        self.places.listen(&self.topics, &self.queue).map_err(label)?;
        poll_fn(|cx| self.queue.poll_confirmed(cx)).await.map_err(label)?;
        if self.queue.is_closed() {
            // By the program; or there will never be a connection.
            self.places.over().map_or(Ok(()), |error| Err(label(error)))?;
        }
        Ok(())
    }
}

#[cfg(all(test, shuttle))]
impl Subscription {
    /// One of a link without a multiplexer; its queue holds one message.
    pub(crate) async fn on(
        (link, registry): &(Arc<crate::connection::Link>, Arc<crate::subscriptions::Registry>),
        channel: &'static str,
        overflow: Overflow,
    ) -> Result<Self> {
        let topic = Topic { verb: Verb::Subscribe, name: Bytes::from_static(channel.as_bytes()) };
        let messages = if overflow == Overflow::default() { 100 } else { 1 };
        let bounds = Bounds { messages, bytes: 1 << 20, overflow };
        let queue = Arc::new(Queue::new(bounds, 1));
        let (link, registry) = (link.clone(), registry.clone());
        let topics = Box::new([topic]);
        let places = Places::One { link, registry };
        let made = Self { queue, topics, prefixes: Prefixes::default(), places };
        made.confirm("SUBSCRIBE").await?;
        Ok(made)
    }
}

impl Stream for Subscription {
    type Item = Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let (item, resume) = self.queue.poll(cx);
        if resume {
            self.places.resume(&self.queue);
        }
        if self.prefixes.channel == 0 {
            return item;
        }
        item.map(|item| {
            item.map(|item| match item {
                Item::Message(message) => {
                    let Prefixes { topic, channel } =
                        self.prefixes.of(message.pattern.as_ref().unwrap_or(&message.channel));
                    Item::Message(Message {
                        channel: message.channel.slice(channel.min(message.channel.len())..),
                        pattern: message.pattern.map(|name| name.slice(topic.min(name.len())..)),
                        ..message
                    })
                }
                other => other,
            })
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.queue.stop_waiting() {
            self.places.resume(&self.queue);
        }
        self.take_back();
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("channel", &String::from_utf8_lossy(self.channel()))
            .finish_non_exhaustive()
    }
}
