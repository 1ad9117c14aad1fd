//! Lists that show a part of the tools, and the way to the others.

use mosaic_core::types::Effect;
use mosaic_mcp::surface::Menu;
use serde_json::{Value, json};

use super::client::{Heard, Speaks, join, text};
use super::forge::server;

#[tokio::test]
async fn what_a_list_hides_is_found_and_called() {
    let (server, _) = server();
    let menu =
        Menu::all().groups(["git"]).effects([Effect::Read]).first(["git_get_repository"]).budget(4_000);
    let server = server.menu(menu).build().unwrap();
    let joined = join(&server, Speaks::Old, Heard::default()).await;

    let listed = joined.client.list_all_tools().await.unwrap();
    assert!(serde_json::to_vec(&listed).unwrap().len() <= 4 * 4_000);
    let names: Vec<&str> = listed.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names[0], "git_get_repository");
    assert_eq!(names[names.len() - 2..], ["search_tools", "call_tool"]);
    assert!(!names.contains(&"cicd_job_log"));

    let found = joined.call("search_tools", json!({ "query": "log of a job", "limit": 2 })).await;
    let found = found.structured_content.unwrap();
    assert_eq!(found["tools"][0]["name"], "cicd_job_log");
    assert_eq!(found["tools"][0]["inputSchema"]["type"], "object");
    let arguments = json!({ "repo": { "owner": "acme", "name": "widget" } });
    let called =
        joined.call("call_tool", json!({ "name": "git_get_repository", "arguments": arguments })).await;
    assert_eq!(called.structured_content.unwrap()["default_branch"], "main");

    for wrong in [
        json!({}),
        json!({ "name": 1 }),
        json!({ "name": "call_tool" }),
        json!({ "name": "git_get_repository", "more": 1 }),
        json!({ "name": "git_burn" }),
    ] {
        let result = joined.call("call_tool", wrong.clone()).await;
        let fault: Value = serde_json::from_str(text(&result)).unwrap();
        assert_eq!(fault["kind"], "invalid", "{wrong}");
    }
    let result = joined.call("search_tools", json!({ "query": 1 })).await;
    assert_eq!(result.is_error, Some(true));
    joined.leave().await;
}

#[tokio::test]
async fn each_tenant_has_its_menu() {
    let (server, _) = server();
    let server = server
        .menu_for(|cx| match cx.caller().name() {
            "ann" => Menu::all().groups(["docs"]),
            _ => Menu::all(),
        })
        .build()
        .unwrap();
    let joined = join(&server, Speaks::New, Heard::default()).await;
    let listed = joined.client.list_all_tools().await.unwrap();
    assert!(listed.len() > 2 && listed[..listed.len() - 2].iter().all(|tool| tool.name.starts_with("docs_")));
    joined.leave().await;
}
