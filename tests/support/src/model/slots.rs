//! Slots: that of a key, and who has each.

/// How many slots a cluster has.
pub const SLOTS: u16 = 16_384;

/// The slot of a key: of its hash tag, if it has one.
pub fn slot_of(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|byte| *byte == b'}')?;
        (close > 0).then(|| &rest[..close])
    });
    crc16(tag.unwrap_or(key)) & (SLOTS - 1)
}

/// CRC-16/XMODEM
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => (crc << 1) ^ 0x1021,
        })
    })
}

/// The owner of each slot, as runs: few slots have another owner than their neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owners {
    /// The first slot of each run and its owner; the runs cover all slots.
    runs: Vec<(u16, Option<usize>)>,
}

impl Owners {
    pub(super) fn new() -> Self {
        Self { runs: vec![(0, None)] }
    }

    pub(super) fn of(&self, slot: u16) -> Option<usize> {
        self.runs[self.run_of(slot)].1
    }

    fn run_of(&self, slot: u16) -> usize {
        self.runs.partition_point(|(first, _)| *first <= slot) - 1
    }

    /// Gives the slots from `first` to `last` to `owner`.
    pub(super) fn assign(&mut self, first: u16, last: u16, owner: Option<usize>) {
        let behind = (last + 1 < SLOTS).then(|| (last + 1, self.of(last + 1)));
        let mut runs: Vec<(u16, Option<usize>)> = Vec::with_capacity(self.runs.len() + 2);
        runs.extend(self.runs.iter().filter(|(start, _)| *start < first));
        runs.push((first, owner));
        runs.extend(behind);
        runs.extend(self.runs.iter().filter(|(start, _)| *start > last + 1));
        runs.dedup_by_key(|(_, owner)| *owner);
        self.runs = runs;
    }

    /// First slot, last slot and owner of each run.
    pub(super) fn runs(&self) -> impl Iterator<Item = (u16, u16, Option<usize>)> + '_ {
        self.runs.iter().enumerate().map(|(place, (first, owner))| {
            let last = self.runs.get(place + 1).map_or(SLOTS, |(next, _)| *next) - 1;
            (*first, last, *owner)
        })
    }

    /// The runs of one owner.
    pub(super) fn runs_of(&self, owner: usize) -> Vec<(u16, u16)> {
        let runs = self.runs().filter(|(_, _, of)| *of == Some(owner));
        runs.map(|(first, last, _)| (first, last)).collect()
    }

    pub(super) fn has_any(&self, owner: usize) -> bool {
        self.runs.iter().any(|(_, of)| *of == Some(owner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_slots_that_servers_say() {
        for (key, slot) in [("foo", 12_182), ("bar", 5_061), ("{foo}x", 12_182), ("", 0)] {
            assert_eq!(slot_of(key.as_bytes()), slot, "{key}");
        }
        assert_ne!(slot_of(b"{}foo"), slot_of(b"foo"), "an empty tag is none");
    }

    #[test]
    fn runs_are_as_if_each_slot_had_its_own_owner() {
        let (mut owners, mut each) = (Owners::new(), [None; SLOTS as usize]);
        let mut number = 1u64;
        for _ in 0..200 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let first = (number >> 33) as u16 % SLOTS;
            let last = first.saturating_add((number >> 20) as u16 % 3000).min(SLOTS - 1);
            let owner = Some((number >> 60) as usize % 3);
            owners.assign(first, last, owner);
            each[usize::from(first)..=usize::from(last)].fill(owner);
            assert!((0..SLOTS).all(|slot| owners.of(slot) == each[usize::from(slot)]));
            let whole: Vec<_> = owners.runs().collect();
            assert!(whole.windows(2).all(|two| two[0].1 + 1 == two[1].0 && two[0].2 != two[1].2));
        }
    }
}
