//! Files: written as commits, read at any of them.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{CreateBranch, GetFile, GitService, ListCommits, WriteFile};
use crate::testkit::suite::Failure;
use crate::types::Blob;

/// The first file of an empty repository makes its default branch.
///
/// # Errors
/// The failure.
pub async fn the_first_file_makes_the_default_branch(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/the_first_file_makes_the_default_branch").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    ground.equal("branches of an empty repository", &ground.branches().await?.len(), &0)?;
    let got = git.get_file(cx, GetFile::of(repo, "README.md")).await;
    ground.refused("get_file in an empty repository", got, ErrorKind::NotFound)?;
    let op = WriteFile::of(repo, "docs/guide.md", "text").message("Begin\n\nAt last.");
    let written = ground.done("write_file", git.write_file(cx, op).await)?;
    ground.equal("path", &written.path, "docs/guide.md")?;
    let branches = ground.branches().await?;
    let shown: Vec<_> =
        branches.iter().map(|branch| (branch.name.as_str(), branch.commit.as_str())).collect();
    ground.equal("branches", &shown, &vec![("main", written.commit.as_str())])?;
    let commits = ground.commits("main").await?;
    ground.equal("number of commits", &commits.len(), &1)?;
    ground.equal("message", &commits[0].message, "Begin\n\nAt last.")?;
    ground.equal("number of parents", &commits[0].parents.len(), &0)?;
    let file = ground.done("get_file", git.get_file(cx, GetFile::of(repo, "docs/guide.md")).await)?;
    ground.equal("blob", &file.blob, &written.blob)?;
    ground.equal("commit", &file.commit, &written.commit)?;
    ground.equal("content", &file.content.as_text(), &Some("text"))
}

/// A file is read at a branch or at a commit; what is not there is `NotFound`.
///
/// # Errors
/// The failure.
pub async fn files_are_read_at_branch_and_commit(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/files_are_read_at_branch_and_commit").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let first = ground.write("main", "src/lid.rs", "first").await?;
    let made = git.create_branch(cx, CreateBranch::of(repo, "feature/lid").from(first.commit.as_str())).await;
    ground.done("create_branch", made)?;
    let second = ground.write("main", "src/lid.rs", "second").await?;
    ground.write("feature/lid", "src/lid.rs", "other").await?;
    ground.ensure(first.commit != second.commit && first.blob != second.blob, "two versions share an id")?;
    ground.reads("main", "src/lid.rs", "second").await?;
    ground.reads("feature/lid", "src/lid.rs", "other").await?;
    ground.reads(&first.commit, "src/lid.rs", "first").await?;
    let file = ground.done("get_file", git.get_file(cx, GetFile::of(repo, "src/lid.rs")).await)?;
    ground.equal("commit of the default branch", &file.commit, &second.commit)?;
    for (path, at) in [
        ("src/missing.rs", "main"),
        ("src", "main"),
        ("src/lid.rs", "missing"),
        ("src/lid.rs", "deadbeefdeadbeef"),
    ] {
        let got = git.get_file(cx, GetFile::of(repo, path).at(at)).await;
        ground.refused(&format!("get_file {path} at {at}"), got, ErrorKind::NotFound)?;
    }
    let absent = "0123456789".repeat(4);
    let got = git.get_file(cx, GetFile::of(repo, "src/lid.rs").at(absent)).await;
    ground.refused("get_file at a commit that is not there", got, ErrorKind::NotFound)?;
    let got = git.write_file(cx, WriteFile::of(repo, "src/lid.rs", "text").branch("missing")).await;
    ground.refused("write_file on a missing branch", got, ErrorKind::NotFound)
}

/// `expected` lets a write happen only over the version that the caller saw; where that cannot be it is `Unsupported`.
///
/// # Errors
/// The failure.
pub async fn expected_compares_and_sets(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/expected_compares_and_sets").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let write = |path: &str, text: &str, expected: &str| {
        git.write_file(cx, WriteFile::of(repo, path, text).branch("main").expected(expected))
    };
    if !ground.shows(Trait::ExpectsVersions) {
        ground.unsupported("write_file, expecting none", write("a", "1", "").await)?;
        return ground.equal("a", &ground.text("main", "a").await?, &None);
    }
    let first = ground.done("write_file of a new file, expecting none", write("a", "1", "").await)?;
    ground.refused("write_file, expecting none", write("a", "2", "").await, ErrorKind::Conflict)?;
    let second = write("a", "2", &first.blob).await;
    let second = ground.done("write_file, expecting the present version", second)?;
    let late = write("a", "3", &first.blob).await;
    ground.refused("write_file, expecting an old version", late, ErrorKind::Conflict)?;
    let gone = write("b", "1", &first.blob).await;
    ground.refused("write_file of a new file, expecting a version", gone, ErrorKind::Conflict)?;
    ground.reads("main", "a", "2").await?;
    ground.equal("b", &ground.text("main", "b").await?, &None)?;
    ground.done("write_file, expecting the present version", write("a", "4", &second.blob).await).map(|_| ())
}

/// Writing what is there already makes no commit and says so; where it may make one the content is the same.
///
/// # Errors
/// The failure.
pub async fn the_same_content_makes_no_commit(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/the_same_content_makes_no_commit").await?;
    let first = ground.write("main", "a", "text").await?;
    ground.equal("unchanged, for a new file", &first.unchanged, &false)?;
    let second = ground.write("main", "a", "text").await?;
    if !ground.shows(Trait::SameContentMakesNoCommit) {
        return ground.equal("blob", &second.blob, &first.blob);
    }
    ground.equal("unchanged, for the same content", &second.unchanged, &true)?;
    ground.equal("commit", &second.commit, &first.commit)?;
    ground.equal("blob", &second.blob, &first.blob)?;
    ground.equal("number of commits", &ground.commits("main").await?.len(), &1)
}

/// Every byte comes back: binary, empty and long content, in directories and under names of any language.
///
/// # Errors
/// The failure.
pub async fn bytes_come_back(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/bytes_come_back").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let every: Vec<u8> = (0..=255).collect();
    let long: Vec<u8> = every.iter().copied().cycle().take(300_000).collect();
    let lines = b"no line feed at the end\r\n\n\tx".to_vec();
    for (path, bytes) in [
        ("every", every),
        ("deep/er/long", long),
        ("empty", Vec::new()),
        ("docs/Lösung (1) – final.txt", lines),
        (".hidden", b"x".to_vec()),
    ] {
        let op = WriteFile::of(repo, path, Blob::from(bytes.clone()));
        ground.done(&format!("write_file {path}"), git.write_file(cx, op).await)?;
        let file = git.get_file(cx, GetFile::of(repo, path)).await;
        let file = ground.done(&format!("get_file {path}"), file)?;
        ground.ensure(file.content.bytes == bytes, &format!("{path} came back with other bytes"))?;
    }
    Ok(())
}

/// Paths that leave the repository or reach into git's own directory are `Invalid`, and nothing is written.
///
/// # Errors
/// The failure.
pub async fn bad_paths_are_refused(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/bad_paths_are_refused").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    for bad in [
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "./a",
        "a/",
        "a//b",
        ".git",
        ".git/config",
        "a/.GIT/hooks/x",
        "a\nb",
        "a\0b",
    ] {
        let got = git.write_file(cx, WriteFile::of(repo, bad, "text")).await;
        ground.refused(&format!("write_file {bad:?}"), got, ErrorKind::Invalid)?;
        let got = git.get_file(cx, GetFile::of(repo, bad)).await;
        ground.refused(&format!("get_file {bad:?}"), got, ErrorKind::Invalid)?;
    }
    for bad in [
        "-x",
        "--output=x",
        "main..other",
        "main~1",
        "main^{tree}",
        "main:README.md",
        "@{-1}",
        "a b",
        "a\nb",
        "",
    ] {
        let got = git.get_file(cx, GetFile::of(repo, "README.md").at(bad)).await;
        ground.refused(&format!("get_file at {bad:?}"), got, ErrorKind::Invalid)?;
        let got = git.list_commits(cx, ListCommits::of(repo).at(bad)).await;
        ground.refused(&format!("list_commits at {bad:?}"), got, ErrorKind::Invalid)?;
    }
    ground.equal("number of commits", &ground.commits("main").await?.len(), &1)
}

/// A file cannot be where a directory is, nor the other way round: `Conflict`.
///
/// # Errors
/// The failure.
pub async fn a_file_is_no_directory(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/a_file_is_no_directory").await?;
    ground.write("main", "a", "file").await?;
    ground.write("main", "d/x", "file").await?;
    for path in ["a/b", "a/b/c", "d"] {
        let got = git.write_file(ground.cx, WriteFile::of(&ground.repo, path, "text")).await;
        ground.refused(&format!("write_file {path}"), got, ErrorKind::Conflict)?;
    }
    ground.reads("main", "a", "file").await?;
    ground.reads("main", "d/x", "file").await
}
