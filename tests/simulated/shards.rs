//! Shard channels while a primary and its replica take turns. Both serve them, and pass messages on to each other late.

use std::collections::BTreeMap;

use futures::{channel::mpsc, future::Either, pin_mut};
use redmux::{
    options::Mode,
    pubsub::{Item, Subscription},
    transport::Endpoint,
};

use super::*;

const CHANNEL: &str = "news";

/// A command or its reply is on the way for this long.
const WAY: Duration = Duration::from_millis(2);

/// A message is on the way from one server to the other for up to this long.
const LATE: u64 = 45;

/// Two servers: `a:1` and `b:2`
#[derive(Default)]
struct Pair {
    primary: usize,
    /// The connections that listen, by server.
    listening: [BTreeMap<usize, mpsc::UnboundedSender<String>>; 2],
    connections: usize,
    /// How often each command came.
    commands: BTreeMap<String, usize>,
}

fn push(kind: &str, channel: &str, rest: &str) -> String {
    format!(">3\r\n{}{}{rest}", bulk(kind), bulk(channel))
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

impl Pair {
    fn answer(
        &mut self,
        node: usize,
        id: usize,
        words: &[String],
        out: &mpsc::UnboundedSender<String>,
    ) -> String {
        let text = words.join(" ");
        *self.commands.entry(text.clone()).or_default() += 1;
        match &text[..] {
            "CLUSTER SLOTS" => {
                let of = |node: usize| {
                    let (host, id) = [("a", "aa"), ("b", "bb")][node];
                    format!("*3\r\n{}:{}\r\n{}", bulk(host), node + 1, bulk(id))
                };
                let (primary, replica) = (of(self.primary), of(1 - self.primary));
                format!("*1\r\n*4\r\n:0\r\n:16383\r\n{primary}{replica}")
            }
            "SSUBSCRIBE news" => {
                self.listening[node].insert(id, out.clone());
                push("ssubscribe", CHANNEL, ":1\r\n")
            }
            "SUNSUBSCRIBE news" => {
                self.listening[node].remove(&id);
                push("sunsubscribe", CHANNEL, ":0\r\n")
            }
            "SSUBSCRIBE more" => push("ssubscribe", "more", ":2\r\n"),
            "SUNSUBSCRIBE more" => push("sunsubscribe", "more", ":1\r\n"),
            _ => match polite(
                &words.iter().map(|word| word.clone().into_bytes()).collect::<Vec<_>>(),
            ) {
                Answer::Reply(reply) => String::from_utf8(reply).unwrap(),
                _ => unreachable!(),
            },
        }
    }

    fn deliver(&self, node: usize, number: u64) {
        for out in self.listening[node].values() {
            out.unbounded_send(push("smessage", CHANNEL, &bulk(&number.to_string()))).ok();
        }
    }

    /// The replica takes over: the old primary ends what it serves, as it has lost the slots.
    fn fail_over(&mut self) {
        for out in std::mem::take(&mut self.listening[self.primary]).values() {
            out.unbounded_send(push("sunsubscribe", CHANNEL, ":0\r\n")).ok();
        }
        self.primary = 1 - self.primary;
    }
}

/// The pair, and a client that listens to a channel and does nothing else
struct Scene {
    runtime: SimRuntime,
    pair: Arc<Mutex<Pair>>,
    /// When the last message on the way to each server arrives: they keep their order.
    late: [Duration; 2],
    random: u64,
    published: u64,
    /// The last number that was heard, and whether a gap came after it.
    last: u64,
    gap: bool,
    muxer: ConnectionMultiplexer,
    listener: Subscription,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let runtime = SimRuntime::new();
        let (transport, listener) = MemoryTransport::new();
        let pair = Arc::new(Mutex::new(Pair::default()));
        let (spawner, served) = (runtime.clone(), pair.clone());
        runtime.spawn(Box::pin(async move {
            loop {
                let (stream, endpoint) = listener.accept().await;
                let node = usize::from(endpoint == Endpoint::tcp("b", 2));
                spawner.spawn(Box::pin(serve_one(spawner.clone(), served.clone(), node, stream)));
            }
        }));
        let options: Options = "a:1,b:2".parse().unwrap();
        let connect = ConnectionMultiplexer::connect_with(
            options.mode(Mode::Cluster),
            environment(&runtime, transport),
        );
        let muxer = runtime.block_on(connect).unwrap();
        let listener = runtime.block_on(muxer.subscriber().ssubscribe(CHANNEL)).unwrap();
        let late = [Duration::ZERO; 2];
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { runtime, pair, late, random, published: 0, last: 0, gap: false, muxer, listener }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % bound
    }

    /// Publishes at the primary, which passes it on to the replica some time later.
    fn publish(&mut self) {
        self.published += 1;
        let number = self.published;
        let delay = Duration::from_millis(self.below(LATE));
        let (other, pair) = {
            let pair = self.pair.lock().unwrap();
            pair.deliver(pair.primary, number);
            (1 - pair.primary, self.pair.clone())
        };
        self.late[other] = self.late[other].max(self.runtime.elapsed() + delay);
        let sleep = self.runtime.sleep(self.late[other] - self.runtime.elapsed());
        self.runtime.spawn(Box::pin(async move {
            sleep.await;
            pair.lock().unwrap().deliver(other, number);
        }));
    }

    fn fail_over(&self) {
        self.pair.lock().unwrap().fail_over();
    }

    /// Publishes every few milliseconds for this long.
    fn publish_for(&mut self, milliseconds: u64) {
        let end = self.runtime.elapsed() + Duration::from_millis(milliseconds);
        while self.runtime.elapsed() < end {
            self.publish();
            let pause = 1 + self.below(6);
            self.runtime.advance(Duration::from_millis(pause));
        }
        self.runtime.advance(2 * WAY);
    }

    /// The numbers that were heard so far. Each is greater than the one before, and none is missing without a gap.
    fn heard(&mut self) -> Vec<u64> {
        let mut heard = Vec::new();
        while let Some(Some(item)) = futures::FutureExt::now_or_never(self.listener.next()) {
            match item {
                Item::Message(message) => {
                    let number: u64 = message.text().parse().unwrap();
                    let last = self.last;
                    assert!(number > last, "{number} after {last}");
                    assert!(self.gap || number == last + 1, "{number} after {last}, and no gap");
                    (self.last, self.gap) = (number, false);
                    heard.push(number);
                }
                Item::Missed(_) => self.gap = true,
                other => panic!("{other:?}"),
            }
        }
        heard
    }
}

async fn serve_one(runtime: SimRuntime, pair: Arc<Mutex<Pair>>, node: usize, stream: Duplex) {
    let id = {
        let mut pair = pair.lock().unwrap();
        pair.connections += 1;
        pair.connections
    };
    let (out, mut replies) = mpsc::unbounded::<String>();
    let mut commands = Commands::of(stream);
    // What arrives when; both ways keep their order.
    let mut due: std::collections::VecDeque<(Duration, Either<Vec<String>, String>)> = [].into();
    loop {
        let next = {
            let wait =
                due.front().map_or(3600 * SECOND, |(at, _)| at.saturating_sub(runtime.elapsed()));
            let (command, reply, sleep) = (commands.next(), replies.next(), runtime.sleep(wait));
            pin_mut!(command, sleep);
            let either = futures::future::select(command, reply);
            match futures::future::select(either, sleep).await {
                Either::Left((Either::Left((Some(words), _)), _)) => {
                    let text = |word: Vec<u8>| String::from_utf8_lossy(&word).into_owned();
                    Some(Either::Left(words.into_iter().map(text).collect::<Vec<_>>()))
                }
                Either::Left((Either::Right((Some(reply), _)), _)) => Some(Either::Right(reply)),
                Either::Right(_) => None,
                Either::Left(_) => return,
            }
        };
        if let Some(next) = next {
            due.push_back((runtime.elapsed() + WAY, next));
            continue;
        }
        match due.pop_front() {
            Some((_, Either::Left(words))) => {
                let reply = pair.lock().unwrap().answer(node, id, &words, &out);
                out.unbounded_send(reply).ok();
            }
            Some((_, Either::Right(reply))) => {
                let Ok(()) = commands.stream.write_all(reply.as_bytes()).await else { return };
            }
            None => {}
        }
    }
}

#[test]
fn a_client_that_only_listens_follows_an_ordered_failover() {
    let mut scene = Scene::new(1);
    for round in 0..4 {
        scene.publish_for(300);
        assert!(!scene.heard().is_empty(), "{round}");
        scene.fail_over();
        scene.publish_for(300);
        let heard = scene.heard();
        assert_eq!(heard.last(), Some(&scene.published), "{round}: up to date again");
        let pair = scene.pair.lock().unwrap();
        let listening = [&pair.listening[0], &pair.listening[1]].map(BTreeMap::len);
        assert_eq!((listening[pair.primary], listening[1 - pair.primary]), (1, 0), "{round}");
    }
}

#[test]
fn nothing_is_heard_twice_or_backwards_however_often_servers_take_turns() {
    for seed in 0..16 {
        let mut scene = Scene::new(seed);
        for _ in 0..20 {
            let pause = 3 + scene.below(400);
            scene.publish_for(pause);
            scene.fail_over();
            scene.heard();
        }
        scene.publish_for(1500);
        let heard = scene.heard();
        assert_eq!(heard.last(), Some(&scene.published), "seed {seed}\n{}", scene.muxer.status());
    }
}

#[test]
fn a_channel_that_is_subscribed_to_at_a_former_primary_goes_to_the_new_one() {
    let scene = Scene::new(1);
    drop(scene.listener);
    scene.runtime.advance(SECOND);
    // Nothing is listened to: no server says that this has happened.
    scene.pair.lock().unwrap().fail_over();
    let listener = scene.runtime.block_on(scene.muxer.subscriber().ssubscribe(CHANNEL)).unwrap();
    scene.runtime.advance(SECOND / 2);
    let pair = scene.pair.lock().unwrap();
    assert_eq!(pair.listening.each_ref().map(BTreeMap::len), [0, 1]);
    drop(listener);
}

#[test]
fn a_server_is_asked_once_however_many_channels_follow_the_first() {
    let scene = Scene::new(1);
    let maps = || scene.pair.lock().unwrap().commands["CLUSTER SLOTS"];
    scene.runtime.advance(SECOND);
    let before = maps();
    for _ in 0..50 {
        let subscriber = scene.muxer.subscriber();
        let more = scene.runtime.block_on(subscriber.ssubscribe_many([CHANNEL, "more"])).unwrap();
        drop(more);
        scene.runtime.advance(SECOND / 10);
    }
    assert_eq!(maps(), before);
}
