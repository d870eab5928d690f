/* golden.h - recordings of HTTP and WebSocket for tests: files, JSON nodes, comparison of JSON values. */
#ifndef SLUICE_TESTS_JSON_GOLDEN_H
#define SLUICE_TESTS_JSON_GOLDEN_H

#include "common/foundation/arena.h"
#include "common/foundation/buffer.h"
#include "common/json/tree.h"

#define GOLDEN_HTTP      "tests/golden/http/"
#define GOLDEN_WEBSOCKET "tests/golden/websocket/"

/* Everything lives in `arena`; a failure ends the test. */
sluice_text golden_file(struct arena *arena, const char *folder, const char *name);
const struct json_node *golden_json(struct arena *arena, sluice_text text);

/* Calls `visit` with each file of a folder whose name ends with `suffix`, in no order. Returns how many. */
size_t golden_each(const char *folder, const char *suffix, void (*visit)(struct arena *arena, const char *name));

/* Bytes after the head of a recorded HTTP message. */
sluice_text golden_body(sluice_text message);

/* A member that is text; the empty text when it is missing. */
sluice_text golden_text(const struct json_node *object, const char *key);

/* Equal values, objects without regard to order? When not, `*ret_where` is a key near the difference. */
bool golden_equal(const struct json_node *a, const struct json_node *b, sluice_text *ret_where);

#endif
