use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::context::{AttributeValue, Principal};
use mosaic_core::op::catalogue;
use mosaic_core::types::{Effect, TenantId, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::super::ticket::ATTRIBUTE;
use super::*;
use crate::coordination::shared::{AppendEvent, GetValue, ListValues, PutValue, ReadEvents, Shared};
use crate::function;
use crate::security::RoleName;
use crate::state::{
    Change, Entry, Event, Head, Key, KeyRange, MemoryStore, StateOptions, StateStore, StoreTx, StoreView,
    TopicFilter, Trimmed,
};

fn config(json: serde_json::Value) -> AccessConfig {
    serde_json::from_value(json).unwrap()
}

fn access(json: serde_json::Value) -> Access {
    Access::new(&config(json)).unwrap()
}

fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

fn ann() -> Identity {
    Identity::new(tenant("acme"), Principal::user("ann")).unwrap()
}

fn having(roles: &[&str]) -> Identity {
    ann().with_roles(roles.iter().map(|name| RoleName::new(name).unwrap())).unwrap()
}

fn may(access: &Access, cx: &CallContext, permission: &str) -> bool {
    let parts: Vec<&str> = permission.splitn(3, ':').collect();
    let effect = effect_of(parts[0], parts[1]);
    match access.check(cx, Permission::new(parts[0], parts[1], parts[2], effect)) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            false
        }
    }
}

fn effect_of(service: &str, operation: &str) -> Effect {
    let operations =
        catalogue().all().map(|def| (def.meta.service.as_str(), def.meta.method, def.meta.effect));
    let functions =
        function::Catalogue::all().iter().map(|def| (def.meta.room, def.meta.method, def.meta.effect));
    let found = operations
        .chain(functions)
        .chain(surfaces())
        .find(|(kind, method, _)| (*kind, *method) == (service, operation));
    found.map_or(Effect::Create, |(.., effect)| effect)
}

/// What surfaces ask about beside them.
fn surfaces() -> impl Iterator<Item = (&'static str, &'static str, Effect)> {
    let effect = |method| if method == "call_tool" { Effect::Create } else { Effect::Read };
    function::SURFACES.iter().map(move |(service, method)| (*service, *method, effect(*method)))
}

/// Everything that can be asked for, with two resources each.
fn everything() -> Vec<(String, &'static str, bool)> {
    let operations = catalogue()
        .all()
        .map(|def| (def.meta.service.as_str(), def.meta.method, def.meta.effect.is_read(), def.meta.vendor));
    let functions = function::Catalogue::all()
        .iter()
        .map(|def| (def.meta.room, def.meta.method, def.meta.effect.is_read(), false));
    let surfaces = surfaces().map(|(service, method, effect)| (service, method, effect.is_read(), false));
    let mut all = Vec::new();
    for (service, method, read, vendor) in operations.chain(functions).chain(surfaces) {
        for resource in ["acme/widget", "other/thing", ""] {
            let kind = if vendor {
                "vendor"
            } else if read {
                "read"
            } else {
                "write"
            };
            all.push((format!("{service}:{method}:{resource}"), kind, service == "git"));
        }
    }
    all
}

#[test]
fn each_role_may_do_what_is_written_and_nothing_else() {
    let access = access(json!({ "roles": {
        "nobody": {},
        "reader": { "allow": ["*:@read:*"] },
        "forge": { "inherits": ["reader"], "allow": ["git:*:acme/*"] },
        "careful": { "inherits": ["forge"], "deny": ["*:delete_*:*"] },
        "raw": { "allow": ["git:vendor_read:*"] },
        "owner": { "allow": ["*:*:*"] },
    } }));
    type Expected = fn(&str, &str, bool) -> bool;
    let rows: [(&str, Expected); 7] = [
        ("nobody", |_, _, _| false),
        ("unknown", |_, _, _| false),
        ("reader", |_, kind, _| kind == "read"),
        ("forge", |asked, kind, git| {
            kind == "read" || (kind == "write" && git && asked.ends_with(":acme/widget"))
        }),
        ("careful", |asked, kind, git| {
            let deletes = asked.split(':').nth(1).unwrap().starts_with("delete_");
            !deletes && (kind == "read" || (kind == "write" && git && asked.ends_with(":acme/widget")))
        }),
        ("raw", |asked, _, _| asked.starts_with("git:vendor_read:")),
        ("owner", |_, kind, _| kind != "vendor"),
    ];
    let all = everything();
    assert!(all.len() > 200);
    for (role, expected) in rows {
        let cx = access.admit(&having(&[role]));
        for (asked, kind, git) in &all {
            assert_eq!(may(&access, &cx, asked), expected(asked, kind, *git), "{role} {asked}");
        }
    }
}

fn reaches(reach: &function::Reach, asked: &str, resource: &str) -> bool {
    let parts: Vec<&str> = asked.splitn(3, ':').collect();
    reach.has(Permission::new(parts[0], parts[1], resource, effect_of(parts[0], parts[1])))
}

#[test]
fn lists_leave_out_what_nothing_can_be_done_with() {
    let access = access(json!({ "roles": {
        "reader": { "allow": ["*:@read:*"], "deny": ["state:*:*"] },
        "forge": { "allow": ["git:*:acme/*"], "deny": ["git:delete_branch:ACME*", "git:create_repository:acme/secret"] },
        "deep": { "allow": ["git:write_file:acme/widget:src/*"], "deny": ["git:write_file:acme/*"] },
        "path": { "allow": ["git:write_file:acme/*"], "deny": ["git:write_file:acme/*:src/*"] },
        "raw": { "allow": ["git:vendor_read:*", "git:get_file:*"], "deny": ["git:vendor_read:acme/*"] },
    } }));
    for (role, asked, shown) in [
        ("reader", "git:get_file", true),
        ("reader", "git:delete_branch", false),
        ("reader", "state:get_value", false),
        ("reader", "mcp:get_prompt", true),
        ("reader", "mcp:call_tool", false),
        ("forge", "git:get_file", true),
        ("forge", "git:delete_branch", false),
        ("forge", "git:create_repository", true),
        ("forge", "project:get_issue", false),
        ("deep", "git:write_file", false),
        ("path", "git:write_file", true),
        ("raw", "git:get_file", true),
        ("raw", "git:vendor_read", false),
        ("nobody", "git:get_file", false),
    ] {
        let reach = access.reach(&access.admit(&having(&[role])));
        assert_eq!(reaches(&reach, &format!("{asked}:"), ""), shown, "{role} {asked}");
    }
    let cx = access.admit(&having(&["forge"]));
    let (before, mut changed) = (access.reach(&cx).key(), access.changed().unwrap());
    assert_eq!(access.reach(&access.admit(&having(&["forge", "unknown"]))).key(), before, "callers alike");
    access.replace(&config(json!({ "roles": { "forge": {} } }))).unwrap();
    assert!(changed.has_changed().unwrap());
    assert_ne!(access.reach(&cx).key(), before);
    let forged = cx.clone().principal(Principal::user("bob"));
    assert!(!reaches(&access.reach(&forged), "git:get_file:", ""));
    changed.mark_unchanged();
}

#[tokio::test]
async fn the_engine_asks_the_same_check() {
    let access = access(
        json!({ "roles": { "forge": { "allow": ["git:*:acme/*"], "deny": ["git:*:acme/secret:keys/*"] } } }),
    );
    let cx = access.admit(&having(&["forge"]));
    let meta = catalogue().find("git.get_file").unwrap().meta;
    let ask = async |subject| access.authorize(&cx, meta, subject).await;
    assert!(ask(Subject::item("acme", "widget").at_path(Some("a/b"))).await.is_ok());
    assert!(ask(Subject::item("acme", "secret").at_path(Some("readme"))).await.is_ok());
    let error = ask(Subject::item("acme", "secret").at_path(Some("keys/a"))).await.unwrap_err();
    assert_eq!(error.message(), "user ann may not git:get_file:acme/secret:keys/a: the role forge denies it");
    assert!(ask(Subject::item("Acme", "Secret").at_path(Some("KEYS/a"))).await.is_err());
    for round in ["x/../keys/a", "keys//a"] {
        assert!(ask(Subject::item("acme", "secret").at_path(Some(round))).await.is_err(), "{round}");
    }
    assert!(ask(Subject::item("other", "widget")).await.is_err());
    assert!(ask(Subject::NOTHING).await.is_err());
}

#[test]
fn bindings_are_of_a_tenant_and_of_a_kind() {
    let access = access(json!({
        "roles": { "reader": { "allow": ["git:@read:*"] }, "writer": { "allow": ["git:@write:*"] } },
        "bindings": [
            { "who": "user:ann", "tenant": "acme", "roles": ["writer"] },
            { "who": "agent:*", "tenant": "acme", "roles": ["reader"] },
            { "who": "agent:builder", "tenant": "*", "roles": ["writer"] },
            { "who": "credential:robot", "tenant": "acme", "roles": ["reader"] },
            { "who": "*", "tenant": "open", "roles": ["reader"] },
        ],
    }));
    let rights = |tenant_name: &str, principal: Principal| {
        let cx = CallContext::new().tenant(tenant(tenant_name)).principal(principal);
        (may(&access, &cx, "git:get_file:a/b"), may(&access, &cx, "git:write_file:a/b"))
    };
    assert_eq!(rights("acme", Principal::user("ann")), (false, true));
    assert_eq!(rights("other", Principal::user("ann")), (false, false));
    assert_eq!(rights("acme", Principal::agent("ann")), (true, false), "an agent of that name is another");
    assert_eq!(rights("acme", Principal::agent("builder")), (true, true));
    assert_eq!(rights("other", Principal::agent("builder")), (false, true));
    assert_eq!(rights("acme", Principal::user("bob").with_credential("robot")), (true, false));
    assert_eq!(rights("open", Principal::user("bob")), (true, false));
    assert_eq!(rights("acme", Principal::application()), (true, true));
}

#[test]
fn a_denial_wins_whichever_role_it_is_of() {
    let access = access(json!({ "roles": {
        "owner": { "allow": ["*:*:*", "git:vendor_write:*"] },
        "intern": { "deny": ["git:*:acme/secret"] },
    } }));
    let both = access.admit(&having(&["owner", "intern"]));
    assert!(may(&access, &both, "git:get_repository:acme/widget"));
    assert!(!may(&access, &both, "git:get_repository:acme/secret"));
    // What such a call is about is only what its caller says.
    assert!(!may(&access, &both, "git:vendor_write:acme/widget"));
    assert!(may(&access, &access.admit(&having(&["owner"])), "git:vendor_write:acme/widget"));
}

#[tokio::test(start_paused = true)]
async fn roles_of_a_proof_cannot_be_written_by_others() {
    let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
    let rules = config(json!({
        "roles": { "owner": { "allow": ["*:*:*"] }, "reader": { "allow": ["*:@read:*"] } },
        "bindings": [{ "who": "*", "tenant": "*", "roles": ["reader"] }],
    }));
    let access = Access::with_clock(&rules, clock).unwrap();
    let write = "git:write_file:acme/widget";
    let end = clock.now() + jiff::SignedDuration::from_secs(60);
    let cx = access.admit(&having(&["owner"]).until(end));
    assert!(may(&access, &cx, write));
    let Some(AttributeValue::List(good)) = cx.attribute_value(ATTRIBUTE).cloned() else { panic!("no list") };

    let bare = CallContext::new().tenant(tenant("acme")).principal(Principal::user("ann"));
    assert!(may(&access, &bare, "git:get_file:a/b") && !may(&access, &bare, write));
    let with = |parts: Vec<&str>| bare.clone().attribute(ATTRIBUTE, parts);
    let end_text = &*good[1];
    for forged in [
        with(vec!["", "", "owner"]),
        with(vec![&"0".repeat(64), "", "owner"]),
        with(vec![&good[0], "", "owner"]),
        with(vec![&good[0], end_text, "owner", "reader"]),
        with(vec![&good[0], end_text]),
        with(vec![&good[0]]),
        bare.clone().attribute(ATTRIBUTE, "owner"),
        bare.clone().attribute(ATTRIBUTE, vec!["x"; 1_000]),
        // Taken to another caller, tenant or kind.
        cx.clone().tenant(tenant("other")),
        cx.clone().principal(Principal::user("bob")),
        cx.clone().principal(Principal::agent("ann")),
        // Of another process.
        Access::with_clock(&rules, clock).unwrap().admit(&having(&["owner"])),
    ] {
        // Also what a binding allows.
        assert!(!may(&access, &forged, "git:get_file:a/b"), "{forged:?}");
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    let error = access.check(&cx, Permission::new("git", "get_file", "a/b", Effect::Read)).unwrap_err();
    assert!(error.message().contains("has ended"), "{error}");
    // What an application adds to the context changes nothing.
    let fresh = access.admit(&having(&["owner"])).attribute("region", "eu");
    assert!(may(&access, &fresh, write));
}

#[test]
fn mistakes_are_named() {
    let role = |rule: &str| json!({ "roles": { "r": { "allow": [rule] } } });
    for (json, why) in [
        (role("git:get_file"), "service:operation:resource"),
        (role("git::x"), "no part is empty"),
        (role("gti:get_file:*"), "no such service"),
        (role("git:get_flie:*"), "no such operation"),
        (role("git:@delete:*"), "@read and @write"),
        (role("git:get_file:a b"), "neither spaces"),
        (role("git:vendor_read:acme/*"), "only what its caller says"),
        (json!({ "roles": { "r": { "inherits": ["s"] } } }), "which is no role"),
        (
            json!({ "roles": { "r": { "inherits": ["s"] }, "s": { "inherits": ["r"] } } }),
            "inherits from itself",
        ),
        (json!({ "bindings": [{ "who": "user:ann", "tenant": "*", "roles": ["r"] }] }), "which is no role"),
        (json!({ "bindings": [{ "who": "ann", "tenant": "*", "roles": [] }] }), "user:NAME"),
        (json!({ "bindings": [{ "who": "user:", "tenant": "*", "roles": [] }] }), "1 to 256"),
        (json!({ "bindings": [{ "who": "*", "tenant": "a b", "roles": [] }] }), "tenant id"),
    ] {
        let error = Access::new(&config(json.clone())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(why), "{json}: {error}");
    }
    let many: serde_json::Map<_, _> = (0..257).map(|at| (format!("r{at}"), json!({}))).collect();
    assert!(Access::new(&config(json!({ "roles": many }))).is_err());
    let theirs = json!({ "roles": { "r": { "allow": ["billing:pay:*"] } }, "services": ["billing"] });
    let access = access(theirs);
    assert!(may(&access, &access.admit(&having(&["r"])), "billing:pay:7"));
}

#[tokio::test(start_paused = true)]
async fn rules_are_kept_in_a_state_and_followed() {
    let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
    let state = StateOptions::new().clock(clock).open(MemoryStore::new()).await.unwrap();
    assert_eq!(Access::stored(&state).await.unwrap(), None);
    let (here, there) = (access(json!({})), access(json!({})));
    let asked = "git:get_file:a/b";
    let follower = {
        let (there, state) = (there.clone(), state.clone());
        tokio::spawn(async move { there.follow(&state).await })
    };
    let rules = config(json!({ "roles": { "reader": { "allow": ["*:@read:*"] } } }));
    let reader = having(&["reader"]);
    here.store(&state, &rules, "user ann").await.unwrap();
    assert!(may(&here, &here.admit(&reader), asked));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(may(&there, &there.admit(&reader), asked));
    assert_eq!(Access::stored(&state).await.unwrap(), Some(rules.clone()));
    let events = state.events(&TopicFilter::new("access").unwrap(), 0, 10).await.unwrap();
    assert_eq!(events.len(), 1);

    // What does not fit changes nothing, in the state or here.
    let bad = config(json!({ "roles": { "reader": { "allow": ["gti:*:*"] } } }));
    assert!(here.store(&state, &bad, "user ann").await.is_err());
    state.put(place().unwrap(), "no rules").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(may(&there, &there.admit(&reader), asked));
    here.store(&state, &config(json!({})), "user ann").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!may(&there, &there.admit(&reader), asked));
    follower.abort();
    state.close().await.unwrap();
}

/// A store whose values cannot be read while it is told so.
struct Mute {
    inner: MemoryStore,
    mute: Arc<AtomicBool>,
}

#[async_trait]
impl StateStore for Mute {
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
        self.inner.begin(now).await
    }
    async fn head(&self) -> Result<Head> {
        self.inner.head().await
    }
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        if self.mute.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Network, "the store does not answer"));
        }
        self.inner.get_many(keys).await
    }
    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.inner.range(range, limit).await
    }
    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        self.inner.changes(range, after, limit).await
    }
    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.inner.events(filter, after, limit).await
    }
    async fn trimmed(&self) -> Result<Trimmed> {
        self.inner.trimmed().await
    }
    async fn view(&self) -> Result<Box<dyn StoreView>> {
        self.inner.view().await
    }
    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        self.inner.expiring(limit).await
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

#[tokio::test(start_paused = true)]
async fn rules_that_could_not_be_read_when_they_changed_are_read_again() {
    let clock = Clock::tokio(Timestamp::from_second(1_800_000_000).unwrap());
    let mute = Arc::new(AtomicBool::new(false));
    let store = Mute { inner: MemoryStore::new(), mute: mute.clone() };
    let state = StateOptions::new().clock(clock).open(store).await.unwrap();
    let (here, there) = (access(json!({})), access(json!({})));
    let rules = config(json!({ "roles": { "reader": { "allow": ["*:@read:*"] } } }));
    here.store(&state, &rules, "user ann").await.unwrap();
    let follower = {
        let (there, state) = (there.clone(), state.clone());
        tokio::spawn(async move { there.follow(&state).await })
    };
    tokio::time::sleep(Duration::from_secs(2)).await;
    let reader = having(&["reader"]);
    assert!(may(&there, &there.admit(&reader), "git:get_file:a/b"));
    mute.store(true, Ordering::Relaxed);
    here.store(&state, &config(json!({})), "user ann").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Nothing else is written from here on.
    mute.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!may(&there, &there.admit(&reader), "git:get_file:a/b"));
    follower.abort();
    state.close().await.unwrap();
}

/// The rules of a role, without compilation, inheritance or bit sets.
fn plainly(rules: &[String], asked: &str, read: bool) -> bool {
    let part = |text: &str, at: usize| text.splitn(3, ':').nth(at).unwrap().to_owned();
    rules.iter().any(|rule| {
        let service = part(rule, 0) == "*" || part(rule, 0) == part(asked, 0);
        let operation = match part(rule, 1).as_str() {
            "*" => true,
            "@read" => read,
            "@write" => !read,
            name => name == part(asked, 1),
        };
        let resource = match (part(rule, 2).as_str(), part(asked, 2).as_str()) {
            ("*", _) => true,
            (pattern, given) => {
                pattern.strip_suffix('*').map_or(pattern == given, |prefix| given.starts_with(prefix))
            }
        };
        service && operation && resource
    })
}

fn what_is_there() -> impl Strategy<Value = Vec<String>> {
    let part = prop::sample::select(vec!["a", "ab", "b", "secrets"]);
    prop::collection::vec(prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/")), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn asking_about_more_gets_round_no_denial(
        there in what_is_there(),
        denied in "(a|ab|b|secrets|A)?(/a|/b)?[*]?(/b)?",
        below in prop::option::of("(a|ab|secrets)(/a|/b)?"),
        topic in prop::option::of(prop::sample::select(vec![">", "*", "*.a", "shared.>", "shared.*", "shared.a.>", "shared.secrets.*", "shared.*.b"])),
    ) {
        prop_assume!(!denied.is_empty());
        let denied_topic = format!("state:*:shared.{}", denied.replace('/', "."));
        let access = access(json!({ "roles": { "r": {
            "allow": ["state:*:*"], "deny": [format!("state:*:{denied}"), denied_topic],
        } } }));
        let run = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        run.block_on(async {
            let state = StateOptions::new().open(MemoryStore::new()).await.unwrap();
            let desk = function::Desk::builder().room(Shared::new(state.clone())).gate(access.clone()).build();
            let owner = CallContext::new().tenant(tenant("acme"));
            for name in &there {
                desk.call(&owner, PutValue::new(name, 1)).await.unwrap();
                desk.call(&owner, AppendEvent::new(name.replace('/', "."), "k", json!(1))).await.unwrap();
            }
            let cx = access.admit(&having(&["r"]));
            let mut list = ListValues::new();
            list.below = below;
            for value in desk.call(&cx, list.clone()).await.map(|page| page.items).unwrap_or_default() {
                let alone = desk.call(&cx, GetValue::new(&value.key)).await;
                assert!(alone.is_ok(), "{denied} {list:?} {}", value.key);
            }
            let mut read = ReadEvents::new();
            read.topic = topic.map(str::to_owned);
            for event in desk.call(&cx, read.clone()).await.map(|found| found.events).unwrap_or_default() {
                let mut alone = ReadEvents::new();
                alone.topic = Some(event.topic.clone());
                assert!(desk.call(&cx, alone).await.is_ok(), "{denied} {read:?} {}", event.topic);
            }
            state.close().await.unwrap();
        });
    }
}

#[test]
fn lists_are_asked_about_with_all_that_they_give() {
    let access = access(json!({ "roles": {
        "shared": { "allow": ["state:*:*"], "deny": ["state:*:secrets*"] },
        "web": { "allow": ["task:*:*"], "deny": ["task:*:acme-secret"] },
        "crew": { "allow": ["agent:*:*"], "deny": ["agent:*:builder"] },
    } }));
    for (role, asked, allowed) in [
        ("shared", "state:get_value:secrets/x", false),
        ("shared", "state:list_values:", false),
        ("shared", "state:list_values:secrets", false),
        ("shared", "state:list_values:plans", true),
        ("shared", "state:read_events:", false),
        ("shared", "state:read_events:>", false),
        ("shared", "state:read_events:*.x", false),
        ("shared", "state:read_events:plans.>", true),
        ("web", "task:list_tasks:acme", true),
        ("web", "task:list_tasks:acme-secret", false),
        ("web", "task:list_tasks:", false),
        ("crew", "agent:get_agent:tester", true),
        ("crew", "agent:list_agents:", false),
    ] {
        assert_eq!(may(&access, &access.admit(&having(&[role])), asked), allowed, "{role} {asked}");
    }
    let reach = |role| access.reach(&access.admit(&having(&[role])));
    assert!(reaches(&reach("shared"), "state:list_values:", ""), "there is something to list");
    assert!(!reaches(&reach("crew"), "agent:list_agents:", ""));
}

fn rules() -> impl Strategy<Value = Vec<String>> {
    let what = vec![
        "*:*",
        "git:*",
        "project:*",
        "*:@read",
        "git:@write",
        "project:@read",
        "git:get_file",
        "*:delete_file",
    ];
    let rule =
        (prop::sample::select(what), prop::sample::select(vec!["*", "acme/*", "acme/widget", "other/x"]));
    let rule = rule.prop_map(|(what, about)| format!("{what}:{about}"));
    prop::collection::vec(rule, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_rules_decide_as_they_are_written(sets in prop::collection::vec((rules(), rules()), 1..4)) {
        let mut roles = serde_json::Map::new();
        for (at, (allow, deny)) in sets.iter().enumerate() {
            // Each inherits from the one before: the last has all.
            let above: Vec<_> = at.checked_sub(1).map(|at| format!("r{at}")).into_iter().collect();
            roles.insert(format!("r{at}"), json!({ "inherits": above, "allow": allow, "deny": deny }));
        }
        let access = access(json!({ "roles": roles }));
        let cx = access.admit(&having(&[&format!("r{}", sets.len() - 1)]));
        let allow: Vec<_> = sets.iter().flat_map(|(allow, _)| allow.clone()).collect();
        let deny: Vec<_> = sets.iter().flat_map(|(_, deny)| deny.clone()).collect();
        // Functions on many things are not decided by their own resource alone.
        let plain = everything().into_iter().filter(|(asked, kind, _)| {
            let mut parts = asked.splitn(3, ':');
            let (service, operation) = (parts.next().unwrap(), parts.next().unwrap());
            *kind != "vendor" && function::Catalogue::all().extent(service, operation) == function::Extent::One
        });
        for (asked, kind, _) in plain {
            let read = kind == "read";
            let expected = plainly(&allow, &asked, read) && !plainly(&deny, &asked, read);
            prop_assert_eq!(may(&access, &cx, &asked), expected, "{}", asked);
            // What may be done with anything is shown.
            let reach = access.reach(&cx);
            prop_assert!(!expected || reaches(&reach, &asked, ""), "{}", asked);
            let resource = asked.splitn(3, ':').nth(2).unwrap();
            prop_assert!(resource.is_empty() || reaches(&reach, &asked, resource) == expected, "{}", asked);
        }
    }
}
