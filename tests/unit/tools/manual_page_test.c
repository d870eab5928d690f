/* Man pages: what roff would misread is escaped, and every part of a table is there. */
#include "tests/unit/suite.h"
#include "tools/pages/manual.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    bool flag;
    const char *text;
};

static const struct option options[] = {
    OPTION_GROUP("What it does:"),
    FLAG_OPTION("dry-run", 'n', flag, "Do `nothing --at all`; see --text. It's 5\\6 … of a ~ and a ^."),
    TEXT_OPTION("text", 0, "NAME: VALUE", text, ".dots at the start, and 'quotes'."),
    OPTIONS_END,
};

static const struct command command = {
    .name = "sluice try this",
    .arguments = "A [B]",
    .summary = "Try this",
    .help = "The first paragraph.\n\n'Tis the second.",
    .examples = "  sluice try 'x' --text \"a\\nb\"\n  .hidden\n",
    .options = options,
};

static const struct command other = {.name = "sluice-other", .program = true, .options = options};

static char *page;
static size_t page_size;

static void write_page(const struct command *const *others)
{
    FILE *stream = open_memstream(&page, &page_size);
    manual_write(&command, others, "2026-01-02", stream);
    fclose(stream);
}

static void tear_down(void)
{
    free(page);
    page = NULL;
}

static void has(const char *text)
{
    ck_assert_msg(strstr(page, text) != NULL, "no \"%s\" in\n%s", text, page);
}

START_TEST(every_part_of_the_table_is_there)
{
    const struct command *const others[] = {&command, &other, NULL};
    write_page(others);
    has(".TH SLUICE-TRY-THIS 1 2026-01-02 \"Sluice ");
    has(".SH NAME\nsluice-try-this \\- Try this\n");
    has(".SH SYNOPSIS\n.B sluice try this\n[\\fIoptions\\fR]\nA [B]\n");
    has(".SH DESCRIPTION\nThe first paragraph.\n.PP\n");
    has(".SH OPTIONS\n.SS What it does\n.TP\n\\fB\\-n\\fR, \\fB\\-\\-dry\\-run\\fR\n");
    has("\\fB\\-\\-text\\fR \\fINAME: VALUE\\fR\n");
    has("\\fB\\-h\\fR, \\fB\\-\\-help\\fR\n");
    has(".SH EXIT STATUS\n.TP\n0\nsuccess\n");
    has(".SH SEE ALSO\n.BR sluice\\-other (1)\n");
    ck_assert_ptr_null(strstr(page, "sluice\\-try\\-this (1)"));
}
END_TEST

START_TEST(what_roff_would_misread_is_escaped)
{
    const struct command *const others[] = {NULL};
    write_page(others);
    has("Do \\fBnothing \\-\\-at all\\fR; see \\-\\-text.");
    has("It\\(aqs 5\\e6 \\[u2026] of a \\(ti and a \\(ha.");
    has("\n\\&.dots at the start, and \\(aqquotes\\(aq.\n");
    has("\n\\(aqTis the second.\n");
    has(".EX\nsluice try \\(aqx\\(aq \\-\\-text \"a\\enb\"\n\\&.hidden\n.EE\n");
    for (const char *line = page; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        ck_assert_msg(strcspn(line, "\n") <= 100, "a long line: %.120s", line);
    }
    for (const char *at = page; *at != '\0'; at++)
        ck_assert_int_gt(*at, 0);
}
END_TEST

START_TEST(the_name_of_the_file)
{
    char name[64];
    manual_name(&command, name, sizeof name);
    ck_assert_str_eq(name, "sluice-try-this");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.manual_page");
    TCase *cases = tcase_create("all");
    tcase_add_checked_fixture(cases, NULL, tear_down);
    tcase_add_test(cases, every_part_of_the_table_is_there);
    tcase_add_test(cases, what_roff_would_misread_is_escaped);
    tcase_add_test(cases, the_name_of_the_file);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
