//! Resources, their news, prompts and completion.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{BoxStream, StreamExt as _};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_mcp::surface::{Resource, ResourceContent, ResourceSource};
use rmcp::model::*;
use serde_json::json;
use tokio::sync::watch;

use super::client::{Heard, Speaks, join};
use super::forge::server;

/// One document that changes.
struct Board(watch::Sender<u32>);

const BOARD: &str = "test://board";

#[async_trait]
impl ResourceSource for Board {
    async fn list(&self, cx: &CallContext) -> Result<Vec<Resource>> {
        // Each caller has a list of its own.
        let name = format!("the board of {}", cx.caller().name());
        Ok(vec![Resource::new(BOARD, name).media_type("text/plain")])
    }
    async fn read(&self, _: &CallContext, uri: &str) -> Result<Option<Vec<ResourceContent>>> {
        match uri {
            BOARD => Ok(Some(vec![ResourceContent::text(uri, "text/plain", self.0.borrow().to_string())])),
            "test://bytes" => Ok(Some(vec![ResourceContent::bytes(uri, "image/png", vec![1, 2, 3])])),
            "test://closed" => Err(Error::new(ErrorKind::PermissionDenied, "it is closed")),
            _ => Ok(None),
        }
    }
    fn watch(&self, _: &CallContext, uri: &str) -> Option<BoxStream<'static, ()>> {
        let mut changes = self.0.subscribe();
        changes.mark_unchanged();
        let news = futures_util::stream::unfold(changes, async |mut changes| {
            changes.changed().await.ok()?;
            Some(((), changes))
        });
        (uri == BOARD).then(|| news.boxed())
    }
}

#[tokio::test]
async fn documents_are_listed_and_read() {
    let server = server().0.resources(Board(watch::Sender::new(7))).build().unwrap();
    for speaks in Speaks::BOTH {
        let joined = join(&server, speaks, Heard::default()).await;
        let listed = joined.client.list_all_resources().await.unwrap();
        let names: Vec<_> = listed.iter().map(|known| (known.uri.as_str(), known.name.as_str())).collect();
        assert_eq!(names, [("mosaic://operations", "operations"), (BOARD, "the board of ann")]);
        let templates = joined.client.list_all_resource_templates().await.unwrap();
        assert_eq!(templates[0].uri_template, "mosaic://operations/{name}");

        let read = async |uri: &str| joined.client.read_resource(ReadResourceRequestParams::new(uri)).await;
        let page = read("mosaic://operations/git.get_repository").await.unwrap();
        let ResourceContents::TextResourceContents { text, mime_type, .. } = &page.contents[0] else {
            panic!("{page:?}")
        };
        assert!(text.starts_with("# git.get_repository") && mime_type.as_deref() == Some("text/markdown"));
        let bytes = serde_json::to_value(read("test://bytes").await.unwrap().contents).unwrap();
        assert_eq!(bytes, json!([{ "uri": "test://bytes", "mimeType": "image/png", "blob": "AQID" }]));
        for absent in ["test://none", "mosaic://operations/git.burn", "test://closed"] {
            read(absent).await.unwrap_err();
        }
        joined.leave().await;
    }
}

#[tokio::test]
#[expect(deprecated, reason = "clients of the protocols before that of 2026 subscribe so")]
async fn news_of_a_document_is_told_until_it_is_not_wanted() {
    let board = watch::Sender::new(1);
    let server = server().0.resources(Board(board.clone())).build().unwrap();
    let joined = join(&server, Speaks::Old, Heard::default()).await;
    joined.client.subscribe(SubscribeRequestParams::new(BOARD)).await.unwrap();
    let told = async |count: usize| {
        while joined.heard.updates.lock().len() < count {
            tokio::task::yield_now().await;
        }
    };
    board.send_replace(2);
    told(1).await;
    board.send_replace(3);
    told(2).await;
    joined.client.unsubscribe(UnsubscribeRequestParams::new(BOARD)).await.unwrap();
    board.send_replace(4);
    joined.client.list_tools(None).await.unwrap();
    assert_eq!(*joined.heard.updates.lock(), [BOARD, BOARD]);
    // One that never changes may be watched, too.
    joined.client.subscribe(SubscribeRequestParams::new("mosaic://operations")).await.unwrap();
    joined.leave().await;
    // Nobody watches any more.
    while board.receiver_count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_new_protocol_listens_through_one_stream() {
    let board = watch::Sender::new(1);
    let server = server().0.resources(Board(board.clone())).build().unwrap();
    let joined = join(&server, Speaks::New, Heard::default()).await;
    let filter = SubscriptionFilter::builder().resource_subscription(BOARD).tools_list_changed().build();
    let mut news = joined.client.listen(filter).await.unwrap();
    board.send_replace(2);
    let heard = tokio::time::timeout(Duration::from_secs(20), news.next()).await.unwrap();
    let heard = format!("{heard:?}");
    assert!(heard.contains("ResourceUpdated") && heard.contains(BOARD), "{heard}");
    drop(news);
    joined.leave().await;
    while board.receiver_count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn prompts_are_filled_and_completed() {
    let server = server().0.build().unwrap();
    for speaks in Speaks::BOTH {
        let joined = join(&server, speaks, Heard::default()).await;
        let listed = joined.client.list_all_prompts().await.unwrap();
        assert_eq!(listed[0].name, "review_pull_request");
        let arguments = json!({ "owner": "acme", "name": "widget", "number": "7" });
        let filled = GetPromptRequestParams::new("review_pull_request")
            .with_arguments(arguments.as_object().unwrap().clone());
        let filled = joined.client.get_prompt(filled).await.unwrap();
        let text = filled.messages[0].content.as_text().unwrap().text.clone();
        assert!(text.starts_with("Review pull request 7 of acme/widget.\n"), "{text}");
        assert!(!text.contains("Look most at"), "a line without a value is left out");

        for wrong in [GetPromptRequestParams::new("burn"), GetPromptRequestParams::new("review_pull_request")]
        {
            let error = joined.client.get_prompt(wrong).await.unwrap_err().to_string();
            assert!(error.contains("no prompt") || error.contains("\"owner\" is missing"), "{error}");
        }

        let complete = async |reference: Reference, name: &str, typed: &str| {
            let request = CompleteRequestParams::new(reference, ArgumentInfo::new(name, typed));
            joined.client.complete(request).await.unwrap().completion
        };
        let focus = complete(Reference::for_prompt("review_pull_request"), "focus", "se").await;
        assert_eq!(focus.values, ["security"]);
        let operations = Reference::for_resource("mosaic://operations/{name}");
        let branches = complete(operations.clone(), "name", "git.delete_b").await;
        assert_eq!(branches.values, ["git.delete_branch"]);
        let all = complete(operations, "name", "").await;
        assert!(all.values.len() <= 100 && all.total.is_some_and(|total| total as usize >= all.values.len()));
        joined.leave().await;
    }
}
