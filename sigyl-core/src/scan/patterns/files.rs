//! The table of pattern files.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Every pattern file: its name and what it says.
        pub(crate) const FILES: &[(&str, &str)] = &[$(($name, include_str!($name))),*];
    };
}

files![
    "build-secret.yaml",
    "conceal-from-user.yaml",
    "conditional-order.yaml",
    "consent-bypass.yaml",
    "context-exfiltration.yaml",
    "control-tokens.yaml",
    "credentialed-cors.yaml",
    "cross-tool-order.yaml",
    "debug-mode.yaml",
    "env-dump.yaml",
    "file-exfiltration.yaml",
    "header-forward.yaml",
    "hidden-instructions.yaml",
    "hidden-recipient.yaml",
    "ignore-instructions.yaml",
    "important-tag.yaml",
    "insecure-cookie.yaml",
    "insecure-session-id.yaml",
    "missing-consent.yaml",
    "missing-input-validation.yaml",
    "missing-token-validation.yaml",
    "missing-user-binding.yaml",
    "multi-language-attack.yaml",
    "open-binding.yaml",
    "open-cors.yaml",
    "open-permissions.yaml",
    "overt-attack.yaml",
    "persistence.yaml",
    "pipe-to-shell.yaml",
    "privileged-container.yaml",
    "racy-file.yaml",
    "remote-instructions.yaml",
    "role-hijack.yaml",
    "session-for-auth.yaml",
    "static-client-id.yaml",
    "system-prompt-override.yaml",
    "template-injection.yaml",
    "token-proxy.yaml",
    "tool-preference.yaml",
    "unchecked-origin.yaml",
    "unsafe-redirect.yaml",
    "url-exfiltration.yaml",
    "weak-cipher.yaml",
    "xml-entities.yaml",
];
