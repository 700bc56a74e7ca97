//! What is said of a release when it begins to serve, signed.

use super::super::context::Context;
use super::super::failure::StepError;
use super::fetch_source::blocking;
use crate::attest::{attest, bom};
use crate::domain::{
    AcceptedRisk, AdmittedBy, ArtifactFact, Attested, Deployment, LOCAL, Pin, PinFact, RecordedBy,
    ReleaseFacts, StepId, ToolPin,
};

/// Signs what is known of the release by now, and the list of what it is made of.
pub(super) async fn state(cx: &Context, deployment: &Deployment) -> Result<Attested, StepError> {
    let facts = facts(cx, deployment)?;
    let (Some(record), Some(tree)) = (cx.results.record.clone(), cx.results.tree.clone()) else {
        return Err(defect("no record or tree"));
    };
    let list = blocking(StepId::Activate, move || bom(&record, &tree)).await?;
    let key = cx.platform.signer.key(deployment.activated).await?;
    Ok(attest(key, facts, list, cx.run.created)?)
}

fn defect(why: &str) -> StepError {
    StepError::Defect { step: StepId::Activate, why: why.into() }
}

fn facts(cx: &Context, deployment: &Deployment) -> Result<ReleaseFacts, StepError> {
    let results = &cx.results;
    let (Some(record), Some(admission), Some(report), Some(judged)) =
        (&results.record, &results.admission, &results.report, &cx.run.judgement)
    else {
        return Err(defect("no record, admission, report or judgement"));
    };
    let artifact = ArtifactFact::of(&deployment.launch).map_err(crate::attest::AttestError::from)?;
    // A waiver that came with the version may have been for what is gone.
    let used = cx.order.waive.iter().filter(|waiver| !results.left_over.contains(waiver));
    let (accepted, accepted_more) = AcceptedRisk::all(used, report);
    Ok(ReleaseFacts {
        server: record.server.clone(),
        version: record.version.clone(),
        source: record.source.stated(),
        commit: record.source.commit(),
        recorded: RecordedBy {
            report: record.report,
            policy: record.policy,
            basis: record.basis.clone(),
            run: record.run.clone(),
        },
        admitted: AdmittedBy {
            report: admission.report(),
            live: cx.run.live,
            rules: report.rules.clone(),
            policy: admission.policy(),
            verdict: judged.verdict,
            basis: admission.basis().clone(),
            observed: judged.observed,
            waived: admission.waived().to_vec(),
        },
        accepted,
        accepted_more,
        artifact,
        cached: results.built.as_ref().map(|built| built.cached),
        revision: deployment.revision.clone(),
        run: cx.run.id.clone(),
        by: cx.run.caller.clone(),
        target: deployment.target.clone().unwrap_or_else(|| LOCAL.to_owned()),
        endpoint: cx.platform.front.url(&deployment.server),
        pins: PinFact::all(&pins(&results.pins, &results.others)),
        activated: deployment.activated,
    })
}

fn pins(tools: &[ToolPin], others: &[Pin]) -> Vec<Pin> {
    tools.iter().map(Pin::from).chain(others.iter().cloned()).collect()
}
