/* Components by what spin-bindgen writes: resources of both sides, versions, operations that answer
 * later. The guest is tests/engine/components/shop, in two encodings of text. docs/components.md
 * shows parts of this. */
#include "abi_fixture.h"
#include "base/buf.h"
#include "shop.h"
#include "spin/component.h"
#include "spin/wit.h"

#define FOLDER SPIN_SOURCE_DIR "/tests/engine/components/shop/"

/* ── the host ── */

struct shop_ledger_account {
    spin_string_t owner; /* a copy */
    int64_t balance;
};

typedef struct host {
    int accounts; /* that there are */
    char noted[64];
    uv_timer_t timer;
    spin_host_call_t *waiting;
    uint32_t *answer;
    bool cancelled;
} host_t;

static shop_ledger_account_t *new_account(host_t *host, spin_slice_t owner, int64_t balance) {
    shop_ledger_account_t *account = calloc(1, sizeof *account);
    account->owner = spin_slice_of(malloc(owner.len + 1), owner.len);
    if (owner.len > 0)
        memcpy((char *)(uintptr_t)account->owner.ptr, owner.ptr, owner.len);
    account->balance = balance;
    host->accounts++;
    return account;
}

static void free_account(host_t *host, shop_ledger_account_t *account) {
    free((void *)(uintptr_t)account->owner.ptr);
    free(account);
    host->accounts--;
}

static spin_error_t *account_constructor(spin_host_call_t *call, spin_slice_t owner,
                                         shop_ledger_account_t **ret) {
    *ret = new_account(spin_host_call_user(call), owner, 0);
    return NULL;
}

static spin_error_t *account_balance(spin_host_call_t *call, shop_ledger_account_t *self,
                                     int64_t *ret) {
    (void)call;
    *ret = self->balance;
    return NULL;
}

static spin_error_t *account_deposit(spin_host_call_t *call, shop_ledger_account_t *self,
                                     uint32_t amount, shop_result_s64_ledger_problem_t *ret) {
    (void)call;
    ret->is_error = amount == 0;
    if (ret->is_error)
        ret->of.error = SHOP_LEDGER_PROBLEM_POOR;
    else
        ret->of.ok = self->balance += amount;
    return NULL;
}

static spin_error_t *account_merge(spin_host_call_t *call, shop_ledger_account_t *a,
                                   shop_ledger_account_t *b, shop_ledger_account_t **ret) {
    host_t *host = spin_host_call_user(call);
    *ret = new_account(host, a->owner, a->balance + b->balance);
    free_account(host, b); /* it was given to us */
    return NULL;
}

static spin_error_t *list_all(spin_host_call_t *call, const shop_list_string_t *owners,
                              shop_list_ledger_entry_t *ret) {
    ret->len = owners->len;
    ret->items = spin_host_call_alloc(call, ret->len * sizeof *ret->items);
    for (size_t i = 0; i < owners->len; i++) {
        ret->items[i].owner = owners->items[i];
        ret->items[i].account = new_account(spin_host_call_user(call), owners->items[i],
                                            (int64_t)owners->items[i].len << 32);
    }
    return NULL;
}

static void on_timer(uv_timer_t *timer) {
    host_t *host = timer->data;
    uv_close((uv_handle_t *)timer, NULL);
    (*host->answer)++;
    spin_host_call_done(host->waiting, NULL);
}

static void on_cancel(spin_host_call_t *call, void *data) {
    host_t *host = data;
    assert_ptr_equal(call, host->waiting);
    uv_close((uv_handle_t *)&host->timer, NULL);
    host->cancelled = true;
}

static spin_error_t *later(spin_host_call_t *call, uint32_t n, uint32_t *ret) {
    host_t *host = spin_host_call_user(call);
    spin_instance_t *instance = spin_host_call_instance(call);
    *ret = n;
    host->waiting = call;
    host->answer = ret;
    host->timer.data = host;
    uv_timer_init(spin_execution_context_loop(spin_instance_context(instance)), &host->timer);
    uv_timer_start(&host->timer, on_timer, n, 0);
    spin_host_call_wait(call, on_cancel, host);
    return NULL;
}

static void account_drop(spin_instance_t *instance, shop_ledger_account_t *self, void *user) {
    (void)instance;
    free_account(user, self);
}

static spin_error_t *note(spin_host_call_t *call, spin_slice_t text) {
    host_t *host = spin_host_call_user(call);
    snprintf(host->noted, sizeof host->noted, "%.*s", (int)text.len, (const char *)text.ptr);
    return NULL;
}

static const shop_ledger_ops_t ledger = {
    .size = sizeof ledger,
    .account_constructor = account_constructor,
    .account_balance = account_balance,
    .account_deposit = account_deposit,
    .account_merge = account_merge,
    .list_all = list_all,
    .later = later,
    .account_drop = account_drop,
};
static const shop_ops_t world = {.size = sizeof world, .note = note};

/* ── a scene ── */

typedef struct scene {
    host_t host;
    spin_execution_context_t *context;
    spin_instance_t *instance;
} scene_t;

static spin_error_t *link_host(spin_engine_builder_t *builder, host_t *host) {
    spin_error_t *error = shop_ledger_link(builder, &ledger, host);
    return error != NULL ? error : shop_link(builder, &world, host);
}

static spin_engine_builder_t *new_builder(void) {
    const spin_engine_options_t options = {.size = sizeof options,
                                           .max_instances = 4,
                                           .max_memory_bytes = 4 << 20,
                                           .timeout_ms = 5000,
                                           .cache_dir = abi_cache_dir};
    spin_engine_builder_t *builder;
    wasm_signals_restore();
    assert_ok(spin_engine_builder_new(NULL, &options, &builder));
    return builder;
}

/* The file, with another version wherever it says its own. */
static buf_t read_component(const char *path, const char *version) {
    buf_t bytes = {0};
    uint8_t chunk[4096];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t len; (len = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_append(&bytes, spin_slice_of(chunk, len));
    fclose(file);
    for (size_t i = 0; i + 6 <= bytes.len; i++)
        if (memcmp(bytes.ptr + i, "@0.2.3", 6) == 0)
            memcpy(bytes.ptr + i + 1, version, 5);
    assert_false(bytes.failed);
    return bytes;
}

static spin_error_t *try_version(scene_t *scene, const char *path, const char *version) {
    spin_wasm_component_t *component;
    spin_engine_builder_t *builder = new_builder();
    buf_t bytes = read_component(path, version);
    *scene = (scene_t){0};
    assert_ok(spin_wasm_component_parse(buf_slice(&bytes), NULL, &component));
    buf_deinit(&bytes);
    assert_ok(link_host(builder, &scene->host));
    assert_ok(spin_engine_builder_add_component(builder, spin_slice("it"), component));
    spin_wasm_component_unref(component);
    return spin_engine_builder_build(builder, &scene->context);
}

static void open_version(scene_t *scene, const char *path, const char *version) {
    assert_ok(try_version(scene, path, version));
    scene->instance = abi_prepare(scene->context);
}

static void open_scene(scene_t *scene) {
    open_version(scene, FOLDER "shop.wasm", "0.2.3");
}

/* What guests hold is dropped, and what the host gave away with it. */
static void close_scene(scene_t *scene) {
    spin_instance_free(scene->instance);
    assert_int_equal(scene->host.accounts, 0);
    spin_execution_context_free(scene->context);
}

static shop_ledger_account_t *account_of(scene_t *scene, const char *owner, int64_t balance) {
    return new_account(&scene->host, spin_slice(owner), balance);
}

static void assert_living(const scene_t *scene, uint32_t expected) {
    uint32_t living;
    assert_ok(shop_carts_living(scene->instance, &living));
    assert_int_equal(living, expected);
}

/* ── resources ── */

/* A cart, whose payer the guest gets, with two things in it, paid into an account of ours. */
static spin_error_t *buy(spin_instance_t *instance, shop_ledger_account_t *payer,
                         shop_ledger_account_t *seller, shop_result_s64_ledger_problem_t *paid) {
    shop_carts_cart_t cart;
    uint32_t sum;
    spin_error_t *error = shop_carts_cart_constructor(instance, payer, &cart);
    if (error != NULL)
        return error;
    error = shop_carts_cart_add(instance, cart, spin_slice("tea"), 3, &sum);
    if (error == NULL)
        error = shop_carts_cart_add(instance, cart, spin_slice("cake"), 4, &sum);
    if (error == NULL)
        error = shop_carts_cart_pay(instance, cart, seller, paid); /* lends `seller` */
    spin_error_t *dropped = spin_abi_drop(instance, cart.handle);
    if (error != NULL)
        spin_error_free(dropped);
    return error != NULL ? error : dropped;
}

static void resources_go_both_ways(void **state) {
    (void)state;
    scene_t scene;
    shop_result_s64_ledger_problem_t paid;
    open_scene(&scene);
    shop_ledger_account_t *seller = account_of(&scene, "seller", 100);
    assert_ok(buy(scene.instance, account_of(&scene, "you", 5), seller, &paid));
    assert_false(paid.is_error);
    assert_int_equal(paid.of.ok, 107);
    assert_int_equal(seller->balance, 107);
    assert_int_equal(scene.host.accounts, 1); /* the payer went with the cart */
    assert_living(&scene, 0);
    free_account(&scene.host, seller);
    close_scene(&scene);
}

static void a_problem_is_an_answer(void **state) {
    (void)state;
    scene_t scene;
    shop_carts_cart_t cart;
    shop_result_s64_ledger_problem_t paid;
    open_scene(&scene);
    shop_ledger_account_t *seller = account_of(&scene, "seller", 1);
    assert_ok(shop_carts_cart_constructor(scene.instance, account_of(&scene, "a", 1), &cart));
    assert_ok(shop_carts_cart_pay(scene.instance, cart, seller, &paid));
    assert_true(paid.is_error);
    assert_int_equal(paid.of.error, SHOP_LEDGER_PROBLEM_POOR);
    free_account(&scene.host, seller);
    close_scene(&scene); /* and the cart with it */
}

static void an_object_comes_back_as_it_was(void **state) {
    (void)state;
    scene_t scene;
    shop_carts_cart_t cart;
    shop_ledger_account_t *back, *payer;
    open_scene(&scene);
    payer = account_of(&scene, "a", 1);
    assert_ok(shop_carts_cart_constructor(scene.instance, payer, &cart));
    assert_living(&scene, 1);
    assert_ok(shop_carts_checkout(scene.instance, cart, &back));
    assert_ptr_equal(back, payer);
    assert_living(&scene, 0);
    assert_fails(spin_abi_drop(scene.instance, cart.handle), SPIN_ERROR_INVALID,
                 "is not a handle of its resources");
    free_account(&scene.host, back);
    close_scene(&scene);
}

static void the_guest_calls_constructors_and_statics(void **state) {
    (void)state;
    scene_t scene;
    shop_ledger_account_t *one, *both;
    open_scene(&scene);
    assert_ok(shop_carts_open(scene.instance, spin_slice("gr\xc3\xbcn"), &one));
    assert_int_equal(scene.host.accounts, 1);
    assert_int_equal(one->owner.len, 5);
    assert_memory_equal(one->owner.ptr, "gr\xc3\xbcn", 5);
    one->balance = 40;
    assert_ok(shop_carts_pool(scene.instance, one, account_of(&scene, "b", 2), &both));
    assert_int_equal(both->balance, 42);
    assert_int_equal(scene.host.accounts, 1);
    free_account(&scene.host, both);
    close_scene(&scene);
}

static void handles_go_in_lists(void **state) {
    (void)state;
    scene_t scene;
    shop_carts_cart_t carts[3];
    shop_list_own_carts_cart_t list = {carts, 3};
    shop_option_own_carts_cart_t joined;
    uint32_t sum;
    open_scene(&scene);
    for (uint32_t i = 0; i < 3; i++) {
        assert_ok(
            shop_carts_cart_constructor(scene.instance, account_of(&scene, "a", 1), &carts[i]));
        assert_ok(shop_carts_cart_add(scene.instance, carts[i], spin_slice("x"), 1u << i, &sum));
    }
    assert_ok(shop_carts_cart_join(scene.instance, &list, &joined));
    assert_true(joined.is_some);
    assert_ok(shop_carts_cart_add(scene.instance, joined.value, spin_slice(""), 0, &sum));
    assert_int_equal(sum, 7);
    assert_living(&scene, 1);
    assert_int_equal(scene.host.accounts, 1);
    list.len = 0;
    assert_ok(shop_carts_cart_join(scene.instance, &list, &joined));
    assert_false(joined.is_some);
    close_scene(&scene);
}

/* By types, on the same instance: handles have the same numbers there. */
static void values_and_generated_code_agree(void **state) {
    (void)state;
    scene_t scene;
    shop_carts_cart_t cart;
    spin_value_t args[3], result;
    uint32_t sum;
    open_scene(&scene);
    assert_ok(shop_carts_cart_constructor(scene.instance, account_of(&scene, "a", 1), &cart));
    args[0] = (spin_value_t){.kind = SPIN_TYPE_BORROW, .of.natural = cart.handle};
    args[1] = (spin_value_t){.kind = SPIN_TYPE_STRING, .of.text = spin_slice("x")};
    args[2] = (spin_value_t){.kind = SPIN_TYPE_U32, .of.natural = 20};
    assert_ok(spin_component_call(
        scene.instance, spin_slice("test:shop/carts@0.2.3#[method]cart.add"), args, 3, &result));
    assert_int_equal(result.of.natural, 20);
    assert_ok(shop_carts_cart_add(scene.instance, cart, spin_slice("y"), 1, &sum));
    assert_int_equal(sum, 21);
    close_scene(&scene);
}

/* By the functions of a WIT file, of another version than the component's. */
static void values_go_by_a_wit_file(void **state) {
    (void)state;
    scene_t scene;
    spin_wit_t *wit;
    const spin_function_t *function;
    spin_value_t args[3], cart, result;
    open_version(&scene, FOLDER "shop.wasm", "0.2.7");
    assert_ok(spin_wit_load(FOLDER "shop.wit", NULL, &wit));
    assert_ok(spin_wit_function(wit, spin_slice("test:shop/carts#[constructor]cart"), &function));
    args[0] =
        (spin_value_t){.kind = SPIN_TYPE_OWN, .of.natural = (uintptr_t)account_of(&scene, "a", 1)};
    assert_ok(spin_value_call(scene.instance, function, args, 1, &cart));
    assert_living(&scene, 1);
    assert_ok(spin_wit_function(wit, spin_slice("test:shop/carts@0.2.3#cart.add"), &function));
    args[0] = (spin_value_t){.kind = SPIN_TYPE_BORROW, .of.natural = cart.of.natural};
    args[1] = (spin_value_t){.kind = SPIN_TYPE_STRING, .of.text = spin_slice("x")};
    args[2] = (spin_value_t){.kind = SPIN_TYPE_U32, .of.natural = 20};
    assert_ok(spin_value_call(scene.instance, function, args, 3, &result));
    assert_int_equal(result.of.natural, 20);
    spin_wit_free(wit);
    close_scene(&scene);
}

/* ── what is refused ── */

static void a_handle_is_of_its_type(void **state) {
    (void)state;
    scene_t scene;
    shop_carts_ticket_t ticket;
    shop_carts_cart_t cart;
    shop_ledger_account_t *back;
    uint32_t n;
    open_scene(&scene);
    assert_ok(shop_carts_ticket_constructor(scene.instance, 77, &ticket));
    assert_ok(shop_carts_ticket_number(scene.instance, ticket, &n));
    assert_int_equal(n, 77);
    cart.handle = ticket.handle;
    assert_fails(shop_carts_cart_add(scene.instance, cart, spin_slice("x"), 1, &n), SPIN_ERROR_TRAP,
                 "used with the wrong type");
    close_scene(&scene);
    open_scene(&scene);
    assert_ok(shop_carts_ticket_constructor(scene.instance, 77, &ticket));
    cart.handle = ticket.handle;
    assert_fails(shop_carts_checkout(scene.instance, cart, &back), SPIN_ERROR_TRAP,
                 "used with the wrong type");
    close_scene(&scene);
    open_scene(&scene);
    assert_fails(shop_carts_cheat(scene.instance, &cart), SPIN_ERROR_TRAP,
                 "used with the wrong type");
    assert_int_equal(cart.handle, 0);
    close_scene(&scene);
}

static void what_is_gone_is_refused(void **state) {
    (void)state;
    scene_t scene;
    shop_carts_cart_t carts[2];
    shop_list_own_carts_cart_t list = {carts, 2};
    shop_option_own_carts_cart_t joined;
    open_scene(&scene);
    assert_ok(shop_carts_cart_constructor(scene.instance, account_of(&scene, "a", 1), &carts[0]));
    carts[1] = carts[0]; /* twice in one call */
    assert_fails(shop_carts_cart_join(scene.instance, &list, &joined), SPIN_ERROR_TRAP,
                 "unknown handle index");
    close_scene(&scene);
}

static void text_is_utf8(void **state) {
    (void)state;
    scene_t scene;
    shop_ledger_account_t *account = NULL;
    open_scene(&scene);
    assert_fails(shop_carts_open(scene.instance, spin_slice("\xff"), &account), SPIN_ERROR_TRAP,
                 "is not UTF-8");
    assert_null(account);
    close_scene(&scene);
    open_version(&scene, FOLDER "shop_utf16.wasm", "0.2.3");
    assert_fails(shop_carts_open(scene.instance, spin_slice("\xff"), &account), SPIN_ERROR_INVALID,
                 "a string is not UTF-8: byte 0");
    close_scene(&scene);
}

/* ── encodings, versions ── */

static void check_all(scene_t *scene) {
    const spin_string_t owners[] = {spin_slice(""), spin_slice("\xe2\x82\xac"),
                                    spin_slice("\xf0\x9f\x8e\x88 up")};
    const shop_list_string_t list = {(spin_string_t *)(uintptr_t)owners, 3};
    shop_list_s64_t balances;
    shop_ledger_account_t *account;
    assert_ok(shop_carts_balances(scene->instance, &list, &balances));
    assert_int_equal(balances.len, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(balances.items[i], (int64_t)owners[i].len << 32);
    shop_list_s64_clear(&balances);
    assert_int_equal(scene->host.accounts, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_ok(shop_carts_open(scene->instance, owners[i], &account));
        assert_int_equal(account->owner.len, owners[i].len);
        assert_memory_equal(account->owner.ptr, owners[i].ptr, owners[i].len);
        free_account(&scene->host, account);
    }
    assert_ok(shop_remark(scene->instance, spin_slice("h\xc3\xa9")));
    assert_string_equal(scene->host.noted, "h\xc3\xa9");
}

static void every_encoding_will_do(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    check_all(&scene);
    close_scene(&scene);
    open_version(&scene, FOLDER "shop_utf16.wasm", "0.2.3");
    check_all(&scene);
    close_scene(&scene);
}

/* Bindings of 0.2.3 with components of later and earlier ones, imports and exports. */
static void compatible_versions_will_do(void **state) {
    static const char *const versions[] = {"0.2.6", "0.2.0"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        scene_t scene;
        shop_carts_cart_t cart;
        uint32_t sum;
        open_version(&scene, FOLDER "shop.wasm", versions[i]);
        assert_ok(spin_abi_check(scene.context, spin_slice("it"), &shop_carts_cart_add_export));
        check_all(&scene);
        assert_ok(shop_carts_cart_constructor(scene.instance, account_of(&scene, "a", 1), &cart));
        assert_ok(shop_carts_cart_add(scene.instance, cart, spin_slice("x"), 6, &sum));
        assert_int_equal(sum, 6);
        close_scene(&scene);
    }
}

static void other_versions_are_refused(void **state) {
    (void)state;
    scene_t scene;
    assert_fails(try_version(&scene, FOLDER "shop.wasm", "0.3.0"), SPIN_ERROR_INVALID,
                 "of \"test:shop/ledger@0.3.0\", which this host does not offer");
    assert_fails(try_version(&scene, FOLDER "shop.wasm", "1.2.3"), SPIN_ERROR_INVALID,
                 "of \"test:shop/ledger@1.2.3\", which this host does not offer");
}

static spin_error_t *never_called(spin_host_call_t *call, const void *operations,
                                  const void *context, void *args, void *result) {
    (void)call, (void)operations, (void)context, (void)args, (void)result;
    fail();
    return NULL;
}

/* One operation of the interface takes what the guest does not give. */
static void other_types_are_refused(void **state) {
    static const spin_abi_import_t other = {.size = sizeof other,
                                            .name = "later",
                                            .params = "I",
                                            .results = "i",
                                            .call = never_called,
                                            .lower = abi_u32_lower};
    static const spin_abi_import_t *const functions[] = {&other};
    const spin_abi_interface_t interface = {.size = sizeof interface,
                                            .module = "test:shop/ledger@0.2.3",
                                            .functions = functions,
                                            .functions_len = 1};
    (void)state;
    host_t host = {0};
    spin_execution_context_t *context;
    spin_wasm_component_t *component;
    spin_engine_builder_t *builder = new_builder();
    assert_ok(spin_wasm_component_load(FOLDER "shop.wasm", NULL, &component));
    assert_ok(link_host(builder, &host));
    assert_ok(spin_abi_link(builder, &interface, NULL, NULL));
    assert_ok(spin_engine_builder_add_component(builder, spin_slice("it"), component));
    spin_wasm_component_unref(component);
    assert_fails(spin_engine_builder_build(builder, &context), SPIN_ERROR_INVALID,
                 "import \"later\" of \"test:shop/ledger@0.2.3\": it is of another type: its "
                 "values are (i) -> (i), and not (I) -> (i)");
}

static void what_is_not_exported_is_named(void **state) {
    (void)state;
    scene_t scene;
    uint32_t n;
    spin_abi_export_t other = shop_carts_living_export;
    open_scene(&scene);
    other.export_name = "test:shop/carts@0.3.0#living";
    assert_fails(spin_abi_call(scene.instance, &other, NULL, &n), SPIN_ERROR_NOT_FOUND,
                 "it does not export \"test:shop/carts@0.3.0#living\"; did you mean "
                 "\"test:shop/carts@0.2.3#living\"?");
    other = shop_wait_export; /* takes an argument that this one does not */
    other.export_name = shop_carts_living_export.export_name;
    assert_fails(spin_abi_check(scene.context, spin_slice("it"), &other), SPIN_ERROR_INVALID,
                 "it is of another type: its values are () -> (i), and not (i) -> (i)");
    close_scene(&scene);
}

/* ── operations that answer later ── */

static void operations_may_answer_later(void **state) {
    (void)state;
    scene_t scene;
    uint32_t n;
    open_scene(&scene);
    assert_ok(shop_wait(scene.instance, 1, &n));
    assert_int_equal(n, 2);
    assert_ok(shop_wait(scene.instance, 0, &n));
    assert_int_equal(n, 1);
    close_scene(&scene);
}

static void on_never(spin_instance_t *instance, spin_error_t *error, const uint32_t *ret,
                     void *user) {
    (void)instance, (void)ret, (void)user;
    spin_error_free(error);
    fail();
}

/* The instance goes while the guest waits. */
static void what_waits_is_cancelled(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene);
    assert_ok(shop_wait_start(scene.instance, 60000, on_never, NULL));
    while (scene.host.waiting == NULL)
        uv_run(spin_execution_context_loop(scene.context), UV_RUN_ONCE);
    spin_instance_free(scene.instance);
    assert_true(scene.host.cancelled);
    spin_execution_context_free(scene.context);
}

/* The call's time is up. */
static void waiting_takes_no_longer_than_allowed(void **state) {
    (void)state;
    scene_t scene;
    uint32_t n;
    open_scene(&scene);
    spin_instance_free(scene.instance);
    scene.instance = abi_prepare_for(scene.context, 20);
    assert_fails(shop_wait(scene.instance, 60000, &n), SPIN_ERROR_TIMEOUT, "wait");
    close_scene(&scene);
    assert_true(scene.host.cancelled);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resources_go_both_ways),
        cmocka_unit_test(a_problem_is_an_answer),
        cmocka_unit_test(an_object_comes_back_as_it_was),
        cmocka_unit_test(the_guest_calls_constructors_and_statics),
        cmocka_unit_test(handles_go_in_lists),
        cmocka_unit_test(values_and_generated_code_agree),
        cmocka_unit_test(values_go_by_a_wit_file),
        cmocka_unit_test(a_handle_is_of_its_type),
        cmocka_unit_test(what_is_gone_is_refused),
        cmocka_unit_test(text_is_utf8),
        cmocka_unit_test(every_encoding_will_do),
        cmocka_unit_test(compatible_versions_will_do),
        cmocka_unit_test(other_versions_are_refused),
        cmocka_unit_test(other_types_are_refused),
        cmocka_unit_test(what_is_not_exported_is_named),
        cmocka_unit_test(operations_may_answer_later),
        cmocka_unit_test(what_waits_is_cancelled),
        cmocka_unit_test(waiting_takes_no_longer_than_allowed),
    };
    return abi_make_cache() ? cmocka_run_group_tests(tests, NULL, abi_remove_cache) : 1;
}
