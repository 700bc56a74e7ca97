//! Maps an operation as data to the method of the handle.

use crate::domain::{Caller, Failure, RunId, Seq};
use crate::error::Error;
use crate::sigyl::{Frames, Sigyl};
use crate::wire::v1::{Request, Response};

/// Does what `request` asks for, telling on `frames` what happens meanwhile.
pub async fn handle(
    sigyl: &Sigyl,
    caller: &Caller,
    request: Request,
    frames: &Frames,
) -> Result<Response, Failure> {
    answer(sigyl, caller, request, frames).await.map_err(|error| error.failure())
}

async fn answer(
    sigyl: &Sigyl,
    caller: &Caller,
    request: Request,
    frames: &Frames,
) -> Result<Response, Error> {
    Ok(match request {
        Request::Owner => Response::Owner(sigyl.owner(caller)?),
        Request::Deploy(deploy) => follow(sigyl, caller, sigyl.deploy(caller, deploy).await?, frames).await?,
        Request::Redeploy(redeploy) => {
            follow(sigyl, caller, sigyl.redeploy(caller, redeploy).await?, frames).await?
        }
        Request::Rollback { name, version } => {
            follow(sigyl, caller, sigyl.rollback(caller, name, version).await?, frames).await?
        }
        Request::Delete { name, confirm } => {
            follow(sigyl, caller, sigyl.delete(caller, name, &confirm).await?, frames).await?
        }
        Request::Approve { run, reason } => {
            follow(sigyl, caller, sigyl.approve(caller, &run, &reason).await?, frames).await?
        }
        Request::Reject { run, reason } => {
            sigyl.reject(caller, &run, &reason).await?;
            follow(sigyl, caller, run, frames).await?
        }
        Request::Watch { run, after } => {
            Response::Run(Box::new(sigyl.watch(caller, &run, after, frames).await?))
        }
        Request::List => Response::Servers(sigyl.list(caller).await?),
        Request::Show { name } => Response::Server(Box::new(sigyl.show(caller, &name).await?)),
        Request::Versions { name } => Response::Versions(sigyl.versions(caller, &name).await?),
        Request::Runs { limit } => Response::Runs(sigyl.runs(caller, limit).await?),
        Request::Logs { name, lines, follow } => {
            sigyl.logs(caller, &name, lines, follow, frames).await?;
            Response::Ok
        }
        Request::Probe { name } => Response::Probe(Box::new(sigyl.probe(caller, &name).await?)),
        Request::Call { name, tool, arguments } => {
            Response::Call(sigyl.call(caller, &name, &tool, arguments).await?)
        }
        Request::Backup { to } => Response::Backup { records: sigyl.backup(caller, &to).await? },
        Request::Stop => {
            sigyl.stop(caller)?;
            Response::Ok
        }
    })
}

async fn follow(sigyl: &Sigyl, caller: &Caller, run: RunId, frames: &Frames) -> Result<Response, Error> {
    Ok(Response::Run(Box::new(sigyl.watch(caller, &run, Seq(0), frames).await?)))
}
