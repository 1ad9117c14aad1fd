//! A condition as tokens, each with its place in the text.

use std::ops::Range;

use super::fault::ConditionFault;
use crate::engine::route::FaultKind;
use crate::engine::route::attribute::is_name;
use crate::types::nearest::nearest;
use crate::types::quantity::{self, DURATIONS, SIZES};

/// The smallest parts of a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    /// In bytes.
    Size(f64),
    /// In nanoseconds.
    Duration(f64),
    Text(Box<str>),
    Name(Box<str>),
    /// Operators, brackets and words that are no names.
    Sign(&'static str),
    End,
}

/// Longer ones before those that they begin with.
const SIGNS: [&str; 14] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", ","];

const WORDS: [&str; 4] = ["in", "matches", "true", "false"];

/// Signs of other languages, and what they are here.
const FOREIGN: [(&str, &str); 3] = [("=", "=="), ("&", "&&"), ("|", "||")];

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token and its place.
    pub(super) fn next(&mut self) -> Result<(Token, Range<usize>), ConditionFault> {
        let rest = self.text[self.at..].trim_start();
        let from = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            self.at = from;
            return Ok((Token::End, from..from));
        };
        let negative = first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        let (token, length) = match first {
            '"' | '\'' => self.text_at(from, first)?,
            '0'..='9' => self.quantity(from, rest)?,
            '-' if negative => self.quantity(from, rest)?,
            c if c.is_ascii_alphabetic() || c == '_' => self.word(from, rest)?,
            _ => self.sign(from, rest, first)?,
        };
        self.at = from + length;
        Ok((token, from..self.at))
    }

    fn fault(&self, span: Range<usize>, message: String) -> ConditionFault {
        ConditionFault::new(self.text, FaultKind::Malformed, span, message)
    }

    fn sign(&self, from: usize, rest: &str, first: char) -> Result<(Token, usize), ConditionFault> {
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            return Ok((Token::Sign(sign), sign.len()));
        }
        let span = from..from + first.len_utf8();
        match FOREIGN.into_iter().find(|(foreign, _)| rest.starts_with(foreign)) {
            Some((foreign, ours)) => Err(self.fault(span, format!("`{foreign}` is written `{ours}`"))),
            None => Err(self.fault(span, format!("{first:?} means nothing here; texts stand in quotes"))),
        }
    }

    fn word(&self, from: usize, rest: &str) -> Result<(Token, usize), ConditionFault> {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let word = &rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())];
        let token = match WORDS.into_iter().find(|known| *known == word) {
            Some(known) => Token::Sign(known),
            None if is_name(word) => Token::Name(word.into()),
            None => {
                let message = "this is no name: parts joined by single dots, at most 64 bytes".into();
                return Err(self.fault(from..from + word.len(), message));
            }
        };
        let ours = match word {
            "and" | "AND" => "&&",
            "or" | "OR" => "||",
            "not" | "NOT" => "!",
            _ => return Ok((token, word.len())),
        };
        Err(self.fault(from..from + word.len(), format!("`{word}` is written `{ours}`")))
    }

    fn quantity(&self, from: usize, rest: &str) -> Result<(Token, usize), ConditionFault> {
        let bytes = rest.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut length = 1;
        while let Some(byte) = bytes.get(length) {
            let exponent = matches!(byte, b'+' | b'-')
                && matches!(bytes[length - 1], b'e' | b'E')
                && digit(length - 2)
                && digit(length + 1);
            if !(byte.is_ascii_alphanumeric() || *byte == b'.' || exponent) {
                break;
            }
            length += 1;
        }
        let chunk = &rest[..length];
        let token = if let Some(number) = quantity::number(chunk) {
            Token::Number(number)
        } else if let Some(bytes) = quantity::size(chunk) {
            Token::Size(bytes)
        } else if let Some(nanos) = quantity::duration(chunk) {
            Token::Duration(nanos)
        } else {
            let unit = chunk.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
            let value = &chunk[..chunk.len() - unit.len()];
            let units = SIZES.iter().chain(&DURATIONS).map(|(name, _)| *name);
            let near = nearest(unit, units).map(|unit| format!("{value}{unit}"));
            let message = format!("{chunk:?} is no number, no size such as 10GB and no duration such as 5m");
            return Err(self.fault(from..from + length, message).suggest(near.as_deref()));
        };
        Ok((token, length))
    }

    fn text_at(&self, from: usize, quote: char) -> Result<(Token, usize), ConditionFault> {
        let mut text = String::new();
        let mut chars = self.text[from + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => return Ok((Token::Text(text.into()), at + 2)),
                '\\' => {
                    let place = from + 1 + at;
                    match chars.next().map(|(_, c)| c) {
                        Some(c @ ('"' | '\'' | '\\')) => text.push(c),
                        Some('n') => text.push('\n'),
                        Some('t') => text.push('\t'),
                        Some('r') => text.push('\r'),
                        other => {
                            let end = place + 1 + other.map_or(0, char::len_utf8);
                            let message = r#"behind `\` stands one of " ' \ n r t"#.into();
                            return Err(self.fault(place..end, message));
                        }
                    }
                }
                c => text.push(c),
            }
        }
        Err(self.fault(from..self.text.len(), format!("the text is not closed; expected {quote}")))
    }
}
