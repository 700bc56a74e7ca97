//! Who asks, and whether they may come in. Nothing else of a request is read before this is known.

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use sigyl_core::access::{Allowance, Class, TooMany, Who};
use sigyl_core::domain::{Action, Caller, Kind};

use crate::app::App;
use crate::door::Client;
use crate::respond::Problem;
use crate::router::{Access, Params, Route};
use crate::session;

/// Characters of a key; ours are much shorter.
const KEY_MOST: usize = 512;

/// What a client that shows no good key is told to do.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"sigyl\"");

/// What is left of a caller's share.
pub(crate) const SHARE: [HeaderName; 3] = [
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
];

/// Who comes in without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Openness {
    /// Whether everybody may browse the registry.
    pub(crate) everybody_browses: bool,
    /// Whether programs of this machine may browse it.
    pub(crate) neighbours_browse: bool,
    /// Whether programs of this machine may call tools.
    pub(crate) neighbours_call: bool,
}

impl Openness {
    fn lets(self, access: Access, client: Client) -> bool {
        match access {
            Access::Open | Access::View => true,
            Access::Browse => self.everybody_browses || (self.neighbours_browse && client.is_here),
            Access::Tools => self.neighbours_call && client.is_here,
            Access::AnyKey | Access::Key(_) => false,
        }
    }

    /// Tells whether somebody may come in without a key.
    pub(crate) fn lets_some(self, access: Access) -> bool {
        match access {
            Access::Open | Access::View => true,
            Access::Browse => self.everybody_browses || self.neighbours_browse,
            Access::Tools => self.neighbours_call,
            Access::AnyKey | Access::Key(_) => false,
        }
    }
}

/// Finds out who asks, counts it, and refuses who may not ask for this at all.
pub(crate) async fn enter(
    app: &App,
    route: &Route,
    params: &Params,
    client: Client,
    headers: &HeaderMap,
) -> Result<(Caller, Option<Allowance>), Problem> {
    let caller = match route.access {
        Access::View => of_view(app, params, client).await?,
        _ => identify(app, route, client, headers).await?,
    };
    let who = Who::of(&caller, client.counted);
    let share = route.class.map(|class| app.throttle.take(who, class)).transpose().map_err(too_many)?;
    let wanted = match route.access {
        Access::Key(action) => Some(action),
        Access::Browse | Access::View => Some(Action::Browse),
        Access::Tools => Some(Action::Call),
        Access::Open | Access::AnyKey => None,
    };
    if let Some(action) = wanted {
        app.core.admit(&caller, action).await?;
    }
    Ok((caller, share))
}

/// Finds out whose view an address is. An address that is none, or none any more, is one that nothing answers.
async fn of_view(app: &App, params: &Params, client: Client) -> Result<Caller, Problem> {
    let nothing = || Problem::not_found("there is nothing at this address");
    let key = params.get("view").filter(|key| key.len() <= KEY_MOST).unwrap_or_default();
    match check(app, key, client).await {
        Ok(caller) if caller.key().is_some_and(|holder| holder.key.view.is_some()) => Ok(caller),
        Ok(_) => Err(nothing()),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => Err(nothing()),
        Err(problem) => Err(problem),
    }
}

async fn identify(app: &App, route: &Route, client: Client, headers: &HeaderMap) -> Result<Caller, Problem> {
    let (access, address) = (route.access, client.address);
    if access == Access::Open {
        return Ok(Caller::anonymous(address));
    }
    let shown = match shown(headers) {
        Ok(shown) => shown,
        Err(problem) => return Err(turned_away(app, client, problem)),
    };
    let session = session::shown(headers, app.is_secure).filter(|_| route.is_page && shown.is_none());
    match (shown, session) {
        (Some(key), _) => check(app, key, client).await,
        (None, Some(session)) => match check(app, session, client).await {
            // A browser whose session is over sees what everybody sees.
            Err(problem)
                if problem.status == StatusCode::UNAUTHORIZED && app.openness.lets(access, client) =>
            {
                Ok(Caller::anonymous(address))
            }
            known => known,
        },
        (None, None) if app.openness.lets(access, client) => Ok(match access {
            Access::Tools => Caller::limited("a program of this machine", [Action::Call]),
            _ => Caller::anonymous(address),
        }),
        (None, None) => {
            let problem = unknown("this needs a key: send it as `Authorization: Bearer KEY`");
            Err(turned_away(app, client, problem))
        }
    }
}

/// Counts a request that is refused before anybody looks at a key, and says so where its address had too many. They are
/// cheap, so they take of what may be read: a client that asks without its key first must still get in with it.
pub(crate) fn turned_away(app: &App, client: Client, problem: Problem) -> Problem {
    match app.throttle.take(Who::Address(client.counted), Class::Read) {
        Ok(_) => problem,
        Err(refused) => too_many(refused),
    }
}

/// Finds out whose a key is. Whoever tries keys is slowed by it, before the next one is looked at.
pub(crate) async fn check(app: &App, key: &str, client: Client) -> Result<Caller, Problem> {
    let looked = app.refusals.begin(client.counted).await.map_err(too_many)?;
    match app.core.authenticate(key, client.address).await {
        Err(error) if error.kind() == Kind::Denied => {
            drop(looked);
            Err(Problem::from(error).status(StatusCode::UNAUTHORIZED).header(WWW_AUTHENTICATE, CHALLENGE))
        }
        found => {
            looked.let_off();
            Ok(found?)
        }
    }
}

/// Returns the key that is shown, if one is.
fn shown(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::invalid("the header Authorization is there twice"));
    }
    let text = value.to_str().unwrap_or_default();
    let (scheme, key) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") || key.is_empty() || key.len() > KEY_MOST {
        return Err(unknown("the header Authorization does not read `Bearer KEY`"));
    }
    Ok(Some(key))
}

fn unknown(what: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, what).header(WWW_AUTHENTICATE, CHALLENGE)
}

fn too_many(refused: TooMany) -> Problem {
    let [limit, remaining, reset] = SHARE;
    let seconds = HeaderValue::from(refused.retry_after.as_secs().max(1));
    Problem::new(StatusCode::TOO_MANY_REQUESTS, refused.to_string())
        .header(RETRY_AFTER, seconds.clone())
        .header(limit, HeaderValue::from(refused.limit))
        .header(remaining, HeaderValue::from(0))
        .header(reset, seconds)
}
