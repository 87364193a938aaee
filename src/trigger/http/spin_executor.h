/* The host's side of the helper that src/component/legacy.h adds to a guest. */
#ifndef TRIGGER_HTTP_SPIN_EXECUTOR_H
#define TRIGGER_HTTP_SPIN_EXECUTOR_H

#include "spin/engine.h"

/* Defines spin:legacy's functions for instances whose user is an http_call_t. */
spin_error_t *http_legacy_define(spin_engine_builder_t *builder);

#endif
