/*
 * fault.c - an executor that misbehaves on request, for people who test clients. See docs/plugins/fault.md.
 *
 * Each call, in this order: wait, crash, fail, or give a wrong answer. Every setting comes from uses_with and may be
 * given anew in the parameters of a request. What is left to chance is drawn from the seed and the number of the call,
 * not from a generator with a state: workers then need no lock, and call 17 of a seed always meets the same fate.
 */
#include <sluice/executor.h>

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define NS_PER_MS     1e6
#define NAME_MAX_SIZE 127 /* bytes of a failure's class name */
#define SEED_MAX      ((double)(1ll << 53))

enum crash { CRASH_NONE, CRASH_SEGV, CRASH_ABORT, CRASH_EXIT, CRASH_HANG };
static const char *const crash_names[] = {"none", "segv", "abort", "exit", "hang", NULL};

enum wrong {
    WRONG_NONE,
    WRONG_DROP,
    WRONG_DUPLICATE,
    WRONG_REVERSE,
    WRONG_EMPTY,
    WRONG_IDS,
    WRONG_GARBAGE,
    WRONG_STATUS
};
static const char *const wrong_names[] = {"none", "drop",    "duplicate", "reverse", "empty",
                                          "ids",  "garbage", "status",    NULL};

/* What may differ from request to request. Texts point into the parameters they were read from. */
struct faults {
    double delay_ms, jitter_ms, error_rate;
    double crash_after;
    sluice_text error_name, error_text;
    enum crash crash;
    enum wrong wrong;
};

struct fault {
    struct faults usual; /* from uses_with */
    uint64_t seed;
    atomic_uint_fast64_t calls; /* begun so far */
};

/* ---- settings ---- */

struct number_setting {
    const char *name;
    size_t offset; /* of a double in struct faults */
    double minimum, maximum;
};

#define DELAY_MAX_MS 3600e3
#define CALLS_MAX    1e15

static const struct number_setting number_settings[] = {
    {"delay_ms",    offsetof(struct faults, delay_ms),    0, DELAY_MAX_MS},
    {"jitter_ms",   offsetof(struct faults, jitter_ms),   0, DELAY_MAX_MS},
    {"error_rate",  offsetof(struct faults, error_rate),  0, 1           },
    {"crash_after", offsetof(struct faults, crash_after), 0, CALLS_MAX   },
};
#define NUMBER_SETTINGS (sizeof(number_settings) / sizeof(number_settings[0]))

static int choice_index(const char *const *names, sluice_text name)
{
    for (int i = 0; names[i] != NULL; i++)
        if (sluice_text_is(name, names[i]))
            return i;
    return -1;
}

static sluice_status read_number(const sluice_value *map, const struct number_setting *setting, struct faults *faults,
                                 sluice_error *error)
{
    const sluice_value *value = sluice_value_get(map, setting->name);
    if (value == NULL)
        return SLUICE_OK;
    double number = sluice_value_number(value, -1);
    if (!(number >= setting->minimum && number <= setting->maximum))
        return sluice_fail(error, SLUICE_INVALID, "fault", "%s must be a number from %g to %g", setting->name,
                           setting->minimum, setting->maximum);
    *(double *)((char *)faults + setting->offset) = number;
    return SLUICE_OK;
}

static sluice_status read_choice(const sluice_value *map, const char *key, const char *const *names, int *index,
                                 sluice_error *error)
{
    const sluice_value *value = sluice_value_get(map, key);
    if (value == NULL)
        return SLUICE_OK;
    int found = choice_index(names, sluice_value_string(value));
    if (found < 0) {
        char list[128] = "";
        for (int i = 0; names[i] != NULL; i++) {
            size_t used = strlen(list);
            snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ", names[i]);
        }
        return sluice_fail(error, SLUICE_INVALID, "fault", "%s must be one of %s", key, list);
    }
    *index = found;
    return SLUICE_OK;
}

static sluice_status read_text(const sluice_value *map, const char *key, sluice_text *text, sluice_error *error)
{
    const sluice_value *value = sluice_value_get(map, key);
    if (value == NULL)
        return SLUICE_OK;
    if (sluice_value_kind_of(value) != SLUICE_VALUE_STRING)
        return sluice_fail(error, SLUICE_INVALID, "fault", "%s must be a string", key);
    *text = sluice_value_string(value);
    return SLUICE_OK;
}

/* Take over what `map` has; the rest of `faults` stays. */
static sluice_status read_faults(const sluice_value *map, struct faults *faults, sluice_error *error)
{
    int crash = (int)faults->crash, wrong = (int)faults->wrong;
    sluice_status status = SLUICE_OK;

    for (size_t i = 0; i < NUMBER_SETTINGS && status == SLUICE_OK; i++)
        status = read_number(map, &number_settings[i], faults, error);
    if (status == SLUICE_OK)
        status = read_choice(map, "crash", crash_names, &crash, error);
    if (status == SLUICE_OK)
        status = read_choice(map, "wrong", wrong_names, &wrong, error);
    if (status == SLUICE_OK)
        status = read_text(map, "error_text", &faults->error_text, error);
    if (status == SLUICE_OK)
        status = read_text(map, "error_name", &faults->error_name, error);
    sluice_text name = faults->error_name;
    if (status == SLUICE_OK &&
        (name.size == 0 || name.size > NAME_MAX_SIZE || memchr(name.data, '\0', name.size) != NULL))
        status = sluice_fail(error, SLUICE_INVALID, "fault", "error_name must have 1 to %d bytes, none of them NUL",
                             NAME_MAX_SIZE);
    faults->crash = (enum crash)crash;
    faults->wrong = (enum wrong)wrong;
    return status;
}

static sluice_status fault_open(const sluice_host *host, const sluice_value *parameters, void **ret_executor,
                                sluice_error *error)
{
    struct fault *fault = calloc(1, sizeof(*fault));
    if (fault == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "fault", "no memory");
    fault->usual.error_text = sluice_text_of("");
    fault->usual.error_name = sluice_text_of("RuntimeError");
    sluice_status status = read_faults(parameters, &fault->usual, error);
    if (status != SLUICE_OK) {
        free(fault);
        return status;
    }
    uint32_t chance = 0;
    if (sluice_value_get(parameters, "seed") != NULL)
        fault->seed = (uint64_t)sluice_value_number(sluice_value_get(parameters, "seed"), 0);
    else if (getrandom(&chance, sizeof(chance), 0) == (ssize_t)sizeof(chance))
        fault->seed = chance;
    host->log(host, SLUICE_LOG_INFO, "faults are drawn with seed: %" PRIu64, fault->seed);
    *ret_executor = fault;
    return SLUICE_OK;
}

/* ---- chance ---- */

/* A number in [0, 1) for the `draw`th question of the `number`th call (SplitMix64, Steele, Lea and Flood, 2014). */
static double chance(const struct fault *fault, uint64_t number, uint64_t draw)
{
    uint64_t z = fault->seed * UINT64_C(0xD1B54A32D192ED03) + (number * 2 + draw + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return (double)(z >> 11) / (double)(UINT64_C(1) << 53);
}

enum { DRAW_DELAY = 0, DRAW_ERROR = 1 };

/* ---- the faults ---- */

/* Does not return, unless the system has no memory to crash on. */
static sluice_status crash_now(enum crash crash)
{
    switch (crash) {
    case CRASH_NONE: return SLUICE_OK;
    case CRASH_SEGV: { /* a real access to a page that allows none, so that the report has an address */
        volatile char *page = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED)
            return SLUICE_NO_MEMORY;
        page[0] = 1;
        return SLUICE_INTERNAL;
    }
    case CRASH_ABORT: abort();
    case CRASH_EXIT: _exit(0);
    case CRASH_HANG: /* deaf to cancel and deadline: only the supervisor ends it */
        for (;;)
            pause();
    }
    return SLUICE_INTERNAL;
}

static sluice_status fail_now(sluice_call *call, const struct faults *faults)
{
    char name[NAME_MAX_SIZE + 1];
    memcpy(name, faults->error_name.data, faults->error_name.size);
    name[faults->error_name.size] = '\0';
    return sluice_call_fail_with(call, name, &faults->error_text, 1, NULL);
}

static sluice_status copy_reversed(const sluice_document_array *from, sluice_document_array *to)
{
    for (size_t i = sluice_document_array_size(from); i-- > 0;)
        if (sluice_document_array_append_copy(to, sluice_document_array_at(from, i)) == NULL)
            return SLUICE_NO_MEMORY;
    return SLUICE_OK;
}

static sluice_status reverse(sluice_document_array *documents)
{
    sluice_document_array *reversed = sluice_document_array_new();
    if (reversed == NULL)
        return SLUICE_NO_MEMORY;
    sluice_status status = copy_reversed(documents, reversed);
    if (status == SLUICE_OK) {
        sluice_document_array_clear(documents);
        status = sluice_document_array_extend(documents, reversed);
    }
    sluice_document_array_free(reversed);
    return status;
}

static sluice_status duplicate(sluice_document_array *documents)
{
    size_t size = sluice_document_array_size(documents);
    for (size_t i = 0; i < size; i++)
        if (sluice_document_array_append_copy(documents, sluice_document_array_at(documents, i)) == NULL)
            return SLUICE_NO_MEMORY;
    return SLUICE_OK;
}

static sluice_status spoil(sluice_document *document, enum wrong wrong)
{
    static const char garbage[] = {'\0', '\xC3', '\x28', '\xFF', '\xFE'}; /* no text in any encoding that is in use */
    static const char id[] = "not-the-id-you-sent";
    return wrong == WRONG_IDS ? sluice_document_set_id(document, id, sizeof(id) - 1)
                              : sluice_document_set_blob(document, garbage, sizeof(garbage));
}

static sluice_status spoil_all(sluice_document_array *documents, enum wrong wrong)
{
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < sluice_document_array_size(documents) && status == SLUICE_OK; i++)
        status = spoil(sluice_document_array_at(documents, i), wrong);
    return status;
}

static sluice_status answer_wrong(sluice_call *call, enum wrong wrong)
{
    switch (wrong) {
    case WRONG_NONE: return SLUICE_OK; /* the documents are not even decoded */
    case WRONG_DROP: sluice_document_array_remove(sluice_call_documents(call), 0); return SLUICE_OK;
    case WRONG_DUPLICATE: return duplicate(sluice_call_documents(call));
    case WRONG_REVERSE: return reverse(sluice_call_documents(call));
    case WRONG_EMPTY: return sluice_call_replace_documents(call) == NULL ? SLUICE_NO_MEMORY : SLUICE_OK;
    case WRONG_IDS:
    case WRONG_GARBAGE: return spoil_all(sluice_call_documents(call), wrong);
    case WRONG_STATUS:
        return (sluice_status)SLUICE_STATUS_COUNT; /* what no status is; the host answers it as a failure */
    }
    return SLUICE_INTERNAL;
}

static sluice_status misbehave(sluice_call *call)
{
    struct fault *fault = sluice_call_executor(call);
    struct faults faults = fault->usual;
    sluice_error error;
    if (read_faults(sluice_call_parameters(call), &faults, &error) != SLUICE_OK)
        return sluice_call_fail(call, "ValueError", "%s", error.text);

    uint64_t number = atomic_fetch_add_explicit(&fault->calls, 1, memory_order_relaxed);
    double delay_ms = faults.delay_ms + faults.jitter_ms * chance(fault, number, DRAW_DELAY);
    if (delay_ms > 0 && !sluice_call_sleep(call, (uint64_t)(delay_ms * NS_PER_MS)))
        return SLUICE_CANCELLED;
    if (faults.crash != CRASH_NONE && (double)number >= faults.crash_after) {
        sluice_status status = crash_now(faults.crash);
        if (status != SLUICE_OK)
            return status;
    }
    if (chance(fault, number, DRAW_ERROR) < faults.error_rate)
        return fail_now(call, &faults);
    return answer_wrong(call, faults.wrong);
}

/* ---- the tables ---- */

static const sluice_handler handlers[] = {
    {"misbehave", "/default", misbehave},
    {0}
};

static const sluice_parameter parameters[] = {
    {.name = "delay_ms",
     .type = SLUICE_PARAMETER_NUMBER,
     .fallback = "0",
     .minimum = 0,
     .maximum = DELAY_MAX_MS,
     .help = "Milliseconds to wait in each call."},
    {.name = "jitter_ms",
     .type = SLUICE_PARAMETER_NUMBER,
     .fallback = "0",
     .minimum = 0,
     .maximum = DELAY_MAX_MS,
     .help = "Up to so many milliseconds more, by chance."},
    {.name = "error_rate",
     .type = SLUICE_PARAMETER_NUMBER,
     .fallback = "0",
     .minimum = 0,
     .maximum = 1,
     .help = "Share of the calls that fail."},
    {.name = "error_name",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"RuntimeError\"",
     .help = "Class name of these failures."},
    {.name = "error_text", .type = SLUICE_PARAMETER_STRING, .fallback = "\"fault on request\"", .help = "Their text."},
    {.name = "wrong",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"none\"",
     .choices = wrong_names,
     .help = "What is wrong with the answer."},
    {.name = "crash",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"none\"",
     .choices = crash_names,
     .help = "How the process ends."},
    {.name = "crash_after",
     .type = SLUICE_PARAMETER_NUMBER,
     .fallback = "0",
     .minimum = 0,
     .maximum = CALLS_MAX,
     .help = "Calls of this process that go well before it does."},
    {.name = "seed",
     .type = SLUICE_PARAMETER_INTEGER,
     .minimum = 0,
     .maximum = SEED_MAX,
     .help = "Of what is left to chance; random (and logged) if not given."},
    {0},
};

SLUICE_PLUGIN(.name = "fault", .version = "1.0", .help = "Delays, fails, lies or crashes on request, to test clients.",
              .handlers = handlers, .parameters = parameters, .executor_open = fault_open, .executor_close = free)
