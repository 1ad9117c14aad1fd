//! Any texts as the rules of roles: they are read or refused, nobody without a role may do anything, and what is denied is denied.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::types::Effect;
use mosaic_mcp::function::{Gate, Permission};
use mosaic_mcp::security::access::{Access, AccessConfig};
use serde_json::json;

fuzz_target!(|input: (Vec<&str>, Vec<&str>, &str)| {
    let (allow, deny, resource) = input;
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    let access = |allow: &[&str], deny: &[&str]| {
        let config: AccessConfig = serde_json::from_value(json!({
            "roles": { "some": { "allow": allow, "deny": deny } },
            "bindings": [{ "who": "agent:one", "tenant": "*", "roles": ["some"] }],
        }))
        .ok()?;
        Access::new(&config).ok()
    };
    let Some(both) = access(&allow, &deny) else { return };
    let needed = || Permission::new("task", "claim_tasks", resource, Effect::Create);
    let may = |access: &Access, name: &str| {
        let cx = CallContext::new().principal(Principal::agent(name));
        runtime.block_on(access.allow(&cx, needed())).is_ok()
    };
    assert!(!may(&both, "two"), "who has no role may do nothing");
    let (allowed, denied) =
        (access(&allow, &[]).expect("fewer rules"), access(&deny, &[]).expect("rules alike"));
    assert_eq!(may(&both, "one"), may(&allowed, "one") && !may(&denied, "one"));
});
