//! Hints through Redis between two nodes, with and without Redis.

use std::time::Duration;

use mosaic_mcp::state::{Key, RedisHints, State};

use crate::servers::{Postgres, Redis};

/// Longer than a test lasts: what is heard is not asked for.
const NEVER: Duration = Duration::from_secs(3_600);

async fn node(postgres: &Postgres, redis: &Redis, poll_every: Duration) -> State {
    let store = postgres.options("redis").notify(false).open().await.unwrap();
    State::open(RedisHints::new(redis.url()).poll_every(poll_every).over(store).unwrap()).await.unwrap()
}

async fn write(state: &State) -> u64 {
    state.put(Key::new("a").unwrap(), "1").await.unwrap()
}

async fn heard(state: &State, revision: u64) {
    state.heads().wait_for(|head| head.revision >= revision).await.unwrap();
}

#[tokio::test]
async fn nodes_hear_of_each_other_again_when_redis_is_back() {
    let (Some(postgres), Some(mut redis)) = (Postgres::start(), Redis::start()) else { return };
    let (a, b) = (node(&postgres, &redis, NEVER).await, node(&postgres, &redis, NEVER).await);
    for _ in 0..3 {
        heard(&b, write(&a).await).await;
        heard(&a, write(&b).await).await;
    }
    redis.crash();
    let missed = write(&a).await;
    assert_eq!(write(&a).await, missed + 1);
    redis.restart();
    heard(&b, missed + 1).await;
    heard(&a, write(&b).await).await;
    heard(&b, write(&a).await).await;
    a.close().await.unwrap();
    b.close().await.unwrap();
}

#[tokio::test]
async fn nodes_ask_where_redis_is_gone() {
    let (Some(postgres), Some(mut redis)) = (Postgres::start(), Redis::start()) else { return };
    let soon = Duration::from_millis(20);
    let (a, b) = (node(&postgres, &redis, soon).await, node(&postgres, &redis, soon).await);
    heard(&b, write(&a).await).await;
    redis.crash();
    heard(&b, write(&a).await).await;
    heard(&a, write(&b).await).await;
    a.close().await.unwrap();
    b.close().await.unwrap();
}
