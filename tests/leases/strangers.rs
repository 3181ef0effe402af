//! Random borrowers: each gets a connection to the server, database and user that it asked for,
//! with nothing of anybody else's on it.

use futures::FutureExt;
use proptest::prelude::*;
use redmux::{
    Endpoint, Options,
    database::{BlockFor, Lease},
    options::ConstantDelay,
};

use crate::fleet::{Fleet, SECOND, fresh};

#[derive(Debug, Clone)]
enum Act {
    Borrow,
    /// One of the leases that are out, and a command on it.
    Execute {
        which: usize,
        command: usize,
    },
    Drop {
        which: usize,
    },
    /// Dropped with a command in flight.
    DropBusy {
        which: usize,
    },
    Watch {
        changes: bool,
        commits: bool,
    },
    /// Blocks for a second.
    Block,
    Wait {
        millis: u64,
    },
    FailOver,
    LoseMain,
    LoseLeases,
    Reconnect,
}

const COMMANDS: [&[&str]; 12] = [
    &["GET", "k"],
    &["SELECT", "7"],
    &["AUTH", "ann", "secret"],
    &["CLIENT", "SETNAME", "mine"],
    &["CLIENT", "NO-EVICT", "ON"],
    &["READONLY"],
    &["STRANGE"],
    &["WATCH", "k"],
    &["UNWATCH"],
    &["MULTI"],
    &["EXEC"],
    &["DISCARD"],
];

fn act() -> impl Strategy<Value = Act> {
    let which = any::<usize>();
    prop_oneof![
        6 => Just(Act::Borrow),
        8 => (which, 0..COMMANDS.len()).prop_map(|(which, command)| Act::Execute { which, command }),
        5 => which.prop_map(|which| Act::Drop { which }),
        1 => which.prop_map(|which| Act::DropBusy { which }),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(changes, commits)| Act::Watch { changes, commits }),
        1 => Just(Act::Block),
        2 => (0..15_000_u64).prop_map(|millis| Act::Wait { millis }),
        1 => Just(Act::FailOver),
        1 => Just(Act::LoseMain),
        1 => Just(Act::LoseLeases),
        1 => Just(Act::Reconnect),
    ]
}

/// What a borrower finds, which must be what the options say.
fn inspect(fleet: &Fleet, lease: &Lease, server: &str) {
    let info = fleet.run(lease.execute::<String>("CLIENT", ["INFO"]));
    assert_eq!(info.unwrap(), fresh(server));
}

fn run(acts: Vec<Act>) {
    let two: Endpoint = "two:2".parse().unwrap();
    let options = Options::new("one:1").add_endpoint(two);
    let fleet = Fleet::new(options.reconnect_policy(ConstantDelay(SECOND / 10)).max_leased(8));
    let mut server = "one:1";
    let mut out: Vec<Lease> = Vec::new();
    for act in acts {
        let pick = |which: usize, out: &[Lease]| (!out.is_empty()).then(|| which % out.len());
        match act {
            Act::Borrow if out.len() < 7 => {
                let lease = fleet.run(fleet.muxer.lease()).unwrap();
                inspect(&fleet, &lease, server);
                out.push(lease);
            }
            Act::Execute { which, command } => {
                if let Some(place) = pick(which, &out) {
                    let words = COMMANDS[command];
                    // Lost, it fails; the server may refuse it too.
                    let call = out[place].execute::<redmux::resp::Value>(words[0], &words[1..]);
                    if let Err(error) = fleet.run(call) {
                        assert!(!error.is_closed(), "{error}");
                    }
                }
            }
            Act::Drop { which } => {
                if let Some(place) = pick(which, &out) {
                    drop(out.swap_remove(place));
                }
            }
            Act::DropBusy { which } => {
                if let Some(place) = pick(which, &out) {
                    let lease = out.swap_remove(place);
                    let mut blpop =
                        Box::pin(lease.database().blpop::<String, String>("k", BlockFor::Forever));
                    assert!(
                        fleet
                            .run(async { (&mut blpop).now_or_never() })
                            .is_none_or(|popped| popped.is_err())
                    );
                }
            }
            Act::Watch { changes, commits } => {
                let db = fleet.muxer.database();
                let run = db.watch("k").run(async |db| {
                    let info: String = db.execute("CLIENT", ["INFO"]).await?;
                    assert_eq!(info, fresh(server).replace("watch=false", "watch=true"));
                    if changes {
                        db.execute::<()>("SELECT", [5]).await?;
                    }
                    if commits {
                        db.transaction((db.set("k", 1),)).all().await?;
                    }
                    Ok(())
                });
                fleet.run(run).unwrap();
            }
            Act::Block => {
                let db = fleet.muxer.database();
                let blpop = db.blpop::<String, String>("k", SECOND);
                let push = async {
                    fleet.runtime.sleep(SECOND).await;
                };
                let (popped, ()) = fleet.run(async {
                    futures::join!(blpop, async {
                        push.await;
                        fleet.push_quietly(server);
                    })
                });
                assert_eq!(popped.unwrap(), Some(("k".to_owned(), "v".to_owned())));
            }
            Act::Wait { millis } => fleet.sleep(std::time::Duration::from_millis(millis)),
            Act::FailOver => {
                let next = if server == "one:1" { "two:2" } else { "one:1" };
                fleet.refuse(server);
                fleet.accept(next);
                fleet.kill_main();
                fleet.sleep(2 * SECOND);
                server = next;
            }
            Act::LoseMain => {
                fleet.refuse(if server == "one:1" { "two:2" } else { "one:1" });
                fleet.kill_main();
                // The next borrower waits for it.
            }
            Act::LoseLeases => fleet.kill_leases(),
            Act::Reconnect => {
                fleet.refuse(if server == "one:1" { "two:2" } else { "one:1" });
                fleet.muxer.reconnect();
            }
            Act::Borrow => {}
        }
    }
    drop(out);
    fleet.sleep(3 * SECOND);
    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    inspect(&fleet, &lease, server);
    drop(lease);
    let (idle, leased) = fleet.leases();
    assert_eq!(leased, 0);
    // The shared connection and the idle ones; no other is left open.
    assert_eq!(fleet.open("one:1") + fleet.open("two:2"), 1 + idle);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_others_did_a_borrower_gets_what_it_asked_for(acts in prop::collection::vec(act(), 1..60)) {
        run(acts);
    }
}
