//! The proof in the headers of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use mosaic_core::error::Result;
use mosaic_core::types::Secret;

use super::identity::refused;

/// The longest header with a proof, in bytes.
const LONGEST: usize = 16 << 10;

/// The token of `authorization: Bearer TOKEN`.
///
/// # Errors
/// `Unauthenticated` where there is none, more than one, or another scheme.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Secret> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (first, more) = (given.next(), given.next());
    let first = first.ok_or_else(|| refused("give a token in the header `authorization`"))?;
    if more.is_some() {
        return Err(refused("the header `authorization` is given twice"));
    }
    if first.len() > LONGEST {
        return Err(refused("the header `authorization` has 16 KiB at most"));
    }
    let text = first.to_str().map_err(|_| refused("the header `authorization` is no text"))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(refused("the header `authorization` has no bearer token"));
    }
    Ok(Secret::new(token.trim()))
}

#[cfg(test)]
mod tests {
    use mosaic_core::error::ErrorKind;

    use super::*;

    #[test]
    fn only_one_bearer_is_a_proof() {
        let with = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            bearer(&headers).map(|token| token.expose().to_owned())
        };
        assert_eq!(with(&["Bearer abc"]).unwrap(), "abc");
        assert_eq!(with(&["bearer  abc"]).unwrap(), "abc");
        let long = format!("Bearer {}", "x".repeat(LONGEST));
        for bad in [&[][..], &["abc"], &["Basic abc"], &["Bearer "], &["Bearer a", "Bearer b"], &[&long]] {
            assert_eq!(with(bad).unwrap_err().kind(), ErrorKind::Unauthenticated, "{bad:?}");
        }
    }
}
