//! Comparisons: how far two commits are apart, and what changed between them.
//!
//! At most 250 commits and 1,000 files are shown.

use std::ops::ControlFlow;

use mosaic_core::error::Result;
use mosaic_core::op::git::Compare;
use mosaic_core::types::git::{ChangeKind, Comparison, FileChange};

use super::commit::log;
use super::fault;
use super::merge::merge_base;
use super::names::Revision;
use super::object::{ObjectId, Reader};
use super::store::{Repo, Store};

const COMMITS_MAX: usize = 250;
const FILES_MAX: usize = 1_000;

/// Compares two commits. Where they have nothing in common, everything that the head has is new.
pub(super) async fn compare(store: &Store, op: Compare) -> Result<Comparison> {
    let (base, head) = (Revision::parse("base", &op.base)?, Revision::parse("head", &op.head)?);
    let repo = store.repo(&op.repo).await?;
    let mut reader = Reader::start(&repo)?;
    let (base, head) = (reader.commit(&op.repo, &base).await?, reader.commit(&op.repo, &head).await?);
    let common = merge_base(&repo, &base, &head).await?;
    let (behind, ahead) = apart(&repo, &base, &head).await?;
    let commits = log(&repo, &[head.as_str(), &format!("^{base}")], 0, COMMITS_MAX, None).await?;
    let from = common.as_ref().map_or_else(|| empty_tree(&head), ObjectId::as_str);
    let mut files = changes(&repo, from, &head).await?;
    let truncated = ahead > commits.len() as u64 || files.len() > FILES_MAX;
    files.truncate(FILES_MAX);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut comparison = Comparison::new(ahead, behind).commits(commits).files(files).truncated(truncated);
    comparison.merge_base = common.map(|id| id.to_string());
    Ok(comparison)
}

/// How many commits each of the two has that the other has not.
async fn apart(repo: &Repo<'_>, left: &ObjectId, right: &ObjectId) -> Result<(u64, u64)> {
    let run =
        repo.git("rev-list").args(["--count", "--left-right"]).arg(format!("{left}...{right}")).arg("--");
    let output = run.stdout().await?;
    let text = String::from_utf8_lossy(&output);
    let counts = text.trim().split_once('\t').and_then(|(l, r)| Some((l.parse().ok()?, r.parse().ok()?)));
    counts.ok_or_else(|| fault::unreadable("git rev-list gave no counts"))
}

/// The tree without rows, which git knows without having stored it.
fn empty_tree(beside: &ObjectId) -> &'static str {
    match beside.as_str().len() {
        40 => "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        _ => "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
    }
}

/// What changed, one file more than the limit at most: git is ended once it has shown so many.
async fn changes(repo: &Repo<'_>, from: &str, to: &ObjectId) -> Result<Vec<FileChange>> {
    let mut reading = Reading::default();
    repo.git("diff-tree")
        .args(["-r", "-z", "--raw", "--numstat", "--find-renames", "--no-ext-diff", "--no-textconv"])
        .args([from, to.as_str(), "--"])
        .each(|record| reading.see(record))
        .await?;
    Ok(reading.files)
}

/// The answer of `diff-tree --raw --numstat -z`: first a line for each file with what happened to it, then, in the same order,
/// a line for each with its counts. A path ends each line, or two where the file was renamed.
#[derive(Debug, Default)]
struct Reading {
    files: Vec<FileChange>,
    counted: usize,
    wants: Wants,
}

/// What the next record is.
#[derive(Debug, Default, Clone, Copy)]
enum Wants {
    #[default]
    Line,
    Path(ChangeKind),
    OldPath,
    NewPath,
    CountedPaths(u8),
}

impl Reading {
    fn see(&mut self, record: &[u8]) -> Result<ControlFlow<()>> {
        let text = String::from_utf8_lossy(record);
        self.wants = match self.wants {
            Wants::Line if record.starts_with(b":") => {
                let status = text.rsplit(' ').next().and_then(|word| word.chars().next());
                match status {
                    Some('A') => Wants::Path(ChangeKind::Added),
                    Some('D') => Wants::Path(ChangeKind::Removed),
                    Some('M' | 'T') => Wants::Path(ChangeKind::Modified),
                    Some('R') => Wants::OldPath,
                    _ => return Err(odd()),
                }
            }
            Wants::Line => self.count(&text)?,
            Wants::Path(kind) => {
                self.push(FileChange::new(text, kind));
                Wants::Line
            }
            Wants::OldPath => {
                self.push(FileChange::new("", ChangeKind::Renamed).previous_path(text));
                Wants::NewPath
            }
            Wants::NewPath => {
                if let Some(last) = self.files.last_mut().filter(|last| last.path.is_empty()) {
                    last.path = text.into_owned();
                }
                Wants::Line
            }
            Wants::CountedPaths(2) => Wants::CountedPaths(1),
            Wants::CountedPaths(_) => Wants::Line,
        };
        let enough = self.files.len() > FILES_MAX && self.counted == self.files.len();
        Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn push(&mut self, file: FileChange) {
        if self.files.len() <= FILES_MAX {
            self.files.push(file);
        }
    }

    /// Added and removed lines with a tab after each, `-` for binary files; then the path, unless two follow.
    fn count(&mut self, text: &str) -> Result<Wants> {
        let mut parts = text.splitn(3, '\t');
        let (Some(added), Some(removed), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(odd());
        };
        let file = self.files.get_mut(self.counted).ok_or_else(odd)?;
        (file.additions, file.deletions) = (added.parse().ok(), removed.parse().ok());
        self.counted += 1;
        Ok(if path.is_empty() { Wants::CountedPaths(2) } else { Wants::Line })
    }
}

fn odd() -> mosaic_core::Error {
    fault::unreadable("git diff-tree gave an odd record")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever git says, it is read or refused, and no more is kept than the limit.
        #[test]
        fn nothing_breaks_the_reading(
            records in prop::collection::vec(
                prop_oneof![
                    Just(b":100644 100644 abc def M".to_vec()),
                    Just(b":100644 100644 abc def R100".to_vec()),
                    Just(b"1\t2\tpath".to_vec()),
                    Just(b"-\t-\t".to_vec()),
                    prop::collection::vec(any::<u8>(), 0..12),
                ],
                0..40,
            ),
        ) {
            let mut reading = Reading::default();
            for record in &records {
                if reading.see(record).is_err() {
                    break;
                }
            }
            prop_assert!(reading.counted <= reading.files.len() && reading.files.len() <= FILES_MAX + 1);
        }
    }

    fn read(records: &[&str]) -> Vec<FileChange> {
        let mut reading = Reading::default();
        for record in records {
            assert!(reading.see(record.as_bytes()).unwrap().is_continue());
        }
        reading.files
    }

    #[test]
    fn every_kind_of_change_is_read() {
        let files = read(&[
            ":000000 100644 000 abc A",
            "a b",
            ":100644 100644 abc def R087",
            "old\tname",
            "new",
            ":100644 000000 abc 000 D",
            "z",
            "3\t0\ta b",
            "1\t2\t",
            "old\tname",
            "new",
            "-\t-\tz",
        ]);
        let shown: Vec<_> = files
            .iter()
            .map(|file| {
                (file.path.as_str(), file.kind, file.previous_path.as_deref(), file.additions, file.deletions)
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("a b", ChangeKind::Added, None, Some(3), Some(0)),
                ("new", ChangeKind::Renamed, Some("old\tname"), Some(1), Some(2)),
                ("z", ChangeKind::Removed, None, None, None),
            ]
        );
    }

    #[test]
    fn it_stops_once_it_has_enough() {
        let mut reading = Reading::default();
        for at in 0..FILES_MAX + 500 {
            for record in [":100644 100644 abc def M", &format!("file-{at}")] {
                assert!(reading.see(record.as_bytes()).unwrap().is_continue());
            }
        }
        let ended = (0..).find(|at| reading.see(format!("1\t1\tfile-{at}").as_bytes()).unwrap().is_break());
        assert_eq!((ended, reading.files.len()), (Some(FILES_MAX), FILES_MAX + 1));
    }

    #[test]
    fn odd_records_are_errors() {
        for records in [vec!["x"], vec![":000000 100644 000 abc X"], vec!["1\t1\tuncalled for"]] {
            let mut reading = Reading::default();
            assert!(records.iter().any(|record| reading.see(record.as_bytes()).is_err()), "{records:?}");
        }
    }
}
