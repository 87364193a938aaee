/* The manifest that a bindle holds: what Spin 0.1 to 0.10 read there, and what its invoice does not
 * say already. */
#ifndef PUBLISH_APP_MANIFEST_H
#define PUBLISH_APP_MANIFEST_H

#include "base/buf.h"
#include "manifest/application.h"

/* As TOML. `digests[i]` names the parcel of component i's module; components with files have the
 * group that app_manifest_group names. `buf` tells of missing memory. */
void app_manifest_write(buf_t *buf, const spin_application_t *application,
                        const char *const *digests);

/* "files-ID"; `ptr` is NULL when out of memory. */
spin_slice_t app_manifest_group(arena_t *arena, const spin_component_t *component);

#endif
