//! The answers of this server against the schemas of GitHub's document, for every operation that it has.

use axum::http::Method;
use serde_json::{Value, json};

use super::tests::Hub;
use crate::fake::document::Watch;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_fits_the_document() {
    let Some(watch) = Watch::load("github/api.github.com.pruned.json") else { return };
    // The document has 422 for what is invalid only where somebody thought of it.
    let watch = watch
        .usual(422)
        .usual(409)
        .beside("/repos/{owner}/{repo}/assignees")
        .beside("/repos/{owner}/{repo}/git/refs")
        .beside("/repositories/{id}/{rest}");
    let hub = Hub::watched(&watch).await;
    everything(&hub).await;
    watch.assert_faithful();
    let checked = watch.checked();
    assert!(checked.len() >= 85, "only {} kinds of answers were checked: {checked:#?}", checked.len());
}

/// Asks for everything once, in an order in which it can be there.
async fn everything(hub: &Hub) {
    use Method as M;
    let ask = async |method: Method, path: &str, body: Value, status: u16| {
        hub.ask(method, path, body, status).await
    };
    let get = async |path: &str| hub.get(path).await;
    for path in ["/user", "/users/ada", "/orgs/acme", "/rate_limit", "/meta"] {
        get(path).await;
    }
    let new = json!({ "name": "widget", "description": "A widget", "private": false });
    ask(M::POST, "/orgs/acme/repos", new.clone(), 201).await;
    ask(M::POST, "/orgs/acme/repos", new, 422).await;
    ask(M::POST, "/user/repos", json!({ "name": "own", "private": true, "auto_init": true }), 201).await;
    for path in ["/orgs/acme/repos", "/users/ada/repos", "/user/repos?sort=created"] {
        get(path).await;
    }
    let repo = "/repos/acme/widget";
    let at = |rest: &str| format!("{repo}{rest}");
    get(repo).await;
    ask(M::GET, &at("/commits"), Value::Null, 409).await;
    ask(M::GET, &at("/contents/README.md"), Value::Null, 404).await;
    let file = json!({ "message": "Begin", "content": "b25lCnR3bwo=" });
    let first = ask(M::PUT, &at("/contents/README.md"), file, 201).await;
    let file = json!({ "message": "Deep", "content": "eA==" });
    ask(M::PUT, &at("/contents/src/deep/x.txt"), file.clone(), 201).await;
    ask(M::PUT, &at("/contents/gone.txt"), file, 201).await;
    let sha = first["commit"]["sha"].as_str().unwrap().to_owned();
    for path in [
        "/contents",
        "/contents/README.md?ref=main",
        "/contents/src",
        "/git/trees/main?recursive=1",
        "/commits",
        "/commits?path=src&per_page=1",
        "/commits/main",
        "/branches",
        "/branches/main",
        "/git/ref/heads/main",
        "/git/matching-refs/heads",
        "/git/refs",
    ] {
        get(&at(path)).await;
    }
    get(&at(&format!("/git/blobs/{}", first["content"]["sha"].as_str().unwrap()))).await;
    get(&at(&format!("/git/commits/{sha}"))).await;

    ask(M::POST, &at("/git/refs"), json!({ "ref": "refs/heads/lid/top", "sha": sha }), 201).await;
    ask(M::POST, &at("/git/refs"), json!({ "ref": "refs/heads/lid/top", "sha": sha }), 422).await;
    let tag = json!({ "tag": "v0", "message": "The first", "object": sha, "type": "commit" });
    let tag = ask(M::POST, &at("/git/tags"), tag, 201).await;
    get(&at(&format!("/git/tags/{}", tag["sha"].as_str().unwrap()))).await;
    ask(M::POST, &at("/git/refs"), json!({ "ref": "refs/tags/v0", "sha": tag["sha"] }), 201).await;
    get(&at("/tags")).await;
    let lid = json!({ "message": "Lid", "content": "bGlkCg==", "branch": "lid/top" });
    let lid = ask(M::PUT, &at("/contents/lid.txt"), lid, 201).await;
    get(&at("/compare/main...lid%2Ftop")).await;
    ask(M::POST, &at("/git/refs"), json!({ "ref": "refs/heads/side", "sha": sha }), 201).await;
    ask(M::PATCH, &at("/git/refs/heads/side"), json!({ "sha": lid["commit"]["sha"] }), 200).await;
    ask(M::POST, &at("/branches/side/rename"), json!({ "new_name": "edge" }), 201).await;
    let blob = ask(M::GET, &at("/contents/gone.txt"), Value::Null, 200).await;
    let gone = json!({ "message": "Gone", "sha": blob["sha"] });
    ask(M::DELETE, &at("/contents/gone.txt"), gone, 200).await;
    ask(M::POST, &at("/merges"), json!({ "base": "edge", "head": "main" }), 201).await;
    ask(M::POST, &at("/merges"), json!({ "base": "edge", "head": "main" }), 204).await;
    ask(M::POST, &at("/merges"), json!({ "base": "edge", "head": "nope" }), 404).await;
    ask(M::DELETE, &at("/git/refs/heads/edge"), Value::Null, 204).await;
    ask(M::DELETE, &at("/git/refs/heads/edge"), Value::Null, 422).await;

    let status = json!({ "state": "success", "context": "build", "target_url": "https://ci.example.org/1" });
    ask(M::POST, &at(&format!("/statuses/{sha}")), status, 201).await;
    ask(M::POST, &at(&format!("/statuses/{}", "0".repeat(40))), json!({ "state": "success" }), 422).await;
    get(&at(&format!("/commits/{sha}/status"))).await;
    get(&at(&format!("/commits/{sha}/statuses"))).await;

    ask(M::POST, &at("/milestones"), json!({ "title": "v1", "due_on": "2030-01-02T00:00:00Z" }), 201).await;
    ask(M::POST, &at("/milestones"), json!({ "title": "v1" }), 422).await;
    ask(M::PATCH, &at("/milestones/1"), json!({ "state": "closed" }), 200).await;
    get(&at("/milestones?state=all")).await;
    get(&at("/milestones/1")).await;
    ask(M::POST, &at("/labels"), json!({ "name": "needs care", "color": "ff0000" }), 201).await;
    ask(M::POST, &at("/labels"), json!({ "name": "x", "color": "red" }), 422).await;
    ask(M::PATCH, &at("/labels/needs%20care"), json!({ "description": "Soon" }), 200).await;
    get(&at("/labels")).await;
    get(&at("/labels/needs%20care")).await;
    let issue = json!({
        "title": "It leaks", "body": "Much.", "labels": ["needs care", "new"], "assignees": ["ada"], "milestone": 1,
    });
    ask(M::POST, &at("/issues"), issue, 201).await;
    ask(M::POST, &at("/issues"), json!({ "title": "x", "assignees": ["nobody"] }), 422).await;
    ask(M::PATCH, &at("/issues/1"), json!({ "state": "closed", "state_reason": "not_planned" }), 200).await;
    get(&at("/issues/1")).await;
    let comment = ask(M::POST, &at("/issues/1/comments"), json!({ "body": "Indeed." }), 201).await;
    let comment = at(&format!("/issues/comments/{}", comment["id"]));
    get(&comment).await;
    ask(M::PATCH, &comment, json!({ "body": "Indeed!" }), 200).await;
    get(&at("/issues/1/comments")).await;
    ask(M::DELETE, &comment, Value::Null, 204).await;
    ask(M::POST, &at("/issues/1/assignees"), json!({ "assignees": ["bob", "nobody"] }), 201).await;
    ask(M::DELETE, &at("/issues/1/assignees"), json!({ "assignees": ["bob"] }), 200).await;
    ask(M::POST, &at("/issues/1/labels"), json!({ "labels": ["more"] }), 200).await;
    ask(M::PUT, &at("/issues/1/labels"), json!({ "labels": ["more", "less"] }), 200).await;
    get(&at("/issues/1/labels")).await;
    ask(M::DELETE, &at("/issues/1/labels/more"), Value::Null, 200).await;
    ask(M::DELETE, &at("/issues/1/labels"), Value::Null, 204).await;
    ask(M::DELETE, &at("/labels/more"), Value::Null, 204).await;

    let pull = json!({ "title": "A lid", "head": "lid/top", "base": "main", "body": "See." });
    ask(M::POST, &at("/pulls"), pull.clone(), 201).await;
    ask(M::POST, &at("/pulls"), pull, 422).await;
    ask(M::PATCH, &at("/pulls/2"), json!({ "title": "A good lid" }), 200).await;
    for path in ["/pulls", "/pulls/2", "/pulls/2/commits", "/pulls/2/files", "/issues?state=all", "/issues/2"]
    {
        get(&at(path)).await;
    }
    let head = lid["commit"]["sha"].clone();
    let remark = json!({ "body": "Here.", "commit_id": head, "path": "lid.txt", "line": 1 });
    let remark = ask(M::POST, &at("/pulls/2/comments"), remark, 201).await;
    let reply = json!({ "body": "There.", "in_reply_to": remark["id"] });
    ask(M::POST, &at("/pulls/2/comments"), reply, 201).await;
    let file = json!({ "body": "All.", "commit_id": head, "path": "lid.txt", "subject_type": "file" });
    ask(M::POST, &at("/pulls/2/comments"), file, 201).await;
    let off = json!({ "body": "Off.", "commit_id": head, "path": "lid.txt", "line": 9 });
    ask(M::POST, &at("/pulls/2/comments"), off, 422).await;
    get(&at("/pulls/2/comments")).await;
    get(&at(&format!("/pulls/comments/{}", remark["id"]))).await;
    ask(M::POST, &at("/pulls/2/reviews"), json!({ "event": "APPROVE" }), 422).await;
    let review = hub.bob(M::POST, &at("/pulls/2/reviews"), json!({ "event": "APPROVE" }), 200).await;
    get(&at("/pulls/2/reviews")).await;
    get(&at(&format!("/pulls/2/reviews/{}", review["id"]))).await;
    ask(M::GET, &at("/pulls/2/merge"), Value::Null, 404).await;
    ask(M::PUT, &at("/pulls/2/merge"), json!({ "sha": "0".repeat(40) }), 409).await;
    ask(M::PUT, &at("/pulls/2/merge"), json!({ "merge_method": "squash" }), 200).await;
    ask(M::PUT, &at("/pulls/2/merge"), json!({}), 405).await;
    ask(M::GET, &at("/pulls/2/merge"), Value::Null, 204).await;
    get(&at("/pulls/2")).await;
    get("/search/issues?q=lid%20repo:acme/widget").await;

    let release = json!({ "tag_name": "v1", "name": "One", "body": "Text" });
    let release = ask(M::POST, &at("/releases"), release, 201).await;
    ask(M::POST, &at("/releases"), json!({ "tag_name": "v1" }), 422).await;
    ask(M::POST, &at("/releases"), json!({ "tag_name": "v2", "draft": true }), 201).await;
    let id = at(&format!("/releases/{}", release["id"]));
    for path in [at("/releases"), at("/releases/latest"), at("/releases/tags/v1"), id.clone()] {
        get(&path).await;
    }
    ask(M::PATCH, &id, json!({ "prerelease": true }), 200).await;
    ask(M::DELETE, &id, Value::Null, 204).await;
    let hook = json!({
        "name": "web", "events": ["push", "pull_request"],
        "config": { "url": "https://ci.example.org/hook", "content_type": "json", "secret": "hush" },
    });
    let hook = ask(M::POST, &at("/hooks"), hook.clone(), 201).await;
    ask(M::POST, &at("/hooks"), json!({ "config": { "url": "" } }), 422).await;
    get(&at("/hooks")).await;
    let hook = at(&format!("/hooks/{}", hook["id"]));
    get(&hook).await;
    ask(M::PATCH, &hook, json!({ "active": false }), 200).await;
    ask(M::POST, &format!("{hook}/pings"), Value::Null, 204).await;
    ask(M::DELETE, &hook, Value::Null, 204).await;
    ask(M::PUT, &at("/collaborators/eve"), json!({}), 204).await;
    for path in ["/collaborators", "/assignees"] {
        get(&at(path)).await;
    }
    ask(M::GET, &at("/collaborators/eve"), Value::Null, 204).await;
    ask(M::DELETE, &at("/collaborators/eve"), Value::Null, 204).await;
    ask(M::DELETE, &at("/milestones/1"), Value::Null, 204).await;
    ask(M::PATCH, repo, json!({ "name": "gadget", "default_branch": "lid/top", "archived": true }), 200)
        .await;
    ask(M::GET, repo, Value::Null, 301).await;
    ask(M::PATCH, repo, json!({ "name": "x" }), 307).await;
    ask(M::PATCH, "/repos/acme/gadget", json!({ "description": "x" }), 403).await;
    ask(M::DELETE, "/repos/acme/gadget", Value::Null, 204).await;
}
