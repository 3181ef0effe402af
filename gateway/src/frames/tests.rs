use std::sync::Arc;

use super::*;
use crate::{frames::read_messages, limits::Budget};

#[path = "../../tests/gateway/common/frames.rs"]
mod made;

const MESSAGE: usize = 70_000;

fn frame(first: u8, length: usize) -> Vec<u8> {
    made::frame(first, &vec![b'x'; length])
}

fn meter_of(budget: &Arc<Budget>) -> Meter {
    Meter::new(Arc::new(Frames::new(MESSAGE, 4, MESSAGE)), Charge::new(budget))
}

fn meter() -> Meter {
    let budget = Arc::new(Budget::default());
    budget.set(usize::MAX);
    meter_of(&budget)
}

#[test]
fn messages_are_measured_wherever_they_are_cut() {
    let mut stream = Vec::new();
    for length in [0, 1, 125, 126, 300] {
        stream.extend(
            [frame(0x02, length), frame(0x89, 3), frame(0x00, 5), frame(0x80, length)].concat(),
        );
        stream.extend([frame(0x8a, 0), frame(0x8a, 4)].concat());
    }
    stream.extend(frame(0x82, 70_000));
    for step in [1, 2, 3, 7, 1000, stream.len()] {
        let mut meter = meter();
        for part in stream.chunks(step) {
            assert_eq!(meter.pass(part), Ok(()), "in steps of {step}");
        }
        assert_eq!((meter.count, meter.bytes, meter.skip, meter.open), (0, 0, 0, false));
        assert_eq!(meter.frames.begun(), None);
    }
}

#[test]
fn too_much_is_told_from_the_header() {
    // Nothing of what it announces has come.
    assert_eq!(meter().pass(&frame(0x82, 70_001)[..10]), Err(FrameFault::Bytes));
    let parts = [frame(0x02, 40_000), frame(0x80, 40_000)].concat();
    assert_eq!(meter().pass(&parts), Err(FrameFault::Bytes));
    let many = [frame(0x02, 0), frame(0x00, 0).repeat(4)].concat();
    assert_eq!(meter().pass(&many), Err(FrameFault::Fragments));
    let pings = [frame(0x02, 0), frame(0x89, 0).repeat(4)].concat();
    assert_eq!(meter().pass(&pings), Err(FrameFault::Fragments));
    // Between messages pings are free.
    assert_eq!(meter().pass(&frame(0x89, 0).repeat(100)), Ok(()));
}

#[test]
fn what_is_under_way_is_charged_until_it_has_come() {
    let budget = Arc::new(Budget::default());
    budget.set(60_000);
    let (mut one, mut other) = (meter_of(&budget), meter_of(&budget));
    let message = frame(0x82, 70_000);
    assert_eq!(one.pass(&message[..100]), Ok(()));
    assert!(one.frames.begun().is_some());
    assert_eq!(other.pass(&message[..100]), Err(FrameFault::Together));
    assert_eq!(one.pass(&message[100..]), Ok(()));
    assert_eq!((one.frames.begun(), budget.used()), (None, 0));
    // Small ones are not counted.
    budget.set(0);
    assert_eq!(meter_of(&budget).pass(&frame(0x02, 10_000)), Ok(()));
}

/// Messages until the end, and the code that it ended with.
fn read(bytes: &[u8], step: u8) -> (usize, Option<u16>) {
    read_messages(bytes, &[step], MESSAGE)
}

/// Each opcode with each length that may be taken for another, announced and nothing more.
#[test]
fn no_length_is_trusted_whatever_it_is_announced_for() {
    for (opcode, length) in (0..16).flat_map(|op| made::LENGTHS.map(|length| (op, length))) {
        for (last, masked) in [(0x80, true), (0, true), (0x80, false), (0xc0, true)] {
            let announced = made::announce(last | opcode, length, masked);
            let (_, code) = read(&announced, 255);
            assert_eq!(read(&announced, 1).1, code);
            let broken = !masked
                || last == 0xc0
                || !matches!(opcode, 0..=2 | 8..=10)
                || (opcode >= 8 && (length > 125 || last == 0));
            let expected = match () {
                () if broken => 1002,
                () if length > MESSAGE as u64 => 1009,
                // The end came too early, or the frame was whole.
                () => continue,
            };
            assert_eq!(code, Some(expected), "{opcode} {length} {last:x} {masked}");
        }
    }
}

/// Unread pongs do not pile up, and pings do not end anything by themselves.
#[test]
fn pongs_that_are_not_taken_take_no_room() {
    assert_eq!(read(&frame(0x89, 125).repeat(20_000), 255), (20_000, None));
}
