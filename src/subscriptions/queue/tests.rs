use bytes::Bytes;

use super::*;

fn message(n: u8) -> Message {
    Message { channel: Bytes::from_static(b"c"), pattern: None, payload: vec![n].into() }
}

fn queue(messages: usize, overflow: Overflow) -> Queue {
    Queue::new(Bounds { messages, bytes: 1 << 20, overflow }, 1)
}

fn push(queue: &Queue, n: u8) -> Option<Waker> {
    queue.push(message(n), |_| false)
}

fn drain(queue: &Queue) -> Vec<Item> {
    let cx = Context::from_waker(Waker::noop());
    std::iter::from_fn(|| match queue.poll(&cx).0 {
        Poll::Ready(item) => item,
        Poll::Pending => None,
    })
    .collect()
}

#[test]
fn a_slow_reader_loses_the_oldest_and_is_told_how_many() {
    let queue = queue(2, Overflow::DropOldest);
    for n in 0..5 {
        push(&queue, n);
    }
    let missed = Missed { cause: MissedCause::QueueFull, count: Some(3) };
    assert_eq!(
        drain(&queue),
        [Item::Missed(missed), Item::Message(message(3)), Item::Message(message(4)),]
    );
}

#[test]
fn a_gap_stands_where_the_connection_was_lost() {
    let queue = queue(8, Overflow::DropOldest);
    push(&queue, 1);
    queue.gap(MissedCause::ConnectionLost);
    queue.gap(MissedCause::NotRestored);
    queue.gap(MissedCause::NotRestored);
    queue.gap(MissedCause::ConnectionLost);
    push(&queue, 2);
    queue.close();
    let gap = Missed { cause: MissedCause::ConnectionLost, count: None };
    assert_eq!(
        drain(&queue),
        [Item::Message(message(1)), Item::Missed(gap), Item::Message(message(2)),]
    );
    assert_eq!(queue.poll(&Context::from_waker(Waker::noop())).0, Poll::Ready(None));
}

#[test]
fn dropping_the_newest_tells_where_they_are_missing() {
    let queue = queue(2, Overflow::DropNewest);
    (0..5).for_each(|n| drop(push(&queue, n)));
    let cx = Context::from_waker(Waker::noop());
    let (read, _) = queue.poll(&cx);
    assert_eq!(read, Poll::Ready(Some(Item::Message(message(0)))));
    push(&queue, 5);
    push(&queue, 6);
    let missed = |count| {
        let count = Some(count);
        Item::Missed(Missed { cause: MissedCause::QueueFull, count })
    };
    assert_eq!(
        drain(&queue),
        [Item::Message(message(1)), missed(3), Item::Message(message(5)), missed(1),]
    );
    let counts = SubscriptionCounts { delivered: 3, dropped: 4, ..SubscriptionCounts::default() };
    assert_eq!(queue.counts(), counts);
}

#[test]
fn ending_gives_what_is_queued_and_then_says_why() {
    let queue = queue(2, Overflow::End);
    (0..4).for_each(|n| drop(push(&queue, n)));
    queue.close();
    assert_eq!(
        drain(&queue),
        [Item::Message(message(0)), Item::Message(message(1)), Item::Ended(EndCause::QueueFull),]
    );
    push(&queue, 9);
    queue.close();
    assert_eq!(queue.poll(&Context::from_waker(Waker::noop())).0, Poll::Ready(None));
    let counts = SubscriptionCounts { delivered: 2, dropped: 3, ..SubscriptionCounts::default() };
    assert_eq!(queue.counts(), counts);
}

#[test]
fn a_full_queue_keeps_its_gaps() {
    let queue = queue(1, Overflow::DropOldest);
    for n in 2..5 {
        queue.gap(MissedCause::ConnectionLost);
        push(&queue, n);
    }
    let gap = |cause, count| Item::Missed(Missed { cause, count });
    assert_eq!(
        drain(&queue),
        [
            gap(MissedCause::QueueFull, Some(2)),
            gap(MissedCause::ConnectionLost, None),
            Item::Message(message(4)),
        ]
    );
}

fn large(n: u8, length: usize) -> Message {
    Message { payload: vec![n; length].into(), ..message(n) }
}

fn numbers(items: Vec<Item>) -> Vec<u8> {
    items.into_iter().filter_map(Item::message).map(|m| m.payload[0]).collect()
}

#[test]
fn bytes_are_bounded_as_well_as_messages() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let queue = Queue::new(Bounds { messages: 100, bytes: 1000, overflow }, 1);
        (0..6).for_each(|n| drop(queue.push(large(n, 300), |_| true)));
        let counts = queue.counts();
        assert_eq!((counts.queued, counts.queued_bytes, counts.dropped), (3, 903, 3));
        let kept = if overflow == Overflow::DropOldest { [3, 4, 5] } else { [0, 1, 2] };
        assert_eq!(numbers(drain(&queue)), kept);
        // One that is larger than all there is room for is let in once the queue is empty.
        queue.push(large(7, 5000), |_| true);
        queue.push(message(8), |_| true);
        let kept: &[u8] = if overflow == Overflow::DropOldest { &[8] } else { &[7] };
        assert_eq!(numbers(drain(&queue)), kept);
        assert_eq!((queue.counts().queued, queue.counts().queued_bytes), (0, 0));
    }
}

#[test]
fn a_connection_that_waits_loses_nothing_and_goes_on_when_half_is_read() {
    let queue = queue(4, Overflow::Wait { at_most: std::time::Duration::from_secs(1) });
    let mut asked = 0;
    for n in 0..10 {
        queue.push(message(n), |micros| {
            asked += 1;
            micros == 1_000_000
        });
    }
    assert_eq!((asked, queue.counts().queued, queue.counts().dropped), (6, 10, 0));
    let cx = Context::from_waker(Waker::noop());
    for n in 0..10 {
        let (read, resume) = queue.poll(&cx);
        assert_eq!(read, Poll::Ready(Some(Item::Message(message(n)))));
        assert_eq!(resume, n == 7, "{n}");
    }
}

#[test]
fn a_connection_that_does_not_wait_drops_the_oldest() {
    let queue = queue(2, Overflow::Wait { at_most: std::time::Duration::from_secs(1) });
    (0..5).for_each(|n| drop(queue.push(message(n), |_| n < 4)));
    let missed = Missed { cause: MissedCause::QueueFull, count: Some(3) };
    let items = drain(&queue);
    assert_eq!(items[0], Item::Missed(missed));
    assert_eq!(numbers(items), [3, 4]);
}

#[test]
fn it_is_confirmed_when_all_its_topics_are() {
    let queue = Queue::new(Bounds { messages: 1, bytes: 1, overflow: Overflow::End }, 2);
    let cx = Context::from_waker(Waker::noop());
    assert!(queue.poll_confirmed(&cx).is_pending() && queue.confirm().is_none());
    assert!(queue.poll_confirmed(&cx).is_pending() && queue.confirm().is_some());
    assert!(matches!(queue.poll_confirmed(&cx), Poll::Ready(Ok(()))));
    queue.refuse(Error::rejected("SUBSCRIBE", "no"));
    assert!(matches!(queue.poll_confirmed(&cx), Poll::Ready(Err(_))));
}
