//! Moving from one forge to another in phases: a share of the repositories first, then all of them, and back again.
//!
//! `cargo run --example migration_phases`. Two forges on disk. The repositories are copied first, because phases decide where
//! calls go and move no data; then each step prints where every repository is read and written.

use mosaic::engine::route::AttributeKind;
use mosaic::local::LocalGit;
use mosaic::prelude::*;

const TEAMS: [&str; 2] = ["team-a", "team-b"];
const NAMES: [&str; 6] = ["api", "docs", "gateway", "site", "tools", "worker"];

/// The phases: everything old; team-a new; everything new but what is archived.
fn phases() -> Phases {
    // Who copies says on which side it works, whatever the phase.
    let base = || {
        Routing::new()
            .attribute("copy", AttributeKind::Text)
            .rule(Rule::any().when("copy", "old").to("forge-old").priority(100))
            .rule(Rule::any().when("copy", "new").to("forge-new").priority(100))
    };
    let one = base().default_rule(Rule::any().to("forge-old"));
    let two = base().rule(Rule::new("org:team-a").to("forge-new")).default_rule(Rule::any().to("forge-old"));
    let three =
        base().rule(Rule::new("org:archive-*").to("forge-old")).default_rule(Rule::any().to("forge-new"));
    Phases::new()
        .phase(Phase::new("1", one))
        .phase(Phase::new("2", two))
        .phase(Phase::new("3", three).share(20))
        .salt("old-to-new")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mosaic = Mosaic::builder()
        .provider("forge-old", LocalGit::open(folder.path().join("old")).await?)
        .provider("forge-new", LocalGit::open(folder.path().join("new")).await?)
        .phases(phases())
        .build()
        .await?;
    for (team, name) in repositories() {
        copy(&mosaic, team, name).await?;
    }

    println!("{:<50} {:>6}  repositories of team-a and team-b, O old, N new", "phase", "on new");
    show(&mosaic, "begin").await?;
    mosaic.set_phase("2")?;
    show(&mosaic, "team-a moves").await?;
    mosaic.set_phase("3")?;
    show(&mosaic, "a fifth of the rest moves").await?;
    mosaic.set_share(50)?;
    show(&mosaic, "half of it: the fifth is in it").await?;
    mosaic.rollback()?;
    show(&mosaic, "rolled back").await?;
    mosaic.set_phase_at("3", 100)?;
    show(&mosaic, "everything moves").await?;

    mosaic.set_phase_at("3", 20)?;
    println!("\nwhy, at 20 %:");
    for name in ["tools", "site"] {
        let explanation = mosaic.explain(&CallContext::new(), &GetRepository::new("team-b", name));
        println!("{explanation}");
    }
    mosaic.shutdown().await;
    Ok(())
}

fn repositories() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEAMS.into_iter().flat_map(|team| NAMES.map(|name| (team, name)))
}

/// Puts a repository on both forges, as a mirroring tool would.
async fn copy(mosaic: &Mosaic, team: &str, name: &str) -> Result<(), Error> {
    for side in ["old", "new"] {
        let git = mosaic.with(CallContext::new().attribute("copy", side)).git();
        git.create_repository(CreateRepository::new(team, name)).await?;
        git.write_file(WriteFile::new(team, name, "README.md", format!("# {name}\n"))).await?;
    }
    Ok(())
}

/// One line: where the migration stands, and where each repository is read and then written.
async fn show(mosaic: &Mosaic, what: &str) -> Result<(), Box<dyn std::error::Error>> {
    let (git, mut sides, mut moved) = (mosaic.git(), String::new(), 0);
    for (team, name) in repositories() {
        let read = git.get_file(GetFile::new(team, name, "README.md")).await?;
        let note = WriteFile::new(team, name, "phase.txt", format!("{what}\n")).message(what);
        let written = git.write_file(note).await?;
        if read.provider() != written.provider() {
            return Err(format!("{team}/{name} is split").into());
        }
        let new = written.provider().is_some_and(|id| id.as_str() == "forge-new");
        moved += usize::from(new);
        sides.push(if new { 'N' } else { 'O' });
    }
    let stands = mosaic.phase().map(|status| status.now.to_string()).unwrap_or_default();
    println!("{:<50} {moved:>3}/12  {sides}", format!("{stands}: {what}"));
    Ok(())
}
