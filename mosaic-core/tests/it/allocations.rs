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

/// Eight members, ranked by everything there is.
#[test]
fn ranking_a_group_of_eight_allocates_nothing() {
    use mosaic_core::context::Performance;
    use mosaic_core::engine::balance::{Balance, LoadCell};
    use mosaic_core::engine::route::{Boards, Group, Member, Routing, Rule, Standing, Table, Term};
    use mosaic_core::types::{ProviderId, ServiceKind};
    use tokio::time::Instant;

    struct Idle(Vec<LoadCell>);
    impl Boards for Idle {
        fn standing(&self, provider: usize, _: ServiceKind, _: Instant) -> Standing {
            if provider == 5 { Standing::Degraded } else { Standing::Good }
        }
        fn load(&self, provider: usize) -> &LoadCell {
            &self.0[provider]
        }
    }

    let now = Instant::now();
    let boards = Idle((0..8).map(|_| LoadCell::new(now)).collect());
    boards.0[3].enter();
    let ids = [0, 1, 2, 3, 4, 5, 6, 7].map(|at| format!("forge-{at}"));
    for balance in Balance::NAMES.map(|(_, balance)| balance) {
        let members = ids.iter().map(|id| {
            let mut member = Member::new(ProviderId::new(id).unwrap(), OpSet::service(ServiceKind::Git));
            member.region = "eu".parse().ok();
            member
        });
        let group = Group::new("all", ids.clone()).balance(balance).rank(Term::ALL);
        let routing = Routing::new().group(group).default_rule(Rule::any().to("all"));
        let table = Table::compile(&routing, members.collect(), 7).unwrap();
        let (op, cx) =
            (known(), CallContext::new().attribute("region", "us").performance(Performance::LowLatency));
        let info = allocation_counter::measure(|| {
            let route = table.route(GetRepository::META, op.subject(), &cx, &boards, now);
            assert_eq!(route.map_or(0, |route| route.candidates.len()), 8);
        });
        assert_eq!(info.count_total, 0, "{balance}");
    }
}
