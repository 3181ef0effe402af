//! Random histories: whatever happens, in whichever order, the primary that is used in the end is the true one.

use proptest::prelude::*;
use redmux_transport::Endpoint;

use super::{
    super::{
        events::{CHANNELS, Event},
        plan::{Learned, Step},
        said::{Answer, RoleSaid},
    },
    Is, MS, SECOND, World, sentinel, server,
};
use crate::resp::Frame;

/// Something that happens
#[derive(Debug, Clone, Copy)]
enum Happens {
    Server(usize, Is),
    /// A sentinel names this server with this epoch, or does not answer.
    Sentinel(usize, Option<(Option<u16>, Option<u64>)>),
    Switched(u16, u16, u16),
    Hint(u16, u8),
    Lost(u16),
    /// An answer from before comes late, or for no question.
    Stray(u16, u16, u64),
    Time(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    let is = prop_oneof![
        Just(Is::Primary),
        (1..=3u16).prop_map(Is::ReplicaOf),
        Just(Is::Stopped),
        Just(Is::Dead),
    ];
    let word = prop::option::of((prop::option::of(1..=3u16), prop::option::of(0..9u64)));
    prop_oneof![
        (0..3usize, is).prop_map(|(server, is)| Happens::Server(server, is)),
        (0..3usize, word).prop_map(|(sentinel, word)| Happens::Sentinel(sentinel, word)),
        (1..=3u16, 1..=3u16, 1..=3u16).prop_map(|(by, from, to)| Happens::Switched(by, from, to)),
        (1..=3u16, 0..5u8).prop_map(|(by, hint)| Happens::Hint(by, hint)),
        (1..=3u16).prop_map(Happens::Lost),
        (1..=3u16, 1..=3u16, 0..9u64).prop_map(|(by, of, epoch)| Happens::Stray(by, of, epoch)),
        prop_oneof![0..500 * MS, 0..20 * SECOND].prop_map(Happens::Time),
    ]
}

fn happen(world: &mut World, happens: Happens) {
    match happens {
        Happens::Server(place, is) => world.servers[place] = is,
        Happens::Sentinel(place, word) => world.sentinels[place] = word,
        Happens::Switched(by, from, to) => world.announce(by, World::switch(from, to)),
        Happens::Hint(by, hint) => match hint {
            0 => world.announce(by, Event::Trouble),
            1 => world.announce(by, Event::News),
            2 => world.announce(by, Event::Tilt(true)),
            3 => world.announce(by, Event::Tilt(false)),
            _ => world.learn(Learned::Subscribed { by: sentinel(by) }),
        },
        Happens::Lost(primary) => world.learn(Learned::Lost { primary: server(primary) }),
        Happens::Stray(by, of, epoch) => {
            let before = world.sentinels[0].replace((Some(of), Some(epoch)));
            let answer = world.answer(1).expect("an answer");
            world.sentinels[0] = before;
            world.learn(Learned::Answer { by: sentinel(by), answer });
        }
        Happens::Time(time) => world.run(time),
    }
}

/// A reply of any shape, with words that mean something to sentinels.
fn reply() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "ip",
        "port",
        "runid",
        "flags",
        "config-epoch",
        "master",
        "slave",
        "sentinel",
        "7000",
        "0",
        "-1",
        "99999",
        "s_down,master",
        "",
        "h",
    ]);
    let leaf = prop_oneof![
        8 => words.prop_map(|word| format!("${}\r\n{word}\r\n", word.len())),
        1 => any::<i64>().prop_map(|number| format!(":{number}\r\n")),
        1 => prop::sample::select(vec!["_\r\n", "*-1\r\n", "$-1\r\n", "-ERR x\r\n", "#t\r\n", ",1.5\r\n"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 48, 8, |inner| {
        (prop::collection::vec(inner, 0..8), any::<bool>()).prop_map(|(items, map)| {
            match map && items.len() % 2 == 0 {
                true => format!("%{}\r\n{}", items.len() / 2, items.concat()),
                false => format!("*{}\r\n{}", items.len(), items.concat()),
            }
        })
    })
}

proptest! {
    #[test]
    fn replies_and_messages_of_any_shape_do_no_harm(
        replies in prop::collection::vec(reply(), 0..6),
        channel in prop::sample::select(CHANNELS.to_vec()),
        message in "(master|slave|mymaster|@|h|1|0|65536| ){0,12}",
    ) {
        let reach = |host: &str, port| Endpoint::tcp(host, port);
        let frames = replies.iter().map(|reply| Ok(Frame::copy_from_slice(reply.as_bytes())));
        let frames: Vec<crate::Result<Frame>> = frames.collect();
        if let Ok(answer) = Answer::read(&frames, &reach) {
            let mut world = World::before();
            world.learn(Learned::Answer { by: sentinel(1), answer });
            world.run(SECOND);
        }
        for frame in frames.iter().flatten() {
            let _ = RoleSaid::read(frame, &reach);
        }
        let _ = Event::read(channel.as_bytes(), message.as_bytes(), "mymaster", &reach);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn in_the_end_the_true_primary_is_used(
        history in prop::collection::vec(happens(), 0..40),
        primary in 1..=3u16,
    ) {
        let mut world = World::before();
        for happens in history {
            happen(&mut world, happens);
        }
        // Now all agree.
        for number in 1..=3u16 {
            let is = if number == primary { Is::Primary } else { Is::ReplicaOf(primary) };
            world.servers[usize::from(number - 1)] = is;
            world.sentinels[usize::from(number - 1)] = Some((Some(primary), Some(9)));
            world.announce(number, Event::Tilt(false));
        }
        world.run(40 * SECOND);
        prop_assert_eq!(world.machine.primary(), Some(&server(primary)));
        prop_assert_eq!(world.machine.watched().count(), 3);
        // Then nothing more happens, and few questions are asked.
        world.take();
        world.questions = 0;
        world.run(120 * SECOND);
        prop_assert_eq!(world.take(), Vec::<Step>::new());
        prop_assert!(world.questions <= 15, "{}", world.questions);
    }
}
