//! Rules written as code: one file each, with its metadata beside it.

mod advised_dependency;
mod agent_hook;
mod agent_permissions;
mod client;
mod confusable_tool_name;
mod container_image;
mod cross_server_shadowing;
mod dependency_source;
mod disabled_certificate_check;
mod disguised_name;
mod disguised_text;
mod embedded_credential;
mod encoded_text;
mod foreign_encoding;
mod hardcoded_secret;
mod hidden_text;
mod hidden_unicode;
mod http_only;
mod install_script;
mod llm_review;
mod lookalike_package;
mod named_lines;
mod oauth_config;
mod package_namespace;
mod security_config;
mod settings;
mod shipped_binary;
mod table;
mod token_direct_pass;
mod toxic_flow;
mod unpinned_dependencies;
mod unverified_token;
mod workflow;

pub(super) use advised_dependency::with_advisories;
pub(super) use hardcoded_secret::values as hardcoded_values;
#[cfg(feature = "llm")]
pub(super) use llm_review::MARKS as REVIEW_MARKS;
pub(super) use table::{all, files, samples};
