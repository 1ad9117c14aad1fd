//! Commits: read as a list, and the signature of those made here.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{GetCommit, ListCommits};
use mosaic_core::types::git::{Commit, Signature};
use mosaic_core::types::{Cursor, Page, Timestamp};

use super::fault;
use super::names::{self, FilePath, Revision, identity};
use super::object::{Ident, ObjectId, Reader};
use super::store::{Repo, Store};

/// The caller, now.
pub(super) fn caller(cx: &CallContext) -> Ident {
    let (name, email) = identity(cx.caller());
    Ident { name, email, date: format!("{} +0000", Timestamp::now().as_second()) }
}

/// The message that was given, or the plain one.
pub(super) fn said<'a>(message: Option<&'a str>, plain: &'a str) -> &'a str {
    message.filter(|text| !text.trim().is_empty()).unwrap_or(plain)
}

/// Lists commits. The cursor holds the commit that the list began at, so pages fit together while the branch moves on.
pub(super) async fn list(store: &Store, op: ListCommits) -> Result<Page<Commit>> {
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    // A directory may end with a slash.
    let path =
        op.path.as_deref().map(|path| FilePath::parse(path.strip_suffix('/').unwrap_or(path))).transpose()?;
    let place = op.page.cursor.as_ref().map(parse_cursor).transpose()?;
    let repo = store.repo(&op.repo).await?;
    let (start, skip) = match place {
        Some((start, skip)) => match Reader::start(&repo)?.info(&format!("{start}^{{commit}}")).await? {
            Some(_) => (start, skip),
            None => return Err(bad_cursor()),
        },
        None => match at {
            Some(at) => (Reader::start(&repo)?.commit(&op.repo, &at).await?, 0),
            None => {
                let default = repo.or_default(None).await?;
                match Reader::start(&repo)?.first(&default.candidates()).await? {
                    Some(header) => (header.id, 0),
                    // Nothing was committed yet.
                    None => return Ok(Page::last(Vec::new())),
                }
            }
        },
    };
    let limit = op.page.limit();
    let mut rows = log(&repo, &[start.as_str()], skip, limit + 1, path.as_ref()).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = more.then(|| Cursor::new(format!("{start}.{}", skip + limit)));
    Ok(Page::new(rows, next))
}

fn parse_cursor(cursor: &Cursor) -> Result<(ObjectId, usize)> {
    let parts = cursor.as_str().split_once('.');
    let parts = parts.filter(|(start, _)| names::is_object_id(start));
    let (start, skip) = parts.ok_or_else(bad_cursor)?;
    Ok((ObjectId::parse(start)?, skip.parse().map_err(|_| bad_cursor())?))
}

fn bad_cursor() -> mosaic_core::Error {
    fault::invalid("page.cursor: it was not made by this provider for this repository")
}

/// Fetches one commit.
pub(super) async fn get(store: &Store, op: GetCommit) -> Result<Commit> {
    let commit = Revision::parse("commit", &op.commit)?;
    let repo = store.repo(&op.repo).await?;
    let id = Reader::start(&repo)?.commit(&op.repo, &commit).await?;
    let found = log(&repo, &[id.as_str()], 0, 1, None).await?.pop();
    found.ok_or_else(|| fault::unreadable("git rev-list gave no commit"))
}

/// The commits that the range has, newest first.
pub(super) async fn log(
    repo: &Repo<'_>,
    range: &[&str],
    skip: usize,
    count: usize,
    path: Option<&FilePath>,
) -> Result<Vec<Commit>> {
    let run = repo
        .git("rev-list")
        .args(["--no-commit-header", "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%B%x00"])
        .arg(format!("--skip={skip}"))
        .arg(format!("--max-count={count}"))
        .args(range)
        .arg("--")
        .args(path.map(FilePath::as_str));
    let output = run.stdout().await?;
    records(&output, 6).map(|record| record.and_then(|fields| commit(&fields))).collect()
}

/// The records of a `--format` whose fields all end with NUL: git puts a line feed after each record.
pub(super) fn records(output: &[u8], fields: usize) -> impl Iterator<Item = Result<Vec<String>>> {
    let mut all = output.split(|byte| *byte == 0).peekable();
    std::iter::from_fn(move || {
        let first = all.next()?;
        // What is left after the last record is its line feed.
        all.peek()?;
        let first = first.strip_prefix(b"\n").unwrap_or(first);
        let record: Vec<_> = std::iter::once(first)
            .chain(all.by_ref().take(fields - 1))
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect();
        Some(if record.len() == fields {
            Ok(record)
        } else {
            Err(fault::unreadable("git rev-list gave half a record"))
        })
    })
}

fn commit(fields: &[String]) -> Result<Commit> {
    let [id, parents, name, email, time, message] = fields else {
        return Err(fault::unreadable("git rev-list gave an odd record"));
    };
    let mut author = Signature::new(name.as_str(), email.as_str());
    author.at = time.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let parents: Vec<String> = parents.split_whitespace().map(str::to_owned).collect();
    Ok(Commit::new(id.as_str(), message.trim_end_matches('\n'), author).parents(parents))
}
