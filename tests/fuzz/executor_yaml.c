/*
 * The YAML file of an executor, named by `uses` in a Flow: any bytes in its place. The first byte chooses what else the
 * Flow says of that executor, and whether the plugin that is found describes its parameters.
 */
#include "common/flow/description.h"
#include "tests/fuzz/flow_check.h"
#include "tests/fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DESCRIBED_BIT = 1, FLOWS_SHIFT = 1 };

static const char *const flows[] = {
    "jtype: Flow\nexecutors:\n- {name: a, uses: exec/a.yml}\n",
    "jtype: Flow\nexecutors:\n- {name: a, uses: exec/a.yml, uses_with: {label: x}, uses_metas: {name: m}, "
    "uses_requests: {/i: tag}}\n",
    "jtype: Flow\nexecutors:\n- {name: a, uses: exec/a.yml}\n- {name: b, uses: exec/a.yml, uses_with: {delay_ms: "
    "'7'}}\n",
    "jtype: Flow\nworkspace: w\nexecutors:\n- {name: a, uses: exec/a.yml, workspace: v, env: {K: v}}\n",
};
static const char *const environment[] = {"A=1", "H=host", "L=[a,2]", "Q='5'", "E=", NULL};

static const char described[] =
    "{\"name\": \"tagger\", \"handlers\": [{\"name\": \"tag\", \"endpoint\": \"/default\"}, {\"name\": \"other\"}], "
    "\"parameters\": [{\"name\": \"label\", \"type\": \"string\", \"fallback\": null}, "
    "{\"name\": \"delay_ms\", \"type\": \"integer\", \"fallback\": \"0\", \"minimum\": 0, \"maximum\": 1000}, "
    "{\"name\": \"mode\", \"type\": \"string\", \"fallback\": \"\\\"fast\\\"\", \"choices\": [\"fast\", \"good\"]}, "
    "{\"name\": \"words\", \"type\": \"list\", \"fallback\": \"[1]\"}, {\"name\": \"set\", \"type\": \"map\"}, "
    "{\"name\": \"what\", \"type\": \"any\", \"fallback\": \"null\"}]}";
static const char undescribed[] = "{\"name\": \"free\", \"handlers\": [{\"name\": \"tag\"}], \"parameters\": null}";

struct world {
    const uint8_t *data; /* of the executor's file */
    size_t size;
    sluice_value *description;
};

static sluice_status read_file(void *context, const char *path, struct arena *arena, const char **ret_text,
                               size_t *ret_size, sluice_error *error)
{
    const struct world *world = context;
    if (strcmp(path, "/flows/exec/a.yml") != 0)
        return sluice_fail(error, SLUICE_NOT_FOUND, path, "cannot open: No such file or directory");
    *ret_text = arena_text_of(arena, (const char *)world->data, world->size);
    *ret_size = world->size;
    return *ret_text != NULL ? SLUICE_OK : SLUICE_NO_MEMORY;
}

static sluice_status find_plugin(void *context, const char *name, const char *folder, struct arena *arena,
                                 const char **ret_path, sluice_error *error)
{
    (void)context;
    (void)folder;
    if (name[0] == 'x') /* there is one that is not found */
        return sluice_fail(error, SLUICE_NOT_FOUND, name, "there is no plugin \"%s\"", name);
    *ret_path = arena_printf(arena, "/plugins/%s", name);
    return *ret_path != NULL ? SLUICE_OK : SLUICE_NO_MEMORY;
}

static sluice_status describe(void *context, const char *path, const sluice_value **ret_description,
                              sluice_error *error)
{
    const struct world *world = context;
    (void)path;
    (void)error;
    *ret_description = world->description;
    return SLUICE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct world world = {.data = data + 1, .size = size - 1};
    const char *text = (data[0] & DESCRIBED_BIT) != 0 ? described : undescribed;
    require(description_from_text(text, strlen(text), &world.description, NULL) == SLUICE_OK);
    const struct flow_source source = {
        .read_file = read_file, .find_plugin = find_plugin, .describe = describe, .context = &world};
    const struct flow_options options = {.file = "/flows/f.yml", .environment = environment};
    const char *flow = flows[(data[0] >> FLOWS_SHIFT) % (sizeof flows / sizeof flows[0])];
    flow_check_load(flow, strlen(flow), &options, &source);
    sluice_value_free(world.description);
    return 0;
}
