//! Signing in: people by GitHub, jobs by the signed tokens of their system. What comes of it is a key like any other.

use std::net::IpAddr;
use std::time::Duration;

use super::audit::Act;
use super::{SignIn, Sigyl};
use crate::access::oidc::{Expected, Providers, issuer_named};
use crate::access::{KeyTerms, Proven, SignInError, Trust, Waiting, code_challenge, random_secret};
use crate::domain::{
    Account, Action, Caller, Digest, Identity, Label, Login, Proof, Role, Scope, SecretValue, Timestamp,
    WorkspaceName,
};
use crate::error::Error;
use crate::github::{DeviceState, GitHub};
use crate::store::Change;
use crate::web::Web;
use crate::wire::v1::{DeviceLogin, KeyView, LoginState, MadeKey, NewAccount};

/// Sign-ins that wait at a time, of each kind.
const WAITING_MOST: usize = 10_000;
/// How long one waits.
const WAITS: Duration = Duration::from_secs(15 * 60);
/// How long the key of a person is good that signed in at a terminal.
const DEVICE_LASTS: Duration = Duration::from_secs(30 * 24 * 3_600);
/// The same of a browser.
const BROWSER_LASTS: Duration = Duration::from_secs(12 * 3_600);
/// The same of a job.
const JOB_LASTS: Duration = Duration::from_secs(15 * 60);
/// Keys by signing in that an account has at a time; one more ends the oldest.
const KEYS_MOST: usize = 100;

/// How people and jobs sign in, and who is about to.
#[derive(Debug)]
pub(super) struct SigningIn {
    settings: SignIn,
    web: Web,
    providers: Providers,
    devices: Waiting<Device>,
    browsers: Waiting<Browser>,
}

/// A terminal that waits.
#[derive(Debug)]
struct Device {
    code: SecretValue,
    interval: u64,
    asked: Timestamp,
}

/// A browser that was sent away, and is to come back.
#[derive(Debug)]
struct Browser {
    verifier: SecretValue,
    /// A hash of the cookie that it was given: nobody else brings this sign-in to its end.
    cookie: Digest,
}

/// Where a browser is sent to sign in.
#[derive(Clone, Debug)]
pub struct BrowserLogin {
    /// The address at GitHub.
    pub url: String,
    /// The cookie that binds it to this browser.
    pub cookie: SecretValue,
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
}

impl Sigyl {
    /// Tells whether browsers can sign in by GitHub.
    pub fn has_browser_login(&self) -> bool {
        self.inner.signing_in.github().is_ok_and(GitHub::has_browser_flow)
    }

    /// Begins to sign somebody in at a terminal: they type a code into a browser.
    pub async fn begin_device_login(&self) -> Result<DeviceLogin, Error> {
        let signing_in = &self.inner.signing_in;
        let begun = signing_in.github()?.begin_device().await.map_err(SignInError::from)?;
        let now = self.inner.platform.clock.now();
        let device = Device { code: begun.device, interval: begun.interval, asked: now };
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
            (is_early, device.interval, device.code.clone())
        });
        let (is_early, interval, code) = looked.ok_or(SignInError::Over)?;
        if is_early {
            return Ok(LoginState::Waiting { interval });
        }
        match signing_in.github()?.poll_device(&code).await {
            Ok(DeviceState::Waiting { slower }) => {
                let interval = slower.unwrap_or(interval).clamp(1, 60);
                signing_in.devices.look(ticket.reveal(), now, |device| device.interval = interval);
                Ok(LoginState::Waiting { interval })
            }
            Ok(DeviceState::Token(token)) => {
                signing_in.devices.take(ticket.reveal(), now).ok_or(SignInError::Over)?;
                let proven = self.proven_by_github(&token).await?;
                let made = self.sign_in(proven, "terminal", &[Scope::EVERYTHING], DEVICE_LASTS, address);
                Ok(LoginState::Done(Box::new(made.await?)))
            }
            Err(error) if error.kind() == crate::domain::Kind::Denied => {
                signing_in.devices.take(ticket.reveal(), now);
                Err(SignInError::from(error).into())
            }
            // GitHub may answer the next time.
            Err(error) => Err(SignInError::from(error).into()),
        }
    }

    /// Begins to sign a browser in, which GitHub sends back to `redirect`.
    pub fn begin_browser_login(&self, redirect: &str) -> Result<BrowserLogin, Error> {
        let (signing_in, now) = (&self.inner.signing_in, self.inner.platform.clock.now());
        let github = signing_in.github()?;
        if !github.has_browser_flow() {
            return Err(SignInError::NotSetUp("GitHub in a browser").into());
        }
        let (verifier, cookie) = (random_secret()?, random_secret()?);
        let challenge = code_challenge(&verifier);
        let browser = Browser { verifier, cookie: Digest::of(cookie.reveal().as_bytes()) };
        let state = signing_in.browsers.keep(now, browser)?.ok_or(SignInError::Full)?;
        Ok(BrowserLogin { url: github.authorize_url(redirect, state.reveal(), &challenge), cookie })
    }

    /// Signs the browser in that came back with a code. The state is good once, and only with the cookie of the browser
    /// that began. The answer is a session, shown to the browser alone.
    pub async fn end_browser_login(
        &self,
        state: &str,
        cookie: &str,
        code: &str,
        redirect: &str,
        address: Option<IpAddr>,
    ) -> Result<MadeKey, Error> {
        let (signing_in, now) = (&self.inner.signing_in, self.inner.platform.clock.now());
        let browser = signing_in.browsers.take(state, now).ok_or(SignInError::Over)?;
        if browser.cookie != Digest::of(cookie.as_bytes()) {
            return Err(SignInError::Over.into());
        }
        let token = signing_in.github()?.exchange(code, &browser.verifier, redirect).await;
        let proven = self.proven_by_github(&token.map_err(SignInError::from)?).await?;
        let scopes = [Action::Browse, Action::Read].map(Scope::anywhere);
        let made = self.sign_in(proven, "browser", &scopes, BROWSER_LASTS, address).await?;
        let holder = self.inner.platform.store.holder(&made.key.id).await?;
        let holder = holder.ok_or(SignInError::Over)?;
        self.open_session(&Caller::holder(holder, address)).await
    }

    /// Gives a job the key that a rule of this server has for it, by the token that its system signed. An issuer that no
    /// rule names is not asked for anything.
    pub async fn exchange_token(
        &self,
        token: &SecretValue,
        address: Option<IpAddr>,
    ) -> Result<MadeKey, Error> {
        let signing_in = &self.inner.signing_in;
        if signing_in.settings.trust.is_empty() {
            return Err(SignInError::NotSetUp("a token").into());
        }
        let issuer = issuer_named(token.reveal()).map_err(SignInError::from)?;
        let mut refused = SignInError::NotTrusted;
        for trust in signing_in.settings.trust.iter().filter(|trust| trust.issuer == issuer) {
            let now = self.inner.platform.clock.now();
            let expected = Expected { issuer: &trust.issuer, audience: &trust.audience, nonce: None, now };
            match signing_in.providers.verify(token.reveal(), &expected).await {
                Ok(claims) if trust.covers(&claims) => return self.trusted(trust.clone(), address).await,
                Ok(_) => {}
                Err(error) => refused = error.into(),
            }
        }
        Err(refused.into())
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
            namespaces,
            login: user.login,
            name: user.name,
        })
    }

    /// Gives somebody who is vouched for a key, and an account first where a rule makes one.
    async fn sign_in(
        &self,
        proven: Proven,
        at: &'static str,
        scopes: &[Scope],
        lasts: Duration,
        address: Option<IpAddr>,
    ) -> Result<MadeKey, Error> {
        let act = Act::on("sign_in", format!("{} at a {at}", proven.login), None);
        let (sigyl, scopes) = (self.clone(), scopes.to_vec());
        let work = async move {
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let mut account = sigyl.account_of_person(&proven).await?;
            account.prove(Proof::GitHub, true, proven.namespaces, sigyl.inner.platform.clock.now());
            sigyl.inner.platform.store.apply(Change::PutAccount(Box::new(account.clone()))).await?;
            let terms = sigyl.sign_in_terms(&account, &format!("signed in at a {at}"), scopes, lasts)?;
            sigyl.keep_sign_in(terms, &account).await
        };
        self.audited(&Caller::anonymous(address), act, work).await
    }

    async fn trusted(&self, trust: Trust, address: Option<IpAddr>) -> Result<MadeKey, Error> {
        let name = trust.repository.clone().or_else(|| trust.subject.clone()).unwrap_or_default();
        let act = Act::on("sign_in", &name, Some(&trust.workspace));
        let sigyl = self.clone();
        let work = async move {
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let account = sigyl.account_of_job(&trust, &name).await?;
            let mut terms = sigyl.sign_in_terms(&account, "trusted job", trust.scopes.clone(), JOB_LASTS)?;
            terms.workspace = Some(trust.workspace);
            sigyl.keep_sign_in(terms, &account).await
        };
        self.audited(&Caller::anonymous(address), act, work).await
    }

    /// Finds the account of somebody, or makes it.
    async fn account_of_person(&self, proven: &Proven) -> Result<Account, Error> {
        if let Some(account) = self.inner.platform.store.account_by(&proven.identity).await? {
            return enabled(account);
        }
        let who = proven.login.clone();
        if !proven.allowed {
            return Err(SignInError::NotAllowed { who }.into());
        }
        let login = proven
            .account_login()
            .map_err(|error| SignInError::Login { who: who.clone(), why: error.to_string() })?;
        if self.inner.platform.store.account_of(&login).await?.is_some() {
            // Whoever has the login here may be somebody else.
            let why = "another account has this login".to_owned();
            return Err(SignInError::Login { who, why }.into());
        }
        let name = proven.name.as_deref().and_then(|name| Label::parse(name).ok());
        let new = NewAccount { login, name, administrator: false };
        let account = self.keep_account_of(new, vec![proven.identity.clone()]).await?;
        if let Some((workspace, role)) = &self.inner.signing_in.settings.rules.place {
            self.place(&account, workspace, *role).await?;
        }
        Ok(account)
    }

    /// Finds the account that jobs of a rule have, or makes it: a member of the rule's workspace.
    async fn account_of_job(&self, trust: &Trust, name: &str) -> Result<Account, Error> {
        let wrong = |why: String| SignInError::Login { who: name.to_owned(), why };
        let subject = format!("{} {name}", trust.workspace);
        let identity = Identity::new(&trust.issuer, &subject).map_err(|error| wrong(error.to_string()))?;
        if let Some(account) = self.inner.platform.store.account_by(&identity).await? {
            return enabled(account);
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let text: String = format!("ci-{}-{name}", trust.workspace).chars().map(plain).take(64).collect();
        let login = Login::parse(&text).map_err(|error| wrong(error.to_string()))?;
        if self.inner.platform.store.account_of(&login).await?.is_some() {
            return Err(wrong(format!("another account has the login {login}")).into());
        }
        let new = NewAccount { login, name: None, administrator: false };
        let account = self.keep_account_of(new, vec![identity]).await?;
        self.place(&account, &trust.workspace, Role::Member).await?;
        Ok(account)
    }

    async fn place(&self, account: &Account, workspace: &WorkspaceName, role: Role) -> Result<(), Error> {
        let store = &self.inner.platform.store;
        let found = store.workspace(workspace).await?;
        let mut workspace = found.ok_or_else(|| Error::NoWorkspace(workspace.clone()))?;
        workspace.assign(&account.id, role)?;
        store.apply(Change::PutWorkspace(Box::new(workspace))).await?;
        Ok(())
    }

    fn sign_in_terms(
        &self,
        account: &Account,
        label: &str,
        scopes: Vec<Scope>,
        lasts: Duration,
    ) -> Result<KeyTerms, Error> {
        let label = Label::parse(label);
        let wrong = |why: String| SignInError::Login { who: account.login.to_string(), why };
        Ok(KeyTerms {
            account: account.id.clone(),
            workspace: None,
            label: label.map_err(|error| wrong(error.to_string()))?,
            scopes,
            networks: Vec::new(),
            expires: Some(self.inner.platform.clock.now().plus(lasts)),
            parent: None,
            sign_in: true,
            view: None,
        })
    }

    async fn keep_sign_in(&self, terms: KeyTerms, account: &Account) -> Result<MadeKey, Error> {
        let now = self.inner.platform.clock.now();
        self.make_room(&account.id, KEYS_MOST, now, |key| key.sign_in).await?;
        let (key, plain) = self.keep_new_key(terms, now).await?;
        Ok(MadeKey { key: KeyView::of(key, account), plain })
    }
}

fn enabled(account: Account) -> Result<Account, Error> {
    match account.disabled {
        Some(_) => Err(SignInError::Disabled(account.login).into()),
        None => Ok(account),
    }
}
