//! What the suite asks of every tracker unless its world says that it is without.

/// Something that trackers do not all do. The suite asks for it; a [`World`](super::World) that is
/// [`without`](super::World::without) it is asked for what stands here instead.
///
/// ```
/// use mosaic_core::testkit::suite::project::Trait;
///
/// assert_eq!(format!("{:?}", Trait::InProgress), "InProgress");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trait {
    /// What is not there is `NotFound`. Without: `Invalid` will do, as from trackers that check a number or an id first.
    SaysNotFound,
    /// What stands in the way of a call is a `Conflict`. Without: `Invalid` or `PermissionDenied` will do.
    SaysConflict,

    /// An issue is in progress between open and closed. Without: changing one to that is `Unsupported`, and none is listed so.
    InProgress,
    /// A label is any text of one line. Without: the suite's labels are short words.
    AnyLabel,
    /// The second page of a list is not moved by what came after the first. Without, as where pages are numbered: the suite
    /// does not ask.
    PagesHoldStill,
    /// The labels of a project are listed by name. Without: in any order.
    LabelsByName,
    /// The people of a project are listed by login. Without: in any order.
    UsersByLogin,
    /// Whoever opened an issue or said something is among the people of a project. Without: those who can be assigned are.
    ListsAllWhoTookPart,

    /// Issues are linked by every kind, and by several kinds at once. Without: by `Blocks` and `RelatesTo` only, and linking by
    /// another kind is `Unsupported`.
    LinksByEveryKind,
    /// Issues are linked by `RelatesTo`. Without: that is `Unsupported`.
    RelatesIssues,

    /// A search reads the whole tracker where no project is named. Without: that is `Unsupported`, and the suite always names one.
    SearchesEverywhere,
    /// A search finds whole words. Without: parts of words are found too.
    SearchesWholeWords,
    /// A search finds what was written right before it. Without, as where an index follows later: only what is asked and
    /// refused is looked at.
    FindsAtOnce,
    /// Signs in a query are no more than signs. Without: they may mean something to the search.
    TakesSignsAsText,

    /// A sprint has a day on which it begins. Without: giving one is `Unsupported`.
    SprintsBegin,
    /// The days of a sprint come back to the second. Without: that they are there is enough.
    ExactSprintDays,
    /// Sprints are listed in the order in which they were created. Without: in any order.
    SprintsOldestFirst,
    /// A sprint is at work between planned and closed. Without, as where it is open or closed: making it so is `Unsupported`.
    ActiveSprints,
    /// A sprint that is closed stays closed. Without: the suite does not ask.
    ClosedSprintsStayClosed,
    /// A plan is made whole or not at all. Without: what is wrong with it is refused, and a part of it may be made.
    AtomicPlans,
}
