//! Whole requests.

use graph_api::{GraphPath, Node, PreparedSettings, Route};
use http::Method;
use pagebell_server::{GraphResponse, Profile, Surface};

use crate::batch::check_answer;
use crate::envelope::checked;
use crate::message::Message;
use crate::server::Server;

/// Answers a request, in both profiles; the input is the request as text.
///
/// Every answer is JSON in its form, and its status says what its body says. A request that is
/// answered with an error has changed nothing. What is read is what the store has, and what was
/// read once is read twice.
pub fn dispatch(input: &[u8]) {
    let message = Message::read(input);
    for profile in [Profile::Graph, Profile::Reference] {
        let server = Server::new(profile);
        let page_id = page_of(&message);
        let page = || page_id.and_then(|page_id| server.page(page_id));
        let before = page();
        let response = server.ask(message.request());
        let json = checked(&response, profile);
        let after = page();
        if response.error.is_some() || message.method == Method::GET && !may_change(&message) {
            assert_eq!(before, after, "a change that nobody asked for");
        }
        if let (Some(revision), Some(page)) = (response.revision, &after) {
            assert_eq!(revision, page.revision);
        }
        if response.surface == Surface::Batch && response.error.is_none() {
            let answers = json.as_array().expect("a batch is answered with an array");
            answers
                .iter()
                .filter(|answer| !answer.is_null())
                .for_each(check_answer);
        }
        if let Some(page) = after {
            let settings = page.settings.unwrap_or_default();
            let stored = PreparedSettings::new(&settings, ());
            assert_eq!(read(&server, &page.page_id.to_string()).body, stored.body());
        }
        if message.method == Method::GET && !may_change(&message) {
            let again = server.ask(message.request());
            assert_eq!(
                again.body, response.body,
                "the same request, another answer"
            );
        }
    }
}

/// Whether a GET may be meant as something else: the parameter `method` says what.
fn may_change(message: &Message) -> bool {
    let query = message.query.to_ascii_lowercase();
    query.contains("method") || query.contains('%')
}

fn page_of(message: &Message) -> Option<call_settings::PageId> {
    let path = GraphPath::parse(&message.method, &message.path).ok()?;
    match path.route {
        Route::Edge(Node::Page(page_id), _) => Some(page_id),
        _ => None,
    }
}

/// A read of all fields, with credentials that do in both profiles.
fn read(server: &Server, page_id: &str) -> GraphResponse {
    let text = format!(
        "GET /{page_id}/messenger_call_settings?access_token=all&oauth_token=all\n\
         Authorization: Bearer all\n"
    );
    server.ask(Message::read(text.as_bytes()).request())
}
