//! The work of each reader grows with the length of its input, and no faster.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "these are tests, and the figures are what they are run for"
)]

use std::process::Command;

/// The lengths of the inputs, in bytes: what is compared is the work between a length and its
/// double, so that what a reader does once for any input does not count.
const SHORT: usize = 2 * 1024;
const LONG: usize = 8 * SHORT;

/// How many times the instructions may grow from the short to the long input, which is 8 times as
/// long. Work in proportion to the square of the length would make it 64.
const MOST_GROWTH: u64 = 12;

/// Fewer instructions than this are no work in proportion to anything: a reader may refuse a long
/// input at once.
const LEAST_COUNTED: u64 = 100_000;

/// The instructions that a reader takes for every pattern in a length.
fn instructions(reader: &str, length: usize) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env!("CARGO_BIN_EXE_work"))
        .args([reader, &length.to_string()])
        .output()
        .expect("valgrind counts instructions; install the package valgrind");
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    let count = report
        .lines()
        .find_map(|line| line.split_once("Collected : "))
        .map(|(_before, count)| count.trim().parse().unwrap());
    count.unwrap_or_else(|| panic!("no count in {report}"))
}

fn grows_no_faster_than_its_input(reader: &str) {
    let from_to_double =
        |length| instructions(reader, 2 * length).saturating_sub(instructions(reader, length));
    let (short, long) = (from_to_double(SHORT), from_to_double(LONG));
    println!("{reader}: {short} instructions for {SHORT} bytes more, {long} for {LONG}");
    assert!(
        long <= MOST_GROWTH * short.max(LEAST_COUNTED),
        "{reader} takes {long} instructions for {LONG} bytes more, but {short} for {SHORT}"
    );
}

macro_rules! readers {
    ($($reader:ident),*) => {
        $(
            #[test]
            fn $reader() {
                grows_no_faster_than_its_input(stringify!($reader));
            }
        )*

        #[test]
        fn every_reader_is_measured() {
            let measured = [$(stringify!($reader)),*];
            assert_eq!(pagebell_fuzz::READERS.map(|(name, _read)| name), measured);
        }
    };
}

readers!(
    query, form, json, multipart, fields, batch, references, settings, path, dispatch, hours
);
