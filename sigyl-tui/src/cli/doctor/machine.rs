//! The owner, the port, and what the kernel can enforce.

use std::sync::Arc;

use sigyl_core::clock::SystemClock;
use sigyl_core::deploy::Target as _;
use sigyl_core::deploy::local_process::{LocalConfig, LocalProcess};
use sigyl_core::domain::Kind;

use super::check::Check;
use crate::link;
use crate::problem::{Problem, chain};
use crate::settings::Settings;

/// Looks for an owner that serves, else whether its port could be taken.
pub(super) async fn owner_and_port(settings: &Settings) -> Result<Vec<Check>, Problem> {
    match link::owner(&settings.data_dir()?).await {
        Ok(Some((_, owner))) => {
            let endpoint = owner.endpoint.unwrap_or_else(|| "no endpoint".to_owned());
            let found = format!("process {} of version {}", owner.pid, owner.version);
            Ok(vec![Check::ok("owner", found), Check::ok("port", format!("{endpoint}, held by the owner"))])
        }
        Ok(None) => Ok(vec![Check::ok("owner", "none runs"), port(settings).await]),
        Err(problem) => {
            let remedy = "end it with `sigyl stop`, or use the version of sigyl that it was started with";
            Ok(vec![Check::fail("owner", problem.failure.message, remedy), port(settings).await])
        }
    }
}

async fn port(settings: &Settings) -> Check {
    let listen = settings.listen;
    match tokio::net::TcpListener::bind(listen.address).await {
        Ok(_) => Check::ok("port", format!("{} is free", listen.address)),
        Err(error) if listen.named => {
            let found = format!("{} cannot be taken: {error}", listen.address);
            Check::fail("port", found, "name another with --listen, or end what holds it")
        }
        Err(error) => {
            let found = format!("{} cannot be taken: {error}", listen.address);
            Check::warn("port", found, "a free port will be used; name one with --listen to have it fixed")
        }
    }
}

/// Asks the local target what it could enforce. It gets folders of its own: opening it on a data directory ends what
/// runs there.
pub(super) fn confinement(settings: &Settings) -> Result<Check, Problem> {
    let failed = |message: String| {
        Problem::failed("E0505", Kind::Unavailable, message, "set TMPDIR to a folder that can be written")
    };
    let folder = tempfile::Builder::new()
        .prefix("sigyl-doctor-")
        .tempdir_in(settings.temporary_dir())
        .map_err(|error| failed(format!("could not make a folder: {error}")))?;
    let target = LocalProcess::new(LocalConfig {
        data_dir: folder.path().join("data"),
        cache_dir: folder.path().join("cache"),
        tool_env: settings.environment.tool_env(),
        offline: settings.offline,
        launcher: std::env::current_exe()
            .map_err(|error| failed(format!("could not find this program: {error}")))?,
        clock: Arc::new(SystemClock),
    })
    .map_err(|error| failed(chain(&error)))?;
    let confinement = target.confinement();
    let enforced = format!("{} limits are enforced", confinement.enforced.len());
    if confinement.unenforced.is_empty() {
        return Ok(Check::ok("confinement", enforced));
    }
    let open: String = confinement.unenforced.iter().map(|gap| format!("\n- {gap}")).collect();
    Ok(Check::warn(
        "confinement",
        format!("{enforced}; not enforced:{open}"),
        "run servers that you do not trust on a newer kernel, or on a machine of their own",
    ))
}
