//! Every operation with its types, one after the other.

use super::{Ai, Cicd, Docs, Git, Operation, Projects, StreamOperation};

/// Sees every operation of the catalogue with its types: for what must be done for each and cannot be done by name, such as a
/// check of all of them.
///
/// ```
/// use mosaic_core::op::{Operation, StreamOperation, Visitor, catalogue, visit};
///
/// struct Names(Vec<&'static str>);
/// impl Visitor for Names {
///     fn value<O: Operation>(&mut self) {
///         self.0.push(O::META.name);
///     }
///     fn stream<O: StreamOperation>(&mut self) {
///         self.0.push(O::META.name);
///     }
/// }
/// let mut names = Names(Vec::new());
/// visit(&mut names);
/// assert_eq!(names.0.len(), catalogue().all().count());
/// ```
pub trait Visitor {
    /// An operation that answers with a value.
    fn value<O: Operation>(&mut self);
    /// An operation that answers with a stream.
    fn stream<O: StreamOperation>(&mut self);
}

/// Shows every operation of the catalogue, in its order.
pub fn visit(visitor: &mut impl Visitor) {
    Git::visit(visitor);
    Cicd::visit(visitor);
    Docs::visit(visitor);
    Projects::visit(visitor);
    Ai::visit(visitor);
}
