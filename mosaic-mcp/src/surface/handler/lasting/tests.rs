use std::time::Duration;

use mosaic_core::context::Principal;
use mosaic_core::types::TenantId;
use rmcp::model::TaskPayload;
use serde_json::json;

use super::calls::Going;
use super::record::End;
use super::shelf::{EACH, Owner};
use super::*;
use crate::surface::CallToolResult;
use crate::surface::lasting::Lasting;

const ALL: usize = 1_024;

fn owner(tenant: &str) -> Owner {
    (TenantId::new(tenant).unwrap(), Principal::user("ann"))
}

fn called() -> Called {
    Called {
        tool: "slow".to_owned(),
        arguments: Value::Null,
        key: None,
        effect: Effect::Create,
        about: Vec::new(),
    }
}

fn going() -> Going {
    AbortOnDropHandle::new(tokio::spawn(std::future::pending()))
}

async fn kept(calls: &Arc<Calls>, owner: &Owner) -> Option<Name> {
    let task = calls.keep(owner, called(), BTreeMap::new(), going()).await.ok()?;
    Name::of(owner.clone(), &task.task_id)
}

fn done() -> End {
    End::of(Ok((CallToolResult::value(json!({ "done": true })), BTreeMap::new())), Effect::Create)
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_is_not_completed_afterwards() {
    let calls = Calls::new(Lasting::new(), None);
    let acme = owner("acme");
    let (name, other) = (kept(&calls, &acme).await.unwrap(), kept(&calls, &acme).await.unwrap());
    calls.shelf.change(&name, |record, now| record.give_up(now)).await.unwrap().unwrap();
    calls.ended(&name, 1, done()).await.unwrap();
    calls.ended(&other, 1, done()).await.unwrap();
    let payload = async |name: &Name| {
        let record = calls.get(name).await.unwrap().unwrap();
        record.task(&name.id, &calls.options).unwrap().payload
    };
    assert!(matches!(payload(&name).await, TaskPayload::Cancelled));
    assert!(matches!(payload(&other).await, TaskPayload::Completed { .. }));
}

#[tokio::test(start_paused = true)]
async fn results_are_let_go_when_their_time_is_over() {
    let calls = Calls::new(Lasting::new().keep(Duration::from_secs(60)), None);
    let name = kept(&calls, &owner("acme")).await.unwrap();
    calls.ended(&name, 1, done()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(calls.get(&name).await.unwrap().is_some());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(calls.get(&name).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn one_tenant_leaves_room_for_others() {
    let calls = Calls::new(Lasting::new().most(ALL), None);
    let (acme, mut had) = (owner("acme"), 0);
    for _ in 0..ALL {
        had += usize::from(kept(&calls, &acme).await.is_some());
    }
    assert_eq!(had, EACH);
    assert!(kept(&calls, &owner("other")).await.is_some());
}
