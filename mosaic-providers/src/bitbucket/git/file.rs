//! Files: read at a commit, written and deleted as commits.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{DeleteFile, GetFile, WriteFile};
use mosaic_core::types::git::{FileContent, FileDeleted, FileWritten};
use mosaic_core::types::{Blob, RepoRef};
use serde::Deserialize;

use super::super::cloud::{Cloud, conflict, not_found, repo, revision, unclear, unsupported};
use super::super::wire;
use super::repository::{self, FIRST_BRANCH};
use super::upload::{Form, blob_id};
use super::{branch, commit};
use crate::forge::names::{self, BranchName, FilePath, is_object_id};
use crate::http::Path;

/// How often a write looks again at a branch that others write to at the same time.
const ROUNDS: usize = 20;

/// What lies at a path.
#[derive(Debug, Deserialize)]
struct Meta {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default, deserialize_with = "wire::words")]
    attributes: Vec<String>,
}

impl Meta {
    fn has(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|other| other == attribute)
    }

    fn is_directory(&self) -> bool {
        self.kind == "commit_directory"
    }
}

pub(super) fn place(of: &RepoRef, commit: &str, path: &str) -> Result<Path> {
    Ok(repo(of)?.part("src").part(commit).parts(path))
}

async fn meta(cloud: &Cloud, cx: &CallContext, of: &RepoRef, at: &str, path: &str) -> Result<Option<Meta>> {
    cloud.client.get(place(of, at, path)?).query("format", "meta").find(cx).await
}

/// Whether a directory lies at a path of a commit.
pub(super) async fn is_directory(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    at: &str,
    path: &str,
) -> Result<bool> {
    Ok(meta(cloud, cx, of, at, path).await?.is_some_and(|meta| meta.is_directory()))
}

async fn content(cloud: &Cloud, cx: &CallContext, of: &RepoRef, at: &str, path: &str) -> Result<Vec<u8>> {
    let request = cloud.client.get(place(of, at, path)?).accept("*/*");
    Ok(request.raw(cx).await?.value.into())
}

/// The commit is looked up first, so that file and commit belong together whatever happens to the branch meanwhile.
pub(super) async fn get(cloud: &Cloud, cx: &CallContext, op: GetFile) -> Result<FileContent> {
    let path = FilePath::parse(&op.path)?;
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let commit = commit::resolve(cloud, cx, &op.repo, at).await?;
    match meta(cloud, cx, &op.repo, &commit, path.as_str()).await? {
        Some(meta) if meta.has("lfs") => {
            Err(unsupported(format!("{path} in {} is kept by Git LFS, which is not read here", op.repo)))
        }
        Some(meta) if !meta.is_directory() && !meta.has("subrepository") => {
            let bytes = content(cloud, cx, &op.repo, &commit, path.as_str()).await?;
            Ok(FileContent::new(op.path, blob_id(&bytes), commit, Blob::from(bytes)))
        }
        _ => Err(not_found(format!("there is no file {path} in {} at {commit}", op.repo))),
    }
}

/// What a commit is to be made on.
struct Ground {
    branch: String,
    /// None before the first commit.
    tip: Option<String>,
}

impl Ground {
    /// The branch to write to, and where it stands. Before the first commit there is none, and any can be begun.
    async fn find(cloud: &Cloud, cx: &CallContext, of: &RepoRef, branch: Option<&str>) -> Result<Self> {
        if let Some(name) = branch
            && let Some(found) = branch::find(cloud, cx, of, name).await?
        {
            return Ok(Self { branch: found.name, tip: Some(found.commit) });
        }
        let repository = repository::fetch(cloud, cx, of).await?;
        match (repository.main_branch(), branch) {
            (None, name) => Ok(Self { branch: name.unwrap_or(FIRST_BRANCH).to_owned(), tip: None }),
            (Some(_), Some(name)) => Err(not_found(format!("there is no branch {name} in {of}"))),
            (Some(main), None) => {
                let found = branch::fetch(cloud, cx, of, main).await?;
                Ok(Self { branch: found.name, tip: Some(found.commit) })
            }
        }
    }
}

/// The file that a write finds at its path.
struct There {
    blob: String,
    /// Whether it is an ordinary file, and no link.
    plain: bool,
}

/// The file at a path, to be written over; directories and files are in each other's way.
async fn look(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    tip: &str,
    path: &FilePath,
) -> Result<Option<There>> {
    let Some(found) = meta(cloud, cx, of, tip, path.as_str()).await? else {
        return above(cloud, cx, of, tip, path).await.map(|()| None);
    };
    if found.is_directory() || found.has("subrepository") {
        return Err(conflict(format!("{path} is a directory in {of}")));
    }
    if found.has("lfs") {
        return Err(unsupported(format!("{path} in {of} is kept by Git LFS, which is not written here")));
    }
    let bytes = content(cloud, cx, of, tip, path.as_str()).await?;
    Ok(Some(There { blob: blob_id(&bytes), plain: !found.has("link") }))
}

/// Makes sure that what lies above a new file are directories.
async fn above(cloud: &Cloud, cx: &CallContext, of: &RepoRef, tip: &str, path: &FilePath) -> Result<()> {
    let mut rest = path.as_str();
    while let Some((parent, _)) = rest.rsplit_once('/') {
        match meta(cloud, cx, of, tip, parent).await? {
            Some(found) if found.is_directory() => return Ok(()),
            Some(_) => return Err(conflict(format!("{path} would lie below {parent}, which is a file"))),
            None => rest = parent,
        }
    }
    Ok(())
}

/// Makes a commit; its id is told by its address only.
async fn commit_form(cloud: &Cloud, cx: &CallContext, of: &RepoRef, form: Form) -> Result<String> {
    let (kind, body) = form.finish()?;
    let request = cloud.client.post(repo(of)?.part("src")).typed(kind, body);
    let answer = request.done(cx).await?;
    let place = answer.header("location").unwrap_or_default();
    let id = place.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if !is_object_id(id) {
        return Err(Error::after_a_step(unclear("the commit was made, and its id is not told")));
    }
    Ok(id.to_owned())
}

/// A form for a commit on a branch that is still where it was when it was looked at.
fn form_on(ground: &Ground, message: Option<&str>, content: &[u8]) -> Result<Form> {
    let mut form = Form::around(content).text("branch", &ground.branch)?;
    if let Some(message) = message {
        form = form.text("message", message)?;
    }
    match &ground.tip {
        Some(tip) => form.text("parents", tip),
        None => Ok(form),
    }
}

/// A commit is made on the commit that was looked at, or not at all. Where somebody else comes between, everything is looked at
/// again.
pub(super) async fn write(cloud: &Cloud, cx: &CallContext, op: WriteFile) -> Result<FileWritten> {
    let path = FilePath::parse(&op.path)?;
    let wanted = check(op.branch.as_deref(), op.message.as_deref())?;
    let bytes = &op.content.bytes;
    let blob = blob_id(bytes);
    let mut round = 1;
    loop {
        let ground = Ground::find(cloud, cx, &op.repo, wanted).await?;
        let now = match &ground.tip {
            Some(tip) => look(cloud, cx, &op.repo, tip, &path).await?,
            None => None,
        };
        expect(&op.repo, &path, op.expected.as_deref(), now.as_ref().map(|now| now.blob.as_str()))?;
        if let (Some(now), Some(tip)) = (&now, &ground.tip)
            && now.plain
            && now.blob == blob
        {
            return Ok(FileWritten::new(op.path, blob, tip.as_str()).unchanged(true));
        }
        let form = form_on(&ground, op.message.as_deref(), bytes)?.file(path.as_str(), bytes);
        match commit_form(cloud, cx, &op.repo, form).await {
            Ok(commit) => return Ok(FileWritten::new(op.path, blob, commit)),
            Err(error) if round < ROUNDS && overtaken(&error) => round += 1,
            Err(error) => return Err(error),
        }
    }
}

pub(super) async fn delete(cloud: &Cloud, cx: &CallContext, op: DeleteFile) -> Result<FileDeleted> {
    let path = FilePath::parse(&op.path)?;
    let wanted = check(op.branch.as_deref(), op.message.as_deref())?;
    let missing = || not_found(format!("there is no file {path} in {}", op.repo));
    let mut round = 1;
    loop {
        let ground = Ground::find(cloud, cx, &op.repo, wanted).await?;
        let tip = ground.tip.as_deref().ok_or_else(missing)?;
        let now = meta(cloud, cx, &op.repo, tip, path.as_str()).await?;
        let now = now.filter(|now| !now.is_directory() && !now.has("subrepository"));
        let now = now.ok_or_else(missing)?;
        if let Some(expected) = op.expected.as_deref() {
            if now.has("lfs") {
                return Err(unsupported(format!("{path} in {} is kept by Git LFS", op.repo)));
            }
            let blob = blob_id(&content(cloud, cx, &op.repo, tip, path.as_str()).await?);
            expect(&op.repo, &path, Some(expected), Some(&blob))?;
        }
        // A path that is named without a content goes away.
        let form = form_on(&ground, op.message.as_deref(), b"")?.text("files", &format!("/{path}"))?;
        match commit_form(cloud, cx, &op.repo, form).await {
            Ok(commit) => return Ok(FileDeleted::new(op.path, commit)),
            Err(error) if round < ROUNDS && overtaken(&error) => round += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Whether a refusal says that the branch is not where it was when it was looked at.
fn overtaken(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && error.status_code() == Some(409)
}

fn check<'a>(branch: Option<&'a str>, message: Option<&str>) -> Result<Option<&'a str>> {
    if let Some(branch) = branch {
        BranchName::parse("branch", branch)?;
    }
    if let Some(message) = message {
        names::text("message", message)?;
    }
    Ok(branch)
}

fn expect(of: &RepoRef, path: &FilePath, expected: Option<&str>, now: Option<&str>) -> Result<()> {
    match (expected, now) {
        (Some(""), Some(_)) => Err(conflict(format!("there is a file {path} in {of} already"))),
        (Some(expected), now) if expected != now.unwrap_or_default() => {
            let now = now.unwrap_or("no such file");
            Err(conflict(format!("{path} in {of} is not at the version {expected}: it is at {now}")))
        }
        _ => Ok(()),
    }
}
