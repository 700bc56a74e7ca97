//! What a service says: the parts of a chat completion that count.

use serde::Deserialize;

use super::budget::Tokens;
use super::trouble::Trouble;

/// Characters of a refusal that are told.
const REFUSAL: usize = 200;

/// One chat completion. Services add fields of their own; what counts is checked by hand.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<serde_json::Value>>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

impl Answer {
    /// Returns what was taken, where the service says so.
    pub(super) fn taken(&self) -> Option<Tokens> {
        let usage = self.usage.as_ref()?;
        Some(Tokens { input: usage.prompt_tokens, output: usage.completion_tokens })
    }

    /// Returns the text of the one answer that came to its end.
    pub(super) fn text(&self) -> Result<&str, Trouble> {
        let [choice] = self.choices.as_slice() else {
            return Err(Trouble::Malformed(format!("{} choices, not one", self.choices.len())));
        };
        if let Some(refusal) = choice.message.refusal.as_ref().filter(|refusal| !refusal.is_empty()) {
            return Err(Trouble::Refused(refusal.chars().take(REFUSAL).collect()));
        }
        match choice.finish_reason.as_deref() {
            Some("stop") => {}
            Some(other) => return Err(Trouble::CutOff(other.chars().take(40).collect())),
            None => return Err(Trouble::CutOff("none".to_owned())),
        }
        if choice.message.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty()) {
            return Err(Trouble::Malformed("it calls a tool".to_owned()));
        }
        match &choice.message.content {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(Trouble::Malformed("it is empty".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(choice: &str) -> String {
        let answer: Answer = serde_json::from_str(&format!("{{\"choices\": [{choice}]}}")).unwrap();
        match answer.text() {
            Ok(text) => text.to_owned(),
            Err(trouble) => trouble.to_string(),
        }
    }

    #[test]
    fn only_one_whole_answer_counts() {
        assert_eq!(told(r#"{"message": {"content": "a"}, "finish_reason": "stop"}"#), "a");
        for (choice, expected) in [
            ("", "0 choices"),
            (r#"{"message": {"content": "a"}, "finish_reason": "length"}"#, "finish_reason length"),
            (r#"{"message": {"content": "a"}, "finish_reason": "content_filter"}"#, "content_filter"),
            (r#"{"message": {"content": "a"}}"#, "finish_reason none"),
            (
                r#"{"message": {"content": null, "refusal": "I can't"}, "finish_reason": "stop"}"#,
                "refused: I can't",
            ),
            (
                r#"{"message": {"tool_calls": [{}]}, "finish_reason": "tool_calls"}"#,
                "finish_reason tool_calls",
            ),
            (r#"{"message": {"content": "a", "tool_calls": [{}]}, "finish_reason": "stop"}"#, "calls a tool"),
            (r#"{"message": {"content": " "}, "finish_reason": "stop"}"#, "empty"),
        ] {
            assert!(told(choice).contains(expected), "{} for {choice}", told(choice));
        }
        let two = r#"{"message": {"content": "a"}, "finish_reason": "stop"}"#;
        assert!(told(&format!("{two}, {two}")).contains("2 choices"));
    }
}
