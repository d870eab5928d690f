/*
 * post_output.h - what `sluice post` prints: documents or whole responses as JSON Lines, and a summary of the call.
 */
#ifndef SLUICE_TOOLS_POST_OUTPUT_H
#define SLUICE_TOOLS_POST_OUTPUT_H

#include <sluice/client.h>

enum { POST_EXECUTORS_MAX = 256 };

/* Sums over all responses. */
struct post_summary {
    unsigned long long responses, failed, documents, bytes;
    struct post_time {
        char *name; /* of the executor; the first is the gateway */
        double ns;
    } times[POST_EXECUTORS_MAX];
    size_t time_count;
};

/*
 * Print the documents of a response, one per line. SLUICE_CANCELLED when the reader of a pipe has gone, SLUICE_SYSTEM when
 * the stream does not take them for another reason.
 */
sluice_status post_print_documents(sluice_response *response, FILE *stream, sluice_error *error);

/* Print the whole response as one line of JSON, with the names that Jina's HTTP gateway uses. */
sluice_status post_print_response(sluice_response *response, FILE *stream, sluice_error *error);

void post_summary_add(struct post_summary *summary, const sluice_response *response);
void post_summary_done(struct post_summary *summary);

/* `sent`: documents and bytes of the inputs. */
void post_summary_print(const struct post_summary *summary, unsigned long long sent, unsigned long long sent_bytes,
                        double seconds, FILE *stream);

#endif
