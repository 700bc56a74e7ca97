//! Where the code of a server comes from.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Digest, RepositoryName, UploadId};

/// The kind of place that code comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceKind {
    /// A folder on this machine.
    Path,
    /// A `.tar.gz`, `.tgz`, `.zip` or `.whl` file on this machine.
    Archive,
    /// A package of npm.
    Npm,
    /// A package of PyPI.
    Pypi,
    /// A git repository.
    Git,
    /// A tool list, without code behind it.
    Tools,
    /// Pieces of code, one by one out of a text.
    Code,
}

/// What the operator named as the source.
///
/// It reads `path`, `file.tar.gz`, `npm:NAME[@VERSION]`, `pypi:NAME[@VERSION]`, `upload:ID`,
/// `github:OWNER/REPO[#REF][:SUBDIR]` or `git:URL[#REF][:SUBDIR]`, where an address with a colon in its path is followed by `#`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Locator {
    /// A folder.
    Path(PathBuf),
    /// An archive file.
    Archive(PathBuf),
    /// A package of npm, by the user's own npm.
    Npm {
        /// Name, with its scope.
        name: String,
        /// Exact version or tag.
        version: Option<String>,
    },
    /// A package of PyPI, by the user's own pip.
    Pypi {
        /// Name of the distribution.
        name: String,
        /// Exact version.
        version: Option<String>,
    },
    /// An archive that was sent to this machine.
    Upload(UploadId),
    /// A repository at the GitHub that is configured.
    GitHub {
        /// Owner and name.
        repository: RepositoryName,
        /// Branch, tag or commit; the branch that is shown first when absent.
        reference: Option<String>,
        /// Folder inside the repository.
        subdir: Option<String>,
    },
    /// A git repository, by the user's own git.
    Git {
        /// Address as git takes it.
        url: String,
        /// Branch, tag or commit.
        reference: Option<String>,
        /// Folder inside the repository.
        subdir: Option<String>,
    },
}

/// Text that names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{locator}` names no source: {why}")]
pub struct LocatorError {
    locator: String,
    why: &'static str,
}

impl Locator {
    /// Returns where this comes from, whichever version or reference of it.
    pub fn place(&self) -> Self {
        match self {
            Self::Npm { name, .. } => Self::Npm { name: name.clone(), version: None },
            Self::Pypi { name, .. } => Self::Pypi { name: name.clone(), version: None },
            Self::Git { url, subdir, .. } => {
                Self::Git { url: url.clone(), reference: None, subdir: subdir.clone() }
            }
            Self::GitHub { repository, subdir, .. } => {
                Self::GitHub { repository: repository.clone(), reference: None, subdir: subdir.clone() }
            }
            Self::Path(_) | Self::Archive(_) | Self::Upload(_) => self.clone(),
        }
    }

    /// Reads what the operator wrote.
    pub fn parse(text: &str) -> Result<Self, LocatorError> {
        let wrong = |why| {
            let hidden = text.strip_prefix("git:").map(|url| format!("git:{}", part_credentials(url).0));
            LocatorError { locator: hidden.as_deref().unwrap_or(text).chars().take(300).collect(), why }
        };
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(wrong("it is empty or holds a control character"));
        }
        if let Some(package) = text.strip_prefix("npm:") {
            let (name, version) =
                split_package(package, npm_name).ok_or_else(|| wrong("expected npm:NAME[@VERSION]"))?;
            return Ok(Self::Npm { name, version });
        }
        if let Some(package) = text.strip_prefix("pypi:") {
            let (name, version) =
                split_package(package, pypi_name).ok_or_else(|| wrong("expected pypi:NAME[@VERSION]"))?;
            return Ok(Self::Pypi { name, version });
        }
        if let Some(upload) = text.strip_prefix("upload:") {
            let id = UploadId::parse(upload);
            return id.map(Self::Upload).map_err(|_| wrong("expected upload:ID, as an upload was answered"));
        }
        if let Some(repository) = text.strip_prefix("github:") {
            return parse_github(repository)
                .ok_or_else(|| wrong("expected github:OWNER/REPO[#REF][:SUBDIR]"));
        }
        if let Some(repository) = text.strip_prefix("git:") {
            return parse_git(repository).ok_or_else(|| wrong("expected git:URL[#REF][:SUBDIR]"));
        }
        let path = PathBuf::from(text);
        Ok(if is_archive(text) { Self::Archive(path) } else { Self::Path(path) })
    }

    /// Returns the kind of place.
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::Path(_) => SourceKind::Path,
            Self::Archive(_) | Self::Upload(_) => SourceKind::Archive,
            Self::Npm { .. } => SourceKind::Npm,
            Self::Pypi { .. } => SourceKind::Pypi,
            Self::Git { .. } | Self::GitHub { .. } => SourceKind::Git,
        }
    }

    /// Returns it without the credentials in the address of a repository, to be recorded.
    pub fn without_credentials(&self) -> Self {
        match self {
            Self::Git { url, reference, subdir } => Self::Git {
                url: part_credentials(url).0,
                reference: reference.clone(),
                subdir: subdir.clone(),
            },
            other => other.clone(),
        }
    }

    /// Tells whether it is on the machine of whoever reads it.
    pub fn is_here(&self) -> bool {
        match self {
            Self::Path(_) | Self::Archive(_) => true,
            Self::Git { url, .. } => !url.starts_with("https://") && !url.starts_with("ssh://"),
            Self::Npm { .. } | Self::Pypi { .. } | Self::Upload(_) | Self::GitHub { .. } => false,
        }
    }

    /// Tells whether the same text may mean other bytes tomorrow, with the same version inside.
    pub fn is_moving(&self) -> bool {
        !matches!(self, Self::Npm { .. } | Self::Pypi { .. })
    }
}

fn is_archive(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [".tar.gz", ".tgz", ".zip", ".whl"].iter().any(|end| lower.ends_with(end))
}

fn split_package(text: &str, is_name: fn(&str) -> bool) -> Option<(String, Option<String>)> {
    let at = text.char_indices().skip(1).find(|&(_, c)| c == '@').map(|(at, _)| at);
    let (name, version) = match at {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let exact = |v: &str| {
        !v.is_empty()
            && !v.starts_with('-')
            && v.bytes().all(|b| b.is_ascii_alphanumeric() || b".+-_!".contains(&b))
    };
    (is_name(name) && version.is_none_or(exact)).then(|| (name.to_owned(), version.map(str::to_owned)))
}

fn npm_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-~".contains(&b))
    };
    match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| part(scope) && part(name)),
        None => part(name),
    }
}

fn pypi_name(name: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b))
}

fn parse_github(text: &str) -> Option<Locator> {
    let (repository, rest) =
        text.split_once(['#', ':']).map_or((text, None), |(name, rest)| (name, Some(rest)));
    let is_named = text[repository.len()..].starts_with('#');
    let (reference, subdir) = match rest {
        Some(rest) if is_named => rest.split_once(':').map_or((rest, None), |(name, dir)| (name, Some(dir))),
        subdir => ("", subdir),
    };
    let subdir = subdir.map(|dir| dir.trim_matches('/')).filter(|dir| !dir.is_empty());
    (is_safe(reference) && subdir.is_none_or(is_safe)).then_some(())?;
    Some(Locator::GitHub {
        repository: RepositoryName::parse(repository).ok()?,
        reference: Some(reference).filter(|name| !name.is_empty()).map(str::to_owned),
        subdir: subdir.map(str::to_owned),
    })
}

/// Tells whether a reference or a folder is no option, and leads nowhere up.
fn is_safe(part: &str) -> bool {
    !part.starts_with('-') && !part.split('/').any(|name| name == "..")
}

fn parse_git(text: &str) -> Option<Locator> {
    let (address, fragment) =
        text.split_once('#').map_or((text, None), |(address, rest)| (address, Some(rest)));
    let (url, reference, subdir) = match fragment.map(|rest| (rest, rest.split_once(':'))) {
        Some((_, Some((reference, subdir)))) => (address, reference, Some(subdir)),
        Some((reference, None)) => (address, reference, None),
        None => {
            let (url, subdir) = split_subdir(address);
            (url, "", subdir)
        }
    };
    let subdir = subdir.map(|dir| dir.trim_matches('/')).filter(|dir| !dir.is_empty());
    // `a::b` has git run a program; it is looked for before a folder is split off.
    if url.is_empty()
        || url.starts_with('-')
        || address.contains("::")
        || !is_safe(reference)
        || !subdir.is_none_or(is_safe)
    {
        return None;
    }
    Some(Locator::Git {
        url: url.to_owned(),
        reference: Some(reference).filter(|r| !r.is_empty()).map(str::to_owned),
        subdir: subdir.map(str::to_owned),
    })
}

/// Splits `URL:SUBDIR`, which names no reference, at the last colon that can be no part of the address.
///
/// Colons stand before a port, and behind the host of `host:path`. An address whose path holds another one is written
/// with a `#` behind it.
fn split_subdir(text: &str) -> (&str, Option<&str>) {
    let colon_after = |from: usize| text[from..].rfind(':').map(|at| from + at);
    let colon = match text.find("://") {
        Some(scheme) => {
            let host = scheme + "://".len();
            text[host..].find('/').and_then(|path| colon_after(host + path))
        }
        // A folder has a slash before its first colon; what stands before the colon of `host:path` is a host.
        None => match text.find(':') {
            Some(first) if !text[..first].contains('/') => colon_after(first + 1),
            _ => colon_after(0),
        },
    };
    colon.map_or((text, None), |colon| (&text[..colon], Some(&text[colon + 1..])))
}

/// Shows it without the credentials in the address of a repository.
impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) | Self::Archive(path) => write!(f, "{}", path.display()),
            Self::Upload(id) => write!(f, "upload:{id}"),
            Self::Npm { name, version: None } => write!(f, "npm:{name}"),
            Self::Npm { name, version: Some(version) } => write!(f, "npm:{name}@{version}"),
            Self::Pypi { name, version: None } => write!(f, "pypi:{name}"),
            Self::Pypi { name, version: Some(version) } => write!(f, "pypi:{name}@{version}"),
            Self::GitHub { repository, reference, subdir } => {
                write!(f, "github:{repository}")?;
                reference.as_ref().map_or(Ok(()), |reference| write!(f, "#{reference}"))?;
                subdir.as_ref().map_or(Ok(()), |subdir| write!(f, ":{subdir}"))
            }
            Self::Git { url, reference, subdir } => {
                let address = part_credentials(url).0;
                write!(f, "git:{address}")?;
                if reference.is_some() || subdir.is_some() || split_subdir(&address).1.is_some() {
                    write!(f, "#{}", reference.as_deref().unwrap_or_default())?;
                }
                subdir.as_ref().map_or(Ok(()), |subdir| write!(f, ":{subdir}"))
            }
        }
    }
}

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Locator {
    type Error = LocatorError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

/// Keeps the credentials, so that another Sigyl can fetch what was named.
impl From<Locator> for String {
    fn from(locator: Locator) -> Self {
        let shown = locator.to_string();
        match &locator {
            Locator::Git { url, .. } => shown.replacen(&part_credentials(url).0, url, 1),
            _ => shown,
        }
    }
}

/// Parts the address of a repository from its credentials: what may be shown, and `scheme://user:password@host`.
///
/// A user of ssh stays in the address, since it names the place; a password there is dropped, since ssh takes none.
pub(crate) fn part_credentials(url: &str) -> (String, Option<String>) {
    let whole = || (url.to_owned(), None);
    let Some((scheme, rest)) = url.split_once("://") else { return whole() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((user, host)) = authority.rsplit_once('@') else { return whole() };
    if matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return (format!("{scheme}://{host}{path}"), Some(format!("{scheme}://{user}@{host}")));
    }
    let user = user.split(':').next().unwrap_or_default();
    (format!("{scheme}://{user}@{host}{path}"), None)
}

/// What was scanned: where it came from, and the digest of exactly those bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRef {
    /// Kind of place.
    pub kind: SourceKind,
    /// What the operator named, with versions and commits resolved, without credentials.
    pub locator: String,
    /// Digest over sorted paths, bytes and the lock.
    pub digest: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_round_trips() {
        for text in [
            "examples/servers/clock",
            "dist/x.tar.gz",
            "npm:@scope/name@1.2.3",
            "npm:name",
            "pypi:mcp-server-time@2026.10.19",
            "git:https://host.example/a/b.git#v1:servers/x",
            "git:https://host.example/a/b.git#:servers/x",
            "git:../bare.git",
            "github:octo-org/weather",
            "github:octo-org/weather:servers/x",
            "github:octo-org/weather#refs/heads/main:servers/x",
        ] {
            assert_eq!(Locator::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_folder_of_a_repository_needs_no_reference() {
        for (text, address, folder) in [
            ("https://host.example/a/b.git:servers/x", "https://host.example/a/b.git", Some("servers/x")),
            ("https://host.example:8443/a:x/", "https://host.example:8443/a", Some("x")),
            ("https://ada:pw@host.example/a", "https://ada:pw@host.example/a", None),
            ("https://host.example:8443", "https://host.example:8443", None),
            ("https://host.example/a:", "https://host.example/a", None),
            ("ssh://git@host.example:22/a.git:x", "ssh://git@host.example:22/a.git", Some("x")),
            ("git@host.example:a/b.git", "git@host.example:a/b.git", None),
            ("git@host.example:a/b.git:x/y", "git@host.example:a/b.git", Some("x/y")),
            ("/srv/a.git:x", "/srv/a.git", Some("x")),
            ("../a.git:x", "../a.git", Some("x")),
            ("file:///srv/a.git:x", "file:///srv/a.git", Some("x")),
            ("/srv/a:b#", "/srv/a:b", None),
            ("/srv/a:b#main:x", "/srv/a:b", Some("x")),
        ] {
            let locator = Locator::parse(&format!("git:{text}")).unwrap();
            let Locator::Git { url, subdir, .. } = &locator else { panic!("{locator:?}") };
            assert_eq!((url.as_str(), subdir.as_deref()), (address, folder), "{text}");
            let kept = String::from(locator.clone());
            assert_eq!(Locator::parse(&kept).unwrap(), locator, "{kept}");
        }
    }

    #[test]
    fn credentials_are_kept_for_fetching_and_shown_to_nobody() {
        let text = "git:https://ada:s3cret@host.example:8443/a.git#v1:x";
        let locator = Locator::parse(text).unwrap();
        assert_eq!(locator.to_string(), "git:https://host.example:8443/a.git#v1:x");
        assert_eq!(String::from(locator.clone()), text);
        assert_eq!(String::from(locator.without_credentials()), locator.to_string());
        assert_eq!(part_credentials("https://ada:x@h/a").1.as_deref(), Some("https://ada:x@h"));
        assert_eq!(part_credentials("ssh://git:pw@host.example/a").0, "ssh://git@host.example/a");
        let wrong = Locator::parse("git:https://ada:s3cret@host.example/a#--x").unwrap_err();
        assert!(!wrong.to_string().contains("s3cret"), "{wrong}");
        for plain in ["git@host.example:a.git", "../bare.git", "https://host.example/a@1.git"] {
            assert_eq!(part_credentials(plain), (plain.to_owned(), None));
        }
    }

    #[test]
    fn what_a_tool_could_take_for_an_option_or_a_path_is_refused() {
        for text in [
            "",
            "npm:",
            "npm:-x",
            "npm:a@",
            "npm:a@--x",
            "npm:../a",
            "npm:@a",
            "pypi:a b",
            "pypi:-r",
            "git:",
            "git:-oProxy",
            "git:ext::sh -c x",
            "git:ext::sh -c x:y",
            "git:https://h/a:../x",
            "git:https://h/a:-x",
            "git:https://h/a#--upload-pack=x",
            "git:https://h/a#main:../x",
            "a\0b",
        ] {
            assert!(Locator::parse(text).is_err(), "{text:?}");
        }
    }
}
