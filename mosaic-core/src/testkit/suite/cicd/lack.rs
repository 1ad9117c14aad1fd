//! What the suite asks of every CI system unless its world says that it is without.

/// Something that CI systems do not all do. The suite asks for it; a [`World`](super::World) that is
/// [`without`](super::World::without) it is asked for what stands here instead.
///
/// ```
/// use mosaic_core::testkit::suite::cicd::Trait;
///
/// assert_eq!(format!("{:?}", Trait::LiveLogs), "LiveLogs");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trait {
    /// What a call names and is not there is `NotFound`. Without: `Invalid` will do, as from systems whose ids have a form.
    SaysNotFound,
    /// A repository has pipelines of several names. Without: no name of a pipeline is missing, and lists of runs are those of
    /// the branch.
    NamedPipelines,
    /// Runs that are asked for at once are all made. Without: the suite waits for the end of one before it asks for the next.
    QueuesEveryRun,
    /// A run is given inputs. Without: one that is asked for with inputs is `Unsupported`.
    Inputs,
    /// A run has several jobs, with the names that its definition gives them. Without: every run of the suite has one job, of
    /// whatever name.
    SeveralJobs,
    /// Jobs that need nothing of one another go on when one of them fails. Without: they may be skipped or cancelled.
    JobsBeside,
    /// A job that was not run is listed as skipped. Without: it may be missing, or be cancelled.
    ListsSkippedJobs,
    /// Jobs are listed in the order in which they begin. Without: in any order.
    JobsInOrder,
    /// The log of a running job is followed. Without: it is read when the job has ended.
    LiveLogs,
    /// Runs are listed by what they were asked for on. Without: a list with that filter is `Unsupported`.
    FiltersByReference,
    /// Runs are listed by their state. Without: a list with that filter is `Unsupported`.
    FiltersByState,
    /// Runs are listed with the times of their begin and end. Without: lists leave them out.
    ListsTimes,
    /// Only a run that has ended is repeated; another is a `Conflict`. Without: the suite does not ask.
    RepeatsOnlyWhatEnded,
    /// A run is repeated with its inputs. Without: with its commit only.
    RepeatsInputs,
    /// The jobs that failed are repeated without the others. Without: that is `Unsupported`.
    RepeatsFailedJobs,
    /// The artifacts of a run are listed by name. Without: in any order.
    ArtifactsByName,
    /// Size and digest of an artifact are known, and right. Without: what is absent is not compared.
    ArtifactFacts,
    /// An artifact comes back byte for byte under the path that its job left it at. Without, as where it is packed into an
    /// archive: it is listed, its name has that of the file in it, and it is not empty.
    ArtifactsAsLeft,
}
