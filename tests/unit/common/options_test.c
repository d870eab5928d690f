/* Command lines: what is understood, what is refused, and what is said then. */
#include "tests/unit/suite.h"
#include "common/commandline/options.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct settings {
    bool flag, other;
    const char *text, *choice;
    double number;
    struct option_list list;
} settings;

static const char *const colours[] = {"red", "green", NULL};

static const struct option options[] = {
    OPTION_GROUP("Group:"),
    FLAG_OPTION("flag", 'f', flag, "A flag."),
    FLAG_OPTION("other", 'o', other, "Another flag."),
    TEXT_OPTION("text", 't', "TEXT", text, "A text."),
    CHOICE_OPTION("colour", 0, "NAME", choice, colours, "A choice."),
    NUMBER_OPTION("number", 'n', "N", number, -1, 10, "A number."),
    INTEGER_OPTION("count", 'c', "N", number, 0, 10, "A whole number."),
    NUMBER_OPTION("large", 0, "N", number, -9007199254740992.0, 0.5, "A large number."),
    LIST_OPTION("item", 'i', "X", list, "An item."),
    INPUT_OPTION("thing", 0, "X", list, "Another item of the same list."),
    OPTIONS_END,
};

static int never(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static const struct command command = {.name = "sluice try",
                                       .arguments = "A [B]",
                                       .summary = "Try",
                                       .help = "Helps.",
                                       .least = 1,
                                       .most = 2,
                                       .options = options,
                                       .run = never};

static const struct command program = {.name = "sluice-try",
                                       .program = true,
                                       .arguments = "--text TEXT\n--flag",
                                       .summary = "Try",
                                       .help = "Helps.",
                                       .exits = "0 always.",
                                       .options = options};

static char said[4096];

/* Read a command line of `wanted`; what it says on stdout and stderr goes to `said`. */
static enum options_outcome read_of(const struct command *wanted, const char *line, int *ret_count, char **argv)
{
    static char words[1024];
    int argc = 0;
    snprintf(words, sizeof words, "%s", line);
    argv[argc++] = (char[]){"try"};
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;

    FILE *file = tmpfile();
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    fflush(stdout);
    fflush(stderr);
    dup2(fileno(file), STDOUT_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    enum options_outcome outcome = options_read(wanted, &settings, argc, argv, ret_count);
    fflush(stdout);
    fflush(stderr);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    fclose(file);
    return outcome;
}

static enum options_outcome read_line(const char *line, int *ret_count, char **argv)
{
    return read_of(&command, line, ret_count, argv);
}

static void refused(const char *line, const char *words)
{
    char *argv[32];
    int count;
    ck_assert_int_eq(read_line(line, &count, argv), OPTIONS_WRONG);
    ck_assert_msg(strstr(said, words) != NULL, "\"%s\" is not in \"%s\"", words, said);
    option_list_done(&settings.list);
}

START_TEST(values_are_taken_in_every_spelling)
{
    char *argv[32];
    int count;
    ck_assert_int_eq(read_line("one --flag --text=a=b --number -1 two", &count, argv), OPTIONS_GO);
    ck_assert(settings.flag);
    ck_assert_str_eq(settings.text, "a=b");
    ck_assert_double_eq(settings.number, -1);
    ck_assert_int_eq(count, 2);
    ck_assert_str_eq(argv[1], "one");
    ck_assert_str_eq(argv[2], "two");
    ck_assert_int_eq(read_line("-tx -n 2.5 one", &count, argv), OPTIONS_GO);
    ck_assert_str_eq(settings.text, "x");
    ck_assert_double_eq(settings.number, 2.5);
    settings.flag = false;
    ck_assert_int_eq(read_line("-fotz --colour GREEN one", &count, argv), OPTIONS_GO);
    ck_assert(settings.flag && settings.other);
    ck_assert_str_eq(settings.text, "z");
    ck_assert_str_eq(settings.choice, "GREEN");
}
END_TEST

START_TEST(what_follows_two_dashes_is_positional)
{
    char *argv[32];
    int count;
    ck_assert_int_eq(read_line("-- --flag -", &count, argv), OPTIONS_GO);
    ck_assert_int_eq(count, 2);
    ck_assert_str_eq(argv[1], "--flag");
    ck_assert(!settings.flag);
}
END_TEST

START_TEST(lists_keep_the_order_across_options)
{
    char *argv[32];
    int count;
    ck_assert_int_eq(read_line("a --item 1 --thing 2 -i3", &count, argv), OPTIONS_GO);
    ck_assert_uint_eq(settings.list.count, 3);
    ck_assert_str_eq(settings.list.values[1].text, "2");
    ck_assert_str_eq(settings.list.values[1].option->name, "thing");
    ck_assert_str_eq(settings.list.values[2].text, "3");
    option_list_done(&settings.list);
}
END_TEST

START_TEST(a_list_has_its_limit)
{
    static char *argv[OPTION_LIST_MAX + 4];
    static char name[] = "try", argument[] = "a", item[] = "-ix";
    int count;
    for (int extra = 0; extra <= 1; extra++) {
        int argc = 0;
        argv[argc++] = name;
        argv[argc++] = argument;
        for (int i = 0; i < OPTION_LIST_MAX + extra; i++)
            argv[argc++] = item;
        ck_assert_int_eq(options_read(&command, &settings, argc, argv, &count), extra ? OPTIONS_WRONG : OPTIONS_GO);
        ck_assert_uint_eq(settings.list.count, OPTION_LIST_MAX);
        option_list_done(&settings.list);
    }
}
END_TEST

START_TEST(mistakes_are_named_and_the_right_option_is_suggested)
{
    refused("a --tezt x", "there is no option --tezt; did you mean --text?");
    refused("a --hepl", "did you mean --help?");
    refused("a --completely-different", "there is no option --completely-different; see sluice try --help");
    refused("a -x", "there is no option -x");
    refused("a -\xc3\xa9t", "there is no option -\xc3\xa9; see");
    refused("a -\xff", "there is no option -\\xff; see");
    refused("a --number \x1b[2J", "not \"\\x1b[2J\"; see");
    refused("a -fx", "there is no option -x");
    refused("a -ft", "--text needs a value: TEXT");
    refused("a --large x", "from -9007199254740992 to 0.5, not");
    refused("a --number -2", "not \"-2\"");
    refused("a --number 1e999", "not \"1e999\"");
    refused("a --flag=1", "--flag takes no value");
    refused("a --text", "--text needs a value: TEXT");
    refused("a --number 11", "--number wants a number from -1 to 10, not \"11\"");
    refused("a --number -1.5", "not \"-1.5\"");
    refused("a --number 1x", "not \"1x\"");
    refused("a --number nan", "not \"nan\"");
    refused("a --count 1.5", "--count wants a whole number from 0 to 10, not \"1.5\"");
    refused("a --colour grene", "--colour can be red or green, not \"grene\"; did you mean green?; see sluice");
}
END_TEST

START_TEST(the_number_of_arguments_is_checked)
{
    refused("--flag", "A [B] missing");
    refused("a b c", "too many arguments, wanted: A [B]");
}
END_TEST

START_TEST(help_is_complete)
{
    char *argv[32];
    int count;
    ck_assert_int_eq(read_line("a --help", &count, argv), OPTIONS_HELPED);
    ck_assert_ptr_null(strstr(said, "--version"));
    for (const struct option *option = options; option->name != NULL; option++) {
        ck_assert_msg(strstr(said, option->help) != NULL, "\"%s\" is not explained", option->name);
        ck_assert(strstr(said, option->name) != NULL);
    }
    ck_assert_ptr_nonnull(strstr(said, "usage: sluice try [options] A [B]"));
    ck_assert_ptr_nonnull(strstr(said, "Exit codes:"));
}
END_TEST

START_TEST(a_program_has_a_version_and_lines_of_use)
{
    char *argv[32];
    int count;
    ck_assert_int_eq(read_of(&program, "--help", &count, argv), OPTIONS_HELPED);
    ck_assert_ptr_nonnull(strstr(said, "usage: sluice-try --text TEXT\n       sluice-try --flag\n\nHelps."));
    ck_assert_ptr_nonnull(strstr(said, "--version"));
    ck_assert_ptr_nonnull(strstr(said, "Exit codes: 0 always."));
    ck_assert_int_eq(read_of(&program, "--version", &count, argv), OPTIONS_HELPED);
    ck_assert(strncmp(said, "sluice-try 0.", 13) == 0 || strncmp(said, "sluice-try 1.", 13) == 0);
    ck_assert_int_eq(read_of(&program, "extra", &count, argv), OPTIONS_WRONG);
    ck_assert_ptr_nonnull(strstr(said, "sluice-try: takes no arguments, but got \"extra\"; see sluice-try --help"));
    ck_assert_int_eq(read_of(&program, "--versoin", &count, argv), OPTIONS_WRONG);
    ck_assert_ptr_nonnull(strstr(said, "did you mean --version?"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("common.options");
    TCase *cases = tcase_create("all");
    tcase_add_test(cases, values_are_taken_in_every_spelling);
    tcase_add_test(cases, what_follows_two_dashes_is_positional);
    tcase_add_test(cases, lists_keep_the_order_across_options);
    tcase_add_test(cases, a_list_has_its_limit);
    tcase_add_test(cases, mistakes_are_named_and_the_right_option_is_suggested);
    tcase_add_test(cases, the_number_of_arguments_is_checked);
    tcase_add_test(cases, help_is_complete);
    tcase_add_test(cases, a_program_has_a_version_and_lines_of_use);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
