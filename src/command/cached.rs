use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use redmux_transport::Timer;

use super::Call;
use crate::{
    Delivery, Error, ErrorKind, Result,
    caching::{Cache, Flight, Found, Landed, Lead, Request, is_cacheable},
    connection::{Link, Prelude, Selected},
    error::TimeoutStage,
    resp::{Arg, Frame, FromReply, ToArgs, encode_command},
};

/// A call that asks the cache first; made by [`Call::cached`]
#[must_use = "a call does nothing unless it is awaited"]
pub struct Cached<'a, T, A> {
    state: State<'a, T, A>,
    /// When this call's own time is up; known once it has begun to wait for another's.
    limit: Option<Limit>,
}

/// The time of a call that waits for others: it begins once, however many of them fail
struct Limit {
    /// By the link's clock.
    end: u64,
    timer: Box<dyn Timer>,
}

enum State<'a, T, A> {
    Ask(Call<'a, T, A>),
    /// It cannot be cached.
    Plain(Call<'a, T, A>),
    /// This call fetches the reply, for others too.
    Lead(Call<'a, Frame, A>, Lead),
    /// Another call fetches it; but this one's time is its own.
    Follow(Call<'a, T, A>, Arc<Flight>),
    Done,
}

impl<'a, T: FromReply, A: ToArgs> Call<'a, T, A> {
    /// Answers from the cache if it can, and keeps the reply if not.
    ///
    /// Works for commands that read one key, such as `GET`, `HGETALL` or `LRANGE`; others,
    /// and all where [`Options::client_cache`](crate::Options::client_cache) is not set or the
    /// server does not track, are simply sent. Calls of one request at the same time share one
    /// reply, or the server's error. Each has its own time, which begins when it is awaited.
    ///
    /// A reply is dropped when the server announces a change of its key, when the connection is
    /// lost, and when it is older than [`CacheOptions::max_age`](crate::cache::CacheOptions::max_age).
    /// Between a change and its announcement, a round trip or so, the cache returns the old value,
    /// also after a change by this client.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let name: Option<String> = db.hget("user:7", "name").cached().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cached(self) -> Cached<'a, T, A> {
        Cached { state: State::Ask(self), limit: None }
    }

    /// The request for the cache, if the command can be cached.
    fn request(&self, cache: &Cache) -> Option<Request> {
        let mut args = self.words();
        if !is_cacheable(&args) {
            return None;
        }
        // The server knows the key by its full name.
        self.rewrite(&mut args).ok()?;
        let key = args.get(1)?.as_bytes();
        if !cache.options.covers(key) {
            return None;
        }
        let mut bytes = Vec::new();
        if self.database != Selected::HOME {
            let index = self.database.index(self.link().config.database).to_string();
            encode_command(&mut bytes, &[Arg::Bytes(b"SELECT"), Arg::Bytes(index.as_bytes())]);
        }
        encode_command(&mut bytes, &args);
        Some(Request { key: key.into(), bytes: bytes.into() })
    }
}

impl<'a, T: FromReply, A: ToArgs> State<'a, T, A> {
    fn ask(call: Call<'a, T, A>, limit: &mut Option<Limit>) -> (Self, Option<Frame>) {
        let link = call.link_of_cache();
        let request = link.config.cache.as_ref().filter(|_| call.is_new()).and_then(|cache| {
            let request = call.request(cache)?;
            Some((cache, request))
        });
        let Some((cache, request)) = request else { return (Self::Plain(call), None) };
        match cache.look_up(&request, link.clock.now()) {
            Found::Untracked => (Self::Plain(call), None),
            Found::Reply(reply) => (Self::Plain(call), Some(reply)),
            Found::Flight(flight) => {
                limit.get_or_insert_with(|| {
                    let end = link.clock.now().saturating_add(call.limit());
                    Limit { end, timer: link.clock.runtime.timer(link.clock.instant(end)) }
                });
                (Self::Follow(call, flight), None)
            }
            Found::Missing(token, flight) => {
                let lead = Lead { cache: cache.clone(), key: request.key, token, flight };
                let call = call.reply_as().noting_its_server();
                // What is left after others have failed.
                let call = match limit {
                    None => call,
                    Some(Limit { end, .. }) => {
                        let left = end.saturating_sub(link.clock.now());
                        call.timeout(Duration::from_micros(left))
                    }
                };
                let call = match cache.consent() {
                    None => call,
                    Some(bytes) => call.after(Prelude::consent(bytes)),
                };
                (Self::Lead(call, lead), None)
            }
        }
    }
}

impl<T: FromReply, A: ToArgs> Future for Cached<'_, T, A> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.get_mut();
        loop {
            match std::mem::replace(&mut this.state, State::Done) {
                State::Ask(call) => match State::ask(call, &mut this.limit) {
                    (State::Plain(call), Some(reply)) => return Poll::Ready(call.decode(&reply)),
                    (state, _) => this.state = state,
                },
                State::Plain(mut call) => {
                    let poll = Pin::new(&mut call).poll(cx);
                    if poll.is_pending() {
                        this.state = State::Plain(call);
                    }
                    return poll;
                }
                State::Lead(mut call, lead) => {
                    let Poll::Ready(result) = Pin::new(&mut call).poll(cx) else {
                        this.state = State::Lead(call, lead);
                        return Poll::Pending;
                    };
                    let reply = match result {
                        Ok(reply) => reply,
                        Err(error) => {
                            if error.is_server() {
                                lead.refused(&error);
                            }
                            return Poll::Ready(Err(error));
                        }
                    };
                    // Where the server refused to track the key, nobody would announce changes.
                    if !call.is_of(&lead.cache) {
                        #[cfg(feature = "topology")]
                        lead.pass_on(Frame::copy_from_slice(reply.as_bytes()));
                    } else if call.prelude_errors().is_empty() {
                        // A copy: the reply may be a small part of a large block.
                        let kept = Frame::copy_from_slice(reply.as_bytes());
                        lead.land(kept, call.link().clock.now());
                    }
                    return Poll::Ready(call.decode(&reply));
                }
                State::Follow(call, flight) => {
                    let landed = flight.poll(cx);
                    match landed {
                        Poll::Ready(Landed::Reply(reply)) => {
                            return Poll::Ready(call.decode(&reply));
                        }
                        // The server's word is the same for all; but a call that retries may ask
                        // again what passes.
                        Poll::Ready(Landed::Refused(error))
                            if !(error.is_retryable() && call.retries()) =>
                        {
                            return Poll::Ready(Err(error));
                        }
                        _ => {}
                    }
                    let limit = this.limit.as_mut();
                    if limit.is_some_and(|limit| limit.timer.poll_expired(cx).is_ready()) {
                        return Poll::Ready(Err(timed_out(&call)));
                    }
                    if landed.is_pending() {
                        this.state = State::Follow(call, flight);
                        return Poll::Pending;
                    }
                    // That caller failed or gave up, which says nothing for this call.
                    this.state = State::Ask(call);
                }
                State::Done => {
                    return Poll::Ready(Err(Error::rejected(
                        "?",
                        "this call has already been awaited",
                    )));
                }
            }
        }
    }
}

#[cfg(not(feature = "topology"))]
impl<'a, T: FromReply, A: ToArgs> Call<'a, T, A> {
    /// The link of whose cache the reply may be.
    fn link_of_cache(&self) -> &'a Link {
        self.link()
    }

    fn noting_its_server(self) -> Self {
        self
    }

    /// Whether the server that has answered is the one of this cache.
    fn is_of(&self, _: &Arc<Cache>) -> bool {
        true
    }
}

#[cfg(feature = "topology")]
impl<'a, T: FromReply, A: ToArgs> Call<'a, T, A> {
    /// The link of whose cache the reply may be: that to the server of the key.
    fn link_of_cache(&self) -> &'a Link {
        self.link_to_server().unwrap_or_else(|| self.link())
    }

    /// A call that is done knows which server has answered it.
    fn noting_its_server(mut self) -> Self {
        if self.link().router().is_some() {
            self.extras();
        }
        self
    }

    /// Whether the server that has answered is the one of this cache: changes are announced to no other.
    fn is_of(&self, cache: &Arc<Cache>) -> bool {
        let link = self.over().map_or_else(|| self.link(), |(link, _)| link);
        link.config.cache.as_ref().is_some_and(|own| Arc::ptr_eq(own, cache))
    }
}

/// The call has sent nothing, and will not.
fn timed_out<T, A>(call: &Call<'_, T, A>) -> Error {
    let (link, limit) = (call.link(), call.limit());
    Error::new(ErrorKind::Timeout(TimeoutStage::Queue), Delivery::NotSent)
        .command(&*call.full_name())
        .endpoint_at(&link.endpoint())
        .detail("another call was fetching the same reply for the cache")
        .diagnose(link.with(|core| core.diagnose(limit, limit)))
}

// Nothing in it is ever pinned.
impl<T, A> Unpin for Cached<'_, T, A> {}

impl<T, A> fmt::Debug for Cached<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").finish_non_exhaustive()
    }
}
