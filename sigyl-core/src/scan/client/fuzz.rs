//! What the fuzz target of client configurations drives: the reader of each syntax, held against a strict one.

use serde_json::Value as Json;

use super::config::{ClientConfig, tree};
use super::known::Scope;
use super::secret::literals;
use super::tree::{Node, Value};

/// Depth to which a strict reader has to agree.
const DEPTH: usize = 60;

/// Reads a configuration: what a strict reader takes is read whole and as the same, everything has a place in the text,
/// and what is printed of a server is the same however often.
///
/// # Panics
///
/// When one of these does not hold: that is what the fuzzer looks for.
pub fn configuration(path: &str, text: &str) {
    let (root, broken) = tree(path, text);
    placed(&root, text);
    if path.ends_with(".json") {
        strict(text, &root, broken.is_some());
    }
    let lines = text.matches('\n').count() + 1;
    let config = ClientConfig::read("some", Scope::User, path, text);
    for defect in &config.defects {
        assert!(
            (1..=lines).contains(&(defect.line as usize)),
            "line {} of {lines}: {}",
            defect.line,
            defect.why
        );
    }
    for server in &config.servers {
        let of = |map: &std::collections::BTreeMap<String, (String, u32)>| {
            map.values().map(|(_, line)| *line).collect::<Vec<_>>()
        };
        let args = server.args.iter().map(|(_, line)| *line);
        let all = args.chain(of(&server.env)).chain(of(&server.headers)).chain([server.line]);
        all.for_each(|line| assert!((1..=lines).contains(&(line as usize)), "line {line} of {lines}"));
        assert_eq!((server.pin(), server.shown()), (server.pin(), server.shown()));
        std::hint::black_box(literals(server));
    }
}

/// Holds that what is read is what a strict reader reads, of which the last member of a name counts.
fn strict(text: &str, root: &Node, broken: bool) {
    let Ok(value) = serde_json::from_str::<Json>(text) else { return };
    if depth(&value) <= DEPTH {
        assert!(!broken, "it is JSON, and was not read whole: {text:?}");
        same(root, &value);
    }
}

fn depth(value: &Json) -> usize {
    match value {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn same(node: &Node, value: &Json) {
    match (&node.value, value) {
        (Value::Null, Json::Null) => {}
        (Value::Bool(one), Json::Bool(other)) => assert_eq!(one, other),
        (Value::Number(one), Json::Number(other)) => {
            assert_eq!(one.parse::<f64>().ok(), other.to_string().parse::<f64>().ok());
        }
        (Value::Text(one), Json::String(other)) => assert_eq!(one, other),
        (Value::List(one), Json::Array(other)) => {
            assert_eq!(one.len(), other.len());
            one.iter().zip(other).for_each(|(one, other)| same(one, other));
        }
        (Value::Map(_), Json::Object(other)) => {
            for (name, value) in other {
                let Some(node) = node.get(&[name]) else { panic!("`{name}` is not read") };
                same(node, value);
            }
        }
        (one, other) => panic!("{other} is read as {one:?}"),
    }
}

fn placed(node: &Node, text: &str) {
    assert!(text.is_char_boundary(node.at), "a value at {} of {}", node.at, text.len());
    node.items().iter().for_each(|item| placed(item, text));
    for (_, at, value) in node.members() {
        assert!(text.is_char_boundary(*at), "a name at {at} of {}", text.len());
        placed(value, text);
    }
}
