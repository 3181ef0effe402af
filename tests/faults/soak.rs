//! Random faults under random load, from a fixed seed.

use std::time::{Duration, Instant};

use futures::future::join_all;
use redmux::{ConnectionMultiplexer, resp::Protocol};
use redmux_test_support::{Accept, Cut, Direction, Fault, Pace};

use crate::{Rig, Told, comes_back, hold_against, within};

const SCHEDULES: u64 = 200;
const LIMIT: Duration = Duration::from_secs(20);
/// Side by side, each with a proxy of its own.
const LANES: u64 = 4;

/// xorshift64*
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

fn fault(random: &mut Random) -> Fault {
    let cut = if random.one_in(2) { Cut::Fin } else { Cut::Rst };
    match random.below(8) {
        0 => Fault::Stall,
        // Only where it is noticed for sure: a reply begins with its type.
        1 => Fault::Insert(b"\xff".to_vec()),
        _ => Fault::Cut(cut),
    }
}

/// Breaks the connection in some ways while the calls are made.
async fn disturb(rig: &Rig, random: &mut Random) {
    for direction in [Direction::Requests, Direction::Replies] {
        if random.one_in(4) {
            let piece = 1 + random.below(40) as usize;
            rig.proxy.pace(direction, Pace { piece, ..Pace::default() });
        }
        if random.one_in(4) {
            let delay = Duration::from_millis(random.below(5));
            rig.proxy.pace(direction, Pace { delay, ..Pace::default() });
        }
    }
    if random.one_in(4) {
        rig.proxy.accept(Accept::ForwardTwice);
    }
    for _ in 0..1 + random.below(3) {
        match fault(random) {
            Fault::Insert(bytes) => {
                // The server answers nonsense with an error and closes: that is no fault of ours.
                rig.proxy.fault(Direction::Replies, random.below(200), Fault::Insert(bytes));
            }
            fault => {
                let requests = random.one_in(2);
                let (way, most) =
                    if requests { (Direction::Requests, 2500) } else { (Direction::Replies, 200) };
                rig.proxy.fault(way, random.below(most), fault);
            }
        }
        crate::sleep(random.below(8)).await;
        match random.below(6) {
            0 => rig.proxy.cut(Cut::Rst),
            1 => {
                rig.proxy.accept(Accept::End(Cut::Fin));
                crate::sleep(random.below(10)).await;
                rig.proxy.accept(Accept::Forward);
            }
            _ => {}
        }
    }
    crate::sleep(random.below(20)).await;
    rig.proxy.forgive();
    rig.proxy.accept(Accept::Forward);
    rig.proxy.pace(Direction::Requests, Pace::default());
    rig.proxy.pace(Direction::Replies, Pace::default());
}

/// Some marks, one after the other or together, some with little time, some given up.
async fn task(
    muxer: &ConnectionMultiplexer,
    list: &str,
    name: u64,
    mut random: Random,
) -> Vec<Told> {
    let mut told = Vec::new();
    for round in 0..4 + random.below(6) {
        let mark = |n: u64| format!("{name}-{round}-{n}");
        let count = 1 + random.below(6);
        let call = |n, limit: Option<u64>| {
            let call = muxer.execute::<i64>("RPUSH", (list, mark(n)));
            match limit {
                Some(millis) => call.timeout(Duration::from_millis(millis)),
                None => call,
            }
        };
        match random.below(4) {
            0 => {
                let limit = Duration::from_millis(random.below(4));
                let calls = join_all((0..count).map(|n| call(n, None)));
                match async_std::future::timeout(limit, calls).await {
                    Ok(results) => {
                        told.extend(results.into_iter().zip(0..).map(|(r, n)| (mark(n), Some(r))))
                    }
                    Err(_) => told.extend((0..count).map(|n| (mark(n), None))),
                }
            }
            1 => {
                for n in 0..count {
                    call(n, None).forget().unwrap();
                    told.push((mark(n), None));
                }
            }
            kind => {
                let limit = (kind == 2).then(|| 1 + random.below(20));
                let calls: Vec<_> = (0..count).map(|n| call(n, limit)).collect();
                let results = redmux::pipeline(calls).await;
                told.extend(results.into_iter().zip(0..).map(|(r, n)| (mark(n), Some(r))));
            }
        }
        crate::sleep(random.below(3)).await;
    }
    told
}

async fn schedule(rig: &Rig, muxer: &ConnectionMultiplexer, number: u64) {
    let list = format!("soak-{number}");
    let mut random = Random::new(number + 1);
    let tasks = join_all((0..4).map(|name| {
        let random = Random::new((number + 1) * 1000 + name);
        task(muxer, &list, name, random)
    }));
    let (told, ()) = within(futures::future::join(tasks, disturb(rig, &mut random))).await;
    comes_back(muxer).await;
    // Stalled connections that were given up have nothing more to say.
    rig.proxy.resume(Direction::Requests);
    rig.proxy.resume(Direction::Replies);
    crate::until("old connections are over", || rig.proxy.open() <= 1).await;
    hold_against(&rig.marks(&list), &told.concat());
}

#[test]
fn whatever_happens_what_callers_are_told_is_so() {
    let start = Instant::now();
    let lanes: Vec<_> = (0..LANES)
        .map(|lane| {
            std::thread::spawn(move || {
                async_std::task::block_on(async {
                    let rig = Rig::start();
                    let protocol = if lane % 2 == 0 { Protocol::Resp3 } else { Protocol::Resp2 };
                    let options = rig
                        .options()
                        .protocol(protocol)
                        .probe_after(Duration::from_millis(60))
                        .keep_alive(Duration::from_millis(60))
                        .probe_timeout(Duration::from_millis(100))
                        .connect_timeout(Duration::from_millis(300));
                    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
                    let mut done = 0;
                    for number in (lane..SCHEDULES).step_by(LANES as usize) {
                        // A machine that is busy with other things does fewer.
                        if start.elapsed() > LIMIT {
                            break;
                        }
                        schedule(&rig, &muxer, number).await;
                        done += 1;
                    }
                    done
                })
            })
        })
        .collect();
    let done: u64 = lanes.into_iter().map(|lane| lane.join().unwrap()).sum();
    println!("{done} schedules in {:?}", start.elapsed());
    assert!(done >= LANES, "{done}");
}
