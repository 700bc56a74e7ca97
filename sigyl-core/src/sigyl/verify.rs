//! What was signed of a server, whether what is on record and what serves agree with it, and the key that it is checked with.

use std::collections::BTreeSet;

use super::Sigyl;
use crate::attest::{AttestError, Opened, PublicKey};
use crate::deploy::Serving;
use crate::domain::{
    Action, Admission, ArtifactFact, Attested, Caller, Chain, ChainLink, Decision, Deployment, LOCAL,
    LinkName, Pin, PinFact, Refusal, ReleaseFacts, Run, Server, ServerName, VersionRecord,
};
use crate::error::Error;
use crate::mcp::{Probe, ProbeLimits};
use crate::pipeline::{Front as _, StepError};
use crate::wire::v1::{PublicKeyView, Verification};

/// Names that a line lists.
const NAMED: usize = 5;

impl Sigyl {
    /// Returns the key that checks what this instance signs. It is made with the first release, and not by a question.
    pub async fn public_key(&self, caller: &Caller) -> Result<PublicKeyView, Error> {
        caller.require(Action::Browse)?;
        let key = self.own_key().await?;
        Ok(PublicKeyView { key: key.id(), pem: key.pem() })
    }

    async fn own_key(&self) -> Result<PublicKey, Error> {
        let _sealing = self.inner.sealing.read().await;
        let key = self.inner.platform.signer.known().await?;
        Ok(*key.ok_or(AttestError::NoKey)?.public())
    }

    /// Returns what was signed of what serves a server.
    pub async fn attested(&self, caller: &Caller, name: &ServerName) -> Result<Attested, Error> {
        self.known(caller, Action::Read, name).await?;
        let store = &self.inner.platform.store;
        let deployment = store.deployment(name).await?.ok_or_else(|| Error::NoStatement(name.clone()))?;
        self.attested_of(&deployment).await
    }

    async fn attested_of(&self, deployment: &Deployment) -> Result<Attested, Error> {
        let found = self.inner.platform.store.attested(&deployment.server, &deployment.revision).await?;
        found.ok_or_else(|| Error::NoStatement(deployment.server.clone()))
    }

    /// Checks what was signed of what serves a server, link by link: against the records, and against what serves now,
    /// which is asked what it declares.
    pub async fn verify(&self, caller: &Caller, name: &ServerName) -> Result<Verification, Error> {
        let server = self.known(caller, Action::Probe, name).await?;
        let store = &self.inner.platform.store;
        let deployment = store.deployment(name).await?.ok_or_else(|| Error::NoStatement(name.clone()))?;
        let attested = self.attested_of(&deployment).await?;
        let key = self.own_key().await?;
        let links = match Opened::new(&attested.statement, &key) {
            Ok(opened) => self.checked_links(&server, &deployment, &opened, &attested).await?,
            // Nothing that it says is worth a look.
            Err(error @ (AttestError::NotSigned { .. } | AttestError::NotAnEnvelope(_))) => {
                vec![ChainLink::broken(LinkName::Signature, error.to_string())]
            }
            Err(error @ AttestError::NotAStatement(_)) => {
                vec![ChainLink::broken(LinkName::Statement, error.to_string())]
            }
            Err(error) => return Err(error.into()),
        };
        let chain = Chain {
            server: deployment.server.clone(),
            version: deployment.version.clone(),
            revision: deployment.revision.clone(),
            key: key.id(),
            links,
        };
        Ok(Verification { chain, url: self.inner.front.url(name), public_key: key.pem(), attested })
    }

    async fn checked_links(
        &self,
        server: &Server,
        deployment: &Deployment,
        opened: &Opened,
        attested: &Attested,
    ) -> Result<Vec<ChainLink>, Error> {
        let (store, facts) = (&self.inner.platform.store, opened.facts());
        let record = store.version(&deployment.server, &deployment.version).await?;
        let run = store.run(&facts.run).await?;
        let serving = self.serving(deployment).await;
        let mut links = vec![opened.signature(), opened.agreement()];
        links.push(match &record {
            Some(record) if record.source.commit() != facts.commit => {
                ChainLink::broken(LinkName::Commit, "the version was recorded from another commit")
            }
            _ => opened.commit(),
        });
        links.push(source(record.as_ref(), deployment, facts));
        links.push(self.stated_report(record.as_ref(), run.as_ref(), facts).await?);
        let admitted = self.admitted_now(record.as_ref(), run.as_ref());
        links.push(policy(record.as_ref(), run.as_ref(), opened, admitted.err()));
        links.push(approvals(record.as_ref(), run.as_ref(), opened));
        links.push(build(deployment, facts));
        links.push(image(serving.as_ref(), facts));
        let is_tried = self.inner.front.compared(&deployment.server).is_some();
        links.push(revision(serving.as_ref(), deployment, facts, is_tried));
        links.push(self.stated_tools(server, deployment, record.as_ref(), facts).await);
        links.push(opened.bom(&attested.sbom));
        Ok(links)
    }

    /// Tells whether the policy of now would let it be started again.
    fn admitted_now(&self, record: Option<&VersionRecord>, run: Option<&Run>) -> Result<(), Refusal> {
        let Some(record) = record else { return Ok(()) };
        let platform = &self.inner.platform;
        let judged = run.and_then(|run| run.judgement.as_ref());
        Admission::of_record(record, judged, &platform.settings.policy, platform.clock.now()).map(|_| ())
    }

    /// Looks at an instance where it runs; what keeps from looking is told as it would be to whoever asked.
    async fn serving(&self, deployment: &Deployment) -> Result<Serving, String> {
        let said = |error: crate::deploy::TargetError| Error::from(error).failure().message;
        let target = self.inner.platform.targets.of(deployment.target.as_deref()).map_err(said)?;
        target.serving(deployment).await.map_err(said)
    }

    async fn stated_report(
        &self,
        record: Option<&VersionRecord>,
        run: Option<&Run>,
        facts: &ReleaseFacts,
    ) -> Result<ChainLink, Error> {
        let store = &self.inner.platform.store;
        let named = facts.admitted.report;
        let Some(report) = store.report(named).await? else {
            return Ok(ChainLink::broken(
                LinkName::Report,
                format!("the report {} is not on record", named.0),
            ));
        };
        let live = match facts.admitted.live {
            Some(live) => store.report(live).await?.is_some_and(|report| report.id() == live),
            None => true,
        };
        let wrong = [
            (report.id() == named, "the report on record is another than it was"),
            (report.source.digest == facts.source.digest, "the report is about another source"),
            (report.rules == facts.admitted.rules, "the report was made by other rules"),
            (
                record.is_some_and(|record| record.report == facts.recorded.report),
                "the version has another report",
            ),
            (run.is_some_and(|run| run.report == Some(named)), "the run has another report"),
            (
                live && run.is_some_and(|run| run.live == facts.admitted.live),
                "the scan of what it said is another",
            ),
        ];
        let rules = facts
            .admitted
            .rules
            .as_ref()
            .map_or_else(String::new, |rules| format!(", {} rules {}", rules.count, rules.digest));
        Ok(all_of(LinkName::Report, &wrong, format!("{} on record{rules}", named.0)))
    }

    async fn stated_tools(
        &self,
        server: &Server,
        deployment: &Deployment,
        record: Option<&VersionRecord>,
        facts: &ReleaseFacts,
    ) -> ChainLink {
        if record.is_none_or(|record| PinFact::all(&record.pins()) != facts.pins) {
            return ChainLink::broken(
                LinkName::Tools,
                "the definitions on record are not those that were signed",
            );
        }
        match self.declared_now(server, deployment).await {
            Ok(now) if now == facts.pins => {
                let said =
                    format!("{} definitions, each declared now with the digest that was signed", now.len());
                ChainLink::of(LinkName::Tools, true, said)
            }
            Ok(now) => ChainLink::broken(LinkName::Tools, differences(&facts.pins, &now)),
            Err(error) => {
                let why = error.failure().message;
                ChainLink::broken(LinkName::Tools, format!("what serves could not be asked: {why}"))
            }
        }
    }

    /// Asks what serves what it declares.
    async fn declared_now(&self, server: &Server, deployment: &Deployment) -> Result<Vec<PinFact>, Error> {
        let upstream = self.reached(server).await?;
        let era = deployment.declared.as_ref().map(|it| it.era);
        let limits = ProbeLimits { era, ..ProbeLimits::default() };
        let probe = self.probed(&server.name, &upstream, &limits).await?;
        self.observe_probe(&server.name, &deployment.version, &probe).await?;
        pins_of(&probe)
    }
}

fn pins_of(probe: &Probe) -> Result<Vec<PinFact>, Error> {
    let wrong = |error: crate::domain::ToolError| Error::from(StepError::LiveTools(error.to_string()));
    let others =
        Pin::of_others(&probe.prompts, &probe.resources, probe.instructions.as_deref()).map_err(wrong)?;
    let tool = |tool: &crate::domain::Tool| {
        let sha256 = tool.digest().map_err(wrong)?;
        Ok(PinFact { entity: crate::domain::Entity::Tool, name: tool.name().to_owned(), sha256 })
    };
    let mut all = probe.tools.iter().map(tool).collect::<Result<Vec<_>, Error>>()?;
    all.extend(PinFact::all(&others));
    all.sort();
    Ok(all)
}

/// A link that holds if all of these do; those that do not are named.
fn all_of(link: LinkName, all: &[(bool, &str)], said: String) -> ChainLink {
    let wrong: Vec<&str> = all.iter().filter(|(holds, _)| !holds).map(|(_, why)| *why).collect();
    if wrong.is_empty() { ChainLink::of(link, true, said) } else { ChainLink::broken(link, wrong.join("; ")) }
}

fn source(record: Option<&VersionRecord>, deployment: &Deployment, facts: &ReleaseFacts) -> ChainLink {
    let Some(record) = record else {
        return ChainLink::broken(LinkName::Source, "the version is not on record");
    };
    let wrong = [
        (record.source.stated() == facts.source, "the version is recorded from another source"),
        (deployment.source == facts.source.digest, "what serves was built from another source"),
    ];
    all_of(
        LinkName::Source,
        &wrong,
        format!("{} in the version record and in the record of what serves", facts.source.digest),
    )
}

fn policy(
    record: Option<&VersionRecord>,
    run: Option<&Run>,
    opened: &Opened,
    refused: Option<Refusal>,
) -> ChainLink {
    let facts = opened.facts();
    let (recorded, admitted) = (&facts.recorded, &facts.admitted);
    let judged = run.and_then(|run| run.judgement.as_ref());
    let is_recorded = record.is_some_and(|record| {
        record.policy == recorded.policy && record.basis == recorded.basis && record.run == recorded.run
    });
    let is_judged = judged.is_some_and(|judged| {
        judged.source == facts.source.digest
            && judged.report == admitted.report
            && judged.policy == admitted.policy
            && judged.verdict == admitted.verdict
            && judged.observed == admitted.observed
            && judged.waived == admitted.waived
    });
    let said = opened.admission();
    let refused = refused.map(|refused| refused.to_string());
    let wrong = [
        (is_recorded, "the version was recorded by another policy or decision"),
        (is_judged, "the run on record judged otherwise"),
        (said.outcome == crate::domain::LinkOutcome::Holds, "what was judged does not let it serve"),
        (refused.is_none(), refused.as_deref().unwrap_or_default()),
    ];
    all_of(LinkName::Policy, &wrong, said.said)
}

fn approvals(record: Option<&VersionRecord>, run: Option<&Run>, opened: &Opened) -> ChainLink {
    let facts = opened.facts();
    let recorded = record.and_then(|record| record.basis.approval());
    let decided = run.and_then(|run| match &run.decision {
        Some(Decision::Approved(approval)) => Some(approval),
        _ => None,
    });
    let admitted = facts.admitted.basis.approval();
    let is_decided = admitted.is_none() || admitted == decided || admitted == recorded;
    if record.is_none() || recorded != facts.recorded.basis.approval() || !is_decided {
        return ChainLink::broken(LinkName::Approvals, "the approval on record is another");
    }
    opened.approvals()
}

fn build(deployment: &Deployment, facts: &ReleaseFacts) -> ChainLink {
    let is_same = ArtifactFact::of(&deployment.launch).is_ok_and(|built| built == facts.artifact);
    let how = match facts.cached {
        Some(false) => "built",
        Some(true) => "let serve what was built before,",
        // A statement of before this was stated.
        None => "built, or took as it was built before,",
    };
    let said = match (&facts.artifact, is_same) {
        (_, false) => "what is started was built otherwise".to_owned(),
        (ArtifactFact::Image { .. }, true) => format!("run {} {how} the image that is started", facts.run),
        (ArtifactFact::Program { launch }, true) => {
            format!("run {} {how} the program that is started as {launch}", facts.run)
        }
    };
    ChainLink::of(LinkName::Build, is_same, said)
}

fn image(serving: Result<&Serving, &String>, facts: &ReleaseFacts) -> ChainLink {
    let ArtifactFact::Image { name, .. } = &facts.artifact else {
        return ChainLink::absent(LinkName::Image, "a program of this machine, and no image");
    };
    match serving {
        Ok(Serving { image: Some(image), .. }) => {
            let is_same = image == name;
            let said = if is_same { name.clone() } else { format!("{image} serves, and {name} was signed") };
            ChainLink::of(LinkName::Image, is_same, said)
        }
        Ok(Serving { said, .. }) => ChainLink::broken(LinkName::Image, format!("no image serves: {said}")),
        Err(why) => ChainLink::broken(LinkName::Image, format!("it could not be looked at: {why}")),
    }
}

fn revision(
    serving: Result<&Serving, &String>,
    deployment: &Deployment,
    facts: &ReleaseFacts,
    is_tried: bool,
) -> ChainLink {
    let wrong = [
        (!is_tried, "another version is being tried by some clients"),
        (deployment.target.as_deref().unwrap_or(LOCAL) == facts.target, "it serves at another place"),
        (deployment.server == facts.server && deployment.version == facts.version, "another version serves"),
        (deployment.revision == facts.revision && deployment.run == facts.run, "another instance serves"),
        (deployment.activated == facts.activated, "it serves since another time"),
    ];
    match serving {
        Ok(Serving { serves: true, said, .. }) => {
            all_of(LinkName::Revision, &wrong, format!("{}: {said}", facts.revision))
        }
        Ok(Serving { said, .. }) => ChainLink::broken(LinkName::Revision, said.clone()),
        Err(why) => ChainLink::broken(LinkName::Revision, format!("it could not be looked at: {why}")),
    }
}

/// Names what was signed and is not declared, what is declared and was not signed, and what changed.
fn differences(signed: &[PinFact], now: &[PinFact]) -> String {
    let of = |all: &[PinFact]| all.iter().map(|pin| (pin.entity, pin.name.clone())).collect::<BTreeSet<_>>();
    let (before, after) = (of(signed), of(now));
    let changed: BTreeSet<_> = now
        .iter()
        .filter(|pin| !signed.contains(pin))
        .map(|pin| (pin.entity, pin.name.clone()))
        .filter(|key| before.contains(key))
        .collect();
    let kinds = [
        ("changed", changed.iter().collect::<Vec<_>>()),
        ("not declared any more", before.difference(&after).collect()),
        ("not signed", after.difference(&before).collect()),
    ];
    let told = kinds.into_iter().filter(|(_, all)| !all.is_empty()).map(|(what, all)| {
        let names: Vec<String> =
            all.iter().take(NAMED).map(|(entity, name)| format!("{entity} `{name}`")).collect();
        let more = all.len().saturating_sub(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("{what}: {}{more}", names.join(", "))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        "the same names are declared another number of times".to_owned()
    } else {
        told.join("; ")
    }
}
