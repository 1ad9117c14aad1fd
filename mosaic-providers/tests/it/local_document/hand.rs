//! Edits by hand: what people and their programs do to the files is seen at the next call, and nothing of it is lost.

use std::fs;

use mosaic_core::error::ErrorKind;
use mosaic_core::op::document::{
    CreateDocument, CreateSpace, DeleteDocument, DocsService as _, GetDocument, GetSpace, ListDocuments,
    ListSpaces, OrganizeContent, Placement, UpdateDocument,
};
use mosaic_core::types::document::{Document, DocumentEntry};
use mosaic_providers::local::document::LocalDocs;

use super::{create, cx, file, found, handbook, titles};

async fn get(docs: &LocalDocs, id: &str) -> Document {
    docs.get_document(&cx(), GetDocument::new("handbook", id)).await.unwrap()
}

async fn entries(docs: &LocalDocs) -> Vec<DocumentEntry> {
    docs.list_documents(&cx(), ListDocuments::new("handbook")).await.unwrap().items
}

async fn entry(docs: &LocalDocs, title: &str) -> DocumentEntry {
    let all = entries(docs).await;
    all.iter().find(|entry| entry.title == title).unwrap_or_else(|| panic!("{title} in {all:?}")).clone()
}

#[tokio::test]
async fn an_edit_is_seen() {
    let (_folder, docs, space) = handbook().await;
    let made = create(&docs, "Welcome", "Old text\n").await;
    assert_eq!(found(&docs, "old").await, ["Welcome"]);
    let path = file(&space, "welcome-");
    for (from, to) in
        [("Old text", "New text"), ("New text", "Bad text"), ("Bad text", "A text of another length")]
    {
        // In place, as some editors save: the size is often the same, and the time nearly.
        let text = fs::read_to_string(&path).unwrap().replace(from, to);
        fs::write(&path, text).unwrap();
        let got = get(&docs, &made.id).await;
        assert_eq!(got.body, format!("{to}\n"));
        assert_ne!(got.version, made.version);
        assert_eq!(entries(&docs).await[0].version, got.version);
    }
    assert!(found(&docs, "old").await.is_empty());
    assert_eq!(found(&docs, "another").await, ["Welcome"]);
    // As other editors save: a new file in the place of the old one.
    let text = fs::read_to_string(&path).unwrap().replace("title: Welcome", "title: Hello");
    fs::write(space.join("new.tmp"), text).unwrap();
    fs::rename(space.join("new.tmp"), &path).unwrap();
    assert_eq!(get(&docs, &made.id).await.title, "Hello");
    let late =
        UpdateDocument::new("handbook", made.id.as_str()).title("Late").expected(made.version.unwrap());
    assert_eq!(docs.update_document(&cx(), late).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn files_that_were_added_are_documents() {
    let (_folder, docs, space) = handbook().await;
    create(&docs, "First", "").await;
    fs::create_dir_all(space.join("guides/deep")).unwrap();
    fs::write(space.join("b plain.md"), "No heading.").unwrap();
    fs::write(space.join("guides/a.MD"), "# The *guide*\n\nunicorn").unwrap();
    fs::write(
        space.join("guides/deep/c.md"),
        "---\ntitle: In front\nlabels: [x]\nauthor: Ann # me\n---\n# Not this\n",
    )
    .unwrap();
    assert_eq!(titles(&docs).await, ["First", "b plain", "The guide", "In front"]);
    assert_eq!(found(&docs, "unicorn").await, ["The guide"]);
    assert!(!fs::read_to_string(space.join("b plain.md")).unwrap().contains("---"), "reading writes nothing");

    let guide = entry(&docs, "The guide").await;
    let op = CreateDocument::new("handbook", "Below", "").parent(guide.id.as_str());
    docs.create_document(&cx(), op).await.unwrap();
    assert_eq!(titles(&docs).await, ["First", "b plain", "The guide", "Below", "In front"]);
    let op = UpdateDocument::new("handbook", guide.id.as_str()).labels(vec!["new".to_string()]);
    let changed = docs.update_document(&cx(), op).await.unwrap();
    assert_eq!((changed.title.as_str(), changed.body.as_str()), ("The guide", "# The *guide*\n\nunicorn"));
    let text = fs::read_to_string(space.join("guides/a.MD")).unwrap();
    assert!(text.contains(&guide.id) && text.ends_with("---\n# The *guide*\n\nunicorn"), "{text}");

    let front = entry(&docs, "In front").await;
    let op = UpdateDocument::new("handbook", front.id.as_str()).title("Still in front");
    let changed = docs.update_document(&cx(), op).await.unwrap();
    assert_eq!((changed.labels, changed.body.as_str()), (vec!["x".to_string()], "# Not this\n"));
    let text = fs::read_to_string(space.join("guides/deep/c.md")).unwrap();
    assert!(text.contains("author: Ann # me\n") && text.contains("title: Still in front\n"), "{text}");
}

#[tokio::test]
async fn a_file_keeps_its_id_when_it_is_renamed() {
    let (folder, docs, space) = handbook().await;
    let one = create(&docs, "One", "text").await;
    let op = CreateDocument::new("handbook", "Two", "").parent(one.id.as_str());
    docs.create_document(&cx(), op).await.unwrap();
    fs::create_dir(space.join("sub")).unwrap();
    fs::rename(file(&space, "one-"), space.join("sub/renamed.md")).unwrap();
    assert_eq!(get(&docs, &one.id).await, one);
    assert_eq!(titles(&docs).await, ["One", "Two"]);
    assert_eq!(entry(&docs, "Two").await.parent, Some(one.id.clone()));
    let changed = UpdateDocument::new("handbook", one.id.as_str()).body("more");
    docs.update_document(&cx(), changed).await.unwrap();
    assert!(fs::read_to_string(space.join("sub/renamed.md")).unwrap().ends_with("more"));
    // To another space: it is there, and its children stay.
    docs.create_space(&cx(), CreateSpace::new("other", "Other")).await.unwrap();
    fs::rename(space.join("sub/renamed.md"), folder.path().join("other/moved.md")).unwrap();
    let moved = docs.get_document(&cx(), GetDocument::new("other", one.id.as_str())).await.unwrap();
    assert_eq!((moved.id, moved.space.as_str()), (one.id, "other"));
    assert_eq!(titles(&docs).await, ["Two"]);
    assert_eq!(entry(&docs, "Two").await.parent, None);
}

#[tokio::test]
async fn a_file_that_is_removed_is_gone_and_those_below_it_are_not() {
    let (_folder, docs, space) = handbook().await;
    let one = create(&docs, "One", "").await;
    let op = CreateDocument::new("handbook", "Two", "word").parent(one.id.as_str());
    let two = docs.create_document(&cx(), op).await.unwrap();
    create(&docs, "Three", "word").await;
    fs::remove_file(file(&space, "one-")).unwrap();
    let gone = docs.get_document(&cx(), GetDocument::new("handbook", one.id.as_str())).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert_eq!(titles(&docs).await, ["Two", "Three"]);
    assert_eq!(get(&docs, &two.id).await.parent, None);
    fs::remove_file(file(&space, "two-")).unwrap();
    assert_eq!(found(&docs, "word").await, ["Three"]);
    let delete = DeleteDocument::new("handbook", two.id);
    assert_eq!(docs.delete_document(&cx(), delete).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_copy_is_a_document_of_its_own() {
    let (_folder, docs, space) = handbook().await;
    let made = create(&docs, "Original", "text").await;
    let original = file(&space, "original-");
    fs::copy(&original, space.join("a copy.md")).unwrap();
    fs::copy(&original, space.join("z copy.md")).unwrap();
    let all = entries(&docs).await;
    assert_eq!(all.len(), 3);
    assert_eq!(all.iter().filter(|entry| entry.id == made.id).count(), 1);
    let op = UpdateDocument::new("handbook", made.id.as_str()).body("changed");
    docs.update_document(&cx(), op).await.unwrap();
    assert!(fs::read_to_string(&original).unwrap().ends_with("changed"));
    assert!(fs::read_to_string(space.join("a copy.md")).unwrap().ends_with("text"));
    // The copy gets an id that it keeps when it is changed here.
    let copy = all.iter().find(|entry| entry.id != made.id).unwrap();
    let op = UpdateDocument::new("handbook", copy.id.as_str()).title("Copy");
    assert_eq!(docs.update_document(&cx(), op).await.unwrap().id, copy.id);
    assert_eq!(entry(&docs, "Copy").await.id, copy.id);
}

#[tokio::test]
async fn a_front_matter_that_is_broken_is_text() {
    let (_folder, docs, space) = handbook().await;
    let made = create(&docs, "Sound", "text").await;
    let broken = "---\ntitle: [open\nid: x\n---\n# Head\nbody";
    fs::write(space.join("broken.md"), broken).unwrap();
    fs::write(space.join("latin.md"), b"# Gr\xfc\xdfe\n").unwrap();
    let all = entries(&docs).await;
    assert_eq!(all.len(), 3);
    let head = all.iter().find(|entry| entry.title.contains("Head")).unwrap();
    assert_eq!(get(&docs, &head.id).await.body, broken);
    let op = UpdateDocument::new("handbook", head.id.as_str()).title("Mended");
    assert_eq!(docs.update_document(&cx(), op).await.unwrap().body, broken);
    assert!(fs::read_to_string(space.join("broken.md")).unwrap().ends_with(broken));
    let latin = all.iter().find(|entry| entry.title.contains("Gr")).unwrap();
    let op = UpdateDocument::new("handbook", latin.id.as_str()).title("Grüße");
    assert_eq!(docs.update_document(&cx(), op).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(fs::read(space.join("latin.md")).unwrap(), b"# Gr\xfc\xdfe\n");
    assert_eq!(get(&docs, &made.id).await, made);
}

#[tokio::test]
async fn what_is_no_document_is_left_alone() {
    let (folder, docs, space) = handbook().await;
    create(&docs, "One", "word").await;
    fs::create_dir(space.join(".obsidian")).unwrap();
    fs::create_dir(space.join("folder.md")).unwrap();
    let others = [
        ".hidden.md",
        ".one.md.swp",
        "one.md~",
        "#one.md#",
        "~$one.md",
        "4913",
        "notes.txt",
        "_draft.md",
        ".obsidian/a.md",
        "a.md.bak",
    ];
    for other in others {
        fs::write(space.join(other), "word").unwrap();
    }
    fs::write(space.join("long.md"), "word ".repeat(1024 * 1024)).unwrap();
    fs::write(folder.path().join("stray.md"), "word").unwrap();
    fs::create_dir(folder.path().join("No Space")).unwrap();
    assert_eq!(titles(&docs).await, ["One"]);
    assert_eq!(found(&docs, "word").await, ["One"]);
    let spaces = docs.list_spaces(&cx(), ListSpaces::new()).await.unwrap().items;
    assert_eq!(spaces.len(), 1);
    assert!(others.iter().all(|other| fs::read_to_string(space.join(other)).unwrap() == "word"));
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let (folder, docs, space) = handbook().await;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.md"), "secret").unwrap();
    symlink(outside.path().join("secret.md"), space.join("link.md")).unwrap();
    symlink(outside.path(), space.join("sub")).unwrap();
    symlink(outside.path(), folder.path().join("linked")).unwrap();
    assert!(titles(&docs).await.is_empty());
    assert!(found(&docs, "secret").await.is_empty());
    let got = docs.get_space(&cx(), GetSpace::new("linked")).await.unwrap_err();
    assert_eq!(got.kind(), ErrorKind::NotFound);
    let made = docs.create_document(&cx(), CreateDocument::new("linked", "In", "")).await.unwrap_err();
    assert_eq!(made.kind(), ErrorKind::NotFound);
    let made = docs.create_space(&cx(), CreateSpace::new("linked", "Over")).await.unwrap_err();
    assert_eq!(made.kind(), ErrorKind::Conflict);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn spaces_may_be_made_and_described_by_hand() {
    let (folder, docs, _) = handbook().await;
    fs::create_dir(folder.path().join("notes")).unwrap();
    let get = async || docs.get_space(&cx(), GetSpace::new("notes")).await.unwrap();
    assert_eq!((get().await.name.as_str(), get().await.description), ("notes", None));
    fs::write(folder.path().join("notes/_space.md"), "---\ntitle: My notes\n---\nAll of them.\n").unwrap();
    assert_eq!(get().await.name, "My notes");
    assert_eq!(get().await.description.as_deref(), Some("All of them.\n"));
    docs.create_document(&cx(), CreateDocument::new("notes", "One", "")).await.unwrap();
}

#[tokio::test]
async fn the_order_may_be_edited() {
    let (_folder, docs, space) = handbook().await;
    for title in ["a", "b", "c"] {
        fs::write(space.join(format!("{title}.md")), format!("---\nid: {title}\ntitle: {title}\n---\n"))
            .unwrap();
    }
    assert_eq!(titles(&docs).await, ["a", "b", "c"]);
    let order = space.join("_order.yml");
    fs::write(&order, "documents:\n- id: c # first\n- {id: a, parent: c}\n").unwrap();
    assert_eq!(titles(&docs).await, ["c", "a", "b"]);
    assert_eq!(get(&docs, "a").await.parent.as_deref(), Some("c"));

    // One that cannot be understood is not written over.
    let broken = "documents:\n- id: c\n   parent: [\n";
    fs::write(&order, broken).unwrap();
    assert_eq!(titles(&docs).await, ["a", "b", "c"]);
    let op = OrganizeContent::new("handbook", vec![Placement::new("c", 0)]);
    let refusal = docs.organize_content(&cx(), op.clone()).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Conflict);
    assert!(refusal.message().contains("_order.yml"), "{refusal}");
    let made = docs.create_document(&cx(), CreateDocument::new("handbook", "d", "")).await.unwrap_err();
    assert_eq!(made.kind(), ErrorKind::Conflict);
    assert_eq!(fs::read_to_string(&order).unwrap(), broken);
    fs::remove_file(&order).unwrap();
    docs.organize_content(&cx(), op).await.unwrap();
    assert_eq!(titles(&docs).await, ["c", "a", "b"]);
}

#[cfg(unix)]
#[tokio::test]
async fn permissions_stay_as_a_person_set_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, docs, space) = handbook().await;
    let made = create(&docs, "One", "").await;
    let path = file(&space, "one-");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    docs.update_document(&cx(), UpdateDocument::new("handbook", made.id).body("more")).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}
