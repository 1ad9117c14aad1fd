//! Texts of a vendor, fit for an error: short, on one line, and without the credentials that were sent.

use mosaic_core::types::Secret;

/// The longest text that is kept of what a vendor says, in characters.
const LONGEST: usize = 300;

/// One line of at most [`LONGEST`] characters in which each secret is `***`. A server may well repeat what it was sent.
pub(crate) fn told(text: &str, secrets: &[Secret]) -> String {
    let mut clean = String::with_capacity(text.len().min(4 * LONGEST));
    // Secrets are looked for before anything is cut, lest half of one stays.
    let hidden = secrets.iter().fold(text.to_owned(), |text, secret| match secret.expose() {
        "" => text,
        exposed => text.replace(exposed, "***"),
    });
    for (count, word) in hidden
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .enumerate()
    {
        if count > 0 {
            clean.push(' ');
        }
        clean.push_str(word);
        if clean.len() > 4 * LONGEST {
            break;
        }
    }
    if let Some((at, _)) = clean.char_indices().nth(LONGEST) {
        clean.truncate(at);
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_line_feeds_go_and_the_rest_is_cut() {
        let secrets = [Secret::new("t0ken"), Secret::new("")];
        assert_eq!(told("bad\n credentials: t0ken\t!", &secrets), "bad credentials: *** !");
        let long = told(&"a".repeat(5000), &[]);
        assert_eq!(long.chars().count(), LONGEST + 1);
        let edge = format!("{}t0ken", "x".repeat(LONGEST - 2));
        assert!(!told(&edge, &secrets).contains("t0"));
    }
}
