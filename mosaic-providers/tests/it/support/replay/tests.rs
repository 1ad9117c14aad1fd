//! The tests of the replay: that each set is read whole, and that only what was recorded is answered.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Recording, Replay, UNRECORDED, contains, octokit, requre};
use crate::support::shared;

const OCTOKIT: &str = r#"[
    { "scope": "https://api.example.com:443", "method": "get", "path": "/things/a%2Fb?page=1&size=2", "body": "",
      "status": 200, "response": { "url": "https://api.example.com/things/1", "at": "https://api.example.com:443/x" },
      "headers": { "link": "<https://api.example.com/things/a%2Fb?page=2>; rel=\"next\"", "content-length": "99",
                   "x-ratelimit-used": 1 } },
    { "scope": "https://api.example.com:443", "method": "post", "path": "/things", "body": { "name": "one" },
      "status": 201, "response": { "id": 1 }, "headers": {} },
    { "scope": "https://api.example.com:443", "method": "post", "path": "/things", "body": { "name": "two" },
      "status": 201, "response": { "id": 2 }, "headers": {} }
]"#;

const REQURE: &str = "
_requre:
  version_storage_file: 3
requests.sessions:
  send:
    GET:
      https://forge.example.com/api/v1/version:
      - metadata: { latency: 0.1 }
        output:
          __store_indicator: 2
          _content: { version: '1.20' }
          headers: { Content-Type: application/json, ETag: W/\"1\" }
          status_code: 200
      - metadata: { latency: 0.1 }
        output:
          __store_indicator: 1
          _content: 'gone'
          headers: { Content-Type: text/plain }
          status_code: 404
    DELETE:
      https://forge.example.com/api/v1/things/1:
      - output: { __store_indicator: 2, _content: null, headers: {}, status_code: 204 }
";

async fn get(replay: &Replay, target: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{}{target}", replay.url())).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn post(replay: &Replay, target: &str, body: Value) -> (u16, String) {
    let request = reqwest::Client::new().post(format!("{}{target}", replay.url())).body(body.to_string());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn only_what_was_recorded_is_answered() {
    let replay = Replay::start(octokit::read(OCTOKIT).unwrap()).await;
    assert_eq!(get(&replay, "/things/a%2Fb?size=2&page=1").await.0, 200);
    let (status, told) = get(&replay, "/things/a%2Fb?size=2&page=1").await;
    assert_eq!(status, UNRECORDED);
    assert!(told.contains("GET /things/a%2Fb?size=2&page=1 is not recorded"), "{told}");
    assert!(told.contains("[POST /things]"), "{told}");
    for target in ["/things/a%2Fb", "/things/a/b?page=1&size=2", "/things"] {
        assert_eq!(get(&replay, target).await.0, UNRECORDED, "{target}");
    }
    assert_eq!(replay.used(), ["GET /things/a%2Fb?page=1&size=2"]);
    assert_eq!(replay.unused(), ["POST /things", "POST /things"]);
    assert_eq!(replay.seen().len(), 5);
}

#[tokio::test]
#[should_panic(expected = "1 requests were not recorded:\n  GET /nothing is not recorded")]
async fn a_request_that_was_not_recorded_fails_the_test() {
    let replay = Replay::start(octokit::read(OCTOKIT).unwrap()).await;
    get(&replay, "/nothing").await;
    replay.assert_matched();
}

#[tokio::test]
async fn leniency_is_asked_for() {
    let recording = octokit::read(OCTOKIT).unwrap().ignoring(&["page", "size"]).again().rehost();
    let replay = Replay::start(recording).await;
    for target in ["/things/a%2Fb?page=1&size=50", "/things/a%2Fb"] {
        let (status, body) = get(&replay, target).await;
        let own = replay.url();
        assert_eq!(
            (status, body),
            (200, json!({ "url": format!("{own}/things/1"), "at": format!("{own}/x") }).to_string())
        );
    }
    let answer = reqwest::get(format!("{}/things/a%2Fb", replay.url())).await.unwrap();
    let link = answer.headers()["link"].to_str().unwrap();
    assert_eq!(link, format!("<{}/things/a%2Fb?page=2>; rel=\"next\"", replay.url()));
    assert_eq!(answer.headers()["x-ratelimit-used"], "1");
    replay.assert_matched();
}

#[tokio::test]
async fn the_exchange_that_was_sent_the_same_is_told() {
    let replay = Replay::start(octokit::read(OCTOKIT).unwrap()).await;
    let second = post(&replay, "/things", json!({ "name": "two", "private": false })).await;
    assert_eq!(second, (201, json!({ "id": 2 }).to_string()));
    replay.assert_bodies();
    assert_eq!(post(&replay, "/things", json!({ "title": "one" })).await.1, json!({ "id": 1 }).to_string());
    replay.assert_matched();
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| replay.assert_bodies())).unwrap_err();
    let told = told.downcast_ref::<String>().unwrap();
    assert!(told.contains(r#"POST /things: recorded {"name":"one"}, sent {"title":"one"}"#), "{told}");
}

#[tokio::test]
async fn repeats_are_told_in_their_order() {
    let replay = Replay::start(requre::read(REQURE).unwrap()).await;
    assert_eq!(get(&replay, "/api/v1/version").await, (200, json!({ "version": "1.20" }).to_string()));
    assert_eq!(get(&replay, "/api/v1/version").await, (404, "gone".to_owned()));
    assert_eq!(get(&replay, "/api/v1/version").await.0, UNRECORDED);
    assert_eq!(replay.unused(), ["DELETE /api/v1/things/1"]);
}

#[test]
fn a_part_may_lack_fields_and_nothing_else() {
    let whole = json!({ "a": { "b": 1, "c": [1, { "d": 2 }] } });
    assert!(contains(&whole, &json!({ "a": { "c": [1, {}] } })));
    for part in [json!({ "a": { "c": [1] } }), json!({ "a": { "b": 2 } }), json!({ "e": null })] {
        assert!(!contains(&whole, &part), "{part}");
    }
}

#[test]
fn every_shared_recording_is_read() {
    let Some(ogr) = shared::path("fixtures/ogr") else { return };
    let (mut files, mut exchanges) = (0, 0);
    for forge in ["forgejo", "github", "gitlab"] {
        for group in std::fs::read_dir(ogr.join(forge)).unwrap().map(|entry| entry.unwrap().path()) {
            for file in std::fs::read_dir(&group).unwrap().map(|entry| entry.unwrap().path()) {
                let below = file.strip_prefix(&ogr).unwrap().to_str().unwrap();
                exchanges += Recording::requre(below).unwrap().exchanges().len();
                files += 1;
            }
        }
    }
    assert!(files > 200 && exchanges > 3 * files, "{files} files, {exchanges} exchanges");
    for entry in std::fs::read_dir(shared::path("fixtures/octokit-fixtures/github").unwrap()).unwrap() {
        let scenario = entry.unwrap().file_name().into_string().unwrap();
        let (even, raw) =
            (Recording::octokit(&scenario).unwrap(), Recording::octokit_raw(&scenario).unwrap());
        assert!(raw.exchanges().len() >= even.exchanges().len(), "{scenario}");
    }
}

#[tokio::test]
async fn answers_without_requests_are_put_where_the_test_says() {
    let Some(bitbucket) = Recording::atlassian() else { return };
    let circle = "pycircleci/circleci/get_pipeline_response.json";
    let target = "/api/v2/pipeline/dummy-pipeline-id";
    let pipeline = Recording::answer(Method::GET, target, 200, circle).unwrap();
    let state = pipeline.exchanges()[0].json()["state"].clone();
    let replay = Replay::start(bitbucket.and(pipeline).rehost()).await;
    let body: Value = serde_json::from_str(&get(&replay, target).await.1).unwrap();
    assert_eq!(body["state"], state);
    let pipelines = "/2.0/repositories/TestWorkspace1/testrepository1/pipelines";
    let page: Value =
        serde_json::from_str(&get(&replay, &format!("{pipelines}?sort=-created_on&page=1")).await.1).unwrap();
    let href = page["values"][0]["repository"]["links"]["self"]["href"].as_str().unwrap();
    assert!(href.starts_with(&format!("{}/2.0/", replay.url())), "{href}");
    let run =
        json!({ "target": { "ref_type": "branch", "type": "pipeline_ref_target", "ref_name": "master" } });
    assert_eq!(post(&replay, pipelines, run).await.0, 201);
    replay.assert_matched();
    replay.assert_bodies();
}
