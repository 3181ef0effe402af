//! Fields of hashes that expire, on servers that have them.

use std::time::Duration;

use redmux::{
    Database,
    database::{
        hashes::{FieldExpiry, FieldPersisted, HashSetOptions},
        keys::{ExpireIf, ExpireTime, Expiry, Ttl},
        scans::ScanOptions,
    },
};

use crate::{on_newer, texts};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const FAR: u64 = 4_000_000_000_123;

async fn make(db: &Database) {
    db.hset("h", [("a", 1), ("b", 2), ("c", 3), ("d", 4)]).await.unwrap();
}

#[async_std::test]
async fn fields_have_times_to_live_of_their_own() {
    on_newer(|_, db| async move {
        make(&db).await;
        let done = db.hexpire("h", MINUTE, ["a", "none"]).await.unwrap();
        assert_eq!(done, [FieldExpiry::Set, FieldExpiry::Missing]);
        let ttl = db.hpttl("h", ["a", "c", "none"]).await.unwrap();
        assert!(matches!(ttl[0], Ttl::In(left) if left <= MINUTE && left > MINUTE / 2));
        assert_eq!(ttl[1..], [Ttl::Forever, Ttl::Missing]);
        assert_eq!(db.hpttl("none", "a").await.unwrap(), [Ttl::Missing]);
    })
    .await;
}

#[async_std::test]
async fn times_to_live_of_fields_are_set_on_conditions() {
    on_newer(|_, db| async move {
        make(&db).await;
        db.hexpire("h", MINUTE, "a").await.unwrap();
        let done = db.hexpire_if("h", HOUR, ExpireIf::Missing, ["a", "b"]).await.unwrap();
        assert_eq!(done, [FieldExpiry::Unmet, FieldExpiry::Set]);
    })
    .await;
}

#[async_std::test]
async fn fields_expire_at_a_moment() {
    on_newer(|_, db| async move {
        make(&db).await;
        assert_eq!(db.hexpireat("h", FAR, "c").await.unwrap(), [FieldExpiry::Set]);
        let unmet = db.hexpireat_if("h", FAR, ExpireIf::Longer, "c").await.unwrap();
        assert_eq!(unmet, [FieldExpiry::Unmet]);
        let times = db.hexpiretime("h", ["c", "d", "none"]).await.unwrap();
        assert_eq!(times, [ExpireTime::At(FAR), ExpireTime::Never, ExpireTime::Missing]);
    })
    .await;
}

#[async_std::test]
async fn times_to_live_of_fields_are_cleared() {
    on_newer(|_, db| async move {
        make(&db).await;
        db.hexpireat("h", FAR, "c").await.unwrap();
        let done = db.hpersist("h", ["c", "d", "none"]).await.unwrap();
        assert_eq!(done, [FieldPersisted::Done, FieldPersisted::Already, FieldPersisted::Missing]);
    })
    .await;
}

#[async_std::test]
async fn a_time_to_live_of_zero_deletes_the_field() {
    on_newer(|_, db| async move {
        make(&db).await;
        assert_eq!(db.hexpire("h", Duration::ZERO, "d").await.unwrap(), [FieldExpiry::Deleted]);
        let mut page = db.hscan_fields::<String>("h", 0, ScanOptions::new()).await.unwrap();
        page.items.sort();
        assert_eq!(page.items, texts(&["a", "b", "c"]));
    })
    .await;
}

#[async_std::test]
async fn hgetex_reads_and_clears_times_to_live() {
    on_newer(|_, db| async move {
        make(&db).await;
        db.hexpire("h", MINUTE, "a").await.unwrap();
        let values: Vec<Option<i64>> = db.hgetex("h", None, ["a", "none"]).await.unwrap();
        assert_eq!(values, [Some(1), None]);
        assert_eq!(db.hpttl("h", "a").await.unwrap(), [Ttl::Forever]);
    })
    .await;
}

#[async_std::test]
async fn hsetex_writes_on_conditions_and_for_a_time() {
    on_newer(|_, db| async move {
        make(&db).await;
        let none = HashSetOptions::new().if_missing();
        assert!(!db.hsetex("h", [("a", 9), ("n", 9)], MINUTE, none.clone()).await.unwrap());
        assert!(db.hsetex("h", [("n", 9)], MINUTE, none).await.unwrap());
        let all = HashSetOptions::new().if_exists();
        assert!(db.hsetex("h", [("n", 8)], Expiry::Unchanged, all).await.unwrap());
        assert!(matches!(db.hpttl("h", "n").await.unwrap()[..], [Ttl::In(_)]));
        assert_eq!(db.hget::<i64>("h", "n").await.unwrap(), Some(8));
    })
    .await;
}

#[async_std::test]
async fn hgetdel_takes_fields_away() {
    on_newer(|_, db| async move {
        db.hset("h", [("n", 8), ("m", 9)]).await.unwrap();
        let gone: Vec<Option<i64>> = db.hgetdel("h", ["n", "none"]).await.unwrap();
        assert_eq!((gone, db.hexists("h", "n").await.unwrap()), (vec![Some(8), None], false));
    })
    .await;
}

#[async_std::test]
async fn no_fields_half_a_field_and_no_time_are_refused() {
    on_newer(|_, db| async move {
        for error in [
            db.hexpire("h", MINUTE, ()).await.unwrap_err(),
            db.hsetex("h", ["odd"], None, HashSetOptions::new()).await.unwrap_err(),
            db.hgetex::<i64>("h", Duration::ZERO, "a").await.unwrap_err(),
        ] {
            assert!(error.is_rejected(), "{error}");
        }
    })
    .await;
}
