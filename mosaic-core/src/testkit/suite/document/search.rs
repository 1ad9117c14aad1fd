//! Behaviours of search: what is found, in what order, and how it is shown.

use super::super::pages::walk;
use super::super::{Failure, done, ensure, equal};
use super::listing::bad_cursors;
use super::{World, unused};
use crate::error::ErrorKind;
use crate::op::document::{DeleteDocument, DocsService, SearchDocuments, UpdateDocument};
use crate::types::document::SearchHit;
use crate::types::{Cursor, PageRequest};

/// Words of titles and texts are found, all of them in one document, without regard to case; phrases are found as one word.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn search_finds_words(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/search_finds_words";
    let space = world.space(service, B).await?;
    world
        .document(
            service,
            B,
            &space,
            None,
            "Pumps",
            "The *valve* of the red pump leaks.\n\n- Call Ann first.",
        )
        .await?;
    world
        .document(
            service,
            B,
            &space,
            None,
            "Valves",
            "Red paint for the pump, and [a plan](https://example.org/p).",
        )
        .await?;
    world.document(service, B, &space, None, "Empty", "").await?;
    for (query, expected) in [
        ("leaks", vec!["Pumps"]),
        ("LEAKS", vec!["Pumps"]),
        ("empty", vec!["Empty"]),
        ("red paint", vec!["Valves"]),
        ("paint red", vec!["Valves"]),
        ("red", vec!["Pumps", "Valves"]),
        ("\"red pump\"", vec!["Pumps"]),
        ("\"pump red\"", vec![]),
        ("\"the red pump\" ann", vec!["Pumps"]),
        ("ann paint", vec![]),
        ("plan", vec!["Valves"]),
        ("xyzzy", vec![]),
    ] {
        let op = SearchDocuments::new(query).space(space.as_str());
        let mut titles = titles(&all(service, world, B, &op, 100).await?);
        titles.sort_unstable();
        equal(B, &format!("titles found by {query:?}"), &titles, &expected)?;
    }
    Ok(())
}

/// A document with the word in its title comes before those that have it in their text; scores fall.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn titles_come_first(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/titles_come_first";
    let space = world.space(service, B).await?;
    let filler = "Something else stands here. ".repeat(20);
    for (title, body) in [
        ("One", "The turbine."),
        ("Two", filler.as_str()),
        ("Turbine", filler.as_str()),
        ("Three", "A turbine and more."),
    ] {
        world.document(service, B, &space, None, title, body).await?;
    }
    let found = all(service, world, B, &SearchDocuments::new("turbine").space(space.as_str()), 100).await?;
    equal(B, "number of hits", &found.len(), &3)?;
    equal(B, "the first hit", found[0].document.title.as_str(), "Turbine")?;
    ensure(B, found.is_sorted_by(|a, b| a.score >= b.score), || {
        format!("expected scores that fall, got {:?}", found.iter().map(|hit| hit.score).collect::<Vec<_>>())
    })
}

/// Snippets show the words that were found, in bold, and a part of what is around them only.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn snippets_show_the_words(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/snippets_show_the_words";
    let space = world.space(service, B).await?;
    let filler = "Nothing of interest. ".repeat(500);
    let body = format!("{filler}\n\nThen the **gasket** failed.\n\n{filler}");
    world.document(service, B, &space, None, "Report", &body).await?;
    world.document(service, B, &space, None, "Flange", "A text without it.").await?;
    for (query, word) in [("gasket", "**gasket**"), ("flange", "**Flange**")] {
        let found = all(service, world, B, &SearchDocuments::new(query).space(space.as_str()), 100).await?;
        let snippet = found.first().and_then(|hit| hit.snippet.clone()).unwrap_or_default();
        ensure(B, snippet.contains(word), || format!("{query}: expected {word} in the snippet {snippet:?}"))?;
        ensure(B, snippet.len() < 1_000, || {
            format!("{query}: expected a part of the text, got {}", snippet.len())
        })?;
    }
    Ok(())
}

/// A search in a space finds nothing of others; one without a space finds those of all.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn search_keeps_to_a_space(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/search_keeps_to_a_space";
    let word = unused('w');
    let (one, two) = (world.space(service, B).await?, world.space(service, B).await?);
    world.document(service, B, &one, None, "One", &word).await?;
    world.document(service, B, &two, None, "Two", &word).await?;
    for (op, expected) in [
        (SearchDocuments::new(word.as_str()).space(one.as_str()), vec!["One"]),
        (SearchDocuments::new(word.as_str()).space(two.as_str()), vec!["Two"]),
        (SearchDocuments::new(word.as_str()), vec!["One", "Two"]),
    ] {
        let mut titles = titles(&all(service, world, B, &op, 100).await?);
        titles.sort_unstable();
        equal(B, "titles", &titles, &expected)?;
    }
    Ok(())
}

/// Pages of every size hold every hit once, in the same order.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn search_covers_everything_once(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/search_covers_everything_once";
    let space = world.space(service, B).await?;
    for at in 1..=5 {
        world.document(service, B, &space, None, &format!("Bolt {at}"), &"bolt ".repeat(at)).await?;
    }
    let op = SearchDocuments::new("bolt").space(space.as_str());
    let whole = titles(&all(service, world, B, &op, 100).await?);
    equal(B, "number of hits", &whole.len(), &5)?;
    for limit in 1..=6 {
        let paged = titles(&all(service, world, B, &op, limit).await?);
        equal(B, &format!("hits in pages of {limit}"), &paged, &whole)?;
    }
    Ok(())
}

/// What is written is found at once, what was there before is not any more.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn search_follows_changes(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/search_follows_changes";
    let space = world.space(service, B).await?;
    let made = world.document(service, B, &space, None, "Before", "cardan").await?;
    let finds = async |word: &str| {
        let op = SearchDocuments::new(word).space(space.as_str());
        all(service, world, B, &op, 100).await.map(|found| titles(&found))
    };
    equal(B, "cardan, once created", &finds("cardan").await?, &["Before"])?;
    let op = UpdateDocument::new(space.as_str(), made.id.as_str()).title("After").body("piston");
    done(B, "update_document", service.update_document(world.cx(), op).await)?;
    for (word, expected) in
        [("cardan", vec![]), ("before", vec![]), ("piston", vec!["After"]), ("after", vec!["After"])]
    {
        equal(B, &format!("{word}, once updated"), &finds(word).await?, &expected)?;
    }
    let op = DeleteDocument::new(space.as_str(), made.id.as_str());
    done(B, "delete_document", service.delete_document(world.cx(), op).await)?;
    equal(B, "piston, once deleted", &finds("piston").await?, &Vec::<String>::new())
}

/// Whatever a person types is answered: with hits or with none.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn any_query_is_answered(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    const B: &str = "docs/any_query_is_answered";
    let space = world.space(service, B).await?;
    world
        .document(service, B, &space, None, "NOT alone", "AND or NEAR title:word* \"quoted\" C++ don't")
        .await?;
    let long = "word ".repeat(150);
    for query in [
        "",
        " ",
        "\"",
        "\"\"",
        "*",
        "?!",
        "\u{0}",
        "😀",
        "NOT",
        "AND",
        "OR",
        "NEAR(quoted)",
        "title:word*",
        "\"quoted",
        "quoted\"",
        "don't",
        "c++",
        "(",
        "word) OR (xyzzy",
        "-word",
        "^alone",
        "{title}: alone",
        "word; DROP TABLE",
        "' OR 1=1 --",
        "\\",
        "%",
        "漢字",
        "a\nb",
        "\u{2}b\u{3}",
        long.as_str(),
    ] {
        let op = SearchDocuments::new(query).space(space.as_str());
        let found = all(service, world, B, &op, 100).await?;
        ensure(B, found.len() <= 1, || {
            format!("{query:?}: expected the one document or none, got {}", found.len())
        })?;
    }
    Ok(())
}

/// A cursor that the provider did not make for this search is `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn bad_search_cursors_are_refused(
    service: &impl DocsService,
    world: &World,
) -> Result<(), Failure> {
    const B: &str = "docs/bad_search_cursors_are_refused";
    let space = world.space(service, B).await?;
    world.document(service, B, &space, None, "Rivet 1", "").await?;
    world.document(service, B, &space, None, "Rivet 2", "").await?;
    let op = || SearchDocuments::new("rivet").space(space.as_str());
    let first = op().page(PageRequest::first(1));
    let page = done(B, "search_documents", service.search_documents(world.cx(), first).await)?;
    let Some(good) = page.next else {
        return Err(Failure::new(B, "expected a cursor to the second of two pages, got none"));
    };
    for bad in bad_cursors(good.as_str()) {
        let shown: String = bad.chars().take(40).collect();
        let op = op().page(PageRequest::first(1).at(Cursor::new(bad)));
        let got = service.search_documents(world.cx(), op).await;
        world.refused(B, &format!("search_documents at the cursor {shown:?}"), got, ErrorKind::Invalid)?;
    }
    Ok(())
}

fn titles(found: &[SearchHit]) -> Vec<String> {
    found.iter().map(|hit| hit.document.title.clone()).collect()
}

/// All hits of a search, page after page.
async fn all(
    service: &impl DocsService,
    world: &World,
    b: &'static str,
    op: &SearchDocuments,
    limit: u32,
) -> Result<Vec<SearchHit>, Failure> {
    let cx = world.cx();
    let found = walk(b, op, limit, |op| service.search_documents(cx, op)).await;
    found.map_err(|failure| Failure::new(b, format!("search for {:?}: {}", op.query, failure.message())))
}
