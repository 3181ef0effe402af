//! What an operator sees of a cluster.

use futures::StreamExt;
use redmux::{Endpoint, events::Event, status::NodeRole};
use redmux_test_support::RedisCluster;

use crate::{FOO, connect, ends, shared};

#[async_std::test]
async fn nodes_have_roles_slots_and_commands_of_their_own() {
    let cluster = shared();
    let muxer = connect(cluster, 5).await;
    let db = muxer.database();
    db.set("foo", "x").await.unwrap();
    let nodes = muxer.nodes();
    let members: Vec<_> = nodes.iter().filter(|node| node.role != NodeRole::Unknown).collect();
    assert_eq!(members.len(), 6, "{nodes:?}");
    let primaries = members.iter().filter(|node| node.role == NodeRole::Primary);
    let slots: usize = primaries.flat_map(|node| &node.slots).map(|range| range.len()).sum();
    assert_eq!(slots, 16_384);
    for node in &members {
        let server = muxer.node(&node.endpoint).unwrap();
        let info: String = server.execute("INFO", "replication").await.unwrap();
        let role = if node.role == NodeRole::Primary { "role:master" } else { "role:slave" };
        assert!(info.contains(role), "{node}: {info}");
        let place = (0..6).find(|place| {
            node.endpoint.to_string().ends_with(&cluster.nodes()[*place].port().to_string())
        });
        assert_eq!(node.id.as_deref(), place.map(|place| cluster.id(place)));
    }
    let owner = muxer
        .node(
            &members
                .iter()
                .find(|node| node.slots.iter().any(|range| range.contains(&(FOO as u16))))
                .unwrap()
                .endpoint,
        )
        .unwrap();
    assert_eq!(owner.get::<String>("foo").await.unwrap().as_deref(), Some("x"));
    let moved = owner.get::<String>("bar").await.unwrap_err();
    assert!(moved.to_string().contains("MOVED"), "{moved}");
    assert!(muxer.node(&Endpoint::tcp("127.0.0.1", 1)).is_none());
    let status = muxer.status();
    let text = status.to_string();
    assert!(text.contains("replica of 127.0.0.1:") && text.contains("refreshes "), "{text}");
    assert!(status.map.refreshes >= 1 && status.map.age.is_some());
    muxer.close().await;
}

#[async_std::test]
async fn moved_slots_and_new_primaries_are_events() {
    let cluster = RedisCluster::start();
    let muxer = connect(&cluster, 0).await;
    let db = muxer.database();
    db.set("foo", 1).await.unwrap();
    let mut events = muxer.events();
    let (from, to) = ends(&cluster);
    cluster.move_slot(FOO, from, to);
    db.incr("foo").await.unwrap();
    let moved = loop {
        if let Some(Event::HashSlotsMoved(moved)) = events.next().await {
            break moved;
        }
    };
    assert_eq!(moved.ranges, [FOO as u16..=FOO as u16]);
    let at = |node: usize| Endpoint::tcp("127.0.0.1", cluster.nodes()[node].port());
    assert_eq!(moved.old_endpoint.as_deref(), Some(&at(from)));
    assert_eq!(*moved.new_endpoint, at(to));
    cluster.nodes()[to].kill();
    // One that the dead server was sent may have been executed.
    while db.incr("foo").await.is_err() {}
    let (mut lost, mut changed) = (false, None);
    while !lost || changed.is_none() {
        match events.next().await.unwrap() {
            Event::ConnectionFailed(failed) => lost |= *failed.endpoint == at(to),
            Event::ConfigurationChanged(event) if event.detail.contains("is a primary") => {
                changed = Some(event.detail);
            }
            _ => {}
        }
    }
    muxer.close().await;
}
