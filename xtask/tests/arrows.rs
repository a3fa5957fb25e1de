//! Which crate may depend on which: the arrows of the design, held against cargo's metadata.
//!
//! Normal and build dependencies count. Tests may use whatever they need.

use std::env;
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;

/// What a crate of the workspace may and must not use directly.
#[derive(Debug)]
struct Rule {
    name: &'static str,
    /// The crates of the workspace it may use.
    may_use: &'static [&'static str],
    /// Crates from outside that would break what it is: pure, or free of one library.
    never: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        name: "bounded-copies",
        may_use: &["settings-store"],
        never: &["axum", "hyper", "rusqlite", "tokio", "tokio-postgres"],
    },
    Rule {
        name: "call-settings",
        may_use: &[],
        never: &["axum", "http", "hyper", "rusqlite", "serde_json", "tokio"],
    },
    Rule {
        name: "graph-api",
        may_use: &["call-settings"],
        never: &["axum", "hyper", "rusqlite", "tokio"],
    },
    Rule {
        name: "settings-store",
        may_use: &["call-settings"],
        never: &[],
    },
    Rule {
        name: "store-postgres",
        may_use: &["call-settings", "settings-store"],
        never: &["rusqlite"],
    },
    Rule {
        name: "store-sqlite",
        may_use: &["call-settings", "settings-store"],
        never: &[],
    },
    Rule {
        name: "pagebell-server",
        may_use: &[
            "bounded-copies",
            "call-settings",
            "graph-api",
            "settings-store",
        ],
        never: &[],
    },
    Rule {
        name: "pagebell",
        may_use: &[
            "call-settings",
            "graph-api",
            "pagebell-server",
            "settings-store",
            "store-postgres",
            "store-sqlite",
        ],
        never: &[],
    },
    Rule {
        name: "pagebell-fuzz",
        may_use: &[
            "call-settings",
            "graph-api",
            "pagebell-server",
            "settings-store",
        ],
        never: &["rusqlite", "tokio"],
    },
    Rule {
        name: "temporary-postgres",
        may_use: &[],
        never: &[],
    },
    Rule {
        name: "xtask",
        may_use: &["temporary-postgres"],
        never: &[],
    },
];

/// The part of cargo's metadata that matters here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// `None` is a normal dependency.
    kind: Option<String>,
}

/// Every broken rule, as a line that says what is wrong.
fn violations(metadata: &Metadata) -> Vec<String> {
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let user = &package.name;
        let Some(rule) = RULES.iter().find(|rule| rule.name == user) else {
            violations.push(format!(
                "{user} is new: add it and its arrows to RULES in xtask/tests/arrows.rs"
            ));
            continue;
        };
        let dependencies = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        for Dependency { name: used, .. } in dependencies {
            let is_ours = metadata.packages.iter().any(|other| other.name == *used);
            if is_ours && !rule.may_use.contains(&used.as_str()) {
                violations.push(format!("{user} must not depend on {used}"));
            }
            if rule.never.contains(&used.as_str()) {
                violations.push(format!("{user} is to stay free of {used}"));
            }
        }
    }
    violations
}

#[test]
fn the_workspace_keeps_its_arrows() -> anyhow::Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .context("cannot run cargo metadata")?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    assert!(
        metadata.packages.len() > 1,
        "cargo metadata lists no workspace"
    );
    let violations = violations(&metadata);
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    Ok(())
}

/// A crate with dependencies written as cargo writes their kind: `None`, `build` or `dev`.
fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
    Package {
        name: name.to_owned(),
        dependencies: dependencies
            .iter()
            .map(|(name, kind)| Dependency {
                name: (*name).to_owned(),
                kind: kind.map(str::to_owned),
            })
            .collect(),
    }
}

fn violations_of(packages: Vec<Package>) -> Vec<String> {
    violations(&Metadata { packages })
}

#[test]
fn an_arrow_against_the_design_is_caught() {
    for kind in [None, Some("build")] {
        let packages = vec![
            package("call-settings", &[]),
            package("pagebell-server", &[("store-sqlite", kind)]),
            package("store-sqlite", &[("call-settings", kind)]),
        ];
        assert_eq!(
            violations_of(packages),
            ["pagebell-server must not depend on store-sqlite"]
        );
    }
}

#[test]
fn a_driver_in_a_pure_crate_is_caught() {
    let packages = vec![
        package("call-settings", &[("serde_json", None), ("jiff", None)]),
        package("graph-api", &[("serde_json", None), ("tokio", None)]),
    ];
    assert_eq!(
        violations_of(packages),
        [
            "call-settings is to stay free of serde_json",
            "graph-api is to stay free of tokio",
        ]
    );
}

#[test]
fn a_new_crate_is_asked_for_its_arrows() {
    assert_eq!(
        violations_of(vec![package("newcomer", &[])]),
        ["newcomer is new: add it and its arrows to RULES in xtask/tests/arrows.rs"]
    );
}

#[test]
fn dependencies_of_tests_are_free() {
    let packages = vec![
        package("call-settings", &[("serde_json", Some("dev"))]),
        package("graph-api", &[("pagebell", Some("dev"))]),
        package("pagebell", &[("call-settings", None)]),
    ];
    assert!(violations_of(packages).is_empty());
}
