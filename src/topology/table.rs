//! A table that only grows, so that what is in it can be borrowed for as long as the table lives.

use std::sync::OnceLock;

/// The first segment has this many places, which are enough for most clusters; each further one has twice as many as
/// the one before.
const FIRST: usize = 32;

/// Together they have room for every [`NodeId`](super::map::NodeId).
const SEGMENTS: usize = 12;

/// Values by their number; a value is put in once and stays
///
/// Calls borrow from it without a reference count: that is what it is for.
pub(crate) struct Table<T>([OnceLock<Box<[OnceLock<T>]>>; SEGMENTS]);

impl<T> Table<T> {
    pub(crate) fn new() -> Self {
        Self([const { OnceLock::new() }; SEGMENTS])
    }

    /// The value with this number, if there is one.
    #[inline]
    pub(crate) fn get(&self, number: usize) -> Option<&T> {
        if number < FIRST {
            return self.0[0].get()?.get(number)?.get();
        }
        let (segment, place) = Self::place(number);
        self.0.get(segment)?.get()?.get(place)?.get()
    }

    /// The value with this number; `make` is called if there is none. `None` beyond the table's room.
    pub(crate) fn get_or_make(&self, number: usize, make: impl FnOnce() -> T) -> Option<&T> {
        let (segment, place) = Self::place(number);
        let room = || (0..FIRST << segment).map(|_| OnceLock::new()).collect();
        Some(self.0.get(segment)?.get_or_init(room).get(place)?.get_or_init(make))
    }

    /// The value with the number 0; `make` is called if there is none.
    pub(crate) fn first_or_make(&self, make: impl FnOnce() -> T) -> &T {
        let room = || (0..FIRST).map(|_| OnceLock::new()).collect();
        self.0[0].get_or_init(room)[0].get_or_init(make)
    }

    /// The values that there are, by their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let segments = self.0.iter().enumerate();
        let all = segments.flat_map(|(segment, places)| {
            let first = FIRST * ((1 << segment) - 1);
            let places = places.get().map_or(&[][..], |places| places);
            places.iter().enumerate().map(move |(place, value)| (first + place, value.get()))
        });
        all.filter_map(|(number, value)| Some((number, value?)))
    }

    /// The segment of a number, and its place there.
    fn place(number: usize) -> (usize, usize) {
        let segment = (number / FIRST + 1).ilog2() as usize;
        (segment, number - FIRST * ((1 << segment) - 1))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    #[test]
    fn every_number_has_a_place_of_its_own() {
        let table = Table::new();
        for number in (0..70_000).step_by(7) {
            assert_eq!(table.get(number), None);
            assert_eq!(table.get_or_make(number, || number), Some(&number));
        }
        assert!((0..70_000).step_by(7).all(|number| table.get(number) == Some(&number)));
        assert!(table.iter().map(|(number, _)| number).eq((0..70_000).step_by(7)));
        assert!(table.iter().all(|(number, value)| number == *value));
        assert!(table.get_or_make(usize::from(u16::MAX), || 0).is_some());
        assert_eq!(table.get_or_make(1 << 20, || 0), None);
        assert_eq!(table.get(usize::MAX / 2), None);
    }

    #[test]
    fn what_was_borrowed_stays_while_the_table_grows() {
        let table = Table::new();
        let first = table.get_or_make(0, || "first".to_owned()).unwrap();
        for number in 1..1000 {
            table.get_or_make(number, || number.to_string());
        }
        assert_eq!(first, "first");
        assert!(std::ptr::eq(first, table.get(0).unwrap()));
    }

    #[test]
    fn two_who_make_the_same_get_the_same() {
        let (table, made) = (Table::new(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for number in 0..500 {
                        table.get_or_make(number, || made.fetch_add(1, SeqCst));
                    }
                });
            }
        });
        assert_eq!(made.load(SeqCst), 500);
    }
}
