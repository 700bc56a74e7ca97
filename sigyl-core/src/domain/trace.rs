//! The place of something in a trace, as W3C Trace Context writes it.

use std::fmt;

/// A span that others can be children of: the trace it belongs to, its own id, and whether it is told to a collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace; never all zeros.
    pub trace: [u8; 16],
    /// The span; never all zeros.
    pub span: [u8; 8],
    /// Whether the trace is recorded.
    pub sampled: bool,
}

impl TraceParent {
    /// Reads the value of a `traceparent` header; nothing for what is none, down to its lower-case digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = digits::<1>(parts.next()?)?;
        let (trace, span, flags) =
            (digits::<16>(parts.next()?)?, digits::<8>(parts.next()?)?, digits::<1>(parts.next()?)?);
        // Later versions may add parts, and this one has none; the version ff is forbidden.
        let is_whole = match version {
            [0] => parts.next().is_none(),
            [0xff] => false,
            _ => true,
        };
        let is_some = trace != [0; 16] && span != [0; 8];
        (is_whole && is_some).then_some(Self { trace, span, sampled: flags[0] & 1 == 1 })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.span.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "-{:02x}", u8::from(self.sampled))
    }
}

fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * N || !text.bytes().all(is_plain) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_written_is_read() {
        let parent = TraceParent::parse(GOOD).unwrap();
        assert!(parent.sampled && parent.trace[0] == 0x0a && parent.span[7] == 0x31);
        assert_eq!(parent.to_string(), GOOD);
        let quiet = TraceParent::parse(&GOOD.replace("-01", "-00")).unwrap();
        assert!(!quiet.sampled);
        assert_eq!(TraceParent::parse(&format!("{}-more", GOOD.replacen("00", "01", 1))), Some(parent));
    }

    #[test]
    fn what_is_no_parent_is_none() {
        for odd in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319é-b7ad6b7169203331-01",
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceParent::parse(odd), None, "{odd}");
        }
    }
}
