//! Looks whether a member is well.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use futures::{
    FutureExt,
    stream::{FuturesUnordered, StreamExt},
};

use super::{
    member::{Health, Member},
    roster::Roster,
    settings::HealthPolicy,
};
use crate::{Delivery, Error, ErrorKind, Result, clock::sleep, error::TimeoutStage, events::Event};

/// Probes a member until it leaves.
pub(super) async fn look_after(roster: Arc<Roster>, number: usize) {
    let Some(member) = roster.member(number) else { return };
    loop {
        let begun = roster.clock.now();
        let outcome = round(&roster, member).await;
        if let Some(change) = member.note(outcome, roster.clock.now()) {
            roster.hub.publish(Event::MemberHealthChanged(change));
        }
        roster.wake.hint();
        if !rest(&roster, member, begun).await {
            return;
        }
    }
}

/// Probes it as often as it takes to know; its latency in microseconds, if it is well.
async fn round(roster: &Roster, member: &Member) -> Result<u64> {
    let settings = &roster.settings;
    let runtime = &*roster.clock.runtime;
    let policy = match member.condition().health {
        // Who was ill has to show more than who was not.
        Health::Ill => HealthPolicy::All,
        Health::Unknown | Health::Well => settings.policy,
    };
    let (mut asked, mut good, mut bad) = (0, 0, 0);
    let (mut latency, mut fault) = (u64::MAX, None);
    let mut running = FuturesUnordered::new();
    let mut timer = runtime.timer(runtime.now());
    poll_fn(|cx| {
        loop {
            while let Poll::Ready(Some(answer)) = running.poll_next_unpin(cx) {
                match answer {
                    Ok(took) => {
                        good += 1;
                        latency = latency.min(took);
                    }
                    Err(error) => {
                        bad += 1;
                        fault = Some(error);
                    }
                }
            }
            if let Some(won) = policy.verdict(settings.probes, good, bad) {
                let fault = fault.take().filter(|_| !won);
                return Poll::Ready(fault.map_or(Ok(latency), Err));
            }
            if asked == settings.probes || timer.poll_expired(cx).is_pending() {
                return Poll::Pending;
            }
            asked += 1;
            running.push(probe(roster, member));
            timer.reset(runtime.after(settings.gap));
        }
    })
    .await
}

/// Asks it once; how long that took, in microseconds.
async fn probe(roster: &Roster, member: &Member) -> Result<u64> {
    let (clock, limit) = (&roster.clock, roster.settings.timeout);
    let issued = clock.now();
    let mut timer = clock.runtime.timer(clock.runtime.after(limit));
    // What a member announces may take longer. The timer decides.
    let longest = limit.max(Duration::from_micros(member.most_patience()));
    let asked = async {
        member.known().await;
        let begun = loop {
            let begun = clock.now();
            match member.deployment.ask(longest).await {
                // It was on its way when the server hung up, as it had announced.
                Err(error) if error.is_connection() && member.patience(clock.now()).is_some() => {
                    pause(roster).await;
                }
                outcome => break outcome.map(|()| begun)?,
            }
        };
        let router = member.front().and_then(|front| front.router());
        let servers = router.map_or(1, |router| router.links(false).len());
        member.answers.fetch_add(servers as u64, Ordering::Relaxed);
        Ok(clock.now().saturating_sub(begun))
    };
    let (mut asked, mut gone) = (pin!(asked), pin!(member.gone().fuse()));
    let mut loss = None;
    poll_fn(|cx| {
        if let Poll::Ready(answer) = asked.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        if let Poll::Ready(error) = gone.as_mut().poll(cx) {
            loss = Some(error);
        }
        let patience = member.patience(clock.now());
        if patience.is_none()
            && let Some(loss) = loss.take()
        {
            return Poll::Ready(Err(loss));
        }
        while timer.poll_expired(cx).is_ready() {
            let until = issued.saturating_add(patience.unwrap_or(0));
            if until <= clock.now() {
                return Poll::Ready(Err(loss.take().unwrap_or_else(|| unanswered(member))));
            }
            timer.reset(clock.instant(until));
        }
        Poll::Pending
    })
    .await
}

/// Lets the time from one probe to the next pass.
async fn pause(roster: &Roster) {
    let runtime = &*roster.clock.runtime;
    sleep(runtime, roster.settings.gap).await;
}

fn unanswered(member: &Member) -> Error {
    let node = member.deployment.node();
    let stage = ErrorKind::Timeout(TimeoutStage::Response);
    let error = Error::new(stage, Delivery::MaybeExecuted).endpoint_at(&node.link.endpoint());
    let error = error.detail("a probe of the group was not answered in time");
    match node.link.with(|core| core.redial.last_error.clone().filter(|_| !core.is_connected())) {
        Some(cause) => error.source(cause),
        None => error,
    }
}

/// Waits for the next round of a member whose last one began then; `false` if there is none.
async fn rest(roster: &Roster, member: &Member, begun: u64) -> bool {
    let (clock, settings) = (&roster.clock, &roster.settings);
    let earliest = clock.runtime.after(settings.gap);
    let pause = settings.next_round_after(clock.runtime.entropy());
    let next = clock.instant(begun.saturating_add(pause));
    let mut timer = clock.runtime.timer(next.max(earliest));
    poll_fn(|cx| {
        if member.is_leaving() || roster.is_closed() {
            return Poll::Ready(false);
        }
        if member.kick.poll(cx).is_ready() {
            timer.reset(earliest.max(clock.runtime.now()));
        }
        timer.poll_expired(cx).map(|()| true)
    })
    .await
}
