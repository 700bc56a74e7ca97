//! The operations of a server, as its own table has them.

/// One operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// What the document of the server calls it.
    pub id: &'static str,
    /// The method of HTTP.
    pub method: &'static str,
    /// Its address; a part in braces stands for any text.
    pub path: &'static str,
}

impl Operation {
    /// Tells whether it may be asked for twice: it looks, and changes nothing.
    pub(super) fn only_looks(&self) -> bool {
        self.method == "GET"
    }
}

/// Gives each operation a name, and lists all of them.
macro_rules! operations {
    ($($name:ident = $id:literal $method:literal $path:literal;)*) => {
        $(pub(super) const $name: &Operation = &Operation { id: $id, method: $method, path: $path };)*

        /// Every operation that the client has a method for.
        pub const OPERATIONS: &[&Operation] = &[$($name),*];
    };
}

operations! {
    HEALTH = "health" "GET" "/health";
    READY = "ready" "GET" "/ready";
    METRICS = "metrics" "GET" "/metrics";
    OPENAPI = "openapi" "GET" "/openapi.json";

    LIST_DOCUMENTS = "listDocuments" "GET" "/v0.1/servers";
    LIST_DOCUMENT_VERSIONS = "listDocumentVersions" "GET" "/v0.1/servers/{serverName}/versions";
    SHOW_DOCUMENT = "showDocument" "GET" "/v0.1/servers/{serverName}/versions/{version}";
    PUBLISH_DOCUMENT = "publishDocument" "POST" "/v0.1/publish";
    VALIDATE_DOCUMENT = "validateDocument" "POST" "/v0.1/validate";
    PUT_DOCUMENT = "putDocument" "PUT" "/v0.1/servers/{serverName}/versions/{version}";
    DELETE_DOCUMENT = "deleteDocument" "DELETE" "/v0.1/servers/{serverName}/versions/{version}";
    SET_DOCUMENT_STATUS = "setDocumentStatus" "PATCH" "/v0.1/servers/{serverName}/versions/{version}/status";
    SET_STATUS_OF_ALL = "setStatusOfAll" "PATCH" "/v0.1/servers/{serverName}/status";
    SEARCH_DOCUMENTS = "searchDocuments" "GET" "/v0.1/x/internal.sigyl/search";

    LIST_SERVERS = "listServers" "GET" "/api/v1/servers";
    SHOW_SERVER = "showServer" "GET" "/api/v1/servers/{name}";
    DELETE_SERVER = "deleteServer" "DELETE" "/api/v1/servers/{name}";
    EDIT_SERVER = "editServer" "PATCH" "/api/v1/servers/{name}";
    LIST_RATINGS = "listRatings" "GET" "/api/v1/servers/{name}/ratings";
    RATE_SERVER = "rateServer" "PUT" "/api/v1/servers/{name}/rating";
    TAKE_RATING = "takeRating" "DELETE" "/api/v1/servers/{name}/rating";
    LIST_SECRETS = "listSecrets" "GET" "/api/v1/servers/{name}/secrets";
    SET_SECRET = "setSecret" "PUT" "/api/v1/servers/{name}/secrets/{secret}";
    REMOVE_SECRET = "removeSecret" "DELETE" "/api/v1/servers/{name}/secrets/{secret}";
    SHOW_MASTER_KEY = "showMasterKey" "GET" "/api/v1/vault";
    ROTATE_MASTER_KEY = "rotateMasterKey" "POST" "/api/v1/vault/rotate";
    LIST_VERSIONS = "listVersions" "GET" "/api/v1/servers/{name}/versions";
    SHOW_SOURCE = "showSource" "GET" "/api/v1/servers/{name}/versions/{version}/source";
    ROLL_BACK = "rollBack" "POST" "/api/v1/servers/{name}/rollback";
    RECONFIGURE = "reconfigureServer" "POST" "/api/v1/servers/{name}/reconfigure";
    TRANSFER_SERVER = "transferServer" "PUT" "/api/v1/servers/{name}/workspace";
    READ_LOGS = "readLogs" "GET" "/api/v1/servers/{name}/logs";
    MEASURE_SERVER = "measureServer" "GET" "/api/v1/servers/{name}/metrics";
    COUNT_CALLS = "countCalls" "GET" "/api/v1/calls";
    COUNT_SESSIONS = "countSessions" "GET" "/api/v1/sessions";
    READ_CALLS = "readCalls" "GET" "/api/v1/servers/{name}/calls";
    SHOW_STATEMENT = "showStatement" "GET" "/api/v1/servers/{name}/statement";
    SHOW_SBOM = "showSbom" "GET" "/api/v1/servers/{name}/sbom";
    VERIFY_SERVER = "verifyServer" "POST" "/api/v1/servers/{name}/verify";
    SHOW_PUBLIC_KEY = "showPublicKey" "GET" "/api/v1/public-key";
    PROBE_SERVER = "probeServer" "POST" "/api/v1/servers/{name}/probe";
    CALL_TOOL = "callTool" "POST" "/api/v1/servers/{name}/tools/{tool}";

    LIST_QUARANTINES = "listQuarantines" "GET" "/api/v1/quarantines";
    QUARANTINE = "quarantine" "POST" "/api/v1/quarantines";
    SHOW_QUARANTINE = "showQuarantine" "GET" "/api/v1/quarantines/{what}";
    LIFT_QUARANTINE = "liftQuarantine" "POST" "/api/v1/quarantines/{what}/lifting";

    LIST_GITHUB_INSTALLATIONS = "listGitHubInstallations" "GET" "/api/v1/github/installations";
    LIST_GITHUB_REPOSITORIES = "listGitHubRepositories" "GET" "/api/v1/github/repositories";
    LIST_GITHUB_REFS = "listGitHubRefs" "GET" "/api/v1/github/repositories/{owner}/{repository}/refs";
    SHOW_GITHUB_FILES = "showGitHubFiles" "GET" "/api/v1/github/repositories/{owner}/{repository}/files";

    LIST_FOLLOWS = "listFollows" "GET" "/api/v1/follows";
    SET_FOLLOW = "setFollow" "PUT" "/api/v1/servers/{name}/follow";
    END_FOLLOW = "endFollow" "DELETE" "/api/v1/servers/{name}/follow";
    RELEASE_FOLLOWED = "releaseFollowed" "POST" "/api/v1/servers/{name}/follow/release";

    SHOW_GITHUB_APP = "showGitHubApp" "GET" "/api/v1/github/app";
    KEEP_GITHUB_APP = "keepGitHubApp" "PUT" "/api/v1/github/app";
    FORGET_GITHUB_APP = "forgetGitHubApp" "DELETE" "/api/v1/github/app";

    READ_EVENTS = "readEvents" "GET" "/api/v1/events";

    UPLOAD_SOURCE = "uploadSource" "POST" "/api/v1/sources";
    RELEASE = "release" "POST" "/api/v1/releases";
    RELEASE_AGAIN = "releaseAgain" "POST" "/api/v1/servers/{name}/releases";
    LIST_RUNS = "listRuns" "GET" "/api/v1/runs";
    SHOW_RUN = "showRun" "GET" "/api/v1/runs/{run}";
    SHOW_REPORT = "showReport" "GET" "/api/v1/runs/{run}/report";
    SHOW_RUN_SOURCE = "showRunSource" "GET" "/api/v1/runs/{run}/source";
    SHOW_SARIF = "showSarif" "GET" "/api/v1/runs/{run}/report.sarif";
    WATCH_RUN = "watchRun" "GET" "/api/v1/runs/{run}/events";
    APPROVE_RUN = "approveRun" "POST" "/api/v1/runs/{run}/approval";
    REJECT_RUN = "rejectRun" "POST" "/api/v1/runs/{run}/rejection";
    CANCEL_RUN = "cancelRun" "POST" "/api/v1/runs/{run}/cancellation";
    PROMOTE_RUN = "promoteRun" "POST" "/api/v1/runs/{run}/promotion";

    WHO_AM_I = "whoAmI" "GET" "/api/v1/whoami";
    LIST_KEYS = "listKeys" "GET" "/api/v1/keys";
    CREATE_KEY = "createKey" "POST" "/api/v1/keys";
    REVOKE_KEY = "revokeKey" "DELETE" "/api/v1/keys/{key}";

    BEGIN_LOGIN = "beginLogin" "POST" "/api/v1/login/device";
    POLL_LOGIN = "pollLogin" "POST" "/api/v1/login/device/token";
    EXCHANGE_TOKEN = "exchangeToken" "POST" "/api/v1/tokens/oidc";

    EXPORT_ME = "exportMe" "GET" "/api/v1/me/export";
    RENAME_ME = "renameMe" "PATCH" "/api/v1/me";
    DELETE_ME = "deleteMe" "DELETE" "/api/v1/me";
    PROVE_NAMESPACE = "proveNamespace" "POST" "/api/v1/namespaces";

    LIST_ACCOUNTS = "listAccounts" "GET" "/api/v1/accounts";
    CREATE_ACCOUNT = "createAccount" "POST" "/api/v1/accounts";
    DELETE_ACCOUNT = "deleteAccount" "DELETE" "/api/v1/accounts/{login}";
    CHANGE_ACCOUNT = "changeAccount" "PATCH" "/api/v1/accounts/{login}";
    LIST_WORKSPACES = "listWorkspaces" "GET" "/api/v1/workspaces";
    CREATE_WORKSPACE = "createWorkspace" "POST" "/api/v1/workspaces";
    LIST_MEMBERS = "listMembers" "GET" "/api/v1/workspaces/{workspace}/members";
    SET_MEMBER = "setMember" "PUT" "/api/v1/workspaces/{workspace}/members/{login}";
    REMOVE_MEMBER = "removeMember" "DELETE" "/api/v1/workspaces/{workspace}/members/{login}";

    READ_AUDIT = "readAudit" "GET" "/api/v1/audit";
    VERIFY_AUDIT = "verifyAudit" "POST" "/api/v1/audit/verification";

    SHOW_POLICY = "showPolicy" "GET" "/api/v1/policy";
    TEST_POLICY = "testPolicy" "POST" "/api/v1/policy/test";
    RESCAN = "rescan" "POST" "/api/v1/rescans";
    SHOW_BOOKMARK = "showBookmark" "GET" "/api/v1/imports/bookmark";
    SET_BOOKMARK = "setBookmark" "PUT" "/api/v1/imports/bookmark";
    IMPORT_DOCUMENTS = "importDocuments" "POST" "/api/v1/imports";
}
