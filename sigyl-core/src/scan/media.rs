//! Tells images, fonts and sound from other bytes by how they begin.

/// Names the medium that `bytes` are, if their beginning proves it.
pub(super) fn kind(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"\xff\xd8\xff", "JPEG image"),
        (b"GIF87a", "GIF image"),
        (b"GIF89a", "GIF image"),
        (b"\0\0\x01\0", "icon"),
        (b"II*\0", "TIFF image"),
        (b"MM\0*", "TIFF image"),
        (b"wOFF", "WOFF font"),
        (b"wOF2", "WOFF2 font"),
        (b"\0\x01\0\0\0", "TrueType font"),
        (b"true\0", "TrueType font"),
        (b"OTTO\0", "OpenType font"),
        (b"ttcf\0", "font collection"),
        (b"OggS\0", "Ogg sound"),
        (b"fLaC\0", "FLAC sound"),
        (b"ID3\x02", "MP3 sound"),
        (b"ID3\x03", "MP3 sound"),
        (b"ID3\x04", "MP3 sound"),
    ];
    let begins = |&&(magic, _): &&(&[u8], _)| bytes.starts_with(magic);
    if let Some((_, name)) = BEGINNINGS.iter().find(begins) {
        return Some(name);
    }
    match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("WebP image"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("WAVE sound"),
        [0, 0, 0, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => Some("AVIF image"),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some("BMP image"),
        _ => None,
    }
}

/// Names a format that may carry code, for the reason given when it is not looked at.
pub(super) fn opaque(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: &[(&[u8], &str)] = &[
        (b"\0asm", "WebAssembly"),
        (b"\x7fELF", "ELF program"),
        (b"MZ", "Windows program"),
        (b"\xca\xfe\xba\xbe", "Java class or Mach-O program"),
        (b"\xcf\xfa\xed\xfe", "Mach-O program"),
        (b"PK\x03\x04", "zip archive"),
        (b"\x1f\x8b", "gzip archive"),
        (b"BZh", "bzip2 archive"),
        (b"\xfd7zXZ", "xz archive"),
        (b"7z\xbc\xaf", "7z archive"),
        (b"%PDF", "PDF"),
        (b"SQLite format 3\0", "SQLite database"),
    ];
    BEGINNINGS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|&(_, name)| name)
}
