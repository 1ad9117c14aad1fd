//! The behaviours of webhooks, proved on a forge in memory that does them right, and on its likes that each do one thing wrong.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::super::{Trait, World, run};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::op::git::{
    CreateRepository, CreateWebhook, DeleteRepository, DeleteWebhook, GitService, ListWebhooks,
};
use crate::op::{OpSet, Operation as _};
use crate::testkit::suite::Failure;
use crate::types::git::{HookEvent, Repository, Webhook};
use crate::types::{Cursor, Page, RepoRef, Secret};

/// What a forge may do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    ShowsTheSecret,
    RepeatsTheSecretInErrors,
    ForgetsEvents,
    TellsOfMore,
    ListsNewestFirst,
    DeletesWhatIsMissing,
    KeepsWhatIsDeleted,
    TakesAnyAddress,
    TakesNoEvents,
    RepeatsTheLastOfAPage,
    IgnoresTheLimit,
    DeletesOfOthers,
    TakesAnyCursor,
    FindsAnyRepository,
}

#[derive(Default)]
struct Memory {
    flaw: Option<Flaw>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    made: u64,
    repositories: BTreeMap<RepoRef, Vec<(u64, Webhook)>>,
}

impl Memory {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn with<T>(
        &self,
        repo: &RepoRef,
        work: impl FnOnce(&mut Vec<(u64, Webhook)>, &mut u64) -> Result<T>,
    ) -> Result<T> {
        let mut state = self.state.lock().unwrap();
        if self.has(Flaw::FindsAnyRepository) {
            state.repositories.entry(repo.clone()).or_default();
        }
        let State { made, repositories } = &mut *state;
        let hooks = repositories.get_mut(repo);
        work(hooks.ok_or_else(|| Error::new(ErrorKind::NotFound, "no such repository"))?, made)
    }

    fn check(&self, op: &CreateWebhook) -> Result<()> {
        let invalid = |message: String| Err(Error::new(ErrorKind::Invalid, message));
        let plain = !op.url.chars().any(|c| c.is_control() || c.is_whitespace());
        if !(plain && op.url.starts_with("https://") || self.has(Flaw::TakesAnyAddress)) {
            let secret = op.secret.as_ref().map_or("", Secret::expose);
            let told = if self.has(Flaw::RepeatsTheSecretInErrors) { secret } else { "" };
            return invalid(format!("url: no address {told}"));
        }
        if op.events.is_empty() && !self.has(Flaw::TakesNoEvents) {
            return invalid("events: at least one".to_owned());
        }
        Ok(())
    }
}

impl GitService for Memory {
    async fn create_repository(&self, _: &CallContext, op: CreateRepository) -> Result<Repository> {
        self.state.lock().unwrap().repositories.insert(op.repo.clone(), Vec::new());
        Ok(Repository::of(op.repo, "main"))
    }

    async fn delete_repository(&self, _: &CallContext, op: DeleteRepository) -> Result<()> {
        let gone = self.state.lock().unwrap().repositories.remove(&op.repo);
        gone.map(drop).ok_or_else(|| Error::new(ErrorKind::NotFound, "no such repository"))
    }

    async fn create_webhook(&self, _: &CallContext, op: CreateWebhook) -> Result<Webhook> {
        self.with(&op.repo, |hooks, made| {
            self.check(&op)?;
            *made += 1;
            let mut hook = Webhook::new(made.to_string(), op.url.as_str(), op.events.clone());
            if let Some(secret) = op.secret.as_ref().filter(|_| self.has(Flaw::ShowsTheSecret)) {
                hook.url = format!("{}?secret={}", hook.url, secret.expose());
            }
            if self.has(Flaw::ForgetsEvents) {
                hook.events.truncate(1);
            }
            if self.has(Flaw::TellsOfMore) {
                hook.events.push(HookEvent::Release);
                hook.events.dedup();
            }
            hooks.push((*made, hook.clone()));
            Ok(hook)
        })
    }

    async fn list_webhooks(&self, _: &CallContext, op: ListWebhooks) -> Result<Page<Webhook>> {
        self.with(&op.repo, |hooks, _| {
            let after = op.page.cursor.as_ref().map(|cursor| cursor.as_str().parse::<u64>());
            let after = match after.transpose() {
                Ok(after) => after.unwrap_or(0),
                Err(_) if self.has(Flaw::TakesAnyCursor) => 0,
                Err(_) => return Err(Error::new(ErrorKind::Invalid, "no cursor of mine")),
            };
            let limit = if self.has(Flaw::IgnoresTheLimit) { 100 } else { op.page.limit() };
            let mut rest = hooks.iter().filter(|(number, _)| *number > after);
            let shown: Vec<_> = rest.by_ref().take(limit).collect();
            let last = shown.last().map(|(number, _)| *number);
            let repeated = u64::from(self.has(Flaw::RepeatsTheLastOfAPage) && limit > 1);
            let next =
                last.filter(|_| rest.next().is_some()).map(|last| Cursor::new((last - repeated).to_string()));
            let mut items: Vec<_> = shown.into_iter().map(|(_, hook)| hook.clone()).collect();
            if self.has(Flaw::ListsNewestFirst) {
                items.reverse();
            }
            Ok(Page::new(items, next))
        })
    }

    async fn delete_webhook(&self, _: &CallContext, op: DeleteWebhook) -> Result<()> {
        if self.has(Flaw::DeletesOfOthers) {
            let mut state = self.state.lock().unwrap();
            for hooks in state.repositories.values_mut() {
                let before = hooks.len();
                hooks.retain(|(_, hook)| hook.id != op.webhook);
                if hooks.len() < before {
                    return Ok(());
                }
            }
        }
        self.with(&op.repo, |hooks, _| {
            let at = hooks.iter().position(|(_, hook)| hook.id == op.webhook);
            match at {
                Some(_) if self.has(Flaw::KeepsWhatIsDeleted) => Ok(()),
                Some(at) => {
                    hooks.remove(at);
                    Ok(())
                }
                None if self.has(Flaw::DeletesWhatIsMissing) => Ok(()),
                None => Err(Error::new(ErrorKind::NotFound, "no such webhook")),
            }
        })
    }
}

async fn verdict(flaw: Option<Flaw>) -> Result<(), Failure> {
    without(flaw, &[]).await
}

/// The same on a forge that is said to be without these.
async fn without(flaw: Option<Flaw>, lacks: &[Trait]) -> Result<(), Failure> {
    let operations = OpSet::of(&[
        CreateRepository::META,
        DeleteRepository::META,
        CreateWebhook::META,
        ListWebhooks::META,
        DeleteWebhook::META,
    ]);
    let forge = Memory { flaw, ..Memory::default() };
    let world = World::new("acme", operations);
    let world = lacks.iter().fold(world, |world, lacked| world.without(*lacked, "this forge is made so"));
    let outcome = run(&forge, &world).await;
    assert!(
        forge.state.lock().unwrap().repositories.is_empty() || flaw.is_some(),
        "the suite leaves nothing behind"
    );
    outcome
}

#[tokio::test]
async fn right_webhooks_pass_the_suite() {
    verdict(None).await.unwrap();
}

#[tokio::test]
async fn each_flaw_of_webhooks_is_caught_by_the_suite() {
    const COME: &str = "git/webhooks_come_and_go";
    const PAGES: &str = "git/webhook_pages_cover_everything_once";
    for (flaw, behaviour) in [
        (Flaw::ShowsTheSecret, "git/secrets_of_webhooks_never_come_back"),
        (Flaw::RepeatsTheSecretInErrors, "git/secrets_of_webhooks_never_come_back"),
        (Flaw::ForgetsEvents, COME),
        (Flaw::ListsNewestFirst, COME),
        (Flaw::DeletesWhatIsMissing, COME),
        (Flaw::KeepsWhatIsDeleted, COME),
        (Flaw::TakesAnyAddress, COME),
        (Flaw::TakesNoEvents, COME),
        (Flaw::RepeatsTheLastOfAPage, PAGES),
        (Flaw::IgnoresTheLimit, PAGES),
        (Flaw::DeletesOfOthers, PAGES),
        (Flaw::TakesAnyCursor, "git/bad_cursors_are_refused"),
        (Flaw::FindsAnyRepository, "git/missing_repositories_are_not_found"),
    ] {
        let failure = verdict(Some(flaw)).await.expect_err(&format!("{flaw:?} was not caught"));
        assert_eq!(failure.behaviour(), behaviour, "{flaw:?}: {failure}");
    }
}

#[tokio::test]
async fn what_a_forge_is_without_is_no_flaw() {
    for (flaw, lacked) in
        [(Flaw::ListsNewestFirst, Trait::WebhooksOldestFirst), (Flaw::TellsOfMore, Trait::ExactHookEvents)]
    {
        verdict(Some(flaw)).await.expect_err("it is asked for otherwise");
        without(Some(flaw), &[lacked]).await.unwrap();
    }
}
