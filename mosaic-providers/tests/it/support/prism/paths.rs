//! The path templates of a document, and which of them a request hit.

use axum::http::Method;
use serde_json::Value;

/// Every method and path template of a document, below the base path.
#[derive(Debug)]
pub(super) struct Paths(Vec<(Method, String)>);

impl Paths {
    /// Reads them from an OpenAPI or Swagger document.
    pub(super) fn read(document: &Value, base: &str) -> Self {
        let paths = document["paths"].as_object().expect("the document has paths");
        let all = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flat_map(|item| item.keys());
            methods.filter_map(|name| method(name)).map(move |method| (method, format!("{base}{path}")))
        });
        Self(all.collect())
    }

    /// The template that a path fits; of several the one with the most literal segments.
    pub(super) fn template(&self, method: &Method, path: &str) -> Option<&str> {
        let fitting = self.0.iter().filter(|(known, _)| known == method);
        let best = fitting.filter_map(|(_, template)| Some((literals(template, path)?, template)));
        best.max_by_key(|(literals, _)| *literals).map(|(_, template)| template.as_str())
    }
}

fn method(name: &str) -> Option<Method> {
    let name = name.to_ascii_uppercase();
    let known = ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    known.contains(&name.as_str()).then(|| name.parse().expect("a method"))
}

/// How many segments of the template are literal, where the path fits it.
fn literals(template: &str, path: &str) -> Option<usize> {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    let mut count = 0;
    loop {
        match (template.next(), path.next()) {
            (None, None) => return Some(count),
            (Some(pattern), Some(segment)) if pattern == segment => count += 1,
            (Some(pattern), Some(segment)) if fits(pattern, segment) => {}
            _ => return None,
        }
    }
}

/// Whether a segment fits a pattern such as `{sha}`, `{base}...{head}` or `@{name}`: parameters take one character or more.
fn fits(pattern: &str, segment: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('{') else { return pattern == segment };
    let Some((_, after)) = rest.split_once('}') else { return false };
    let Some(value) = segment.strip_prefix(before) else { return false };
    (1..=value.len()).any(|end| value.is_char_boundary(end) && fits(after, &value[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_most_literal_template_wins() {
        let document = json!({ "paths": {
            "/repos/{owner}/{repo}": { "get": {}, "parameters": [] },
            "/repos/search/all": { "get": {} },
            "/repos/{owner}/{repo}/compare/{base}...{head}": { "get": {} },
        } });
        let paths = Paths::read(&document, "/api/v1");
        let hit = |path| paths.template(&Method::GET, path);
        assert_eq!(hit("/api/v1/repos/search/all"), Some("/api/v1/repos/search/all"));
        assert_eq!(hit("/api/v1/repos/a/b%2Fc"), Some("/api/v1/repos/{owner}/{repo}"));
        let compare = hit("/api/v1/repos/a/b/compare/main...dev");
        assert_eq!(compare, Some("/api/v1/repos/{owner}/{repo}/compare/{base}...{head}"));
        assert_eq!(hit("/api/v1/repos/a/b/compare/main"), None);
        assert_eq!(hit("/repos/a/b"), None);
        assert_eq!(hit("/api/v1/repos/a/"), None);
        assert_eq!(paths.template(&Method::POST, "/api/v1/repos/a/b"), None);
    }
}
