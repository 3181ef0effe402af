//! Values, keys and the many forms of giving several.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    time::Duration,
};

use redmux::{
    Database,
    database::{keys::Ttl, strings::SetOptions},
    pipeline,
};

use crate::both;

#[async_std::test]
async fn empty_is_not_missing() {
    both(|_, db| async move {
        db.set("empty", "").await.unwrap();
        assert_eq!(db.get::<String>("empty").await.unwrap().as_deref(), Some(""));
        assert_eq!(db.get::<Vec<u8>>("empty").await.unwrap(), Some(vec![]));
        assert_eq!(db.get::<String>("missing").await.unwrap(), None);
        assert_eq!(db.exists(["empty", "missing"]).await.unwrap(), 1);
        // An empty text is no number: an error, and not 0.
        assert!(db.get::<i64>("empty").await.unwrap_err().to_string().contains("not a number"));
        // Nor is a missing value an empty one where the type has no place for it.
        let strict = db.get::<()>("missing").reply_as::<String>().await.unwrap_err();
        assert!(strict.to_string().contains("Option"), "{strict}");

        // The empty text is a key, a field, a member and an element like any other.
        db.set("", "of the empty key").await.unwrap();
        assert_eq!(db.get::<String>("").await.unwrap().as_deref(), Some("of the empty key"));
        db.hset("h", ("", "")).await.unwrap();
        assert_eq!(db.hget::<String>("h", "").await.unwrap().as_deref(), Some(""));
        assert_eq!(db.hget::<String>("h", "x").await.unwrap(), None);
        let fields: Vec<Option<String>> = db.hmget("h", ["x", ""]).await.unwrap();
        assert_eq!(fields, [None, Some(String::new())]);
        db.sadd("s", "").await.unwrap();
        assert!(db.sismember("s", "").await.unwrap());
        db.rpush("l", ["", "a", ""]).await.unwrap();
        assert_eq!(db.lrange::<String>("l", 0, -1).await.unwrap(), ["", "a", ""]);
        assert_eq!(db.lpop::<String>("l").await.unwrap().as_deref(), Some(""));
        assert_eq!(db.lpop::<String>("missing").await.unwrap(), None);
        assert_eq!(db.append("new", "").await.unwrap(), 0);
        // Collections that are not there are empty.
        assert!(db.hgetall::<HashMap<String, String>>("missing").await.unwrap().is_empty());
        assert!(db.smembers::<HashSet<String>>("missing").await.unwrap().is_empty());
        assert!(db.lrange::<String>("missing", 0, -1).await.unwrap().is_empty());
    })
    .await;
}

#[async_std::test]
async fn one_value_in_many_types() {
    both(|_, db| async move {
        // However it was written, the reader chooses the type.
        for (n, way) in ["int", "text", "bytes", "float", "bool"].into_iter().enumerate() {
            match n {
                0 => db.set(way, 1_u8).await.unwrap(),
                1 => db.set(way, "1").await.unwrap(),
                2 => db.set(way, b"1".as_slice()).await.unwrap(),
                3 => db.set(way, 1.0_f64).await.unwrap(),
                _ => db.set(way, true).await.unwrap(),
            }
            assert_eq!(db.get::<i8>(way).await.unwrap(), Some(1), "{way}");
            assert_eq!(db.get::<u128>(way).await.unwrap(), Some(1), "{way}");
            assert_eq!(db.get::<f32>(way).await.unwrap(), Some(1.0), "{way}");
            assert_eq!(db.get::<bool>(way).await.unwrap(), Some(true), "{way}");
            assert_eq!(db.get::<String>(way).await.unwrap().as_deref(), Some("1"), "{way}");
            assert_eq!(db.get::<Vec<u8>>(way).await.unwrap().as_deref(), Some(&b"1"[..]), "{way}");
        }
        // So they are one member, field and key, too.
        assert_eq!(db.sadd("s", (1, "1", b"1".as_slice(), 1.0)).await.unwrap(), 1);
        db.hset("h", (1, "of one")).await.unwrap();
        assert_eq!(db.hget::<String>("h", "1").await.unwrap().as_deref(), Some("of one"));
        db.set(7, "of seven").await.unwrap();
        assert_eq!(db.get::<String>("7").await.unwrap().as_deref(), Some("of seven"));
        // What does not fit is refused, never cut.
        db.set("big", 300).await.unwrap();
        let error = db.get::<u8>("big").await.unwrap_err();
        assert!(error.to_string().contains("out of range for u8"), "{error}");
        db.set("part", "1.5").await.unwrap();
        assert!(db.get::<i64>("part").await.is_err());
    })
    .await;
}

#[async_std::test]
async fn numbers_come_back_as_they_went() {
    both(|_, db| async move {
        for n in [i64::MIN, -1, 0, 1, i64::MAX] {
            db.set("n", n).await.unwrap();
            assert_eq!(db.get::<i64>("n").await.unwrap(), Some(n));
        }
        db.set("n", u64::MAX).await.unwrap();
        assert_eq!(db.get::<u64>("n").await.unwrap(), Some(u64::MAX));
        let floats = [
            0.0,
            -0.0,
            0.1 + 0.2,
            1.0 / 3.0,
            f64::MIN_POSITIVE,
            f64::from_bits(1),
            f64::MAX,
            f64::MIN,
            f64::EPSILON,
            1e21,
            1e-7,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        for x in floats {
            db.set("x", x).await.unwrap();
            let back = db.get::<f64>("x").await.unwrap().unwrap();
            assert_eq!(back.to_bits(), x.to_bits(), "{x}");
            // As a score it goes through the server's own floats.
            db.zadd("z", (x, "member")).await.unwrap();
            assert_eq!(db.zscore("z", "member").await.unwrap(), Some(x), "{x}");
            let all: Vec<(String, f64)> = db.zrange_with_scores("z", 0, -1).await.unwrap();
            assert_eq!(all, [("member".to_owned(), x)]);
            assert_eq!(db.zcount("z", x, x).await.unwrap(), 1, "{x}");
        }
        // What has no place among scores or beyond the range is the server's error.
        assert!(db.zadd("z", (f64::NAN, "member")).await.unwrap_err().is_server());
        db.set("n", i64::MAX).await.unwrap();
        assert!(db.incr("n").await.unwrap_err().is_server());
        assert_eq!(db.get::<i64>("n").await.unwrap(), Some(i64::MAX));
        // Up and down again ends where it began.
        let mut sum = 0.0;
        for x in [1.25, -0.5, 1024.125, -1024.875] {
            sum += x;
            assert!((db.incrbyfloat("sum", x).await.unwrap() - sum).abs() < 1e-9);
            assert!((db.hincrbyfloat("h", "sum", x).await.unwrap() - sum).abs() < 1e-9);
        }
    })
    .await;
}

#[async_std::test]
async fn several_in_every_way() {
    both(|_, db| async move {
        let members = ["a", "b", "c"];
        let expected: BTreeSet<String> = members.map(str::to_owned).into();
        let owned: Vec<String> = members.map(str::to_owned).into();
        let check = async |db: &Database, added: u64| {
            assert_eq!(added, 3);
            assert_eq!(db.smembers::<BTreeSet<String>>("s").await.unwrap(), expected);
            db.del("s").await.unwrap();
        };
        check(&db, db.sadd("s", members).await.unwrap()).await;
        check(&db, db.sadd("s", &members[..]).await.unwrap()).await;
        check(&db, db.sadd("s", ("a", 'b'.to_string(), b"c".to_vec())).await.unwrap()).await;
        check(&db, db.sadd("s", &owned).await.unwrap()).await;
        check(&db, db.sadd("s", owned.clone()).await.unwrap()).await;
        check(&db, db.sadd("s", VecDeque::from(owned.clone())).await.unwrap()).await;
        check(&db, db.sadd("s", HashSet::from(members)).await.unwrap()).await;
        check(&db, db.sadd("s", BTreeSet::from(members)).await.unwrap()).await;
        let one_by_one = members.map(|member| db.sadd("s", member));
        check(&db, pipeline(Vec::from(one_by_one)).all().await.unwrap().iter().sum()).await;

        let pairs = [("a", 1), ("b", 2), ("c", 3)];
        let expected: BTreeMap<String, i64> =
            pairs.map(|(field, value)| (field.to_owned(), value)).into();
        let check = async |db: &Database, added: u64| {
            assert_eq!(added, 3);
            assert_eq!(db.hgetall::<BTreeMap<String, i64>>("h").await.unwrap(), expected);
            db.del("h").await.unwrap();
        };
        check(&db, db.hset("h", pairs).await.unwrap()).await;
        check(&db, db.hset("h", Vec::from(pairs)).await.unwrap()).await;
        check(&db, db.hset("h", HashMap::from(pairs)).await.unwrap()).await;
        check(&db, db.hset("h", &expected).await.unwrap()).await;
        check(&db, db.hset("h", ("a", 1, "b", 2, "c", 3)).await.unwrap()).await;
        check(&db, db.hset("h", ["a", "1", "b", "2", "c", "3"]).await.unwrap()).await;
    })
    .await;
}

#[async_std::test]
async fn texts_of_all_scripts() {
    both(|muxer, db| async move {
        let text = "Füße, Ελλάδα, שלום, 漢字, 🦀\u{0}\r\n";
        db.set(text, text).await.unwrap();
        assert_eq!(db.get::<String>(text).await.unwrap().as_deref(), Some(text));
        assert_eq!(db.strlen(text).await.unwrap(), text.len() as u64);
        let script = format!("return {{'{}', KEYS[1], ARGV[1]}}", &text[..text.len() - 3]);
        let parts: Vec<String> = db.eval(&script, text, text).await.unwrap();
        assert_eq!(parts, [&text[..text.len() - 3], text, text]);
        let mut heard = muxer.subscriber().subscribe(text).await.unwrap().messages();
        db.publish(text, text).await.unwrap();
        let message = futures::StreamExt::next(&mut heard).await.unwrap();
        assert_eq!((message.channel_text(), message.text()), (text.into(), text.into()));
    })
    .await;
}

#[async_std::test]
async fn a_value_and_its_time_to_live_at_once() {
    both(|_, db| async move {
        let minute = Duration::from_secs(60);
        db.set_with("k", "v", SetOptions::new().expires_in(minute)).await.unwrap();
        for (key, value, lives) in
            [("k", Some("v"), true), ("forever", Some("v"), false), ("missing", None, false)]
        {
            if key == "forever" {
                db.set(key, "v").await.unwrap();
            }
            let both = (db.get::<String>(key), db.pttl(key));
            let (found, left) = db.transaction(both).all().await.unwrap();
            assert_eq!(found.as_deref(), value);
            assert_eq!(matches!(left, Ttl::In(left) if left <= minute), lives, "{key}: {left:?}");
        }
    })
    .await;
}

#[async_std::test]
async fn fractions_of_seconds_are_kept() {
    both(|_, db| async move {
        let time = Duration::from_millis(90_750);
        db.set_with("k", 1, SetOptions::new().expires_in(time)).await.unwrap();
        let Ttl::In(left) = db.pttl("k").await.unwrap() else { panic!("it expires") };
        assert!(left <= time && left > Duration::from_secs(60), "{left:?}");
        // A time in the past is now.
        assert!(db.expireat("k", 1_000).await.unwrap());
        assert_eq!(db.pttl("k").await.unwrap(), Ttl::Missing);
        db.set_with("k", 1, SetOptions::new().expires_in(Duration::from_millis(20))).await.unwrap();
        while db.exists("k").await.unwrap() == 1 {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
