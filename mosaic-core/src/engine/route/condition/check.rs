//! From a tree to tests: every name is looked up in the schema, and every comparison must make sense for its kind.

use std::ops::Range;

use super::ast::{Expr, Literal, Name, Op, Operand, Span};
use super::fault::ConditionFault;
use super::formula::{Check, Formula, Order};
use crate::engine::route::FaultKind;
use crate::engine::route::Glob;
use crate::engine::route::attribute::{AttributeKind, AttributeSchema};
use crate::engine::route::fact::{Fact, read_flag, read_number};
use crate::op::catalogue;
use crate::types::nearest::nearest;
use crate::types::{Effect, ServiceKind};

const EFFECTS: [Effect; 4] = [Effect::Read, Effect::Idempotent, Effect::Create, Effect::Irreversible];

/// The longest glob; matching is bounded by the product of both lengths.
const LONGEST_GLOB: usize = 512;

pub(super) struct Checker<'a> {
    pub(super) text: &'a str,
    pub(super) schema: &'a AttributeSchema,
    pub(super) faults: Vec<ConditionFault>,
}

/// A value of the kind that the fact has.
enum Value {
    Number(f64),
    Text(Box<str>),
    Flag(bool),
}

impl Checker<'_> {
    /// The tests of a tree. Where there are faults, what is returned means nothing.
    pub(super) fn formula(&mut self, expr: &Expr) -> Formula {
        match expr {
            Expr::Constant(value) => Formula::Constant(*value),
            Expr::Fact(name) => self.flag(name),
            Expr::Not(inner) => self.formula(inner).inverse(),
            Expr::And(parts) => Formula::All(parts.iter().map(|part| self.formula(part)).collect()),
            Expr::Or(parts) => Formula::Any(parts.iter().map(|part| self.formula(part)).collect()),
            Expr::Compare { left, op, right, span } => {
                self.compare(left, *op, right, span).unwrap_or(Formula::Constant(false))
            }
        }
    }

    fn fault(&mut self, kind: FaultKind, span: Range<usize>, message: String, suggestion: Option<&str>) {
        self.faults.push(ConditionFault::new(self.text, kind, span, message).suggest(suggestion));
    }

    fn mismatch<T>(&mut self, span: Range<usize>, message: String) -> Option<T> {
        self.fault(FaultKind::Mismatch, span, message, None);
        None
    }

    fn fact(&mut self, name: &Name) -> Option<(Fact, AttributeKind)> {
        let found = Fact::find(&name.text, self.schema);
        if found.is_none() {
            let near = self.schema.nearest(&name.text);
            let message = format!("there is no attribute {:?}", name.text);
            self.fault(FaultKind::Unknown, name.span.0.clone(), message, near);
        }
        found
    }

    fn flag(&mut self, name: &Name) -> Formula {
        match self.fact(name) {
            Some((fact, AttributeKind::Boolean)) => Formula::test(fact, Check::Flag { wanted: true }),
            Some((_, kind)) => {
                let message =
                    format!("{:?} is a {kind}, which neither holds nor fails; compare it", name.text);
                self.fault(FaultKind::Mismatch, name.span.0.clone(), message, None);
                Formula::Constant(false)
            }
            None => Formula::Constant(false),
        }
    }

    fn compare(&mut self, left: &Operand, op: Op, right: &Operand, span: &Span) -> Option<Formula> {
        match (left, right) {
            (Operand::Fact(left), Operand::Fact(right)) => self.facts(left, op, right, span),
            (Operand::Fact(name), Operand::Literal(literal, at)) => self.literal(name, op, literal, at),
            (Operand::Fact(name), Operand::List(items, at)) if op == Op::In => self.list(name, items, at),
            (Operand::Literal(literal, at), Operand::Fact(name)) if op == Op::In => {
                self.has(literal, at, name)
            }
            (Operand::Fact(_), Operand::List(_, at)) => {
                self.mismatch(at.0.clone(), format!("`{}` takes no list; `in` does", op.as_str()))
            }
            (Operand::List(_, at), _) => {
                self.mismatch(at.0.clone(), "a list stands on the right side of `in` only".into())
            }
            _ => self.mismatch(span.0.clone(), "this compares no attribute; one side must be one".into()),
        }
    }

    fn literal(&mut self, name: &Name, op: Op, literal: &Literal, at: &Span) -> Option<Formula> {
        let (fact, kind) = self.fact(name)?;
        if kind == AttributeKind::List {
            let message = format!("{:?} is a list; write \"text\" in {}", name.text, name.text);
            return self.mismatch(name.span.0.clone(), message);
        }
        if op == Op::Matches {
            return self.glob(name, fact, kind, literal, at);
        }
        if op == Op::In {
            return self.mismatch(
                at.0.clone(),
                "behind `in` stands a list in [..] or an attribute that is one".into(),
            );
        }
        let order = order(op)?;
        let equality = matches!(op, Op::Equal | Op::NotEqual);
        if !equality && !kind.is_ordered() {
            let message =
                format!("{:?} is a {kind}, which has no order; use ==, !=, in or matches", name.text);
            return self.mismatch(name.span.0.clone(), message);
        }
        let equal = op == Op::Equal;
        Some(match self.value(&fact, kind, name, literal, at)? {
            Value::Number(value) => Formula::test(fact, Check::Number { kind, order, value }),
            Value::Flag(value) => Formula::test(fact, Check::Flag { wanted: value == equal }),
            Value::Text(text) => texts(&fact, vec![text], equal),
        })
    }

    fn list(&mut self, name: &Name, items: &[(Literal, Span)], at: &Span) -> Option<Formula> {
        let (fact, kind) = self.fact(name)?;
        if kind == AttributeKind::List {
            let message = format!("{:?} is a list itself; write \"text\" in {}", name.text, name.text);
            return self.mismatch(name.span.0.clone(), message);
        }
        if kind == AttributeKind::Boolean {
            return self
                .mismatch(at.0.clone(), format!("{:?} is a boolean; write it alone or with `!`", name.text));
        }
        let (mut numbers, mut found) = (Vec::new(), Vec::new());
        let before = self.faults.len();
        for (literal, at) in items {
            match self.value(&fact, kind, name, literal, at) {
                Some(Value::Number(number)) => numbers.push(number),
                Some(Value::Text(text)) => found.push(text),
                Some(Value::Flag(_)) | None => {}
            }
        }
        if self.faults.len() > before {
            return None;
        }
        Some(if kind == AttributeKind::Text {
            texts(&fact, found, true)
        } else {
            Formula::test(fact, Check::NumberIn { kind, values: numbers.into(), member: true })
        })
    }

    fn has(&mut self, literal: &Literal, at: &Span, name: &Name) -> Option<Formula> {
        match (self.fact(name)?, literal) {
            ((fact, AttributeKind::List), Literal::Text(text)) => {
                Some(Formula::test(fact, Check::Has { value: text.clone(), member: true }))
            }
            ((_, AttributeKind::List), _) => {
                self.mismatch(at.0.clone(), format!("{:?} is a list of texts; expected a text", name.text))
            }
            ((_, kind), _) => {
                self.mismatch(name.span.0.clone(), format!("{:?} is a {kind} and no list", name.text))
            }
        }
    }

    fn glob(
        &mut self,
        name: &Name,
        fact: Fact,
        kind: AttributeKind,
        literal: &Literal,
        at: &Span,
    ) -> Option<Formula> {
        let (Literal::Text(text), AttributeKind::Text) = (literal, kind) else {
            let message = format!(
                "`matches` takes an attribute that is a text, and a glob in quotes; {:?} is a {kind}",
                name.text
            );
            return self.mismatch(at.0.clone(), message);
        };
        if text.len() > LONGEST_GLOB {
            return self.mismatch(at.0.clone(), format!("the glob is longer than {LONGEST_GLOB} bytes"));
        }
        Some(glob(fact, text))
    }

    fn facts(&mut self, left: &Name, op: Op, right: &Name, span: &Span) -> Option<Formula> {
        let (one, other) = (self.fact(left), self.fact(right));
        let ((fact, kind), (other, other_kind)) = (one?, other?);
        if op == Op::In && other_kind == AttributeKind::List {
            if kind != AttributeKind::Text {
                return self.mismatch(
                    left.span.0.clone(),
                    format!("{:?} is a {kind}; only a text is in a list", left.text),
                );
            }
            return Some(Formula::test(fact, Check::Inside { list: other, member: true }));
        }
        let equality = matches!(op, Op::Equal | Op::NotEqual);
        if kind != other_kind {
            let message = format!("{:?} is a {kind} and {:?} a {other_kind}", left.text, right.text);
            return self.mismatch(span.0.clone(), message);
        }
        match order(op) {
            Some(order) if kind.is_ordered() || equality && kind != AttributeKind::List => {
                Some(Formula::test(fact, Check::Beside { other, kind, order }))
            }
            _ => self
                .mismatch(span.0.clone(), format!("`{}` does not compare two of kind {kind}", op.as_str())),
        }
    }

    /// A literal as a value of a kind. Texts are read as the kind says, as texts of attributes are.
    fn value(
        &mut self,
        fact: &Fact,
        kind: AttributeKind,
        name: &Name,
        literal: &Literal,
        at: &Span,
    ) -> Option<Value> {
        let value = match (kind, literal) {
            (AttributeKind::Number | AttributeKind::Size, Literal::Number(number))
            | (AttributeKind::Size, Literal::Size(number))
            | (AttributeKind::Duration, Literal::Duration(number)) => Some(Value::Number(*number)),
            (AttributeKind::Boolean, Literal::Boolean(value)) => Some(Value::Flag(*value)),
            (AttributeKind::Boolean, Literal::Text(text)) => read_flag(text).map(Value::Flag),
            (AttributeKind::Text, Literal::Text(text)) => {
                self.known(fact, text, at)?;
                Some(Value::Text(fact.folded(text).into()))
            }
            (kind, Literal::Text(text)) if kind.is_ordered() => read_number(text, kind).map(Value::Number),
            _ => None,
        };
        if value.is_some() {
            return value;
        }
        let expected = match kind {
            AttributeKind::Number => "a number without a unit",
            AttributeKind::Size => "a size such as 10GB",
            AttributeKind::Duration => "a duration with its unit, such as 5m",
            AttributeKind::Boolean => "true or false",
            AttributeKind::Text | AttributeKind::List => "a text in quotes",
        };
        self.mismatch(
            at.0.clone(),
            format!("{:?} is a {kind}; found {literal}, expected {expected}", name.text),
        )
    }

    /// Services, operations and effects are known by name: another one can never be.
    fn known(&mut self, fact: &Fact, text: &str, at: &Span) -> Option<()> {
        let names: Vec<&str> = match fact {
            Fact::Service => ServiceKind::ALL.iter().map(|service| service.as_str()).collect(),
            Fact::Effect => EFFECTS.iter().map(|effect| effect.as_str()).collect(),
            Fact::Operation => catalogue().all().map(|def| def.meta.name).collect(),
            _ => return Some(()),
        };
        if names.contains(&text) {
            return Some(());
        }
        let near = nearest(text, names.iter().copied());
        self.fault(FaultKind::Unknown, at.0.clone(), format!("there is no {} {text:?}", fact.name()), near);
        None
    }
}

fn order(op: Op) -> Option<Order> {
    Some(match op {
        Op::Equal => Order::EQUAL,
        Op::NotEqual => Order::LESS.or(Order::GREATER),
        Op::Less => Order::LESS,
        Op::LessOrEqual => Order::LESS.or(Order::EQUAL),
        Op::Greater => Order::GREATER,
        Op::GreaterOrEqual => Order::GREATER.or(Order::EQUAL),
        Op::In | Op::Matches => return None,
    })
}

/// Whether a fact is one of these texts. A repository is compared by its full name with a text that has a slash.
pub(in crate::engine::route) fn texts(fact: &Fact, texts: Vec<Box<str>>, member: bool) -> Formula {
    let test = |fact: Fact, mut values: Vec<Box<str>>| {
        values.sort_unstable();
        values.dedup();
        Formula::test(fact, Check::TextIn { values: values.into(), member })
    };
    if *fact != Fact::Repo {
        return test(fact.clone(), texts);
    }
    let (full, short): (Vec<_>, Vec<_>) = texts.into_iter().partition(|text| text.contains('/'));
    let parts: Vec<_> = [(Fact::FullRepo, full), (Fact::Repo, short)]
        .into_iter()
        .filter(|(_, texts)| !texts.is_empty())
        .map(|(fact, texts)| test(fact, texts))
        .collect();
    if member { Formula::Any(parts) } else { Formula::All(parts) }
}

/// Whether a fact matches a glob. A glob without `*` and `?` is a text.
pub(in crate::engine::route) fn glob(fact: Fact, text: &str) -> Formula {
    if !text.contains(['*', '?']) {
        return texts(&fact, vec![fact.folded(text).into()], true);
    }
    let fact = if fact == Fact::Repo && text.contains('/') { Fact::FullRepo } else { fact };
    let glob = Glob::new(&fact.folded(text), fact == Fact::Path);
    Formula::test(fact, Check::Glob { glob, matches: true })
}
