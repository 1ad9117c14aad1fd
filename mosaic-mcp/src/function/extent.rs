//! How much a function is about: one thing, or all that its resource stands for.

/// How much of what is there a function is about. A denial counts for a function on many things where it is one of any of them.
///
/// ```
/// use mosaic_mcp::coordination::shared::{GetValue, ListValues};
/// use mosaic_mcp::function::{Extent, Function};
///
/// assert_eq!((GetValue::META.extent, ListValues::META.extent), (Extent::One, Extent::Below));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Extent {
    /// The one thing that the resource names.
    One,
    /// Everything; there is no resource.
    All,
    /// What belongs to the one that the resource names; everything where it is empty.
    Of,
    /// What lies below the place that the resource names; everything where it is empty.
    Below,
    /// The topics that the filter in the resource chooses; all where it is empty.
    Matching,
}
