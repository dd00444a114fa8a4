//! Metric families: name, help and buckets. To add one, also add it to
//! `deploy/monitoring/metrics.txt`; a test compares the two.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::Registry;

use crate::label::{Labels, Word};

/// A trace that is an example of what was measured.
pub(crate) type Trace = [(&'static str, String); 1];

pub(crate) type Counts<const N: usize> = Family<Labels<N>, Counter>;
pub(crate) type Sums<const N: usize> = Family<Labels<N>, Counter<f64, AtomicU64>>;
pub(crate) type Gauges<const N: usize> = Family<Labels<N>, Gauge>;
pub(crate) type Times<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;
pub(crate) type TracedTimes<const N: usize> =
    Family<Labels<N>, HistogramWithExemplars<Trace>, fn() -> HistogramWithExemplars<Trace>>;

/// Buckets in seconds for one request to a store, the broker or the provider.
const ROUND_TRIP: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// Buckets in seconds for a task at the provider, up to the time after which it is given up.
const GENERATION: [f64; 15] = [
    1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0,
    86400.0,
];

/// Buckets in seconds for the lateness of a query.
const LATENESS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0];

/// One row for each family: its field, its type, its name and its help.
macro_rules! families {
    ($($field:ident: $type:ty = $make:ident($($argument:expr),*);)*) => {
        #[derive(Debug)]
        pub(crate) struct Families {
            $(pub(crate) $field: $type,)*
            /// Name and type of each family, also of those without a sample.
            #[cfg(test)]
            pub(crate) names: Vec<String>,
        }

        impl Families {
            pub(crate) fn registered(registry: &mut Registry) -> Self {
                let registry = registry.sub_registry_with_prefix("reelwork");
                let mut own = Own { registry, names: vec![] };
                Self {
                    $($field: own.$make($($argument),*),)*
                    #[cfg(test)]
                    names: own.names,
                }
            }
        }
    };
}

families! {
    taken: Counts<2> = add("jobs_taken", "Messages taken from a lane.");
    submitted: Counts<2> = add("jobs_submitted", "Tasks that the provider made; each is paid.");
    completed: Counts<3> = add("jobs_completed", "Jobs that ended or were parked, by outcome.");
    in_doubt: Counts<1> = add("jobs_in_doubt", "Submissions whose answer was lost.");
    duration: TracedTimes<2> = traced(
        "job_duration_seconds",
        "From the producer's publish to the outcome."
    );
    phase: TracedTimes<1> = traced(
        "job_phase_seconds",
        "Queue: publish to submitted. Generate: submitted to outcome."
    );
    responses: Counts<4> = add("provider_responses", "The provider's answers, and their loss.");
    request_duration: Times<1> = times(
        "provider_request_duration_seconds",
        "Requests to the provider, to the end of the answer."
    );
    paused: Gauges<1> = add("account_paused", "1 while the provider refuses the account.");
    look_up: Gauges<2> = add(
        "look_up",
        "1 for how far look-ups by external id may be believed; reported by pollers."
    );
    permit_requests: Counts<2> = add("permit_requests", "Slots asked for at the provider.");
    in_flight: Gauges<1> = add("tasks_in_flight", "Slots in use; reported by the leader only.");
    waiting: Gauges<1> =
        add("jobs_waiting", "Jobs that wait for slots of the pool; reported by the leader only.");
    in_flight_limit: Gauges<1> = add("tasks_in_flight_limit", "Slots there are; 0: no limit.");
    in_flight_allowed: Gauges<1> = add(
        "tasks_in_flight_allowed",
        "Slots that may be used now, by what the provider refused; reported by the leader only."
    );
    in_doubt_slots: Gauges<1> = add(
        "slots_in_doubt",
        "Slots held by doubts, of those in use; reported by the leader only."
    );
    resting: Gauges<1> = add("lane_resting", "1 while a resource's lanes are paused after errors.");
    manual_pauses: Gauges<1> =
        add("manual_pauses", "Pauses by hand in force, by what they stop; reported by workers.");
    unanswered: Counter = add(
        "broker_unanswered",
        "Requests to the broker that were not answered in time."
    );
    daily_limit: Gauge = add(
        "submissions_per_day_limit",
        "Submissions that a UTC day may have; 0: no limit."
    );
    units: Sums<2> = add("units_deducted", "What the provider says tasks took, in its units.");
    spent: Sums<1> = add("spent_usd", "What jobs that ended have cost, in US dollars, by account.");
    unpriced: Counter = add("unpriced", "Tasks that the provider made for jobs without a price.");
    due_lag: Histogram = histogram(
        "poll_due_lag_seconds",
        "How long after it was due a job was claimed for a look.",
        &LATENESS
    );
    task_age: Histogram = histogram(
        "poll_task_age_seconds",
        "Age of pending tasks when claimed for a look.",
        &GENERATION
    );
    looks: Counts<1> = add("poll_looks", "Jobs claimed for a look, by their state.");
    publishes: Counts<2> = add("publishes", "Messages handed to the broker, by outcome.");
    publish_duration: Times<1> = times(
        "publish_duration_seconds",
        "From handing a message to the broker to its confirm."
    );
    settled: Counts<2> = add("deliveries_settled", "Messages of lanes that were settled.");
    lane_depth: Gauges<1> = add("lane_depth", "Messages ready; reported by the leader only.");
    overflow_depth: Gauges<1> =
        add("overflow_depth", "Jobs in overflow queues; reported by the leader only.");
    dead_depth: Gauges<0> = add("dead_depth", "Dead letters; reported by the leader only.");
    webhooks: Counts<1> = add(
        "webhook_attempts",
        "Attempts to call a client's URL, by what follows: again, or an end."
    );
    calls: Counts<2> = add("ledger_calls", "Calls of the ledger, by result.");
    call_duration: Times<1> = times("ledger_call_duration_seconds", "Calls of the ledger.");
    open: Gauge = add("ledger_open", "0 while it is rebuilt and nothing is submitted.");
    leader: Gauge = add("leader", "1 in the process that compares journal and ledger.");
    up: Gauges<1> = add("up", "The lines of /readyz: 1 well, 0 not.");
    build: Gauges<2> = add("build_info", "The program and its role; always 1.");
}

/// Families under the program's own prefix.
struct Own<'a> {
    registry: &'a mut Registry,
    names: Vec<String>,
}

impl Own<'_> {
    fn add<M>(&mut self, name: &str, help: &str) -> M
    where
        M: EncodeMetric + Default + Clone + Debug + Send + Sync + 'static,
    {
        let metric = M::default();
        self.register(name, help, metric.clone());
        metric
    }

    fn times<const N: usize>(&mut self, name: &str, help: &str) -> Times<N> {
        self.family(name, help, || Histogram::new(ROUND_TRIP))
    }

    fn traced<const N: usize>(&mut self, name: &str, help: &str) -> TracedTimes<N> {
        self.family(name, help, || HistogramWithExemplars::new(GENERATION.into_iter()))
    }

    fn family<S, M>(&mut self, name: &str, help: &str, make: fn() -> M) -> Family<S, M, fn() -> M>
    where
        S: Clone + Hash + Eq + Debug + EncodeLabelSet + Send + Sync + 'static,
        M: EncodeMetric + TypedMetric + Debug + Send + Sync + 'static,
        fn() -> M: MetricConstructor<M>,
    {
        let family = Family::new_with_constructor(make);
        self.register(name, help, family.clone());
        family
    }

    fn histogram(&mut self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        let histogram = Histogram::new(buckets.iter().copied());
        self.register(name, help, histogram.clone());
        histogram
    }

    /// The registry ends each help with a full stop of its own.
    fn register<M>(&mut self, name: &str, help: &str, metric: M)
    where
        M: EncodeMetric + Debug + Send + Sync + 'static,
    {
        let kind = metric.metric_type();
        let suffix = if matches!(kind, MetricType::Counter) { "_total" } else { "" };
        self.names.push(format!("reelwork_{name}{suffix} {}", kind.as_str()));
        self.registry.register(name, help.trim_end_matches('.'), metric);
    }
}

pub(crate) fn took(times: &Times<1>, name: &'static str, word: Word, since: Instant) {
    times.get_or_create(&[(name, word)]).observe(since.elapsed().as_secs_f64());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::process::PROCESS;

    /// Dashboards and alerts are checked against this list.
    #[test]
    fn the_list_of_families_is_complete() {
        let told = Families::registered(&mut Registry::default()).names;
        let told: BTreeSet<_> = told.into_iter().chain(PROCESS.map(str::to_owned)).collect();
        let listed = include_str!("../../../deploy/monitoring/metrics.txt");
        assert_eq!(told, listed.lines().map(str::to_owned).collect());
    }
}
