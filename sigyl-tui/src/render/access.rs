//! Keys, members, workspaces and the audit.

use sigyl_core::domain::{Account, AuditEntry, AuditOutcome, ProvenNamespace, Scope, Timestamp};
use sigyl_core::wire::v1::{CallCount, KeyView, Member, SecretView, SessionCounts, WhoAmI, WorkspaceView};

use super::table::{Cell, Column, Table};
use super::{Glyph, Look, Role, age, specimen};

/// Writes scopes in one line.
pub(crate) fn scopes(scopes: &[Scope]) -> String {
    scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Writes keys, with how each stands.
pub(crate) fn keys(keys: &[KeyView], look: &Look, now: Timestamp) -> String {
    let mut table = Table::new([
        Column::left("KEY"),
        Column::left("STATE"),
        Column::left("ACCOUNT"),
        Column::flexible("FOR"),
        Column::flexible("SCOPES"),
        Column::right("USES"),
        Column::right("LAST USED"),
    ]);
    for key in keys {
        let state = match (key.revoked, key.expires) {
            (Some(_), _) => Cell::new(Role::Dim, "revoked"),
            (None, Some(end)) if end <= now => Cell::new(Role::Dim, "expired"),
            (None, _) => Cell::new(Role::Ok, "good"),
        };
        table.push([
            Cell::new(Role::Strong, key.id.as_str()),
            state,
            key.account.to_string().into(),
            specimen(key.label.as_str()).into(),
            scopes(&key.scopes).into(),
            key.uses.to_string().into(),
            Cell::new(Role::Dim, key.last_used.map_or_else(|| "never".to_owned(), |last| age(last, now))),
        ]);
    }
    table.render(look)
}

/// Writes secrets, without their values.
pub(crate) fn secrets(secrets: &[SecretView], look: &Look, now: Timestamp) -> String {
    let mut table = Table::new([
        Column::key("SECRET"),
        Column::right("VERSION"),
        Column::left("SET"),
        Column::flexible("BY"),
    ]);
    for secret in secrets {
        table.push([
            Cell::new(Role::Strong, secret.name.as_str()),
            secret.version.to_string().into(),
            match secret.given_up {
                true => Cell::new(Role::Strong, "set it anew"),
                false => Cell::new(Role::Dim, age(secret.updated, now)),
            },
            specimen(secret.by.as_deref().unwrap_or_default()).into(),
        ]);
    }
    table.render(look)
}

/// Writes proven namespaces.
pub(crate) fn namespaces(namespaces: &[ProvenNamespace], look: &Look) -> String {
    let mut table =
        Table::new([Column::flexible("NAMESPACE"), Column::left("PROVEN BY"), Column::left("SINCE")]);
    for proven in namespaces {
        let by = serde_json::to_value(proven.by).ok();
        let by = by.as_ref().and_then(|by| by.as_str()).unwrap_or("?").to_owned();
        table.push([
            Cell::new(Role::Strong, specimen(&proven.space)),
            by.into(),
            Cell::new(Role::Dim, proven.at.to_string()),
        ]);
    }
    table.render(look)
}

/// Writes calls by caller, server and tool.
pub(crate) fn call_counts(counts: &[CallCount], look: &Look) -> String {
    let mut table = Table::new([
        Column::left("SERVER"),
        Column::flexible("TOOL"),
        Column::flexible("CALLER"),
        Column::right("WELL"),
        Column::right("ERRORS"),
        Column::right("UNANSWERED"),
    ]);
    for count in counts {
        table.push([
            Cell::new(Role::Strong, count.server.as_str()),
            specimen(&count.tool).into(),
            specimen(&count.caller).into(),
            count.ok.to_string().into(),
            count.tool_error.saturating_add(count.protocol_error).to_string().into(),
            count.failed.to_string().into(),
        ]);
    }
    table.render(look)
}

/// Writes sessions that are open, by server and caller.
pub(crate) fn session_counts(open: &SessionCounts, look: &Look) -> String {
    let mut table = Table::new([Column::left("SERVER"), Column::flexible("CALLER"), Column::right("OPEN")]);
    for count in open.sessions.iter().flatten() {
        table.push([
            Cell::new(Role::Strong, count.server.as_str()),
            specimen(&count.caller).into(),
            count.open.to_string().into(),
        ]);
    }
    let others = match open.others {
        0 => String::new(),
        others => format!("{others} more are open, of callers and servers that are not listed\n"),
    };
    format!("{}{others}", table.render(look))
}

/// Writes the members of a workspace.
pub(crate) fn members(members: &[Member], look: &Look) -> String {
    let mut table = Table::new([Column::key("LOGIN"), Column::left("ROLE"), Column::flexible("NAME")]);
    for member in members {
        let login = match member.disabled {
            true => Cell::new(Role::Dim, format!("{} (disabled)", member.login)),
            false => Cell::new(Role::Strong, member.login.as_str()),
        };
        let name = member.name.as_ref().map_or(String::new(), |name| specimen(name.as_str()));
        table.push([login, member.role.to_string().into(), name.into()]);
    }
    table.render(look)
}

/// Writes accounts.
pub(crate) fn accounts(accounts: &[Account], look: &Look) -> String {
    let mut table = Table::new([Column::key("LOGIN"), Column::left("STATE"), Column::flexible("NAME")]);
    for account in accounts {
        let state = match (account.disabled, account.administrator) {
            (Some(_), _) => Cell::new(Role::Dim, "disabled"),
            (None, true) => Cell::new(Role::Ok, "administrator"),
            (None, false) => Cell::new(Role::Ok, "good"),
        };
        let name = account.name.as_ref().map_or(String::new(), |name| specimen(name.as_str()));
        table.push([Cell::new(Role::Strong, account.login.as_str()), state, name.into()]);
    }
    table.render(look)
}

/// Writes workspaces.
pub(crate) fn workspaces(workspaces: &[WorkspaceView], look: &Look, now: Timestamp) -> String {
    let mut table = Table::new([
        Column::key("WORKSPACE"),
        Column::flexible("TITLE"),
        Column::right("MEMBERS"),
        Column::right("MADE"),
    ]);
    for workspace in workspaces {
        let title = workspace.title.as_ref().map_or(String::new(), |title| specimen(title.as_str()));
        table.push([
            Cell::new(Role::Strong, workspace.name.as_str()),
            title.into(),
            workspace.members.to_string().into(),
            Cell::new(Role::Dim, age(workspace.created, now)),
        ]);
    }
    table.render(look)
}

/// Writes who asks: one fact on each line.
pub(crate) fn whoami(who: &WhoAmI) -> String {
    let mut text = format!("{}\n", specimen(&who.name));
    if who.account.as_ref().is_some_and(|account| account.administrator) {
        text.push_str("administrator\n");
    }
    if let Some(key) = &who.key {
        text.push_str(&format!(
            "key {} ({}) for {}\n",
            key.id,
            specimen(key.label.as_str()),
            scopes(&key.scopes)
        ));
    }
    for (workspace, role) in &who.roles {
        text.push_str(&format!("{role} of {workspace}\n"));
    }
    text
}

/// Writes an entry of the audit: number, when, how it ended, who, what, on what, from where, why.
pub(crate) fn audited(entry: &AuditEntry, look: &Look) -> String {
    let fact = &entry.fact;
    let glyph = match fact.outcome {
        AuditOutcome::Done => Glyph::Done,
        AuditOutcome::Refused => Glyph::Blocked,
        _ => Glyph::Failed,
    };
    let at = look.paint(Role::Dim, &look.zone.second(fact.at));
    let how = look.paint(glyph.role(), &format!("{} {:<7}", look.sign(glyph), fact.outcome));
    let who = look.paint(Role::Strong, &specimen(&fact.who.name));
    let mut line =
        format!("{:>6}  {at}  {how}  {who}  {} {}", entry.number, specimen(&fact.what), specimen(&fact.on));
    if let Some(workspace) = &fact.workspace {
        line.push_str(&format!(" in {workspace}"));
    }
    if let Some(from) = fact.from {
        line.push_str(&format!(" from {from}"));
    }
    if let Some(note) = &fact.note {
        line.push_str(&look.paint(Role::Dim, &format!(": {}", specimen(note))));
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn key(id: &str, revoked: bool, expires: Option<&str>) -> KeyView {
        let revoked = revoked.then(fixtures::now);
        let expires = expires.map(|text| Timestamp::parse(text).unwrap());
        serde_json::from_value(serde_json::json!({
            "id": id, "account": "ada", "workspace": null, "label": "release job",
            "scopes": ["deploy:com.example/*", "read:*"], "networks": [], "created": fixtures::now(),
            "expires": expires, "revoked": revoked, "last_used": null, "uses": 3,
        }))
        .unwrap()
    }

    #[test]
    fn keys_show_how_they_stand_in_80_columns() {
        let all = [
            key("0123456789abcdef", false, None),
            key("1123456789abcdef", true, None),
            key("2123456789abcdef", false, Some("2020-01-01")),
        ];
        let text = keys(&all, &Look::PLAIN, fixtures::now());
        assert!(text.lines().all(|line| console::measure_text_width(line) <= 80), "{text}");
        for state in ["good", "revoked", "expired"] {
            assert!(text.contains(state), "{text}");
        }
    }

    #[test]
    fn an_entry_is_one_line_and_what_it_says_stays_text() {
        let entry = serde_json::from_value(serde_json::json!({
            "number": 12, "previous": format!("sha256:{:064}", 0), "hash": format!("sha256:{:064}", 1),
            "fact": {
                "at": "2026-11-22T14:01:00Z", "who": {"name": "ada", "account": null, "key": null},
                "what": "delete", "on": "clock\u{1b}[31m", "workspace": "red", "from": "10.0.0.9",
                "outcome": "refused", "note": "ada may not delete servers"
            },
        }))
        .unwrap();
        insta::assert_snapshot!(
            audited(&entry, &Look::PLAIN).trim(),
            @"12  2026-11-22T14:01:00  ■ refused  ada  delete clock⟦ESC⟧[31m in red from 10.0.0.9: ada may not delete servers"
        );
    }

    #[test]
    fn whoever_asks_is_shown_with_their_roles() {
        let who = WhoAmI {
            name: "ada".to_owned(),
            account: None,
            key: Some(key("0123456789abcdef", false, None)),
            roles: [("red".parse().unwrap(), sigyl_core::domain::Role::Admin)].into(),
        };
        insta::assert_snapshot!(whoami(&who), @r"
        ada
        key 0123456789abcdef (release job) for deploy:com.example/*, read:*
        admin of red
        ");
    }
}
