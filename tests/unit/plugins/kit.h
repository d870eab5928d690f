/*
 * kit.h - what the tests of plugins share: load the real .so, open it in the test kit, send texts, look at the answer.
 *
 * Every function fails the running test when something is not as it should be. Plugins stay loaded until the process ends.
 */
#ifndef SLUICE_TESTS_PLUGINS_KIT_H
#define SLUICE_TESTS_PLUGINS_KIT_H

#include <sluice/testkit.h>

struct kit {
    sluice_testkit *kit;
    sluice_document_array *sent, *answer; /* of the last post */
    sluice_status status;
    sluice_error error;
};

/* The table of a plugin: "echo" that ships, "tests/plugins/rogue" below the build. */
const sluice_plugin *kit_plugin(const char *name);

void kit_open(struct kit *kit, const char *plugin, const char *uses_with);
void kit_close(struct kit *kit);

/* Opening fails with a text that holds `words`. */
void kit_refused(const char *plugin, const char *uses_with, const char *words);

/* Begin a new set of documents to send, add one, send them. The ids are d0, d1, … */
void kit_begin(struct kit *kit);
sluice_document *kit_add(struct kit *kit, const void *text, size_t size);
void kit_send(struct kit *kit, const char *endpoint, const char *parameters);

/* All at once, with one text or none (NULL). */
void kit_post(struct kit *kit, const char *endpoint, const char *parameters, const char *text);

/* The last post went well; document `index` of its answer. */
sluice_document *kit_document(struct kit *kit, size_t index);
void kit_text_is(struct kit *kit, size_t index, const char *text);

/* The last post failed with this description, and the documents came back as they were sent. */
void kit_failed(struct kit *kit, const char *description);

/* A text equals these bytes. */
void kit_equal(sluice_text text, const void *data, size_t size);

/* Post in a child process: how that ended, as waitpid() tells. 0: the handler returned. Ended by SIGKILL after `limit_ms`. */
int kit_post_in_child(struct kit *kit, const char *endpoint, const char *parameters, int limit_ms);

/* Did the process die of this signal? A sanitizer reports a bad access and aborts. */
bool kit_died_of(int wait_status, int signal);

/* Run a test case as a program: its exit status. */
struct TCase;
int kit_run(const char *name, struct TCase *tests);

#endif
