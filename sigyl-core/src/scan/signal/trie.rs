//! A list of texts, found where they begin: the words of a lexicon nearly always begin where a word does, so that most
//! bytes of a text need no look at all.

use std::collections::VecDeque;
use std::ops::Range;

/// Texts in a tree, by the bytes that they share.
#[derive(Debug, Default)]
pub(super) struct Trie {
    /// All texts in order, one behind the other.
    bytes: Vec<u8>,
    nodes: Vec<Node>,
    /// The first byte of each node, side by side for the choice between brothers.
    heads: Vec<u8>,
    /// For each byte the node below the root that begins with it, or nothing.
    roots: Vec<Option<u32>>,
}

/// Some bytes, what ends with them, and how it goes on.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// Where its bytes begin in those of all texts, and how many there are.
    label: u32,
    length: u32,
    /// The text that ends here, from 1.
    ends: u32,
    /// The nodes that go on from here, by their first bytes: those below `a`, the letters that there are a bit for
    /// each of, the others.
    first: u32,
    letters: u32,
    low: u16,
    count: u16,
}

/// Texts that begin alike and have yet to become a node.
struct Part {
    node: usize,
    texts: Range<usize>,
    /// Bytes that the nodes above it hold.
    depth: usize,
}

impl Trie {
    /// Takes texts in their order, each of them once; the number of each is its name.
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Result<Self, String> {
        let mut this = Self::default();
        let mut starts = vec![0];
        for text in texts {
            this.bytes.extend_from_slice(text.as_bytes());
            starts.push(this.bytes.len());
        }
        number(this.bytes.len())?;
        let whole = Part { node: this.add(0), texts: 0..starts.len() - 1, depth: 0 };
        // Level by level: what most words need lies side by side.
        let mut parts = VecDeque::from([whole]);
        while let Some(part) = parts.pop_front() {
            this.grow(&part, &starts, &mut parts)?;
        }
        let root = this.nodes.first().copied().unwrap_or_default();
        this.roots = (0..=u8::MAX).map(|byte| this.child(&root, byte)).collect();
        Ok(this)
    }

    fn add(&mut self, head: u8) -> usize {
        self.nodes.push(Node::default());
        self.heads.push(head);
        self.nodes.len() - 1
    }

    /// Makes a node of texts that begin alike, and parts of how they go on.
    fn grow(&mut self, part: &Part, starts: &[usize], parts: &mut VecDeque<Part>) -> Result<(), String> {
        let of = |at: usize| starts[at] + part.depth..starts[at + 1];
        let Some(last) = part.texts.clone().next_back() else { return Ok(()) };
        let (one, other) = (&self.bytes[of(part.texts.start)], &self.bytes[of(last)]);
        let alike = one.iter().zip(other).take_while(|(one, other)| one == other).count();
        // The root holds nothing: its children are looked up by their first byte.
        let alike = if part.node == 0 { 0 } else { alike };
        let mut node = Node {
            label: number(starts[part.texts.start] + part.depth)?,
            length: number(alike)?,
            first: number(self.nodes.len())?,
            ..Node::default()
        };
        let depth = part.depth + alike;
        let mut at = part.texts.start;
        // The shortest of them comes first.
        if starts[at] + depth == starts[at + 1] {
            node.ends = number(at + 1)?;
            at += 1;
        }
        while at < part.texts.end {
            let head = self.bytes[starts[at] + depth];
            let same = |text: &usize| self.bytes.get(starts[*text] + depth) == Some(&head);
            let end = at + (at..part.texts.end).take_while(same).count();
            parts.push_back(Part { node: self.add(head), texts: at..end, depth });
            node.count += 1;
            node.low += u16::from(head < b'a');
            node.letters |= letter(head).unwrap_or(0);
            at = end;
        }
        self.nodes[part.node] = node;
        Ok(())
    }

    #[inline]
    fn child(&self, node: &Node, byte: u8) -> Option<u32> {
        if let Some(bit) = letter(byte) {
            let before = (node.letters & (bit - 1)).count_ones();
            return (node.letters & bit != 0).then_some(node.first + u32::from(node.low) + before);
        }
        let heads = &self.heads[node.first as usize..node.first as usize + usize::from(node.count)];
        let at = heads.binary_search(&byte).ok()?;
        Some(node.first + u32::try_from(at).ok()?)
    }

    /// Calls `take` with the number of each text that `bytes` begin with and its length, the shortest first.
    #[inline]
    pub(super) fn each(&self, bytes: &[u8], mut take: impl FnMut(usize, usize)) {
        let root = bytes.first().and_then(|&byte| self.roots[usize::from(byte)]);
        let (mut next, mut at) = (root, 0);
        while let Some(number) = next {
            let node = &self.nodes[number as usize];
            let label = &self.bytes[node.label as usize..][..node.length as usize];
            // Most are of one byte, by which they were found.
            let Some(there) = bytes.get(at..at + label.len()) else { return };
            if !label.iter().zip(there).skip(1).all(|(one, other)| one == other) {
                return;
            }
            at += label.len();
            if let Some(text) = node.ends.checked_sub(1) {
                take(text as usize, at);
            }
            next = bytes.get(at).and_then(|&byte| self.child(node, byte));
        }
    }
}

/// Returns the bit of a letter.
#[inline]
fn letter(byte: u8) -> Option<u32> {
    byte.is_ascii_lowercase().then(|| 1 << (byte - b'a'))
}

fn number(count: usize) -> Result<u32, String> {
    u32::try_from(count).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_a_text_begins_with_is_found(
            texts in prop::collection::btree_set("[a-c ~é]{1,5}", 0..40),
            text in "[a-c ~é]{0,12}",
        ) {
            let texts: Vec<String> = BTreeSet::into_iter(texts).collect();
            let trie = Trie::new(texts.iter().map(String::as_str)).unwrap();
            let mut found = Vec::new();
            trie.each(text.as_bytes(), |at, length| found.push((at, length)));
            let mut wanted: Vec<_> = (0..)
                .zip(&texts)
                .filter(|(_, one)| text.starts_with(one.as_str()))
                .map(|(at, one)| (at, one.len()))
                .collect();
            wanted.sort_by_key(|(_, length)| *length);
            prop_assert_eq!(found, wanted);
        }
    }
}
