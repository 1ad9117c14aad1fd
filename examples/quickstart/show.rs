//! What a person wants to see of a call: who answered, from where, after how many attempts and how long.

use std::error::Error as StdError;
use std::future::Future;

use mosaic::Result;
use mosaic::op::Answer;

/// A heading.
pub(crate) fn step(title: &str) {
    println!("\n{title}");
}

/// Makes a call and prints how it went.
pub(crate) async fn call<T>(what: &str, call: impl Future<Output = Result<Answer<T>>>) -> Result<Answer<T>> {
    let answer = call.await.inspect_err(|error| println!("  {what:<28} {error}"))?;
    let provider = answer.provider().map_or("-", |id| id.as_str());
    let (cache, attempts) = (answer.cache().to_string(), answer.attempts());
    let millis = answer.elapsed().as_secs_f64() * 1000.0;
    println!("  {what:<28} {provider:<8} cache {cache:<7} attempts {attempts}  {millis:>8.3} ms");
    for attempt in answer.trail() {
        println!("      before that: {attempt}");
    }
    Ok(answer)
}

/// Makes a call that is to be refused, and prints why it was.
pub(crate) async fn refused<T>(
    what: &str,
    call: impl Future<Output = Result<Answer<T>>>,
) -> std::result::Result<(), Box<dyn StdError>> {
    match call.await {
        Ok(_) => Err(format!("{what}: this should have been refused").into()),
        Err(error) => {
            println!("  {what:<28} refused: {error}");
            for attempt in error.attempts() {
                println!("      tried: {attempt}");
            }
            Ok(())
        }
    }
}
