#include "options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spin/slice.h>

static void print_help(const option_set_t *set) {
    printf("%s\n\nUsage: %s %s\n\nOptions:\n", set->summary, set->command, set->usage);
    for (size_t i = 0; i < set->options_len; i++) {
        const option_t *option = &set->options[i];
        char left[64];
        if (option->type == OPTION_REST) {
            snprintf(left, sizeof left, "    -- %s", option->value);
            printf("  %-28s %s\n", left, option->help);
            continue;
        }
        snprintf(left, sizeof left, "%c%c%s --%s%s%s", option->letter != 0 ? '-' : ' ',
                 option->letter != 0 ? option->letter : ' ', option->letter != 0 ? "," : " ",
                 option->name, option->value != NULL ? " " : "",
                 option->value != NULL ? option->value : "");
        printf("  %-28s %s\n", left, option->help);
    }
    printf("  %-28s %s\n", "-h, --help", "Print this help");
    if (set->more != NULL)
        printf("\n%s\n", set->more);
}

static options_result_t wrong(const option_set_t *set, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static options_result_t wrong(const option_set_t *set, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "Error: ");
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n\nUsage: %s %s\nFor all options: %s --help\n", set->command, set->usage,
            set->command);
    return OPTIONS_WRONG;
}

static options_result_t unknown(const option_set_t *set, const char *given) {
    const char *names[64];
    size_t len = 0;
    for (size_t i = 0; i < set->options_len && len < sizeof names / sizeof *names; i++)
        if (set->options[i].type != OPTION_REST)
            names[len++] = set->options[i].name;
    size_t name_len = strcspn(given, "=");
    const char *nearest =
        given[1] != '-' ? NULL
                        : spin_nearest_name(spin_slice_of(given + 2, name_len - 2), names, len);
    if (nearest != NULL)
        return wrong(set, "unknown option \"%.*s\": did you mean \"--%s\"?", (int)name_len, given,
                     nearest);
    return wrong(set, "unknown option \"%.*s\"", (int)name_len, given);
}

static bool list_push(option_list_t *list, const char *item) {
    const char **grown = realloc(list->items, (list->len + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    list->items = grown;
    list->items[list->len++] = item;
    return true;
}

/* A number and its unit: "64M", "1.5" is refused, so is what overflows. */
static bool parse_number(const char *text, option_type_t type, uint64_t *out) {
    static const struct {
        option_type_t type;
        const char *unit;
        uint64_t factor;
    } units[] = {
        {OPTION_NUMBER, "", 1},          {OPTION_SIZE, "", 1},
        {OPTION_SIZE, "K", 1u << 10},    {OPTION_SIZE, "M", 1u << 20},
        {OPTION_SIZE, "G", 1u << 30},    {OPTION_SIZE, "KiB", 1u << 10},
        {OPTION_SIZE, "MiB", 1u << 20},  {OPTION_SIZE, "GiB", 1u << 30},
        {OPTION_DURATION, "ms", 1},      {OPTION_DURATION, "s", 1000},
        {OPTION_DURATION, "", 1000},     {OPTION_DURATION, "m", 60000},
        {OPTION_DURATION, "h", 3600000},
    };
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].type == type && strcmp(units[i].unit, end) == 0)
            return !__builtin_mul_overflow((uint64_t)number, units[i].factor, out);
    return false;
}

static options_result_t set_value(const option_set_t *set, const option_t *option,
                                  const char *value, void *out) {
    static const char *const expected[] = {
        [OPTION_NUMBER] = "a whole number",
        [OPTION_SIZE] = "a size such as 64M",
        [OPTION_DURATION] = "a duration such as 30s or 500ms",
    };
    void *field = (char *)out + option->offset;
    switch (option->type) {
    case OPTION_FLAG: *(bool *)field = true; return OPTIONS_OK;
    case OPTION_TEXT: *(const char **)field = value; return OPTIONS_OK;
    case OPTION_LIST: return list_push(field, value) ? OPTIONS_OK : wrong(set, "out of memory");
    case OPTION_REST: return OPTIONS_OK; /* has no name to be given by */
    default:
        if (parse_number(value, option->type, field))
            return OPTIONS_OK;
        return wrong(set, "--%s takes %s, not \"%s\"", option->name, expected[option->type], value);
    }
}

static const option_t *find_long(const option_set_t *set, const char *given) {
    size_t len = strcspn(given + 2, "=");
    for (size_t i = 0; i < set->options_len; i++)
        if (set->options[i].type != OPTION_REST && strlen(set->options[i].name) == len &&
            strncmp(set->options[i].name, given + 2, len) == 0)
            return &set->options[i];
    return NULL;
}

static const option_t *find_letter(const option_set_t *set, char letter) {
    for (size_t i = 0; i < set->options_len; i++)
        if (set->options[i].letter == letter)
            return &set->options[i];
    return NULL;
}

/* One option at argv[*at]; moves *at to its last word. */
static options_result_t parse_option(const option_set_t *set, int argc, char **argv, int *at,
                                     void *out) {
    const char *given = argv[*at];
    bool is_long = given[1] == '-';
    const option_t *option = is_long ? find_long(set, given) : find_letter(set, given[1]);
    if (option == NULL)
        return unknown(set, given);
    const char *attached = is_long ? strchr(given, '=') : (given[2] != '\0' ? given + 2 : NULL);
    if (is_long && attached != NULL)
        attached++;
    if (option->type == OPTION_FLAG) {
        if (attached != NULL)
            return wrong(set, "--%s takes no value", option->name);
        return set_value(set, option, NULL, out);
    }
    if (attached == NULL && *at + 1 >= argc)
        return wrong(set, "--%s needs a value: %s", option->name, option->value);
    return set_value(set, option, attached != NULL ? attached : argv[++*at], out);
}

static const option_t *find_rest(const option_set_t *set) {
    for (size_t i = 0; i < set->options_len; i++)
        if (set->options[i].type == OPTION_REST)
            return &set->options[i];
    return NULL;
}

options_result_t options_parse(const option_set_t *set, int argc, char **argv, void *out,
                               option_list_t *operands) {
    const option_t *rest = find_rest(set);
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        options_result_t result = OPTIONS_OK;
        if (rest != NULL && strcmp(word, "--") == 0) {
            *(char *const **)(void *)((char *)out + rest->offset) = argv + i + 1;
            return OPTIONS_OK;
        }
        if (!only_operands && strcmp(word, "--") == 0)
            only_operands = true;
        else if (!only_operands && (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)) {
            print_help(set);
            return OPTIONS_HELP;
        } else if (!only_operands && word[0] == '-' && word[1] != '\0')
            result = parse_option(set, argc, argv, &i, out);
        else if (operands->len >= set->operands_max)
            result = wrong(set, "unexpected argument \"%s\"", word);
        else if (!list_push(operands, word))
            result = wrong(set, "out of memory");
        if (result != OPTIONS_OK)
            return result;
    }
    return OPTIONS_OK;
}

/* The first one in argv of which it holds that `names` has it, or not. */
static const char *first_given(const option_set_t *set, int argc, char **argv,
                               const char *const *names, bool has) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i];
        if (word[0] != '-' || word[1] == '\0')
            continue;
        bool is_long = word[1] == '-';
        const option_t *option = is_long ? find_long(set, word) : find_letter(set, word[1]);
        bool found = false;
        for (size_t j = 0; option != NULL && !found && names[j] != NULL; j++)
            found = strcmp(option->name, names[j]) == 0;
        if (option != NULL && found == has)
            return option->name;
        bool attached = is_long ? strchr(word, '=') != NULL : word[2] != '\0';
        i += option != NULL && option->type != OPTION_FLAG && !attached;
    }
    return NULL;
}

const char *options_given_beside(const option_set_t *set, int argc, char **argv,
                                 const char *const *except) {
    return first_given(set, argc, argv, except, false);
}

const char *options_given_among(const option_set_t *set, int argc, char **argv,
                                const char *const *among) {
    return first_given(set, argc, argv, among, true);
}

void options_free(const option_set_t *set, void *out, option_list_t *operands) {
    for (size_t i = 0; i < set->options_len; i++)
        if (set->options[i].type == OPTION_LIST) {
            option_list_t *list = (void *)((char *)out + set->options[i].offset);
            free(list->items);
            *list = (option_list_t){0}; /* two options may fill one list */
        }
    free(operands->items);
}
