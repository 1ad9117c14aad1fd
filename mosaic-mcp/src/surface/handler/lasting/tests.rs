use std::time::Duration;

use mosaic_core::context::Principal;
use mosaic_core::types::TenantId;
use rmcp::model::TaskPayload;
use serde_json::json;

use super::calls::Going;
use super::record::End;
use super::shelf::{EACH, Owner};
use super::*;
use crate::state::{MemoryStore, State};
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

#[tokio::test(start_paused = true)]
async fn what_is_said_to_run_here_and_does_not_is_lost() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    for state in [None, Some(state.clone())] {
        let calls = Calls::new(Lasting::new(), state);
        let name = kept(&calls, &owner("acme")).await.unwrap();
        let question = json!({ "method": "elicitation/create", "params": {
            "mode": "form", "message": "Sure?", "requestedSchema": { "type": "object", "properties": {} },
        } });
        let asked = [("sure".to_owned(), serde_json::from_value(question).unwrap())].into();
        let asks = End::of(Ok((CallToolResult::value(Value::Null), asked)), Effect::Create);
        calls.ended(&name, 1, asks).await.unwrap();
        // It is written that it was begun again, and whoever did so was not told.
        let beginning = calls.begin(&name);
        let node = calls.node.clone();
        let said = [("sure".to_owned(), json!({ "action": "accept" }))].into();
        let told = calls.shelf.change(&name, move |record, now| record.told(said, &node, now)).await;
        assert_eq!(told.unwrap().unwrap().what, Some(Told::Again { turn: 2 }));
        let payload = async || {
            let record = calls.get(&name).await.unwrap().unwrap();
            record.task(&name.id, &calls.options).unwrap().payload
        };
        assert_eq!(payload().await, TaskPayload::Working);
        drop(beginning);
        assert!(matches!(payload().await, TaskPayload::Failed { .. }));
    }
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_state_that_takes_nothing_leaves_the_call_to_its_client() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let calls = Calls::new(Lasting::new(), Some(state.clone()));
    let large = Called { arguments: json!("x".repeat(300 * 1024)), ..called() };
    assert!(calls.keep(&owner("acme"), large, BTreeMap::new(), going()).await.is_err());
    let name = kept(&calls, &owner("acme")).await.unwrap();
    state.close().await.unwrap();
    assert!(kept(&calls, &owner("acme")).await.is_none());
    assert!(calls.ended(&name, 1, done()).await.is_err());
}
