//! Writes the entry of one server as a client wants it.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::client::{Asks, Client, Names};
use super::risk::{self, Risk};
use super::value::{Asked, Text};
use super::way::{self, Choice, Way};
use super::word::shell_word;
use crate::domain::{DocumentName, Kind};
use crate::registry::document::Document;

/// What goes into a client's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name of the server there.
    pub name: String,
    /// What stands under that name.
    pub body: Map<String, Value>,
    /// Questions that the client asks its user, for clients that have a list of them.
    pub inputs: Vec<Value>,
    /// The command or address, for a person to read before it is put in.
    pub shown: String,
    /// The variables and headers that it is given, each with who says its value.
    pub given: Vec<Given>,
    /// What of it gives the server more than a server needs.
    pub risks: Vec<Risk>,
    /// What the user has to do besides.
    pub notes: Vec<String>,
}

/// A variable or header that a server is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// The value that the document sets; nothing when its user says it.
    pub value: Option<String>,
}

/// A document cannot become an entry.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// It names nothing to install.
    #[error("{name} has no {what}")]
    Nothing {
        /// The document.
        name: DocumentName,
        /// What it does not have.
        what: &'static str,
    },
    /// No client can start such a package.
    #[error("`{identifier}` is a package from {kind}, which no client can start by a command")]
    NoStarter {
        /// The kind of registry.
        kind: String,
        /// The package.
        identifier: String,
    },
    /// The package is a server that listens, and clients do not start those.
    #[error("`{identifier}` does not speak over its standard streams: start it, and use its address")]
    NotStdio {
        /// The package.
        identifier: String,
    },
    /// It is reached by the older kind of stream alone, which the client does not speak.
    #[error("{name} streams its answers in the older way (sse), which {client} does not speak")]
    Streams {
        /// The document.
        name: DocumentName,
        /// The client.
        client: &'static str,
    },
    /// Something in it cannot stand in a configuration.
    #[error("{what} holds a control character, which no configuration should")]
    Control {
        /// What.
        what: &'static str,
    },
}

impl InstallError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// Writes the entry of a document for a client; `named` is another name for it there.
pub fn entry(
    document: &Document,
    client: &Client,
    choice: Choice,
    named: Option<&str>,
) -> Result<Entry, InstallError> {
    let mut way = Way::of(document, choice, client)?;
    let expanded = way.texts().into_iter().filter_map(|text| risk::of_text(&text.write(|_| String::new())));
    let expanded: Vec<_> = expanded.collect();
    if client.style.url.is_none() {
        way = way.bridged();
    }
    check(&way)?;
    let own = match client.full_names {
        true => document.name().to_string(),
        false => plain_name(&way::short(document)),
    };
    let name = named.map_or(own, str::to_owned);
    let mut asked: Vec<Asked> = Vec::new();
    for question in way.texts().into_iter().flat_map(Text::asked) {
        if !asked.iter().any(|known| known.name == question.name) {
            asked.push(question.clone());
        }
    }
    let inputs = match client.asks {
        Asks::Inputs => asked.iter().map(input).collect(),
        _ => Vec::new(),
    };
    let body = match client.asks {
        Asks::Names(names) => named_variables(body(&way, client, &name), &way, client, names),
        _ => body(&way, client, &name),
    };
    let (shown, given, mut risks) = (shown(&way), given(&way), way.risks());
    risks.extend(expanded);
    let notes = notes(client, &asked, &body);
    Ok(Entry { shown, given, risks, notes, name, body, inputs })
}

fn check(way: &Way) -> Result<(), InstallError> {
    let odd = |text: &str| text.chars().any(char::is_control);
    let texts = way.texts().iter().any(|text| odd(&text.write(|_| String::new())));
    let names = match way {
        Way::Command { program, env, .. } => odd(program) || env.iter().any(|(name, _)| odd(name)),
        Way::Address { headers, .. } => headers.iter().any(|(name, _)| odd(name)),
    };
    match (texts, names) {
        (true, _) => Err(InstallError::Control { what: "a value" }),
        (_, true) => Err(InstallError::Control { what: "a name" }),
        _ => Ok(()),
    }
}

/// The name of a server as every client takes it.
fn plain_name(short: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let name: String = short.chars().map(plain).take(64).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "server".to_owned() } else { name.to_owned() }
}

fn body(way: &Way, client: &Client, name: &str) -> Map<String, Value> {
    let style = client.style;
    let text = |text: &Text| Value::String(text.write(|asked| mark(asked, client.asks)));
    let pairs = |pairs: &[(String, Text)]| -> Value {
        pairs.iter().map(|(name, value)| (name.clone(), text(value))).collect::<Map<_, _>>().into()
    };
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    let place = match way {
        Way::Command { .. } => 0,
        Way::Address { is_sse: false, .. } => 1,
        Way::Address { is_sse: true, .. } => 2,
    };
    if style.says_name {
        put("name", name.into());
    }
    if let Some((member, words)) = style.kind {
        put(member, words[place].into());
    }
    if style.says_enabled {
        put("enabled", true.into());
    }
    if style.says_tools {
        put("tools", json!(["*"]));
    }
    match way {
        Way::Command { program, args, env, .. } => {
            let args = args.iter().map(text);
            if style.one_list {
                put(style.program, std::iter::once(Value::from(program.as_str())).chain(args).collect());
            } else {
                put(style.program, program.as_str().into());
                put("args", args.collect());
            }
            if !env.is_empty() {
                put(style.env, pairs(env));
            }
        }
        Way::Address { url, headers, is_sse } => {
            // One client has another member for the older streams.
            let member = style.url.filter(|member| !(*is_sse && *member == "httpUrl")).unwrap_or("url");
            put(member, text(url));
            if !headers.is_empty() {
                put(style.headers, pairs(headers));
            }
        }
    }
    body
}

/// The entry of a client that takes the names of variables in members of their own.
fn named_variables(
    mut body: Map<String, Value>,
    way: &Way,
    client: &Client,
    names: Names,
) -> Map<String, Value> {
    let (member, pairs, listed) = match way {
        Way::Command { env, .. } => (client.style.env, env, names.env),
        Way::Address { headers, .. } => (client.style.headers, headers, names.headers),
    };
    let Some(Value::Object(mut written)) = body.remove(member) else { return body };
    let mut forwarded = Vec::new();
    let mut by_header = Map::new();
    for (name, text) in pairs.iter().filter(|_| listed.is_some()) {
        let Some(asked) = text.only() else { continue };
        match way {
            Way::Command { .. } if asked.name == *name => forwarded.push(json!(name)),
            Way::Address { .. } => drop(by_header.insert(name.clone(), json!(asked.name))),
            Way::Command { .. } => continue,
        }
        written.remove(name);
    }
    let bearer = pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if let (Way::Address { .. }, Some((name, text)), Some(member)) = (way, bearer, names.bearer)
        && let Some(token) = text.bearer()
    {
        written.remove(name);
        body.insert(member.to_owned(), json!(token.name));
    }
    if !written.is_empty() {
        body.insert(member.to_owned(), written.into());
    }
    let named: Value = if forwarded.is_empty() { by_header.into() } else { forwarded.into() };
    if let Some(listed) = listed.filter(|_| named != json!({})) {
        body.insert(listed.to_owned(), named);
    }
    body
}

fn mark(asked: &Asked, asks: Asks) -> String {
    match asks {
        Asks::Inputs => format!("${{input:{}}}", input_id(asked)),
        Asks::Variables(before, after) => format!("{before}{}{after}", asked.name),
        Asks::Names(_) | Asks::Marks => format!("<{}>", asked.name),
    }
}

fn input_id(asked: &Asked) -> String {
    asked.name.to_ascii_lowercase().replace('_', "-")
}

/// A question as VS Code asks it.
fn input(asked: &Asked) -> Value {
    let description = asked.description.clone().unwrap_or_else(|| asked.name.clone());
    let mut input = json!({ "id": input_id(asked), "description": description });
    if asked.choices.is_empty() {
        input["type"] = json!("promptString");
        input["password"] = json!(asked.is_secret);
    } else {
        input["type"] = json!("pickString");
        input["options"] = json!(asked.choices);
    }
    if let Some(default) = &asked.default {
        input["default"] = json!(default);
    }
    input
}

fn shown(way: &Way) -> String {
    let text = |text: &Text| text.write(|asked| format!("<{}>", asked.name));
    match way {
        Way::Command { program, args, .. } => {
            let words = std::iter::once(program.clone()).chain(args.iter().map(text));
            words.map(|word| shell_word(&word).into_owned()).collect::<Vec<_>>().join(" ")
        }
        Way::Address { url, .. } => text(url),
    }
}

fn given(way: &Way) -> Vec<Given> {
    let pairs = match way {
        Way::Command { env, .. } => env,
        Way::Address { headers, .. } => headers,
    };
    let of = |(name, text): &(String, Text)| {
        let is_fixed = text.asked().next().is_none();
        Given { name: name.clone(), value: is_fixed.then(|| text.write(|_| String::new())) }
    };
    pairs.iter().map(of).collect()
}

fn notes(client: &Client, asked: &[Asked], body: &Map<String, Value>) -> Vec<String> {
    let written = Value::Object(body.clone()).to_string();
    let note = |asked: &Asked| {
        let what = match (&asked.description, asked.is_secret) {
            (Some(description), _) => format!(": {description}"),
            (None, true) => ", a secret".to_owned(),
            (None, false) => String::new(),
        };
        match client.asks {
            Asks::Inputs => format!("{} asks for {}{what}", client.title, asked.name),
            Asks::Variables("${{ secrets.", _) => {
                format!("add the secret {} to {}{what}", asked.name, client.title)
            }
            Asks::Names(_) if written.contains(&mark(asked, client.asks)) => {
                format!("replace <{}> in the file{what}", asked.name)
            }
            Asks::Variables(..) | Asks::Names(_) => {
                format!("set the variable {} before {} starts{what}", asked.name, client.title)
            }
            Asks::Marks => format!("replace <{}> in the file{what}", asked.name),
        }
    };
    asked.iter().map(note).collect()
}

impl Text {
    /// Returns the token, if the text is `Bearer` and a token that is asked for.
    fn bearer(&self) -> Option<&Asked> {
        let rest = self.write(|_| "\u{0}".to_owned());
        self.asked().next().filter(|_| rest == "Bearer \u{0}")
    }
}

#[cfg(test)]
mod tests;
