//! Actions on servers: from their code to their end.

use std::collections::BTreeMap;

use serde_json::Value;
use sigyl_core::domain::{
    Blurb, Label, Locator, ProfilePatch, Resources, SecretName, SecretValue, Stars, Tag, Timestamp, Window,
};
use sigyl_core::manifest::read_limit;
use sigyl_core::wire::v1::{Deploy, Reconfigure, Redeploy, Request, Response, ServerView, Settings};

use super::asked::{accepted, also, audience, canary, waiver};
use super::{Action, Does, Field, FieldKind, Given, Wrong};
use crate::console::screens::{Changes, Wizard, compare, drift};
use crate::console::turn::Values;
use crate::render::{self, Look, Role, specimen, specimen_lines};

/// What stands in the place of a value that one may not see.
const HIDDEN: &str = "(hidden)";

const NAME: Field = Field::needed("name", "the server");
const ENV: Field = Field::free("env", "plain settings, as NAME=VALUE, parted by blanks");
const SECRET: Field =
    Field::free("secret", "the name of a secret that it needs; others are set on its screen");
const VALUE: Field = Field::free("value", "its value: it is sealed, and never shown").by(FieldKind::Hidden);
const GRANT: Field = Field::free("grant", "permissions: read=PATH write=PATH network=HOST:PORT exec=PROGRAM");
const REVOKE: Field =
    Field::free("revoke", "permissions that go, written in the same way; those on record stay otherwise");
const REVIEW: Field =
    Field::free("review", "let the configured language model look at it too").by(FieldKind::Switch);
const SCRIPTS: Field = Field::free("scripts", "packages whose install scripts may run while it is built");
const DEEP: Field = Field::free("deep", "scan the code of dependencies too").by(FieldKind::Switch);

const SET_SECRET: &[Field] = &[
    NAME,
    Field::needed("secret", "the name, as its environment has it"),
    Field::needed("value", "the value: it is sealed, and never shown").by(FieldKind::Hidden),
    Field::free("restart", "start the server anew with it").by(FieldKind::Switch),
];

const CALLERS: Field = Field::free(
    "callers",
    "who else may call it where it runs: public, private, or user:… group:… serviceAccount:… domain:…; as it is when empty",
);
const CANARY: Field =
    Field::free("canary", "percents of new clients that get it first, such as 10,50; all at once when empty");
const LASTS: Field = Field::free("soak", "how long each of them lasts, such as 10m; 5m when empty");

const HOLD: Field =
    Field::free("hold", "how long the last waits to be promoted, such as 24h; else it takes over by itself");

pub(super) const ACTIONS: &[Action] = &[
    Action::new(
        "deploy",
        "Deploy a server: look at it, then scan, record, build, start and probe it",
        &["release", "uploadSource"],
        &[],
        Does::Open(|_| Ok(Box::new(Wizard::default()))),
    ).looks(),
    Action::new(
        "redeploy",
        "Deploy a server again: its settings and secrets are kept",
        &["releaseAgain"],
        &[NAME, Field::free("source", "another source; the one on record when empty"), ENV, SECRET, VALUE, GRANT, REVOKE, SCRIPTS, DEEP, REVIEW, CALLERS, CANARY, LASTS, HOLD],
        Does::Run(redeploy),
    ).fresh(&["secret"]).each(),
    Action::new(
        "waive",
        "Deploy a server again, with a finding accepted",
        &["releaseAgain"],
        &[
            NAME,
            Field::needed("finding", "RULE@FILE:LINE, RULE@TOOL:FIELD, or RULE alone where it found one thing"),
            Field::needed("reason", "why it is accepted; it is kept with the version"),
            Field::needed("expires", "the last day on which it is accepted, as YYYY-MM-DD; a year at most"),
            Field::free("also", "accepted before, and still: RULE@PLACE until DAY: REASON; … (these alone stay so)"),
            Field::free("source", "another source; the one on record when empty"),
        ],
        Does::Run(waive),
    ),
    Action::new(
        "rollback",
        "Let an earlier version serve again",
        &["rollBack"],
        &[NAME, Field::free("version", "the version; the one that served before when empty")],
        Does::Run(|given| Ok(Request::Rollback { name: given.need("name")?, version: given.maybe("version")? })),
    ),
    Action::new(
        "configure",
        "Change settings and limits of a server: its version stays",
        &["reconfigureServer"],
        &[
            NAME,
            ENV,
            Field::free("unset", "settings that were added before, and go, parted by blanks"),
            Field::free("cpu", "processors: 0.5, or thousandths as 500m"),
            Field::free("memory", "memory: 512Mi, 1Gi"),
            Field::free("concurrency", "requests at a time, for each instance"),
            Field::free("timeout", "how long one request may take: 30s, 5m"),
            Field::free("minInstances", "instances kept running, where nobody calls too"),
            Field::free("maxInstances", "instances at most; sessions, for a stdio server"),
            CALLERS,
            Field::free("reset", "go back to the limits of the manifest first").by(FieldKind::Switch),
        ],
        Does::Run(configure),
    ),
    Action::new(
        "restart",
        "Start a server anew as it is, without a gap",
        &["reconfigureServer"],
        &[NAME],
        Does::Run(|given| {
            Ok(Request::Reconfigure(Reconfigure { name: given.need("name")?, settings: Settings::default() }))
        }),
    ).each(),
    Action::new(
        "finding-changes",
        "Show what the scan of a version found otherwise than that of another",
        &["listVersions"],
        &[
            NAME,
            Field::free("version", "the later version; the one that serves when empty"),
            Field::free("against", "the earlier one; the one recorded before it when empty"),
        ],
        Does::Open(|given| {
            let screen = Changes::of(given.need("name")?, given.maybe("version")?, given.maybe("against")?);
            Ok(Box::new(screen))
        }),
    )
    .looks(),
    Action::new(
        "compare",
        "Show what the tools of a version say otherwise than before",
        &["listVersions"],
        &[NAME, Field::needed("version", "the version")],
        Does::Open(|given| Ok(Box::new(compare(&given.need("name")?, &given.need("version")?)))),
    ).looks(),
    Action::new(
        "drift",
        "Show what a running server says otherwise than was recorded",
        &["probeServer"],
        &[NAME],
        Does::Open(|given| Ok(Box::new(drift(&given.need("name")?)))),
    )
    .looks(),
    Action::new("delete", "Delete a server", &["deleteServer"], &[NAME], Does::Run(delete)).destroys(
        "name",
        "The server stops, and its records, secrets, versions and builds are removed, here and where it runs.",
    ),
    Action::new(
        "verify",
        "Check what was signed of a server, from its commit to its tools",
        &["verifyServer"],
        &[NAME],
        Does::Show(|given| Ok(Request::Verify { name: given.need("name")? }), verify),
    ).looks(),
    Action::new(
        "metrics",
        "Show what was measured of a server in the last hour, where it runs",
        &["measureServer"],
        &[NAME],
        Does::Show(
            |given| Ok(Request::Usage { name: given.need("name")?, since: Window::USUAL.as_secs() }),
            usage,
        ),
    ).looks(),
    Action::new(
        "probe",
        "Ask a running server what it is",
        &["probeServer"],
        &[NAME],
        Does::Show(|given| Ok(Request::Probe { name: given.need("name")? }), probe),
    ).looks(),
    Action::new(
        "call",
        "Call a tool of a running server",
        &["callTool"],
        &[NAME, Field::needed("tool", "the tool"), Field::free("arguments", "its arguments, as a JSON object")],
        Does::Show(call, result),
    ),
    Action::new(
        "edit",
        "Change how a server is presented",
        &["editServer"],
        &[
            NAME,
            Field::free("title", "what it is called"),
            Field::free("description", "what it does, in a sentence"),
            Field::free("tags", "words that it is found by"),
            Field::free("category", "the word that it belongs under"),
            Field::free("clear", "fields that its versions say again: title description tags category"),
        ],
        Does::Say(edit, "it is presented so now"),
    ),
    Action::new(
        "rate",
        "Rate a server",
        &["rateServer"],
        &[
            NAME,
            Field::needed("stars", "how good it is").by(FieldKind::Choice(&["1", "2", "3", "4", "5"])),
            Field::free("comment", "why"),
        ],
        Does::Say(rate, "rated"),
    ),
    Action::new(
        "take-rating",
        "Take your rating of a server back",
        &["takeRating"],
        &[NAME],
        Does::Say(|given| Ok(Request::TakeRating { name: given.need("name")? }), "the rating is gone"),
    ),
    Action::new(
        "transfer",
        "Give a server to another workspace",
        &["transferServer"],
        &[NAME, Field::needed("to", "the workspace")],
        Does::Say(|given| Ok(Request::Transfer { name: given.need("name")?, to: given.need("to")? }), "given"),
    ),
    Action::new(
        "new-secret",
        "Give a server a secret",
        &["setSecret"],
        SET_SECRET,
        Does::Say(set_secret, "the secret is sealed; with `restart` the server has it now, else from its next start on"),
    ).fresh(&["secret"]),
    Action::new(
        "set-secret",
        "Rotate a secret of a server",
        &["setSecret"],
        SET_SECRET,
        Does::Say(set_secret, "the secret is sealed; with `restart` the server has it now, else from its next start on"),
    ),
    Action::new(
        "reveal-secret",
        "Show the value of a secret",
        &[],
        &[NAME, Field::needed("secret", "the secret"), Field::needed("sure", "the value will stand on this screen").by(FieldKind::Switch)],
        Does::Show(|given| Ok(Request::RevealSecret { name: given.need("name")?, secret: given.need("secret")? }), reveal),
    ).secret(),
    Action::new(
        "remove-secret",
        "Remove a secret of a server",
        &["removeSecret"],
        &[NAME, Field::needed("secret", "the secret")],
        Does::Say(|given| Ok(Request::RemoveSecret { name: given.need("name")?, secret: given.need("secret")? }), "removed"),
    )
    .destroys("secret", "The value is gone for good; the server does not get it at its next start."),
];

fn env(given: &Given<'_>) -> Result<BTreeMap<String, String>, Wrong> {
    let wrong = |why: String| Wrong { field: "env", why };
    let mut env = BTreeMap::new();
    for pair in given.text("env").unwrap_or_default().split_whitespace() {
        let (name, value) = pair.split_once('=').ok_or_else(|| wrong(format!("{pair}: a `=` is missing")))?;
        SecretName::parse(name).map_err(|error| wrong(error.to_string()))?;
        env.insert(name.to_owned(), value.to_owned());
    }
    Ok(env)
}

fn secrets(given: &Given<'_>) -> Result<BTreeMap<SecretName, SecretValue>, Wrong> {
    let Some(name) = given.maybe::<SecretName>("secret")? else {
        return match given.text("value") {
            Some(_) => Err(Wrong { field: "secret", why: "a value is given, and no name".to_owned() }),
            None => Ok(BTreeMap::new()),
        };
    };
    Ok(BTreeMap::from([(name, SecretValue::new(given.raw("value")?))]))
}

/// Reads a source as somebody typed it; a path begins where this process is.
pub(in crate::console) fn source(text: &str) -> Result<Locator, Wrong> {
    let wrong = |why: String| Wrong { field: "source", why };
    let source = Locator::parse(text).map_err(|error| wrong(error.to_string()))?;
    crate::cli::from_here(source).map_err(|problem| wrong(problem.failure.message))
}

/// Makes an order of what was filled in.
pub(in crate::console) fn deploy(given: &Given<'_>) -> Result<Deploy, Wrong> {
    let text: String = given.need("source")?;
    Ok(Deploy {
        name: given.maybe("as")?,
        workspace: given.maybe("workspace")?,
        target: given.maybe("target")?,
        env: env(given)?,
        secrets: secrets(given)?,
        grant: given.list("grant")?,
        allow_scripts: given.list("scripts")?,
        deep: given.is_on("deep"),
        waive: accepted(given)?,
        audience: audience(given)?,
        canary: canary(given)?,
        ..Deploy::of(source(&text)?)
    })
}

fn redeploy(given: &Given<'_>) -> Result<Request, Wrong> {
    Ok(Request::Redeploy(Redeploy {
        name: given.need("name")?,
        source: given.text("source").map(source).transpose()?,
        env: env(given)?,
        secrets: secrets(given)?,
        grant: given.list("grant")?,
        revoke: given.list("revoke")?,
        waive: Vec::new(),
        allow_scripts: given.list("scripts")?,
        deep: given.is_on("deep"),
        review: given.is_on("review"),
        canary: canary(given)?,
        audience: audience(given)?,
    }))
}

fn configure(given: &Given<'_>) -> Result<Request, Wrong> {
    let wrong = |field: &'static str, why: String| Wrong { field, why };
    let mut limits = Resources::default();
    for name in ["cpu", "memory", "concurrency", "timeout", "minInstances", "maxInstances"] {
        if let Some(text) = given.text(name) {
            read_limit(&mut limits, name, text).map_err(|error| wrong(name, error.to_string()))?;
        }
    }
    limits.check().map_err(|error| wrong("maxInstances", error.to_string()))?;
    let (env, unset) = (env(given)?, given.list("unset")?);
    let audience = audience(given)?;
    let settings = Settings { env, unset, limits, reset_limits: given.is_on("reset"), audience };
    if settings == Settings::default() {
        return Err(wrong("env", "nothing is to be changed".to_owned()));
    }
    Ok(Request::Reconfigure(Reconfigure { name: given.need("name")?, settings }))
}

/// What the operator set of a server, as the form that changes it takes it. A value with blanks cannot be written there.
pub(in crate::console) fn is_set(view: &ServerView) -> Values {
    let Resources { cpu, memory, concurrency, timeout, min_instances, max_instances } = &view.server.limits;
    let plain = |value: &str| !value.is_empty() && !value.contains(char::is_whitespace) && value != HIDDEN;
    let env = view.server.env.iter().filter(|(_, value)| plain(value));
    let env: Vec<String> = env.map(|(name, value)| format!("{name}={value}")).collect();
    const MEBI: u64 = 1 << 20;
    let set = [
        ("env", Some(env.join(" ")).filter(|env| !env.is_empty())),
        ("cpu", cpu.map(|cpu| cpu.to_string())),
        ("memory", memory.filter(|bytes| bytes % MEBI == 0).map(|bytes| format!("{}Mi", bytes / MEBI))),
        ("concurrency", concurrency.map(|count| count.to_string())),
        ("timeout", timeout.map(|seconds| format!("{seconds}s"))),
        ("minInstances", min_instances.map(|count| count.to_string())),
        ("maxInstances", max_instances.map(|count| count.to_string())),
    ];
    set.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

fn waive(given: &Given<'_>) -> Result<Request, Wrong> {
    let finding: String = given.need("finding")?;
    let waiver = waiver(given, &finding, ["finding", "reason", "expires"])?;
    Ok(Request::Redeploy(Redeploy {
        name: given.need("name")?,
        source: given.text("source").map(source).transpose()?,
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        grant: Vec::new(),
        revoke: Vec::new(),
        waive: also(given, waiver)?,
        allow_scripts: Vec::new(),
        deep: false,
        review: false,
        canary: None,
        audience: None,
    }))
}

fn delete(given: &Given<'_>) -> Result<Request, Wrong> {
    Ok(Request::Delete { name: given.need("name")?, confirm: given.need("name")? })
}

fn call(given: &Given<'_>) -> Result<Request, Wrong> {
    let arguments = given.need::<Value>("arguments")?;
    if !arguments.is_object() {
        return Err(Wrong { field: "arguments", why: "it is JSON, but not an object".to_owned() });
    }
    Ok(Request::Call { name: given.need("name")?, tool: given.need("tool")?, arguments })
}

fn edit(given: &Given<'_>) -> Result<Request, Wrong> {
    let clear: Vec<String> = given.list("clear")?;
    let known = ["title", "description", "tags", "category"];
    if let Some(field) = clear.iter().find(|field| !known.contains(&field.as_str())) {
        return Err(Wrong { field: "clear", why: format!("{field} is none of {}", known.join(", ")) });
    }
    let cleared = |field: &str| clear.iter().any(|name| name == field);
    let tags: Vec<Tag> = given.list("tags")?;
    let patch = ProfilePatch {
        title: given.maybe::<Label>("title")?.map(Some).or(cleared("title").then_some(None)),
        description: given
            .maybe::<Blurb>("description")?
            .map(Some)
            .or(cleared("description").then_some(None)),
        tags: (!tags.is_empty()).then_some(Some(tags)).or(cleared("tags").then_some(None)),
        category: given.maybe::<Tag>("category")?.map(Some).or(cleared("category").then_some(None)),
        ..ProfilePatch::default()
    };
    Ok(Request::Edit { name: given.need("name")?, patch: Box::new(patch) })
}

fn rate(given: &Given<'_>) -> Result<Request, Wrong> {
    let stars =
        Stars::new(given.need("stars")?).map_err(|error| Wrong { field: "stars", why: error.to_string() })?;
    Ok(Request::Rate { name: given.need("name")?, stars, comment: given.maybe("comment")? })
}

fn set_secret(given: &Given<'_>) -> Result<Request, Wrong> {
    Ok(Request::SetSecret {
        name: given.need("name")?,
        secret: given.need("secret")?,
        value: SecretValue::new(given.raw("value")?),
        restart: given.is_on("restart"),
    })
}

fn verify(response: &Response, look: &Look, _now: Timestamp) -> Option<String> {
    match response {
        Response::Verification(found) => Some(render::chain(&found.chain, look)),
        _ => None,
    }
}

fn usage(response: &Response, look: &Look, _now: Timestamp) -> Option<String> {
    match response {
        Response::Usage(seen) => Some(render::usage(seen, look)),
        _ => None,
    }
}

fn probe(response: &Response, look: &Look, _now: Timestamp) -> Option<String> {
    match response {
        Response::Probe(probe) => Some(render::probe(probe, look)),
        _ => None,
    }
}

fn reveal(response: &Response, _look: &Look, _now: Timestamp) -> Option<String> {
    match response {
        Response::Secret(value) => Some(specimen_lines(value.reveal())),
        _ => None,
    }
}

fn result(response: &Response, look: &Look, _now: Timestamp) -> Option<String> {
    let Response::Call(result) = response else { return None };
    let mut text = String::new();
    if result.get("isError").and_then(Value::as_bool) == Some(true) {
        text.push_str(&format!("{}\n\n", look.paint(Role::Error, "The tool reported an error.")));
    }
    for part in result.get("content").and_then(Value::as_array).into_iter().flatten() {
        match part.get("text").and_then(Value::as_str) {
            Some(said) => {
                for line in specimen_lines(said).lines() {
                    text.push_str(&format!("{}\n", look.paint(Role::Specimen, line)));
                }
            }
            None => {
                let kind = part.get("type").and_then(Value::as_str).unwrap_or("unknown");
                text.push_str(&format!("[{}]\n", specimen(kind)));
            }
        }
    }
    text.push_str(&format!("\n{}\n", look.paint(Role::Dim, "the whole answer")));
    text.push_str(&specimen_lines(&format!("{result:#}\n")));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_of_a_server_stands_in_the_form_that_changes_it_and_is_read_back() {
        let mut view = crate::fixtures::serving();
        view.server.limits = Resources {
            cpu: Some(0.5),
            memory: Some(512 << 20),
            concurrency: Some(4),
            timeout: Some(90),
            min_instances: Some(1),
            max_instances: Some(2),
        };
        let set = [("MODE", "fast"), ("TEXT", "two words"), ("SECRET", HIDDEN)];
        view.server.env = set.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut values = is_set(&view);
        assert_eq!(values["env"], "MODE=fast", "what cannot be written there is left as it is");
        values.insert("name", "clock".to_owned());
        let Ok(Request::Reconfigure(change)) =
            (crate::console::actions::find("configure").unwrap()).request(&values).map(Option::unwrap)
        else {
            panic!("{values:?}")
        };
        assert_eq!(change.settings.limits, view.server.limits);
    }
}
