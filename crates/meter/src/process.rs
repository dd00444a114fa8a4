//! CPU, memory and files of the process, under the usual names of Prometheus exporters.

use std::fmt;
use std::fs;
use std::sync::atomic::AtomicU64;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};

#[derive(Debug)]
pub(crate) struct Process {
    started: Gauge<f64, AtomicU64>,
}

/// Read at each scrape. On a system without `/proc`, the values are left out.
struct Usage {
    cpu_seconds: f64,
    resident_bytes: u64,
    open_files: u64,
}

impl Process {
    pub(crate) fn here() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let started = Gauge::default();
        started.set(now.map_or(0.0, |since| since.as_secs_f64()));
        Self { started }
    }
}

impl Usage {
    fn read() -> Option<Self> {
        let (user, system) = ticks(&fs::read_to_string("/proc/self/stat").ok()?)?;
        let pages: u64 = field(&fs::read_to_string("/proc/self/statm").ok()?, 1)?;
        let per_second = rustix::param::clock_ticks_per_second();
        let ticks = std::time::Duration::from_millis((user + system) * 1000 / per_second.max(1));
        Some(Self {
            cpu_seconds: ticks.as_secs_f64(),
            resident_bytes: pages * u64::try_from(rustix::param::page_size()).unwrap_or(4096),
            open_files: u64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()?,
        })
    }
}

/// User and system time. The second field is the program's name in parentheses, which may hold
/// spaces and parentheses itself.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let (_, rest) = stat.rsplit_once(')')?;
    Some((field(rest, 11)?, field(rest, 12)?))
}

fn field(text: &str, index: usize) -> Option<u64> {
    text.split_ascii_whitespace().nth(index)?.parse().ok()
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut put = |name, help, kind, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, None, kind)?)
        };
        let gauge = MetricType::Gauge;
        put("process_start_time_seconds", "When the process began.", gauge, &self.started)?;
        let Some(usage) = Usage::read() else {
            return Ok(());
        };
        let cpu = ConstCounter::new(usage.cpu_seconds);
        put("process_cpu_seconds", "Processor time used.", MetricType::Counter, &cpu)?;
        let memory = ConstGauge::new(usage.resident_bytes);
        put("process_resident_memory_bytes", "Memory in use.", gauge, &memory)?;
        let files = ConstGauge::new(usage.open_files);
        put("process_open_fds", "Open file descriptors.", gauge, &files)
    }
}

/// Names and types.
#[cfg(test)]
pub(crate) const PROCESS: [&str; 4] = [
    "process_cpu_seconds_total counter",
    "process_open_fds gauge",
    "process_resident_memory_bytes gauge",
    "process_start_time_seconds gauge",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_hides_no_field() {
        let stat = "1 (a) (b c) S 1 1 1 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 1 0 5";
        assert_eq!(ticks(stat), Some((250, 50)));
        assert_eq!(ticks("1 (a"), None);
    }

    #[test]
    fn this_process_uses_memory_and_files() {
        let usage = Usage::read().unwrap();
        assert!(usage.resident_bytes > 1 << 20 && usage.open_files > 2);
        assert!(usage.cpu_seconds < 1000.0);
    }
}
