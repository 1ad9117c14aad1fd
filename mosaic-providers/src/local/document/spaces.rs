//! Spaces: folders in the root, each with a file that says its name.

use std::fs;
use std::path::Path;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::Operation as _;
use mosaic_core::op::document::{CreateSpace, GetSpace, ListSpaces};
use mosaic_core::types::document::Space;
use mosaic_core::types::{Page, Timestamp};

use super::disk::{self, Staged};
use super::fault;
use super::front::{Front, Parts, compose};
use super::names::{self, SPACE_FILE};
use super::store::{Permit, Root, Store};
use super::validate;
use super::view::FILE_MAX;
use crate::cursor::List;

pub(super) async fn create(store: &Store, cx: &CallContext, op: CreateSpace) -> Result<Space> {
    validate::key(&op.space)?;
    validate::title("name", &op.name)?;
    validate::text("description", op.description.as_deref().unwrap_or_default())?;
    let key = op.space.clone();
    store.locked(cx, &key, move |root, permit| make(root, permit, &op)).await
}

pub(super) async fn get(store: &Store, op: GetSpace) -> Result<Space> {
    store.read(move |root| read(root, &op.space)).await
}

pub(super) async fn list(store: &Store, op: ListSpaces) -> Result<Page<Space>> {
    store
        .read(move |root| {
            let (list, limit) = (List(ListSpaces::META.name), op.page.limit());
            let after: Option<String> = list.after(&op.page)?;
            let keys = root.keys()?;
            let begin = after.map_or(0, |after| keys.partition_point(|key| *key <= after));
            let mut spaces = Vec::new();
            for key in &keys[begin..] {
                // One that was removed since is not listed.
                spaces.extend(read_if_there(root, key)?);
                if spaces.len() > limit {
                    break;
                }
            }
            Ok(list.page(spaces, limit, |space: &Space| space.key.clone()))
        })
        .await
}

/// Makes the folder with its file out of sight and moves it to its place.
fn make(root: &Root, permit: &Permit, op: &CreateSpace) -> Result<Space> {
    let target = root.path().join(&op.space);
    let taken = || fault::conflict(format!("there is a space {} already", fault::shown(&op.space)));
    match fs::symlink_metadata(&target) {
        Ok(_) => return Err(taken()),
        Err(error) if disk::is_missing(&error) => {}
        Err(error) => return Err(fault::reading(error)),
    }
    let front =
        Front { title: Some(op.name.clone()), created_at: Some(Timestamp::now()), ..Front::default() };
    let text = compose(&front, op.description.as_deref().unwrap_or_default())?;
    let folder = root.temporary().join(names::new_id());
    fs::create_dir(&folder).map_err(fault::writing)?;
    let made = fill(&folder, text.as_bytes()).and_then(|()| {
        permit.take()?;
        // A folder that appeared meanwhile is replaced only where it is empty.
        fs::rename(&folder, &target).map_err(|error| match error.kind() {
            std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::AlreadyExists => taken(),
            _ => fault::writing(error),
        })
    });
    if let Err(error) = made {
        if let Err(error) = fs::remove_dir_all(&folder) {
            tracing::debug!(%error, "a folder that was not used stays until the documents are opened again");
        }
        return Err(error);
    }
    disk::sync_parent(&target).map_err(fault::lasting)?;
    read(root, &op.space)
}

fn fill(folder: &Path, content: &[u8]) -> Result<()> {
    let staged = Staged::new(folder, content, None).map_err(fault::writing)?;
    staged.place(&folder.join(SPACE_FILE)).map_err(fault::writing)?;
    disk::sync_folder(folder).map_err(fault::writing)
}

fn read(root: &Root, key: &str) -> Result<Space> {
    read_if_there(root, key)?.ok_or_else(|| fault::missing("space", key))
}

fn read_if_there(root: &Root, key: &str) -> Result<Option<Space>> {
    let folder = root.path().join(key);
    if !names::is_key(key) || !disk::is_folder(&folder).map_err(fault::reading)? {
        return Ok(None);
    }
    let Some((_, content)) = disk::read(&folder.join(SPACE_FILE), FILE_MAX).map_err(fault::reading)? else {
        return Ok(Some(Space::new(key, key)));
    };
    let text = String::from_utf8_lossy(&content);
    let parts = Parts::of(&text);
    let front = parts.front();
    let mut space = Space::new(key, front.title.unwrap_or_else(|| key.into()));
    space.description = Some(parts.body.to_owned()).filter(|text| !text.is_empty());
    space.created_at = front.created_at;
    Ok(Some(space))
}
