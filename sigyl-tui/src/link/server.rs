//! A server that was named, over HTTP: each request becomes the operation that answers it.

use std::path::PathBuf;

use futures_util::StreamExt as _;
use sigyl_core::client::{Client, ClientError, FeedNews, RunNews, Told};
use sigyl_core::domain::{Kind, Locator, RunId, Seq};
use sigyl_core::source::{Fetcher, Limits, Silent, SourceError, ToolEnv, Uploads};
use sigyl_core::wire::registry::ListQuery;
use sigyl_core::wire::v1::{
    Deploy, Failure, Frame, Import, NewQuarantine, NewRating, NewSecret, PolicyText, Redeploy, Release,
    Request, Rescan, Response, RunEnd, SourceOf,
};

use crate::codes;
use crate::problem::{Problem, chain};

/// Documents that are asked for at a time.
const PAGE: usize = 100;

/// A server that was named, and what it takes to send it sources of this machine.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(super) client: Client,
    /// What git needs, to read a repository of this machine.
    pub(super) tools: ToolEnv,
    /// Where archives are unpacked for a moment.
    pub(super) temporary: PathBuf,
}

/// Who is told what happens meanwhile.
type OnFrame<'a> = &'a mut (dyn FnMut(Frame) + Send);

/// Asks a server, hands over what it tells meanwhile, and returns the end.
pub(super) async fn call(
    server: &Server,
    request: Request,
    on_frame: OnFrame<'_>,
) -> Result<Response, Failure> {
    let client = &server.client;
    let other = match begin(server, request).await? {
        Begun::Run(run, after) => return follow(client, &run, after, on_frame).await,
        Begun::Other(other) => *other,
    };
    let answered = match other {
        Request::Logs { name, lines, follow } => {
            told(client.logs(&name, lines, follow), Frame::Log, on_frame).await
        }
        Request::Calls { name, limit, follow } => {
            told(client.calls(&name, limit, follow), |call| Frame::Call(Box::new(call)), on_frame).await
        }
        Request::Events { name, limit, follow } => {
            let events = client.events(name.as_ref(), limit, follow);
            told(events, |event| Frame::Event(Box::new(event)), on_frame).await
        }
        Request::Feed { after, server, kinds, follow } => {
            let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
            told(client.feed(after, &kinds, server.as_ref(), follow), frame_of, on_frame).await
        }
        request => return look(client, request).await,
    };
    answered.map_err(told_of)
}

fn frame_of(news: FeedNews) -> Frame {
    match news {
        FeedNews::Open(seq) => Frame::Mark { seq },
        FeedNews::Event(event) => Frame::Event(event),
        FeedNews::Gap(seq, why) => Frame::Gap { seq, why },
        // What is not known yet is not passed over in silence.
        other => {
            Frame::Gap { seq: Seq(0), why: format!("the server told what is not known here: {other:?}") }
        }
    }
}

/// A request that is a run, once it is begun; any other as it came.
enum Begun {
    Run(RunId, Seq),
    Other(Box<Request>),
}

async fn begin(server: &Server, request: Request) -> Result<Begun, Failure> {
    let client = &server.client;
    let run = match request {
        Request::Watch { run, after } => return Ok(Begun::Run(run, after)),
        Request::Deploy(deploy) => client.release(&server.release(deploy).await?).await,
        Request::Redeploy(redeploy) => {
            let name = redeploy.name.clone();
            client.release_again(&name, &server.release_again(redeploy).await?).await
        }
        Request::ReleaseFollowed { name, commit } => client.release_followed(&name, commit).await,
        Request::Reconfigure(change) => client.reconfigure(&change.name, &change.settings).await,
        Request::Rollback { name, version } => client.roll_back(&name, version).await,
        Request::Delete { name, confirm } => client.delete_server(&name, &confirm).await,
        Request::Approve { run, reason } => client.approve(&run, &reason).await,
        Request::Cancel { run } => client.cancel(&run).await,
        Request::Promote { run, to } => client.promote(&run, to).await,
        Request::Reject { run, reason } => client.reject(&run, &reason).await.map(|run| run.id),
        other => return Ok(Begun::Other(Box::new(other))),
    };
    run.map(|run| Begun::Run(run, Seq(0))).map_err(told_of)
}

async fn follow(
    client: &Client,
    run: &RunId,
    after: Seq,
    on_frame: OnFrame<'_>,
) -> Result<Response, Failure> {
    let mut news = client.watch(run, after);
    while let Some(next) = news.next().await {
        match next.map_err(told_of)? {
            RunNews::Event(event) => on_frame(Frame::Event(event)),
            RunNews::End(end) => return Ok(Response::Run(end)),
            _ => {}
        }
    }
    // Without events, the record says how it ended.
    let end: RunEnd = client.run(run).await.map_err(told_of)?;
    Ok(Response::Run(Box::new(end)))
}

async fn told<T>(
    mut told: Told<T>,
    frame: impl Fn(T) -> Frame,
    on_frame: OnFrame<'_>,
) -> Result<Response, ClientError>
where
    T: Send + 'static,
{
    while let Some(piece) = told.next().await {
        on_frame(frame(piece?));
    }
    Ok(Response::Ok)
}

async fn look(client: &Client, request: Request) -> Result<Response, Failure> {
    let answered = match request {
        Request::List => client.servers().await.map(Response::Servers),
        Request::Show { name } => client.server(&name).await.map(|it| Response::Server(Box::new(it))),
        Request::Versions { name } => client.versions(&name).await.map(Response::Versions),
        Request::Source { of, path, from, lines } => {
            return source(client, &of, &path, from, lines).await;
        }
        Request::Runs { limit } => client.runs(limit).await.map(Response::Runs),
        Request::Report { run, live } => {
            client.report(&run, live).await.map(|it| Response::Report(Box::new(it)))
        }
        Request::Probe { name } => client.probe(&name).await.map(|it| Response::Probe(Box::new(it))),
        Request::Call { name, tool, arguments } => {
            client.call(&name, &tool, &arguments).await.map(Response::Call)
        }
        Request::Policy => client.policy().await.map(|it| Response::Policy(Box::new(it))),
        Request::TestPolicy { file, text } => {
            let test = client.test_policy(&PolicyText { file, text }).await;
            test.map(|it| Response::PolicyTest(Box::new(it)))
        }
        Request::Rescan { names, running } => {
            client.rescan(&Rescan { names, running }).await.map(Response::Rescanned)
        }
        other => return registry(client, other).await,
    };
    answered.map_err(told_of)
}

/// Documents of the registry.
async fn registry(client: &Client, request: Request) -> Result<Response, Failure> {
    let answered = match request {
        Request::Search { words, limit } => {
            client.search(&words, limit).await.map(|it| Response::Finds(Box::new(it)))
        }
        Request::Listing { name, version } => {
            client.listing(&name, &version, false).await.map(|it| Response::Listing(Box::new(it)))
        }
        Request::CheckListing { document } => client.validate(&document).await.map(Response::Validation),
        Request::PublishListing { document } => {
            client.publish(&document).await.map(|it| Response::Listing(Box::new(it)))
        }
        Request::SetListingStatus { name, version: Some(version), update } => {
            let one = client.set_listing_status(&name, &version, &update).await;
            one.map(|it| Response::Listings(vec![it]))
        }
        Request::SetListingStatus { name, version: None, update } => {
            client.set_status_of_all(&name, &update).await.map(|it| Response::Listings(it.servers))
        }
        Request::Listings { cursor } => {
            let query = ListQuery { cursor, limit: Some(PAGE), ..ListQuery::default() };
            client.listings(&query).await.map(|it| Response::Page(Box::new(it)))
        }
        Request::Bookmark { source } => client.bookmark(&source).await.map(Response::Bookmark),
        Request::SetBookmark { source, until } => {
            client.set_bookmark(&source, until).await.map(|()| Response::Ok)
        }
        Request::Import { source, rows } => {
            let report = client.import(&Import { source, rows }).await;
            report.map(|it| Response::Imported(Box::new(it)))
        }
        other => return life(client, other).await,
    };
    answered.map_err(told_of)
}

/// What is said of servers, and what must not run.
async fn life(client: &Client, request: Request) -> Result<Response, Failure> {
    let done = |(): ()| Response::Ok;
    let shown = |view| Response::Quarantine(Box::new(view));
    let answered = match request {
        Request::Edit { name, patch } => {
            client.edit(&name, &patch).await.map(|it| Response::Server(Box::new(it)))
        }
        Request::Rate { name, stars, comment } => {
            client.rate(&name, &NewRating { stars, comment }).await.map(done)
        }
        Request::TakeRating { name } => client.take_rating(&name).await.map(done),
        Request::Ratings { name } => client.ratings(&name).await.map(|it| Response::Ratings(Box::new(it))),
        Request::Quarantine { what, reason } => {
            client.quarantine(&NewQuarantine { what, reason }).await.map(shown)
        }
        Request::Quarantines => client.quarantines().await.map(Response::Quarantines),
        Request::ShowQuarantine { what } => client.show_quarantine(&what).await.map(shown),
        Request::LiftQuarantine { what, reason } => client.lift_quarantine(&what, &reason).await.map(shown),
        Request::Secrets { name } => client.secrets(&name).await.map(Response::Secrets),
        Request::SetSecret { name, secret, value, restart } => {
            let new = NewSecret { value };
            client.set_secret(&name, &secret, &new, restart).await.map(|it| Response::SetSecret(Box::new(it)))
        }
        Request::RemoveSecret { name, secret } => client.remove_secret(&name, &secret).await.map(done),
        Request::MasterKey => client.master_key().await.map(|it| Response::MasterKey(Box::new(it))),
        other => return origin(client, other).await,
    };
    answered.map_err(told_of)
}

/// Lines of a kept source.
async fn source(
    client: &Client,
    of: &SourceOf,
    path: &str,
    from: u32,
    lines: u32,
) -> Result<Response, Failure> {
    let window = match of {
        SourceOf::Version { name, version } => client.source(name, version.as_ref(), path, from, lines).await,
        SourceOf::Run(run) => client.run_source(run, path, from, lines).await,
        _ => return Err(not_there(client)),
    };
    window.map(|window| Response::Source(Box::new(window))).map_err(told_of)
}

/// Where servers come from, and what is signed of it.
async fn origin(client: &Client, request: Request) -> Result<Response, Failure> {
    let answered = match request {
        Request::SetFollow { name, follow } => {
            client.set_follow(&name, &follow).await.map(|it| Response::Follow(Box::new(it)))
        }
        Request::Attested { name } => client.attested(&name).await.map(|it| Response::Attested(Box::new(it))),
        Request::Verify { name } => client.verify(&name).await.map(|it| Response::Verification(Box::new(it))),
        Request::PublicKey => client.public_key().await.map(Response::PublicKey),
        Request::Follows => client.follows().await.map(Response::Follows),
        Request::GitHubApp => client.github_app().await.map(|it| Response::GitHub(Box::new(it))),
        Request::KeepGitHubApp { new } => {
            client.keep_github_app(&new).await.map(|it| Response::GitHub(Box::new(it)))
        }
        Request::ForgetGitHubApp => client.forget_github_app().await.map(|()| Response::Ok),
        Request::EndFollow { name } => client.end_follow(&name).await.map(|()| Response::Ok),
        other => return there(client, other).await,
    };
    answered.map_err(told_of)
}

/// What is at GitHub, as lists.
async fn there(client: &Client, request: Request) -> Result<Response, Failure> {
    let answered = match request {
        Request::GitHubInstallations => {
            client.github_installations().await.map(Response::GitHubInstallations)
        }
        Request::GitHubRepositories { of } => {
            client.github_repositories(&of).await.map(Response::GitHubRepositories)
        }
        Request::GitHubRefs { repository } => {
            client.github_refs(&repository).await.map(|it| Response::GitHubRefs(Box::new(it)))
        }
        Request::GitHubFiles { repository, reference } => {
            let files = client.github_files(&repository, reference.as_deref()).await;
            files.map(|it| Response::GitHubFiles(Box::new(it)))
        }
        other => return access(client, other).await,
    };
    answered.map_err(told_of)
}

/// Accounts, workspaces, keys and the audit.
async fn access(client: &Client, request: Request) -> Result<Response, Failure> {
    let done = |(): ()| Response::Ok;
    let answered = match request {
        Request::WhoAmI => client.whoami().await.map(|it| Response::WhoAmI(Box::new(it))),
        Request::Keys { of } => client.keys(of.as_ref()).await.map(Response::Keys),
        Request::CreateKey(new) => client.create_key(&new).await.map(|it| Response::MadeKey(Box::new(it))),
        Request::RevokeKey { id } => client.revoke_key(&id).await.map(done),
        Request::Accounts => client.accounts().await.map(Response::Accounts),
        Request::CreateAccount(new) => {
            client.create_account(&new).await.map(|it| Response::Accounts(vec![it]))
        }
        Request::DisableAccount { login, disabled } => {
            client.disable_account(&login, disabled).await.map(|it| Response::Accounts(vec![it]))
        }
        Request::Workspaces => client.workspaces().await.map(Response::Workspaces),
        Request::CreateWorkspace(new) => {
            client.create_workspace(&new).await.map(|it| Response::Workspaces(vec![it]))
        }
        Request::Members { workspace } => client.members(&workspace).await.map(Response::Members),
        Request::SetMember { workspace, login, role } => {
            client.set_member(&workspace, &login, role).await.map(done)
        }
        Request::RemoveMember { workspace, login } => {
            client.remove_member(&workspace, &login).await.map(done)
        }
        Request::Transfer { name, to } => client.transfer(&name, &to).await.map(done),
        Request::Audit { after, limit } => client.audit(after, limit).await.map(Response::Audit),
        Request::VerifyAudit { kept } => client.verify_audit(kept).await.map(Response::AuditChecked),
        other => return own(client, other).await,
    };
    answered.map_err(told_of)
}

/// The account of the key, others as an administrator, and how often tools were called.
async fn own(client: &Client, request: Request) -> Result<Response, Failure> {
    let answered = match request {
        Request::ExportMe => client.export_me().await.map(|it| Response::AccountExport(Box::new(it))),
        Request::RenameMe { name } => client.rename_me(name).await.map(|it| Response::Accounts(vec![it])),
        Request::DeleteMe { confirm } => client.delete_me(&confirm).await.map(|()| Response::Ok),
        Request::SetAdministrator { login, administrator } => {
            client.set_administrator(&login, administrator).await.map(|it| Response::Accounts(vec![it]))
        }
        Request::DeleteAccount { login, confirm } => {
            client.delete_account(&login, &confirm).await.map(|()| Response::Ok)
        }
        Request::ProveNamespace(proof) => {
            client.prove_namespace(&proof).await.map(|it| Response::Namespace(Box::new(it)))
        }
        Request::Usage { name, since } => {
            client.usage(&name, since).await.map(|it| Response::Usage(Box::new(it)))
        }
        Request::CountCalls => client.call_counts().await.map(Response::CallCounts),
        Request::CountSessions => {
            client.session_counts().await.map(|it| Response::SessionCounts(Box::new(it)))
        }
        _ => return Err(not_there(client)),
    };
    answered.map_err(told_of)
}

/// Tells a failure, with what to do: the server's words, or else those of its code.
fn told_of(error: ClientError) -> Failure {
    let mut failure = error.failure();
    failure.hint = failure.hint.or_else(|| codes::find(&failure.code).map(|doc| doc.remedy.to_owned()));
    failure
}

fn not_there(client: &Client) -> Failure {
    let message = format!("{} has no operation for this", client.address());
    let hint = "leave --server out to work on the data directory of this machine";
    Problem::failed("E0045", Kind::Invalid, message, hint).failure
}

impl Server {
    async fn release(&self, deploy: Deploy) -> Result<Release, Failure> {
        Ok(Release {
            source: Some(self.elsewhere(&deploy.source).await?),
            workspace: deploy.workspace,
            name: deploy.name,
            target: deploy.target,
            env: deploy.env,
            secrets: deploy.secrets,
            grant: deploy.grant,
            revoke: Vec::new(),
            waive: deploy.waive,
            allow_scripts: deploy.allow_scripts,
            deep: deploy.deep,
            review: deploy.review,
            canary: deploy.canary,
            audience: deploy.audience,
        })
    }

    async fn release_again(&self, redeploy: Redeploy) -> Result<Release, Failure> {
        let source = match &redeploy.source {
            Some(source) => Some(self.elsewhere(source).await?),
            None => None,
        };
        Ok(Release {
            source,
            workspace: None,
            name: None,
            target: None,
            env: redeploy.env,
            secrets: redeploy.secrets,
            grant: redeploy.grant,
            revoke: redeploy.revoke,
            waive: redeploy.waive,
            allow_scripts: redeploy.allow_scripts,
            deep: redeploy.deep,
            review: redeploy.review,
            canary: redeploy.canary,
            audience: redeploy.audience,
        })
    }

    /// Returns a source as the server reads it. What is on this machine is sent there first: exactly the files that would be
    /// taken here, under the same digest.
    async fn elsewhere(&self, source: &Locator) -> Result<String, Failure> {
        if !source.is_here() {
            return Ok(source.to_string());
        }
        let wrong = |error: SourceError| {
            let hint =
                "send less, or name a source that the server reaches: git:https://…, npm:NAME, pypi:NAME";
            Problem::failed("E0046", error.kind(), chain(&error), hint).failure
        };
        let work =
            tempfile::Builder::new().prefix("sigyl-send-").tempdir_in(&self.temporary).map_err(|error| {
                let message = format!("could not make a folder for the source: {error}");
                Problem::failed(
                    "E0005",
                    Kind::Unavailable,
                    message,
                    "set TMPDIR to a folder that can be written",
                )
                .failure
            })?;
        let fetcher = Fetcher::new(self.tools.clone(), Limits::default(), work.path().to_owned(), true);
        let tree = fetcher.fetch(source, &Silent).await.map_err(wrong)?;
        let packing = tokio::task::spawn_blocking(move || tree.pack(Uploads::MOST));
        let packed = packing.await.map_err(|error| {
            Problem::failed("E0999", Kind::Internal, format!("packing ended: {error}"), "report this").failure
        })?;
        let sent = self.client.upload(packed.map_err(wrong)?).await;
        sent.map(|it| it.source).map_err(told_of)
    }
}
