//! Commits.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::types::RepoRef;

use super::at_repo;
use super::wire::Sha;
use crate::forge::names::Revision;
use crate::http::Client;

/// The id of the commit that a branch, tag or shortened id stands for; that of the default branch without one.
pub(super) async fn resolve(
    client: &Client,
    cx: &CallContext,
    repo: &RepoRef,
    at: Option<&Revision>,
) -> Result<String> {
    let at = at.map_or_else(|| "HEAD".to_owned(), ToString::to_string);
    // One file of it at most: the id is all that is wanted.
    let path = at_repo(repo).part("commits").part(at);
    Ok(client.get(path).query("per_page", 1).send::<Sha>(cx).await?.sha)
}
