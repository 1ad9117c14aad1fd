//! The issues of a repository as a project of a tracker.
//!
//! The key of such a project is `owner/name`, the number of an issue the one it has in its repository, so that `IssueRef`
//! reads `owner/name#7` as people write it there. Both ways lose nothing: neither part of the name has a slash.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{ProjectKey, RepoRef};

use super::names;

/// The repository that a key stands for.
///
/// # Errors
/// `Invalid` where the key is not `owner/name`.
pub(crate) fn repository(key: &ProjectKey) -> Result<RepoRef> {
    let Some((owner, name)) = key.as_str().split_once('/') else {
        let text = format!("project: {} is no repository: give owner/name", names::shown(key.as_str()));
        return Err(Error::new(ErrorKind::Invalid, text));
    };
    let repo = RepoRef::new(owner, name);
    names::hosted(&repo)?;
    Ok(repo)
}

/// The key that stands for a repository.
pub(crate) fn key(repo: &RepoRef) -> ProjectKey {
    ProjectKey::new(repo.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_an_owner_and_a_name_are_a_repository() {
        for bad in ["OPS", "", "/", "a/", "/b", "a/b/c", "a/..", "a b/c"] {
            let error = repository(&ProjectKey::new(bad)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_repository_comes_back(owner in "[a-z0-9][a-z0-9-]{0,10}", name in "[A-Za-z0-9_][A-Za-z0-9_-]{0,10}") {
            let repo = RepoRef::new(owner, name);
            prop_assert_eq!(repository(&key(&repo)).unwrap(), repo);
        }
    }
}
