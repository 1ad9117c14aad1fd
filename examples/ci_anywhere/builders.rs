//! Servers on loopback that stand in for CI systems. Each has `acme/widget` with a pipeline that ends and one that does not.

use std::collections::HashMap;
use std::sync::Arc;

use mosaic::prelude::*;
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};

use crate::fake::bitbucket::{BASE, Bitbucket};
use crate::fake::circleci::{self, Store, config_yml};
use crate::fake::forge::{Forge, NewRepo, Put, program_lines};
use crate::fake::github::{GitHub, actions};
use crate::fake::gitlab::GitLab;
use crate::fake::http::router;
use crate::fake::{jenkins, woodpecker};
use crate::support::serve::Server;
use crate::{Done, Job, of};

/// The branch with the pipeline that does not end, where pipelines go with branches.
const ENDLESS: &str = "endless";

/// One system: its server, and how it is asked for either pipeline.
struct System {
    provider: &'static str,
    server: Server,
    /// Where its API begins.
    base: &'static str,
    ends: TriggerRun,
    never_ends: TriggerRun,
}

pub(crate) struct StandIns {
    systems: Vec<System>,
    /// Where CircleCI keeps its logs and artifacts.
    _store: Server,
}

impl StandIns {
    pub(crate) async fn start() -> Done<Self> {
        let on = |branch: &str, path: &str, text: String| (branch.to_owned(), path.to_owned(), text);
        let workflows = |draft: &Draft, branch: &str| {
            let files = woodpecker::workflows(draft).into_iter();
            files.map(|(path, text)| on(branch, &path, text)).collect::<Vec<_>>()
        };
        let hub = GitHub::new(
            forge(&[
                on("main", ".github/workflows/release.yml", actions::definition(&release())),
                on("main", ".github/workflows/endless.yml", actions::definition(&endless())),
            ])
            .await?,
        );
        let lab = GitLab::new(
            forge(&[
                on("main", ".gitlab-ci.yml", gitlab_definition(&release())),
                on(ENDLESS, ".gitlab-ci.yml", gitlab_definition(&endless())),
            ])
            .await?,
        );
        let pecker = forge(&[workflows(&release(), "main"), workflows(&endless(), ENDLESS)].concat()).await?;
        let circle = forge(&[
            on("main", ".circleci/config.yml", config_yml(&release())),
            on(ENDLESS, ".circleci/config.yml", config_yml(&endless())),
        ])
        .await?;
        let store = Server::start(router(Store::new(&circle))).await;
        let circle = circleci::CircleCi::new(&circle);
        circle.keeps_at(store.url());
        let order = |pipeline: &str| TriggerRun::new("acme", "widget", pipeline);
        let bucket = Bitbucket::new(
            forge(&[
                on("main", "bitbucket-pipelines.yml", bitbucket_definition(&release())),
                on(ENDLESS, "bitbucket-pipelines.yml", bitbucket_definition(&endless())),
            ])
            .await?,
        );
        let systems = vec![
            System {
                provider: "bitbucket",
                server: Server::start(bucket.router()).await,
                base: BASE,
                ends: order("release").at("main"),
                never_ends: order("release").at(ENDLESS),
            },
            System {
                provider: "circleci",
                server: Server::start(router(circle)).await,
                base: "/api",
                ends: order("circleci").at("main"),
                never_ends: order("circleci").at(ENDLESS),
            },
            System {
                provider: "github",
                server: Server::start(hub.router()).await,
                base: "",
                ends: order("release.yml"),
                never_ends: order("endless.yml"),
            },
            System {
                provider: "gitlab",
                server: Server::start(lab.router()).await,
                base: "/api/v4",
                ends: order(".gitlab-ci.yml").at("main"),
                never_ends: order(".gitlab-ci.yml").at(ENDLESS),
            },
            System {
                provider: "jenkins",
                server: Server::start(router(jenkins::Jenkins::new(&forge(&[]).await?))).await,
                base: "",
                ends: order("release"),
                never_ends: order("endless"),
            },
            System {
                provider: "woodpecker",
                server: Server::start(router(woodpecker::Woodpecker::new(&pecker))).await,
                base: "/api",
                ends: order("woodpecker").at("main"),
                never_ends: order("woodpecker").at(ENDLESS),
            },
        ];
        Ok(Self { systems, _store: store })
    }

    /// What a person would put into the environment.
    pub(crate) fn variables(&self) -> HashMap<String, String> {
        let mut variables = HashMap::from([
            ("REACH".to_owned(), "loopback".to_owned()),
            ("POLL_MS".to_owned(), "5".to_owned()),
            ("CIRCLECI_STORE".to_owned(), "127.0.0.1".to_owned()),
        ]);
        for system in &self.systems {
            let name = system.provider.to_uppercase();
            variables.insert(format!("CI_{name}"), "true".to_owned());
            variables.insert(format!("{name}_URL"), format!("{}{}", system.server.url(), system.base));
            variables.insert(format!("{name}_USER"), "ada".to_owned());
            variables.insert(format!("{name}_TOKEN"), "token-of-ada".to_owned());
        }
        variables
    }

    /// Jenkins keeps its pipelines itself; those of the others are files of the repository.
    pub(crate) async fn define(&self, mosaic: &Mosaic) -> Done {
        let ci = of(mosaic, "jenkins");
        for (name, draft) in [("release", release()), ("endless", endless())] {
            ci.create_pipeline(CreatePipeline::new("acme", "widget", name, jenkins::config_xml(&draft)))
                .await?;
        }
        Ok(())
    }

    /// On each system, the pipeline that ends.
    pub(crate) fn ending(&self) -> impl Iterator<Item = Job> {
        self.systems
            .iter()
            .map(|system| Job { provider: system.provider.to_owned(), order: system.ends.clone() })
    }

    /// On each system, the pipeline that does not end.
    pub(crate) fn endless(&self) -> impl Iterator<Item = Job> {
        self.systems
            .iter()
            .map(|system| Job { provider: system.provider.to_owned(), order: system.never_ends.clone() })
    }
}

/// A job that says something, prints what it is given, and leaves a file behind.
fn release() -> Draft {
    let print = Step::Print("here is a widget".to_owned());
    let file = Step::LeaveFile { path: "widget.txt".to_owned(), content: "a widget".to_owned() };
    Draft::of(JobDraft::new("build").step(print).step(Step::PrintInput("level".to_owned())).step(file))
}

fn endless() -> Draft {
    Draft::of(JobDraft::new("build").step(Step::WaitForEver))
}

/// A definition in GitLab's language, with the lines that the server follows.
fn gitlab_definition(draft: &Draft) -> String {
    let jobs = draft.jobs.iter().map(|job| format!("{}:\n  script: [\"true\"]\n", job.name));
    program_lines(draft, "#") + &jobs.collect::<String>()
}

/// A definition in Bitbucket's language, in the same way: one pipeline with a name.
fn bitbucket_definition(draft: &Draft) -> String {
    let step = |job: &JobDraft| {
        format!("      - step:\n          name: {}\n          script: [\"true\"]\n", job.name)
    };
    let steps: String = draft.jobs.iter().map(step).collect();
    format!("{}pipelines:\n  custom:\n    release:\n{steps}", program_lines(draft, "#"))
}

/// A forge with a repository that has these files: branch, path and text.
async fn forge(files: &[(String, String, String)]) -> Done<Arc<Forge>> {
    let forge = Forge::open().await;
    forge.add_user("ada", "token-of-ada");
    forge.add_org("acme", &["ada"]);
    let made = forge.create_repo(NewRepo::new("acme", "widget")).await;
    let git = forge.git(made.map_err(|refusal| format!("{refusal:?}"))?.id);
    let mut puts = vec![Put::new("main", "README.md", "# Widget\n")];
    puts.extend(files.iter().map(|(branch, path, text)| Put::new(branch, path, text.as_str())));
    for put in puts {
        let put = match git.tip("main").await {
            Some(main) => put.from(main),
            None => put,
        };
        git.put_file(&put, |_| Ok(())).await.map_err(|refusal| format!("{refusal:?}"))?;
    }
    drop(git);
    Ok(forge)
}
