/*
 * sluice/client.h - send documents to a Flow and get the answers.
 *
 * A client knows one gateway and keeps its connections. sluice_client_post() sends any number of documents, cut into
 * requests, and returns when all are answered; a sluice_stream does the same without blocking: push requests, pull
 * responses. Every request is answered exactly once: by a response, or by the error that ends the call.
 *
 * Threads: a client may be used from any number of threads at once. A stream may be pushed to and pulled from by
 * different threads at once. A response, results and inputs belong to one thread at a time. Callbacks run one after the
 * other in the thread that called post. Do not use a client in a child made by fork() without exec.
 *
 * Memory: what a function returns through a `ret_` argument is the caller's. Options, inputs and everything they point
 * to are only read, and only until the function returns (sluice_stream_open() copies what it keeps).
 *
 * Protocol: that of Jina 3.x gateways, over gRPC, HTTP or WebSocket. docs/client.md is the manual.
 */
#ifndef SLUICE_CLIENT_H
#define SLUICE_CLIENT_H

#include <sluice/document.h>
#include <sluice/error.h>

#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is in use, such as "0.1.0" (sluice/version.h has that of the headers). */
SLUICE_API const char *sluice_version(void);

typedef struct sluice_client sluice_client;
typedef struct sluice_response sluice_response;
typedef struct sluice_results sluice_results;
typedef struct sluice_stream sluice_stream;

/* ------------------------------------------------------------------------------------------------------------------
 * The client
 */

/*
 * Where the gateway is and how to talk to it. Start from sluice_client_options_default(); a zeroed struct means the
 * same.
 *
 * `host` is a name or address ("localhost", "10.0.0.7", "[::1]"), with a port ("localhost:51234"), or a URI
 * ("grpc://localhost:51234", "grpcs://…"; also http, https, ws, wss). What the host already says must not be said again
 * by `port`, `protocol` or `tls`, not even with the same value: SLUICE_INVALID names the first that clashes (port,
 * protocol, tls). An argument counts as said when it is not zero; `port_given` and `tls_given` say 0 and false aloud.
 * What nobody says: host 0.0.0.0 (this machine), protocol grpc, port 443 with TLS and 80 without, no TLS.
 * A `tls_` file or `tls_insecure` for an address without TLS is SLUICE_INVALID. docs/tls.md is the manual.
 */
typedef struct sluice_client_options {
    size_t struct_size; /* set by sluice_client_options_default(); 0 means this version of the struct */

    const char *host;
    int port; /* 0: the default port */
    bool port_given;
    const char *protocol; /* "grpc", "http" or "websocket", in any letter case */
    bool tls;
    bool tls_given;

    int prefetch;            /* requests in flight per post or stream; default 1000, negative: no bound */
    size_t max_message_size; /* bytes of one response; 0: no bound. A larger one fails with SLUICE_LIMIT */

    bool wait_for_ready;          /* wait for a gateway that is not there yet, until the timeout of the call */
    bool proxy;                   /* obey http_proxy and its sisters */
    int keepalive_time_ms;        /* ping an idle connection after this; 0: 9999; negative: never */
    int keepalive_timeout_ms;     /* the connection is broken when a ping is not answered in this time; 0: 4999 */
    int connect_timeout_ms;       /* give up one attempt to connect after this; 0: 20000 */
    int reconnect_backoff_ms;     /* first pause between attempts to connect, then growing; 0: 50 */
    int reconnect_backoff_max_ms; /* 0: 200 */
    const char *user_agent;       /* put before the library's own; NULL: none */

    /* With TLS only. Files are PEM. */
    const char *tls_ca_file;          /* the authorities to trust; NULL: those of the system */
    const char *tls_certificate_file; /* the client's certificate, with the chain to its authority; NULL: none */
    const char *tls_key_file;         /* the key of that certificate; give both or none */
    bool tls_insecure; /* accept any certificate: encrypted, but whoever answers may be anybody. For trials only */

    size_t max_request_size; /* bytes of one request as it is sent; a larger one is refused with SLUICE_TOO_LARGE before
                                anything is sent. 0: 1 GiB, as a gateway takes unless told otherwise */
    int max_connections; /* HTTP, and WebSocket with stream = false: connections at once; more requests wait. 0: 100 */
} sluice_client_options;

static inline sluice_client_options sluice_client_options_default(void)
{
    sluice_client_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

/*
 * Make a client. Nothing is connected yet. NULL options: all defaults. SLUICE_INVALID: the address (see above) or an
 * option; SLUICE_UNIMPLEMENTED: a protocol that this version lacks.
 */
SLUICE_API sluice_status sluice_client_new(const sluice_client_options *options, sluice_client **ret_client,
                                           sluice_error *error);

/* The same with a host or URI alone: sluice_client_open("grpc://localhost:51234", …). */
SLUICE_API sluice_status sluice_client_open(const char *uri, sluice_client **ret_client, sluice_error *error);

/* Streams that are still open keep what they need and may be used and freed later. NULL is fine. */
SLUICE_API void sluice_client_free(sluice_client *client);

/* What the address rules made of the options. The texts live as long as the client. */
typedef struct sluice_address {
    const char *protocol; /* "grpc", "http", "websocket" */
    const char *host;     /* IPv6 without brackets */
    int port;
    bool tls;
} sluice_address;

SLUICE_API sluice_address sluice_client_address(const sluice_client *client);

/* ------------------------------------------------------------------------------------------------------------------
 * Responses
 *
 * What asks a response takes NULL too, which a callback gets when the network failed: nothing failed, everything is empty.
 */

/* Count the references to a response. One that came as a callback's argument is valid during the callback; take a
 * reference to keep it. NULL is fine. */
SLUICE_API sluice_response *sluice_response_ref(sluice_response *response);
SLUICE_API void sluice_response_unref(sluice_response *response);

SLUICE_API sluice_text sluice_response_request_id(const sluice_response *response);
SLUICE_API sluice_text sluice_response_endpoint(const sluice_response *response);        /* "/index" */
SLUICE_API sluice_text sluice_response_target_executor(const sluice_response *response); /* empty: none was given */

/* Did a handler fail? Then code is 1 (3 from gateways before 3.6), and description and exception say what happened. */
SLUICE_API bool sluice_response_failed(const sluice_response *response);
SLUICE_API int sluice_response_code(const sluice_response *response);
SLUICE_API sluice_text sluice_response_description(const sluice_response *response);

typedef struct sluice_exception {
    sluice_text name;     /* class of the exception: "ValueError" */
    sluice_text executor; /* class of the executor: "Encoder" */
    const sluice_text *args;
    size_t arg_count;
    const sluice_text *stacks; /* pieces of the trace, each with its newline */
    size_t stack_count;
} sluice_exception;

SLUICE_API const sluice_exception *sluice_response_exception(const sluice_response *response); /* NULL: there is none */

/* The parameters of the request as they came back, "__results__" among them. NULL (reads as an empty map): none. */
SLUICE_API const sluice_value *sluice_response_parameters(const sluice_response *response);

/* What handlers returned as results, by pod name ("encoder/rep-0"): the map, or the entry of one pod. NULL: none. */
SLUICE_API const sluice_value *sluice_response_results(const sluice_response *response);
SLUICE_API const sluice_value *sluice_response_result(const sluice_response *response, const char *pod);

/* The way of the request: the gateway first, then the executors. Times are UTC nanoseconds since 1970, never negative. */
typedef struct sluice_route {
    sluice_text executor;
    bool started, ended; /* an executor that the request passed by has a start and no end */
    int64_t start_ns, end_ns;
    int code; /* 0: no failure; the rest is empty then */
    sluice_text description;
} sluice_route;

SLUICE_API size_t sluice_response_route_count(const sluice_response *response);
SLUICE_API sluice_route sluice_response_route(const sluice_response *response, size_t index); /* empty beyond the end */

/*
 * The documents, read at the first call. They belong to the response. NULL: they cannot be read, and `error` says why
 * (SLUICE_INVALID, SLUICE_LIMIT, SLUICE_NO_MEMORY); a response without documents gives an empty array.
 */
SLUICE_API sluice_document_array *sluice_response_documents(sluice_response *response, sluice_error *error);

/* The whole message as it was received, a serialized DataRequestProto. */
SLUICE_API sluice_text sluice_response_bytes(const sluice_response *response);

/* ------------------------------------------------------------------------------------------------------------------
 * Inputs: what to send
 */

/*
 * Gives the next document of a generator: sets *ret_document and returns SLUICE_OK, or sets it to NULL at the end. The
 * document must stay as it is until the next call. Any other status ends the post with that error; `error` may be
 * filled to say why. Called in the thread of the post, only when there is room for another request.
 */
typedef sluice_status sluice_generator(void *context, const sluice_document **ret_document, sluice_error *error);

typedef enum sluice_inputs_kind {
    SLUICE_INPUTS_NONE = 0,
    SLUICE_INPUTS_DOCUMENT,
    SLUICE_INPUTS_ARRAY,
    SLUICE_INPUTS_LIST,
    SLUICE_INPUTS_GENERATOR,
    SLUICE_INPUTS_TEXTS,
    SLUICE_INPUTS_BLOBS,
    SLUICE_INPUTS_TENSORS,
    SLUICE_INPUTS_ROWS
} sluice_inputs_kind;

/* Made by the functions below. */
typedef struct sluice_inputs {
    sluice_inputs_kind kind;
    const void *items;
    size_t count;
    sluice_generator *next;
    void *context;
} sluice_inputs;

static inline sluice_inputs sluice_inputs_of(sluice_inputs_kind kind, const void *items, size_t count)
{
    sluice_inputs inputs;
    memset(&inputs, 0, sizeof inputs);
    inputs.kind = kind;
    inputs.items = items;
    inputs.count = count;
    return inputs;
}

/* One request without documents: only the endpoint and the parameters. */
static inline sluice_inputs sluice_inputs_none(void)
{
    return sluice_inputs_of(SLUICE_INPUTS_NONE, NULL, 0);
}

static inline sluice_inputs sluice_inputs_document(const sluice_document *document)
{
    return sluice_inputs_of(SLUICE_INPUTS_DOCUMENT, document, 1);
}

/* All documents of an array. Of an empty array: one request with an empty list of documents. */
static inline sluice_inputs sluice_inputs_array(const sluice_document_array *array)
{
    return sluice_inputs_of(SLUICE_INPUTS_ARRAY, array, 0);
}

/* Documents one by one, of any arrays. None: as for an empty array. */
static inline sluice_inputs sluice_inputs_list(const sluice_document *const *documents, size_t count)
{
    return sluice_inputs_of(SLUICE_INPUTS_LIST, documents, count);
}

/* A generator that gives no document sends no request. */
static inline sluice_inputs sluice_inputs_generator(sluice_generator *next, void *context)
{
    sluice_inputs inputs = sluice_inputs_of(SLUICE_INPUTS_GENERATOR, NULL, 0);
    inputs.next = next;
    inputs.context = context;
    return inputs;
}

/* Content: each item becomes a document with a new random id. */
static inline sluice_inputs sluice_inputs_texts(const sluice_text *texts, size_t count)
{
    return sluice_inputs_of(SLUICE_INPUTS_TEXTS, texts, count);
}

static inline sluice_inputs sluice_inputs_blobs(const sluice_text *blobs, size_t count)
{
    return sluice_inputs_of(SLUICE_INPUTS_BLOBS, blobs, count);
}

static inline sluice_inputs sluice_inputs_tensors(const sluice_tensor *tensors, size_t count)
{
    return sluice_inputs_of(SLUICE_INPUTS_TENSORS, tensors, count);
}

/* One array cut along its first axis: each row becomes a document with the row as its tensor. */
static inline sluice_inputs sluice_inputs_rows(const sluice_tensor *tensor)
{
    return sluice_inputs_of(SLUICE_INPUTS_ROWS, tensor, 1);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Options of a call
 */

/*
 * Called once per response, as it comes, in the thread of the post. `response` is valid during the call. Returning
 * anything but 0 is a failure of the callback: the post ends with SLUICE_CALLBACK, whose text names the callback (with
 * `continue_on_error` it is logged and the post goes on).
 *
 * A response without failure goes to on_done, one with a failure to on_error with SLUICE_EXECUTOR; then each goes to
 * on_always, even when the callback before failed. When the network fails, on_error and on_always are called once with
 * a NULL response, and the post returns the error.
 */
typedef int sluice_done_callback(sluice_response *response, void *context);
typedef int sluice_error_callback(sluice_response *response, const sluice_error *error, void *context);

/* A pair of call metadata. Keys in lower case; a key that ends in "-bin" takes any bytes. */
typedef struct sluice_metadata {
    const char *key;
    const char *value;
    size_t value_size; /* 0: value is a C string */
} sluice_metadata;

/* Always start from sluice_post_options_default(): the defaults are not zero. */
typedef struct sluice_post_options {
    size_t struct_size;

    const sluice_value *parameters; /* a map for the executors; NULL: none */
    const char *target_executor;    /* regular expression, matched at the start of executor names; NULL or "": all */
    int64_t request_size;           /* documents per request, default 100; 0 or less: all in one request */

    sluice_done_callback *on_done;
    sluice_error_callback *on_error;
    sluice_done_callback *on_always;
    void *context; /* given to the callbacks */

    bool continue_on_error; /* log failed responses and callbacks and go on; a network failure still ends the post */
    bool return_responses;  /* results are responses, not documents */
    bool results_in_order;  /* answers in the order of the requests, not as they come */

    bool stream;  /* default true: one stream for all requests; false: one call per request, as HTTP always has */
    int prefetch; /* requests in flight, asked of the gateway too; 0: the client's, not asked; negative: no bound */
    double timeout_seconds;  /* for the whole stream, or with stream = false for each request; 0: none */
    const char *compression; /* of what is sent: "Gzip", "Deflate", "NoCompression", in any letter case; NULL: none */
    const sluice_metadata *metadata;
    size_t metadata_count;

    /* The first pause is `initial`; then each is random, below initial * multiplier^(n-1) and below the maximum. */
    int max_attempts;               /* default 1: no retry. A stream is tried again only while no answer has come */
    double initial_backoff_seconds; /* default 0.5 */
    double max_backoff_seconds;     /* default 2 */
    double backoff_multiplier;      /* default 1.5 */
    bool retry_timeout;  /* try again also what may have been run: DEADLINE_EXCEEDED (4), WebSocket's close 1011 */
    bool retry_internal; /* try again also on INTERNAL (13) */

    bool show_progress;  /* a progress bar on stderr */
    uint64_t total_docs; /* how many documents a generator will give, for the bar; 0: unknown */
} sluice_post_options;

static inline sluice_post_options sluice_post_options_default(void)
{
    sluice_post_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.request_size = 100;
    options.stream = true;
    options.max_attempts = 1;
    options.initial_backoff_seconds = 0.5;
    options.max_backoff_seconds = 2;
    options.backoff_multiplier = 1.5;
    return options;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Post
 */

/*
 * Send `inputs` to the endpoint `on` and wait for all answers. NULL options: the defaults.
 *
 * `ret_results` may be NULL when nobody wants them. Else *ret_results is always set, on failure too, to something for
 * sluice_results_free(): NULL when on_done or on_always is given; otherwise what has come, in order of delivery.
 *
 * Errors: SLUICE_EXECUTOR, a handler failed and there is neither on_error nor continue_on_error (the response is
 * sluice_results_failure()); SLUICE_CALLBACK; SLUICE_INVALID, bad inputs, options or an answer that cannot be read;
 * a generator's own status; and from the network SLUICE_UNAVAILABLE, SLUICE_TIMEOUT, SLUICE_LIMIT, SLUICE_CANCELLED and
 * what else the gateway's status code stands for. The text of a network failure lists requests without an answer.
 */
SLUICE_API sluice_status sluice_client_post(sluice_client *client, const char *on, sluice_inputs inputs,
                                            const sluice_post_options *options, sluice_results **ret_results,
                                            sluice_error *error);

/* sluice_client_post() to "/index", "/search", "/update", "/delete". */
SLUICE_API sluice_status sluice_client_index(sluice_client *client, sluice_inputs inputs,
                                             const sluice_post_options *options, sluice_results **ret_results,
                                             sluice_error *error);
SLUICE_API sluice_status sluice_client_search(sluice_client *client, sluice_inputs inputs,
                                              const sluice_post_options *options, sluice_results **ret_results,
                                              sluice_error *error);
SLUICE_API sluice_status sluice_client_update(sluice_client *client, sluice_inputs inputs,
                                              const sluice_post_options *options, sluice_results **ret_results,
                                              sluice_error *error);
SLUICE_API sluice_status sluice_client_delete(sluice_client *client, sluice_inputs inputs,
                                              const sluice_post_options *options, sluice_results **ret_results,
                                              sluice_error *error);

/* Build the first request and throw it away: SLUICE_OK when these inputs and options can be sent. Sends nothing; takes the documents
 * of one request out of a generator. Errors as of sluice_client_post() before anything is sent. */
SLUICE_API sluice_status sluice_client_check_inputs(sluice_client *client, const char *on, sluice_inputs inputs,
                                                    const sluice_post_options *options, sluice_error *error);

/* The documents of all responses, those of failed ones included, duplicates kept; an empty array with return_responses.
 * They belong to the results. NULL results give NULL. */
SLUICE_API sluice_document_array *sluice_results_documents(const sluice_results *results);

/* The responses, with return_responses. They belong to the results. */
SLUICE_API size_t sluice_results_response_count(const sluice_results *results);
SLUICE_API sluice_response *sluice_results_response(const sluice_results *results,
                                                    size_t index); /* NULL beyond the end */

/* The response that ended the post with SLUICE_EXECUTOR, with return_responses or not; otherwise NULL. */
SLUICE_API sluice_response *sluice_results_failure(const sluice_results *results);

/* Take the documents out, to be freed with sluice_document_array_free(); the results then have none. */
SLUICE_API sluice_document_array *sluice_results_take_documents(sluice_results *results);

SLUICE_API void sluice_results_free(sluice_results *results); /* NULL is fine */

/* ------------------------------------------------------------------------------------------------------------------
 * The asynchronous form
 *
 * A stream has a window of `prefetch` requests: one counts from its push until its outcome has been pulled, so a
 * program that does not pull cannot push for ever, and memory stays bounded. Of the options, the callbacks,
 * continue_on_error, return_responses, show_progress and total_docs have no meaning here.
 */

/*
 * Open a stream of requests to the endpoint `on`. NULL options: the defaults. SLUICE_INVALID: the endpoint or an option. Whether the
 * gateway is there is not known yet: what the network says is pulled.
 */
SLUICE_API sluice_status sluice_stream_open(sluice_client *client, const char *on, const sluice_post_options *options,
                                            sluice_stream **ret_stream, sluice_error *error);

/* Cancels what is not finished. NULL is fine. No other thread may be inside a function of this stream. */
SLUICE_API void sluice_stream_free(sluice_stream *stream);

/* One request. What is NULL is taken from sluice_stream_open(). */
typedef struct sluice_request {
    const sluice_document_array *documents; /* NULL: no documents (one request without `data`) */
    const sluice_value *parameters;
    const char *on;
    const char *target_executor;
    const char *id; /* NULL: a new random one */
} sluice_request;

#define SLUICE_REQUEST_ID_SIZE 32

/*
 * Push one request. `timeout_seconds`: how long to wait for room in the window; 0: not at all, negative: without end
 * (only sensible when another thread pulls). SLUICE_LIMIT: the window is full, nothing was pushed; SLUICE_INVALID: a
 * bad request, nothing was pushed; SLUICE_CANCELLED: the input was finished, or the stream is over: pull it to learn
 * why. `ret_id` may be NULL; it gets the id (then an id of its own may have SLUICE_REQUEST_ID_SIZE bytes at most).
 */
SLUICE_API sluice_status sluice_stream_push(sluice_stream *stream, const sluice_request *request,
                                            double timeout_seconds, char ret_id[SLUICE_REQUEST_ID_SIZE + 1],
                                            sluice_error *error);

/*
 * Push one document; it is copied, and a request is sent when request_size documents are together (never, when that is
 * 0 or less: sluice_stream_finish() sends it). Errors as above; SLUICE_LIMIT says that this document would fill a
 * request and the window is full: it was not taken.
 */
SLUICE_API sluice_status sluice_stream_push_document(sluice_stream *stream, const sluice_document *document,
                                                     double timeout_seconds, sluice_error *error);

/* Send the documents that sluice_stream_push_document() still holds as a request. SLUICE_LIMIT: the window is full. */
SLUICE_API sluice_status sluice_stream_flush(sluice_stream *stream, double timeout_seconds, sluice_error *error);

/* No more input. Documents still held are sent as soon as the window has room. */
SLUICE_API sluice_status sluice_stream_finish(sluice_stream *stream, sluice_error *error);

/* Is there room in the window? Room only ever comes by pulling. */
SLUICE_API bool sluice_stream_has_room(sluice_stream *stream);

typedef enum sluice_pulled {
    SLUICE_PULLED_RESPONSE = 0, /* *ret_response is the caller's: sluice_response_unref(); it may be a failed one */
    SLUICE_PULLED_NOTHING = 1,  /* nothing within the time given */
    SLUICE_PULLED_END = 2,      /* the input is finished and every request was answered */
    SLUICE_PULLED_FAILED = 3 /* the stream is over; `error` says why, sluice_stream_unanswered() which got no answer */
} sluice_pulled;

/* The next response. `timeout_seconds`: 0: do not wait, negative: wait without end. After _END or _FAILED each further
 * call gives the same. */
SLUICE_API sluice_pulled sluice_stream_pull(sluice_stream *stream, double timeout_seconds,
                                            sluice_response **ret_response, sluice_error *error);

/*
 * For poll() or epoll, level-triggered: readable (POLLIN) exactly while sluice_stream_pull() would not give _NOTHING, so
 * also for ever after the end. One descriptor for the stream's life, made at the first call; only wait on it, it belongs
 * to the stream. -1: none could be made (errno). Any thread.
 */
SLUICE_API int sluice_stream_fd(sluice_stream *stream);

/* Give up: what is not answered will not be; pulling ends with SLUICE_CANCELLED. Any thread. */
SLUICE_API void sluice_stream_cancel(sluice_stream *stream);

/* After _FAILED: the ids of the requests that got no answer, in the order of pushing. Empty text beyond the end. */
SLUICE_API size_t sluice_stream_unanswered_count(sluice_stream *stream);
SLUICE_API sluice_text sluice_stream_unanswered(sluice_stream *stream, size_t index);

/* ------------------------------------------------------------------------------------------------------------------
 * GraphQL: mutations and queries
 *
 * They go to /graphql of the same host and port over HTTP, whatever the client's own protocol. The gateway must serve HTTP
 * there, with its GraphQL endpoint switched on (`expose_graphql_endpoint`).
 */

typedef struct sluice_mutate_options {
    size_t struct_size;

    const char *variables_json;    /* a JSON object, sent as it is; NULL: none */
    const sluice_value *variables; /* the same as a map; give one of the two */
    const char *operation_name;    /* which operation of the text; NULL: its only one */
    double timeout_seconds;        /* 0: none */
    const sluice_metadata *headers;
    size_t header_count;
} sluice_mutate_options;

static inline sluice_mutate_options sluice_mutate_options_default(void)
{
    sluice_mutate_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

typedef struct sluice_mutation sluice_mutation;

/*
 * Send a GraphQL document (a mutation or a query) and wait for the answer. NULL options: the defaults.
 *
 * *ret_answer is the answer that came, for sluice_mutation_free(), or NULL. It is set too when the answer holds errors: then
 * the text has all their messages, and the status is SLUICE_INVALID when the document was refused (no error has a path) and
 * SLUICE_EXECUTOR when its execution failed. Other errors: SLUICE_NOT_FOUND, the gateway has no GraphQL endpoint;
 * SLUICE_INVALID, bad variables, or an answer that is none; and those of the network. Nothing is sent twice.
 */
SLUICE_API sluice_status sluice_client_mutate(sluice_client *client, const char *mutation,
                                              const sluice_mutate_options *options, sluice_mutation **ret_answer,
                                              sluice_error *error);

/* The answer as it came: a JSON object with `data` and perhaps `errors`. Followed by a NUL. */
SLUICE_API sluice_text sluice_mutation_json(const sluice_mutation *answer);

/* The headers of the answer, in the order in which they came; empty texts beyond the end. */
typedef struct sluice_header {
    sluice_text name;
    sluice_text value;
} sluice_header;

SLUICE_API size_t sluice_mutation_header_count(const sluice_mutation *answer);
SLUICE_API sluice_header sluice_mutation_header_at(const sluice_mutation *answer, size_t index);
SLUICE_API sluice_text sluice_mutation_header(const sluice_mutation *answer, const char *name); /* in any letter case */

SLUICE_API void sluice_mutation_free(sluice_mutation *answer); /* NULL is fine */

/* ------------------------------------------------------------------------------------------------------------------
 * Is it there, what is it, how fast is it
 */

/* Ask the gateway for a dry run through all executors (Jina's is_flow_ready). SLUICE_OK: ready. Any other: it is not,
 * and `error` says why; SLUICE_EXECUTOR when the gateway answered that it is not. `timeout_seconds` 0: none. */
SLUICE_API sluice_status sluice_client_is_flow_ready(sluice_client *client, double timeout_seconds,
                                                     sluice_error *error);

typedef enum sluice_health {
    SLUICE_HEALTH_UNKNOWN = 0,
    SLUICE_HEALTH_SERVING = 1,
    SLUICE_HEALTH_NOT_SERVING = 2
} sluice_health;

/* Over gRPC: grpc.health.v1 Check of a service ("" or NULL: the whole server); of a gateway or of an executor that listens on
 * gRPC. SLUICE_NOT_FOUND: it does not know this service; SLUICE_UNIMPLEMENTED: it has no health service. Over
 * HTTP: whether the root page answers; only for the whole server. */
SLUICE_API sluice_status sluice_client_health(sluice_client *client, const char *service, double timeout_seconds,
                                              sluice_health *ret_health, sluice_error *error);

/* What the server says about itself: a map with "jina" and "envs"; sluice_value_free(). */
SLUICE_API sluice_status sluice_client_info(sluice_client *client, double timeout_seconds, sluice_value **ret_info,
                                            sluice_error *error);

/* How the time of one request with one empty document to "/" divides; milliseconds. */
typedef struct sluice_profile_executor {
    char *name;
    double ms;
} sluice_profile_executor;

typedef struct sluice_profile {
    double roundtrip_ms;                 /* as seen from here */
    double client_server_network_ms;     /* roundtrip - server */
    double server_ms;                    /* in the gateway, from its route */
    double gateway_executors_network_ms; /* server - all executors; below 0 when executors ran side by side */
    sluice_profile_executor *executors;
    size_t executor_count;
} sluice_profile;

SLUICE_API sluice_status sluice_client_profile(sluice_client *client, const sluice_post_options *options,
                                               sluice_profile *ret_profile, sluice_error *error);
SLUICE_API void sluice_profile_done(sluice_profile *profile);
SLUICE_API void sluice_profile_print(const sluice_profile *profile, FILE *file); /* as a tree, with percentages */

/* The routes of a response as a table: executor, milliseconds since the first start, duration, failure. */
SLUICE_API void sluice_response_print_routes(const sluice_response *response, FILE *file);

#ifdef __cplusplus
}
#endif

#endif
