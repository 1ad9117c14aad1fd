//! From tokens to a tree, by the binding power of operators (Pratt, 1973): `!` binds tightest, then comparisons, `&&`, `||`.

use std::ops::Range;

use super::ast::{Expr, Literal, Name, Op, Operand, Span};
use super::fault::ConditionFault;
use super::lexer::{Lexer, Token};
use crate::engine::route::FaultKind;

/// Longer conditions are refused.
pub(super) const LONGEST: usize = 8192;
/// Parentheses and `!` inside each other.
const DEEPEST: usize = 32;
/// Facts, values and operators of one condition.
const MOST: usize = 1024;

const OR: u8 = 1;
const AND: u8 = 3;
const COMPARISON: u8 = 5;

/// What stands on one side of an operator: something that holds or not, or something to be compared.
enum Piece {
    Formula(Expr, Range<usize>),
    Operand(Operand),
}

impl Piece {
    fn span(&self) -> Range<usize> {
        match self {
            Self::Formula(_, span) => span.clone(),
            Self::Operand(operand) => operand.span(),
        }
    }
}

pub(super) struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    token: Token,
    span: Range<usize>,
    depth: usize,
    nodes: usize,
}

type Parsed<T> = Result<T, ConditionFault>;

/// Reads a whole condition.
pub(super) fn parse(text: &str) -> Parsed<Expr> {
    if text.len() > LONGEST {
        let message = format!("it has {} bytes; at most {LONGEST} are read", text.len());
        return Err(ConditionFault::new(text, FaultKind::Malformed, 0..0, message));
    }
    let mut parser =
        Parser { text, lexer: Lexer::new(text), token: Token::End, span: 0..0, depth: 0, nodes: 0 };
    parser.advance()?;
    let piece = parser.expression(0)?;
    let expr = parser.formula(piece)?;
    match parser.token {
        Token::End => Ok(expr),
        _ => Err(parser.expected("`&&`, `||` or the end")),
    }
}

impl Parser<'_> {
    fn advance(&mut self) -> Parsed<Token> {
        let (token, span) = self.lexer.next()?;
        self.span = span;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn fault(&self, span: Range<usize>, message: impl Into<String>) -> ConditionFault {
        ConditionFault::new(self.text, FaultKind::Malformed, span, message.into())
    }

    fn expected(&self, what: &str) -> ConditionFault {
        let message = match &self.token {
            Token::End => format!("it ends here; expected {what}"),
            _ => format!("found `{}`; expected {what}", self.shown(self.span.clone())),
        };
        self.fault(self.span.clone(), message)
    }

    fn shown(&self, span: Range<usize>) -> String {
        self.text[span].chars().take(40).collect()
    }

    fn node(&mut self) -> Parsed<()> {
        self.nodes += 1;
        if self.nodes <= MOST {
            return Ok(());
        }
        Err(self.fault(self.span.clone(), format!("it has more than {MOST} parts; make several rules of it")))
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(found) if found == sign)
    }

    fn expression(&mut self, least: u8) -> Parsed<Piece> {
        let mut left = self.prefix()?;
        while let Token::Sign(sign) = self.token {
            let power = match sign {
                "||" => OR,
                "&&" => AND,
                _ if comparison(sign).is_some() => COMPARISON,
                _ => break,
            };
            if power < least {
                break;
            }
            self.node()?;
            let sign_span = self.span.clone();
            self.advance()?;
            let right = self.expression(power + 1)?;
            let span = left.span().start..right.span().end;
            let expr = match comparison(sign) {
                Some(op) => self.compare(left, op, sign_span, right)?,
                None => self.join(left, sign == "&&", right)?,
            };
            left = Piece::Formula(expr, span);
        }
        Ok(left)
    }

    fn prefix(&mut self) -> Parsed<Piece> {
        self.node()?;
        let from = self.span.start;
        let piece = match &self.token {
            Token::Sign("(") => {
                let inner = self.deeper(|parser| {
                    parser.advance()?;
                    parser.expression(0)
                })?;
                if !self.is(")") {
                    return Err(self.expected("`)`"));
                }
                let to = self.span.end;
                self.advance()?;
                return Ok(match inner {
                    Piece::Formula(expr, _) => Piece::Formula(expr, from..to),
                    operand => operand,
                });
            }
            Token::Sign("!") => {
                let inner = self.deeper(|parser| {
                    parser.advance()?;
                    parser.prefix()
                })?;
                let to = inner.span().end;
                let inner = self.formula(inner)?;
                return Ok(Piece::Formula(Expr::Not(Box::new(inner)), from..to));
            }
            Token::Sign("[") => Piece::Operand(self.list()?),
            Token::Name(name) => {
                let name = Name { text: name.clone(), span: Span(self.span.clone()) };
                self.advance()?;
                Piece::Operand(Operand::Fact(name))
            }
            _ => {
                let span = Span(self.span.clone());
                let literal = self.literal("an attribute, a value, `!` or `(`")?;
                Piece::Operand(Operand::Literal(literal, span))
            }
        };
        Ok(piece)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = format!("`(` and `!` stand more than {DEEPEST} deep inside each other");
            return Err(self.fault(self.span.clone(), message));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn literal(&mut self, expected: &str) -> Parsed<Literal> {
        let literal = match &self.token {
            Token::Number(number) => Literal::Number(*number),
            Token::Size(bytes) => Literal::Size(*bytes),
            Token::Duration(nanos) => Literal::Duration(*nanos),
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Sign("true") => Literal::Boolean(true),
            Token::Sign("false") => Literal::Boolean(false),
            _ => return Err(self.expected(expected)),
        };
        self.advance()?;
        Ok(literal)
    }

    fn list(&mut self) -> Parsed<Operand> {
        let from = self.span.start;
        self.advance()?;
        let mut items = Vec::new();
        while !self.is("]") {
            self.node()?;
            let span = Span(self.span.clone());
            items.push((self.literal("a value or `]`")?, span));
            if self.is(",") {
                self.advance()?;
            } else if !self.is("]") {
                return Err(self.expected("`,` or `]`"));
            }
        }
        let to = self.span.end;
        self.advance()?;
        if items.is_empty() {
            return Err(self.fault(from..to, "the list is empty, so nothing is in it"));
        }
        Ok(Operand::List(items, Span(from..to)))
    }

    fn compare(&self, left: Piece, op: Op, sign: Range<usize>, right: Piece) -> Parsed<Expr> {
        let span = left.span().start..right.span().end;
        let operand = |piece: Piece| match piece {
            Piece::Operand(operand) => Ok(operand),
            Piece::Formula(Expr::Compare { .. }, _) => {
                Err(self.fault(sign.clone(), "comparisons cannot be chained; join two by `&&`"))
            }
            Piece::Formula(Expr::Not(_), _) => Err(self.fault(
                sign.clone(),
                format!("`!` binds tighter than `{}`; write !(a {} b)", op.as_str(), op.as_str()),
            )),
            Piece::Formula(_, span) => Err(self.fault(span, "only an attribute or a value can be compared")),
        };
        let (left, right) = (operand(left)?, operand(right)?);
        // The fact stands on the left, so that one comparison has one form.
        Ok(match (left, op.flipped()) {
            (left @ Operand::Literal(..), Some(flipped)) if matches!(right, Operand::Fact(_)) => {
                Expr::Compare { left: right, op: flipped, right: left, span: Span(span) }
            }
            (left, _) => Expr::Compare { left, op, right, span: Span(span) },
        })
    }

    fn join(&self, left: Piece, and: bool, right: Piece) -> Parsed<Expr> {
        let mut parts = Vec::new();
        for side in [left, right] {
            match (self.formula(side)?, and) {
                (Expr::And(more), true) | (Expr::Or(more), false) => parts.extend(more),
                (part, _) => parts.push(part),
            }
        }
        Ok(if and { Expr::And(parts) } else { Expr::Or(parts) })
    }

    fn formula(&self, piece: Piece) -> Parsed<Expr> {
        match piece {
            Piece::Formula(expr, _) => Ok(expr),
            Piece::Operand(Operand::Fact(name)) => Ok(Expr::Fact(name)),
            Piece::Operand(Operand::Literal(Literal::Boolean(value), _)) => Ok(Expr::Constant(value)),
            Piece::Operand(operand) => {
                let span = operand.span();
                let message = format!(
                    "`{}` alone neither holds nor fails; expected a comparison",
                    self.shown(span.clone())
                );
                Err(self.fault(span, message))
            }
        }
    }
}

fn comparison(sign: &str) -> Option<Op> {
    Op::ALL.into_iter().find(|op| op.as_str() == sign)
}
