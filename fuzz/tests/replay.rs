//! Every committed input, through its target.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fs;
use std::path::Path;

/// Runs the target with every file of its corpus. The test fails with the name of the file.
fn replay(target: &str) {
    let (_name, run) = pagebell_fuzz::TARGETS
        .into_iter()
        .find(|(name, _run)| *name == target)
        .unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut count = 0;
    for file in fs::read_dir(corpus.join(target)).unwrap() {
        let path = file.unwrap().path();
        let input = fs::read(&path).unwrap();
        let result = std::panic::catch_unwind(|| run(&input));
        assert!(result.is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "the corpus of {target} is empty");
}

macro_rules! replays {
    ($($target:ident),*) => {
        $(
            #[test]
            fn $target() {
                replay(stringify!($target));
            }
        )*

        #[test]
        fn every_target_is_replayed() {
            let replayed = [$(stringify!($target)),*];
            assert_eq!(pagebell_fuzz::TARGETS.map(|(name, _run)| name), replayed);
        }
    };
}

replays!(
    parameters,
    fields,
    settings,
    batch,
    hours,
    openstreetmap,
    credentials,
    dispatch
);
