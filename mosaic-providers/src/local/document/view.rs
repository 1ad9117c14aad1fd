//! What is in the folder of a space now: read anew where its files say that they changed.
//!
//! A look costs the names and stamps of the files; only those that changed are read. Files in folders of the space are
//! documents like the others: the folders are a person's own affair.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use mosaic_core::types::document::{Document, DocumentEntry};
use sha2::{Digest as _, Sha256};

use super::disk::{self, Stamp};
use super::fault;
use super::front::{Parts, one_line};
use super::names::{self, ORDER_FILE};
use super::order::{self, ORDER_MAX, Place};
use super::tree::Tree;
use super::words;

/// The number of bytes of a file at most; a longer one is no document.
pub(super) const FILE_MAX: u64 = 4 * 1024 * 1024;
/// The number of documents of a space at most.
pub(super) const DOCUMENTS_MAX: usize = 10_000;
/// How deep folders are looked into.
const DEPTH_MAX: usize = 16;

/// What one file says.
#[derive(Debug)]
pub(super) struct DocumentFile {
    /// Its path in the space, with `/` between the parts.
    pub(super) path: String,
    pub(super) stamp: Stamp,
    settled: bool,
    /// The id that it says.
    id: Option<String>,
    pub(super) title: String,
    pub(super) labels: Vec<String>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    /// A digest of the whole file.
    pub(super) version: String,
}

/// The order file as it was read.
#[derive(Debug)]
struct Order {
    stamp: Option<Stamp>,
    settled: bool,
    /// A digest of the file.
    version: String,
    places: Arc<[Place]>,
    broken: bool,
}

/// A space at one moment.
#[derive(Debug)]
pub(super) struct View {
    pub(super) space: String,
    pub(super) folder: PathBuf,
    files: Vec<Arc<DocumentFile>>,
    ids: Vec<String>,
    by_id: HashMap<String, usize>,
    order: Arc<Order>,
    tree: Tree,
    /// A digest of the ids and versions of all documents.
    pub(super) fingerprint: String,
}

impl DocumentFile {
    /// What a file says; one that is not UTF-8 is shown as well as it can be.
    pub(super) fn of(path: &str, stamp: Stamp, seen: SystemTime, content: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content);
        let parts = Parts::of(&text);
        let front = parts.front();
        let file = path.rsplit('/').next().unwrap_or(path);
        let heading = || words::first_heading(parts.prose()).or_else(|| words::first_heading(parts.body));
        let title = front
            .title
            .or_else(|| heading().map(|line| one_line(&line)).filter(|line| !line.is_empty()))
            .unwrap_or_else(|| one_line(names::document_stem(file).unwrap_or(file)));
        Self {
            path: path.into(),
            stamp,
            settled: stamp.is_settled(seen),
            id: front.id,
            title,
            labels: front.labels,
            created_at: front.created_at,
            updated_at: Timestamp::try_from(stamp.modified()).ok(),
            version: version(content),
        }
    }

    /// The document, from its text; `parent` is the id of the one above.
    pub(super) fn document(&self, space: &str, id: &str, parent: Option<&str>, body: &str) -> Document {
        let mut document = Document::new(id, space, self.title.as_str(), body)
            .version(self.version.as_str())
            .labels(self.labels.clone());
        document.parent = parent.map(str::to_owned);
        document.created_at = self.created_at;
        document.updated_at = self.updated_at;
        document
    }
}

impl View {
    /// Looks at the folder of a space; none where there is none. `old` is an earlier look.
    pub(super) fn look(root: &Path, space: &str, old: Option<&Arc<Self>>) -> Result<Option<Arc<Self>>> {
        let folder = root.join(space);
        if !names::is_key(space) || !disk::is_folder(&folder).map_err(fault::reading)? {
            return Ok(None);
        }
        let known: HashMap<&str, &Arc<DocumentFile>> =
            old.iter().flat_map(|old| &old.files).map(|file| (file.path.as_str(), file)).collect();
        let mut files = Vec::with_capacity(known.len());
        collect(&folder, "", 0, &known, &mut files)?;
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let order = read_order(&folder, old.map(|old| &old.order))?;
        if let Some(old) = old
            && Arc::ptr_eq(&old.order, &order)
            && old.files.len() == files.len()
            && old.files.iter().zip(&files).all(|(old, new)| Arc::ptr_eq(old, new))
        {
            return Ok(Some(Arc::clone(old)));
        }
        Ok(Some(Arc::new(Self::new(space, folder, files, order))))
    }

    fn new(space: &str, folder: PathBuf, files: Vec<Arc<DocumentFile>>, order: Arc<Order>) -> Self {
        let ids = resolve_ids(&files);
        let by_id: HashMap<String, usize> = ids.iter().cloned().zip(0..).collect();
        let tree = Tree::of(&by_id, &order.places);
        let mut hash = Sha256::new();
        for (id, file) in ids.iter().zip(&files) {
            hash.update(format!("{id} {}\n", file.version));
        }
        let fingerprint = hex(&hash.finalize());
        Self { space: space.into(), folder, files, ids, by_id, order, tree, fingerprint }
    }

    /// The number of a document.
    pub(super) fn find(&self, id: &str) -> Result<usize> {
        self.by_id.get(id).copied().ok_or_else(|| fault::missing("document", id))
    }

    pub(super) fn numbers(&self) -> &HashMap<String, usize> {
        &self.by_id
    }

    pub(super) fn file(&self, at: usize) -> &DocumentFile {
        &self.files[at]
    }

    pub(super) fn id(&self, at: usize) -> &str {
        &self.ids[at]
    }

    pub(super) fn path(&self, at: usize) -> PathBuf {
        self.folder.join(&self.files[at].path)
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The id of the document above one.
    pub(super) fn parent(&self, at: usize) -> Option<&str> {
        self.tree.parent(at).map(|parent| self.id(parent))
    }

    /// The order of a tree over these documents.
    pub(super) fn places(&self, tree: &Tree) -> Vec<Place> {
        let place =
            |at| Place { id: self.id(at).into(), parent: tree.parent(at).map(|at| self.id(at).into()) };
        tree.reading().into_iter().map(|(at, _)| place(at)).collect()
    }

    /// Refuses to replace an order that somebody wrote and that cannot be understood.
    pub(super) fn order_is_sound(&self) -> Result<()> {
        if self.order.broken {
            let message = format!("{ORDER_FILE} of the space cannot be understood: repair or remove it");
            return Err(fault::conflict(message));
        }
        Ok(())
    }

    /// A document as lists show it.
    pub(super) fn entry(&self, at: usize, position: usize) -> DocumentEntry {
        let file = self.file(at);
        let mut entry = DocumentEntry::new(self.id(at), self.space.as_str(), file.title.as_str())
            .position(position as u64)
            .version(file.version.as_str());
        entry.parent = self.parent(at).map(str::to_owned);
        entry.updated_at = file.updated_at;
        entry
    }

    /// Whether a document still stands where it did: the order is the same, and the one above it is still there.
    pub(super) fn stands(&self, at: usize) -> Result<bool> {
        let stamp = disk::stamp(&self.folder.join(ORDER_FILE)).map_err(fault::reading)?;
        if !self.order.settled || stamp != self.order.stamp {
            return Ok(false);
        }
        let Some(parent) = self.tree.parent(at) else { return Ok(true) };
        let file = self.file(parent);
        Ok(file.settled && disk::stamp(&self.path(parent)).map_err(fault::reading)? == Some(file.stamp))
    }

    /// A document with its text; none where its file changed since this look.
    pub(super) fn document(&self, at: usize) -> Result<Option<Document>> {
        let Some(content) = self.content(at)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&content);
        let body = Parts::of(&text).body;
        Ok(Some(self.file(at).document(&self.space, self.id(at), self.parent(at), body)))
    }

    /// The content of a document's file; none where it changed since this look.
    pub(super) fn content(&self, at: usize) -> Result<Option<Vec<u8>>> {
        let read = disk::read(&self.path(at), FILE_MAX).map_err(fault::reading)?;
        let file = self.file(at);
        let same =
            |(stamp, content): &(Stamp, Vec<u8>)| *stamp == file.stamp && version(content) == file.version;
        Ok(read.filter(same).map(|(_, content)| content))
    }
}

/// Finds the files of a folder and those below it.
fn collect(
    folder: &Path,
    prefix: &str,
    depth: usize,
    known: &HashMap<&str, &Arc<DocumentFile>>,
    files: &mut Vec<Arc<DocumentFile>>,
) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if disk::is_missing(&error) => return Ok(()),
        Err(error) => return Err(fault::reading(error)),
    };
    for entry in entries {
        let entry = entry.map_err(fault::reading)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) if disk::is_missing(&error) => continue,
            Err(error) => return Err(fault::reading(error)),
        };
        let path = format!("{prefix}{name}");
        if kind.is_dir() && names::is_folder(name) && depth < DEPTH_MAX {
            collect(&folder.join(name), &format!("{path}/"), depth + 1, known, files)?;
        } else if kind.is_file() && names::document_stem(name).is_some() {
            files.extend(read_document(&folder.join(name), &path, known.get(path.as_str()).copied())?);
            if files.len() > DOCUMENTS_MAX {
                let message = format!("the space has more than {DOCUMENTS_MAX} documents: divide it");
                return Err(Error::new(ErrorKind::Provider, message).refused());
            }
        }
    }
    Ok(())
}

fn read_document(
    file: &Path,
    path: &str,
    known: Option<&Arc<DocumentFile>>,
) -> Result<Option<Arc<DocumentFile>>> {
    let seen = SystemTime::now();
    let Some(stamp) = disk::stamp(file).map_err(fault::reading)? else { return Ok(None) };
    if let Some(known) = known
        && known.settled
        && known.stamp == stamp
    {
        return Ok(Some(Arc::clone(known)));
    }
    let Some((stamp, content)) = disk::read(file, FILE_MAX).map_err(fault::reading)? else {
        tracing::warn!(path, "a file is no document: it is gone, or longer than 4 MiB");
        return Ok(None);
    };
    let new = DocumentFile::of(path, stamp, seen, &content);
    // Unchanged, but only now old enough to be believed without reading: the same document all the same.
    match known {
        Some(known) if known.version == new.version && known.stamp == stamp && !new.settled => {
            Ok(Some(Arc::clone(known)))
        }
        _ => Ok(Some(Arc::new(new))),
    }
}

fn read_order(folder: &Path, old: Option<&Arc<Order>>) -> Result<Arc<Order>> {
    let (file, seen) = (folder.join(ORDER_FILE), SystemTime::now());
    let stamp = disk::stamp(&file).map_err(fault::reading)?;
    if let Some(old) = old
        && old.settled
        && old.stamp == stamp
    {
        return Ok(Arc::clone(old));
    }
    let read = disk::read(&file, ORDER_MAX).map_err(fault::reading)?;
    let stamp = read.as_ref().map(|(stamp, _)| *stamp).or(stamp);
    let settled = stamp.is_none_or(|stamp| stamp.is_settled(seen));
    let version = read.as_ref().map(|(_, content)| version(content)).unwrap_or_default();
    if let Some(old) = old
        && old.version == version
        && read.is_some()
    {
        // The same text needs no second reading, whatever its stamp.
        if old.stamp == stamp && old.settled == settled {
            return Ok(Arc::clone(old));
        }
        let (places, broken) = (Arc::clone(&old.places), old.broken);
        return Ok(Arc::new(Order { stamp, settled, version, places, broken }));
    }
    let places = match &read {
        Some((_, content)) => order::parse(content),
        // A file that is too long is there, but cannot be understood.
        None => stamp.is_none().then(Vec::new),
    };
    let broken = places.is_none();
    if broken {
        tracing::warn!("{ORDER_FILE} of a space cannot be understood: its documents are shown by name");
    }
    Ok(Arc::new(Order { stamp, settled, version, places: places.unwrap_or_default().into(), broken }))
}

/// The id of each file. Where several say the same one, such as a file and its copy, the one that has it in its name keeps it,
/// else the one that is older; the others go by their path.
fn resolve_ids(files: &[Arc<DocumentFile>]) -> Vec<String> {
    let mut owners: HashMap<&str, &DocumentFile> = HashMap::new();
    let claim = |file: &DocumentFile, id: &str| {
        let named = file.path.to_ascii_lowercase().ends_with(&format!("{}.md", id.to_ascii_lowercase()));
        (!named, file.stamp.modified())
    };
    for file in files {
        let Some(id) = &file.id else { continue };
        let owner = owners.entry(id).or_insert(file);
        if claim(file, id) < claim(owner, id) {
            *owner = file;
        }
    }
    let mut taken: HashSet<String> = owners.keys().map(|id| (*id).to_owned()).collect();
    let mut ids = Vec::with_capacity(files.len());
    for file in files {
        let own = file.id.as_deref().filter(|id| owners.get(id).is_some_and(|owner| owner.path == file.path));
        let id = own.map(str::to_owned).unwrap_or_else(|| {
            let mut turns = (0..).map(|turn| names::derived_id(&file.path, turn));
            turns.find(|id| !taken.contains(id)).unwrap_or_default()
        });
        taken.insert(id.clone());
        ids.push(id);
    }
    ids
}

/// The version of a document: a digest of its whole file.
fn version(content: &[u8]) -> String {
    hex(&Sha256::digest(content)[..12])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.extend([byte >> 4, byte & 15].iter().filter_map(|digit| char::from_digit((*digit).into(), 16)));
        text
    })
}
