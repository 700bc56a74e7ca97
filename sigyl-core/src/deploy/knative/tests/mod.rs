//! Builds and releases, over a real socket and with a tool that is a script.

mod builds;
mod calls;
pub(crate) mod fake;
mod fields;
mod release;
pub(crate) mod world;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use super::{Bearer, Builder, Cluster, ClusterConfig, Knative, Patience, Tool};
use crate::source::ToolEnv;
use crate::web::Web;
use fake::Fake;

/// A tool that builds images, as a script of the shell: the digest of an image is that of its source.
const TOOL: &str = r#"#!/bin/sh
set >> "$0.saw"
printf '%s\n' "$*" >> "$0.asked"
case "$1" in
build)
  while [ $# -gt 1 ]; do
    case "$1" in --tag) tag=${2##*:} ;; --file) file=$2 ;; esac
    shift
  done
  read -r line < "$file"
  line=${line##*sha256:}
  printf '%s\n' "${line%.}" > "$0.$tag"
  echo "STEP 1/1: built" >&2
  ;;
push)
  read -r digest < "$0.${4##*:}"
  printf 'sha256:%s' "$digest" > "$3"
  ;;
rmi) ;;
*) exit 64 ;;
esac
"#;

/// A cluster, and a machine with a tool that builds images.
pub(crate) struct House {
    pub(crate) fake: Fake,
    dir: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let house = Self { fake: Fake::start(), dir: tempfile::tempdir().unwrap() };
        house.write_tool(TOOL);
        std::fs::write(house.dir.path().join("token"), "tok-1\n").unwrap();
        house
    }

    pub(crate) fn write_tool(&self, script: &str) {
        let bin = self.dir.path().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(bin.join("podman"), script).unwrap();
        std::fs::set_permissions(bin.join("podman"), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What the tool noted: `asked`, `saw`.
    pub(crate) fn noted(&self, what: &str) -> String {
        std::fs::read_to_string(self.path(&format!("bin/podman.{what}"))).unwrap_or_default()
    }

    /// A target that has asked nothing yet.
    pub(crate) fn target(&self, patience: Patience) -> Knative {
        self.target_with(patience, false)
    }

    pub(crate) fn target_with(&self, patience: Patience, public: bool) -> Knative {
        let config = ClusterConfig {
            name: "test".to_owned(),
            api_server: self.fake.url.clone(),
            authorities: None,
            namespace: "mcp".to_owned(),
            public,
            pull_secret: None,
            bearer: Bearer::of_file(self.path("token")),
            patience,
        };
        let cluster = Cluster::new(config, Web::default()).unwrap();
        let env = ToolEnv { path: self.path("bin").into(), ..ToolEnv::default() };
        let registry = "registry.example/mcp".to_owned();
        Knative::new(cluster, Builder { tool: Tool::Podman, registry, env, work: self.path("work") })
    }
}

/// No more patience than a fake needs.
pub(crate) fn short() -> Patience {
    Patience {
        first: Duration::from_millis(1),
        longest: Duration::from_millis(5),
        ready: Duration::from_millis(900),
        settling: Duration::from_millis(900),
        ..Patience::default()
    }
}
