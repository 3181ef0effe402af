//! Strings, their bits and times to live.

use std::{collections::HashMap, time::Duration};

use redmux::{
    Delivery,
    database::{
        bitmaps::{BitField, BitOffset, BitOp, BitOverflow, BitRange, BitType},
        keys::Ttl,
        strings::{LcsOptions, SetOptions},
    },
};

use crate::both;

#[async_std::test]
async fn strings() {
    both(|_, db| async move {
        let bytes: Vec<u8> = (0..=255).collect();
        db.set(&bytes, &bytes).await.unwrap();
        assert_eq!(db.get::<Vec<u8>>(&bytes).await.unwrap().unwrap(), bytes);
        assert_eq!(db.get::<String>("none").await.unwrap(), None);
        db.set("k", "abc").await.unwrap();
        assert_eq!(db.append("k", "def").await.unwrap(), 6);
        assert_eq!(db.strlen("k").await.unwrap(), 6);
        assert_eq!(db.getrange::<String>("k", 1, -2).await.unwrap(), "bcde");
        assert_eq!(db.setrange("k", 3, "X").await.unwrap(), 6);
        assert_eq!(db.getdel::<String>("k").await.unwrap().unwrap(), "abcXef");
        assert_eq!(db.incr("n").await.unwrap(), 1);
        assert_eq!(db.incrby("n", 41).await.unwrap(), 42);
        assert_eq!(db.decr("n").await.unwrap(), 41);
        assert_eq!(db.decrby("n", 40).await.unwrap(), 1);
        assert!((db.incrbyfloat("n", 0.5).await.unwrap() - 1.5).abs() < 1e-9);
        db.mset([("a", 1), ("b", 2)]).await.unwrap();
        db.mset(HashMap::from([("c", 3)])).await.unwrap();
        let values: Vec<Option<i64>> = db.mget(["a", "none", "c"]).await.unwrap();
        assert_eq!(values, [Some(1), None, Some(3)]);
        assert_eq!(db.mget::<i64>("a").await.unwrap(), [Some(1)]);
        assert!(!db.msetnx([("b", 9), ("d", 9)]).await.unwrap());
        assert!(db.msetnx([("d", 9)]).await.unwrap());

        let minute = Duration::from_secs(60);
        let once = SetOptions::new().if_missing().expires_in(minute);
        assert!(db.set_with("lock", "me", once).await.unwrap());
        assert!(!db.set_with("lock", "you", once).await.unwrap());
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(left) if left <= minute));
        assert!(db.set_with("lock", "x", SetOptions::new().if_exists().keep_ttl()).await.unwrap());
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(_)));
        let old: Option<String> = db.set_get("lock", "y", SetOptions::new()).await.unwrap();
        assert_eq!((old.as_deref(), db.pttl("lock").await.unwrap()), (Some("x"), Ttl::Forever));
        let far = 4_000_000_000_000;
        assert!(db.set_with("lock", "z", SetOptions::new().expires_at(far)).await.unwrap());
        assert_eq!(db.getex::<String>("lock", None).await.unwrap().unwrap(), "z");
        assert_eq!(db.pttl("lock").await.unwrap(), Ttl::Forever);
        assert_eq!(db.getex::<String>("lock", Some(minute)).await.unwrap().unwrap(), "z");
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(_)));
    })
    .await;
}

#[async_std::test]
async fn times_to_live_are_never_cut_short() {
    both(|_, db| async move {
        let tiny = Duration::from_nanos(1);
        assert!(db.set_with("k", 1, SetOptions::new().expires_in(tiny)).await.unwrap());
        let zero = SetOptions::new().expires_in(Duration::ZERO);
        let refused = [
            db.set_with("k", 1, zero).await.unwrap_err(),
            db.set_get::<i64>("k", 1, zero).await.unwrap_err(),
            db.getex::<i64>("k", Duration::ZERO).await.unwrap_err(),
            db.restore("k", Some(Duration::ZERO), "x").await.unwrap_err(),
        ];
        for error in refused {
            assert!(error.is_command() && error.to_string().contains("zero"), "{error}");
            assert_eq!(error.delivery(), Delivery::NotSent);
        }
    })
    .await;
}

#[async_std::test]
async fn common_subsequences() {
    both(|_, db| async move {
        db.mset([("a", "ohmytext"), ("b", "mynewtext")]).await.unwrap();
        assert_eq!(db.lcs::<String>("a", "b").await.unwrap(), "mytext");
        assert_eq!(db.lcs_len("a", "b").await.unwrap(), 6);
        let all = db.lcs_matches("a", "b", LcsOptions::new()).await.unwrap();
        assert_eq!((all.len, all.matches.len()), (6, 2));
        assert_eq!((all.matches[0].first, all.matches[0].second), ((4, 7), (5, 8)));
        let long = db.lcs_matches("a", "b", LcsOptions::new().min_len(4)).await.unwrap();
        assert_eq!((long.matches.len(), long.matches[0].len), (1, 4));
    })
    .await;
}

#[async_std::test]
async fn bits() {
    both(|_, db| async move {
        assert!(!db.setbit("b", 7, true).await.unwrap());
        assert!(db.setbit("b", 7, true).await.unwrap());
        assert!(db.getbit("b", 7).await.unwrap() && !db.getbit("b", 99).await.unwrap());
        db.set("foobar", "foobar").await.unwrap();
        assert_eq!(db.bitcount("foobar").await.unwrap(), 26);
        assert_eq!(db.bitcount_in("foobar", BitRange::bytes(1, 1)).await.unwrap(), 6);
        assert_eq!(db.bitcount_in("foobar", BitRange::bits(5, 30)).await.unwrap(), 17);
        assert_eq!(db.bitpos("foobar", true).await.unwrap(), 1);
        assert_eq!(db.bitpos_in("foobar", true, BitRange::bytes(1, -1)).await.unwrap(), 9);
        assert_eq!(db.bitpos_in("foobar", true, BitRange::bits(8, 8)).await.unwrap(), -1);
        db.mset([("x", "abc"), ("y", "abd")]).await.unwrap();
        assert_eq!(db.bitop(BitOp::And, "and", ["x", "y"]).await.unwrap(), 3);
        assert_eq!(db.get::<String>("and").await.unwrap().unwrap(), "ab`");
        assert_eq!(db.bitop(BitOp::Not, "not", "x").await.unwrap(), 3);
        for (operation, expected) in [(BitOp::Or, b"abg"), (BitOp::Xor, &[0, 0, 7])] {
            db.bitop(operation, "to", ["x", "y"]).await.unwrap();
            assert_eq!(db.get::<Vec<u8>>("to").await.unwrap().unwrap(), expected);
        }

        let (nibble, byte) = (BitType::unsigned(4), BitType::signed(8));
        let operations = BitField::new()
            .set(nibble, BitOffset::Nth(1), 9)
            .get(byte, BitOffset::Bit(0))
            .incrby(nibble, BitOffset::Nth(1), 10)
            .overflow(BitOverflow::Saturate)
            .incrby(nibble, BitOffset::Nth(1), 100)
            .overflow(BitOverflow::Fail)
            .incrby(nibble, BitOffset::Nth(1), 1);
        let results = db.bitfield("f", operations).await.unwrap();
        assert_eq!(results, [Some(0), Some(9), Some(3), Some(15), None]);
        let read = BitField::new().get(nibble, BitOffset::Bit(4));
        assert_eq!(db.bitfield_ro("f", read.clone()).await.unwrap(), [15]);
        let write = read.set(nibble, BitOffset::Bit(0), 1);
        assert!(db.bitfield_ro("f", write).await.unwrap_err().is_command());
        assert!(db.bitfield("f", BitField::new()).await.unwrap_err().is_command());
    })
    .await;
}
