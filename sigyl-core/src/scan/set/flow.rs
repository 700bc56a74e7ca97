//! What tools make possible in a row: private data, read on the word of a stranger, sent where others read it.

use super::label::{Label, Labelled, labels};
use super::server_set::ServerSet;

/// Three tools of one set that together let a stranger have what is private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Flow {
    /// Brings in text of strangers.
    pub(in crate::scan) untrusted: (String, String),
    /// Reads what is private.
    pub(in crate::scan) private: (String, String),
    /// Sends out.
    pub(in crate::scan) sink: (String, String),
    /// How many tools of each kind there are.
    pub(in crate::scan) counts: [usize; 3],
}

/// Names three tools by which private data can leave, if the set has them: of different servers where it can be.
pub(in crate::scan) fn flow(set: &ServerSet<'_>) -> Option<Flow> {
    let labels = labels(set);
    let with = |label: Label| -> Vec<&Labelled> {
        labels.iter().filter(|tool| tool.labels.iter().any(|(known, _)| *known == label)).collect()
    };
    let (untrusted, private, sinks) =
        (with(Label::UntrustedContent), with(Label::PrivateData), with(Label::PublicSink));
    // The fewer of these a tool is, the clearer it shows its part.
    let clearest = |tools: &[&Labelled], taken: &[&Labelled]| {
        let rank = |tool: &&&Labelled| {
            let same_tool = taken.iter().any(|other| other == *tool);
            let same_server = taken.iter().any(|other| other.server == tool.server);
            (same_tool, tool.labels.len(), same_server)
        };
        tools.iter().min_by_key(rank).map(|tool| (*tool).clone())
    };
    let source = clearest(&private, &[])?;
    let stranger = clearest(&untrusted, &[&source])?;
    let sink = clearest(&sinks, &[&source, &stranger])?;
    let named = |tool: Labelled| (tool.server, tool.tool);
    Some(Flow {
        untrusted: named(stranger),
        private: named(source),
        sink: named(sink),
        counts: [untrusted.len(), private.len(), sinks.len()],
    })
}
