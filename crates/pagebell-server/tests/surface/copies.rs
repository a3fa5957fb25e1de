//! Copies in memory are never older than the store.

use std::sync::Arc;

use call_settings::{CallSettings, PageId, SettingsUpdate};
use http::Method;
use pagebell_server::Clock;
use settings_store::{Author, SettingsStore, SettingsWrite};

use crate::harness::{Harness, PAGE, PATH};

#[tokio::test]
async fn a_write_beside_the_server_is_seen_at_once() {
    let harness = Harness::new().await;
    assert_eq!(harness.settings().await["audio_enabled"], true);
    let write = SettingsWrite {
        page_id: PageId::new(PAGE),
        update: SettingsUpdate {
            audio_enabled: Some(false),
            ..SettingsUpdate::default()
        },
        defaults: Arc::new(CallSettings::default()),
        expected_revision: None,
        create_page: false,
        author: Author::default(),
        at: harness.clock.now(),
        trace_id: String::new(),
    };
    harness.store.update_settings(write).await.unwrap();
    assert_eq!(harness.settings().await["audio_enabled"], false);
}

#[tokio::test]
async fn a_removed_page_is_gone_at_once() {
    let harness = Harness::new().await;
    assert_eq!(harness.get(PATH).await.response.status, 200);
    let page_id = PageId::new(PAGE);
    harness
        .store
        .remove_page(page_id, harness.clock.now())
        .await
        .unwrap();
    assert_eq!(harness.get(PATH).await.codes(), (400, 100, Some(33)));
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_no_success() {
    let harness = Harness::new().await;
    harness.store.close().await;
    for (method, path) in [(Method::GET, PATH), (Method::POST, PATH)] {
        let answer = harness
            .ask(method, path, "all", None, "audio_enabled=false")
            .await;
        assert_eq!(answer.codes(), (503, 2, None));
        assert_eq!(answer.error()["is_transient"], true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_go_back_while_a_writer_writes() {
    let harness = Arc::new(Harness::new().await);
    let write = |minute: u16| {
        format!(
            "{{\"call_hours\":{{\"timezone_id\":\"UTC\",\"weekly_operating_hours\":[{{\
             \"day_of_week\":\"MONDAY\",\"open_time\":\"{:02}{:02}\",\"close_time\":\"2359\"}}]}}}}",
            minute / 60,
            minute % 60
        )
    };
    let opening = |settings: serde_json::Value| -> u16 {
        settings["call_hours"]["weekly_operating_hours"][0]["open_time"]
            .as_str()
            .map_or(0, |text| {
                text[..2].parse::<u16>().unwrap() * 60 + text[2..].parse::<u16>().unwrap()
            })
    };
    let reader = tokio::spawn({
        let harness = Arc::clone(&harness);
        async move {
            let mut newest = 0;
            while newest < 1_000 {
                let seen = opening(harness.settings().await);
                assert!(seen >= newest, "{seen} after {newest}");
                newest = seen;
                tokio::task::yield_now().await;
            }
        }
    });
    for minute in 1..=1_000 {
        harness.post(&write(minute)).await;
        assert_eq!(
            opening(harness.settings().await),
            minute,
            "an acknowledged write is seen"
        );
    }
    reader.await.unwrap();
}
