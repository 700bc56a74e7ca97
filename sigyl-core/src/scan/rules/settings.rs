//! The `security` and `oauth` blocks, wherever a manifest stands.

use serde_json::Value;

use crate::domain::Location;
use crate::scan::file::FileText;
use crate::scan::rule::Part;
use crate::scan::yaml::is_endless;

/// Bytes of a manifest that are read.
const BYTES: usize = 1 << 20;

/// The blocks that the configuration rules judge.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The `security` block.
    pub(super) security: Value,
    /// The `oauth` block.
    pub(super) oauth: Value,
}

impl Settings {
    /// Reads the blocks of a checked manifest, or of a file that is one by its name.
    pub(super) fn of(part: &Part<'_>) -> Option<Self> {
        match part {
            Part::Manifest { manifest, .. } => Some(Self {
                security: manifest.security.clone().unwrap_or_default(),
                oauth: manifest.oauth.clone().unwrap_or_default(),
            }),
            Part::File(file) if is_manifest(file) && !is_endless(file.text()) => {
                // What is no manifest at all is refused where manifests are read; here it only holds no settings.
                let whole: Value = serde_yaml::from_str(file.text()).ok()?;
                Some(Self { security: member(&whole, "security"), oauth: member(&whole, "oauth") })
            }
            _ => None,
        }
    }
}

fn is_manifest(file: &FileText<'_>) -> bool {
    let stem = file.name().strip_suffix(".yaml").or_else(|| file.name().strip_suffix(".yml"));
    file.text().len() <= BYTES && stem.is_some_and(|stem| matches!(stem, "sigyl" | "mcp" | "smithery"))
}

/// Returns a member by its name, written in any of the usual ways; null when there is none.
pub(super) fn member(value: &Value, name: &str) -> Value {
    let plain = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    let members = value.as_object();
    let found = members.and_then(|all| all.iter().find(|(key, _)| plain(key) == plain(name)));
    found.map_or(Value::Null, |(_, value)| value.clone())
}

/// Tells whether a setting is switched off, also when it was written as a text.
pub(super) fn is_off(value: &Value) -> bool {
    value == &Value::Bool(false) || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false"))
}

/// Tells whether a setting is switched on, also when it was written as a text.
pub(super) fn is_on(value: &Value) -> bool {
    value == &Value::Bool(true) || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// Returns where a setting stands: its line in a file, else the manifest as a whole.
pub(super) fn place(part: &Part<'_>, key: &str) -> Option<Location> {
    match part {
        Part::File(file) => {
            let wanted = key.to_ascii_lowercase();
            let is_key = |line: &str| {
                let plain = line.trim_start().replace(['_', '-', '"', '\''], "").to_ascii_lowercase();
                plain.starts_with(&wanted)
                    || plain.contains(&format!("{{{wanted}"))
                    || plain.contains(&format!(" {wanted}:"))
            };
            let line = file.text().lines().position(is_key);
            let line = line.and_then(|at| u32::try_from(at + 1).ok());
            Some(Location::File { path: file.path().to_owned(), line, column: None })
        }
        Part::Manifest { path, .. } => {
            Some(Location::File { path: (*path).to_owned(), line: None, column: None })
        }
        _ => None,
    }
}
