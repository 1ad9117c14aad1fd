//! Questions to people before something that cannot be undone.

use mosaic_mcp::surface::Confirm;
use rmcp::model::{CallToolResponse, CallToolResult, ElicitationAction};
use serde_json::{Value, json};

use super::client::{Heard, Speaks, call, join, text};
use super::forge::server;

fn lid() -> Value {
    json!({ "repo": { "owner": "acme", "name": "widget" }, "branch": "lid" })
}

fn kind(result: &CallToolResult) -> Value {
    assert_eq!(result.is_error, Some(true), "{result:?}");
    serde_json::from_str::<Value>(text(result)).unwrap()["kind"].clone()
}

#[tokio::test]
async fn a_person_who_can_be_asked_is_asked() {
    for speaks in Speaks::BOTH {
        for confirm in [Confirm::IfPossible, Confirm::Required] {
            for (answer, done) in [
                (ElicitationAction::Accept, 1),
                (ElicitationAction::Decline, 0),
                (ElicitationAction::Cancel, 0),
            ] {
                let (server, counts) = server();
                let server = server.confirm(confirm).build().unwrap();
                let joined = join(&server, speaks, Heard::answering(answer.clone())).await;
                let result = joined.call("git_delete_branch", lid()).await;
                if done == 1 {
                    assert_eq!(text(&result), "done");
                } else {
                    assert_eq!(kind(&result), "permission_denied");
                }
                assert_eq!(counts.deleted(), done, "{speaks:?} {confirm:?} {answer:?}");
                let questions = joined.heard.questions.lock().clone();
                assert_eq!(questions.len(), 1);
                assert!(
                    questions[0].contains("Delete branch") && questions[0].contains("lid"),
                    "{questions:?}"
                );
                joined.leave().await;
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_cannot_ask_is_let_pass_or_not_as_the_server_says() {
    for speaks in Speaks::BOTH {
        for (confirm, done) in [(Confirm::IfPossible, 1), (Confirm::Required, 0), (Confirm::Never, 1)] {
            let (server, counts) = server();
            let server = server.confirm(confirm).build().unwrap();
            let joined = join(&server, speaks, Heard::default()).await;
            let result = joined.call("git_delete_branch", lid()).await;
            assert_eq!(counts.deleted(), done, "{speaks:?} {confirm:?}");
            assert_eq!(result.is_error, Some(done == 0));
            joined.leave().await;
        }
    }
}

#[tokio::test]
async fn what_only_adds_or_reads_needs_no_word_and_the_way_around_does() {
    let (server, counts) = server();
    let server = server.confirm(Confirm::Required).build().unwrap();
    let joined = join(&server, Speaks::New, Heard::answering(ElicitationAction::Decline)).await;
    joined.call("git_get_repository", json!({ "repo": { "owner": "acme", "name": "widget" } })).await;
    assert!(joined.heard.questions.lock().is_empty());
    let around = json!({ "name": "git_delete_branch", "arguments": lid() });
    assert_eq!(kind(&joined.call("call_tool", around).await), "permission_denied");
    assert_eq!((counts.deleted(), joined.heard.questions.lock().len()), (0, 1));
    joined.leave().await;
}

#[tokio::test]
async fn an_answer_to_a_question_that_was_not_asked_counts_for_nothing() {
    let (server, counts) = server();
    let server = server.confirm(Confirm::Required).build().unwrap();
    let joined = join(&server, Speaks::New, Heard::answering(ElicitationAction::Accept)).await;
    let yes: rmcp::model::InputResponses = [("confirm".to_owned(), json!({ "action": "accept" }))].into();

    // A yes before any question, under no state and under one that is made up.
    for state in [None, Some("e30.00")] {
        let mut forged = call("git_delete_branch", lid()).with_input_responses(yes.clone());
        forged.request_state = state.map(Into::into);
        let answer = joined.client.call_tool_once(forged).await.unwrap();
        assert!(matches!(answer, CallToolResponse::InputRequired(_)), "{answer:?}");
    }

    // A yes to the question about one branch, for another.
    let asked = joined.client.call_tool_once(call("git_delete_branch", lid())).await.unwrap();
    let CallToolResponse::InputRequired(asked) = asked else { panic!("{asked:?}") };
    let state = asked.request_state.unwrap();
    let mut other = lid();
    other["branch"] = "main".into();
    let moved = call("git_delete_branch", other).with_input_responses(yes.clone()).with_request_state(&state);
    let answer = joined.client.call_tool_once(moved).await.unwrap();
    assert!(matches!(answer, CallToolResponse::InputRequired(_)), "{answer:?}");
    assert_eq!(counts.deleted(), 0);

    let right = call("git_delete_branch", lid()).with_input_responses(yes).with_request_state(state);
    let answer = joined.client.call_tool_once(right).await.unwrap();
    assert!(matches!(answer, CallToolResponse::Complete(_)), "{answer:?}");
    assert_eq!(counts.deleted(), 1);
    joined.leave().await;
}
