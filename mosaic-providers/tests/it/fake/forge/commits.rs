//! Commits, trees and what lies between two commits.

use mosaic_core::types::Timestamp;

use super::git::Git;

/// Who made a commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) at: Timestamp,
}

/// A commit, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) id: String,
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) author: Who,
    pub(crate) committer: Who,
    pub(crate) message: String,
}

/// What a tree holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// From the root of the repository.
    pub(crate) path: String,
    /// Six digits, such as `100644`.
    pub(crate) mode: String,
    /// `blob`, `tree` or `commit`.
    pub(crate) kind: String,
    pub(crate) sha: String,
    /// Of blobs.
    pub(crate) size: Option<u64>,
}

/// What happened to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileDiff {
    pub(crate) path: String,
    pub(crate) previous: Option<String>,
    /// `A`, `M`, `D`, `R` or `T`.
    pub(crate) status: char,
    /// None for binary files.
    pub(crate) lines: Option<(u64, u64)>,
    /// The blob afterwards, or before where it is gone.
    pub(crate) sha: String,
    /// From the first `@@`; none for binary files and pure renames.
    pub(crate) patch: Option<String>,
}

const FORMAT: &str = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00%x01";
/// What the first commit of a history is compared with.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

impl Git<'_> {
    /// One commit by its whole id.
    pub(crate) async fn commit(&self, id: &str) -> Option<Commit> {
        self.log(id, None, 0, 1).await.pop()
    }

    /// Commits from one backwards, newest first, perhaps only those that touch a path.
    pub(crate) async fn log(&self, from: &str, path: Option<&str>, skip: usize, count: usize) -> Vec<Commit> {
        let (skip, count) = (format!("--skip={skip}"), format!("--max-count={count}"));
        let mut args = vec!["log", "--topo-order", FORMAT, &skip, &count, "--end-of-options", from, "--"];
        args.extend(path);
        self.ask(&args).await.map(|text| parse_log(&text)).unwrap_or_default()
    }

    /// The commits that the head has and the base has not, newest first.
    pub(crate) async fn between(&self, base: &str, head: &str) -> Vec<Commit> {
        self.log(&format!("{base}..{head}"), None, 0, 10_000).await
    }

    /// The newest commit that both have.
    pub(crate) async fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        self.ask(&["merge-base", one, other]).await
    }

    /// How many commits the head has more, and how many it has less, than the base.
    pub(crate) async fn ahead_behind(&self, base: &str, head: &str) -> (u64, u64) {
        let range = format!("{base}...{head}");
        let text = self.run(&["rev-list", "--left-right", "--count", &range]).text().await;
        let mut counts = text.split_whitespace().map(|count| count.parse().unwrap());
        let behind = counts.next().unwrap();
        (counts.next().unwrap(), behind)
    }

    /// Whether a commit is part of the history of another.
    pub(crate) async fn contains(&self, tip: &str, commit: &str) -> bool {
        self.run(&["merge-base", "--is-ancestor", commit, tip]).holds().await
    }

    /// The type and the id of an object, such as `<commit>:<path>`.
    pub(crate) async fn object(&self, name: &str) -> Option<(String, String)> {
        let text = self.run(&["cat-file", "--batch-check"]).input(format!("{name}\n")).text().await;
        let mut words = text.split(' ');
        let (id, kind) = (words.next()?, words.next()?);
        matches!(kind, "blob" | "tree" | "commit" | "tag").then(|| (kind.to_owned(), id.to_owned()))
    }

    /// The content of a blob.
    pub(crate) async fn blob(&self, id: &str) -> Option<Vec<u8>> {
        let output = self.run(&["cat-file", "blob", id]).output().await;
        output.status.success().then_some(output.stdout)
    }

    /// What a directory holds at a commit or tree, ordered as git does; none where it is no directory. The root is the empty
    /// path. With `recursive` everything below, directories included.
    pub(crate) async fn tree(&self, at: &str, path: &str, recursive: bool) -> Option<Vec<Entry>> {
        let path = path.trim_matches('/');
        let tree = match path {
            "" => format!("{at}^{{tree}}"),
            path => format!("{at}:{path}"),
        };
        if self.object(&tree).await?.0 != "tree" {
            return None;
        }
        let mut args = vec!["ls-tree", "-z", "-l", "--full-tree"];
        if recursive {
            args.extend(["-r", "-t"]);
        }
        args.push(&tree);
        let text = self.run(&args).text().await;
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let entry = |line: &str| {
            let (head, name) = line.split_once('\t')?;
            let words: Vec<_> = head.split_whitespace().collect();
            let [mode, kind, sha, size] = words[..] else { return None };
            Some(Entry {
                path: format!("{prefix}{name}"),
                mode: mode.to_owned(),
                kind: kind.to_owned(),
                sha: sha.to_owned(),
                size: size.parse().ok(),
            })
        };
        Some(text.split('\0').filter_map(entry).collect())
    }

    /// The same as a text, as git writes it.
    pub(crate) async fn diff_text(&self, base: &str, head: &str) -> String {
        let mut text = self.run(&["diff-tree", "-r", "-M", "-p", base, head]).text().await;
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }

    /// What changed from one commit to another, ordered by path; of the first commit everything is new.
    pub(crate) async fn diff(&self, base: Option<&str>, head: &str) -> Vec<FileDiff> {
        let base = base.unwrap_or(EMPTY_TREE);
        let diff = |option| self.run(&["diff-tree", "-r", "-M", option, "-z", base, head]);
        let (raw, numbers) = (diff("--raw").text().await, diff("--numstat").text().await);
        let patches = self.run(&["diff-tree", "-r", "-M", "-p", base, head]).text().await;
        let mut raw = raw.split('\0');
        let mut numbers = numbers.split('\0');
        let mut patches = format!("\n{patches}")
            .split("\ndiff --git ")
            .skip(1)
            .map(patch_of)
            .collect::<Vec<_>>()
            .into_iter();
        let mut files = Vec::new();
        while let Some(head) = raw.next().filter(|head| head.starts_with(':')) {
            let words: Vec<_> = head.split_whitespace().collect();
            let [_, _, old, new, status] = words[..] else { break };
            let status = status.chars().next().unwrap();
            let renamed = matches!(status, 'R' | 'C');
            let first = raw.next().unwrap().to_owned();
            let (path, previous) =
                if renamed { (raw.next().unwrap().to_owned(), Some(first)) } else { (first, None) };
            let counts = numbers.next().unwrap_or_default();
            if renamed {
                numbers.next();
                numbers.next();
            }
            let mut counts = counts.split('\t').map(|count| count.parse().ok());
            let lines = counts.next().flatten().zip(counts.next().flatten());
            let sha = if status == 'D' { old } else { new }.to_owned();
            let patch = patches.next().flatten();
            files.push(FileDiff { path, previous, status, lines, sha, patch });
        }
        files
    }
}

fn patch_of(text: &str) -> Option<String> {
    let at = text.find("\n@@ ")?;
    Some(text[at + 1..].trim_end_matches('\n').to_owned())
}

fn parse_log(text: &str) -> Vec<Commit> {
    let mut commits = Vec::new();
    for record in text.split("\0\u{1}") {
        let fields: Vec<_> = record.trim_start_matches('\n').splitn(10, '\0').collect();
        let [id, tree, parents, an, ae, at, cn, ce, ct, message] = fields[..] else { continue };
        let who = |name: &str, email: &str, at: &str| Who {
            name: name.to_owned(),
            email: email.to_owned(),
            at: Timestamp::from_second(at.parse().unwrap()).unwrap(),
        };
        commits.push(Commit {
            id: id.to_owned(),
            tree: tree.to_owned(),
            parents: parents.split_whitespace().map(str::to_owned).collect(),
            author: who(an, ae, at),
            committer: who(cn, ce, ct),
            message: message.trim_end_matches('\n').to_owned(),
        });
    }
    commits
}
