//! What Monitoring measured, as its lists tell it.

use serde_json::{Value, json};

use super::fake::refusal;
use super::project::{Project, name};
use crate::deploy::Target as _;
use crate::domain::{Answered, Instances, RevisionId, Spread, Timestamp, Usage, Window};

fn window() -> Window {
    Window::before(Timestamp::parse("2026-11-28T05:00:00Z").unwrap(), 3_600).unwrap()
}

async fn usage(project: &Project) -> Result<Usage, crate::deploy::TargetError> {
    let revision = RevisionId::parse("r1").unwrap();
    Ok(project.target.usage(&name(), &revision, window()).await?.unwrap())
}

fn series(metric: &str, label: (&str, &str), points: &[(&str, Value)]) -> Value {
    let point = |(minute, value): &(&str, Value)| {
        let at = format!("2026-11-28T04:{minute}:00Z");
        json!({"interval": {"startTime": at, "endTime": at}, "value": value})
    };
    json!({
        "metric": {"type": format!("run.googleapis.com/{metric}"), "labels": {label.0: label.1}},
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "x", "location": "europe-west1"}},
        "points": points.iter().map(point).collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn what_monitoring_holds_is_told_and_the_rest_is_absent() {
    let project = Project::new();
    let counts = |count: &str| json!({"int64Value": count});
    project.world(|world| {
        world.series = vec![
            series(
                "request_count",
                ("response_code_class", "2xx"),
                &[("57", counts("7")), ("56", counts("5"))],
            ),
            series("request_count", ("response_code_class", "5xx"), &[("56", counts("1"))]),
            series(
                "container/instance_count",
                ("state", "active"),
                &[("57", counts("1")), ("56", counts("3"))],
            ),
            series("container/instance_count", ("state", "idle"), &[("57", counts("1"))]),
            series("request_latencies", ("", ""), &[("59", json!({"doubleValue": 12.5}))]),
            series("container/billable_instance_time", ("", ""), &[("57", json!({"doubleValue": 60.5}))]),
        ];
    });
    let seen = usage(&project).await.unwrap();
    let classes = [("2xx", 12), ("5xx", 1)].map(|(class, count)| Answered { class: class.to_owned(), count });
    assert_eq!(seen.requests, Some(classes.to_vec()));
    assert_eq!(
        seen.instances,
        Some(Instances { active: Some(1), idle: Some(1), step: Some(60), most: Some(3) })
    );
    assert_eq!(seen.latency, Spread::of(Some(12.5), Some(12.5), Some(12.5)));
    assert_eq!((seen.billed, seen.processor, seen.memory, seen.resident), (Some(60.5), None, None, None));
    let reaches = Timestamp::parse("2026-11-28T04:57:00Z").unwrap();
    assert_eq!((seen.until, seen.notes.len()), (Some(reaches), 0), "not what was asked for the hour as one");
    let asked = project.house.fake.asked();
    let lists: Vec<&str> = asked
        .iter()
        .filter(|asked| asked.path.contains("/timeSeries"))
        .map(|asked| asked.path.as_str())
        .collect();
    assert_eq!(lists.len(), 12);
    let of = |part: &str| lists.iter().filter(|path| path.contains(part)).count();
    assert_eq!(
        (of("alignmentPeriod=60s"), of("alignmentPeriod=3600s"), of("REDUCE_PERCENTILE_95")),
        (3, 9, 3)
    );
    assert_eq!(project.world(|world| world.refused.clone()), Vec::<String>::new());
}

#[tokio::test]
async fn a_service_that_nothing_was_measured_of_has_no_zeroes() {
    assert_eq!(usage(&Project::new()).await.unwrap(), Usage::default());
}

#[tokio::test]
async fn who_may_not_read_it_is_told_the_role() {
    let project = Project::new();
    let message = "Permission 'monitoring.timeSeries.list' denied on resource '//monitoring'";
    let (status, body) = refusal(403, "PERMISSION_DENIED", message, &json!([]));
    project.house.fake.change(|state| {
        state.faults.push(super::fake::Fault { path: "/timeSeries", status, body, times: 99 });
    });
    let error = usage(&project).await.unwrap_err().to_string();
    assert!(error.contains("monitoring.projects.timeSeries.list was refused"), "{error}");
    assert!(error.contains("--role roles/monitoring.viewer"), "{error}");
}
