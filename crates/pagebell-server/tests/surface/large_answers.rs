//! Answers that are much larger than their requests: bounded in a batch, and in all that nobody
//! has read yet.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use call_settings::HoursLimits;
use http::Method;
use pagebell_server::http::Server;
use pagebell_server::{Configuration, Limits};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{Answer, Harness, PATH};

const YEAR: &str = "at=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z";

/// An opening in each hour of the week; with a minute, so that each is another update.
fn busy_week(minute: usize) -> String {
    let mut hours = String::new();
    for day in [
        "MONDAY",
        "TUESDAY",
        "WEDNESDAY",
        "THURSDAY",
        "FRIDAY",
        "SATURDAY",
        "SUNDAY",
    ] {
        for hour in 0..24 {
            let comma = if hours.is_empty() { "" } else { "," };
            write!(
                hours,
                "{comma}{{\"day_of_week\":\"{day}\",\"open_time\":\"{hour:02}00\",\
                 \"close_time\":\"{hour:02}{:02}\"}}",
                1 + minute
            )
            .unwrap();
        }
    }
    format!(
        "{{\"call_hours\":{{\"timezone_id\":\"Europe/Paris\",\"weekly_operating_hours\":[{hours}]}}}}"
    )
}

/// A server whose Page is open in each hour of the week, after so many changes.
async fn busy_server(limits: Limits, changes: usize) -> Harness {
    let harness = Harness::with(Configuration {
        hours_limits: HoursLimits::new(24).unwrap(),
        limits,
        ..Configuration::default()
    })
    .await;
    for change in 0..changes {
        assert_eq!(
            harness.post(&busy_week(change % 58)).await.response.status,
            200
        );
    }
    harness
}

async fn batch(harness: &Harness, operations: &[Value]) -> Answer {
    let body = json!({ "include_headers": false, "batch": operations }).to_string();
    harness
        .ask(
            Method::POST,
            "/v26.0",
            "all",
            Some("application/json"),
            &body,
        )
        .await
}

fn get(relative_url: &str) -> Value {
    json!({ "method": "GET", "relative_url": relative_url })
}

/// The status of each operation, and the error that it has.
fn outcomes(answer: &Answer) -> Vec<(u64, Value)> {
    let operations = answer.json.as_array().unwrap();
    let outcome = |operation: &Value| {
        let body: Value = serde_json::from_str(operation["body"].as_str().unwrap()).unwrap();
        (operation["code"].as_u64().unwrap(), body["error"].clone())
    };
    operations.iter().map(outcome).collect()
}

#[tokio::test]
async fn the_answers_of_a_batch_are_bounded_together() {
    let harness = busy_server(Limits::default(), 40).await;
    let limit = Limits::default().batch_answer_bytes;
    let availability = format!("1234567890/messenger_call_availability?{YEAR}");
    let history = "1234567890/messenger_call_settings_history?limit=40".to_owned();
    for large in [availability, history] {
        let mut operations = vec![get(&large); 48];
        operations.push(get("1234567890/messenger_call_settings"));
        operations.push(json!({
            "method": "POST",
            "relative_url": "1234567890/messenger_call_settings?fields=call_hours",
            "body": "icon_enabled=true",
        }));
        let answer = batch(&harness, &operations).await;
        let outcomes = outcomes(&answer);
        // Quotes are escaped in a batch, which makes an answer a third longer.
        assert!(
            answer.response.body.len() < limit * 3 / 2,
            "{}",
            answer.response.body.len()
        );
        assert_eq!(outcomes[0].0, 200, "the first fits: {}", outcomes[0].1);
        let refused: Vec<_> = outcomes.iter().filter(|(code, _)| *code == 400).collect();
        assert!(refused.len() > 20, "{large}: {}", refused.len());
        for (_code, error) in refused {
            assert_eq!(error["code"], 1);
            assert_eq!(error["is_transient"], false);
            let way_out = error["error_user_msg"].as_str().unwrap();
            assert!(way_out.contains("4194304 bytes"), "{way_out}");
        }
        assert_eq!(
            (outcomes[48].0, outcomes[49].0),
            (200, 200),
            "small ones have room"
        );
    }
}

#[tokio::test]
async fn batches_share_the_memory_of_answers() {
    let limits = Limits {
        unread_answer_bytes: 200 * 1024,
        connections: 10,
        ..Limits::default()
    };
    let harness = busy_server(limits, 1).await;
    let month = "at=2026-01-01T00:00:00Z&until=2026-01-20T00:00:00Z";
    let mut operations = vec![get(&format!("1234567890/messenger_call_availability?{month}")); 20];
    operations.push(json!({
        "method": "POST",
        "relative_url": "1234567890/messenger_call_settings",
        "body": "icon_enabled=false",
    }));
    let outcomes_of_two = [
        outcomes(&batch(&harness, &operations).await),
        outcomes(&batch(&harness, &operations).await),
    ];
    for outcomes in outcomes_of_two {
        assert_eq!(
            outcomes[0].0, 200,
            "the memory of the batch before is free: {}",
            outcomes[0].1
        );
        let refused = outcomes.iter().filter(|(code, _)| *code == 503);
        assert!(refused.clone().count() >= 15, "{}", refused.clone().count());
        for (_code, error) in refused {
            assert_eq!(error["is_transient"], true);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("waiting to be read"), "{message}");
        }
        assert_eq!(outcomes[20].0, 200, "an update that was stored is told so");
    }
}

const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

async fn send(address: SocketAddr, requests: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(requests.as_bytes()).await.unwrap();
    stream
}

/// What comes until the server ends the connection.
async fn read(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    let read = tokio::time::timeout(ANSWER_TIMEOUT, reading).await;
    read.expect("the server must answer").unwrap();
    answer
}

fn request(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer all\r\n{more}\r\n")
}

/// Callers with a token ask for answers, many at a time, and read none of them.
#[tokio::test]
async fn graph_answers_that_nobody_reads_share_a_budget() {
    let month = "/1234567890/messenger_call_availability?at=2026-01-01T00:00:00Z&until=2026-01-20T00:00:00Z";
    for (path, count) in [(month, 200), (PATH, 20_000)] {
        let limits = Limits {
            unread_answer_bytes: 256 * 1024,
            connections: 100,
            ..Limits::default()
        };
        let harness = busy_server(limits, 1).await;
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), Arc::new(harness.pagebell));
        let server = server.unwrap();
        let address = server.address().unwrap();
        tokio::spawn(server.run(std::future::pending()));

        let large = request(month, "Connection: close\r\n");
        let usual = request(
            &format!("{PATH}?fields=icon_enabled"),
            "Connection: close\r\n",
        );
        assert!(
            read(send(address, &large).await)
                .await
                .starts_with("HTTP/1.1 200")
        );
        let requests = request(path, "").repeat(count);
        let mut unread = Vec::new();
        let mut refused = None;
        for _ in 0..60 {
            // Small buffers, so that the answers stay with the server.
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            let mut connection = socket.connect(address).await.unwrap();
            let bytes = requests.clone();
            let sending = async move {
                let _ = connection.write_all(bytes.as_bytes()).await;
                connection
            };
            unread.push(tokio::spawn(sending));
            tokio::time::sleep(Duration::from_millis(50)).await;
            let answer = read(send(address, &large).await).await;
            if answer.starts_with("HTTP/1.1 503") {
                refused = Some(answer);
                break;
            }
        }
        let refused = refused.expect("answers without bound");
        assert!(
            refused.contains("answers are waiting to be read"),
            "{refused}"
        );
        assert!(refused.contains("Nothing was changed"), "{refused}");
        let answer = read(send(address, &usual).await).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        for sending in unread {
            sending.abort();
            drop(sending.await);
        }
        let again = async {
            while !read(send(address, &large).await)
                .await
                .starts_with("HTTP/1.1 200")
            {}
        };
        let again = tokio::time::timeout(ANSWER_TIMEOUT, again).await;
        again.expect("what ends gives back what it held");
    }
}
