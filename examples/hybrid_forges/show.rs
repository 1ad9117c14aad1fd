//! What a person wants to see of a call: who answered, from where, what was tried before, and why it went there.

use std::future::Future;

use mosaic::engine::route::Explanation;
use mosaic::error::Attempt;
use mosaic::prelude::*;

/// A heading.
pub(crate) fn step(title: &str) {
    println!("\n{title}");
}

/// Makes a call and prints how it went.
pub(crate) async fn call<T>(
    what: &str,
    call: impl Future<Output = mosaic::Result<Answer<T>>>,
) -> mosaic::Result<Answer<T>> {
    let answer = call.await.inspect_err(|error| println!("  {what:<28} {error}"))?;
    let provider = answer.provider().map_or("-", |id| id.as_str());
    let cache = if answer.cache() == CacheState::Bypass {
        String::new()
    } else {
        format!(", cache {}", answer.cache())
    };
    println!("  {what:<28} {provider}{cache}");
    tried(answer.trail());
    Ok(answer)
}

/// Makes a call that is to fail, and prints how it did.
pub(crate) async fn refused<T>(
    what: &str,
    call: impl Future<Output = mosaic::Result<Answer<T>>>,
) -> Result<Error, String> {
    let error = call.await.err().ok_or_else(|| format!("{what}: this should have failed"))?;
    println!("  {what:<28} failed: {}", error.kind());
    tried(error.attempts());
    Ok(error)
}

/// The attempts that failed, without their times.
pub(crate) fn tried(attempts: &[Attempt]) {
    for attempt in attempts {
        println!("      tried: {}: {}, {}", attempt.provider, attempt.kind, attempt.delivery);
    }
}

/// The rule that decides about a call, and the providers in the order in which they are tried.
pub(crate) fn why(explanation: &Explanation) {
    let rule = explanation.rules.iter().find(|note| note.chosen).map_or("no rule", |note| &*note.rule);
    let order: Vec<_> = explanation.candidates.iter().map(|note| note.provider.as_str()).collect();
    let what = format!("{} {}", explanation.operation, explanation.subject);
    println!("  {what:<40} {rule}: {}", order.join(", then "));
}
