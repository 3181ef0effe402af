//! Callers of one key: one of them fetches it for all.

use shuttle::future::{JoinHandle, spawn};

use super::{world::toss, *};
use crate::{
    ErrorKind,
    caching::{Cache, CacheOptions},
    command::Call,
    commands::CommandMap,
    connection::LinkConfig,
};

fn world(lives: Vec<Life>) -> World {
    let setup = Setup { lives, room: 200, ..Setup::default() };
    let cache = Arc::new(Cache::new(CacheOptions::default(), CommandMap::default()));
    // Tracking needs RESP3.
    let config = LinkConfig { protocol: None, cache: Some(cache), ..setup.config };
    World::new(Setup { config, ..setup })
}

/// Reads the key, or begins to and goes away.
fn reader(world: &World, stays: bool) -> JoinHandle<Option<crate::Result<String>>> {
    let link = world.link.clone();
    spawn(async move {
        let mut call = Call::<String, _>::new(&link, "GET", 7).cached();
        if stays {
            return Some(call.await);
        }
        let mut polls = if toss() { 1 } else { 2 };
        std::future::poll_fn(|cx| {
            polls -= 1;
            match std::pin::Pin::new(&mut call).poll(cx) {
                std::task::Poll::Pending if polls == 0 => std::task::Poll::Ready(None),
                other => other.map(Some),
            }
        })
        .await
    })
}

#[test]
fn whoever_fetches_and_leaves_the_others_get_the_reply() {
    explore(INTERLEAVINGS / 6, || async {
        let world = world(Vec::new());
        world.link.ready().await.unwrap();
        let readers = [true, false, true, false, true].map(|stays| reader(&world, stays));
        for reader in readers {
            if let Some(result) = reader.await.unwrap() {
                assert_eq!(result.unwrap(), "7");
            }
        }
        // It is kept, or was fetched untracked; either way it is right.
        let again = Call::<String, _>::new(&world.link, "GET", 7).cached().await;
        assert_eq!(again.unwrap(), "7");
        world.close().await;
    });
}

#[test]
fn nobody_waits_for_a_reply_that_was_lost() {
    explore(INTERLEAVINGS / 6, || async {
        let world = world(vec![Life::random(), Life::random()]);
        let readers = [true, true, false, true].map(|stays| reader(&world, stays));
        for reader in readers {
            match reader.await.unwrap() {
                None => {}
                Some(Ok(value)) => assert_eq!(value, "7"),
                Some(Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}")
                }
            }
        }
        world.close().await;
    });
}
