//! A failure for a person: what, where and why; then what to do.

use sigyl_core::wire::v1::Failure;

use super::{Look, Role, specimen_lines, wrap};

/// Writes `error[CODE]: message` and `help: hint`. The message may quote strangers, so it is a specimen.
pub(crate) fn error(failure: &Failure, look: &Look) -> String {
    let mut text = part(&format!("error[{}]", failure.code), Role::Error, &failure.message, 2, look);
    if let Some(hint) = &failure.hint {
        text.push_str(&help(hint, look));
    }
    text
}

/// Writes `help: hint`.
pub(crate) fn help(hint: &str, look: &Look) -> String {
    part("help", Role::Strong, hint, 6, look)
}

fn part(label: &str, role: Role, message: &str, indent: usize, look: &Look) -> String {
    let text = wrap(&format!("{label}: {}", specimen_lines(message)), look, indent);
    let rest = text.strip_prefix(label).unwrap_or(&text);
    format!("{}{rest}\n", look.paint(role, label))
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::Kind;

    use super::*;

    #[test]
    fn an_error_names_its_code_and_what_to_do() {
        let failure = Failure {
            code: "E0302".to_owned(),
            kind: Kind::Invalid,
            message: "sigyl.yaml:3:1: unknown key `naem`\u{1b}[2J".to_owned(),
            hint: Some("did you mean `name`?".to_owned()),
        };
        insta::assert_snapshot!(error(&failure, &Look::PLAIN), @r"
        error[E0302]: sigyl.yaml:3:1: unknown key `naem`⟦ESC⟧[2J
        help: did you mean `name`?
        ");
    }
}
