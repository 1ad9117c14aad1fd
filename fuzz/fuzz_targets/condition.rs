//! Any text as a condition: it is read or refused with a place in it, what is read comes back from its canonical text, and
//! what compiles agrees with itself on a call.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::engine::route::{AttributeSchema, Condition, Facts};
use mosaic_core::op::{Operation, git::GetFile};

fuzz_target!(|text: &str| {
    let condition = match text.parse::<Condition>() {
        Ok(condition) => condition,
        Err(fault) => {
            assert!(text.get(fault.span.clone()).is_some());
            assert!(format!("{fault:#}").contains(&fault.message));
            return;
        }
    };
    let again = condition.to_string().parse::<Condition>();
    // The canonical text may be longer than what is read: parentheses and escapes are added.
    match &again {
        Ok(again) => assert_eq!(again, &condition),
        Err(_) => assert!(condition.to_string().len() > 8192 || text.len() > 4096),
    }
    match condition.compile(&AttributeSchema::default()) {
        Ok(predicate) => {
            let operation = GetFile::new("acme", "widget", "docs/a.md");
            let cx = CallContext::new()
                .principal(Principal::user("ann"))
                .attribute("build.size", "10GB")
                .attribute("build.labels", ["gpu"])
                .attribute("region", "eu");
            let facts = Facts { meta: GetFile::META, subject: operation.subject(), cx: &cx };
            assert_eq!(predicate.holds(&facts), predicate.truth(&facts) == Some(true));
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|fault| text.get(fault.span.clone()).is_some()));
        }
    }
});
