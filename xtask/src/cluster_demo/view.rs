//! The cluster as one of its servers sees it.

use std::ops::RangeInclusive;

use redmux_test_support::RedisCluster;

/// A line of `CLUSTER NODES`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its place in the list of nodes.
    pub(crate) place: usize,
    /// The place of its primary; `None` if it is one itself.
    pub(crate) of: Option<usize>,
    pub(crate) slots: Vec<RangeInclusive<u32>>,
}

impl Member {
    pub(crate) fn serves(&self) -> bool {
        self.of.is_none() && !self.slots.is_empty()
    }

    pub(crate) fn slot_count(&self) -> usize {
        self.slots.iter().map(|range| range.clone().count()).sum()
    }

    pub(crate) fn has(&self, slot: u32) -> bool {
        self.slots.iter().any(|range| range.contains(&slot))
    }

    /// Its last slots, the highest first.
    pub(crate) fn last_slots(&self, count: usize) -> Vec<u32> {
        self.slots.iter().rev().flat_map(|range| range.clone().rev()).take(count).collect()
    }
}

/// Asks a server that runs.
pub(crate) fn view(cluster: &RedisCluster) -> Result<Vec<Member>, String> {
    let ids: Vec<&str> = (0..cluster.nodes().len()).map(|place| cluster.id(place)).collect();
    let mut fault = "no server runs".to_owned();
    for node in cluster.nodes().iter().filter(|node| node.is_running()) {
        match node.try_command(&["CLUSTER", "NODES"]) {
            Ok(text) => return Ok(members(&text, &ids)),
            Err(error) => fault = format!("{}: {error}", node.addr()),
        }
    }
    Err(fault)
}

/// Whether the server is a replica that has all that its primary sends.
pub(crate) fn is_in_step(cluster: &RedisCluster, place: usize) -> bool {
    let node = &cluster.nodes()[place];
    let info = || node.try_command(&["INFO", "replication"]).unwrap_or_default();
    node.is_running() && info().contains("master_link_status:up")
}

fn members(text: &str, ids: &[&str]) -> Vec<Member> {
    let place = |id: &str| ids.iter().position(|known| *known == id);
    let member = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some(Member {
            place: place(words.first()?)?,
            of: words.get(3).and_then(|id| place(id)),
            slots: words.iter().skip(8).filter_map(|word| range(word)).collect(),
        })
    };
    text.lines().filter_map(member).collect()
}

/// The slots of a word; `None` for those on their way, which are in brackets.
fn range(word: &str) -> Option<RangeInclusive<u32>> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_with_their_slots() {
        let text = "b 127.0.0.1:2@12 myself,slave a 0 1 1 connected\n\
                    a 127.0.0.1:1@11 master - 0 1 1 connected 0-3 7 [9->-b]\n\
                    x 127.0.0.1:9@19 master - 0 1 1 connected 10-20\n\
                    c 127.0.0.1:3@13 master,fail - 0 1 1 disconnected\n";
        let members = members(text, &["a", "b", "c"]);
        let places: Vec<_> = members.iter().map(|one| (one.place, one.of, one.serves())).collect();
        assert_eq!(places, [(1, Some(0), false), (0, None, true), (2, None, false)]);
        assert_eq!(members[1].last_slots(3), [7, 3, 2]);
        assert_eq!(members[1].slot_count(), 5);
        assert!(members[1].has(7) && !members[1].has(9));
    }
}
