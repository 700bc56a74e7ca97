//! Whether the value of a secret is one that the manifest can mean. What is said of a value never holds any of it.

use regex::RegexBuilder;
use serde_json::Value;

use super::model::{Manifest, SecretType};
use crate::domain::{SecretName, SecretValue};

/// Bytes that a pattern may compile to.
const PATTERN: usize = 1 << 20;

/// What a value has to be like and is not, and what whoever gives it should know.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// What is wrong with it.
    pub faults: Vec<String>,
    /// What could not be looked at, and whether the server asks for it.
    pub notices: Vec<String>,
}

impl Manifest {
    /// Holds the value of a secret against what the manifest declares of it in `secrets`, and in `configSchema` under the
    /// same name.
    pub fn fit(&self, name: &SecretName, value: &SecretValue) -> Fit {
        let mut fit = Fit::default();
        let declared = self.secrets.iter().find(|secret| secret.name == *name);
        let schemas = self.start.config_schema.as_ref().and_then(|schema| schema.get("properties"));
        let schema = schemas.and_then(|all| all.get(name.as_str()));
        if declared.is_none() && schema.is_none() {
            fit.notices.push(format!("the manifest of {} does not ask for {name}", self.name));
        }
        match declared.map(|declared| declared.kind) {
            Some(SecretType::Number) => fit.require(is_number(value.reveal()), "it is not a number"),
            Some(SecretType::Boolean) => {
                fit.require(is_truth(value.reveal()), "it is neither `true` nor `false`");
            }
            _ => {}
        }
        if let Some(schema) = schema {
            fit.hold(schema, value.reveal());
        }
        fit
    }
}

impl Fit {
    fn require(&mut self, holds: bool, fault: impl Into<String>) {
        if !holds {
            self.faults.push(fault.into());
        }
    }

    /// Holds a text, as a variable gives it, against the words of JSON Schema that say something of one.
    fn hold(&mut self, schema: &Value, text: &str) {
        let count = |word: &str| schema.get(word).and_then(Value::as_u64);
        let length = text.chars().count() as u64;
        match schema.get("type").and_then(Value::as_str) {
            Some("integer") => self.require(text.parse::<i64>().is_ok(), "it is not a whole number"),
            Some("number") => self.require(is_number(text), "it is not a number"),
            Some("boolean") => self.require(is_truth(text), "it is neither `true` nor `false`"),
            _ => {}
        }
        if let Some(least) = count("minLength") {
            self.require(length >= least, format!("it has fewer than {least} characters"));
        }
        if let Some(most) = count("maxLength") {
            self.require(length <= most, format!("it has more than {most} characters"));
        }
        let number = text.parse::<f64>().ok();
        for (word, holds) in [("minimum", f64::ge as fn(&f64, &f64) -> bool), ("maximum", f64::le)] {
            if let (Some(bound), Some(number)) = (schema.get(word).and_then(Value::as_f64), number) {
                self.require(holds(&number, &bound), format!("it is beyond the {word} of {bound}"));
            }
        }
        let is = |allowed: &Value| {
            let spelled = allowed.to_string();
            allowed.as_str().unwrap_or(&spelled) == text
        };
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            self.require(allowed.iter().any(is), "it is none of the values that the manifest names");
        }
        if let Some(only) = schema.get("const") {
            self.require(is(only), "it is not the value that the manifest names");
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            match RegexBuilder::new(pattern).size_limit(PATTERN).dfa_size_limit(PATTERN).build() {
                Ok(known) => {
                    self.require(known.is_match(text), "it does not have the form that the manifest asks for")
                }
                Err(_) => {
                    self.notices.push("the form that the manifest asks for could not be checked".to_owned())
                }
            }
        }
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_truth(text: &str) -> bool {
    matches!(text, "true" | "false")
}

#[cfg(test)]
mod tests {
    use super::super::files::tree;
    use super::super::read;
    use super::*;

    const TEXT: &str = "name: clock\nversion: 1.0.0\nruntime: python\nentryPoint: main.py\nsecrets:\n\
        - {name: PORT, type: number}\n- {name: LOUD, type: boolean}\n- {name: TOKEN}\n- {name: ODD}\nstartCommand:\n  type: stdio\n\
        \x20 configSchema:\n    properties:\n      TOKEN: {type: string, minLength: 4, maxLength: 8, pattern: '^tok'}\n\
        \x20     LEVEL: {enum: [low, 3]}\n      COUNT: {type: integer, minimum: 2, maximum: 4}\n      ODD: {pattern: '(?=x)'}\n";

    fn fit(name: &str, value: &str) -> Fit {
        let manifest = read(&tree(&[("sigyl.yaml", TEXT), ("main.py", "")])).unwrap().manifest;
        manifest.fit(&SecretName::parse(name).unwrap(), &SecretValue::new(value))
    }

    #[test]
    fn a_value_is_what_the_manifest_can_mean_and_is_never_told() {
        for (name, good) in
            [("PORT", "-1.5e3"), ("LOUD", "false"), ("TOKEN", "token-7"), ("LEVEL", "3"), ("COUNT", "4")]
        {
            assert_eq!(fit(name, good), Fit::default(), "{name}");
        }
        for (name, wrong, why) in [
            ("PORT", "NaN", "not a number"),
            ("PORT", "x7x7", "not a number"),
            ("LOUD", "yes", "neither"),
            ("TOKEN", "tok", "fewer than 4"),
            ("TOKEN", "token-longer", "more than 8"),
            ("TOKEN", "koken", "the form"),
            ("LEVEL", "high", "none of the values"),
            ("COUNT", "5", "maximum of 4"),
            ("COUNT", "3.5", "whole number"),
        ] {
            let faults = fit(name, wrong).faults;
            assert!(faults.iter().any(|fault| fault.contains(why)), "{name}: {faults:?}");
            assert!(!format!("{faults:?}").contains(wrong), "{faults:?}");
        }
    }

    #[test]
    fn what_is_not_asked_for_or_cannot_be_checked_is_told() {
        assert!(fit("OTHER", "x").notices[0].contains("does not ask for OTHER"));
        let odd = fit("ODD", "x");
        assert!(odd.faults.is_empty() && odd.notices[0].contains("could not be checked"), "{odd:?}");
    }
}
