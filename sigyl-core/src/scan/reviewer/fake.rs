//! A service inside this process, with every way of failing that the real one has, and what it was asked.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::line::{ANSWER, Heard, Line};
use super::trouble::Trouble;

/// What the next call comes to.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// An answer with this content, in which `{{receipt}}` is the right one.
    Say(Value),
    /// A text as the content.
    Text(&'static str),
    /// The good content, cut off for this reason.
    Finish(&'static str),
    Refuse,
    Tool,
    /// This status, with `retry-after` in seconds.
    Status(u16, Option<u64>),
    /// This body as it is.
    Body(&'static str),
    Drop,
    Hang,
    Huge,
}

/// Answers by a script, and without one that nothing was found.
#[derive(Debug, Default)]
pub(super) struct Fake {
    script: Mutex<VecDeque<Act>>,
    asked: Mutex<Vec<(String, Value)>>,
}

impl Fake {
    pub(super) fn playing(acts: impl IntoIterator<Item = Act>) -> Self {
        Self { script: Mutex::new(acts.into_iter().collect()), asked: Mutex::default() }
    }

    /// Returns the bodies of what was asked.
    pub(super) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    /// Returns the addresses and headers of what was asked.
    pub(super) fn heads(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(head, _)| head.clone()).collect()
    }
}

/// An answer that found nothing.
pub(super) fn clean() -> Value {
    json!({"receipt": "{{receipt}}", "addresses_reviewer": false, "findings": [], "raises": []})
}

/// An answer that found what holds a release.
pub(super) fn poisoned() -> Value {
    let finding = json!({
        "part": 1, "category": "tool_poisoning", "severity": "error", "confidence": "high", "quote": "",
        "message": "It makes the model read a key.",
    });
    json!({"receipt": "{{receipt}}", "addresses_reviewer": false, "findings": [finding], "raises": []})
}

fn completion(message: &Value, finish: &str) -> Heard {
    let body = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "system_fingerprint": "f",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": null}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    });
    Heard { status: 200, wait: None, body: serde_json::to_vec(&body).unwrap() }
}

fn content(text: &str, finish: &str) -> Heard {
    completion(&json!({"role": "assistant", "content": text, "refusal": null}), finish)
}

#[async_trait]
impl Line for Fake {
    async fn exchange(&self, request: reqwest::Request) -> Result<Heard, Trouble> {
        let body: Value = serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
        let system = body["messages"][0]["content"].as_str().unwrap();
        let receipt = system.split("to be exactly ").nth(1).unwrap().split(':').next().unwrap().to_owned();
        let authorization =
            request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let head = format!("{} {} {authorization:?}", request.method(), request.url());
        self.asked.lock().unwrap().push((head, body));
        let act = self.script.lock().unwrap().pop_front().unwrap_or_else(|| Act::Say(clean()));
        let good = clean().to_string().replace("{{receipt}}", &receipt);
        Ok(match act {
            Act::Say(value) => content(&value.to_string().replace("{{receipt}}", &receipt), "stop"),
            Act::Text(text) => content(text, "stop"),
            Act::Finish(reason) => content(&good, reason),
            Act::Refuse => {
                completion(&json!({"role": "assistant", "content": null, "refusal": "I can't help"}), "stop")
            }
            Act::Tool => {
                let calls =
                    json!([{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
                completion(&json!({"role": "assistant", "content": null, "tool_calls": calls}), "tool_calls")
            }
            Act::Status(status, wait) => {
                let error = json!({"error": {"message": "injected", "type": "server_error", "code": null}});
                let body = serde_json::to_vec(&error).unwrap();
                Heard { status, wait: wait.map(Duration::from_secs), body }
            }
            Act::Body(body) => Heard { status: 200, wait: None, body: body.as_bytes().to_vec() },
            Act::Drop => return Err(Trouble::Unreachable("connection closed".into())),
            Act::Hang => std::future::pending().await,
            Act::Huge => return Err(Trouble::TooLarge(ANSWER)),
        })
    }
}
