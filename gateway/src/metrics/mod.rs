//! Metrics for Prometheus.

mod gauges;
mod text;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use gauges::LastLoad;
pub(crate) use gauges::{Gauges, Limits};
use text::{Exposition, escape};

use crate::{lines::Lost, log};

/// The counters and histograms
///
/// Labels are names from the configuration, from the table of commands or from this program, so
/// that clients cannot create new ones.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Requests for a WebSocket, by result.
    pub(crate) handshakes: Family,
    /// Credentials, by method and result.
    pub(crate) authentications: Family,
    /// Closed clients, by reason and close code; code 0 means that none was sent.
    pub(crate) closes: Family,
    /// Commands, by result and name.
    pub(crate) commands: Family,
    /// Denied commands and credentials, by reason.
    pub(crate) denied: Family,
    /// Replies that are errors.
    pub(crate) error_replies: AtomicU64,
    /// Connections to servers, by result and the server's name.
    pub(crate) upstream_connects: Family,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) throttled: AtomicU64,
    reloads: Family,
    last_load: Mutex<LastLoad>,
    /// Sockets that were closed right after they were accepted, by the limit that left no room.
    pub(crate) dropped: Family,
    pub(crate) audit: Arc<Lost>,
    /// Times from sending a command to its reply.
    pub(crate) upstream_latency: Histogram,
    /// Times from a ping to the client's next sign of life.
    pub(crate) ping_round_trip: Histogram,
}

/// A counter for each of a few labels
#[derive(Debug, Default)]
pub(crate) struct Family(Mutex<BTreeMap<&'static str, BTreeMap<String, u64>>>);

impl Family {
    pub(crate) fn add(&self, kind: &'static str, name: &str, count: u64) {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counters = counters.entry(kind).or_default();
        match counters.get_mut(name) {
            Some(counter) => *counter += count,
            None => drop(counters.insert(name.to_owned(), count)),
        }
    }

    fn write(&self, out: &mut Exposition, name: &str, help: &str, labels: [&str; 2]) {
        out.head(name, help, "counter");
        let counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = counters.iter().flat_map(|(kind, of)| of.iter().map(move |of| (kind, of)));
        for (kind, (of, count)) in all {
            let labels = match (labels, of.as_str()) {
                ([first, ""], _) => format!("{{{first}=\"{}\"}}", escape(kind)),
                ([first, second], of) => {
                    format!("{{{first}=\"{}\",{second}=\"{}\"}}", escape(kind), escape(of))
                }
            };
            out.value(&format!("{name}{labels}"), count);
        }
    }
}

/// The upper ends of the buckets, in microseconds
///
/// The last ones are for commands that block.
const BUCKETS: [u64; 15] = [
    50, 100, 250, 500, 1000, 2500, 5000, 10_000, 50_000, 250_000, 1_000_000, 5_000_000, 10_000_000,
    30_000_000, 60_000_000,
];

/// Times, in buckets
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

impl Histogram {
    /// Adds this time `count` times.
    pub(crate) fn add(&self, time: Duration, count: u64) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = BUCKETS.iter().position(|end| micros <= *end) {
            self.buckets[bucket].fetch_add(count, Relaxed);
        }
        self.count.fetch_add(count, Relaxed);
        self.micros.fetch_add(micros.saturating_mul(count), Relaxed);
    }

    fn write(&self, out: &mut Exposition, name: &str, help: &str) {
        out.head(name, help, "histogram");
        let mut sum = 0;
        for (bucket, end) in self.buckets.iter().zip(BUCKETS) {
            sum += bucket.load(Relaxed);
            out.value(&format!("{name}_bucket{{le=\"{}\"}}", seconds(end)), sum);
        }
        let count = self.count.load(Relaxed).max(sum);
        out.value(&format!("{name}_bucket{{le=\"+Inf\"}}"), count);
        out.value(&format!("{name}_sum"), seconds(self.micros.load(Relaxed)));
        out.value(&format!("{name}_count"), count);
    }
}

impl Metrics {
    /// Creates the series that will be counted sooner or later with the value 0: the rate of a
    /// series that appears with its first event misses that event.
    pub(crate) fn begin<'u>(&self, upstreams: impl Iterator<Item = &'u str>) {
        for result in ["ok", "failed"] {
            self.reloads.add(result, "", 0);
        }
        for result in ["accepted", "unauthenticated", "origin", "host", "too-many"] {
            self.handshakes.add(result, "", 0);
        }
        let limits =
            ["unauthenticated", "unauthenticated_per_address", "arrivals_per_address", "admin"];
        for limit in limits {
            self.dropped.add(limit, "", 0);
        }
        for upstream in upstreams {
            for result in ["connected", "failed"] {
                self.upstream_connects.add(result, upstream, 0);
            }
        }
    }

    /// Notes that the configuration was read, or could not be.
    pub(crate) fn reloaded(&self, successfully: bool) {
        self.reloads.add(if successfully { "ok" } else { "failed" }, "", 1);
        let mut last = self.last_load.lock().unwrap_or_else(PoisonError::into_inner);
        last.successful = successfully;
        if successfully {
            last.success = SystemTime::now();
        }
    }

    /// Returns everything in the text format of Prometheus.
    pub(crate) fn expose(&self, now: &Gauges) -> String {
        let mut out = Exposition::default();
        let last = *self.last_load.lock().unwrap_or_else(PoisonError::into_inner);
        now.write(&mut out, last);
        for (family, name, help, labels) in [
            (&self.handshakes, "handshakes_total", "Requests for a WebSocket.", ["result", ""]),
            (
                &self.authentications,
                "authentications_total",
                "Credentials shown.",
                ["result", "method"],
            ),
            (
                &self.closes,
                "closes_total",
                "Closed clients, by close code (0: none was sent).",
                ["reason", "code"],
            ),
            (&self.commands, "commands_total", "Commands.", ["result", "command"]),
            (
                &self.denied,
                "denied_total",
                "Denied commands and credentials, by reason.",
                ["what", "reason"],
            ),
            (
                &self.upstream_connects,
                "upstream_connects_total",
                "Connections to servers.",
                ["result", "upstream"],
            ),
            (
                &self.dropped,
                "dropped_sockets_total",
                "Sockets closed right after they were accepted, by the limit that left no room.",
                ["limit", ""],
            ),
            (&self.reloads, "reloads_total", "Reloads of the configuration.", ["result", ""]),
        ] {
            family.write(&mut out, &format!("redmux_gateway_{name}"), help, labels);
        }
        let (log_dropped, log_held_back) = log::lost();
        for (name, help, value) in [
            (
                "log_dropped_total",
                "Lines that the log lost because it was not read fast enough.",
                log_dropped,
            ),
            (
                "log_held_back_total",
                "Lines of the log that were held back because there were too many.",
                log_held_back,
            ),
            (
                "audit_dropped_total",
                "Lines that the audit log lost because it was not written fast enough.",
                self.audit.dropped.load(Relaxed),
            ),
            (
                "audit_failures_total",
                "Lines of the audit log that could not be written.",
                self.audit.failed.load(Relaxed),
            ),
        ] {
            let name = format!("redmux_gateway_{name}");
            out.head(&name, help, "counter");
            out.value(&name, value);
        }
        for (counter, name, help) in [
            (&self.bytes_in, "received_bytes_total", "Bytes of messages from clients."),
            (&self.bytes_out, "sent_bytes_total", "Bytes of messages to clients."),
            (&self.error_replies, "error_replies_total", "Replies of servers that are errors."),
            (&self.throttled, "throttled_total", "How often a client had to wait for a limit."),
        ] {
            let name = format!("redmux_gateway_{name}");
            out.head(&name, help, "counter");
            out.value(&name, counter.load(Relaxed));
        }
        self.upstream_latency.write(
            &mut out,
            "redmux_gateway_upstream_duration_seconds",
            "Time from sending a command to its reply.",
        );
        self.ping_round_trip.write(
            &mut out,
            "redmux_gateway_ping_duration_seconds",
            "Time from a ping to the client's next sign of life.",
        );
        now.write_process(&mut out);
        out.text
    }
}

/// Writes microseconds as seconds, exactly.
fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Costs;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.commands.add("forwarded", "CLIENT SETINFO", 2);
        metrics.handshakes.add("accepted", "", 1);
        metrics.upstream_latency.add(Duration::from_micros(70), 3);
        metrics.upstream_latency.add(Duration::from_secs(60), 1);
        metrics.upstream_latency.add(Duration::from_secs(61), 1);
        metrics.begin(["main"].into_iter());
        let of = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let gauges = Gauges {
            clients: 1,
            sockets: 2,
            in_flight: 3,
            strangers: 1,
            buffered: 0,
            draining: false,
            principals: vec![("a\"b".into(), 1)],
            limits: Limits { clients: Some(9), strangers: 8, buffered: 7, in_flight: None },
            upstreams: vec![("main".into(), true), ("other".into(), false)],
            certificate_ends: of(2_000_000_000),
            costs: Costs { open_files: Some(5), started: Some(1.5), ..Costs::default() },
        };
        let text = metrics.expose(&gauges);
        for line in [
            "redmux_gateway_commands_total{result=\"forwarded\",command=\"CLIENT SETINFO\"} 2",
            "redmux_gateway_handshakes_total{result=\"accepted\"} 1",
            "redmux_gateway_principal_clients{principal=\"a\\\"b\"} 1",
            "redmux_gateway_upstream_duration_seconds_bucket{le=\"0.00005\"} 0",
            "redmux_gateway_upstream_duration_seconds_bucket{le=\"0.0001\"} 3",
            "redmux_gateway_upstream_duration_seconds_bucket{le=\"30\"} 3",
            "redmux_gateway_upstream_duration_seconds_bucket{le=\"60\"} 4",
            "redmux_gateway_upstream_duration_seconds_bucket{le=\"+Inf\"} 5",
            "redmux_gateway_upstream_duration_seconds_sum 121.00021",
            "redmux_gateway_upstream_connects_total{result=\"failed\",upstream=\"main\"} 0",
            "redmux_gateway_reloads_total{result=\"failed\"} 0",
            "redmux_gateway_clients_limit 9",
            "redmux_gateway_unauthenticated_sockets_limit 8",
            "redmux_gateway_buffered_bytes_limit 7",
            "redmux_gateway_upstream_up{upstream=\"main\"} 1",
            "redmux_gateway_upstream_up{upstream=\"other\"} 0",
            "redmux_gateway_certificate_not_after_timestamp_seconds 2000000000",
            "redmux_gateway_config_last_reload_successful 1",
            "process_open_fds 5",
            "process_start_time_seconds 1.5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
        }
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').expect(line);
            let known = ["redmux_gateway_", "process_"];
            assert!(
                value.parse::<f64>().is_ok() && known.iter().any(|name| series.starts_with(name)),
                "{line}"
            );
        }
        // What there is not is left out.
        for absent in ["in_flight_limit", "process_cpu_seconds_total"] {
            assert!(!text.contains(absent), "{text}");
        }
    }

    #[test]
    fn a_reload_that_fails_is_seen_until_one_succeeds() {
        let metrics = Metrics::default();
        let last = || *metrics.last_load.lock().unwrap();
        let start = last().success;
        metrics.reloaded(false);
        assert_eq!((last().successful, last().success), (false, start));
        metrics.reloaded(true);
        assert!(last().successful && last().success >= start);
    }
}
