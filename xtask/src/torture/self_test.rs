//! `cargo xtask torture self-test`: a disk that lies, to see the attack find what is lost.
//!
//! The library says of writes to the log that they were done, and does not do them. The server
//! cannot know, acknowledges, and is killed: what it acknowledged is gone. A harness that finds
//! nothing then would find nothing ever.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use crate::torture::campaign::{self, Campaign};
use crate::torture::clock;
use crate::torture::faults::{self, Action, Call, Fault, Faults, Files};
use crate::torture::moment::written;
use crate::torture::violation::{Found, Kind, Violation};
use crate::workspace::Workspace;

/// How often it is tried; each try has to find something, and one at least lost writes.
const TRIES: u64 = 3;
/// Less than lies between two checkpoints, which would move what is not there into the database.
const LIES_FOR: Duration = Duration::from_millis(100);

/// Options of `cargo xtask torture self-test`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Attack this binary instead of building the release binary
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

/// Tries it, and fails if the attack finds nothing.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let binary = campaign::binary(workspace, options.binary.as_ref())?;
    let library = faults::compile(workspace)?;
    let mut lost = 0;
    for seed in 0..TRIES {
        for honest in [true, false] {
            let campaign = Campaign::new(workspace, binary.clone(), seed, 16, 5)?;
            let violations = attack(campaign, library.clone(), honest)?;
            let mut found = Found::default();
            found.add(&violations);
            let disk = if honest {
                "an honest disk"
            } else {
                "a disk that lies"
            };
            println!("{disk}: {found:?}");
            match (honest, violations.first()) {
                (true, Some(violation)) => bail!("on an honest disk: {violation}"),
                (false, None) => bail!("a disk that lies was not found out"),
                _ => lost += found.lost,
            }
        }
    }
    if lost == 0 {
        bail!("of all that was acknowledged and is gone, nothing was called lost");
    }
    Ok(())
}

/// A round with or without lies, which differ in nothing else.
fn attack(
    mut campaign: Campaign,
    library: PathBuf,
    honest: bool,
) -> anyhow::Result<Vec<Violation>> {
    let faults = Faults::new(library, &campaign.site.folder)?;
    let server = campaign
        .runtime
        .block_on(campaign.site.start(Some(&faults)))?;
    let load = campaign
        .crowd
        .begin(&campaign.runtime, &server, &mut campaign.random);
    thread::sleep(Duration::from_millis(200));
    written(&campaign.site.database());
    if !honest {
        faults.begin(&[Fault {
            call: Call::Write,
            files: Files::LOG,
            action: Action::Drop,
            times: None,
        }])?;
    }
    thread::sleep(LIES_FOR);
    server.process.kill()?;
    let gone = clock::now();
    let mut diary = load.end(&campaign.runtime)?;
    diary.close(gone);
    if !honest && faults.struck()?.times == 0 {
        bail!("the library did not lie: it is not loaded");
    }
    // Complaints of the server about a store full of holes are no proof that loss is found.
    let (server, mut violations) = campaign.restart_and_verify(&diary)?;
    if server.is_some() && !honest {
        violations.retain(|violation| violation.kind != Kind::Start);
    }
    Ok(violations)
}
