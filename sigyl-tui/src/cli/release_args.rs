//! What deploy and redeploy have in common.

use std::collections::BTreeMap;

use sigyl_core::domain::{Audience, Canary, Permissions, SecretName, SecretValue, Waiver};

use super::Context;
use super::audience_args::AudienceArgs;
use super::canary_args::CanaryArgs;
use crate::problem::Problem;
use crate::secret;
use crate::waive::WaiveArgs;

/// Settings, secrets and permissions of a release.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ReleaseArgs {
    /// Set a variable of the server's environment (not for secrets)
    #[arg(long = "env", value_name = "K=V")]
    env: Vec<String>,
    /// Seal and bind a secret: asked for, or K=@FILE, or K=env:NAME
    #[arg(long = "secret", value_name = "K")]
    secret: Vec<String>,
    /// Let the server touch something: read=PATH, write=PATH, network=HOST:PORT, exec=PROGRAM
    #[arg(long = "grant", value_name = "KIND=VALUE")]
    grant: Vec<String>,
    /// Let a package run its install scripts during the build
    #[arg(long, value_name = "PACKAGE")]
    allow_scripts: Vec<String>,
    /// Scan the code of dependencies too
    #[arg(long)]
    deep: bool,
    /// Let the configured language model look at it too (docs/reviewer.md)
    #[arg(long)]
    review: bool,
    #[command(flatten)]
    audience: AudienceArgs,
    #[command(flatten)]
    canary: CanaryArgs,
    #[command(flatten)]
    waive: WaiveArgs,
}

/// The same, checked and read.
pub(super) struct Release {
    pub(super) env: BTreeMap<String, String>,
    pub(super) secrets: BTreeMap<SecretName, SecretValue>,
    pub(super) grant: Vec<String>,
    pub(super) waive: Vec<Waiver>,
    pub(super) allow_scripts: Vec<String>,
    pub(super) deep: bool,
    pub(super) review: bool,
    pub(super) canary: Option<Canary>,
    pub(super) audience: Option<Audience>,
}

impl ReleaseArgs {
    /// Checks everything before anybody is asked for a secret.
    pub(super) fn read(self, cx: &Context) -> Result<Release, Problem> {
        let env = variables(&self.env)?;
        let mut granted = Permissions::default();
        for grant in &self.grant {
            granted.grant(grant).map_err(|error| {
                Problem::wrong_use("E0001", format!("--grant: {error}"), "repeat --grant for each permission")
            })?;
        }
        let waive = self.waive.waivers()?;
        let canary = self.canary.read()?;
        let secrets = secret::read(&self.secret, &cx.settings.environment, cx.output.interactive)?;
        if let Some(name) = secrets.keys().find(|name| env.contains_key(name.as_str())) {
            let message = format!("{name} is given both as --env and as --secret");
            return Err(Problem::wrong_use("E0001", message, "keep one of them"));
        }
        Ok(Release {
            env,
            secrets,
            grant: self.grant,
            waive,
            allow_scripts: self.allow_scripts,
            deep: self.deep,
            review: self.review,
            canary,
            audience: self.audience.read(),
        })
    }
}

/// Reads settings as `NAME=VALUE`.
pub(super) fn variables(given: &[String]) -> Result<BTreeMap<String, String>, Problem> {
    let mut env = BTreeMap::new();
    for text in given {
        let wrong = |message: String| Problem::wrong_use("E0001", message, "write --env NAME=VALUE");
        let (name, value) =
            text.split_once('=').ok_or_else(|| wrong("--env: a `=` is missing".to_owned()))?;
        SecretName::parse(name).map_err(|error| wrong(format!("--env: {error}")))?;
        if env.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(wrong(format!("--env {name} is given twice")));
        }
    }
    Ok(env)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_has_a_name_and_one_value() {
        let own = |texts: &[&str]| variables(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(own(&["A=1=2", "B="]).unwrap()["A"], "1=2");
        for texts in [&["A"][..], &["1=x"], &["A=1", "A=2"], &["=x"]] {
            assert!(own(texts).is_err(), "{texts:?}");
        }
    }
}
