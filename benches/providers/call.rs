//! Row `call`: a repository read and a repository changed through the provider of GitHub, against bare reqwest and serde on
//! the same bytes.
//!
//! Ours: the operation becomes a request with its path, headers, credential and body; the answer is read within its bound, its
//! limits are learnt, and it is parsed into the noun. The peer: reqwest with the same address, headers and body, the answer as it
//! comes, serde into a type with the same fields. The engine around a provider is measured elsewhere.

use mosaic_benches::{Goal, Result, Side, measure};
use mosaic_core::context::CallContext;
use mosaic_core::op::git::{GetRepository, GitService as _, UpdateRepository};
use mosaic_core::types::RepoRef;
use mosaic_providers::github::{GitHubConfig, GitHubGit};
use mosaic_providers::http::{Auth, HttpConfig, Reach};
use serde::{Deserialize, Serialize};

use crate::Bench;

/// The fields that the noun has.
#[derive(Deserialize)]
#[expect(dead_code, reason = "reading them is what is measured")]
pub(crate) struct Plain {
    name: String,
    owner: Owner,
    description: Option<String>,
    default_branch: String,
    private: bool,
    archived: bool,
    clone_url: Option<String>,
    html_url: Option<String>,
    created_at: Option<mosaic_core::types::Timestamp>,
    updated_at: Option<mosaic_core::types::Timestamp>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading it is what is measured")]
struct Owner {
    login: String,
}

/// The provider as an application configures it.
pub(crate) fn provider(url: &str) -> Result<GitHubGit> {
    let http = HttpConfig::default().reach(Reach::Loopback);
    Ok(GitHubGit::new(GitHubConfig::new(Auth::token("t0ken")).base_url(url).http(http))?)
}

/// What a change sends.
#[derive(Serialize)]
struct Change<'a> {
    description: &'a str,
    private: bool,
}

const DESCRIPTION: &str = "A widget with a lid";

/// The headers that GitHub asks for.
fn dressed(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    request
        .header("authorization", "Bearer t0ken")
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
}

/// The row.
pub(crate) fn rows(bench: &mut Bench, url: &str) -> Result {
    let Bench { options, report, runtime } = bench;
    let provider = provider(url)?;
    let plain = reqwest::Client::builder().no_proxy().build()?;
    let address = format!("{url}/repos/acme/widget");
    let cx = CallContext::new();
    let repo = || RepoRef::new("acme", "widget");
    let calls = 2_000;

    let ours = Side::new(calls, |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                std::hint::black_box(provider.get_repository(&cx, GetRepository::of(repo())).await?);
            }
            Ok(())
        })
    });
    let peer = Side::new(calls, |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                let answer = dressed(plain.get(&address)).send().await?.error_for_status()?;
                std::hint::black_box(serde_json::from_slice::<Plain>(&answer.bytes().await?)?);
            }
            Ok(())
        })
    });
    let [ours, peer] = measure(options, [ours, peer])?;
    let what = "get_repository by the provider / reqwest and serde";
    report.ratio("call", what, ours.median, peer.median, Goal::must(1.3));

    let ours = Side::new(calls, |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                let op = UpdateRepository::of(repo()).description(DESCRIPTION).private(false);
                std::hint::black_box(provider.update_repository(&cx, op).await?);
            }
            Ok(())
        })
    });
    let peer = Side::new(calls, |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                let request = dressed(plain.patch(&address));
                let body = serde_json::to_vec(&Change { description: DESCRIPTION, private: false })?;
                let request = request.header("content-type", "application/json").body(body);
                let answer = request.send().await?.error_for_status()?;
                std::hint::black_box(serde_json::from_slice::<Plain>(&answer.bytes().await?)?);
            }
            Ok(())
        })
    });
    let [ours, peer] = measure(options, [ours, peer])?;
    let what = "update_repository by the provider / reqwest and serde";
    report.ratio("call", what, ours.median, peer.median, Goal::must(1.3));
    Ok(())
}
