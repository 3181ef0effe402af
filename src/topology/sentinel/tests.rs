//! The rules, one by one, against a service and three sentinels that are made up.

mod histories;
mod real;

use redmux_transport::Endpoint;

use super::{
    events::Event,
    machine::Sentinels,
    plan::{Learned, Plan, Step, Trouble},
    said::{Answer, Peer, Replica, RoleSaid},
};

const MS: u64 = 1_000;
const SECOND: u64 = 1_000_000;

fn sentinel(number: u16) -> Endpoint {
    Endpoint::tcp("s", number)
}

fn server(number: u16) -> Endpoint {
    Endpoint::tcp("n", number)
}

const A: u16 = 1;
const B: u16 = 2;
const C: u16 = 3;

/// What a made-up server is
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Primary,
    ReplicaOf(u16),
    /// It takes questions and answers none.
    Stopped,
    /// It refuses connections.
    Dead,
}

/// Servers and sentinels that answer at once what they believe
struct World {
    machine: Sentinels,
    now: u64,
    servers: [Is; 3],
    /// What each sentinel names, and the epoch; `None`: it does not answer.
    sentinels: [Option<(Option<u16>, Option<u64>)>; 3],
    /// What was done, in order.
    done: Vec<Step>,
    questions: usize,
}

impl World {
    /// A is the primary, and the options name the first sentinel.
    fn new() -> Self {
        let mut world = Self::before();
        world.run(SECOND);
        assert_eq!(world.take(), [Step::Use(server(A))]);
        world
    }

    /// The same, and nothing has been asked yet.
    fn before() -> Self {
        Self {
            machine: Sentinels::new([sentinel(1)], 7, 0),
            now: 0,
            servers: [Is::Primary, Is::ReplicaOf(A), Is::ReplicaOf(A)],
            sentinels: [Some((Some(A), Some(5))); 3],
            done: Vec::new(),
            questions: 0,
        }
    }

    fn is(&self, number: &Endpoint) -> Is {
        let Endpoint::Tcp { port, .. } = number else { panic!("an address") };
        self.servers.get(usize::from(port - 1)).copied().unwrap_or(Is::Dead)
    }

    fn answer(&self, number: u16) -> Option<Answer> {
        let (primary, epoch) = (*self.sentinels.get(usize::from(number - 1))?)?;
        let Some(primary) = primary else { return Some(Answer::default()) };
        let others = |own: u16| (1..=3).filter(move |other| *other != own);
        let replica = |number| Replica { endpoint: server(number), usable: true };
        let id = |number: u16| Some(number.to_string().into());
        Some(Answer {
            primary: Some(server(primary)),
            epoch,
            id: id(number),
            replicas: others(primary).map(replica).collect(),
            sentinels: others(number)
                .map(|number| Peer { id: id(number), endpoint: sentinel(number) })
                .collect(),
        })
    }

    /// Does what the machine decides, for so long.
    fn run(&mut self, time: u64) {
        let end = self.now + time;
        loop {
            let Plan { steps, until } = self.machine.decide(self.now);
            assert!(until > self.now, "it would never rest");
            let busy = !steps.is_empty();
            for step in steps {
                self.step(step);
            }
            if busy {
                continue;
            }
            if until > end {
                break;
            }
            self.now = until;
        }
        self.now = end;
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::AskSentinel(by) => {
                self.questions += 1;
                let Endpoint::Tcp { port, .. } = by else { panic!("an address") };
                let learned = match self.answer(port) {
                    Some(answer) => Learned::Answer { by, answer },
                    None => Learned::NoAnswer { by },
                };
                self.machine.learn(learned, self.now);
            }
            Step::AskRole(of) => {
                self.questions += 1;
                let learned = match self.is(&of) {
                    Is::Primary => {
                        Learned::Role { of, role: RoleSaid::Primary { replicas: vec![] } }
                    }
                    Is::ReplicaOf(primary) => {
                        let role = RoleSaid::Replica { of: Some(server(primary)) };
                        Learned::Role { of, role }
                    }
                    Is::Stopped => return,
                    Is::Dead => Learned::NoRole { of },
                };
                self.machine.learn(learned, self.now);
            }
            step => self.done.push(step),
        }
    }

    fn learn(&mut self, learned: Learned) {
        self.machine.learn(learned, self.now);
    }

    fn announce(&mut self, by: u16, event: Event) {
        self.learn(Learned::Announced { by: sentinel(by), event });
    }

    fn switch(from: u16, to: u16) -> Event {
        Event::Switched { from: server(from), to: server(to) }
    }

    /// A dies, and the link to it notices.
    fn kill_a(&mut self) {
        self.servers[0] = Is::Dead;
        self.learn(Learned::Lost { primary: server(A) });
    }

    /// B takes over in truth; sentinels learn of it by `tell`.
    fn promote_b(&mut self) {
        self.servers[1] = Is::Primary;
        self.servers[2] = Is::ReplicaOf(B);
    }

    fn tell(&mut self, numbers: impl IntoIterator<Item = u16>) {
        for number in numbers {
            self.sentinels[usize::from(number - 1)] = Some((Some(B), Some(6)));
        }
    }

    fn take(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.done)
    }

    fn primary(&self) -> Option<Endpoint> {
        self.machine.primary().cloned()
    }
}

fn moved() -> [Step; 2] {
    [Step::Drop(server(A)), Step::Use(server(B))]
}

#[test]
fn one_seed_leads_to_all_sentinels_replicas_and_the_primary() {
    let world = World::new();
    let mut watched: Vec<_> = world.machine.watched().cloned().collect();
    watched.sort_by_key(ToString::to_string);
    assert_eq!(watched, [1, 2, 3].map(sentinel));
    assert_eq!(world.primary(), Some(server(A)));
    let mut replicas: Vec<_> = world.machine.replicas().cloned().collect();
    replicas.sort_by_key(ToString::to_string);
    assert_eq!(replicas, [B, C].map(server));
    assert_eq!(world.machine.trouble(), None);
}

#[test]
fn nobody_is_used_before_its_role_proves_it() {
    let mut world = World::before();
    world.servers[0] = Is::ReplicaOf(B);
    world.run(3 * SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], None));
    assert_eq!(world.machine.trouble(), Some(Trouble::NoPrimary));
    // Asked again and again, in measure: by then sentinels have noticed.
    assert!(world.questions < 200, "{}", world.questions);
    world.promote_b();
    world.tell(1..=3);
    world.run(SECOND);
    assert_eq!(world.take(), [Step::Use(server(B))]);
}

#[test]
fn a_stale_sentinel_that_answers_first_is_outvoted_by_the_epoch() {
    let mut world = World::before();
    // The old primary has woken up and says that it is one.
    world.promote_b();
    world.tell([2, 3]);
    world.run(SECOND);
    assert_eq!(world.take(), [Step::Use(server(B))]);
}

#[test]
fn a_stale_sentinel_that_is_alone_at_first_is_corrected() {
    let mut world = World::before();
    world.promote_b();
    world.sentinels[1] = None;
    world.sentinels[2] = None;
    world.run(SECOND);
    assert_eq!(world.take(), [Step::Use(server(A))]);
    world.tell([2]);
    world.run(40 * SECOND);
    assert_eq!(world.take(), moved());
}

#[test]
fn without_epochs_the_majority_counts() {
    let mut world = World::before();
    world.promote_b();
    world.sentinels = [(A, None), (B, None), (B, None)].map(|(n, e)| Some((Some(n), e)));
    world.run(SECOND);
    assert_eq!(world.take(), [Step::Use(server(B))]);
}

#[test]
fn an_announced_switch_is_followed_at_once() {
    let mut world = World::new();
    world.promote_b();
    world.tell([3]);
    world.announce(3, World::switch(A, B));
    // Before anything is asked.
    let plan = world.machine.decide(world.now);
    assert_eq!(plan.steps[0], Step::Drop(server(A)));
    assert_eq!(world.primary(), None);
    for step in plan.steps {
        world.step(step);
    }
    world.run(0);
    assert_eq!(world.take(), moved());
    // The others, who are asked, still name the old one: it is barred.
    world.run(20 * SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], Some(server(B))));
}

#[test]
fn a_lost_event_is_made_up_for_by_asking() {
    let mut world = World::new();
    world.promote_b();
    world.tell(1..=3);
    // Nothing was announced, and the old primary goes on: for 33 seconds at most.
    world.run(33 * SECOND);
    assert_eq!(world.take(), moved());
    // After a subscription was renewed, at once.
    let mut world = World::new();
    world.promote_b();
    world.tell([2]);
    world.learn(Learned::Subscribed { by: sentinel(2) });
    world.run(100 * MS);
    assert_eq!(world.take(), moved());
}

#[test]
fn a_failover_between_the_answer_and_the_dial_is_noticed() {
    let mut world = World::before();
    let Plan { steps, .. } = world.machine.decide(0);
    for step in steps {
        world.step(step);
    }
    // All have named A; now it is a replica of B.
    world.promote_b();
    world.servers[0] = Is::ReplicaOf(B);
    world.run(100 * MS);
    assert_eq!(world.take(), []);
    world.tell(1..=3);
    world.run(300 * MS);
    assert_eq!(world.take(), [Step::Use(server(B))]);
}

#[test]
fn the_new_primary_is_found_by_its_role_before_a_sentinel_says_so() {
    let mut world = World::new();
    world.kill_a();
    world.run(2 * SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], None));
    world.promote_b();
    world.run(60 * MS);
    assert_eq!(world.take(), moved());
    // Sentinels go on naming A for a second, and one of them never stops.
    world.run(SECOND);
    world.tell([1, 2]);
    world.run(60 * SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], Some(server(B))));
}

#[test]
fn a_primary_that_is_silent_counts_as_gone_and_one_that_answers_does_not() {
    let mut world = World::new();
    world.servers[0] = Is::Stopped;
    world.learn(Learned::Lost { primary: server(A) });
    world.promote_b();
    world.run(250 * MS);
    assert_eq!(world.take(), []);
    world.run(100 * MS);
    assert_eq!(world.take(), moved());

    // Two primaries: only a sentinel can say which.
    let mut world = World::new();
    world.learn(Learned::Lost { primary: server(A) });
    world.promote_b();
    world.run(SECOND);
    assert_eq!(world.take(), [Step::Use(server(A))]);
    assert_eq!(world.primary(), Some(server(A)));
}

#[test]
fn two_replicas_that_both_say_so_wait_for_a_sentinel() {
    let mut world = World::new();
    world.servers = [Is::Stopped, Is::Primary, Is::Primary];
    world.learn(Learned::Lost { primary: server(A) });
    world.run(SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], None));
    world.tell([1]);
    world.run(SECOND);
    assert_eq!(world.take(), moved());
}

#[test]
fn a_woken_old_primary_is_barred_until_a_sentinel_names_it_again() {
    let mut world = World::new();
    world.kill_a();
    world.promote_b();
    world.tell([1, 2]);
    world.run(SECOND);
    assert_eq!(world.take(), moved());
    // It wakes up, takes writes, and B is out of reach: A is a known replica that says it is the primary.
    world.servers[0] = Is::Primary;
    world.servers[1] = Is::Dead;
    world.learn(Learned::Lost { primary: server(B) });
    world.run(30 * SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], None));
    // Sentinels give it the office back.
    world.sentinels = [Some((Some(A), Some(7))); 3];
    world.run(2 * SECOND);
    assert_eq!(world.take(), [Step::Drop(server(B)), Step::Use(server(A))]);
}

#[test]
fn an_old_primary_that_was_demoted_may_be_promoted_again() {
    let mut world = World::new();
    world.promote_b();
    world.servers[0] = Is::ReplicaOf(B);
    world.tell(1..=3);
    world.announce(1, World::switch(A, B));
    world.run(SECOND);
    assert_eq!(world.take(), moved());
    world.servers[1] = Is::Dead;
    world.learn(Learned::Lost { primary: server(B) });
    world.run(SECOND);
    // Before any sentinel says so.
    world.servers[0] = Is::Primary;
    world.run(60 * MS);
    assert_eq!(world.take(), [Step::Drop(server(B)), Step::Use(server(A))]);
}

#[test]
fn a_late_announcement_of_an_old_switch_does_no_lasting_harm() {
    // A, then B, then A again: and now a sentinel that was cut off announces the first switch.
    let mut world = World::new();
    world.sentinels = [Some((Some(A), Some(7))); 3];
    world.run(40 * SECOND);
    world.sentinels[2] = Some((Some(B), Some(6)));
    world.announce(3, World::switch(A, B));
    world.run(SECOND);
    assert_eq!(world.take(), [Step::Drop(server(A)), Step::Use(server(A))]);
    world.run(60 * SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], Some(server(A))));
}

#[test]
fn a_switch_from_a_server_that_is_not_in_use_is_only_a_hint() {
    let mut world = World::new();
    world.announce(2, World::switch(C, B));
    world.run(SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], Some(server(A))));
}

#[test]
fn a_demoted_primary_is_left_for_the_one_it_follows() {
    let mut world = World::new();
    world.promote_b();
    world.servers[0] = Is::ReplicaOf(B);
    // A write was refused with READONLY.
    world.learn(Learned::Lost { primary: server(A) });
    world.run(100 * MS);
    assert_eq!(world.take(), moved());
}

#[test]
fn a_doubt_of_a_sentinel_is_looked_into() {
    let mut world = World::new();
    world.announce(2, Event::Trouble);
    world.run(SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], Some(server(A))));
    // The connection has not noticed anything yet.
    world.servers[0] = Is::Dead;
    world.promote_b();
    world.announce(2, Event::Trouble);
    world.run(100 * MS);
    assert_eq!(world.take(), moved());
}

#[test]
fn a_sentinel_without_the_name_counts_for_nothing() {
    let mut world = World::before();
    world.sentinels[0] = Some((None, None));
    world.run(SECOND);
    assert_eq!((world.primary(), world.machine.trouble()), (None, Some(Trouble::UnknownService)));
    let mut world = World::before();
    world.machine = Sentinels::new([1, 2, 3].map(sentinel), 7, 0);
    world.sentinels[0] = Some((None, None));
    world.run(SECOND);
    assert_eq!(world.take(), [Step::Use(server(A))]);
}

#[test]
fn a_sentinel_whose_clock_jumps_counts_for_nothing_until_it_is_over() {
    let mut world = World::new();
    world.promote_b();
    world.sentinels[2] = Some((Some(B), Some(9)));
    world.announce(3, Event::Tilt(true));
    world.run(SECOND);
    assert_eq!(world.take(), []);
    world.announce(3, Event::Tilt(false));
    world.run(SECOND);
    assert_eq!(world.take(), moved());
}

#[test]
fn seeds_are_kept_and_others_while_they_are_named() {
    let mut world = World::new();
    world.sentinels = [None; 3];
    world.run(600 * SECOND);
    assert!(world.machine.watched().any(|watched| *watched == sentinel(1)));
    assert_eq!(world.primary(), Some(server(A)), "a primary needs no sentinel to go on");
    world.sentinels[0] = Some((Some(A), Some(5)));
    world.run(60 * SECOND);
    assert_eq!(world.machine.watched().count(), 3);
}

#[test]
fn a_seed_by_its_name_and_by_its_address_is_one_sentinel() {
    let mut world = World::before();
    let name = Endpoint::tcp("sentinel.example", 1);
    world.machine = Sentinels::new([name.clone(), sentinel(2)], 7, 0);
    let answer = world.answer(1).unwrap();
    world.run(SECOND);
    world.learn(Learned::Answer { by: name.clone(), answer });
    let watched: Vec<_> = world.machine.watched().collect();
    assert_eq!(watched.len(), 3, "{watched:?}");
    assert!(watched.contains(&&name));
}

#[test]
fn sentinels_that_were_set_up_anew_are_believed_in_the_end() {
    let mut world = World::new();
    world.promote_b();
    world.sentinels = [Some((Some(B), Some(0))); 3];
    world.run(100 * SECOND);
    assert_eq!((world.take(), world.primary()), (vec![], Some(server(A))));
    world.run(100 * SECOND);
    assert_eq!(world.take(), moved());
}

#[test]
fn it_is_calm_when_all_is_well_and_when_nothing_is() {
    let mut world = World::new();
    world.questions = 0;
    world.run(600 * SECOND);
    assert!((30..=70).contains(&world.questions), "{}", world.questions);
    world.servers = [Is::Dead; 3];
    world.sentinels = [None; 3];
    world.learn(Learned::Lost { primary: server(A) });
    world.questions = 0;
    world.run(600 * SECOND);
    // 15 s in a hurry, then each once a second.
    assert!(world.questions < 5_000, "{}", world.questions);
}

#[test]
fn announcements_without_end_cause_no_storm() {
    let mut world = World::new();
    world.questions = 0;
    world.run(SECOND);
    for _ in 0..10_000 {
        world.announce(1, World::switch(C, B));
        world.announce(2, Event::News);
        world.run(100);
    }
    // In one second, ten questions to each of the two.
    assert!(world.questions <= 22, "{}", world.questions);
    assert_eq!((world.take(), world.primary()), (vec![], Some(server(A))));
}

#[test]
fn questions_without_an_outcome_are_given_up() {
    let mut world = World::before();
    let asked = world.machine.decide(0).steps;
    assert_eq!(asked, [Step::AskSentinel(sentinel(1))]);
    world.run(3 * SECOND);
    assert_eq!(world.take(), [Step::Use(server(A))]);
}
