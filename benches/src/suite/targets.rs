//! What the project set out to reach, and what was measured.

use super::{Outcome, RIVALS, plan};
use crate::meter::Figures;

/// The runtimes that targets are judged on: the default, and the rivals' own.
pub const JUDGED: [&str; 2] = ["redmux-tokio", "redmux-async-std"];

/// One target and how far it was reached
pub struct Target {
    pub what: String,
    pub wanted: Wanted,
    /// For each of [`JUDGED`]; the gateways have one value.
    pub reached: Vec<Option<f64>>,
    /// Share of the best rival, or a plain number.
    pub of_rival: bool,
}

#[derive(Clone, Copy)]
pub enum Wanted {
    AtMost(f64),
    AtLeast(f64),
}

impl Wanted {
    pub fn met(self, value: f64) -> bool {
        match self {
            // Half of what is printed: 1.00 is at most 1.
            Self::AtMost(limit) => value <= limit + 0.005,
            Self::AtLeast(limit) => value >= limit - 0.005,
        }
    }
}

type Figure = fn(&Figures) -> Option<f64>;

pub fn judge(outcomes: &[Outcome]) -> Vec<Target> {
    let find = |name: &str| outcomes.iter().find(|outcome| outcome.row.name == name);
    let mut targets = Vec::new();
    let mut ratio = |what: &str, row: &str, figure: Figure, wanted: Wanted| {
        let Some(outcome) = find(row) else { return };
        let rivals = RIVALS.iter().filter_map(|rival| value(outcome, rival, figure));
        let best = match wanted {
            Wanted::AtMost(_) => rivals.min_by(f64::total_cmp),
            Wanted::AtLeast(_) => rivals.max_by(f64::total_cmp),
        };
        let reached = JUDGED.map(|ours| Some(value(outcome, ours, figure)? / best?));
        let reached = reached.to_vec();
        targets.push(Target { what: what.to_owned(), wanted, reached, of_rival: true });
    };
    let at_64 = "GET+SET 64 B, 64 tasks";
    let at_512 = "GET+SET 64 B, 512 tasks";
    ratio("CPU per operation, 64 tasks", at_64, |f| f.cpu_us, Wanted::AtMost(0.60));
    ratio("of it user time", at_64, |f| f.user_us, Wanted::AtMost(0.40));
    ratio("CPU per operation, 512 tasks", at_512, |f| f.cpu_us, Wanted::AtMost(0.45));
    ratio("operations per second, 512 tasks", at_512, |f| f.ops_s, Wanted::AtLeast(1.25));
    ratio("median latency, 1 task", "GET+SET 64 B, 1 task", |f| f.p50_us, Wanted::AtMost(0.95));
    ratio("user instructions, 64 tasks", at_64, |f| f.instructions, Wanted::AtMost(0.40));
    let search = "FT.SEARCH of 1000 to structs";
    ratio("user instructions of a search", search, |f| f.instructions, Wanted::AtMost(0.60));
    let memory = "100,000 GETs of 64 B";
    ratio("memory of a command in flight", memory, |f| f.held_bytes, Wanted::AtMost(0.50));
    for outcome in outcomes.iter().filter(|outcome| outcome.row.section == plan::LARGE) {
        let what = format!("CPU of: {}", outcome.row.name);
        ratio(&what, &outcome.row.name, |f| f.cpu_us, Wanted::AtMost(0.99));
    }
    let mut plain = |what: &str, row: &str, figure: Figure, wanted: Wanted| {
        let Some(outcome) = find(row) else { return };
        let reached = JUDGED.map(|ours| value(outcome, ours, figure)).to_vec();
        targets.push(Target { what: what.to_owned(), wanted, reached, of_rival: false });
    };
    plain("the server's core, 512 tasks", at_512, |f| f.peer_busy, Wanted::AtLeast(0.95));
    plain("allocations of a GET", "GET 64 B, 64 tasks", |f| f.allocations, Wanted::AtMost(1.0));
    plain("allocations of a SET", "SET 64 B, 64 tasks", |f| f.allocations, Wanted::AtMost(0.0));
    if let Some(outcome) = find("GET+SET 64 B through a gateway, 64 tasks") {
        let ratio = |figure: Figure, of: &str| {
            vec![Some(value(outcome, "redmux-gateway", figure)? / value(outcome, of, figure)?)]
                .into()
        };
        let mut gateway = |what: &str, wanted, reached: Option<Vec<Option<f64>>>| {
            let reached = reached.unwrap_or_default();
            targets.push(Target { what: what.to_owned(), wanted, reached, of_rival: true });
        };
        let throughput = ratio(|f| f.ops_s, "websockify");
        gateway("gateway throughput, of websockify's", Wanted::AtLeast(5.0), throughput);
        let latency = ratio(|f| f.p50_us, "direct");
        gateway("gateway median latency, of direct", Wanted::AtMost(1.3), latency);
        let floor = ratio(|f| f.p50_us, "tcp-relay");
        gateway("gateway median latency, of a bare relay", Wanted::AtMost(1.3), floor);
        let ceiling = || {
            let most = value(outcome, "direct", |f| f.ops_s)?;
            Some(vec![Some(most / value(outcome, "websockify", |f| f.ops_s)?)])
        };
        gateway("(what no gateway at all has of websockify's)", Wanted::AtLeast(5.0), ceiling());
    }
    targets
}

fn value(outcome: &Outcome, client: &str, figure: Figure) -> Option<f64> {
    figure(&outcome.clients.get(client)?.figures)
}
