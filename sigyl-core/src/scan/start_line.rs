//! Which files a command line runs.

use std::collections::HashSet;

use serde_json::Value;

use super::language::Language;

/// Lines that are read: a script of a package may run others.
const LINES: usize = 64;
/// Programs that run scripts.
const SCRIPTS: &[&str] = &[
    "node",
    "nodejs",
    "deno",
    "bun",
    "bunx",
    "tsx",
    "ts-node",
    "ts-node-dev",
    "ts-node-esm",
    "nodemon",
    "pm2",
    "forever",
    "babel-node",
    "esno",
    "swc-node",
    "vite-node",
    "electron",
    "node-dev",
];
/// Programs that run the scripts of a package.
const MANAGERS: &[&str] = &["npm", "yarn", "pnpm", "bun"];
/// Endings of files that are no program, whoever is given them.
const SETTINGS: &[&str] =
    &["json", "yaml", "yml", "toml", "ini", "cfg", "conf", "md", "env", "lock", "txt", "css", "html", "svg"];

/// Reads command lines.
pub(super) struct Line<'p> {
    /// The scripts of the package.
    scripts: &'p Value,
    read: HashSet<String>,
    /// The scripts that were read, by name: a line may name one many times.
    run: HashSet<String>,
}

/// Takes a file, and the language in which it runs, where that is known.
type Add<'a> = dyn FnMut(&str, Option<Language>) + 'a;

impl<'p> Line<'p> {
    pub(super) fn of(scripts: &'p Value) -> Self {
        Self { scripts, read: HashSet::new(), run: HashSet::new() }
    }

    /// Reads what a shell is given.
    pub(super) fn text(&mut self, text: &str, add: &mut Add<'_>) {
        if self.read.len() >= LINES || !self.read.insert(text.to_owned()) {
            return;
        }
        for command in commands(text) {
            self.words(&command, add);
        }
    }

    /// Reads the words of one command.
    pub(super) fn words(&mut self, words: &[String], add: &mut Add<'_>) {
        let mut language = None;
        let mut manages = false;
        for (at, word) in words.iter().enumerate() {
            let name = word.rsplit('/').next().unwrap_or(word).to_ascii_lowercase();
            if word.contains(char::is_whitespace) {
                // `sh -c "node a"`.
                self.text(word, add);
                continue;
            }
            if manages
                && let Some(script) = self.scripts[word.as_str()].as_str()
                && self.run.insert(word.clone())
            {
                self.text(script, add);
            }
            if at == 0 || language.is_none() {
                manages |= MANAGERS.contains(&&*name);
            }
            let runs = language_of(&name);
            language = runs.or(language);
            // `--require=./a`.
            let path = word.rsplit_once('=').map_or(word.as_str(), |(_, path)| path);
            let end = path.rsplit_once('.').map_or("", |(_, end)| end);
            let is_setting = SETTINGS.iter().any(|one| end.eq_ignore_ascii_case(one));
            if runs.is_none() && !path.starts_with('-') && (language.is_some() || !is_setting) {
                add(path, language);
            }
        }
    }
}

/// Takes a line apart into commands, and these into words, as a shell does.
fn commands(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut words, mut word) = (Vec::new(), Vec::new(), String::new());
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None | Some('"'), '\\') => word.extend(chars.next()),
            (None, c) if c.is_whitespace() || "&|;()".contains(c) => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                if !c.is_whitespace() || c == '\n' {
                    all.push(std::mem::take(&mut words));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    all.push(words);
    all.retain(|words| !words.is_empty());
    all
}

fn language_of(program: &str) -> Option<Language> {
    if SCRIPTS.contains(&program) {
        return Some(Language::Script);
    }
    let python = program.strip_prefix("python").or_else(|| program.strip_prefix("pypy"));
    python
        .filter(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
        .map(|_| Language::Python)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, Option<Language>)> {
        let scripts = serde_json::json!({"a": "node a.x", "loop": "npm run loop"});
        let mut found = Vec::new();
        Line::of(&scripts).text(text, &mut |path, language| found.push((path.to_owned(), language)));
        found.retain(|(path, _)| path.contains('.') && !path.ends_with(".a"));
        found
    }

    #[test]
    fn the_file_that_a_command_runs_is_found_however_it_is_run() {
        let script = Some(Language::Script);
        for text in [
            "node --no-warnings a.x",
            "env A=b npx tsx a.x",
            "sh -c 'node a.x'",
            "echo hi && node a.x",
            "npm run a",
            "pm2 start a.x",
            "node --require=a.x",
            "concurrently \"node a.x\"",
            "(cd b; node 'a.x')",
        ] {
            assert_eq!(of(text), [("a.x".to_owned(), script)], "{text}");
        }
        assert_eq!(of("uv run python3.12 -u a.foo"), [("a.foo".to_owned(), Some(Language::Python))]);
        assert_eq!(of("./bin/a.run x"), [("./bin/a.run".to_owned(), None)]);
        assert_eq!(of("pythonista a.x"), [("a.x".to_owned(), None)]);
        assert_eq!(of("tsc -p tsconfig.json"), []);
        assert_eq!(of("npm run loop"), []);
    }

    #[test]
    fn scripts_that_name_each_other_again_and_again_are_read_soon() {
        let scripts = serde_json::json!({"a": "npm run b ".repeat(40_000), "b": "npm run a ".repeat(40_000)});
        let mut line = Line::of(&scripts);
        let begun = std::time::Instant::now();
        line.text(&"npm run a b ".repeat(40_000), &mut |_, _| {});
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
        assert_eq!(line.run.len(), 2);
    }
}
