//! What the embedded CI asks of a forge: the commit behind a name, the files of a folder, and a clean copy of a commit.

use std::path::Path;

use mosaic_core::error::Result;
use mosaic_core::types::RepoRef;

use super::LocalGit;
use super::fault;
use super::names::{FilePath, Revision};
use super::object::{EXECUTABLE, FILE, ObjectId, Reader, parse_tree};

/// A commit and the name it was found by.
#[derive(Debug)]
pub(in crate::local) struct Found {
    /// The branch, tag or commit that was asked for, or the default branch.
    pub(in crate::local) reference: String,
    /// The id of the commit; none where the default branch has no commit yet and nothing else was asked for.
    pub(in crate::local) commit: Option<String>,
}

impl LocalGit {
    /// The commit that a branch, a tag or an id stands for; that of the default branch where nothing is asked for.
    pub(in crate::local) async fn find_commit(&self, repo: &RepoRef, at: Option<&str>) -> Result<Found> {
        let asked = at.map(|at| Revision::parse("at", at)).transpose()?;
        let repo = self.store()?.repo(repo).await?;
        let Some(asked) = asked else {
            let reference = repo.default_branch().await?;
            let candidates = Revision::parse("at", &reference)?.candidates();
            let header = Reader::start(&repo)?.first(&candidates).await?;
            return Ok(Found { reference, commit: header.map(|header| header.id.to_string()) });
        };
        let commit = Reader::start(&repo)?.commit(&repo.name, &asked).await?;
        Ok(Found { reference: asked.to_string(), commit: Some(commit.to_string()) })
    }

    /// The names of the files in a folder of a commit, in order; none where there is no such folder.
    pub(in crate::local) async fn file_names(
        &self,
        repo: &RepoRef,
        commit: &str,
        folder: &str,
    ) -> Result<Vec<String>> {
        let (commit, folder) = (ObjectId::parse(commit)?, FilePath::parse(folder)?);
        let repo = self.store()?.repo(repo).await?;
        let tree = Reader::start(&repo)?.contents(&format!("{commit}:{folder}")).await?;
        let Some((header, raw)) = tree.filter(|(header, _)| header.kind == "tree") else {
            return Ok(Vec::new());
        };
        let rows = parse_tree(&raw, &header.id)?;
        let files = rows.into_iter().filter(|row| matches!(row.mode.as_str(), FILE | EXECUTABLE | "100664"));
        Ok(files.filter_map(|row| String::from_utf8(row.name).ok()).collect())
    }

    /// Writes the files of a commit into an empty directory, without a repository around them. `index` is a path that git
    /// uses meanwhile; it is the caller's to remove.
    pub(in crate::local) async fn check_out(
        &self,
        repo: &RepoRef,
        commit: &str,
        into: &Path,
        index: &Path,
    ) -> Result<()> {
        let commit = ObjectId::parse(commit)?;
        let repo = self.store()?.repo(repo).await?;
        if Reader::start(&repo)?.info(&format!("{commit}^{{commit}}")).await?.is_none() {
            return Err(fault::not_found(format!("commit {commit} is not in {} any more", repo.name)));
        }
        let run = repo.git("read-tree").args(["--reset", "-u"]).arg(commit.as_str());
        run.env_path("GIT_WORK_TREE", into).env_path("GIT_INDEX_FILE", index).stdout().await.map(|_| ())
    }
}
