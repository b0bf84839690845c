//! Metrics for Prometheus. Each worker counts for itself; `/metrics` adds the counts up.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::acme::AcmeFigures;
use super::jobs::BlockingJobs;
use super::user_agent::CLIENTS;

/// Upper ends of the histogram's buckets, in microseconds.
const BUCKETS: [u64; 12] =
    [10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000, 100_000, 1_000_000, 10_000_000];
/// Classes of status codes, by the first digit.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// What one worker has counted.
pub struct Counts {
    /// By route, client and status class.
    requests: Vec<AtomicU64>,
    /// By route: the histogram's buckets. `micros` is the sum of the durations.
    buckets: Vec<[AtomicU64; BUCKETS.len() + 1]>,
    micros: Vec<AtomicU64>,
}

/// Values that all workers share.
#[derive(Debug, Default)]
pub struct SharedMetrics {
    pub connections: AtomicI64,
    pub refused_connections: AtomicU64,
    pub closed_early: AtomicU64,
    pub limited: AtomicU64,
    pub reloads: AtomicU64,
    pub reloads_failed: AtomicU64,
    pub lost_lines: AtomicU64,
    pub providers: AtomicI64,
    pub broken_providers: AtomicI64,
    /// Name and expiry of each certificate, in seconds since 1970.
    pub certificates: Mutex<Vec<(String, i64)>>,
    pub acme: AcmeFigures,
}

/// All metrics of the server.
pub struct Metrics {
    routes: Vec<String>,
    threads: Mutex<Vec<Arc<Counts>>>,
    pub shared: SharedMetrics,
}

impl Counts {
    fn new(routes: usize) -> Self {
        let requests = routes * CLIENTS.len() * CLASSES.len();
        Self {
            requests: (0..requests).map(|_| AtomicU64::new(0)).collect(),
            buckets: (0..routes).map(|_| Default::default()).collect(),
            micros: (0..routes).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Counts a request. Only the worker that owns these counts may call it, since it does not add
    /// atomically.
    pub fn count(&self, route: usize, family: usize, status: u16, took: Duration) {
        let class = usize::from(status / 100).min(CLASSES.len() - 1);
        let at = (route * CLIENTS.len() + family) * CLASSES.len() + class;
        let add = |counter: &AtomicU64, more: u64| {
            counter.store(counter.load(Ordering::Relaxed) + more, Ordering::Relaxed);
        };
        add(&self.requests[at], 1);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|end| micros <= *end).unwrap_or(BUCKETS.len());
        add(&self.buckets[route][bucket], 1);
        add(&self.micros[route], micros);
    }
}

impl Metrics {
    pub fn new(routes: Vec<String>) -> Self {
        Self { routes, threads: Mutex::default(), shared: SharedMetrics::default() }
    }

    /// New counts for another worker.
    pub fn counts(&self) -> Arc<Counts> {
        let counts = Arc::new(Counts::new(self.routes.len()));
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(Arc::clone(&counts));
        counts
    }

    /// The metrics in the OpenMetrics text format. `now` is in seconds since 1970.
    pub fn text(self: &Arc<Self>, now: i64, jobs: &BlockingJobs) -> String {
        let mut registry = Registry::with_prefix("mailwright");
        registry.register_collector(Box::new(Sums {
            metrics: Arc::clone(self),
            now,
            jobs: jobs.pools().map(|pool| (pool.name(), pool.count())),
        }));
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }
}

struct Sums {
    metrics: Arc<Metrics>,
    now: i64,
    /// The jobs of each pool.
    jobs: [(&'static str, usize); 3],
}

impl fmt::Debug for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sums")
    }
}

impl Collector for Sums {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let threads = self.metrics.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |of: &dyn Fn(&Counts) -> u64| -> u64 { threads.iter().map(|t| of(t)).sum() };
        let mut requests = encoder.encode_descriptor(
            "http_requests",
            "Requests that were answered",
            None,
            MetricType::Counter,
        )?;
        for (route, name) in self.metrics.routes.iter().enumerate() {
            for (family, client) in CLIENTS.iter().enumerate() {
                for (class, code) in CLASSES.iter().enumerate() {
                    let at = (route * CLIENTS.len() + family) * CLASSES.len() + class;
                    let count = sum(&|t| t.requests[at].load(Ordering::Relaxed));
                    if count > 0 {
                        let labels = [("route", name.as_str()), ("client", client), ("code", code)];
                        let own = requests.encode_family(&labels)?;
                        ConstCounter::new(count).encode(own)?;
                    }
                }
            }
        }
        let mut seconds = encoder.encode_descriptor(
            "http_request_duration_seconds",
            "From the request's being read to its answer's being ready",
            None,
            MetricType::Histogram,
        )?;
        for (route, name) in self.metrics.routes.iter().enumerate() {
            let counts: Vec<u64> = (0..=BUCKETS.len())
                .map(|at| sum(&|t| t.buckets[route][at].load(Ordering::Relaxed)))
                .collect();
            let total: u64 = counts.iter().sum();
            if total == 0 {
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
            let micros = sum(&|t| t.micros[route].load(Ordering::Relaxed)) as f64;
            #[expect(clippy::cast_precision_loss, reason = "at most ten million")]
            let ends = BUCKETS.iter().map(|end| *end as f64 / 1e6).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = ends.zip(counts).collect();
            let labels = [("route", name.as_str())];
            let mut own = seconds.encode_family(&labels)?;
            own.encode_histogram::<[(&str, &str); 0]>(micros / 1e6, total, &buckets, None)?;
        }
        let shared = &self.metrics.shared;
        for (name, help, value) in [
            (
                "connections_refused",
                "Connections beyond --max-connections and --max-connections-per-client",
                &shared.refused_connections,
            ),
            (
                "connections_closed_early",
                "Connections that were closed to make room, or because they held too much memory",
                &shared.closed_early,
            ),
            ("requests_limited", "Requests beyond --rate-limit", &shared.limited),
            ("reloads", "Times that changed files were read anew", &shared.reloads),
            ("reloads_failed", "Times that a changed file was not taken", &shared.reloads_failed),
            ("log_lines_lost", "Lines of the access log that were dropped", &shared.lost_lines),
        ] {
            let own = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(value.load(Ordering::Relaxed)).encode(own)?;
        }
        for (name, help, value) in shared.acme.counters() {
            let own = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(value).encode(own)?;
        }
        for (name, help, value) in [
            ("connections", "Connections that are open", &shared.connections),
            ("providers", "Providers that are served", &shared.providers),
            (
                "providers_broken",
                "Provider files that are not taken as they are",
                &shared.broken_providers,
            ),
        ] {
            let own = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value.load(Ordering::Relaxed)).encode(own)?;
        }
        let help = "Pages, images, signatures and full renderings that run or wait";
        let mut jobs = encoder.encode_descriptor("blocking_jobs", help, None, MetricType::Gauge)?;
        for (pool, count) in self.jobs {
            let labels = [("pool", pool)];
            let own = jobs.encode_family(&labels)?;
            ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX)).encode(own)?;
        }
        let mut days = encoder.encode_descriptor(
            "certificate_days_left",
            "Days until a certificate ends",
            None,
            MetricType::Gauge,
        )?;
        let mut all = shared.certificates.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.extend(shared.acme.ends());
        for (name, ends) in &all {
            let labels = [("certificate", name.as_str())];
            let own = days.encode_family(&labels)?;
            ConstGauge::new((ends - self.now).div_euclid(86_400)).encode(own)?;
        }
        Ok(())
    }
}
