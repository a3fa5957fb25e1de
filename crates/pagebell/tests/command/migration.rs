//! `pagebell migrate` into a store that has something of its own.

use std::process::Output;

use crate::process::{Place, pagebell};

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn migrate(from: &Place, to: &Place) -> Output {
    pagebell()
        .args(["migrate", "--from", &from.store(), "--to", &to.store()])
        .output()
        .unwrap()
}

#[test]
fn a_second_migration_clears_no_revocation_and_carries_new_ones() {
    let (source, target) = (Place::new(), Place::new());
    let new_token = || {
        let arguments = ["token", "create", "--all-pages"];
        source.must(&arguments).trim().to_owned()
    };
    let (first, second) = (new_token(), new_token());
    assert!(migrate(&source, &target).status.success());
    source.must(&["token", "revoke", &first]);
    let again = migrate(&source, &target);
    assert!(again.status.success(), "{again:?}");
    assert!(
        stderr(&again).contains("read both stores in full in "),
        "{again:?}"
    );
    assert_eq!(
        target.must(&["token", "list"]).matches("revoked").count(),
        1
    );

    target.must(&["token", "revoke", &second]);
    let refused = migrate(&source, &target);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(
        stderr(&refused).contains("1 token changed in the target since"),
        "{refused:?}"
    );
    assert_eq!(
        target.must(&["token", "list"]).matches("revoked").count(),
        2
    );
}

#[test]
fn what_is_stated_about_calling_is_copied_and_exported() {
    let (source, target, imported) = (Place::new(), Place::new(), Place::new());
    for page in ["1", "2"] {
        source.must(&["page", "add", page, "--name", "Bakery"]);
    }
    source.must(&[
        "page",
        "set",
        "1",
        "--eligible",
        "false",
        "--engaged-users",
        "0",
    ]);
    assert!(migrate(&source, &target).status.success());
    let listed = source.must(&["page", "list", "--json"]);
    assert_eq!(target.must(&["page", "list", "--json"]), listed);

    let exported = source.must(&["export"]);
    let lines = [
        r#"{"page_id":"1","name":"Bakery","eligible":false,"engaged_users":0}"#,
        r#"{"page_id":"2","name":"Bakery"}"#,
    ];
    assert_eq!(exported.lines().collect::<Vec<_>>(), lines);
    let file = source.database().with_extension("jsonl");
    std::fs::write(&file, &exported).unwrap();
    imported.must(&["import", file.to_str().unwrap()]);
    assert_eq!(imported.must(&["page", "list", "--json"]), listed);

    // What the target states itself stays.
    target.must(&["page", "set", "2", "--eligible", "false"]);
    let refused = migrate(&source, &target);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let named = "1 Page changed in the target since, and left as they are: 2;";
    assert!(stderr(&refused).contains(named), "{refused:?}");
    let still: String = target.must(&["export"]);
    assert!(
        still.contains(r#"{"page_id":"2","name":"Bakery","eligible":false}"#),
        "{still}"
    );
}

#[test]
fn apps_and_names_of_the_target_are_left_and_named() {
    let (source, target) = (Place::new(), Place::new());
    for place in [&source, &target] {
        // Each makes a secret of its own for the app of the demonstration.
        let server = place.serve(&["--dev"]);
        server.signal("TERM");
        assert_eq!(server.wait().0, Some(0));
        place.must(&["page", "add", "7"]);
    }
    target.must(&["page", "add", "7", "--name", "Bakery"]);
    let before = target.must(&["token", "list", "--json"]);
    let refused = migrate(&source, &target);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    for named in [
        "1 Page changed in the target since, and left as they are: 7;",
        "1 app changed in the target since, and left as they are: 100000000000001;",
        "1 token changed in the target since, and left as they are: 100000000000002;",
    ] {
        assert!(stderr(&refused).contains(named), "{refused:?}");
    }
    assert_eq!(target.must(&["token", "list", "--json"]), before);
    assert!(target.must(&["page", "list"]).contains("Bakery"));
}

#[test]
fn a_damaged_page_is_named_and_the_rest_comes_out() {
    let (source, target) = (Place::new(), Place::new());
    for page in ["5", "6", "7"] {
        source.must(&["page", "add", page]);
    }
    rusqlite::Connection::open(source.database())
        .unwrap()
        .execute("UPDATE page SET checksum = 1 WHERE page_id = 6", [])
        .unwrap();
    for command in [
        &["page", "list"][..],
        &["page", "list", "--json"],
        &["export"],
    ] {
        let output = pagebell()
            .args(command)
            .args(["--store", &source.store()])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let text = std::str::from_utf8(&output.stdout).unwrap();
        assert!(text.contains('5') && text.contains('7'), "{text}");
        for line in ["settings of the Page 6 do not", "1 Page was left out"] {
            assert!(stderr(&output).contains(line), "{output:?}");
        }
    }
    let output = migrate(&source, &target);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        stderr(&output).contains("1 Page was left out"),
        "{output:?}"
    );
    let moved = target.must(&["page", "list"]);
    assert!(moved.contains("\n5") && moved.contains("\n7"), "{moved}");
}
