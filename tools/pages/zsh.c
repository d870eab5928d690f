/*
 * zsh.c - completion for zsh: one function with a list of _arguments' specifications for each command, and their help.
 */
#include "tools/commands.h"
#include "tools/pages/completion.h"

#include <string.h>

enum { WORDS_MAX = 512 };

/* Inside single quotes, and inside the brackets or between the colons of a specification. */
static void write_escaped(FILE *stream, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\'')
            fputs("'\\''", stream);
        else if (strchr("[]:\\", text[i]) != NULL)
            fprintf(stream, "\\%c", text[i]);
        else if (text[i] != '`')
            fputc(text[i], stream);
}

/* The first sentence, without its full stop. */
static void write_summary(FILE *stream, const char *help)
{
    const char *end = strstr(help, ". ");
    size_t size = end != NULL ? (size_t)(end - help) : strlen(help);
    if (size > 0 && help[size - 1] == '.')
        size--;
    write_escaped(stream, help, size);
}

/* The action of a specification. */
static void write_action(FILE *stream, const char *offer)
{
    if (strcmp(offer, COMPLETE_FILES) == 0)
        fputs("_files", stream);
    else if (strcmp(offer, COMPLETE_FOLDERS) == 0)
        fputs("_files -/", stream);
    else if (strcmp(offer, COMPLETE_PLUGINS) == 0)
        fputs("_sluice_plugins", stream);
    else if (strcmp(offer, COMPLETE_COMMANDS) == 0)
        fputs("_sluice_commands", stream);
    else if (offer[0] != '\0')
        fprintf(stream, "(%s)", offer);
    else
        fputc(' ', stream);
}

/* One option: its names exclude one another, unless it may be given several times. */
static void write_option(FILE *stream, const struct option *option)
{
    char buffer[WORDS_MAX];
    bool several = option->kind == OPTION_LIST || option->kind == OPTION_INPUT, flag = option->kind == OPTION_FLAG;
    const char *after_letter = flag ? "" : "+", *after_name = flag ? "" : "=";
    fputs(" \\\n            ", stream);
    if (several)
        fputs("'*'", stream);
    else if (option->letter != '\0')
        fprintf(stream, "'(-%c --%s)'", option->letter, option->name);
    if (option->letter != '\0')
        fprintf(stream, "{-%c%s,--%s%s}", option->letter, after_letter, option->name, after_name);
    else
        fprintf(stream, "--%s%s", option->name, after_name);
    fputs("'[", stream);
    write_summary(stream, option->help);
    fputc(']', stream);
    if (!flag) {
        fputc(':', stream);
        write_escaped(stream, option->value, strlen(option->value));
        fputc(':', stream);
        write_action(stream, completion_of_value(option, buffer, sizeof buffer));
    }
    fputc('\'', stream);
}

static void write_argument(FILE *stream, const struct command *command, int index)
{
    const char *offer = command->completes[index];
    if (command->most <= (size_t)index)
        return;
    if (offer == NULL) { /* anything; a message about it would keep options from being completed */
        fprintf(stream, " \\\n            '%s: :( )'", index == 0 ? "1" : "*");
        return;
    }
    fprintf(stream, " \\\n            '%s:", index == 0 ? "1" : "*");
    write_escaped(stream, command->arguments, strlen(command->arguments));
    fputc(':', stream);
    write_action(stream, offer);
    fputc('\'', stream);
}

static void write_command(FILE *stream, const struct command *command)
{
    fprintf(stream, "        '%s')\n        _arguments -s -S '(- *)'{-h,--help}'[Print help]'", command_words(command));
    for (const struct option *option = command->options; option->name != NULL; option++)
        if (option->kind != OPTION_HEADING)
            write_option(stream, option);
    for (int i = 0; i < COMMAND_COMPLETES; i++)
        write_argument(stream, command, i);
    fputs(" ;;\n", stream);
}

/* `names=(…)` with the words that may follow `prefix` (empty, or "plugin ") in commands' names. */
static void write_names(FILE *stream, const char *prefix, size_t size)
{
    fputs("names=(", stream);
    for (const struct command *const *command = commands; *command != NULL; command++) {
        const char *words = command_words(*command);
        if (strncmp(words, prefix, size) != 0)
            continue;
        size_t word = strcspn(words + size, " ");
        bool whole = words[size + word] == '\0';
        if (!whole && command > commands && strncmp(command_words(command[-1]), words, size + word + 1) == 0)
            continue;
        fputs("'", stream);
        write_escaped(stream, words + size, word);
        fputc(':', stream);
        write_escaped(stream, whole ? (*command)->summary : "More commands", strlen(whole ? (*command)->summary : "More commands"));
        fputs("' ", stream);
    }
    fputs(")\n", stream);
}

/* Commands of two words: a case that asks for the second. */
static void write_prefixes(FILE *stream)
{
    for (const struct command *const *command = commands; *command != NULL; command++) {
        const char *words = command_words(*command), *space = strchr(words, ' ');
        if (space == NULL)
            continue;
        size_t size = (size_t)(space - words) + 1;
        if (command > commands && strncmp(command_words(command[-1]), words, size) == 0)
            continue;
        fprintf(stream, "    %.*s)\n        ", (int)size - 1, words);
        write_names(stream, words, size);
        fputs("        if (( CURRENT == 2 )); then\n"
              "            _describe command names\n"
              "            return\n"
              "        fi\n"
              "        command=\"$words[1] $words[2]\"\n"
              "        shift words\n"
              "        (( CURRENT-- )) ;;\n",
              stream);
    }
}

void completion_zsh(FILE *stream)
{
    fputs("#compdef sluice\n# zsh completion for sluice, made by `sluice completion zsh`\n\n"
          "_sluice_plugins()\n{\n"
          "    local -a found\n"
          "    found=(${(f)\"$(_call_program plugins sluice plugin list --names 2>/dev/null)\"})\n"
          "    _alternative \"plugins:plugin:($found)\" 'files:file:_files'\n"
          "}\n\n"
          "_sluice_commands()\n{\n    local -a names\n    ",
          stream);
    write_names(stream, "", 0);
    fputs("    _describe command names\n}\n\n"
          "_sluice()\n{\n"
          "    local command\n"
          "    local -a names\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _alternative 'commands:command:_sluice_commands' 'options:option:(--help --version)'\n"
          "        return\n"
          "    fi\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    command=$words[1]\n"
          "    case $command in\n",
          stream);
    write_prefixes(stream);
    fputs("    esac\n    case $command in\n", stream);
    for (const struct command *const *command = commands; *command != NULL; command++)
        write_command(stream, *command);
    fputs("    esac\n}\n\n"
          "if [[ $funcstack[1] == _sluice ]]; then\n    _sluice \"$@\"\nelse\n    compdef _sluice sluice\nfi\n",
          stream);
}
