//! The recordings of the set `ogr`: module, function, method, URL, and a list of answers, as YAML.

use std::collections::BTreeMap;

use axum::http::Method;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::exchange::Exchange;
use super::recording::Recording;

/// Method, then URL, then the answers in their order.
type Sent = BTreeMap<String, BTreeMap<String, Vec<Entry>>>;

#[derive(Deserialize)]
struct Entry {
    output: Output,
}

#[derive(Deserialize)]
struct Output {
    #[serde(rename = "_content")]
    content: Value,
    headers: BTreeMap<String, String>,
    status_code: u16,
}

/// The exchanges of a file. Those of one URL are in their order; of different URLs it is not known.
pub(super) fn read(text: &str) -> Result<Recording, String> {
    let whole: BTreeMap<String, Value> = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let (mut exchanges, mut origins) = (Vec::new(), Vec::new());
    for module in whole.iter().filter(|(name, _)| *name != "_requre").map(|(_, module)| module) {
        let Some(sent) = module.get("send") else { continue };
        let sent: Sent = Sent::deserialize(sent).map_err(|error| error.to_string())?;
        for (method, urls) in sent {
            let method: Method = method.parse().map_err(|_| format!("{method} is no method"))?;
            for (url, entries) in urls {
                let parsed = Url::parse(&url).map_err(|error| format!("{url}: {error}"))?;
                let plain = parsed.origin().ascii_serialization();
                // The recorder may name the port that is understood.
                origins.extend([format!("{plain}:443"), plain]);
                exchanges.extend(entries.into_iter().map(|entry| exchange(&method, &parsed, entry.output)));
            }
        }
    }
    Ok(Recording::of(exchanges, origins))
}

fn exchange(method: &Method, url: &Url, output: Output) -> Exchange {
    let body = match output.content {
        Value::Null => String::new(),
        Value::String(text) => text,
        json => json.to_string(),
    };
    let query = url.query().unwrap_or_default();
    let mut exchange = Exchange::new(method.clone(), url.path(), query, output.status_code, body);
    for (name, value) in &output.headers {
        exchange.header(name, value);
    }
    exchange
}
