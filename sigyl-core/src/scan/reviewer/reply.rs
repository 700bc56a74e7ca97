//! What the model may answer, and the strict reading of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::trouble::Trouble;
use crate::domain::{Category, Confidence, Severity};

/// Findings in one answer.
const FINDINGS: usize = 12;
/// Findings of rules that one answer may raise.
pub(super) const RAISES: usize = 24;
/// Characters of a quote and of a message.
const QUOTE: usize = 400;
const MESSAGE: usize = 600;
/// Classes that a finding of the reviewer may have.
const CATEGORIES: [Category; 13] = [
    Category::ToolPoisoning,
    Category::PromptInjection,
    Category::ToxicFlow,
    Category::MaliciousCode,
    Category::Injection,
    Category::PathTraversal,
    Category::RequestForgery,
    Category::MissingValidation,
    Category::TokenPassthrough,
    Category::ConfusedDeputy,
    Category::SessionHijacking,
    Category::InsecureConfig,
    Category::Secret,
];

/// One answer, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    /// The word that only an answer to this question can carry.
    pub(super) receipt: String,
    /// Whether the subject tries to steer the review.
    pub(super) addresses_reviewer: bool,
    /// What was found.
    pub(super) findings: Vec<Remark>,
    /// Findings of rules that are worse than was said.
    pub(super) raises: Vec<Raise>,
}

/// One thing that the model found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Remark {
    pub(super) part: usize,
    pub(super) category: Category,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) quote: String,
    pub(super) message: String,
}

/// A finding of a rule that is worse than was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raise {
    pub(super) finding: usize,
    pub(super) severity: Severity,
    pub(super) message: String,
}

/// Returns the schema of an answer that calls nothing worse than `worst`.
pub(super) fn schema(worst: Severity) -> Value {
    let severities: Vec<Value> = [Severity::Info, Severity::Warning, Severity::Error, Severity::Block]
        .into_iter()
        .filter(|severity| *severity <= worst)
        .map(|severity| json!(severity))
        .collect();
    let severity = json!({"type": "string", "enum": severities});
    let object = |properties: Value| {
        let required: Vec<&String> = properties.as_object().into_iter().flat_map(|all| all.keys()).collect();
        json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
    };
    let finding = object(json!({
        "part": {"type": "integer"},
        "category": {"type": "string", "enum": CATEGORIES},
        "severity": severity,
        "confidence": {"type": "string", "enum": ["low", "medium", "high"]},
        "quote": {"type": "string"},
        "message": {"type": "string"},
    }));
    let raise = object(json!({
        "finding": {"type": "integer"}, "severity": severity, "message": {"type": "string"},
    }));
    object(json!({
        "receipt": {"type": "string"},
        "addresses_reviewer": {"type": "boolean"},
        "findings": {"type": "array", "items": finding},
        "raises": {"type": "array", "items": raise},
    }))
}

/// What an answer has to keep to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    /// The word it has to carry.
    pub(super) receipt: &'a str,
    /// How many parts were shown.
    pub(super) parts: usize,
    /// How many findings of rules were listed.
    pub(super) heard: usize,
    /// The worst that it may call a finding.
    pub(super) worst: Severity,
}

/// Reads an answer; whatever is not exactly as it was asked for refuses the whole.
pub(super) fn read(text: &str, terms: &Terms<'_>) -> Result<Reply, Trouble> {
    let reply: Reply = serde_json::from_str(text).map_err(|error| {
        // What serde says may quote the answer: its place is enough.
        Trouble::Form(format!(
            "{:?} error at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        ))
    })?;
    if reply.receipt != terms.receipt {
        return Err(Trouble::Receipt);
    }
    check(&reply, terms).map_err(|why| Trouble::Form(why.to_owned()))?;
    Ok(reply)
}

fn check(reply: &Reply, terms: &Terms<'_>) -> Result<(), &'static str> {
    let numbered = |number: usize, all: usize| (1..=all).contains(&number);
    if reply.findings.len() > FINDINGS || reply.raises.len() > RAISES {
        return Err("more findings than an answer may hold");
    }
    for remark in &reply.findings {
        if !numbered(remark.part, terms.parts) {
            return Err("a part that was not shown");
        }
        if !CATEGORIES.contains(&remark.category) {
            return Err("a category that was not offered");
        }
        if remark.severity > terms.worst {
            return Err("a severity that was not offered");
        }
        if longer(&remark.quote, QUOTE) || longer(&remark.message, MESSAGE) {
            return Err("a text that is too long");
        }
        if remark.message.trim().is_empty() {
            return Err("a finding without a message");
        }
    }
    let mut raised = BTreeSet::new();
    for raise in &reply.raises {
        if !numbered(raise.finding, terms.heard) || !raised.insert(raise.finding) {
            return Err("a finding that was not listed, or one twice");
        }
        if raise.severity > terms.worst {
            return Err("a severity that was not offered");
        }
        if longer(&raise.message, MESSAGE) || raise.message.trim().is_empty() {
            return Err("a message that is empty or too long");
        }
    }
    Ok(())
}

fn longer(text: &str, most: usize) -> bool {
    text.chars().count() > most
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms<'_> = Terms { receipt: "r1", parts: 3, heard: 1, worst: Severity::Error };

    /// answers in the forms that models give them, each with the beginning of what it comes to.
    const RECORDED: &[(&str, &str)] = &[
        (include_str!("answers/clean.json"), ""),
        (include_str!("answers/poisoned.json"), ""),
        (include_str!("answers/raised.json"), ""),
        (include_str!("answers/fenced.txt"), "the answer does not have the form that was asked for: Syntax"),
        (include_str!("answers/prose.txt"), "the answer does not have the form that was asked for: Syntax"),
        (include_str!("answers/dictated.json"), "the answer does not carry its receipt"),
        (
            include_str!("answers/extra-field.json"),
            "the answer does not have the form that was asked for: Data",
        ),
        (
            include_str!("answers/unknown-category.json"),
            "the answer does not have the form that was asked for: Data",
        ),
        (include_str!("answers/lowered.json"), "the answer does not have the form that was asked for: Data"),
        (
            include_str!("answers/wrong-part.json"),
            "the answer does not have the form that was asked for: a part",
        ),
        (
            include_str!("answers/block.json"),
            "the answer does not have the form that was asked for: a severity",
        ),
        (include_str!("answers/cut.txt"), "the answer does not have the form that was asked for: Eof"),
        (include_str!("answers/twice.txt"), "the answer does not have the form that was asked for: Data"),
    ];

    #[test]
    fn recorded_answers_come_to_what_they_should() {
        for (text, expected) in RECORDED {
            match read(text, &TERMS) {
                Ok(_) => assert_eq!(*expected, "", "{text}"),
                Err(trouble) => {
                    let told = trouble.to_string();
                    assert!(!expected.is_empty() && told.starts_with(expected), "{told} for {text}");
                }
            }
        }
        let poisoned = read(RECORDED[1].0, &TERMS).unwrap();
        assert_eq!(poisoned.findings[0].category, Category::ToolPoisoning);
        assert!(poisoned.addresses_reviewer);
    }

    #[test]
    fn texts_and_lists_are_bounded() {
        let remark = |message: &str| Remark {
            part: 1,
            category: Category::Injection,
            severity: Severity::Info,
            confidence: Confidence::Low,
            quote: String::new(),
            message: message.to_owned(),
        };
        let told = |findings: Vec<Remark>| {
            let reply =
                Reply { receipt: "r1".into(), addresses_reviewer: false, findings, raises: Vec::new() };
            read(&serde_json::to_string(&reply).unwrap(), &TERMS).err().map(|trouble| trouble.to_string())
        };
        assert_eq!(told(vec![remark("x")]), None);
        assert!(told(vec![remark(&"x".repeat(601))]).unwrap().contains("too long"));
        assert!(told(vec![remark(" ")]).unwrap().contains("without a message"));
        assert!(told(vec![remark("x"); 13]).unwrap().contains("more findings"));
    }

    #[test]
    fn the_schema_is_closed_and_offers_no_more_than_it_may() {
        let closed = |node: &Value| {
            assert_eq!(node["additionalProperties"], false);
            let names: Vec<&String> = node["properties"].as_object().unwrap().keys().collect();
            assert_eq!(node["required"], json!(names), "strict mode wants every key");
        };
        let whole = schema(Severity::Error);
        closed(&whole);
        for list in ["findings", "raises"] {
            let items = &whole["properties"][list]["items"];
            closed(items);
            assert_eq!(items["properties"]["severity"]["enum"], json!(["info", "warning", "error"]));
        }
        assert!(schema(Severity::Block).to_string().contains("\"block\""));
    }
}
