/* Types, resources and functions as WIT text (WIT.md). */
#include "component/world_types.h"

#include "base/error.h"
#include "wit/words.h"

enum { MAX_TYPE_DEPTH = 100, MAX_TEXT = 8 << 20 };

void world_text(world_writer_t *writer, const char *text) {
    buf_append_text(writer->out, text);
}

void world_indent(world_writer_t *writer) {
    for (unsigned i = 0; i < writer->indent; i++)
        world_text(writer, "  ");
}

void world_begin_item(world_writer_t *writer) {
    if (writer->has_items)
        world_text(writer, "\n");
    writer->has_items = true;
    world_indent(writer);
}

void world_identifier(world_writer_t *writer, spin_slice_t name) {
    if (wit_word_is_reserved(name, WIT_DIALECT_TODAY, true))
        world_text(writer, "%");
    buf_append(writer->out, name);
}

/* ── types where they are used ── */

typedef struct type_place {
    world_interface_t *interface;
    unsigned depth;
} type_place_t;

static void write_type(world_writer_t *writer, type_place_t place, const world_type_t *type);

static void write_val(world_writer_t *writer, type_place_t place, const world_type_t *of,
                      const ast_val_type_t *val) {
    static const char *const names[] = {"string", "char", "f64", "f32", "u64", "s64", "u32",
                                        "s32",    "u16",  "s16", "u8",  "s8",  "bool"};
    if (!val->is_index) {
        world_text(writer, val->primitive == 0x64 ? "error-context" : names[val->primitive - 0x73]);
        return;
    }
    const world_type_t *type = world_at(writer->world, &of->env->types, val->index);
    if (type != NULL)
        write_type(writer, place, type);
}

/* A type of another interface that is named nowhere here: an entry for the `use` that it needs.
 * The text is written twice, and has it the second time. */
static void add_use(world_writer_t *writer, world_interface_t *interface,
                    const world_type_t *type) {
    for (uint32_t i = 0; i < interface->entries.len; i++) {
        const world_entry_t *entry = interface->entries.items[i];
        if (!slice_equal(entry->item.name.name, type->name))
            continue;
        if (entry->used_owner != type->owner || !slice_equal(entry->used_name, type->name))
            world_fail(writer->world, SPIN_ERROR_UNSUPPORTED,
                       "WIT has no words for two types of one name", type->name);
        return;
    }
    world_entry_t *entry = world_alloc(writer->world, 1, sizeof *entry);
    if (entry == NULL)
        return;
    *entry = (world_entry_t){.item = {.name = {.name = type->name}, .sort = AST_TYPE},
                             .used_owner = type->owner,
                             .used_name = type->name};
    world_push(writer->world, &interface->entries, entry);
}

/* The name that a type has in this interface; false: none. */
static bool write_name(world_writer_t *writer, world_interface_t *interface,
                       const world_type_t *type) {
    const world_type_t *foreign = NULL;
    for (; type != NULL; type = type->next) {
        if (foreign == NULL && type->owner != NULL && type->owner->package.len > 0)
            foreign = type;
        if (type->owner != interface)
            continue;
        world_identifier(writer, type->name);
        return true;
    }
    if (foreign == NULL)
        return false;
    add_use(writer, interface, foreign);
    world_identifier(writer, foreign->name);
    return true;
}

/* "<a, b>", or nothing. */
static void write_arguments(world_writer_t *writer, type_place_t place, const world_type_t *type) {
    const ast_type_t *def = type->type;
    bool is_any = false;
    for (uint32_t i = 0; i < def->part_count; i++)
        is_any |= def->parts[i].has_type;
    if (!is_any)
        return;
    uint32_t count = def->part_count;
    while (!def->parts[count - 1].has_type) /* result<t> */
        count--;
    for (uint32_t i = 0; i < count; i++) {
        world_text(writer, i == 0 ? "<" : ", ");
        if (def->parts[i].has_type)
            write_val(writer, place, type, &def->parts[i].type);
        else
            world_text(writer, "_");
    }
    if (def->kind == AST_TYPE_FIXED_LIST)
        buf_printf(writer->out, ", %u", def->length);
    world_text(writer, ">");
}

static void write_handle(world_writer_t *writer, type_place_t place, const world_type_t *type) {
    const world_type_t *resource = world_at(writer->world, &type->env->types, type->type->resource);
    if (resource == NULL)
        return;
    bool is_borrow = type->type->kind == AST_TYPE_BORROW;
    world_text(writer, is_borrow ? "borrow<" : "");
    write_type(writer, place, resource);
    world_text(writer, is_borrow ? ">" : "");
}

/* A type without a name of its own. */
static void write_structure(world_writer_t *writer, type_place_t place, const world_type_t *type) {
    static const struct {
        ast_type_kind_t kind;
        const char *word;
    } words[] = {
        {AST_TYPE_LIST, "list"},     {AST_TYPE_FIXED_LIST, "list"}, {AST_TYPE_TUPLE, "tuple"},
        {AST_TYPE_OPTION, "option"}, {AST_TYPE_RESULT, "result"},   {AST_TYPE_STREAM, "stream"},
        {AST_TYPE_FUTURE, "future"}, {AST_TYPE_MAP, "map"},
    };
    ast_type_kind_t kind = type->type == NULL ? AST_TYPE_RESOURCE : type->type->kind;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].kind != kind)
            continue;
        world_text(writer, words[i].word);
        write_arguments(writer, place, type);
        return;
    }
    if (kind == AST_TYPE_PRIMITIVE)
        write_val(writer, place, type, &type->type->primitive);
    else if (kind == AST_TYPE_OWN || kind == AST_TYPE_BORROW)
        write_handle(writer, place, type);
    else
        world_fail(writer->world, SPIN_ERROR_UNSUPPORTED,
                   "WIT has no words for a type that has no name where it is used",
                   place.interface->name);
}

static void write_type(world_writer_t *writer, type_place_t place, const world_type_t *type) {
    if (write_name(writer, place.interface, type) || writer->world->error != NULL)
        return;
    while (type->next != NULL)
        type = type->next;
    if (place.depth++ == MAX_TYPE_DEPTH)
        world_fail(writer->world, SPIN_ERROR_LIMIT, "types are nested too deep", (spin_slice_t){0});
    else if (writer->out->len > MAX_TEXT)
        world_fail(writer->world, SPIN_ERROR_LIMIT, "the world is too long", (spin_slice_t){0});
    else
        write_structure(writer, place, type);
}

/* ── functions ── */

/* Whether it is own<R> of the resource that it constructs: WIT leaves it out. */
static bool is_plain_own(world_writer_t *writer, const world_type_t *type) {
    const ast_val_type_t *result = &type->type->result;
    const world_type_t *of =
        result->is_index ? world_at(writer->world, &type->env->types, result->index) : NULL;
    while (of != NULL && of->next != NULL)
        of = of->next;
    return of != NULL && of->type != NULL && of->type->kind == AST_TYPE_OWN;
}

void world_function(world_writer_t *writer, world_interface_t *interface, const world_type_t *type,
                    bool is_method, bool is_constructor) {
    type_place_t place = {.interface = interface};
    while (type->next != NULL)
        type = type->next;
    const ast_type_t *def = type->type;
    if (def == NULL || def->kind != AST_TYPE_FUNC) {
        world_fail(writer->world, SPIN_ERROR_INVALID, "a function's type is none",
                   (spin_slice_t){0});
        return;
    }
    world_text(writer, def->is_async ? "async " : "");
    world_text(writer, is_constructor ? "constructor(" : "func(");
    for (uint32_t i = is_method ? 1 : 0; i < def->part_count; i++) {
        world_text(writer, i > (is_method ? 1 : 0) ? ", " : "");
        world_identifier(writer, def->parts[i].name);
        world_text(writer, ": ");
        write_val(writer, place, type, &def->parts[i].type);
    }
    world_text(writer, ")");
    if (!def->has_result || (is_constructor && is_plain_own(writer, type)))
        return;
    world_text(writer, " -> ");
    write_val(writer, place, type, &def->result);
}

world_role_t world_role(spin_slice_t name, spin_slice_t *resource, spin_slice_t *function) {
    static const struct {
        spin_slice_t prefix;
        world_role_t role;
    } prefixes[] = {
        {SLICE_INIT("[constructor]"), ROLE_CONSTRUCTOR},
        {SLICE_INIT("[method]"), ROLE_METHOD},
        {SLICE_INIT("[static]"), ROLE_STATIC},
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (!slice_starts_with(name, prefixes[i].prefix))
            continue;
        spin_slice_t rest = slice_from(name, prefixes[i].prefix.len);
        size_t dot = slice_find(rest, '.');
        *resource = spin_slice_of(rest.ptr, dot);
        *function = slice_from(rest, dot + 1);
        return prefixes[i].role;
    }
    return ROLE_PLAIN;
}

/* ── definitions ── */

static void write_parts(world_writer_t *writer, world_interface_t *interface,
                        const world_type_t *type, const char *word, spin_slice_t name) {
    type_place_t place = {.interface = interface};
    bool is_record = type->type->kind == AST_TYPE_RECORD;
    buf_printf(writer->out, "%s ", word);
    world_identifier(writer, name);
    world_text(writer, " {\n");
    writer->indent++;
    for (uint32_t i = 0; i < type->type->part_count; i++) {
        const ast_part_t *part = &type->type->parts[i];
        world_indent(writer);
        world_identifier(writer, part->name);
        if (part->has_type) {
            world_text(writer, is_record ? ": " : "(");
            write_val(writer, place, type, &part->type);
            world_text(writer, is_record ? "" : ")");
        }
        world_text(writer, ",\n");
    }
    writer->indent--;
    world_indent(writer);
    world_text(writer, "}\n");
}

static void write_resource(world_writer_t *writer, world_interface_t *interface,
                           spin_slice_t name) {
    bool is_empty = true;
    world_text(writer, "resource ");
    world_identifier(writer, name);
    writer->indent++;
    for (uint32_t i = 0; i < interface->entries.len; i++) {
        const world_entry_t *entry = interface->entries.items[i];
        spin_slice_t resource, function;
        if (entry->item.sort != AST_FUNC)
            continue;
        world_role_t role = world_role(entry->item.name.name, &resource, &function);
        if (role == ROLE_PLAIN || !slice_equal(resource, name))
            continue;
        world_text(writer, is_empty ? " {\n" : "");
        is_empty = false;
        world_indent(writer);
        if (role != ROLE_CONSTRUCTOR) {
            world_identifier(writer, function);
            world_text(writer, role == ROLE_STATIC ? ": static " : ": ");
        }
        world_function(writer, interface, entry->item.of, role == ROLE_METHOD,
                       role == ROLE_CONSTRUCTOR);
        world_text(writer, ";\n");
    }
    writer->indent--;
    if (!is_empty)
        world_indent(writer);
    world_text(writer, is_empty ? ";\n" : "}\n");
}

void world_define(world_writer_t *writer, world_interface_t *interface,
                  const world_entry_t *entry) {
    static const struct {
        ast_type_kind_t kind;
        const char *word;
    } words[] = {
        {AST_TYPE_RECORD, "record"},
        {AST_TYPE_VARIANT, "variant"},
        {AST_TYPE_FLAGS, "flags"},
        {AST_TYPE_ENUM, "enum"},
    };
    spin_slice_t name = entry->item.name.name;
    const world_type_t *type = entry->item.of;
    world_begin_item(writer);
    if (entry->used_owner == NULL) {
        while (type->next != NULL)
            type = type->next;
        if (type->is_resource) {
            write_resource(writer, interface, name);
            return;
        }
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (words[i].kind == type->type->kind) {
                write_parts(writer, interface, type, words[i].word, name);
                return;
            }
    }
    world_text(writer, "type ");
    world_identifier(writer, name);
    world_text(writer, " = ");
    if (entry->used_owner != NULL)
        world_identifier(writer, entry->used_name);
    else
        write_structure(writer, (type_place_t){.interface = interface}, type);
    world_text(writer, ";\n");
}
