//! A marked credential, and everything that must not show it: spans, events, errors, texts of any kind.

use std::error::Error as _;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mosaic_core::error::Error;
use parking_lot::Mutex;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The credential of tests that look for it. It has characters that change when it is percent-encoded.
pub(crate) const MARK: &str = "mark+7f3c/9b2e=tell-nobody";

/// Headers that vendors take credentials in.
const CREDENTIALS: [&str; 5] = ["authorization", "private-token", "job-token", "circle-token", "cookie"];

/// Whether a text has the mark: as it is, percent-encoded, in base64 at any offset, in hexadecimal digits, escaped as in
/// JSON, or the greater part of it.
pub(crate) fn shows(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    forms().iter().any(|form| text.contains(form.as_str()) || lower.contains(&form.to_ascii_lowercase()))
}

/// Whether a request has any header that carries credentials.
pub(crate) fn has_credential(headers: &HeaderMap) -> bool {
    CREDENTIALS.iter().any(|name| headers.contains_key(*name))
}

fn forms() -> Vec<String> {
    let mut forms = vec![
        MARK.to_owned(),
        MARK[..MARK.len() / 2].to_owned(),
        MARK[MARK.len() / 2..].to_owned(),
        utf8_percent_encode(MARK, NON_ALPHANUMERIC).to_string(),
        MARK.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
        MARK.replace('/', "\\/"),
        MARK.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ];
    // In base64 a text looks otherwise by what stands before it, as a user does in `user:password`. What the neighbours
    // change at both ends is left out.
    for offset in 0..3 {
        let shifted = ["", "-", "--"][offset].to_owned() + MARK;
        for code in [STANDARD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            let code = code.trim_end_matches('=');
            forms.push(code[[0, 2, 3][offset]..code.len() - 2].to_owned());
        }
    }
    forms
}

/// Collects what the program says while it lives, on this thread: the names and fields of spans and events of all levels.
pub(crate) struct Watch {
    heard: Arc<Mutex<String>>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Watch {
    /// Listens from now on. Needs a runtime of one thread.
    pub(crate) fn begin() -> Self {
        let heard = Arc::new(Mutex::new(String::new()));
        let guard = tracing::subscriber::set_default(Listener(Arc::clone(&heard)));
        Self { heard, _guard: guard }
    }

    /// Everything heard so far.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().clone()
    }

    /// Fails where the mark was heard.
    pub(crate) fn assert_hidden(&self) {
        assert_hidden("what is logged", &self.heard());
    }
}

/// Fails where a text shows the mark; `what` names the text.
pub(crate) fn assert_hidden(what: &str, text: &str) {
    if let Some(line) = text.lines().find(|line| shows(line)) {
        panic!("{what} shows the credential: {line}");
    }
    assert!(!shows(text), "{what} shows the credential, over several lines");
}

/// Fails where the printed form of a value shows the mark: that of a plugin, its configuration, a client, a recording.
pub(crate) fn assert_debug_hidden(what: &str, value: &dyn fmt::Debug) {
    assert_hidden(what, &format!("{value:?}"));
    assert_hidden(what, &format!("{value:#?}"));
}

/// Fails where any error shows the mark: its line, its details, its facts, its causes.
pub(crate) fn assert_errors_hidden(errors: &[Error]) {
    assert!(!errors.is_empty(), "there is no error to look at");
    for error in errors {
        assert_hidden("an error", &error.to_string());
        assert_debug_hidden("the details of an error", error);
        for (key, value) in error.facts() {
            assert_hidden("a fact of an error", &format!("{key} {value}"));
        }
        let mut cause = error.source();
        while let Some(this) = cause {
            assert_hidden("the cause of an error", &this.to_string());
            assert_debug_hidden("the cause of an error", &this);
            cause = this.source();
        }
    }
}

/// Writes down every span, every event and every field.
struct Listener(Arc<Mutex<String>>);

impl Listener {
    fn note(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Fields)) {
        let mut fields = Fields(format!("{} {} {}", metadata.level(), metadata.target(), metadata.name()));
        record(&mut fields);
        let mut heard = self.0.lock();
        heard.push_str(&fields.0);
        heard.push('\n');
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.note(span.metadata(), |fields| span.record(fields));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        self.0.lock().push_str(&fields.0);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        self.note(event.metadata(), |fields| event.record(fields));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {}={value}", field.name()).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mosaic_core::error::ErrorKind;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn every_form_of_the_mark_is_found() {
        let hidden = [
            format!("Bearer {MARK}"),
            format!("?access_token={}", utf8_percent_encode(MARK, NON_ALPHANUMERIC)),
            "?access_token=mark%2b7f3c%2f9b2e%3dtell-nobody".to_owned(),
            format!("cut: {}", &MARK[..20]),
            format!("cut: {}", &MARK[8..]),
            serde_json::to_string(MARK).unwrap(),
            MARK.to_uppercase(),
        ];
        for text in hidden {
            assert!(shows(&text), "{text}");
        }
        for user in ["", "u", "me", "ann", "oauth2", "x-token"] {
            let pair = format!("{user}:{MARK}");
            assert!(shows(&STANDARD.encode(&pair)) && shows(&URL_SAFE_NO_PAD.encode(&pair)), "{user}");
            assert!(shows(&STANDARD.encode(format!("{user}{MARK}, and more"))), "{user}");
        }
        assert!(!shows("mark 7f3c tell nobody, ***"));
    }

    #[test]
    fn what_is_logged_is_heard_with_its_fields() {
        let watch = Watch::begin();
        let span = tracing::trace_span!("attempt", provider = "forge", url = tracing::field::Empty);
        span.record("url", "http://127.0.0.1/a");
        span.in_scope(|| tracing::debug!(status = 401, reason = %"refused", "answered"));
        let heard = watch.heard();
        for part in [
            "TRACE",
            "attempt provider=forge",
            "url=http://127.0.0.1/a",
            "status=401",
            "answered",
            "reason=refused",
        ] {
            assert!(heard.contains(part), "{part}: {heard}");
        }
        watch.assert_hidden();
        tracing::info!(header = ?("authorization", MARK), "sent");
        catch_unwind(AssertUnwindSafe(|| watch.assert_hidden())).unwrap_err();
    }

    #[test]
    fn a_mark_anywhere_in_an_error_is_found() {
        let clean = || Error::new(ErrorKind::Network, "the connection broke").context("host", "127.0.0.1");
        assert_errors_hidden(&[clean()]);
        let talkative = [
            Error::new(ErrorKind::Invalid, format!("bad token {MARK}")),
            clean().context("url", format!("http://u:{MARK}@127.0.0.1/")),
            clean().source(std::io::Error::other(format!("sent {MARK}"))),
        ];
        for error in talkative {
            catch_unwind(AssertUnwindSafe(|| assert_errors_hidden(&[error]))).unwrap_err();
        }
        catch_unwind(|| assert_errors_hidden(&[])).unwrap_err();
    }
}
