//! The facts that a store takes.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Account, AccountId, Admission, ApiKey, Attested, AuditEntry, Bookmark, Delivery, Deployment, Digest,
    DocumentName, DocumentVersion, Download, Follow, GitHubApp, KeyId, KeyUse, Listing, Once, OnceAnswer,
    OnceName, Overlay, Pin, Quarantine, Rating, Report, Run, RunId, SecretName, Seq, Server, ServerName,
    Standing, Suspect, Timestamp, ToolPin, TraceParent, Version, VersionRecord, Workspace, WorkspaceName,
};
use crate::event::Event;

/// A named fact. Recording a version takes the [`Admission`] that earned it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// A run began or got further: its record is replaced.
    PutRun(Box<Run>),
    /// Events happened. The store numbers them itself, whatever seq they carry: in order, one after the other, and
    /// it returns the number of the last.
    Events(Vec<Event>),
    /// A scan ended.
    PutReport(Box<Report>),
    /// A version is recorded, with the server record that follows from it. The same server and version with another
    /// digest is a conflict; with the same digest it changes nothing but the server record.
    PublishVersion {
        /// The server after this.
        server: Box<Server>,
        /// The version; its `source`, `report`, `policy` and `basis` must agree with the admission.
        version: Box<VersionRecord>,
        /// What earned it.
        admission: Box<Admission>,
    },
    /// A version takes over: deployment, `active`, grants and tools change together.
    Activate {
        /// The server after this.
        server: Box<Server>,
        /// What serves now.
        deployment: Box<Deployment>,
        /// The tools that were found; they replace those of the version.
        tools: Vec<ToolPin>,
        /// The prompts, resources and instructions that were found; they replace those of the version.
        others: Vec<Pin>,
        /// What is signed of it, for whoever wants to check it later.
        attested: Option<Box<Attested>>,
    },
    /// A secret is sealed.
    PutSecret(SealedSecret),
    /// A secret is gone.
    DeleteSecret {
        /// The server it belongs to.
        owner: ServerName,
        /// Its name.
        name: SecretName,
    },
    /// Calls went through the endpoint.
    Calls(Vec<CallRecord>),
    /// A server is removed: versions, tools, deployment, activations, statements, secrets, calls, overlay, ratings, what it follows, runs that are not
    /// at work, events, and reports and blobs that nothing else names. A tombstone stays, and the run that it names.
    DeleteServer {
        /// Which.
        name: ServerName,
        /// What stays.
        tombstone: Tombstone,
    },
    /// A server belongs to another workspace from now on, and so do its runs.
    MoveServer {
        /// Which.
        name: ServerName,
        /// The workspace, which must be on record.
        to: WorkspaceName,
    },
    /// Something of a server may be at a place from now on: it is looked for there when the server is removed. The server
    /// must be on record.
    NotePlace {
        /// Which.
        name: ServerName,
        /// The place, as the server record names it.
        place: String,
    },
    /// An account is made, or its record replaced. A login that another account has is a conflict.
    PutAccount(Box<Account>),
    /// An account is gone, with its login, its identities, its keys and its memberships. What it did stays on record.
    DeleteAccount {
        /// Which.
        account: Box<Account>,
        /// All its keys.
        keys: Vec<KeyId>,
        /// The workspaces that it belonged to, as they are without it.
        workspaces: Vec<Workspace>,
    },
    /// A workspace is made, or its record replaced with all its members, who must be on record.
    PutWorkspace(Box<Workspace>),
    /// A key is made for an account that is on record. An id that is taken is a conflict.
    PutKey(Box<ApiKey>),
    /// A key is good for nothing from now on.
    RevokeKey {
        /// Which.
        id: KeyId,
        /// Since when; a key that was revoked before keeps its time.
        at: Timestamp,
    },
    /// A key that is good for nothing any more is forgotten. What is not on record is passed over.
    ForgetKey(KeyId),
    /// Keys were used. What is not on record is passed over.
    KeyUses(Vec<KeyUse>),
    /// The audit goes on. The entries must follow on its end and on each other: another end is a conflict.
    Audit(Vec<AuditEntry>),
    /// The pepper of keys is sealed, or sealed anew.
    PutPepper(SealedSecret),
    /// The key that signs statements is sealed, or sealed anew.
    PutSigningKey(SealedSecret),
    /// The keys of the GitHub App are sealed, or sealed anew.
    PutGitHubApp(Box<KeptApp>),
    /// No GitHub App is kept any more. One must have been.
    ForgetGitHubApp,
    /// A secret is sealed under another master key. When it is no longer what it was, it changes nothing: whoever set it
    /// meanwhile knew the new key.
    Reseal {
        /// What was sealed.
        was: Vec<u8>,
        /// The same, sealed anew.
        now: SealedSecret,
    },
    /// What a lost master key sealed is given up: these secrets stay by their names, without a value, these keys are good for
    /// nothing, and pepper, signing key, GitHub App and record of the master key are gone.
    ForgetSealed {
        /// Every secret, with nothing sealed.
        secrets: Vec<SealedSecret>,
        /// Every key that is good.
        keys: Vec<KeyId>,
        /// Since when.
        at: Timestamp,
    },
    /// Another master key seals from now on, or takes over.
    PutMasterKey(Box<KeyRecord>),
    /// A document is published. When its name and version are on record, with whatever content, it is a conflict.
    PublishListing(Box<Listing>),
    /// Documents are recorded, or their records replaced. Another content under the same name and version is a conflict,
    /// and then none of them is recorded.
    PutListings(Vec<Listing>),
    /// Another registry was read up to a time.
    PutBookmark(Bookmark),
    /// Versions of one name stand otherwise from now on. Each must be on record.
    SetStanding {
        /// The name.
        name: DocumentName,
        /// Its versions.
        versions: Vec<DocumentVersion>,
        /// How they stand.
        standing: Standing,
    },
    /// A server is presented otherwise from now on; without an overlay, as its versions say. It must be on record.
    PutOverlay {
        /// Which.
        name: ServerName,
        /// How.
        overlay: Option<Box<Overlay>>,
    },
    /// An account rates a server, whatever it said before. The server must be on record.
    PutRating {
        /// Which.
        name: ServerName,
        /// What it says.
        rating: Box<Rating>,
    },
    /// An account takes its rating of a server back, which must be on record.
    DeleteRating {
        /// Which.
        name: ServerName,
        /// The account; nothing for whoever owns the data directory.
        account: Option<AccountId>,
    },
    /// A request is begun that is to be done once. One of the same name that was begun at `since` or later is a conflict;
    /// some of those before are forgotten.
    BeginOnce {
        /// The request, without an answer.
        once: Box<Once>,
        /// From when on others count.
        since: Timestamp,
    },
    /// A request that is to be done once was done: its record is replaced, or forgotten without one.
    EndOnce {
        /// The key of who sent it.
        key: KeyId,
        /// What they call it by.
        name: OnceName,
        /// What came of it.
        answer: Option<Box<OnceAnswer>>,
    },
    /// A delivery of a webhook is taken. One of the same id, or with the same content, that was taken at `since` or later is a
    /// conflict; some of those before are forgotten.
    TakeDelivery {
        /// The delivery.
        delivery: Box<Delivery>,
        /// From when on others count.
        since: Timestamp,
    },
    /// A server follows a branch, or got further in it: its record is replaced. The server must be on record.
    PutFollow(Box<Follow>),
    /// A server follows nothing any more. It must have.
    EndFollow(ServerName),
    /// Callers asked for documents. What was counted for the same caller and day already is passed over, and marks of days
    /// before the last are forgotten bit by bit.
    Downloads(Vec<Download>),
    /// A version was seen to declare what is not on record of it. What is gone by now is passed over.
    Observe {
        /// The server.
        server: ServerName,
        /// The version.
        version: Version,
        /// Digests of what it declares.
        digests: Vec<Digest>,
    },
    /// Something is put under quarantine: from this on no version is recorded or activated, and no document published,
    /// that it covers. One that stands is a conflict, unless it was set for a workspace and this one is not.
    Quarantine(Box<Quarantine>),
    /// A quarantine is lifted. It must be on record.
    LiftQuarantine(Suspect),
}

/// One line of the journal: which fact, on what, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Place in the order.
    pub seq: Seq,
    /// Name of the fact, such as `publish_version`.
    pub change: String,
    /// What it is about: a server, a run.
    pub subject: String,
}

/// A GitHub App as it is stored: only the vault can open its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptApp {
    /// What is known of it.
    pub app: GitHubApp,
    /// Its keys, with who kept them and when.
    pub sealed: SealedSecret,
}

/// A secret as it is stored: only the vault can open it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// The server it belongs to.
    pub owner: ServerName,
    /// Its name.
    pub name: SecretName,
    /// Version byte, id of the master key, sealed data key and ciphertext, as the vault makes them; empty once it was given
    /// up with a lost master key.
    pub sealed: Vec<u8>,
    /// When its value was set.
    pub updated: Timestamp,
    /// Who set it; nobody knows of those that were set before this was kept.
    #[serde(default)]
    pub by: Option<String>,
    /// How often it was set, this time too.
    #[serde(default = "once")]
    pub version: u64,
}

impl SealedSecret {
    /// Tells whether its value was given up with a lost master key.
    pub fn is_given_up(&self) -> bool {
        self.sealed.is_empty()
    }
}

fn once() -> u64 {
    1
}

/// What is on record of the master key: never the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Identifies the key that everything is sealed under.
    pub key: String,
    /// Salt and costs of the passphrase that the key is made of, if it is.
    pub salt: Option<String>,
    /// The key that takes over.
    pub handover: Option<Handover>,
    /// Since when this key seals.
    pub since: Timestamp,
}

/// One master key takes over from another: each is sealed under the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Identifies the old key.
    pub from: String,
    /// Identifies the new key.
    pub to: String,
    /// The old key under the new one.
    pub from_under_to: Vec<u8>,
    /// The new key under the old one.
    pub to_under_from: Vec<u8>,
    /// Since when.
    pub began: Timestamp,
}

/// How a call through the endpoint ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallOutcome {
    /// The server answered.
    Ok,
    /// The tool answered with `isError`.
    ToolError,
    /// The server answered with a JSON-RPC error.
    ProtocolError,
    /// The server could not be reached or did not answer.
    Failed,
}

/// One call through the endpoint: never its arguments or results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The server.
    pub server: ServerName,
    /// The version that served.
    pub version: Version,
    /// The tool.
    pub tool: String,
    /// Who called it, by the name of the account; nobody knows of an endpoint without keys.
    #[serde(default)]
    pub caller: Option<String>,
    /// When.
    pub at: Timestamp,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// How it ended.
    pub outcome: CallOutcome,
    /// The request that it came by, where that is traced; it is not kept.
    #[serde(skip)]
    pub trace: Option<TraceParent>,
}

/// What is left of a deleted server: no name and version ever returns with another digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tombstone {
    /// The server.
    pub server: ServerName,
    /// When it was removed.
    pub deleted: Timestamp,
    /// The run that removed it.
    pub run: RunId,
    /// Every version it had, with its digest.
    pub versions: Vec<(Version, Digest)>,
    /// The workspace that it belonged to, and whose the name stays. The store knows it.
    #[serde(default)]
    pub workspace: WorkspaceName,
}
