/* The version of libspin. */
#ifndef SPIN_VERSION_H
#define SPIN_VERSION_H

#include "spin/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of these headers. */
#define SPIN_VERSION_MAJOR 0
#define SPIN_VERSION_MINOR 1
#define SPIN_VERSION_PATCH 0
#define SPIN_VERSION       "0.1.0"

/* The version of the library that is linked, as "major.minor.patch". */
SPIN_API const char *spin_version(void);
/* The version of the WebAssembly engine inside, such as "48.0.8". */
SPIN_API const char *spin_engine_version(void);

#ifdef __cplusplus
}
#endif

#endif
