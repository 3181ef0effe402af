//! A status in the terms of the `metrics` facade.

use metrics::{Label, Unit, counter, describe_gauge, gauge};

use super::{LeasedConnection, LinkStatus, Status};
use crate::error::Diagnostics;

impl Status {
    /// Reports the numbers to the recorder of the `metrics` facade (feature `metrics`)
    ///
    /// Call it periodically, with one multiplexer for each `pool` name:
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) {
    /// use std::time::Duration;
    /// loop {
    ///     muxer.status().report("sessions");
    ///     async_std::task::sleep(Duration::from_secs(10)).await;
    /// }
    /// # }
    /// ```
    pub fn report(&self, pool: &str) {
        let pool = Label::new("db.client.connection.pool.name", pool.to_owned());
        let leases = &self.leases;
        for (state, connections) in [("used", leases.leased), ("idle", leases.idle)] {
            describe_gauge!(COUNT, Unit::Count, "Leased connections, by state.");
            let labels = vec![pool.clone(), Label::new("db.client.connection.state", state)];
            gauge!(COUNT, labels).set(connections as f64);
        }
        gauge!("db.client.connection.max", vec![pool.clone()]).set(leases.max as f64);
        gauge!("db.client.connection.pending_requests", vec![pool.clone()])
            .set(leases.waiting as f64);
        gauge!("redmux.subscriptions", vec![pool.clone()]).set(self.subscriptions as f64);
        for link in &self.connections {
            report_link(&pool, link);
        }
        #[cfg(feature = "topology")]
        for member in &self.members {
            report_member(&pool, member);
        }
        report_leased(&pool, &self.leased);
    }
}

#[cfg(feature = "topology")]
fn report_member(pool: &Label, member: &super::MemberStatus) {
    let labels = || vec![pool.clone(), Label::new("redmux.group.member", member.name.to_string())];
    let healthy = member.state == super::MemberState::Healthy;
    for (name, value) in [
        ("redmux.group.member.active", f64::from(u8::from(member.active))),
        ("redmux.group.member.healthy", f64::from(u8::from(healthy))),
        ("redmux.group.member.weight", member.weight),
    ] {
        gauge!(name, labels()).set(value);
    }
    if let Some(latency) = member.latency {
        gauge!("redmux.group.member.latency", labels()).set(latency.as_secs_f64());
    }
}

/// The present state of all leased connections together. They come and go, so that there are no
/// totals of them.
fn report_leased(pool: &Label, leased: &[LeasedConnection]) {
    let sum = |of: fn(&Diagnostics) -> usize| -> usize {
        leased.iter().map(|connection| of(&connection.link.diagnostics)).sum()
    };
    for (name, value) in [
        ("redmux.connection.queued", sum(|state| state.queued)),
        ("redmux.connection.in_flight", sum(|state| state.in_flight)),
        ("redmux.connection.unsent_bytes", sum(|state| state.bytes_unsent)),
        ("redmux.connection.ready", sum(|state| usize::from(state.connection == "ready"))),
    ] {
        let kind = Label::new("redmux.connection.type", "leased");
        gauge!(name, vec![pool.clone(), kind]).set(value as f64);
    }
}

const COUNT: &str = "db.client.connection.count";

fn report_link(pool: &Label, link: &LinkStatus) {
    let labels = || {
        let kind = link.connection_type.to_string();
        vec![pool.clone(), Label::new("redmux.connection.type", kind)]
    };
    let (state, total) = (&link.diagnostics, &link.counters);
    for (name, value) in [
        ("redmux.connection.queued", state.queued),
        ("redmux.connection.in_flight", state.in_flight),
        ("redmux.connection.unsent_bytes", state.bytes_unsent),
        ("redmux.connection.peak_in_flight", total.peak_in_flight),
        ("redmux.connection.peak_batch_bytes", total.peak_batch_bytes),
        ("redmux.connection.ready", usize::from(state.connection == "ready")),
    ] {
        gauge!(name, labels()).set(value as f64);
    }
    for (name, value) in [
        ("redmux.connection.written_bytes", total.bytes_written),
        ("redmux.connection.read_bytes", total.bytes_read),
        ("redmux.connection.commands", total.commands_sent),
        ("redmux.connection.replies", total.replies),
        ("redmux.connection.server_errors", total.server_errors),
        ("redmux.connection.timeouts", total.timeouts),
        ("redmux.connection.abandoned", total.abandoned),
        ("redmux.connection.lost", total.lost),
        ("redmux.connection.connects", total.connects),
        ("redmux.connection.failures", total.failures),
    ] {
        counter!(name, labels()).absolute(value);
    }
}
