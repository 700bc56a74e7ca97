//! What needs a closer look in Go: programs, checks, arguments, addresses.

use super::call::Given;
use super::checks::host;
use super::guard::{allowed, decided, every, is_strict, lacks};
use super::run::Flow;
use super::value::{Facts, Source, Value, Weakness, bits};
use crate::scan::ast::form::{Span, Word};

/// What the first library for MCP in Go is called.
const LIBRARY: &str = "github.com/mark3labs/mcp-go/";

impl Flow<'_> {
    /// Looks at a call of Go that is more than a line of a table.
    pub(super) fn go_call(&mut self, path: &str, name: &Word, given: &Given, span: Span) -> Option<Value> {
        if let Some(value) = self.go_checks(path, name, given) {
            return Some(value);
        }
        let path = path.strip_prefix(LIBRARY).unwrap_or(path);
        let first = given.at(0);
        Some(match (path, &**name) {
            ("exec.Command", _) => self.starts_program(given, 0, span, path),
            ("exec.CommandContext", _) => self.starts_program(given, 1, span, path),
            ("exec.Cmd", _) => {
                let items = given.named("Args").and_then(|args| args.items.clone())?;
                let words =
                    Given { args: items.iter().map(|item| (None, item.clone())).collect(), base: None };
                self.starts_program(&words, 0, span, path)
            }
            ("os.Getenv" | "os.LookupEnv", _) => {
                let place = Given { args: given.args.iter().take(1).cloned().collect(), base: None };
                self.environment(&place)
            }
            ("os.Environ", _) => self.whole_environment(),
            ("os.ReadFile" | "ioutil.ReadFile" | "os.Open" | "os.OpenFile", _) => self.file(first),
            ("filepath.Join" | "path.Join", _) => self.go_path(given),
            ("filepath.Clean" | "path.Clean", _) => self.go_path(given),
            ("strings.Join", _) => {
                let parts = first.map(Value::element).unwrap_or_default();
                match first.and_then(|first| first.items.clone()) {
                    Some(items) => {
                        let between = given.at(1).cloned().unwrap_or_default();
                        let all = items.iter().flat_map(|item| [between.clone(), item.clone()]);
                        let all = all.skip(1).collect::<Vec<_>>();
                        self.joined(&all)
                    }
                    None => parts,
                }
            }
            ("append", _) => {
                let mut list = first.cloned().unwrap_or_default();
                for (_, value) in given.args.iter().skip(1) {
                    match &value.items {
                        Some(items) => items.iter().for_each(|item| list.push(item.clone())),
                        None => list.push(value.clone()),
                    }
                }
                list
            }
            ("mcp.ParseString" | "mcp.ParseArgument", _) | ("mcp.ParseStringMap", _) => {
                self.argument(first?.clone(), given.at(1), given.at(2))
            }
            (_, "GetString" | "RequireString" | "GetStringSlice" | "RequireStringSlice")
                if given.base.as_ref().is_some_and(Self::is_argument) =>
            {
                self.argument(given.base.clone()?, first, given.at(1))
            }
            (_, "Get") if is_authorization(first) => self.token(),
            (_, "Set" | "Add") if path.contains("Header.") && is_authorization(first) => {
                let token = given.at(1)?.clone();
                self.reach(Weakness::Passthrough, &token, &[Source::Token], span, path);
                Value::default()
            }
            (_, "Parse") if path.starts_with("template.") || path.starts_with("html/template.") => {
                self.reach(Weakness::Template, first?, &[Source::Argument], span, path);
                return None;
            }
            ("http.NewRequest" | "http.NewRequestWithContext", _) => {
                if let Some((_, body)) = given.args.last() {
                    self.sends_away(&body.clone(), span, path);
                }
                Value::path(format!("{path}()"))
            }
            ("http.Post" | "http.PostForm", _) => {
                if let Some((_, body)) = given.args.last() {
                    self.sends_away(&body.clone(), span, path);
                }
                return None;
            }
            (_, "ReplaceAllString") => return self.go_replaced(given),
            _ => return None,
        })
    }

    /// A program with its words, behind what is no word of it.
    fn starts_program(&mut self, given: &Given, skip: usize, span: Span, path: &str) -> Value {
        let args = given.args.iter().skip(skip).cloned().collect();
        let words = Given { args, base: None };
        self.process(path, &words, span);
        self.command(&words, span, path);
        self.output(&words)
    }

    /// One argument of a tool by its name, or what stands for it.
    fn argument(&mut self, request: Value, name: Option<&Value>, default: Option<&Value>) -> Value {
        let value = match name.and_then(Value::known) {
            Some(name) => {
                let name: Word = name.into();
                self.member(&request, &name)
            }
            None => request.element(),
        };
        match default {
            Some(default) => value.or(default),
            None => value,
        }
    }

    /// A path that was put together and cleaned: only its first part can begin at a root, and what is cleaned below
    /// the root holds no way up.
    fn go_path(&mut self, given: &Given) -> Value {
        let parts = given.args.iter().enumerate().map(|(at, (_, value))| match at {
            0 => value.clone(),
            _ => {
                let shapes = value.shapes.clone();
                Value { shapes, ..Value::of(value.ways()).with(|known| known | bits::NO_ROOT) }
            }
        });
        let parts = parts.collect::<Vec<_>>();
        let value = self.path_of(&parts, true);
        let rooted = !value.shapes.is_empty() && value.shapes.iter().all(|shape| shape.starts_with("/\0"));
        let rooted = rooted || value.shapes.iter().any(|shape| shape.starts_with("//\0"));
        if !rooted {
            return value;
        }
        let (shapes, object) = (value.shapes.clone(), value.object.clone());
        Value { shapes, object, ..value.with(|known| known | bits::NO_PARENT) }
    }

    fn go_checks(&mut self, path: &str, name: &str, given: &Given) -> Option<Value> {
        let none = Facts::new;
        let first = given.at(0);
        let (yes, no) = match (path, name) {
            ("strings.HasPrefix" | "bytes.HasPrefix", _) => match given.at(1)?.known() {
                Some("../" | "..\\") => self.begins(first?, &Value::text("..")),
                _ => self.begins(first?, given.at(1)?),
            },
            ("strings.HasSuffix", _) => (Self::ends(first?, given.at(1)?), none()),
            ("strings.Contains", _) => {
                let text = given.at(1)?.known()?.to_owned();
                (none(), lacks(self, &text, first?))
            }
            ("strings.ContainsAny", _) => {
                let text = given.at(1)?.known().unwrap_or_default();
                (none(), if text.contains('/') { lacks(self, "/", first?) } else { none() })
            }
            ("strings.ContainsRune", _) => {
                let text = given.at(1)?.known().unwrap_or_default().to_owned();
                (none(), lacks(self, &text, first?))
            }
            ("filepath.IsLocal" | "fs.ValidPath", _) => (every(first?, bits::PATH), none()),
            ("filepath.IsAbs" | "path.IsAbs", _) => (none(), every(first?, bits::NO_ROOT)),
            ("slices.Contains" | "slices.Index", _) => self.holds(first?, given.at(1)?),
            ("strings.EqualFold", _) => {
                let other = given.at(1)?;
                (if other.known().is_some() { allowed(first?) } else { none() }, none())
            }
            _ => return self.go_patterns(path, name, given),
        };
        Some(decided(yes, no))
    }

    fn go_patterns(&mut self, path: &str, name: &str, given: &Given) -> Option<Value> {
        let none = Facts::new;
        let first = given.at(0);
        let (yes, no) = match (path, name) {
            ("regexp.MatchString", _) => {
                let strict = first?.known().is_some_and(|pattern| is_strict(pattern, false));
                (if strict { allowed(given.at(1)?) } else { none() }, none())
            }
            (_, "MatchString" | "Match") => {
                let strict = given.base.as_ref()?.known().is_some_and(|pattern| is_strict(pattern, false));
                (if strict { allowed(first?) } else { none() }, none())
            }
            (
                _,
                "IsPrivate"
                | "IsLoopback"
                | "IsLinkLocalUnicast"
                | "IsUnspecified"
                | "IsLinkLocalMulticast"
                | "IsMulticast",
            ) => (none(), host(given.base.as_ref()?)),
            _ => return None,
        };
        Some(decided(yes, no))
    }

    /// A text of which all but some signs were taken out.
    fn go_replaced(&mut self, given: &Given) -> Option<Value> {
        let pattern = given.base.as_ref()?.known()?.to_owned();
        Some(Self::substituted(&pattern, given.at(0)))
    }

    /// A part of a value of Go that means something by its name.
    pub(super) fn go_member(&mut self, base: &Value, name: &str) -> Option<Value> {
        match (base.is_path(), name) {
            (Some("filepath"), "Separator") | (Some("os"), "PathSeparator") => Some(Value::text("/")),
            (Some(path), "Host") if path.starts_with("url.Parse") => {
                Some(base.made(|bits| bits | bits::HOST))
            }
            (_, "Scheme" | "RawQuery" | "Fragment" | "Path")
                if base.is_path().is_some_and(|path| path.starts_with("url.Parse")) =>
            {
                Some(base.made(|bits| bits | bits::PIECE))
            }
            _ => None,
        }
    }
}

fn is_authorization(name: Option<&Value>) -> bool {
    name.and_then(Value::known).is_some_and(|name| name.eq_ignore_ascii_case("authorization"))
}
