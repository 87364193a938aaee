/* What host functions may do with the instance that called them. */
#ifndef ENGINE_INSTANCE_H
#define ENGINE_INSTANCE_H

#include "base/arena.h"
#include "engine/host.h"

/* The state of a host interface in this instance. */
void *engine_instance_state(spin_instance_t *instance, engine_host_id_t id);
/* What its component_init left for this instance's component. */
const void *engine_instance_shared(const spin_instance_t *instance, engine_host_id_t id);

/* Memory that lives as long as the instance. */
arena_t *engine_instance_arena(spin_instance_t *instance);

/* The guest's exported memory: base and length in bytes, valid until the guest runs again. `*base`
 * is NULL and `*len` 0 where the guest exports none, and while its start function runs. */
void engine_instance_memory(spin_instance_t *instance, uint8_t **base, size_t *len);

/* Waiting. An asynchronous host function (wasmtime_linker_define_async_func) that must wait calls
 * engine_instance_wait, starts its work on the loop and sets a continuation whose callback says
 * whether that work is done; when it is, the loop's callback calls engine_instance_wake and the
 * guest goes on. Every wait has exactly one wake, which comes when the callback will say yes.
 * Without a wait, a pending guest counts as preempted and is polled again soon. */
void engine_instance_wait(spin_instance_t *instance);
void engine_instance_wake(spin_instance_t *instance);

/* Back-pressure, for sinks whose reader is slower than the guest: the guest stops at its next call
 * of a function, or at the end of its slice where it makes none, and stays so until it is resumed.
 */
void engine_instance_pause(spin_instance_t *instance);
void engine_instance_resume(spin_instance_t *instance);

/* The trap by which a host function ends the guest with an exit status (proc_exit). The engine
 * turns status 0 into success and any other into SPIN_ERROR_EXIT. */
wasm_trap_t *engine_instance_exit(spin_instance_t *instance, uint32_t status);
/* The exit status that the last call ended with; 0 where it returned. */
uint32_t engine_instance_exit_status(const spin_instance_t *instance);

/* The context's own limits, with the engine's in place of what its options left at 0. */
uint32_t engine_context_max_instances(const spin_execution_context_t *context);
uint64_t engine_context_timeout_ms(const spin_execution_context_t *context);

/* Instances of the context that are not freed yet. */
size_t engine_context_live(const spin_execution_context_t *context);
/* Has `freed` called after each instance that is freed from now on, from inside whatever freed it.
 * NULL ends it. */
void engine_context_on_freed(spin_execution_context_t *context, void (*freed)(void *user),
                             void *user);

/* Whether the context's component `id` is one of the component model, and not a core module. */
bool engine_context_has_model(const spin_execution_context_t *context, spin_slice_t id);

/* Whether an instance of the context could run and waits for its turn: one more would only share
 * the processor with it. */
bool engine_context_is_busy(const spin_execution_context_t *context);

/* Waiting for an instance, where spin_execution_context_start_component returned LIMIT: `fn` is
 * called once, from the loop, when the context may take one: an instance was freed, by this context
 * or another, and it is this one's turn. Then it may take one; while others wait too, an attempt
 * for a second one is LIMIT, and so is every attempt out of turn. Whoever needs more registers
 * again, also from inside `fn`. A later call replaces what is there; NULL ends it. `fn` must not
 * free this context or drop the last reference to its engine. */
void engine_context_on_room(spin_execution_context_t *context, void (*fn)(void *user), void *user);

#endif
