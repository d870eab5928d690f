/*
 * bash.c - completion for bash: three functions made from the tables, which answer with words or a COMPLETE_… mark, and
 * one that is always the same. It needs nothing but bash (4.4); readline makes words of their own of `=` and `:`, so the
 * words before the cursor are put together again.
 */
#include "tools/commands.h"
#include "tools/pages/completion.h"

#include <string.h>

enum { WORDS_MAX = 512 };

static const char script[] =
    "_sluice()\n"
    "{\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} value_of= word glued=\n"
    "    local -a words=()\n"
    "    COMPREPLY=()\n"
    "    if [[ $current == '=' ]]; then\n"
    "        value_of=$before current=\n"
    "    elif [[ $before == '=' ]]; then\n"
    "        value_of=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
    "        if [[ ${#words[@]} -gt 0 && ( $word =~ ^[:=]+$ || -n $glued ) ]]; then\n"
    "            words[-1]+=$word\n"
    "        else\n"
    "            words+=(\"$word\")\n"
    "        fi\n"
    "        glued=\n"
    "        [[ $word =~ ^[:=]+$ ]] && glued=yes\n"
    "    done\n"
    "    local command= pending= count=0 last\n"
    "    for word in \"${words[@]}\"; do\n"
    "        if [[ -n $(_sluice_commands \"$command\") ]]; then\n"
    "            command+=${command:+ }$word\n"
    "        elif [[ -n $pending ]]; then\n"
    "            pending=\n"
    "        elif [[ $word == -?* && $word != *=* ]]; then\n"
    "            [[ -n $(_sluice_values \"$command\" \"$word\") ]] && pending=$word\n"
    "        elif [[ $word != -?* ]]; then\n"
    "            count=$((count + 1))\n"
    "        fi\n"
    "    done\n"
    "    [[ -n $value_of ]] || value_of=$pending\n"
    "    local offer=$(_sluice_commands \"$command\")\n"
    "    if [[ -z $offer && -n $value_of ]]; then\n"
    "        offer=$(_sluice_values \"$command\" \"$value_of\")\n"
    "    elif [[ -z $offer && $current == -* ]]; then\n"
    "        offer=$(_sluice_options \"$command\")\n"
    "    elif [[ -z $offer ]]; then\n"
    "        offer=$(_sluice_values \"$command\" $((count > 0 ? 2 : 1)))\n"
    "    fi\n"
    "    case $offer in\n"
    "        @files | @plugins) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
    "        @folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$current\") ;;\n"
    "        @any) ;;\n"
    "        *) mapfile -t COMPREPLY < <(compgen -W \"$offer\" -- \"$current\") ;;\n"
    "    esac\n"
    "    if [[ $offer == @plugins ]]; then\n"
    "        while IFS= read -r word; do\n"
    "            [[ $word == \"$current\"* ]] && COMPREPLY+=(\"$word\")\n"
    "        done < <(\"${COMP_WORDS[0]}\" plugin list --names 2>/dev/null)\n"
    "    fi\n"
    "}\n"
    "complete -F _sluice sluice\n";

/* What may follow these words of commands' names; nothing when they are a whole name. */
static void write_commands(FILE *stream)
{
    fputs("# the next words of commands that begin with $1\n_sluice_commands()\n{\n    case $1 in\n        '') echo '", stream);
    for (const struct command *const *command = commands; *command != NULL; command++) {
        const char *words = command_words(*command);
        int size = (int)strcspn(words, " ");
        if (command > commands && strncmp(command_words(command[-1]), words, (size_t)size + 1) == 0)
            continue; /* "plugin list", "plugin show": one after the other */
        fprintf(stream, "%.*s ", size, words);
    }
    fputs("--help --version' ;;\n", stream);
    for (const struct command *const *command = commands; *command != NULL; command++) {
        const char *words = command_words(*command), *space = strchr(words, ' ');
        if (space == NULL)
            continue;
        size_t size = (size_t)(space - words) + 1;
        bool begun = command > commands && strncmp(command_words(command[-1]), words, size) == 0;
        bool goes_on = command[1] != NULL && strncmp(command_words(command[1]), words, size) == 0;
        if (!begun)
            fprintf(stream, "        %.*s) echo '", (int)size - 1, words);
        fprintf(stream, "%s%s", space + 1, goes_on ? " " : "' ;;\n");
    }
    fputs("    esac\n}\n\n", stream);
}

static void write_options(FILE *stream)
{
    fputs("# the options of the command $1\n_sluice_options()\n{\n    case $1 in\n", stream);
    for (const struct command *const *command = commands; *command != NULL; command++) {
        fprintf(stream, "        '%s') echo '", command_words(*command));
        for (const struct option *option = (*command)->options; option->name != NULL; option++) {
            if (option->kind == OPTION_HEADING)
                continue;
            fprintf(stream, "--%s ", option->name);
            if (option->letter != '\0')
                fprintf(stream, "-%c ", option->letter);
        }
        fputs("--help -h' ;;\n", stream);
    }
    fputs("    esac\n}\n\n", stream);
}

/* COMPLETE_COMMANDS as words. */
static void write_offer(FILE *stream, const char *offer)
{
    if (strcmp(offer, COMPLETE_COMMANDS) == 0)
        fputs("_sluice_commands ''", stream);
    else
        fprintf(stream, "echo '%s'", offer[0] != '\0' ? offer : "@any");
}

static void write_values(FILE *stream)
{
    char buffer[WORDS_MAX];
    fputs("# what can stand behind the option $2 of the command $1, or as its first (1) or a later (2) argument\n"
          "_sluice_values()\n{\n    case \"$1 $2\" in\n",
          stream);
    for (const struct command *const *command = commands; *command != NULL; command++) {
        const char *words = command_words(*command);
        for (const struct option *option = (*command)->options; option->name != NULL; option++) {
            if (option->kind == OPTION_HEADING || option->kind == OPTION_FLAG)
                continue;
            fprintf(stream, "        '%s --%s'", words, option->name);
            if (option->letter != '\0')
                fprintf(stream, " | '%s -%c'", words, option->letter);
            fputs(") ", stream);
            write_offer(stream, completion_of_value(option, buffer, sizeof buffer));
            fputs(" ;;\n", stream);
        }
        for (int i = 0; i < COMMAND_COMPLETES; i++) {
            fprintf(stream, "        '%s %d') ", words, i + 1);
            write_offer(stream, (*command)->completes[i] != NULL ? (*command)->completes[i] : "");
            fputs(" ;;\n", stream);
        }
    }
    fputs("    esac\n}\n\n", stream);
}

void completion_bash(FILE *stream)
{
    fputs("# bash completion for sluice, made by `sluice completion bash`\n\n", stream);
    write_commands(stream);
    write_options(stream);
    write_values(stream);
    fputs(script, stream);
}
