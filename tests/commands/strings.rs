//! Strings, and their times to live.

use std::{collections::HashMap, time::Duration};

use redmux::{
    Delivery,
    database::{
        keys::Ttl,
        strings::{LcsOptions, SetOptions},
    },
};

use crate::both;

const MINUTE: Duration = Duration::from_secs(60);

#[async_std::test]
async fn keys_and_values_are_any_bytes() {
    both(|_, db| async move {
        let bytes: Vec<u8> = (0..=255).collect();
        db.set(&bytes, &bytes).await.unwrap();
        assert_eq!(db.get::<Vec<u8>>(&bytes).await.unwrap().unwrap(), bytes);
        assert_eq!(db.get::<String>("none").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn parts_of_a_string_are_read_and_replaced() {
    both(|_, db| async move {
        db.set("k", "abc").await.unwrap();
        assert_eq!(db.append("k", "def").await.unwrap(), 6);
        assert_eq!(db.strlen("k").await.unwrap(), 6);
        assert_eq!(db.getrange::<String>("k", 1, -2).await.unwrap(), "bcde");
        assert_eq!(db.setrange("k", 3, "X").await.unwrap(), 6);
        assert_eq!(db.getdel::<String>("k").await.unwrap().unwrap(), "abcXef");
    })
    .await;
}

#[async_std::test]
async fn a_missing_number_counts_from_zero() {
    both(|_, db| async move {
        assert_eq!(db.incr("n").await.unwrap(), 1);
        assert_eq!(db.incrby("n", 41).await.unwrap(), 42);
        assert_eq!(db.decr("n").await.unwrap(), 41);
        assert_eq!(db.decrby("n", 40).await.unwrap(), 1);
        assert!((db.incrbyfloat("n", 0.5).await.unwrap() - 1.5).abs() < 1e-9);
    })
    .await;
}

#[async_std::test]
async fn many_keys_are_written_and_read_at_once() {
    both(|_, db| async move {
        db.mset([("a", 1), ("b", 2)]).await.unwrap();
        db.mset(HashMap::from([("c", 3)])).await.unwrap();
        let values: Vec<Option<i64>> = db.mget(["a", "none", "c"]).await.unwrap();
        assert_eq!(values, [Some(1), None, Some(3)]);
        assert_eq!(db.mget::<i64>("a").await.unwrap(), [Some(1)]);
    })
    .await;
}

#[async_std::test]
async fn msetnx_writes_all_keys_or_none() {
    both(|_, db| async move {
        db.set("b", 2).await.unwrap();
        assert!(!db.msetnx([("b", 9), ("d", 9)]).await.unwrap());
        assert!(db.msetnx([("d", 9)]).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn set_writes_on_a_condition_and_for_a_time() {
    both(|_, db| async move {
        let once = SetOptions::new().if_missing().expires_in(MINUTE);
        assert!(db.set_with("lock", "me", once).await.unwrap());
        assert!(!db.set_with("lock", "you", once).await.unwrap());
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(left) if left <= MINUTE));
        assert!(db.set_with("lock", "x", SetOptions::new().if_exists().keep_ttl()).await.unwrap());
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(_)));
    })
    .await;
}

#[async_std::test]
async fn set_get_returns_the_former_value_and_clears_the_time_to_live() {
    both(|_, db| async move {
        db.set_with("k", "x", SetOptions::new().expires_in(MINUTE)).await.unwrap();
        let old: Option<String> = db.set_get("k", "y", SetOptions::new()).await.unwrap();
        assert_eq!((old.as_deref(), db.pttl("k").await.unwrap()), (Some("x"), Ttl::Forever));
    })
    .await;
}

#[async_std::test]
async fn getex_reads_and_sets_or_clears_the_time_to_live() {
    both(|_, db| async move {
        let far = 4_000_000_000_000;
        assert!(db.set_with("k", "z", SetOptions::new().expires_at(far)).await.unwrap());
        assert_eq!(db.getex::<String>("k", None).await.unwrap().unwrap(), "z");
        assert_eq!(db.pttl("k").await.unwrap(), Ttl::Forever);
        assert_eq!(db.getex::<String>("k", Some(MINUTE)).await.unwrap().unwrap(), "z");
        assert!(matches!(db.pttl("k").await.unwrap(), Ttl::In(_)));
    })
    .await;
}

#[async_std::test]
async fn times_to_live_are_never_cut_short() {
    both(|_, db| async move {
        let tiny = Duration::from_nanos(1);
        assert!(db.set_with("k", 1, SetOptions::new().expires_in(tiny)).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn a_time_to_live_of_zero_is_not_sent() {
    both(|_, db| async move {
        let zero = SetOptions::new().expires_in(Duration::ZERO);
        let refused = [
            db.set_with("k", 1, zero).await.unwrap_err(),
            db.set_get::<i64>("k", 1, zero).await.unwrap_err(),
            db.getex::<i64>("k", Duration::ZERO).await.unwrap_err(),
            db.restore("k", Some(Duration::ZERO), "x").await.unwrap_err(),
        ];
        for error in refused {
            assert!(error.is_rejected() && error.to_string().contains("zero"), "{error}");
            assert_eq!(error.delivery(), Delivery::NotSent);
        }
    })
    .await;
}

#[async_std::test]
async fn a_common_subsequence_is_text_or_length() {
    both(|_, db| async move {
        db.mset([("a", "ohmytext"), ("b", "mynewtext")]).await.unwrap();
        assert_eq!(db.lcs::<String>("a", "b").await.unwrap(), "mytext");
        assert_eq!(db.lcs_len("a", "b").await.unwrap(), 6);
    })
    .await;
}

#[async_std::test]
async fn matches_of_a_common_subsequence_have_places() {
    both(|_, db| async move {
        db.mset([("a", "ohmytext"), ("b", "mynewtext")]).await.unwrap();
        let all = db.lcs_matches("a", "b", LcsOptions::new()).await.unwrap();
        assert_eq!((all.len, all.matches.len()), (6, 2));
        assert_eq!((all.matches[0].first, all.matches[0].second), ((4, 7), (5, 8)));
        let long = db.lcs_matches("a", "b", LcsOptions::new().min_len(4)).await.unwrap();
        assert_eq!((long.matches.len(), long.matches[0].len), (1, 4));
    })
    .await;
}
