//! Listens to the hints of other nodes. They are never relied on: what is not heard is asked for in time.

use std::sync::Arc;

use sqlx::postgres::PgListener;
use tokio::time::sleep;

use super::node::Node;
use super::sql;

/// Listens until the store is closed.
pub(super) async fn listen(node: Arc<Node>) {
    let mut warned = false;
    let follow = async {
        loop {
            let Err(error) = hear(&node, &mut warned).await;
            if !std::mem::replace(&mut warned, true) {
                tracing::warn!(%error, "hints of PostgreSQL are not heard; changes of other nodes are asked for");
            }
            sleep(node.poll_every()).await;
        }
    };
    let _: Option<std::convert::Infallible> = node.stop.run_until_cancelled(follow).await;
}

/// Listens on one connection until it breaks.
async fn hear(node: &Node, warned: &mut bool) -> sqlx::Result<std::convert::Infallible> {
    let pool = node.pool_of_one();
    let channel: String = sqlx::query_scalar(sql::CHANNEL).fetch_one(&pool).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(&channel).await?;
    if std::mem::take(warned) {
        tracing::info!("hints of PostgreSQL are heard again");
    }
    // What happened before is not told.
    node.heard.notify_one();
    loop {
        let Some(hint) = listener.try_recv().await? else {
            return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
        };
        let mut news = !node.is_own(hint.process_id());
        while let Some(hint) = listener.next_buffered() {
            news |= !node.is_own(hint.process_id());
        }
        if news {
            node.heard.notify_one();
        }
    }
}
