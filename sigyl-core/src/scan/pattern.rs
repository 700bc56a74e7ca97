//! A rule that is data: regular expressions, where they apply, what must stand near, what excuses, and its own proof.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::excuse::Excuse;
use super::expression::{Compile, Expression};
use super::language::Language;
use super::prefilter::{At, Needs};
use super::rule::RuleMeta;
use super::signal::{is_frames, is_words};
use super::skill::{is_judged_as_tool, is_mild};
use super::yaml::is_endless;
use crate::domain::{Category, Confidence, RuleId, Severity, Taxon};

/// Where a text stands; decides which patterns look at it and how bad a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Context {
    /// What a tool, prompt or server shows to a model.
    Tool,
    /// A string in code, docstrings included.
    String,
    /// A value in a configuration file.
    Config,
    /// A document.
    Docs,
    /// A document that an agent takes as instructions.
    Instructions,
    /// A comment.
    Comment,
    /// Code with its strings, without its comments.
    Code,
    /// Code without the contents of its strings and without its comments.
    Bare,
    /// A configuration file as it stands, keys beside values, without its comments.
    Settings,
}

impl Context {
    /// Tells whether it is text that somebody reads, rather than code or settings as they stand.
    pub(super) fn is_prose(self) -> bool {
        !matches!(self, Self::Code | Self::Bare | Self::Settings)
    }
}

/// How far around a match the other expressions of a pattern look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// The sentence, in prose.
    #[default]
    Sentence,
    /// The line.
    Line,
    /// From the match to the end of its statement.
    Statement,
    /// A few lines around.
    Block,
    /// The whole text.
    Whole,
}

/// What a pattern file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PatternSpec {
    pub(super) id: RuleId,
    pub(super) title: String,
    pub(super) category: Category,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) looks_at: Vec<Context>,
    /// Severity where it differs by context.
    #[serde(default)]
    pub(super) severity_in: BTreeMap<Context, Severity>,
    #[serde(default)]
    pub(super) languages: Vec<Language>,
    #[serde(default)]
    pub(super) case_sensitive: bool,
    pub(super) patterns: Vec<String>,
    #[serde(default)]
    pub(super) unit: Unit,
    #[serde(default)]
    pub(super) near: Vec<String>,
    /// What makes code harmless wherever it stands in the unit: names, never the contents of strings.
    #[serde(default)]
    pub(super) unless: Vec<String>,
    /// The same for code that a string is part of.
    #[serde(default)]
    pub(super) unless_literal: Vec<String>,
    /// What makes a match harmless and touches it, see [`Excuse`].
    #[serde(default)]
    pub(super) unless_match: Vec<String>,
    /// The same for one context alone.
    #[serde(default)]
    pub(super) unless_match_in: BTreeMap<Context, Vec<String>>,
    pub(super) why: String,
    pub(super) fix: String,
    #[serde(default)]
    pub(super) example: Option<String>,
    pub(super) taxa: Vec<Taxon>,
    pub(super) references: Vec<String>,
    /// Texts that must hit, by where they stand: `tool`, or a file name.
    #[serde(default)]
    pub(super) hits: BTreeMap<String, Vec<String>>,
    /// Texts that must not.
    #[serde(default)]
    pub(super) misses: BTreeMap<String, Vec<String>>,
}

/// Tells whether a YAML text is data of rules and nothing else: what it holds is looked for, and told to nobody.
pub(super) fn is_pattern_file(text: &str) -> bool {
    if text.len() > FILE_BYTES || is_endless(text) {
        return false;
    }
    let has = |words: &[&str]| words.iter().all(|word| text.contains(word));
    let documents = || serde_yaml::Deserializer::from_str(text);
    has(&["looks_at:", "patterns:"]) && documents().all(|one| PatternSpec::deserialize(one).is_ok())
        || has(&["language:", "words:"]) && documents().all(is_words)
        || has(&["order:", "within:"]) && documents().all(is_frames)
        || has(&["severity:", "confidence:", "hits:"]) && documents().all(is_metadata)
}

/// Tells whether a document is the metadata of a rule in code, with its samples.
fn is_metadata(document: serde_yaml::Deserializer<'_>) -> bool {
    let Ok(mut file) = serde_yaml::Mapping::deserialize(document) else { return false };
    ["hits", "misses"].into_iter().for_each(|samples| drop(file.remove(samples)));
    serde_yaml::from_value::<RuleMeta>(file.into()).is_ok()
}

/// A pattern that can run.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) meta: RuleMeta,
    pub(super) looks_at: Vec<Context>,
    severity_in: BTreeMap<Context, Severity>,
    languages: Vec<Language>,
    pub(super) patterns: Vec<Expression>,
    pub(super) unit: Unit,
    near: Vec<Expression>,
    unless: Vec<Expression>,
    unless_literal: Vec<Expression>,
    excuses: Vec<(Option<Context>, Excuse)>,
    /// Texts that must hit, by where they stand.
    pub(super) hits: BTreeMap<String, Vec<String>>,
    /// Texts that must not.
    pub(super) misses: BTreeMap<String, Vec<String>>,
}

/// One match and what it is judged with.
#[derive(Debug)]
pub(super) struct Match<'t> {
    /// The view that holds it.
    pub(super) text: &'t [u8],
    /// Where it stands.
    pub(super) place: Range<usize>,
    /// The stretch that the other expressions look at.
    pub(super) unit: Range<usize>,
    /// What the text is.
    pub(super) context: Context,
}

/// Bytes of one pattern file.
pub(super) const FILE_BYTES: usize = 256 << 10;
/// Expressions in one field of one pattern.
const EXPRESSIONS: usize = 64;

/// What is wrong with a pattern.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) field: &'static str,
    /// The expression, to find its line by.
    pub(super) text: String,
    pub(super) why: String,
}

impl Pattern {
    /// Takes what a file says.
    pub(super) fn new(mut spec: PatternSpec, compile: Compile) -> Result<Self, Wrong> {
        look_at_instructions(&mut spec);
        let wrong = |field, why: &str| Wrong { field, text: field.to_owned(), why: why.to_owned() };
        if spec.looks_at.is_empty() {
            return Err(wrong("looks_at", "it names no context"));
        }
        if spec.patterns.is_empty() {
            return Err(wrong("patterns", "it holds no expression"));
        }
        let unit_wide = spec.unless.len() + spec.unless_literal.len();
        if unit_wide > 0 && spec.looks_at.iter().any(|context| context.is_prose()) {
            let why = "whoever writes a text can write this into it too; use `unless_match`";
            return Err(wrong("unless", why));
        }
        let make = |text: &str| Expression::new(text, spec.case_sensitive, compile);
        Ok(Self {
            excuses: excuses(&spec, compile)?,
            patterns: take_all("patterns", &spec.patterns, make)?,
            near: take_all("near", &spec.near, make)?,
            unless: take_all("unless", &spec.unless, make)?,
            unless_literal: take_all("unless_literal", &spec.unless_literal, make)?,
            meta: RuleMeta {
                id: spec.id,
                title: spec.title,
                category: spec.category,
                severity: spec.severity,
                confidence: spec.confidence,
                why: spec.why.trim().to_owned(),
                fix: spec.fix.trim().to_owned(),
                example: spec.example.map(|example| example.trim_end().to_owned()),
                taxa: spec.taxa,
                references: spec.references,
            },
            looks_at: spec.looks_at,
            severity_in: spec.severity_in,
            languages: spec.languages,
            unit: spec.unit,
            hits: spec.hits,
            misses: spec.misses,
        })
    }

    /// Returns where it looks, and how bad a hit there is when that differs.
    pub(super) fn places(&self) -> String {
        let one = |context: &Context| match self.severity_in.get(context) {
            Some(severity) => format!("{context:?} ({severity})").to_lowercase(),
            None => format!("{context:?}").to_lowercase(),
        };
        self.looks_at.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// Tells whether it looks at files of `language` at all.
    pub(super) fn speaks(&self, language: Language) -> bool {
        self.languages.is_empty() || self.languages.contains(&language)
    }

    /// Returns how bad a hit in `context` is.
    pub(super) fn severity(&self, context: Context) -> Severity {
        self.severity_in.get(&context).copied().unwrap_or(self.meta.severity)
    }

    /// Tells whether a match may count, by the stretch `around` it; `bare` is the same without the contents of strings.
    pub(super) fn fits(&self, around: &[u8], bare: &[u8]) -> bool {
        self.near.iter().all(|near| near.is_match(around))
            && !self.unless.iter().any(|excuse| excuse.is_match(bare))
            && !self.unless_literal.iter().any(|excuse| excuse.is_match(around))
    }

    /// Tells whether something that touches a match makes it harmless.
    pub(super) fn excuses(&self, found: &Match<'_>) -> bool {
        let here = |only: &Option<Context>| only.is_none_or(|only| only == found.context);
        let mut excuses = self.excuses.iter().filter(|(only, _)| here(only));
        excuses.any(|(_, excuse)| excuse.holds(found.text, &found.place, &found.unit))
    }

    /// Returns what must stand where it matches in prose, or in code; nothing when it does not look there.
    pub(super) fn needs(&self, prose: bool) -> Needs<'_> {
        if !self.looks_at.iter().any(|context| context.is_prose() == prose) {
            return Needs::default();
        }
        let any = self.patterns.iter().map(Expression::as_str).collect();
        let all = self.near.iter().map(Expression::as_str).collect();
        Needs { any, all, at: if prose { At::Text } else { At::Code } }
    }
}

/// Lets a pattern that looks at tools or documents look at instructions to agents too: some as at a tool, the others as
/// at a document.
fn look_at_instructions(spec: &mut PatternSpec) {
    let looks = |context: Context| spec.looks_at.contains(&context);
    let like = match is_judged_as_tool(spec.id.as_str()) && looks(Context::Tool) {
        true => Context::Tool,
        false if looks(Context::Docs) => Context::Docs,
        false => return,
    };
    if looks(Context::Instructions) {
        return;
    }
    spec.looks_at.push(Context::Instructions);
    let severity = spec.severity_in.get(&like).copied();
    if let Some(severity) = severity.or(is_mild(spec.id.as_str()).then_some(Severity::Warning)) {
        spec.severity_in.insert(Context::Instructions, severity);
    }
    if let Some(excuses) = spec.unless_match_in.get(&like).cloned() {
        spec.unless_match_in.insert(Context::Instructions, excuses);
    }
}

fn excuses(spec: &PatternSpec, compile: Compile) -> Result<Vec<(Option<Context>, Excuse)>, Wrong> {
    let everywhere = spec.unless_match.iter().map(|text| (None, text));
    let somewhere = spec.unless_match_in.iter();
    let somewhere = somewhere.flat_map(|(context, texts)| texts.iter().map(|text| (Some(*context), text)));
    let all: Vec<_> = everywhere.chain(somewhere).collect();
    if all.len() > EXPRESSIONS {
        let why = format!("{} expressions, {EXPRESSIONS} at most", all.len());
        return Err(Wrong { field: "unless_match", text: "unless_match".to_owned(), why });
    }
    let one = |(context, text): (Option<Context>, &String)| {
        let excuse = Excuse::new(text, |text| Expression::new(text, spec.case_sensitive, compile));
        excuse.map(|excuse| (context, excuse)).map_err(|why| Wrong {
            field: "unless_match",
            text: text.clone(),
            why,
        })
    };
    all.into_iter().map(one).collect()
}

fn take_all(
    field: &'static str,
    texts: &[String],
    make: impl Fn(&str) -> Result<Expression, String>,
) -> Result<Vec<Expression>, Wrong> {
    if texts.len() > EXPRESSIONS {
        let why = format!("{} expressions, {EXPRESSIONS} at most", texts.len());
        return Err(Wrong { field, text: field.to_owned(), why });
    }
    texts.iter().map(|text| make(text).map_err(|why| Wrong { field, text: text.clone(), why })).collect()
}
