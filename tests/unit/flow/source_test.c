#include "tests/unit/flow/kit.h"
#include "common/flow/source.h"
#include "common/foundation/buffer.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX];

static const char *in(const char *name)
{
    static char paths[4][PATH_MAX + 100];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void make_file(const char *name, const char *text)
{
    FILE *file = fopen(in(name), "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(void)
{
    char template[] = "/tmp/sluice-source-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(template));
    ck_assert_ptr_nonnull(realpath(template, folder));
    ck_assert_int_eq(mkdir(in("sub"), 0700), 0);
    ck_assert_int_eq(mkdir(in("echo.so"), 0700), 0); /* a folder is no plugin */
    make_file("own.so", "");
    make_file("plain", "");
    make_file("sub/deep.so", "");
    make_file("sub/inner.yml", "jtype: Inner\npy_modules: [own.so]\n"); /* a plugin of the Flow's folder */
    make_file("exec.yml", "jtype: own.so\nmetas: {description: from a file}\n");
}

static void remove_folder(void)
{
    static const char *const names[] = {"own.so", "plain", "sub/deep.so", "sub/inner.yml", "exec.yml"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(in(names[i]));
    rmdir(in("echo.so"));
    rmdir(in("sub"));
    rmdir(folder);
}

static void expect_found(const char *name, const char *path)
{
    struct flow_source source = {0};
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    const char *found = NULL;
    sluice_error error;
    flow_source_files(&source);
    sluice_status status = source.find_plugin(source.context, name, folder, arena, &found, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", name, error.text);
    ck_assert_str_eq(found, path);
    arena_free(arena);
}

static void expect_missing(const char *name, const char *text)
{
    struct flow_source source = {0};
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    const char *found = NULL;
    sluice_error error;
    flow_source_files(&source);
    ck_assert_int_eq(source.find_plugin(source.context, name, folder, arena, &found, &error), SLUICE_NOT_FOUND);
    ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
    arena_free(arena);
}

START_TEST(plugins_are_found_beside_the_flow)
{
    make_folder();
    expect_found("own.so", in("own.so"));
    expect_found("own", in("own.so"));
    expect_found("./own.so", in("own.so"));
    expect_found("sub/deep", in("sub/deep.so"));
    expect_found("sub/../own.so", in("own.so"));
    expect_found("./plain", in("plain"));
    expect_found(in("own.so"), in("own.so"));
    expect_found(in("own"), in("own.so"));
    expect_missing("plain", "there is no plugin \"plain\"; looked for ");
    expect_missing("deep.so", in("deep.so"));
    expect_missing("sub/none.so", in("sub/none.so"));
    expect_missing("/none/at/all.so", "looked for /none/at/all.so");
    remove_folder();
}
END_TEST

START_TEST(shipped_plugins_are_found_by_name)
{
    char wanted[PATH_MAX], real[PATH_MAX];
    const char *build = getenv("SLUICE_BUILD");
    if (build == NULL)
        return; /* not run by ctest */
    make_folder();
    snprintf(wanted, sizeof wanted, "%s/lib/sluice/plugins/echo.so", build);
    if (realpath(wanted, real) != NULL) {
        expect_found("echo", real);
        expect_found("echo.so", real);
        expect_missing("ecoh", "; did you mean \"echo\"?");
    }
    remove_folder();
}
END_TEST

START_TEST(executor_files_are_read)
{
    make_folder();
    char file[PATH_MAX + 100];
    snprintf(file, sizeof file, "%s", in("flow.yml"));
    struct kit kit = {.options = {.file = file}};
    flow_source_files(&kit.source);
    kit_load(&kit, "jtype: Flow\nexecutors: [{uses: exec.yml}]\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_str_eq(kit.flow->executors[0].plugin, in("own.so"));
    ck_assert_str_eq(kit.flow->executors[0].description, "from a file");
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
    char inner[PATH_MAX + 200];
    snprintf(inner, sizeof inner, "jtype: Flow\nexecutors: [{uses: sub/inner.yml}, {uses: %s}]\n", in("sub/inner.yml"));
    kit_load(&kit, inner);
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_str_eq(kit.flow->executors[0].plugin, in("own.so"));
    ck_assert_str_eq(kit.flow->executors[1].plugin, in("own.so"));
    ck_assert_str_eq(kit.flow->executors[1].class_name, "Inner");
    kit_done(&kit);
    kit_load(&kit, "jtype: Flow\nexecutors: [{name: a, uses: none.yml}, {name: b, uses: ./sub/.yml}]\n");
    ck_assert_ptr_nonnull(
        strstr(kit_lines(&kit), "the executor YAML \"none.yml\": cannot open: No such file or directory"));
    kit_done(&kit);
    ck_assert_int_eq(rename(in("sub"), in("sub.yml")), 0);
    kit_load(&kit, "jtype: Flow\nexecutors: [{uses: sub.yml}]\n");
    ck_assert_ptr_nonnull(strstr(kit_lines(&kit), "the executor YAML \"sub.yml\": it is no file"));
    kit_done(&kit);
    ck_assert_int_eq(rename(in("sub.yml"), in("sub")), 0);
    remove_folder();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {plugins_are_found_beside_the_flow, shipped_plugins_are_found_by_name,
                                  executor_files_are_read, NULL};
    return kit_run("source", tests);
}
