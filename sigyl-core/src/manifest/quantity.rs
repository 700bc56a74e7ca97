//! Numbers with units: processors, memory, time.

use super::node::{Node, Value};

/// Says what may be written, for messages.
pub(super) const CPU: &str = "write a number such as 0.5, or thousandths such as 250m";
pub(super) const MEMORY: &str = "write bytes, or a number with Ki, Mi, Gi, k, M or G, such as 512Mi";
pub(super) const SECONDS: &str = "write seconds, or a number with s, m or h, such as 30s";

/// Processors: a positive number up to 1024, or thousandths with `m`.
pub(super) fn cpu(node: &Node) -> Option<f64> {
    let text = written(node)?;
    let cpu = match text.strip_suffix('m') {
        Some(thousandths) => whole(thousandths)? as f64 / 1000.0,
        None => plain_decimal(text)?,
    };
    (cpu > 0.0 && cpu <= 1024.0).then_some(cpu)
}

/// Bytes of memory, up to 16 TiB.
pub(super) fn memory(node: &Node) -> Option<u64> {
    let bytes = with_unit(
        written(node)?,
        &[
            ("Ki", 1 << 10),
            ("Mi", 1 << 20),
            ("Gi", 1 << 30),
            ("k", 1000),
            ("M", 1_000_000),
            ("G", 1_000_000_000),
        ],
    )?;
    (1..=16 << 40).contains(&bytes).then_some(bytes)
}

/// Seconds, up to a day.
pub(super) fn seconds(node: &Node) -> Option<u64> {
    let seconds = with_unit(written(node)?, &[("s", 1), ("m", 60), ("h", 3600)])?;
    (1..=86_400).contains(&seconds).then_some(seconds)
}

fn written(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) | Value::Number(_, text) => Some(text),
        _ => None,
    }
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (number, factor) = unit.unwrap_or((text, 1));
    whole(number)?.checked_mul(factor)
}

fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // Digits alone fail only when there are too many of them.
    digits.then(|| text.parse().ok()).flatten()
}

fn plain_decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.len() <= 20;
    // Digits and points that are no number are no quantity.
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::problem::Place;
    use super::*;

    fn node(text: &str) -> Node {
        Node::text(Place::file("f"), text)
    }

    #[test]
    fn units_are_read() {
        let mega = 1 << 20;
        for (text, bytes) in [("512Mi", 512 * mega), ("1Gi", 1024 * mega), ("1000", 1000), ("2k", 2000)] {
            assert_eq!(memory(&node(text)), Some(bytes), "{text}");
        }
        for (text, expected) in [("250m", 0.25), ("1", 1.0), ("0.5", 0.5), (".5", 0.5)] {
            assert_eq!(cpu(&node(text)), Some(expected), "{text}");
        }
        for (text, expected) in [("30s", 30), ("300", 300), ("5m", 300), ("1h", 3600)] {
            assert_eq!(seconds(&node(text)), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        let huge = "9".repeat(30);
        for text in ["", "0", "-1", "x", "1.5Gi", "Mi", "1 Gi", "99999Gi", "0x10", huge.as_str(), "1e3", "+1"]
        {
            assert_eq!(memory(&node(text)), None, "{text}");
        }
        for text in ["", "0", "-1", "m", "1.5m", "2000", "inf", "nan", "1e1", ".", "0.0"] {
            assert_eq!(cpu(&node(text)), None, "{text}");
        }
        for text in ["", "0", "2d", "25h", "1.5", "s"] {
            assert_eq!(seconds(&node(text)), None, "{text}");
        }
    }
}
