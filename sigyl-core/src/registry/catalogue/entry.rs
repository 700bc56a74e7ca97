//! One version of one name: its document, its release, or both.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::about::About;
use super::endpoint::Endpoint;
use super::made::Made;
use crate::domain::{
    Digest, DocumentName, DocumentVersion, Known, Listing, ListingStatus, Origin, Proof, RawDocument, Shows,
    Timestamp, Verdict, WorkspaceName,
};
use crate::registry::{PUBLISHER_KEY, RELEASED_NAMESPACE};
use crate::wire::registry::{
    Official, OriginKind, Pins, Provenance, ResponseMeta, ScanStatus, ServerResponse, Unscanned,
};

/// Most words of tags and tools of a version that are looked at in a search.
const WORDS: usize = 200;

/// A version that was released here, with its source.
#[derive(Clone, Debug, PartialEq)]
pub struct Released {
    /// What its manifest says, as a document.
    pub members: Map<String, Value>,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// The workspace that its server belongs to.
    pub workspace: WorkspaceName,
    /// What its scan came to.
    pub verdict: Verdict,
    /// Whether a person let it pass.
    pub approved: bool,
    /// The digest of its source.
    pub source: Digest,
    /// What that is, as far as a document can name it.
    pub made: Made,
    /// Its path at the endpoint, while it serves.
    pub path: Option<String>,
    /// Its tags and the names of its tools.
    pub words: Vec<String>,
    /// The tools that its last activation found, if it had one.
    pub pins: Option<Arc<Pins>>,
    /// Whether it is under quarantine.
    pub quarantined: bool,
}

/// One version of one name.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) name: DocumentName,
    pub(super) version: DocumentVersion,
    listing: Option<Listing>,
    released: Option<Released>,
    /// Whether its document leads to what was released, and to nothing else.
    is_same: bool,
    /// What is said of its name.
    about: Arc<About>,
    /// Whether it is under quarantine, so that nobody is shown it.
    hidden: bool,
    /// What a list is searched by: name, title and description in small letters.
    pub(super) text: Arc<str>,
    /// Addresses of its remotes.
    pub(super) urls: Vec<Box<str>>,
}

impl Entry {
    /// An entry of a document, of a release, or of both; nothing when there is neither.
    pub fn of(
        name: DocumentName,
        version: DocumentVersion,
        listing: Option<Listing>,
        released: Option<Released>,
    ) -> Option<Self> {
        if listing.is_none() && released.is_none() {
            return None;
        }
        let mut entry = Self {
            name,
            version,
            is_same: false,
            listing,
            released,
            about: Arc::default(),
            hidden: false,
            text: Arc::from(""),
            urls: Vec::new(),
        };
        entry.text = entry.texts();
        let members = entry.members();
        let made = entry.released.as_ref().map(|released| &released.made);
        entry.is_same = entry.listing.is_none() || made.is_some_and(|made| made.is_all_of(&members));
        let remotes = members.get("remotes").and_then(Value::as_array).into_iter().flatten();
        entry.urls = remotes.filter_map(|remote| Some(remote.get("url")?.as_str()?.into())).collect();
        Some(entry)
    }

    /// The same, with what is said of its name.
    pub fn with(self, about: &Arc<About>) -> Self {
        if **about == About::default() {
            return self;
        }
        let mut entry = Self { about: Arc::clone(about), ..self };
        entry.text = entry.texts();
        entry
    }

    /// What a list is searched by.
    fn texts(&self) -> Arc<str> {
        let [title, description] = self.said();
        let tags: Vec<_> = self.about.words().collect();
        format!("{}\n{title}\n{description}\n{}", self.name, tags.join(" ")).trim_end().to_lowercase().into()
    }

    /// The same, shown to nobody if it is under quarantine. Its name, version and addresses stay taken.
    pub fn hidden(self, hidden: bool) -> Self {
        Self { hidden, ..self }
    }

    /// Tells whether nobody is shown it.
    pub(super) fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// Tells whether it has the name and version that every reader expects: some refuse a whole page for one without.
    pub(super) fn is_complete(&self) -> bool {
        self.name.is_complete() && self.version.is_complete()
    }

    /// Tells whether it is shown to who does or does not want to see what was deleted.
    pub(super) fn is_shown(&self, with_deleted: bool) -> bool {
        !self.hidden && (with_deleted || !self.is_deleted())
    }

    /// Returns title and description.
    pub(super) fn said(&self) -> [String; 2] {
        let members = self.members();
        let mut own = ["title", "description"].map(|name| text(&members, name).to_owned());
        for (own, more) in own.iter_mut().zip(self.about.said()) {
            if !more.is_empty() {
                *own = format!("{own} {more}");
            }
        }
        own
    }

    /// Returns tags that its publisher gave, and names of its tools.
    pub(super) fn words(&self) -> Vec<String> {
        let members = self.members();
        let given = members.get("_meta").and_then(|meta| meta.get(PUBLISHER_KEY));
        let lists = ["tags", "keywords"].into_iter().filter_map(|name| given?.get(name)?.as_array());
        let tags = lists.flatten().filter_map(|tag| tag.as_str().map(str::to_owned));
        let tools = self.released.iter().flat_map(|released| released.words.iter().cloned());
        self.about.words().chain(tags).chain(tools).take(WORDS).collect()
    }

    fn members(&self) -> Map<String, Value> {
        match (&self.listing, &self.released) {
            // It was read when it was recorded; it is listed even if nothing in it is found.
            (Some(listing), _) => listing.document.members().unwrap_or_default(),
            (None, Some(released)) => released.members.clone(),
            (None, None) => Map::new(),
        }
    }

    /// Returns its version.
    pub fn version(&self) -> &DocumentVersion {
        &self.version
    }

    /// Returns the record of its document.
    pub fn listing(&self) -> Option<&Listing> {
        self.listing.as_ref()
    }

    /// Returns the workspace that its name belongs to.
    pub fn workspace(&self) -> Option<&WorkspaceName> {
        let listed = self.listing.as_ref().map(|listing| &listing.workspace);
        self.released.as_ref().map(|released| &released.workspace).or(listed)
    }

    /// What its name rests on when it was only released: short names are ours, and nobody proved another.
    fn released_proof(&self) -> Proof {
        match self.name.namespace() {
            Some(RELEASED_NAMESPACE) => Proof::Granted,
            _ => Proof::Unproven,
        }
    }

    /// Tells whether it is among what somebody is shown.
    pub fn is_among(&self, shows: &Shows) -> bool {
        let released = self.scanned();
        let is_known = match shows.known {
            Known::Anything => true,
            Known::Scanned => released.is_some(),
            Known::Passed => released.is_some_and(|it| !it.approved && it.verdict <= Verdict::Warn),
            Known::Approved => released.is_some_and(|it| it.approved),
        };
        is_known && shows.has(&self.name)
    }

    /// Returns the release whose scan says something of what is shown: a document may share name and version with a release
    /// and lead to something else.
    fn scanned(&self) -> Option<&Released> {
        self.released.as_ref().filter(|_| self.is_same)
    }

    /// Tells whether there is source of it here.
    pub fn is_released(&self) -> bool {
        self.released.is_some()
    }

    /// Tells whether users should not see it unless they ask.
    pub(super) fn is_deleted(&self) -> bool {
        self.listing.as_ref().is_some_and(|listing| listing.standing.status == ListingStatus::Deleted)
    }

    /// Returns when it was published.
    pub(super) fn published(&self) -> Timestamp {
        match (&self.listing, &self.released) {
            (Some(listing), _) => listing.published,
            (None, Some(released)) => released.recorded,
            (None, None) => Timestamp::EPOCH,
        }
    }

    /// Returns when anything of it last changed.
    pub(super) fn updated(&self) -> Timestamp {
        let listed = self.listing.as_ref().map(|listing| listing.updated);
        let released = self.released.as_ref().map(|released| released.recorded);
        listed.max(released).max(self.about.updated()).unwrap_or(Timestamp::EPOCH)
    }

    /// Answers with it; `endpoint` is where what runs here is reached.
    pub(super) fn response(&self, is_latest: bool, endpoint: Option<&Endpoint>) -> Option<ServerResponse> {
        let standing = self.listing.as_ref().map(|listing| listing.standing.clone());
        let official = Official {
            status: standing.as_ref().map_or(ListingStatus::Active, |standing| standing.status),
            status_changed_at: standing.as_ref().map_or(self.published(), |standing| standing.since),
            status_message: standing.and_then(|standing| standing.message),
            published_at: self.published(),
            updated_at: self.updated(),
            is_latest,
        };
        let others = self.listing.as_ref().map(|listing| listing.others.clone()).unwrap_or_default();
        let meta = ResponseMeta { official, sigyl: self.provenance(), others };
        Some(ServerResponse { server: self.document(endpoint)?, meta })
    }

    fn document(&self, endpoint: Option<&Endpoint>) -> Option<RawDocument> {
        match (&self.listing, &self.released) {
            (Some(listing), _) => Some(listing.document.clone()),
            (None, Some(released)) => {
                let mut members = released.members.clone();
                if let (Some(endpoint), Some(path)) = (endpoint, &released.path) {
                    members.insert("remotes".to_owned(), json!([endpoint.remote(path)]));
                }
                RawDocument::of(&members).ok()
            }
            (None, None) => None,
        }
    }

    fn provenance(&self) -> Provenance {
        let scan = match self.scanned() {
            Some(released) => ScanStatus::Scanned {
                verdict: released.verdict,
                approved: released.approved,
                source: released.source,
            },
            None => ScanStatus::Unscanned { why: self.released.as_ref().map(|_| Unscanned::OtherSource) },
        };
        let plain = |origin, namespace| Provenance {
            origin,
            imported_from: None,
            imported: None,
            problems: None,
            namespace,
            scan: scan.clone(),
            pins: self.scanned().and_then(|released| released.pins.as_deref().cloned()),
            profile: self.about.profile().cloned(),
            rating: self.about.rated(),
        };
        match self.listing.as_ref().map(|listing| (&listing.origin, listing.proof)) {
            None => plain(OriginKind::Released, self.released_proof()),
            Some((Origin::Published { .. }, proof)) => plain(OriginKind::Published, proof),
            Some((Origin::Imported { source, problems, official, .. }, proof)) => Provenance {
                imported_from: Some(source.clone()),
                imported: official.clone(),
                problems: Some(*problems),
                ..plain(OriginKind::Imported, proof)
            },
        }
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> &'a str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}
