//! Which files a command line runs.

use std::collections::HashSet;

use serde_json::Value;

use super::language::Language;
use super::required::join;

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
    /// How many patterns of names were looked for.
    patterns: usize,
    /// Where the last `cd` led to.
    folder: String,
}

/// Takes a file, and the language in which it runs, where that is known.
type Add<'a> = dyn FnMut(&str, Option<Language>) + 'a;

impl<'p> Line<'p> {
    pub(super) fn of(scripts: &'p Value) -> Self {
        Self { scripts, read: HashSet::new(), run: HashSet::new(), patterns: 0, folder: String::new() }
    }

    /// Reads what a shell is given.
    pub(super) fn text(&mut self, text: &str, add: &mut Add<'_>) {
        self.inner(text, None, add);
    }

    /// Reads the words of one command.
    pub(super) fn words(&mut self, words: &[String], add: &mut Add<'_>) {
        self.command(words, None, add);
    }

    /// Reads the script of a package that a name, or a pattern such as `build:*`, stands for.
    pub(super) fn script(&mut self, name: &str, add: &mut Add<'_>) {
        let scripts = self.scripts;
        let texts: Vec<&str> = match (name.strip_suffix('*'), scripts.as_object()) {
            (Some(start), Some(all))
                if !start.is_empty() && self.patterns < LINES && self.run.insert(name.to_owned()) =>
            {
                self.patterns += 1;
                let named = all.iter().filter(|(name, _)| name.starts_with(start));
                named.filter_map(|(_, text)| text.as_str()).take(LINES).collect()
            }
            _ => match scripts[name].as_str() {
                Some(text) if self.run.insert(name.to_owned()) => vec![text],
                _ => return,
            },
        };
        texts.into_iter().for_each(|text| self.text(text, add));
    }

    /// Reads a text that stands in a line, or is one; `given` is the language of the program that it is given to.
    fn inner(&mut self, text: &str, given: Option<Language>, add: &mut Add<'_>) {
        if self.read.len() >= LINES || !self.read.insert(text.to_owned()) {
            return;
        }
        let mut next = None;
        let mut all = commands(text);
        // `cat a | node`: what is read is run by who stands behind.
        for command in all.iter_mut().rev() {
            let own = command.words.iter().find_map(|word| language_of(name_of(word)));
            command.language = if command.piped { own.or(next) } else { None };
            next = own.or(command.language);
        }
        for command in all {
            self.command(&command.words, command.language.or(given), add);
        }
    }

    fn command(&mut self, words: &[String], given: Option<Language>, add: &mut Add<'_>) {
        if let [go, folder, ..] = words
            && go == "cd"
        {
            self.folder = join(&self.folder, folder).unwrap_or_default();
        }
        let mut language = given;
        for word in words {
            if word.contains(char::is_whitespace) || word.contains('(') {
                // `sh -c "node a"`, `node -e "require('./a')"`, `NODE_OPTIONS="--require ./a"`.
                let options = word.starts_with("NODE_OPTIONS=").then_some(Language::Script);
                self.inner(word, language.or(options), add);
                continue;
            }
            self.script(word, add);
            let runs = language_of(name_of(word));
            language = runs.or(language);
            if runs.is_none() {
                self.file(word, language, add);
            }
        }
    }

    /// Takes a word that may be a file.
    fn file(&self, word: &str, language: Option<Language>, add: &mut Add<'_>) {
        // `--require=./a`, `<a`.
        let path = word.rsplit_once(['=', '<']).map_or(word, |(_, path)| path);
        let language = language.or_else(|| word.starts_with("NODE_OPTIONS=").then_some(Language::Script));
        let end = path.rsplit_once('.').map_or("", |(_, end)| end);
        let is_setting = SETTINGS.iter().any(|one| end.eq_ignore_ascii_case(one));
        if path.starts_with('-') || (language.is_none() && is_setting) {
            return;
        }
        add(path, language);
        if !self.folder.is_empty()
            && let Some(path) = join(&self.folder, path)
        {
            add(&path, language);
        }
    }
}

/// One command of a line.
#[derive(Default)]
struct Command {
    words: Vec<String>,
    /// Whether what it prints is given to the next.
    piped: bool,
    /// The language of the program that it is given to, if it is.
    language: Option<Language>,
}

/// Takes a line apart into commands, and these into words, as a shell does.
fn commands(text: &str) -> Vec<Command> {
    let (mut all, mut command, mut word) = (Vec::new(), Command::default(), String::new());
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None | Some('"'), '\\') => word.extend(chars.next()),
            (None, c) if c.is_whitespace() || "&|;()".contains(c) => {
                if !word.is_empty() {
                    command.words.push(std::mem::take(&mut word));
                }
                if !c.is_whitespace() || c == '\n' {
                    command.piped = c == '|' && chars.next_if_eq(&'|').is_none();
                    all.push(std::mem::take(&mut command));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        command.words.push(word);
    }
    all.push(command);
    all.retain(|command| !command.words.is_empty());
    all
}

/// Returns the name of a program, without where it is.
fn name_of(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn language_of(program: &str) -> Option<Language> {
    let program = &*program.to_ascii_lowercase();
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
        found.dedup();
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
            "node --run a",
            "run-s a b",
            "npm-run-all --parallel a*",
            "cat a.x | node",
            "node <a.x",
            "node -e \"require('a.x')\"",
            "NODE_OPTIONS='--require a.x' other",
            "NODE_OPTIONS=--require=a.x other",
        ] {
            assert_eq!(of(text), [("a.x".to_owned(), script)], "{text}");
        }
        for text in ["(cd b; node 'a.x')", "cd b && cat c.txt || node a.x"] {
            assert_eq!(of(text)[1], ("b/a.x".to_owned(), script), "{text}");
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

    #[test]
    fn a_flood_of_patterns_is_looked_for_within_bounds() {
        let scripts: serde_json::Map<_, _> =
            (0..20_000).map(|at| (format!("s{at}"), Value::String("echo".to_owned()))).collect();
        let scripts = Value::Object(scripts);
        let mut line = Line::of(&scripts);
        let flood: String = (0..20_000).map(|at| format!("p{at}* ")).collect();
        line.text(&flood, &mut |_, _| {});
        assert_eq!(line.patterns, LINES);
    }
}
