use serde_json::json;

use super::*;
use crate::state::{Clock, MemoryStore, StateOptions};

async fn shared() -> (Shared, CallContext) {
    let clock = Clock::tokio("2026-01-01T00:00:00Z".parse().unwrap());
    let state = StateOptions::new().clock(clock).open(MemoryStore::new()).await.unwrap();
    (Shared::new(state), CallContext::new())
}

fn of(tenant: &str) -> CallContext {
    CallContext::new().tenant(TenantId::new(tenant).unwrap())
}

#[tokio::test(start_paused = true)]
async fn values_are_listed_in_pages_and_cease_to_be() {
    let (shared, cx) = shared().await;
    for name in ["p/1", "p/2", "p/3", "q", "p%/x y"] {
        shared.put_value(&cx, PutValue::new(name, json!({ "name": name }))).await.unwrap();
    }
    shared.put_value(&cx, PutValue::new("p/2", 0).seconds(60u64)).await.unwrap();
    let mut op = ListValues::new().below("p").page(mosaic_core::types::PageRequest::first(2));
    let first = shared.list_values(&cx, op.clone()).await.unwrap();
    assert_eq!(first.items.iter().map(|value| &*value.key).collect::<Vec<_>>(), ["p/1", "p/2"]);
    assert!(first.items[1].expires.is_some());
    op.page.cursor = first.next;
    let second = shared.list_values(&cx, op).await.unwrap();
    assert_eq!(second.items.iter().map(|value| &*value.key).collect::<Vec<_>>(), ["p/3"]);
    assert!(second.next.is_none());

    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(shared.get_value(&cx, GetValue::new("p/2")).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(shared.get_value(&cx, GetValue::new("p%/x y")).await.unwrap().value["name"], "p%/x y");
    let all = shared.list_values(&cx, ListValues::new()).await.unwrap();
    assert_eq!(all.items.len(), 4);
    shared.put_value(&cx, PutValue::new("p/2", 1).version(0u64)).await.unwrap();
}

#[tokio::test]
async fn tenants_see_nothing_of_each_other() {
    let (shared, _) = shared().await;
    // Names of tenants that a careless join would mix up.
    for tenant in ["a", "a.b", "a-b"] {
        shared.put_value(&of(tenant), PutValue::new("k", tenant)).await.unwrap();
        shared.append_event(&of(tenant), AppendEvent::new("t", "k", tenant)).await.unwrap();
    }
    for tenant in ["a", "a.b", "a-b"] {
        let values = shared.list_values(&of(tenant), ListValues::new()).await.unwrap().items;
        assert_eq!(values.iter().map(|value| &value.value).collect::<Vec<_>>(), [&json!(tenant)]);
        let events = shared.read_events(&of(tenant), ReadEvents::new()).await.unwrap();
        assert_eq!(events.events.iter().map(|event| &event.data).collect::<Vec<_>>(), [&json!(tenant)]);
        assert_eq!(events.events[0].topic, "shared.t");
        assert_eq!((events.next, events.lag), (3, 0));
    }
    assert!(shared.list_values(&of("b"), ListValues::new()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn events_are_appended_to_an_expected_place_and_read_in_pieces() {
    let (shared, cx) = shared().await;
    let append = |n: u64, after| shared.append_event(&cx, AppendEvent::new("log.a", "k", n).after(after));
    assert_eq!(append(1, 0u64).await.unwrap().offset, 1);
    shared.append_event(&cx, AppendEvent::new("log.b", "k", 0)).await.unwrap();
    assert_eq!(append(2, 0u64).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(append(2, 1u64).await.unwrap().offset, 3);
    let first = shared.read_events(&cx, ReadEvents::new().topic("shared.log.a").limit(1u64)).await.unwrap();
    assert_eq!((first.events.len(), first.next, first.lag), (1, 1, 2));
    let rest =
        shared.read_events(&cx, ReadEvents::new().topic("shared.log.a").after(first.next)).await.unwrap();
    assert_eq!((rest.events[0].offset, rest.next, rest.lag), (3, 3, 0));
}
