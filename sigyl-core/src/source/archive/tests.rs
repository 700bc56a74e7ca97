use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

use crate::domain::SkipKind;
use crate::source::{Limits, SourceError, SourceTree};

/// One entry of a tar archive, written as it is: no library corrects it.
fn entry(kind: EntryType, path: &str, link: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    let mut block = header.as_bytes().to_vec();
    block.extend_from_slice(bytes);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

fn file(path: &str, bytes: &[u8]) -> Vec<u8> {
    entry(EntryType::Regular, path, "", bytes)
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tgz(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut tar = entries.concat();
    tar.resize(tar.len() + 1024, 0);
    gz(&tar)
}

fn take(name: &str, bytes: &[u8], limits: &Limits) -> Result<(SourceTree, tempfile::TempDir), SourceError> {
    let into = tempfile::tempdir().unwrap();
    let marker = into.path().join("marker");
    std::fs::write(&marker, "untouched").unwrap();
    let tree = SourceTree::from_archive_bytes(name, bytes, &into.path().join("tree"), limits);
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), "untouched");
    let mut beside: Vec<_> =
        std::fs::read_dir(into.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
    beside.sort();
    assert!(beside.iter().all(|name| name == "marker" || name == "tree"), "{beside:?} beside the tree");
    tree.map(|tree| (tree, into))
}

fn refusal(name: &str, bytes: &[u8]) -> String {
    let error = take(name, bytes, &Limits::default()).unwrap_err();
    assert!(matches!(error, SourceError::BadArchive { .. }), "{error:?}");
    error.to_string()
}

fn paths(tree: &SourceTree) -> Vec<&str> {
    tree.entries().iter().map(|entry| entry.path.as_str()).collect()
}

#[test]
fn the_single_top_folder_is_entered() {
    let package = tgz(&[file("package/package.json", b"{}"), file("package/dist/index.js", b"x")]);
    let (tree, _into) = take("p.tgz", &package, &Limits::default()).unwrap();
    assert_eq!(paths(&tree), ["dist/index.js", "package.json"]);
    assert_eq!(tree.read(tree.find("package.json").unwrap()).unwrap(), b"{}");
    let two = tgz(&[file("a/x", b"1"), file("b", b"2")]);
    assert_eq!(paths(&take("p.tar.gz", &two, &Limits::default()).unwrap().0), ["a/x", "b"]);
}

#[test]
fn an_archive_and_a_folder_of_the_same_files_have_the_same_digest() {
    let package = tgz(&[file("package/b", b"2"), file("package/a/c", b"1")]);
    let (tree, _into) = take("p.tgz", &package, &Limits::default()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    tree.copy_to(dir.path()).unwrap();
    let folder = SourceTree::from_folder(dir.path(), &Limits::default()).unwrap();
    assert_eq!(folder.digest(), tree.digest());
}

#[test]
fn paths_out_of_the_folder_are_refused() {
    for path in ["../evil", "/tmp/sigyl-evil", "a/../../evil", "a\\..\\evil", "a\u{1b}b"] {
        let why = refusal("p.tgz", &tgz(&[file("ok", b"x"), file(path, b"x")]));
        assert!(why.contains("p.tgz"), "{why}");
    }
}

#[test]
fn links_out_of_the_folder_are_refused() {
    for (kind, target) in [
        (EntryType::Symlink, "/etc/passwd"),
        (EntryType::Symlink, "../../etc/passwd"),
        (EntryType::Link, "/etc/passwd"),
        (EntryType::Link, "../marker"),
    ] {
        let why = refusal("p.tgz", &tgz(&[file("a/ok", b"x"), entry(kind, "a/link", target, b"")]));
        assert!(why.contains("link") || why.contains("path"), "{why}");
    }
}

#[test]
fn a_file_is_never_written_through_a_link() {
    let through =
        tgz(&[entry(EntryType::Symlink, "dir", "sub", b""), file("dir/file", b"x"), file("sub/a", b"")]);
    assert!(refusal("p.tgz", &through).contains("`dir` is there twice"));
    let over = tgz(&[file("target", b"x"), entry(EntryType::Symlink, "a", "target", b""), file("a", b"y")]);
    assert!(refusal("p.tgz", &over).contains("`a` is there twice"));
}

#[test]
fn links_to_files_inside_count_as_their_bytes() {
    let package = tgz(&[
        entry(EntryType::Symlink, "p/first", "lib/real", b""),
        file("p/lib/real", b"bytes"),
        entry(EntryType::Link, "p/second", "p/lib/real", b""),
        entry(EntryType::Symlink, "p/lib/up", "../lib", b""),
        entry(EntryType::Symlink, "p/loop", "loop", b""),
    ]);
    let (tree, _into) = take("p.tgz", &package, &Limits::default()).unwrap();
    assert_eq!(paths(&tree), ["first", "lib/real", "second"]);
    assert_eq!(tree.read(tree.find("second").unwrap()).unwrap(), b"bytes");
    let skipped: Vec<_> =
        tree.skipped().iter().map(|skipped| (skipped.path.as_str(), skipped.kind)).collect();
    assert_eq!(skipped, [("lib/up", SkipKind::NotAFile), ("loop", SkipKind::NotAFile)]);
}

#[test]
fn devices_and_unknown_entries_are_refused() {
    for kind in [EntryType::Char, EntryType::Block, EntryType::Fifo, EntryType::new(b'V')] {
        let why = refusal("p.tgz", &tgz(&[file("ok", b"x"), entry(kind, "dev", "", b"")]));
        assert!(why.contains("`dev` is"), "{why}");
    }
}

/// A header of pax that says more of the next entry.
fn pax(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let length = (1..).find(|length: &usize| length.to_string().len() + rest.len() == *length).unwrap();
    entry(EntryType::XHeader, "pax", "", format!("{length}{rest}").as_bytes())
}

#[test]
fn what_pax_says_of_an_entry_is_judged_like_its_header() {
    for (key, value) in [
        ("path", "../evil"),
        ("path", "/tmp/sigyl-evil"),
        ("path", "a\0b"),
        ("path", "a\nb"),
        ("path", "a/../../b"),
    ] {
        refusal("p.tgz", &tgz(&[file("ok", b"x"), pax(key, value), file("innocent", b"x")]));
    }
    let link = entry(EntryType::Symlink, "link", "ok", b"");
    let why = refusal("p.tgz", &tgz(&[file("ok", b"x"), pax("linkpath", "../../etc/passwd"), link]));
    assert!(why.contains("link"), "{why}");
    let long = tgz(&[file("ok", b"x"), pax("path", "long/name"), file("short", b"y")]);
    assert_eq!(paths(&take("p.tgz", &long, &Limits::default()).unwrap().0), ["long/name", "ok"]);
}

#[test]
fn sparse_files_are_refused_however_they_are_written() {
    let old = entry(EntryType::GNUSparse, "a", "", b"");
    refusal("p.tgz", &tgz(&[file("ok", b"x"), old]));
    let new = [pax("GNU.sparse.name", "evil.js"), file("GNUSparseFile.0/evil.js", b"1\n0\n512\n")].concat();
    assert!(refusal("p.tgz", &tgz(&[file("ok", b"x"), new])).contains("is a sparse file"));
}

#[test]
fn two_entries_for_one_path_are_refused() {
    let cases = [("\u{c9}t\u{e9}", "\u{e9}t\u{e9}"), ("\u{212a}ey", "key")];
    for (one, two) in [("a", "a"), ("a", "./a"), ("a", "A"), ("Src/a", "src/b"), ("a", "a/b"), ("a/b", "a")]
        .into_iter()
        .chain(cases)
    {
        let why = refusal("p.tgz", &tgz(&[file(one, b"1"), file(two, b"2")]));
        assert!(why.contains("same path") || why.contains("twice"), "{why}");
    }
}

#[test]
fn bombs_are_stopped_by_each_limit() {
    let big = vec![0; 3 << 20];
    let bomb = tgz(&[file("zeros", &big)]);
    assert!(bomb.len() < 8 << 10);
    let over = |bytes: &[u8], limits: Limits| match take("bomb.tgz", bytes, &limits) {
        Err(SourceError::TooLarge { what, limit }) => format!("{what}: {limit}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(over(&bomb, Limits::default()), "bomb.tgz: 200 unpacked bytes for each packed one");
    let loose = Limits { ratio: 1_000_000, ..Limits::default() };
    assert!(take("bomb.tgz", &bomb, &loose).is_ok());
    assert_eq!(over(&bomb, Limits { total: 2 << 20, ..loose }), "bomb.tgz: 2097152 bytes");
    assert_eq!(over(&bomb, Limits { file: 1 << 20, ..loose }), "zeros in bomb.tgz: 1 MiB");
    let many: Vec<_> = (0..20).map(|n| file(&format!("f{n}"), b"")).collect();
    assert_eq!(over(&tgz(&many), Limits { entries: 19, ..loose }), "bomb.tgz: 19 entries");
    let deep = tgz(&[file("d/d/d/d/d/d/d/d/d", b"")]);
    assert_eq!(
        over(&deep, Limits { depth: 8, ..loose }),
        "d/d/d/d/d/d/d/d/d in bomb.tgz: 8 folders inside folders"
    );
    let folders: Vec<_> = (0..20).map(|n| entry(EntryType::Directory, &format!("f{n}/"), "", b"")).collect();
    assert_eq!(over(&tgz(&folders), Limits { entries: 19, ..loose }), "bomb.tgz: 19 entries");
}

#[test]
fn headers_cannot_fill_the_memory() {
    let name = entry(EntryType::GNULongName, "././@LongLink", "", &vec![b'a'; 2 << 20]);
    let bytes = tgz(&[name, file("x", b"")]);
    let loose = Limits { ratio: 1_000_000, ..Limits::default() };
    let error = take("p.tgz", &bytes, &loose).unwrap_err();
    assert!(error.to_string().contains("headers of one entry"), "{error}");
}

#[test]
fn a_header_for_the_whole_archive_is_passed_over() {
    let comment = entry(EntryType::XGlobalHeader, "pax_global_header", "", b"19 comment=abcdefg\n");
    let path = entry(EntryType::XGlobalHeader, "pax_global_header", "", b"16 path=../evil\n");
    let (tree, _into) = take("p.tgz", &tgz(&[comment, path, file("a", b"x")]), &Limits::default()).unwrap();
    assert_eq!(paths(&tree), ["a"]);
}

#[test]
fn broken_archives_are_refused() {
    let whole = tgz(&[file("a", &[7; 4000]), file("b", b"x")]);
    for cut in [0, 1, 10, 30, whole.len() - 1] {
        refusal("p.tgz", &whole[..cut]);
    }
    let mut tar = [file("a", b"1"), vec![0; 1024], file("hidden", b"2")].concat();
    tar.resize(tar.len() + 1024, 0);
    assert!(refusal("p.tgz", &gz(&tar)).contains("data follows the end"));
    refusal("p.tgz", b"no archive at all");
    refusal("p.zip", b"no archive at all");
    refusal("p.rar", b"");
    assert!(matches!(take("p.tgz", &tgz(&[]), &Limits::default()), Err(SourceError::Empty(_))));
}

#[test]
fn a_folder_that_holds_something_is_not_unpacked_into() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine"), "x").unwrap();
    let taken =
        SourceTree::from_archive_bytes("p.tgz", &tgz(&[file("a", b"1")]), dir.path(), &Limits::default());
    assert!(matches!(taken, Err(SourceError::Io { .. })));
    let absent = SourceTree::from_archive(Path::new("no/such.zip"), dir.path(), &Limits::default());
    assert!(matches!(absent, Err(SourceError::NotFound(_))));
}

fn zipped(entries: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, bytes, mode) in entries {
        let options = zip::write::SimpleFileOptions::default().unix_permissions(mode & 0o777);
        match mode & 0o170_000 {
            0o120_000 => writer.add_symlink(*path, std::str::from_utf8(bytes).unwrap(), options).unwrap(),
            _ => {
                writer.start_file(*path, options).unwrap();
                writer.write_all(bytes).unwrap();
            }
        }
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn zips_and_wheels_are_read() {
    let one = zipped(&[("name-1.0/run.sh", b"x", 0o755), ("name-1.0/a/b.py", b"y", 0o644)]);
    let (tree, _into) = take("name-1.0.zip", &one, &Limits::default()).unwrap();
    assert_eq!(paths(&tree), ["a/b.py", "run.sh"]);
    assert!(tree.find("run.sh").unwrap().executable && !tree.find("a/b.py").unwrap().executable);
    let (tree, _into) = take("name-1.0-py3-none-any.whl", &one, &Limits::default()).unwrap();
    assert_eq!(paths(&tree), ["name-1.0/a/b.py", "name-1.0/run.sh"], "a wheel has no top folder");
}

#[test]
fn hostile_zips_are_refused() {
    for path in ["../evil", "/tmp/sigyl-evil", "a\\..\\..\\evil"] {
        refusal("p.zip", &zipped(&[("ok", b"x", 0o644), (path, b"x", 0o644)]));
    }
    let link = zipped(&[("ok", b"x", 0o644), ("link", b"../../etc/passwd", 0o120_777)]);
    assert!(refusal("p.zip", &link).contains("link"));
    let cases = zipped(&[("README", b"x", 0o644), ("readme", b"y", 0o644)]);
    assert!(refusal("p.zip", &cases).contains("same path"));
    let mut twice = zipped(&[("aa", b"x", 0o644), ("bb", b"y", 0o644)]);
    for at in 0..twice.len() - 1 {
        if &twice[at..at + 2] == b"bb" {
            twice[at..at + 2].copy_from_slice(b"aa");
        }
    }
    refusal("p.zip", &twice);
    let bomb = zipped(&[("zeros", &vec![0; 3 << 20], 0o644)]);
    let over = take("p.zip", &bomb, &Limits::default()).unwrap_err();
    assert!(matches!(over, SourceError::TooLarge { .. }), "{over}");
}

#[test]
fn a_zip_that_shows_two_readers_two_contents_is_refused() {
    let mut twofold = zipped(&[("aa", b"x", 0o644)]);
    let at = twofold.windows(2).position(|two| two == b"aa").unwrap();
    twofold[at..at + 2].copy_from_slice(b"zz");
    assert!(refusal("p.zip", &twofold).contains("no sound zip"));
}

#[test]
fn a_zip_whose_entries_are_locked_or_collide_is_refused() {
    let mut locked = zipped(&[("aa", b"x", 0o644)]);
    // The bit of encryption, in the entry's own header and in the directory.
    let directory = locked.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    locked[6] |= 1;
    locked[directory + 8] |= 1;
    assert!(refusal("p.zip", &locked).contains("no sound zip"));
    for (one, two) in [("a", "a/b"), ("a/b", "a"), ("K", "\u{212a}")] {
        refusal("p.zip", &zipped(&[(one, b"x", 0o644), (two, b"y", 0o644)]));
    }
    for name in ["a\0b", "a\nb", "a\u{202e}b"] {
        refusal("p.zip", &zipped(&[("ok", b"x", 0o644), (name, b"y", 0o644)]));
    }
}

#[test]
fn a_zip_whose_header_tells_another_size_than_its_directory_is_refused() {
    let whole = zipped(&[("aa", b"xxxx", 0o644)]);
    let directory = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    for at in [14, 18, 22, directory + 16, directory + 20, directory + 24] {
        let mut other = whole.clone();
        other[at] ^= 1;
        refusal("p.zip", &other);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_at_all_make_it_panic_or_leave_its_folder(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600),
        at in 0_usize..2000,
    ) {
        drop(take("p.zip", &bytes, &Limits::default()));
        drop(take("p.tgz", &gz(&bytes), &Limits::default()));
        let mut tar = [file("p/a", b"12345"), entry(EntryType::Symlink, "p/l", "a", b"")].concat();
        tar.resize(tar.len() + 1024, 0);
        for (offset, byte) in bytes.iter().enumerate().take(8) {
            let at = (at + offset * 97) % tar.len();
            tar[at] = *byte;
        }
        drop(take("p.tgz", &gz(&tar), &Limits::default()));
        let mut zip = zipped(&[("p/a", b"12345", 0o644), ("p/l", b"a", 0o120_777)]);
        for (offset, byte) in bytes.iter().enumerate().take(4) {
            let at = (at + offset * 31) % zip.len();
            zip[at] = *byte;
        }
        drop(take("p.zip", &zip, &Limits::default()));
    }
}
