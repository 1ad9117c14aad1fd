//! One program on GitHub and on a forge of the house: the rules of a file say which repository is where, and who stands in.
//!
//! `cargo run --features vendors --example hybrid_forges`. Without tokens it runs against servers on loopback that stand in for
//! both. With `GITHUB_TOKEN`, `GITEA_URL` (with `/api/v1` at its end), `GITEA_TOKEN`, and two owners of repositories,
//! `OPEN_OWNER` on GitHub and `INTERNAL_OWNER` on the other, it runs against real ones. The repositories that it makes there are
//! deleted again.

mod forges;
mod show;
#[path = "../stand_in/mod.rs"]
mod stand_in;
mod trouble;

use std::collections::HashMap;
use std::error::Error as StdError;

use forges::StandIns;
use futures_util::TryStreamExt as _;
use mosaic::config::Loader;
use mosaic::prelude::*;
use show::{call, step, why};
use stand_in::{fake, support};

type Done<T = ()> = Result<T, Box<dyn StdError>>;

/// What has to be set for real hosts.
const REAL: [&str; 5] = ["GITHUB_TOKEN", "GITEA_URL", "GITEA_TOKEN", "OPEN_OWNER", "INTERNAL_OWNER"];

#[tokio::main]
async fn main() -> Done {
    let set = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
    let variables: HashMap<String, String> = REAL.iter().filter_map(|name| set(name)).collect();
    let stand_ins = if variables.len() == REAL.len() { None } else { Some(StandIns::start().await?) };
    let (variables, name) = match &stand_ins {
        Some(stand_ins) => (stand_ins.variables(), "widget".to_owned()),
        None => (variables, format!("mosaic-{}", std::process::id())),
    };
    let repos = ["OPEN_OWNER", "INTERNAL_OWNER"].map(|owner| RepoRef::new(&*variables[owner], &*name));

    // The same file for both; only the variables differ.
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/config/hybrid_forges.yaml");
    let config = Loader::new().environment(move |name| variables.get(name).cloned()).load(file);
    let config = config.unwrap_or_else(|report| {
        eprintln!("{report}");
        std::process::exit(1)
    });
    let mosaic = config.builder(mosaic::factories())?.build().await?;
    let result = tell(&mosaic, &repos, stand_ins.as_ref()).await;
    // Whatever happened, nothing is left behind.
    for repo in &repos {
        let deleted = mosaic.git().delete_repository(DeleteRepository::of(repo)).await;
        deleted.map(drop).or_else(|error| if result.is_err() { Ok(()) } else { Err(error) })?;
    }
    mosaic.shutdown().await;
    result
}

async fn tell(mosaic: &Mosaic, repos: &[RepoRef; 2], stand_ins: Option<&StandIns>) -> Done {
    for repo in repos {
        step(&format!("{repo}: a change from its first line to its merge"));
        change(mosaic, repo).await?;
    }
    let [open, internal] = repos;

    step("Why a call goes where it goes");
    let anybody = CallContext::new();
    for repo in repos {
        why(&mosaic.explain(&anybody, &GetRepository::of(repo)));
        why(&mosaic.explain(&anybody, &CreateTag::of(repo, "v1")));
    }

    step("One list over both owners");
    for repo in repos {
        let mut list = mosaic.git().all(ListRepositories::new().owner(&*repo.owner), 1_000);
        while let Some(found) = list.try_next().await? {
            println!("  {}", found.repo);
        }
    }

    step("Reading again");
    let read = || GetRepository::of(open);
    call("get_repository", mosaic.git().get_repository(read())).await?;
    call("get_repository", mosaic.git().get_repository(read())).await?;
    let spared = stand_ins.map(StandIns::spared);
    let asking = mosaic.with(CallContext::new().cache(CacheUse::Refresh));
    call("get_repository, asked anew", asking.git().get_repository(read())).await?;
    if let (Some(stand_ins), Some(before)) = (stand_ins, spared) {
        assert_eq!(
            stand_ins.spared(),
            before + 1,
            "GitHub says that nothing changed, which costs nothing of its limit"
        );
    }

    if let Some(stand_ins) = stand_ins {
        trouble::break_and_mend(mosaic, stand_ins, open, internal).await?;
        stand_ins.check();
    }
    Ok(())
}

/// Nothing in here knows which forge it is on.
async fn change(mosaic: &Mosaic, repo: &RepoRef) -> Done {
    let git = mosaic.git();
    let made = call("create_repository", git.create_repository(CreateRepository::of(repo))).await?;
    call("write_file README.md", git.write_file(WriteFile::of(repo, "README.md", "# Widget\n"))).await?;
    // A repository has its branch from its first file on.
    let main = made.default_branch.as_str();
    call("create_branch lid", git.create_branch(CreateBranch::of(repo, "lid").from(main))).await?;
    let lid = WriteFile::of(repo, "lid.md", "It closes.\n").branch("lid").message("Add a lid");
    call("write_file lid.md", git.write_file(lid)).await?;
    let opened = CreatePullRequest::of(repo, "Add a lid", "lid", main);
    let pull = call("create_pull_request", git.create_pull_request(opened)).await?;
    call("merge_pull_request", git.merge_pull_request(MergePullRequest::of(repo, pull.number))).await?;
    let file = call("get_file lid.md", git.get_file(GetFile::of(repo, "lid.md"))).await?;
    assert_eq!(file.content.as_text(), Some("It closes.\n"));
    Ok(())
}
