//! Objects of a repository: their ids, a conversation that reads many of them, and the commands that write them.
//!
//! What is written here is reachable from nothing until a reference is moved, so it changes nothing that anyone sees, and a
//! write that stops half-way leaves only garbage for `git gc`.

use std::fmt;

use mosaic_core::error::Result;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::exec::{OUTPUT_LIMIT, Run};
use super::fault;
use super::store::Repo;

/// The id of an object, as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ObjectId(String);

impl ObjectId {
    pub(super) fn parse(text: &str) -> Result<Self> {
        if super::names::is_object_id(text) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(fault::unreadable("git gave something that is no object id"))
    }

    /// An id as the only content of an answer.
    pub(super) fn parse_line(bytes: &[u8]) -> Result<Self> {
        Self::parse(String::from_utf8_lossy(bytes).trim())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What git says of an object before its content.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) id: ObjectId,
    pub(super) kind: String,
    pub(super) size: usize,
}

/// A `git cat-file` that answers one question after the other, so that an operation pays for one process.
#[derive(Debug)]
pub(super) struct Reader {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    // Killed when the reader goes; it only reads.
    _child: Child,
}

impl Reader {
    pub(super) fn start(repo: &Repo<'_>) -> Result<Self> {
        let mut child = repo.git("cat-file").arg("--batch-command").spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(stdin), Some(stdout)) => Ok(Self { stdin, stdout: BufReader::new(stdout), _child: child }),
            _ => Err(fault::unreadable("git cat-file was started without pipes")),
        }
    }

    /// What the name stands for, where there is such an object.
    pub(super) async fn info(&mut self, name: &str) -> Result<Option<Header>> {
        self.ask("info", name).await
    }

    /// The object and its content, where there is such an object.
    pub(super) async fn contents(&mut self, name: &str) -> Result<Option<(Header, Vec<u8>)>> {
        let Some(header) = self.ask("contents", name).await? else { return Ok(None) };
        if header.size > OUTPUT_LIMIT {
            return Err(fault::invalid(format!(
                "{} bytes are more than the {OUTPUT_LIMIT} that can be read",
                header.size
            )));
        }
        // A line feed follows the content.
        let mut content = vec![0; header.size + 1];
        self.stdout.read_exact(&mut content).await.map_err(lost)?;
        content.pop();
        Ok(Some((header, content)))
    }

    /// The first of the names that there is.
    pub(super) async fn first(&mut self, names: &[String]) -> Result<Option<Header>> {
        for name in names {
            if let Some(header) = self.info(name).await? {
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    async fn ask(&mut self, verb: &str, name: &str) -> Result<Option<Header>> {
        debug_assert!(!name.contains('\n'), "names.rs lets no line feed through");
        self.stdin.write_all(format!("{verb} {name}\n").as_bytes()).await.map_err(lost)?;
        self.stdin.flush().await.map_err(lost)?;
        let mut line = Vec::new();
        // The longest header repeats the question.
        (&mut self.stdout).take(64 * 1024).read_until(b'\n', &mut line).await.map_err(lost)?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\n');
        if let Some(why) = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' ')) {
            match why {
                "missing" => return Ok(None),
                "ambiguous" => {
                    return Err(fault::invalid(format!(
                        "{} names several objects",
                        super::names::shown(name)
                    )));
                }
                _ => {}
            }
        }
        if line.ends_with(" submodule") {
            return Ok(None);
        }
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next().and_then(|size| size.parse().ok())) {
            (Some(id), Some(kind), Some(size)) => {
                Ok(Some(Header { id: ObjectId::parse(id)?, kind: kind.to_owned(), size }))
            }
            _ => Err(fault::unreadable("git cat-file gave no header")),
        }
    }
}

fn lost(error: std::io::Error) -> mosaic_core::Error {
    fault::unreadable("git cat-file ended in the middle of a conversation").source(error)
}

/// One row of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeEntry {
    pub(super) mode: String,
    pub(super) id: ObjectId,
    pub(super) name: Vec<u8>,
}

/// The modes of a tree that are told apart here.
pub(super) const FILE: &str = "100644";
pub(super) const EXECUTABLE: &str = "100755";
pub(super) const DIRECTORY: &str = "40000";
pub(super) const LINK: &str = "120000";
pub(super) const SUBMODULE: &str = "160000";

/// The rows of a tree object: mode, space, name, NUL, and the id in half as many bytes as it has digits.
pub(super) fn parse_tree(raw: &[u8], id: &ObjectId) -> Result<Vec<TreeEntry>> {
    let id_length = id.as_str().len() / 2;
    let (mut rows, mut rest) = (Vec::new(), raw);
    while !rest.is_empty() {
        let row = (|| {
            let space = rest.iter().position(|b| *b == b' ')?;
            let nul = space + rest[space..].iter().position(|b| *b == 0)?;
            let id = rest.get(nul + 1..nul + 1 + id_length)?;
            let id = id.iter().map(|byte| format!("{byte:02x}")).collect();
            let mode = String::from_utf8_lossy(&rest[..space]).into_owned();
            let row = TreeEntry { mode, id: ObjectId(id), name: rest[space + 1..nul].to_vec() };
            rest = &rest[nul + 1 + id_length..];
            Some(row)
        })();
        rows.push(row.ok_or_else(|| fault::unreadable("a tree object is cut off"))?);
    }
    Ok(rows)
}

/// Who did something, and when, as git writes it.
#[derive(Debug, Clone)]
pub(super) struct Ident {
    pub(super) name: String,
    pub(super) email: String,
    /// Seconds since 1970 and the offset, such as `1700000000 +0000`.
    pub(super) date: String,
}

/// A commit that is to be made.
#[derive(Debug)]
pub(super) struct NewCommit<'a> {
    pub(super) tree: &'a ObjectId,
    pub(super) parents: &'a [&'a ObjectId],
    pub(super) message: &'a str,
    pub(super) author: &'a Ident,
    pub(super) committer: &'a Ident,
}

impl Repo<'_> {
    /// Stores a blob.
    pub(super) async fn write_blob(
        &self,
        content: impl AsRef<[u8]> + Send + Sync + 'static,
    ) -> Result<ObjectId> {
        let run = self.git("hash-object").args(["-w", "-t", "blob", "--stdin"]).input(content);
        ObjectId::parse_line(&run.stdout().await?)
    }

    /// Stores a tree; git sorts its rows.
    pub(super) async fn write_tree(&self, rows: &[TreeEntry]) -> Result<ObjectId> {
        let mut input = Vec::new();
        for row in rows {
            let kind = match row.mode.as_str() {
                DIRECTORY => "tree",
                SUBMODULE => "commit",
                _ => "blob",
            };
            input.extend_from_slice(format!("{} {kind} {}\t", row.mode, row.id).as_bytes());
            input.extend_from_slice(&row.name);
            input.push(0);
        }
        // The rows that are not new were in the tree before: there is no need to look each of them up.
        let run = self.git("mktree").args(["-z", "--missing"]).input(input);
        ObjectId::parse_line(&run.stdout().await?)
    }

    /// Stores a commit.
    pub(super) async fn write_commit(&self, commit: NewCommit<'_>) -> Result<ObjectId> {
        let mut message = commit.message.trim_end_matches('\n').to_owned();
        message.push('\n');
        let run = signed(self.git("commit-tree"), commit.author, commit.committer)
            .arg(commit.tree.as_str())
            .args(commit.parents.iter().flat_map(|parent| ["-p", parent.as_str()]))
            .input(message);
        ObjectId::parse_line(&run.stdout().await?)
    }
}

fn signed(run: Run, author: &Ident, committer: &Ident) -> Run {
    run.env("GIT_AUTHOR_NAME", &author.name)
        .env("GIT_AUTHOR_EMAIL", &author.email)
        .env("GIT_AUTHOR_DATE", &format!("@{}", author.date))
        .env("GIT_COMMITTER_NAME", &committer.name)
        .env("GIT_COMMITTER_EMAIL", &committer.email)
        .env("GIT_COMMITTER_DATE", &format!("@{}", committer.date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_read_row_by_row() {
        let id = ObjectId::parse(&"ab".repeat(20)).unwrap();
        let mut raw = Vec::new();
        for (mode, name) in [(FILE, "a b"), (DIRECTORY, "src")] {
            raw.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            raw.extend_from_slice(&[0xab; 20]);
        }
        let rows = parse_tree(&raw, &id).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (rows[1].mode.as_str(), rows[1].name.as_slice(), &rows[1].id),
            (DIRECTORY, b"src".as_slice(), &id)
        );
        assert!(parse_tree(&raw[..raw.len() - 1], &id).is_err());
    }
}
