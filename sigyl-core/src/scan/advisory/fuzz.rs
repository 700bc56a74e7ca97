//! What the fuzz target of advisories drives: reading them from bytes, and the order of versions.

use std::cmp::Ordering;

use super::load::of_bytes;
use super::version::Version;
use crate::scan::package::Ecosystem;

const ECOSYSTEMS: [Ecosystem; 4] = [Ecosystem::Npm, Ecosystem::PyPi, Ecosystem::Crates, Ecosystem::Go];
/// Versions that are compared with each other.
const VERSIONS: usize = 12;

/// Reads bytes as a file of advisories; what each says of a package is found by its name and by the versions it lists.
///
/// # Panics
///
/// When it is not: that is what the fuzzer looks for.
pub fn advisories(bytes: &[u8]) {
    let Ok(all) = of_bytes(bytes) else { return };
    for advisory in &all.all {
        for affected in &advisory.affected {
            let (of, name) = (affected.ecosystem, &*affected.name);
            assert!(all.knows(of, name), "{name} is not known");
            for version in &affected.versions {
                let told = all.of(of, name, version);
                assert!(told.iter().any(|one| *one.id == *advisory.id), "{name} {version} is not told");
            }
            if affected.ranges.iter().any(super::range::Range::affects_all) {
                assert!(all.of_all(of, name).iter().any(|one| *one.id == *advisory.id), "{name} is not told");
            }
        }
    }
    assert!(
        all.count() == all.all.len() && all.digest() == of_bytes(bytes).map_or(all.digest(), |b| b.digest())
    );
}

/// Compares versions, one a line: whatever they are, they have one order.
///
/// # Panics
///
/// When they do not: that is what the fuzzer looks for.
pub fn versions(text: &str) {
    for ecosystem in ECOSYSTEMS {
        let parse = |line| Version::parse(ecosystem, line);
        let all: Vec<Version> = text.lines().filter_map(parse).take(VERSIONS).collect();
        for one in &all {
            assert_eq!(one.order(one), Ordering::Equal, "{one:?}");
            for other in &all {
                assert_eq!(one.order(other), other.order(one).reverse(), "{one:?} {other:?}");
                for third in all.iter().filter(|_| one.order(other) != Ordering::Greater) {
                    let follows =
                        other.order(third) == Ordering::Greater || one.order(third) != Ordering::Greater;
                    assert!(follows, "{one:?} {other:?} {third:?}");
                }
            }
        }
    }
}
