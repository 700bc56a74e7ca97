//! Actions on keys, accounts, workspaces, the audit and the vault.

use sigyl_core::domain::{Role as Part, Scope, Timestamp};
use sigyl_core::wire::v1::{NewAccount, NewKey, NewWorkspace, Request, Response};

use super::{Action, Does, Field, FieldKind, Given, Wrong};
use crate::render::{self, Look, Role, specimen_lines};

const LOGIN: Field = Field::needed("login", "the account");
const WORKSPACE: Field = Field::needed("workspace", "the workspace");
const YES_OR_NO: FieldKind = FieldKind::Choice(&["yes", "no"]);

pub(super) const ACTIONS: &[Action] = &[
    Action::new(
        "create-key",
        "Make an API key",
        &["createKey"],
        &[
            Field::needed("label", "what it is for"),
            Field::needed(
                "scopes",
                "what it may do: * is all that you may; browse, read, read_logs, call, probe, publish, deploy, secrets, reveal, approve, delete, keys, manage, administer, operate; of some servers alone as deploy:com.example/*",
            ),
            Field::free("workspace", "the workspace that it is good in; all when empty"),
            Field::free("networks", "addresses that it is good from, such as 10.0.0.0/8; all when empty"),
            Field::free("expires", "until when, as a date; always when empty"),
            Field::free("account", "whose it is; yours when empty"),
        ],
        Does::Show(create_key, made_key),
    ).secret(),
    Action::new(
        "revoke-key",
        "Revoke an API key",
        &["revokeKey"],
        &[Field::needed("key", "the key, by its number")],
        Does::Say(|given| Ok(Request::RevokeKey { id: given.need("key")? }), "revoked"),
    )
    .destroys("key", "Whoever holds the key is refused from now on, and keys that were made by it too."),
    Action::new(
        "create-account",
        "Make an account",
        &["createAccount"],
        &[
            Field::needed("login", "its login"),
            Field::free("called", "what people call it"),
            Field::free("administrator", "it may do everything").by(FieldKind::Switch),
        ],
        Does::Say(create_account, "made; a key for it lets somebody in"),
    ).fresh(&["login"]),
    Action::new(
        "disable-account",
        "Disable an account, or enable it again",
        &["changeAccount"],
        &[LOGIN, Field::needed("disabled", "whether it is disabled").by(YES_OR_NO)],
        Does::Say(
            |given| {
                Ok(Request::DisableAccount { login: given.need("login")?, disabled: given.is_on("disabled") })
            },
            "changed",
        ),
    ),
    Action::new(
        "set-administrator",
        "Make an account an administrator, or take that from it",
        &["changeAccount"],
        &[LOGIN, Field::needed("administrator", "whether it may do everything").by(YES_OR_NO)],
        Does::Say(
            |given| {
                let administrator = given.is_on("administrator");
                Ok(Request::SetAdministrator { login: given.need("login")?, administrator })
            },
            "changed",
        ),
    ),
    Action::new(
        "delete-account",
        "Delete an account",
        &["deleteAccount"],
        &[LOGIN],
        Does::Say(
            |given| Ok(Request::DeleteAccount { login: given.need("login")?, confirm: given.need("login")? }),
            "deleted",
        ),
    )
    .destroys("login", "The account, its keys and its memberships are removed. The audit keeps its name."),
    Action::new(
        "create-workspace",
        "Make a workspace",
        &["createWorkspace"],
        &[
            Field::needed("workspace", "its name"),
            Field::free("called", "what people call it"),
            Field::needed("owner", "the account that owns it"),
        ],
        Does::Say(create_workspace, "made"),
    ).fresh(&["workspace"]),
    Action::new(
        "set-member",
        "Add an account to a workspace, or give it another role",
        &["setMember"],
        &[
            WORKSPACE,
            LOGIN,
            Field::needed("role", "as what").by(FieldKind::Choice(&["viewer", "member", "admin", "owner"])),
        ],
        Does::Say(set_member, "it is a member so now"),
    ).fresh(&["login", "role"]),
    Action::new(
        "remove-member",
        "Take an account out of a workspace",
        &["removeMember"],
        &[WORKSPACE, LOGIN],
        Does::Say(
            |given| {
                Ok(Request::RemoveMember { workspace: given.need("workspace")?, login: given.need("login")? })
            },
            "it is no member any more",
        ),
    )
    .destroys("login", "What the account could do in this workspace it cannot do any more."),
    Action::new(
        "verify-audit",
        "Check that the audit is whole",
        &["verifyAudit"],
        &[],
        Does::Show(
            |_| Ok(Request::VerifyAudit { kept: None }),
            |response, _, _| match response {
                Response::AuditChecked(checked) => Some(format!(
                    "The audit is whole: {} entries. It ends at\n\n{}\n\nKeep that elsewhere: `sigyl audit verify --kept` \
                     then finds entries that were cut off the end.\n",
                    checked.head.number, checked.head
                )),
                _ => None,
            },
        ),
    ).looks(),
    Action::new(
        "master-key",
        "Show how the master key stands",
        &["showMasterKey"],
        &[],
        Does::Show(|_| Ok(Request::MasterKey), master_key),
    ).looks(),
    Action::new(
        "rotate-master-key",
        "Let a new master key take over",
        &["rotateMasterKey"],
        &[Field::needed("sure", "everything is sealed anew under the key that the configuration names next")
            .by(FieldKind::Switch)],
        Does::Show(|_| Ok(Request::RotateMasterKey), master_key),
    ),
    Action::new(
        "rename-me",
        "Change what your account is called",
        &["renameMe"],
        &[Field::free("called", "what people call it; no name when empty")],
        Does::Say(|given| Ok(Request::RenameMe { name: given.maybe("called")? }), "changed"),
    ),
    Action::new(
        "export-me",
        "Show all that is on record of your account",
        &["exportMe"],
        &[],
        Does::Show(
            |_| Ok(Request::ExportMe),
            |response, _, _| match response {
                Response::AccountExport(export) => match serde_json::to_string_pretty(export) {
                    Ok(text) => Some(specimen_lines(&text)),
                    Err(error) => Some(format!("it cannot be written as JSON: {error}")),
                },
                _ => None,
            },
        ),
    ).looks(),
    Action::new(
        "delete-me",
        "Delete your account",
        &["deleteMe"],
        &[LOGIN],
        Does::Say(|given| Ok(Request::DeleteMe { confirm: given.need("login")? }), "deleted"),
    )
    .destroys("login", "Your account, its keys and its memberships are removed. The audit keeps its name."),
];

fn create_key(given: &Given<'_>) -> Result<Request, Wrong> {
    let expires = given.text("expires").map(|text| {
        Timestamp::parse(text).map_err(|error| Wrong { field: "expires", why: error.to_string() })
    });
    Ok(Request::CreateKey(Box::new(NewKey {
        label: given.need("label")?,
        scopes: given.list::<Scope>("scopes")?,
        workspace: given.maybe("workspace")?,
        networks: given.list("networks")?,
        expires: expires.transpose()?,
        account: given.maybe("account")?,
        view: None,
    })))
}

fn made_key(response: &Response, look: &Look, _now: Timestamp) -> Option<String> {
    let Response::MadeKey(made) = response else { return None };
    Some(format!(
        "{}\n\n{}\n\nKey {} of {} for {}. It is shown this once; only its digest is kept. y copies it.\n",
        look.paint(Role::Strong, "The key"),
        look.paint(Role::Ok, made.plain.reveal()),
        made.key.id,
        made.key.account,
        render::scopes(&made.key.scopes),
    ))
}

fn create_account(given: &Given<'_>) -> Result<Request, Wrong> {
    let administrator = given.is_on("administrator");
    Ok(Request::CreateAccount(NewAccount {
        login: given.need("login")?,
        name: given.maybe("called")?,
        administrator,
    }))
}

fn create_workspace(given: &Given<'_>) -> Result<Request, Wrong> {
    let new = NewWorkspace {
        name: given.need("workspace")?,
        title: given.maybe("called")?,
        owner: given.need("owner")?,
    };
    Ok(Request::CreateWorkspace(new))
}

fn set_member(given: &Given<'_>) -> Result<Request, Wrong> {
    let role = given.need::<Part>("role")?;
    Ok(Request::SetMember { workspace: given.need("workspace")?, login: given.need("login")?, role })
}

fn master_key(response: &Response, look: &Look, _now: Timestamp) -> Option<String> {
    let Response::MasterKey(key) = response else { return None };
    let since = key.since.map_or_else(|| "always".to_owned(), |since| since.to_string());
    let mut text = format!("key    {}\nfrom   {}\nsince  {since}\n", key.key, specimen_lines(&key.source));
    if let Some(warning) = &key.warning {
        text.push_str(&format!("\n{}\n", look.paint(Role::Warn, &specimen_lines(warning))));
    }
    Some(text)
}
