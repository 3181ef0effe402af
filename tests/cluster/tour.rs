//! All that a cluster has to offer, once: what every kind of server must do in each protocol.

use std::{collections::HashSet, time::Duration};

use async_std::{
    future::timeout,
    task::{sleep, spawn},
};
use futures::{StreamExt, TryStreamExt};
use redmux::{
    ConnectionMultiplexer, Database, Options,
    database::{BlockFor, scans::ScanOptions, transactions::Condition},
    pipeline,
    pubsub::{Item, KeyspaceDatabase, Subscription},
};
use redmux_test_support::RedisCluster;

use crate::from_to;

const LONG: Duration = Duration::from_secs(60);

/// How slots get to another server
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moves {
    /// Key by key, with all the states between.
    Keys,
    /// All at once, by the server itself (Valkey 9).
    Slots,
}

pub(crate) struct Tour<'a> {
    pub(crate) cluster: &'a RedisCluster,
    /// How to reach it.
    pub(crate) options: Options,
    /// Names the keys: tours do not meet.
    pub(crate) name: &'a str,
    pub(crate) moves: Moves,
}

impl Tour<'_> {
    /// Goes through all of it; the replicas that there are become primaries.
    pub(crate) async fn run(&self) -> ConnectionMultiplexer {
        let connected = ConnectionMultiplexer::connect(self.options.clone()).await;
        let muxer = connected.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let db = muxer.database();
        self.keys(&db, 1).await;
        self.scan(&db).await;
        self.units(&db).await;
        self.scripts(&db).await;
        self.topics(&muxer).await;
        match self.moves {
            Moves::Keys => self.move_in_parts(&muxer).await,
            Moves::Slots => self.move_at_once(&muxer).await,
        }
        self.fail_over(&muxer).await;
        self.keys(&db, 2).await;
        self.units(&db).await;
        muxer
    }

    fn key(&self, rest: &str) -> String {
        format!("{}:{rest}", self.name)
    }

    /// Commands, pipelines, and commands that several servers execute together.
    async fn keys(&self, db: &Database, round: i64) {
        let keys: Vec<String> = (0..100).map(|n| self.key(&format!("key:{n}"))).collect();
        for (n, key) in keys.iter().enumerate() {
            db.set(key, n).await.unwrap();
            assert_eq!(db.get::<usize>(key).await.unwrap(), Some(n));
        }
        let grown =
            pipeline(keys.iter().map(|key| db.incrby(key, round)).collect::<Vec<_>>()).await;
        for (n, grown) in grown.into_iter().enumerate() {
            assert_eq!(grown.unwrap(), n as i64 + round);
        }
        db.mset(keys.iter().zip(0_i64..).collect::<Vec<_>>()).await.unwrap();
        let expected: Vec<Option<i64>> = (0..100).map(Some).collect();
        assert_eq!(db.mget::<i64>(&keys).await.unwrap(), expected);
        assert_eq!(db.exists(&keys).await.unwrap(), 100);
        assert!(db.dbsize().await.unwrap() >= 100);
        let found: HashSet<String> =
            db.keys(self.key("key:*")).await.unwrap().into_iter().collect();
        assert_eq!(found, keys.iter().cloned().collect());
        let error = db.rename(&keys[0], &keys[1]).await.unwrap_err();
        assert!(error.is_rejected() && error.to_string().contains("CROSSSLOT"), "{error}");
        assert_eq!(db.del(&keys[50..]).await.unwrap(), 50);
    }

    async fn scan(&self, db: &Database) {
        let options = ScanOptions::new().pattern(self.key("key:*")).count(7);
        let found: Vec<String> = db.scan_stream(options).try_collect().await.unwrap();
        assert_eq!(found.into_iter().collect::<HashSet<_>>().len(), 50);
    }

    /// Transactions, loops and conditions.
    async fn units(&self, db: &Database) {
        for tag in ["u1", "u2", "u3", "u4"] {
            let key = self.key(&format!("{{{tag}}}"));
            let both = db.transaction((db.set(&*key, 1), db.incr(&*key))).all();
            assert_eq!(both.await.unwrap(), ((), 2));
            let held = db.transaction((db.incr(&*key),)).when(Condition::string_equal(&*key, "2"));
            assert_eq!(held.all().await.unwrap().committed(), Some((3,)));
            let looped = db.watch(&*key).run(async |db| {
                let next = db.get::<i64>(&*key).await?.unwrap_or(0) + 1;
                db.transaction((db.set(&*key, next),)).all().await?;
                Ok(next)
            });
            assert_eq!(looped.await.unwrap(), 4);
        }
    }

    async fn scripts(&self, db: &Database) {
        let text = format!("return '{}' .. redis.call('INCR', KEYS[1])", self.name);
        let digest = db.script_load(&*text).await.unwrap();
        for n in 0..20 {
            let key = self.key(&format!("script:{n}"));
            let said = db.evalsha::<String>(&digest, &*key, ()).await.unwrap();
            assert_eq!(said, format!("{}1", self.name));
        }
    }

    async fn topics(&self, muxer: &ConnectionMultiplexer) {
        let (subscriber, name) = (muxer.subscriber(), |rest: &str| self.key(rest));
        let mut news = subscriber.subscribe(name("news")).await.unwrap();
        let mut all = subscriber.psubscribe(name("n*")).await.unwrap();
        let shards = ["s1", "s2", "s3", "s4"].map(name);
        let mut shard = subscriber.ssubscribe_many(&shards).await.unwrap();
        for (place, node) in self.cluster.nodes().iter().enumerate() {
            node.command(&["PUBLISH", &name("news"), &place.to_string()]);
            assert_eq!(text(&mut news).await, (place.to_string(), 0));
            assert_eq!(text(&mut all).await, (place.to_string(), 0));
        }
        for channel in &shards {
            muxer.execute::<()>("SPUBLISH", (&**channel, &**channel)).await.unwrap();
            assert_eq!(text(&mut shard).await, (channel.clone(), 0));
        }
        let key = name("told");
        let mut told = subscriber.keyspace(KeyspaceDatabase::All, &key).await.unwrap();
        muxer.database().set(&key, 1).await.unwrap();
        let Item::Message(message) = next(&mut told).await else { panic!("no notification") };
        assert_eq!(message.text(), "set");
    }

    /// A slot goes to another server key by key; what is asked for meanwhile is found here or there.
    async fn move_in_parts(&self, muxer: &ConnectionMultiplexer) {
        let (db, cluster) = (muxer.database(), self.cluster);
        let tag = self.key("parts");
        let key = |rest: &str| format!("{{{tag}}}{rest}");
        let slot = cluster.slot(&tag);
        let (from, to) = from_to(cluster, slot);
        db.mset([(key("a"), 1), (key("b"), 1)]).await.unwrap();
        let mut shard = muxer.subscriber().ssubscribe(&*tag).await.unwrap();
        let list = key("list");
        let pop = spawn(db.blpop::<String, String>(list.clone(), BlockFor::Forever).owned());
        let both = async || {
            let (a, b) = (key("a"), key("b"));
            db.transaction((db.incr(&*a), db.incr(&*b))).all().await.unwrap()
        };
        cluster.begin_move(slot, from, to);
        // All keys are here: what is new is made there.
        assert_eq!(both().await, (2, 2));
        db.set(key("new"), "there").await.unwrap();
        assert_eq!(db.get::<String>(key("new")).await.unwrap().as_deref(), Some("there"));
        let made = key("made");
        assert_eq!(db.transaction((db.incr(&*made),)).all().await.unwrap(), (1,));
        let text = "return redis.call('INCR', KEYS[1])";
        assert_eq!(db.eval::<i64>(text, &*made, ()).await.unwrap(), 2);
        assert_eq!(db.mget::<i64>([key("a"), key("b")]).await.unwrap(), [Some(2), Some(2)]);
        let asked = key("asked");
        let waits = spawn(db.blpop::<String, String>(asked.clone(), BlockFor::Forever).owned());
        db.rpush(&*asked, "there").await.unwrap();
        assert_eq!(waits.await.unwrap().map(|(_, item)| item).as_deref(), Some("there"));
        // One of two is there: no server executes both.
        cluster.migrate(&[&key("a")], from, to);
        assert_eq!(db.get::<i64>(key("a")).await.unwrap(), Some(2));
        assert_eq!(db.get::<i64>(key("b")).await.unwrap(), Some(2));
        let rest = async {
            sleep(Duration::from_millis(100)).await;
            cluster.migrate(&[&key("b")], from, to);
        };
        let keys = [key("a"), key("b")];
        let (read, touched) = (db.mget::<i64>(&keys), db.touch(&keys));
        let (sum, values, touched, ()) = futures::join!(both(), read, touched, rest);
        assert_eq!(sum, (3, 3));
        let values = values.unwrap();
        assert!(values == [Some(2), Some(2)] || values == [Some(3), Some(3)], "{values:?}");
        assert_eq!(touched.unwrap(), 2);
        // All are there.
        assert_eq!(both().await, (4, 4));
        // What watches a key that is not here waits for the slot to arrive.
        let (looped, late) = (key("looped"), key("late"));
        let run = db.watch(&*looped).run(async |db| {
            let next = db.get::<i64>(&*looped).await?.unwrap_or(0) + 1;
            db.transaction((db.set(&*looped, next),)).all().await?;
            Ok(next)
        });
        let held = db.transaction((db.incr(&*late),)).when(!Condition::key_exists(&*late));
        let rest = async {
            sleep(Duration::from_millis(100)).await;
            cluster.end_move(slot, to);
        };
        let (run, held, ()) = futures::join!(run, held.all(), rest);
        assert_eq!((run.unwrap(), held.unwrap().committed()), (1, Some((1,))));
        self.arrived(muxer, &mut shard, &tag).await;
        assert_eq!(both().await, (5, 5));
        db.rpush(&*list, "item").await.unwrap();
        assert_eq!(pop.await.unwrap().map(|(_, item)| item).as_deref(), Some("item"));
    }

    async fn move_at_once(&self, muxer: &ConnectionMultiplexer) {
        let (db, cluster) = (muxer.database(), self.cluster);
        let tag = self.key("at once");
        let slot = cluster.slot(&tag);
        let (from, to) = from_to(cluster, slot);
        let mut shard = muxer.subscriber().ssubscribe(&*tag).await.unwrap();
        let list = format!("{{{tag}}}list");
        let pop = spawn(db.blpop::<String, String>(list.clone(), BlockFor::Forever).owned());
        db.set(&*tag, 0).await.unwrap();
        let mut count = 0;
        let moved = spawn_move(cluster, slot, from, to);
        while !moved() {
            count += 1;
            assert_eq!(db.incr(&*tag).await.unwrap(), count);
            let unit = db.transaction((db.decr(&*tag), db.incr(&*tag))).all();
            assert_eq!(unit.await.unwrap(), (count - 1, count));
        }
        assert_eq!(db.incr(&*tag).await.unwrap(), count + 1);
        self.arrived(muxer, &mut shard, &tag).await;
        db.rpush(&*list, "item").await.unwrap();
        assert_eq!(pop.await.unwrap().map(|(_, item)| item).as_deref(), Some("item"));
    }

    /// The shard channel of a slot that has moved is heard again, and its listener knows of the gap.
    async fn arrived(&self, muxer: &ConnectionMultiplexer, shard: &mut Subscription, tag: &str) {
        assert!(matches!(next(shard).await, Item::Missed(_)), "{}: a gap", self.name);
        for tries in 0.. {
            if muxer.execute::<i64>("SPUBLISH", (tag, "moved")).await.unwrap() > 0 {
                break;
            }
            assert!(tries < 500, "nobody hears {tag}");
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(text(shard).await.0, "moved");
    }

    /// Every replica takes the place of its primary, while commands are sent.
    async fn fail_over(&self, muxer: &ConnectionMultiplexer) {
        let db = muxer.database();
        let replica =
            |node: &usize| self.cluster.nodes()[*node].command(&["ROLE"]).starts_with('s');
        let replicas: Vec<usize> = (0..self.cluster.nodes().len()).filter(replica).collect();
        let key = self.key("counted");
        let mut count = 0;
        for node in replicas {
            self.cluster.fail_over(node);
            for n in 0..20 {
                count += 1;
                assert_eq!(db.incr(&*key).await.unwrap(), count);
                db.set(self.key(&format!("any:{n}")), n).await.unwrap();
            }
        }
    }
}

/// Begins to move a slot at once; returns what says whether that is over.
fn spawn_move(cluster: &RedisCluster, slot: u32, from: usize, to: usize) -> impl Fn() -> bool {
    cluster.begin_move_at_once(slot, from, to);
    move || [from, to].iter().all(|node| cluster.owner(slot, *node) == Some(to))
}

async fn next(subscription: &mut Subscription) -> Item {
    let item = timeout(LONG, subscription.next()).await;
    item.unwrap_or_else(|_| panic!("nothing came")).unwrap_or_else(|| panic!("it has ended"))
}

/// The text of the next message, whatever gaps come before; how many these are.
async fn text(subscription: &mut Subscription) -> (String, usize) {
    let mut gaps = 0;
    loop {
        match next(subscription).await {
            Item::Message(message) => return (message.text().into_owned(), gaps),
            _ => gaps += 1,
        }
    }
}
