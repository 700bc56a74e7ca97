//! Maps an operation as data to the method of the handle.

use crate::domain::{Caller, Failure, RunId, Seq};
use crate::error::Error;
use crate::registry::Query;
use crate::sigyl::{Frames, Sigyl, Wanted};
use crate::wire::v1::{AuditFrom, Request, Response};

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
    let other = match begin(sigyl, caller, request).await? {
        Begun::Run(run) => {
            return Ok(Response::Run(Box::new(sigyl.watch(caller, &run, Seq(0), frames).await?)));
        }
        Begun::Other(other) => *other,
    };
    match other {
        Request::Watch { run, after } => {
            Ok(Response::Run(Box::new(sigyl.watch(caller, &run, after, frames).await?)))
        }
        Request::Report { run, live } => {
            Ok(Response::Report(Box::new(sigyl.report(caller, &run, live).await?)))
        }
        Request::Logs { name, lines, follow } => {
            sigyl.logs(caller, &name, lines, follow, frames).await?;
            Ok(Response::Ok)
        }
        Request::Calls { name, limit, follow } => {
            sigyl.calls(caller, &name, limit, follow, frames).await?;
            Ok(Response::Ok)
        }
        Request::Events { name, limit, follow } => {
            sigyl.events(caller, name.as_ref(), limit, follow, frames).await?;
            Ok(Response::Ok)
        }
        Request::Feed { after, server, kinds, follow } => {
            let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
            let wanted = Wanted::changes().after(after).of_server(server).following(follow);
            sigyl.feed(caller, wanted.of_kinds(&kinds)?, frames).await?;
            Ok(Response::Ok)
        }
        request => tell(sigyl, caller, request).await,
    }
}

/// An operation that is a run, once it is begun; any other as it came.
enum Begun {
    Run(RunId),
    Other(Box<Request>),
}

async fn begin(sigyl: &Sigyl, caller: &Caller, request: Request) -> Result<Begun, Error> {
    Ok(Begun::Run(match request {
        Request::Deploy(deploy) => sigyl.deploy(caller, deploy).await?,
        Request::Redeploy(redeploy) => sigyl.redeploy(caller, redeploy).await?,
        Request::Reconfigure(reconfigure) => sigyl.reconfigure(caller, reconfigure).await?,
        Request::Rollback { name, version } => sigyl.rollback(caller, name, version).await?,
        Request::ReleaseFollowed { name, commit } => sigyl.release_followed(caller, &name, commit).await?,
        Request::Delete { name, confirm } => sigyl.delete(caller, name, &confirm).await?,
        Request::Approve { run, reason } => sigyl.approve(caller, &run, &reason).await?,
        Request::Reject { run, reason } => {
            sigyl.reject(caller, &run, &reason).await?;
            run
        }
        Request::Cancel { run } => sigyl.cancel(caller, &run).await?,
        Request::Promote { run, to } => sigyl.promote(caller, &run, to).await?,
        other => return Ok(Begun::Other(Box::new(other))),
    }))
}

async fn tell(sigyl: &Sigyl, caller: &Caller, request: Request) -> Result<Response, Error> {
    Ok(match request {
        Request::Owner => Response::Owner(sigyl.owner(caller)?),
        Request::List => Response::Servers(sigyl.list(caller).await?),
        Request::Show { name } => Response::Server(Box::new(sigyl.show(caller, &name).await?)),
        Request::Versions { name } => Response::Versions(sigyl.versions(caller, &name).await?),
        Request::Runs { limit } => Response::Runs(sigyl.runs(caller, None, limit).await?.items),
        Request::Probe { name } => Response::Probe(Box::new(sigyl.probe(caller, &name).await?)),
        Request::Call { name, tool, arguments } => {
            Response::Call(sigyl.call(caller, &name, &tool, arguments).await?)
        }
        Request::Policy => Response::Policy(Box::new(sigyl.policy(caller)?)),
        Request::TestPolicy { file, text } => {
            Response::PolicyTest(Box::new(sigyl.test_policy(caller, &file, &text).await?))
        }
        Request::Rescan { names, running } => {
            Response::Rescanned(sigyl.rescan(caller, &names, running).await?)
        }
        Request::Search { words, limit } => Response::Finds(Box::new(sigyl.search(caller, &words, limit)?)),
        Request::Listing { name, version } => {
            Response::Listing(Box::new(sigyl.listing(caller, &name, &version, false)?))
        }
        Request::CheckListing { document } => {
            Response::Validation(sigyl.validate_listing(caller, document.into_bytes()).await?)
        }
        Request::PublishListing { document } => {
            Response::Listing(Box::new(sigyl.publish_listing(caller, document.into_bytes()).await?))
        }
        Request::SetListingStatus { name, version: Some(version), update } => {
            Response::Listings(vec![sigyl.set_listing_status(caller, &name, &version, update).await?])
        }
        Request::SetListingStatus { name, version: None, update } => {
            Response::Listings(sigyl.set_status_of_all(caller, &name, update).await?.servers)
        }
        Request::Import { source, rows } => {
            Response::Imported(Box::new(sigyl.import(caller, &source, rows).await?))
        }
        Request::Bookmark { source } => Response::Bookmark(sigyl.bookmark(caller, &source).await?),
        Request::SetBookmark { source, until } => {
            sigyl.set_bookmark(caller, &source, until).await?;
            Response::Ok
        }
        Request::Listings { cursor } => {
            let query = Query { cursor, limit: Some(Query::MOST), ..Query::default() };
            Response::Page(Box::new(sigyl.listings(caller, query)?))
        }
        Request::Backup { to } => Response::Backup { records: sigyl.backup(caller, &to).await? },
        Request::Stop => {
            sigyl.stop(caller)?;
            Response::Ok
        }
        other => return life(sigyl, caller, other).await,
    })
}

/// What is said of servers and stands in their sources, what must not run, and what is followed.
async fn life(sigyl: &Sigyl, caller: &Caller, request: Request) -> Result<Response, Error> {
    Ok(match request {
        Request::Edit { name, patch } => Response::Server(Box::new(sigyl.edit(caller, &name, *patch).await?)),
        Request::Rate { name, stars, comment } => done(sigyl.rate(caller, &name, stars, comment).await?),
        Request::TakeRating { name } => done(sigyl.take_rating(caller, &name).await?),
        Request::Ratings { name } => Response::Ratings(Box::new(sigyl.ratings(caller, &name).await?)),
        Request::Quarantine { what, reason } => {
            Response::Quarantine(Box::new(sigyl.quarantine(caller, what, &reason).await?))
        }
        Request::Source { of, path, from, lines } => {
            Response::Source(Box::new(sigyl.source(caller, &of, &path, from, lines).await?))
        }
        Request::Quarantines => Response::Quarantines(sigyl.quarantines(caller).await?),
        Request::ShowQuarantine { what } => {
            Response::Quarantine(Box::new(sigyl.show_quarantine(caller, &what).await?))
        }
        Request::LiftQuarantine { what, reason } => {
            Response::Quarantine(Box::new(sigyl.lift_quarantine(caller, what, &reason).await?))
        }
        Request::SetFollow { name, follow } => {
            Response::Follow(Box::new(sigyl.set_follow(caller, &name, follow).await?))
        }
        Request::Attested { name } => Response::Attested(Box::new(sigyl.attested(caller, &name).await?)),
        Request::Verify { name } => Response::Verification(Box::new(sigyl.verify(caller, &name).await?)),
        Request::PublicKey => Response::PublicKey(sigyl.public_key(caller).await?),
        Request::Follows => Response::Follows(sigyl.follows(caller).await?),
        Request::EndFollow { name } => done(sigyl.end_follow(caller, &name).await?),
        other => return there(sigyl, caller, other).await,
    })
}

/// What is at GitHub, as lists.
async fn there(sigyl: &Sigyl, caller: &Caller, request: Request) -> Result<Response, Error> {
    Ok(match request {
        Request::GitHubInstallations => {
            Response::GitHubInstallations(sigyl.github_installations(caller).await?)
        }
        Request::GitHubRepositories { of } => {
            Response::GitHubRepositories(sigyl.github_repositories(caller, &of).await?)
        }
        Request::GitHubRefs { repository } => {
            Response::GitHubRefs(Box::new(sigyl.github_refs(caller, &repository).await?))
        }
        Request::GitHubFiles { repository, reference } => {
            let files = sigyl.github_files(caller, &repository, reference.as_deref()).await?;
            Response::GitHubFiles(Box::new(files))
        }
        other => return access(sigyl, caller, other).await,
    })
}

/// Accounts, workspaces, keys and the audit.
async fn access(sigyl: &Sigyl, caller: &Caller, request: Request) -> Result<Response, Error> {
    Ok(match request {
        Request::WhoAmI => Response::WhoAmI(Box::new(sigyl.whoami(caller).await?)),
        Request::Keys { of } => Response::Keys(sigyl.keys(caller, of.as_ref()).await?),
        Request::CreateKey(new) => Response::MadeKey(Box::new(sigyl.create_key(caller, *new).await?)),
        Request::RevokeKey { id } => done(sigyl.revoke_key(caller, &id).await?),
        Request::Accounts => Response::Accounts(sigyl.accounts(caller).await?),
        Request::CreateAccount(new) => Response::Accounts(vec![sigyl.create_account(caller, new).await?]),
        Request::DisableAccount { login, disabled } => {
            Response::Accounts(vec![sigyl.disable_account(caller, &login, disabled).await?])
        }
        Request::Workspaces => Response::Workspaces(sigyl.workspaces(caller).await?),
        Request::CreateWorkspace(new) => {
            Response::Workspaces(vec![sigyl.create_workspace(caller, new).await?])
        }
        Request::Members { workspace } => Response::Members(sigyl.members(caller, &workspace).await?),
        Request::SetMember { workspace, login, role } => {
            done(sigyl.set_member(caller, &workspace, &login, role).await?)
        }
        Request::RemoveMember { workspace, login } => {
            done(sigyl.remove_member(caller, &workspace, &login).await?)
        }
        Request::Transfer { name, to } => done(sigyl.transfer(caller, &name, &to).await?),
        Request::Audit { after, limit } => {
            let from = after.map_or(AuditFrom::End, AuditFrom::After);
            Response::Audit(sigyl.audit(caller, from, limit).await?.items)
        }
        Request::VerifyAudit { kept } => Response::AuditChecked(sigyl.verify_audit(caller, kept).await?),
        other => return own(sigyl, caller, other).await,
    })
}

/// The caller's own account, others as an administrator, and how often tools were called.
async fn own(sigyl: &Sigyl, caller: &Caller, request: Request) -> Result<Response, Error> {
    Ok(match request {
        Request::ExportMe => Response::AccountExport(Box::new(sigyl.export_me(caller).await?)),
        Request::RenameMe { name } => Response::Accounts(vec![sigyl.rename_me(caller, name).await?]),
        Request::DeleteMe { confirm } => done(sigyl.delete_me(caller, confirm.as_str()).await?),
        Request::SetAdministrator { login, administrator } => {
            Response::Accounts(vec![sigyl.set_administrator(caller, &login, administrator).await?])
        }
        Request::DeleteAccount { login, confirm } => {
            done(sigyl.delete_account(caller, &login, &confirm).await?)
        }
        Request::ProveNamespace(proof) => {
            Response::Namespace(Box::new(sigyl.prove_namespace(caller, proof).await?))
        }
        Request::Usage { name, since } => Response::Usage(Box::new(sigyl.usage(caller, &name, since).await?)),
        Request::CountCalls => Response::CallCounts(sigyl.call_counts(caller).await?),
        Request::CountSessions => Response::SessionCounts(Box::new(sigyl.session_counts(caller).await?)),
        other => return secrets(sigyl, caller, other).await,
    })
}

/// Secrets, and the key that seals them.
async fn secrets(sigyl: &Sigyl, caller: &Caller, request: Request) -> Result<Response, Error> {
    Ok(match request {
        Request::Secrets { name } => Response::Secrets(sigyl.secrets(caller, &name).await?),
        Request::SetSecret { name, secret, value, restart } => {
            let set = sigyl.set_secret(caller, &name, &secret, value, restart).await?;
            Response::SetSecret(Box::new(set))
        }
        Request::RemoveSecret { name, secret } => done(sigyl.remove_secret(caller, &name, &secret).await?),
        Request::RevealSecret { name, secret } => {
            Response::Secret(sigyl.reveal_secret(caller, &name, &secret).await?)
        }
        Request::MasterKey => Response::MasterKey(Box::new(sigyl.master_key(caller).await?)),
        Request::RotateMasterKey => {
            sigyl.rotate_master_key(caller, None).await?;
            sigyl.key_settled().await;
            Response::MasterKey(Box::new(sigyl.master_key(caller).await?))
        }
        Request::GitHubApp => Response::GitHub(Box::new(sigyl.github_app(caller).await?)),
        Request::KeepGitHubApp { new } => {
            Response::GitHub(Box::new(sigyl.keep_github_app(caller, *new).await?))
        }
        Request::ForgetGitHubApp => done(sigyl.forget_github_app(caller).await?),
        _ => return Err(Error::Protocol("an operation that it does not know".into())),
    })
}

fn done((): ()) -> Response {
    Response::Ok
}
