//! What a borrower does to a connection is for that borrower, and the client does not interfere.

use std::{error::Error, time::Duration};

use redmux::{
    Endpoint, Options,
    options::{Credentials, CredentialsProvider},
    resp::Value,
    transport::BoxFuture,
};

use crate::fleet::{Fleet, SECOND, fresh};

fn options() -> Options {
    Options::new("one:1")
}

#[test]
fn nothing_is_left_for_the_next_borrower() {
    let fleet = Fleet::new(options());
    for words in [
        &["SELECT", "3"][..],
        &["AUTH", "ann", "secret"],
        &["CLIENT", "SETNAME", "leak"],
        &["CLIENT", "NO-EVICT", "ON"],
        &["client", "no-touch", "on"],
        &["READONLY"],
        &["STRANGE"],
        &["MULTI"],
        &["WATCH", "k"],
    ] {
        let lease = fleet.run(fleet.muxer.lease()).unwrap();
        fleet.run(lease.execute::<()>(words[0].to_owned(), &words[1..])).unwrap();
        drop(lease);
        assert_eq!(fleet.leases(), (0, 0), "{words:?}");
        assert_eq!(fleet.next_lease(), fresh("one:1"), "{words:?}");
        assert_eq!(fleet.leases(), (1, 0), "and that one is as new");
    }
    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    fleet.run(async { lease.database().client_no_evict(true).await }).unwrap();
    drop(lease);
    assert_eq!(fleet.next_lease(), fresh("one:1"));
}

#[test]
fn an_answered_exec_does_not_wash_a_changed_connection_clean() {
    let fleet = Fleet::new(options());
    for (name, argument) in [("SELECT", "3"), ("AUTH", "secret")] {
        for commits in [true, false] {
            let db = fleet.muxer.database();
            let run = db.watch("k").run(async |db| {
                db.execute::<()>(name, [argument]).await?;
                if commits {
                    db.transaction((db.set("k", 1),)).all().await?;
                }
                Ok(())
            });
            fleet.run(run).unwrap();
            assert_eq!(fleet.leases(), (0, 0), "{name}, {commits}");
            assert_eq!(fleet.next_lease(), fresh("one:1"));
        }
    }
    // Where nothing else was done, it is used again.
    let db = fleet.muxer.database();
    let run = db.watch("k").run(async |db| db.transaction((db.set("k", 1),)).all().await);
    fleet.run(run).unwrap();
    assert_eq!(fleet.leases(), (1, 0));
}

#[test]
fn the_client_says_nothing_inside_a_borrowers_multi() {
    let fleet = Fleet::new(options().keep_alive(SECOND));
    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    fleet.run(lease.execute::<()>("MULTI", ())).unwrap();
    fleet.run(lease.execute::<()>("SET", ("k", 1))).unwrap();
    fleet.sleep(60 * SECOND);
    let reply = fleet.run(lease.execute::<Vec<Value>>("EXEC", ())).unwrap();
    assert_eq!(reply.len(), 1, "{reply:?}");
    let seen = fleet.seen_on_leases();
    assert_eq!(seen, ["MULTI", "SET k 1", "EXEC"]);
}

#[derive(Debug)]
struct ShortLived;

impl CredentialsProvider for ShortLived {
    fn credentials<'a>(
        &'a self,
        _: &'a Endpoint,
    ) -> BoxFuture<'a, Result<Credentials, Box<dyn Error + Send + Sync>>> {
        let token = Credentials::new("token").username("app").valid_for(Duration::from_secs(10));
        Box::pin(async { Ok(token) })
    }
}

#[test]
fn credentials_are_renewed_only_where_the_connection_is_still_the_clients() {
    let fleet = Fleet::new(options().credentials_provider(ShortLived));
    let info =
        |lease: &redmux::database::Lease| fleet.run(lease.execute::<String>("CLIENT", ["INFO"]));
    let renewed = || fleet.seen_on_leases().iter().filter(|line| *line == "AUTH app token").count();

    // With a database of its own it still has to be renewed.
    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    fleet.run(lease.execute::<()>("SELECT", ["3"])).unwrap();
    fleet.sleep(9 * SECOND);
    assert_eq!(renewed(), 2, "at its beginning and once more");
    drop(lease);

    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    fleet.run(lease.execute::<()>("AUTH", ("ann", "secret"))).unwrap();
    let before = renewed();
    fleet.sleep(60 * SECOND);
    assert_eq!(renewed(), before);
    assert!(info(&lease).unwrap().contains("user=ann"));
    drop(lease);

    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    fleet.run(lease.execute::<()>("MULTI", ())).unwrap();
    let before = renewed();
    fleet.sleep(60 * SECOND);
    assert_eq!(renewed(), before);
    assert_eq!(fleet.run(lease.execute::<Vec<Value>>("EXEC", ())).unwrap(), []);
}
