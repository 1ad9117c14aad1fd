//! Jenkins' calls against a document of it, which is not official and knows a part of them; bodies are compared here by hand.

use mosaic_core::error::Result;
use mosaic_core::op::cicd::*;
use mosaic_core::types::cicd::RunState;
use mosaic_providers::jenkins::JenkinsCi;
use serde_json::{Value, json};

use super::{config, cx, hello, widget};
use crate::support::prism::{Document, Prism};

/// The folder that the document's jobs are put into.
const FOLDER: &str = "/job/acme/job/widget";

/// Puts right what the document leaves out: folders, definitions in XML, builds without a form, and where a build is queued.
fn amend(document: &mut Value) {
    let paths = document["paths"].as_object_mut().unwrap();
    let names: Vec<String> = paths.keys().cloned().collect();
    for name in names.iter().filter(|name| name.starts_with("/job/") || *name == "/createItem") {
        let item = paths.remove(name).unwrap();
        paths.insert(format!("{FOLDER}{name}"), item);
    }
    // A folder is read as a job is.
    let job = paths[&format!("{FOLDER}/job/{{name}}/api/json")]["get"].clone();
    let mut folder = job.clone();
    folder["parameters"] = json!([]);
    folder["operationId"] = "getFolder".into();
    paths.insert(format!("{FOLDER}/api/json"), json!({ "get": folder }));
    let create = &mut paths[&format!("{FOLDER}/createItem")]["post"];
    let body = create["requestBody"]["content"]["application/json"].clone();
    create["requestBody"]["content"] = json!({ "application/xml": body });
    let build = &mut paths[&format!("{FOLDER}/job/{{name}}/build")]["post"];
    for parameter in build["parameters"].as_array_mut().unwrap() {
        if parameter["name"] == "json" {
            parameter["required"] = false.into();
        }
    }
    let responses = build["responses"].as_object_mut().unwrap();
    responses.remove("200");
    let place = "http://ci.example.org/queue/item/7/";
    responses["201"]["headers"] = json!({ "Location": { "schema": { "type": "string" }, "example": place } });
}

/// Makes of the examples what fits together: a job that can be built, in the queue as the seventh, and then its first build.
fn mend(request: &str, answer: &mut Value) {
    let build = json!({ "number": 1, "building": false, "result": "SUCCESS", "timestamp": 1_700_000_000_000_i64, "queueId": 7 });
    match request.split_once(' ').unwrap().1 {
        "/queue/item/7/api/json" => {
            answer["task"] = json!({ "url": format!("http://ci.example.org{FOLDER}/job/build/") });
            answer["executable"] = Value::Null;
            answer["cancelled"] = false.into();
        }
        path if path == format!("{FOLDER}/api/json") => {
            *answer = json!({ "jobs": [{ "name": "build", "buildable": true, "allBuilds": [build] }] });
        }
        path if path == format!("{FOLDER}/job/build/api/json") => {
            answer["buildable"] = true.into();
            answer["allBuilds"] = json!([build]);
        }
        _ => {}
    }
}

fn read<T>(what: &str, result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error}"))
}

#[tokio::test]
async fn prism_takes_the_requests_of_jenkins_that_its_document_knows() {
    let document = Document::new("jenkins/swaggy-jenkins.openapi.json").amend(amend).mended_by(mend);
    let Some(prism) = Prism::boot(document).await else { return };
    let ci = JenkinsCi::new(config(&prism.url(), "t0ken").queue_wait_ms(0)).unwrap();
    let last = || prism.seen().last().cloned().unwrap();

    read("create_pipeline", ci.create_pipeline(&cx(), CreatePipeline::of(widget(), "build", hello())).await);
    assert_eq!((last().query(), last().header("content-type")), ("name=build", "application/xml"));
    assert_eq!(last().body, hello().as_bytes());
    let run = read("trigger_run", ci.trigger_run(&cx(), TriggerRun::of(widget(), "build")).await);
    assert_eq!((run.id.as_str(), run.state), ("build/q7", RunState::Queued));
    let asked = prism.seen().into_iter().rfind(|seen| seen.method == "POST").unwrap();
    assert_eq!((asked.path(), asked.body.len()), (&*format!("{FOLDER}/job/build/build"), 0));
    let run = read("get_run", ci.get_run(&cx(), GetRun::of(widget(), "build/q7")).await);
    assert_eq!(run.state, RunState::Queued);
    let runs = read("list_runs", ci.list_runs(&cx(), ListRuns::of(widget()).pipeline("build")).await);
    assert_eq!((runs.items.len(), runs.items[0].state), (1, RunState::Succeeded));
    assert_eq!(read("list_runs", ci.list_runs(&cx(), ListRuns::of(widget())).await).items, runs.items);
    let pipelines = read("list_pipelines", ci.list_pipelines(&cx(), ListPipelines::of(widget())).await);
    assert_eq!(pipelines.items[0].id, "build");

    prism.assert_clean();
    let hits: Vec<_> = prism.hits().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    let expected = [
        format!("GET {FOLDER}/api/json"),
        format!("POST {FOLDER}/createItem"),
        format!("GET {FOLDER}/job/{{name}}/api/json"),
        format!("POST {FOLDER}/job/{{name}}/build"),
        "GET /queue/item/{number}/api/json".to_owned(),
    ];
    assert_eq!(hits, expected);
}
