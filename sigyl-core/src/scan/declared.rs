//! Tells by what stands before a string whether a server declares it to models: a description or an instruction.

/// Calls whose second argument describes a tool or prompt.
const CALLS: [&str; 5] = [".tool", ".registerTool", ".addTool", ".prompt", ".registerPrompt"];
/// Decorators that make a function's docstring a description.
const DECORATORS: [&str; 3] = ["tool", "prompt", "resource"];

/// Tells whether the string that follows `before` is shown to models.
pub(super) fn is_shown_to_models(before: &str) -> bool {
    let near = tail(before, 80).trim_end();
    let near = near.trim_end_matches(['f', 'r', 'b', 'u', 'F', 'R']).trim_end();
    // Most strings stand behind something else, and that is told at once.
    if !near.ends_with([':', '=', '(', ',', '"', '\'', '`']) {
        return false;
    }
    is_value_of_description(near) || is_second_argument_of_tool(near) || is_docstring_of_tool(before, near)
}

fn is_value_of_description(near: &str) -> bool {
    let named = near.trim_end_matches([':', '=', '(', ' ', '"', '\'', '`']);
    let ends = |word: &str| {
        let last = named.len().checked_sub(word.len()).and_then(|at| named.get(at..));
        last.is_some_and(|last| last.eq_ignore_ascii_case(word))
    };
    named.len() < near.len() && ["description", "describe", "instructions"].into_iter().any(ends)
}

fn is_second_argument_of_tool(near: &str) -> bool {
    let Some(first) = near.strip_suffix(',').map(str::trim_end) else { return false };
    let Some(open) = first.rfind('(') else { return false };
    let (callee, argument) = (first[..open].trim_end(), first[open + 1..].trim());
    CALLS.iter().any(|name| callee.ends_with(name)) && argument.starts_with(['"', '\'', '`'])
}

/// Tells whether the string opens the body of a function that a decorator makes a tool or prompt.
fn is_docstring_of_tool(before: &str, near: &str) -> bool {
    if !near.ends_with(':') {
        return false;
    }
    let before = tail(before, 2_000);
    // Few texts hold a decorator, with which a line begins, and that is told at once.
    let begins_line =
        |at: usize| before[..at].rsplit('\n').next().is_some_and(|line| line.trim_start().is_empty());
    if !memchr::memrchr_iter(b'@', before.as_bytes()).any(begins_line) {
        return false;
    }
    let is_def = |&at: &usize| before.as_bytes()[..at].ends_with(b"de") && before[at + 1..].starts_with(' ');
    let Some(def) = memchr::memrchr_iter(b'f', before.as_bytes()).find(is_def).map(|at| at - 2) else {
        return false;
    };
    let above = before[..def].trim_end();
    let above = above.strip_suffix("async").unwrap_or(above).trim_end();
    let decorates = |line: &&str| {
        let line = line.trim();
        line.starts_with(['@', ')', '#']) || line.ends_with([',', '('])
    };
    above.rsplit('\n').take_while(decorates).take(12).any(|line| {
        let line = line.trim_start();
        line.starts_with('@') && DECORATORS.iter().any(|word| line.contains(word))
    })
}

fn tail(text: &str, length: usize) -> &str {
    &text[text.floor_char_boundary(text.len().saturating_sub(length))..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_declares_is_known_in_each_language() {
        for before in [
            "server.tool('add', ",
            "server.registerTool(\n  \"add\",\n  ",
            "  description: ",
            "{\"description\": ",
            "z.string().describe(",
            "#[tool(description = ",
            "mcp.WithDescription(",
            "FastMCP('x', instructions=",
            "@mcp.tool()\ndef add(a: int) -> int:\n    ",
            "@mcp.tool(\n    name='x',\n)\nasync def add(a):\n    ",
            "@server.prompt\n# note\ndef ask():\n    r",
        ] {
            assert!(is_shown_to_models(before), "{before:?}");
        }
        for before in [
            "console.log(",
            "const name = ",
            "def add(a):\n    ",
            "@cache\ndef add(a):\n    ",
            "f('a', ",
            "case x:\n",
        ] {
            assert!(!is_shown_to_models(before), "{before:?}");
        }
    }
}
