//! Keys that expire.

use std::time::Duration;

use redmux::database::keys::{ExpireIf, ExpireTime, Ttl};

use crate::both;

const SHORT: Duration = Duration::from_secs(50);
const LONG: Duration = Duration::from_secs(5000);

#[async_std::test]
async fn a_time_to_live_is_set_read_and_cleared() {
    both(|_, db| async move {
        db.set("a", 1).await.unwrap();
        assert!(db.expire("a", Duration::from_millis(90_500)).await.unwrap());
        assert!(!db.expire("none", Duration::from_secs(1)).await.unwrap());
        let Ttl::In(left) = db.pttl("a").await.unwrap() else { panic!("it expires") };
        assert!(left > Duration::from_secs(80) && left <= Duration::from_millis(90_500));
        assert!(db.persist("a").await.unwrap());
        assert!(db.expireat("a", 4_000_000_000_000).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn a_key_that_does_not_expire_is_no_missing_key() {
    both(|_, db| async move {
        db.set("k", 1).await.unwrap();
        assert_eq!(db.pttl("k").await.unwrap(), Ttl::Forever);
        assert_eq!(db.pttl("none").await.unwrap(), Ttl::Missing);
        assert_eq!(db.expiretime("none").await.unwrap(), ExpireTime::Missing);
        assert_eq!(db.expiretime("k").await.unwrap(), ExpireTime::Never);
    })
    .await;
}

#[async_std::test]
async fn a_time_to_live_is_set_on_conditions() {
    both(|_, db| async move {
        db.set("k", 1).await.unwrap();
        assert!(!db.expire_if("k", LONG, ExpireIf::Exists).await.unwrap());
        assert!(db.expire_if("k", LONG, ExpireIf::Missing).await.unwrap());
        assert!(!db.expire_if("k", SHORT, ExpireIf::Longer).await.unwrap());
        assert!(db.expire_if("k", SHORT, ExpireIf::Shorter).await.unwrap());
        assert!(matches!(db.pttl("k").await.unwrap(), Ttl::In(left) if left <= SHORT));
    })
    .await;
}

#[async_std::test]
async fn a_moment_of_expiry_is_set_on_conditions() {
    both(|_, db| async move {
        db.set("k", 1).await.unwrap();
        assert!(db.expire("k", SHORT).await.unwrap());
        let far = 4_000_000_000_123;
        assert!(!db.expireat_if("k", far, ExpireIf::Shorter).await.unwrap());
        assert!(db.expireat_if("k", far, ExpireIf::Longer).await.unwrap());
        assert_eq!(db.expiretime("k").await.unwrap(), ExpireTime::At(far));
    })
    .await;
}

#[async_std::test]
async fn a_time_to_live_of_zero_removes_the_key() {
    both(|_, db| async move {
        db.set("k", 1).await.unwrap();
        assert!(db.expire("k", Duration::ZERO).await.unwrap());
        assert_eq!(db.exists("k").await.unwrap(), 0);
    })
    .await;
}
