/* Everything of libspin. */
#ifndef SPIN_SPIN_H
#define SPIN_SPIN_H

#include "spin/abi.h"
#include "spin/allocator.h"
#include "spin/bindle.h"
#include "spin/component.h"
#include "spin/engine.h"
#include "spin/error.h"
#include "spin/http.h"
#include "spin/loader.h"
#include "spin/log.h"
#include "spin/manifest.h"
#include "spin/redis.h"
#include "spin/server.h"
#include "spin/slice.h"
#include "spin/trigger.h"
#include "spin/value.h"
#include "spin/version.h"
#include "spin/wasm_component.h"
#include "spin/wit.h"

#endif
