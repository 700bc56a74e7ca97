//! Which steps a plan takes, as data.

use super::step::Step;
use super::steps::{
    Activate, Admit, BindSecrets, BuildImage, FetchSource, LoadVersion, ProbeRelease, ReadManifest,
    RecordVersion, Release, Remove, Retire, ReviewSource, ScanSource, TryOut,
};
use crate::domain::{Plan, StepId};

const SCAN: &[&dyn Step] = &[&FetchSource, &ReadManifest, &ScanSource, &ReviewSource];
const PUBLISH: &[&dyn Step] =
    &[&FetchSource, &ReadManifest, &ScanSource, &ReviewSource, &Admit, &RecordVersion];
const RELEASE: &[&dyn Step] = &[
    &FetchSource,
    &ReadManifest,
    &ScanSource,
    &ReviewSource,
    &Admit,
    &RecordVersion,
    &BuildImage,
    &BindSecrets,
    &Release,
    &ProbeRelease,
    &TryOut,
    &Activate,
];
const ROLLBACK: &[&dyn Step] =
    &[&LoadVersion, &Admit, &BuildImage, &BindSecrets, &Release, &ProbeRelease, &Activate];
/// The version that serves is judged by today's rules before it is started anew, as one that is rolled back to is.
const RECONFIGURE: &[&dyn Step] = ROLLBACK;
const DELETE: &[&dyn Step] = &[&Retire, &Remove];

pub(crate) fn steps(plan: Plan) -> &'static [&'static dyn Step] {
    match plan {
        Plan::Scan => SCAN,
        Plan::Publish => PUBLISH,
        Plan::Release | Plan::Redeploy => RELEASE,
        Plan::Rollback => ROLLBACK,
        Plan::Reconfigure => RECONFIGURE,
        Plan::Delete => DELETE,
    }
}

/// Returns the steps of a plan in order.
pub fn steps_of(plan: Plan) -> Vec<StepId> {
    steps(plan).iter().map(|step| step.id()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_recorded_or_released_before_it_is_admitted() {
        for plan in [Plan::Publish, Plan::Release, Plan::Redeploy, Plan::Rollback, Plan::Reconfigure] {
            let steps = steps_of(plan);
            let admit = steps.iter().position(|step| *step == StepId::Admit).unwrap();
            for late in [StepId::RecordVersion, StepId::BuildImage, StepId::Release, StepId::Activate] {
                assert!(
                    steps.iter().position(|step| *step == late).is_none_or(|at| at > admit),
                    "{plan:?} {late}"
                );
            }
        }
    }

    #[test]
    fn a_step_stands_once_in_a_plan() {
        for plan in [Plan::Scan, Plan::Publish, Plan::Release, Plan::Rollback, Plan::Delete] {
            let mut steps = steps_of(plan);
            steps.sort();
            let all = steps.len();
            steps.dedup();
            assert_eq!(steps.len(), all, "{plan:?}");
        }
    }
}
