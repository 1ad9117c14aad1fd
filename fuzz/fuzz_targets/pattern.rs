//! Any text as the pattern of a rule, and a call: the text is read or refused with a place in it, the index finds the rule if
//! and only if its glob matches, and what proof says of the rule can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::engine::balance::LoadCell;
use mosaic_core::engine::route::{Boards, Glob, Member, Pattern, Routing, Rule, Standing, Table};
use mosaic_core::op::{OpSet, Operation, git::GetFile};
use mosaic_core::types::{ProviderId, ServiceKind};
use tokio::time::Instant;

struct Idle(LoadCell);

impl Boards for Idle {
    fn standing(&self, _: usize, _: ServiceKind, _: Instant) -> Standing {
        Standing::Good
    }
    fn load(&self, _: usize) -> &LoadCell {
        &self.0
    }
}

fuzz_target!(|input: (&str, &str)| {
    let (text, subject) = input;
    let subject: String = subject.chars().take(200).collect();
    let members =
        ["hit", "miss"].map(|id| Member::new(ProviderId::new(id).unwrap(), OpSet::service(ServiceKind::Git)));
    let routing = Routing::new().rule(Rule::new(text).to("hit")).default_rule(Rule::any().to("miss"));
    let table = match Table::build(&routing, members.to_vec(), 7) {
        Ok(table) => table,
        Err(faults) => {
            assert!(!faults.is_empty());
            assert!(
                faults.iter().all(|fault| fault.span.clone().is_none_or(|span| text.get(span).is_some()))
            );
            return;
        }
    };
    let pattern: Pattern = text.parse().unwrap();
    assert_eq!(pattern.to_string(), text);
    assert!(table.prove().iter().all(|finding| !finding.to_string().is_empty()));

    let (glob, folded) = (pattern.glob().to_ascii_lowercase(), subject.to_ascii_lowercase());
    let mut call = GetFile::new("owner", "name", "path");
    let mut cx = CallContext::new();
    let matches = match pattern.selector() {
        "org" => {
            call.repo.owner = subject;
            Glob::new(&glob, false).matches(&folded)
        }
        "repo" if glob.contains('/') => {
            call.repo.name = subject;
            Glob::new(&glob, false).matches(&format!("owner/{folded}"))
        }
        "repo" => {
            call.repo.name = subject;
            Glob::new(&glob, false).matches(&folded)
        }
        "path" => {
            call.path.clone_from(&subject);
            Glob::new(pattern.glob(), true).matches(&subject)
        }
        "user" => {
            cx = cx.principal(Principal::user(subject));
            Glob::new(&glob, false).matches(&folded)
        }
        _ => return,
    };
    let now = Instant::now();
    let route = table.route(GetFile::META, call.subject(), &cx, &Idle(LoadCell::new(now)), now).unwrap();
    assert_eq!(route.candidates[0].position == 0, matches);
});
