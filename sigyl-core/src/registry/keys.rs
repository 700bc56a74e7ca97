//! The reverse-DNS names that the registry's documents and answers use.

/// What a registry says of a document beside it.
pub const OFFICIAL_KEY: &str = "io.modelcontextprotocol.registry/official";

/// What a publisher adds inside of a document.
pub const PUBLISHER_KEY: &str = "io.modelcontextprotocol.registry/publisher-provided";

/// What this registry says of a document beside it.
pub const SIGYL_KEY: &str = "internal.sigyl/registry";

/// The namespace of servers that were released here under a short name. The domain is reserved for private use.
pub const RELEASED_NAMESPACE: &str = "internal.sigyl";

/// Tells whether nobody may publish or deploy under a namespace, however it is spelled.
pub fn is_reserved(namespace: &str) -> bool {
    ["sigyl", RELEASED_NAMESPACE].iter().any(|own| namespace.eq_ignore_ascii_case(own))
}
