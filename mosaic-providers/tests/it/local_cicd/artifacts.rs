//! Artifacts: what matches is kept, and nothing else; nothing leads out of where they are kept.

use futures_util::StreamExt as _;
use mosaic_core::ErrorKind;
use mosaic_core::op::cicd::{CicdService, DownloadArtifact, ListArtifacts, UploadArtifact};
use mosaic_core::types::Body;
use mosaic_core::types::cicd::{PipelineRun, RunState};
use mosaic_providers::local::cicd::LocalCicd;

use super::{Place, ended, open_log, text};

async fn kept(place: &Place, ci: &LocalCicd, run: &PipelineRun) -> Vec<String> {
    let op = ListArtifacts::new("acme", "widget", run.id.as_str());
    let page = ci.list_artifacts(&place.cx, op).await.unwrap();
    page.items.into_iter().map(|artifact| artifact.name).collect()
}

fn with_artifacts(script: &str, globs: &[&str]) -> String {
    format!(
        "jobs:\n  a:\n    run: {}\n    artifacts: {}\n",
        serde_json::json!(script),
        serde_json::json!(globs)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_and_odd_files_are_not_kept() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("secret"), "do not keep").unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let outside = root.path().display();
    let script = format!(
        "mkdir -p out/deep; echo 1 > out/a.txt; echo 2 > out/deep/b.txt; echo 3 > out/c.log\n\
         ln -s '{outside}/secret' out/link.txt; ln -s '{outside}' out/folder; mkfifo out/pipe.txt\n\
         printf x > \"out/new\nline.txt\"; printf y > 'out/back\\slash.txt'"
    );
    let run = place.trigger(&ci, "links", &with_artifacts(&script, &["out/**/*.txt", "out/folder/**"])).await;
    let run = ended(&ci, &run).await;
    assert_eq!(run.state, RunState::Succeeded, "{run:?}");
    assert_eq!(kept(&place, &ci, &run).await, ["out/a.txt", "out/deep/b.txt"]);
    let log = text(open_log(&ci, &run, "a").await).await;
    assert_eq!(log.matches("not kept as an artifact").count(), 4, "{log}");
    for bad in ["../secret", "/etc/passwd", "out/../out/a.txt", "run.json", "out/link.txt"] {
        let op = DownloadArtifact::new("acme", "widget", run.id.as_str(), bad);
        let error = ci.download_artifact(&place.cx, op).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_bounded_and_kept_of_jobs_that_fail_too() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let small = |config: mosaic_providers::local::cicd::LocalCicdConfig| {
        config.limits(|limits| (limits.artifact_bytes, limits.artifact_files) = (100, 3))
    };
    let ci = place.open(small).await;
    for (name, script, state, count, reason) in [
        ("fits", "head -c 100 /dev/zero > x", RunState::Succeeded, 1, ""),
        ("bytes", "head -c 101 /dev/zero > x", RunState::Failed, 0, "over the limit of 100 bytes"),
        ("files", "touch x1 x2 x3 x4", RunState::Failed, 0, "over the limit of 3"),
        ("fails", "touch x; exit 5", RunState::Failed, 1, "exit status 5"),
        ("none", "true", RunState::Succeeded, 0, ""),
    ] {
        let run = ended(&ci, &place.trigger(&ci, name, &with_artifacts(script, &["x*"])).await).await;
        assert_eq!(run.state, state, "{name}: {run:?}");
        assert_eq!(kept(&place, &ci, &run).await.len(), count, "{name}");
        assert!(run.reason.clone().unwrap_or_default().contains(reason), "{name}: {run:?}");
    }
    let run =
        ended(&ci, &place.trigger(&ci, "up", &with_artifacts("head -c 60 /dev/zero > x", &["x"])).await)
            .await;
    let upload = async |name: &str, size: usize| {
        let op = UploadArtifact::new("acme", "widget", run.id.as_str(), name, vec![0; size]);
        ci.upload_artifact(&place.cx, op).await.map_err(|error| error.kind())
    };
    assert!(upload("y", 40).await.is_ok());
    assert_eq!(upload("z", 1).await.unwrap_err(), ErrorKind::Conflict);
    assert_eq!(upload("z", 101).await.unwrap_err(), ErrorKind::Invalid);
    assert_eq!(kept(&place, &ci, &run).await, ["x", "y"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_jobs_do_not_write_over_each_other() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let text = "jobs:\n  a: { run: 'echo same > s; echo a > x', artifacts: [s, x] }\n  b: { needs: [a], run: 'echo same > s', artifacts: [s] }\n  c: { needs: [b], run: 'echo c > x', artifacts: [x] }\n";
    let run = ended(&ci, &place.trigger(&ci, "same", text).await).await;
    assert!(
        run.reason.as_deref().unwrap().starts_with("c: the artifact x was left by another job"),
        "{run:?}"
    );
    assert_eq!(kept(&place, &ci, &run).await, ["s", "x"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_on_the_disk_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let run =
        ended(&ci, &place.trigger(&ci, "big", &with_artifacts("head -c 200000 /dev/zero > x", &["x"])).await)
            .await;
    let folder = root.path().join("ci/runs").join(&run.id).join("artifacts");
    let file = folder.join(&super::names(&folder)[0]);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[199_999] = 1;
    std::fs::write(&file, bytes).unwrap();
    let op = DownloadArtifact::new("acme", "widget", run.id.as_str(), "x");
    let pieces: Vec<_> = ci.download_artifact(&place.cx, op).await.unwrap().collect().await;
    let read: usize = pieces.iter().flatten().map(|piece| piece.bytes().len()).sum();
    assert!(read < 200_000, "the whole is never given");
    assert_eq!(pieces.last().unwrap().as_ref().unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changed_on_its_way_is_not_kept() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let run = ended(&ci, &place.trigger(&ci, "any", &with_artifacts("true", &["x"])).await).await;
    let path = root.path().join("upload");
    std::fs::write(&path, "before").unwrap();
    let body = Body::file(&path).await.unwrap();
    let upload = |body: &Body| {
        let op = UploadArtifact::new("acme", "widget", run.id.as_str(), "file", body.clone());
        ci.upload_artifact(&place.cx, op)
    };
    upload(&body).await.unwrap();
    for changed in ["beFore", "before and after", ""] {
        std::fs::write(&path, changed).unwrap();
        assert_eq!(upload(&body).await.unwrap_err().kind(), ErrorKind::Conflict, "{changed}");
    }
    let folder = root.path().join("ci/runs").join(&run.id).join("artifacts");
    assert!(super::names(&folder).iter().all(|name| name.len() == 64), "no half files stay");
}
