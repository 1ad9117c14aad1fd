//! Servers on loopback that stand in for both forges, each with people and repositories of its own.

use std::collections::HashMap;
use std::sync::Arc;

use mosaic::types::RepoRef;

use crate::Done;
use crate::fake::forge::{Forge, NewRepo, Put};
use crate::fake::gitea::{BASE, Gitea};
use crate::fake::github::GitHub;
use crate::support::faults::Faults;
use crate::support::serve::Server;

pub(crate) struct StandIns {
    pub(crate) github: Server,
    pub(crate) house: Server,
    pub(crate) github_faults: Faults,
    pub(crate) house_faults: Faults,
    hub: Arc<GitHub>,
    tea: Arc<Gitea>,
}

impl StandIns {
    pub(crate) async fn start() -> Done<Self> {
        let forge = async || {
            let forge = Forge::open().await;
            forge.add_user("ada", "token-of-ada");
            for owner in ["opensource", "internal"] {
                forge.add_org(owner, &["ada"]);
            }
            forge
        };
        let (hub, tea) = (GitHub::new(forge().await), Gitea::new(forge().await, Default::default()));
        for (forge, owner) in [(hub.forge(), "opensource"), (tea.forge(), "internal")] {
            made(forge, &RepoRef::new(owner, "handbook")).await?;
        }
        let (github_faults, house_faults) = (Faults::default(), Faults::default());
        let github = Server::start(github_faults.before(hub.router())).await;
        let house = Server::start(house_faults.before(tea.router())).await;
        Ok(Self { github, house, github_faults, house_faults, hub, tea })
    }

    /// What a person would put into the environment.
    pub(crate) fn variables(&self) -> HashMap<String, String> {
        let pairs = [
            ("GITHUB_URL", self.github.url()),
            ("GITHUB_TOKEN", "token-of-ada".to_owned()),
            ("GITEA_URL", format!("{}{BASE}", self.house.url())),
            ("GITEA_TOKEN", "token-of-ada".to_owned()),
            ("REACH", "loopback".to_owned()),
            ("OPEN_OWNER", "opensource".to_owned()),
            ("INTERNAL_OWNER", "internal".to_owned()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The copy that the house keeps of a repository on GitHub.
    pub(crate) async fn copy(&self, repo: &RepoRef) -> Done {
        made(self.tea.forge(), repo).await
    }

    /// How many requests cost nothing of GitHub's limit.
    pub(crate) fn spared(&self) -> u64 {
        self.hub.meter().spared()
    }

    /// What is internal was never named to GitHub.
    pub(crate) fn check(&self) {
        let internal = |server: &Server| server.seen().iter().any(|seen| seen.path().contains("internal"));
        assert!(internal(&self.house) && !internal(&self.github));
    }
}

/// A repository with a first file.
async fn made(forge: &Forge, repo: &RepoRef) -> Done {
    let made = forge.create_repo(NewRepo::new(&repo.owner, &repo.name)).await;
    let id = made.map_err(|refusal| format!("{repo}: {refusal:?}"))?.id;
    let first = Put::new("main", "README.md", format!("# {}\n", repo.name));
    let put = forge.git(id).put_file(&first, |_| Ok(())).await;
    put.map_err(|refusal| format!("{repo}: {refusal:?}"))?;
    Ok(())
}
