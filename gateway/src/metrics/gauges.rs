use std::{fmt::Display, time::SystemTime};

use super::text::{Exposition, escape};
use crate::process::Costs;

/// The outcome of the last reading of the configuration
#[derive(Debug, Clone, Copy)]
pub(super) struct LastLoad {
    pub(super) successful: bool,
    pub(super) success: SystemTime,
}

impl Default for LastLoad {
    /// A success: the gateway does not start without one.
    fn default() -> Self {
        Self { successful: true, success: SystemTime::now() }
    }
}

/// The gauges: what is measured when the metrics are read
#[derive(Debug)]
pub(crate) struct Gauges {
    pub(crate) clients: usize,
    pub(crate) sockets: usize,
    pub(crate) in_flight: usize,
    pub(crate) strangers: usize,
    pub(crate) buffered: usize,
    pub(crate) draining: bool,
    /// Clients of each principal.
    pub(crate) principals: Vec<(String, usize)>,
    pub(crate) limits: Limits,
    /// The servers that were asked, and whether they answered.
    pub(crate) upstreams: Vec<(String, bool)>,
    /// When the listener's certificate ends.
    pub(crate) certificate_ends: Option<SystemTime>,
    pub(crate) costs: Costs,
}

/// The limits of the gauges of the same names
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) clients: Option<usize>,
    pub(crate) strangers: usize,
    pub(crate) buffered: usize,
    pub(crate) in_flight: Option<usize>,
}

impl Gauges {
    pub(super) fn write(&self, out: &mut Exposition, last_load: LastLoad) {
        let version =
            concat!("redmux_gateway_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
        out.head("redmux_gateway_build_info", "The version that runs.", "gauge");
        out.value(version, 1);
        let mut gauge = |name, help, value: Option<usize>| {
            write(out, "redmux_gateway_", name, help, "gauge", value);
        };
        gauge("clients", "Clients connected now.", Some(self.clients));
        gauge("clients_limit", "The most clients.", self.limits.clients);
        let help = "Sockets open now, those of clients that are not admitted yet included.";
        gauge("sockets", help, Some(self.sockets));
        let help = "Sockets open now of clients that have shown no credential.";
        gauge("unauthenticated_sockets", help, Some(self.strangers));
        let help = "The most sockets of clients that have shown no credential.";
        gauge("unauthenticated_sockets_limit", help, Some(self.limits.strangers));
        gauge("in_flight", "Commands that wait for their replies.", Some(self.in_flight));
        let help = "The most commands that wait for their replies.";
        gauge("in_flight_limit", help, self.limits.in_flight);
        let help = "Bytes of requests held now, beyond 16 KiB of each client.";
        gauge("buffered_bytes", help, Some(self.buffered));
        let help = "The most bytes of requests held, beyond 16 KiB of each client.";
        gauge("buffered_bytes_limit", help, Some(self.limits.buffered));
        gauge("draining", "1 while shutting down.", Some(self.draining.into()));
        let help = "Whether the configuration was taken when it was read last.";
        gauge("config_last_reload_successful", help, Some(last_load.successful.into()));
        let mut time = |name, help, value: Option<SystemTime>| {
            let since = value.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
            let seconds = since.map(|since| since.as_secs());
            write(out, "redmux_gateway_", name, help, "gauge", seconds);
        };
        let name = "config_last_reload_success_timestamp_seconds";
        time(name, "When the configuration was taken last.", Some(last_load.success));
        let name = "certificate_not_after_timestamp_seconds";
        time(name, "When the certificate of the gateway ends.", self.certificate_ends);
        let name = "redmux_gateway_principal_clients";
        out.head(name, "Clients of each principal connected now.", "gauge");
        for (principal, clients) in &self.principals {
            out.value(&format!("{name}{{principal=\"{}\"}}", escape(principal)), clients);
        }
        let name = "redmux_gateway_upstream_up";
        out.head(name, "Whether the server answered when it was asked last.", "gauge");
        for (upstream, up) in &self.upstreams {
            out.value(&format!("{name}{{upstream=\"{}\"}}", escape(upstream)), u8::from(*up));
        }
    }

    pub(super) fn write_process(&self, out: &mut Exposition) {
        let costs = &self.costs;
        let help = "Time of processors that was used, in seconds.";
        write(out, "process_", "cpu_seconds_total", help, "counter", costs.cpu_seconds);
        let mut gauge = |name, help, value: Option<u64>| {
            write(out, "process_", name, help, "gauge", value);
        };
        gauge("resident_memory_bytes", "Memory in use.", costs.resident_bytes);
        gauge("virtual_memory_bytes", "Addresses in use.", costs.virtual_bytes);
        gauge("threads", "Threads.", costs.threads);
        gauge("open_fds", "Open file descriptors.", costs.open_files);
        gauge("max_fds", "Most open file descriptors.", costs.most_files);
        let help = "When the gateway was started.";
        write(out, "process_", "start_time_seconds", help, "gauge", costs.started);
    }
}

/// Writes one number, if there is one.
fn write(
    out: &mut Exposition,
    prefix: &str,
    name: &str,
    help: &str,
    kind: &str,
    value: Option<impl Display>,
) {
    let Some(value) = value else { return };
    let name = format!("{prefix}{name}");
    out.head(&name, help, kind);
    out.value(&name, value);
}
