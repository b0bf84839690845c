//! The result of a connection test in the text format of Prometheus (OpenMetrics 1.0).

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use crate::verify::{Step, StepOutcome};

use super::VerifyReport;

/// The media type of the text, for HTTP responses.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// How many runs there were, when the last one ended, and whether it was complete.
#[derive(Debug, Clone, Copy, Default)]
pub struct Runs {
    pub count: u64,
    /// When the last run ended, in seconds since 1970.
    pub last: f64,
    /// False if the test could not be run at all, for example without a token.
    pub complete: bool,
}

/// The metrics. Servers are labelled with type, host name, port and subject.
pub fn metrics(result: &VerifyReport, runs: Runs) -> String {
    let mut registry = Registry::with_prefix("mailwright");
    let mut gauges = |name: &str, help: &str| {
        let family = Gauges::default();
        registry.register(name, help, family.clone());
        family
    };
    let up = gauges("up", "1 if the server works, 0 if a step failed");
    let seconds = gauges("step_seconds", "How long a step took");
    let days = gauges("certificate_days_left", "Whole days until the certificate ends");
    let failed = gauges("failed", "1 for each step that failed, with its code");
    let course_up = gauges("course_up", "1 if the sign-in or the round trip worked, 0 if not");
    let course_seconds = gauges("course_seconds", "How long the sign-in or the round trip took");
    let mut gauge = |name: &str, help: &str, value: f64| {
        registry.register(name, help, ConstGauge::new(value));
    };
    let complete = f64::from(u8::from(runs.complete));
    gauge("last_run_timestamp_seconds", "When the last run ended", runs.last);
    gauge("last_run_complete", "1 if the last run could be done, 0 if not", complete);
    registry.register("runs", "How many runs there were", ConstCounter::new(runs.count));

    let set = |family: &Gauges, labels: &Labels, value: f64| {
        family.get_or_create(labels).set(value);
    };
    let note = |labels: &Labels, steps: &[Step]| {
        for step in steps {
            let with = |more: Option<(&'static str, String)>| {
                let step = ("step", step.step.to_owned());
                labels.iter().cloned().chain([step]).chain(more).collect::<Labels>()
            };
            set(&seconds, &with(None), step.took.as_secs_f64());
            if let (StepOutcome::Failed, Some(code)) = (step.outcome, step.code) {
                set(&failed, &with(Some(("code", code.name.to_owned()))), 1.0);
            }
        }
    };
    for server in &result.servers {
        let labels: Labels = vec![
            ("subject", server.subject.clone()),
            ("type", server.server_type.to_string()),
            ("hostname", server.hostname.clone()),
            ("port", server.port.to_string()),
        ];
        set(&up, &labels, f64::from(u8::from(server.works())));
        if let Some(left) = server.certificate_days {
            // A certificate's lifetime in days is exact as a float.
            set(&days, &labels, left as f64);
        }
        note(&labels, &server.steps);
    }
    for course in result.courses() {
        let labels: Labels = vec![("course", course.name.clone())];
        set(&course_up, &labels, f64::from(u8::from(course.works())));
        set(&course_seconds, &labels, course.took.as_secs_f64());
        note(&labels, &course.steps);
    }
    let mut text = String::new();
    encode(&mut text, &registry).expect("a text takes everything");
    text
}
