//! Any text that is written comes back as it was written.

use mosaic_core::op::document::{CreateDocument, DocsService as _, GetDocument, UpdateDocument};
use proptest::prelude::*;

use super::{cx, handbook};

fn text() -> impl Strategy<Value = String> {
    let pieces = ["---\n", "---", "\r\n", "\n", "...\n", "id: x\n", "\u{feff}", "\t", "\0", "# a\n"];
    let piece =
        prop_oneof![proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned), any::<String>()];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

#[test]
fn any_text_comes_back_as_written() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_folder, docs, _) = runtime.block_on(handbook());
    proptest!(ProptestConfig::with_cases(48), |(first in text(), second in text())| {
        runtime.block_on(async {
            let op = CreateDocument::new("handbook", "Title", first.as_str());
            let made = docs.create_document(&cx(), op).await.unwrap();
            let get = || GetDocument::new("handbook", made.id.as_str());
            assert_eq!(docs.get_document(&cx(), get()).await.unwrap().body, first);
            let op = UpdateDocument::new("handbook", made.id.as_str()).body(second.as_str());
            docs.update_document(&cx(), op).await.unwrap();
            assert_eq!(docs.get_document(&cx(), get()).await.unwrap().body, second);
        });
    });
}
