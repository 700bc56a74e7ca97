//! What a place measured of a server.

use std::time::Duration;

use sigyl_core::domain::{Answered, Instances, Spread, Usage};
use sigyl_core::wire::v1::UsageView;

use super::table::{Cell, Column, Table};
use super::{Look, Role, duration, size, specimen};

/// Writes what was measured; what was not is not there.
pub(crate) fn usage(seen: &UsageView, look: &Look) -> String {
    let target = specimen(&seen.target);
    let Some(usage) = &seen.usage else {
        return format!("{target} measures nothing that Sigyl reads\n");
    };
    let mut table = Table::new([Column::left("MEASURED"), Column::flexible("VALUE")]);
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            table.push([Cell::new(Role::Dim, name), value.into()]);
        }
    };
    line("requests", usage.requests.as_deref().map(answered));
    line(
        "latency",
        usage.latency.as_ref().map(|spread| spread_of(spread, |millis| of_seconds(millis / 1_000.0))),
    );
    line("instances", usage.instances.as_ref().and_then(instances));
    line("processor", usage.processor.as_ref().map(|spread| spread_of(spread, share)));
    line("memory", usage.memory.as_ref().map(|spread| spread_of(spread, share)));
    line("paid for", usage.billed.map(|seconds| format!("{} of instances", of_seconds(seconds))));
    line("processes", usage.processes.map(|count| count.to_string()));
    line("processor time", usage.processor_time.map(of_seconds));
    line("memory held", usage.resident.map(size));
    line("since", usage.since.map(|since| since.to_string()));
    line("reaches to", usage.until.map(|until| until.to_string()));
    let lines = table.render(look);
    let mut nothing = Usage::default();
    nothing.notes.clone_from(&usage.notes);
    let measured = if *usage == nothing { "Nothing was measured, or not yet.\n".to_owned() } else { lines };
    let notes: String = usage.notes.iter().map(|note| format!("note: {}\n", specimen(note))).collect();
    let head = format!("{} at {target}, {} to {}", seen.server, seen.window.from, seen.window.to);
    format!("{head}\n\n{measured}{notes}")
}

fn answered(classes: &[Answered]) -> String {
    let each = classes.iter().map(|one| format!("{} {}", specimen(&one.class), one.count));
    each.collect::<Vec<_>>().join(", ")
}

fn instances(seen: &Instances) -> Option<String> {
    let span = match seen.step {
        Some(step) => format!("in the last {}", duration(Duration::from_secs(step))),
        None => "last".to_owned(),
    };
    let named = [
        (format!("active at most {span}"), seen.active),
        (format!("idle at most {span}"), seen.idle),
        ("at most in all".to_owned(), seen.most),
    ];
    let each = named.into_iter().filter_map(|(name, count)| Some(format!("{} {name}", count?)));
    Some(each.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
}

fn spread_of(spread: &Spread, write: impl Fn(f64) -> String) -> String {
    let named = [("p50", spread.p50), ("p95", spread.p95), ("p99", spread.p99)];
    let each = named.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", write(value?))));
    each.collect::<Vec<_>>().join(", ")
}

fn share(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Writes seconds; what is no time, as it came.
fn of_seconds(seconds: f64) -> String {
    Duration::try_from_secs_f64(seconds).map_or_else(|_| format!("{seconds} s"), duration)
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::Timestamp;

    use super::*;

    fn view(usage: &serde_json::Value) -> UsageView {
        let at = Timestamp::from_millis(1_800_000_000_000);
        serde_json::from_value(serde_json::json!({
            "server": "clock", "revision": "r1", "target": "cloud-run:demo/europe-west1",
            "window": {"from": at, "to": at}, "usage": usage,
        }))
        .unwrap()
    }

    #[test]
    fn what_was_measured_is_shown_and_nothing_else() {
        let usage = serde_json::json!({
            "until": "2027-01-15T07:57:00Z", "requests": [{"class": "2xx", "count": 12}, {"class": "5xx", "count": 1}],
            "latency": {"p50": 12.4, "p95": 800.0, "p99": null}, "instances": {"active": 1, "idle": null, "step": 1440, "most": 3},
            "processor": {"p50": 0.25, "p95": null, "p99": 0.9}, "billed": 3_661.0, "notes": ["cut"],
        });
        insta::assert_snapshot!(super::usage(&view(&usage), &Look::PLAIN), @r"
        clock at cloud-run:demo/europe-west1, 2027-01-15T08:00:00.000Z to 2027-01-15T08:00:00.000Z

        MEASURED    VALUE
        requests    2xx 12, 5xx 1
        latency     p50 12 ms, p95 800 ms
        instances   1 active at most in the last 24 m 00 s, 3 at most in all
        processor   p50 25 %, p99 90 %
        paid for    1 h 01 m of instances
        reaches to  2027-01-15T07:57:00.000Z
        note: cut
        ");
    }

    #[test]
    fn what_measures_nothing_says_so_and_shows_no_zero() {
        let none = usage(&view(&serde_json::Value::Null), &Look::PLAIN);
        assert_eq!(none, "cloud-run:demo/europe-west1 measures nothing that Sigyl reads\n");
        let empty = usage(&view(&serde_json::json!({"notes": []})), &Look::PLAIN);
        assert!(
            empty.ends_with("\n\nNothing was measured, or not yet.\n") && !empty.contains(" 0"),
            "{empty}"
        );
    }
}
