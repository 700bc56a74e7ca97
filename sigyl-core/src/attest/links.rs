//! What a statement proves by itself: its signature, and that its parts agree.

use serde_json::Value;

use crate::domain::{
    ArtifactFact, BOM, BOM_NAME, BUILD_TYPE, Basis, Chain, ChainLink, Envelope, INSTANCE, LinkName,
    PROVENANCE, Provenance, ReleaseFacts, Statement, Verdict, bom_digest,
};

use super::{AttestError, PublicKey, open};

/// A statement whose signature was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    statement: Statement<Provenance>,
    key: PublicKey,
}

impl Opened {
    /// Opens the statement of a release.
    pub fn new(envelope: &Envelope, key: &PublicKey) -> Result<Self, AttestError> {
        Self::read(&open(envelope, key)?, key)
    }

    fn read(payload: &[u8], key: &PublicKey) -> Result<Self, AttestError> {
        let statement = serde_json::from_slice(payload);
        let statement = statement.map_err(|error| AttestError::NotAStatement(error.to_string()))?;
        Ok(Self { statement, key: *key })
    }

    /// Reads what an envelope holds, signed or not: for the fuzzer alone.
    #[cfg(feature = "testing")]
    pub(super) fn unsigned(envelope: &Envelope) -> Result<Self, AttestError> {
        let payload = super::envelope::decode(&envelope.payload);
        let payload = payload.ok_or_else(|| AttestError::NotAStatement("it is no base64".to_owned()))?;
        Self::read(&payload, &PublicKey::from_bytes([0; 32]))
    }

    /// Returns what it says of the release.
    pub fn facts(&self) -> &ReleaseFacts {
        &self.statement.predicate.release
    }

    /// Tells that the signature is the key's.
    pub fn signature(&self) -> ChainLink {
        ChainLink::of(LinkName::Signature, true, format!("signed by the Ed25519 key {}", self.key.id()))
    }

    /// Looks whether the parts agree: what tools of others read, and what Sigyl says beside it.
    pub fn agreement(&self) -> ChainLink {
        let (statement, facts) = (&self.statement, self.facts());
        let Provenance { build_definition: build, run_details: run, .. } = &statement.predicate;
        let wrong = [
            (statement.kind == Statement::<Provenance>::KIND, "it is no statement of in-toto, version 1"),
            (statement.predicate_type == PROVENANCE, "its predicate is no SLSA provenance, version 1"),
            (build.build_type == BUILD_TYPE, "it was not built as Sigyl builds"),
            (
                run.builder.id == format!("{INSTANCE}{}", self.key.id().hex()),
                "its builder is not the instance of this key",
            ),
            (statement.subject == facts.subjects(), "its subjects are not what was released"),
            (
                build.resolved_dependencies == facts.dependencies(),
                "it names another source than it was built from",
            ),
            (run.metadata.invocation_id == facts.run.as_str(), "it names two runs"),
            (facts.commit == facts.source.commit(), "its commit is not that of its source"),
        ];
        let wrong: Vec<&str> = wrong.into_iter().filter(|(holds, _)| !holds).map(|(_, why)| why).collect();
        match &wrong[..] {
            [] => ChainLink::of(
                LinkName::Statement,
                true,
                format!(
                    "SLSA provenance of {} {}, run {} of {}, served since {}",
                    facts.server, facts.version, facts.run, facts.by, facts.activated
                ),
            ),
            all => ChainLink::broken(LinkName::Statement, all.join("; ")),
        }
    }

    /// Looks whether a list of components is the one that the statement names.
    pub fn bom(&self, envelope: &Envelope) -> ChainLink {
        match self.bom_of(envelope) {
            Ok((count, aggregate)) => {
                let said =
                    format!("{count} components ({aggregate}), CycloneDX; the list that the statement names");
                ChainLink::of(LinkName::Sbom, true, said)
            }
            Err(why) => ChainLink::broken(LinkName::Sbom, why),
        }
    }

    fn bom_of(&self, envelope: &Envelope) -> Result<(usize, String), String> {
        let payload = open(envelope, &self.key).map_err(|error| error.to_string())?;
        let list: Statement<Value> =
            serde_json::from_slice(&payload).map_err(|error| format!("it is no statement: {error}"))?;
        if list.kind != Statement::<Value>::KIND || list.predicate_type != BOM {
            return Err("it states something else than a list of components".to_owned());
        }
        if list.subject != self.statement.subject {
            return Err("it is the list of another release".to_owned());
        }
        let digest = bom_digest(&list.predicate).map_err(|error| error.to_string())?;
        let named = self.statement.predicate.run_details.byproducts.iter().find(|one| one.name == BOM_NAME);
        if !named.is_some_and(|named| named.is(digest)) {
            return Err(format!("the list is {digest}, and the statement names another"));
        }
        let count = list.predicate["components"].as_array().map_or(0, Vec::len);
        let aggregate = list.predicate["compositions"][0]["aggregate"].as_str().unwrap_or("unknown");
        Ok((count, aggregate.chars().take(40).collect()))
    }

    /// Looks whether what it says lets a release serve.
    pub fn admission(&self) -> ChainLink {
        let admitted = &self.facts().admitted;
        let verdict = admitted.verdict;
        let is_well = matches!(verdict, Verdict::Pass | Verdict::Warn);
        let (lets, approved) = match &admitted.basis {
            // What the started server said may have been judged worse than its source.
            Basis::Verdict(of) => (is_well && *of == verdict, String::new()),
            Basis::Approval(approval) => (
                approval.source == self.facts().source.digest && verdict != Verdict::Block,
                format!(", approved by {}", approval.who),
            ),
            Basis::Observed { approval, .. } => (
                false,
                approval.as_ref().map_or_else(String::new, |it| format!(", rights approved by {}", it.who)),
            ),
        };
        let until = match &admitted.basis {
            Basis::Observed { until, .. } => Some(*until),
            Basis::Verdict(_) | Basis::Approval(_) => admitted.observed,
        };
        let observed = until
            .filter(|_| !is_well)
            .map(|until| format!(", and the policy only observed until {until}"))
            .unwrap_or_default();
        let said = format!("policy {}, verdict {verdict}{approved}{observed}", admitted.policy);
        ChainLink::of(LinkName::Policy, lets || !observed.is_empty(), said)
    }

    /// Says who accepted what.
    pub fn approvals(&self) -> ChainLink {
        let facts = self.facts();
        let of = |basis: &Basis| {
            basis
                .approval()
                .map(|approval| format!("{} until {}: {}", approval.who, approval.expires, approval.reason))
        };
        let mut said: Vec<String> = of(&facts.admitted.basis).into_iter().collect();
        said.extend(of(&facts.recorded.basis).filter(|one| !said.contains(one)));
        said.extend(facts.accepted.iter().map(|risk| {
            let place = risk.place.as_ref().map(|place| format!("@{place}")).unwrap_or_default();
            let owner = risk.owner.as_deref().unwrap_or(&facts.by);
            let expires = risk.expires.map(|end| format!(" until {end}")).unwrap_or_default();
            format!("waived {}{place} by {owner}{expires}: {}", risk.rule, risk.reason)
        }));
        if facts.accepted_more > 0 {
            said.push(format!("{} more", facts.accepted_more));
        }
        match &said[..] {
            [] => ChainLink::absent(LinkName::Approvals, "nobody had to approve or waive anything"),
            all => ChainLink::of(LinkName::Approvals, true, all.join("; ")),
        }
    }

    /// Says which commit it is.
    pub fn commit(&self) -> ChainLink {
        let source = &self.facts().source;
        match &self.facts().commit {
            Some(commit) => {
                let is_same = source.commit().as_ref() == Some(commit);
                ChainLink::of(LinkName::Commit, is_same, format!("{commit} of {}", source.locator))
            }
            None => ChainLink::absent(
                LinkName::Commit,
                format!("{} is no commit of a repository", source.locator),
            ),
        }
    }

    /// Says what was built, and by which digest it is named.
    pub fn built(&self) -> ChainLink {
        let artifact = &self.facts().artifact;
        let is_subject = self.statement.subject.iter().any(|one| one.is(artifact.digest()));
        match artifact {
            ArtifactFact::Image { name, .. } => ChainLink::of(LinkName::Image, is_subject, name),
            ArtifactFact::Program { launch } => ChainLink::of(
                LinkName::Build,
                is_subject,
                format!("a program of that machine, started as {launch}"),
            ),
        }
    }
}

/// Checks a statement with nothing but a key: what it proves by itself, and what cannot be known without the instance.
pub fn offline(statement: &Envelope, sbom: Option<&Envelope>, key: &PublicKey) -> Result<Chain, AttestError> {
    let opened = Opened::new(statement, key)?;
    let facts = opened.facts();
    let source_subject = opened.statement.subject.iter().any(|one| one.is(facts.source.digest));
    let links = vec![
        opened.signature(),
        opened.agreement(),
        opened.commit(),
        ChainLink::of(LinkName::Source, source_subject, format!("{}", facts.source.digest)),
        ChainLink::unknown(
            LinkName::Report,
            format!("{}: the report itself is on record at the instance", facts.admitted.report.0),
        ),
        opened.admission(),
        opened.approvals(),
        opened.built(),
        ChainLink::unknown(
            LinkName::Revision,
            format!(
                "{} at {}: whether it serves now, only the instance can tell",
                facts.revision, facts.target
            ),
        ),
        ChainLink::unknown(
            LinkName::Tools,
            format!(
                "{} definitions: whether it declares them now, only the instance can tell",
                facts.pins.len()
            ),
        ),
        match sbom {
            Some(sbom) => opened.bom(sbom),
            None => ChainLink::unknown(LinkName::Sbom, "no list of components was given"),
        },
    ];
    Ok(Chain {
        server: facts.server.clone(),
        version: facts.version.clone(),
        revision: facts.revision.clone(),
        key: key.id(),
        links,
    })
}
