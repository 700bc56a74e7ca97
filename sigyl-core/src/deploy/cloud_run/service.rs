//! A service of Cloud Run, as it is written and as it is read.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::secret::Bound;
use crate::deploy::TargetError;
use crate::deploy::image::Names;
use crate::domain::{CommitId, Digest, Resources, RevisionId, ServerName, Version};

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;
/// Seconds between two looks at whether a server listens.
const PERIOD: u64 = 5;
/// Seconds that it may take until it does, by Google's own bound.
const START_MOST: u64 = 240;
/// Processors that an instance can have, with the mebibytes that go with them: at least, at most.
const SIZES: [(u64, u64, u64); 5] =
    [(1, 512, 4_096), (2, 512, 8_192), (4, 2_048, 16_384), (6, 4_096, 24_576), (8, 4_096, 32_768)];
/// Names that Cloud Run gives a value itself.
const RESERVED: [&str; 4] = ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

/// What a revision is made of.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What the server is called at Google.
    pub names: Names,
    /// The server.
    pub server: ServerName,
    /// Its version.
    pub version: Version,
    /// The source that the image was built from.
    pub source: Digest,
    /// The commit that this is, where it came from a repository.
    pub commit: Option<CommitId>,
    /// The instance.
    pub revision: RevisionId,
    /// The image, by its digest.
    pub image: String,
    /// The account that it runs as.
    pub account: String,
    /// Plain settings.
    pub env: BTreeMap<String, String>,
    /// Secrets, by version.
    pub secrets: Vec<Bound>,
    /// The port that it listens on.
    pub port: u16,
    /// How large it is.
    pub scale: Scale,
    /// How long it may take until it listens.
    pub start: Option<Duration>,
}

/// A part of the traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Share {
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) percent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<String>,
    #[serde(skip_serializing)]
    pub(super) uri: Option<String>,
}

/// A service as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) uri: String,
    pub(super) etag: String,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) reconciling: bool,
    pub(super) terminal_condition: Condition,
    pub(super) latest_created_revision: String,
    pub(super) latest_ready_revision: String,
    pub(super) traffic: Vec<Share>,
    pub(super) traffic_statuses: Vec<Share>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Condition {
    pub(super) state: String,
    pub(super) message: String,
}

impl Share {
    const REVISION: &str = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
    const LATEST: &str = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";

    /// A share of one revision, by its short name.
    pub(super) fn of(revision: &str, percent: u32, tag: Option<String>) -> Self {
        let revision = Some(short(revision).to_owned());
        Self { kind: Self::REVISION.to_owned(), revision, percent: Some(percent), tag, uri: None }
    }

    /// A share of whatever revision is the newest.
    pub(super) fn of_newest(percent: u32, tag: String) -> Self {
        Self { kind: Self::LATEST.to_owned(), percent: Some(percent), tag: Some(tag), ..Self::default() }
    }

    pub(super) fn is_tagged(&self, tag: &str) -> bool {
        self.tag.as_deref() == Some(tag)
    }
}

impl Service {
    /// Returns who gets traffic or can be reached by a tag, each by its revision, without one instance.
    pub(super) fn shares_without(&self, tag: &str) -> Vec<Share> {
        let kept = self.traffic.iter().filter(|share| !share.is_tagged(tag));
        kept.map(|share| {
            let revision = share.revision.as_deref().filter(|revision| !revision.is_empty());
            let revision = revision.unwrap_or(&self.latest_ready_revision);
            Share::of(revision, share.percent.unwrap_or_default(), share.tag.clone())
        })
        .collect()
    }

    /// Returns the revision that a tag leads to, and its address.
    pub(super) fn tagged(&self, tag: &str) -> Option<(String, String)> {
        let share = self.traffic_statuses.iter().find(|share| share.is_tagged(tag))?;
        let revision = share.revision.as_deref().filter(|revision| !revision.is_empty());
        let revision = revision.unwrap_or_else(|| short(&self.latest_ready_revision));
        Some((revision.to_owned(), share.uri.clone()?))
    }

    /// Returns the revision that a tag is to lead to, whether or not it does yet; an empty name where there is none so far.
    pub(super) fn led_to(&self, tag: &str) -> Option<&str> {
        let share = self.traffic.iter().find(|share| share.is_tagged(tag))?;
        let newest = [&self.latest_ready_revision, &self.latest_created_revision];
        let named = share.revision.iter().chain(newest).find(|revision| !revision.is_empty());
        Some(named.map(|revision| short(revision)).unwrap_or_default())
    }

    /// Tells whether anybody is led to a revision, or would be: it is the newest.
    pub(super) fn has_use_for(&self, revision: &str) -> bool {
        let newest = [&self.latest_created_revision, &self.latest_ready_revision];
        let shares = self.traffic.iter().filter_map(|share| share.revision.as_ref());
        shares.chain(newest).any(|used| short(used) == revision)
    }

    /// Tells how much of the traffic a revision has, in percent.
    pub(super) fn percent_of(&self, revision: &str) -> u32 {
        let named = |share: &&Share| {
            let of = share.revision.as_deref().filter(|name| !name.is_empty());
            short(of.unwrap_or(&self.latest_ready_revision)) == revision
        };
        self.traffic_statuses.iter().filter(named).filter_map(|share| share.percent).sum()
    }

    /// Tells whether what is wanted was written already, and starts: the tag leads to it, whoever else wrote since.
    pub(super) fn leads_to(&self, wanted: &Wanted, tag: &str) -> bool {
        let written = self.annotations.get("sigyl-instance");
        written.is_some_and(|instance| instance == wanted.revision.as_str())
            && self.tagged(tag).is_some()
            && self.trouble().is_none()
    }

    /// Returns what its condition says against it, once it is settled.
    pub(super) fn trouble(&self) -> Option<String> {
        let condition = &self.terminal_condition;
        let is_well = condition.state == "CONDITION_SUCCEEDED"
            && !self.reconciling
            && self.latest_created_revision == self.latest_ready_revision;
        (!is_well).then(|| match condition.message.as_str() {
            "" => format!("its condition is {}", condition.state),
            message => super::operation::said(message),
        })
    }
}

/// Returns the last part of a name.
pub(super) fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Writes the body of a service whose newest revision is wanted, with these shares of the traffic.
pub(super) fn body(wanted: &Wanted, traffic: &[Share]) -> Value {
    let source = wanted.source.to_string();
    let mut labels = json!({"managed-by": "sigyl", "source": &wanted.source.hex()[..40]});
    let mut about = json!({
        "sigyl-server": wanted.server.as_str(), "sigyl-version": wanted.version.to_string(), "sigyl-source": source,
        "sigyl-instance": wanted.revision.as_str(),
    });
    if let Some(commit) = &wanted.commit {
        about["sigyl-commit"] = json!(commit.as_str());
        // A label has 63 characters at most, and a commit 40 or 64 digits.
        labels["commit"] = json!(&commit.as_str()[..40]);
    }
    json!({
        "labels": labels,
        "annotations": about,
        "client": "sigyl",
        "clientVersion": env!("CARGO_PKG_VERSION"),
        "ingress": "INGRESS_TRAFFIC_ALL",
        "template": template(wanted, &labels, &about),
        "traffic": traffic,
    })
}

fn template(wanted: &Wanted, labels: &Value, about: &Value) -> Value {
    let Scale { cpu, memory, least, most, concurrency, timeout } = wanted.scale;
    let start = wanted.start.map_or(START_MOST, |limit| limit.as_secs()).clamp(PERIOD, START_MOST);
    json!({
        "labels": labels,
        "annotations": about,
        "serviceAccount": wanted.account,
        "timeout": format!("{timeout}s"),
        "maxInstanceRequestConcurrency": concurrency,
        // A session of the older protocol lives in one instance.
        "sessionAffinity": true,
        "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
        "scaling": {"minInstanceCount": least, "maxInstanceCount": most},
        "containers": [{
            "name": "server",
            "image": wanted.image,
            "ports": [{"name": "http1", "containerPort": wanted.port}],
            "env": variables(wanted),
            "resources": {
                "limits": {"cpu": cpu.to_string(), "memory": format!("{memory}Mi")},
                "cpuIdle": true,
                "startupCpuBoost": true,
            },
            "startupProbe": {
                "tcpSocket": {"port": wanted.port}, "periodSeconds": PERIOD, "timeoutSeconds": PERIOD - 1,
                "failureThreshold": start.div_ceil(PERIOD),
            },
        }],
    })
}

/// Refuses names of settings and secrets that Cloud Run gives a value itself.
pub(super) fn require_free<'n>(mut names: impl Iterator<Item = &'n str>) -> Result<(), TargetError> {
    match names.find(|name| RESERVED.contains(name)) {
        None => Ok(()),
        Some(name) => Err(TargetError::Unsupported(format!(
            "Cloud Run gives `{name}` a value itself: take it out of the settings and secrets of the server"
        ))),
    }
}

pub(super) fn variables(wanted: &Wanted) -> Vec<Value> {
    let is_secret = |name: &str| wanted.secrets.iter().any(|one| one.variable.as_str() == name);
    let plain = wanted.env.iter().filter(|(name, _)| !is_secret(name));
    let plain = plain.map(|(name, value)| json!({"name": name, "value": value}));
    let secret = wanted.secrets.iter().map(|one| {
        let reference = json!({"secret": one.secret, "version": one.version});
        json!({"name": one.variable.as_str(), "valueSource": {"secretKeyRef": reference}})
    });
    plain.chain(secret).collect()
}

/// How large a service is, and may become: what is in force, where a manifest asks for less or more than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Processors of an instance.
    pub cpu: u64,
    /// Mebibytes of an instance.
    pub memory: u64,
    /// Instances kept running.
    pub least: u32,
    /// Instances at most.
    pub most: u32,
    /// Requests at a time, for each instance.
    pub concurrency: u32,
    /// Seconds that a request may take.
    pub timeout: u64,
}

impl Scale {
    /// Finds what fits, or tells that nothing does.
    pub(super) fn of(resources: &Resources) -> Result<Self, TargetError> {
        let (cpu, memory) = size(resources)?;
        let most = resources.max_instances.unwrap_or(1).max(1);
        Ok(Self {
            cpu,
            memory,
            least: resources.min_instances.unwrap_or(0).min(most),
            most,
            concurrency: resources.concurrency.unwrap_or(80).clamp(1, 1_000),
            timeout: resources.timeout.unwrap_or(300).clamp(1, 3_600),
        })
    }
}

impl Scale {
    /// Says which limits were asked for and are not in force.
    pub(super) fn unlike(&self, asked: &Resources) -> Option<String> {
        let whole = |limit: Option<u32>| limit.map(f64::from);
        let mebibytes = |bytes: u64| bytes as f64 / MIB as f64;
        let limits = [
            ("cpu", asked.cpu, self.cpu as f64),
            ("memory in MiB", asked.memory.map(mebibytes), self.memory as f64),
            ("minInstances", whole(asked.min_instances), f64::from(self.least)),
            ("maxInstances", whole(asked.max_instances), f64::from(self.most)),
            ("concurrency", whole(asked.concurrency), f64::from(self.concurrency)),
            ("timeout", asked.timeout.map(|seconds| seconds as f64), self.timeout as f64),
        ];
        let unlike = limits.into_iter().filter_map(|(name, asked, in_force)| {
            asked.filter(|asked| *asked != in_force).map(|asked| format!("{name} {asked}"))
        });
        Some(unlike.collect::<Vec<_>>().join(", ")).filter(|unlike| !unlike.is_empty())
    }
}

impl std::fmt::Display for Scale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cpu, memory, least, most, concurrency, timeout } = self;
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        write!(
            f,
            "{cpu} processor{} and {memory} MiB while an instance answers, at most {most} instance{}, {least} kept running; \
             {concurrency} requests at a time for each, {timeout} s for one",
            plural(*cpu),
            plural(u64::from(*most)),
        )
    }
}

/// Finds the smallest size that Cloud Run offers which has all that is asked for.
fn size(resources: &Resources) -> Result<(u64, u64), TargetError> {
    let cpu = resources.cpu.unwrap_or(1.0);
    let memory = resources.memory.unwrap_or(512 * MIB).div_ceil(MIB);
    let fits = |(has, _, most): &&(u64, u64, u64)| {
        u32::try_from(*has).is_ok_and(|has| f64::from(has) >= cpu) && memory <= *most
    };
    let Some((has, least, _)) = SIZES.iter().find(fits) else {
        return Err(TargetError::Unsupported(format!(
            "Cloud Run has no instances with {cpu} processors and {memory} MiB: 8 and {} are the most",
            SIZES[4].2
        )));
    };
    Ok((*has, memory.max(*least)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_costs_by_is_told_as_it_is_in_force() {
        let asked = Resources {
            min_instances: Some(9),
            max_instances: Some(2),
            timeout: Some(80_000),
            ..Resources::default()
        };
        let scale = Scale::of(&asked).unwrap();
        assert_eq!((scale.least, scale.most, scale.timeout), (2, 2, 3_600));
        let told = "1 processor and 512 MiB while an instance answers, at most 2 instances, 2 kept running; \
                    80 requests at a time for each, 3600 s for one";
        assert_eq!(scale.to_string(), told);
        assert_eq!(scale.unlike(&asked).as_deref(), Some("minInstances 9, timeout 80000"));
        assert_eq!(scale.unlike(&Resources::default()), None);
    }

    fn resources(cpu: Option<f64>, mebibytes: Option<u64>) -> Resources {
        Resources { cpu, memory: mebibytes.map(|it| it * MIB), ..Resources::default() }
    }

    #[test]
    fn the_smallest_size_is_taken_that_has_all_that_is_asked_for() {
        for (asked, given) in [
            ((None, None), (1, 512)),
            ((Some(0.25), Some(100)), (1, 512)),
            ((Some(1.5), Some(600)), (2, 600)),
            ((Some(4.0), Some(600)), (4, 2_048)),
            ((Some(1.0), Some(5_000)), (2, 5_000)),
            ((Some(8.0), Some(32_768)), (8, 32_768)),
        ] {
            assert_eq!(size(&resources(asked.0, asked.1)).unwrap(), given, "{asked:?}");
        }
        let error = size(&resources(Some(9.0), None)).unwrap_err().to_string();
        assert!(error.contains("9 processors") && error.contains("8 and 32768 are the most"), "{error}");
    }

    #[test]
    fn a_share_of_the_newest_is_pinned_when_another_comes() {
        let service = Service {
            latest_ready_revision: "p/services/a/revisions/a-00001".to_owned(),
            traffic: vec![Share::of_newest(100, "r1".to_owned())],
            ..Service::default()
        };
        assert_eq!(service.shares_without("r2"), [Share::of("a-00001", 100, Some("r1".to_owned()))]);
        assert_eq!(service.shares_without("r1"), []);
    }
}
