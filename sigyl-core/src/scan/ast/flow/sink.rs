//! What acts on what it is given: tables, and the few that need a closer look.

use super::call::Given;
use super::index;
use super::run::Flow;
use super::sinks::{CLIENTS, PROCESSES, SHELLS, VERBS, Which};
use super::value::{Source, Value, Weakness, bits};
use crate::scan::ast::form::Span;
use Weakness::{Address, Code, Command, Data, Sql, Template};

/// Tells whether a function starts a program.
pub(super) fn is_process(path: &str) -> bool {
    PROCESSES.contains(&path) || has(path, Command)
}

/// Tells whether a call asks a client of HTTP for an address.
fn is_client(path: &str, name: &str) -> bool {
    let client = path.strip_suffix(name).map(|client| client.trim_end_matches('.'));
    client.is_some_and(|client| CLIENTS.contains(&client)) && VERBS.contains(&name)
        || CLIENTS.contains(&path) && !path.ends_with("()")
}

/// Tells whether a call asks for an address.
pub(super) fn is_request(path: &str, name: &str) -> bool {
    is_client(path, name) || has(path, Address)
}

/// Tells whether a function runs the code that it is given.
pub(super) fn is_code(path: &str) -> bool {
    let timed = matches!(path, "setTimeout" | "setInterval" | "require" | "import" | "compile");
    !timed && has(path, Code)
}

/// Tells whether what is called so acts on what it is given.
pub(super) fn is_sink(path: &str) -> bool {
    index::sinks(path, None).next().is_some()
}

/// Tells whether a function is a sink of one kind.
fn has(path: &str, kind: Weakness) -> bool {
    index::sinks(path, None).any(|(.., weakness)| *weakness == kind)
}

impl Flow<'_> {
    /// Looks at what a call from here to elsewhere does with what it is given.
    pub(super) fn sinks(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let method = given.base.is_some().then(|| format!(".{name}"));
        let plain = path.strip_suffix("Sync").filter(|path| path.starts_with("fs.")).unwrap_or(path);
        for (sink, which, weakness) in index::sinks(plain, method.as_deref()) {
            self.sink(sink, *which, *weakness, path, given, span);
        }
        if PROCESSES.contains(&path) {
            self.process(path, given, span);
        }
        self.request(path, name, given, span);
        self.odd(path, name, given, span);
        self.xml(path, name, given, span);
    }

    fn sink(&mut self, sink: &str, which: Which, weakness: Weakness, path: &str, given: &Given, span: Span) {
        let values: Vec<&Value> = match which {
            Which::At(at, name) => given.get(name, at).into_iter().collect(),
            Which::Two => [given.at(0), given.at(1)].into_iter().flatten().collect(),
            Which::Every => given.args.iter().map(|(_, value)| value).collect(),
            Which::Base => given.base.iter().collect(),
        };
        for value in values {
            let stands = match weakness {
                Template => !path.contains("Sandboxed") && !is_of_class(path),
                Sql if is_part(sink) => !value.shapes.is_empty(),
                // What is called code is run elsewhere, as what it is.
                Sql if sink == ".execute" && self.is_called(value, "code") => false,
                Sql => is_query(value, sink),
                // Code in a function that is handed over is no text; one fixed module is none either.
                Code => !matches!(value.object, super::value::Object::Functions(_)),
                // A list of words is read by no shell.
                Command if sink == ".exec_command" => value.items.is_none(),
                _ => true,
            };
            if stands {
                self.reach(weakness, value, &[Source::Argument], span, path.trim_start_matches('.'));
            }
        }
    }

    /// Tells whether a value is what a caller gives under that name.
    fn is_called(&self, value: &Value, name: &str) -> bool {
        let ways = value.ways();
        !ways.is_empty() && ways.iter().all(|entry| self.origins.name(entry.origin) == name)
    }

    /// A program with its words: the program, what a shell reads, and words that may be options.
    pub(super) fn process(&mut self, path: &str, given: &Given, span: Span) {
        let is_true =
            |value: Option<&Value>| value.is_some_and(|value| !matches!(value.known(), Some("\u{1}false")));
        let shell = is_true(given.option("shell"));
        let sources = &[Source::Argument];
        let mut words: Vec<Value> = Vec::new();
        for value in given.args.iter().filter(|(name, _)| matches!(name.as_deref(), None | Some("args"))) {
            match &value.1.items {
                Some(items) => words.extend(items.iter().cloned()),
                None if value.1.fields.is_none() => words.push(value.1.clone()),
                None => {}
            }
        }
        if path == "Deno.Command" {
            // `new Deno.Command("sh", { args: […] })`.
            let more = given.args.iter().filter_map(|(_, value)| value.field("args")?.items.as_ref());
            more.for_each(|more| words.extend(more.iter().cloned()));
        }
        let Some((program, rest)) = words.split_first() else { return };
        if super::reflected::reads_program(&words.iter().collect::<Vec<_>>())
            && let Some(input) = given.option("input")
        {
            self.reach(Command, input, sources, span, path);
        }
        self.reach(Command, program, sources, span, path);
        if shell {
            rest.iter().for_each(|word| self.reach(Command, word, sources, span, path));
            return;
        }
        let runs = program.known().map(|program| program.rsplit('/').next().unwrap_or(program));
        let runs_words = runs.is_some_and(|program| SHELLS.contains(&program))
            || program.is_path().is_some_and(|path| matches!(path, "sys.executable" | "process.execPath"));
        let mut before = "";
        let mut ended = false;
        // What stands behind the host is read by a shell there.
        let afar = runs == Some("ssh");
        let mut host = false;
        for word in rest {
            let tells = matches!(
                before,
                "-c" | "-e" | "/c" | "/C" | "-Command" | "-command" | "--eval" | "-m" | "-lc" | "-ic"
            );
            if runs_words && tells {
                self.reach(Command, word, sources, span, path);
                // What stands behind a script is what it is given, whatever it looks like.
                ended |= runs.is_some_and(|program| program.ends_with("sh"));
            } else if !ended && !is_valued(before) {
                self.reach(Weakness::Option, word, sources, span, path);
            }
            if afar && host {
                self.reach(Command, word, sources, span, path);
            }
            host |= !is_valued(before) && !word.known().is_some_and(|word| word.starts_with('-'));
            ended |= word.known() == Some("--");
            before = word.known().unwrap_or("");
        }
    }

    fn request(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        if !is_client(path, name) {
            return;
        }
        let place = usize::from(matches!(name, "request" | "stream") && !path.starts_with("axios"));
        let url = given.named("url").or_else(|| given.at(place).filter(|value| value.fields.is_none()));
        let url = url.or_else(|| given.option("url"));
        if let Some(url) = url {
            let mut url = url.clone();
            if self.refuses_private(given) {
                url.taint.iter_mut().for_each(|entry| entry.bits |= bits::VOUCHED);
            }
            self.reach(Address, &url, &[Source::Argument], span, path);
        }
        self.forwards(given, span, path);
    }

    /// Tells whether a loader of YAML makes nothing but plain values: by its name, or by what it is derived from.
    fn is_safe_loader(&self, loader: &Value) -> bool {
        let safe = |name: &str| name.contains("Safe") || name.contains("Base");
        match &loader.object {
            super::value::Object::Path(path) => safe(path),
            super::value::Object::Class(class) => {
                let bases = &self.form.class(*class).bases;
                bases
                    .iter()
                    .filter_map(|base| crate::scan::ast::handlers::last_name(self.form, *base))
                    .any(|name| safe(&name))
            }
            _ => false,
        }
    }

    /// Looks at the headers of a request for the token of the caller.
    fn forwards(&mut self, given: &Given, span: Span, path: &str) {
        let headers = given.option("headers").cloned();
        if let Some(headers) = headers {
            self.reach(Weakness::Passthrough, &headers, &[Source::Token], span, path);
        }
    }

    fn odd(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let sources = &[Source::Argument];
        match path {
            "yaml.load" | "yaml.load_all" => {
                let loader = given.get("Loader", 1).cloned();
                let safe = loader.is_some_and(|loader| self.is_safe_loader(&loader));
                if let Some(value) = given.at(0).filter(|_| !safe) {
                    self.reach(Data, value, sources, span, path);
                }
            }
            "fetch"
            | "undici.fetch"
            | "httpx.AsyncClient"
            | "httpx.Client"
            | "aiohttp.ClientSession"
            | "axios.create"
            | "ky.create"
            | "got.extend" => self.forwards(given, span, path),
            // A template whose parts are quoted, and that hands one of them to a shell as its command.
            "zx.$" | "bun.$" | "execa.$" => {
                if let Some(text) =
                    given.at(0).filter(|text| text.shapes.iter().any(|shape| is_for_shell(shape)))
                {
                    self.reach(Command, &text.clone(), sources, span, path);
                }
            }
            path if path.ends_with("headers.update") => {
                if let Some(headers) = given.at(0) {
                    self.reach(Weakness::Passthrough, &headers.clone(), &[Source::Token], span, path);
                }
            }
            "Worker" | "worker_threads.Worker" => {
                let is_code = given.option("eval").and_then(Value::known) == Some("\u{1}true");
                if let Some(code) = given.at(0).filter(|_| is_code) {
                    self.reach(Code, code, sources, span, path);
                }
            }
            path if name == "search" && path.to_ascii_lowercase().contains("ldap") => {
                let filter = given.option("filter").filter(|filter| !filter.shapes.is_empty());
                if let Some(filter) = filter {
                    self.reach(Sql, filter, sources, span, path);
                }
            }
            // A schema of one's own may make functions of a text.
            "js-yaml.load" | "js-yaml.loadAll" => {
                let schema = given.option("schema").and_then(Value::is_path);
                let more =
                    schema.is_some_and(|schema| schema.ends_with("extend()") || schema.contains("FULL"));
                if let Some(value) = given.at(0).filter(|_| more) {
                    self.reach(Data, value, sources, span, path);
                }
            }
            "getattr" => {
                // The names of a class are few; those of a module are all that it can do.
                let of_module = |path: &str| {
                    path.rsplit('.')
                        .next()
                        .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
                };
                let holder = given.at(0).is_some_and(|value| {
                    value.is_path().is_some_and(|path| !path.ends_with(')') && of_module(path))
                });
                if let Some(value) = given.at(1).filter(|_| holder) {
                    self.reach(Code, value, sources, span, path);
                }
            }
            _ => {}
        }
        // A format that the caller writes reads what its values hold.
        if matches!(name, "format" | "format_map")
            && let Some(base) = &given.base
            && base.shapes.iter().all(|shape| !shape.contains('\0'))
            && !given.args.is_empty()
        {
            self.reach(Template, base, sources, span, "str.format");
        }
    }
}

/// Tells whether a command is a shell that is given a command which is not known.
fn is_for_shell(shape: &str) -> bool {
    let words: Vec<&str> = shape.split_whitespace().collect();
    let is_shell = |word: &str| SHELLS.contains(&word.rsplit('/').next().unwrap_or(word));
    // `docker exec NAME sh -c …` too.
    words.windows(3).any(|part| {
        is_shell(part[0]) && part[1].starts_with('-') && part[1].ends_with('c') && part[2].contains('\0')
    })
}

/// Tells whether a method is one of a class that makes something else of a text, such as a colour.
fn is_of_class(path: &str) -> bool {
    let holder = path.strip_suffix(".from_string").map(|holder| holder.rsplit('.').next().unwrap_or(holder));
    holder.is_some_and(|holder| {
        holder.starts_with(|c: char| c.is_ascii_uppercase())
            && !holder.ends_with(')')
            && !holder.contains("Template")
    })
}

/// Tells whether a word is an option that takes the next word for its value.
fn is_valued(word: &str) -> bool {
    const ALONE: &[&str] = &[
        "-r",
        "-R",
        "-rn",
        "-l",
        "-la",
        "-a",
        "-v",
        "-i",
        "-s",
        "-q",
        "-rf",
        "-x",
        "--recursive",
        "--verbose",
        "--quiet",
        "--stat",
        "--oneline",
        "--line-number",
        "--fixed-strings",
        "--word-regexp",
        "--ignore-case",
        "--files-with-matches",
        "--hidden",
        "--follow",
        "--name-only",
        "--name-status",
        "--numstat",
        "--porcelain",
        "--short",
        "--json",
        "--all",
        "--force",
        "--cached",
        "--staged",
        "--decorate",
        "--graph",
        "--patch",
    ];
    word.len() > 1
        && !ALONE.contains(&word)
        && !word.starts_with("--no-")
        && word.starts_with('-')
        && word != "--"
}

/// Tells whether what it is given is a part of a query, or a query of few words: it is put together if it has a form.
fn is_part(sink: &str) -> bool {
    sink.ends_with("Raw")
        || matches!(
            sink,
            ".search_s"
                | ".search_ext_s"
                | ".xpath"
                | "xpath.select"
                | "xpath.select1"
                | "ldap3.Connection().search"
        )
}

/// Tells whether a text is a query that was put together, or comes whole from elsewhere.
pub(super) fn is_query(value: &Value, sink: &str) -> bool {
    let whole = value.shapes.is_empty()
        && matches!(sink, ".execute" | ".executescript" | ".query" | "sqlalchemy.text" | ".executemany");
    let whole = whole
        && value.items.is_none()
        && value.fields.is_none()
        && value.taint.iter().all(|e| e.bits & bits::VAGUE == 0);
    whole
        || value.shapes.iter().any(|shape| {
            let text = shape.to_ascii_uppercase();
            let verb = [
                "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "REPLACE ", "WITH ", "CREATE ", "DROP ",
                "ALTER ", "PRAGMA ", "CALL ", "MATCH ", "EXEC ",
            ];
            shape.contains('\0') && verb.iter().any(|verb| text.trim_start().starts_with(verb))
                || text.contains('\0')
                    && [" WHERE ", " FROM ", " VALUES"].iter().any(|word| text.contains(word))
        })
}
