//! What a pipeline of the suite does, in no provider's language.

/// A pipeline that the suite wants. A provider's test writes it down in the provider's language.
///
/// ```
/// use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
///
/// let draft = Draft::of(JobDraft::new("greet").step(Step::Print("hello".into())));
/// assert_eq!(draft.jobs[0].name, "greet");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its jobs, each after those that it needs.
    pub jobs: Vec<JobDraft>,
}

/// A job of a [`Draft`].
///
/// ```
/// use mosaic_core::testkit::suite::cicd::JobDraft;
///
/// assert_eq!(JobDraft::new("test").needs(["build"]).needs, ["build"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDraft {
    /// Its name: letters and digits.
    pub name: String,
    /// The jobs that must end well before it.
    pub needs: Vec<String>,
    /// What it does, one after the other.
    pub steps: Vec<Step>,
}

/// What a job of a [`Draft`] does.
///
/// ```
/// use mosaic_core::testkit::suite::cicd::Step;
///
/// fn shell(step: &Step) -> String {
///     match step {
///         Step::Print(text) => format!("echo '{text}'"),
///         Step::PrintInput(name) => format!("echo \"$INPUT_{}\"", name.to_uppercase()),
///         Step::LeaveFile { path, content } => format!("printf %s '{content}' > '{path}'"),
///         Step::Exit(status) => format!("exit {status}"),
///         Step::WaitForEver => "sleep 86400".into(),
///     }
/// }
/// assert_eq!(shell(&Step::Exit(3)), "exit 3");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes a line to the log: letters, digits, spaces and `-`.
    Print(String),
    /// Writes the value of this input of the run to the log, as a line.
    PrintInput(String),
    /// Leaves a file behind as an artifact.
    LeaveFile {
        /// Its name as an artifact: letters, digits, `/`, `.` and `-`.
        path: String,
        /// What it holds: letters, digits and spaces, without a line feed after them.
        content: String,
    },
    /// Ends with this exit status.
    Exit(u8),
    /// Never ends by itself.
    WaitForEver,
}

impl Draft {
    /// A pipeline of one job.
    pub fn of(job: JobDraft) -> Self {
        Self { jobs: vec![job] }
    }

    /// The same with one more job.
    #[must_use]
    pub fn job(mut self, job: JobDraft) -> Self {
        self.jobs.push(job);
        self
    }
}

impl JobDraft {
    /// A job that does nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), needs: Vec::new(), steps: Vec::new() }
    }

    /// The same after these jobs.
    #[must_use]
    pub fn needs<S: Into<String>>(mut self, jobs: impl IntoIterator<Item = S>) -> Self {
        self.needs = jobs.into_iter().map(Into::into).collect();
        self
    }

    /// The same with one more step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// A job that writes one line.
    pub(super) fn prints(name: &str, line: &str) -> Self {
        Self::new(name).step(Step::Print(line.into()))
    }
}
