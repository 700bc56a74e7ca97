//! What an instance signs of its releases, in the envelope that others read (DSSE 1).

use serde::{Deserialize, Serialize};

/// Signed bytes, with what they are and by whom they are signed. Its JSON form is the envelope of DSSE 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// What the bytes are.
    pub payload_type: String,
    /// The bytes, in base64.
    pub payload: String,
    /// Who signed them.
    pub signatures: Vec<EnvelopeSignature>,
}

/// A signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeSignature {
    /// Which key may have made it: a hint, that nothing rests on.
    #[serde(default)]
    pub keyid: String,
    /// The signature, in base64.
    pub sig: String,
}

/// What is signed when a release begins to serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested {
    /// How it came about, from the source to the tools that it was found to have.
    pub statement: Envelope,
    /// What it is made of.
    pub sbom: Envelope,
}
