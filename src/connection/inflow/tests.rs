use super::*;

/// Reads `bytes` in reads of at most `step`; `after` is called after each.
fn read_each(
    inflow: &mut Inflow,
    mut bytes: &[u8],
    step: usize,
    mut after: impl FnMut(&Inflow),
) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let room = inflow.room();
        assert!(!room.is_empty());
        let n = bytes.len().min(step).min(room.len());
        room[..n].copy_from_slice(&bytes[..n]);
        inflow.advance(n, &mut frames).unwrap();
        after(inflow);
        bytes = &bytes[n..];
    }
    frames
}

fn read(inflow: &mut Inflow, bytes: &[u8], step: usize) -> Vec<Frame> {
    read_each(inflow, bytes, step, |_| ())
}

/// Reads one reply, with all the room there is.
fn read_one(inflow: &mut Inflow, reply: &[u8]) -> Frame {
    let mut frames = read(inflow, reply, usize::MAX);
    let frame = frames.pop().expect("a whole reply");
    assert!(frame.as_bytes() == reply && frames.is_empty());
    frame
}

fn new() -> Inflow {
    Inflow::new(Limits::default())
}

/// The frames' bytes.
fn feed(bytes: &[u8], step: usize) -> Vec<Vec<u8>> {
    let frames = read(&mut new(), bytes, step);
    frames.iter().map(|frame| frame.as_bytes().to_vec()).collect()
}

#[test]
fn frames_come_out_whole_however_they_are_read() {
    let mut bytes = Vec::new();
    let mut expected = Vec::new();
    for n in 0..400usize {
        let len = [0, 3, 40, 1000, 70_000][n % 5];
        let frame = bulk(len);
        bytes.extend_from_slice(&frame);
        expected.push(frame);
        bytes.extend_from_slice(b"+OK\r\n");
        expected.push(b"+OK\r\n".to_vec());
    }
    for step in [97, 4096, 65_536, 1 << 20] {
        assert!(feed(&bytes, step) == expected, "step {step}");
    }
    let short = &bytes[..3000];
    assert_eq!(feed(short, 1), feed(short, 3000));
}

#[test]
fn many_small_frames_reuse_one_block() {
    let mut inflow = new();
    let mut frames = Vec::new();
    let at = inflow.room().as_ptr();
    for _ in 0..100_000 {
        let room = inflow.room();
        room[..5].copy_from_slice(b"+OK\r\n");
        inflow.advance(5, &mut frames).unwrap();
        frames.clear();
    }
    assert_eq!(inflow.room().as_ptr(), at);
}

#[test]
fn a_large_block_is_used_again_once_its_reply_is_gone() {
    let mut inflow = new();
    let reply = bulk(1_000_000);
    let mut seen = std::collections::HashSet::new();
    for round in 0..10 {
        let frame = read_one(&mut inflow, &reply);
        seen.insert(frame.as_bytes().as_ptr());
        if round == 4 {
            // Kept: its bytes must not be read over.
            let kept = frame;
            read_one(&mut inflow, &[b"$1000000\r\n", &[b'y'; 1_000_000][..], b"\r\n"].concat());
            assert!(kept.as_bytes() == reply);
        }
    }
    assert!(seen.len() <= 4, "{}", seen.len());
}

#[test]
fn two_blocks_serve_replies_that_are_let_go_and_none_is_read_over() {
    let mut inflow = new();
    let reply = |n: usize| format!("$64\r\n{n:064}\r\n").into_bytes();
    let mut blocks = std::collections::HashSet::new();
    let mut kept = Vec::new();
    for n in 0..20_000 {
        let mut frames = Vec::new();
        let (before, after) = (reply(n), reply(n + 1));
        // Half of the next reply comes with this one.
        let bytes = if n == 0 { &before[..] } else { &before[30..] };
        let room = inflow.room();
        blocks.insert(room.as_ptr() as usize / BLOCK);
        room[..bytes.len()].copy_from_slice(bytes);
        room[bytes.len()..bytes.len() + 30].copy_from_slice(&after[..30]);
        inflow.advance(bytes.len() + 30, &mut frames).unwrap();
        assert!(frames.len() == 1 && frames[0].as_bytes() == before);
        if n >= 10_000 {
            kept.append(&mut frames);
        }
        if n == 9_999 {
            assert!(blocks.len() <= 4, "{}", blocks.len());
        }
    }
    for (n, frame) in kept.iter().enumerate() {
        assert!(frame.as_bytes() == reply(10_000 + n));
    }
}

#[test]
fn arrays_beyond_a_block_use_one_block_again() {
    let mut inflow = new();
    let mut reply = b"*1000\r\n".to_vec();
    (0..1000)
        .for_each(|_| reply.extend_from_slice(&[b"$64\r\n", &[b'x'; 64][..], b"\r\n"].concat()));
    let mut blocks = std::collections::HashSet::new();
    for _ in 0..20 {
        let frames = read(&mut inflow, &reply, 16_000);
        assert!(frames.len() == 1 && frames[0].as_bytes() == reply);
        blocks.insert(frames[0].as_bytes().as_ptr());
    }
    assert!(blocks.len() <= 2, "{}", blocks.len());
}

#[test]
fn a_reply_of_unknown_length_is_moved_seldom() {
    let mut inflow = new();
    let mut reply = b"*100000\r\n".to_vec();
    (0..100_000).for_each(|_| reply.extend_from_slice(b"$5\r\nvalue\r\n"));
    let (mut blocks, mut block) = (0, 0);
    let frames = read_each(&mut inflow, &reply, 8192, |inflow| {
        blocks += usize::from(inflow.block.len() != block);
        block = inflow.block.len();
    });
    assert!(frames.len() == 1 && frames[0].as_bytes() == reply);
    assert!(blocks < 10, "{blocks}");
}

#[test]
fn an_announced_size_allocates_no_more_than_the_cap() {
    let mut inflow = new();
    let head = b"$500000000\r\n";
    inflow.room()[..head.len()].copy_from_slice(head);
    inflow.advance(head.len(), &mut Vec::new()).unwrap();
    assert!(inflow.room().len() <= large::MAX_AHEAD);
    assert!(inflow.handled <= large::MAX_AHEAD + 2 * BLOCK, "{}", inflow.handled);
}

/// Reads `reply` in pieces of at most 64 KiB, as from a socket, and returns how many bytes were
/// allocated or copied for it.
fn handled_for(reply: &[u8]) -> usize {
    let mut inflow = new();
    let frames = read(&mut inflow, reply, 64 << 10);
    assert!(frames.len() == 1 && frames[0].as_bytes() == reply);
    inflow.handled
}

fn bulk(size: usize) -> Vec<u8> {
    [format!("${size}\r\n").into_bytes(), vec![b'x'; size], b"\r\n".to_vec()].concat()
}

#[test]
fn a_reply_costs_as_much_a_byte_however_large_it_is() {
    for mebibytes in [1, 3, 5, 12, 33] {
        let size = mebibytes << 20;
        let handled = handled_for(&bulk(size));
        assert!(handled <= 3 * size + (4 << 20), "{mebibytes} MiB: {handled}");
    }
}

#[test]
fn an_array_of_large_strings_costs_as_much_a_byte_as_a_string() {
    for (count, size) in [(24, 1 << 20), (6, 4 << 20), (300, 50_000)] {
        let mut reply = format!("*{count}\r\n").into_bytes();
        (0..count).for_each(|_| reply.extend_from_slice(&bulk(size)));
        let handled = handled_for(&reply);
        assert!(handled <= 5 * reply.len() + (4 << 20), "{count} x {size}: {handled}");
    }
}

#[test]
fn what_comes_behind_a_large_reply_is_whole_and_does_not_keep_it_in_memory() {
    let array = |size: usize| [b"*2\r\n$2\r\nok\r\n".to_vec(), bulk(size)].concat();
    let replies = [
        bulk(3 << 20),
        bulk(50),
        array(3 << 20),
        bulk(100),
        bulk(20_000),
        array(5 << 20),
        b"+OK\r\n".to_vec(),
        bulk(300_000),
        bulk(7 << 20),
        bulk(60),
    ];
    let bytes = replies.concat();
    for step in [8111, 1 << 20] {
        assert!(feed(&bytes, step) == replies, "step {step}");
    }
    let mut inflow = new();
    let frames = read(&mut inflow, &replies[2..5].concat(), usize::MAX);
    let within = frames[0].as_bytes().as_ptr_range();
    assert!(frames[1..].iter().all(|frame| !within.contains(&frame.as_bytes().as_ptr())));
}

#[test]
fn a_small_reply_does_not_keep_the_block_of_a_large_one() {
    let mut inflow = new();
    let large = bulk(1_000_000);
    let small = format!("$100\r\n{}\r\n", "y".repeat(100));
    let mut bytes = Vec::new();
    for _ in 0..3 {
        bytes.extend_from_slice(&large);
        (0..50).for_each(|_| bytes.extend_from_slice(small.as_bytes()));
    }
    // Some reads end inside of a small one.
    let frames = read(&mut inflow, &bytes, 70_001);
    assert_eq!(frames.len(), 153);
    let blocks: Vec<_> = frames.iter().map(|frame| frame.as_bytes().as_ptr_range()).collect();
    let (large, small): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|range| range.end as usize - range.start as usize > 1000);
    assert_eq!(large.len(), 3);
    for block in large {
        // The rest of the block is behind it.
        let around = block.start as usize..block.end as usize + 100_000;
        let near = small.iter().filter(|small| around.contains(&(small.start as usize))).count();
        // An allocator may put copies there as well, if it likes; not in what it has given away.
        assert!(near < 3, "{near} share its block");
    }
}

#[test]
fn the_buffer_of_a_large_reply_is_used_for_the_next_one_and_not_kept_for_long() {
    let mut inflow = new();
    let mut read = |reply: &[u8]| {
        let frame = read_one(&mut inflow, reply);
        (frame, inflow.handled, inflow.last.is_some())
    };
    let (first, ..) = read(&bulk(6 << 20));
    let at = first.as_bytes().as_ptr();
    drop(first);
    let (second, before, _) = read(&bulk(5 << 20));
    assert_eq!(second.as_bytes().as_ptr(), at, "the same memory");
    // In use: it must not be read over, nor waited for.
    let (third, ..) = read(&bulk(5 << 20));
    assert_ne!(third.as_bytes().as_ptr(), at);
    assert!(second.as_bytes() == bulk(5 << 20));
    drop((second, third));
    // Too large for this one.
    let (small, ..) = read(&bulk((2 << 20) + 1));
    assert_ne!(small.as_bytes().as_ptr(), at);
    drop(small);
    let (_, handled, kept) = read(&bulk(3 << 20));
    assert!(kept && handled >= before);
    for _ in 0..SMALL_READS {
        assert!(read(b"+OK\r\n").2);
    }
    assert!(!read(b"+OK\r\n").2, "let go");
}

#[test]
fn what_the_buffer_holds_of_the_reply_before_is_neither_cleared_nor_given_out() {
    let mut inflow = new();
    let reply = |letter: u8, size: usize| {
        [format!("${size}\r\n").into_bytes(), vec![letter; size], b"\r\n".to_vec()].concat()
    };
    let first = read_one(&mut inflow, &reply(b'a', 6 << 20));
    let at = first.as_bytes().as_ptr();
    drop(first);
    for (letter, size) in [(b'b', 5 << 20), (b'c', 6 << 20), (b'd', 4 << 20)] {
        let next = reply(letter, size);
        let (begin, rest) = next.split_at(100_000);
        assert!(read(&mut inflow, begin, 1000).is_empty());
        let room = inflow.room();
        let missing = next.len() - begin.len();
        assert!(room.len() > 3 << 20 && room.len() <= missing, "{} of {missing}", room.len());
        let mut frames = read(&mut inflow, rest, 300_000);
        let frame = frames.pop().unwrap();
        assert!(frames.is_empty() && frame.as_bytes() == next);
        assert_eq!(frame.as_bytes().as_ptr(), at, "the same memory");
    }
}
