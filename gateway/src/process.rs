//! The costs of the process, under the names that Prometheus uses.

use std::{fs, time::SystemTime};

/// What the system reports of this process; `None` where it reports nothing
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Costs {
    pub(crate) cpu_seconds: Option<f64>,
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) virtual_bytes: Option<u64>,
    pub(crate) threads: Option<u64>,
    pub(crate) open_files: Option<u64>,
    pub(crate) most_files: Option<u64>,
    pub(crate) started: Option<f64>,
}

/// The units of time in `/proc/PID/stat` in a second: `USER_HZ`, which is 100 on every platform
/// here.
const TICKS: f64 = 100.0;

impl Costs {
    /// Reads `/proc/self`; without it, the result is empty.
    pub(crate) fn now(started: SystemTime) -> Self {
        let since = started.duration_since(SystemTime::UNIX_EPOCH);
        let files = fs::read_dir("/proc/self/fd").map(|files| files.count() as u64);
        Self {
            // One of the files is the folder that is being read.
            open_files: files.ok().map(|files| files.saturating_sub(1)),
            started: since.ok().map(|since| since.as_secs_f64()),
            ..Self::read(
                &fs::read_to_string("/proc/self/stat").unwrap_or_default(),
                &fs::read_to_string("/proc/self/status").unwrap_or_default(),
                // The system call for it is not allowed under the filter of the service's unit.
                &fs::read_to_string("/proc/self/limits").unwrap_or_default(),
            )
        }
    }

    /// Reads the texts of `stat`, `status` and `limits`.
    fn read(stat: &str, status: &str, limits: &str) -> Self {
        // The name of the program, in parentheses, may contain any character.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks = |at: usize| fields.split_whitespace().nth(at)?.parse::<f64>().ok();
        let line = |name: &str| {
            let mut lines = status.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            value.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        Self {
            // utime and stime, the 14th and 15th field.
            cpu_seconds: ticks(11).zip(ticks(12)).map(|(user, system)| (user + system) / TICKS),
            resident_bytes: line("VmRSS").map(|kilobytes| kilobytes << 10),
            virtual_bytes: line("VmSize").map(|kilobytes| kilobytes << 10),
            threads: line("Threads"),
            most_files: files.and_then(|rest| rest.split_whitespace().next()?.parse().ok()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_writes_is_read() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20 0 4 0 99 1000 10 0";
        let status = "Name:\ta) b\nVmSize:\t    2048 kB\nVmRSS:\t     100 kB\nThreads:\t4\n";
        let limits = "Max processes   9   9   processes\nMax open files            1024      4096      files\n";
        let costs = Costs::read(stat, status, limits);
        assert_eq!(costs.cpu_seconds, Some(1.75));
        assert_eq!((costs.resident_bytes, costs.virtual_bytes), (Some(102_400), Some(2 << 20)));
        assert_eq!((costs.threads, costs.most_files), (Some(4), Some(1024)));
        assert_eq!(Costs::read("", "VmRSS: many kB", "Max open files unlimited"), Costs::default());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_costs_something() {
        let costs = Costs::now(SystemTime::now());
        assert!(costs.cpu_seconds.is_some_and(|seconds| seconds >= 0.0), "{costs:?}");
        assert!(costs.resident_bytes.is_some_and(|bytes| bytes > 100_000), "{costs:?}");
        assert!(costs.virtual_bytes > costs.resident_bytes, "{costs:?}");
        assert!(costs.threads.is_some_and(|threads| threads > 0), "{costs:?}");
        assert!(costs.open_files.is_some_and(|files| files >= 3), "{costs:?}");
        assert!(costs.most_files > costs.open_files, "{costs:?}");
    }
}
