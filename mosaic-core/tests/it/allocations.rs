//! What a call allocates, counted: the cached path and the path of a miss must not grow unnoticed.

use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::op::git::{GetRepository, Git, GitService};
use mosaic_core::op::{OpSet, Operation};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic_core::types::git::Repository;
use std::sync::Arc;

struct Plain(PluginInfo);

impl GitService for Plain {
    async fn get_repository(&self, _: &CallContext, op: GetRepository) -> mosaic_core::Result<Repository> {
        Ok(Repository::of(op.repo, String::new()))
    }
}
impl Plugin for Plain {
    fn info(&self) -> &PluginInfo {
        &self.0
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }
}

/// The allocations of one call whose parameters exist already.
fn count(cache: CacheUse, op: GetRepository) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let plugin = Plain(PluginInfo::new("plain", "1", OpSet::of(&[GetRepository::META])));
        let mosaic = Orchestrator::builder().provider("a", plugin).build().await.unwrap();
        let git = mosaic.with(CallContext::new().cache(cache)).git();
        let warm = || GetRepository::new("acme", "widget");
        git.get_repository(warm()).await.unwrap();
        let mut answer = None;
        let info = allocation_counter::measure(|| {
            let call = std::pin::pin!(git.get_repository(op));
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            if let std::task::Poll::Ready(result) = call.poll(&mut cx) {
                answer = Some(result);
            }
        });
        answer.expect("a plain provider answers at once").unwrap();
        info.count_total
    })
}

fn known() -> GetRepository {
    GetRepository::new("acme", "widget")
}

#[test]
fn a_hit_allocates_nothing() {
    assert_eq!(count(CacheUse::Normal, known()), 0, "a hit hands out what is there");
}

#[test]
fn a_call_to_the_provider_allocates_its_seams_and_the_value() {
    // The shared parameters, the three seams (outer, provider, handler), two texts of the parameters that the provider
    // takes, the shared answer.
    assert_eq!(count(CacheUse::Bypass, known()), 7);
}

#[test]
fn a_miss_adds_its_way_its_flight_and_its_entry() {
    // What a call to the provider allocates; the way of a miss, the flight, its place among the flights, the entry; and what
    // moka needs for its first look-up on a thread.
    let allocations = count(CacheUse::Normal, GetRepository::new("acme", "gadget"));
    assert!((11..=14).contains(&allocations), "{allocations} allocations on a miss");
}
