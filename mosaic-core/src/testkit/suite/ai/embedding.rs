//! Behaviours of vectors.

use super::super::{Failure, done, ensure, equal};
use super::cx;
use crate::error::ErrorKind;
use crate::op::ai::{AiService, Embed};

/// Texts that are about different things.
const TEXTS: [&str; 4] = [
    "The lid of the kettle leaks.",
    "Parliament votes on Monday.",
    "Zwölf Boxkämpfer jagen Viktor.",
    "fn main() {}",
];
/// How near two vectors of one text are at least, as the cosine between them: services compute in parallel, and round.
const SAME: f64 = 0.999;

/// There is one vector for each text, also for a text that comes twice; all have one length and hold numbers, not all 0.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn every_text_has_a_vector(service: &impl AiService, model: &str) -> Result<(), Failure> {
    const B: &str = "ai/every_text_has_a_vector";
    let mut texts = TEXTS.to_vec();
    texts.push(TEXTS[0]);
    let vectors = embed(service, B, model, &texts).await?;
    equal(B, "the number of vectors", &vectors.len(), &texts.len())?;
    let lengths: Vec<_> = vectors.iter().map(Vec::len).collect();
    ensure(B, lengths[0] > 0 && lengths.iter().all(|length| *length == lengths[0]), || {
        format!("expected vectors of one length, got {lengths:?}")
    })?;
    for (text, vector) in texts.iter().zip(&vectors) {
        ensure(B, vector.iter().all(|x| x.is_finite()), || {
            format!("{text:?}: expected numbers, got {vector:?}")
        })?;
        ensure(B, vector.iter().any(|x| *x != 0.0), || format!("{text:?}: expected a direction, got zeros"))?;
    }
    Ok(())
}

/// One text has nearly one vector, in whichever call and beside whichever others; different texts do not.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn vectors_tell_texts_apart(service: &impl AiService, model: &str) -> Result<(), Failure> {
    const B: &str = "ai/vectors_tell_texts_apart";
    let together = embed(service, B, model, &TEXTS).await?;
    for text in &TEXTS {
        let alone = embed(service, B, model, &[text]).await?;
        equal(B, "the number of vectors of one text", &alone.len(), &1)?;
        for (other, vector) in TEXTS.iter().zip(&together) {
            let near = cosine(&alone[0], vector);
            ensure(B, (near > SAME) == (other == text), || {
                let side = if other == text { "above" } else { "below" };
                format!("{text:?} and {other:?}: expected a likeness {side} {SAME}, got {near}")
            })?;
        }
    }
    Ok(())
}

/// Vectors come in the order of the texts, whatever that is.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn vectors_keep_the_order_of_texts(service: &impl AiService, model: &str) -> Result<(), Failure> {
    const B: &str = "ai/vectors_keep_the_order_of_texts";
    let straight = embed(service, B, model, &TEXTS).await?;
    let mut turned = TEXTS;
    for _ in 1..TEXTS.len() {
        turned.rotate_left(1);
        let vectors = embed(service, B, model, &turned).await?;
        equal(B, "the number of vectors", &vectors.len(), &TEXTS.len())?;
        for (text, vector) in turned.iter().zip(&vectors) {
            let nearest = straight
                .iter()
                .enumerate()
                .max_by(|(_, a), (_, b)| cosine(a, vector).total_cmp(&cosine(b, vector)));
            let found = nearest.and_then(|(at, _)| TEXTS.get(at));
            equal(B, "the text of the nearest vector", &found, &Some(text))?;
        }
    }
    Ok(())
}

/// No texts have no vectors; a provider that has to be asked for some says `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn no_texts_have_no_vectors(service: &impl AiService, model: &str) -> Result<(), Failure> {
    const B: &str = "ai/no_texts_have_no_vectors";
    match service.embed(&cx(), Embed::new(model, Vec::new())).await {
        Ok(answer) => equal(B, "the number of vectors", &answer.vectors.len(), &0),
        Err(error) if error.kind() == ErrorKind::Invalid => Ok(()),
        Err(error) => Err(Failure::new(B, format!("expected no vectors or invalid, got {error}"))),
    }
}

/// Vectors have the length that was asked for, or the call is refused: `Invalid` or `Unsupported`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn lengths_of_vectors_are_kept(service: &impl AiService, model: &str) -> Result<(), Failure> {
    const B: &str = "ai/lengths_of_vectors_are_kept";
    let own = embed(service, B, model, &TEXTS[..1]).await?.first().map_or(0, Vec::len);
    let half = own.div_ceil(2);
    let op = Embed::new(model, vec![TEXTS[0].to_string()]).dimensions(half as u64);
    match service.embed(&cx(), op).await {
        Ok(answer) => {
            let lengths: Vec<_> = answer.vectors.iter().map(Vec::len).collect();
            equal(B, "lengths", &lengths, &[half])
        }
        Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported) => Ok(()),
        Err(error) => {
            let message = format!("expected vectors of length {half}, invalid or unsupported, got {error}");
            Err(Failure::new(B, message))
        }
    }
}

async fn embed(
    service: &impl AiService,
    b: &'static str,
    model: &str,
    texts: &[&str],
) -> Result<Vec<Vec<f32>>, Failure> {
    let op = Embed::new(model, texts.iter().map(ToString::to_string).collect::<Vec<_>>());
    Ok(done(b, &format!("embed of {} texts", texts.len()), service.embed(&cx(), op).await)?.vectors)
}

/// The cosine of the angle between two vectors: 1 for one direction. Of different lengths, they are not alike at all.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    if a.len() != b.len() {
        return -1.0;
    }
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
