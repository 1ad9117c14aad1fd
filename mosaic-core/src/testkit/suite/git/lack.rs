//! What the suite asks of every forge unless its world says that it is without.

/// Something that forges do not all do. The suite asks for it; a [`World`](super::World) that is
/// [`without`](super::World::without) it is asked for what stands here instead.
///
/// ```
/// use mosaic_core::testkit::suite::git::Trait;
///
/// assert_eq!(format!("{:?}", Trait::BranchesByName), "BranchesByName");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trait {
    /// What a change names in its repository and is not there is `NotFound`. Without: `Invalid` or `Conflict` will do, as from
    /// forges that find a missing branch when they check what they are given. A missing repository is `NotFound` all the same.
    SaysNotFound,
    /// What stands in the way of a call is a `Conflict`. Without: `Invalid` or `PermissionDenied` will do.
    SaysConflict,

    /// An owner is one name, so that one with a slash is `Invalid`. Without: owners may be within others, and one with a slash
    /// that is not there is `NotFound`.
    FlatOwners,

    /// Repositories are listed by name. Without: in any order.
    RepositoriesByName,
    /// Branches are listed by name. Without: in any order.
    BranchesByName,
    /// Tags are listed by name. Without: in any order.
    TagsByName,
    /// What a directory holds is listed by path. Without: in any order.
    TreesByPath,
    /// Releases are listed newest first. Without: in any order.
    ReleasesNewestFirst,
    /// Webhooks are listed oldest first. Without: in any order.
    WebhooksOldestFirst,
    /// The checks of a commit come by name. Without: in any order.
    ChecksByName,
    /// The comments of a pull request are listed oldest first, those on lines among the others. Without: in any order.
    CommentsOldestFirst,
    /// The second page of a list is not moved by what came after the first. Without, as where pages are numbered: the suite
    /// does not ask.
    PagesHoldStill,

    /// The default branch is chosen when a repository is made. Without: that is `Unsupported`, and the first commit goes to
    /// `main`.
    ChoosesDefaultBranch,
    /// A repository is archived and taken out again. Without: that is `Unsupported`.
    Archives,
    /// A repository is gone once it is deleted. Without: it may be there, and be listed, for a while.
    DeletesAtOnce,

    /// Writing what a file holds already makes no commit and says so. Without: it may make one.
    SameContentMakesNoCommit,
    /// A file is written and deleted only where it has the version that is expected. Without: expecting one is `Unsupported`.
    ExpectsVersions,
    /// Files written to one branch at the same time all land. Without: some may be refused with `Conflict`; the others are
    /// there, each as a commit.
    ConcurrentWrites,
    /// What a directory holds is listed with the sizes of its files. Without: sizes are absent.
    TreeSizes,
    /// What a directory holds is listed with the ids that files are read and written with. Without: with ids of another kind.
    TreeIds,

    /// A branch is merged as one commit. Without: that is `Unsupported`.
    SquashesBranches,
    /// A branch is merged by making its commits anew. Without: that is `Unsupported`.
    RebasesBranches,
    /// Merging a branch that the target has already changes nothing and says so. Without: it changes nothing and is a
    /// `Conflict`.
    SaysUpToDate,

    /// A pull request is merged as one commit. Without: that is `Unsupported`.
    SquashesPullRequests,
    /// A pull request is merged by making its commits anew. Without: that is `Unsupported`.
    RebasesPullRequests,
    /// There is one open pull request at most from one branch into another; a second is a `Conflict`. Without: the suite does
    /// not ask.
    OnePullRequestForBranches,
    /// A pull request that was closed is opened again. Without: that is `Unsupported`.
    ReopensPullRequests,
    /// An open pull request is turned to another target. Without: that is `Unsupported`.
    RetargetsPullRequests,
    /// A comment is made on a line. Without: that is `Unsupported`.
    CommentsOnLines,

    /// Who opened a pull request may approve it and ask for changes. Without: that is refused, as `Invalid`,
    /// `PermissionDenied` or `Conflict`, and the suite reviews by comments only.
    ReviewsOwnWork,
    /// A review asks for changes. Without: that is `Unsupported`.
    RequestsChanges,
    /// An approval has a text. Without: the suite approves without one.
    ApprovesWithText,
    /// Every review stays beside the earlier ones of the same person, with an id of its own. Without, as where a person's
    /// approval is one state: only that the verdicts are listed is asked.
    KeepsEveryReview,
    /// A review names the commit that was looked at. Without: it may name none.
    ReviewsNameCommits,
    /// What reviews say is not among the comments. Without: it may be.
    ReviewsAreNoComments,

    /// A comparison knows the merge base. Without: it is absent.
    KnowsMergeBase,
    /// A comparison knows the files that changed. Without: it names none.
    ComparesFiles,
    /// A comparison counts the lines that changed. Without: the counts are absent.
    CountsLines,
    /// A comparison sees that a file moved. Without: it went at one path and came at another.
    SeesRenames,

    /// A tag has a text. Without: that is `Unsupported`.
    TagsHaveTexts,
    /// Tags are listed with their texts. Without: the texts are absent from lists.
    ListsTagTexts,
    /// A release is made as a draft. Without: that is `Unsupported`.
    DraftReleases,
    /// A release is made as a version before the real one. Without: that is `Unsupported`.
    Prereleases,

    /// A check that could not do its work is told from one that failed. Without: `Error` comes back as `Failure`.
    TellsErrorFromFailure,
    /// The last word of a check replaces all of its last but one. Without: a text and an address that it leaves out may stay.
    LastWordReplaces,
    /// A webhook is told of what was asked for and of nothing else. Without: of more.
    ExactHookEvents,
    /// A webhook is told of releases. Without: one that is to be told of them is `Unsupported`.
    HooksForReleases,
}
