//! Calls of tools over a small plugin: answers, errors and streams as results.

use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::Delivery;
use mosaic_core::op::cicd::{Cicd, CicdService, JobLog};
use mosaic_core::op::git::{DeleteBranch, GetRepository, Git, GitService, MergeBranch};
use mosaic_core::op::{Direct, ItemStream, OpSet, Operation as _};
use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic_core::types::Chunk;
use mosaic_core::types::ServiceKind;
use mosaic_core::types::git::{MergeResult, Repository};

use super::*;

/// Has every repository but `gone`; merges nothing; its jobs log as their name says.
struct Forge(PluginInfo);

impl GitService for Forge {
    async fn get_repository(&self, _: &CallContext, op: GetRepository) -> Result<Repository> {
        match op.repo.name.as_str() {
            "gone" => Err(Error::new(ErrorKind::NotFound, "there is no repository acme/gone")),
            _ => Ok(Repository::of(op.repo, "main")),
        }
    }
    async fn delete_branch(&self, _: &CallContext, _: DeleteBranch) -> Result<()> {
        Ok(())
    }
    async fn merge_branch(&self, _: &CallContext, _: MergeBranch) -> Result<MergeResult> {
        Err(Error::new(ErrorKind::Timeout, "no answer").delivery(Delivery::Unknown))
    }
}

impl CicdService for Forge {
    async fn job_log(&self, _: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
        use futures_util::stream::{iter, pending};
        let lines = ["one", "two", "three"].map(|line| Ok(Chunk::new(line)));
        Ok(match op.job.as_str() {
            "short" => iter(lines).boxed(),
            "running" => iter(lines).chain(pending()).boxed(),
            "broken" => {
                iter(lines).chain(iter([Err(Error::new(ErrorKind::Network, "connection reset"))])).boxed()
            }
            _ => iter(std::iter::repeat_with(|| Ok(Chunk::new("endless")))).boxed(),
        })
    }
}

impl Plugin for Forge {
    fn info(&self) -> &PluginInfo {
        &self.0
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(Arc::clone(&self))).with(Cicd::handlers(self))
    }
}

async fn call(tools: Tools, name: &str, arguments: Value) -> CallToolResult {
    let operations =
        OpSet::service(ServiceKind::Git).with(<JobLog as mosaic_core::op::StreamOperation>::META);
    let forge = Arc::new(Forge(PluginInfo::new("forge", "1", operations)));
    tools.call(&Arc::new(Direct::new(forge)), CallContext::new(), name, arguments).await
}

/// Servers run calls as tasks.
#[test]
fn calls_can_be_sent_to_another_thread() {
    fn sends(_: impl Send) {}
    sends(call(Tools::all(), "git_get_repository", Value::Null));
}

fn widget() -> Value {
    json!({ "repo": { "owner": "acme", "name": "widget" } })
}

fn log(job: &str) -> Value {
    json!({ "repo": { "owner": "acme", "name": "widget" }, "run": "1", "job": job })
}

/// The fault that a failed result holds.
fn fault(result: &CallToolResult) -> Value {
    assert!(result.is_error && result.structured_content.is_none(), "{result:?}");
    let Content::Text { text } = &result.content[0] else { panic!("{result:?}") };
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_value_is_structured_and_text() {
    let result = call(Tools::all(), "git_get_repository", widget()).await;
    let structured = result.structured_content.clone().unwrap();
    assert_eq!(
        (&structured["repo"]["name"], &structured["default_branch"]),
        (&json!("widget"), &json!("main"))
    );
    assert_eq!(result.content, [Content::text(structured.to_string())]);
    assert!(!result.is_error);
}

#[tokio::test]
async fn nothing_is_done() {
    let mut arguments = widget();
    arguments["branch"] = "lid".into();
    let result = call(Tools::all(), "git_delete_branch", arguments).await;
    assert_eq!(
        serde_json::to_value(result).unwrap(),
        json!({ "content": [{ "type": "text", "text": "done" }], "isError": false })
    );
}

#[test]
fn a_bare_value_stands_in_a_field() {
    let result = CallToolResult::value(json!([1, 2]));
    assert_eq!(result.structured_content, Some(json!({ "value": [1, 2] })));
}

#[tokio::test]
async fn errors_say_what_to_do() {
    let gone = json!({ "repo": { "owner": "acme", "name": "gone" } });
    let fault_of_read = fault(&call(Tools::all(), "git_get_repository", gone).await);
    assert_eq!(
        fault_of_read,
        json!({
            "kind": "not_found",
            "message": "there is no repository acme/gone",
            "operation": "git.get_repository",
            "advice": "Check the names; list what there is.",
        })
    );

    let mut merge = widget();
    merge["source"] = "lid".into();
    merge["target"] = "main".into();
    let fault_of_write = fault(&call(Tools::all(), "git_merge_branch", merge).await);
    assert_eq!((&fault_of_write["kind"], &fault_of_write["outcome"]), (&json!("timeout"), &json!("unknown")));
    assert!(fault_of_write["advice"].as_str().unwrap().starts_with("It may have happened."));
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    for (arguments, word) in [(json!({}), "repo"), (json!({ "repo": 1 }), "RepoRef"), (json!([]), "object")] {
        let fault = fault(&call(Tools::all(), "git_get_repository", arguments).await);
        assert_eq!(fault["kind"], "invalid");
        assert!(fault["message"].as_str().unwrap().contains(word), "{fault}");
        assert_eq!(fault["operation"], "git.get_repository");
    }
}

#[tokio::test]
async fn what_is_not_offered_does_not_exist() {
    let only_get = Tools::new(OpSet::of(&[GetRepository::META]));
    let hidden = call(only_get, "git_delete_branch", widget()).await;
    let absent = call(only_get, "git_remove_branch", widget()).await;
    let (hidden, absent) = (fault(&hidden), fault(&absent));
    assert_eq!(hidden["message"].as_str().unwrap().replace("delete", "remove"), absent["message"]);
    assert_eq!(hidden["kind"], "invalid");
    assert!(hidden.get("operation").is_none());
}

#[tokio::test]
async fn a_stream_is_collected_to_its_end() {
    let result = call(Tools::all(), "cicd_job_log", log("short")).await;
    let structured = result.structured_content.unwrap();
    let lines: Vec<&str> =
        structured["items"].as_array().unwrap().iter().filter_map(|item| item["text"].as_str()).collect();
    assert_eq!((lines, &structured["truncated"]), (vec!["one", "two", "three"], &json!(false)));
}

#[tokio::test]
async fn a_stream_without_end_is_cut_at_the_size() {
    let result = call(Tools::all().answer_limit(1000), "cicd_job_log", log("endless")).await;
    let structured = result.structured_content.unwrap();
    assert_eq!(structured["truncated"], true);
    let items = structured["items"].to_string().len();
    assert!((900..1100).contains(&items), "{items}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_goes_on_is_cut_after_a_time() {
    let began = Instant::now();
    let tools = Tools::all().patience(Duration::from_secs(7));
    let structured = call(tools, "cicd_job_log", log("running")).await.structured_content.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(7));
    assert_eq!((structured["items"].as_array().unwrap().len(), &structured["truncated"]), (3, &json!(true)));
}

#[tokio::test]
async fn a_stream_that_breaks_keeps_what_came_before() {
    let result = call(Tools::all(), "cicd_job_log", log("broken")).await;
    assert_eq!(fault(&result)["kind"], "network");
    let Content::Text { text } = &result.content[1] else { panic!("{result:?}") };
    let before: Value = serde_json::from_str(text).unwrap();
    assert_eq!(before["items_before_the_error"].as_array().unwrap().len(), 3);
}
