//! Views of real clusters.

use redmux_test_support::RedisCluster;
use redmux_transport::Endpoint;

use super::{
    map::{Map, Role},
    view::View,
};
use crate::{
    ConnectionMultiplexer, Options,
    resp::{Frame, Protocol},
};

/// What the node at this place says.
async fn asked(cluster: &RedisCluster, node: usize, protocol: Protocol) -> View {
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[node].port());
    let options = Options::from(endpoint.clone()).protocol(protocol);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let reply = muxer.execute::<Frame>("CLUSTER", "SLOTS").await.unwrap();
    View::parse(&reply, &endpoint).unwrap()
}

#[async_std::test]
async fn every_node_of_a_cluster_says_the_same_in_both_protocols() {
    let cluster = RedisCluster::start();
    let mut map = Map::new();
    for node in 0..6 {
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let view = asked(&cluster, node, protocol).await;
            assert_eq!((view.nodes.len(), view.shards.len()), (6, 3), "{view:?}");
            let changes = map.view(&view, 0, 0, 0).unwrap();
            let first = (node, protocol) == (0, Protocol::Resp2);
            assert_eq!(changes.are_none(), !first, "{changes:?}");
        }
    }
    for slot in [0, 5460, 5461, 10_921, 10_922, 16_383] {
        let node = &map.nodes[usize::from(map.owner(slot))];
        let owner = cluster.owner(slot.into(), 1).unwrap();
        assert_eq!((&*node.id, node.role), (cluster.id(owner), Role::Primary), "{slot}");
        assert_eq!(node.endpoint, Endpoint::tcp("127.0.0.1", cluster.nodes()[owner].port()));
    }
}

#[async_std::test]
async fn a_slot_that_moved_is_seen_in_the_next_view() {
    let cluster = RedisCluster::start();
    let mut map = Map::new();
    map.view(&asked(&cluster, 0, Protocol::Resp3).await, 0, 0, 0).unwrap();
    let to = cluster.owner(16_383, 0).unwrap();
    cluster.move_slot(7, 0, to);
    let changes = map.view(&asked(&cluster, to, Protocol::Resp3).await, 0, 1, 1).unwrap();
    let node = map.owner(7);
    assert_eq!(changes.moved, [(7, 7, node)]);
    assert_eq!(&*map.nodes[usize::from(node)].id, cluster.id(to));
}

/// What a cluster of this many nodes says, a third of them primaries whose slots are in four pieces each.
fn large(nodes: usize) -> Frame {
    let primaries = nodes.div_ceil(3);
    let pieces = 4 * primaries;
    let slots = 16_384;
    let mut text = format!("*{pieces}\r\n");
    for piece in 0..pieces {
        let (first, last) = (piece * slots / pieces, (piece + 1) * slots / pieces - 1);
        let primary = piece % primaries;
        let of_shard: Vec<usize> = [primary, primary + primaries, primary + 2 * primaries]
            .into_iter()
            .filter(|node| *node < nodes)
            .collect();
        text += &format!("*{}\r\n:{first}\r\n:{last}\r\n", 2 + of_shard.len());
        for node in of_shard {
            let host = format!("10.0.{}.{}", node / 256, node % 256);
            text += &format!("*4\r\n${}\r\n{host}\r\n:6379\r\n", host.len());
            text += &format!("$40\r\n{node:040x}\r\n*0\r\n");
        }
    }
    Frame::copy_from_slice(text.as_bytes())
}

#[test]
fn a_cluster_of_a_thousand_nodes_is_read_and_compared() {
    let reply = large(1000);
    let asked = Endpoint::tcp("10.0.0.0", 6379);
    let begun = std::time::Instant::now();
    let view = View::parse(&reply, &asked).unwrap();
    let parsed = begun.elapsed();
    assert_eq!((view.nodes.len(), view.shards.len()), (1000, 334));
    let mut map = Map::new();
    let first = map.view(&view, 0, 0, 0).unwrap();
    assert_eq!((first.moved.len(), first.nodes.len()), (4 * 334, 1000));
    let known = begun.elapsed();
    assert!(map.view(&view, 1, 1, 1).unwrap().are_none(), "nothing is new");
    let compared = begun.elapsed() - known;
    println!(
        "{} bytes: read in {parsed:?}, taken in in {:?}, compared in {compared:?}",
        reply.len(),
        known - parsed
    );
}
