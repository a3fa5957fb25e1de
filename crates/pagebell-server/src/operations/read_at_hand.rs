//! The read that nearly every request is, from memory alone.

use graph_api::{Edge, FieldSelection, GraphPath, Parameters, Route};
use http::Method;

use crate::Profile;
use crate::access::{APP_TOKEN_SEPARATOR, Credentials, READ_SCOPE, verify_proof};
use crate::dispatch::Pagebell;
use crate::request::{GraphResponse, Surface};

impl Pagebell {
    /// Answers a GET of settings without a body, if it succeeds and all that it needs is at hand. `None` decides
    /// nothing: the request then takes the way of all others, which comes to the same answer or says
    /// what is wrong.
    ///
    /// It waits for nothing, so the transport needs no future for it.
    pub(crate) fn read_at_hand(
        &self,
        path: &str,
        query: &str,
        authorization: Option<&str>,
    ) -> Option<GraphResponse> {
        if self.configuration.profile != Profile::Graph {
            return None;
        }
        let begun = self.surroundings.clock.monotonic();
        let path = GraphPath::parse(&Method::GET, path).ok()?;
        let Route::Edge(node, Edge::MessengerCallSettings) = path.route else {
            return None;
        };
        let parameters = Parameters::from_query(query);
        if parameters.get("method").is_some() || parameters.check().is_err() {
            return None;
        }
        let credentials = Credentials::find(Profile::Graph, authorization, &parameters).ok()??;
        if credentials.token.contains(APP_TOKEN_SEPARATOR) {
            return None;
        }
        let access = self.copies.token_at_hand(credentials.token, begun)?;
        let now = self.surroundings.clock.now();
        access.check_alive(now).ok()?;
        verify_proof(access.app.as_ref(), &credentials, now).ok()?;
        let selection = FieldSelection::from_parameters(&parameters).ok()?;
        let page_id = access.page(node, &self.configuration).ok()?;
        access.check_permits(page_id, READ_SCOPE).ok()?;
        let copy = self.copies.page_at_hand(page_id, begun)?;
        self.metrics.token_copies.hit();
        self.metrics.page_copies.hit();
        let version = path.version;
        let response = GraphResponse {
            status: 200,
            version: version.unwrap_or_else(|| self.configuration.version_of_unversioned()),
            trace: self.new_trace(),
            www_authenticate: None,
            body: copy.answers.into_list(&selection),
            revision: Some(copy.revision),
            surface: Surface::Edge(Edge::MessengerCallSettings),
            error: None,
        };
        let time = self.surroundings.clock.monotonic().saturating_sub(begun);
        self.metrics.observe_response(&Method::GET, &response, time);
        Some(response)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;
    use call_settings::{CallSettings, PageId, SettingsUpdate};
    use jiff::Timestamp;
    use settings_store::{
        Author, Coverage, MemoryStore, NewPage, SettingsStore, SettingsWrite, TokenHash, TokenId,
        TokenRecord,
    };

    use super::*;
    use crate::request::{GraphRequest, Origin};
    use crate::{Clock, Conditions, Configuration, Entropy, Surroundings};

    #[derive(Debug)]
    struct Standing;

    impl Clock for Standing {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(1_000_000).unwrap()
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }
    }

    impl Entropy for Standing {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    /// A server with the Pages 1 (configured) and 2, and the tokens `all`, `one` (Page 1), `late`
    /// (expired) and `bare` (without the scope).
    async fn server() -> Pagebell {
        let store = Arc::new(MemoryStore::default());
        for page in [1, 2] {
            let page = NewPage {
                page_id: PageId::new(page),
                name: None,
                at: Standing.now(),
            };
            store.add_page(page).await.unwrap();
        }
        let write = SettingsWrite {
            page_id: PageId::new(1),
            update: SettingsUpdate {
                video_enabled: Some(true),
                ..SettingsUpdate::default()
            },
            defaults: Arc::new(CallSettings::default()),
            expected_revision: None,
            create_page: false,
            author: Author::default(),
            at: Standing.now(),
            trace_id: String::new(),
        };
        store.update_settings(write).await.unwrap();
        let one = Coverage::Pages([PageId::new(1)].into());
        for (id, token, coverage, expires_at, scope) in [
            (1, "all", Coverage::AllPages, None, READ_SCOPE),
            (2, "one", one, None, READ_SCOPE),
            (
                3,
                "late",
                Coverage::AllPages,
                Some(Standing.now()),
                READ_SCOPE,
            ),
            (4, "bare", Coverage::AllPages, None, "other"),
        ] {
            let token = TokenRecord {
                token_id: TokenId::new(id),
                hash: TokenHash::of(token),
                app_id: None,
                coverage,
                scopes: vec![scope.to_owned()],
                issued_at: Standing.now(),
                expires_at,
                revoked_at: None,
            };
            store.put_token(token).await.unwrap();
        }
        let surroundings = Surroundings {
            clock: Arc::new(Standing),
            entropy: Arc::new(Standing),
            steering: None,
        };
        Pagebell::new(Configuration::default(), store, surroundings)
    }

    /// Whatever is asked for: an answer at hand is the answer that the way of all others comes to,
    /// and what that way refuses is never at hand.
    #[tokio::test]
    async fn it_is_the_same_answer_or_none() {
        let server = server().await;
        let paths = [
            "/v26.0/1/messenger_call_settings",
            "/v2.0/1/messenger_call_settings",
            "/2/messenger_call_settings/",
            "/v25.0//me//messenger_call_settings",
            "/v26.0/3/messenger_call_settings",
            "/v26.0/1/messenger_call%5fsettings",
            "/v26.0/1/messenger_call_availability",
            "/v99.0/1/messenger_call_settings",
            "/control/messenger_call_settings",
            "/v26.0/1",
            "/",
        ];
        let queries = [
            "",
            "fields=",
            "fields=video_enabled,call_hours{timezone_id}",
            "fields=nothing",
            "access_token=all",
            "access_token=one&locale=de",
            "method=post",
            "method=get",
            "appsecret_proof=00",
        ];
        let headers = [
            None,
            Some("Bearer all"),
            Some("OAuth one"),
            Some("Bearer late"),
            Some("Bearer bare"),
            Some("Bearer nobody"),
            Some("Bearer 1|secret"),
            Some("Basic all"),
        ];
        let mut at_hand = 0;
        // The first time round fills the memory.
        for round in 0..2 {
            for index in 0..paths.len() * queries.len() * headers.len() {
                let path = paths[index % paths.len()];
                let query = queries[index / paths.len() % queries.len()];
                let authorization = headers[index / paths.len() / queries.len()];
                let body = Bytes::new();
                let found = server.read_at_hand(path, query, authorization);
                let answer = server
                    .dispatch(GraphRequest {
                        method: &Method::GET,
                        path,
                        query,
                        authorization,
                        content_type: None,
                        conditions: Conditions::default(),
                        origin: Origin {
                            is_secure: false,
                            host: "test",
                        },
                        body: &body,
                    })
                    .await;
                let what = format!("{path}?{query} {authorization:?}");
                if let Some(found) = found {
                    at_hand += 1;
                    assert_eq!(format!("{found:?}"), format!("{answer:?}"), "{what}");
                } else if round == 1
                    && answer.status == 200
                    && answer.surface == Surface::Edge(Edge::MessengerCallSettings)
                {
                    assert!(query.contains("method"), "{what} should have been at hand");
                }
            }
        }
        assert!(at_hand > 50, "only {at_hand}");
    }
}
