//! The smallest program: one forge on disk, one repository, one file.

use mosaic::prelude::*;

#[tokio::main]
async fn main() -> mosaic::Result<()> {
    let folder = std::env::temp_dir().join(format!("mosaic-first-steps-{}", std::process::id()));
    let mosaic = Mosaic::builder().provider("forge", LocalGit::open(&folder).await?).build().await?;
    let git = mosaic.git();
    git.create_repository(CreateRepository::new("acme", "widget")).await?;
    git.write_file(WriteFile::new("acme", "widget", "README.md", "# Widget")).await?;
    let file = git.get_file(GetFile::new("acme", "widget", "README.md")).await?;
    println!("{:?} from {:?} in {:?}", file.content.as_text(), file.provider(), file.elapsed());
    mosaic.shutdown().await;
    Ok(())
}
