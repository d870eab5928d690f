#include "executor/host/crash.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

enum { STACK_BYTES = 64 << 10, LINE_MAX_BYTES = 1024, TEXT_MAX_BYTES = 200 };

static char plugin_path[4096];
/* Read by a signal handler of the same thread only. */
static _Thread_local const struct call_place *volatile current;
static _Thread_local void *stack;

/* A line built without anything that is not async-signal-safe. */
struct line {
    char bytes[LINE_MAX_BYTES];
    size_t size;
};

static void add(struct line *line, const char *text, size_t size)
{
    for (size_t i = 0; i < size && line->size < LINE_MAX_BYTES - 1; i++) {
        unsigned char byte = (unsigned char)text[i];
        line->bytes[line->size++] = byte < 0x20 || byte == 0x7F || byte == '"' ? '?' : (char)byte;
    }
}

static void add_text(struct line *line, const char *text)
{
    add(line, text, strlen(text));
}

static void add_quoted(struct line *line, const char *before, sluice_text text)
{
    add_text(line, before);
    if (line->size < LINE_MAX_BYTES - 1)
        line->bytes[line->size++] = '"';
    add(line, text.data, text.size < TEXT_MAX_BYTES ? text.size : TEXT_MAX_BYTES);
    if (line->size < LINE_MAX_BYTES - 1)
        line->bytes[line->size++] = '"';
}

static const char *signal_name(int number)
{
    switch (number) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGILL: return "SIGILL";
    case SIGABRT: return "SIGABRT";
    default: return "a signal";
    }
}

static void report(int number)
{
    const struct call_place *place = current;
    struct line line = {.size = 0};
    add_text(&line, "crash: ");
    add_text(&line, signal_name(number));
    add_text(&line, " in ");
    add_text(&line, plugin_path);
    if (place != NULL) {
        add_text(&line, " (");
        add_text(&line, place->pod);
        add_quoted(&line, "), endpoint ", place->endpoint);
        add_quoted(&line, ", request ", place->request_id);
    } else {
        add_text(&line, ", outside of a handler");
    }
    line.bytes[line.size++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line.bytes, line.size);
    (void)ignored;
}

/* SA_RESETHAND has put the default action back: raising again ends the process by the same signal. */
static void on_crash(int number)
{
    report(number);
    raise(number);
}

void crash_init(const char *where)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    snprintf(plugin_path, sizeof plugin_path, "%s", where);
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < (SANITIZED ? 1 : sizeof signals / sizeof signals[0]); i++)
        sigaction(signals[i], &action, NULL);
}

void crash_thread_init(void)
{
    if (SANITIZED)
        return;
    stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        stack = NULL;
    else
        sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = STACK_BYTES}, NULL);
}

void crash_thread_done(void)
{
    if (stack == NULL)
        return;
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    munmap(stack, STACK_BYTES);
    stack = NULL;
}

void crash_enter(const struct call_place *place)
{
    current = place;
}

void crash_leave(void)
{
    current = NULL;
}
