//! The one table of errors. Documents and answers are made from it.

/// Where the form of an error comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Documented by Meta.
    Documented,
    /// Seen in recorded answers of the live API.
    Seen,
    /// Ours: the live API's form is unknown, or there is none.
    Ours,
}

impl Mark {
    /// The word for documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Seen => "seen",
            Self::Ours => "ours",
        }
    }
}

/// The value of `type` in the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "the wire's own names")]
pub enum ErrorType {
    /// The default, even for plain parameter errors.
    OAuthException,
    /// Objects that are missing, and `appsecret_proof`.
    GraphMethodException,
    /// A batch that cannot be run at all.
    GraphBatchException,
}

impl ErrorType {
    /// The wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OAuthException => "OAuthException",
            Self::GraphMethodException => "GraphMethodException",
            Self::GraphBatchException => "GraphBatchException",
        }
    }
}

/// One kind of error.
#[derive(Clone, Copy, Debug)]
pub struct CatalogueEntry {
    /// Which one.
    pub id: ErrorId,
    /// The HTTP status in the `graph` profile. In the `reference` profile 400 stands for every
    /// status that is neither 403 nor 5xx.
    pub status: u16,
    /// `code`.
    pub code: u32,
    /// `error_subcode`, where there is one.
    pub subcode: Option<u32>,
    /// `type`.
    pub error_type: ErrorType,
    /// The second quoted string of the header `WWW-Authenticate`.
    pub category: &'static str,
    /// `is_transient`: the same request may succeed later.
    pub is_transient: bool,
    /// `message`, with placeholders in braces.
    pub message: &'static str,
    /// `error_user_title`.
    pub title: &'static str,
    /// `error_user_msg`: the way out, with placeholders in braces.
    pub way_out: &'static str,
    /// When it is answered, for documents.
    pub when: &'static str,
    /// Where the form comes from.
    pub mark: Mark,
}

macro_rules! catalogue {
    ($( $(#[$doc:meta])* $id:ident {
        $status:literal, $code:literal $(/ $subcode:literal)?, $type:ident, $category:literal $(, $transient:ident)?;
        message: $message:literal, title: $title:literal, way_out: $way_out:literal,
        when: $when:literal, mark: $mark:ident
    } )*) => {
        /// The kinds of errors, one for each entry of [`CATALOGUE`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each entry's `when` says what it is")]
        pub enum ErrorId { $( $(#[$doc])* $id ),* }

        /// Every kind of error, in the order in which a request is checked.
        pub static CATALOGUE: &[CatalogueEntry] = &[ $( CatalogueEntry {
            id: ErrorId::$id,
            status: $status,
            code: $code,
            subcode: subcode!($($subcode)?),
            error_type: ErrorType::$type,
            category: $category,
            is_transient: transient!($($transient)?),
            message: $message,
            title: $title,
            way_out: $way_out,
            when: $when,
            mark: Mark::$mark,
        } ),* ];
    };
}
macro_rules! subcode {
    () => {
        None
    };
    ($subcode:literal) => {
        Some($subcode)
    };
}
macro_rules! transient {
    () => {
        false
    };
    (transient) => {
        true
    };
}

impl ErrorId {
    /// The entry of this kind.
    pub fn entry(self) -> &'static CatalogueEntry {
        &CATALOGUE[self as usize]
    }
}

catalogue! {
    BodyTooLarge { 413, 100, OAuthException, "invalid_request";
        message: "(#100) The request body is larger than {limit} bytes",
        title: "Request too large",
        way_out: "Send at most {limit} bytes; split a large batch into several.",
        when: "The body is over the limit (64 KiB; 1 MiB for a batch; both configurable)", mark: Ours }
    HeadersTooLarge { 431, 100, OAuthException, "invalid_request";
        message: "(#100) The request has more than {limit} in its headers and address",
        title: "Headers too large",
        way_out: "Send fewer or shorter headers and query parameters.",
        when: "Headers or address are over the limit", mark: Ours }
    RequestMalformed { 400, 100, OAuthException, "invalid_request";
        message: "(#100) The request is not valid HTTP/1.1",
        title: "Malformed request",
        way_out: "Send a request line, headers and a body as HTTP/1.1 has them.",
        when: "The request line or a header cannot be read", mark: Ours }
    HostInvalid { 400, 100, OAuthException, "invalid_request";
        message: "(#100) The request has {found}",
        title: "Host missing",
        way_out: "Send the header Host once, with the name that the server is called by.",
        when: "A request of HTTP/1.1 without the header Host, or with two", mark: Ours }
    RequestTooSlow { 408, 2, OAuthException, "invalid_request", transient;
        message: "The request did not arrive within {limit} seconds",
        title: "Request too slow",
        way_out: "Send the request again, without pauses.",
        when: "The body did not arrive within the request time", mark: Ours }
    TooManyUnfinished { 503, 2, OAuthException, "invalid_request", transient;
        message: "Too many requests are unfinished at the moment",
        title: "Temporarily unavailable",
        way_out: "Nothing was changed; send the request again later, without pauses.",
        when: "The unfinished requests of all connections together hold as much memory as they may", mark: Ours }
    EncodedBody { 415, 100, OAuthException, "invalid_request";
        message: "(#100) The request body has the content encoding {encoding}, which is not read",
        title: "Encoded body",
        way_out: "Send the body without a Content-Encoding.",
        when: "The body is compressed", mark: Ours }
    UnknownVersion { 400, 2500, OAuthException, "invalid_request";
        message: "Unknown path components: {tail}",
        title: "Unknown version",
        way_out: "{version} is not served; use a version from {oldest} to {newest}, or none.",
        when: "The version in the path is newer than the newest, or made up", mark: Seen }
    NoNode { 400, 100, GraphMethodException, "invalid_request";
        message: "No node specified",
        title: "Nothing asked for",
        way_out: "Name a Page, as in /{newest}/PAGE_ID/messenger_call_settings{batch}.",
        when: "The path names no object and the request is no batch", mark: Seen }
    UnknownAlias { 404, 803, OAuthException, "not_found";
        message: "(#803) Some of the aliases you requested do not exist: {alias}",
        title: "Not a Page id",
        way_out: "A Page is named by its number, without a leading zero, or by me.",
        when: "The Page id in the path is not a number", mark: Seen }
    UnknownEdge { 400, 100, OAuthException, "invalid_request";
        message: "(#100) Tried accessing nonexisting field ({edge}) on node type (Page)",
        title: "Unknown edge",
        way_out: "This server has the edges {edges} of a Page.",
        when: "A GET of an edge that a Page does not have here", mark: Seen }
    UnknownPath { 400, 2500, OAuthException, "invalid_request";
        message: "Unknown path components: {tail}",
        title: "Unknown path",
        way_out: "This server has the edges {edges} of a Page.",
        when: "Any other path that does not exist", mark: Seen }
    UnsupportedMethod { 400, 100 / 33, GraphMethodException, "invalid_request";
        message: "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api",
        title: "Unsupported method",
        way_out: "This path takes {methods}.",
        when: "A method that the path does not take", mark: Seen }
    TokenMissing { 400, 104, OAuthException, "invalid_request";
        message: "An access token is required to request this resource.",
        title: "Access token missing",
        way_out: "Send an access token as the header Authorization: Bearer TOKEN, or as the parameter access_token.",
        when: "No token at all", mark: Seen }
    TokenMissingForMe { 400, 2500, OAuthException, "invalid_request";
        message: "An active access token must be used to query information about the current user.",
        title: "Access token missing",
        way_out: "Send an access token as the header Authorization: Bearer TOKEN, or as the parameter access_token.",
        when: "No token at all on a path with me", mark: Seen }
    CredentialsIncomplete { 400, 190, OAuthException, "invalid_token";
        message: "(#190) The request lacks {missing}: access_token, oauth_token and the header Authorization are required together",
        title: "Credentials missing",
        way_out: "Send the same token as the query parameters access_token and oauth_token and as the header Authorization: Bearer TOKEN.",
        when: "Profile reference only: not all three credentials were sent", mark: Documented }
    TokensDiffer { 400, 190, OAuthException, "invalid_token";
        message: "(#190) The request carries access tokens that differ, in {places}",
        title: "Two access tokens",
        way_out: "Send one access token, or the same one everywhere.",
        when: "Two credentials of one request are not the same token", mark: Ours }
    TokenUnknown { 400, 190, OAuthException, "invalid_token";
        message: "Invalid OAuth access token - Cannot parse access token",
        title: "Access token not known",
        way_out: "Check that the token is complete and was made for this server.",
        when: "The token is not known", mark: Seen }
    TokenExpired { 400, 190 / 463, OAuthException, "invalid_token";
        message: "Error validating access token: Session has expired on {expired}. The current time is {now}.",
        title: "Access token expired",
        way_out: "Get a new access token.",
        when: "The token has expired", mark: Seen }
    TokenRevoked { 400, 190 / 467, OAuthException, "invalid_token";
        message: "Error validating access token: The session was ended on {revoked}.",
        title: "Access token revoked",
        way_out: "Get a new access token.",
        when: "The token was revoked", mark: Documented }
    PageTokenRequired { 400, 190, OAuthException, "invalid_token";
        message: "(#190) This method must be called with a Page Access Token",
        title: "Page access token required",
        way_out: "An app access token serves debug_token only; use an access token of the Page.",
        when: "An app access token on an edge of a Page", mark: Seen }
    ProofRequired { 400, 100, GraphMethodException, "invalid_request";
        message: "API calls from the server require an appsecret_proof argument",
        title: "appsecret_proof required",
        way_out: "Send appsecret_proof, the hex HMAC-SHA256 of the access token with the app secret as key.",
        when: "The token's app requires a proof and none was sent", mark: Seen }
    ProofInvalid { 400, 100, GraphMethodException, "invalid_request";
        message: "Invalid appsecret_proof provided in the API argument",
        title: "appsecret_proof wrong",
        way_out: "The proof is the lower-case hex HMAC-SHA256 of the access token with the app secret as key; with appsecret_time, of TOKEN|TIME, and good for five minutes.",
        when: "The proof is wrong or too old, even where none is required", mark: Seen }
    NoSingleMe { 400, 100, GraphMethodException, "invalid_request";
        message: "(#100) me stands for the one Page of an access token, and this token covers {pages}",
        title: "me is not one Page",
        way_out: "Name the Page by its id.",
        when: "A path with me and a token that does not cover exactly one Page", mark: Ours }
    BodyNotJson { 400, 100, OAuthException, "invalid_request";
        message: "(#100) The request body is not valid JSON: {reason}",
        title: "Body is not JSON",
        way_out: "Mend the JSON at the place named, or send a form.",
        when: "A JSON body, or the JSON text of batch, that does not parse", mark: Ours }
    JsonTooDeep { 400, 100, OAuthException, "invalid_request";
        message: "(#100) The JSON nests deeper than {limit} levels",
        title: "JSON too deep",
        way_out: "Send JSON with at most {limit} levels of arrays and objects.",
        when: "JSON over the depth limit", mark: Ours }
    JsonTooManyValues { 400, 100, OAuthException, "invalid_request";
        message: "(#100) The JSON has more than {limit} values",
        title: "JSON too large",
        way_out: "Send JSON with at most {limit} values in its arrays and objects.",
        when: "JSON with more values than the limit, at any depth", mark: Ours }
    BodyNotObject { 400, 100, OAuthException, "invalid_request";
        message: "(#100) The request body must be a JSON object - got {got}",
        title: "Body is not an object",
        way_out: "Send an object of settings, such as an empty one.",
        when: "A JSON body that is no object", mark: Ours }
    BodyMalformed { 400, 100, OAuthException, "invalid_request";
        message: "(#100) The request body cannot be read: {reason}",
        title: "Body is malformed",
        way_out: "Send the body whole; of a multipart body check the boundary and the parts.",
        when: "A multipart body that does not parse, or a body that ends too early", mark: Ours }
    TooManyParameters { 400, 100, OAuthException, "invalid_request";
        message: "(#100) The request has more than {limit} parameters",
        title: "Too many parameters",
        way_out: "Send at most {limit} parameters; send call_hours as one JSON text.",
        when: "Query, form or multipart body have more parameters than the limit, together", mark: Ours }
    FieldsSyntax { 400, 2500, OAuthException, "invalid_request";
        message: "Syntax error \"Expected {expected}\" at character {position}: {fields}",
        title: "fields cannot be read",
        way_out: "fields is a list of names with commas between them, with a sub-selection in braces where wanted.",
        when: "fields does not follow its grammar", mark: Seen }
    FieldsWrongType { 400, 100, OAuthException, "invalid_request";
        message: "(#100) Param fields must be a list of field names, separated by commas or as a JSON array of strings - got {got}",
        title: "fields cannot be read",
        way_out: "fields is a list of names with commas between them, or a JSON array of names.",
        when: "fields is neither text nor an array of texts", mark: Ours }
    UnknownFields { 400, 100, OAuthException, "invalid_request";
        message: "(#100) Tried accessing nonexisting field ({fields}) on node type ({node_type})",
        title: "Unknown field",
        way_out: "There are {known}.",
        when: "fields names a field that does not exist", mark: Seen }
    AliasNotSupported { 400, 100, OAuthException, "invalid_request";
        message: "(#100) Unknown fields: {alias}.",
        title: "Alias not supported",
        way_out: "Leave .as(...) out: the fields keep their names here.",
        when: "fields gives a field another name", mark: Documented }
    ParameterInvalid { 400, 100, OAuthException, "invalid_request";
        message: "(#100) Param {violation}",
        title: "Invalid parameter",
        way_out: "Nothing was changed. Mend this and send the request again: {violation}",
        when: "A parameter is not lawful; for an update error_data lists every mistake", mark: Seen }
    PageNotCovered { 403, 200, OAuthException, "insufficient_scope";
        message: "(#200) The access token does not cover the Page {page_id}",
        title: "Page not covered",
        way_out: "Use an access token of this Page, or have one made that covers it.",
        when: "The token does not cover the Page, whether the Page exists or not", mark: Documented }
    ScopeMissing { 403, 230, OAuthException, "insufficient_scope";
        message: "(#230) Requires {scope} permission",
        title: "Permission missing",
        way_out: "Use an access token with the scope {scope}.",
        when: "The token covers the Page but lacks the scope", mark: Seen }
    ObjectMissing { 400, 100 / 33, GraphMethodException, "invalid_request";
        message: "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api",
        title: "Page not found",
        way_out: "There is no Page {id} here; the operator can add it.",
        when: "The Page does not exist, and the token covers all Pages or this one", mark: Seen }
    RevisionMismatch { 412, 100, OAuthException, "invalid_request";
        message: "(#100) The settings have been changed meanwhile: they are at revision {found}",
        title: "Changed meanwhile",
        way_out: "Nothing was changed. Read the settings again and send the update with If-Match: {found}, or without If-Match.",
        when: "If-Match of an update names another revision than the Page has", mark: Ours }
    RevisionNotReached { 412, 100, OAuthException, "invalid_request";
        message: "(#100) The settings are at revision {found} here, and not yet at {least}",
        title: "Not yet seen here",
        way_out: "Send the request again in a moment, or without Pagebell-Revision-At-Least.",
        when: "Pagebell-Revision-At-Least of a read names a later revision than the Page has", mark: Ours }
    BatchTooLarge { 400, 100, GraphBatchException, "invalid_request";
        message: "Too many requests in batch message. Maximum batch size is {limit}",
        title: "Batch too large",
        way_out: "This batch has {count} operations; send at most {limit} at a time.",
        when: "A batch of more operations than allowed; none was run", mark: Seen }
    BatchNotArray { 400, 100, GraphBatchException, "invalid_request";
        message: "(#100) Param batch must be a JSON array of operations - got {got}",
        title: "Batch is no array",
        way_out: "Send batch as a JSON array of objects with method and relative_url.",
        when: "batch is not a JSON array, or an empty one", mark: Ours }
    BatchUnresolved { 400, 100, GraphBatchException, "invalid_request";
        message: "Request {operation} cannot depend on an  unresolved request with  name {name}. Requests can only depend on preceding requests",
        title: "Unresolved dependency",
        way_out: "Give an earlier operation the name {name}, or leave the reference out.",
        when: "An operation refers to a name that no operation before it has; none was run", mark: Seen }
    BatchOperationInvalid { 400, 100, GraphBatchException, "invalid_request";
        message: "(#100) Param batch[{operation}]{violation}",
        title: "Operation cannot be read",
        way_out: "An operation is an object with method and relative_url, and for POST a body.",
        when: "One operation of a batch is malformed; the others are run", mark: Ours }
    BatchDependencyFailed { 400, 100, GraphBatchException, "invalid_request";
        message: "(#100) The operation depends on {name}, which failed or gave no value for {reference}",
        title: "Dependency failed",
        way_out: "See the answer of the operation {name}.",
        when: "The operation that another one refers to failed", mark: Ours }
    BatchAnswerTooLarge { 400, 1, GraphBatchException, "invalid_request";
        message: "Please reduce the amount of data you're asking for, then retry your request",
        title: "Answer too large for a batch",
        way_out: "The operation was run, but the large answers of a batch have {limit} bytes together; ask for this one in a request of its own, or for less.",
        when: "The answer of an operation is over 64 KiB and does not fit into what the batch has left for such answers", mark: Ours }
    InputTokenMissing { 400, 100, OAuthException, "invalid_request";
        message: "(#100) The parameter input_token is required",
        title: "input_token missing",
        way_out: "Send the token to be looked at as input_token.",
        when: "debug_token without input_token", mark: Documented }
    DebugTokenNotAllowed { 403, 200, OAuthException, "insufficient_scope";
        message: "(#200) The access token may not look at this input_token",
        title: "Not your token",
        way_out: "Use the app's own access token (APP_ID|APP_SECRET), a token of the same app, or the token itself.",
        when: "debug_token with a token of another app", mark: Ours }
    ClockNotSteerable { 403, 10, OAuthException, "insufficient_scope";
        message: "(#10) The clock of this server cannot be steered",
        title: "No steerable clock",
        way_out: "Start the server with --dev to freeze, set and advance its clock.",
        when: "/control/clock of a server without --dev", mark: Ours }
    TooManyWaiting { 503, 2, OAuthException, "invalid_request", transient;
        message: "Too many requests of this kind are waiting at the moment",
        title: "Temporarily unavailable",
        way_out: "Nothing was changed; send the request again later.",
        when: "More histories and availabilities of long spans are waiting for their turn than may wait", mark: Ours }
    TooManyUnread { 503, 2, OAuthException, "invalid_request", transient;
        message: "Too many answers are waiting to be read at the moment",
        title: "Temporarily unavailable",
        way_out: "{outcome}",
        when: "The answers that callers have not read yet hold as much memory as they may, in all connections together", mark: Ours }
    StoreUnavailable { 503, 2, OAuthException, "invalid_request", transient;
        message: "An unexpected error has occurred. Please retry your request later.",
        title: "Temporarily unavailable",
        way_out: "The store does not answer. {outcome}",
        when: "The store cannot answer, or the server is stopping", mark: Seen }
    Unknown { 500, 1, OAuthException, "invalid_request", transient;
        message: "An unknown error occurred",
        title: "Server error",
        way_out: "Tell the operator the fbtrace_id.",
        when: "A fault of this server", mark: Seen }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_finds_its_own_entry() {
        for (position, entry) in CATALOGUE.iter().enumerate() {
            assert_eq!(entry.id as usize, position);
            assert_eq!(entry.id.entry().id, entry.id);
        }
    }

    #[test]
    fn every_entry_is_complete() {
        for entry in CATALOGUE {
            assert!((400..600).contains(&entry.status), "{:?}", entry.id);
            assert!(!entry.when.is_empty() && !entry.way_out.is_empty());
            assert_eq!(
                entry.is_transient,
                entry.status >= 500 || entry.status == 408,
                "{:?}",
                entry.id
            );
        }
    }
}
