//! Row 7: choosing one of eight providers and learning from its answer.
//!
//! Ours is the balancer behind its trait object, as routing has it: the order over eight loads with time and latency that
//! change from call to call, then entering, sampling and leaving the load of the first. The time comes in, as it does in the
//! request path; "own clock" reads it once for each choice.
//!
//! The other ways of balancing stand beside it, each with the same feedback and against the same peer: they have no bar of their
//! own. "Route" is the whole decision for a call to a group of the eight by response time, and "ranked" the same by region and
//! latency.
//!
//! The peer is a call of tower's `Balance` (better of two) over eight ready services with the peak-EWMA load, which reads
//! the clock itself and has its call inside.

use std::hint::black_box;
use std::time::Duration;

use mosaic_benches::{Fault, Goal, Numbers, Result, Side, measure};
use mosaic_core::context::CallContext;
use mosaic_core::engine::balance::{Balance, Balancer, Choice, LoadCell};
use mosaic_core::engine::route::{Boards, Group, Member, Routing, Rule, Standing, Table, Term};
use mosaic_core::op::git::GetRepository;
use mosaic_core::op::{OpSet, Operation};
use mosaic_core::types::{ProviderId, ServiceKind};
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tower::discover::ServiceList;
use tower::load::{CompleteOnResponse, PeakEwmaDiscover};
use tower::{Service as _, ServiceExt as _, service_fn};

use crate::Bench;

const CALLS: usize = 100_000;

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let cells: Vec<_> = (0..8).map(|_| LoadCell::new(Instant::now())).collect();
    let members = Choice::all(&cells);
    let balancer = Balance::PeakEwma.balancer(7, &[1; 8]);
    let micros: Vec<_> = Numbers::default().many(1 << 10, 900).into_iter().map(|some| 100 + some).collect();
    let latency = |at: usize| Duration::from_micros(micros[at % micros.len()] as u64);
    let mut now = Instant::now();
    let others = [Balance::RoundRobin, Balance::Weighted, Balance::LeastConnections];
    let [circle, weighted, least] = others.map(|balance| balance.balancer(7, &[5, 1, 1, 2, 3, 1, 1, 2]));
    let side = |balancer: Box<dyn Balancer>| {
        let (members, start) = (members.clone(), Instant::now());
        Side::each(CALLS, move |at| {
            let now = start + Duration::from_micros(at as u64);
            choose(&*balancer, &members, Duration::from_micros(100 + at as u64 % 900), now)
        })
    };
    let [ours, clocked, circle, weighted, least, plain, ranked, peer] = measure(
        options,
        [
            Side::each(CALLS, |at| {
                now += Duration::from_micros(1);
                choose(&*balancer, &members, latency(at), now)
            }),
            Side::each(CALLS, |at| choose(&*balancer, &members, latency(at), Instant::now())),
            side(circle),
            side(weighted),
            side(least),
            routed(&[])?,
            routed(&[Term::Region, Term::Latency])?,
            peer(runtime),
        ],
    )?;
    let name = "pick + feedback of 8 / tower balance, peak EWMA";
    report.ratio("7", name, ours.median, peer.median, Goal::must(0.1));
    report.moon("7 absolute", "pick + feedback of 8 / 20 ns", ours.median, 20.0);
    report.ratio("7 clock", "the same, own clock", clocked.median, peer.median, Goal::NONE);
    for (row, name, some) in [
        ("7 circle", "round robin / the same peer", circle),
        ("7 weighted", "smooth weighted round robin / the same peer", weighted),
        ("7 least", "least connections / the same peer", least),
        ("7 route", "route to a group of 8 / the same peer", plain),
        ("7 ranked", "the same, ranked by region and latency / the same peer", ranked),
    ] {
        report.ratio(row, name, some.median, peer.median, Goal::NONE);
    }
    Ok(())
}

struct Field(Vec<LoadCell>);

impl Boards for Field {
    fn standing(&self, _: usize, _: ServiceKind, _: Instant) -> Standing {
        Standing::Good
    }
    fn load(&self, provider: usize) -> &LoadCell {
        &self.0[provider]
    }
}

/// The decision for a call from the eu to a group of eight, half of it there.
fn routed(terms: &[Term]) -> Result<Side<'static>> {
    let now = Instant::now();
    let boards = Field((0..8).map(|_| LoadCell::new(now)).collect());
    let ids: Vec<_> = (0..8).map(|at| format!("forge-{at}")).collect();
    let mut members = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let mut member = Member::new(ProviderId::new(id)?, OpSet::service(ServiceKind::Git));
        member.region = Some(["eu", "us"][at % 2].parse()?);
        members.push(member);
        boards.0[at].sample(Duration::from_micros(500 + 100 * at as u64), now);
    }
    let routing = Routing::new()
        .group(Group::new("all", ids).rank(terms.iter().copied()))
        .default_rule(Rule::any().to("all"));
    let table = Table::compile(&routing, members, 7)?;
    let (op, cx) = (GetRepository::new("acme", "widget"), CallContext::new().attribute("region", "eu"));
    let cx = if terms.is_empty() { CallContext::new() } else { cx };
    Ok(Side::each(CALLS / 4, move |_| table.route(GetRepository::META, op.subject(), &cx, &boards, now)))
}

fn choose(balancer: &dyn Balancer, members: &[Choice<'_>], latency: Duration, now: Instant) -> u16 {
    let order = balancer.order(black_box(members), now);
    let first = order[0];
    let load = members[usize::from(first)].load;
    load.enter();
    load.sample(latency, now);
    load.leave();
    first
}

fn peer(runtime: &Runtime) -> Side<'_> {
    let _entered = runtime.enter();
    let one = |at: u64| service_fn(move |number: u64| async move { Ok::<_, Fault>(black_box(number) + at) });
    let services: Vec<_> = (0..8).map(one).collect();
    let (first, decay) = (Duration::from_millis(5), Duration::from_secs(10));
    let loads =
        PeakEwmaDiscover::new(ServiceList::new::<u64>(services), first, decay, CompleteOnResponse::default());
    let mut balance = tower::balance::p2c::Balance::new(loads);
    Side::new(CALLS / 5, move |calls| {
        runtime.block_on(async {
            for number in 0..calls as u64 {
                black_box(balance.ready().await?.call(number).await?);
            }
            Ok(())
        })
    })
}
