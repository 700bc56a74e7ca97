//! The verbs.

use super::{
    Context, account, accounts, approve, audit, backup, call, calls, cancel, completions, config, configure,
    delete, deploy, deprecate, doctor, edit, events, explain, export, follow, github, help, import, init,
    install, keys, list, login, logout, logs, members, metrics, namespaces, policy, probe, promote, publish,
    quarantine, rate, redeploy, reject, report, rescan, restart, restore, rollback, rules, runs, scan,
    search, secrets, serve, setup, show, stop, uninstall, verify, versions, watch, whoami, workspaces,
};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::specimen;

/// What sigyl can be told to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    Init(init::Args),
    Scan(Box<scan::Args>),
    Rules(rules::Args),
    Policy(policy::Args),
    Rescan(rescan::Args),
    Deploy(Box<deploy::Args>),
    Approve(approve::Args),
    Reject(reject::Args),
    Promote(promote::Args),
    Cancel(cancel::Args),
    List(list::Args),
    Show(show::Args),
    Versions(versions::Args),
    Redeploy(Box<redeploy::Args>),
    Rollback(rollback::Args),
    Configure(configure::Args),
    Restart(restart::Args),
    Follow(follow::Args),
    Github(github::Args),
    Delete(delete::Args),
    Logs(logs::Args),
    Calls(calls::Args),
    Metrics(metrics::Args),
    Events(events::Args),
    Runs(runs::Args),
    Watch(watch::Args),
    Report(report::Args),
    Probe(probe::Args),
    Verify(verify::Args),
    Call(call::Args),
    Search(search::Args),
    Publish(publish::Args),
    Deprecate(deprecate::Args),
    Edit(edit::Args),
    Rate(rate::Args),
    Quarantine(quarantine::Args),
    Import(import::Args),
    Export(export::Args),
    Config(config::Args),
    Install(install::Args),
    Uninstall(uninstall::Args),
    Serve(serve::Args),
    Stop(stop::Args),
    Setup(Box<setup::Args>),
    Doctor(doctor::Args),
    Login(login::Args),
    Logout(logout::Args),
    Whoami(whoami::Args),
    Account(account::Args),
    Accounts(accounts::Args),
    Namespaces(namespaces::Args),
    Secrets(secrets::Args),
    Keys(keys::Args),
    Members(members::Args),
    Workspaces(workspaces::Args),
    Audit(audit::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Explain(explain::Args),
    Completions(completions::Args),
    Help(help::Args),
}

impl Verb {
    /// Tells whether it is about the data directory of this machine, which no server stands for.
    fn is_of_this_machine(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::Stop(_) | Self::Backup(_) | Self::Restore(_))
    }

    /// Does it.
    #[expect(clippy::cognitive_complexity, reason = "one arm for each verb")]
    pub(crate) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        if let Some(server) = cx.settings.server.as_ref().filter(|_| self.is_of_this_machine()) {
            let message = format!("this is about a data directory, and {} was named", specimen(&server.url));
            let hint = "run it where the data directory is, without --server and SIGYL_SERVER";
            return Err(Problem::wrong_use("E0045", message, hint));
        }
        match self {
            Self::Init(args) => args.run(cx),
            Self::Scan(args) => args.run(cx).await,
            Self::Policy(args) => args.run(cx).await,
            Self::Rescan(args) => args.run(cx).await,
            Self::Rules(args) => args.run(cx),
            Self::Deploy(args) => args.run(cx).await,
            Self::Approve(args) => args.run(cx).await,
            Self::Reject(args) => args.run(cx).await,
            Self::Promote(args) => args.run(cx).await,
            Self::Cancel(args) => args.run(cx).await,
            Self::List(args) => args.run(cx).await,
            Self::Show(args) => args.run(cx).await,
            Self::Versions(args) => args.run(cx).await,
            Self::Redeploy(args) => args.run(cx).await,
            Self::Rollback(args) => args.run(cx).await,
            Self::Configure(args) => args.run(cx).await,
            Self::Restart(args) => args.run(cx).await,
            Self::Follow(args) => args.run(cx).await,
            Self::Github(args) => args.run(cx).await,
            Self::Delete(args) => args.run(cx).await,
            Self::Logs(args) => args.run(cx).await,
            Self::Calls(args) => args.run(cx).await,
            Self::Metrics(args) => args.run(cx).await,
            Self::Events(args) => args.run(cx).await,
            Self::Runs(args) => args.run(cx).await,
            Self::Watch(args) => args.run(cx).await,
            Self::Report(args) => args.run(cx).await,
            Self::Probe(args) => args.run(cx).await,
            Self::Verify(args) => args.run(cx).await,
            Self::Call(args) => args.run(cx).await,
            Self::Search(args) => args.run(cx).await,
            Self::Publish(args) => args.run(cx).await,
            Self::Deprecate(args) => args.run(cx).await,
            Self::Edit(args) => args.run(cx).await,
            Self::Rate(args) => args.run(cx).await,
            Self::Quarantine(args) => args.run(cx).await,
            Self::Import(args) => args.run(cx).await,
            Self::Export(args) => args.run(cx).await,
            Self::Config(args) => args.run(cx).await,
            Self::Install(args) => args.run(cx).await,
            Self::Uninstall(args) => args.run(cx).await,
            Self::Serve(args) => args.run(cx).await,
            Self::Stop(args) => args.run(cx).await,
            Self::Setup(args) => args.run(cx).await,
            Self::Doctor(args) => args.run(cx).await,
            Self::Login(args) => args.run(cx).await,
            Self::Logout(args) => args.run(cx).await,
            Self::Whoami(args) => args.run(cx).await,
            Self::Account(args) => args.run(cx).await,
            Self::Namespaces(args) => args.run(cx).await,
            Self::Accounts(args) => args.run(cx).await,
            Self::Secrets(args) => args.run(cx).await,
            Self::Keys(args) => args.run(cx).await,
            Self::Members(args) => args.run(cx).await,
            Self::Workspaces(args) => args.run(cx).await,
            Self::Audit(args) => args.run(cx).await,
            Self::Backup(args) => args.run(cx).await,
            Self::Restore(args) => args.run(cx).await,
            Self::Explain(args) => args.run(cx),
            Self::Completions(args) => args.run(cx),
            Self::Help(args) => args.run(cx),
        }
    }
}
