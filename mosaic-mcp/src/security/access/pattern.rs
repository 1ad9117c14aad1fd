//! Texts with `*`, and what they are compared with.

use std::borrow::Cow;

use mosaic_core::types::Subject;

use crate::function::Extent;

/// A text in which `*` stands for any other, also an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Pattern(Box<str>);

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Whether it fits every text.
    pub(super) fn is_any(&self) -> bool {
        &*self.0 == "*"
    }

    /// Whether it is one text.
    pub(super) fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it fits a text; `loose` without regard to the case of ASCII letters.
    pub(super) fn fits(&self, text: &str, loose: bool) -> bool {
        let same = |a: u8, b: u8| if loose { a.eq_ignore_ascii_case(&b) } else { a == b };
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut at, mut from) = (0, 0);
        // Where the last star is, and where in the text it ends for now.
        let mut star: Option<(usize, usize)> = None;
        while from < text.len() {
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at, from));
                    at += 1;
                }
                Some(&byte) if same(byte, text[from]) => {
                    at += 1;
                    from += 1;
                }
                _ => match &mut star {
                    Some((place, end)) => {
                        *end += 1;
                        (at, from) = (*place + 1, *end);
                    }
                    None => return false,
                },
            }
        }
        pattern[at..].iter().all(|byte| *byte == b'*')
    }
}

/// What a call is about.
#[derive(Debug, Clone)]
pub(super) struct Resource<'a> {
    /// Without the path; none for nothing in particular.
    base: Option<Cow<'a, str>>,
    /// Inside it.
    path: Option<&'a str>,
}

impl<'a> Resource<'a> {
    /// A text; an empty one for nothing in particular.
    pub(super) fn text(text: &'a str) -> Self {
        Self { base: (!text.is_empty()).then_some(Cow::Borrowed(text)), path: None }
    }

    /// The subject of an operation.
    pub(super) fn subject(subject: &Subject<'a>) -> Self {
        let base = match (subject.org, subject.name) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(Cow::Borrowed(one)),
            (Some(org), Some(name)) => Some(Cow::Owned(format!("{org}/{name}"))),
        };
        Self { base, path: subject.path }
    }
}

/// A pattern of resources.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ResourcePattern {
    whole: Pattern,
    /// The parts, where there is a path in it.
    parts: Option<(Pattern, Pattern)>,
}

impl ResourcePattern {
    pub(super) fn new(text: &str) -> Self {
        let parts = text.split_once(':').map(|(base, path)| (Pattern::new(base), Pattern::new(path)));
        Self { whole: Pattern::new(text), parts }
    }

    /// Whether a permission for it is one for the resource.
    pub(super) fn allows(&self, resource: &Resource<'_>) -> bool {
        self.fits(resource, false)
    }

    /// Whether a denial of it is one of the resource.
    pub(super) fn denies(&self, resource: &Resource<'_>) -> bool {
        self.fits(resource, true)
    }

    /// Whether a denial of it is one of anything that a function of this extent is about. In doubt it is.
    pub(super) fn meets(&self, resource: &Resource<'_>, extent: Extent) -> bool {
        if self.denies(resource) {
            return true;
        }
        let base = resource.base.as_deref().unwrap_or_default();
        match extent {
            Extent::One => false,
            Extent::All => true,
            _ if base.is_empty() => true,
            Extent::Of => false,
            Extent::Below => self.has_some_below(&format!("{base}/")),
            Extent::Matching => base.find(WILD).is_some_and(|at| self.has_some_below(&base[..at])),
        }
    }

    /// Whether it may fit a text that begins so.
    fn has_some_below(&self, start: &str) -> bool {
        let whole = self.whole.as_str();
        match whole.find(WILD) {
            None => begins(whole, start),
            Some(at) => begins(&whole[..at], start) || begins(start, &whole[..at]),
        }
    }

    /// Whether a denial of it is one of everything that a permission for the other is for. May say no where it is.
    pub(super) fn covers(&self, other: &Self) -> bool {
        // A star of the other is only fitted by one of our own, which fits whatever it stands for.
        let fits = |text: &Pattern| self.whole.fits(text.as_str(), true);
        if self.whole.is_any() || self == other {
            return true;
        }
        match (&self.parts, &other.parts) {
            (None, None) => !other.whole.is_any() && fits(&other.whole),
            // With its path it is a text of its own, too.
            (None, Some((base, _))) => fits(base) && fits(&other.whole),
            (Some(_), _) => false,
        }
    }

    fn fits(&self, resource: &Resource<'_>, denial: bool) -> bool {
        if self.whole.is_any() {
            return true;
        }
        let Some(base) = &resource.base else { return false };
        match (&self.parts, resource.path) {
            (None, _) => self.whole.fits(base, denial),
            // A function's resource may have a colon in it.
            (Some(_), None) => self.whole.fits(base, denial),
            // A path that goes round about is not compared: it is denied where any path of the thing is.
            (Some((whole, path)), Some(given)) => {
                whole.fits(base, denial) && if is_plain(given) { path.fits(given, denial) } else { denial }
            }
        }
    }
}

/// What stands for other text, in patterns and in filters of topics.
const WILD: [char; 2] = ['*', '>'];

/// Whether a text begins with another, without regard to the case of ASCII letters.
fn begins(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

/// Whether a path has no empty, `.` or `..` segment, and nothing that is decoded or turned elsewhere.
fn is_plain(path: &str) -> bool {
    !path.contains(['\\', '%']) && path.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, said in another way.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..])),
            ([a, rest @ ..], [b, more @ ..]) if a == b => naive(rest, more),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn stars_stand_for_anything(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            let fits = Pattern::new(&pattern).fits(&text, false);
            prop_assert_eq!(fits, naive(pattern.as_bytes(), text.as_bytes()));
            prop_assert_eq!(fits, Pattern::new(&pattern.to_uppercase()).fits(&text, true));
        }
    }

    #[test]
    fn resources_are_compared_with_their_paths() {
        let item = Subject::item("acme", "widget");
        let inside = item.at_path(Some("src/main.rs"));
        for (pattern, subject, fits) in [
            ("*", Subject::NOTHING, true),
            ("acme/*", Subject::NOTHING, false),
            ("acme/*", Subject::org("acme"), false),
            ("acme*", Subject::org("acme"), true),
            ("acme/*", item, true),
            ("acme/*", inside, true),
            ("acme/widget", inside, true),
            ("acme/widget:src/*", inside, true),
            ("acme/widget:docs/*", inside, false),
            ("acme/widget:src/*", item, false),
            ("acme/wid", item, false),
            ("widget", Subject::name("widget"), true),
        ] {
            let found = ResourcePattern::new(pattern);
            assert_eq!(found.allows(&Resource::subject(&subject)), fits, "{pattern} {subject}");
            assert_eq!(found.denies(&Resource::subject(&subject)), fits, "{pattern} {subject}");
        }
        let upper = Subject::item("ACME", "Widget");
        assert!(!ResourcePattern::new("acme/widget").allows(&Resource::subject(&upper)));
        assert!(ResourcePattern::new("acme/widget").denies(&Resource::subject(&upper)));
        assert!(ResourcePattern::new("a:b*").allows(&Resource::text("a:bc")));
    }

    #[test]
    fn a_denial_meets_what_is_asked_about_together() {
        for (denial, asked, extent, meets) in [
            ("secrets/*", "", Extent::Below, true),
            ("secrets/*", "secrets", Extent::Below, true),
            ("secrets/*", "SECRETS", Extent::Below, true),
            ("secrets/a/b", "secrets/a", Extent::Below, true),
            ("sec*", "secrets", Extent::Below, true),
            ("secrets/*", "secret", Extent::Below, false),
            ("secrets/*", "plans", Extent::Below, false),
            ("secrets", "secrets", Extent::Below, true),
            ("*/key", "plans", Extent::Below, true),
            ("secrets.*", "", Extent::Matching, true),
            ("secrets.*", ">", Extent::Matching, true),
            ("secrets.*", "*.x", Extent::Matching, true),
            ("secrets.x", "secrets.*", Extent::Matching, true),
            ("secrets.x", "secrets.>", Extent::Matching, true),
            ("secrets.>", "secrets.x.>", Extent::Matching, true),
            ("secrets.*", "plans.>", Extent::Matching, false),
            ("secrets.x", "secrets.y", Extent::Matching, false),
            ("acme-secret", "acme", Extent::Of, false),
            ("acme", "acme", Extent::Of, true),
            ("acme", "", Extent::Of, true),
            ("builder", "", Extent::All, true),
            ("acme", "", Extent::One, false),
            ("secrets/*", "secrets", Extent::One, false),
        ] {
            let found = ResourcePattern::new(denial).meets(&Resource::text(asked), extent);
            assert_eq!(found, meets, "{denial} {asked} {extent:?}");
        }
    }

    #[test]
    fn a_path_that_goes_round_about_is_never_allowed_by_a_path() {
        let pattern = ResourcePattern::new("acme/widget:src/*");
        for path in ["src/../secret", "src//x", "./src/x", "src/%2e%2e/secret", "src\\..\\secret", ""] {
            let subject = Subject::item("acme", "widget").at_path(Some(path));
            assert!(!pattern.allows(&Resource::subject(&subject)), "{path}");
            assert!(pattern.denies(&Resource::subject(&subject)), "{path}");
        }
    }
}
