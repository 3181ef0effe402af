//! Which of several independent deployments is used.
//!
//! The order is: well, wanted by the program, weight, latency, in use already. A deployment that is well is left only for one
//! that was well for a while, and for a lower latency only if that is much lower: nobody is to go to and fro.

use crate::clock::NEVER;

/// A latency counts as lower than another if it is at most half of it, and lower by at least this, in microseconds.
const MARKED: u64 = 10_000;

/// What is known of a deployment, in microseconds of the clock
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) weight: f64,
    pub(crate) fit: Fit,
    pub(crate) latency: Option<u64>,
}

/// Whether a deployment can be used
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// That is not known yet.
    Unknown,
    /// Since this moment.
    Well {
        since: u64,
    },
    Ill,
    /// It leaves, or has left.
    Gone,
}

impl Candidate {
    pub(crate) fn is_well(&self) -> bool {
        matches!(self.fit, Fit::Well { .. })
    }
}

/// The wish of the program for a deployment, and when it was made
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) number: usize,
    pub(crate) at: u64,
}

/// Why another deployment is used
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    First,
    Ill,
    Gone,
    Wished,
    Weight,
    Latency,
}

/// What is to be done
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing before this moment, unless something changes.
    Stay {
        until: u64,
    },
    Go {
        to: usize,
        because: Because,
    },
}

/// How deployments are chosen, in microseconds
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// One that is well is left for another one only after that was well for so long; [`NEVER`]: not at all.
    pub(crate) failback: u64,
    /// Until then, the first choice waits for those of which nothing is known.
    pub(crate) patience: u64,
}

/// Chooses one of these, `active` being the one in use.
pub(crate) fn choose(
    all: &[Candidate],
    active: Option<usize>,
    wish: Option<Wish>,
    rules: Rules,
    now: u64,
) -> Verdict {
    let stay = Verdict::Stay { until: NEVER };
    let Some((present, own)) = active.and_then(|number| Some((number, all.get(number)?))) else {
        return first(all, wish, rules, now);
    };
    let Fit::Well { .. } = own.fit else {
        let because = if own.fit == Fit::Gone { Because::Gone } else { Because::Ill };
        return best(all, wish).map_or(stay, |to| Verdict::Go { to, because });
    };
    let due = |since: u64| match rules.failback {
        NEVER => NEVER,
        delay => since.saturating_add(delay),
    };
    let mut until = NEVER;
    if let Some(wish) = wish
        && let Some(Fit::Well { since }) = all.get(wish.number).map(|wanted| wanted.fit)
    {
        let from = if wish.at >= since { 0 } else { due(since) };
        match (wish.number == present, now >= from) {
            (true, _) => return stay,
            (false, true) => return Verdict::Go { to: wish.number, because: Because::Wished },
            (false, false) => until = from,
        }
    }
    let mut chosen: Option<(usize, Because)> = None;
    for (number, other) in all.iter().enumerate() {
        let Fit::Well { since } = other.fit else { continue };
        let because = match () {
            () if other.weight > own.weight => Because::Weight,
            () if other.weight == own.weight && is_faster(other, own) => Because::Latency,
            () => continue,
        };
        let from = due(since);
        if from > now {
            until = until.min(from);
        } else if chosen.is_none_or(|(known, _)| preferred(all, known, number) == number) {
            chosen = Some((number, because));
        }
    }
    match chosen {
        Some((to, because)) => Verdict::Go { to, because },
        None => Verdict::Stay { until },
    }
}

/// Nothing was chosen yet: waits a little for one that would be preferred.
fn first(all: &[Candidate], wish: Option<Wish>, rules: Rules, now: u64) -> Verdict {
    let Some(to) = best(all, wish) else { return Verdict::Stay { until: NEVER } };
    let is_awaited =
        all.iter().any(|other| other.fit == Fit::Unknown && other.weight > all[to].weight);
    match is_awaited && now < rules.patience {
        true => Verdict::Stay { until: rules.patience },
        false => Verdict::Go { to, because: Because::First },
    }
}

/// The one of those that are well that comes first.
fn best(all: &[Candidate], wish: Option<Wish>) -> Option<usize> {
    let well = |number: &usize| matches!(all[*number].fit, Fit::Well { .. });
    let wished = wish.map(|wish| wish.number).filter(|number| *number < all.len() && well(number));
    let by_rank = || (0..all.len()).filter(well).reduce(|one, other| preferred(all, one, other));
    wished.or_else(by_rank)
}

/// The one of these two that has more weight, or else answers earlier, or else comes first.
fn preferred(all: &[Candidate], one: usize, other: usize) -> usize {
    let rank = |number: usize| (all[number].weight, all[number].latency.unwrap_or(NEVER));
    let ((weight, latency), (other_weight, other_latency)) = (rank(one), rank(other));
    let is_better = other_weight > weight || other_weight == weight && other_latency < latency;
    if is_better { other } else { one }
}

fn is_faster(other: &Candidate, own: &Candidate) -> bool {
    let (Some(other), Some(own)) = (other.latency, own.latency) else { return false };
    other <= own / 2 && own - other >= MARKED
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;
    const RULES: Rules = Rules { failback: 0, patience: 0 };

    fn one(weight: f64, fit: Fit) -> Candidate {
        Candidate { weight, fit, latency: Some(1_000) }
    }

    fn well(weight: f64) -> Candidate {
        one(weight, Fit::Well { since: 0 })
    }

    fn go(to: usize, because: Because) -> Verdict {
        Verdict::Go { to, because }
    }

    const STAY: Verdict = Verdict::Stay { until: NEVER };

    #[test]
    fn the_one_with_the_most_weight_is_used_and_awaited_at_first() {
        let all = [well(1.0), one(2.0, Fit::Unknown), well(1.5)];
        let rules = Rules { patience: 3 * SECOND, ..RULES };
        assert_eq!(choose(&all, None, None, rules, SECOND), Verdict::Stay { until: 3 * SECOND });
        assert_eq!(choose(&all, None, None, rules, 3 * SECOND), go(2, Because::First));
        let all = [well(1.0), well(2.0), well(1.5)];
        assert_eq!(choose(&all, None, None, rules, SECOND), go(1, Because::First));
        let nobody = [one(1.0, Fit::Ill), one(1.0, Fit::Unknown)];
        assert_eq!(choose(&nobody, None, None, rules, SECOND), STAY);
    }

    #[test]
    fn who_is_ill_is_left_for_the_next_and_taken_again_after_the_delay() {
        let rules = Rules { failback: 60 * SECOND, ..RULES };
        let all = [one(3.0, Fit::Ill), well(1.0), well(2.0)];
        assert_eq!(choose(&all, Some(0), None, rules, SECOND), go(2, Because::Ill));
        let back = [one(3.0, Fit::Well { since: 10 * SECOND }), well(1.0), well(2.0)];
        let until = Verdict::Stay { until: 70 * SECOND };
        assert_eq!(choose(&back, Some(2), None, rules, 11 * SECOND), until);
        assert_eq!(choose(&back, Some(2), None, rules, 70 * SECOND), go(0, Because::Weight));
        let by_hand = Rules { failback: NEVER, ..RULES };
        assert_eq!(choose(&back, Some(2), None, by_hand, NEVER - 1), STAY);
        // Nobody is well: there is nothing better than to wait.
        let none = [one(3.0, Fit::Ill), one(1.0, Fit::Ill)];
        assert_eq!(choose(&none, Some(1), None, rules, SECOND), STAY);
    }

    #[test]
    fn a_wish_is_more_than_weight_and_less_than_health() {
        let wish = Some(Wish { number: 1, at: SECOND });
        let all = [well(3.0), well(1.0)];
        assert_eq!(choose(&all, Some(0), wish, RULES, SECOND), go(1, Because::Wished));
        assert_eq!(choose(&all, Some(1), wish, RULES, SECOND), STAY);
        assert_eq!(choose(&all, Some(1), None, RULES, SECOND), go(0, Because::Weight));
        let ill = [well(3.0), one(1.0, Fit::Ill)];
        assert_eq!(choose(&ill, Some(1), wish, RULES, SECOND), go(0, Because::Ill));
        assert_eq!(choose(&ill, Some(0), wish, RULES, SECOND), STAY);
        // Well again, it is taken as any other would be: after the delay.
        let back = [well(3.0), one(1.0, Fit::Well { since: 5 * SECOND })];
        let rules = Rules { failback: SECOND, ..RULES };
        let until = Verdict::Stay { until: 6 * SECOND };
        assert_eq!(choose(&back, Some(0), wish, rules, 5 * SECOND), until);
        assert_eq!(choose(&back, Some(0), wish, rules, 6 * SECOND), go(1, Because::Wished));
    }

    #[test]
    fn only_a_latency_that_is_much_lower_is_worth_a_change() {
        let with = |latency| Candidate { latency: Some(latency), ..well(1.0) };
        let choice = |own, other| choose(&[with(own), with(other)], Some(0), None, RULES, SECOND);
        assert_eq!(choice(30_000, 16_000), STAY);
        assert_eq!(choice(18_000, 9_000), STAY);
        assert_eq!(choice(40_000, 20_000), go(1, Because::Latency));
        let unknown = Candidate { latency: None, ..well(1.0) };
        assert_eq!(choose(&[with(40_000), unknown], Some(0), None, RULES, SECOND), STAY);
    }

    #[test]
    fn who_leaves_is_left_for_one_that_is_well() {
        let all = [one(3.0, Fit::Gone), one(2.0, Fit::Ill), well(1.0)];
        assert_eq!(choose(&all, Some(0), None, RULES, SECOND), go(2, Because::Gone));
        assert_eq!(choose(&all[..2], Some(0), None, RULES, SECOND), STAY);
        let wish = Some(Wish { number: 0, at: SECOND });
        assert_eq!(choose(&all, Some(2), wish, RULES, SECOND), STAY);
    }

    #[test]
    fn a_choice_holds_until_something_changes() {
        // Whatever there is: after one change there is none at the same moment.
        let mut state = 0x9E37_79B9_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..20_000 {
            let now = 100 * SECOND;
            let all: Vec<Candidate> = (0..1 + random(5))
                .map(|_| Candidate {
                    weight: random(3) as f64,
                    fit: match random(5) {
                        0 => Fit::Unknown,
                        1 => Fit::Ill,
                        2 => Fit::Gone,
                        _ => Fit::Well { since: random(120) * SECOND },
                    },
                    latency: (random(4) > 0).then(|| random(100_000)),
                })
                .collect();
            let count = all.len() as u64;
            let active = (random(4) > 0).then(|| random(count) as usize);
            let wish = (random(3) == 0)
                .then(|| Wish { number: random(count) as usize, at: random(120) * SECOND });
            let failback = [0, 10 * SECOND, NEVER][random(3) as usize];
            let rules = Rules { failback, patience: random(200) * SECOND };
            if let Verdict::Go { to, .. } = choose(&all, active, wish, rules, now) {
                assert_ne!(Some(to), active);
                assert_ne!(all[to].fit, Fit::Gone);
                let next = choose(&all, Some(to), wish, rules, now);
                assert!(
                    matches!(next, Verdict::Stay { .. }),
                    "{all:?} {active:?} {wish:?} {rules:?}: {next:?}"
                );
            }
        }
    }
}
