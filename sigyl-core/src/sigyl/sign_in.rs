//! Signing in: people by GitHub or by an issuer of OpenID Connect. What comes of it is a key like any other.

use std::net::IpAddr;
use std::time::Duration;

use super::{SignIn, Sigyl};
use crate::access::oidc::{CameBack, DeviceAnswer, Issuer, Providers, Sent};
use crate::access::{Proven, SignInError, Waiting, code_challenge, random_secret};
use crate::domain::{Action, Caller, Digest, Identity, Kind, Scope, SecretValue, Timestamp};
use crate::error::Error;
use crate::github::{DeviceState, GitHub};
use crate::web::Web;
use crate::wire::v1::{DeviceLogin, LoginState, MadeKey};

/// Sign-ins that wait at a time, of each kind.
const WAITING_MOST: usize = 10_000;
/// How long one waits.
const WAITS: Duration = Duration::from_secs(15 * 60);
/// How long the key of a person is good that signed in at a terminal.
const DEVICE_LASTS: Duration = Duration::from_secs(30 * 24 * 3_600);
/// The same of a browser.
const BROWSER_LASTS: Duration = Duration::from_secs(12 * 3_600);
/// What stands for the only issuer there is.
const ONLY: &str = "oidc";
/// What stands for GitHub.
const GITHUB: &str = "github";

/// How people and jobs sign in, and who is about to.
#[derive(Debug)]
pub(super) struct SigningIn {
    pub(super) settings: SignIn,
    web: Web,
    pub(super) providers: Providers,
    devices: Waiting<Device>,
    browsers: Waiting<Browser>,
}

/// By whom somebody signs in.
#[derive(Clone, Copy)]
enum By<'a> {
    GitHub(&'a dyn GitHub),
    Issuer(&'a Issuer),
}

/// A terminal that waits.
#[derive(Debug)]
struct Device {
    code: SecretValue,
    interval: u64,
    asked: Timestamp,
    /// The issuer, by its name; GitHub when absent.
    issuer: Option<String>,
}

/// A browser that was sent away, and is to come back.
#[derive(Debug)]
struct Browser {
    verifier: SecretValue,
    /// A hash of the cookie that it was given: nobody else brings this sign-in to its end.
    cookie: Digest,
    /// The issuer that it was sent to, by its name, and what its token has to say; GitHub when absent.
    issuer: Option<(String, SecretValue)>,
}

/// Where a browser is sent to sign in.
#[derive(Clone, Debug)]
pub struct BrowserLogin {
    /// The address at GitHub or the issuer.
    pub url: String,
    /// The cookie that binds it to this browser.
    pub cookie: SecretValue,
}

/// What a browser came back with.
#[derive(Clone, Copy, Debug)]
pub struct BrowserBack<'a> {
    /// The issuer that this address is for, by its name; GitHub when absent.
    pub by: Option<&'a str>,
    /// What it was sent away with.
    pub state: &'a str,
    /// The cookie that it shows.
    pub cookie: &'a str,
    /// What is exchanged for a token.
    pub code: &'a str,
    /// The address of the issuer, as far as it says one.
    pub issuer: Option<&'a str>,
    /// Where it was to come back to.
    pub redirect: &'a str,
    /// Where it is.
    pub address: Option<IpAddr>,
}

impl SigningIn {
    pub(super) fn new(settings: SignIn, web: Web) -> Self {
        Self {
            settings,
            web,
            providers: Providers::new(web),
            devices: Waiting::new(WAITING_MOST, WAITS),
            browsers: Waiting::new(WAITING_MOST, WAITS),
        }
    }

    /// Returns what asks other servers.
    pub(super) fn web(&self) -> &Web {
        &self.web
    }

    fn github(&self) -> Result<&dyn GitHub, SignInError> {
        self.settings.github.as_deref().ok_or(SignInError::NotSetUp("GitHub"))
    }

    /// Finds by whom somebody wants to sign in: GitHub, an issuer by its name, or the only one there is.
    fn by(&self, named: Option<&str>) -> Result<By<'_>, SignInError> {
        let issuers = &self.settings.oidc;
        let found = match named {
            None | Some(GITHUB) => return Ok(By::GitHub(self.github()?)),
            Some(_) if issuers.is_empty() => return Err(SignInError::NotSetUp("OpenID Connect")),
            Some(ONLY) if issuers.len() == 1 => issuers.first(),
            Some(named) => issuers.iter().find(|issuer| issuer.name == named),
        };
        let known = || issuers.iter().map(|issuer| issuer.name.as_str()).collect::<Vec<_>>().join(", ");
        let named = || named.unwrap_or_default().chars().take(64).collect();
        found.map(By::Issuer).ok_or_else(|| SignInError::NoIssuer { named: named(), known: known() })
    }
}

impl Sigyl {
    /// Tells whether browsers can sign in by GitHub.
    pub fn has_browser_login(&self) -> bool {
        self.inner.signing_in.github().is_ok_and(GitHub::has_browser_flow)
    }

    /// Lists the issuers that people sign in by: the name of each, and what its button says.
    pub fn login_issuers(&self) -> impl Iterator<Item = (&str, &str)> {
        let issuers = self.inner.signing_in.settings.oidc.iter();
        issuers.map(|issuer| (issuer.name.as_str(), issuer.title.as_str()))
    }

    /// Begins to sign somebody in at a terminal: they type a code into a browser. `by` is the name of an issuer, or `oidc`
    /// for the only one; GitHub when absent.
    pub async fn begin_device_login(&self, by: Option<&str>) -> Result<DeviceLogin, Error> {
        let (signing_in, now) = (&self.inner.signing_in, self.inner.platform.clock.now());
        let by = signing_in.by(by)?;
        let (begun, issuer) = match by {
            By::GitHub(github) => (github.begin_device().await.map_err(SignInError::from)?, None),
            By::Issuer(issuer) => {
                (signing_in.providers.begin_device(issuer, now).await?, Some(issuer.name.clone()))
            }
        };
        let device = Device { code: begun.device, interval: begun.interval, asked: now, issuer };
        let ticket = signing_in.devices.keep(now, device)?.ok_or(SignInError::Full)?;
        Ok(DeviceLogin {
            ticket,
            user_code: begun.user_code,
            verification_uri: begun.verification_uri,
            interval: begun.interval,
            expires_in: begun.expires_in.min(WAITS.as_secs()),
        })
    }

    /// Asks how such a sign-in stands; once it is done, its key is in the answer, this once.
    pub async fn poll_device_login(
        &self,
        ticket: &SecretValue,
        address: Option<IpAddr>,
    ) -> Result<LoginState, Error> {
        let (signing_in, now) = (&self.inner.signing_in, self.inner.platform.clock.now());
        let looked = signing_in.devices.look(ticket.reveal(), now, |device| {
            let is_early = now < device.asked.plus(Duration::from_secs(device.interval));
            if !is_early {
                device.asked = now;
            }
            (is_early, device.interval, device.code.clone(), device.issuer.clone())
        });
        let (is_early, interval, code, issuer) = looked.ok_or(SignInError::Over)?;
        if is_early {
            return Ok(LoginState::Waiting { interval });
        }
        match self.ask_of_device(issuer.as_deref(), &code, now).await {
            Ok(Typed::NotYet(slower)) => {
                let interval = slower.unwrap_or(interval).clamp(1, 60);
                signing_in.devices.look(ticket.reveal(), now, |device| device.interval = interval);
                Ok(LoginState::Waiting { interval })
            }
            Ok(Typed::By(proof)) => {
                signing_in.devices.take(ticket.reveal(), now).ok_or(SignInError::Over)?;
                let proven = match proof {
                    Proof::GitHub(token) => self.proven_by_github(&token).await?,
                    Proof::Issuer(proven) => *proven,
                };
                let made = self.sign_in(proven, "terminal", &[Scope::EVERYTHING], DEVICE_LASTS, address);
                Ok(LoginState::Done(Box::new(made.await?)))
            }
            Err(error) if error.kind() == Kind::Denied => {
                signing_in.devices.take(ticket.reveal(), now);
                Err(error.into())
            }
            // It may be answered the next time.
            Err(error) => Err(error.into()),
        }
    }

    async fn ask_of_device(
        &self,
        issuer: Option<&str>,
        code: &SecretValue,
        now: Timestamp,
    ) -> Result<Typed, SignInError> {
        let signing_in = &self.inner.signing_in;
        Ok(match signing_in.by(issuer)? {
            By::GitHub(github) => match github.poll_device(code).await? {
                DeviceState::Waiting { slower } => Typed::NotYet(slower),
                DeviceState::Token(token) => Typed::By(Proof::GitHub(token)),
            },
            By::Issuer(issuer) => match signing_in.providers.poll_device(issuer, code, now).await? {
                DeviceAnswer::Waiting { slower } => Typed::NotYet(slower),
                DeviceAnswer::Proven(claims) => Typed::By(Proof::Issuer(Box::new(issuer.proven(&claims)?))),
            },
        })
    }

    /// Begins to sign a browser in, which GitHub, or the issuer with the name `by`, sends back to `redirect`.
    pub async fn begin_browser_login(&self, by: Option<&str>, redirect: &str) -> Result<BrowserLogin, Error> {
        let (signing_in, now) = (&self.inner.signing_in, self.inner.platform.clock.now());
        let by = signing_in.by(by)?;
        if let By::GitHub(github) = by
            && !github.has_browser_flow()
        {
            return Err(SignInError::NotSetUp("GitHub in a browser").into());
        }
        let (verifier, cookie, nonce) = (random_secret()?, random_secret()?, random_secret()?);
        let challenge = code_challenge(&verifier);
        let issuer = match by {
            By::GitHub(_) => None,
            By::Issuer(issuer) => Some((issuer.name.clone(), nonce.clone())),
        };
        let browser = Browser { verifier, cookie: Digest::of(cookie.reveal().as_bytes()), issuer };
        let state = signing_in.browsers.keep(now, browser)?.ok_or(SignInError::Full)?;
        let url = match by {
            By::GitHub(github) => github.authorize_url(redirect, state.reveal(), &challenge),
            By::Issuer(issuer) => {
                let sent = Sent { redirect, state: &state, nonce: &nonce, challenge: &challenge };
                let url = signing_in.providers.authorize_url(issuer, sent, now).await;
                url.inspect_err(|_| {
                    // Nobody comes back with it.
                    signing_in.browsers.take(state.reveal(), now);
                })?
            }
        };
        Ok(BrowserLogin { url, cookie })
    }

    /// Signs the browser in that came back with a code. The state is good once, and only with the cookie of the browser
    /// that began, at the address of the one that it was sent to. The answer is a session, shown to the browser alone.
    pub async fn end_browser_login(&self, back: BrowserBack<'_>) -> Result<MadeKey, Error> {
        let (signing_in, now) = (&self.inner.signing_in, self.inner.platform.clock.now());
        let browser = signing_in.browsers.take(back.state, now).ok_or(SignInError::Over)?;
        let sent_to = browser.issuer.as_ref().map(|(name, _)| name.as_str());
        if browser.cookie != Digest::of(back.cookie.as_bytes()) || sent_to != back.by {
            return Err(SignInError::Over.into());
        }
        let proven = match (signing_in.by(back.by)?, &browser.issuer) {
            (By::GitHub(github), None) => {
                let token = github.exchange(back.code, &browser.verifier, back.redirect).await;
                self.proven_by_github(&token.map_err(SignInError::from)?).await?
            }
            (By::Issuer(issuer), Some((_, nonce))) => {
                let came = CameBack {
                    code: back.code,
                    issuer: back.issuer,
                    redirect: back.redirect,
                    nonce,
                    verifier: &browser.verifier,
                };
                issuer.proven(&signing_in.providers.exchange(issuer, came, now).await?)?
            }
            _ => return Err(SignInError::Over.into()),
        };
        let scopes = [Action::Browse, Action::Read].map(Scope::anywhere);
        let made = self.sign_in(proven, "browser", &scopes, BROWSER_LASTS, back.address).await?;
        let holder = self.inner.platform.store.holder(&made.key.id).await?;
        let holder = holder.ok_or(SignInError::Over)?;
        self.open_session(&Caller::holder(holder, back.address)).await
    }

    async fn proven_by_github(&self, token: &SecretValue) -> Result<Proven, Error> {
        let signing_in = &self.inner.signing_in;
        let github = signing_in.github()?;
        let user = github.user(token).await.map_err(SignInError::from)?;
        let rules = &signing_in.settings.rules;
        let organisations = match github.organisations(token).await {
            Ok(organisations) => organisations,
            // Nobody is let in by them here, and their namespaces stay unproven.
            Err(error) if rules.organisations.is_empty() => {
                tracing::info!(%error, user = user.login, "the organisations of a user are not known");
                Vec::new()
            }
            Err(error) => return Err(SignInError::from(error).into()),
        };
        let spaces = std::iter::once(&user.login).chain(&organisations);
        let namespaces = spaces.map(|name| format!("io.github.{name}")).collect();
        let identity = Identity::new(github.issuer(), &user.id.to_string());
        Ok(Proven {
            identity: identity
                .map_err(|error| SignInError::Login { who: user.login.clone(), why: error.to_string() })?,
            allowed: rules.allow(&user.login, &organisations),
            namespaces: Some(namespaces),
            login: user.login,
            name: user.name,
        })
    }
}

/// Whether somebody typed the code of a terminal.
enum Typed {
    NotYet(Option<u64>),
    By(Proof),
}

/// What came of it.
enum Proof {
    GitHub(SecretValue),
    Issuer(Box<Proven>),
}
