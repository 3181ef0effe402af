use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::Stream;

use super::{
    queue::{Message, Queue, SubscriptionItem},
    registry::{Topic, session_of},
};
use crate::{
    ConnectionMultiplexer, Result,
    command::Call,
    connection::{Link, Verb},
    resp::{Frame, ToArg},
};

/// Makes subscriptions; got from [`ConnectionMultiplexer::subscriber`]
///
/// With RESP3, subscriptions share the connection with everything else; with RESP2 they
/// get one of their own, opened when it is first needed. After a lost connection they are
/// restored by themselves, and each stream is told of the gap.
#[derive(Debug, Clone)]
pub struct Subscriber {
    muxer: ConnectionMultiplexer,
}

impl Subscriber {
    pub(crate) fn new(muxer: ConnectionMultiplexer) -> Self {
        Self { muxer }
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

    async fn open(&self, verb: Verb, name: impl ToArg) -> Result<Subscription> {
        let name = Bytes::copy_from_slice(name.to_arg().as_bytes());
        let inner = self.muxer.inner();
        let queue = Arc::new(Queue::new(inner.options.subscription_capacity));
        let topic = Topic { verb, name };
        if !inner.registry.add(&topic, &queue) {
            return Err(inner.link.with(|core| core.closed_error()).command(verb.command()));
        }
        // Made before the first await: dropping this future takes the topic back.
        let subscription = Subscription { queue, topic, link: inner.link.clone() };
        inner.within_command_timeout(verb.command(), subscription.confirm()).await?;
        Ok(subscription)
    }
}

/// A stream of messages of one channel or pattern
///
/// It is bounded: a reader that falls behind loses the oldest messages and is told so by
/// [`SubscriptionItem::Missed`]. Dropping it unsubscribes. It ends when the multiplexer is
/// closed or dropped.
pub struct Subscription {
    queue: Arc<Queue>,
    topic: Topic,
    link: Arc<Link>,
}

impl Subscription {
    /// Messages only: gaps are left out, so use this where missing some is harmless.
    pub fn messages(self) -> impl Stream<Item = Message> + Unpin {
        use futures::StreamExt;
        self.filter_map(|item| std::future::ready(item.message()))
    }

    /// The channel or pattern.
    pub fn channel(&self) -> &[u8] {
        &self.topic.name
    }

    /// Items that wait to be read.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Asks the server until it confirms, across reconnects.
    async fn confirm(&self) -> Result<()> {
        loop {
            self.link.ready().await?;
            let home = self.link.registry.home(&self.link);
            home.ready().await?;
            let session = session_of(&home);
            let call =
                Call::<Frame, _>::new(&home, self.topic.verb.command(), [&self.topic.name[..]])
                    .confirmed_by(self.topic.verb);
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
        self.queue.poll(cx)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
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
