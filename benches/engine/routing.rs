//! Row 4: deciding among many rules.
//!
//! Ours is [`Table::route`] over rules of four kinds in equal shares: `org:org-N-*`, `path:team-N/**`, `repo:repo-N` and
//! `path:*/project-N/*.md`, to one provider with another as fallback, and a default. Each call names an organisation, a
//! repository and a path, so three texts are looked up; then the rule is checked, and the candidates are put in order by
//! their standing. One call in five matches no rule and has the default.
//!
//! "Mixed" has two kinds more, in equal shares with the others: a condition with an equality of one attribute and a size of
//! another, and one that any of three attributes may meet. Its calls carry four attributes and half of them meet such a rule.
//!
//! The peer is globset's `is_match` of one text over the same globs: it says that some rule matches, not which.

use mosaic_benches::{Goal, Result, Side, measure};
use mosaic_core::context::CallContext;
use mosaic_core::engine::balance::LoadCell;
use mosaic_core::engine::route::{Boards, Member, Routing, Rule, Standing, Table};
use mosaic_core::op::git::GetFile;
use mosaic_core::op::{OpSet, Operation};
use mosaic_core::types::{ProviderId, ServiceKind};
use tokio::time::Instant;

use crate::Bench;

const CALLS: usize = 40_000;
const PROVIDERS: usize = 4;

struct Idle(Vec<LoadCell>);

impl Boards for Idle {
    fn standing(&self, _: usize, _: ServiceKind, _: Instant) -> Standing {
        Standing::Good
    }
    fn load(&self, provider: usize) -> &LoadCell {
        &self.0[provider]
    }
}

/// The row, and its variants of ten times the rules and of rules that are found by a name alone.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Bench { options, report, .. } = bench;
    let subjects =
        ["org-500-core", "team-501/a/b", "repo-502", "docs/project-503/readme.md", "nothing-here/at/all"];
    let globs = globset(1000)?;
    if subjects.map(|subject| globs.is_match(subject)) != [true, true, true, true, false] {
        return Err("globset matches something else".into());
    }
    let (small, large) = (table(1000, pattern)?, table(10_000, pattern)?);
    let (keyed, keyed_large) = (table(1000, name)?, table(10_000, name)?);
    let mixed = [table(10, mixed)?, table(1000, mixed)?, table(10_000, mixed)?];
    let [ours, ten, keyed, keyed_ten, few, many, most, peer] = measure(
        options,
        [
            decisions(&small)?,
            decisions(&large)?,
            decisions(&keyed)?,
            decisions(&keyed_large)?,
            attributed(&mixed[0])?,
            attributed(&mixed[1])?,
            attributed(&mixed[2])?,
            Side::each(CALLS / 4, |at| globs.is_match(subjects[at % 5])),
        ],
    )?;
    report.ratio("4", "route, 1,000 rules / globset is_match", ours.median, peer.median, Goal::must(0.3));
    report.absolute("4 absolute", "route, 1,000 rules / 1 us", ours.median, 1000.0, 300.0);
    report.moon("4 10k", "route, 10,000 rules / 1 us", ten.median, 1000.0);
    let name = "route by name: 10,000 rules / 1,000 rules";
    report.ratio("4 keyed", name, keyed_ten.median, keyed.median, Goal::NONE);
    report.absolute("4 mixed", "route, 1,000 rules with conditions / 1 us", many.median, 1000.0, 300.0);
    report.moon("4 mixed 10", "route, 10 rules with conditions / 1 us", few.median, 1000.0);
    report.moon("4 mixed 10k", "route, 10,000 rules with conditions / 1 us", most.median, 1000.0);
    let name = "with conditions: 10,000 rules / 1,000 rules";
    report.ratio("4 mixed flat", name, most.median, many.median, Goal::NONE);
    Ok(())
}

fn pattern(number: usize) -> Rule {
    let (selector, glob) = glob(number);
    Rule::new(format!("{selector}:{glob}"))
}

/// The glob of a rule, and what it looks at.
fn glob(number: usize) -> (&'static str, String) {
    match number % 4 {
        0 => ("org", format!("org-{number}-*")),
        1 => ("path", format!("team-{number}/**")),
        2 => ("repo", format!("repo-{number}")),
        _ => ("path", format!("*/project-{number}/*.md")),
    }
}

fn name(number: usize) -> Rule {
    Rule::new(format!("repo:repo-{number}"))
}

fn mixed(number: usize) -> Rule {
    match number % 6 {
        4 => Rule::any().condition(format!("environment == 'env-{number}' && build.size > {number}MB")),
        5 => Rule::any().condition(format!(
            "region == 'r-{number}' || user.region in ['r-{number}', 's-{number}'] || build.branch == 'b-{number}'"
        )),
        _ => pattern(number),
    }
}

fn provider(number: usize) -> String {
    format!("forge-{}", number % PROVIDERS)
}

fn table(rules: usize, rule: fn(usize) -> Rule) -> Result<Table> {
    let mut routing = Routing::new().default_rule(Rule::any().to(provider(0)).fallback([provider(1)]));
    for number in 0..rules {
        routing = routing.rule(rule(number).to(provider(number)).fallback([provider(number + 1)]));
    }
    let member = |at| Ok(Member::new(ProviderId::new(provider(at))?, OpSet::service(ServiceKind::Git)));
    Ok(Table::compile(&routing, (0..PROVIDERS).map(member).collect::<Result<_>>()?, 7)?)
}

fn globset(rules: usize) -> Result<globset::GlobSet> {
    let mut set = globset::GlobSetBuilder::new();
    for number in 0..rules {
        set.add(globset::GlobBuilder::new(&glob(number).1).literal_separator(false).build()?);
    }
    Ok(set.build()?)
}

/// Decisions about calls with attributes; every other one meets the condition of a rule where there are 1,000.
fn attributed(table: &Table) -> Result<Side<'_>> {
    let now = Instant::now();
    let boards = Idle((0..PROVIDERS).map(|_| LoadCell::new(now)).collect());
    let cx = |environment: &str, region: &str| {
        CallContext::new()
            .attribute("environment", environment)
            .attribute("build.size", "2GB")
            .attribute("region", region)
            .attribute("user.region", "us")
    };
    let contexts = [cx("env-502", "eu"), cx("prod", "eu"), cx("prod", "r-503"), cx("prod", "us")];
    let call = GetFile::new("acme-tools", "website", "nothing-here/at/all");
    let decide = move |at: usize| table.route(GetFile::META, call.subject(), &contexts[at % 4], &boards, now);
    for at in 0..4 {
        decide(at)?;
    }
    Ok(Side::each(CALLS, decide))
}

fn decisions(table: &Table) -> Result<Side<'_>> {
    let now = Instant::now();
    let boards = Idle((0..PROVIDERS).map(|_| LoadCell::new(now)).collect());
    let cx = CallContext::new();
    let calls = [
        GetFile::new("org-500-core", "website", "src/main.rs"),
        GetFile::new("acme-tools", "website", "team-501/a/b"),
        GetFile::new("acme-tools", "repo-502", "src/main.rs"),
        GetFile::new("acme-tools", "website", "docs/project-503/readme.md"),
        GetFile::new("acme-tools", "website", "nothing-here/at/all"),
    ];
    let decide = move |at: usize| table.route(GetFile::META, calls[at % 5].subject(), &cx, &boards, now);
    // Each of the five must find a route, or the figure is that of an error.
    for at in 0..5 {
        decide(at)?;
    }
    Ok(Side::each(CALLS, decide))
}
