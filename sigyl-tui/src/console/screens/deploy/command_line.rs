//! The command that does the same.

use sigyl_core::domain::Canary;
use sigyl_core::wire::v1::Deploy;

/// Writes an order as a command of a shell, with what leads it to the same server; values of secrets are asked for there.
pub(super) fn command_line(deploy: &Deploy, flags: &str) -> String {
    let mut words = vec!["sigyl".to_owned(), "deploy".to_owned(), quoted(&deploy.source.to_string())];
    let mut option = |name: &str, value: &str| words.push(format!("--{name} {}", quoted(value)));
    deploy.name.iter().for_each(|name| option("name", name.as_str()));
    deploy.workspace.iter().for_each(|workspace| option("workspace", workspace.as_str()));
    deploy.target.iter().for_each(|target| option("target", target));
    deploy.env.iter().for_each(|(name, value)| option("env", &format!("{name}={value}")));
    deploy.secrets.keys().for_each(|name| option("secret", name.as_str()));
    deploy.grant.iter().for_each(|right| option("grant", right));
    deploy.allow_scripts.iter().for_each(|package| option("allow-scripts", package));
    for member in deploy.audience.iter().flat_map(|audience| &audience.members) {
        option("invoker", member.as_str());
    }
    for waiver in &deploy.waive {
        let path = waiver.path.as_ref().map(|path| format!("@{path}")).unwrap_or_default();
        option("waive", &format!("{}{path}", waiver.rule));
        option("reason", &waiver.reason);
        option("expires", &waiver.expires.to_string());
    }
    match &deploy.audience {
        Some(audience) if audience.public => words.push("--public".to_owned()),
        Some(audience) if audience.is_empty() => words.push("--private".to_owned()),
        Some(_) | None => {}
    }
    if let Some(canary) = &deploy.canary {
        let steps: Vec<String> = canary.steps.iter().map(ToString::to_string).collect();
        words.push(format!("--canary {} --soak {}s", steps.join(","), canary.soak));
        // Its value is optional there, and so stands behind a sign.
        words.extend(canary.hold.map(|hold| format!("--hold={hold}s")));
        let usual = Canary::new(Vec::new(), Canary::SOAK).max_failures;
        if canary.max_failures != usual {
            words.push(format!("--max-failures {}", canary.max_failures));
        }
        words.extend(canary.max_latency.map(|most| format!("--max-latency {most}ms")));
    }
    if deploy.deep {
        words.push("--deep".to_owned());
    }
    words.join(" ") + flags
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::{Locator, SecretName, SecretValue};

    use super::*;

    #[test]
    fn a_trial_is_said_as_the_verb_takes_it() {
        let mut deploy = Deploy::of(Locator::parse("npm:a@1").unwrap());
        let canary = Canary::new(vec![10, 50], std::time::Duration::from_secs(600));
        deploy.canary = Some(canary.clone());
        assert_eq!(command_line(&deploy, ""), "sigyl deploy npm:a@1 --canary 10,50 --soak 600s");
        deploy.canary = Some(Canary { hold: Some(7_200), ..canary });
        let line = "sigyl deploy npm:a@1 --canary 10,50 --soak 600s --hold=7200s";
        assert_eq!(command_line(&deploy, ""), line);
        let stricter = Canary { max_failures: 1, max_latency: Some(800), ..deploy.canary.unwrap() };
        deploy.canary = Some(stricter);
        assert_eq!(command_line(&deploy, ""), format!("{line} --max-failures 1 --max-latency 800ms"));
    }

    #[test]
    fn the_command_says_everything_but_values_of_secrets() {
        let mut deploy = Deploy::of(Locator::parse("npm:a@1").unwrap());
        deploy.env.insert("MOOD".to_owned(), "it's fine; rm -rf".to_owned());
        deploy.secrets.insert(SecretName::parse("KEY").unwrap(), SecretValue::new("hunter2".to_owned()));
        deploy.grant.push("network=api.example:443".to_owned());
        deploy.deep = true;
        assert_eq!(
            command_line(&deploy, " --data-dir /srv/sigyl"),
            r"sigyl deploy npm:a@1 --env 'MOOD=it'\''s fine; rm -rf' --secret KEY --grant network=api.example:443 --deep --data-dir /srv/sigyl"
        );
    }
}
