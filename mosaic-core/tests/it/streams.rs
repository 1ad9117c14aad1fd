//! Streams: what is held while one is open, what ends it, and what is repeated.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use mosaic_core::engine::limit::LimitsConfig;
use mosaic_core::engine::{ProviderConfig, breaker::BreakerConfig};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::Caller as _;
use mosaic_core::op::cicd::JobLog;
use mosaic_core::op::{ItemStream, JsonBody};
use mosaic_core::testkit::{Double, Fault};
use mosaic_core::types::Chunk;

use crate::support::*;

fn log() -> JobLog {
    JobLog::new("acme", "widget", "17", "test")
}

/// A log of these items; then it is silent for ever where `silent` says so.
fn runner(items: impl Fn() -> Vec<Result<Chunk>> + Send + Sync + 'static, silent: bool) -> Double {
    Double::new().answer_stream(move |_: &JobLog| {
        let items = futures_util::stream::iter(items());
        let stream: ItemStream<Chunk> =
            if silent { Box::pin(items.chain(futures_util::stream::pending())) } else { Box::pin(items) };
        Ok(stream)
    })
}

fn lines() -> Vec<Result<Chunk>> {
    ["one\n", "two\n"].map(|line| Ok(Chunk::new(line))).to_vec()
}

#[tokio::test(start_paused = true)]
async fn opening_is_repeated_and_items_arrive_in_order() {
    let runner = runner(lines, false);
    let mosaic = single(&runner, config()).build().await.unwrap();
    runner.fault(Fault::DisconnectAfter);
    let stream = mosaic.cicd().job_log(log()).await.unwrap();
    assert_eq!((stream.report().attempts, runner.seen()), (2, 2));
    let text: Vec<_> = stream.map(|item| item.unwrap().as_text().unwrap().to_string()).collect().await;
    assert_eq!(text, ["one\n", "two\n"]);
}

#[tokio::test(start_paused = true)]
async fn permits_and_gauges_live_in_the_stream() {
    let runner = runner(lines, true);
    let limits =
        LimitsConfig { concurrency: Some(1), queue: Duration::from_secs(1), ..LimitsConfig::default() };
    let mosaic = single(&runner, ProviderConfig { limits, ..config() }).build().await.unwrap();
    let in_flight = || mosaic.status().providers[0].in_flight;
    let mut stream = mosaic.cicd().job_log(log()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    assert_eq!(in_flight(), 1);
    let error = mosaic.cicd().job_log(log()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled, "the only turn is taken");
    drop(stream);
    assert_eq!(in_flight(), 0);
    assert!(mosaic.cicd().job_log(log()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_middle_ends_it_and_teaches_the_breaker() {
    let broken = || {
        vec![Ok(Chunk::new("one")), Err(Error::new(ErrorKind::Network, "broken off")), Ok(Chunk::new("x"))]
    };
    let runner = runner(broken, false);
    let breaker = BreakerConfig { failures_in_a_row: 1, ..BreakerConfig::default() };
    let mosaic = single(&runner, ProviderConfig { breaker, ..config() }).build().await.unwrap();
    let items: Vec<_> = mosaic.cicd().job_log(log()).await.unwrap().collect().await;
    assert_eq!(items.len(), 2, "nothing comes after the error, and nothing is repeated");
    assert_eq!(items[1].as_ref().unwrap_err().kind(), ErrorKind::Network);
    assert_eq!(mosaic.cicd().job_log(log()).await.unwrap_err().kind(), ErrorKind::CircuitOpen);
    assert_eq!(runner.seen(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_ends() {
    let runner = runner(lines, true);
    let config = ProviderConfig { idle_timeout: Duration::from_secs(5), ..config() };
    let mosaic = single(&runner, config).build().await.unwrap();
    let began = tokio::time::Instant::now();
    let items: Vec<_> = mosaic.cicd().job_log(log()).await.unwrap().collect().await;
    assert_eq!(items.last().unwrap().as_ref().unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!((items.len(), began.elapsed()), (3, Duration::from_secs(5)));
}

#[tokio::test(start_paused = true)]
async fn by_name_a_stream_gives_json_items() {
    let runner = runner(lines, false);
    let mosaic = single(&runner, config()).build().await.unwrap();
    let params = serde_json::to_value(log()).unwrap();
    let answer = mosaic.call_json(&Default::default(), "cicd.job_log", params).await.unwrap();
    let JsonBody::Stream(stream) = answer.body else { panic!("a stream was asked for") };
    let items: Vec<_> = stream.map(|item| item.unwrap()).collect().await;
    assert_eq!(items[0]["text"], "one\n");
}

#[tokio::test(start_paused = true)]
async fn generic_code_takes_the_orchestra_and_one_provider_alike() {
    use mosaic_core::op::cicd::CicdService;
    use mosaic_core::op::{Direct, Via};
    async fn count(ci: &impl CicdService) -> usize {
        ci.job_log(&Default::default(), log()).await.unwrap().count().await
    }
    let runner = runner(lines, false);
    let mosaic = single(&runner, config()).build().await.unwrap();
    let direct = Arc::new(Direct::new(Arc::new(runner)));
    assert_eq!((count(&Via(mosaic)).await, count(&Via(direct)).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn an_upload_carries_a_body_that_opens_anew_for_each_attempt() {
    use mosaic_core::op::cicd::UploadArtifact;
    use mosaic_core::types::Body;
    use mosaic_core::types::cicd::Artifact;
    let path = std::env::temp_dir().join(format!("mosaic-upload-{}", std::process::id()));
    std::fs::write(&path, "all well").unwrap();
    let body = Body::file(&path).await.unwrap();
    let runner = Double::new().answer(|op: &UploadArtifact| {
        Ok(Artifact::new(op.file.clone()).size(op.body.size()).digest(op.body.digest().to_string()))
    });
    let mosaic = single(&runner, config()).build().await.unwrap();
    runner.fault(Fault::DisconnectBefore);
    let upload = UploadArtifact::new("acme", "widget", "17", "log.txt", body);
    let artifact = mosaic.cicd().upload_artifact(upload).await.unwrap();
    assert_eq!((artifact.size, artifact.attempts()), (Some(8), 2));
    assert_eq!(artifact.digest, Some(Body::bytes("all well").digest().to_string()));
    for seen in runner.log() {
        let op: &UploadArtifact = seen.payload.get().unwrap();
        let mut text = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut op.body.open().await.unwrap(), &mut text).await.unwrap();
        assert_eq!(text, "all well");
        assert!(
            !seen.payload.to_json().unwrap().to_string().contains("mosaic-upload"),
            "no path leaves the process"
        );
    }
    std::fs::remove_file(path).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_takes_its_time_is_no_silence() {
    let runner = runner(lines, false);
    let config = ProviderConfig { idle_timeout: Duration::from_secs(5), ..config() };
    let mosaic = single(&runner, config).build().await.unwrap();
    let mut stream = mosaic.cicd().job_log(log()).await.unwrap();
    let mut items = 0;
    while let Some(item) = stream.next().await {
        item.unwrap();
        items += 1;
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(items, 2);
}
