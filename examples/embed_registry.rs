//! Uses the registry without running anything: scan a folder, earn an admission, record a version, list it.
//!
//!     cargo run -p sigyl-examples --example embed_registry
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::{
    Admission, Judgement, Locator, Permissions, Policy, Report, RunId, Server, VersionRecord,
};
use sigyl_core::manifest::{self, Manifest};
use sigyl_core::registry::{Offer, choose_version};
use sigyl_core::scan::{RuleSet, Scanner, Subject, TreeFiles};
use sigyl_core::source::{Limits, SourceTree};
use sigyl_core::store::sled::SledStore;
use sigyl_core::store::{Change, Page, Store as _};
use sigyl_examples::{Surroundings, source_or};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Locator::Path(folder) = source_or("servers/clock")? else {
        return Err("this example records folders".into());
    };
    let surroundings = Surroundings::new()?;
    let store = SledStore::open(&surroundings.folder().join("store"))?;

    let tree = SourceTree::from_folder(&folder, &Limits::default())?;
    let manifest = manifest::read(&TreeFiles(&tree))?.manifest;
    let report = scan(&tree, &manifest)?;
    store.apply(Change::PutReport(Box::new(report.clone()))).await?;

    // Nothing is recorded without an admission, and only a verdict (or a person's approval) makes one.
    let policy = Policy::default();
    let judged = Judgement::new(&report, &policy, &[], &Permissions::default(), SystemClock.now())?;
    let admission = Admission::from_verdict(&judged)?;

    for _ in 0..2 {
        let offer = Offer {
            server: &manifest.name,
            version: manifest.version.as_ref(),
            source: tree.digest(),
            moving: true,
            redeploy: false,
        };
        let choice = choose_version(&store, offer, SystemClock.now()).await?;
        match choice.record {
            Some(record) => {
                println!("{} {} is recorded already: the same bytes", record.server, record.version)
            }
            None => {
                let version = record(&tree, &manifest, &admission, choice.version)?;
                let server = server(&version, &manifest);
                store
                    .apply(Change::PublishVersion {
                        server: Box::new(server),
                        version: Box::new(version),
                        admission: Box::new(admission.clone()),
                    })
                    .await?;
            }
        }
    }

    for record in store.versions(&manifest.name, Page::first(10)).await? {
        println!("{} {} from {}", record.server, record.version, record.source.digest);
    }
    Ok(())
}

fn scan(tree: &SourceTree, manifest: &Manifest) -> Result<Report, Box<dyn Error>> {
    let subject = Subject { manifest: Some(manifest), ..Subject::of(tree) };
    Ok(Scanner::new(&RuleSet::builtin()?, Policy::default()).scan(&subject, &SystemClock))
}

fn record(
    tree: &SourceTree,
    manifest: &Manifest,
    admission: &Admission,
    version: sigyl_core::domain::Version,
) -> Result<VersionRecord, Box<dyn Error>> {
    Ok(VersionRecord {
        server: manifest.name.clone(),
        version,
        source: tree.reference().clone(),
        report: admission.report(),
        policy: admission.policy(),
        basis: admission.basis().clone(),
        recorded: SystemClock.now(),
        run: RunId::parse("0190a5a0-0000-7000-8000-000000000000")?,
        manifest: serde_json::to_value(manifest)?,
        tools: Vec::new(),
        others: None,
        seen: Vec::new(),
    })
}

fn server(version: &VersionRecord, manifest: &Manifest) -> Server {
    Server {
        name: version.server.clone(),
        workspace: Default::default(),
        title: manifest.title.clone(),
        description: manifest.description.clone(),
        created: version.recorded,
        latest: version.version.clone(),
        active: None,
        granted: Permissions::default(),
        env: Default::default(),
        limits: Default::default(),
        allow_scripts: Default::default(),
        targets: Default::default(),
        locator: version.source.locator.clone(),
    }
}
