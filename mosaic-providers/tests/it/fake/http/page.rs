//! Pages of lists, in the schemes that vendors have.
//!
//! | scheme | how |
//! |---|---|
//! | `Link` with `page` and a size | [`Paging::read`], [`Cut::link`] |
//! | `X-Total-Count` beside it (Gitea, Forgejo) | [`Cut::total`] |
//! | `X-Next-Page` and its family (GitLab) | [`Cut::page_headers`] |
//! | `next` in the body (Bitbucket) | [`Cut::next_url`] |
//! | a page token or an offset in the body | [`Cut::next_page`], [`Cut::offset`] |

use super::{Ask, Reply};

/// Which page a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paging {
    /// From 1.
    pub(crate) page: usize,
    pub(crate) size: usize,
}

/// A page that was cut out of a list.
#[derive(Debug, Clone)]
pub(crate) struct Cut<T> {
    pub(crate) items: Vec<T>,
    /// How long the whole list is.
    pub(crate) total: usize,
    pub(crate) paging: Paging,
}

impl Paging {
    /// Reads `page` and the size under its vendor's name; what is odd or too large counts as the default or the maximum.
    pub(crate) fn read(ask: &Ask, size_name: &str, default: usize, max: usize) -> Self {
        let number =
            |name: &str| ask.query(name).and_then(|text| text.parse::<usize>().ok()).filter(|n| *n > 0);
        Self { page: number("page").unwrap_or(1), size: number(size_name).unwrap_or(default).min(max) }
    }

    /// Cuts the page out of the whole list.
    pub(crate) fn cut<T>(self, all: Vec<T>) -> Cut<T> {
        let total = all.len();
        let items = all.into_iter().skip(self.offset()).take(self.size).collect();
        Cut { items, total, paging: self }
    }

    /// How many items are before this page.
    pub(crate) fn offset(self) -> usize {
        (self.page - 1).saturating_mul(self.size)
    }
}

impl<T> Cut<T> {
    pub(crate) fn last_page(&self) -> usize {
        self.total.div_ceil(self.paging.size).max(1)
    }

    pub(crate) fn next_page(&self) -> Option<usize> {
        (self.paging.page < self.last_page()).then(|| self.paging.page + 1)
    }

    pub(crate) fn offset(&self) -> usize {
        self.paging.offset()
    }

    /// The same page with every item turned into something else.
    pub(crate) fn map<U>(self, f: impl FnMut(T) -> U) -> Cut<U> {
        Cut { items: self.items.into_iter().map(f).collect(), total: self.total, paging: self.paging }
    }

    /// The value of `Link`, with addresses that begin with `base`; none where there is only one page. The other parameters of
    /// the request stay.
    pub(crate) fn link(&self, ask: &Ask, base: &str, size_name: &str) -> Option<String> {
        let last = self.last_page();
        let page = self.paging.page;
        let mut links = Vec::new();
        let mut add = |rel: &str, to: usize| {
            links.push(format!("<{}>; rel=\"{rel}\"", self.url(ask, base, size_name, to)))
        };
        if page > 1 {
            add("prev", (page - 1).min(last));
        }
        if page < last {
            add("next", page + 1);
            add("last", last);
        }
        if page > 1 {
            add("first", 1);
        }
        (!links.is_empty()).then(|| links.join(", "))
    }

    /// The address of the next page.
    pub(crate) fn next_url(&self, ask: &Ask, base: &str, size_name: &str) -> Option<String> {
        self.next_page().map(|next| self.url(ask, base, size_name, next))
    }

    /// The address of a page: the parameters of the request, with this page.
    pub(crate) fn url(&self, ask: &Ask, base: &str, size_name: &str, page: usize) -> String {
        let kept = ask.query.iter().filter(|(name, _)| name != "page" && name != size_name);
        let mut query: Vec<_> =
            kept.map(|(name, value)| format!("{}={}", super::encode(name), super::encode(value))).collect();
        query.push(format!("{size_name}={}", self.paging.size));
        query.push(format!("page={page}"));
        format!("{base}?{}", query.join("&"))
    }

    /// GitLab's family of headers on an answer.
    pub(crate) fn page_headers(&self, reply: Reply) -> Reply {
        let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
        let previous = self.paging.page.checked_sub(1).filter(|page| *page > 0);
        reply
            .header("x-page", self.paging.page.to_string())
            .header("x-per-page", self.paging.size.to_string())
            .header("x-next-page", number(self.next_page()))
            .header("x-prev-page", number(previous))
            .header("x-total", self.total.to_string())
            .header("x-total-pages", self.total.div_ceil(self.paging.size).to_string())
    }
}
