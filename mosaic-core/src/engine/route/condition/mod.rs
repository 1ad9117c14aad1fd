//! Conditions: expressions over the facts and attributes of a call, such as `build.size > 10GB && user.region == "EU"`.

mod ast;
mod check;
mod fault;
mod formula;
mod lexer;
mod parser;
mod program;

use std::fmt;
use std::str::FromStr;

pub use fault::ConditionFault;

use self::ast::{Expr, Literal, Name, Op, Operand, Span};
use self::check::Checker;
pub(super) use self::check::glob;
pub(super) use self::formula::{Check, Formula, Order, Test};
pub(super) use self::program::Program;
use super::attribute::AttributeSchema;
use super::fact::Facts;

/// A condition that was read, but not yet compared with a schema. Its text is canonical: reading it gives the same condition.
///
/// ```text
/// condition   = or
/// or          = and { "||" and }
/// and         = comparison { "&&" comparison }
/// comparison  = unary [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "matches" ) unary ]
/// unary       = "!" unary | "(" condition ")" | list | value | name
/// list        = "[" value { "," value } "]"
/// value       = number | size | duration | text | "true" | "false"
/// ```
///
/// A size is a number with `B KB MB GB TB PB` or `KiB MiB GiB TiB PiB`, without regard to case; a duration one with
/// `ns us ms s m h d w`; a text stands in `"` or `'`. `matches` takes a glob as patterns do, and no regular expression.
///
/// What is compared with an absent attribute is unknown, and so is its opposite; a condition holds only where it is
/// certainly true.
///
/// A text has at most 8192 bytes and 1024 parts, and parentheses at most 32 deep.
///
/// ```
/// use mosaic_core::engine::route::Condition;
///
/// let condition: Condition = "10240MB < build.size && (user.region == 'EU')".parse()?;
/// assert_eq!(condition.to_string(), "build.size > 10240MB && user.region == \"EU\"");
/// let fault = "build.size >".parse::<Condition>().unwrap_err();
/// assert_eq!(fault.to_string(), "it ends here; expected an attribute, a value, `!` or `(`");
/// # Ok::<(), mosaic_core::engine::route::ConditionFault>(())
/// ```
#[derive(Debug, Clone)]
pub struct Condition {
    text: Box<str>,
    expr: Expr,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

impl FromStr for Condition {
    type Err = ConditionFault;

    fn from_str(text: &str) -> Result<Self, ConditionFault> {
        Ok(Self { expr: parser::parse(text)?, text: text.into() })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl Condition {
    /// That a fact or attribute has a value, which is read as the schema says.
    pub(super) fn equals(name: &str, value: &str) -> Self {
        let text: Box<str> = name.into();
        let left = Operand::Fact(Name { text: text.clone(), span: Span(0..text.len()) });
        // The span of the value is the name's: what does not fit is shown at the whole.
        let right = Operand::Literal(Literal::Text(value.into()), Span(0..text.len()));
        let span = Span(0..text.len());
        Self { text, expr: Expr::Compare { left, op: Op::Equal, right, span } }
    }

    /// Checks it against a schema and compiles it.
    ///
    /// # Errors
    /// Every name that is not declared and every comparison that makes no sense; never empty.
    pub fn compile(&self, schema: &AttributeSchema) -> Result<Predicate, Vec<ConditionFault>> {
        self.formula(schema)
            .map(|formula| Predicate { program: Program::new(std::iter::once(&formula)), formula })
    }

    pub(super) fn formula(&self, schema: &AttributeSchema) -> Result<Formula, Vec<ConditionFault>> {
        let mut checker = Checker { text: &self.text, schema, faults: Vec::new() };
        let formula = checker.formula(&self.expr);
        if checker.faults.is_empty() { Ok(formula) } else { Err(checker.faults) }
    }
}

/// A condition that is ready to be evaluated.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::engine::route::{AttributeSchema, Condition, Facts};
/// use mosaic_core::op::{Operation, git::GetRepository};
///
/// let condition: Condition = "build.size > 10GB || org matches 'internal-*'".parse()?;
/// let predicate = condition.compile(&AttributeSchema::default()).map_err(|mut faults| faults.remove(0))?;
/// let operation = GetRepository::new("acme", "widget");
/// let cx = CallContext::new().attribute("build.size", "11 GB");
/// let facts = Facts { meta: GetRepository::META, subject: operation.subject(), cx: &cx };
/// assert!(predicate.holds(&facts));
/// let cx = CallContext::new();
/// assert_eq!(predicate.truth(&Facts { cx: &cx, ..facts }), None, "no size is given");
/// # Ok::<(), mosaic_core::engine::route::ConditionFault>(())
/// ```
#[derive(Debug, Clone)]
pub struct Predicate {
    formula: Formula,
    program: Program,
}

impl Predicate {
    /// Whether it certainly holds. Allocates nothing.
    #[inline]
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        self.program.holds(facts)
    }

    /// Whether it holds; none where that is unknown, because an attribute is absent or cannot be read.
    pub fn truth(&self, facts: &Facts<'_>) -> Option<bool> {
        self.formula.truth(facts)
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
