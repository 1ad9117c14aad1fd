//! Runs that were kept of a Jenkins. They were read by another API of it, so only their words can be told again, as builds.

use axum::http::Method;
use mosaic_core::op::cicd::{CicdService as _, ListRuns};
use mosaic_core::types::Timestamp;
use mosaic_core::types::cicd::RunState;
use mosaic_providers::jenkins::JenkinsCi;
use serde_json::{Value, json};

use super::{config, cx, widget};
use crate::support::replay::{Recording, Replay};

/// A time such as `2021-09-15T11:12:44.994+0000`.
fn time(text: &Value) -> i64 {
    let text = text.as_str().unwrap().replace("+0000", "Z");
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

/// A kept run as the build that it is.
fn build(run: &Value) -> Value {
    json!({
        "number": run["id"].as_str().unwrap().parse::<u64>().unwrap(), "building": run["state"] != "FINISHED",
        "result": run["result"], "timestamp": time(&run["startTime"]), "duration": run["durationInMillis"],
    })
}

#[tokio::test]
async fn kept_runs_have_the_same_meaning_as_builds() {
    let target = "/job/acme/job/widget/job/test/api/json";
    let file = "jenkins-client/jenkins/job/testdata/PipelineRuns.json";
    let Some(recording) = Recording::answer(Method::GET, target, 200, file) else { return };
    let kept = recording.exchanges()[0].json();
    let kept = kept.as_array().unwrap();
    let recording = recording.mended(
        |runs| json!({ "allBuilds": runs.as_array().unwrap().iter().map(build).collect::<Vec<_>>() }),
    );
    let replay = Replay::start(recording.ignoring(&["tree"])).await;
    let ci = JenkinsCi::new(config(&replay.url(), "t0ken")).unwrap();
    let runs = ci.list_runs(&cx(), ListRuns::of(widget()).pipeline("test")).await.unwrap().items;
    assert_eq!(runs.len(), kept.len());
    for (run, kept) in runs.iter().zip(kept) {
        assert_eq!(run.id, format!("test/{}", kept["id"].as_str().unwrap()));
        let state = match kept["result"].as_str().unwrap() {
            "SUCCESS" => RunState::Succeeded,
            "FAILURE" => RunState::Failed,
            other => panic!("{other}"),
        };
        assert_eq!((run.state, run.vendor_state.as_deref()), (state, kept["result"].as_str()));
        let ended = run.ended_at.unwrap().as_millisecond();
        assert_eq!(ended, time(&kept["startTime"]) + kept["durationInMillis"].as_i64().unwrap());
    }
    replay.assert_matched();
}
