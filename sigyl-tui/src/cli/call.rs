//! `sigyl call`: calls one tool of a running server.

use std::fs::File;
use std::io::Read as _;

use serde_json::Value;
use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::Request;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::specimen_lines;

const EXAMPLES: &str = "\
Examples:
  sigyl call clock now
      Call a tool without arguments; its text is shown.
  sigyl call clock convert '{\"time\": \"12:00\", \"to\": \"Asia/Tokyo\"}' --format json
      With arguments; the whole result as one document.

Every user of this machine can read a command line: what is private goes through - or @FILE.";

/// Bytes of arguments at most.
const LIMIT: u64 = 16 << 20;

/// Call a tool of a running server
///
/// A tool that reports an error ends it with exit code 3.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// The tool
    tool: String,
    /// Its arguments, a JSON object; `-` reads them from standard input, `@FILE` from a file
    #[arg(value_name = "JSON", default_value = "{}", hide_default_value = true)]
    arguments: String,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let arguments = arguments(self.arguments)?;
        let request = Request::Call { name: self.name, tool: self.tool, arguments };
        let result: Value = cx.ask(request).await?;
        let failed = result.get("isError").and_then(Value::as_bool).unwrap_or(false);
        if cx.output.is_json() {
            cx.output.document("sigyl.call/1", &serde_json::json!({ "result": result }))?;
        } else {
            cx.output.print(&text(&result))?;
        }
        if failed {
            cx.output.note("The tool reported an error.");
        }
        Ok(if failed { Exit::Failed } else { Exit::Well })
    }
}

fn arguments(given: String) -> Result<Value, Problem> {
    let wrong =
        |message: String| Problem::wrong_use("E0001", message, "write one JSON object, such as '{\"a\": 1}'");
    let unread = |from: &str, error: std::io::Error| {
        wrong(format!("could not read the arguments from {from}: {error}"))
    };
    let text = match given.strip_prefix('@') {
        Some(path) => read(File::open(path).map_err(|error| unread(path, error))?)
            .map_err(|error| unread(path, error))?,
        None if given == "-" => {
            read(std::io::stdin().lock()).map_err(|error| unread("standard input", error))?
        }
        None => given,
    };
    if text.len() as u64 > LIMIT {
        return Err(wrong("the arguments are larger than 16 MiB".to_owned()));
    }
    match serde_json::from_str(&text) {
        Ok(Value::Object(map)) => Ok(Value::Object(map)),
        Ok(_) => Err(wrong("the arguments are JSON, but not an object".to_owned())),
        Err(error) => Err(wrong(format!("the arguments are no JSON: {error}"))),
    }
}

/// Reads a little more than may come, so that what is too long is seen.
fn read(from: impl std::io::Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(LIMIT + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// The text of a result, and a line for each part that is not text.
fn text(result: &Value) -> String {
    let Some(parts) = result.get("content").and_then(Value::as_array) else {
        return format!("{}\n", specimen_lines(&format!("{result:#}")));
    };
    let mut shown = String::new();
    for part in parts {
        match (part.get("type").and_then(Value::as_str), part.get("text").and_then(Value::as_str)) {
            (Some("text"), Some(text)) => shown.push_str(&specimen_lines(text)),
            (kind, _) => {
                let kind = specimen_lines(kind.unwrap_or("unknown"));
                shown.push_str(&format!("[{kind}; --format json shows it]"));
            }
        }
        shown.push('\n');
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_an_object() {
        assert_eq!(arguments("{\"a\":1}".to_owned()).unwrap(), json!({"a": 1}));
        for text in ["", "[1]", "{a:1}", "1"] {
            assert!(arguments(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn arguments_can_stand_in_a_file_that_only_their_owner_reads() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("args.json");
        let at = format!("@{}", file.display());
        let error = arguments(at.clone()).unwrap_err().failure.message;
        assert!(error.contains("args.json"), "{error}");
        std::fs::write(&file, "{\"a\": 1}\n").unwrap();
        assert_eq!(arguments(at.clone()).unwrap(), json!({"a": 1}));
        std::fs::write(&file, format!("{{\"a\": \"{}\"}}", "x".repeat(16 << 20))).unwrap();
        assert!(arguments(at).unwrap_err().failure.message.contains("larger than 16 MiB"));
    }

    #[test]
    fn text_is_shown_and_the_rest_is_named() {
        let result = json!({"content": [
            {"type": "text", "text": "12:00\u{1b}[2J\nTokyo"},
            {"type": "image", "data": "AAAA", "mimeType": "image/png"},
        ]});
        assert_eq!(text(&result), "12:00⟦ESC⟧[2J\nTokyo\n[image; --format json shows it]\n");
    }
}
