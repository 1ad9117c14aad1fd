//! News for a client: documents that changed, lists of tools that changed.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{BoxStream, SelectAll, StreamExt as _};
use mosaic_core::context::CallContext;
use parking_lot::Mutex;
use rmcp::model::{ErrorData, ResourceUpdatedNotificationParam};
use rmcp::service::{Peer, RoleServer, SubscriptionContext};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::Answer;
use crate::surface::guard::to_read;
use crate::surface::server::Inner;

/// The most documents that one client watches.
pub(super) const MOST: usize = 256;

/// The tasks that bring a client its news; they end with it.
#[derive(Default)]
pub(super) struct News {
    documents: Mutex<HashMap<String, AbortOnDropHandle<()>>>,
    tools: Mutex<Option<AbortOnDropHandle<()>>>,
}

impl News {
    /// Tells the client whenever the document at this address changes. One that never changes may be watched as well.
    pub(super) fn subscribe(
        &self,
        server: &Arc<Inner>,
        cx: &CallContext,
        peer: Peer<RoleServer>,
        uri: String,
    ) -> Answer<()> {
        let mut documents = self.documents.lock();
        if documents.len() >= MOST && !documents.contains_key(&uri) {
            return Err(ErrorData::invalid_request(
                format!("a client watches {MOST} documents at most"),
                None,
            ));
        }
        let Some(mut changes) = watch(server, cx, &uri) else { return Ok(()) };
        let (server, cx, address) = (Arc::clone(server), cx.clone(), uri.clone());
        let task = tokio::spawn(async move {
            while changes.next().await.is_some() {
                if !may_hear(&server, &cx, &address).await {
                    continue;
                }
                let news = ResourceUpdatedNotificationParam::new(&address);
                if peer.notify_resource_updated(news).await.is_err() {
                    return;
                }
            }
        });
        documents.insert(uri, AbortOnDropHandle::new(task));
        Ok(())
    }

    /// No more of that.
    pub(super) fn unsubscribe(&self, uri: &str) {
        self.documents.lock().remove(uri);
    }

    /// Tells the client whenever the list of tools changes.
    pub(super) fn tools(&self, server: &Inner, peer: Peer<RoleServer>) {
        let Some(mut changes) = tool_changes(server) else { return };
        let task = tokio::spawn(async move {
            while changes.next().await.is_some() {
                if peer.notify_tool_list_changed().await.is_err() {
                    return;
                }
            }
        });
        *self.tools.lock() = Some(AbortOnDropHandle::new(task));
    }
}

/// What a client of the protocol of 2026-07-28 hears of all that, through one stream, until it is cancelled.
pub(super) async fn listen(server: &Arc<Inner>, cx: &CallContext, subscription: SubscriptionContext) {
    let accepted = subscription.accepted();
    let mut changes: SelectAll<BoxStream<'static, Option<String>>> = SelectAll::new();
    for uri in accepted.resource_subscriptions.iter().flatten() {
        let needed = to_read(&server.resources, uri);
        if server.guard.check(cx, needed, "mcp.read_resource", uri).await.is_err() {
            // The others are told; of what may not be read nothing is.
            continue;
        }
        if let Some(news) = watch(server, cx, uri) {
            let uri = uri.clone();
            changes.push(news.map(move |()| Some(uri.clone())).boxed());
        }
    }
    if accepted.tools_list_changed == Some(true)
        && let Some(news) = tool_changes(server)
    {
        changes.push(news.map(|()| None).boxed());
    }
    let sink = subscription.sink();
    loop {
        let sent = tokio::select! {
            () = subscription.cancelled() => return,
            Some(change) = changes.next() => match change {
                Some(uri) if !may_hear(server, cx, &uri).await => continue,
                Some(uri) => sink.notify_resource_updated(uri).await,
                None => sink.notify_tool_list_changed().await,
            },
            else => {
                subscription.cancelled().await;
                return;
            }
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "news was not heard");
            return;
        }
    }
}

/// Whether the permission is still there with which it began.
async fn may_hear(server: &Inner, cx: &CallContext, uri: &str) -> bool {
    server.guard.passes(cx, to_read(&server.resources, uri)).await
}

fn watch(server: &Inner, cx: &CallContext, uri: &str) -> Option<BoxStream<'static, ()>> {
    server.resources.iter().find_map(|source| source.watch(cx, uri))
}

fn tool_changes(server: &Inner) -> Option<BoxStream<'static, ()>> {
    // Who may do more, or less, has another list.
    let sources = server.sources.iter().filter_map(|source| source.changed());
    let changes: Vec<_> = sources.chain(server.guard.gate.changed()).map(moves).collect();
    (!changes.is_empty()).then(|| futures_util::stream::select_all(changes).boxed())
}

/// An item for each time that a value moves; what moves while nobody looks is one.
fn moves(mut receiver: watch::Receiver<u64>) -> BoxStream<'static, ()> {
    receiver.mark_unchanged();
    futures_util::stream::unfold(receiver, async |mut receiver| {
        receiver.changed().await.ok()?;
        Some(((), receiver))
    })
    .boxed()
}
