//! Masks the secrets of what a program wrote that was started with them.

use std::sync::OnceLock;

use super::evidence::Masker;
use super::secret::kind_of_name;

/// What stands in place of a secret.
const MASK: &str = "⟦masked⟧";
/// Bytes of a value below which it may be any word.
const LEAST: usize = 6;

/// Masks what has the form of a secret, and the values of variables whose names say that they hold one.
pub fn masked(text: &str, env: &[(String, String)]) -> String {
    static MASKER: OnceLock<Option<Masker>> = OnceLock::new();
    // Without the forms of secrets nothing of the text may be shown; they always compile.
    let Some(masker) = MASKER.get_or_init(|| Masker::new().ok()) else { return MASK.to_owned() };
    let secret = |(name, value): &&(String, String)| value.len() >= LEAST && kind_of_name(name).is_some();
    let mut values: Vec<&str> = env.iter().filter(secret).map(|(_, value)| value.as_str()).collect();
    // A value that holds another goes first.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let hidden = values.into_iter().fold(text.to_owned(), |text, value| text.replace(value, MASK));
    masker.mask(&hidden).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_values_and_known_forms_are_masked_and_nothing_else() {
        let env = [("DB_PASSWORD", "velvet-otter"), ("HOME", "/home/ada"), ("PIN_TOKEN", "12")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text =
            "cannot log in with velvet-otter at /home/ada (12), key ghp_16C7e42F292c6912E7710c838347Ae178B4a";
        assert_eq!(masked(text, &env), "cannot log in with ⟦masked⟧ at /home/ada (12), key ghp_⟦masked⟧");
    }
}
