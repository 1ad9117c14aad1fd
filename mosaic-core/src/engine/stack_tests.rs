//! The order that is written is the order that is meant. Why each layer stands where it stands is shown from outside, by the
//! tests of the whole path.

const SOURCE: &str = include_str!("stack.rs");

/// The layers that a function wraps around each other, innermost first.
fn built_by(function: &str) -> Vec<&'static str> {
    let body = SOURCE.split_once(&format!("fn {function}(")).map(|(_, rest)| rest).unwrap();
    let body = body.split_once("\n}\n").map_or(body, |(body, _)| body);
    let layers = ["Failover", "Routing", "Cache", "Deadline", "Tenant", "Audit", "Trace"];
    let inner = ["Leaf", "Load", "Timeout", "Limit", "Breaker", "Retry"];
    let mut found: Vec<_> = layers
        .into_iter()
        .chain(inner)
        .filter_map(|layer| {
            let made = [format!("{layer} {{ "), format!("{layer}::new("), format!("= {layer};")];
            made.iter().filter_map(|text| body.find(text.as_str())).min().map(|at| (at, layer))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, layer)| layer).collect()
}

/// The layers as the table at the head of the file numbers them, outermost first.
fn documented() -> Vec<String> {
    let table =
        SOURCE.lines().filter_map(|line| line.strip_prefix("//!  ")).filter(|line| line.contains("  "));
    let mut rows: Vec<(u32, String)> = Vec::new();
    for line in table {
        let words: Vec<_> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            if let Ok(number) = pair[0].parse() {
                rows.push((number, pair[1].to_string()));
            }
        }
    }
    rows.sort();
    rows.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn the_order_that_is_built_is_the_order_that_is_documented() {
    let outermost_first = |function| built_by(function).into_iter().rev();
    let built: Vec<_> =
        outermost_first("outer").chain(outermost_first("inner")).map(|layer| layer.to_lowercase()).collect();
    let documented: Vec<_> =
        documented().into_iter().map(|name| if name == "route" { "routing".into() } else { name }).collect();
    assert_eq!(built, documented);
    assert_eq!(built.len(), 13);
}
