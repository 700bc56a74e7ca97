//! The words by which sessions, users and proofs are called.

use memchr::memmem;

/// Words of a file that asks who calls, whatever it asks for.
const ASKS: &[&str] = &[
    "401",
    "403",
    "authenticat",
    "Authenticat",
    "authoriz",
    "Authoriz",
    "nauthori",
    "NAUTHORI",
    "orbidden",
    "next(",
    "call_next",
    "isAuth",
    ".user",
    "ogged",
    "ogin",
];

/// Tells by words alone whether a file may take the id of a session for a login.
pub(in crate::scan::ast) fn may_decide(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_id = |at: usize| {
        let rest = bytes[at + "ession".len()..].iter().filter(|byte| !b"-_".contains(byte));
        let mut rest = rest.take(2).map(u8::to_ascii_lowercase);
        rest.next() == Some(b'i') && rest.next() == Some(b'd')
    };
    let named = memmem::find_iter(bytes, b"ession").any(is_id);
    let short =
        || [&b"sessid"[..], b"SESSID", b"sessId"].iter().any(|word| memmem::find(bytes, word).is_some());
    (named || short()) && ASKS.iter().any(|word| memmem::find(bytes, word.as_bytes()).is_some())
}

/// Brings a name to its letters and digits.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Tells whether a name is one of the id of a session.
pub(super) fn is_session_id(name: &str) -> bool {
    let name = bare(name);
    name.ends_with("sessionid") || name.ends_with("sessid")
}

/// Tells whether a name is one of what a client sends with a request; a cookie is the login of a browser.
pub(super) fn is_sent(name: &str) -> bool {
    matches!(
        bare(name).as_str(),
        "headers"
            | "header"
            | "query"
            | "queryparams"
            | "searchparams"
            | "body"
            | "params"
            | "args"
            | "form"
            | "values"
            | "json"
            | "rawheaders"
    )
}

/// Tells whether a name is one of a request itself.
pub(super) fn is_request(name: &str) -> bool {
    matches!(bare(name).as_str(), "req" | "request" | "r" | "c" | "ctx" | "context" | "event")
}

/// Tells whether a method or function looks something up, or asks whether it is there.
pub(super) fn looks_up(name: &str) -> bool {
    let name = bare(name);
    const VERBS: &[&str] = &[
        "get",
        "has",
        "find",
        "load",
        "lookup",
        "fetch",
        "exist",
        "contain",
        "include",
        "is",
        "valid",
        "resolve",
        "check",
        "hget",
        "read",
        "retrieve",
        "verifysession",
    ];
    VERBS.iter().any(|verb| name.starts_with(verb))
}

/// Tells whether a name says who somebody is, or that it is known.
pub(super) fn is_identity(name: &str) -> bool {
    let name = bare(name);
    is_known(&name)
        || matches!(
            name.as_str(),
            "user"
                | "userid"
                | "username"
                | "currentuser"
                | "auth"
                | "authuser"
                | "identity"
                | "principal"
                | "account"
                | "accountid"
                | "role"
                | "roles"
                | "isadmin"
                | "admin"
                | "permissions"
                | "scopes"
                | "subject"
                | "owner"
                | "tenant"
                | "tenantid"
        )
}

/// Tells whether a name says that somebody logged in.
pub(super) fn is_known(name: &str) -> bool {
    matches!(
        bare(name).as_str(),
        "authenticated"
            | "isauthenticated"
            | "authorized"
            | "isauthorized"
            | "loggedin"
            | "isloggedin"
            | "authed"
            | "isauthed"
    )
}

/// Tells whether a function says by its name that it tells who calls, or lets in.
pub(super) fn asks_who(name: &str) -> bool {
    let name = bare(name);
    let auth = name.match_indices("auth").any(|(at, _)| {
        !name[at..].starts_with("author") || {
            name[at..].starts_with("authoriz") || name[at..].starts_with("authoris")
        }
    });
    auth || ["login", "loggedin", "currentuser", "getuser", "identif", "whoami", "principal"]
        .iter()
        .any(|word| name.contains(word))
}

/// Tells whether a name is one of what proves who somebody is.
pub(super) fn proves(name: &str) -> bool {
    let name = bare(name);
    let words = [
        "authorization",
        "token",
        "jwt",
        "password",
        "passwd",
        "apikey",
        "introspect",
        "credential",
        "signature",
        "hmac",
        "oauth",
        "clientcert",
        "peercert",
        "secret",
    ];
    words.iter().any(|word| name.contains(word)) || name.contains("verif") && !name.contains("session")
}

/// Tells whether a name is one of what carries the messages of a session, and no user's.
pub(super) fn carries(name: &str) -> bool {
    let name = bare(name);
    ["transport", "server", "stream", "connection", "client", "socket"].iter().any(|word| name.contains(word))
}

/// Tells whether a text refuses somebody whom nobody knows.
pub(super) fn refuses(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text == "401"
        || text == "403"
        || ["unauthori", "forbidden", "not authenticated", "not logged in", "login required", "log in first"]
            .iter()
            .any(|word| text.contains(word))
        || text.contains("authentication required")
}

/// Tells whether a name is one of what comes behind a middleware.
pub(super) fn goes_on(name: &str) -> bool {
    matches!(name, "next" | "call_next" | "callNext" | "nxt" | "_next")
}
