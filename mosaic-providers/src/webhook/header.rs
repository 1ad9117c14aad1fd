//! Reading the headers of a delivery, which anybody may have written.

use http::HeaderMap;
use mosaic_core::Result;

use super::fault;

/// The longest value that is read from a header; ids, names and signatures are far shorter.
const LONGEST: usize = 1024;

/// The value of a header, trimmed; nothing where it is missing or empty.
///
/// # Errors
/// `Invalid` where it is there twice, too long or not text: what it says is then a matter of who reads it.
pub(super) fn text<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<Option<&'h str>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(fault::invalid("a header is there more than once").context("header", name));
    }
    if value.len() > LONGEST {
        return Err(fault::invalid("a header is too long").context("header", name));
    }
    match value.to_str() {
        Ok(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Err(_) => Err(fault::invalid("a header is not plain text").context("header", name)),
    }
}

/// The value of the first of several headers that is there.
///
/// # Errors
/// Those of [`text`].
pub(super) fn first<'h>(headers: &'h HeaderMap, names: &[&'static str]) -> Result<Option<&'h str>> {
    for name in names {
        if let Some(value) = text(headers, name)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}
