//! What is answered to a browser on this machine: the page that sends the manifest, and the way back from GitHub; nothing else.
//!
//! The page is at a path that nobody can guess, which is printed at the terminal, and is given to the first browser that asks for
//! it, which is known by a cookie from then on. Others on this machine who find the port find nothing there. Whoever learns the
//! path before that browser comes, such as from the list of processes while a browser is opened, could be first: the one that was
//! meant is refused then, and whose the App is is told at the end.

use std::sync::atomic::{AtomicBool, Ordering};

use sigyl_core::domain::SecretValue;
use sigyl_core::github::app::{AppError, chance, is_same};

use super::page::{self, Allowed};
use super::request::{Head, once};

const COOKIE: &str = "sigyl_setup";
/// Where GitHub sends the browser back to.
pub(super) const BACK: &str = "/made";

/// Answers the one browser. It has no `Debug`: its address holds the state.
pub(super) struct Door {
    host: String,
    /// Where the page is.
    path: SecretValue,
    web_url: String,
    action: String,
    manifest: String,
    state: SecretValue,
    cookie: SecretValue,
    nonce: SecretValue,
    is_open: AtomicBool,
    is_done: AtomicBool,
}

/// What follows from a request.
#[derive(Debug)]
pub(super) enum Step {
    /// An answer, and the browser may go on.
    Answer(String),
    /// The browser is back with a code.
    Code(SecretValue, String),
    /// It is back with something that is not ours: nothing more is taken.
    Refused(&'static str, String),
}

impl Door {
    /// Makes a door at a port of this machine.
    pub(super) fn new(
        port: u16,
        web_url: &str,
        org: Option<&str>,
        manifest: String,
    ) -> Result<Self, AppError> {
        let state = chance::<32>()?;
        Ok(Self {
            host: format!("127.0.0.1:{port}"),
            // 128 bits, so that the address fits a line of a terminal.
            path: SecretValue::new(format!("/{}", chance::<16>()?.reveal())),
            web_url: origin(web_url).to_owned(),
            action: action(web_url, org, &state),
            manifest,
            state,
            cookie: chance::<32>()?,
            nonce: chance::<32>()?,
            is_open: AtomicBool::new(false),
            is_done: AtomicBool::new(false),
        })
    }

    /// Returns the address of the page; whoever has it first goes on.
    pub(super) fn address(&self) -> SecretValue {
        SecretValue::new(format!("http://{}{}", self.host, self.path.reveal()))
    }

    /// Returns a page that does the same from any machine; it holds the state.
    pub(super) fn page(&self) -> String {
        page::start(&self.action, &self.manifest, "")
    }

    /// Reads the address that such a page led to.
    pub(super) fn code_of(&self, address: &str) -> Result<SecretValue, &'static str> {
        let query = address.trim().split_once('?').map(|(_, query)| query);
        let query = query.and_then(|query| query.split('#').next()).unwrap_or_default();
        self.code(query)
    }

    fn code(&self, query: &str) -> Result<SecretValue, &'static str> {
        let state = once(query, "state").ok_or("it brings no state, or two")?;
        if !is_same(state, self.state.reveal()) {
            return Err("it brings the state of another setup");
        }
        let code = once(query, "code").filter(|code| !code.is_empty());
        code.map(SecretValue::new).ok_or("it brings no code, or two")
    }

    /// Tells what follows from a request.
    pub(super) fn answer(&self, head: Option<&Head>) -> Step {
        let Some(head) = head else { return told("400 Bad Request", "This is no request.") };
        if head.host != self.host {
            return told("421 Misdirected Request", "Open the address exactly as it was printed.");
        }
        let is_start = is_same(&head.path, self.path.reveal());
        if !is_start && head.path != BACK {
            return told("404 Not Found", "There is nothing here.");
        }
        if head.method != "GET" {
            return told("405 Method Not Allowed", "Only GET is answered.");
        }
        if !head.is_visit() {
            return told("403 Forbidden", "Open the address itself: no other page may ask for it.");
        }
        if is_start { self.start(head) } else { self.back(head) }
    }

    fn start(&self, head: &Head) -> Step {
        if self.is_open.swap(true, Ordering::SeqCst) && !self.is_ours(head) {
            return told(
                "403 Forbidden",
                "Another browser has this page already. End the command, and run it again.",
            );
        }
        let page = page::start(&self.action, &self.manifest, self.nonce.reveal());
        let allowed = Allowed {
            form: Some(&self.web_url),
            nonce: Some(&self.nonce),
            cookie: Some((COOKIE, &self.cookie)),
        };
        Step::Answer(page::answer("200 OK", &page, &allowed))
    }

    fn back(&self, head: &Head) -> Step {
        if !self.is_ours(head) {
            return told("403 Forbidden", "Another browser began this. Go on in that one.");
        }
        if self.is_done.swap(true, Ordering::SeqCst) {
            return told("409 Conflict", "This was brought already.");
        }
        match self.code(&head.query) {
            Ok(code) => Step::Code(code, shown("200 OK", "Go back to the terminal: it goes on there.")),
            Err(why) => {
                Step::Refused(why, shown("403 Forbidden", "Nothing was taken. Go back to the terminal."))
            }
        }
    }

    fn is_ours(&self, head: &Head) -> bool {
        head.cookie(COOKIE).is_some_and(|cookie| is_same(cookie, self.cookie.reveal()))
    }
}

fn told(status: &str, text: &str) -> Step {
    Step::Answer(shown(status, text))
}

fn shown(status: &str, text: &str) -> String {
    page::answer(status, &page::line(text), &Allowed { form: None, nonce: None, cookie: None })
}

/// Where GitHub takes a manifest.
fn action(web_url: &str, org: Option<&str>, state: &SecretValue) -> String {
    let place = org.map(|org| format!("/organizations/{org}")).unwrap_or_default();
    format!("{}{place}/settings/apps/new?state={}", web_url.trim_end_matches('/'), state.reveal())
}

/// The part of an address that says which server is meant.
fn origin(url: &str) -> &str {
    let begins = url.find("://").map_or(0, |at| at + 3);
    let ends = url.get(begins..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| begins + at);
    url.get(..ends).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(door: &Door, cookie: &str) -> Head {
        head(door.path.reveal(), "", cookie)
    }

    fn door() -> Door {
        Door::new(7, "https://github.example/sub/", Some("octo-org"), "{\"name\":\"x\"}".to_owned()).unwrap()
    }

    fn head(path: &str, query: &str, cookie: &str) -> Head {
        Head {
            method: "GET".into(),
            path: path.into(),
            query: query.into(),
            host: "127.0.0.1:7".into(),
            cookies: format!("a=b; {COOKIE}={cookie}"),
            mode: None,
        }
    }

    /// The status of what is only answered.
    fn status(step: Step) -> String {
        let Step::Answer(answer) = step else { panic!("{step:?}") };
        answer.split(' ').nth(1).unwrap().to_owned()
    }

    #[test]
    fn the_page_is_for_one_browser_and_sends_the_manifest_to_github() {
        let door = door();
        let Step::Answer(page) = door.answer(Some(&start(&door, ""))) else { panic!("no page") };
        assert!(page.contains("form-action https://github.example;"), "{page}");
        let action = "action=\"https://github.example/sub/organizations/octo-org/settings/apps/new?state=";
        assert!(
            page.contains(action) && page.contains("value=\"{&quot;name&quot;:&quot;x&quot;}\""),
            "{page}"
        );
        let ours = door.cookie.reveal().to_owned();
        assert!(page.contains(&format!("set-cookie: {COOKIE}={ours};")));
        assert_eq!(status(door.answer(Some(&start(&door, "other")))), "403");
        assert_eq!(status(door.answer(Some(&start(&door, &ours)))), "200", "it may be loaded again");
    }

    #[test]
    fn a_code_is_taken_once_with_the_state_and_from_this_browser() {
        let door = door();
        door.answer(Some(&start(&door, "")));
        let (ours, state) = (door.cookie.reveal().to_owned(), door.state.reveal().to_owned());
        let query = format!("code=c0de&state={state}");
        assert_eq!(status(door.answer(Some(&head(BACK, &query, "")))), "403", "another browser");
        let Step::Code(code, answer) = door.answer(Some(&head(BACK, &query, &ours))) else { panic!("none") };
        assert!(code.reveal() == "c0de" && !answer.contains("c0de") && !answer.contains(&state), "{answer}");
        assert_eq!(status(door.answer(Some(&head(BACK, &query, &ours)))), "409", "once");
    }

    #[test]
    fn what_is_not_ours_ends_it() {
        for wrong in
            ["code=c0de&state=0", "code=c0de", "state=S", "code=&state=S", "code=a&code=b&state=S", ""]
        {
            let door = door();
            let (ours, state) = (door.cookie.reveal().to_owned(), door.state.reveal().to_owned());
            let query = wrong.replace('S', &state);
            assert!(matches!(door.answer(Some(&head(BACK, &query, &ours))), Step::Refused(..)), "{wrong}");
            assert!(door.code_of(&format!("http://127.0.0.1:9{BACK}?{query}")).is_err());
        }
        let door = door();
        let query = format!("state={}&code=c0de", door.state.reveal());
        assert_eq!(door.code_of(&format!(" http://127.0.0.1:9/made?{query}#x\n")).unwrap().reveal(), "c0de");
    }

    #[test]
    fn nothing_else_is_answered() {
        let door = door();
        let elsewhere = Head { host: "evil.example:7".into(), ..start(&door, "") };
        let posted = Head { method: "POST".into(), ..start(&door, "") };
        // A page that another site opens in a frame, or asks for by a script.
        let framed = Head { mode: Some("no-cors".into()), ..start(&door, "") };
        for (head, wanted) in
            [(Some(&elsewhere), "421"), (Some(&posted), "405"), (Some(&framed), "403"), (None, "400")]
        {
            assert_eq!(status(door.answer(head)), wanted);
        }
        for guessed in ["/", "/favicon.ico", &format!("/{}", "0".repeat(64))] {
            assert_eq!(status(door.answer(Some(&head(guessed, "", "")))), "404", "{guessed}");
        }
        assert!(!door.is_open.load(Ordering::SeqCst), "none of these had the page");
        let visit = Head { mode: Some("navigate".into()), ..start(&door, "") };
        assert_eq!(status(door.answer(Some(&visit))), "200");
    }
}
