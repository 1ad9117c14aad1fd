//! The prompts for common work, as data.

use super::{Prompt, PromptArgument, Prompts};

const REVIEW: &str = "\
Review pull request {number} of {owner}/{name}.
Look most at {focus}.

1. Read it with git_get_pull_request; stop and say so if it is closed.
2. Compare its two ends with git_compare. Read whole files with git_get_file where the change alone does not tell enough.
3. See what the checks say with git_get_commit_status at its head, and what others wrote with git_list_pull_request_comments and git_list_reviews. Do not repeat them.
4. Judge: is it right, is it tested, does it break what is there, can it be read? Name the file and the line for each finding, and what to do instead.
5. Show me the findings, the gravest first, and your verdict. Only after I agree, write them with git_comment_on_pull_request and give the verdict with git_review_pull_request.
";

const TRIAGE: &str = "\
Triage issue {number} of the project {project}.

1. Read it with project_get_issue and project_list_comments.
2. Look for the same with project_search_issues, in a few different words.
3. Choose labels among those of project_list_labels, and somebody among those of project_list_users who fits; none if nobody does.
4. Show me: what it is about in a sentence, what is missing to act on it, whether it is a duplicate of another, the labels, the person and how urgent it is, with the reason for each.
5. Only after I agree: project_update_issue for labels and person, project_link_issues for a duplicate, project_add_comment for what is to be asked.
";

const RELEASE: &str = "\
Prepare the release {version} of {owner}/{name}.
It is made of {reference}.

1. Find the last release with git_list_releases and its tag with git_list_tags.
2. Compare it with what is to be released by git_compare, and read the commits with git_list_commits.
3. See that the checks of that commit are green with git_get_commit_status and cicd_list_runs. Stop and say so if they are not.
4. Write notes for the people who use it: what is new, what was repaired, what breaks and how to go on. Leave out what they do not see.
5. Show me the version, the commit and the notes. Only after I agree: git_create_release.
";

const FAILED: &str = "\
Find out why run {run} of {owner}/{name} failed.

1. Read it with cicd_get_run and its jobs with cicd_list_jobs.
2. Read the log of each failed job with cicd_job_log. Find the first error, not the last.
3. Read the commit with git_get_commit, and compare with the last good run of the same pipeline (cicd_list_runs, git_compare).
4. Tell me the cause in a sentence, the lines of the log that show it, and whether it is the change, the test, the machine or a service. Say how sure you are.
5. Propose one thing to do. Do it only after I agree; cicd_rerun_run only where the change is not the cause.
";

fn repository(prompt: Prompt) -> Prompt {
    prompt
        .argument(PromptArgument::required("owner", "Who owns the repository."))
        .argument(PromptArgument::required("name", "The name of the repository."))
}

pub(super) fn prompts() -> Prompts {
    let focus = ["correctness", "security", "speed", "readability", "tests", "compatibility"];
    Prompts::none()
        .with(
            repository(Prompt::new("review_pull_request", "Review a pull request and propose a verdict."))
                .argument(PromptArgument::required("number", "The number of the pull request."))
                .argument(PromptArgument::optional("focus", "What to look at most.").values(focus)),
            REVIEW,
        )
        .with(
            Prompt::new(
                "triage_issue",
                "Triage an issue: duplicates, labels, who takes it, what is missing.",
            )
            .argument(PromptArgument::required("project", "The key of the project."))
            .argument(PromptArgument::required("number", "The number of the issue.")),
            TRIAGE,
        )
        .with(
            repository(Prompt::new("prepare_release", "Prepare a release: changes, checks, notes."))
                .argument(PromptArgument::required("version", "The version, which becomes the tag."))
                .argument(PromptArgument::optional(
                    "reference",
                    "The branch or commit; the default branch if left out.",
                )),
            RELEASE,
        )
        .with(
            repository(Prompt::new("explain_failed_run", "Find out why a run failed."))
                .argument(PromptArgument::required("run", "The run.")),
            FAILED,
        )
}
