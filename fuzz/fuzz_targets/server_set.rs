//! Sets of servers: any declarations of several; they are scanned together, and the report can be read again.
#![no_main]

use std::sync::LazyLock;

use serde_json::Value;
use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{Policy, Tool};
use sigyl_core::scan::{Member, RuleSet, Scanner, ServerSet, SetReport};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::builtin().expect("the built-in rules compile"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(servers) = serde_json::from_slice::<Vec<Value>>(data) else { return };
    let tool = |one: &Value| serde_json::from_value::<Tool>(one.clone()).ok();
    let tools: Vec<Vec<Tool>> =
        servers.iter().map(|server| list(server, "tools").iter().filter_map(tool).collect()).collect();
    let members = servers.iter().zip(&tools).map(|(server, tools)| member(server, tools));
    let set = ServerSet { servers: members.collect(), unheard: Vec::new() };
    let found = Scanner::new(&RULES, Policy::default()).scan_set(&set, &SystemClock);
    let text = serde_json::to_string(&found).expect("a report is JSON");
    assert_eq!(serde_json::from_str::<SetReport>(&text).ok(), Some(found));
});

fn list<'a>(server: &'a Value, key: &str) -> &'a [Value] {
    server.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn member<'a>(server: &'a Value, tools: &'a [Tool]) -> Member<'a> {
    let text = |key: &str| server.get(key).and_then(Value::as_str);
    Member {
        name: text("name").unwrap_or("x").to_owned(),
        tools,
        prompts: list(server, "prompts"),
        resources: list(server, "resources"),
        instructions: text("instructions"),
    }
}
