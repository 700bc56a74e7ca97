//! One run of a rule set over one subject.

use super::able::Able;
use super::advisory::Advisories;
use super::client::{ClientConfig, Clients, Scope, is_client_config};
use super::decode::{Decoded, decode_as};
use super::file::FileText;
use super::findings::{Findings, PER_RULE, PER_RULE_AT_MOST, Unlisted};
use super::in_hand::InHand;
use super::known::KnownFiles;
use super::language::Language;
use super::matcher;
use super::pattern::Context;
use super::report::{Failed, Gathered, Judge};
use super::rule::Part;
use super::ruleset::RuleSet;
use super::salvage;
use super::started::Started;
use super::subject::Subject;
use super::suppress;
use super::tool_text::ToolText;
use super::watch::Watch;
use crate::clock::Clock;
use crate::domain::{
    Baseline, Digest, Entity, Finding, Location, Objection, Policy, Report, SkipKind, Skipped,
};
use crate::source::SourceTree;

/// Looks at subjects with one rule set and judges by one policy.
#[derive(Debug)]
pub struct Scanner<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) policy: Policy,
    deep: bool,
    dependencies: Option<&'a SourceTree>,
    failed: Failed,
    pub(super) known: Option<&'a dyn KnownFiles>,
    pub(super) watch: Option<&'a dyn Watch>,
    pub(super) in_hand: InHand,
    baseline: Option<&'a Baseline>,
    /// Findings of one rule in one part that are listed.
    most: usize,
}

/// What one file came to.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) bytes: u64,
    pub(super) findings: Vec<Finding>,
    pub(super) unlisted: Unlisted,
    pub(super) objections: Vec<Objection>,
    pub(super) skipped: Option<Skipped>,
    /// Whether an earlier scan found it out.
    pub(super) known: bool,
    /// What of a file that was looked at was not.
    pub(super) gaps: Vec<Skipped>,
    /// Whether what flows from it into other files has to be followed.
    pub(super) starts: bool,
    /// Its syntax tree, if that has to be.
    #[cfg(feature = "ast")]
    pub(super) tree: Option<super::ast::Parsed>,
}

impl<'a> Scanner<'a> {
    /// Makes a scanner.
    pub fn new(rules: &'a RuleSet, policy: Policy) -> Self {
        Self {
            rules,
            policy,
            deep: false,
            dependencies: None,
            failed: Failed::default(),
            known: None,
            watch: None,
            in_hand: InHand::default(),
            baseline: None,
            most: PER_RULE,
        }
    }

    /// Asks for the code of dependencies to be scanned too, see [`Scanner::dependencies`].
    pub fn deep(self, deep: bool) -> Self {
        Self { deep, ..self }
    }

    /// Gives the installed dependencies that a deep scan looks at; without them a deep scan reports that gap.
    pub fn dependencies(self, tree: &'a SourceTree) -> Self {
        Self { dependencies: Some(tree), ..self }
    }

    /// Says why the dependencies, or with a deep scan their code, are not there to be looked at; the report tells it
    /// as a gap.
    pub fn without_dependencies(mut self, why: impl Into<String>) -> Self {
        self.failed.dependencies = Some(why.into());
        self
    }

    /// Says why the manifest of the source cannot be used. The tools that it declares are looked at as far as they can
    /// be read; the report tells the rest as a gap.
    pub fn without_manifest(mut self, why: impl Into<String>) -> Self {
        self.failed.manifest = Some(why.into());
        self
    }

    /// Takes what files came to in earlier scans from there, and adds to it.
    pub fn known_files(self, known: &'a dyn KnownFiles) -> Self {
        Self { known: Some(known), ..self }
    }

    /// Lets somebody follow the scan, and end it.
    pub fn watch(self, watch: &'a dyn Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    pub(super) fn rules(&self) -> &'a RuleSet {
        self.rules
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Names what was found before: it stands in the report and does not count.
    pub fn baseline(self, baseline: &'a Baseline) -> Self {
        Self { baseline: Some(baseline), ..self.for_baseline() }
    }

    /// Lists so much that a baseline can be made of the report: what is only counted would be new the next time.
    pub fn for_baseline(self) -> Self {
        Self { most: PER_RULE_AT_MOST, ..self }
    }

    /// Takes what rules find in one part.
    pub(super) fn gather(&self) -> Findings<'a> {
        Findings::new(&self.rules.masker).at_most(self.most)
    }

    /// Names what the findings of a file depend on beside the file.
    pub(super) fn known_as(&self) -> Digest {
        match self.most {
            PER_RULE => *self.rules.digest(),
            most => Digest::of(&[self.rules.digest().as_bytes(), &most.to_le_bytes()[..]].concat()),
        }
    }

    /// Scans `subject`. It never fails: what could not be looked at stands in the report.
    pub fn scan(&self, subject: &Subject<'_>, clock: &dyn Clock) -> Report {
        let started = clock.now();
        let mut gathered = Gathered::new(self.deep, self.failed.clone());
        if let Some(tree) = subject.tree {
            self.tree(tree, "", &Started::of(tree, subject.manifest), &mut gathered);
        }
        self.deep_scan(&mut gathered);
        self.manifest(subject, &mut gathered);
        self.tools(subject, &mut gathered);
        let elapsed = clock.now().millis().saturating_sub(started.millis());
        gathered.report(subject, &self.judging(), started, u64::try_from(elapsed).unwrap_or(0))
    }

    /// Returns what findings are judged by.
    pub(super) fn judging(&self) -> Judge<'_> {
        let advisories = self.rules.advisories().map(Advisories::used);
        Judge { policy: &self.policy, rules: self.rules.used(), advisories, baseline: self.baseline }
    }

    /// Looks at one file alone: for callers that hold a text and no source.
    pub fn file(&self, path: &str, bytes: &[u8]) -> Result<Vec<Finding>, Skipped> {
        let looked = self.look(path, bytes);
        match looked.skipped {
            Some(skipped) if looked.findings.is_empty() => Err(skipped),
            _ => Ok(looked.findings),
        }
    }

    /// Looks at the texts of one tool alone.
    pub fn tool(&self, tool: &ToolText) -> Vec<Finding> {
        self.look_at_tool(tool).0
    }

    pub(super) fn look_at_tool(&self, tool: &ToolText) -> (Vec<Finding>, Unlisted) {
        let mut found = self.gather();
        let filter = &self.rules.prose;
        let able = filter.in_segments(tool.prose().text().as_bytes(), tool.prose().segments());
        for at in filter.patterns(&able) {
            let Some(pattern) = self.rules.patterns.get(at) else { continue };
            if pattern.looks_at.contains(&Context::Tool) {
                matcher::check_tool(pattern, &filter.of(at, &able).collect::<Vec<_>>(), tool, &mut found);
            }
        }
        self.code_rules(&Part::Tool(tool), &mut found);
        found.finish()
    }

    fn deep_scan(&self, gathered: &mut Gathered) {
        if !self.deep {
            return;
        }
        if let Some(tree) = self.dependencies {
            let before = gathered.files();
            self.tree(tree, "dependencies/", &Started::default(), gathered);
            gathered.dependencies = Some(gathered.files() - before);
        }
    }

    pub(super) fn look(&self, path: &str, bytes: &[u8]) -> Looked {
        self.look_as(path, bytes, None)
    }

    /// Looks at the bytes of a file that something may start, in a language that may be known.
    pub(super) fn look_as(&self, path: &str, bytes: &[u8], started: Option<Option<Language>>) -> Looked {
        match decode_as(path, bytes, started.flatten()) {
            Decoded::Text(text) => Looked { bytes: bytes.len() as u64, ..self.read(path, &text, started) },
            Decoded::Opaque { kind, reason } => Looked::skipped(path, kind, reason),
            Decoded::Medium { kind, words } => {
                let reason = format!("{kind}, proved by its content");
                let mut looked = self.read(path, &words, None);
                // Words between other bytes stand on no line.
                let whole = Location::File { path: path.to_owned(), line: None, column: None };
                looked.findings.iter_mut().for_each(|found| found.location = Some(whole.clone()));
                looked.skipped = Looked::skipped(path, SkipKind::Media, reason).skipped;
                looked
            }
        }
    }

    fn read(&self, path: &str, text: &str, started: Option<Option<Language>>) -> Looked {
        let mut looked = self.read_as(path, text, started);
        // What a source brings for clients counts as soon as its folder is opened.
        if let Some(client) = is_client_config(path) {
            let config = ClientConfig::read(client, Scope::Project, path, text);
            let clients = Clients { configs: &[&config], accepted: None };
            let (findings, unlisted) = self.check(&Part::Clients(&clients));
            looked.findings.extend(findings);
            looked.unlisted.extend(&unlisted);
        }
        looked
    }

    /// Looks at one text with what looks at files.
    pub(super) fn read_alone(&self, path: &str, text: &str) -> Looked {
        self.read_as(path, text, None)
    }

    fn read_as(&self, path: &str, text: &str, started: Option<Option<Language>>) -> Looked {
        let file = FileText::new(path, text).run_as(started.flatten());
        let mut found = self.gather();
        self.file_text(&file, &mut found);
        let (findings, unlisted) = found.finish();
        let (objections, gaps) = (suppress::objections(&file), self.gaps(&file, started.is_some()));
        let (bytes, starts) = (text.len() as u64, starts(&file));
        Looked {
            findings,
            unlisted,
            objections,
            gaps,
            bytes,
            starts,
            #[cfg(feature = "ast")]
            tree: file.flow().tree.clone().filter(|_| starts),
            ..Looked::default()
        }
    }

    /// What flows through a file that was not followed; that of one that is started is told where nothing is followed.
    fn gaps(&self, file: &FileText<'_>, started: bool) -> Vec<Skipped> {
        let path = file.path().to_owned();
        let reason = "it is started, and what flows through a file of its kind is not followed".to_owned();
        let whole = || Skipped { path, kind: SkipKind::Unfollowed, reason };
        file.gap().or_else(|| (started && !file.is_followed()).then(whole)).into_iter().collect()
    }

    /// Looks at one part with the rules that are code.
    pub(super) fn check(&self, part: &Part<'_>) -> (Vec<Finding>, Unlisted) {
        let mut found = self.gather();
        self.code_rules(part, &mut found);
        found.finish()
    }

    /// Runs over a file what can find anything in it.
    pub(super) fn file_text(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let mut in_file = self.rules.files.in_file(file.text().as_bytes(), file.tokens());
        let mut in_prose =
            self.rules.prose.in_segments(file.prose().text().as_bytes(), file.prose().segments());
        file.know(in_file.anchors.take(), in_prose.anchors.take());
        self.run(file, &in_file, &in_prose, found);
    }

    /// Runs over a file what is able to find something, patterns first.
    pub(super) fn run(&self, file: &FileText<'_>, in_file: &Able, in_prose: &Able, found: &mut Findings<'_>) {
        let (files, prose) = (&self.rules.files, &self.rules.prose);
        let patterns: &[_] =
            if in_file.is_empty() && in_prose.is_empty() { &[] } else { &self.rules.patterns };
        for (at, pattern) in patterns.iter().enumerate() {
            matcher::check_file_code(pattern, &files.of(at, in_file).collect::<Vec<_>>(), file, found);
            matcher::check_file_prose(pattern, &prose.of(at, in_prose).collect::<Vec<_>>(), file, found);
        }
        for (at, rule) in (self.rules.patterns.len()..).zip(&self.rules.rules) {
            if rule.needs().is_empty() || files.of(at, in_file).next().is_some() {
                rule.check(&Part::File(file), found);
            }
        }
    }

    pub(super) fn code_rules(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        self.rules.rules.iter().for_each(|rule| rule.check(part, found));
    }

    fn manifest(&self, subject: &Subject<'_>, gathered: &mut Gathered) {
        let Some(manifest) = subject.manifest else { return };
        let path = super::subject::manifest_path(subject.tree);
        let mut found = self.gather();
        self.code_rules(&Part::Manifest { manifest, path: &path }, &mut found);
        gathered.manifest(found.finish().0);
    }

    fn tools(&self, subject: &Subject<'_>, gathered: &mut Gathered) {
        let salvaged = match (subject.manifest, subject.tree) {
            (None, Some(tree)) => salvage::tools(tree),
            _ => Vec::new(),
        };
        let declared = subject.manifest.map_or(&salvaged, |manifest| &manifest.tools);
        gathered.declared = declared.len();
        for tool in declared.iter().chain(subject.tools) {
            let text = ToolText::of_tool(tool);
            let (findings, unlisted) = self.look_at_tool(&text);
            gathered.tool(&text, findings, &unlisted);
        }
        let others = subject.prompts.iter().map(|prompt| ToolText::of_entity(Entity::Prompt, prompt));
        let others =
            others.chain(subject.resources.iter().map(|one| ToolText::of_entity(Entity::Resource, one)));
        let instructions =
            subject.instructions.map(|text| ToolText::of_text("(server)", "instructions", text));
        for text in others.chain(instructions) {
            let (findings, unlisted) = self.look_at_tool(&text);
            gathered.tool(&text, findings, &unlisted);
        }
    }
}

/// Tells whether what flows from a file into others has to be followed.
#[cfg(feature = "ast")]
fn starts(file: &FileText<'_>) -> bool {
    file.flow().starts && super::ast::names_own(file.text())
}

#[cfg(not(feature = "ast"))]
fn starts(_file: &FileText<'_>) -> bool {
    false
}

impl Looked {
    pub(super) fn skipped(path: &str, kind: SkipKind, reason: String) -> Self {
        Self { skipped: Some(Skipped { path: path.to_owned(), kind, reason }), ..Self::default() }
    }
}
