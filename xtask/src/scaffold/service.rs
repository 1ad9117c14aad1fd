//! What is particular to each service in a new provider: its names, and the operation that is written already.

/// A service and the operation that its first file has.
#[derive(Debug)]
pub(super) struct Service {
    /// Its name in configurations.
    pub(super) name: &'static str,
    /// Its variant of `ServiceKind`, and the end of the plugin's type.
    pub(super) kind: &'static str,
    /// The module of its operations, and the folder in the provider's.
    module: &'static str,
    client: &'static str,
    /// The trait that is implemented.
    implements: &'static str,
    /// The operation, as its parameters are called.
    parameters: &'static str,
    operation: &'static str,
    /// The noun's file, and the function in it.
    noun: &'static str,
    verb: &'static str,
    answer: &'static str,
    /// Where the types of the answer are.
    answer_types: &'static [&'static str],
    /// The path for people, the one that the stand-in answers, and its answer.
    template: &'static str,
    route: &'static str,
    good: &'static str,
    /// The parameters that lead to that path, for `json!`.
    call: &'static str,
    /// How the behaviour suite is run, and what of it is imported.
    suite: &'static str,
    suite_imports: &'static [&'static str],
    noun_file: &'static str,
    wire_file: &'static str,
}

/// What the suites of trackers and of documents stand on: without it they have nothing to say.
macro_rules! stands_on {
    ($operation:literal, $meta:literal) => {
        concat!(
            "assert!(\n        operations.has(",
            $meta,
            "),\n        \"the suite makes its ground by `",
            $operation,
            "`: write that first, in src/{{name}}/{{dir}}, and name it in OFFERED\",\n    );\n    "
        )
    };
}

macro_rules! runs {
    ($call:literal) => {
        concat!($call, ".await.unwrap_or_else(|failure| panic!(\"{failure}\"));")
    };
}

/// Every service that a provider can be written for.
pub(super) const SERVICES: &[Service] = &[
    Service {
        name: "git",
        kind: "Git",
        module: "git",
        client: "Git",
        implements: "GitService",
        parameters: "GetRepository",
        operation: "get_repository",
        noun: "repository",
        verb: "get",
        answer: "Repository",
        answer_types: &["mosaic_core::types::git::Repository"],
        template: "/repos/{owner}/{name}",
        route: "/repos/acme/widget",
        good: r#"{"default_branch":"main","private":false}"#,
        call: r#"json!({ "repo": { "owner": "acme", "name": "widget" } })"#,
        suite: runs!("git::run(&plugin, &git::World::new(\"acme\", operations))"),
        suite_imports: &["mosaic_core::testkit::suite::git"],
        noun_file: include_str!("templates/git_noun.rs.tmpl"),
        wire_file: include_str!("templates/git_wire.rs.tmpl"),
    },
    Service {
        name: "cicd",
        kind: "Cicd",
        module: "cicd",
        client: "Cicd",
        implements: "CicdService",
        parameters: "GetRun",
        operation: "get_run",
        noun: "run",
        verb: "get",
        answer: "PipelineRun",
        answer_types: &["mosaic_core::types::cicd::PipelineRun"],
        template: "/repos/{owner}/{name}/runs/{run}",
        route: "/repos/acme/widget/runs/17",
        good: r#"{"id":17,"status":"success"}"#,
        call: r#"json!({ "repo": { "owner": "acme", "name": "widget" }, "run": "17" })"#,
        suite: concat!(
            "// A pipeline as {{Product}} wants it written; the suite says what it is to do.\n    ",
            "let write = |draft: &cicd::Draft| draft.jobs.iter().map(|job| format!(\"{}\\n\", job.name)).collect();\n    ",
            "let world = cicd::World::new(RepoRef::new(\"acme\", \"widget\"), operations, write);\n    ",
            runs!("cicd::run(&plugin, &world)")
        ),
        suite_imports: &["mosaic_core::testkit::suite::cicd", "mosaic_core::types::RepoRef"],
        noun_file: include_str!("templates/cicd_noun.rs.tmpl"),
        wire_file: include_str!("templates/cicd_wire.rs.tmpl"),
    },
    Service {
        name: "project",
        kind: "Project",
        module: "project",
        client: "Projects",
        implements: "ProjectService",
        parameters: "GetProject",
        operation: "get_project",
        noun: "projects",
        verb: "get",
        answer: "Project",
        answer_types: &["mosaic_core::types::project::Project"],
        template: "/projects/{key}",
        route: "/projects/OPS",
        good: r#"{"key":"OPS","name":"Operations"}"#,
        call: r#"json!({ "project": "OPS" })"#,
        suite: concat!(
            stands_on!("create_project", "CreateProject::META"),
            runs!("project::run(&plugin, &project::World::new(operations))")
        ),
        suite_imports: &[
            "mosaic_core::op::Operation as _",
            "mosaic_core::op::project::CreateProject",
            "mosaic_core::testkit::suite::project",
        ],
        noun_file: include_str!("templates/project_noun.rs.tmpl"),
        wire_file: include_str!("templates/project_wire.rs.tmpl"),
    },
    Service {
        name: "docs",
        kind: "Docs",
        module: "document",
        client: "Docs",
        implements: "DocsService",
        parameters: "GetSpace",
        operation: "get_space",
        noun: "space",
        verb: "get",
        answer: "Space",
        answer_types: &["mosaic_core::types::document::Space"],
        template: "/spaces/{key}",
        route: "/spaces/handbook",
        good: r#"{"key":"handbook","name":"The handbook"}"#,
        call: r#"json!({ "space": "handbook" })"#,
        suite: concat!(
            stands_on!("create_space", "CreateSpace::META"),
            runs!("document::run(&plugin, &document::World::new(operations))")
        ),
        suite_imports: &[
            "mosaic_core::op::Operation as _",
            "mosaic_core::op::document::CreateSpace",
            "mosaic_core::testkit::suite::document",
        ],
        noun_file: include_str!("templates/docs_noun.rs.tmpl"),
        wire_file: include_str!("templates/docs_wire.rs.tmpl"),
    },
    Service {
        name: "ai",
        kind: "Ai",
        module: "ai",
        client: "Ai",
        implements: "AiService",
        parameters: "ListModels",
        operation: "list_models",
        noun: "models",
        verb: "list",
        answer: "Page<Model>",
        answer_types: &["mosaic_core::types::Page", "mosaic_core::types::ai::Model"],
        template: "/models",
        route: "/models",
        good: r#"{"data":[{"id":"small-1"}]}"#,
        call: "json!({})",
        suite: concat!(
            stands_on!("complete", "Complete::META"),
            runs!("ai::run(&plugin, operations, &ai::Models::new(\"small-1\"))")
        ),
        suite_imports: &[
            "mosaic_core::op::Operation as _",
            "mosaic_core::op::ai::Complete",
            "mosaic_core::testkit::suite::ai",
        ],
        noun_file: include_str!("templates/ai_noun.rs.tmpl"),
        wire_file: include_str!("templates/ai_wire.rs.tmpl"),
    },
];

impl Service {
    /// The service of this name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        SERVICES.iter().find(|service| service.name == name)
    }

    /// The files of a provider, by their place below `mosaic-providers`, with what is still to be filled in.
    pub(super) fn files(&self) -> [(&'static str, &'static str); 8] {
        [
            ("src/{{name}}/mod.rs", include_str!("templates/mod.rs.tmpl")),
            ("src/{{name}}/docs.md", include_str!("templates/docs.md.tmpl")),
            ("src/{{name}}/config.rs", include_str!("templates/config.rs.tmpl")),
            ("src/{{name}}/client.rs", include_str!("templates/client.rs.tmpl")),
            ("src/{{name}}/{{dir}}/mod.rs", include_str!("templates/service.rs.tmpl")),
            ("src/{{name}}/{{dir}}/{{noun}}.rs", self.noun_file),
            ("src/{{name}}/{{dir}}/wire.rs", self.wire_file),
            ("tests/it/{{name}}/mod.rs", include_str!("templates/tests.rs.tmpl")),
        ]
    }

    /// What is filled in for this service. Values come before those whose names they may contain.
    pub(super) fn values(&self) -> Vec<(&'static str, String)> {
        let uses =
            |paths: &[&str]| paths.iter().map(|path| format!("use {path};")).collect::<Vec<_>>().join("\n");
        vec![
            ("run_suite", self.suite.to_owned()),
            ("use_suite", uses(self.suite_imports)),
            ("use_answer", uses(self.answer_types)),
            ("service", self.name.to_owned()),
            ("Kind", self.kind.to_owned()),
            ("module", self.module.to_owned()),
            ("dir", self.module.to_owned()),
            ("Client", self.client.to_owned()),
            ("Trait", self.implements.to_owned()),
            ("Op", self.parameters.to_owned()),
            ("operation", self.operation.to_owned()),
            ("noun", self.noun.to_owned()),
            ("verb", self.verb.to_owned()),
            ("Answer", self.answer.to_owned()),
            ("template", self.template.to_owned()),
            ("route", self.route.to_owned()),
            ("good", self.good.to_owned()),
            ("params", self.call.to_owned()),
        ]
    }
}
