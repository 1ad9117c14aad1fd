//! Trees: what a directory holds, page by page.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use mosaic_core::error::{Error, Result};
use mosaic_core::op::git::ListTree;
use mosaic_core::types::git::{EntryKind, TreeEntry};
use mosaic_core::types::{Cursor, Page};

use super::fault;
use super::names::{self, FilePath, Revision};
use super::object::{LINK, ObjectId, Reader, SUBMODULE};
use super::store::{Repo, Store};

/// Lists a tree. The cursor holds the commit that the list began at, so pages fit together while the branch moves on. Git
/// shows the whole tree for each page, and no more than one page of it is held.
pub(super) async fn list(store: &Store, op: ListTree) -> Result<Page<TreeEntry>> {
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    // A directory may end with a slash.
    let path = match op.path.strip_suffix('/').unwrap_or(&op.path) {
        "" if op.path.is_empty() => None,
        path => Some(FilePath::parse(path)?),
    };
    let place = op.page.cursor.as_ref().map(parse_cursor).transpose()?;
    let repo = store.repo(&op.repo).await?;
    let mut reader = Reader::start(&repo)?;
    let (commit, after) = match place {
        Some((commit, after)) => (commit, after),
        None => {
            let named = at.is_some();
            let at = repo.or_default(at).await?;
            match reader.first(&at.candidates()).await? {
                Some(header) => (header.id, Vec::new()),
                // Nothing was committed yet.
                None if !named && path.is_none() => return Ok(Page::last(Vec::new())),
                None => {
                    return Err(fault::not_found(format!(
                        "there is no branch, tag or commit {at} in {}",
                        op.repo
                    )));
                }
            }
        }
    };
    let name = path.as_ref().map_or_else(|| format!("{commit}^{{tree}}"), |path| format!("{commit}:{path}"));
    let tree = match (reader.info(&name).await?, &path) {
        (Some(header), _) if header.kind == "tree" => header.id,
        (None, None) => return Err(bad_cursor()),
        (_, path) => {
            let path = path.as_ref().map_or("", FilePath::as_str);
            return Err(fault::not_found(format!("there is no directory {path} in {} at {commit}", op.repo)));
        }
    };
    let prefix = path.map(|path| format!("{path}/")).unwrap_or_default();
    let limit = op.page.limit();
    let mut rows = smallest(&repo, &tree, op.recursive, &prefix, &after, limit + 1).await?;
    let more = rows.len() > limit;
    if more {
        rows.pop_last();
    }
    let last = rows.last_key_value().filter(|_| more);
    let next = last.map(|(path, _)| Cursor::new(format!("{commit}.{}", hexadecimal(path))));
    let mut items = Vec::with_capacity(rows.len());
    for (path, row) in rows {
        let mut entry =
            TreeEntry::new(String::from_utf8_lossy(&path).into_owned(), row.kind, row.id.as_str());
        if row.kind == EntryKind::File {
            // One by one, and only for what is shown: looking up the sizes of a whole tree takes far longer than listing it.
            entry.size = reader.info(row.id.as_str()).await?.map(|header| header.size as u64);
        }
        items.push(entry);
    }
    Ok(Page::new(items, next))
}

struct Row {
    kind: EntryKind,
    id: ObjectId,
}

/// The first `count` rows by path after the given one. Git orders a directory as if its name ended with a slash, which is not
/// the order of paths, so the page is picked out of all rows.
async fn smallest(
    repo: &Repo<'_>,
    tree: &ObjectId,
    recursive: bool,
    prefix: &str,
    after: &[u8],
    count: usize,
) -> Result<BTreeMap<Vec<u8>, Row>> {
    let mut rows = BTreeMap::new();
    let below: &[&str] = if recursive { &["-r", "-t"] } else { &[] };
    let run = repo.git("ls-tree").args(["-z", "--full-tree"]).args(below).arg(tree.as_str());
    run.each(|record| {
        let (path, row) = parse(record).ok_or_else(|| fault::unreadable("git ls-tree gave an odd record"))?;
        let path = [prefix.as_bytes(), path].concat();
        let beyond = |last: &Vec<u8>| rows.len() == count && path >= *last;
        if path.as_slice() > after && !rows.last_key_value().is_some_and(|(last, _)| beyond(last)) {
            rows.insert(path, row);
            if rows.len() > count {
                rows.pop_last();
            }
        }
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok(rows)
}

/// Mode, type and id, a tab, and the path.
fn parse(record: &[u8]) -> Option<(&[u8], Row)> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    let facts = std::str::from_utf8(&record[..tab]).ok()?;
    let mut words = facts.split(' ');
    let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
    let kind = match (mode, kind) {
        (SUBMODULE, _) => EntryKind::Submodule,
        (LINK, _) => EntryKind::Symlink,
        (_, "tree") => EntryKind::Directory,
        _ => EntryKind::File,
    };
    Some((&record[tab + 1..], Row { kind, id: ObjectId::parse(id).ok()? }))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_cursor(cursor: &Cursor) -> Result<(ObjectId, Vec<u8>)> {
    let (commit, path) = cursor.as_str().split_once('.').ok_or_else(bad_cursor)?;
    if !names::is_object_id(commit) || path.len() % 2 != 0 {
        return Err(bad_cursor());
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let path: Option<Vec<_>> =
        path.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect();
    Ok((ObjectId::parse(commit)?, path.ok_or_else(bad_cursor)?))
}

fn bad_cursor() -> Error {
    fault::invalid("page.cursor: it was not made by this provider for this repository")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_path_is_a_place_to_go_on_from(path in prop::collection::vec(any::<u8>(), 0..40)) {
            let id = "ab".repeat(20);
            let (commit, after) = parse_cursor(&Cursor::new(format!("{id}.{}", hexadecimal(&path)))).unwrap();
            prop_assert_eq!((commit.as_str(), after), (id.as_str(), path));
        }

        #[test]
        fn nothing_breaks_the_reading(text in ".{0,90}", record in prop::collection::vec(any::<u8>(), 0..90)) {
            let _ = (parse_cursor(&Cursor::new(text)), parse(&record));
        }
    }

    #[test]
    fn rows_are_read() {
        let id = "ab".repeat(20);
        for (mode, kind, expected) in [
            ("100755", "blob", EntryKind::File),
            ("040000", "tree", EntryKind::Directory),
            ("120000", "blob", EntryKind::Symlink),
            ("160000", "commit", EntryKind::Submodule),
        ] {
            let record = format!("{mode} {kind} {id}\ta b\tc");
            let (path, row) = parse(record.as_bytes()).unwrap();
            assert_eq!((path, row.kind, row.id.as_str()), (b"a b\tc".as_slice(), expected, id.as_str()));
        }
        assert!(parse(b"100644 blob").is_none());
    }

    #[test]
    fn cursors_come_back_and_others_are_refused() {
        let (id, path) = ("ab".repeat(20), "docs/L\u{f6}sung 1".as_bytes());
        let cursor = Cursor::new(format!("{id}.{}", hexadecimal(path)));
        let (commit, after) = parse_cursor(&cursor).unwrap();
        assert_eq!((commit.as_str(), after.as_slice()), (id.as_str(), path));
        for bad in ["", ".", "x.00", &format!("{id}.0"), &format!("{id}.zz"), &format!("{id}.+1"), &id] {
            assert!(parse_cursor(&Cursor::new(bad)).is_err(), "{bad}");
        }
    }
}
